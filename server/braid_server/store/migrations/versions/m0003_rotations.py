"""Rotations: how the root that certified a braid came to be, as it was when the braid began."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("braid", sa.Column("rotations", sa.Text, nullable=True))
