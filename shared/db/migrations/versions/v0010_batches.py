"""Batches: files of observations or of labels, kept as pieces of their own lines until they are
scored."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_UNFINISHED = sa.text("status IN ('queued', 'running')")

# The rows of a piece; each array has a place for each line, whose key is null where the line made
# no row. The observations are the lines that lie in the database already, unless others are given.
# Returns the keys that had a row before.
STORE_PIECE = """
CREATE FUNCTION queuecast_store_piece(
    batch_of bigint, piece_of integer, keys text[], are_text boolean[], observations text[],
    probas double precision[], scored_by text, answers text[]
) RETURNS text[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    numbers regclass := pg_get_serial_sequence('prediction', 'id');
    lines text[] := observations;
    made_at timestamptz;
    inserted bigint;
BEGIN
    IF lines IS NULL THEN
        SELECT string_to_array(body, E'\\n') INTO lines
        FROM batch_piece WHERE batch_seq = batch_of AND number = piece_of;
    END IF;
    -- As in queuecast_store: every number that is drawn from here on is above this one.
    PERFORM pg_advisory_xact_lock_shared(
        numbers::oid::int, coalesce(pg_sequence_last_value(numbers), 0)::bit(32)::int
    );
    made_at := clock_timestamp();
    WITH numbered AS MATERIALIZED (
        SELECT nextval(numbers) AS id, incoming.*
        FROM unnest(lines, keys, are_text, probas, answers)
            AS incoming (line, key, is_text, proba, answer)
        WHERE key IS NOT NULL
    )
    INSERT INTO prediction (id, observation_id, observation_id_is_text, observation, proba,
                            model_version, predicted_at, answer)
    SELECT id, key, is_text, rtrim(line, E'\\r'), proba, scored_by, made_at, answer
    FROM numbered ORDER BY key, id
    ON CONFLICT (observation_id) DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    IF inserted = cardinality(array_remove(keys, NULL)) THEN
        RETURN ARRAY[]::text[];
    END IF;
    -- Those that this transaction did not make.
    RETURN ARRAY(
        SELECT observation_id FROM prediction
        WHERE observation_id = ANY (keys) AND xmin::text <> pg_current_xact_id()::xid::text
    );
END
$$
"""


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
        sa.Column("unpacked", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("part_unpacked", sa.BigInteger, nullable=False, server_default="0"),
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
        sa.Column("label_number", sa.BigInteger),
    )
    for name, columns in (
        ("batch_piece_unfinished", ["batch_seq", "number"]),
        ("batch_piece_published", ["published_at"]),
    ):
        op.create_index(
            name, "batch_piece", columns,
            postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED,
        )  # fmt: skip
    # Batches that are looked at until they have ended.
    op.create_index(
        "batch_open", "batch", ["seq"],
        postgresql_where=sa.text("status IN ('receiving', 'queued', 'running')"),
        sqlite_where=sa.text("status IN ('receiving', 'queued', 'running')"),
    )  # fmt: skip
    op.create_index("batch_finished", "batch", ["finished_at"])
    if op.get_bind().dialect.name != "sqlite":
        op.execute(STORE_PIECE)
