"""SQLite in a process that forks: never in the middle of anything.

SQLite keeps in memory which locks of a file its process has, but the system does not hand locks on
to a child: one that is forked beside a transaction would wait for its end for ever, and one that
is forked beside an open connection would count on locks that it has not got (How To Corrupt An
SQLite Database File, section 2.6). A worker's parent process has threads that use the database, and
it replaces children.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from sqlalchemy import Engine


class ForkGuard:
    """Lets this process fork only while no thread is in a `transaction`, with every connection of
    its engines closed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._is_forking = False
        self._is_listening = False
        self._engines: WeakSet[Engine] = WeakSet()

    def add(self, engine: Engine) -> None:
        """An engine for SQLite is made."""
        self._engines.add(engine)
        if not self._is_listening:
            self._is_listening = True
            os.register_at_fork(
                before=self._before, after_in_parent=self._after, after_in_child=self._begin_anew
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """No fork happens in this block."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_forking)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def _before(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._is_forking)
            self._is_forking = True
            self._changed.wait_for(lambda: not self._inside)
        for engine in list(self._engines):
            engine.dispose()

    def _after(self) -> None:
        with self._changed:
            self._is_forking = False
            self._changed.notify_all()

    def _begin_anew(self) -> None:
        # Other threads, who may have waited here, are not there any more.
        self._changed = threading.Condition()
        self._is_forking = False


# One for the process, as there is one SQLite in it.
GUARD = ForkGuard()
