"""Why Redis does not do what it is asked, in words for a log, for `/readyz` and for a client."""

from __future__ import annotations

import re

from redis import exceptions

SILENT = "Redis does not answer"

# The word with which Redis begins an error (Redis documentation, "Redis serialization protocol
# specification", simple errors); redis-py keeps it for the kinds that it has no class for.
_BY_WORD = {
    "MISCONF": "Redis cannot save to its disk",
    "NOREPLICAS": "Redis has too few replicas to take writes",
    "UNBLOCKED": "Redis is changing its role",
}
_BY_CLASS: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ReadOnlyError, "Redis is read-only (a replica)"),
    (exceptions.MasterDownError, "Redis is a replica that has lost its master"),
    (exceptions.OutOfMemoryError, "Redis is full"),
    (exceptions.NoPermissionError, "Redis does not let its user do what is needed"),
    (exceptions.BusyLoadingError, "Redis is loading its data"),
)


def reason(error: BaseException) -> str:
    """What a failed call to Redis says about Redis."""
    for kind, words in _BY_CLASS:
        if isinstance(error, kind):
            return words
    if isinstance(error, exceptions.ResponseError):
        for word in re.findall(r"\b[A-Z]{5,}\b", str(error)):
            if word in _BY_WORD:
                return _BY_WORD[word]
        return "Redis refuses what it is asked"
    return SILENT


def has_moved(error: BaseException) -> bool:
    """Whether the name of this Redis may lead to another one by now: when it fails over, the old
    one becomes a replica and keeps its connections."""
    return isinstance(error, exceptions.ReadOnlyError | exceptions.MasterDownError)
