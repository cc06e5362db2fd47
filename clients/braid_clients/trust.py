"""Trust files: the roots, logs and witnesses a user trusts, a line each: the key, then a label; and
beside them what roots said of each other.

Lines that begin with `#` and blank lines are kept as they are. A file with a line that
is neither is refused whole: a key that silently does not count would be a surprise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from braid.errors import BraidError
from braid.statements import Statements
from braid_server.durable import alone, replace
from braid_server.statement_files import read_statements, statement_lines
from braid_verifier.pins import PinnedKey, parse_logs, parse_witnesses
from braid_verifier.policy import Root, parse_roots

MAX_BYTES = 1024 * 1024  # far beyond any list a person keeps


class TrustUnusable(BraidError):
    """A file that is no list of keys."""


Trusted = TypeVar("Trusted", Root, PinnedKey)


@dataclass(frozen=True, slots=True)
class Whom(Generic[Trusted]):
    """What a trust file lists: what one is called, and how the lines are read."""

    noun: str
    parse: Callable[[str, str], tuple[Trusted, ...]]


ROOTS = Whom("root key", parse_roots)
LOGS = Whom("log", parse_logs)
WITNESSES = Whom("witness", parse_witnesses)


def read_list(path: Path, whom: Whom[Trusted]) -> tuple[Trusted, ...]:
    """Read a trust file; raises TrustUnusable, KeyUnusable, and OSError where it is not there."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise TrustUnusable(f"{path}: expected a list of keys of at most {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise TrustUnusable(
            f"{path}: expected lines of a key and perhaps a label, in UTF-8"
        ) from fault
    return whom.parse(text, str(path))


def read_roots(path: Path) -> tuple[Root, ...]:
    """Read a file of roots; raises as `read_list`."""
    return read_list(path, ROOTS)


def trusted_of(path: Path, whom: Whom[Trusted]) -> tuple[Trusted, ...]:
    """Read a trust file; none where there is no such file. Raises as `read_list`."""
    try:
        return read_list(path, whom)
    except FileNotFoundError:
        return ()


def trusted(path: Path) -> tuple[Root, ...]:
    """Read the roots a user trusts; raises as `read_list`."""
    return trusted_of(path, ROOTS)


def trust(path: Path, root: Root) -> bool:
    """Add a root to the trust file, whole or not at all; False where it stands there already.

    Raises as `read_list`, and OSError where the file cannot be written.
    """
    return trust_one(path, root, ROOTS)


def trust_one(path: Path, one: Trusted, whom: Whom[Trusted]) -> bool:
    """Add a root, log or witness to its trust file, as `trust` does."""
    if _holds(path, one.key, whom):
        return False
    # Through a link the file is replaced, not the link to it.
    target = path.resolve()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(target.parent):
        if _holds(target, one.key, whom):
            return False
        header = f"# Each {whom.noun} that `braid verify` trusts: a key a line, then a label.\n"
        old = target.read_text(encoding="utf-8") if target.exists() else header
        line = " ".join([one.key, *one.label.split()])
        text = old + ("" if old.endswith("\n") or not old else "\n") + line + "\n"
        replace(target, [text.encode("utf-8")])
    return True


def distrust(path: Path, key: str) -> bool:
    """Take a root off the trust file, whole or not at all; False where it does not stand there.

    Raises as `trust`.
    """
    return distrust_one(path, key, ROOTS)


def distrust_one(path: Path, key: str, whom: Whom[Trusted]) -> bool:
    """Take a root, log or witness off its trust file, as `distrust` does."""
    if not _holds(path, key, whom):
        return False
    target = path.resolve()
    with alone(target.parent):
        lines = target.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = (line for line in lines if line.split(maxsplit=1)[:1] != [key])
        replace(target, [line.encode("utf-8") for line in kept])
    return True


def kept_statements(path: Path) -> Statements:
    """Read the rotations and revocations that a user was told; none where there is no such file.

    Raises StatementUnusable, and OSError where it cannot be read.
    """
    try:
        return read_statements(path)
    except FileNotFoundError:
        return Statements()


def keep_statements(path: Path, told: Statements) -> int:
    """Add statements to that file, whole or not at all, and count those that are new.

    Raises as `kept_statements`, and OSError where the file cannot be written.
    """
    target = path.resolve()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(target.parent):
        kept = kept_statements(target).proofs
        lines = statement_lines(target, (*kept, *told.proofs))
        new = len(lines) - len(statement_lines(target, kept))
        if new:
            replace(target, lines)
    return new


def _holds(path: Path, key: str, whom: Whom[Trusted]) -> bool:
    return any(known.key == key for known in trusted_of(path, whom))
