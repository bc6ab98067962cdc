"""The ceiling: one process that reads the file, scores it and COPYs it, and does nothing else."""

from __future__ import annotations

import io
import itertools
import json
import time
from pathlib import Path

import psycopg2

from bench.serving.pipeline import Pipeline

# How many rows are scored and copied at a time.
BLOCK = 8192
_TABLE = """
    CREATE TABLE scored (
        id bigserial PRIMARY KEY, observation_id text NOT NULL UNIQUE, observation text NOT NULL,
        proba double precision NOT NULL
    )
"""


def score_and_copy(path: Path, database_url: str) -> float:
    """The seconds that it takes, with a commit for each block."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(_TABLE)
    pipeline = Pipeline()
    began = time.monotonic()
    with path.open() as file:
        while lines := list(itertools.islice(file, BLOCK)):
            rows = [json.loads(line) for line in lines]
            probabilities = pipeline.probabilities([row["observation"] for row in rows])
            text = io.StringIO()
            for row, line, proba in zip(rows, lines, probabilities, strict=True):
                escaped = line.rstrip("\n").replace("\\", "\\\\").replace("\t", "\\t")
                text.write(f"{row['id']}\t{escaped}\t{proba!r}\n")
            text.seek(0)
            with connection, connection.cursor() as cursor:
                cursor.copy_from(text, "scored", columns=("observation_id", "observation", "proba"))
    took = time.monotonic() - began
    connection.close()
    return took
