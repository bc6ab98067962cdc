"""Every query on the `cleared_job` table: which ids were jobs that are cleared away.

Whoever asks for a job must be told whether it was never accepted or has been cleared away. No
mark in the id itself can tell: an id is given out before its job is committed, and when a commit
fails, or nobody knows whether it did, the client asks for this very id. So something has to stay
of each job. It is 8 bytes, of many jobs in one row: a row and an index entry for each would be
ten times as much, and to rows that are only ever added there is nothing to vacuum.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, func, insert, select

from shared.db.tables import CLEARED_JOB

# An id begins with 48 bits of the time at which it was made, in milliseconds. Ids of the same 4.1
# seconds are kept together, so that whoever looks for one id reads few others.
_PERIOD_BITS = 12
_MARK_BYTES = 8

_c = CLEARED_JOB.c


def remember(connection: Connection, job_ids: Collection[str]) -> None:
    """Keep in mind that these were jobs."""
    marks: dict[int, list[bytes]] = defaultdict(list)
    for job_id in job_ids:
        marks[_period(job_id)].append(_mark(job_id))
    if marks:
        rows = [{"period": period, "marks": b"".join(some)} for period, some in marks.items()]
        connection.execute(insert(CLEARED_JOB), rows)


def among_cleared(connection: Connection, job_ids: Collection[str]) -> set[str]:
    """Those of these ids that were jobs and are cleared away.

    An id that was none is taken for one with a probability of 1 in 10^14, with 10,000 jobs
    in the same period.
    """
    found = set()
    position = func.instr if connection.dialect.name == "sqlite" else _position
    for job_id in job_ids:
        there = position(_c.marks, _mark(job_id)) > 0
        query = select(_c.period).where(_c.period == _period(job_id), there).limit(1)
        if connection.execute(query).first():
            found.add(job_id)
    return found


# PostgreSQL's function of this name; without the quotes it would be a keyword.
_position = func.pg_catalog.position


def _period(job_id: str) -> int:
    try:
        return int(job_id[:8] + job_id[9:13], 16) >> _PERIOD_BITS
    except ValueError:
        return 0


def _mark(job_id: str) -> bytes:
    """A hash rather than a part of the id, which need not be as random as ours are."""
    return hashlib.blake2b(job_id.encode(), digest_size=_MARK_BYTES).digest()
