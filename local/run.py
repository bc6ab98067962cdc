"""`make run`: everything on this machine, started in order, watched, and stopped in order."""

from __future__ import annotations

import sys
from functools import partial

from local.console import say
from local.data_folder_lock import DataFolderLock
from local.example import find_example
from local.given_servers import reach_database, reach_redis
from local.greeting import make_greeting
from local.model_environment import python_for
from local.readiness import wait_until_ready
from local.redis_server import RedisServer
from local.stop_request import Stopped, StopRequest
from local.supervised_part import PartRefusedError
from local.supervisor import Supervisor
from shared.address import listening_address, refuse_taken_port
from shared.errors import StartError
from shared.logs import configure
from shared.settings import CHECKOUT, ENVIRONMENT, Settings
from worker.model.artifacts import refuse_missing

# In seconds; together under what a platform grants before it kills.
GATEWAY_STOPS_WITHIN, WORKER_STOPS_WITHIN, REDIS_STOPS_WITHIN = 12.0, 9.0, 3.0


def main(stop_request: StopRequest) -> int:
    """Run until told to stop; the exit code is 1 when this cannot run as it is set up."""
    try:
        stop_request.pause()  # while this was loaded
        settings = Settings.from_environment()
        configure("run", settings.log_level, settings.secrets)
        refuse_taken_port(settings.host, settings.port)
        refuse_missing(settings.model_dir)
        with DataFolderLock(settings.data_dir) as lock:
            reach_database(settings, stop_request)
            if settings.redis_url:
                reach_redis(settings)
            python = python_for(settings.model_dir, settings.data_dir, stop_request)
            with Supervisor(stop_request) as supervisor:
                settings = _start(settings, python, lock, supervisor, stop_request)
                address = listening_address(settings.host, settings.port)
                wait_until_ready(address, supervisor, stop_request)
                example = find_example(settings)
                say(make_greeting(address, example, len(settings.api_key), ENVIRONMENT))
                supervisor.watch()
    except Stopped:
        return 0
    except StartError as error:
        say(str(error))
    except PartRefusedError:
        pass  # the part has said why
    return 1


def _start(
    settings: Settings,
    python: str,
    lock: DataFolderLock,
    supervisor: Supervisor,
    stop_request: StopRequest,
) -> Settings:
    """Start everything, the worker on this `python`; the settings that the parts were given."""
    environment = dict(ENVIRONMENT)
    if not settings.redis_url:
        # The lock goes with Redis: whatever becomes of this process, no other Redis is started
        # on the folder while this one lives.
        start_redis = partial(supervisor.start_part, keep_open=(lock.descriptor,))
        server = RedisServer(settings.data_dir / "redis", environment, start_part=start_redis)
        environment["REDIS_URL"] = server.url
        hint = f" (see {server.log})"
        # Gateway and worker wait by themselves for a Redis that comes back.
        supervisor.add(server.part, server.launch, REDIS_STOPS_WITHIN, hint)
    for name, interpreter, module, seconds in (
        ("the worker", python, "worker", WORKER_STOPS_WITHIN),
        ("the gateway", sys.executable, "api", GATEWAY_STOPS_WITHIN),
    ):
        stop_request.pause()
        command = [interpreter, "-m", module]
        start = partial(supervisor.start_part, name, command, environment, folder=CHECKOUT)
        supervisor.add(start(), start, seconds)
    return Settings.from_environment(environment)
