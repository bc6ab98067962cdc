"""The worker's child processes: Celery's pool, which does not forget what it gave them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.concurrency import asynpool, prefork


class Child(asynpool.Worker):  # type: ignore[misc]
    """A child that ends between two tasks when it is to be replaced.

    What was written to it meanwhile and not taken goes to another one, as Celery does it for a
    child that has reached its number of tasks."""

    def _make_child_methods(self, *arguments: Any) -> None:
        """Called by billiard in the child."""
        super()._make_child_methods(*arguments)
        wait_for_job: Callable[[], Any] = self.wait_for_job  # type: ignore[has-type]

        def wait_or_end() -> Any:  # called at least once a second
            if self.must_end():
                raise SystemExit(0)
            return wait_for_job()

        self.wait_for_job = wait_or_end

    @staticmethod
    def must_end() -> bool:
        """Whether this child is to be replaced."""
        return False


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


def make_pool(child_must_end: Callable[[], bool]) -> type[prefork.TaskPool]:
    """Celery's prefork pool, of such children; each asks this whether it is to be replaced."""

    class Replaced(Child):
        must_end = staticmethod(child_must_end)

    class Replacing(Processes):
        Worker = Replaced

    class Pool(prefork.TaskPool):  # type: ignore[misc]
        Pool = Replacing

    return Pool
