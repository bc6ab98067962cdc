"""Every setting, read from the environment in this one place.

`SETTINGS` describes each variable; the README's table is held against it by a test.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from shared.address import is_loopback_only
from shared.errors import SettingError
from shared.queue.messages import Lane
from shared.redis_url import ALLOWED, RedisUrl, read_redis_url
from shared.setting_values import (
    LOG_LEVELS,
    api_keys,
    database_url,
    hidden,
    host,
    lanes,
    log_level,
    origins,
    retention,
    seconds,
    url_without_password,
    whole_number,
    yes_or_no,
)
from shared.url_password import spellings

CHECKOUT = Path(__file__).resolve().parent.parent

# What Heroku sets in each dyno, and nothing else does.
_DYNO = "DYNO"

# The environment of this process. Nothing else reads os.environ.
ENVIRONMENT: Mapping[str, str] = os.environ


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, its default as text, and how to read it."""

    name: str
    default: str
    read: Callable[[str], Any]
    allowed: str
    shown: Callable[[str], str] = str


def _folder(value: str) -> Path:
    try:
        # A relative folder is one of the checkout's, wherever the process was started from.
        return CHECKOUT / Path(value).expanduser()
    except RuntimeError as error:  # ~name, and this machine has no such user
        raise ValueError(value) from error


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL", "", database_url,
        "postgresql://user:password@host:port/name, or sqlite:///path/to/file, a file on disk; a "
        "password's / ? # @ are %2F %3F %23 %40 in it",
        shown=url_without_password,
    ),
    Setting(
        "REDIS_URL", "", read_redis_url, ALLOWED, shown=url_without_password,
    ),
    Setting("REDIS_TLS_VERIFY", "yes", yes_or_no, "yes or no"),
    Setting("HOST", "127.0.0.1", host, "an address to listen on"),
    Setting("PORT", "5000", whole_number(1, 65535), "a port, 1 to 65535"),
    Setting("DATA_DIR", "var", _folder, "a folder"),
    Setting("MODEL_DIR", "artifacts", _folder, "a folder"),
    Setting("API_KEY", "", api_keys, "one key or several with commas, ASCII, no spaces",
            shown=hidden),
    Setting("SYNC_WAIT", "4", seconds(0, 25), "0 to 25 seconds"),
    Setting("SYNC_WAIT_MAX", "20", seconds(0, 25), "0 to 25 seconds"),
    Setting("JOB_RETENTION", "7d", retention(1, 3650 * 86400),
            "like 7d, 12h, 90m, 30s; a number alone is seconds, 3600 or more"),
    Setting("MAX_BODY", "1048576", whole_number(1024, 2**30), "bytes, 1024 to 1073741824"),
    Setting("MAX_BODIES", "33554432", whole_number(65536, 2**36), "bytes, 65536 to 68719476736"),
    Setting("BODY_TIMEOUT", "20", seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("BODY_STALL", "5", seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("HEAD_TIMEOUT", "10", seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("KEEP_ALIVE", "620", seconds(0.1, 86400), "0.1 to 86400 seconds"),
    Setting("SEND_TIMEOUT", "20", seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("CORS_ORIGINS", "", origins, "origins like https://example.org with commas, or *"),
    Setting("GATEWAY_CONNECTIONS", "1024", whole_number(8, 65536), "8 to 65536"),
    Setting("GATEWAY_THREADS", "16", whole_number(1, 4096), "1 to 4096"),
    Setting("GROUPS_IN_FLIGHT", "2", whole_number(1, 64), "1 to 64"),
    Setting("GROUP_SIZE", "512", whole_number(1, 4096), "1 to 4096 observations"),
    Setting("GROUP_BYTES", "1048576", whole_number(1024, 2**30), "bytes, 1024 to 1073741824"),
    Setting("QUEUE_LIMIT", "20000", whole_number(1, 10_000_000), "1 to 10000000 jobs"),
    Setting("MAX_BATCH", "4294967296", whole_number(1024, 2**44), "bytes, 1024 to 17592186044416"),
    Setting("BATCHES_OPEN", "100", whole_number(1, 100_000), "1 to 100000 batches"),
    Setting("BATCH_ROWS", "50000000", whole_number(1, 10**12), "1 to 1000000000000 rows"),
    Setting("LONG_POLLS", "256", whole_number(0, 2048), "0 to 2048"),
    Setting("DATABASE_CONNECTIONS", "4", whole_number(1, 64), "1 to 64, for each gateway"),
    Setting("WORKER_PROCESSES", "2", whole_number(1, 256), "1 to 256"),
    Setting("WORKER_LANES", "interactive,deferred,bulk", lanes,
            "some of interactive, deferred and bulk, with commas"),
    Setting("WORKER_MEMORY", "1024", whole_number(16, 1_048_576), "16 to 1048576 MiB"),
    Setting("TASK_LIMIT", "20", seconds(1, 600), "1 to 600 seconds"),
    Setting("LOG_LEVEL", "INFO", log_level, ", ".join(LOG_LEVELS)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, built once and passed in.

    Times are in seconds, sizes in bytes, and `worker_memory` in MiB. The passwords of
    `database_url` and `redis_url` are escaped, and `redis_url` has no query any more; an empty one
    means that the supervisor must start the embedded Redis.
    """

    database_url: str
    redis_url: str
    redis_tls_verify: bool
    host: str
    port: int
    data_dir: Path
    model_dir: Path
    api_key: tuple[str, ...]
    sync_wait: float
    sync_wait_max: float
    job_retention: float
    max_body: int
    max_bodies: int
    body_timeout: float
    body_stall: float
    head_timeout: float
    keep_alive: float
    send_timeout: float
    cors_origins: tuple[str, ...]
    gateway_connections: int
    gateway_threads: int
    groups_in_flight: int
    group_size: int
    group_bytes: int
    queue_limit: int
    max_batch: int
    batches_open: int
    batch_rows: int
    long_polls: int
    database_connections: int
    worker_processes: int
    worker_lanes: tuple[Lane, ...]
    worker_memory: int
    task_limit: float
    log_level: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check every setting.

        Raises:
            SettingError: naming the variable, what it held (never a password) and what is allowed.
        """
        source = ENVIRONMENT if environment is None else environment
        held = {s.name.lower(): _read(s, source) for s in SETTINGS}
        if not held["database_url"] and source.get(_DYNO):
            # Heroku sets it when the add-on is ready, which may be minutes after it was ordered.
            raise SettingError(
                "DATABASE_URL is not set, and what a dyno keeps in a file is lost when it "
                "restarts: add Heroku's PostgreSQL, and wait until it is ready (`heroku "
                "addons:wait`)"
            )
        held["database_url"] = held["database_url"] or (
            f"sqlite:///{quote(str(held['data_dir'] / 'queuecast.sqlite3'))}"
        )
        held |= _redis(held["redis_url"], source)
        found = cls(**held)
        if found.max_bodies < 2 * found.max_body:
            raise SettingError(
                f"MAX_BODIES is '{found.max_bodies}', but must be at least twice MAX_BODY, which "
                f"is '{found.max_body}'"
            )
        return found

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in a log: keys, and the passwords in the URLs."""
        return (*self.api_key, *spellings(self.database_url), *spellings(self.redis_url))

    @property
    def open_to_the_network(self) -> bool:
        """Whether it can be used without a key from other machines."""
        return not self.api_key and not is_loopback_only(self.host)

    @property
    def on_sqlite(self) -> bool:
        """Whether predictions are kept in a file."""
        return self.database_url.startswith("sqlite")


def _redis(url: RedisUrl, environment: Mapping[str, str]) -> dict[str, Any]:
    """Where Redis is, and whether its certificate is verified: either variable may say that."""
    held = environment.get("REDIS_TLS_VERIFY", "").strip()
    verify = yes_or_no(held or "yes")
    if url.tls_verify is not None:
        if held and verify is not url.tls_verify:
            asked = "required" if url.tls_verify else "none"
            raise SettingError(
                f"REDIS_TLS_VERIFY is {held!r}, but REDIS_URL says ssl_cert_reqs={asked}: leave "
                "one of them out"
            )
        verify = url.tls_verify
    return {"redis_url": url.url, "redis_tls_verify": verify}


def _read(setting: Setting, environment: Mapping[str, str]) -> Any:
    # An empty variable is an unset one: compose files pass those on.
    held = environment.get(setting.name, "").strip() or setting.default
    with contextlib.suppress(ValueError, KeyError):
        return setting.read(held)
    # Not in an except block: a traceback would show its error as well, and with it what was held.
    shown = setting.shown(held)
    raise SettingError(f"{setting.name} is {shown!r}, but must be {setting.allowed}")


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def share_cores(processes: int) -> int:
    """How many threads each of so many processes may use, at least one; and tell it to libraries,
    unless the environment does.

    To be called before NumPy is first imported: libraries read these variables then. Libraries of
    linear algebra get one thread: what they sum up in parts depends on their number, to the last
    bits.
    """
    share = max(1, cores() // processes)
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # The limit holds for a model, too, that asks for more (`n_jobs=8`).
    for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, str(share))
    return share
