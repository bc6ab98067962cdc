"""A disk that is full, under PostgreSQL and under SQLite, and has room again."""

from __future__ import annotations

import time
from pathlib import Path

from tests.faults.evidence import query
from tests.faults.scenario import Scenario
from tests.faults.servers import Servers
from tests.faults.small_disk import SmallDisk, why_not
from tests.faults.stage import Stage

# Megabytes: an empty database of PostgreSQL has eight.
_FOR_POSTGRES, _FOR_SQLITE = 64, 16
_TABLESPACE = "small_disk"


def _on_postgres(servers: Servers, _folder: Path) -> str:
    """A database whose tables are on a small disk; the server's log of changes is not."""
    disk = SmallDisk(_FOR_POSTGRES, servers.postgres.user)
    servers.disk = disk
    servers.beside.callback(disk.remove)
    url = servers.new_database()
    name = url.rpartition("/")[2]
    main = servers.postgres.url()
    query(main, f"CREATE TABLESPACE {_TABLESPACE} LOCATION '{disk.folder}'")
    servers.beside.callback(query, main, f"DROP TABLESPACE {_TABLESPACE}")
    query(main, f'ALTER DATABASE "{name}" SET TABLESPACE {_TABLESPACE}')
    servers.beside.callback(query, main, f'DROP DATABASE "{name}" WITH (FORCE)')
    return url


def _on_sqlite(servers: Servers, _folder: Path) -> str:
    """A file on a small disk."""
    disk = SmallDisk(_FOR_SQLITE)
    servers.disk = disk
    servers.beside.callback(disk.remove)
    return f"sqlite:///{disk.folder}/faults.db"


def play(stage: Stage) -> None:
    """The disk fills up under load, until somebody has been refused, and has room again."""
    disk = stage.servers.disk
    assert disk is not None
    with stage.load():
        stage.strike("the disk is full")
        # No outage: the server is there, and what still finds room on a page is accepted.
        stage.trouble()
        with disk.full():
            before = len(stage.history)
            time.sleep(stage.size.outage)
            refused = [r for r in stage.history.records[before:] if r.refused]
        assert refused, "nobody was refused, so the disk was not needed"
        said = {str((r.body or {}).get("error")) for r in refused}
        assert any("disk is full" in text for text in said), said
        stage.shown.append(f"{len(refused)} were refused")
        stage.recovered()


POSTGRES = Scenario(
    "postgres-disk-full", "PostgreSQL's disk is full, and has room again", play,
    gateways=2, alone=True, database=_on_postgres, why_not=why_not,
)  # fmt: skip
SQLITE = Scenario(
    "sqlite-disk-full", "SQLite's disk is full, and has room again", play,
    alone=True, database=_on_sqlite, why_not=why_not,
)  # fmt: skip
