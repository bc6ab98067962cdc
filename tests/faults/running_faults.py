"""Faults that can happen to a running system, each on real processes. A fault returns when all
parts are back; what follows, the system has to do by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import psutil

from local.part import Part
from shared.queue.messages import Lane
from tests.faults import processes
from tests.faults.plays.garbage import garbage
from tests.faults.plays.leavers import clients_left
from tests.faults.plays.refusing_redis import redis_full, redis_replica
from tests.faults.record import Address
from tests.faults.stage import CHILDREN, Stage
from tests.system import wait_for

Fault = Callable[[Stage], None]


def child_killed(stage: Stage) -> None:
    """SIGKILL a child of the worker, as it scores a group and as it stores one."""
    for _ in range(stage.size.kills):
        _kill_child(stage, processes.busy_child(stage.worker))
        with stage.mid_group("a child is killed as it stores"):
            _kill_child(stage, stage.random.choice(processes.children(stage.worker)))


def _kill_child(stage: Stage, victim: psutil.Process) -> None:
    """Kill it, and wait until the worker has started another."""
    victim.kill()

    def replaced() -> bool:
        now = [child.pid for child in processes.children(stage.worker)]
        return victim.pid not in now and len(now) >= CHILDREN

    wait_for(replaced, 30, "the worker replaces its child")


def worker_killed(stage: Stage) -> None:
    """SIGKILL the worker and its children, with a group in each of them; another is started."""
    with stage.mid_group("the worker is killed"):
        stage.kill(stage.worker)
    stage.renew_worker()


def worker_stopped(stage: Stage) -> None:
    """SIGTERM every process of the worker, with a group in each of them; another is started."""
    _terminate(stage, "the worker is stopped", [stage.worker])
    stage.renew_worker()


def _terminate(
    stage: Stage, what: str, parts: Sequence[Part], gateway: Address | None = None
) -> None:
    """Tell them to stop while groups are scored and not stored, which they can be from then on."""
    with ExitStack() as held:
        held.enter_context(stage.mid_group(what, gateway))
        stage.terminate(parts, sent=held.close)


def gateway_killed(stage: Stage) -> None:
    """SIGKILL a gateway on which clients wait; another is started."""
    place = stage.random.randrange(len(stage.system.gateways))
    part, client = stage.system.gateways[place]
    with stage.mid_group("a gateway is killed", client.address):
        stage.kill(part)
    stage.renew_gateway(place)


def gateway_stopped(stage: Stage) -> None:
    """SIGTERM every process of a gateway on which clients wait; another is started."""
    place = stage.random.randrange(len(stage.system.gateways))
    part, client = stage.system.gateways[place]
    _terminate(stage, "a gateway is stopped", [part], client.address)
    stage.renew_gateway(place)


def all_stopped(stage: Stage) -> None:
    """SIGTERM every process of every part at once, as Heroku does; all are started again."""
    system = stage.system
    gateways = [part for part, _ in system.gateways]
    _terminate(stage, "all are stopped", [*gateways, *system.workers])
    stage.renew_worker()
    for place in range(len(gateways)):
        stage.renew_gateway(place)


def redis_emptied(stage: Stage) -> None:
    """Redis is killed with messages in it, and comes back empty."""
    with ExitStack() as held:
        held.enter_context(stage.mid_group("Redis is killed", queued=True))
        with stage.outage(stage.servers.without_redis(empty=True)):
            held.close()
            time.sleep(stage.size.restart)


def redis_restarted(stage: Stage) -> None:
    """Redis is killed with messages in it, and comes back with its append-only file."""
    with ExitStack() as held:
        held.enter_context(stage.mid_group("Redis is killed", queued=True))
        with stage.outage(stage.servers.without_redis(empty=False)):
            held.close()
            time.sleep(stage.size.restart)


def redis_flushed(stage: Stage) -> None:
    """FLUSHALL under load, with messages on the lanes."""
    lanes = [stage.system.queue(lane) for lane in Lane]
    for _ in range(stage.size.kills):
        with stage.mid_group("FLUSHALL", queued=True):
            assert stage.servers.flush_redis(lanes), "FLUSHALL destroyed no message"
        stage.await_answers(10)


def redis_paused(stage: Stage) -> None:
    """SIGSTOP Redis for a while, with messages in it."""
    with ExitStack() as held:
        held.enter_context(stage.mid_group("Redis is frozen", queued=True))
        with stage.outage(stage.servers.redis_frozen()):
            held.close()
            time.sleep(stage.size.outage)


def postgres_stopped(stage: Stage) -> None:
    """PostgreSQL is shut down for a while, as groups are stored."""
    with (
        stage.mid_group("PostgreSQL is shut down"),
        stage.outage(stage.servers.without_postgres(kill=False)),
    ):
        time.sleep(stage.size.outage)


def postgres_killed(stage: Stage) -> None:
    """SIGKILL PostgreSQL and its backends, as groups are stored; it recovers from its log."""
    with (
        stage.mid_group("PostgreSQL is killed"),
        stage.outage(stage.servers.without_postgres(kill=True)),
    ):
        time.sleep(stage.size.restart)


def postgres_paused(stage: Stage) -> None:
    """SIGSTOP every process of PostgreSQL for a while, as groups are stored."""
    with (
        stage.mid_group("PostgreSQL is frozen"),
        stage.outage(stage.servers.postgres_frozen()),
    ):
        time.sleep(stage.size.outage)


def connections_cut(stage: Stage) -> None:
    """pg_terminate_backend on every connection, again and again."""
    # The server is there all the time, so nobody needs to be refused.
    with stage.mid_group("connections are cut"):
        assert stage.servers.cut_connections(stage.system.database_url), "nothing was cut"
    deadline = time.monotonic() + stage.size.outage / 2
    while time.monotonic() < deadline:
        stage.servers.cut_connections(stage.system.database_url)
        time.sleep(0.25)


def database_read_only(stage: Stage) -> None:
    """The database refuses writes for a while, as groups are stored."""
    with (
        stage.mid_group("the database refuses writes"),
        stage.outage(stage.servers.read_only(stage.system.database_url)),
    ):
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
    "redis-full": redis_full,
    "redis-replica": redis_replica,
    "postgres-stopped": postgres_stopped,
    "postgres-killed": postgres_killed,
    "postgres-paused": postgres_paused,
    "connections-cut": connections_cut,
    "database-read-only": database_read_only,
    "garbage": garbage,
    "leavers": clients_left,
}
OF_POSTGRES = {
    "postgres-stopped", "postgres-killed", "postgres-paused", "connections-cut",
    "database-read-only",
}  # fmt: skip
