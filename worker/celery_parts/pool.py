"""The worker's child processes: Celery's pool, which remembers every task that it gave them."""

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


def make_pool(child_must_end: Callable[[], bool]) -> type[prefork.TaskPool]:
    """Celery's prefork pool, made of such processes; each child asks whether it must end, so that
    another takes its place."""

    class Replaced(Child):
        must_end = staticmethod(child_must_end)

    class Replacing(Processes):
        Worker = Replaced

    class Pool(prefork.TaskPool):  # type: ignore[misc]
        Pool = Replacing

    return Pool
