"""The worker's Celery app: the tasks, and what happens around a fork."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import redis
from celery import Celery
from celery.signals import (
    setup_logging,
    worker_process_init,
    worker_ready,
    worker_shutdown,
)

from shared.db.engine import Database, connect
from shared.errors import DatabaseFaultError, ModelFaultError, UnavailableError
from shared.queue.broker import Broker, make_redis
from shared.queue.messages import PIECE_TASK, PREDICT_TASK, UPDATE_TASK, Group, MessageError
from shared.queue.names import Names
from shared.queue.piece_lane import PieceLane
from shared.queue.piece_message import Piece
from shared.queue.reloads import worker_of
from shared.settings import Settings
from worker.celery_parts.configuration import make_celery
from worker.celery_parts.lost_processes import FrequentPoolCheck, noticing
from worker.celery_parts.transport import make_transport
from worker.celery_parts.worker import stop_when_silent
from worker.child_memory import ChildMemory
from worker.clearing import Clearing
from worker.generations.reports import Reports
from worker.given_up import GivenUpGroups
from worker.groups import GroupRunner
from worker.heartbeat import Heartbeat
from worker.maintenance import Maintenance
from worker.orphans import end_with_parent
from worker.pieces.recovery import PieceRecovery
from worker.pieces.runner import PieceRunner
from worker.recovery import Recovery
from worker.reload_requests import ReloadRequests
from worker.scoring.trial import limit_threads
from worker.served_model import ServedModel
from worker.sweeper import Sweeper

log = logging.getLogger(__name__)

DATABASE_WAIT = 10.0
REDIS_WAIT = 2.0
# A job's lease outlives the longest scoring, and the longest wait for the database after a usual
# one, so that it hardly ever runs twice at once (which would cost time and do no harm).
LEASE_MARGIN = 5.0


Message = TypeVar("Message")


@dataclass(frozen=True, slots=True)
class Runners:
    """What runs the tasks of one child process."""

    groups: GroupRunner
    pieces: PieceRunner


def create_app(
    settings: Settings,
    served: ServedModel,
    memory: ChildMemory,
    maintenance: Maintenance,
    names: Names,
    threads: int,
) -> Celery:
    """Wire the app; nothing connects until the worker starts. `threads` is how many each child may
    use."""

    def stopping() -> bool:
        return served.state.stopping

    transport = make_transport(stopping)
    app = make_celery(settings, names, transport)
    app.steps["worker"].add(stop_when_silent(stopping, transport.awaits_a_message))
    # Made anew in each child: connections must not be shared across a fork.
    child: dict[str, Runners] = {}

    def runners() -> Runners:
        if "runners" not in child:
            limit = settings.task_limit
            lease = max(limit, DATABASE_WAIT) + LEASE_MARGIN
            database, client = _servers(settings)
            broker, lane = Broker(client, names), PieceLane(client, names)
            child["runners"] = Runners(
                GroupRunner(served, database, broker, limit, lease, settings.group_size),
                PieceRunner(served, database, lane, limit, lease),
            )
        return child["runners"]

    group_request = noticing(
        Group.from_text, maintenance.lost, maintenance.given_up.add, maintenance.put_back
    )
    piece_request = noticing(
        Piece.from_text, maintenance.lost, maintenance.pieces.given_up, maintenance.put_back
    )
    app.steps["worker"].add(FrequentPoolCheck)

    throws = (UnavailableError, DatabaseFaultError, ModelFaultError)

    # What gives a group up reaches the parent as one of these errors, which are logged already.
    @app.task(name=PREDICT_TASK, Request=group_request, throws=throws)
    def predict(text: Any) -> None:
        group = _read(text, Group.from_text)
        if group:
            runners().groups.predict(group)

    @app.task(name=UPDATE_TASK, Request=group_request)
    def update(text: Any) -> None:
        group = _read(text, Group.from_text)
        if group:
            runners().groups.update(group)

    @app.task(name=PIECE_TASK, Request=piece_request, throws=throws)
    def run_piece(text: Any) -> None:
        piece = _read(text, Piece.from_text)
        if piece:
            runners().pieces.run(piece)

    def on_ready(**_: Any) -> None:
        maintenance.start()

    def on_stopped(**_: Any) -> None:
        maintenance.stop()
        maintenance.join()

    def on_forked(**_: Any) -> None:
        """In a new child, before its first task."""
        # Platforms send SIGTERM to every process at once; the parent lets us finish and tells us.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_with_parent(lambda: served.state.stopping and not served.is_warm)
        limit_threads(threads)
        served.warm_up()
        limit_threads(threads)  # unpickling may have loaded more libraries
        memory.begin()

    worker_process_init.connect(on_forked, weak=False)
    worker_ready.connect(on_ready, weak=False)
    worker_shutdown.connect(on_stopped, weak=False)
    # Our own logs are configured already; this keeps Celery from replacing them.
    setup_logging.connect(lambda **_: None, weak=False)
    return app


def make_maintenance(
    name: str, settings: Settings, served: ServedModel, names: Names, reports: Reports, began: float
) -> Maintenance:
    """Wire what the parent process does beside its children, in a generation of this name that
    began then, by the monotonic clock; nothing connects until it starts."""
    database, client = _servers(settings)
    broker = Broker(client, names)
    reloads = ReloadRequests(worker_of(name), names.namespace, broker, reports, began)
    pieces = PieceRecovery(database, PieceLane(client, names))
    sweeper = Sweeper(name, settings.group_size, database, broker, pieces)
    return Maintenance(
        Heartbeat(
            name,
            served,
            settings.worker_processes,
            settings.worker_lanes,
            broker,
            reports,
            reloads,
        ),
        Clearing(name, settings.job_retention, _database(settings)),
        sweeper,
        Recovery(database, broker, sweeper),
        GivenUpGroups(database),
        pieces,
    )


def _servers(settings: Settings) -> tuple[Database, redis.Redis]:
    """The servers that one process of a worker talks to; nothing connects yet."""
    return _database(settings), make_redis(settings, REDIS_WAIT)


def _database(settings: Settings) -> Database:
    return connect(settings.database_url, connections=1, wait=DATABASE_WAIT)


def _read(text: Any, read: Callable[[Any], Message]) -> Message | None:
    try:
        return read(text)
    except MessageError as error:
        log.error("a message was dropped: %s", error)
        return None
