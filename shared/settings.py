"""Every setting, read from the environment in this one place.

`SETTINGS` describes each variable; the README's table is held against it by a test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.address import is_loopback_only
from shared.errors import SettingError

CHECKOUT = Path(__file__).resolve().parent.parent

# The environment of this process. Nothing else reads os.environ.
ENVIRONMENT: Mapping[str, str] = os.environ

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, its default as text, and how to read it."""

    name: str
    default: str
    read: Callable[[str], Any]
    allowed: str
    shown: Callable[[str], str] = str


def _hidden(_held: str) -> str:
    return "(hidden)"


def _url_shown(held: str) -> str:
    """A URL, malformed perhaps, without anything in it that may be a password."""
    scheme, separator, rest = held.partition("://")
    if not separator:
        # Without a scheme there is no telling where the password stands.
        return "(hidden)"
    credentials, at, place = rest.rpartition("@")
    if "password" in rest.lower() or not (at or re.fullmatch(r"[^:]*(:\d+)?(/[^:]*)?", place)):
        return f"{scheme}://(hidden)"
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}{':***' if colon else ''}{at}{place}"


def _host(value: str) -> str:
    # An IPv6 address as it stands in a URL.
    return value[1:-1] if value.startswith("[") and value.endswith("]") else value


def _folder(value: str) -> Path:
    try:
        # A relative folder is one of the checkout's, wherever the process was started from.
        return CHECKOUT / Path(value).expanduser()
    except RuntimeError as error:  # ~name of a user who is not there
        raise ValueError(value) from error


def _whole(smallest: int, largest: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        number = int(value)
        if not smallest <= number <= largest:
            raise ValueError(value)
        return number

    return read


def _seconds(smallest: float, largest: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", value)
        if match is None:
            raise ValueError(value)
        number = float(match[1]) * _UNITS[match[2]]
        if not smallest <= number <= largest:
            raise ValueError(value)
        return number

    return read


def _yes(value: str) -> bool:
    return {"yes": True, "no": False}[value.strip().lower()]


def _level(value: str) -> str:
    if value.upper() not in _LEVELS:
        raise ValueError(value)
    return value.upper()


def _keys(value: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    if value and not keys:
        raise ValueError(value)
    if any(not key.isascii() or any(c.isspace() for c in key) for key in keys):
        raise ValueError(value)
    return keys


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(origin.strip().rstrip("/") for origin in value.split(",") if origin.strip())
    for origin in origins:
        # As browsers send it: without a path (RFC 6454, section 6.2).
        if origin != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", origin):
            raise ValueError(value)
    return origins


def _redis_url(value: str) -> str:
    if value:
        parts = urlsplit(value)
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise ValueError(value)
        if not re.fullmatch(r"/?\d*", parts.path):
            raise ValueError(value)
        _ = parts.port  # raises ValueError when it is no port
    return value


def normalise_database_url(value: str) -> str:
    """The URL with the driver that Queuecast ships named in it.

    Heroku writes `postgres://`, which SQLAlchemy refuses; SQLAlchemy 2.1 would open a plain
    `postgresql://` with another driver.
    """
    if not value:
        return value
    parts = urlsplit(value)
    if parts.scheme == "sqlite":
        if not value.startswith("sqlite:///") or value == "sqlite:///":
            raise ValueError(value)
        return value
    if parts.scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError(value)
    _ = parts.port
    if not parts.path.strip("/") or not (parts.hostname or "host=" in parts.query):
        raise ValueError(value)
    return "postgresql+psycopg2://" + value.split("://", 1)[1]


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL", "", normalise_database_url,
        "postgresql://user:password@host:port/name, or sqlite:///path/to/file", shown=_url_shown,
    ),
    Setting(
        "REDIS_URL", "", _redis_url,
        "redis://:password@host:port/number, or rediss://… for TLS", shown=_url_shown,
    ),
    Setting("REDIS_TLS_VERIFY", "yes", _yes, "yes or no"),
    Setting("HOST", "127.0.0.1", _host, "an address to listen on"),
    Setting("PORT", "5000", _whole(1, 65535), "a port, 1 to 65535"),
    Setting("DATA_DIR", "var", _folder, "a folder"),
    Setting("MODEL_DIR", "artifacts", _folder, "a folder"),
    Setting("API_KEY", "", _keys, "one key or several with commas, ASCII, no spaces",
            shown=_hidden),
    Setting("SYNC_WAIT", "4", _seconds(0, 25), "0 to 25 seconds"),
    Setting("SYNC_WAIT_MAX", "20", _seconds(0, 25), "0 to 25 seconds"),
    Setting("JOB_RETENTION", "7d", _seconds(1, 3650 * 86400), "seconds, or like 90m, 12h, 7d"),
    Setting("MAX_BODY", "1048576", _whole(1024, 2**30), "bytes, 1024 to 1073741824"),
    Setting("MAX_BODIES", "33554432", _whole(65536, 2**36), "bytes, 65536 to 68719476736"),
    Setting("BODY_TIMEOUT", "20", _seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("BODY_STALL", "5", _seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("HEAD_TIMEOUT", "10", _seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("KEEP_ALIVE", "620", _seconds(0.1, 86400), "0.1 to 86400 seconds"),
    Setting("SEND_TIMEOUT", "20", _seconds(0.1, 3600), "0.1 to 3600 seconds"),
    Setting("CORS_ORIGINS", "", _origins, "origins like https://example.org with commas, or *"),
    Setting("GATEWAY_CONNECTIONS", "1024", _whole(8, 65536), "8 to 65536"),
    Setting("GATEWAY_THREADS", "16", _whole(1, 4096), "1 to 4096"),
    Setting("GROUPS_IN_FLIGHT", "2", _whole(1, 64), "1 to 64"),
    Setting("GROUP_SIZE", "512", _whole(1, 4096), "1 to 4096 observations"),
    Setting("GROUP_BYTES", "4194304", _whole(1024, 2**30), "bytes, 1024 to 1073741824"),
    Setting("QUEUE_LIMIT", "20000", _whole(1, 10_000_000), "1 to 10000000 jobs"),
    Setting("LONG_POLLS", "256", _whole(0, 2048), "0 to 2048"),
    Setting("DATABASE_CONNECTIONS", "4", _whole(1, 64), "1 to 64, for each gateway"),
    Setting("WORKER_PROCESSES", "2", _whole(1, 256), "1 to 256"),
    Setting("TASK_LIMIT", "20", _seconds(1, 600), "1 to 600 seconds"),
    Setting("LOG_LEVEL", "INFO", _level, ", ".join(_LEVELS)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process, built once and passed in.

    Times are in seconds, sizes in bytes. `database_url` and `redis_url` are as the environment
    gives them; an empty `redis_url` means that the supervisor must start the embedded one.
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
    long_polls: int
    database_connections: int
    worker_processes: int
    task_limit: float
    log_level: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read and check every setting.

        Raises:
            SettingError: naming the variable, what it held (never a password) and what is allowed.
        """
        source = ENVIRONMENT if environment is None else environment
        values = {s.name.lower(): _read(s, source) for s in SETTINGS}
        values["database_url"] = values["database_url"] or (
            f"sqlite:///{values['data_dir'] / 'queuecast.sqlite3'}"
        )
        found = cls(**values)
        if found.max_bodies < 2 * found.max_body:
            raise SettingError(
                f"MAX_BODIES is '{found.max_bodies}', but must be at least twice MAX_BODY, which "
                f"is '{found.max_body}'"
            )
        return found

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen in a log: keys, and the passwords in the URLs."""
        parts = [urlsplit(url) for url in (self.database_url, self.redis_url)]
        found = [p.password for p in parts if p.password]
        # libpq and redis-py take one in the query as well.
        found += [p for url in parts for p in re.findall(r"password=([^&]+)", url.query)]
        return (*self.api_key, *found, *(unquote(p) for p in found))

    @property
    def open_to_the_network(self) -> bool:
        """Whether anybody who reaches this machine may use the service."""
        return not self.api_key and not is_loopback_only(self.host)

    @property
    def on_sqlite(self) -> bool:
        """Whether predictions are kept in a file."""
        return self.database_url.startswith("sqlite")


def _read(setting: Setting, environment: Mapping[str, str]) -> Any:
    # An empty variable is an unset one: compose files pass those on.
    held = environment.get(setting.name, "").strip() or setting.default
    try:
        return setting.read(held)
    except (ValueError, KeyError) as error:
        shown = setting.shown(held)
        raise SettingError(f"{setting.name} is {shown!r}, but must be {setting.allowed}") from error


def share_cores(processes: int) -> int:
    """How many threads each of so many processes may use, at least one; and tell it to libraries,
    unless the environment does.

    To be called before NumPy is first imported: libraries read these variables then. Libraries of
    linear algebra get one thread: what they sum up in parts depends on their number, to the last
    bits.
    """
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        cores = os.cpu_count() or 1
    share = max(1, cores // processes)
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # The limit holds for a model, too, that asks for more (`n_jobs=8`).
    for name in ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "POLARS_MAX_THREADS"):
        os.environ.setdefault(name, str(share))
    return share
