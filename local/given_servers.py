"""The servers that the environment names: seen to answer before anything is started."""

from __future__ import annotations

import time

import redis

from local.stop_request import StopRequest
from shared.db.engine import connect
from shared.db.migrate import migrate
from shared.errors import DatabaseAwayError, StartError
from shared.queue.broker import make_redis
from shared.queue.start_check import check_rights
from shared.setting_values import url_without_password
from shared.settings import Settings

REACHED_WITHIN = 4.0


def reach_database(settings: Settings, stop_request: StopRequest) -> None:
    """Bring the schema up to date, or give up with one line.

    Raises:
        StartError: the database does not answer.
        Stopped: a signal asked us to stop.
    """
    deadline = time.monotonic() + REACHED_WITHIN
    database = connect(settings.database_url, connections=1, wait=3.0)
    try:
        while True:
            try:
                migrate(database)
                return
            except DatabaseAwayError as error:
                if time.monotonic() > deadline:
                    shown = url_without_password(settings.database_url)
                    raise StartError(f"DATABASE_URL is {shown!r}, and {error}") from error
            stop_request.pause(0.5)
    finally:
        database.close()


def reach_redis(settings: Settings) -> None:
    """See that Redis answers, and lets us do what we need.

    Raises:
        StartError: it does not.
    """
    client = make_redis(settings, 2.0)
    try:
        check_rights(client)
    except redis.RedisError as error:
        shown = url_without_password(settings.redis_url)
        raise StartError(f"REDIS_URL is {shown!r}, and Redis says: {error}") from error
    finally:
        client.close()
