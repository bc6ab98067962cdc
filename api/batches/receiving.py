"""Receives a file: takes it in as it comes, and commits what has come, part by part.

What is committed has a place in the file, and the batch is gone on with from there, whoever broke
off: a client, this gateway, or the database. Memory is flat: no more is held than is committed at
once, beside one line that has not ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from api.acceptance.database_threads import DatabaseThreads
from api.batches.csv_header import column_names
from api.batches.line_cutter import LineCutter
from api.batches.unpacking import Unpacking
from shared.db import batches
from shared.db.batches import Place, Upload
from shared.errors import (
    BrokenUploadError,
    MovedUploadError,
    QueuecastError,
    TooLargeError,
    WrongShapeError,
)
from shared.queue.piece_message import Piece

# What is gathered before it is committed: so many bytes, or what came in so many seconds.
COMMIT_BYTES, COMMIT_EVERY = 1024 * 1024, 1.0

Publish = Callable[[Sequence[Piece]], Awaitable[None]]


class Receiving:
    """Takes in one part of a file, or all of it. `largest` is how many bytes a batch may have, as
    it was sent and unpacked; `longest_line` of how many bytes a line may be."""

    def __init__(
        self,
        upload: Upload,
        database: DatabaseThreads,
        publish: Publish,
        check: Callable[[str], None],
        largest: int,
        longest_line: int,
    ) -> None:
        self._upload = upload
        self._database = database
        self._publish = publish
        self._largest = largest
        place = upload.place
        self._cutter = LineCutter(
            upload.format == "csv", longest_line, check, place.open_line, place.next_line
        )
        self._sent = place.offset
        self._unpacked = place.unpacked
        # Of a compressed part that comes again, this is there already.
        self._passed_over = place.unpacked - place.part_unpacked
        self._is_made = bool(place.offset or place.unpacked)
        self._committed_at = time.monotonic()
        self._committing: asyncio.Task[None] | None = None

    async def take(
        self, parts: AsyncIterator[bytes], unpacking: Unpacking | None, complete: bool
    ) -> Upload:
        """Take in all that comes, and say how far the batch is then.

        Raises:
            BrokenUploadError: something of it was taken in before what went wrong.
            MovedUploadError: another request goes on with the same batch.
            QueuecastError: nothing was taken in.
        """
        try:
            async for part in parts:
                self._sent += len(part)
                self._check_size(self._sent)
                for block in unpacking.add(part) if unpacking else (part,):
                    self._add(block)
                    await self._commit_if_due(compressed=unpacking is not None)
            if unpacking is not None:
                unpacking.end()
            await self._committed()
            if complete:
                self._cutter.end()
            await self._commit(self._place(whole=True), complete)
        except MovedUploadError:
            raise
        except QueuecastError as error:
            await self._settle()
            if not self._is_made:
                raise
            raise BrokenUploadError(
                error, self._upload.batch_id, self._upload.place.offset
            ) from error
        except BaseException:
            # The client has left: what is under way is committed, and it can go on from there.
            await self._settle()
            raise
        return self._upload

    def _add(self, block: bytes) -> None:
        passed = min(self._passed_over, len(block))
        self._passed_over -= passed
        if passed < len(block):
            self._unpacked += len(block) - passed
            self._check_size(self._unpacked)
            self._cutter.add(block[passed:] if passed else block)

    def _check_size(self, size: int) -> None:
        if size > self._largest:
            raise TooLargeError(f"the file is larger than MAX_BATCH, {self._largest} bytes")

    async def _commit_if_due(self, compressed: bool) -> None:
        late = time.monotonic() > self._committed_at + COMMIT_EVERY
        if self._cutter.gathered < COMMIT_BYTES and not (late and self._cutter.gathered):
            return
        await self._committed()
        place = self._place(whole=not compressed)
        # Goes on while the next bytes are read.
        self._committing = asyncio.create_task(self._commit(place, complete=False))
        await asyncio.sleep(0)

    def _place(self, whole: bool) -> Place:
        """Where the batch is when what was added so far is committed: within a compressed part,
        its bytes as they were sent count only when all of them have come."""
        before = self._upload.place
        columns = self._columns()
        if columns is not None:
            self._upload = replace(self._upload, columns=columns)
        self._taken = self._cutter.take()
        return Place(
            self._sent if whole else before.offset,
            self._unpacked,
            self._unpacked if whole else before.part_unpacked,
            self._cutter.open_line,
            self._cutter.next_line,
        )

    def _columns(self) -> list[str] | None:
        """The names of a CSV's columns, once its first line has come."""
        upload = self._upload
        if upload.format != "csv" or upload.columns is not None:
            return None
        header = self._cutter.take_first()
        return None if header is None else column_names(header, upload.kind)

    async def _commit(self, place: Place, complete: bool) -> None:
        upload, lines = self._upload, self._taken
        if complete and upload.format == "csv" and upload.columns is None:
            raise WrongShapeError("the CSV has no first line that names its columns")

        def work(connection: Connection) -> tuple[int, list[int]]:
            return batches.append(connection, upload, lines, place, complete)

        seq, numbers = await self._database.write(work)
        self._is_made = True
        self._committed_at = time.monotonic()
        self._upload = replace(upload, place=place, is_complete=complete)
        await self._publish([Piece(seq, number) for number in numbers])

    async def _committed(self) -> None:
        """Wait until what is under way is committed.

        Raises:
            QueuecastError: it was not.
        """
        if self._committing is not None:
            task, self._committing = self._committing, None
            await task

    async def _settle(self) -> None:
        """Let what is under way end, whatever comes of it."""
        if self._committing is not None:
            await asyncio.wait([self._committing])
            self._committing = None
