"""What an error of the database means for whoever asked: who or what is at fault.

Judged by the code that the database gives: the SQLSTATE (PostgreSQL, appendix A) or SQLite's result
code (sqlite.org/rescode.html).
"""

from __future__ import annotations

import logging
import random
import sqlite3
import time

import psycopg2
from sqlalchemy.exc import DBAPIError

from shared.errors import (
    DatabaseAwayError,
    DatabaseFaultError,
    DatabaseForbidsError,
    DatabaseImpairedError,
    DatabaseRefusedError,
    QueuecastError,
)
from shared.logs import mask

log = logging.getLogger(__name__)

# A server that says one of these will take us later; any other FATAL is a refusal for good.
_PASSING = ("starting up", "shutting down", "recovery mode", "too many", "slots are reserved",
            "terminating connection", "not yet accepting", "not accepting")  # fmt: skip

# For how long a transaction that lost a deadlock gives way, at most, in seconds.
_GIVES_WAY = 0.05

_AWAY = "the database does not answer"
_BUSY = "the database is busy: a write could not get its turn"

# The code, or the beginning of one, and what somebody has to mend. The first that fits counts.
_FORBIDDEN = {
    "25006": "the database is read-only",
    "42501": "the database's user lacks a permission",
    "28": "the database refuses the login",
    "3D": "the database does not exist any more",
    "3F": "the database has no schema for our tables",
    "42P07": "a name that we need is taken",
    "42710": "a name that we need is taken",
    "42723": "a name that we need is taken",
}
_IMPAIRED = {
    "53100": "the database's disk is full",
    "53200": "the database has no memory left",
    "58": "the database cannot use its files",
    "XX000": "the database has an error of its own",
    "XX": "the database is damaged",
}
# Values that cannot be kept, that break a constraint, or that are larger than any row may be.
_OF_THE_DATA = ("22", "23", "54")
# Connections, too many of them, transactions that stood in each other's way, an operator's hand.
_PASSING_CODES = ("08", "40", "53", "55", "57", "25P03", "25P04")
_TOO_LONG = ("57014", "55P03")

# By SQLite's primary result codes.
_SQLITE_FORBIDDEN = {sqlite3.SQLITE_READONLY: "the database's file is read-only"}
_SQLITE_IMPAIRED = {
    sqlite3.SQLITE_FULL: "the database's disk is full",
    sqlite3.SQLITE_IOERR: "the database's file cannot be read or written",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened",
    sqlite3.SQLITE_PERM: "the database's file cannot be opened",
    sqlite3.SQLITE_CORRUPT: "the database's file is damaged",
    sqlite3.SQLITE_NOTADB: "the database's file is none of SQLite's",
    sqlite3.SQLITE_NOMEM: "no memory is left",
}
_SQLITE_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL)
_SQLITE_OF_THE_DATA = (
    sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE,
)  # fmt: skip


def translate(error: DBAPIError) -> QueuecastError:
    """Our error for one of the driver's; the log is told of it.

    A `DatabaseFaultError` is logged with its trace, everything else with one line.
    """
    found = judge(error)
    if isinstance(found, DatabaseFaultError):
        log.error("database: %s", reason(error), exc_info=error)
    else:
        log.warning("database: %s", reason(error))
    return found


def judge(error: DBAPIError) -> QueuecastError:
    """The same, without a word to the log."""
    if isinstance(error.orig, sqlite3.Error):
        return _of_sqlite(error.orig)
    return _of_postgres(error)


def reason(error: BaseException) -> str:
    """What the database itself says, in one line and without a password."""
    cause = getattr(error, "orig", None) or error
    lines = mask(str(cause)).strip().splitlines()
    return " ".join(lines[0].split()) if lines else type(cause).__name__


def is_deadlock(error: DBAPIError) -> bool:
    """Whether the same may succeed when it is tried again at once."""
    # deadlock_detected, serialization_failure
    return getattr(error.orig, "pgcode", None) in {"40P01", "40001"}


def give_way() -> None:
    """Let the other of two transactions go ahead that waited for each other. This one, begun again
    at once, might take its first lock before the other has woken up, and both would wait anew."""
    time.sleep(random.uniform(0.5, 1.0) * _GIVES_WAY)  # noqa: S311 - nothing is kept secret by it


def refuses_login(text: str) -> bool:
    """Whether a server that says this when it is connected to will never take us."""
    return "FATAL" in text and not any(passing in text for passing in _PASSING)


def _of_postgres(error: DBAPIError) -> QueuecastError:
    cause = error.orig
    code: str | None = getattr(cause, "pgcode", None)
    if code is None:
        return _without_a_code(cause)
    for classes, kind in ((_FORBIDDEN, DatabaseForbidsError), (_IMPAIRED, DatabaseImpairedError)):
        text = _first(code, classes)
        if text is not None:
            return kind(f"{text}: {reason(error)}")
    if code.startswith(_OF_THE_DATA):
        return DatabaseRefusedError(_AWAY)
    if code in _TOO_LONG:
        return DatabaseAwayError("the database is busy: it took too long")
    if error.connection_invalidated or code.startswith(_PASSING_CODES):
        return DatabaseAwayError(_AWAY)
    return _fault(error)


def _fault(cause: BaseException) -> DatabaseFaultError:
    return DatabaseFaultError(f"this service and its tables do not fit: {reason(cause)}")


def _first(code: str, texts: dict[str, str]) -> str | None:
    return next((text for start, text in texts.items() if code.startswith(start)), None)


def _without_a_code(cause: BaseException | None) -> QueuecastError:
    """The driver's own errors: the connection was lost, or could not be made."""
    if isinstance(cause, psycopg2.DataError | psycopg2.IntegrityError):
        return DatabaseRefusedError(_AWAY)
    if cause is None:
        return DatabaseAwayError(_AWAY)
    if isinstance(cause, psycopg2.ProgrammingError | psycopg2.NotSupportedError):
        return _fault(cause)
    if refuses_login(str(cause)):
        said = reason(cause).rpartition("FATAL:")[2].strip()
        return DatabaseForbidsError(f"the database refuses the login: {said}")
    return DatabaseAwayError(_AWAY)


def _of_sqlite(cause: sqlite3.Error) -> QueuecastError:
    # An extended result code has the primary one in its lowest byte.
    code = getattr(cause, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if code in _SQLITE_BUSY:
        return DatabaseAwayError(_BUSY)
    if code in _SQLITE_OF_THE_DATA or isinstance(cause, sqlite3.DataError):
        return DatabaseRefusedError(_AWAY)
    if code in _SQLITE_FORBIDDEN:
        return DatabaseForbidsError(_SQLITE_FORBIDDEN[code])
    if code in _SQLITE_IMPAIRED:
        return DatabaseImpairedError(f"{_SQLITE_IMPAIRED[code]}: {reason(cause)}")
    return _fault(cause)
