"""Watches the database from the gateway, so that a request is refused at once when it is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from api.acceptance.admission import Admission
from shared.db.deployment import namespace
from shared.db.engine import Database
from shared.db.migrate import migrate, migrate_apart
from shared.errors import DatabaseAwayError, QueuecastError, StartError
from shared.queue.names import Names

log = logging.getLogger(__name__)

EVERY = 0.5
# How often a database that refuses us for good is asked again.
REFUSED_EVERY = 5.0


class DatabaseWatch:
    """A thread that asks the database how much is unfinished, which is a sign of life too, and
    brings its schema up to date as soon as it answers for the first time. `tell` is called on
    that thread with the error whenever the database is found away."""

    def __init__(
        self, database: Database, admission: Admission, tell: Callable[[QueuecastError], None]
    ) -> None:
        self._database = database
        self._admission = admission
        self._tell = tell
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database-watch", daemon=True)
        self._migrated = False
        # Nothing goes by these before the database has answered, since it is away until then.
        self.names = Names("unknown")
        self.database_is_away = False

    def prepare(self) -> None:
        """Look for the first time; to be called before this process has other threads.

        Raises:
            StartError: the database refuses us, or its schema is newer than ours.
        """
        self._look(migrate_apart)

    def start(self) -> None:
        """Keep looking in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopping.set()
        self._thread.join(timeout=3)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY):
            try:
                away = self._look(migrate)
                if away is not None:
                    # Nobody can be given a committed answer; those who wait may as well know.
                    self._tell(away)
            except StartError as error:
                # It was away at the start and refuses us now; say so until somebody mends it.
                log.error("%s", error)
                self.database_is_away = True
                self._stopping.wait(REFUSED_EVERY)
            except Exception:  # without this thread nobody would hear that the database is back
                log.exception("watching the database")

    def _look(self, migrate: Callable[[Database], bool]) -> DatabaseAwayError | None:
        try:
            if not self._migrated:
                migrate(self._database)
                self.names = Names(self._database.read(namespace))
                self._migrated = True
            else:
                self._database.read(self._admission.measure)
        except DatabaseAwayError as error:
            if not self.database_is_away:
                log.warning("the database is away")
            self.database_is_away = True
            return error
        if self.database_is_away:
            log.info("the database is back")
        self.database_is_away = False
        return None
