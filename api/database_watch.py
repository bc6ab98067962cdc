"""Watches the database from the gateway, so that a request is refused at once when it is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from api.acceptance.admission import Admission
from api.grouping.pending import Pending
from shared.db.engine import Database
from shared.db.migrate import migrate, migrate_apart
from shared.errors import DatabaseAwayError, StartError

log = logging.getLogger(__name__)

EVERY = 0.5


class DatabaseWatch:
    """A thread that asks the database how much is unfinished, which is a sign of life too, and
    brings its schema up to date as soon as it answers for the first time."""

    def __init__(self, database: Database, room: Pending, backlog: Admission) -> None:
        self._database = database
        self._room = room
        self._admission = backlog
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database-watch", daemon=True)
        self._migrated = False
        self.database_is_away = False

    def start(self) -> None:
        """Look once, then keep looking in the background; to be called before other threads are.

        Raises:
            StartError: the database refuses us, or its schema is newer than ours.
        """
        self._look(migrate_apart)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                self._look()
            except StartError as error:
                # It was away at the start and refuses us now; say so until somebody mends it.
                log.error("%s", error)
                self.database_is_away = True
                self._stopping.wait(5)
            except Exception:
                log.exception("watching the database")

    def _look(self, migrate: Callable[[Database], bool] = migrate) -> None:
        try:
            if not self._migrated:
                migrate(self._database)
                self._migrated = True
            else:
                self._database.read(self._admission.measure)
        except DatabaseAwayError as error:
            if not self.database_is_away:
                log.warning("the database is away")
            self.database_is_away = True
            # Nobody can be given a committed answer; those who wait may as well know.
            self._room.refuse_all(error)
            return
        if self.database_is_away:
            log.info("the database is back")
        self.database_is_away = False
