"""Pages of other origins in a browser: off by default, and what `CORS_ORIGINS` allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.system import Answer, Client, System, call

KEY = "the-key"
PAGE, OTHER = "https://page.example", "http://localhost:8080"
STRANGERS = (
    "https://evil.example", "http://page.example", "https://page.example:444", "null",
    "https://page.example.evil.example", "https://sub.page.example", "https://page.example/",
)  # fmt: skip
# What a page needs to read of an answer; a browser shows it no other header.
NEEDED = {"location", "retry-after", "preference-applied", "x-request-id"}


@pytest.fixture(scope="module")
def gateways(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Client]]:
    """Gateways that ask for a key, by what they allow."""
    folder = tmp_path_factory.mktemp("cors")
    settings = {"API_KEY": KEY}
    system = System(new_database_url("postgres"), new_redis_url(), folder, settings)
    allowed = {"none": "", "two": f"{PAGE}, {OTHER}", "all": "*"}
    try:
        for value in allowed.values():
            system.start_gateway(wait=False, CORS_ORIGINS=value)
        for part, client in system.gateways:
            system.wait_alive(part, client)
        yield dict(zip(allowed, (client for _, client in system.gateways), strict=True))
    finally:
        system.stop()


def preflight(client: Client, origin: str, path: str = "/predict", method: str = "POST") -> Answer:
    """What a browser asks before it sends JSON with a key; it sends no key with this."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,prefer,x-request-id",
    }
    return call(client.address, "OPTIONS", path, headers=headers)


def listed(answer: Answer, header: str) -> set[str]:
    return {part.strip().lower() for part in answer.headers.get(header, "").split(",")}


def silent(answer: Answer) -> bool:
    return not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("path", "method"),
    [("/predict", "POST"), ("/update", "POST"), ("/list-db-contents", "GET"),
     ("/jobs/none", "GET"), ("/jobs/none", "DELETE"), ("/healthz", "GET")],
)  # fmt: skip
@pytest.mark.parametrize("origin", [PAGE, OTHER])
def test_a_preflight(gateways: dict[str, Client], origin: str, path: str, method: str) -> None:
    """Answered without the key, for every route and each origin that is listed."""
    answer = preflight(gateways["two"], origin, path, method)
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] == origin
    assert method.lower() in listed(answer, "access-control-allow-methods")
    asked = {"authorization", "content-type", "prefer", "x-request-id"}
    assert asked <= listed(answer, "access-control-allow-headers")
    assert "origin" in listed(answer, "vary")
    assert int(answer.headers["access-control-max-age"]) > 0
    assert answer.headers.get("access-control-allow-credentials") != "true"
    assert answer.body == b""


@pytest.mark.parametrize("origin", STRANGERS)
def test_other_origins(gateways: dict[str, Client], origin: str) -> None:
    """They are told nothing that would let a page read an answer."""
    client = gateways["two"]
    assert silent(preflight(client, origin))
    assert silent(client.get("/jobs/none", Origin=origin))
    # A cache must not give this answer to a page that may read it.
    assert "origin" in listed(client.get("/jobs/none", Origin=origin), "vary")


@pytest.mark.parametrize("origin", [PAGE, *STRANGERS])
def test_off_by_default(gateways: dict[str, Client], origin: str) -> None:
    """No header of CORS at all, and nothing that a browser would take for a yes."""
    client = gateways["none"]
    assert silent(preflight(client, origin))
    assert silent(client.get("/jobs/none", Origin=origin))


@pytest.mark.parametrize("origin", [PAGE, "https://any.example", "null"])
def test_every_origin(gateways: dict[str, Client], origin: str) -> None:
    """`*` lets every page in that has a key."""
    client = gateways["all"]
    for answer in (preflight(client, origin), client.get("/jobs/none", Origin=origin)):
        assert answer.headers["access-control-allow-origin"] in ("*", origin)
        assert answer.headers.get("access-control-allow-credentials") != "true"


@pytest.mark.parametrize(
    ("method", "path", "body", "key", "status"),
    [
        ("POST", "/predict", '{"id": 1}', KEY, 422), ("POST", "/predict", "{}", "wrong", 401),
        ("GET", "/list-db-contents", None, KEY, 200), ("GET", "/nowhere", None, KEY, 404),
        ("PUT", "/predict", "{}", KEY, 405), ("GET", "/healthz", None, "wrong", 200),
        ("POST", "/update", " " * (2**20 + 1), KEY, 413),
    ],
)  # fmt: skip
def test_what_a_page_may_read(
    gateways: dict[str, Client], method: str, path: str, body: str | None, key: str, status: int
) -> None:
    """Every answer, errors too, with the headers that it needs."""
    headers = {"Origin": PAGE, "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answer = call(gateways["two"].address, method, path, body, headers)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert listed(answer, "access-control-expose-headers") >= NEEDED
    assert "origin" in listed(answer, "vary")


def test_options_alone_are_no_preflight(gateways: dict[str, Client]) -> None:
    """Without what makes a preflight, OPTIONS asks for a key like everything else."""
    for headers in ({}, {"Origin": PAGE}, {"Access-Control-Request-Method": "POST"}):
        answer = call(gateways["two"].address, "OPTIONS", "/predict", headers=headers)
        assert answer.status == 401


def test_programs_see_nothing_of_it(gateways: dict[str, Client]) -> None:
    """Without an origin there is nobody to be told."""
    assert silent(gateways["two"].get("/jobs/none"))
