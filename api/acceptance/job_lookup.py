"""How jobs are looked up: many requests share one look."""

from __future__ import annotations

from collections.abc import Sequence

from api.acceptance.database_threads import DatabaseThreads
from api.acceptance.group_commit import GroupCommit
from shared.db import jobs
from shared.db.cleared_jobs import among_cleared
from shared.db.job_rows import Job


class JobLookup:
    """Looks jobs up for the event loop, at most `size` with one query."""

    def __init__(self, database: DatabaseThreads, size: int) -> None:
        self._database = database
        self._found: GroupCommit[str, Job | None] = GroupCommit(self._find, size)
        self._cleared: GroupCommit[str, bool] = GroupCommit(self._were_cleared, size)

    async def find(self, job_id: str) -> Job | None:
        """A job as the database has it now.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        return await self._found.add(job_id)

    async def was_cleared(self, job_id: str) -> bool:
        """Whether a job that is not found was there once.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        return await self._cleared.add(job_id)

    async def _find(self, job_ids: Sequence[str]) -> list[Job | None]:
        found = await self._database.read(lambda c: jobs.find_all(c, job_ids))
        return [found.get(job_id) for job_id in job_ids]

    async def _were_cleared(self, job_ids: Sequence[str]) -> list[bool]:
        cleared = await self._database.read(lambda c: among_cleared(c, job_ids))
        return [job_id in cleared for job_id in job_ids]
