"""Revoking keys: the file that says so beside a root key, and what a server makes of it (SPEC §9.4)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from braid.encoding import write_time
from braid.errors import Malformed
from braid.revocation import (
    MAX_REVOCATIONS,
    Reason,
    Revocation,
    Subject,
    may_revoke,
    write_revocation,
)
from braid.rotation import MAX_ROTATIONS, Rotation, chain_of, chain_through, check_rotation
from braid.signing import SecretKey
from braid.statements import MAX_BYTES, Statements, StatementUnusable, write_statement
from braid.strict_json import Json
from braid_server import durable, keyfiles
from braid_server.keyfiles import KeyFileUnusable
from braid_server.statement_files import load_statements, statement_lines

_log = logging.getLogger("braid.service")
# Rotations are published with them, in what others read as one file.
_MOST = MAX_BYTES - MAX_ROTATIONS * 1024


def revocations_of(root_key: Path) -> Path:
    """Name the file of revocations beside a root key file: a statement a line, none of it secret."""
    return root_key.with_name(root_key.name + ".revocations")


def load_revocations(root_key: Path) -> Statements:
    """Read what was revoked, nothing where there is no file; raises KeyFileUnusable."""
    path = revocations_of(root_key)
    said = load_statements(path)
    if said.rotations:
        raise KeyFileUnusable(f"{path}: expected revocations alone, got a rotation")
    return said


def revoke(
    root_key: Path,
    key: str,
    of: Subject,
    reason: Reason,
    since: str | None,
    now: datetime,
    *,
    beside: Path | None = None,
) -> dict[str, Json]:
    """Have a root revoke a key since a time, now by default, and add that to its file, durably.

    `beside` is the root key file to whose revocations it is added where that is another's. Raises
    KeyFileUnusable, and Malformed for what cannot be said.
    """
    root = SecretKey(keyfiles.load(root_key, keyfiles.ROOT_LABEL))
    time = write_time(now)
    said = Revocation(key, of, reason, since or time, root.text, time)
    proof = write_revocation(root, said)
    beside = beside or root_key
    path = revocations_of(beside)
    try:
        with durable.alone(path.parent):
            before = load_revocations(beside)
            lines = statement_lines(path, (*before.proofs, proof), _MOST)
            durable.replace(path, lines, mode=0o666)  # for anybody to read
    except OSError as fault:
        raise KeyFileUnusable(f"{path}: cannot be written: {fault.strerror}") from fault
    except StatementUnusable as fault:
        raise KeyFileUnusable(str(fault)) from fault
    return proof


@dataclass(frozen=True, slots=True)
class _Seen:
    stamp: tuple[int, int, int] | None
    said: Statements


class Revoked:
    """What the file beside a root key says now: it is read again once it was changed.

    `rotations` are all that are known, those of former roots that lead elsewhere among them.
    A file that cannot be read any more leaves what was known, and that is logged.
    """

    def __init__(self, root_key: Path | None, rotations: Sequence[dict[str, Json]] = ()) -> None:
        """Read the file, if any; raises KeyFileUnusable."""
        self._root_key = root_key
        self._turns = tuple(rotations)
        self._rotations: tuple[Rotation, ...] = tuple(map(check_rotation, rotations))
        said = Statements() if root_key is None else load_revocations(root_key)
        self._seen = _Seen(self._stamp(), said)
        self._hears: Callable[[], object] | None = None

    def on_news(self, hears: Callable[[], object]) -> None:
        """Have something called, in whichever thread sees it first, when the file was changed."""
        self._hears = hears

    def _stamp(self) -> tuple[int, int, int] | None:
        if self._root_key is None:
            return None
        try:
            found = revocations_of(self._root_key).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _said(self) -> Statements:
        stamp = self._stamp()
        if self._root_key is not None and stamp != self._seen.stamp:
            said = self._seen.said
            try:
                said = load_revocations(self._root_key)
            except KeyFileUnusable as fault:
                _log.error("event=revocations_unusable reason=%s", fault)
            self._seen = _Seen(stamp, said)
            if self._hears is not None:
                self._hears()
        return self._seen.said

    @property
    def told(self) -> bytes:
        """Give rotations and revocations for others to be told, a statement a line (SPEC §9.5)."""
        return b"".join(map(write_statement, (*self._turns, *self._said().proofs)))

    def holds(self, key: str, of: Subject) -> bool:
        """Tell whether a key is revoked."""
        return any(one.key == key and one.of is of for one in self._said().revocations)

    def proofs(self, braid: str, root: str, proofs: list[Json]) -> list[Json]:
        """Give the proofs of a transcript with what was revoked since, of a braid that root certified."""
        said = self._said()
        if not said.revocations:
            return proofs
        turns: list[Json] = [each for each in proofs if _is_rotation(each)]
        others = [each for each in proofs if not _is_rotation(each)]
        chain = chain_through(self._rotations, root)
        if chain:  # those of later say who has a say
            known = dict(zip(self._rotations, self._turns, strict=True))
            turns = [known[each] for each in chain]
        try:
            rotations = [check_rotation(each) for each in turns if isinstance(each, dict)]
        except Malformed as fault:
            # What the store has of this braid is damaged, which its verifiers are to be shown.
            _log.error("event=revocation_not_added braid=%s reason=%s", braid, fault)
            return proofs
        roots = {root, *chain_of(rotations)}
        added: list[Json] = []
        for one, proof in zip(said.revocations, said.proofs, strict=True):
            concerned = one.key == braid if one.of is Subject.BRAID else one.key in roots
            if concerned and may_revoke(one, root, rotations) and proof not in added:
                added.append(proof)
        # No transcript holds more; what takes the most away is not left out.
        added.sort(key=lambda proof: '"reason":"retired"' in str(proof))
        return [*turns, *others, *added[:MAX_REVOCATIONS]] if added else proofs


def _is_rotation(proof: Json) -> bool:
    return isinstance(proof, dict) and proof.get("type") == "rotation"
