"""Logs: one line an event on standard error, with every secret of the settings blotted out."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from contextvars import ContextVar

# Up to the last @ before the path: a password that was not escaped may hold one itself.
_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*):[^\s/]+@")
_QUERY_PASSWORD = re.compile(r"(password=)[^\s&]+", re.IGNORECASE)


# The id of the HTTP request that is being served, for every line that is logged meanwhile.
request_id: ContextVar[str] = ContextVar("request_id", default="")


def mask(text: str) -> str:
    """The text with the password of every URL in it replaced by asterisks."""
    return _QUERY_PASSWORD.sub(r"\1***", _URL_PASSWORD.sub(r"\1:***@", text))


# They log a line for every message, or for every plug-in, which helps only to debug them.
_CHATTY = ("alembic", "celery.app.trace", "celery.worker.strategy")


class _Formatter(logging.Formatter):
    """Blots out known secrets, and passwords in URLs, in whatever any library logs: messages,
    exceptions (drivers put connection strings into theirs) and stacks."""

    def __init__(self, part: str, secrets: Iterable[str]) -> None:
        super().__init__(f"%(asctime)s %(levelname)-7s {part} %(name)s: %(message)s")
        # Longest first, so that a secret that contains another is replaced whole.
        self._secrets = sorted({s for s in secrets if s}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        try:
            record.getMessage()
        except (TypeError, ValueError, KeyError):
            # logging would print the arguments as they are, past this formatter.
            record.msg, record.args = f"{record.msg} {record.args!r}", None
        text = mask(super().format(record))
        served = request_id.get()
        if served:
            text = (
                f"{text} [{served}]"
                if "\n" not in text
                else text.replace("\n", f" [{served}]\n", 1)
            )
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text


def configure(part: str, level: str, secrets: Iterable[str]) -> None:
    """Send this process's logs to standard error. `part` names the process in each line."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter(part, secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
