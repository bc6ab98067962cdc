"""The database: one engine a process, transactions that end, errors that say what is away."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg2
from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.db import disk
from shared.db.dialects import engine_for
from shared.db.faults import give_way, is_deadlock, refuses_login, translate
from shared.db.forks import GUARD
from shared.db.wait_limit import limits_of_the_server
from shared.errors import (
    DatabaseAwayError,
    DatabaseFaultError,
    DatabaseForbidsError,
    DatabaseImpairedError,
    QueuecastError,
    SettingError,
    StartError,
    UnknownCommitError,
)
from shared.logs import mask
from shared.setting_values import url_without_password

Answer = TypeVar("Answer")

_TRIES = 4
_UNKNOWN = "the database did not say whether it has committed"
# For how long a failure is shown that only writing would find again, in seconds.
REMEMBERED = 10.0


@dataclass(slots=True)
class _Attempt:
    """One try of a transaction; `commits` from when the server may commit it."""

    commits: bool = False


class Database:
    """Runs functions of a connection in transactions.

    A function given to `read` or `write` may be run again from its start when its transaction
    was lost to a broken connection or a deadlock, so it must do nothing but talk to the database.
    """

    def __init__(self, url: str, connections: int, wait: float, read_only: bool = False) -> None:
        """Make the engine; nothing connects yet. `wait` is in seconds. The database itself refuses
        whatever one that is `read_only` would write.

        Raises:
            SettingError: the URL cannot be understood.
        """
        self.on_sqlite = url.startswith("sqlite")
        self._url = url
        self._wait = wait
        self._read_only = read_only
        self._impairment: tuple[QueuecastError, float] | None = None
        try:
            self._engine = engine_for(url, connections, wait, read_only)
        except (ArgumentError, ValueError) as error:
            shown = url_without_password(url)
            raise SettingError(f"DATABASE_URL is {shown!r}, which is no URL") from error
        if self.on_sqlite:
            GUARD.add(self._engine)

    def read(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run a function that only reads.

        Raises:
            DatabaseAwayError: the database does not answer, or cannot do its work.
            DatabaseFaultError: a statement is wrong.
        """
        return self._run(work, writes=False)

    def write(self, work: Callable[[Connection], Answer]) -> Answer:
        """Run a function in one transaction, committed when this returns.

        Raises:
            DatabaseAwayError: the database does not answer, or the write could not get its turn.
            UnknownCommitError: it did not say whether it has committed.
            DatabaseFaultError: a statement is wrong.
        """
        answer = self._run(work, writes=True)
        self._impairment = None
        return answer

    @property
    def impairment(self) -> QueuecastError | None:
        """Why a transaction failed that somebody has to mend something for, when one did in the
        last `REMEMBERED` seconds and none was committed since."""
        noted = self._impairment
        if noted is None or time.monotonic() > noted[1] + REMEMBERED:
            return None
        return noted[0]

    def write_at_once(self, message: str, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        """Send PostgreSQL one statement, which is a transaction by itself: committed when this
        returns its only row.

        It saves the ways there and back of `BEGIN` and `COMMIT`, and most of SQLAlchemy's work.

        Raises:
            DatabaseAwayError: as `write`.
        """
        return self._again(lambda attempt: self._send(message, parameters, attempt))

    def _send(
        self, message: str, parameters: Mapping[str, Any], attempt: _Attempt
    ) -> tuple[Any, ...]:
        try:
            pooled = self._engine.raw_connection()
        except psycopg2.Error as error:  # SQLAlchemy leaves this one as the driver raises it
            raise DBAPIError(message, None, error) from error
        connection: Any = pooled.driver_connection
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                attempt.commits = True
                cursor.execute(limits_of_the_server() + message, parameters)
                row: tuple[Any, ...] = cursor.fetchone()
            connection.autocommit = False
            return row
        except psycopg2.Error as error:
            lost = bool(connection.closed)
            raise DBAPIError(message, None, error, connection_invalidated=lost) from error
        finally:
            if connection.closed or connection.autocommit:
                # It failed, and may still be in autocommit: it must not be used for transactions.
                pooled.invalidate()
            pooled.close()

    def _run(self, work: Callable[[Connection], Answer], writes: bool) -> Answer:
        def transact(attempt: _Attempt) -> Answer:
            with self._engine.connect() as connection:
                connection = connection.execution_options(queuecast_writes=writes)
                with connection.begin():
                    answer = work(connection)
                    attempt.commits = writes
                return answer

        if not self.on_sqlite:
            return self._again(transact)
        with GUARD.transaction():
            return self._again(transact)

    def _again(self, work: Callable[[_Attempt], Answer]) -> Answer:
        deadline = time.monotonic() + self._wait
        unknown = False
        for number in range(1, _TRIES + 1):
            attempt = _Attempt()
            try:
                return work(attempt)
            except DBAPIError as error:
                # Later attempts may end in errors that leave no doubt, about themselves.
                unknown |= attempt.commits and error.connection_invalidated
                again = error.connection_invalidated or is_deadlock(error)
                if not again or number == _TRIES or time.monotonic() > deadline:
                    found = self._noted(translate(error))
                    if unknown:
                        raise UnknownCommitError(_UNKNOWN) from error
                    raise found from error
                if is_deadlock(error):
                    give_way()
            except DatabaseForbidsError:
                self._begin_anew()
                raise
            except PoolTimeoutError as error:
                if unknown:
                    raise UnknownCommitError(_UNKNOWN) from error
                raise DatabaseAwayError("every connection to the database is in use") from error
        raise AssertionError("unreachable")

    def _noted(self, error: QueuecastError) -> QueuecastError:
        if isinstance(error, DatabaseImpairedError | DatabaseFaultError):
            self._impairment = (error, time.monotonic())
        if isinstance(error, DatabaseForbidsError):
            self._begin_anew()
        return error

    def _begin_anew(self) -> None:
        """Let go of every connection. After a failover a new one may lead to a server that takes
        us; and whether a session may write is settled when it begins."""
        self._engine.dispose()

    @property
    def disk_is_full(self) -> bool:
        """Whether SQLite's file can hardly grow; nobody can tell that of a server's disk."""
        return self.on_sqlite and disk.is_full(_file(self._engine))

    @property
    def is_there(self) -> bool:
        """Whether SQLite's file was made, which the first connection does."""
        return not self.on_sqlite or _file(self._engine).exists()

    def close(self) -> None:
        """Close every connection that is not in use."""
        self._engine.dispose()

    @property
    def shown_url(self) -> str:
        """Where it is, as it was named, without a password."""
        return mask(make_url(self._url).render_as_string(hide_password=True))

    def connect_for_start(self) -> None:
        """See whether the database lets us in.

        Raises:
            StartError: it refuses us for good: the login, the database's name, the file.
            DatabaseAwayError: it does not answer yet.
        """
        if self.on_sqlite:
            _check_folder(self._engine)
            if self._read_only and not _file(self._engine).is_file():
                raise StartError(f"DATABASE_URL is {self.shown_url!r}, and there is no such file")
        try:
            with self._engine.connect():
                pass
        except SQLAlchemyError as error:
            cause = mask(str(getattr(error, "orig", None) or error)).strip().splitlines()
            said = " ".join(line.strip() for line in cause) or type(error).__name__
            if self.on_sqlite or refuses_login(said):
                raise StartError(
                    f"DATABASE_URL is {self.shown_url!r}, and the database refuses it: {said}"
                ) from error
            raise DatabaseAwayError(f"the database does not answer: {said}") from error


def connect(url: str, connections: int, wait: float, read_only: bool = False) -> Database:
    """The database at this URL; see `Database`."""
    return Database(url, connections, wait, read_only)


def _check_folder(engine: Engine) -> None:
    folder = _file(engine).absolute().parent
    if not folder.is_dir():
        raise StartError(f"DATABASE_URL names a file in {str(folder)!r}, which is no folder")


def _file(engine: Engine) -> Path:
    return Path(make_url(engine.url).database or "")
