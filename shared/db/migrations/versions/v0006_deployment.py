"""A database has a word of its own, by which its gateways and workers know each other on a Redis
that others use as well.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    deployment = op.create_table(
        "queuecast_deployment", sa.Column("namespace", sa.Text, nullable=False)
    )
    op.bulk_insert(deployment, [{"namespace": secrets.token_hex(8)}])
