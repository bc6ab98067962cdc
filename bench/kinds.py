"""Each kind of request beside a plain prediction, on one Queuecast: `python -m bench.kinds`.

The same capacity is meant for all of them: however the content type is spelt, whatever `Prefer`
says, and for the labels that come back.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from bench.contenders.queuecast import Queuecast
from bench.interruption import end_on_signals
from bench.load import JSON, Figures, Load
from bench.options import number, numbers
from bench.passengers import ID, Ids, write_templates
from bench.running import Running
from bench.stage import Servers, clean_environment
from bench.stored import LostRowsError
from shared.errors import QueuecastError
from shared.settings import CHECKOUT

# More updates a second than any machine that this was tried on has answered.
MOST_UPDATES = 20_000
WARM_UP = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request; `labels` says that its ids are of rows that are to be labelled."""

    name: str
    path: str = "/predict"
    headers: Mapping[str, str] = field(default_factory=dict)
    labels: bool = False


PLAIN = "/predict"
KINDS = (
    Kind(PLAIN),
    Kind("with a charset", headers={"Content-Type": "application/json;charset=UTF-8"}),
    Kind("Prefer: wait=10", headers={"Prefer": "wait=10"}),
    Kind("/update", "/update", labels=True),
)


def main() -> int:
    """Run all kinds in turn and print the ratios; 1 when something failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.kinds", description=__doc__)
    parser.add_argument("--clients", type=numbers, default=(64, 256), metavar="N,N,…")
    parser.add_argument("--rounds", type=number, default=5, metavar="N", help="(default 5)")
    parser.add_argument("--seconds", type=number, default=4, metavar="N", help="(default 4)")
    chosen = parser.parse_args()
    end_on_signals()
    try:
        _compare(chosen)
    except QueuecastError as error:
        sys.stderr.write(f"bench.kinds: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nbench.kinds: stopped\n")
        return 130
    return 0


def _compare(chosen: argparse.Namespace) -> None:
    output = CHECKOUT / "var" / "bench" / "kinds"
    contender, ids = Queuecast(), Ids()
    write_templates(contender.body, output / "predict.jsonl")
    label = f'{{"id": {ID}, "true_class": 1}}'
    write_templates(lambda _: label, output / "update.jsonl")
    rates: dict[tuple[int, str], list[float]] = defaultdict(list)
    with (
        Servers(output / "logs") as servers,
        Running(contender, servers.stage(contender.name), ids) as running,
    ):
        running.check()
        for turn in range(1, chosen.rounds + 1):
            for clients in chosen.clients:
                for kind in KINDS if turn % 2 else reversed(KINDS):
                    found = _measure(running, kind, clients, chosen.seconds, ids, output)
                    rates[clients, kind.name].append(found.requests_per_second)
                    _say(
                        f"round {turn}  {clients:3} clients  {kind.name:<15} "
                        f"{found.requests_per_second:8,.0f} /s  p99 {found.p99_ms:6,.1f} ms  "
                        f"{found.errors} errors"
                    )
    for clients in chosen.clients:
        plain = rates[clients, PLAIN]
        for kind in KINDS:
            mine = rates[clients, kind.name]
            pairs = [one / other for one, other in zip(mine, plain, strict=True)]
            _say(
                f"{clients:3} clients  {kind.name:<15} {statistics.median(mine):8,.0f} /s, "
                f"{statistics.median(pairs):.2f} of plain ({min(pairs):.2f} to {max(pairs):.2f})"
            )


def _measure(
    running: Running, kind: Kind, clients: int, seconds: int, ids: Ids, output: Path
) -> Figures:
    first = ids.block()
    if kind.labels:
        _make_rows(running.stage.database_url, first, MOST_UPDATES * (WARM_UP + seconds))
    running.settle()
    _load(running, kind, clients, WARM_UP, first, output)
    # A generator does not wait for the answers under way when its time is up, and starts again at
    # the next id that it may not have asked for.
    first += MOST_UPDATES * WARM_UP
    found = _load(running, kind, clients, seconds, first, output)
    running.settle()
    if kind.labels:
        _see_labels(running.stage.database_url, first, found.ok)
    return found


def _load(
    running: Running, kind: Kind, clients: int, seconds: int, first: int, output: Path
) -> Figures:
    url = running.url.removesuffix(running.contender.path) + kind.path
    templates = output / ("update.jsonl" if kind.labels else "predict.jsonl")
    load = Load(url, templates, clients, seconds, first, {**JSON, **kind.headers})
    return load.run(clean_environment(), running.stage.log.with_suffix(".load.log"))


def _make_rows(url: str, first: int, rows: int) -> None:
    """Rows to be labelled, as if their predictions had been answered long ago."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO prediction (observation_id, observation_id_is_text, observation, proba)"
            " SELECT n::text, false, '{}', 0.5 FROM generate_series(%s, %s) AS n",
            (first, first + rows - 1),
        )
    connection.close()


def _see_labels(url: str, first: int, answered: int) -> None:
    """See that what was answered is committed.

    Raises:
        LostRowsError: it is not.
    """
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM prediction WHERE true_class IS NOT NULL"
            " AND observation_id::bigint BETWEEN %s AND %s",
            (first, Ids.first(first) + Ids.BLOCK - 1),
        )
        (labelled,) = cursor.fetchone() or (0,)
    connection.close()
    if labelled < answered:
        raise LostRowsError(f"{answered} updates were answered, and {labelled} rows are labelled")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
