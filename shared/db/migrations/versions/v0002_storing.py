"""Predictions are stored by a function, whose plans PostgreSQL keeps.

A statement is planned each time it is sent, which took a third of storing one row. A prepared
statement belongs to a session, and a pooler between us and the server may give every transaction
another one; a function is everybody's. Its plans are made for any size of the tables: with an
index, as the tables grow faster than their statistics, and not compiled, which is what the
planner does with a plan that it thinks dear.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

# Arrays and unnest: any number of rows. They are inserted in the order of their keys, so that two
# groups that share some never deadlock, but numbered in the order in which they came.
STORE = """
CREATE FUNCTION queuecast_store(
    storing_lock bigint, job_ids text[], job_keys text[], request_ids text[], keys text[],
    are_text boolean[], observations text[], probas double precision[], scored_by text
) RETURNS bigint LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off
AS $$
DECLARE
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
    WITH numbered AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('prediction', 'id')) AS id, incoming.*
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
    # SQLite has no functions, and no ways to a server to save.
    if op.get_bind().dialect.name != "sqlite":
        op.execute(STORE)
