"""The first tables. A released migration is never edited: it spells its tables out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "braid",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("created", sa.Text, nullable=False),
        sa.Column("session", sa.LargeBinary, nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=True),
        sa.Column("sealed", sa.Boolean, nullable=False),
    )
    op.create_index("ix_braid_tenant", "braid", ["tenant"])
    op.create_index("ix_braid_session", "braid", ["session"])
    op.create_table(
        "node",
        sa.Column("braid", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("h", sa.Text, nullable=False),
        sa.Column("s", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=True),
        sa.Column("attrs", sa.LargeBinary, nullable=True),
        sa.Column("content", sa.LargeBinary, nullable=True),
        sa.Column("bsalt", sa.LargeBinary, nullable=True),
        sa.Column("match", sa.LargeBinary, nullable=True),
    )
    op.create_table(
        "call",
        sa.Column("braid", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("open", sa.Boolean, nullable=False),
    )
    only_open = sa.text("open")
    op.create_index("call_open", "call", ["open"], sqlite_where=only_open)
    op.create_table(
        "mark",
        sa.Column("value", sa.LargeBinary, primary_key=True),
        sa.Column("braid", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
