"""The worker's child processes: Celery's pool, which remembers every task that it gave them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

from billiard.einfo import ExceptionInfo
from celery.concurrency import asynpool, prefork
from celery.platforms import EX_OK

# At these billiard raises SystemExit, wherever the child is.
_RAISING = (signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)
# How often it is looked whether a child that has closed everything has ended, in seconds.
MOMENT = 0.01


class Child(asynpool.Worker):  # type: ignore[misc]
    """A child that ends between two tasks when it is to be replaced.

    A task that it has not confirmed goes to another child as soon as it has ended, as Celery does
    it for every child that dies."""

    _ends = False

    def _make_child_methods(self, *arguments: Any) -> None:
        """Called by billiard in the child."""
        super()._make_child_methods(*arguments)
        wait_for_job: Callable[[], Any] = self.wait_for_job  # type: ignore[has-type]

        def wait_or_end() -> Any:
            if self.must_end():
                self._end()
            job = wait_for_job()
            if self.must_hand_over():
                self._end()
            return job

        self.wait_for_job = wait_or_end

    def on_loop_start(self, pid: int) -> None:
        """Called by billiard in the child, before its first task."""
        # The kernel ends it at such a signal, as at SIGKILL, and the task is tried again. A
        # SystemExit would seem to be the pipeline's.
        for number in _RAISING:
            signal.signal(number, signal.SIG_DFL)
        super().on_loop_start(pid)

    def _end(self) -> None:
        self._ends = True
        raise SystemExit(0)

    def _do_exit(self, pid: int, exitcode: int | None, exc: Exception | None = None) -> None:
        """Called by billiard when the parent has read this child's results. billiard would stay for
        another second, and so would a task that it was given, or a worker that is to stop."""
        if self._ends or (exitcode == EX_OK and exc is None):
            os._exit(EX_OK)
        super()._do_exit(pid, exitcode, exc)

    @staticmethod
    def must_end() -> bool:
        """Whether this child is to be replaced at once, though no task may come."""
        return False

    @staticmethod
    def must_hand_over() -> bool:
        """Whether this child is to be replaced, and its task left to another; asked when it has
        been given one, or was idle for a second. While it has a task it is given no other: just one
        waits for its end."""
        return False


class NotBegunError(Exception):
    """The worker has stopped, and no child has begun this task."""


class Processes(asynpool.AsynPool):  # type: ignore[misc]
    """Forgets no task that it was given.

    When Celery stops, or loses Redis, it drops each task that no child has confirmed, since other
    brokers would deliver it again; ours is not on Redis any more. A child that was given a task
    does it all the same, and then waits half a minute for its result to be read.
    """

    def flush(self) -> None:
        """As Celery's, but no task is dropped: those that no child has confirmed wait for one, as
        they did before."""
        unconfirmed = [job for job in self._cache.values() if not job._accepted]
        for job in unconfirmed:
            job._accepted = True
        super().flush()
        for job in reversed(unconfirmed):
            if job._worker_pid is not None or job.ready():
                continue
            job._accepted = False
            proc = job._write_to
            if proc is None or not proc._is_alive():
                self._put_back(job)

    def join(self) -> None:
        """As billiard's, which returns when every child has ended. What no child was given is left
        to other workers at once; then so is what was given to one that has ended without it, since
        it was being replaced."""
        self._leave(job for job in self._cache.values() if job._write_to is None)
        super().join()
        self._leave(self._cache.values())

    @staticmethod
    def _leave(jobs: Iterable[Any]) -> None:
        for job in [job for job in jobs if not job._accepted]:
            job.discard()
            try:
                raise NotBegunError
            except NotBegunError:
                job._set(None, (False, ExceptionInfo()))

    def _event_process_exit(self, hub: Any, proc: Any) -> None:
        """Called when a child has closed what it had open, which the kernel does a moment before it
        says that the child has ended; Celery would find out at its next look only."""
        super()._event_process_exit(hub, proc)
        self._look_after(hub, proc)

    def _look_after(self, hub: Any, proc: Any) -> None:
        if proc._is_alive():
            hub.call_later(MOMENT, self._look_after, hub, proc)
        else:
            self.maintain_pool()


def make_pool(
    child_must_end: Callable[[], bool], child_must_hand_over: Callable[[], bool]
) -> type[prefork.TaskPool]:
    """Celery's prefork pool, made of such processes; each child asks whether another is to take its
    place, before it waits for a task and when it has been given one."""

    class Replaced(Child):
        must_end = staticmethod(child_must_end)
        must_hand_over = staticmethod(child_must_hand_over)

    class Replacing(Processes):
        Worker = Replaced

    class Pool(prefork.TaskPool):  # type: ignore[misc]
        Pool = Replacing

    return Pool
