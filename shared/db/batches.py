"""Batches as they come: made, gone on with, and shown with their counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol

from sqlalchemy import Connection, Select, func, insert, select, update

from shared.db.batch_pieces import end_batch, wait_for_storing_of
from shared.db.clock import clock, statement_start
from shared.db.job_numbers import draw_within
from shared.db.piece_rows import draw_numbers, is_unfinished
from shared.db.tables import BATCH, BATCH_PIECE
from shared.errors import MovedUploadError
from shared.queue.messages import Kind, Status

RECEIVING = "receiving"
OPEN = (RECEIVING, Status.QUEUED, Status.RUNNING)

_b, _p = BATCH.c, BATCH_PIECE.c


class Lines(Protocol):
    """Whole lines of a file; see `api.batches.line_cutter.Lines`."""

    @property
    def first_line(self) -> int: ...

    @property
    def count(self) -> int: ...

    @property
    def text(self) -> str: ...

    @property
    def rejects(self) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Place:
    """How far a batch has come: the bytes as they were sent, those of its lines after gzip, how
    many of these there were at `offset`, and what is left of the last line, whose number follows.
    """

    offset: int = 0
    unpacked: int = 0
    part_unpacked: int = 0
    open_line: bytes = b""
    next_line: int = 1


@dataclass(frozen=True, slots=True)
class Upload:
    """A batch as it is received."""

    batch_id: str
    kind: Kind
    format: str
    name: str | None
    digest: str | None
    place: Place = Place()
    columns: list[str] | None = None
    status: str = RECEIVING
    is_complete: bool = False


def open_batches(connection: Connection, most: int) -> int:
    """How many batches have not ended; counted no further than `most`."""
    some = select(_b.seq).where(_b.status.in_(OPEN)).limit(most).subquery()
    return int(connection.execute(select(func.count()).select_from(some)).scalar_one())


def waiting_rows(connection: Connection) -> int:
    """How many rows of batches are still to be scored."""
    waiting = select(func.coalesce(func.sum(_p.lines), 0)).where(is_unfinished)
    return int(connection.execute(waiting).scalar_one())


def find_upload(connection: Connection, batch_id: str, lock: bool = False) -> Upload | None:
    """A batch as far as it was received; None when there is none. `lock` it to go on with it."""
    query = select(BATCH).where(_b.batch_id == batch_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        return None
    place = Place(
        row.upload_offset, row.unpacked, row.part_unpacked, row.tail or b"", row.next_line
    )
    return Upload(
        row.batch_id, Kind(row.kind), row.format, row.name, row.digest, place, row.columns,
        row.status, row.upload_complete,
    )  # fmt: skip


def append(
    connection: Connection, upload: Upload, lines: Sequence[Lines], place: Place, complete: bool
) -> tuple[int, list[int]]:
    """Take in lines of a batch, which is made when this is its beginning; its number, and those of
    the pieces that the lines became. `complete` says that they are the last.

    Raises:
        MovedUploadError: the batch is not where `upload` has it any more.
    """
    found = find_upload(connection, upload.batch_id, lock=True)
    if found is None:
        seq = _make(connection, upload)
    else:
        if found.place != upload.place or found.status != RECEIVING:
            raise moved(found)
        seq = connection.execute(select(_b.seq).where(_b.batch_id == upload.batch_id)).scalar_one()
    numbers = draw_numbers(connection, seq, len(lines))
    now = connection.execute(select(clock(connection))).scalar_one()
    if lines:
        # Labels apply in the order in which they were accepted, as those of /update do.
        ordered = draw_within(connection, len(lines) if upload.kind is Kind.UPDATE else 0)
        rows = [
            {
                "batch_seq": seq,
                "number": number,
                "first_line": some.first_line,
                "lines": some.count,
                "body": some.text,
                "status": Status.QUEUED,
                "published_at": now,
                "rejected": len(some.rejects),
                "rejects": some.rejects or None,
                "label_number": label_number,
            }
            for number, some, label_number in zip_longest(numbers, lines, ordered)
        ]
        connection.execute(insert(BATCH_PIECE), rows)
    values: dict[str, Any] = {
        "changed_at": now, "upload_offset": place.offset, "unpacked": place.unpacked,
        "part_unpacked": place.part_unpacked, "tail": place.open_line or None,
        "next_line": place.next_line, "columns": upload.columns, "upload_complete": complete,
    }  # fmt: skip
    if complete:
        started = select(_b.started_at).where(_b.seq == seq)
        running = connection.execute(started).scalar() is not None
        values["status"] = Status.RUNNING if running else Status.QUEUED
    connection.execute(update(BATCH).where(_b.seq == seq).values(values))
    if complete:
        end_batch(connection, seq)
    return seq, numbers


def moved(upload: Upload) -> MovedUploadError:
    """What somebody is told who goes on with a batch at another place than it is at."""
    offset = upload.place.offset
    state = f"is {upload.status}" if upload.status != RECEIVING else "is still received"
    return MovedUploadError(
        f"batch {upload.batch_id} {state}, and has come as far as byte {offset}",
        offset, upload.is_complete,
    )  # fmt: skip


def fail(connection: Connection, batch_id: str, error: str) -> None:
    """End a batch that cannot be gone on with; what was taken in of it stays."""
    now = clock(connection)
    connection.execute(
        update(BATCH)
        .where(_b.batch_id == batch_id, _b.status == RECEIVING)
        .values(status=Status.FAILED, error=error, changed_at=now, finished_at=now)
    )


def cancel(connection: Connection, batch_id: str) -> str | None:
    """Cancel a batch that has not ended: what is not scored yet never is. The status that it has
    afterwards; None when there is no such batch."""
    seq = connection.execute(select(_b.seq).where(_b.batch_id == batch_id)).scalar()
    if seq is None:
        return None
    wait_for_storing_of(connection, seq)
    query = select(_b.status).where(_b.seq == seq).with_for_update()
    status: str = connection.execute(query).scalar_one()
    if status not in OPEN:
        return status
    now = clock(connection)
    ended = {"status": Status.CANCELLED, "finished_at": now}
    connection.execute(update(BATCH).where(_b.seq == seq).values(ended | {"changed_at": now}))
    connection.execute(update(BATCH_PIECE).where(_p.batch_seq == seq, is_unfinished).values(ended))
    return Status.CANCELLED


def shown_batch(connection: Connection, batch_id: str) -> Any:
    """A batch with its counts, which belong to one moment; None when there is none."""
    chosen = select(_b.seq).where(_b.batch_id == batch_id)
    return connection.execute(_counted(connection, chosen)).first()


def latest(connection: Connection, limit: int, name: str | None, digest: str | None) -> list[Any]:
    """The batches that came last, with their counts, the last first."""
    chosen = select(_b.seq).order_by(_b.seq.desc()).limit(limit)
    if name is not None:
        chosen = chosen.where(_b.name == name)
    if digest is not None:
        chosen = chosen.where(_b.digest == digest)
    return list(connection.execute(_counted(connection, chosen)))


def _make(connection: Connection, upload: Upload) -> int:
    now = clock(connection)
    made = insert(BATCH).values(
        batch_id=upload.batch_id, kind=upload.kind, format=upload.format, name=upload.name,
        digest=upload.digest, status=RECEIVING, submitted_at=now, changed_at=now,
    )  # fmt: skip
    return int(connection.execute(made.returning(_b.seq)).scalar_one())


def _counted(connection: Connection, chosen: Select[Any]) -> Select[Any]:
    """What is shown of these batches: one statement, so that its counts add up."""

    def total(column: Any) -> Any:
        return func.coalesce(func.sum(column), 0)

    counts = (
        select(
            _p.batch_seq,
            total(_p.lines).label("read"),
            total(_p.succeeded).label("succeeded"),
            total(_p.duplicate).label("duplicate"),
            total(_p.rejected).label("rejected"),
        )
        .where(_p.batch_seq.in_(chosen))
        .group_by(_p.batch_seq)
        .subquery()
    )
    return (
        select(
            _b.batch_id, _b.kind, _b.name, _b.digest, _b.status, _b.upload_offset,
            _b.upload_complete, _b.submitted_at, _b.started_at, _b.finished_at, _b.error,
            *(func.coalesce(counts.c[n], 0).label(n)
              for n in ("read", "succeeded", "duplicate", "rejected")),
            statement_start(connection).label("now"),
        )
        .join_from(BATCH, counts, counts.c.batch_seq == _b.seq, isouter=True)
        .where(_b.seq.in_(chosen))
        .order_by(_b.seq.desc())
    )  # fmt: skip
