"""The tables. Canonical bytes stand verbatim; every other column is an index over them."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

# number counts braids in the order they began, which is the order they are listed in.
braids = sa.Table(
    "braid",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("tenant", sa.Text, nullable=False, index=True),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("session", sa.LargeBinary, nullable=True, index=True),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=True),
    sa.Column("sealed", sa.Boolean, nullable=False, default=False),  # or closed by its root
    sa.Column("closure", sa.Text, nullable=True),
    sa.Column("rotations", sa.Text, nullable=True),
)

nodes = sa.Table(
    "node",
    metadata,
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

# One row a call, so that a restart finds the open ones without reading any braid.
calls = sa.Table(
    "call",
    metadata,
    sa.Column("braid", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Index("call_open", "open", sqlite_where=sa.text("open")),
)

# What a later request may be recognised by (keyed digests; SPEC §8.3), and the node it leads to.
marks = sa.Table(
    "mark",
    metadata,
    sa.Column("value", sa.LargeBinary, primary_key=True),
    sa.Column("braid", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# Logs, oldest first: the newest that is not frozen goes on. `key` is how others know it, `checkpoint` a signed note.
logs = sa.Table(
    "log",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("begun", sa.Text, nullable=False),
    sa.Column("frozen", sa.Boolean, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("checkpoint", sa.Text, nullable=False),
)

# What is logged, verbatim; a braid's number where it is about one of this store.
log_entries = sa.Table(
    "log_entry",
    metadata,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("braid", sa.Integer, nullable=True, index=True),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# The hashes that stand in tiles, one a row: level 0 are those of entries, each further one is over 256.
log_hashes = sa.Table(
    "log_hash",
    metadata,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# What witnesses said of checkpoints: `checkpoint` is the log's own note, `line` what signs it too.
cosignatures = sa.Table(
    "cosignature",
    metadata,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("witness", sa.Text, primary_key=True),
    sa.Column("checkpoint", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
