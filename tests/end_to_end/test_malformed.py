"""Malformed requests: each gets its 4xx with a JSON error, and the service goes on."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.end_to_end.malformed_requests import (
    GOOD,
    HOST,
    JSON,
    Malformed,
    cases,
    nested,
    predict,
    text,
    with_value,
    without,
)
from tests.end_to_end.wire import Headers, send, send_chunked
from tests.system import FIRST_PASSENGER, FIRST_PROBA, Answer, Client, System, call

CASES = list(cases())
LIMIT = 2**20


def error_of(answer: Answer, status: int) -> str:
    """The text of an error; the answer must be exactly `{"error": text}`, in JSON."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    body = json.loads(answer.body)
    assert list(body) == ["error"], body
    assert isinstance(body["error"], str)
    assert body["error"]
    assert "Traceback" not in body["error"]
    return str(body["error"])


@pytest.fixture(scope="module", autouse=True)
def labelled(system: System) -> None:
    """The row that updates with a bad true class are aimed at."""
    assert system.client.predict("labelled").status == 200


@pytest.fixture(scope="module")
def job_path(system: System) -> str:
    """The path of a job that was accepted."""
    answer = system.client.predict("job of malformed polls", prefer="respond-async")
    assert answer.status == 202
    return str(answer.headers["location"])


def test_there_are_enough_cases() -> None:
    """More than a hundred and ten, all different."""
    assert len({str(case) for case in CASES}) == len(CASES) >= 110


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_malformed_request_gets_its_4xx(client: Client, case: Malformed) -> None:
    """The status says whose fault it is; the error is JSON and names the field."""
    sends_host = any(name == "Host" for name, _ in case.headers)
    headers = case.headers if sends_host else (HOST, *case.headers)
    answer = send(client.address, case.method, case.path, headers, case.body)
    if case.method == "HEAD":
        assert (answer.status, answer.body) == (case.status, b"")
    else:
        error = error_of(answer, case.status)
        assert all(part in error for part in case.said), error
        assert len(error) < 1000
    if case.status == 405:
        allowed = {method.strip() for method in answer.headers["allow"].split(",")}
        assert {case.allows, "OPTIONS"} <= allowed
        assert case.method not in allowed


@pytest.mark.parametrize(
    "query", ["wait=x", "wait=-1", "wait=", "wait=1.5", "wait=%00", "wait=1e1"]
)
def test_a_malformed_wait_is_refused(client: Client, job_path: str, query: str) -> None:
    """Of a job that exists as well; the field is named."""
    answer = send(client.address, "GET", f"{job_path}?{query}", [HOST])
    assert "wait" in error_of(answer, 422)


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status"),
    [
        ("POST", "/predict", "application/json", 413), ("POST", "/update", "application/json", 413),
        ("POST", "/predict", "text/plain", 415), ("POST", "/nowhere", "application/json", 404),
        ("PUT", "/predict", "application/json", 405), ("POST", "/jobs/x", "application/json", 405),
        ("DELETE", "/jobs/x", "application/json", 404),
    ],
)  # fmt: skip
def test_a_client_that_sends_10_mb_hears_the_answer(
    client: Client, method: str, path: str, content_type: str, status: int
) -> None:
    """Clients that send all before they listen hear the status, and no broken pipe."""
    headers = {"Content-Type": content_type}
    answer = call(client.address, method, path, b" " * 10_000_000, headers)
    error_of(answer, status)


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status"),
    [
        ("POST", "/nowhere", "application/json", 404), ("PUT", "/predict", "application/json", 405),
        ("POST", "/predict", "text/plain", 415), ("POST", "/predict", "application/json", 400),
        ("GET", "/healthz", "text/plain", 200), ("GET", "/list-db-contents?limit=1", "x/y", 200),
        ("DELETE", "/jobs/x", "x/y", 404),
    ],
)  # fmt: skip
def test_a_connection_outlives_a_refusal(
    client: Client, method: str, path: str, content_type: str, status: int
) -> None:
    """A client that keeps its connection may use it again, whatever it had sent on it: a body
    that nobody looked at does not cut it off."""
    connection = HTTPConnection(*client.address, timeout=40)
    try:
        for _ in range(30):
            connection.request(method, path, b"{]", {"Content-Type": content_type})
            response = connection.getresponse()
            response.read()
            assert response.status == status
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/predict", 413), ("POST", "/update", 413), ("POST", "/nowhere", 404),
        ("PUT", "/predict", 405),
    ],
)  # fmt: skip
def test_10_mb_in_chunks(client: Client, method: str, path: str, status: int) -> None:
    """The same when nothing says beforehand how long the body is."""
    error_of(send_chunked(client.address, method, path, b" " * 10_000_000), status)


def test_the_largest_body(client: Client) -> None:
    """`MAX_BODY` bytes are taken and one more is not, in one piece and in chunks."""
    body = predict("largest")
    largest = body + b" " * (LIMIT - len(body))
    assert len(largest) == LIMIT
    assert client.post("/predict", largest).status == 200
    assert send_chunked(client.address, "POST", "/predict", largest).status == 200
    error_of(client.post("/predict", largest + b" "), 413)
    error_of(send_chunked(client.address, "POST", "/predict", largest + b" "), 413)
    # A body must not be cut off at the limit and what is left of it be taken for the whole.
    error_of(send_chunked(client.address, "POST", "/predict", largest + b"]"), 413)


ODD: dict[str, tuple[Headers, bytes]] = {
    "NaN for null": (JSON, GOOD.replace(b"null", b"NaN")),
    "a key left out for null": (JSON, without("Cabin")),
    "spaces around": (JSON, b"\r\n\t " + GOOD + b" \n"),
    "a whole number as a fraction": (JSON, with_value("Pclass", "3.0")),
    "an exponent": (JSON, with_value("Fare", "0.725e1")),
    "escaped letters": (JSON, GOOD.replace(b"male", b"\\u006d\\u0061le")),
    "a type in capitals": ((("Content-Type", "APPLICATION/JSON"),), GOOD),
    "a charset": ((("Content-Type", 'application/json; charset="UTF-8"'),), GOOD),
    "a parameter": ((("Content-Type", "application/json;v=1;;"),), GOOD),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_only_odd_is_answered(client: Client, name: str) -> None:
    """What the contract has a meaning for gets its prediction."""
    headers, body = ODD[name]
    body = body.replace(b'"malformed"', text(f"odd: {name}")).replace(
        b'"odd"', text(f"odd: {name}")
    )
    answer = send(client.address, "POST", "/predict", (HOST, *headers), body)
    assert answer.status == 200, answer
    assert list(answer.json) == ["proba"]
    assert answer.json["proba"] == pytest.approx(FIRST_PROBA)


def test_a_job_id_in_capitals(client: Client) -> None:
    """It is the same UUID: polled, held and cancelled as it was given, and told as it was."""
    answer = client.predict("in capitals", prefer="respond-async")
    job_id = answer.json["job_id"]
    client.ended(job_id)
    for path in (f"/jobs/{job_id.upper()}", f"/jobs/{job_id.upper()}?wait=5"):
        assert client.get(path).json["job_id"] == job_id
    cancelled = client.delete(f"/jobs/{job_id.upper()}")
    assert cancelled.status == 409
    assert job_id in cancelled.json["error"]


@pytest.mark.parametrize("number", [-(2**63), 2**63 - 1])
def test_true_classes_of_64_bits(client: Client, number: int) -> None:
    """From the smallest to the largest."""
    observation_id = f"labelled {number}"
    assert client.predict(observation_id).status == 200
    assert client.update(observation_id, number).json["true_class"] == number


def test_nesting_of_32_is_read(client: Client) -> None:
    """32 deep is taken; that the model does not use the key is said."""
    answer = client.post("/predict", nested(32).replace(b"malformed", b"deep"))
    assert answer.status == 200
    assert "Deep" in answer.json["warnings"][0]


PREFERENCES: dict[str, bytes] = {
    "nothing": b"", "commas": b",,,", "semicolons": b";;;", "an equals sign": b"=", "a quote": b'"',
    "an open quote": b'wait="3', "no number": b"wait=soon", "a negative number": b"wait=-1",
    "a fraction": b"wait=1.5", "no value": b"wait=", "two values": b"wait=1=2",
    "bytes": b"\xff\xfe",
    "a value": b"respond-async=yes", "20,000 letters": b"a" * 20_000, "a tab": b"\t",
    "20,000 digits": b"wait=" + b"9" * 20_000, "a superscript": b"wait=\xb2",
    "a stranger": b"x=y; z",
    "a quoted comma": b'x="a, respond-async, b"', "10,000 commas": b"," * 10_000,
}  # fmt: skip


@pytest.mark.parametrize("path", ["/predict", "/update"])
@pytest.mark.parametrize("name", PREFERENCES)
def test_a_malformed_preference_is_ignored(client: Client, name: str, path: str) -> None:
    """The request is answered as one without it."""
    body: dict[str, Any] = {"id": f"preference: {name}", "observation": FIRST_PASSENGER}
    if path == "/update":
        body = {"id": "labelled", "true_class": 1}
    headers = (HOST, *JSON, ("Prefer", PREFERENCES[name]))
    answer = send(client.address, "POST", path, headers, text(body))
    assert answer.status == 200, answer
    assert "proba" in answer.json
    assert "preference-applied" not in answer.headers


def test_a_refused_id_is_free(client: Client) -> None:
    """An observation that was refused left nothing behind: the next with its id is predicted."""
    observation_id = "refused first"
    for name, value in (("Pclass", None), ("Fare", "much"), ("Sex", [])):
        error_of(client.post("/predict", predict(observation_id, **{name: value})), 422)
    answer = client.predict(observation_id)
    assert (answer.status, list(answer.json)) == (200, ["proba"])


def test_the_next_good_request_is_answered(system: System) -> None:
    """After all of them: predicted, labelled, listed once and ready; nothing in the log was
    unforeseen, and no malformed request left a row."""
    client = system.client
    answer = client.predict("good again")
    assert answer.status == 200
    assert answer.json == {"proba": pytest.approx(FIRST_PROBA)}
    assert client.update("good again", 1).json["true_class"] == 1
    ids = [row["observation_id"] for row in client.rows()]
    assert ids.count("good again") == 1
    assert "malformed" not in ids
    assert client.ready()
    assert "unforeseen" not in system.log()
    assert "Traceback" not in system.log()
