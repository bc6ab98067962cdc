"""Whatever is sent, the answer is one of the contract's, and what was answered 200 is stored."""

from __future__ import annotations

import json
import math
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.observation_id import LARGEST_INTEGER, SMALLEST_INTEGER
from tests.system import FIRST_PASSENGER, Answer, System

STATUSES = {200, 202, 400, 404, 405, 409, 410, 413, 415, 422}


def fuzzed(examples: int) -> settings:
    """Other examples in every run (see `tests.seed`), as many for each database; each is a few
    requests. What failed on this machine is tried first until it passes."""
    return settings(
        max_examples=examples,
        deadline=None,
        # Hypothesis itself would try the same ones on a machine for continuous integration.
        derandomize=False,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


class Service:
    """Talks to a running system on one connection, and remembers what it was told."""

    def __init__(self, system: System) -> None:
        self._client = system.client
        self._connection = HTTPConnection(*self._client.address, timeout=40)
        self._last_row = 0
        # The rows in the listing, by what makes two ids the same.
        self.rows: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, Any] | None = None,
    ) -> Answer:
        """One request. Whatever it is, its answer is one that the contract has."""
        self._connection.request(method, path, body, headers or {})
        response = self._connection.getresponse()
        names = {k.lower(): v for k, v in response.getheaders()}
        answer = Answer(response.status, names, response.read())
        assert answer.status in STATUSES, answer
        if method != "HEAD":
            assert answer.headers["content-type"] == "application/json", answer
            found = answer.json
            if answer.status >= 400:
                assert list(found) == ["error"], answer
                assert isinstance(found["error"], str)
                assert found["error"]
        return answer

    def post(self, path: str, body: bytes, prefer: str | None = None) -> Answer:
        """A body as JSON."""
        headers = {"Content-Type": "application/json"} | ({"Prefer": prefer} if prefer else {})
        return self.call("POST", path, body, headers)

    def predict(self, body: bytes, prefer: str | None = None) -> Answer:
        """A prediction. When it is answered 200, its row is in the listing as it was first sent."""
        before = dict(self.rows)
        answer = self.post("/predict", body, prefer)
        if answer.status == 200:
            proba = answer.json["proba"]
            assert isinstance(proba, float)
            assert math.isfinite(proba)
            assert 0 <= proba <= 1
            self._read_new_rows()
            sent = json.loads(body)["id"]
            row = self.rows[str(sent)]
            assert row["proba"] == proba
            if str(sent) in before or "error" in answer.json:
                assert answer.json["error"] == f'Observation ID: "{sent}" already exists'
                assert row == before.get(str(sent), row)
            else:
                assert row["observation_id"] == sent
                assert type(row["observation_id"]) is type(sent)
                assert row["observation"] == body.decode()
        return answer

    def _read_new_rows(self) -> None:
        for row in self.call("GET", f"/list-db-contents?after={self._last_row}").json:
            self._last_row = row["id"]
            assert str(row["observation_id"]) not in self.rows, "two rows of one observation"
            self.rows[str(row["observation_id"])] = row


@pytest.fixture(scope="module")
def service(system: System) -> Any:
    """The running system, remembered by all tests of one database."""
    service = Service(system)
    yield service
    service.close()


# Lone surrogates and NUL are what JSON can say and databases cannot keep.
TEXTS = st.text(st.characters(), max_size=20) | st.text(
    st.sampled_from('\x00\ud800\udfff\ufeff\U0001f6a2"\\a0'), max_size=5
)
NUMBERS = (
    st.integers() | st.floats()
    | st.sampled_from([0, 1, 3, -1, 2**31, 2**63 - 1, 2**63, 2**70, 10**400, 1e308, 5e-324])
)  # fmt: skip
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(sorted(FIRST_PASSENGER))
GOOD_IDS = st.integers(SMALLEST_INTEGER, LARGEST_INTEGER) | st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=255
)
# Mostly near misses: a good observation with at most two things changed.
OBSERVATIONS = st.builds(
    lambda changes, gone, more: {
        k: v for k, v in {**FIRST_PASSENGER, **changes, **more}.items() if k not in gone
    },
    st.dictionaries(KEYS, VALUES, max_size=2),
    st.just(frozenset[str]()) | st.frozensets(KEYS, max_size=1),
    st.just(dict[str, Any]()) | st.dictionaries(TEXTS, VALUES, max_size=2),
)
PREFERENCES = st.none() | st.sampled_from(
    ["respond-async", "wait=0", "wait=5", "respond-async, wait=5", "return=minimal", "wait=x"]
)


def body(document: Any) -> bytes:
    """A document as Python and pandas write it, NaN and the infinities included."""
    return json.dumps(document).encode()


@given(document=VALUES, path=st.sampled_from(["/predict", "/update"]), prefer=PREFERENCES)
@fuzzed(60)
def test_any_json(service: Service, document: Any, path: str, prefer: str | None) -> None:
    """JSON of any shape is answered, and never with anything that was not asked for."""
    assert service.post(path, body(document), prefer).status >= 400


@given(
    observation_id=GOOD_IDS | VALUES,
    observation=OBSERVATIONS | VALUES,
    more=st.just(dict[str, Any]()) | st.dictionaries(TEXTS, VALUES, max_size=1),
    prefer=PREFERENCES,
)
@fuzzed(100)
def test_near_predictions(
    service: Service,
    observation_id: Any,
    observation: Any,
    more: dict[str, Any],
    prefer: str | None,
) -> None:
    """A prediction with things wrong or odd is refused, or has a probability and its row."""
    document = {**more, "id": observation_id, "observation": observation}
    answer = service.predict(body(document), prefer)
    if answer.status == 202:
        job = service.call("GET", f"{answer.headers['location']}?wait=20").json
        assert job["status"] in {"succeeded", "failed"}, job
        assert job["status_code"] in STATUSES


@given(
    observation_id=st.sampled_from(["row", "none", 0, "0"]) | VALUES,
    true_class=st.sampled_from([0, 1, "0", "1", True, 1.0, 2, "yes"]) | VALUES,
    more=st.just(dict[str, Any]()) | st.dictionaries(TEXTS, VALUES, max_size=1),
    prefer=PREFERENCES,
)
@fuzzed(60)
def test_near_updates(
    service: Service, observation_id: Any, true_class: Any, more: dict[str, Any], prefer: str | None
) -> None:
    """An update is refused, labels its row, or is told that there is none."""
    if "row" not in service.rows:
        service.predict(body({"id": "row", "observation": FIRST_PASSENGER}))
    document = {**more, "id": observation_id, "true_class": true_class}
    answer = service.post("/update", body(document), prefer)
    if answer.status == 200 and "error" in answer.json:
        text = f'Observation ID: "{observation_id}" does not exist'
        # What is not used is said as well.
        unused = more.keys() - {"id", "true_class"}
        assert answer.json.keys() == ({"error", "warnings"} if unused else {"error"})
        assert answer.json["error"] == text
    elif answer.status == 200:
        assert str(answer.json["observation_id"]) == str(observation_id)
        assert str(answer.json["true_class"]) in {str(true_class), str(int(true_class))}


METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "QUERY"])
ROOTS = st.sampled_from(["/predict", "/update", "/list-db-contents", "/jobs/", "/healthz", "/"])
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
HEADERS = st.dictionaries(
    st.sampled_from([
        "Content-Type", "Accept", "Accept-Encoding", "Authorization", "Content-Encoding", "Cookie",
        "Forwarded", "Host", "If-Match", "If-None-Match", "Origin", "Prefer", "Range", "Referer",
        "X-Forwarded-For", "X-Forwarded-Host", "X-HTTP-Method-Override", "X-Forwarded-Prefix",
    ]),
    LATIN | st.sampled_from(["application/json", "gzip", "a, b; c=d", "*", "bytes=0-1", "GET"]),
    max_size=3,
)  # fmt: skip


@given(
    method=METHODS, root=ROOTS,
    path=st.just("") | st.text(st.characters(codec="utf-8"), max_size=20),
    query=st.none() | st.tuples(st.sampled_from(["after", "limit", "wait", "x"]), LATIN | NUMBERS),
    headers=HEADERS, data=st.none() | st.binary(max_size=200),
)  # fmt: skip
@fuzzed(120)
def test_any_request(
    service: Service,
    method: str,
    root: str,
    path: str,
    query: tuple[str, Any] | None,
    headers: dict[str, str],
    data: bytes | None,
) -> None:
    """Any method, path, query, headers and bytes."""
    where = root + quote(path)
    if query is not None:
        where += f"?{query[0]}={quote(str(query[1]), encoding='latin-1')}"
    service.call(method, where, data, {k: v.encode("latin-1") for k, v in headers.items()})


@given(
    number=st.integers(SMALLEST_INTEGER, LARGEST_INTEGER), text_first=st.booleans(), other=GOOD_IDS
)
@fuzzed(15)
def test_ids_of_both_kinds(service: Service, number: int, text_first: bool, other: Any) -> None:
    """An integer and its text are one observation, echoed as it was first sent; two ids whose
    texts differ are two."""
    first, second = (str(number), number) if text_first else (number, str(number))
    known = str(number) in service.rows
    answers = [
        service.predict(body({"id": i, "observation": FIRST_PASSENGER})) for i in (first, second)
    ]
    assert [a.status for a in answers] == [200, 200]
    assert ["error" in a.json for a in answers] == [known, True]
    assert answers[0].json["proba"] == answers[1].json["proba"]
    if not known:
        assert service.rows[str(number)]["observation_id"] == first
    for text in (f"0{number}", f"{number} ", f"{number}.0", other):
        known = str(text) in service.rows
        answer = service.predict(body({"id": text, "observation": FIRST_PASSENGER}))
        assert answer.status == 200
        assert ("error" in answer.json) == known


def test_nothing_was_unforeseen(service: Service, system: System) -> None:
    """After all of it the service is ready, and nothing in its log says otherwise."""
    assert service.predict(body({"id": "last", "observation": FIRST_PASSENGER})).status == 200
    assert system.client.ready()
    assert "unforeseen" not in system.log()
    assert "Traceback" not in system.log()
