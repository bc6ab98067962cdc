"""Waits for a database that does not answer yet."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from typing import TypeVar

from shared.db.engine import Database, connect
from shared.errors import DatabaseAwayError

T = TypeVar("T")

log = logging.getLogger(__name__)

# How long a call may take, and the pause between two tries, in seconds.
_WAIT, _PAUSE = 10.0, 1.0


def first_answer(url: str, ask: Callable[[Database], T], patience: float = math.inf) -> T:
    """What `ask` returns as soon as the database answers; it is tried for so many seconds. Nothing
    is connected afterwards, so that this process can fork.

    Raises:
        DatabaseAwayError: it has not answered.
    """
    deadline = time.monotonic() + patience
    while True:
        database = connect(url, connections=1, wait=_WAIT)
        try:
            return ask(database)
        except DatabaseAwayError as error:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            log.warning("%s; trying again", error)
            time.sleep(min(_PAUSE, left))
        finally:
            database.close()
