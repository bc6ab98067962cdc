"""What a process finds out about Redis before it starts: a refusal for good is said in one line."""

from __future__ import annotations

import logging

import redis

from shared.errors import StartError
from shared.queue.broker import AWAY, make_redis
from shared.settings import Settings

log = logging.getLogger(__name__)


def refuse_bad_login(settings: Settings) -> None:
    """See that Redis takes the login; one that does not answer yet is waited for later.

    Raises:
        StartError: REDIS_URL is not set, or Redis refuses the user or the password.
    """
    if not settings.redis_url:
        raise StartError("REDIS_URL is not set; `make run` starts an embedded Redis")
    client = make_redis(settings, 1.0)
    try:
        client.ping()
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError) as error:
        raise StartError(f"REDIS_URL: Redis refuses the login: {error}") from error
    except AWAY:
        log.warning("Redis does not answer yet")
    finally:
        client.close()
