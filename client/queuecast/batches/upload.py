"""Sends a file to a service, in parts, and goes on where it stopped.

The service alone knows how far it has come: nothing is kept here. Whatever breaks off, the batch is
found again by its digest, and the next part begins where the last committed byte is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Callable
from urllib.parse import urlencode

from queuecast.batches.batch import RECEIVING, Batch
from queuecast.batches.source import CONTENT_TYPES, Source
from queuecast.errors import (
    BatchError,
    RefusedError,
    ServiceError,
    UnavailableError,
    UnknownOutcomeError,
    UnreachableError,
)
from queuecast.service.requests import quoted
from queuecast.service.service import Service

# How many bytes a part has, at least: what is held here, so that it can be sent again.
PART = 8 * 1024 * 1024
_MOVED = 409
_PASSING = (UnavailableError, UnknownOutcomeError, UnreachableError)

# Told how many bytes the service has.
Sent = Callable[[int], None]


class Upload:
    """Sends one file. `kind` is `predict` or `update`; `again` makes a batch of its own of a file
    that was sent before."""

    def __init__(
        self,
        service: Service,
        source: Source,
        kind: str,
        name: str | None = None,
        again: bool = False,
    ) -> None:
        self._service = service
        self._source = source
        self._kind = kind
        self._name = name or source.name
        self._digest = f"{uuid.uuid4()}" if again else source.digest(kind)
        self._batch_id: str | None = None

    def found(self) -> Batch | None:
        """The batch that this file is already, if it was neither cancelled nor has failed."""
        query = urlencode({"digest": self._digest, "limit": 1})
        found = self._service.ask("GET", f"/batches?{query}").body["items"]
        batch = Batch.read_from(found[0]) if found else None
        return None if batch is None or batch.status in ("cancelled", "failed") else batch

    def send(self, begun: Batch | None, sent: Sent = lambda _: None) -> str:
        """Send what the service has not got yet; the batch's id. `begun` is the batch that the file
        is already, as `found` says.

        Raises:
            FileError: it cannot be read.
            BatchError: the batch ended meanwhile, or another sends the same file.
            ServiceError: the service does not take it.
        """
        self._batch_id = None if begun is None else begun.batch_id
        place = 0 if begun is None else begun.received
        for part, is_last in _parts(self._source.blocks(place)):
            self._send_part(part, place, is_last)
            place += len(part)
            sent(place)
        if self._batch_id is None:
            raise BatchError("the service has named no batch")
        return self._batch_id

    def _send_part(self, part: bytes, place: int, is_last: bool) -> None:
        """Send a part that begins at this byte, until the service has all of it."""
        tried = 0
        while True:
            try:
                self._ask(part, place, is_last)
                return
            except _PASSING as error:
                tried += 1
                pause = self._service.retries.pause(tried, error.retry_after)
                if pause is None:
                    raise
                failed: ServiceError = error
            except RefusedError as error:
                if error.status != _MOVED:
                    raise
                tried += 1
                if tried > self._service.retries.most:
                    raise
                pause, failed = 0.0, error
            self._service.sleep(pause)
            batch = self._now()
            if batch is None:
                continue  # nothing of the file has come
            if batch.status != RECEIVING:
                if is_last and batch.received == place + len(part):
                    return
                raise BatchError(f"batch {batch.batch_id} is {batch.status}") from failed
            done = batch.received - place
            if not 0 <= done <= len(part):
                raise BatchError(
                    f"batch {batch.batch_id} is at byte {batch.received}, and this file at "
                    f"{place}: somebody else sends it, too"
                ) from failed
            part, place = part[done:], batch.received
            if not part and not is_last:
                return

    def _ask(self, part: bytes, place: int, is_last: bool) -> None:
        headers = {
            "Content-Type": CONTENT_TYPES[self._source.sent_as],
            "Upload-Complete": "?1" if is_last else "?0",
        }
        if self._batch_id is None:
            named = {"kind": self._kind, "name": self._name, "digest": self._digest}
            path = f"/batches?{urlencode(named)}"
            found = self._service.ask("POST", path, part, headers, again=False)
            self._batch_id = str(found.body["batch_id"])
        else:
            headers["Upload-Offset"] = str(place)
            path = f"/batches/{quoted(self._batch_id)}"
            self._service.ask("PATCH", path, part, headers, again=False)

    def _now(self) -> Batch | None:
        if self._batch_id is None:
            batch = self.found()
            self._batch_id = None if batch is None else batch.batch_id
            return batch
        found = self._service.ask("GET", f"/batches/{quoted(self._batch_id)}")
        return Batch.read_from(found.body)


def _parts(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Blocks as parts, each with whether it is the last; one that is empty when there are none."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        if size >= PART:
            yield b"".join(held), False
            held, size = [], 0
        held.append(block)
        size += len(block)
    yield b"".join(held), True
