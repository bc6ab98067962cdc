"""`make run`: everything on this machine, started in order, watched, and stopped in order."""

from __future__ import annotations

import fcntl
import json
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO

import redis

from local.part import Part
from local.redis_server import RedisServer
from shared.address import listening_address, refuse_taken_port
from shared.db.engine import connect
from shared.db.migrate import migrate
from shared.errors import REFUSED, DatabaseAwayError, StartError
from shared.logs import configure, mask
from shared.queue.broker import make_redis
from shared.settings import CHECKOUT, ENVIRONMENT, Settings
from shared.signal_event import SignalEvent
from worker.model.artifacts import refuse_missing

READY_WITHIN = 60.0
REACHED_WITHIN = 4.0
# Together under what a platform grants before it kills.
GATEWAY_STOPS_WITHIN, WORKER_STOPS_WITHIN, REDIS_STOPS_WITHIN = 12.0, 9.0, 3.0

PASSENGER = (
    '{"id": 0, "observation": {"Age": 22.0, "Cabin": null, "Embarked": "S", "Fare": 7.25, '
    '"Parch": 0, "Pclass": 3, "Sex": "male", "SibSp": 1}}'
)


class PartRefusedError(Exception):
    """A part cannot start as it was set up, and has said why."""


class Stopped(Exception):  # noqa: N818
    """A signal asked us to stop. Raised only where no part is half started."""


# Set by the signals: a handler that raised could lose a process that was just being started, and
# a second Ctrl-C must not cut the draining short.
_STOPPING = SignalEvent()


def _pause(seconds: float) -> None:
    """Wait a little.

    Raises:
        Stopped: a signal asked us to stop.
    """
    if _STOPPING.wait(seconds):
        raise Stopped


def main() -> int:
    """Run until told to stop, or until a part dies; the exit code is 1 when one did."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _STOPPING.set())
    parts: list[tuple[Part, float]] = []
    try:
        settings = Settings.from_environment()
        configure("run", settings.log_level, settings.secrets)
        return _run(settings, parts)
    except Stopped:
        _say("stopping")
        return 0
    except StartError as error:
        _say(str(error))
        return 1
    except PartRefusedError:
        return 1
    finally:
        for part, seconds in reversed(parts):
            if not part.stop(seconds):
                _say(f"{part.name} did not stop within {seconds:g} s and was killed")


def _run(settings: Settings, parts: list[tuple[Part, float]]) -> int:
    refuse_taken_port(settings.host, settings.port)
    refuse_missing(settings.model_dir)
    with _only_one(settings.data_dir):
        environment = dict(ENVIRONMENT)
        _reach_database(settings)
        if not settings.redis_url:
            server = RedisServer(settings.data_dir / "redis", environment)
            parts.append((server.part, REDIS_STOPS_WITHIN))
            environment["REDIS_URL"] = server.url
        else:
            _reach_redis(settings)
        for name, module, seconds in (
            ("the worker", "worker", WORKER_STOPS_WITHIN),
            ("the gateway", "api", GATEWAY_STOPS_WITHIN),
        ):
            _pause(0)
            part = Part(name, [sys.executable, "-m", module], environment, folder=CHECKOUT)
            parts.append((part, seconds))
        _wait_until_ready(settings, parts)
        _greet(settings)
        return _watch(parts)


def _watch(parts: list[tuple[Part, float]]) -> int:
    while True:
        for part, _ in parts:
            if part.exit_code is not None:
                _say(f"{part.name} died with exit code {part.exit_code}; stopping the others")
                return 1
        _pause(0.2)


def _wait_until_ready(settings: Settings, parts: list[tuple[Part, float]]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not _is_ready(settings):
        for part, _ in parts:
            if part.exit_code == REFUSED:
                raise PartRefusedError
            if part.exit_code is not None:
                raise StartError(f"{part.name} ended with exit code {part.exit_code}")
        if time.monotonic() > deadline:
            raise StartError(f"not ready within {READY_WITHIN:g} s")
        _pause(0.1)


def _is_ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(_address(settings) + "/readyz", timeout=5) as response:  # noqa: S310
            return bool(json.load(response)["status"] == "ready")
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _address(settings: Settings) -> str:
    return listening_address(settings.host, settings.port).url


def _greet(settings: Settings) -> None:
    key = ' -H "Authorization: Bearer $API_KEY"' if settings.api_key else ""
    _say(f"ready on {_address(settings)}; Ctrl-C stops it. Try:\n")
    sys.stdout.write(
        f"curl -X POST {_address(settings)}/predict -H 'Content-Type: application/json'{key} "
        f"-d '{PASSENGER}'\n\n"
    )
    sys.stdout.flush()


def _reach_database(settings: Settings) -> None:
    """Bring the schema up to date, or give up with one line."""
    deadline = time.monotonic() + REACHED_WITHIN
    database = connect(settings.database_url, connections=1, wait=3.0)
    try:
        while True:
            try:
                migrate(database)
                return
            except DatabaseAwayError as error:
                if time.monotonic() > deadline:
                    shown = mask(settings.database_url)
                    raise StartError(f"DATABASE_URL is {shown!r}, and {error}") from error
            _pause(0.5)
    finally:
        database.close()


def _reach_redis(settings: Settings) -> None:
    client = make_redis(settings, 2.0)
    try:
        client.ping()
    except redis.RedisError as error:
        shown = mask(settings.redis_url)
        raise StartError(f"REDIS_URL is {shown!r}, and Redis says: {error}") from error
    finally:
        client.close()


class _only_one:  # noqa: N801
    """Holds a lock on the data folder: two Redis servers on one file would ruin it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = (self._folder / "run.lock").open("w")
        except OSError as error:
            raise StartError(
                f"DATA_DIR is {str(self._folder)!r}, which cannot be used: {error.strerror}"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise StartError(f"DATA_DIR is {str(self._folder)!r}, which is in use") from error

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _say(text: str) -> None:
    sys.stdout.write(f"queuecast: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
