"""What the server's own parser refuses: 4xx, an error in JSON, and the connection is closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.gateway_memory import check_memory
from tests.rough_client import RoughClient
from tests.system import System

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
    system = System(new_database_url("sqlite"), new_redis_url(), folder)
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
