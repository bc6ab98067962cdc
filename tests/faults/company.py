"""Whoever else asks while clients predict and label: they poll, list, and behave badly."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPException

from tests.faults.problem import Problem, lost, wrong
from tests.faults.record import Address
from tests.faults.repeating import repeating
from tests.faults.stage import Stage
from tests.rough_client import RoughClient, head
from tests.system import call

# In seconds.
_PAUSE = 0.2
_HELD = 3.0
_ROUGH_ONES = 8
# Bytes that the kernel takes in for a client that does not read.
_BUFFER = 4096
_HALF_SENT = (
    b"",
    b"POST /predict HTTP/1.1\r\nHost: te",
    head("POST", "/predict", length=900) + b'{"id"',
    head("POST", "/update", chunked=True),
    head("GET", "/list-db-contents"),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


class Company:
    """Threads that ask beside the load, and what they found wrong."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._random = random.Random(stage.seed)
        self._over = threading.Event()
        self.problems: list[Problem] = []
        # How often each did what it is there for.
        self.done: Counter[str] = Counter()

    @contextmanager
    def there(self) -> Iterator[None]:
        """They ask in this block."""
        with ExitStack() as stack:
            for act in (self._poll, self._list, self._be_rough):
                stack.enter_context(repeating(partial(self._do, act), _PAUSE))
            # The first to be called when the block ends, so that nobody is held for longer.
            stack.callback(self._over.set)
            yield

    def _do(self, act: Callable[[Address], None]) -> None:
        addresses = self._stage.addresses()
        if not addresses:
            return
        try:
            act(self._random.choice(addresses))
        except (OSError, HTTPException):
            pass  # a gateway that was just killed
        except Exception as error:  # the others go on, and the soak fails
            self.problems.append(wrong(f"{act.__name__}: {type(error).__name__}: {error}"))

    def _poll(self, address: Address) -> None:
        """A job that was promised is never unknown, whoever is asked."""
        promised = [r for r in self._stage.history.records[-200:] if r.status == 202]
        if not promised:
            return
        job_id = str((self._random.choice(promised).body or {}).get("job_id"))
        answer = call(address, "GET", f"/jobs/{job_id}?wait=1", timeout=30)
        if answer.status not in (200, 503):
            self.problems.append(lost(f"job {job_id}: {answer.status} {answer.body[:200]!r}"))
        self.done["polls"] += answer.status == 200

    def _list(self, address: Address) -> None:
        """A listing is whole, or is seen not to be."""
        answer = call(address, "GET", "/list-db-contents?limit=2000", timeout=60)
        if answer.status == 200:
            ids = [row["id"] for row in json.loads(answer.body)]
            if ids != sorted(set(ids)):
                self.problems.append(wrong(f"a listing has its rows in the order {ids[:20]}…"))
            self.done["listings"] += 1

    def _be_rough(self, address: Address) -> None:
        """Half-sent requests of several kinds, and listings that nobody reads."""
        with ExitStack() as held:
            for sent in self._random.choices(_HALF_SENT, k=_ROUGH_ONES):
                held.enter_context(RoughClient(address, sent, _BUFFER))
                self.done["rough clients"] += 1
            until = time.monotonic() + _HELD
            while time.monotonic() < until and not self._over.wait(_PAUSE):
                pass
