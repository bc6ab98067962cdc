"""A job knows by which groups the attempts were made that it counts, so that an attempt which was
given up can be taken back, once, whatever has happened to the job since.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Nullable and without a default, so that no row is rewritten.
    op.add_column("job", sa.Column("claimed_by", sa.Text))
