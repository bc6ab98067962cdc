"""Rows of a service, from the first to the last, over as many connections as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from urllib.parse import urlencode

import urllib3

from queuecast.errors import BrokenOffError, ServiceError
from queuecast.service.records import NDJSON, Records
from queuecast.service.service import Service

# Of a piece that is read at once, in bytes.
PIECE = 2**16


@dataclass(frozen=True)
class Selection:
    """Which rows: those predicted from `since` on and before `until`, by this version of the model,
    with a true class (`labelled`) or without one (False), and with an `id` above `after`; of these
    the first `limit`. None asks for nothing."""

    since: datetime | None = None
    until: datetime | None = None
    model_version: str | None = None
    labelled: bool | None = None
    after: int | None = None
    limit: int | None = None

    def query(self, form: str) -> str:
        """As a service takes it. A time without a zone is the clock's of this machine."""
        said = {
            "format": form,
            "since": _in_utc(self.since),
            "until": _in_utc(self.until),
            "model_version": self.model_version,
            "labelled": None if self.labelled is None else str(self.labelled).lower(),
            "after": self.after,
            "limit": self.limit,
        }
        return urlencode({name: value for name, value in said.items() if value is not None})


class Export:
    """The rows of a selection, in the order of their `id`; `records` says how many have come. Where
    a connection breaks off, the next one goes on after the last whole row: as often as it brings
    rows, and else as often as the service's retries allow."""

    def __init__(self, service: Service, selection: Selection, form: str = NDJSON) -> None:
        self._service = service
        self._selection = selection
        self._form = form
        self.records = Records(form)

    def blocks(self) -> Iterator[bytes]:
        """Whole rows as they come, many at a time; of CSV behind one header.

        Raises:
            BrokenOffError: they broke off, at the last try as well.
            ServiceError: the service does not give them.
        """
        failed = 0
        while True:
            before = self.records.rows
            try:
                yield from self._one_answer()
                return
            except (urllib3.exceptions.HTTPError, _CutError) as error:
                failed = 1 if self.records.rows > before else failed + 1
                pause = self._service.retries.pause(failed, None)
                if pause is None:
                    raise self._broken_off(error) from error
            self._service.sleep(pause)
            self.records.begin_anew()

    def _one_answer(self) -> Iterator[bytes]:
        left = self._left()
        if left.limit == 0 and self.records.rows:
            return
        try:
            response = self._service.stream(f"/predictions?{left.query(self._form)}")
        except ServiceError as error:
            if self.records.rows:
                raise self._broken_off(error) from error
            raise
        try:
            for piece in response.stream(PIECE):
                block = self.records.take(piece)
                if block:
                    yield block
            if self.records.is_amid_a_row:
                raise _CutError("the answer ended amid a row")
        finally:
            # Of an answer that was not read to its end the connection cannot be kept.
            response.close()
            response.release_conn()

    def _left(self) -> Selection:
        limit = self._selection.limit
        return replace(
            self._selection,
            after=self._selection.after if self.records.last_id is None else self.records.last_id,
            limit=None if limit is None else limit - self.records.rows,
        )

    def _broken_off(self, error: Exception) -> BrokenOffError:
        last = self.records.last_id
        where = "before the first row" if last is None else f"after the row with id {last}"
        return BrokenOffError(f"the rows broke off {where}: {error}", last)


def _in_utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(timezone.utc).isoformat()


class _CutError(Exception):
    """An answer ended as whole answers do, but is none."""
