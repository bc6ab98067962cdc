"""The files that are sent: the training passengers over and over, each under an id of its own."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

from bench.passengers import observations


def write_ndjson(path: Path, rows: int) -> Path:
    """Observations as NDJSON."""
    bodies = [json.dumps(observation) for observation in observations()]
    with path.open("w") as file:
        for number, body in zip(range(rows), itertools.cycle(bodies), strict=False):
            file.write(f'{{"id": {number}, "observation": {body}}}\n')
    return path


def write_csv(path: Path, rows: int) -> Path:
    """The same as CSV."""
    names = list(observations()[0])
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", *names])
        found = zip(range(rows), itertools.cycle(observations()), strict=False)
        writer.writerows([number, *map(row.get, names)] for number, row in found)
    return path


def write_labels(path: Path, rows: int) -> Path:
    """True classes as NDJSON."""
    with path.open("w") as file:
        for number in range(rows):
            file.write(f'{{"id": {number}, "true_class": {number % 2}}}\n')
    return path
