"""What a contender has committed, held against what it has answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import psycopg2

from bench.passengers import TOLERANCE, Ids, expected
from shared.errors import QueuecastError


class LostRowsError(QueuecastError):
    """There are fewer rows than answers, or a row holds another probability."""


def verify(database_url: str, answered: Mapping[int, int]) -> int:
    """Count the committed rows, and see that each holds its passenger's probability.

    `answered` says how many of each block's ids were answered 200, by the block's first id. There
    may be more rows: a generator does not wait for the answers under way when its time is up.

    Raises:
        LostRowsError: rows are missing or wrong.
    """
    right = expected()
    rows: Counter[int] = Counter()
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT observation_id, proba FROM prediction")
            for observation_id, proba in cursor:
                number = int(observation_id)
                rows[Ids.first(number)] += 1
                if abs(proba - right[number % len(right)]) > TOLERANCE:
                    raise LostRowsError(f"the row of id {observation_id} holds {proba!r}")
    finally:
        connection.close()
    for first, answers in answered.items():
        if rows[first] < answers:
            raise LostRowsError(f"{answers} answers, but only {rows[first]} committed rows")
    return rows.total()
