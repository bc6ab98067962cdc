"""Start a worker: `python -m worker`."""

from __future__ import annotations

import gc
import socket
import sys

from shared.data_folder import make_data_folder
from shared.db.deployment import namespace
from shared.db.engine import Database
from shared.db.first_answer import first_answer
from shared.db.migrate import migrate
from shared.errors import REFUSED, StartError
from shared.logs import configure
from shared.queue.messages import new_request_id
from shared.queue.names import Names
from shared.queue.start_check import refuse_useless_redis
from shared.settings import Settings, share_cores
from shared.stop_limit import ignore_signals
from worker.model.artifacts import refuse_missing


def main() -> int:
    """Run until told to stop; `REFUSED` with one line when this cannot start as it is set up."""
    try:
        settings = Settings.from_environment()
        configure("worker", settings.log_level, settings.secrets)
        refuse_useless_redis(settings)
        if settings.on_sqlite:
            make_data_folder(settings.data_dir)
        refuse_missing(settings.model_dir)
        threads = share_cores(settings.worker_processes)
        # Late, so that a bad setting is reported without loading scikit-learn first.
        from worker.app import create_app, make_maintenance
        from worker.celery_parts.pool import make_pool
        from worker.celery_parts.worker import SignalSafeWorker
        from worker.child_memory import MIB, ChildMemory
        from worker.model.loading import warn_of_version
        from worker.scoring.trial import try_out
        from worker.served_model import ServedModel

        trial = try_out(settings.model_dir, settings.task_limit, threads)
        warn_of_version(trial.written_with)
        served = ServedModel(settings.model_dir, trial, settings.task_limit)
        # What is in memory now stays there. If the garbage collector looked at it again, it would
        # write to its pages, and children would no longer share them.
        gc.collect()
        gc.freeze()
        names = first_answer(settings.database_url, _learn_names)
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return REFUSED
    name = f"{socket.gethostname()}-{new_request_id()}"
    maintenance = make_maintenance(name, settings, served, names)
    memory = ChildMemory(settings.worker_memory * MIB)
    app = create_app(settings, served, memory, maintenance, names, threads)
    # A worker that stops replaces no child: nobody would be there for the task that it leaves.
    pool = make_pool(
        lambda: not served.state.answers,
        lambda: not served.state.stopping and memory.must_end(),
    )
    worker = SignalSafeWorker(app, name, pool, settings, on_stop=maintenance.stop)
    worker.start()
    ignore_signals()
    return int(worker.exitcode or 0)


def _learn_names(database: Database) -> Names:
    """Bring the schema up to date, and learn our names from it."""
    migrate(database)
    return Names(database.read(namespace))


if __name__ == "__main__":
    sys.exit(main())
