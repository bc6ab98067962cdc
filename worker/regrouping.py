"""How requests that were tried before are grouped again. Pure.

The process that scored them may have died of a single one of them. So the groups become smaller
with every try, until each request travels alone and only the one at fault can be hit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from shared.db.job_rows import Job
from shared.queue.messages import Group, Request, new_request_id

# After the first failed try. Eight rows are scored together for the price of one
# (worker.scoring.scoring.BLOCK).
_AFTER_ONE_TRY = 8


def size_after(tries: int, largest: int) -> int:
    """How many requests may travel together after so many failed tries."""
    if not tries:
        return largest
    return _AFTER_ONE_TRY if tries == 1 else 1


def split(requests: Sequence[Request], size: int) -> list[tuple[Request, ...]]:
    """The requests in parts of at most `size`, in their order."""
    return [tuple(requests[start : start + size]) for start in range(0, len(requests), size)]


def regroup(jobs: Iterable[Job], largest: int) -> list[Group]:
    """Groups of jobs to publish again. Jobs are together only with jobs of the same kind, for the
    same gateway and with as many tries."""
    groups = []
    key = _travels_with
    for (reply_to, _, tries), same in groupby(sorted(jobs, key=key), key=key):
        requests = [job.request for job in same]
        for part in split(requests, size_after(tries, largest)):
            groups.append(Group(new_request_id(), reply_to or None, part))
    return groups


def _travels_with(job: Job) -> tuple[str, str, int]:
    return (job.reply_to or "", job.request.kind, min(job.attempts, 2))
