"""From the text of an environment variable to a value, and back to what an error may show of it.

Each reader raises ValueError or KeyError for a text that is not allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from shared.queue.messages import Lane
from shared.url_password import escape_credentials

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def hidden(_text: str) -> str:
    """What an error shows instead of a secret."""
    return "(hidden)"


def url_without_password(text: str) -> str:
    """A URL, malformed perhaps, without anything in it that may be a password."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        # Without a scheme there is no telling where the password stands.
        return "(hidden)"
    if scheme == "sqlite" and rest.startswith("/") and "@" not in rest:
        return text
    credentials, at, place = rest.rpartition("@")
    if "password" in rest.lower() or not (at or re.fullmatch(r"[^:]*(:\d+)?(/[^:]*)?", place)):
        return f"{scheme}://(hidden)"
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}{':***' if colon else ''}{at}{place}"


def host(text: str) -> str:
    """A name or an address; an IPv6 address may have the brackets that it has in a URL."""
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text


def whole_number(smallest: int, largest: int) -> Callable[[str], int]:
    """A reader of whole numbers within these bounds."""

    def read(text: str) -> int:
        number = int(text)
        if not smallest <= number <= largest:
            raise ValueError(text)
        return number

    return read


def seconds(smallest: float, largest: float) -> Callable[[str], float]:
    """A reader of times, such as 90, 90s, 15m, 12h or 7d, within these bounds in seconds."""

    def read(text: str) -> float:
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", text)
        if match is None:
            raise ValueError(text)
        number = float(match[1]) * _UNITS[match[2]]
        if not smallest <= number <= largest:
            raise ValueError(text)
        return number

    return read


def retention(smallest: float, largest: float) -> Callable[[str], float]:
    """A reader of how long something is kept, within these bounds in seconds. A number without its
    unit is seconds, which is not what somebody means who writes 7 here: it must be an hour."""
    read_time = seconds(smallest, largest)

    def read(text: str) -> float:
        number = read_time(text)
        if text[-1:].isdigit() and number < _UNITS["h"]:
            raise ValueError(text)
        return number

    return read


def yes_or_no(text: str) -> bool:
    """Whether it says yes."""
    return {"yes": True, "no": False}[text.strip().lower()]


def log_level(text: str) -> str:
    """One of `LOG_LEVELS`, in capitals."""
    if text.upper() not in LOG_LEVELS:
        raise ValueError(text)
    return text.upper()


def api_keys(text: str) -> tuple[str, ...]:
    """Keys with commas between them."""
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    if text and not keys:
        raise ValueError(text)
    if any(not key.isascii() or any(c.isspace() for c in key) for key in keys):
        raise ValueError(text)
    return keys


def origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them, which is without a path (RFC 6454, section 6.2), or `*`."""
    found = tuple(origin.strip().rstrip("/") for origin in text.split(",") if origin.strip())
    for origin in found:
        if origin != "*" and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", origin):
            raise ValueError(text)
    return found


def lanes(text: str) -> tuple[Lane, ...]:
    """Lanes by their names, in the order in which they are looked into; at least one."""
    words = {word.strip() for word in text.split(",")}
    found = tuple(lane for lane in Lane if lane.word in words)
    if not found or len(found) != len(words):
        raise ValueError(text)
    return found


def database_url(text: str) -> str:
    """The URL, its password escaped. SQLite's names a file: what it keeps in memory belongs to one
    connection, and no other process sees it."""
    if not text:
        return text
    if text.startswith("sqlite:"):
        file, _, query = text.removeprefix("sqlite:///").partition("?")
        if not text.startswith("sqlite:///") or not file or _in_memory(file, query):
            raise ValueError(text)
        return text
    text = escape_credentials(text)
    parts = urlsplit(text)
    if parts.scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError(text)
    _ = parts.port
    if not parts.path.strip("/") or not (parts.hostname or "host=" in parts.query):
        raise ValueError(text)
    return text


def _in_memory(file: str, query: str) -> bool:
    """Whether SQLite would keep this in memory, or in a file that goes with its connection
    (sqlite.org/inmemorydb.html, sqlite.org/uri.html)."""
    file, query = unquote(file).strip(), unquote(query)
    asked = f"{query}&{file.partition('?')[2]}"
    return (
        ":memory:" in file
        or file.partition("?")[0].removeprefix("file:").strip("/") == ""
        or "mode=memory" in asked
        or "vfs=memdb" in asked
    )
