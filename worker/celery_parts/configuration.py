"""How Celery is set up to consume the lanes."""

from __future__ import annotations

from functools import partial

from celery import Celery
from celery.worker import state
from kombu import Exchange, Queue

from shared.queue.broker import tls_options
from shared.queue.messages import PIECE_TASK, Lane
from shared.queue.names import Names
from shared.settings import Settings
from worker.celery_parts.lane_order import Bulk, LaneOrder
from worker.celery_parts.transport import Transport

# How long a child's last message may take to arrive when it has died.
LOST_WAIT = 0.5
# The limit on scoring is worker.scoring.time_limit's. Celery's is for a process that hangs beside
# that, and far beyond what a slow database may cost, since it counts as the group's fault.
HANGING = 300.0
# A child takes its first task when its model has answered, and waits until it does.
STARTING = 86_400.0


def make_celery(settings: Settings, names: Names, transport: type[Transport] = Transport) -> Celery:
    """The Celery app of a worker of the deployment that has these names, without tasks."""
    queues = [names.queue(lane) for lane in settings.worker_lanes]
    # Where there is one process only, it has no bulk in hand when it takes something.
    bulk = Bulk(
        names.queue(Lane.BULK), names.queue(Lane.INTERACTIVE),
        max(settings.worker_processes - 1, 1), _pieces_in_hand,
    )  # fmt: skip
    app = Celery("queuecast")
    app.conf.update(
        broker_url=settings.redis_url,
        broker_transport=transport,
        broker_use_ssl=tls_options(settings),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=1.0,
        broker_transport_options={
            # One list a queue.
            "priority_steps": [0],
            "queue_order_strategy": partial(LaneOrder, bulk=bulk),
            "health_check_interval": 5,
            "retry_policy": {"max_retries": 0},
            # No limit on reading: a worker's connection blocks on purpose.
            "socket_connect_timeout": 1.0,
        },
        task_queues=[Queue(q, Exchange(q), routing_key=q, no_ack=True) for q in queues],
        task_default_queue=queues[0],
        task_create_missing_queues=False,
        task_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        task_ignore_result=True,
        result_backend=None,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        worker_concurrency=settings.worker_processes,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=STARTING,
        worker_lost_wait=LOST_WAIT,
        task_time_limit=settings.task_limit + HANGING,
        task_acks_late=False,
        enable_utc=True,
    )
    return app


def _pieces_in_hand() -> int:
    """How many of this worker's processes have a piece of a batch."""
    return sum(request.name == PIECE_TASK for request in list(state.reserved_requests))
