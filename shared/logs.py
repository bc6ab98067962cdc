"""Logs: one line an event on standard error, with every secret of the settings blotted out."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*):[^\s/@]+@")


def mask(text: str) -> str:
    """The text with the password of every URL in it replaced by asterisks."""
    return _URL_PASSWORD.sub(r"\1:***@", text)


# A line for every message, or for every plug-in: of use only to whoever works on those libraries.
_CHATTY = ("alembic", "celery.app.trace", "celery.worker.strategy")


class SecretFilter(logging.Filter):
    """Replaces known secrets, and passwords in URLs, in whatever any library logs."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        # Longest first, so that a secret that contains another is replaced whole.
        self._secrets = sorted({s for s in secrets if s}, key=len, reverse=True)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record in place; never drops one."""
        text = mask(record.getMessage())
        for secret in self._secrets:
            text = text.replace(secret, "***")
        record.msg, record.args = text, None
        return True


class _Formatter(logging.Formatter):
    """Blots out exception texts as well: drivers put connection strings into theirs."""

    def __init__(self, part: str, secrets: Iterable[str]) -> None:
        super().__init__(f"%(asctime)s %(levelname)-7s {part} %(name)s: %(message)s")
        self._secrets = [s for s in secrets if s]

    def formatException(self, ei: object) -> str:  # noqa: N802
        text = mask(super().formatException(ei))  # type: ignore[arg-type]
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def configure(part: str, level: str, secrets: Iterable[str]) -> None:
    """Send this process's logs to standard error. `part` names the process in each line."""
    known = list(secrets)
    handler = logging.StreamHandler()
    handler.addFilter(SecretFilter(known))
    handler.setFormatter(_Formatter(part, known))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
