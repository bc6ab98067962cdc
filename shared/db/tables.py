"""The tables, as the newest migration leaves them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    false,
)

# SQLite counts rows by itself only in a column that is exactly INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, in UTC. SQLite keeps no zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as text, so that `1`, `"1"` and `true` stay what they were.

    Text rather than the database's JSON type: whole numbers look in SQL as they always did, and
    probabilities keep their last digit.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To the database."""
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """From the database."""
        return None if value is None else json.loads(value)


METADATA = MetaData()

# Named, and its first five columns ordered, as the ancestor's.
PREDICTION = Table(
    "prediction",
    METADATA,
    Column("id", Serial, primary_key=True),
    Column("observation_id", Text, nullable=False),
    Column("observation", Text, nullable=False),
    # Null where the model gives no probability: a regressor, say.
    Column("proba", Double),
    Column("true_class", JsonText),
    Column("observation_id_is_text", Boolean, nullable=False),
    Column("request_id", Text),
    Column("model_version", Text),
    Column("predicted_at", UtcDateTime),
    Column("true_class_at", UtcDateTime),
    # The number of the update that set true_class: an older one never replaces it.
    Column("true_class_seq", BigInteger),
    # What was answered, where it is more than `proba` by itself.
    Column("answer", JsonText),
    Index("prediction_observation_id", "observation_id", unique=True),
)

JOB = Table(
    "job",
    METADATA,
    # The order of acceptance; numbers are never given twice.
    Column("seq", Serial, primary_key=True),
    Column("job_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("observation_id", Text),
    Column("observation_id_is_text", Boolean),
    Column("body", Text),
    Column("reply_to", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("leased_until", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("status_code", SmallInteger),
    Column("outcome", JsonText),
    # Only versions before the schema 0007 write it: they emptied what they cleared, and kept it.
    Column("cleared_at", UtcDateTime),
    # The ids of the groups whose attempts are counted, the latest last, each after a space.
    Column("claimed_by", Text),
    Index("job_job_id", "job_id", unique=True),
    sqlite_autoincrement=True,
)

_UNFINISHED = JOB.c.status.in_(("queued", "running"))
Index("job_unfinished", JOB.c.lane, JOB.c.published_at,
      postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED)  # fmt: skip
Index("job_unfinished_observation", JOB.c.observation_id,
      postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED)  # fmt: skip
_KEPT, _EMPTIED = JOB.c.cleared_at.is_(None), JOB.c.cleared_at.is_not(None)
Index("job_finished", JOB.c.finished_at, postgresql_where=_KEPT, sqlite_where=_KEPT)
Index("job_emptied", JOB.c.finished_at, postgresql_where=_EMPTIED, sqlite_where=_EMPTIED)
# The tries after which a job is set aside: `jobs.MOST_ATTEMPTS`.
_DEAD = (JOB.c.status == "failed") & (JOB.c.attempts >= 3)
Index("job_dead", JOB.c.seq, postgresql_where=_DEAD, sqlite_where=_DEAD)

_STARTED = JOB.c.started_at.is_not(None)
Index("job_started", JOB.c.lane, JOB.c.started_at,
      postgresql_where=_STARTED, sqlite_where=_STARTED)  # fmt: skip

# What is left of jobs that were cleared away; `cleared_jobs` says how it is read.
CLEARED_JOB = Table(
    "cleared_job",
    METADATA,
    Column("period", BigInteger, nullable=False),
    Column("marks", LargeBinary, nullable=False),
    Index("cleared_job_period", "period"),
)

# A file of observations, or of labels, that was sent at once; its rows lie in its pieces.
BATCH = Table(
    "batch",
    METADATA,
    Column("seq", Serial, primary_key=True),
    Column("batch_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("name", Text),
    # A client's own mark of its file, by which it finds the batch again.
    Column("digest", Text),
    Column("status", Text, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    # The bytes as sent whose effects are committed.
    Column("upload_offset", BigInteger, nullable=False, server_default="0"),
    # The bytes of lines, after gzip, whose effects are committed; and how many of them were when
    # `upload_offset` was: what has come since of a compressed part, which comes again as a whole.
    Column("unpacked", BigInteger, nullable=False, server_default="0"),
    Column("part_unpacked", BigInteger, nullable=False, server_default="0"),
    Column("upload_complete", Boolean, nullable=False, server_default=false()),
    # The header of a CSV file.
    Column("columns", JsonText),
    # The beginning of a line whose end has not come yet.
    Column("tail", LargeBinary),
    Column("next_line", BigInteger, nullable=False, server_default="1"),
    # How many pieces there are, and so the number of the next.
    Column("pieces", Integer, nullable=False, server_default="0"),
    Column("error", JsonText),
    Index("batch_batch_id", "batch_id", unique=True),
    sqlite_autoincrement=True,
)

_OPEN = BATCH.c.status.in_(("receiving", "queued", "running"))
Index("batch_open", BATCH.c.seq, postgresql_where=_OPEN, sqlite_where=_OPEN)
Index("batch_finished", BATCH.c.finished_at)

# Some lines of a batch, which are scored and stored together; `body` is empty when they are.
BATCH_PIECE = Table(
    "batch_piece",
    METADATA,
    Column("batch_seq", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    # Of the file, whose first is 1.
    Column("first_line", BigInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    # The ids of the messages whose attempts are counted, the latest last, each after a space.
    Column("claimed_by", Text),
    Column("published_at", UtcDateTime, nullable=False),
    Column("leased_until", UtcDateTime),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("succeeded", Integer, nullable=False, server_default="0"),
    Column("duplicate", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("rejects", JsonText),
    Column("results", JsonText),
    # Of labels: the number that orders them among all updates.
    Column("label_number", BigInteger),
)

_PIECE_UNFINISHED = BATCH_PIECE.c.status.in_(("queued", "running"))
Index("batch_piece_unfinished", BATCH_PIECE.c.batch_seq, BATCH_PIECE.c.number,
      postgresql_where=_PIECE_UNFINISHED, sqlite_where=_PIECE_UNFINISHED)  # fmt: skip
Index("batch_piece_published", BATCH_PIECE.c.published_at,
      postgresql_where=_PIECE_UNFINISHED, sqlite_where=_PIECE_UNFINISHED)  # fmt: skip

# What a version of the model is called by whoever packed it; rows name the version.
MODEL_NAME = Table(
    "queuecast_model",
    METADATA,
    Column("version", Text, primary_key=True),
    # As JSON, whose letters every encoding of a database has.
    Column("name", JsonText, nullable=False),
)

# Which worker may sweep, or clear, now; judged by the database's clock.
LEASE = Table(
    "lease",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

# One row, which never changes: the deployment's namespace on Redis.
DEPLOYMENT = Table("queuecast_deployment", METADATA, Column("namespace", Text, nullable=False))
