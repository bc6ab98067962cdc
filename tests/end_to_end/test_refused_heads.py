"""What the server's own parser refuses: 4xx, an error in JSON, and the connection is closed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.gateway_memory import check_memory
from tests.rough_client import RoughClient
from tests.system import FIRST_PASSENGER, System

_LINE = b"GET /healthz HTTP/1.1\r\n"
_HOST = b"Host: test\r\n"
_POST = b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"

REFUSED: dict[str, tuple[bytes, int]] = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n", 400),
    "a method that is none": (b"G{T /healthz HTTP/1.1\r\n" + _HOST + b"\r\n", 400),
    "no version": (b"GET /healthz\r\n" + _HOST + b"\r\n", 400),
    "a path with a space": (b"GET /health z HTTP/1.1\r\n" + _HOST + b"\r\n", 400),
    "a path with a NUL": (b"GET /health\x00z HTTP/1.1\r\n" + _HOST + b"\r\n", 400),
    "a header without a colon": (_LINE + _HOST + b"nothing\r\n\r\n", 400),
    "a header without a name": (_LINE + _HOST + b": nameless\r\n\r\n", 400),
    "a name with a space": (_LINE + _HOST + b"X Y: 1\r\n\r\n", 400),
    "a space before the colon": (_LINE + _HOST + b"X-Y : 1\r\n\r\n", 400),
    "a value with a NUL": (_LINE + _HOST + b"X-Y: a\x00b\r\n\r\n", 400),
    "a value with a lone CR": (_LINE + _HOST + b"X-Y: a\rb\r\n\r\n", 400),
    "a length that is none": (_POST + b"Content-Length: many\r\n\r\n{}", 400),
    "a length below nothing": (_POST + b"Content-Length: -1\r\n\r\n{}", 400),
    "a length with a plus": (_POST + b"Content-Length: +2\r\n\r\n{}", 400),
    "two lengths": (_POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", 400),
    "a coding that is none": (_POST + b"Transfer-Encoding: nonsense\r\n\r\n{}", 400),
    "a chunk without a size": (_POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n", 400),
    "two codings": (_POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 501),
    "a coding in a line of its own": (
        _POST + b"Transfer-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        501,
    ),
    "no Host": (_LINE + b"\r\n", 400),
    "two Hosts": (_LINE + _HOST + _HOST + b"\r\n", 400),
    "two Hosts in HTTP/1.0": (b"GET /healthz HTTP/1.0\r\n" + _HOST + _HOST + b"\r\n", 400),
    "a path of 60 KiB and headers": (
        b"GET /" + b"x" * 61_440 + b" HTTP/1.1\r\n" + _HOST + b"X-Y: " + b"x" * 8192 + b"\r\n\r\n",
        414,
    ),
    "a URL of 70,000 bytes": (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n" + _HOST + b"\r\n", 414),
    "a query of 1 MiB": (b"GET /?" + b"x" * 2**20 + b" HTTP/1.1\r\n" + _HOST + b"\r\n", 414),
    "a header of 1 MiB": (_LINE + _HOST + b"X-Y: " + b"x" * 2**20 + b"\r\n\r\n", 431),
    "20,000 headers": (_LINE + _HOST + b"X-Y: 1\r\n" * 20_000 + b"\r\n", 431),
}


@pytest.fixture(scope="module")
def gateway(
    new_database_url: Callable[[str], str],
    new_redis_url: Callable[[], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[System]:
    """A gateway alone: none of these requests gets to a worker."""
    folder = tmp_path_factory.mktemp("refused")
    settings = {"SYNC_WAIT": "0.5"}
    system = System(new_database_url("sqlite"), new_redis_url(), folder, settings)
    try:
        system.start_gateway()
        yield system
    finally:
        system.stop()


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_parser_refuses(gateway: System, name: str) -> None:
    """Whoever sent it can read why, as with every other error."""
    sent, status = REFUSED[name]
    with RoughClient(gateway.client.address, sent) as rough:
        answer = rough.answer()
        assert answer.status == status, answer
        assert answer.headers["content-type"] == "application/json"
        assert list(answer.json) == ["error"]
        assert answer.json["error"]
        assert answer.headers["x-request-id"]
        # What follows a head that was not understood must not be taken for another request.
        assert rough.rest() == b""
    assert gateway.client.alive()


SAID = {
    "two codings": "a Transfer-Encoding other than chunked is not supported",
    "no Host": "the request has no Host header",
    "two Hosts": "the request has more than one Host header",
    "a URL of 70,000 bytes": "the URL and headers are larger than 65536 bytes",
}


@pytest.mark.parametrize("name", SAID)
def test_the_reason_is_told(gateway: System, name: str) -> None:
    """By name, so that it can be mended."""
    with RoughClient(gateway.client.address, REFUSED[name][0]) as rough:
        assert rough.answer().json["error"].startswith(SAID[name])


def test_a_probe_of_http_1_0(gateway: System) -> None:
    """It may name no host, as the probes of old load balancers do."""
    with RoughClient(gateway.client.address, b"GET /healthz HTTP/1.0\r\n\r\n") as rough:
        assert rough.answer().status == 200
        assert rough.rest() == b""


def test_a_long_url_is_taken(gateway: System) -> None:
    """Of 60 KiB, with what else is in the head below the bound: there is nothing at it."""
    sent = b"GET /" + b"x" * 61_440 + b" HTTP/1.1\r\n" + _HOST + b"\r\n"
    with RoughClient(gateway.client.address, sent) as rough:
        assert rough.answer().status == 404


def test_in_its_turn(gateway: System) -> None:
    """What is refused behind a request that still waits for its answer is answered after it."""
    body = json.dumps({"id": "first", "observation": FIRST_PASSENGER}).encode()
    sent = _POST + b"Content-Length: %d\r\n\r\n" % len(body) + body
    sent += _POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n"
    with RoughClient(gateway.client.address, sent) as rough:
        assert rough.answer().status == 202
        assert rough.answer().status == 400
        assert rough.rest() == b""


def test_a_head_without_an_end(gateway: System) -> None:
    """A head that never ends is refused when it is too large, and not when it is whole."""
    with RoughClient(gateway.client.address, _LINE + _HOST) as rough:
        rough.offer(b"X-Y: " + b"x" * 2**22)
        assert rough.answer().status == 431
    part, client = gateway.gateways[0]
    assert client.alive()
    check_memory(part)


def test_a_length_and_chunks(gateway: System) -> None:
    """Two ways to say where a body ends: never so that a part of it becomes a request."""
    smuggled = b"DELETE /jobs/smuggled HTTP/1.1\r\nHost: test\r\n\r\n"
    sent = _POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled
    with RoughClient(gateway.client.address, sent) as rough:
        answer = rough.answer()
        assert answer.status == 400
        assert list(answer.json) == ["error"]
        assert rough.rest() == b""
