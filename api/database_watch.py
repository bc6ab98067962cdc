"""Watches the database from the gateway, so that a request is refused at once when it is away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from api.acceptance.admission import Admission
from shared.db.deployment import namespace
from shared.db.encoding import EVERYTHING, ask_encoding
from shared.db.engine import Database
from shared.db.migrate import migrate, migrate_apart
from shared.db.permissions import check_permissions
from shared.errors import (
    DatabaseAwayError,
    DatabaseFaultError,
    DatabaseForbidsError,
    DatabaseImpairedError,
    QueuecastError,
    StartError,
)
from shared.queue.names import Names

log = logging.getLogger(__name__)

EVERY = 0.5
# How often a database that refuses us for good is asked again.
REFUSED_EVERY = 5.0
FULL = "the database's disk is full"


class DatabaseWatch:
    """A thread that asks the database how much is unfinished, which is a sign of life too, and
    brings its schema up to date as soon as it answers for the first time. `tell` is called on
    that thread with the error whenever the database is found away."""

    def __init__(
        self, database: Database, admission: Admission, tell: Callable[[DatabaseAwayError], None]
    ) -> None:
        self._database = database
        self._admission = admission
        self._tell = tell
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database-watch", daemon=True)
        self._migrated = False
        # Nothing goes by these before the database has answered, since it is away until then.
        self.names = Names("unknown")
        self.encoding = EVERYTHING
        # Why it cannot be read, and why it cannot be written, as it was last seen.
        self._unreadable: QueuecastError | None = None
        self._unwritable: DatabaseForbidsError | None = None
        # A full disk is written to all the same: what still finds room on a page is accepted.
        self._full: DatabaseImpairedError | None = None

    @property
    def trouble(self) -> QueuecastError | None:
        """What keeps the database from serving everything, as far as this gateway knows."""
        return self._unreadable or self._unwritable or self._full or self._database.impairment

    def refuse_reading(self) -> None:
        """Refuse at once what would find out only in a second that the database is away.

        Raises:
            DatabaseAwayError: it was when it was last seen.
        """
        if isinstance(self._unreadable, DatabaseAwayError):
            # Anew: an error that is raised again and again gathers a longer trace each time.
            raise type(self._unreadable)(str(self._unreadable))

    def refuse_writing(self) -> None:
        """The same for what is to be stored.

        Raises:
            DatabaseAwayError: the database is away, is read-only, or lacks a permission.
        """
        self.refuse_reading()
        if self._unwritable is not None:
            raise DatabaseForbidsError(str(self._unwritable))

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
                    # No answer can be committed now, so the clients that wait are told at once.
                    self._tell(away)
            except StartError as error:
                # It did not answer at the start, and refuses us now. This is logged until an
                # operator has put it right.
                log.error("%s", error)
                self._see(DatabaseAwayError(str(error)))
                self._stopping.wait(REFUSED_EVERY)
            except Exception:  # or the gateway would not learn that the database is back
                log.exception("watching the database")

    def _look(self, migrate: Callable[[Database], bool]) -> DatabaseAwayError | None:
        """Look once; the error when it is away."""
        forbidden = None
        try:
            if not self._migrated:
                migrate(self._database)
                self.encoding = self._database.read(ask_encoding)
                self.names = Names(self._database.read(namespace))
                self._migrated = True
            else:
                self._database.read(self._admission.measure)
            forbidden = self._forbidden()
        except (DatabaseAwayError, DatabaseFaultError) as error:
            self._see(error)
            return error if isinstance(error, DatabaseAwayError) else None
        self._see(None, forbidden)
        return None

    def _forbidden(self) -> DatabaseForbidsError | None:
        try:
            self._database.read(check_permissions)
        except DatabaseForbidsError as error:
            return error
        return None

    def _see(
        self, unreadable: QueuecastError | None, unwritable: DatabaseForbidsError | None = None
    ) -> None:
        before = str(self._unreadable or self._unwritable or self._full or "")
        full = self._database.disk_is_full
        self._full = DatabaseImpairedError(FULL) if full else None
        self._unreadable, self._unwritable = unreadable, unwritable
        now = str(unreadable or unwritable or self._full or "")
        if now != before:
            log.log(logging.WARNING if now else logging.INFO, "%s", now or "the database is back")
