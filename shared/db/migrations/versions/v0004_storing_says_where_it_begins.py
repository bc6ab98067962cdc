"""Whoever stores predictions says from which number on, until the transaction ends.

Rows are numbered before they are committed, so that a row may come to be seen after another one
with a higher number. A listing that pages by these numbers must know up to which one nothing is
still to come (see shared/db/listing.py). The number is said by an advisory lock, which everybody
may read in pg_locks, and which ends with the transaction however that ends.

The function takes and gives what it did, so that workers of the version before go on, and say it.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

# As in 0002, with the second lock.
STORE = """
CREATE OR REPLACE FUNCTION queuecast_store(
    storing_lock bigint, job_ids text[], job_keys text[], request_ids text[], keys text[],
    are_text boolean[], observations text[], probas double precision[], scored_by text
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
        FROM unnest(request_ids, keys, are_text, observations, probas)
            AS incoming (request_id, key, is_text, observation, proba)
    )
    INSERT INTO prediction (id, observation_id, observation_id_is_text, observation, proba,
                            request_id, model_version, predicted_at)
    SELECT id, key, is_text, observation, proba, request_id, scored_by, clock_timestamp()
    FROM numbered ORDER BY key, id
    ON CONFLICT (observation_id) DO NOTHING;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    RETURN inserted;
END
$$
"""


def upgrade() -> None:
    # SQLite has no functions, and one writer at a time: its rows are committed as numbered.
    if op.get_bind().dialect.name != "sqlite":
        op.execute(STORE)
