"""What was set aside, and back on its way: `python -m shared.dead_letters [list|replay]`.

It asks the database only: the Redis of `make run` is known to nobody else. A worker publishes what
was queued again, as it does with all jobs that have no message.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from shared.db import dead_jobs, leases
from shared.db.engine import Database, connect
from shared.db.job_rows import Job
from shared.db.migrate import is_newest
from shared.db.seen_rows import timestamp
from shared.errors import QueuecastError, StartError
from shared.logs import configure
from shared.settings import Settings

_SHOWN = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """List dead letters, or queue them again; 1, with one line, when that cannot be done."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.dead_letters",
        description="Jobs that failed for good: list them, or replay them when their cause is gone",
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("list", help="show them, the oldest first (what is done without a command)")
    replaying = commands.add_parser("replay", help="queue dead letters again, with all their tries")
    replaying.add_argument("job_ids", nargs="*", metavar="JOB_ID", help="only these (default: all)")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        configure("dead-letters", settings.log_level, settings.secrets)
        database = connect(settings.database_url, connections=1, wait=10.0)
        _refuse_unused(database)
        if chosen.command == "replay":
            return _replay(database, chosen.job_ids)
        return _list(database)
    except QueuecastError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return 1


def _refuse_unused(database: Database) -> None:
    # SQLite would make the file that it is asked about.
    if not database.is_there or not is_newest(database):
        raise StartError(
            f"DATABASE_URL is {database.shown_url!r}, on which no Queuecast of this version has "
            "run yet: name the database, or the DATA_DIR, of the one that set jobs aside"
        )


def _list(database: Database) -> int:
    dead = database.read(dead_jobs.dead_letters)
    for job in dead:
        sys.stdout.write(_line(job) + "\n")
    sys.stdout.write(f"{len(dead)} dead letters\n")
    return 0


def _replay(database: Database, job_ids: Sequence[str]) -> int:
    wanted = job_ids or [j.request.request_id for j in database.read(dead_jobs.dead_letters)]
    queued = database.write(lambda c: dead_jobs.replay(c, wanted))
    when = ": a worker takes them within seconds"
    if not database.read(lambda c: leases.is_held(c, leases.SWEEPER)):
        when = ": no worker runs, so they wait until one is started"
    sys.stdout.write(f"{len(queued)} dead letters are queued again{when if queued else ''}\n")
    strangers = sorted(set(wanted) - {j.request.request_id for j in queued})
    for job_id in strangers:
        sys.stderr.write(f"queuecast: {job_id[:_SHOWN]} is no dead letter\n")
    return 1 if strangers else 0


def _line(job: Job) -> str:
    reason = (job.outcome or {}).get("error", "")
    observation_id = job.request.observation_id.as_sent
    return (
        f"{job.request.request_id}  {timestamp(job.finished_at)}  {job.request.kind}  "
        f"{observation_id!r}  {reason}"
    )


if __name__ == "__main__":
    sys.exit(main())
