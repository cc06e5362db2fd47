"""Handing over from a root key to a new one, and the file that says so (SPEC §9.3)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from braid.encoding import write_time
from braid.errors import Malformed
from braid.rotation import MAX_ROTATIONS, chain_through, check_chain, write_rotation
from braid.signing import SecretKey
from braid.statements import Statements, write_statement
from braid.strict_json import Json
from braid_server import durable, keyfiles
from braid_server.keyfiles import KeyFileUnusable
from braid_server.revoking import load_revocations
from braid_server.statement_files import load_statements


@dataclass(frozen=True, slots=True)
class Rotated:
    """The two public keys, where the old secret key is now, and where the statement stands."""

    old: str
    new: str
    old_file: Path
    file: Path


def rotations_of(root_key: Path) -> Path:
    """Name the file of rotations beside a root key file: a statement a line, none of it secret."""
    return root_key.with_name(root_key.name + ".rotations")


def load_rotations(root_key: Path, root: str) -> tuple[dict[str, Json], ...]:
    """Read the rotations that lead to a root, none where there is no file.

    Those of former roots that do not lead here stay in the file, for others to be told. Raises
    KeyFileUnusable for what leads on from this root.
    """
    said = read_rotations(root_key)
    rotations = chain_through(said.rotations, root)
    try:
        if rotations and rotations[-1].new != root:
            raise Malformed("E_PROOF", "rotation: leads past this root")
        check_chain(rotations, root)
    except Malformed as fault:
        hint = f"; a rotation cut short left its new key in {_draft_of(root_key)}"
        raise KeyFileUnusable(
            f"{rotations_of(root_key)}: {fault}{hint if _draft_of(root_key).exists() else ''}"
        ) from fault
    proofs = dict(zip(said.rotations, said.proofs, strict=True))
    return tuple(proofs[each] for each in rotations)


def read_rotations(root_key: Path) -> Statements:
    """Read the rotations beside a root key, whatever root they lead to; raises KeyFileUnusable."""
    path = rotations_of(root_key)
    said = load_statements(path)
    if said.revocations:
        raise KeyFileUnusable(f"{path}: expected rotations alone, got a revocation")
    return said


def newest_of(root_key: Path, root: str) -> Path:
    """Name the root key file beside which the statements of a root stand: its own, or its heir's.

    `rotate` keeps the key that handed over beside the new one, as FILE.1, FILE.2 and so on. Raises
    KeyFileUnusable.
    """
    heir, _, number = root_key.name.rpartition(".")
    if heir and number.isdecimal():
        newest = root_key.with_name(heir)
        if any(one.old == root for one in read_rotations(newest).rotations):
            return newest
    return root_key


def _draft_of(root_key: Path) -> Path:
    return root_key.with_name(f".{root_key.name}.next")


def rotate(root_key: Path, now: datetime) -> Rotated:
    """Make a new root key that the old one names, and put it in the old one's place.

    The old secret key stays beside it under another name. Killed in the middle, this leaves the
    old key in use, or a statement that `load_rotations` refuses. Raises KeyFileUnusable.
    """
    keyfiles.load(root_key, keyfiles.ROOT_LABEL)  # where there is none, that is what to say
    try:
        with durable.alone(root_key.parent):
            return _rotate(root_key, now)
    except OSError as fault:
        raise KeyFileUnusable(f"{root_key}: cannot be replaced: {fault.strerror}") from fault


def _rotate(root_key: Path, now: datetime) -> Rotated:
    old = SecretKey(keyfiles.load(root_key, keyfiles.ROOT_LABEL))
    load_rotations(root_key, old.text)  # whether one was cut short
    before = read_rotations(root_key).proofs
    if any(one.key == old.text for one in load_revocations(root_key).revocations):
        raise KeyFileUnusable(f"{root_key}: this root was revoked, so nobody would follow it")
    if len(before) >= MAX_ROTATIONS:
        raise KeyFileUnusable(
            f"{root_key}: was handed over {MAX_ROTATIONS} times, which is as often as may be"
        )
    draft = _draft_of(root_key)
    path = rotations_of(root_key)
    kept = root_key.with_name(f"{root_key.name}.{len(before) + 1}")
    if os.path.lexists(kept):
        raise KeyFileUnusable(f"{kept}: expected no file, one is there")
    draft.unlink(missing_ok=True)  # of an attempt that was killed
    new = SecretKey(keyfiles.create(draft, keyfiles.ROOT_LABEL))
    proof = write_rotation(old, new, write_time(now))
    os.link(root_key, kept)
    # The statement first: a new key without it would be used, and nobody would follow.
    lines = map(write_statement, (*before, proof))
    durable.replace(path, lines, mode=0o666)  # for anybody to read
    os.replace(draft, root_key)
    durable.sync_folder(root_key.parent)
    return Rotated(old.text, new.text, kept, path)
