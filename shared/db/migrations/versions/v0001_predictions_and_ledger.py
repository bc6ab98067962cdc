"""The prediction table, new or taken over from the ancestor, and the ledger beside it.

The ancestor's `prediction` table was made by peewee: `id`, `observation_id` integer, `observation`
text, `proba` real, `true_class` integer. Its rows stay, and print as they did; so do those of its
relatives, whose ids or true classes are text.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
UNFINISHED = sa.text("status IN ('queued', 'running')")
STARTED = sa.text("started_at IS NOT NULL")
KEPT = sa.text("cleared_at IS NULL")


def upgrade() -> None:
    connection = op.get_bind()
    if not sa.inspect(connection).has_table("prediction"):
        _create_prediction("prediction")
    elif connection.dialect.name == "sqlite":
        _take_over_sqlite()
    else:
        _take_over_postgres()
    _create_ledger()


def _create_prediction(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", SERIAL, primary_key=True),
        sa.Column("observation_id", sa.Text, nullable=False),
        sa.Column("observation", sa.Text, nullable=False),
        sa.Column("proba", sa.Double, nullable=False),
        sa.Column("true_class", sa.Text),
        sa.Column("observation_id_is_text", sa.Boolean, nullable=False),
        sa.Column("request_id", sa.Text),
        sa.Column("model_version", sa.Text),
        sa.Column("predicted_at", TIME),
        sa.Column("true_class_at", TIME),
        sa.Column("true_class_seq", sa.BigInteger),
    )
    if name == "prediction":
        op.create_index("prediction_observation_id", name, ["observation_id"], unique=True)


def _take_over_sqlite() -> None:
    """SQLite cannot change a column's type, so the rows move to a new table. There each value has a
    type of its own, whatever was declared."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    driver.create_function("queuecast_json", 1, _as_json, deterministic=True)
    op.execute("DROP INDEX IF EXISTS prediction_observation_id")
    _create_prediction("prediction_taken_over")
    op.execute(
        "INSERT INTO prediction_taken_over"
        " (id, observation_id, observation, proba, true_class, observation_id_is_text)"
        " SELECT id, CAST(observation_id AS TEXT), CAST(observation AS TEXT), proba,"
        " queuecast_json(true_class), typeof(observation_id) <> 'integer'"
        " FROM prediction ORDER BY id"
    )
    op.drop_table("prediction")
    op.rename_table("prediction_taken_over", "prediction")
    op.create_index("prediction_observation_id", "prediction", ["observation_id"], unique=True)


def _as_json(value: object) -> str | None:
    if value is None:
        return None
    return json.dumps(str(value, "utf-8", "replace") if isinstance(value, bytes) else value)


def _take_over_postgres() -> None:
    columns = sa.inspect(op.get_bind()).get_columns("prediction")
    types = {column["name"]: column["type"] for column in columns}
    binary = isinstance(types["observation"], sa.LargeBinary)
    body = "convert_from(observation, 'UTF8')" if binary else "observation::text"
    is_text = "false" if isinstance(types["observation_id"], sa.Integer) else "true"
    # By way of text: a plain cast of a REAL gives 0.16097398102283478 for 0.16097398.
    op.execute(
        "ALTER TABLE prediction"
        " ALTER COLUMN id TYPE bigint,"
        " ALTER COLUMN observation_id TYPE text USING observation_id::text,"
        f" ALTER COLUMN observation TYPE text USING {body},"
        " ALTER COLUMN proba TYPE double precision USING proba::text::double precision,"
        " ALTER COLUMN true_class TYPE text USING to_json(true_class)::text,"
        f" ADD COLUMN observation_id_is_text boolean NOT NULL DEFAULT {is_text},"
        " ADD COLUMN request_id text,"
        " ADD COLUMN model_version text,"
        " ADD COLUMN predicted_at timestamptz,"
        " ADD COLUMN true_class_at timestamptz,"
        " ADD COLUMN true_class_seq bigint"
    )
    op.execute("ALTER TABLE prediction ALTER COLUMN observation_id_is_text DROP DEFAULT")
    # Skipped inserts use up numbers too, so the sequence must count as far as the column.
    op.execute(
        "DO $$ DECLARE name text := pg_get_serial_sequence('prediction', 'id'); BEGIN"
        " IF name IS NOT NULL THEN EXECUTE 'ALTER SEQUENCE ' || name || ' AS bigint'; END IF;"
        " END $$"
    )


def _create_ledger() -> None:
    op.create_table(
        "job",
        sa.Column("seq", SERIAL, primary_key=True),
        sa.Column("job_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("lane", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("observation_id", sa.Text),
        sa.Column("observation_id_is_text", sa.Boolean),
        sa.Column("body", sa.Text),
        sa.Column("reply_to", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("leased_until", TIME),
        sa.Column("finished_at", TIME),
        sa.Column("status_code", sa.SmallInteger),
        sa.Column("outcome", sa.Text),
        sa.Column("cleared_at", TIME),
        sqlite_autoincrement=True,
    )
    op.create_index("job_job_id", "job", ["job_id"], unique=True)
    for name, columns, where in (
        ("job_unfinished", ["lane", "published_at"], UNFINISHED),
        ("job_unfinished_observation", ["observation_id"], UNFINISHED),
        ("job_finished", ["finished_at"], KEPT),
        ("job_started", ["lane", "started_at"], STARTED),
    ):
        op.create_index(name, "job", columns, postgresql_where=where, sqlite_where=where)
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
    )
