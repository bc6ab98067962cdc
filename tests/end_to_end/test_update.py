"""POST /update: what really happened."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from shared.queue.messages import Lane
from tests.system import FIRST_PASSENGER, Client, System, wait_for


def test_update_answers_with_the_row(client: Client) -> None:
    """The ancestor's keys, with the body as it was sent."""
    proba = client.predict(0).json["proba"]
    answer = client.update(0, 1)
    assert answer.status == 200
    row = answer.json
    assert list(row)[:5] == ["id", "observation_id", "observation", "proba", "true_class"]
    assert (row["observation_id"], row["proba"], row["true_class"]) == (0, proba, 1)
    assert row in client.rows()


def test_update_of_nobody(client: Client) -> None:
    """200 with the ancestor's error, whose clients count anything else as a failure."""
    answer = client.update(7_000_000, 1)
    assert answer.status == 200
    assert answer.json == {"error": 'Observation ID: "7000000" does not exist'}


@pytest.mark.parametrize(
    ("sent", "stored"), [(1, 1), (0, 0), (2, 2), (-5, -5), (1.0, 1), (True, 1), ("1", 1)]
)
def test_classes(client: Client, sent: object, stored: object) -> None:
    """Other classes than 0 and 1 are kept, in the words of the model's own."""
    observation_id = f"class {sent!r}"
    client.predict(observation_id)
    assert client.update(observation_id, sent).json["true_class"] == stored


def test_a_class_of_another_kind(client: Client) -> None:
    """A word for a model whose classes are numbers is 422."""
    client.predict("worded")
    answer = client.update("worded", "survived")
    assert answer.status == 422
    assert answer.json == {"error": "true_class is 'survived', and the model's classes are 0, 1"}


def test_the_last_accepted_label_stands(client: Client) -> None:
    """Labels apply in the order in which they were accepted."""
    client.predict("relabelled")
    for label in (0, 1, 0, 1, 1, 0):
        assert client.update("relabelled", label).json["true_class"] == label
    answers = [client.update("relabelled", n, prefer="respond-async") for n in range(20)]
    jobs = [answer.json["job_id"] for answer in answers]
    for job_id in jobs:
        assert client.ended(job_id)["status"] == "succeeded"
    row = next(r for r in client.rows() if r["observation_id"] == "relabelled")
    assert row["true_class"] == 19


def test_warnings(client: Client) -> None:
    """Unknown keys come back."""
    client.predict("warned")
    answer = client.post("/update", {"id": "warned", "true_class": 0, "colour": "red"})
    assert answer.json["warnings"] == ["the request has a key that is not used: colour"]
    many = {f"key {number}": 1 for number in range(50_000)}
    answer = client.post("/update", {"id": "warned", "true_class": 0, **many})
    assert answer.json["true_class"] == 0
    assert len(json.dumps(answer.json["warnings"])) < 10_000


def test_update_waits_for_its_accepted_prediction(system: System) -> None:
    """No row but an unfinished accepted prediction: the update waits, 202 at its deadline, and is
    applied with it."""
    client = system.client
    worker = system.workers.pop()
    assert worker.stop(25)
    predicting = client.predict("awaited", prefer="respond-async").json["job_id"]
    answer = client.update("awaited", 1, prefer="wait=1")
    assert answer.status == 202
    updating = answer.json["job_id"]
    assert client.job(updating)["kind"] == "update"
    system.start_worker()
    assert client.ended(predicting)["status"] == "succeeded"
    job = client.ended(updating)
    assert job["status"] == "succeeded"
    assert job["result"]["true_class"] == 1


def test_update_of_a_prediction_that_fails(system: System) -> None:
    """Should the prediction fail or be cancelled, the update ends as "does not exist"."""
    client = system.client
    worker = system.workers.pop()
    assert worker.stop(25)
    unfit = {**FIRST_PASSENGER, "Pclass": None}
    failing = client.predict("will-fail", unfit, prefer="respond-async").json["job_id"]
    after_failing = client.update("will-fail", 1, prefer="respond-async").json["job_id"]
    cancelled = client.predict("will-go", prefer="respond-async").json["job_id"]
    after_cancelled = client.update("will-go", 1, prefer="respond-async").json["job_id"]
    assert client.delete(f"/jobs/{cancelled}").json["status"] == "cancelled"
    system.start_worker()
    assert client.ended(failing)["status"] == "failed"
    for job_id, observation_id in ((after_failing, "will-fail"), (after_cancelled, "will-go")):
        job = client.ended(job_id)
        assert job["status"] == "succeeded"
        assert job["result"] == {"error": f'Observation ID: "{observation_id}" does not exist'}
    wait_for(client.ready)


def test_an_update_keeps_its_place(system: System) -> None:
    """One that is waited for, and becomes a job at its deadline, is older than what was sent
    meanwhile."""
    client = system.client
    client.predict("placed")
    assert system.workers.pop().stop(25)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.update, "placed", 0, "wait=3")
        lane = system.queue(Lane.INTERACTIVE)
        with redis.Redis.from_url(system.redis_url) as queues:
            wait_for(lambda: queues.llen(lane), what="it is on its lane")
        later = client.update("placed", 1, prefer="respond-async")
        first = waiting.result()
    assert (first.status, later.status) == (202, 202)
    system.start_worker()
    for answer in (first, later):
        assert client.ended(answer.json["job_id"])["status"] == "succeeded"
    assert [r["true_class"] for r in client.rows() if r["observation_id"] == "placed"] == [1]
    wait_for(client.ready)


def test_no_job_for_an_update_that_is_answered(system: System) -> None:
    """An update that a worker takes at once leaves nothing but its label."""
    client = system.client
    client.predict("at once")
    answer = client.update("at once", 1)
    assert answer.status == 200
    assert client.get(f"/jobs/{answer.headers['x-request-id']}").status == 404
