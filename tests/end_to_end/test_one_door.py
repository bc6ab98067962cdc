"""What holds for every request, whatever becomes of it: identity, key, path, spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from local.part import Part
from tests.rough_client import JSON, RoughClient, head
from tests.system import Answer, Client, System, call

KEY, SECOND_KEY = "the-key", "second-key"
BEARER = {"Authorization": f"Bearer {KEY}"}
TYPE = {"Content-Type": "application/json"}
SANE = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


@pytest.fixture(scope="module")
def guarded(attacked: System) -> tuple[Part, Client]:
    """A gateway that asks for one of two keys."""
    return attacked.start_gateway(API_KEY=f"{KEY},{SECOND_KEY}")


@pytest.fixture(scope="module")
def alone(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    """A gateway without a worker: whatever waits becomes a job."""
    folder = tmp_path_factory.mktemp("alone")
    system = System(new_database_url("postgres"), new_redis_url(), folder, {"SYNC_WAIT": "0.2"})
    try:
        yield system.start_gateway()[1]
    finally:
        system.stop()


# One request for each status and kind of route: method, path, body, more headers, status.
Case = tuple[str, str, str | None, dict[str, str], int]
PASSENGER = '{"id": "%s", "observation": {"Pclass": 3, "Sex": "male", "SibSp": 0, "Parch": 0}}'
CASES: dict[str, Case] = {
    "predicted": ("POST", "/predict", PASSENGER % "door", TYPE, 200),
    "promised": (
        "POST", "/predict", PASSENGER % "promised", {**TYPE, "Prefer": "respond-async"}, 202,
    ),
    "labelled": ("POST", "/update", '{"id": "nobody", "true_class": 1}', TYPE, 200),
    "listed": ("GET", "/list-db-contents", None, {}, 200),
    "up": ("GET", "/healthz", None, {}, 200),
    "ready": ("GET", "/readyz", None, {}, 200),
    "broken": ("POST", "/predict", "{]", TYPE, 400),
    "unknown path": ("GET", "/nowhere", None, {}, 404),
    "unknown job": ("GET", "/jobs/none", None, {}, 404),
    "wrong method": ("PUT", "/predict", "{}", TYPE, 405),
    "too large": ("POST", "/update", " " * (2**20 + 1), TYPE, 413),
    "wrong type": ("POST", "/predict", "{}", {"Content-Type": "text/plain"}, 415),
    "wrong shape": ("POST", "/update", "{}", TYPE, 422),
    "wrong page": ("GET", "/list-db-contents?limit=x", None, {}, 422),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_answer_has_an_id(attacked: System, name: str) -> None:
    """The client's own, or a new one for each request."""
    method, path, body, headers, status = CASES[name]
    address = attacked.client.address
    own = call(address, method, path, body, {**headers, "X-Request-Id": f"own/{status}"})
    made = [call(address, method, path, body, headers) for _ in range(2)]
    assert [a.status for a in (own, *made)] == [status] * 3
    assert own.headers["x-request-id"] == f"own/{status}"
    ids = [a.headers["x-request-id"] for a in made]
    assert all(SANE.fullmatch(i) for i in ids)
    assert ids[0] != ids[1]


def test_a_stranger_has_an_id(guarded: tuple[Part, Client]) -> None:
    """Also whoever is refused."""
    answer = call(guarded[1].address, "GET", "/jobs/x", headers={"X-Request-Id": "stranger"})
    assert (answer.status, answer.headers["x-request-id"]) == (401, "stranger")


@pytest.mark.parametrize(
    "sent", ["a", "A-z0.9_:/+=", "x" * 128, "0af7651916cd43dd8448eb211c80319c"]
)
def test_sane_ids(attacked: System, sent: str) -> None:
    """They are taken as they are."""
    answer = attacked.client.get("/healthz", **{"X-Request-Id": sent})
    assert answer.headers["x-request-id"] == sent


@pytest.mark.parametrize(
    "sent", ["", "x" * 129, "two words", "a,b", "<b>", 'quo"te', "ö", "%0d%0a", "a\tb", "{}"]
)
def test_ids_that_are_not_sane(attacked: System, sent: str) -> None:
    """Another is made: nothing that a client sends gets into a log line unseen."""
    asked = head("GET", "/healthz", [("X-Request-Id", sent)])
    with RoughClient(attacked.client.address, asked) as client:
        answer = client.answer()
    assert answer.status == 200
    assert answer.headers["x-request-id"] != sent
    assert SANE.fullmatch(answer.headers["x-request-id"])


def test_two_ids(attacked: System) -> None:
    """Whichever is taken, there is one in the answer, and it is sane."""
    asked = head("GET", "/healthz", [("X-Request-Id", "first"), ("X-Request-Id", "second")])
    with RoughClient(attacked.client.address, asked) as client:
        assert SANE.fullmatch(client.answer().headers["x-request-id"])


@pytest.mark.parametrize(
    "path",
    ["//predict", "/predict/", "//predict/", "/predict//", "///predict", "/./predict",
     "/jobs/../predict", "/predict/.", "/Predict", "/predict;a=1"],
)  # fmt: skip
@pytest.mark.parametrize("prefer", [None, "wait=10"])
def test_paths_are_taken_as_sent(attacked: System, path: str, prefer: str | None) -> None:
    """A slash more or less is another path, also for who prefers something."""
    headers = [JSON] if prefer is None else [JSON, ("Prefer", prefer)]
    body = (PASSENGER % path).encode()
    with RoughClient(attacked.client.address, head("POST", path, headers, len(body))) as client:
        client.send(body)
        answer = client.answer()
    assert answer.status == 404, answer
    assert list(answer.json) == ["error"]
    assert path not in {row["observation_id"] for row in attacked.client.rows()}


@pytest.mark.parametrize(
    "path", ["/healthz/", "//healthz", "/readyz/", "//readyz", "/docs/", "//docs", "/docs/../model"]
)
def test_only_these_routes_are_open(guarded: tuple[Part, Client], path: str) -> None:
    """What is nearly one of them asks for a key like everything else."""
    assert _sent(guarded[1], path).status == 401
    assert _sent(guarded[1], path, ("Authorization", f"Bearer {KEY}")).status == 404


def _sent(client: Client, path: str, *headers: tuple[str, str]) -> Answer:
    with RoughClient(client.address, head("GET", path, headers)) as rough:
        return rough.answer()


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("up", "ready")])
def test_the_key_comes_first(guarded: tuple[Part, Client], name: str) -> None:
    """Whatever else is wrong with a request, a stranger hears 401, and no more."""
    method, path, body, headers, status = CASES[name]
    address = guarded[1].address
    answer = call(address, method, path, body, headers)
    assert answer.status == 401
    assert list(answer.json) == ["error"]
    assert call(address, method, path, body, {**headers, **BEARER}).status == status


def test_api_keys(attacked: System, guarded: tuple[Part, Client]) -> None:
    """One of them is asked for on everything but the health routes and the page's own files."""
    address = guarded[1].address[1]
    stranger, guest = Client(address), Client(address, {"Authorization": "Bearer nonsense"})
    for client in (stranger, guest):
        for path in ("/healthz", "/readyz", "/docs", "/docs/docs.js"):
            assert client.get(path).status == 200, path
        for answer in (
            client.predict(1), client.update(1, 1), client.get("/list-db-contents"),
            client.get("/jobs/x"), client.get("/model"), client.delete("/jobs/x"),
            client.get("/openapi.json"), client.get("/docs/other.js"), client.get("/nowhere"),
        ):  # fmt: skip
            assert answer.status == 401
            assert list(answer.json) == ["error"]
            assert answer.headers["www-authenticate"] == "Bearer"
    for key in (KEY, SECOND_KEY):
        friend = Client(address, {"Authorization": f"Bearer {key}"})
        assert friend.predict(f"with {key}").status == 200
    assert KEY not in attacked.log()


def promised(client: Client, **headers: str) -> Answer:
    answer = call(client.address, "POST", "/predict", PASSENGER % "alone", {**TYPE, **headers})
    assert answer.status == 202, answer
    assert answer.json["job_id"] in answer.headers["location"]
    return answer


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [(None, False), ("wait=0", False), ("wait=1", False), ("handling=lenient", False),
     ("respond-async", True), ("respond-async, wait=0", True), ("RESPOND-ASYNC", True)],
)  # fmt: skip
def test_what_was_preferred(alone: Client, prefer: str | None, applied: bool) -> None:
    """A 202 says that a preference was applied when somebody preferred it."""
    answer = promised(alone, **({} if prefer is None else {"Prefer": prefer}))
    said = answer.headers.get("preference-applied")
    assert said == ("respond-async" if applied else None)


@pytest.mark.parametrize(
    ("prefix", "before"),
    [(None, ""), ("", ""), ("/", ""), ("/ml", "/ml"), ("/ml/", "/ml"), ("/a/b-c_d.e~1",) * 2],
)  # fmt: skip
def test_the_prefix_of_a_proxy(alone: Client, prefix: str | None, before: str) -> None:
    """`Location` leads where the client asked, through whatever stands before the gateway."""
    answer = promised(alone, **({} if prefix is None else {"X-Forwarded-Prefix": prefix}))
    assert answer.headers["location"] == f"{before}/jobs/{answer.json['job_id']}"


@pytest.mark.parametrize(
    "prefix",
    ["//evil.example", "https://evil.example", "\\\\evil.example", "/\\evil.example", "ml",
     "/a b", "/%0d%0aX: 1", "/a?b=", "/a#b"],
)  # fmt: skip
def test_a_prefix_that_is_none(alone: Client, prefix: str) -> None:
    """Nothing that a client writes there leads to another host, or out of the path."""
    answer = promised(alone, **{"X-Forwarded-Prefix": prefix})
    assert answer.headers["location"] == f"/jobs/{answer.json['job_id']}"


def test_a_request_id_is_nobodys_identity(attacked: System) -> None:
    """Two requests may carry the same id. The second is told that the observation exists, which is
    said to everybody but the request that made the row."""
    headers = {**TYPE, "X-Request-Id": "the-same"}
    address = attacked.client.address
    first = call(address, "POST", "/predict", PASSENGER % "identity", headers)
    second = call(address, "POST", "/predict", PASSENGER % "identity", headers)
    assert (first.status, list(first.json)) == (200, ["proba"])
    assert second.json["error"] == 'Observation ID: "identity" already exists'
    jobs = [
        call(address, "POST", "/predict", PASSENGER % name, {**headers, "Prefer": "respond-async"})
        for name in ("identity 1", "identity 2")
    ]
    assert len({answer.json["job_id"] for answer in jobs}) == 2
