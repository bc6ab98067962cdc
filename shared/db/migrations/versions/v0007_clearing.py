"""Jobs that are cleared away are deleted, and few bytes stay of each: see `cleared_jobs`.

What earlier versions cleared is not moved here, which could take many minutes: workers find it by
an index and delete it in turns, as well as what a worker of an earlier version clears meanwhile.

No index is dropped and nothing is rewritten. On PostgreSQL this lets everybody read `job`, and so
predictions go on; a lock that keeps out readers would also deadlock with those who have read and
now wait to write.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

EMPTIED = sa.text("cleared_at IS NOT NULL")
DEAD = sa.text("status = 'failed' AND attempts >= 3")


def upgrade() -> None:
    op.create_table(
        "cleared_job",
        sa.Column("period", sa.BigInteger, nullable=False),
        sa.Column("marks", sa.LargeBinary, nullable=False),
    )
    op.create_index("cleared_job_period", "cleared_job", ["period"])
    for name, column, where in (
        ("job_emptied", "finished_at", EMPTIED),
        ("job_dead", "seq", DEAD),
    ):
        op.create_index(name, "job", [column], postgresql_where=where, sqlite_where=where)
    if op.get_bind().dialect.name != "sqlite":
        # They are random: PostgreSQL would try in vain to compress them.
        op.execute("ALTER TABLE cleared_job ALTER COLUMN marks SET STORAGE EXTERNAL")
