"""`queuecast.Client` and a service that cannot do it now: what is sent again, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from queuecast import (
    BrokenOffError,
    Client,
    JobError,
    RefusedError,
    ServiceError,
    SettingError,
    UnavailableError,
    UnfinishedJobError,
    UnknownOutcomeError,
    UnreachableError,
)
from queuecast.service.address import connections
from queuecast.service.retries import Retries

from local.ports import free_port
from tests.client.scripted_server import Script, Scripted, scripted_server

BUSY = Scripted(503, {"error": "the queue is full"}, {"Retry-After": "3"})
DONE = Scripted(200, {"proba": 0.25})


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted_server() as found:
        yield found


@pytest.fixture
def slept() -> list[float]:
    """How long the client has waited between its tries."""
    return []


@pytest.fixture
def client(script: Script, slept: list[float]) -> Iterator[Client]:
    """A client whose pauses take no time."""
    with asking(script.url, slept) as found:
        yield found


def asking(url: str, slept: list[float], **more: Any) -> Client:
    found = Client(url, "the-key", **more)
    found.service.sleep = slept.append
    return found


def test_again_until_it_can(client: Client, script: Script, slept: list[float]) -> None:
    """A 503, a proxy's page and a connection that is closed; on one connection where there is one,
    and not before the service has said."""
    script.answers = [BUSY, Scripted(502, b"<html>"), Scripted(None), DONE, DONE]
    assert client.predict(7, {"Age": 22}).proba == 0.25
    assert client.predict(8, {"Age": 22}).proba == 0.25
    assert [asked.body for asked in script.asked[:4]] == [script.asked[0].body] * 4
    assert {asked.headers["authorization"] for asked in script.asked} == {"Bearer the-key"}
    assert len({asked.port for asked in script.asked}) == 2
    assert 3 <= slept[0] <= 4
    assert 0.2 < slept[1] <= 0.5
    assert 0.4 < slept[2] <= 1.0


def test_not_for_ever(client: Client, script: Script, slept: list[float]) -> None:
    """After the last try it says what the service said; a pause that is too long is none."""
    script.answers = [BUSY] * 6
    with pytest.raises(UnavailableError, match=r"^the queue is full$") as failed:
        client.predict(7, {})
    assert (failed.value.status, len(script.asked), len(slept)) == (503, 6, 5)
    script.answers = [Scripted(503, {"error": "away for an hour"}, {"Retry-After": "3600"})]
    with pytest.raises(UnavailableError, match="away for an hour"):
        client.model()
    script.answers = [Scripted(504, {"error": "it cannot be known"})] * 6
    with pytest.raises(UnknownOutcomeError):
        client.predict(7, {})
    nobody = asking(f"http://127.0.0.1:{free_port()}", slept, retries=2)
    del slept[:]
    with pytest.raises(UnreachableError, match=r"does not answer: .*refused") as unreachable:
        nobody.predict(7, {})
    assert (unreachable.value.status, len(slept)) == (None, 2)


@pytest.mark.parametrize("status", [400, 401, 404, 413, 422])
def test_refusals_are_final(client: Client, script: Script, status: int) -> None:
    """Their message is the service's."""
    script.answers = [Scripted(status, {"error": "Pclass is missing"})]
    with pytest.raises(RefusedError, match=r"^Pclass is missing$") as refused:
        client.predict(7, {})
    assert refused.value.status == status
    assert len(script.asked) == 1


def test_what_is_no_service(client: Client, script: Script) -> None:
    """A page where JSON belongs, a redirect, a fault: nothing is guessed, or sent again."""
    answers = {
        "is no Queuecast service": Scripted(404, b"<html>"),
        "answered 302 with what is no JSON": Scripted(302, b"", {"Location": "/elsewhere"}),
        "the service answered 500": Scripted(500, {}),
    }
    for said, answer in answers.items():
        script.answers = [answer]
        with pytest.raises(ServiceError, match=said):
            client.model()


def test_a_lost_answer_that_names_a_job(client: Client, script: Script) -> None:
    """The job is asked: was it promised, its end is waited for; else the same is sent again."""
    lost = Scripted(504, {"error": "it cannot be known", "job_id": "j"})
    unknown = Scripted(404, {"error": "there is no job j"})
    running = Scripted(200, {"job_id": "j", "status": "running"})
    succeeded = Scripted(200, {"job_id": "j", "status": "succeeded", "result": {"proba": 0.5}})
    script.answers = [lost, unknown, DONE]
    assert client.predict(7, {}).proba == 0.25
    script.answers = [lost, running, running, succeeded]
    assert client.predict(7, {}).proba == 0.5
    held = "/jobs/j?wait=10"
    assert [asked.path for asked in script.asked[3:]] == ["/predict", "/jobs/j", held, held]
    script.answers = [lost, running, running]
    assert client.submit(7, {}).status == "running"


def test_jobs_that_fail(client: Client, script: Script) -> None:
    """With the service's reason; one that does not end in time goes on."""
    promised = Scripted(202, {"job_id": "j", "status": "queued"})
    failed = {"job_id": "j", "status": "failed", "error": "Age is no number", "status_code": 422}
    script.answers = [promised, Scripted(200, failed)]
    with pytest.raises(JobError, match=r"^Age is no number$") as found:
        client.predict(7, {})
    assert (found.value.job_id, found.value.status) == ("j", 422)
    script.answers = [promised, Scripted(200, {"job_id": "j", "status": "queued"})]
    with pytest.raises(UnfinishedJobError, match="job j is queued") as unfinished:
        client.predict(7, {}, wait=0)
    assert unfinished.value.job_id == "j"
    assert script.asked[-2].headers["prefer"] == "wait=0"


def row(number: int) -> bytes:
    found = {
        "id": number, "observation_id": f"of {number}", "observation": '{"observation": {"x": 1}}',
        "proba": 0.5, "true_class": None, "predicted_at": "2026-11-24T10:30:00.000001Z",
        "true_class_at": None, "model_version": "v",
    }  # fmt: skip
    return json.dumps(found).encode() + b"\n"


def rows(*numbers: int, ends: bool = True, half: bytes = b"") -> Scripted:
    chunks = (*(row(number) for number in numbers), *([half] if half else []))
    return Scripted(200, chunks=chunks, ends=ends)


def test_rows_go_on(client: Client, script: Script) -> None:
    """After the last whole one, however often it breaks off, and no row twice."""
    script.answers = [
        rows(1, 2, ends=False, half=row(3)[:40]), rows(3, ends=False), BUSY,
        rows(4, 5, half=row(6)[:-1]), rows(),
    ]  # fmt: skip
    found = list(client.export(since=datetime(2026, 11, 24, tzinfo=UTC), limit=9))
    assert [each.id for each in found] == [1, 2, 3, 4, 5]
    assert found[0].features == {"x": 1}
    assert found[0].predicted_at == datetime(2026, 11, 24, 10, 30, 0, 1, UTC)
    queries = [asked.path.partition("?")[2] for asked in script.asked]
    assert "since=2026-11-24T00%3A00%3A00%2B00%3A00" in queries[0]
    assert [query.rpartition("&after=")[2] for query in queries[1:]] == [
        "2&limit=7", "3&limit=6", "3&limit=6", "5&limit=4"
    ]  # fmt: skip


def test_rows_that_do_not_go_on(script: Script, slept: list[float]) -> None:
    """An error, with the id of the last row: never a shorter listing."""
    client = asking(script.url, slept, retries=2)
    script.answers = [rows(1, ends=False), rows(ends=False), rows(ends=False), rows(ends=False)]
    found: list[int] = []
    with pytest.raises(BrokenOffError, match="after the row with id 1") as broken:
        found.extend(each.id for each in client.export())
    assert (found, broken.value.last_id) == ([1], 1)
    script.answers = [rows(1, ends=False), Scripted(401, {"error": "an API key is needed"})]
    with pytest.raises(BrokenOffError, match="an API key is needed"):
        list(client.export())
    script.answers = [Scripted(422, {"error": "labelled is 'x'"})]
    with pytest.raises(RefusedError):
        list(client.export())


def test_values_of_frames(client: Client, script: Script) -> None:
    """NumPy's and pandas' values are sent as JSON has them."""
    script.answers = [DONE]
    values = {"a": np.int64(3), "b": pd.NA, "c": pd.Timestamp("2026-11-24"), "d": np.float32(0.5)}
    client.predict("x", values)
    assert json.loads(script.asked[0].body)["observation"] == {
        "a": 3, "b": None, "c": "2026-11-24T00:00:00", "d": 0.5
    }  # fmt: skip


def test_below_a_prefix(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a proxy; from the environment, where nothing else is said."""
    monkeypatch.setenv("QUEUECAST_URL", f"{script.url}/ml/")
    monkeypatch.setenv("QUEUECAST_API_KEY", "from outside")
    script.answers = [DONE]
    with Client() as client:
        client.predict(1, {})
    (asked,) = script.asked
    assert (asked.path, asked.headers["authorization"]) == ("/ml/predict", "Bearer from outside")


def test_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that the environment names, which this machine's loopback does not need."""
    monkeypatch.setenv("http_proxy", "http://user:word@proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert str(connections("http://service.example", 1).proxy) == (
        "http://user:word@proxy.example:3128"
    )
    for url in ("http://inside.example", "http://127.0.0.1:5000", "http://localhost"):
        assert connections(url, 1).proxy is None


@pytest.mark.parametrize(
    "url",
    ["localhost:5000", "ftp://host", "http://", "http://host:x", "http://h/?a=1", "http://u:p@h",
     "http://a b"],
)  # fmt: skip
def test_no_url(url: str) -> None:
    """One line says what is wrong; and no password is repeated that belongs elsewhere."""
    with pytest.raises(SettingError, match="is no URL of a service"):
        Client(url)
    with pytest.raises(SettingError, match="API key"):
        Client("http://host", "a\nkey")


def test_pauses() -> None:
    """Twice as long each time, up to a bound, and different for each client."""
    retries = Retries(most=8, first=0.25, longest=4.0)
    for tried, longest in enumerate((0.25, 0.5, 1, 2, 4, 4, 4, 4), start=1):
        found = [retries.pause(tried, None) for _ in range(50)]
        assert all(each is not None and longest / 2 <= each <= longest for each in found)
        assert len(set(found)) > 40
    assert retries.pause(9, None) is None
    asked = [retries.pause(1, 10.0) for _ in range(50)]
    assert all(each is not None and 10 <= each <= 12.75 for each in asked)
    assert retries.pause(1, 61.0) is None
