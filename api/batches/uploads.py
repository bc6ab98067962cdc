"""The uploads that one gateway has in hand, and what all batches together may hold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from sqlalchemy import Connection

from api.acceptance.database_threads import DatabaseThreads
from api.batches.receiving import Publish, Receiving
from api.batches.unpacking import Unpacking
from shared.db import batches
from shared.db.batches import Upload
from shared.errors import BusyError, UnavailableError
from shared.queue.piece_message import Piece
from shared.settings import Settings

log = logging.getLogger(__name__)

# How many files one gateway receives at once: each holds what it commits next.
AT_ONCE = 8
# What a client is told to wait where only scoring makes room, in seconds.
_LATER = 30


class Uploads:
    """Receives files for the event loop. `check` raises WrongShapeError for a text that the
    database cannot keep."""

    def __init__(
        self,
        settings: Settings,
        database: DatabaseThreads,
        publish: Publish,
        check: Callable[[str, str], None],
    ) -> None:
        self._settings = settings
        self._database = database
        self._send = publish
        self._check = check
        self._busy = 0
        self._sending: set[asyncio.Task[None]] = set()

    async def find(self, batch_id: str) -> Upload | None:
        """A batch as far as it was received; None when there is none.

        Raises:
            DatabaseAwayError: the database does not answer.
        """
        return await self._database.read(lambda c: batches.find_upload(c, batch_id))

    async def take(
        self, upload: Upload, parts: AsyncIterator[bytes], is_gzip: bool, complete: bool
    ) -> Upload:
        """Take in what a request sends of a batch; see `Receiving.take`.

        Raises:
            BusyError: there is no room for more.
        """
        settings = self._settings
        if self._busy >= AT_ONCE:
            raise BusyError(f"this gateway receives {AT_ONCE} files already", 1)
        self._busy += 1
        try:
            is_new = upload.place == batches.Place()
            await self._database.read(lambda c: self._refuse_too_many(c, is_new))
            receiving = Receiving(
                upload,
                self._database,
                self._publish,
                lambda text: self._check("the line", text),
                settings.max_batch,
                settings.max_body,
            )
            return await receiving.take(parts, Unpacking() if is_gzip else None, complete)
        finally:
            self._busy -= 1

    def _refuse_too_many(self, connection: Connection, is_new: bool) -> None:
        settings = self._settings
        most = settings.batches_open
        if is_new and batches.open_batches(connection, most) >= most:
            raise BusyError(f"{most} batches have not ended yet, as many as may be", _LATER)
        waiting = batches.waiting_rows(connection)
        if waiting >= settings.batch_rows:
            raise BusyError(f"{waiting} rows of batches wait to be scored", _LATER)

    async def _publish(self, pieces: Sequence[Piece]) -> None:
        """Let workers look at pieces. What does not get through is found by the sweeper: it lies
        in the database."""
        try:
            await self._send(pieces)
        except UnavailableError as error:
            log.warning("%d pieces of a batch wait for the sweeper: %s", len(pieces), error)
