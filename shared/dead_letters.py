"""What was set aside, and back on its way: `python -m shared.dead_letters [replay [JOB_ID …]]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from shared.db import dead_jobs
from shared.db.deployment import namespace
from shared.db.engine import Database, connect
from shared.db.job_rows import Job
from shared.db.seen_rows import timestamp
from shared.errors import BrokerAwayError, QueuecastError, StartError
from shared.logs import configure
from shared.queue.broker import Broker, make_redis
from shared.queue.messages import Group, new_request_id
from shared.queue.names import Names
from shared.settings import Settings

_SHOWN = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """List dead letters, or queue them again; 1, with one line, when that cannot be done."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.dead_letters",
        description="Jobs that failed for good: list them, or replay them when their cause is gone",
    )
    commands = parser.add_subparsers(dest="command")
    replaying = commands.add_parser("replay", help="queue dead letters again, with all their tries")
    replaying.add_argument("job_ids", nargs="*", metavar="JOB_ID", help="only these (default: all)")
    chosen = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment()
        configure("dead-letters", settings.log_level, settings.secrets)
        database = connect(settings.database_url, connections=1, wait=10.0)
        if chosen.command == "replay":
            return _replay(settings, database, chosen.job_ids)
        return _list(database)
    except QueuecastError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return 1


def _list(database: Database) -> int:
    dead = database.read(dead_jobs.dead_letters)
    for job in dead:
        sys.stdout.write(_line(job) + "\n")
    sys.stdout.write(f"{len(dead)} dead letters\n")
    return 0


def _replay(settings: Settings, database: Database, job_ids: Sequence[str]) -> int:
    if not settings.redis_url:
        raise StartError("REDIS_URL is not set: name the Redis that the workers listen to")
    wanted = job_ids or [j.request.request_id for j in database.read(dead_jobs.dead_letters)]
    queued = database.write(lambda c: dead_jobs.replay(c, wanted))
    broker = Broker(make_redis(settings, 2.0), Names(database.read(namespace)))
    try:
        for job in queued:
            # In a group of its own: if it ends its process again, no other request is hit.
            group = Group(new_request_id(), job.reply_to, (job.request,))
            broker.publish(group, job.lane)
    except BrokerAwayError as error:
        sys.stderr.write(f"queuecast: {error}; a worker will publish them later\n")
    sys.stdout.write(f"{len(queued)} dead letters are queued again\n")
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
