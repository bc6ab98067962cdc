"""Batches: files of observations or of labels, kept as pieces of their own lines until they are
scored."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_UNFINISHED = sa.text("status IN ('queued', 'running')")


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "batch",
        sa.Column("seq", serial, primary_key=True),
        sa.Column("batch_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("digest", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("submitted_at", moment, nullable=False),
        sa.Column("started_at", moment),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("finished_at", moment),
        sa.Column("upload_offset", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("upload_complete", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("columns", sa.Text),
        sa.Column("tail", sa.LargeBinary),
        sa.Column("next_line", sa.BigInteger, nullable=False, server_default="1"),
        sa.Column("pieces", sa.Integer, nullable=False, server_default="0"),
        sa.Column("error", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_index("batch_batch_id", "batch", ["batch_id"], unique=True)
    op.create_table(
        "batch_piece",
        sa.Column("batch_seq", sa.BigInteger, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("first_line", sa.BigInteger, nullable=False),
        sa.Column("lines", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("claimed_by", sa.Text),
        sa.Column("published_at", moment, nullable=False),
        sa.Column("leased_until", moment),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.Column("succeeded", sa.Integer, nullable=False, server_default="0"),
        sa.Column("duplicate", sa.Integer, nullable=False, server_default="0"),
        sa.Column("rejected", sa.Integer, nullable=False, server_default="0"),
        sa.Column("rejects", sa.Text),
        sa.Column("results", sa.Text),
    )
    for name, columns in (
        ("batch_piece_unfinished", ["batch_seq", "number"]),
        ("batch_piece_published", ["published_at"]),
    ):
        op.create_index(
            name, "batch_piece", columns,
            postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED,
        )  # fmt: skip
