"""Latency and memory over minutes at half of the peak rate: `python -m bench.steady`.

Requests come at random moments, whether or not earlier ones were answered, so that a slow answer is
counted by all who would have waited for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

import uvloop

from bench.arrivals import offer, poisson
from bench.client import Answer
from bench.contenders.queuecast import Queuecast
from bench.latencies import Latencies
from bench.load import Load
from bench.memory import measure_memory
from bench.passengers import Ids, write_templates
from bench.running import Running
from bench.stage import Servers, clean_environment
from bench.turn import prediction_target
from shared.settings import CHECKOUT

PEAK_CLIENTS = 256


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
            uvloop.run(_hold(running, rate, ids.block(), chosen.seconds, chosen.window))
    return 0


async def _hold(running: Running, rate: float, first: int, seconds: int, window: int) -> None:
    latencies = Latencies()

    def note(answer: Answer) -> None:
        # Of the window that is on when the answer comes.
        latencies.add(answer.latency_ms, answer.ok)

    moments = poisson(rate, seconds, seed=1)
    task = asyncio.create_task(offer(prediction_target(running), moments, first, note))
    for end in range(window, seconds + 1, window):
        await asyncio.sleep(window)
        done, latencies = latencies, Latencies()
        memory = {m.process: round(m.resident, 1) for m in measure_memory(running.parts)}
        row = {
            "until": end, "answered": len(done.answered), "errors": done.failed,
            "p50_ms": round(done.quantile(0.5), 1), "p99_ms": round(done.quantile(0.99), 1),
            "resident_mib": memory,
        }  # fmt: skip
        sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
    await task


if __name__ == "__main__":
    sys.exit(main())
