"""`make bench-bulk`: a file on PostgreSQL and on SQLite, beside what else could be done with it."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from bench.bulk.constant_model import write_constant
from bench.bulk.files import write_csv, write_labels, write_ndjson
from bench.bulk.one_process import score_and_copy
from bench.bulk.service import Service
from bench.bulk.single_posts import post_all, waits
from bench.interruption import end_on_signals
from bench.marked import PROFILE, replace_marked
from bench.stage import Servers, Stage
from shared.errors import QueuecastError

COMMAND = "make bench-bulk"
CLIENTS, CONNECTIONS = 8, 32
# How many rows the loop of single requests sends, and for how long requests are timed alone.
SINGLE, ALONE = 20_000, 10.0


def main() -> int:
    """Run it; 1 when something failed, 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m bench.bulk", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write docs/profile.md")
    chosen = parser.parse_args()
    end_on_signals()
    try:
        with tempfile.TemporaryDirectory(prefix="queuecast-bulk-") as folder:
            lines = Bulk(Path(folder), chosen.rows).run(chosen.rounds)
    except QueuecastError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nbench: stopped, and nothing was written\n")
        return 130
    table = "\n".join(lines)
    print(f"\n{table}")
    if chosen.write:
        PROFILE.write_text(replace_marked(PROFILE.read_text(), COMMAND, table))
    return 0


class Bulk:
    """The contenders in turn, several rounds."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = rows
        self._ndjson = write_ndjson(folder / "rows.ndjson", rows)
        self._csv = write_csv(folder / "rows.csv", rows)
        self._labels = write_labels(folder / "labels.ndjson", rows)
        self._constant = write_constant(folder / "constant")
        self._rates: dict[str, list[float]] = {}
        self._memory: dict[str, int] = {}
        self._waits: dict[str, list[float]] = {}

    def run(self, rounds: int) -> list[str]:
        """The table, as Markdown."""
        with Servers(self._folder / "logs") as servers:
            turns: list[tuple[str, Callable[[Stage], None]]] = [
                ("files", self._files), ("csv", self._csv_alone), ("constant", self._without_model),
                ("sqlite", self._on_sqlite), ("one_process", self._one_process),
                ("single", self._single), ("beside", self._beside_others),
            ]  # fmt: skip
            for number in range(1, rounds + 1):
                for name, turn in turns:
                    sys.stderr.write(f"round {number} of {rounds}: {name}\n")
                    stage = servers.stage(name)
                    turn(stage)
                    servers.clear(stage)
        return self._table()

    def _note(self, what: str, rows: int, seconds: float) -> None:
        self._rates.setdefault(what, []).append(rows / seconds)

    def _files(self, stage: Stage) -> None:
        with Service(stage) as service:
            took, memory = service.send(self._ndjson)
            self._note("NDJSON on PostgreSQL", self._rows, took)
            for kind, held in memory.items():
                self._memory[kind] = max(held, self._memory.get(kind, 0))
            took, _ = service.send(self._labels, "label")
            self._note("labels on PostgreSQL", self._rows, took)

    def _csv_alone(self, stage: Stage) -> None:
        with Service(stage) as service:
            took, _ = service.send(self._csv)
            self._note("CSV on PostgreSQL", self._rows, took)

    def _without_model(self, stage: Stage) -> None:
        with Service(stage, MODEL_DIR=str(self._constant)) as service:
            took, _ = service.send(self._ndjson)
            self._note("NDJSON, a model that answers a constant", self._rows, took)

    def _on_sqlite(self, stage: Stage) -> None:
        with Service(stage, DATABASE_URL=f"sqlite:///{stage.folder / 'rows.db'}") as service:
            took, _ = service.send(self._ndjson)
            self._note("NDJSON on SQLite", self._rows, took)

    def _one_process(self, stage: Stage) -> None:
        took = score_and_copy(self._ndjson, stage.database_url)
        self._note("one process that reads, scores and COPYs", self._rows, took)

    def _single(self, stage: Stage) -> None:
        with Service(stage):
            rows = min(SINGLE, self._rows)
            took = post_all(self._ndjson, stage.port, CONNECTIONS, rows)
            self._note(f"single requests, {CONNECTIONS} connections", rows, took)

    def _beside_others(self, stage: Stage) -> None:
        with Service(stage) as service:
            self._waits.setdefault("alone", []).append(self._p99(stage, ALONE, None))
            took: list[float] = []
            send = threading.Thread(target=lambda: took.append(service.send(self._csv)[0]))
            self._waits.setdefault("beside", []).append(self._p99(stage, None, send))
            self._note("CSV on PostgreSQL, beside 8 clients", self._rows, took[0])

    def _p99(self, stage: Stage, seconds: float | None, beside: threading.Thread | None) -> float:
        over = threading.Event()
        found: list[float] = []
        asking = threading.Thread(target=lambda: found.extend(waits(stage.port, CLIENTS, over)))
        asking.start()
        if beside is not None:
            beside.start()
            beside.join()
        else:
            over.wait(seconds)
        over.set()
        asking.join()
        return statistics.quantiles(found, n=100)[98]

    def _table(self) -> list[str]:
        lines = [f"{self._rows:,} rows.", "", "| | rows/s | least to most |", "|---|---|---|"]
        for what, rates in self._rates.items():
            spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
            lines.append(f"| {what} | {statistics.median(rates):,.0f} | {spread} |")
        alone, beside = (statistics.median(self._waits[name]) for name in ("alone", "beside"))
        lines.append(
            f"\nOf {CLIENTS} clients with single requests, p99 is {1000 * alone:.1f} ms without a "
            f"backlog and {1000 * beside:.1f} ms beside one: {beside / alone:.1f} times.\n"
        )
        weights = ", ".join(f"{kind} {held} MiB" for kind, held in sorted(self._memory.items()))
        return [*lines, f"The most that a process held: {weights}."]


if __name__ == "__main__":
    sys.exit(main())
