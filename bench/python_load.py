"""The load generator in Python: `python -m bench.python_load`.

One client is its load, since it can check every answer; and every load, where wrk is not installed.
It is slower than wrk: with a fast server and many clients its own work is a part of what it
measures.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench.checking import WrongAnswerError
from bench.client import Answer, Check, Client, Outcome, Target
from bench.contenders import make
from bench.latencies import Latencies


@dataclass
class Tally:
    """What came of the requests of a load that ends at `end`, on `time.perf_counter`.

    Clients send nothing after the end, but wait for their last answers: these count among the
    latencies and the failures, and not in the rate.
    """

    end: float
    ok: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    latencies: Latencies = field(default_factory=Latencies)

    def add(self, answer: Answer) -> None:
        """Count one request."""
        self.outcomes[answer.outcome] += 1
        self.latencies.add(answer.latency_ms, answer.ok)
        self.ok += answer.ok and answer.ended <= self.end


def main() -> None:
    """Load one address with closed-loop clients and print the summary."""
    parser = argparse.ArgumentParser(prog="python -m bench.python_load")
    parser.add_argument("url")
    parser.add_argument("templates", type=Path)
    parser.add_argument("--first-id", type=int, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--header", action="append", default=[], metavar="NAME: VALUE")
    parser.add_argument("--contender", help="whose answers are checked")
    parser.add_argument("--right", type=Path, help="the pipeline's probabilities, as JSON")
    options = parser.parse_args()
    try:
        tally = uvloop.run(_load(options))
    except WrongAnswerError as error:
        sys.stdout.write(f"WRONG {error}\n")
        return
    summary = {
        "ok": tally.ok,
        "refused": tally.outcomes[Outcome.REFUSED],
        "broken": tally.outcomes[Outcome.BROKEN],
        "timeouts": tally.outcomes[Outcome.TIMEOUT],
        "seconds": options.seconds,
        "p50_ms": tally.latencies.quantile(0.5),
        "p99_ms": tally.latencies.quantile(0.99),
        "checked": tally.outcomes[Outcome.OK] if options.contender else 0,
    }
    sys.stdout.write(f"SUMMARY {json.dumps(summary)}\n")


async def _load(options: argparse.Namespace) -> Tally:
    headers = dict(header.split(": ", 1) for header in options.header)
    check = None
    if options.contender:
        contender = make(options.contender, Path(), sys.executable)
        right = json.loads(options.right.read_text())
        check = Check(contender.name, contender.proba, right)
    bodies = options.templates.read_text().splitlines()
    target = Target(options.url, bodies, headers, check)
    tally = Tally(time.perf_counter() + options.seconds)
    ids = itertools.count(options.first_id)
    await asyncio.gather(*(_ask(target, ids, tally) for _ in range(options.clients)))
    return tally


async def _ask(target: Target, ids: Iterator[int], tally: Tally) -> None:
    client = Client(target)
    try:
        while time.perf_counter() < tally.end:
            tally.add(await client.ask(next(ids)))
    finally:
        await client.close()


if __name__ == "__main__":
    main()
