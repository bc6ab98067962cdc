"""The worker's Celery app: the tasks, and what happens around a fork."""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Any

from celery import Celery
from celery.signals import (
    setup_logging,
    worker_process_init,
    worker_ready,
    worker_shutdown,
)
from threadpoolctl import threadpool_limits

from shared.db.engine import Database, connect
from shared.errors import DatabaseFaultError, UnavailableError
from shared.queue.broker import Broker, make_redis
from shared.queue.messages import PREDICT_TASK, UPDATE_TASK, Group, MessageError
from shared.queue.names import Names
from shared.settings import Settings
from worker.celery_parts.configuration import make_celery
from worker.celery_parts.lost_processes import FrequentPoolCheck, noticing
from worker.given_up import GivenUpGroups
from worker.groups import GroupRunner
from worker.heartbeat import Heartbeat
from worker.maintenance import Maintenance
from worker.model.loading import Model
from worker.recovery import Recovery
from worker.sweeper import Sweeper

log = logging.getLogger(__name__)

DATABASE_WAIT = 10.0
REDIS_WAIT = 2.0
# A job's lease outlives the longest scoring, and the longest wait for the database after a usual
# one, so that it hardly ever runs twice at once (which would cost time and do no harm).
LEASE_MARGIN = 5.0


def create_app(settings: Settings, model: Model, maintenance: Maintenance, names: Names) -> Celery:
    """Wire the app; nothing connects until the worker starts."""
    app = make_celery(settings, names)
    # Made anew in each child: connections must not be shared across a fork.
    child: dict[str, GroupRunner] = {}

    def runner() -> GroupRunner:
        if "runner" not in child:
            limit = settings.task_limit
            lease = max(limit, DATABASE_WAIT) + LEASE_MARGIN
            child["runner"] = GroupRunner(model, *_servers(settings, names), limit, lease)
        return child["runner"]

    request = noticing(maintenance.lost, maintenance.given_up.add)
    app.steps["worker"].add(FrequentPoolCheck)

    # What gives a group up reaches the parent as one of these errors, which are logged already.
    @app.task(name=PREDICT_TASK, Request=request, throws=(UnavailableError, DatabaseFaultError))
    def predict(text: Any) -> None:
        group = _read(text)
        if group:
            runner().predict(group)

    @app.task(name=UPDATE_TASK, Request=request)
    def update(text: Any) -> None:
        group = _read(text)
        if group:
            runner().update(group)

    def on_ready(**_: Any) -> None:
        maintenance.start()
        log.info("ready: model %s, %d processes", model.version, settings.worker_processes)

    def on_stopped(**_: Any) -> None:
        maintenance.stop()
        maintenance.join()

    worker_process_init.connect(_forked, weak=False)
    worker_ready.connect(on_ready, weak=False)
    worker_shutdown.connect(on_stopped, weak=False)
    # Our own logs are configured already; this keeps Celery from replacing them.
    setup_logging.connect(lambda **_: None, weak=False)
    return app


def make_maintenance(name: str, settings: Settings, model: Model, names: Names) -> Maintenance:
    """Wire what the parent process does beside its children, in a worker of this name; nothing
    connects until it starts."""
    database, broker = _servers(settings, names)
    sweeper = Sweeper(name, settings.group_size, settings.job_retention, database, broker)
    return Maintenance(
        Heartbeat(name, model.version, broker),
        sweeper,
        Recovery(database, broker, sweeper),
        GivenUpGroups(database),
    )


def _servers(settings: Settings, names: Names) -> tuple[Database, Broker]:
    """The servers that one process of a worker talks to; nothing connects yet."""
    database = connect(settings.database_url, connections=1, wait=DATABASE_WAIT)
    return database, Broker(make_redis(settings, REDIS_WAIT), names)


def _read(text: Any) -> Group | None:
    try:
        return Group.from_text(text)
    except MessageError as error:
        log.error("a message was dropped: %s", error)
        return None


def _forked(**_: Any) -> None:
    """In a new child, before its first task."""
    # Platforms send SIGTERM to every process at once. Only the parent must act on it: it lets its
    # children finish first, and then ends them.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # One thread: as many children as cores are meant to score at once.
    threadpool_limits(limits=1)
    threading.Thread(target=_die_with, args=(os.getppid(),), daemon=True).start()


def _die_with(parent: int) -> None:
    """End this child when its parent was killed: it would get no work and never be stopped."""
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(1.0)
    os._exit(1)
