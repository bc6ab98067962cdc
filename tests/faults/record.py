"""One request and what came of it: the unit that every account is made of."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.observation_id import ObservationId
from shared.queue.messages import Kind

# An unused key of every body: a row keeps the body as it was sent, so it tells who made it.
TOKEN = "request"

Address = tuple[str, int]


class Absence(StrEnum):
    """Why a request has no answer."""

    BROKEN = "the connection broke"
    TIMEOUT = "no answer in time"
    LEFT = "the client left"


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be sent. `trap` names what the row does to the process that scores it."""

    number: int
    kind: Kind
    observation_id: int | str
    observation: dict[str, Any] | None = None
    true_class: int | None = None
    respond_async: bool = False
    trap: str | None = None

    @property
    def key(self) -> str:
        """What makes two ids the same."""
        return ObservationId.parse(self.observation_id).key

    @property
    def body(self) -> bytes:
        """The body to send."""
        said: dict[str, Any] = {"id": self.observation_id}
        if self.kind is Kind.PREDICT:
            said["observation"] = self.observation
        else:
            said["true_class"] = self.true_class
        return json.dumps(said | {TOKEN: self.number}).encode()


@dataclass(frozen=True, slots=True)
class Record:
    """A request that was sent, and its answer or the lack of one. Times are monotonic seconds."""

    ask: Ask
    sent_at: float
    ended_at: float
    status: int | None = None
    body: dict[str, Any] | None = None
    retry_after: str | None = None
    absence: Absence | None = None
    gateway: Address | None = None

    @property
    def seconds(self) -> float:
        """From sending to the answer, or to giving up."""
        return self.ended_at - self.sent_at

    @property
    def accepted(self) -> bool:
        """Whether the service took the request upon itself."""
        return self.status in (200, 202)

    @property
    def refused(self) -> bool:
        """Whether the service did not take it upon itself: 503 says that nothing came of it, 504
        that nobody knows."""
        return self.status in (503, 504)

    def under_way_at(self, moment: float) -> bool:
        """Whether it was sent before a moment, and ended after it."""
        return self.sent_at < moment < self.ended_at


@dataclass
class History:
    """Everything that was sent, by any thread, and when a server was away."""

    outages: list[tuple[float, float]] = field(default_factory=list)
    _under_way: dict[int, Address] = field(default_factory=dict)
    _records: list[Record] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def number(self) -> int:
        """A number that no other request of this history has."""
        with self._lock:
            return next(self._numbers)

    @contextmanager
    def sending(self, number: int, gateway: Address) -> Iterator[None]:
        """A request is under way to a gateway in this block."""
        with self._lock:
            self._under_way[number] = gateway
        try:
            yield
        finally:
            with self._lock:
                del self._under_way[number]

    def under_way(self, gateway: Address | None = None) -> set[int]:
        """The requests that wait for their answer now, of one gateway or of any."""
        with self._lock:
            return {n for n, address in self._under_way.items() if gateway in (None, address)}

    def add(self, record: Record) -> None:
        """Keep what came of a request."""
        with self._lock:
            self._records.append(record)

    @property
    def records(self) -> list[Record]:
        """What there is so far, in the order in which it ended."""
        with self._lock:
            return list(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def slowest(self) -> float:
        """The longest that any client waited; those who left do not count."""
        return max((r.seconds for r in self.records if r.absence is not Absence.LEFT), default=0.0)

    def sent_in_outages(self) -> list[Record]:
        """What was sent while a server was away; those who left do not count."""
        return [
            record
            for record in self.records
            for began, ended in self.outages
            if record.absence is not Absence.LEFT and began <= record.sent_at < ended
        ]

    def slowest_in_outages(self) -> float | None:
        """The longest that one of these waited; None without an outage."""
        if not self.outages:
            return None
        return max((record.seconds for record in self.sent_in_outages()), default=0.0)
