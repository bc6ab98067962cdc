"""The worker's child processes: Celery's pool, which remembers every task that it gave them."""

from __future__ import annotations

from celery.concurrency import asynpool, prefork


class Processes(asynpool.AsynPool):  # type: ignore[misc]
    """Waits for every child that was given a task.

    When Celery stops, or loses Redis, it drops each task whose child has not confirmed it yet, and
    reads nothing more from that child. The child does the task all the same, and then waits half a
    minute for its result to be read.
    """

    def flush(self) -> None:
        """As Celery's, but a task that was written to a child counts as confirmed by it."""
        for job in tuple(self._cache.values()):
            if job._write_to is not None:
                job._accepted = True
        super().flush()


class Pool(prefork.TaskPool):  # type: ignore[misc]
    """Celery's prefork pool, made of such processes."""

    Pool = Processes
