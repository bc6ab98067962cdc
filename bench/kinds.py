"""Each kind of request beside a plain prediction, on one Queuecast: `python -m bench.kinds`.

The same capacity is meant for all of them: however the content type is spelt, whatever `Prefer`
says, and for the labels that come back.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from bench.checking import WrongAnswerError
from bench.contenders.queuecast import Queuecast
from bench.interruption import end_on_signals
from bench.load import JSON, Figures, Load
from bench.options import KINDS as KINDS_CLIENTS
from bench.options import number, numbers
from bench.passengers import ID, Ids, write_templates
from bench.running import Running
from bench.stage import Servers, clean_environment
from bench.stored import LostRowsError
from bench.table import Spread
from shared.errors import QueuecastError
from shared.settings import CHECKOUT

# More updates a second than any machine that this was tried on has answered.
MOST_UPDATES = 20_000
WARM_UP = 1
# Of a plain prediction's requests a second, at least this part.
WANTED = 0.8


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


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind of request with so many clients, over the rounds.

    `ratio` is its requests/s by those of a plain prediction, round by round.
    """

    clients: int
    kind: str
    rate: Spread
    ratio: Spread
    p99_ms: Spread
    errors: int


def main() -> int:
    """Run all kinds in turn and print the ratios; 1 when something failed or is too slow."""
    parser = argparse.ArgumentParser(prog="python -m bench.kinds", description=__doc__)
    parser.add_argument("--clients", type=numbers, default=KINDS_CLIENTS, metavar="N,N,…")
    parser.add_argument("--rounds", type=number, default=5, metavar="N", help="(default 5)")
    parser.add_argument("--seconds", type=number, default=4, metavar="N", help="(default 4)")
    chosen = parser.parse_args()
    end_on_signals()
    try:
        output = CHECKOUT / "var" / "bench" / "kinds"
        rows = compare_kinds(chosen.clients, chosen.rounds, chosen.seconds, output, _say)
    except QueuecastError as error:
        sys.stderr.write(f"bench.kinds: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nbench.kinds: stopped\n")
        return 130
    _say(kinds_table(rows))
    slow = too_slow(rows)
    for row in slow:
        _say(f"too slow: {row.kind} with {row.clients} clients")
    return 1 if slow else 0


def compare_kinds(
    counts: Sequence[int], rounds: int, seconds: int, output: Path, say: Callable[[str], None]
) -> list[KindRow]:
    """All kinds in turn on one Queuecast, so that a slow minute hits all of them.

    Raises:
        StartError: it did not start.
        WrongAnswerError: its answers are not the pipeline's.
        LostRowsError: it answered a label that it has not committed.
    """
    contender, ids = Queuecast(), Ids()
    write_templates(contender.body, output / "predict.jsonl")
    label = f'{{"id": {ID}, "true_class": 1}}'
    write_templates(lambda _: label, output / "update.jsonl")
    found: dict[tuple[int, str], list[Figures]] = defaultdict(list)
    with (
        Servers(output / "logs") as servers,
        Running(contender, servers.stage(contender.name), ids) as running,
    ):
        running.check()
        for turn in range(1, rounds + 1):
            for clients in counts:
                for kind in KINDS if turn % 2 else reversed(KINDS):
                    figures = _measure(running, kind, clients, seconds, ids, output)
                    found[clients, kind.name].append(figures)
                    say(
                        f"round {turn}  {clients:3} clients  {kind.name:<15} "
                        f"{figures.requests_per_second:8,.0f} /s  p99 {figures.p99_ms:6,.1f} ms  "
                        f"{figures.errors} errors"
                    )
    return [
        kind_row(clients, kind.name, found[clients, kind.name], found[clients, PLAIN])
        for clients in counts
        for kind in KINDS
    ]


def kind_row(clients: int, name: str, mine: Sequence[Figures], plain: Sequence[Figures]) -> KindRow:
    """The row of one kind from its rounds and those of a plain prediction.

    Raises:
        WrongAnswerError: a plain prediction was answered nothing.
    """
    if not all(figures.ok for figures in plain):
        raise WrongAnswerError("a whole load of plain predictions was answered nothing")
    pairs = [
        one.requests_per_second / other.requests_per_second
        for one, other in zip(mine, plain, strict=True)
    ]
    rate = Spread.of([figures.requests_per_second for figures in mine])
    p99 = Spread.of([figures.p99_ms for figures in mine])
    errors = sum(figures.errors for figures in mine)
    return KindRow(clients, name, rate, Spread.of(pairs), p99, errors)


def too_slow(rows: Sequence[KindRow]) -> list[KindRow]:
    """The kinds whose median ratio is below what is wanted."""
    return [row for row in rows if row.ratio.median < WANTED]


def kinds_table(rows: Sequence[KindRow]) -> str:
    """The rows as text."""
    return "\n".join(
        f"{row.clients:3} clients  {row.kind:<15} {row.rate.median:8,.0f} /s, "
        f"{row.ratio.median:.2f} of plain ({row.ratio.low:.2f} to {row.ratio.high:.2f}, "
        f"wanted {WANTED})"
        for row in rows
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
