"""Faults that can happen to a running system, each on real processes. A fault returns when all
parts are back; what follows, the system has to do by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

from tests.faults import processes
from tests.faults.plays.garbage import garbage
from tests.faults.plays.leavers import clients_left
from tests.faults.stage import Stage
from tests.system import wait_for

Fault = Callable[[Stage], None]

# The worker's, by default (WORKER_PROCESSES).
_CHILDREN = 2


def child_killed(stage: Stage) -> None:
    """SIGKILL a child of the worker, as it scores a group and as it stores one."""
    for _ in range(stage.size.kills):
        _kill_child(stage, processes.busy_child(stage.worker))
        with stage.servers.storing_held(stage.system.database_url, _CHILDREN):
            _kill_child(stage, stage.random.choice(processes.children(stage.worker)))


def _kill_child(stage: Stage, victim: psutil.Process) -> None:
    """Kill it, and wait until the worker has started another."""
    victim.kill()

    def replaced() -> bool:
        now = [child.pid for child in processes.children(stage.worker)]
        return victim.pid not in now and len(now) >= _CHILDREN

    wait_for(replaced, 30, "the worker replaces its child")


def worker_killed(stage: Stage) -> None:
    """SIGKILL the worker and its children, with a group in each of them; another is started."""
    with stage.servers.storing_held(stage.system.database_url, _CHILDREN):
        stage.kill(stage.worker)
    stage.renew_worker()


def worker_stopped(stage: Stage) -> None:
    """SIGTERM every process of the worker; another is started."""
    stage.terminate([stage.worker])
    stage.renew_worker()


def gateway_killed(stage: Stage) -> None:
    """SIGKILL a gateway; another is started."""
    place = stage.random.randrange(len(stage.system.gateways))
    stage.kill(stage.system.gateways[place][0])
    stage.renew_gateway(place)


def gateway_stopped(stage: Stage) -> None:
    """SIGTERM every process of a gateway; another is started."""
    place = stage.random.randrange(len(stage.system.gateways))
    stage.terminate([stage.system.gateways[place][0]])
    stage.renew_gateway(place)


def all_stopped(stage: Stage) -> None:
    """SIGTERM every process of every part at once, as Heroku does; all are started again."""
    system = stage.system
    gateways = [part for part, _ in system.gateways]
    stage.terminate([*gateways, *system.workers])
    stage.renew_worker()
    for place in range(len(gateways)):
        stage.renew_gateway(place)


def redis_emptied(stage: Stage) -> None:
    """Redis is killed, and comes back empty."""
    with stage.outage(stage.servers.without_redis(empty=True)):
        time.sleep(stage.size.restart)


def redis_restarted(stage: Stage) -> None:
    """Redis is killed, and comes back with what its append-only file holds."""
    with stage.outage(stage.servers.without_redis(empty=False)):
        time.sleep(stage.size.restart)


def redis_flushed(stage: Stage) -> None:
    """FLUSHALL under load."""
    for _ in range(stage.size.kills):
        stage.servers.flush_redis()
        stage.await_answers(10)


def redis_paused(stage: Stage) -> None:
    """SIGSTOP Redis for a while."""
    with stage.outage(stage.servers.redis_frozen()):
        time.sleep(stage.size.outage)


def postgres_stopped(stage: Stage) -> None:
    """PostgreSQL is shut down for a while."""
    with stage.outage(stage.servers.without_postgres(kill=False)):
        time.sleep(stage.size.outage)


def postgres_killed(stage: Stage) -> None:
    """SIGKILL PostgreSQL and its backends; it recovers from its log."""
    with stage.outage(stage.servers.without_postgres(kill=True)):
        time.sleep(stage.size.restart)


def postgres_paused(stage: Stage) -> None:
    """SIGSTOP every process of PostgreSQL for a while."""
    with stage.outage(stage.servers.postgres_frozen()):
        time.sleep(stage.size.outage)


def connections_cut(stage: Stage) -> None:
    """pg_terminate_backend on every connection, again and again."""
    # The server is there all the time, so nobody needs to be refused.
    deadline = time.monotonic() + stage.size.outage / 2
    while time.monotonic() < deadline:
        stage.servers.cut_connections(stage.system.database_url)
        time.sleep(0.25)


def database_read_only(stage: Stage) -> None:
    """The database refuses writes for a while."""
    with stage.outage(stage.servers.read_only(stage.system.database_url)):
        time.sleep(stage.size.outage / 2)


FAULTS: dict[str, Fault] = {
    "child-killed": child_killed,
    "worker-killed": worker_killed,
    "gateway-killed": gateway_killed,
    "worker-stopped": worker_stopped,
    "gateway-stopped": gateway_stopped,
    "all-stopped": all_stopped,
    "redis-emptied": redis_emptied,
    "redis-restarted": redis_restarted,
    "redis-flushed": redis_flushed,
    "redis-paused": redis_paused,
    "postgres-stopped": postgres_stopped,
    "postgres-killed": postgres_killed,
    "postgres-paused": postgres_paused,
    "connections-cut": connections_cut,
    "database-read-only": database_read_only,
    "garbage": garbage,
    "leavers": clients_left,
}
