"""GET and DELETE /jobs/{job_id}, and what a synchronous request turns into."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import redis

from local.part import Part
from shared.db.backlog import backlog
from shared.db.engine import connect
from shared.db.jobs import find_all
from shared.queue.messages import Lane, new_request_id
from shared.setting_values import database_url
from tests import batches
from tests.faults.processes import wait_until_idle
from tests.system import FIRST_PASSENGER, Answer, Client, System, call, scoring, wait_for


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def idle(
    request: pytest.FixtureRequest,
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A gateway without a worker, on each database: what is accepted stays queued until a test
    starts one."""
    folder = tmp_path_factory.mktemp("idle")
    system = System(new_database_url(request.param), new_redis_url(), folder)
    try:
        system.start_gateway()
        yield system
    finally:
        system.stop()


@contextmanager
def working(system: System, **settings: str) -> Iterator[Part]:
    """A worker is there in this block."""
    worker = system.start_worker(**settings)
    try:
        yield worker
    finally:
        system.workers.remove(worker)
        assert worker.stop(25)


def test_never_accepted(client: Client) -> None:
    """404, for any id that was never handed out."""
    for job_id in (new_request_id(), "nonsense", "..%2f..%2fetc", "%00", "x" * 5000):
        answer = client.get(f"/jobs/{job_id}")
        assert answer.status == 404, job_id
        assert list(answer.json) == ["error"]


def test_many_of_one_id(system: System) -> None:
    """Are done one after the other, the first wins, and none waits for the sweeper to find it."""
    client = system.client

    def ask(number: int) -> str:
        answer = client.predict("many", {**FIRST_PASSENGER, "Age": number}, prefer="respond-async")
        job_id: str = answer.json["job_id"]
        return job_id

    with ThreadPoolExecutor(8) as pool:
        job_ids = list(pool.map(ask, range(40)))
    results = [client.ended(job_id)["result"] for job_id in job_ids]
    assert len({result["proba"] for result in results}) == 1
    assert sum("error" not in result for result in results) == 1
    assert "published again" not in system.log()


def test_queued_job_is_not_unknown(idle: System) -> None:
    """Pending and unknown are never confused."""
    client = idle.client
    job_id = client.predict("pending", prefer="respond-async").json["job_id"]
    answer = client.get(f"/jobs/{job_id}")
    assert answer.status == 200
    assert answer.json["status"] == "queued"
    assert answer.json["finished_at"] is None
    assert int(answer.headers["retry-after"]) >= 1


def test_cancel(idle: System) -> None:
    """A queued job is cancelled, as often as one likes."""
    client = idle.client
    job_id = client.predict("cancelled", prefer="respond-async").json["job_id"]
    for _ in range(2):
        answer = client.delete(f"/jobs/{job_id}")
        assert answer.status == 200
        assert answer.json["status"] == "cancelled"
    assert client.job(job_id)["status"] == "cancelled"


def test_cancelling_sends_what_waited_for_it(idle: System) -> None:
    """An update waits for its prediction. When that is cancelled, the workers are sent the update
    again, which nothing else would do for a while."""
    client = idle.client
    prediction = client.predict("awaited", prefer="respond-async").json["job_id"]
    waiting = client.update("awaited", 1, prefer="respond-async").json["job_id"]
    redis_client = redis.Redis.from_url(idle.redis_url)
    try:
        # As if workers had read both and left them for each other.
        redis_client.delete(*(idle.queue(lane) for lane in Lane))
        assert client.delete(f"/jobs/{prediction}").status == 200
        queue = idle.queue(Lane.INTERACTIVE)
        wait_for(lambda: redis_client.llen(queue) == 1, 10, "it is sent")
    finally:
        redis_client.close()
    with working(idle):
        job = client.ended(waiting, 60)
    assert job["result"] == {"error": 'Observation ID: "awaited" does not exist'}


def test_a_wait_that_ends_is_a_202(idle: System) -> None:
    """`wait=1` with nobody to answer: that same 202, and nothing has to be sent again."""
    started = time.monotonic()
    answer = idle.client.predict("waited", prefer="wait=1")
    assert answer.status == 202
    assert time.monotonic() - started >= 1
    assert answer.headers["location"] == f"/jobs/{answer.json['job_id']}"
    assert idle.client.job(answer.json["job_id"])["status"] == "queued"


def test_a_wait_that_ended_can_be_cancelled(idle: System) -> None:
    """Its first message is still on the queue, and must not write the row."""
    answer = idle.client.predict("waited-cancelled", prefer="wait=0")
    later = idle.client.predict("waited-cancelled-2", prefer="wait=1")
    for accepted in (answer, later):
        assert accepted.status == 202
        assert idle.client.delete(f"/jobs/{accepted.json['job_id']}").status == 200


def test_long_poll_ends_with_the_job(idle: System) -> None:
    """A held request comes back when its job ends, long before its time is up."""
    client = idle.client
    answers: list[Answer] = []
    with working(idle) as worker:
        # However long the start takes; what is frozen then is the processes that would score.
        idle.wait_ready()
        children = scoring(worker)
        # A child that is frozen while it stores what earlier tests left would hold SQLite's only
        # lock, and the gateway would rightly refuse what it cannot write down.
        wait_for(lambda: _unfinished(idle) == 0, 30, "what is left of earlier tests has ended")
        wait_until_idle(children)
        for child in children:
            child.suspend()
        accepted = client.predict("held", prefer="respond-async")
        assert accepted.status == 202, accepted
        job_id = accepted.json["job_id"]
        path = f"/jobs/{job_id}?wait=20"
        poll = threading.Thread(target=lambda: answers.append(client.get(path)))
        started = time.monotonic()
        poll.start()
        for child in children:
            child.resume()
        poll.join(30)
    assert time.monotonic() - started < 19
    assert answers[0].json["status"] == "succeeded"


def _unfinished(system: System) -> int:
    database = connect(database_url(system.database_url), connections=1, wait=10.0)
    try:
        return database.read(lambda c: backlog(c, 1000))
    finally:
        database.close()


def test_cancelled_rows_were_never_written(idle: System) -> None:
    """When a worker comes, the accepted are done, the cancelled are not, and their ids are free."""
    client = idle.client
    # The first message of one that was waited for is on the queue when it is cancelled.
    cancelled = [("never-async", "respond-async"), ("never-0", "wait=0"), ("never-1", "wait=1")]
    for observation_id, prefer in cancelled:
        job_id = client.predict(observation_id, prefer=prefer).json["job_id"]
        assert client.delete(f"/jobs/{job_id}").status == 200
    kept = client.predict("kept", prefer="respond-async").json["job_id"]
    kept_too = client.predict("kept-too", prefer="wait=1").json["job_id"]
    with working(idle):
        idle.wait_ready()
        for job_id in (kept, kept_too):
            assert client.ended(job_id)["status"] == "succeeded"
        ids = {row["observation_id"] for row in client.rows()}
        assert {"kept", "kept-too"} <= ids
        assert not ids & {observation_id for observation_id, _ in cancelled}
        for observation_id, _ in cancelled:
            assert "error" not in client.predict(observation_id).json


def test_ended_jobs_cannot_be_cancelled(client: Client) -> None:
    """409, and the row stays."""
    job_id = client.predict("ended", prefer="respond-async").json["job_id"]
    client.ended(job_id)
    answer = client.delete(f"/jobs/{job_id}")
    assert answer.status == 409
    assert list(answer.json) == ["error"]
    assert client.delete(f"/jobs/{new_request_id()}").status == 404


def test_many_long_polls_are_answered_at_once(idle: System) -> None:
    """A gateway holds only so many, and answers the rest at once."""
    _, few = idle.start_gateway(LONG_POLLS="1")
    job_id = few.predict("crowd", prefer="respond-async").json["job_id"]
    took: list[float] = []

    def poll() -> None:
        started = time.monotonic()
        assert few.get(f"/jobs/{job_id}?wait=4").json["status"] == "queued"
        took.append(time.monotonic() - started)

    polls = [threading.Thread(target=poll) for _ in range(4)]
    for thread in polls:
        thread.start()
    for thread in polls:
        thread.join(30)
    assert sorted(seconds >= 4 for seconds in took) == [False, False, False, True]
    with working(idle):
        assert few.ended(job_id)["status"] == "succeeded"


def test_a_long_poll_is_not_held_beyond_its_bound(idle: System) -> None:
    """However long somebody wants to wait, they hear after SYNC_WAIT_MAX how it stands."""
    _, bounded = idle.start_gateway(SYNC_WAIT="1", SYNC_WAIT_MAX="1")
    job_id = bounded.predict("bounded", prefer="respond-async").json["job_id"]
    answer = call(bounded.address, "GET", f"/jobs/{job_id}?wait=25", timeout=15)
    assert answer.json["status"] == "queued"
    assert bounded.delete(f"/jobs/{job_id}").status == 200


def test_old_jobs_are_cleared_away(idle: System) -> None:
    """410 after JOB_RETENTION, for whoever polls and whoever cancels, and no row of it is left;
    404 for an id that was given out at the same time and never accepted. The prediction is kept for
    good. Batches as jobs."""
    client = idle.client
    batch_id = batches.send(client, batches.lines(["old in a file"])).json["batch_id"]
    job_id = client.predict("old", prefer="respond-async").json["job_id"]
    with working(idle):
        client.ended(job_id)
        batches.ended(client, batch_id)
        wait_for(client.ready)
        never = client.predict("never a job").headers["x-request-id"]
    with working(idle, JOB_RETENTION="1s"):
        answer = wait_for(
            lambda: a if (a := client.get(f"/jobs/{job_id}")).status != 200 else None, 40, "410"
        )
        path = f"/batches/{batch_id}"
        wait_for(lambda: client.get(path).status == 410, 40, "the batch is cleared")
    assert answer.status == client.delete(f"/jobs/{job_id}").status == 410
    assert call(client.address, "HEAD", path).status == client.delete(path).status == 410
    assert list(answer.json) == ["error"]
    assert client.get(f"/jobs/{never}").status == client.delete(f"/jobs/{never}").status == 404
    database = connect(database_url(idle.database_url), connections=1, wait=10.0)
    assert database.read(lambda c: find_all(c, [job_id])) == {}
    database.close()
    assert {"old", "old in a file"} <= {r["observation_id"] for r in client.rows()}
