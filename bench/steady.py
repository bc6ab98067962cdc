"""Latency and memory over minutes at half of the peak rate: `python -m bench.steady`.

Requests are sent at fixed times, whether or not earlier ones were answered, so that a slow answer
is counted by all who would have waited for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass, field

from bench.contenders.queuecast import Queuecast
from bench.load import Load
from bench.memory import measure_memory
from bench.passengers import ID, Ids, observations, write_templates
from bench.running import Running
from bench.stage import Servers, clean_environment
from shared.settings import CHECKOUT

PEAK_CLIENTS = 256
CONNECTIONS = 200


@dataclass
class Window:
    """What one stretch of the load gave; latencies in milliseconds."""

    latencies: list[float] = field(default_factory=list)
    errors: int = 0

    def quantile(self, part: float) -> float:
        """The latency that this part of the requests stayed under."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


class SteadyLoad:
    """Open load on keep-alive connections. `rate` is in requests a second."""

    def __init__(self, port: int, rate: float, first_id: int) -> None:
        self._port = port
        self._rate = rate
        self._next_id = first_id
        self._bodies = [Queuecast().body(o) for o in observations()]
        self._due: asyncio.Queue[float] = asyncio.Queue()
        self.window = Window()

    async def run(self, seconds: float) -> None:
        """Send for so many seconds."""
        senders = [asyncio.create_task(self._send()) for _ in range(CONNECTIONS)]
        start = time.perf_counter()
        sent = 0
        while (now := time.perf_counter()) - start < seconds:
            while sent < (now - start) * self._rate:
                self._due.put_nowait(start + sent / self._rate)
                sent += 1
            await asyncio.sleep(0.002)
        await self._due.join()
        for sender in senders:
            sender.cancel()

    async def _send(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            while True:
                due = await self._due.get()
                self._next_id += 1
                body = self._bodies[self._next_id % len(self._bodies)]
                data = body.replace(ID, str(self._next_id)).encode()
                head = (
                    "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
                )
                writer.write(head.encode() + data)
                answer = await reader.readuntil(b"\r\n\r\n")
                length = int(answer.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                if answer.startswith(b"HTTP/1.1 200"):
                    self.window.latencies.append((time.perf_counter() - due) * 1000)
                else:
                    self.window.errors += 1
                self._due.task_done()
        finally:
            writer.close()


def main() -> int:
    """Find the peak, then hold half of it and print a line for each stretch."""
    parser = argparse.ArgumentParser(prog="python -m bench.steady", description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--window", type=int, default=30)
    parser.add_argument("--rate", type=float, help="instead of half of the peak")
    chosen = parser.parse_args()
    output = CHECKOUT / "var" / "bench" / "steady"
    output.mkdir(parents=True, exist_ok=True)
    contender, ids = Queuecast(), Ids()
    templates = output / "queuecast.jsonl"
    write_templates(contender.body, templates)
    with Servers(output / "logs") as servers:
        stage = servers.stage("queuecast")
        with Running(contender, stage, ids) as running:
            rate = chosen.rate
            if rate is None:
                load = Load(running.url, templates, PEAK_CLIENTS, 6, ids.block())
                log = stage.log.with_suffix(".load.log")
                rate = load.run(clean_environment(), log).requests_per_second / 2
            running.settle()
            sys.stdout.write(f"{rate:,.0f} requests a second\n")
            asyncio.run(_hold(running, rate, ids.block(), chosen.seconds, chosen.window))
    return 0


async def _hold(running: Running, rate: float, first: int, seconds: int, window: int) -> None:
    load = SteadyLoad(running.stage.port, rate, first)
    task = asyncio.create_task(load.run(seconds))
    rows = []
    for end in range(window, seconds + 1, window):
        await asyncio.sleep(window)
        done, load.window = load.window, Window()
        memory = {m.process: round(m.resident, 1) for m in measure_memory(running.parts)}
        row = {
            "until": end, "answered": len(done.latencies), "errors": done.errors,
            "p50_ms": round(done.quantile(0.5), 1), "p99_ms": round(done.quantile(0.99), 1),
            "resident_mib": memory,
        }  # fmt: skip
        rows.append(row)
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    await task


if __name__ == "__main__":
    sys.exit(main())
