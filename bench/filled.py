"""Throughput with millions of predictions and ended jobs in the tables, beside empty ones:
`python -m bench.filled`."""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from bench.contenders.queuecast import Queuecast
from bench.filling import Filling, fill
from bench.load import Load
from bench.options import number, numbers
from bench.passengers import Ids, write_templates
from bench.running import Running
from bench.stage import Servers, Stage, clean_environment
from shared.settings import CHECKOUT

# Of each table.
ROWS = {"postgres": 10_000_000, "sqlite": 1_000_000}


def main() -> int:
    """Run both in turn and print the ratios."""
    chosen = _options()
    output = CHECKOUT / "var" / "bench" / "filled"
    templates = output / "queuecast.jsonl"
    templates.parent.mkdir(parents=True, exist_ok=True)
    contender, ids = Queuecast(), Ids()
    write_templates(contender.body, templates)
    figures: dict[tuple[int, str], list[float]] = defaultdict(list)
    with Servers(output / "a") as first, Servers(output / "b") as second:
        stages = [_stage(servers, chosen.database) for servers in (first, second)]
        with (
            Running(contender, stages[0], ids) as empty,
            Running(contender, stages[1], ids) as filled,
        ):
            _say(f"filling {chosen.database}")
            fill(stages[1].database_url, Filling(chosen.predictions, chosen.jobs), _say)
            for turn in range(1, chosen.rounds + 1):
                for clients in chosen.clients:
                    for name, running in (("empty", empty), ("filled", filled)):
                        _load(running, templates, clients, 1, ids)
                        found = _load(running, templates, clients, chosen.seconds, ids)
                        figures[clients, name].append(found)
                        _say(f"round {turn}  {clients:3} clients  {name:<7} {found:8,.0f} /s")
    for clients in chosen.clients:
        before, after = (statistics.median(figures[clients, n]) for n in ("empty", "filled"))
        _say(
            f"{chosen.database}, medians with {clients} clients: {before:,.0f} /s empty, "
            f"{after:,.0f} /s with {chosen.predictions:,} predictions and {chosen.jobs:,} ended "
            f"jobs, {after / before:.2f}x"
        )
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.filled", description=__doc__)
    parser.add_argument("--database", choices=sorted(ROWS), default="postgres")
    rows = "rows (default 10,000,000 on PostgreSQL, 1,000,000 on SQLite)"
    parser.add_argument("--predictions", type=number, metavar="N", help=rows)
    parser.add_argument("--jobs", type=number, metavar="N", help=f"ended ones; {rows}")
    parser.add_argument("--clients", type=numbers, default=(8, 256), metavar="N,N,…")
    parser.add_argument("--rounds", type=number, default=5, metavar="N")
    parser.add_argument("--seconds", type=number, default=4, metavar="N")
    chosen = parser.parse_args()
    chosen.predictions = chosen.predictions or ROWS[chosen.database]
    chosen.jobs = chosen.jobs or ROWS[chosen.database]
    return chosen


def _stage(servers: Servers, database: str) -> Stage:
    stage = servers.stage("queuecast")
    if database == "postgres":
        return stage
    return replace(stage, database_url=f"sqlite:///{stage.folder / 'predictions.db'}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _load(running: Running, templates: Path, clients: int, seconds: int, ids: Ids) -> float:
    running.settle()
    load = Load(running.url, templates, clients, seconds, ids.block())
    figures = load.run(clean_environment(), running.stage.log.with_suffix(".load.log"))
    if figures.errors:
        _say(f"{figures.errors} errors")
    return figures.requests_per_second


if __name__ == "__main__":
    sys.exit(main())
