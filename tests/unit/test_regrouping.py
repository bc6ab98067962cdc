"""Requests that were tried before are grouped again in ever smaller groups."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.db.job_rows import Job
from shared.observation_id import ObservationId
from shared.queue.messages import Kind, Lane, Request, Status
from worker.regrouping import regroup, size_after, split

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def job(number: int, attempts: int = 0, kind: Kind = Kind.PREDICT, gateway: str = "a") -> Job:
    """A job that was tried so often."""
    key = ObservationId(str(number), is_text=False)
    request = Request(f"job-{number}", kind, key, "{}", accepted=True)
    return Job(
        number, request, Lane.DEFERRED, Status.QUEUED, gateway, attempts,
        NOW, None, None, None, False,
    )  # fmt: skip


@pytest.mark.parametrize(("tries", "size"), [(0, 512), (1, 8), (2, 1), (3, 1)])
def test_groups_shrink(tries: int, size: int) -> None:
    """As many as fit at first, then eight, then each alone."""
    assert size_after(tries, largest=512) == size
    sizes = [len(g.requests) for g in regroup([job(n, tries) for n in range(20)], largest=512)]
    assert sum(sizes) == 20
    assert max(sizes) == min(size, 20)


def test_only_what_is_alike_travels_together() -> None:
    """A group has one kind, one gateway and one number of tries, and keeps its jobs' order."""
    jobs = [
        job(0), job(1, 1), job(2, kind=Kind.UPDATE), job(3, gateway="b"),
        job(4), job(5, 2), job(6, 3),
    ]  # fmt: skip
    groups = regroup(jobs, largest=512)
    ids = sorted([r.request_id for r in group.requests] for group in groups)
    assert ids == [
        ["job-0", "job-4"], ["job-1"], ["job-2"], ["job-3"], ["job-5"], ["job-6"],
    ]  # fmt: skip
    assert {g.reply_to for g in groups} == {"a", "b"}
    assert len({g.group_id for g in groups}) == len(groups)


def test_split() -> None:
    """In order, nothing lost, nothing twice."""
    requests = [job(n).request for n in range(10)]
    parts = split(requests, 4)
    assert [len(part) for part in parts] == [4, 4, 2]
    assert [r for part in parts for r in part] == requests
    assert split([], 4) == []
