"""Files of statements of roots: how they are read, and what may be written to one (SPEC §9.5)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from braid.statements import (
    MAX_BYTES,
    Statements,
    StatementUnusable,
    parse_statements,
    write_statement,
)
from braid.strict_json import Json
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


def statement_lines(
    path: Path, proofs: Iterable[dict[str, Json]], most: int = MAX_BYTES
) -> dict[bytes, None]:
    """Write statements as the lines of a file, each once.

    Raises StatementUnusable beyond what is read of one: such a file would count for nothing, and
    stop whoever needs it.
    """
    lines = dict.fromkeys(map(write_statement, proofs))
    if sum(map(len, lines)) > most:
        raise StatementUnusable(f"{path}: full: expected statements of at most {most} bytes in all")
    return lines
