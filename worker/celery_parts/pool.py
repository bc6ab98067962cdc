"""The worker's child processes: Celery's pool, which does not forget what it gave them."""

from __future__ import annotations

from celery.concurrency import asynpool, prefork


class Processes(asynpool.AsynPool):  # type: ignore[misc]
    """Children that are heard out.

    When it stops, or loses Redis, Celery drops every task whose child has not said yet that it
    has it, and then reads nothing more of that child; which does its task all the same, and waits
    half a minute for somebody to read that it is done.
    """

    def flush(self) -> None:
        """Celery's, with what was written to a child counted as taken by it."""
        for job in tuple(self._cache.values()):
            if job._write_to is not None:
                job._accepted = True
        super().flush()


class Pool(prefork.TaskPool):  # type: ignore[misc]
    """Celery's prefork pool, of such children."""

    Pool = Processes
