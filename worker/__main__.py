"""Start a worker: `python -m worker`."""

from __future__ import annotations

import gc
import logging
import socket
import sys
import threading

from shared.db.engine import connect
from shared.db.migrate import migrate
from shared.errors import REFUSED, BrokerAwayError, DatabaseAwayError, StartError
from shared.logs import configure
from shared.queue.broker import Broker, make_redis, refuses_login
from shared.queue.messages import new_request_id
from shared.settings import Settings, share_cores
from worker.model.artifacts import refuse_missing

log = logging.getLogger(__name__)


def main() -> int:
    """Run until told to stop; `REFUSED` with one line when this cannot start as it is set up."""
    try:
        settings = Settings.from_environment()
        configure("worker", settings.log_level, settings.secrets)
        if not settings.redis_url:
            raise StartError("REDIS_URL is not set; `make run` starts an embedded Redis")
        refuse_missing(settings.model_dir)
        threads = share_cores(settings.worker_processes)
        # Late, so that a bad setting is reported without loading scikit-learn first.
        from worker.app import create_app, make_upkeep
        from worker.celery_parts.pool import make_pool
        from worker.celery_parts.worker import Service
        from worker.model.loading import warn_of_version
        from worker.scoring.trial import try_out
        from worker.served_model import ServedModel

        trial = try_out(settings.model_dir, settings.task_limit, threads)
        warn_of_version(trial.written_with)
        served = ServedModel(settings.model_dir, trial, settings.task_limit)
        # What is here now stays: the collector need not look at it, nor unshare its pages.
        gc.collect()
        gc.freeze()
        _check_redis(settings)
        _wait_for_schema(settings)
    except StartError as error:
        sys.stderr.write(f"queuecast: {error}\n")
        return REFUSED
    name = f"{socket.gethostname()}-{new_request_id()}"
    upkeep = make_upkeep(name, settings, served)
    worker = Service(
        on_stop=upkeep.stop,
        app=create_app(settings, served, upkeep, threads),
        hostname=name,
        pool=make_pool(lambda: not served.state.answers),
        concurrency=settings.worker_processes,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        loglevel=settings.log_level,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _check_redis(settings: Settings) -> None:
    try:
        Broker(make_redis(settings, 1.0)).ping()
    except BrokerAwayError as error:
        if refuses_login(error):
            raise StartError(f"REDIS_URL: Redis refuses the login: {error.__cause__}") from error
        log.warning("Redis does not answer yet")


def _wait_for_schema(settings: Settings) -> None:
    if settings.on_sqlite:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    pause = threading.Event()
    while True:
        database = connect(settings.database_url, connections=1, wait=10.0)
        try:
            migrate(database)
            return
        except DatabaseAwayError as error:
            log.warning("%s; trying again", error)
            pause.wait(1.0)
        finally:
            # Nothing that is connected may be carried across the fork.
            database.close()


if __name__ == "__main__":
    sys.exit(main())
