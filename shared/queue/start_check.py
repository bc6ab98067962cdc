"""What a process finds out about Redis before it starts: a refusal for good is said in one line."""

from __future__ import annotations

import logging
from typing import Any

import redis
from redis.exceptions import NoPermissionError, ResponseError

from shared.errors import StartError
from shared.queue.broker import AWAY, PROBE, make_redis
from shared.queue.messages import new_request_id
from shared.settings import Settings

log = logging.getLogger(__name__)

# What a Redis user must be allowed, on keys that begin with `queuecast.`, and SELECT for another
# database number than 0. Redis lets everybody log in.
COMMANDS = (
    "ping", "time", "set", "del", "expire", "lpush", "rpush", "llen", "blpop", "brpop", "zadd",
    "zrange", "zrem", "zremrangebyscore",
)  # fmt: skip
KEYS = "queuecast.*"
_CURE = 'the README says what is needed, under "A Redis user with few rights"'


def refuse_useless_redis(settings: Settings) -> None:
    """See that Redis lets us do what we need; one that does not answer yet is waited for later.

    Raises:
        StartError: REDIS_URL is not set, or Redis refuses the login, the database number, or a
            command.
    """
    if not settings.redis_url:
        raise StartError(
            "REDIS_URL is not set; `make run` starts an embedded Redis, and on Heroku the add-on "
            "sets it when it is ready (`heroku addons:wait`)"
        )
    client = make_redis(settings, 1.0)
    try:
        check_rights(client)
    except AWAY:
        log.warning("Redis does not answer yet")
    finally:
        client.close()


def check_rights(client: Any) -> None:
    """Let a `redis.Redis` try every command that is needed, on a key of this call's own.

    Raises:
        StartError: Redis refuses the login, the database number, a command, or our keys.
        RedisError: it does not answer, or cannot say that now.
    """
    try:
        client.ping()
        refusals = {command: _refusal(client, command) for command in COMMANDS}
    except redis.AuthenticationError as error:
        raise StartError(f"REDIS_URL: Redis refuses the login: {error}") from error
    except NoPermissionError as error:
        # On the way to the first answer: the ping itself, or the database number.
        raise StartError(f"REDIS_URL: Redis says: {error}; {_CURE}") from error
    except ResponseError as error:
        if "DB index" in str(error):
            raise StartError(f"REDIS_URL: Redis has no database of this number: {error}") from error
        raise
    commands = [name for name, said in refusals.items() if said and f"'{name}'" in said]
    if commands:
        names = ", ".join(commands)
        raise StartError(f"REDIS_URL: Redis does not let its user run {names}; {_CURE}")
    if any(refusals.values()):
        raise StartError(f"REDIS_URL: Redis does not let its user have keys {KEYS}; {_CURE}")


def _refusal(client: Any, command: str) -> str | None:
    """What Redis says when it does not let its user run this; None when it does."""
    key = f"{PROBE}.{new_request_id()}"
    arguments: dict[str, tuple[Any, ...]] = {
        "ping": (), "time": (), "set": (key, 1, "EX", 1), "del": (key,), "expire": (key, 1),
        "lpush": (key, 1), "rpush": (key, 1), "llen": (key,),
        "blpop": (key, 0.01), "brpop": (key, 0.01),
        "zadd": (key, 1, "one"), "zrange": (key, 0, -1), "zrem": (key, "one"),
        "zremrangebyscore": (key, 0, 1),
    }  # fmt: skip
    try:
        client.execute_command(command.upper(), *arguments[command])
        if command in ("lpush", "rpush", "zadd"):
            client.execute_command("DEL", key)
    except NoPermissionError as error:
        return str(error)
    except ResponseError:
        return None  # full, or a replica: that passes
    return None
