"""Files of statements of roots: how they are read (SPEC §9.5)."""

from __future__ import annotations

from pathlib import Path

from braid.statements import MAX_BYTES, Statements, StatementUnusable, parse_statements
from braid_server.keyfiles import KeyFileUnusable


def read_statements(path: Path) -> Statements:
    """Read rotations and revocations out of a file, no more of it than may be one.

    Raises StatementUnusable, and OSError where it cannot be read.
    """
    with path.open("rb") as file:
        return parse_statements(file.read(MAX_BYTES + 1), str(path))


def load_statements(path: Path) -> Statements:
    """Read statements beside a root key, nothing where there is no file; raises KeyFileUnusable."""
    try:
        return read_statements(path)
    except FileNotFoundError:
        return Statements()
    except OSError as fault:
        raise KeyFileUnusable(f"{path}: cannot be read: {fault.strerror}") from fault
    except StatementUnusable as fault:
        raise KeyFileUnusable(str(fault)) from fault
