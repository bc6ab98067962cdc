"""Notices, in the worker's parent process, that a child died with a message, gave it up, or that
none has begun it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from billiard.exceptions import WorkerLostError
from celery import bootsteps
from celery.worker.request import Request

from shared.errors import DatabaseFaultError, ModelFaultError, UnavailableError
from shared.queue.messages import MessageError
from worker.celery_parts.pool import NotBegunError

Message = TypeVar("Message")

# How often, in seconds, the pool looks after its children.
LOOK_EVERY = 0.5


def noticing(
    read: Callable[[Any], Message],
    lost: Callable[[Message], None],
    given_up: Callable[[Message], None],
    not_begun: Callable[[Message], None],
) -> type[Request]:
    """The kind of Celery request that says when its process is lost, or over its time limit; when
    its process lives and gave the message up because the model, or a part that it needs, did not
    answer; and when the worker has stopped and no process had begun it. `read` reads its text."""

    class Noticing(Request):  # type: ignore[misc]
        def on_timeout(self, soft: bool, timeout: float) -> None:
            super().on_timeout(soft, timeout)
            if not soft:
                self._notice(lost)

        def on_failure(self, exc_info: Any, *arguments: Any, **options: Any) -> Any:
            # billiard wraps what it raised in the parent.
            error = getattr(exc_info.exception, "exc", exc_info.exception)
            if isinstance(error, NotBegunError):
                self._notice(not_begun)
                return None
            if isinstance(error, WorkerLostError):
                self._notice(lost)
            elif isinstance(error, UnavailableError | DatabaseFaultError | ModelFaultError):
                self._notice(given_up)
            return super().on_failure(exc_info, *arguments, **options)

        def _notice(self, what: Callable[[Message], None]) -> None:
            if getattr(self, "_noticed", False):
                return
            self._noticed = True
            try:
                what(read(self._payload[0][0]))
            except (MessageError, LookupError, TypeError):
                return  # the message was not one of ours

    return Noticing


class FrequentPoolCheck(bootsteps.StartStopStep):  # type: ignore[misc]
    """Lets the pool look every `LOOK_EVERY` seconds whether a child has died, and whether the last
    message of a dead child is still to come. By itself it does so every five seconds."""

    requires = {"celery.worker.components:Pool"}

    def register_with_event_loop(self, worker: Any, hub: Any) -> None:
        """Called by Celery when its loop is made."""
        hub.call_repeatedly(LOOK_EVERY, worker.pool.maintain_pool)
