"""Batches when processes die, Redis forgets, and workers take from some lanes only."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from shared.queue.broker import make_redis
from shared.queue.messages import SET_ASIDE, Lane
from shared.settings import Settings
from tests.batches import batch, ended, lines, rows_of, send
from tests.faults import processes
from tests.faults.plays.poison import make_model
from tests.faults.traps import AGES
from tests.system import FIRST_PASSENGER, System, wait_for


@pytest.fixture(scope="module")
def trapped(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A system whose model kills or holds the process that scores a row of a certain age."""
    folder = tmp_path_factory.mktemp("trapped")
    settings = {"MODEL_DIR": str(make_model(folder)), "TASK_LIMIT": "2"}
    running = System(new_database_url("postgres"), new_redis_url(), folder, settings)
    try:
        yield running.start()
    finally:
        running.stop()


def with_traps(name: str, count: int, traps: dict[int, str]) -> bytes:
    """A file of passengers, of whom those at some places spring a trap."""
    return b"".join(
        lines(
            [f"{name}-{place}"],
            {**FIRST_PASSENGER, "Age": AGES[traps[place]]} if place in traps else FIRST_PASSENGER,
        )
        for place in range(count)
    )


def sent(system: System, file: bytes, query: str = "") -> str:
    answer = send(system.client, file, query)
    assert answer.status == 202, answer
    return str(answer.json["batch_id"])


def check(system: System, batch_id: str, count: int, traps: dict[int, str]) -> None:
    """The rows with traps are set aside, and only they; the others are answered once."""
    found = ended(system.client, batch_id, 90)
    assert (found["status"], found["read"]) == ("succeeded", count)
    assert (found["succeeded"], found["duplicate"]) == (count - len(traps), 0)
    rejects = rows_of(system.client, batch_id, "rejects")
    assert [(r["line"], r["error"]) for r in rejects] == [(n + 1, SET_ASIDE) for n in traps]
    results = rows_of(system.client, batch_id)
    assert [r["line"] for r in results] == [n + 1 for n in range(count) if n not in traps]


def test_rows_that_kill_or_hang(trapped: System) -> None:
    """In the middle of a piece: they are set aside, each after three tries, the last of them alone;
    mended and sent again they are scored."""
    traps = {300: "exit", 301: "hang", 1100: "crash"}
    batch_id = sent(trapped, with_traps("deadly", 1200, traps))
    check(trapped, batch_id, 1200, traps)
    rejects = rows_of(trapped.client, batch_id, "rejects")
    mended = [json.loads(reject["original"]) for reject in rejects]
    assert [one["id"] for one in mended] == [reject["id"] for reject in rejects]
    again = b"".join(lines([one["id"]]) for one in mended)
    found = ended(trapped.client, sent(trapped, again))
    assert (found["succeeded"], found["rejected"]) == (3, 0)


def test_a_worker_that_is_killed_and_a_redis_that_forgets(trapped: System) -> None:
    """While a process is in the middle of a piece, and others have their message only."""
    worker = trapped.workers[-1]
    traps = {5: "hang"}
    first = sent(trapped, with_traps("killed", 40, traps))
    wait_for(lambda: batch(trapped.client, first)["status"] == "running", 20, "a piece is run")
    client = make_redis(Settings.from_environment(trapped.environment()), 5.0)
    with processes.frozen(processes.tree(worker)):
        # One message is given to the worker, which asked for it; another stays in Redis.
        others = [sent(trapped, with_traps(f"forgotten-{n}", 40, {})) for n in range(2)]
        assert client.delete(trapped.queue(Lane.BULK)) == 1
        processes.send(processes.tree(worker), signal.SIGKILL)
    trapped.workers.remove(worker)
    trapped.start_worker()
    for batch_id in others:
        check(trapped, batch_id, 40, {})
    check(trapped, first, 40, traps)


def test_a_worker_of_some_lanes(trapped: System) -> None:
    """One that leaves interactive requests out does not make a gateway ready, and scores batches;
    one for the others makes it ready."""
    for worker in trapped.workers:
        assert worker.stop(25)
    trapped.workers.clear()
    trapped.start_worker(WORKER_LANES="bulk")

    def state() -> Any:
        return trapped.client.get("/readyz").json["worker"]

    reason = "no worker takes interactive requests, for WORKER_LANES of each leaves them out"
    wait_for(lambda: state() == reason, 30, "the worker is seen")
    assert trapped.client.get("/readyz").status == 503
    batch_id = sent(trapped, with_traps("by lane", 10, {}))
    assert ended(trapped.client, batch_id)["succeeded"] == 10
    trapped.start_worker(WORKER_LANES="interactive,deferred")
    trapped.wait_ready()
    assert trapped.client.predict("by lane-3").json["error"].endswith("already exists")
