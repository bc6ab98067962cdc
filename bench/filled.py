"""Throughput with millions of rows in the table, beside an empty one: `python -m bench.filled`."""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

import psycopg2

from bench.contenders.queuecast import Queuecast
from bench.load import Load
from bench.passengers import Ids, write_templates
from bench.running import Running
from bench.stage import Servers, clean_environment
from shared.settings import CHECKOUT

ROWS = 5_000_000
CLIENTS = 256
# Far from the ids of the load, which count from zero.
FIRST_KEY = 10**15

_FILL = """
    INSERT INTO prediction (observation_id, observation_id_is_text, observation, proba, request_id,
                            model_version, predicted_at)
    SELECT (%(first)s + n)::text, false, %(observation)s, 0.5,
           md5(n::text)::uuid::text, 'filled', now()
    FROM generate_series(1, %(rows)s) AS n
"""


def main() -> int:
    """Run both in turn and print the ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench.filled", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    chosen = parser.parse_args()
    output = CHECKOUT / "var" / "bench" / "filled"
    templates = output / "queuecast.jsonl"
    templates.parent.mkdir(parents=True, exist_ok=True)
    contender, ids = Queuecast(), Ids()
    write_templates(contender.body, templates)
    figures: dict[str, list[float]] = {"empty": [], "filled": []}
    with Servers(output / "a") as first, Servers(output / "b") as second:
        stages = {"empty": first.stage("queuecast"), "filled": second.stage("queuecast")}
        with (
            Running(contender, stages["empty"], ids) as empty,
            Running(contender, stages["filled"], ids) as filled,
        ):
            sys.stdout.write(f"filling with {chosen.rows:,} rows\n")
            _fill(stages["filled"].database_url, chosen.rows)
            for number in range(1, chosen.rounds + 1):
                for name, running in (("empty", empty), ("filled", filled)):
                    found = _load(running, templates, 1, ids)
                    found = _load(running, templates, chosen.seconds, ids)
                    figures[name].append(found)
                    sys.stdout.write(f"round {number}  {name:<7} {found:8,.0f} /s\n")
                    sys.stdout.flush()
    medians = {name: statistics.median(found) for name, found in figures.items()}
    ratio = medians["filled"] / medians["empty"]
    sys.stdout.write(
        f"medians with {CLIENTS} clients: {medians['empty']:,.0f} /s empty, "
        f"{medians['filled']:,.0f} /s with {chosen.rows:,} rows, {ratio:.2f}x\n"
    )
    return 0


def _fill(url: str, rows: int) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            observation = '{"id": 0, "observation": {"Age": 22.0, "Fare": 7.25, "Sex": "male"}}'
            cursor.execute(_FILL, {"first": FIRST_KEY, "rows": rows, "observation": observation})
            cursor.execute("VACUUM ANALYZE prediction")
            cursor.execute("CHECKPOINT")
    finally:
        connection.close()


def _load(running: Running, templates: Path, seconds: int, ids: Ids) -> float:
    running.settle()
    load = Load(running.url, templates, CLIENTS, seconds, ids.block())
    figures = load.run(clean_environment(), running.stage.log.with_suffix(".load.log"))
    if figures.errors:
        sys.stdout.write(f"{figures.errors} errors\n")
    return figures.requests_per_second


if __name__ == "__main__":
    sys.exit(main())
