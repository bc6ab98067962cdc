"""Bring the schema up to date: `python -m shared.db.migrate`, or any process at its start.

Under a lock, so that processes that start at once do not race; nothing is done at head.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from shared.argument import argument
from shared.data_folder import make_data_folder
from shared.db.engine import Database
from shared.db.first_answer import first_answer
from shared.db.foreign_tables import refuse_foreign_tables, take_over_version
from shared.db.migrations import HEAD, VERSION_TABLE
from shared.db.wait_limit import allow_waiting
from shared.errors import (
    DatabaseAwayError,
    DatabaseFaultError,
    DatabaseForbidsError,
    QueuecastError,
    SchemaError,
    StartError,
)
from shared.logs import configure
from shared.setting_values import seconds
from shared.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

# Any number, as long as it is always the same: PostgreSQL's advisory locks share one space.
_LOCK = 0x51756575
_LONGEST = 3600.0
_CURE = (
    "name the primary server and a user who may create tables there (GRANT CREATE ON SCHEMA … TO …)"
    ", or run `python -m shared.db.migrate` once as one who may"
)


def migrate(database: Database) -> bool:
    """Take the database to the newest schema; false when it was there already.

    Raises:
        SchemaError: the schema is newer than this code, or the tables are not ours.
        StartError: the database refuses us, or does not let us make what is missing.
        DatabaseAwayError: the database does not answer.
    """
    try:
        if is_newest(database):
            return False
        with allow_waiting(_LONGEST):
            return database.write(_upgrade)
    except DatabaseForbidsError as error:
        raise StartError(
            f"DATABASE_URL is {database.shown_url!r}, and its tables cannot be made or changed: "
            f"{error}; {_CURE}"
        ) from error
    except DatabaseFaultError as error:
        raise SchemaError(f"DATABASE_URL is {database.shown_url!r}, and {error}") from error


def refuse_other_schema(database: Database) -> None:
    """See that the schema is the newest, for a process that may not change it.

    Raises:
        SchemaError: it is not.
        StartError: the database refuses us.
        DatabaseAwayError: it does not answer.
    """
    if not is_newest(database):
        found = database.read(_revision)
        raise SchemaError(
            f"DATABASE_URL is {database.shown_url!r}, whose schema is "
            f"{'none of ours' if found is None else f'at revision {found!r}'}, not at {HEAD!r}: "
            "start a worker or a gateway of this version with it, or run "
            "`python -m shared.db.migrate`"
        )


def migrate_apart(database: Database) -> bool:
    """The same in a process of its own, so that what it takes does not stay loaded in this one,
    which must have no threads yet.

    Raises:
        SchemaError, StartError, DatabaseAwayError: as `migrate`.
    """
    if is_newest(database):
        return False
    # No connection may be carried across the fork.
    database.close()
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    process = context.Process(target=_migrate_and_tell, args=(database, writer))
    process.start()
    writer.close()
    try:
        told: bool | QueuecastError = reader.recv()
    except EOFError:
        raise DatabaseAwayError("the process that brings the schema up to date was lost") from None
    finally:
        reader.close()
        process.join()
    if isinstance(told, QueuecastError):
        raise told
    return told


def _migrate_and_tell(database: Database, writer: Pipe) -> None:
    try:
        told: bool | QueuecastError = migrate(database)
    except QueuecastError as error:
        told = error
    writer.send(told)


def is_newest(database: Database) -> bool:
    """Whether the database has the newest schema.

    Raises:
        StartError, DatabaseAwayError: as `migrate`.
    """
    database.connect_for_start()
    return database.read(_revision) == HEAD


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608


def _upgrade(connection: Connection) -> bool:
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = _revision(connection)
    if found == HEAD:
        return False
    if found is None and take_over_version(connection):
        found = _revision(connection)
    if found is None:
        refuse_foreign_tables(connection)

    # Loaded only when there is something to do: gateways start faster and stay smaller without.
    from alembic import command
    from alembic.script import ScriptDirectory

    config = alembic_config(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise SchemaError(
            f"the database's schema is at revision {found!r}, which this version of Queuecast "
            f"(at {HEAD!r}) does not know: run a newer version"
        )
    command.upgrade(config, "head")
    return True


def alembic_config(connection: Connection) -> Config:
    """What Alembic needs to run our scripts on this connection."""
    from alembic.config import Config

    config = Config()
    # Alembic reads it as a configuration file's, in which a % begins the name of another option.
    scripts = str(Path(__file__).parent / "migrations").replace("%", "%%")
    config.set_main_option("script_location", scripts)
    config.attributes["connection"] = connection
    return config


def main(arguments: Sequence[str] | None = None) -> int:
    """The release step; the exit code is 1 with one line when it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.db.migrate", description="Bring the schema up to date."
    )
    parser.add_argument(
        "--wait", type=argument(seconds(0, 3600), "0 to 3600 seconds"), default=0.0,
        metavar="SECONDS",
        help="how long a database that does not answer yet is waited for (default 0)",
    )  # fmt: skip
    patience = parser.parse_args(arguments).wait
    try:
        settings = Settings.from_environment()
        configure("migrate", settings.log_level, settings.secrets)
        if settings.on_sqlite:
            make_data_folder(settings.data_dir)
        done = first_answer(settings.database_url, migrate, patience)
    except (StartError, DatabaseAwayError) as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return 1
    sys.stderr.write(f"queuecast: the schema {'is now' if done else 'was already'} at {HEAD}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
