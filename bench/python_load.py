"""The load generator where wrk is not installed: `python -m bench.python_load`.

It does what `wrk.lua` does and prints the same line, but is slower than wrk: with a fast server
its own work is a part of what it measures.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.passengers import ID


@dataclass
class Tally:
    """What came of the requests; `latencies` in seconds."""

    ok: int = 0
    refused: int = 0
    broken: int = 0
    timeouts: int = 0
    latencies: list[float] = field(default_factory=list)


def main() -> None:
    """Load one address with closed-loop clients and print the summary."""
    parser = argparse.ArgumentParser(prog="python -m bench.python_load")
    parser.add_argument("url")
    parser.add_argument("templates", type=Path)
    parser.add_argument("--first-id", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--timeout", type=float, required=True)
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")
    options = parser.parse_args()
    tally = Tally()
    started = time.monotonic()
    asyncio.run(_load(options, tally))
    seconds = time.monotonic() - started
    summary = {
        "ok": tally.ok, "refused": tally.refused, "broken": tally.broken,
        "timeouts": tally.timeouts, "seconds": seconds,
        **_percentiles(tally.latencies),
    }  # fmt: skip
    sys.stdout.write(f"SUMMARY {json.dumps(summary)}\n")


def _percentiles(latencies: list[float]) -> dict[str, float]:
    if len(latencies) < 2:
        return {"p50_ms": 0.0, "p99_ms": 0.0}
    cuts = statistics.quantiles(latencies, n=100)
    return {"p50_ms": cuts[49] * 1e3, "p99_ms": cuts[98] * 1e3}


async def _load(options: argparse.Namespace, tally: Tally) -> None:
    url = urlsplit(options.url)
    lines = [f"POST {url.path} HTTP/1.1", f"Host: {url.netloc}", *options.header]
    head = "".join(f"{line}\r\n" for line in lines)
    bodies = _bodies(options.templates.read_text().splitlines(), options.first_id)
    requests = (f"{head}Content-Length: {len(b)}\r\n\r\n".encode() + b for b in bodies)
    address = (url.hostname or "127.0.0.1", url.port or 80)
    clients = [
        asyncio.create_task(_client(address, requests, tally, options.timeout))
        for _ in range(options.clients)
    ]
    await asyncio.sleep(options.seconds)
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)


def _bodies(templates: list[str], first_id: int) -> Iterator[bytes]:
    pieces = itertools.cycle([template.split(ID) for template in templates])
    for number, (before, after) in enumerate(pieces, first_id):
        yield f"{before}{number}{after}".encode()


async def _client(
    address: tuple[str, int], requests: Iterator[bytes], tally: Tally, timeout: float
) -> None:
    writer: asyncio.StreamWriter | None = None
    while True:
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(*address)
            started = time.monotonic()
            writer.write(next(requests))
            # Not wait_for, which swallows a cancellation now and then before Python 3.12.
            async with asyncio.timeout(timeout):
                status, keep = await _answer(reader)
        except TimeoutError:
            tally.timeouts += 1
            status, keep = 0, False
        except (OSError, asyncio.IncompleteReadError, ValueError):
            tally.broken += 1
            status, keep = 0, False
        else:
            tally.latencies.append(time.monotonic() - started)
            tally.ok += status == 200
            tally.refused += status != 200
        if not keep and writer is not None:
            writer.close()
            writer = None


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status of one answer, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    first, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines if ": " in line)
    if "content-length" not in headers:
        raise ValueError("an answer without a length")
    await reader.readexactly(int(headers["content-length"]))
    return int(first.split()[1]), headers.get("connection") != "close"


if __name__ == "__main__":
    main()
