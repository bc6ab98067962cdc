"""A row keeps what was answered where that is more than one probability.

A regressor gives no probability at all, so `proba` may be null. Neither change rewrites a row on
PostgreSQL; SQLite cannot let go of a NOT NULL, so there the table is copied, once.

`queuecast_store` takes the answers as one more argument, which may be left out: workers of the
version before go on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

# As in 0004, with the answers.
STORE = """
CREATE FUNCTION queuecast_store(
    storing_lock bigint, job_ids text[], job_keys text[], request_ids text[], keys text[],
    are_text boolean[], observations text[], probas double precision[], scored_by text,
    answers text[] DEFAULT NULL
) RETURNS bigint LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
    numbers regclass := pg_get_serial_sequence('prediction', 'id');
    inserted bigint;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(storing_lock);
    -- The next statement sees what was committed while this one waited.
    IF EXISTS (SELECT FROM job WHERE job_id = ANY (job_ids))
        OR EXISTS (SELECT FROM job WHERE observation_id = ANY (job_keys)
                                     AND status IN ('queued', 'running'))
    THEN
        RETURN NULL;
    END IF;
    -- Every number that is drawn from here on is above the one that is read here. It has to be said
    -- before the first is drawn. Of the number, a lock has room for the lower 32 bits.
    PERFORM pg_advisory_xact_lock_shared(
        numbers::oid::int, coalesce(pg_sequence_last_value(numbers), 0)::bit(32)::int
    );
    WITH numbered AS MATERIALIZED (
        SELECT nextval(numbers) AS id, incoming.*
        FROM unnest(request_ids, keys, are_text, observations, probas, answers)
            AS incoming (request_id, key, is_text, observation, proba, answer)
    )
    INSERT INTO prediction (id, observation_id, observation_id_is_text, observation, proba,
                            request_id, model_version, predicted_at, answer)
    SELECT id, key, is_text, observation, proba, request_id, scored_by, clock_timestamp(), answer
    FROM numbered ORDER BY key, id
    ON CONFLICT (observation_id) DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    RETURN inserted;
END
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("prediction", recreate="always") as batch:
            batch.alter_column("proba", existing_type=sa.Double(), nullable=True)
            batch.add_column(sa.Column("answer", sa.Text))
        return
    op.alter_column("prediction", "proba", nullable=True)
    op.add_column("prediction", sa.Column("answer", sa.Text))
    op.execute("DROP FUNCTION queuecast_store")
    op.execute(STORE)
