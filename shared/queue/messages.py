"""What travels between the gateway and the workers, and the names it travels under.

Messages are JSON. A group is the unit on the wire from the start: one observation is a group of
one. Task and queue names exist here and nowhere else.

While a deployment is rolled, gateways and workers of two neighbouring versions serve beside each
other: each reads what the other writes. So what is on the wire changes by these rules, and with
each change `WIRE_VERSION` goes up by one.

- A field is added, as another key or at the end of a request's or an outcome's list. Whoever knows
  it takes its absence for what the version before meant; whoever does not passes over it.
- No field changes its meaning. One that nobody reads any more is written for one version longer.
- What an older worker cannot do, such as a new kind, travels on a new lane: nobody takes from a
  lane that it does not know.

What comes from further away than a neighbour is dropped; jobs come again by the ledger.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.errors import QueuecastError
from shared.observation_id import ObservationId

WIRE_VERSION = 4

PREDICT_TASK = "queuecast.predict"
UPDATE_TASK = "queuecast.update"
PIECE_TASK = "queuecast.piece"


class Kind(StrEnum):
    """What a request asks for."""

    PREDICT = "predict"
    UPDATE = "update"


TASK_OF_KIND = {Kind.PREDICT: PREDICT_TASK, Kind.UPDATE: UPDATE_TASK}


class Lane(StrEnum):
    """The queues, in the order in which a worker looks into them, but for the shares that
    `worker.celery_parts.lane_order` keeps for the later ones."""

    INTERACTIVE = "queuecast.interactive"
    DEFERRED = "queuecast.deferred"
    # Pieces of batches, whose task is `PIECE_TASK`; jobs and groups are never on it.
    BULK = "queuecast.bulk"

    @property
    def word(self) -> str:
        """What it is called in a setting."""
        return self.value.removeprefix("queuecast.")


# Those that jobs travel on.
JOB_LANES = (Lane.INTERACTIVE, Lane.DEFERRED)


class Status(StrEnum):
    """Where an accepted job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing can change it any more."""
        return self in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED}


UNFINISHED = (Status.QUEUED, Status.RUNNING)


# What reading text that is no message may raise; deep nesting is a RecursionError.
UNREADABLE = (KeyError, TypeError, ValueError, RecursionError)


class MessageError(QueuecastError):
    """A message on a queue is not one of ours, or of a version that we do not know."""


def read_message(text: Any) -> dict[str, Any]:
    """The fields of a message.

    Raises:
        MessageError: it is of a version that is no neighbour of this one.
        KeyError, TypeError, ValueError, RecursionError: it is no message (`UNREADABLE`).
    """
    data: dict[str, Any] = json.loads(text)
    version = data["version"]
    if type(version) is not int or abs(version - WIRE_VERSION) > 1:
        raise MessageError(
            f"a message of wire version {version!r}, which is none of {WIRE_VERSION}'s neighbours"
        )
    return data


def new_request_id() -> str:
    """A request's identity from its arrival to its row: a UUID version 7 (RFC 9562).

    Time comes first in it, so that the ledger's index grows at its end.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked of a worker. `body` is the JSON text as the client sent it.

    `accepted` is true when the ledger holds a job of this id. `number` is the place of an update
    among all updates, drawn before it is sent; a job's is `Job.seq`.
    """

    request_id: str
    kind: Kind
    observation_id: ObservationId
    body: str
    accepted: bool = False
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Requests of one kind that travel, are scored and are committed together."""

    group_id: str
    reply_to: str | None
    requests: tuple[Request, ...]
    # How many processes died of it, or of a larger group that it was part of.
    tries: int = 0

    def to_text(self) -> str:
        """The group as JSON."""
        wire = {
            "version": WIRE_VERSION,
            "group_id": self.group_id,
            "reply_to": self.reply_to,
            "tries": self.tries,
            # The ledger has the body of what is accepted; the queue stays small.
            "requests": [
                [r.request_id, r.kind, r.observation_id.key, r.observation_id.is_text,
                 "" if r.accepted else r.body, r.accepted, r.number]
                for r in self.requests
            ],
        }  # fmt: skip
        return json.dumps(wire)

    @classmethod
    def from_text(cls, text: Any) -> Group:
        """Read a group.

        Raises:
            MessageError: the text is not a group of this version or a neighbouring one.
        """
        try:
            data = read_message(text)
            requests = tuple(_request(*one) for one in data["requests"])
            return cls(str(data["group_id"]), data["reply_to"], requests, int(data["tries"]))
        except UNREADABLE as error:
            raise MessageError(f"not a group: {error!r}") from error


def _request(
    request_id: Any, kind: Any, key: Any, is_text: Any, body: Any, accepted: Any, *more: Any
) -> Request:
    """A request as a group lists it. Version 2 knew no numbers: its updates were all jobs."""
    number = int(more[0]) if more and more[0] is not None else None
    found = Request(
        str(request_id), Kind(kind), ObservationId(str(key), bool(is_text)), str(body),
        bool(accepted), number,
    )  # fmt: skip
    if found.kind is Kind.UPDATE and not found.accepted and number is None:
        raise ValueError("an update that is no job has no number")
    return found


SET_ASIDE = (
    "set aside after 3 tries: each time the process that scored it died or took longer than "
    "TASK_LIMIT"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: the status and the body that its client gets."""

    request_id: str
    status_code: int
    body: dict[str, Any]

    @property
    def job_status(self) -> Status:
        """The state in which such an outcome leaves a job."""
        return Status.SUCCEEDED if self.status_code == 200 else Status.FAILED

    @classmethod
    def refused(cls, request_id: str, error: QueuecastError) -> Outcome:
        """The outcome of a request that ended in one of our errors."""
        return cls(request_id, error.status, {"error": str(error)})

    @classmethod
    def set_aside(cls, request_id: str) -> Outcome:
        """The outcome of a request that no process lived to answer."""
        return cls(request_id, 422, {"error": SET_ASIDE})


@dataclass(frozen=True, slots=True)
class Reply:
    """A worker's answer to one gateway process about one group."""

    group_id: str | None
    outcomes: tuple[Outcome, ...] = field(default=())

    def to_text(self) -> str:
        """The reply as JSON."""
        outcomes = [[o.request_id, o.status_code, o.body] for o in self.outcomes]
        wire = {"version": WIRE_VERSION, "group_id": self.group_id, "outcomes": outcomes}
        return json.dumps(wire)

    @classmethod
    def from_text(cls, text: Any) -> Reply:
        """Read a reply.

        Raises:
            MessageError: the text is not a reply of this version or a neighbouring one.
        """
        try:
            data = read_message(text)
            outcomes = tuple(Outcome(str(i), int(s), dict(b)) for i, s, b, *_ in data["outcomes"])
            return cls(data["group_id"], outcomes)
        except UNREADABLE as error:
            raise MessageError(f"not a reply: {error!r}") from error
