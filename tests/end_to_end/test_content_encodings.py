"""Bodies in gzip are taken within the limits; every other encoding is refused by its name."""

from __future__ import annotations

import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.part import Part
from tests.gateway_memory import check_memory, watched
from tests.honest_client import HonestClient
from tests.system import FIRST_PASSENGER, FIRST_PROBA, Answer, Client, System, call

LIMIT = 2**20
BOMB = 256 * LIMIT


def text(observation_id: str) -> bytes:
    return json.dumps({"id": observation_id, "observation": FIRST_PASSENGER}).encode()


def send(client: Client, body: bytes, encoding: str, path: str = "/predict") -> Answer:
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    return call(client.address, "POST", path, body, headers)


def error_of(answer: Answer, status: int) -> str:
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json) == ["error"]
    return str(answer.json["error"])


def bomb(length: int = BOMB) -> bytes:
    """Zeros, a thousandth as long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(LIMIT)
    pieces = [packer.compress(zeros) for _ in range(length // LIMIT)]
    return b"".join([*pieces, packer.flush()])


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip "])
@pytest.mark.parametrize("prefer", [None, "wait=10"])
def test_gzip(attacked: System, encoding: str, prefer: str | None) -> None:
    """Predicted and labelled like the plain text, which is what is stored."""
    client = attacked.client
    name = f"{encoding!r} {prefer}"
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    headers |= {} if prefer is None else {"Prefer": prefer}
    answer = call(client.address, "POST", "/predict", gzip.compress(text(name)), headers)
    assert (answer.status, answer.json) == (200, {"proba": pytest.approx(FIRST_PROBA, abs=1e-12)})
    label = gzip.compress(json.dumps({"id": name, "true_class": 1}).encode())
    row = call(client.address, "POST", "/update", label, headers).json
    assert (row["observation"], row["true_class"]) == (text(name).decode(), 1)


def test_identity(attacked: System) -> None:
    """The encoding that is none."""
    assert send(attacked.client, text("identity"), "identity").status == 200


def test_the_largest(attacked: System) -> None:
    """`MAX_BODY` holds for what comes out: so many bytes are taken, and not one more."""
    client = attacked.client
    largest = text("largest").ljust(LIMIT)
    assert send(client, gzip.compress(largest), "gzip").status == 200
    error_of(send(client, gzip.compress(largest + b" "), "gzip"), 413)
    # In two members, as `cat a.gz b.gz` makes them.
    halves = gzip.compress(largest[:1000]) + gzip.compress(largest[1000:])
    assert send(client, halves, "gzip").status == 200
    error_of(send(client, halves + gzip.compress(b" "), "gzip"), 413)


@pytest.mark.parametrize("path", ["/predict", "/update"])
def test_bombs(attacked: System, path: str) -> None:
    """A quarter of a megabyte that would become 256: 413, and the gateway stays small."""
    part: Part
    part, client = attacked.gateways[0]
    body = bomb()
    assert len(body) < LIMIT
    with watched(part) as held, ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(send, client, body, "gzip", path) for _ in range(16)]
        HonestClient(client).is_served()
        for answer in answers:
            error_of(answer.result(), 413)
    assert max(held) < 128 * LIMIT, f"{max(held) >> 20} MiB"
    check_memory(part)


WHOLE = gzip.compress(text("broken"))
BROKEN = {
    "nothing": b"",
    "no gzip": text("broken"),
    "cut off": WHOLE[: len(WHOLE) // 2],
    "without its end": WHOLE[:-8],
    "a wrong sum": WHOLE[:-8] + b"\0\0\0\0" + WHOLE[-4:],
    "a wrong length": WHOLE[:-4] + b"\0\0\0\1",
    "garbage after it": WHOLE + b"garbage",
    "garbage in it": WHOLE[:20] + b"\xff" * 20 + WHOLE[40:],
    "zlib": zlib.compress(text("broken")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_gzip(attacked: System, name: str) -> None:
    """400 that says so; nothing of it is predicted."""
    assert "gzip" in error_of(send(attacked.client, BROKEN[name], "gzip"), 400)
    assert "broken" not in {row["observation_id"] for row in attacked.client.rows()}


def test_broken_text_in_gzip(attacked: System) -> None:
    """What comes out is judged like every other body."""
    client = attacked.client
    assert "gzip" not in error_of(send(client, gzip.compress(b"{]"), "gzip"), 400)
    assert "UTF-8" in error_of(send(client, gzip.compress(b"\xff\xfe"), "gzip"), 400)
    error_of(send(client, gzip.compress(b"{}"), "gzip"), 422)


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "compress", "gzip, gzip", "x"])
@pytest.mark.parametrize("path", ["/predict", "/update"])
def test_other_encodings(attacked: System, encoding: str, path: str) -> None:
    """415 that names it."""
    assert encoding in error_of(send(attacked.client, text("other"), encoding, path), 415)


def test_a_long_name_is_not_repeated(attacked: System) -> None:
    """An error stays short, whatever it names."""
    error = error_of(send(attacked.client, b"{}", "x" * 5000), 415)
    assert len(error) < 1000
