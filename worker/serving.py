"""What a generation does: it tries the model, and serves it until it is told to stop."""

from __future__ import annotations

import gc
import logging
import os
import socket
import time
from collections.abc import Sequence

from shared.db import model_names
from shared.db.deployment import namespace
from shared.db.engine import Database
from shared.db.first_answer import first_answer
from shared.db.migrate import migrate
from shared.errors import REFUSED, QueuecastError, StartError
from shared.queue.broker import Broker, make_redis
from shared.queue.messages import new_request_id
from shared.queue.names import Names
from shared.queue.reloads import ReloadOutcome, ReloadState
from shared.settings import Settings
from shared.stop_limit import ignore_signals
from worker.app import REDIS_WAIT, create_app, make_maintenance
from worker.celery_parts.pool import make_pool
from worker.celery_parts.worker import SignalSafeWorker, die_with
from worker.child_memory import MIB, ChildMemory
from worker.generations.reports import Refused, ReloadAsked, Reports, Tried
from worker.model.loading import warn_of_version
from worker.scoring.trial import Trial, try_steady
from worker.served_model import ServedModel

log = logging.getLogger(__name__)


def new_worker_name() -> str:
    """A name of this worker's own, which its host's begins."""
    return f"{socket.gethostname()}-{new_request_id()}"


def serve(worker: str, settings: Settings, threads: int, number: int, reports: Reports) -> int:
    """Be the generation of this number of a worker; the exit code. Each process may use `threads`
    threads."""
    began = time.monotonic()
    die_with(os.getppid())
    try:
        files, trial = try_steady(settings.model_dir, settings.task_limit, threads)
        reports.say(Tried(trial.version))
        warn_of_version(trial.written_with)
        served = ServedModel(files, trial, settings.task_limit)
        del files
        # As the worker's process has it, with the model: for children.
        gc.collect()
        gc.freeze()
        names = first_answer(
            settings.database_url, lambda database: _prepare(database, trial.version, _name(trial))
        )
    except StartError as error:
        reports.say(Refused(str(error)))
        return REFUSED
    name = f"{worker}.{number}"
    maintenance = make_maintenance(name, settings, served, names, reports, began)
    memory = ChildMemory(settings.worker_memory * MIB)
    app = create_app(settings, served, memory, maintenance, names, threads)
    # A worker that stops replaces no child: nobody would be there for the task that it leaves.
    pool = make_pool(
        lambda: not served.state.answers,
        lambda: not served.state.stopping and memory.must_end(),
    )
    celery = SignalSafeWorker(app, name, pool, settings, on_stop=maintenance.stop)
    celery.start()
    ignore_signals()
    return int(celery.exitcode or 0)


def tell_of_reload(
    worker: str,
    settings: Settings,
    asked: Sequence[ReloadAsked],
    version: str,
    kept_for: str | None,
) -> None:
    """Tell those who asked for a reload how it ended; see `WorkerProcess`."""
    state = ReloadState.RELOADED if kept_for is None else ReloadState.KEPT
    outcome = ReloadOutcome(worker, state, version, kept_for)
    for request in asked:
        client = make_redis(settings, REDIS_WAIT)
        try:
            Broker(client, Names(request.namespace)).tell_of_reload(request.reload_id, outcome)
        except QueuecastError as error:
            log.warning("reload: who asked for it is not told: %s", error)
        finally:
            client.close()


def _prepare(database: Database, version: str, name: str | None) -> Names:
    """Bring the schema up to date, say what our model is called, and learn our names on Redis."""
    migrate(database)
    if name is not None:
        database.write(lambda connection: model_names.remember(connection, version, name))
    return Names(database.read(namespace))


def _name(trial: Trial) -> str | None:
    """What the model's manifest calls it."""
    name: str | None = trial.description["details"]["name"]
    return name
