"""`make replay`, `python -m worker.replay FOLDER`: what would change if this model were served?"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from shared.db.engine import Database, connect
from shared.db.migrate import refuse_other_schema
from shared.db.selection import EVERYTHING
from shared.db.stored_observations import Extent, extent
from shared.errors import QueuecastError, StartError
from shared.logs import configure
from shared.settings import Settings, cores, share_cores
from worker.model.artifacts import refuse_missing
from worker.replay.options import Options, parse

DONE, FAILED, CONDITION_HOLDS = 0, 1, 3
# How long PostgreSQL may take to let us in, in seconds.
_WAIT = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 3 when a condition holds, 1 with one line when something cannot be done, 2 for a wrong
    command line."""
    options = parse(arguments)
    try:
        return _replay(options)
    except QueuecastError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        return 130


def _replay(options: Options) -> int:
    settings = Settings.from_environment()
    configure("replay", settings.log_level, settings.secrets)
    refuse_missing(options.folder)
    database = connect(settings.database_url, connections=1, wait=_WAIT, read_only=True)
    try:
        refuse_other_schema(database)
        rows = _extent(database, options)
        processes = options.processes or cores()
        threads = share_cores(processes)
        # Late, so that what is wrong so far is said without loading scikit-learn first.
        from worker.replay.replay import replay

        found = replay(options, database, rows, settings.task_limit, processes, threads)
    finally:
        database.close()
    _tell(options, found)
    return _judge(found)


def _extent(database: Database, options: Options) -> Extent:
    found = extent(database, options.selection, options.newest)
    if not found.rows:
        asked_for_all = options.selection == EVERYTHING
        everything = found if asked_for_all else extent(database, EVERYTHING)
        raise StartError(
            f"DATABASE_URL is {database.shown_url!r}, which has no stored observation"
            + (f" like that, of {everything.rows:,}" if everything.rows else "")
        )
    return found


def _tell(options: Options, found: dict[str, Any]) -> None:
    from worker.replay.page import page
    from worker.replay.terminal import text

    if options.html is not None:
        try:
            options.html.write_text(page(found), encoding="utf-8")
        except OSError as error:
            raise StartError(
                f"--html is {str(options.html)!r}, which cannot be written: {error.strerror}"
            ) from error
    sys.stdout.write(json.dumps(found, indent=1) + "\n" if options.json else text(found))
    sys.stdout.flush()


def _judge(found: dict[str, Any]) -> int:
    conditions = found["conditions"]
    for each in conditions:
        if each["holds"] is None:
            why = found["quality"]["too_few"] or "the candidate answers no row"
            raise StartError(f"--fail-if {each['condition']!r} cannot be judged: {why}")
    return CONDITION_HOLDS if any(each["holds"] for each in conditions) else DONE


if __name__ == "__main__":
    sys.exit(main())
