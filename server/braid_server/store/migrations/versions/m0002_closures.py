"""Closures: what the root signed of a braid that its own key could seal no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("braid", sa.Column("closure", sa.Text, nullable=True))
