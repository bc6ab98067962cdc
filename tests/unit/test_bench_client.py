"""The benchmark's client against a server that answers as it is told to."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from bench.arrivals import offer
from bench.bursts import run_bursts
from bench.checking import WrongAnswerError
from bench.client import Answer, Check, Client, Outcome, Target
from bench.latencies import TIMEOUT
from bench.passengers import ID

RIGHT = (0.25, 0.75)
T = TypeVar("T")
Reply = Callable[[int], bytes | None]


def answer(status: str, body: str) -> bytes:
    """An answer as HTTP writes it."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def right(number: int) -> bytes:
    """What the pipeline says of the passenger with this id."""
    return answer("200 OK", json.dumps({"proba": RIGHT[number % 2]}))


def with_server(reply: Reply, body: Callable[[Target], Awaitable[T]]) -> T:
    """Run a body against a server; None of a reply ends the connection, b"" never answers."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                given = reply(json.loads(await reader.readexactly(length))["id"])
                if given is None:
                    break
                writer.write(given)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def run() -> T:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            check = Check("somebody", lambda found: float(found["proba"]), RIGHT)
            bodies = [f'{{"id": {ID}, "of": {n}}}' for n in range(2)]
            return await body(Target(f"http://127.0.0.1:{port}/predict", bodies, {}, check))

    return asyncio.run(run())


def ask(reply: Reply, due: float | None = None) -> Answer:
    """What one request about the second passenger gives."""

    async def once(target: Target) -> Answer:
        client = Client(target)
        try:
            return await client.ask(1, due)
        finally:
            await client.close()

    return with_server(reply, once)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (right, Outcome.OK),
        (
            lambda _: (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b'9\r\n{"proba":\r\n6\r\n 0.75}\r\n0\r\n\r\n'
            ),
            Outcome.OK,
        ),
        (lambda _: answer("503 Service Unavailable", "{}"), Outcome.REFUSED),
        (lambda _: None, Outcome.BROKEN),
        (lambda _: b"HTTP/1.1 200 OK\r\n\r\n", Outcome.BROKEN),
    ],
)
def test_every_request_has_an_outcome(reply: Reply, outcome: Outcome) -> None:
    """A connection that breaks is as much of an outcome as an answer."""
    assert ask(reply).outcome is outcome


def test_a_request_that_nobody_answers_times_out() -> None:
    """Counted from when it was due, and it was due long ago."""
    found = ask(lambda _: b"", time.perf_counter() - TIMEOUT + 0.2)
    assert found.outcome is Outcome.TIMEOUT
    assert found.latency_ms >= TIMEOUT * 1000


def test_latency_is_counted_from_when_the_request_was_due() -> None:
    """A request that was sent late has waited already."""
    assert ask(right, time.perf_counter() - 1).latency_ms >= 1000


@pytest.mark.parametrize("body", ['{"proba": 0.25}', '{"proba": NaN}', "{}", '{"proba": null}'])
def test_a_wrong_answer_is_noticed(body: str) -> None:
    """The other passenger's probability, or none."""
    with pytest.raises(WrongAnswerError):
        ask(lambda _: answer("200 OK", body))


def test_bursts_notice_a_wrong_answer_among_many() -> None:
    """One of the last burst's eight."""

    def reply(number: int) -> bytes:
        return right(number if number != 9 else 8)

    with pytest.raises(WrongAnswerError, match="passenger 2"):
        with_server(reply, lambda target: run_bursts(target, [2, 8], 0, seed=1, silence=(0, 0)))


def test_bursts_count_each_failure() -> None:
    """Who was refused, and in which burst."""

    def reply(number: int) -> bytes:
        return answer("503 Service Unavailable", "{}") if number == 1 else right(number)

    bursts = with_server(
        reply, lambda target: run_bursts(target, [2, 4], 0, seed=1, silence=(0, 0))
    )
    assert [(burst.size, burst.failed) for burst in bursts] == [(2, 1), (4, 0)]


def test_arrivals_do_not_wait_for_each_other() -> None:
    """A server that answers nobody before the last has come would never see the last."""
    numbers: list[Answer] = []
    held: list[int] = []

    async def arrive(target: Target) -> None:
        await offer(target, iter([0.0] * 5), 0, numbers.append)

    async def run() -> None:
        everybody = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            number = json.loads(await reader.readexactly(length))["id"]
            held.append(number)
            if len(held) == 5:
                everybody.set()
            await everybody.wait()
            writer.write(right(number))
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await arrive(Target(f"http://127.0.0.1:{port}/predict", [f'{{"id": {ID}}}'], {}))

    asyncio.run(run())
    assert sorted(held) == [0, 1, 2, 3, 4]
    assert all(found.outcome is Outcome.OK for found in numbers)


def test_arrivals_notice_a_wrong_answer() -> None:
    """It ends the load, as one error and not as a group of them."""
    with pytest.raises(WrongAnswerError):
        with_server(
            lambda _: right(0), lambda target: offer(target, iter([0.0, 0.01]), 0, lambda _: None)
        )
