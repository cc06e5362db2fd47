"""A witness: watches that a log only ever grows, and cosigns what it found so (SPEC §13.3).

What it saw last is on the disk before it cosigns: killed at any moment, it has vouched for nothing
that it does not remember.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from braid.checkpoint import (
    Checkpoint,
    SignedCheckpoint,
    cosign,
    cosigned_at,
    is_signed,
    read_checkpoint,
)
from braid.encoding import encode_standard
from braid.errors import BraidError, KeyUnusable, Malformed
from braid.note import NoteSigner, SignatureType, VerifierKey, read_verifier_key
from braid.tiles import Tile, read_from, tiles_for, tiles_for_consistency, tiles_for_head
from braid.tree import check_consistency, prove_consistency, tree_head
from braid_clients.log_source import LogSilent, LogSource
from braid_server import durable

_FORMAT = "braid-witness/1"


class WitnessUnusable(BraidError):
    """What a witness remembers cannot be read or written, or is of another log."""


class AnotherLog(BraidError):
    """What is served is not signed by the log that is watched."""


class Forked(BraidError):
    """The log's key signed two trees of which neither grew from the other (SPEC §13.3).

    `path` leads from `beginning`, the head that as many entries as the smaller tree has have in the
    larger one, to the head of that. Both are empty where the two are of one size.
    """

    def __init__(
        self,
        reason: str,
        served: SignedCheckpoint,
        beginning: bytes = b"",
        path: tuple[bytes, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.served = served
        self.beginning = beginning
        self.path = path


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    log: str
    checkpoint: str | None


class WitnessMemory:
    """What a witness knows of one log: its key, and the newest checkpoint it found consistent.

    In a file that is there whole or not at all. Whoever looks at the log holds it meanwhile.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def held(self, meanwhile: Callable[[], None] | None = None) -> Iterator[None]:
        """Wait for others that use this file, and keep them off it; raises WitnessUnusable.

        `meanwhile` is called again and again while they do: it waits a little, or raises.
        """
        folder, lock = self.path.parent, self.path.name + ".lock"
        with contextlib.ExitStack() as stack:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(durable.alone(folder, lock, meanwhile))
            except OSError as fault:
                raise WitnessUnusable(f"{folder / lock}: {fault.strerror}") from fault
            yield

    def read(self) -> tuple[VerifierKey, SignedCheckpoint | None] | None:
        """Give what is known, None for nothing yet; raises WitnessUnusable."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise WitnessUnusable(f"{self.path}: cannot be read: {fault.strerror}") from fault
        try:
            kept = msgspec.json.decode(raw, type=_Kept)
            if kept.format != _FORMAT:
                raise Malformed("E_VERSION", f"expected {_FORMAT}")
            log = read_verifier_key(kept.log, SignatureType.NOTE)
            seen = None if kept.checkpoint is None else read_checkpoint(kept.checkpoint.encode())
            if seen is not None and not is_signed(seen, log):
                raise Malformed("E_PROOF", "the checkpoint is not the log's")
        except (msgspec.MsgspecError, UnicodeDecodeError, Malformed, KeyUnusable) as fault:
            # Begun anew it would vouch for a tree that does not go on from what it vouched for.
            raise WitnessUnusable(f"{self.path}: not what a witness remembers: {fault}") from fault
        return log, seen

    def write(self, log: VerifierKey, seen: SignedCheckpoint | None) -> None:
        """Remember durably; raises WitnessUnusable."""
        note = None if seen is None else seen.raw.decode()
        _write(self.path, msgspec.json.encode(_Kept(_FORMAT, log.text, note)) + b"\n")

    def keep_cosigned(self, signed: SignedCheckpoint) -> Path:
        """Write a checkpoint we cosigned to a file beside this one, and name it."""
        path = self.path.with_name(self.path.name + ".cosigned")
        _write(path, signed.raw)
        return path

    def keep_evidence(self, log: VerifierKey, seen: SignedCheckpoint, fork: Forked) -> Path:
        """Write what shows a fork to a file of its own, and name it; raises WitnessUnusable.

        It is named by what it says, so that the same, seen again, is the same file.
        """
        evidence = {
            "format": "braid-fork/1",
            "log": log.text,
            "reason": str(fork),
            "remembered": seen.raw.decode(),
            "served": fork.served.raw.decode(),
            "beginning": encode_standard(fork.beginning),
            "path": [encode_standard(step) for step in fork.path],
        }
        raw = msgspec.json.format(msgspec.json.encode(evidence)) + b"\n"
        named = hashlib.sha256(raw).hexdigest()[:16]
        path = self.path.with_name(f"{self.path.name}.fork-{named}")
        if not path.exists():
            _write(path, raw)
        return path


def _write(path: Path, raw: bytes) -> None:
    try:
        durable.replace(path, [raw])
    except OSError as fault:
        raise WitnessUnusable(f"{path}: cannot be written: {fault.strerror}") from fault


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A checkpoint that was found consistent, with our cosignature; `new` where it had none."""

    signed: SignedCheckpoint
    new: bool


def witness(
    source: LogSource, memory: WitnessMemory, log: VerifierKey, key: NoteSigner, time: int
) -> Witnessed:
    """Look at a log once: check its newest checkpoint, remember it, cosign it.

    Hand it in with `source.post`. Raises Forked, AnotherLog, LogSilent, WitnessUnusable.
    """
    known = memory.read()
    seen = None if known is None else known[1]
    signed = source.checkpoint()
    _check_signed(signed, log)
    # Of the lines below it only the log's is one that was checked.
    own = tuple(line for line in signed.signatures if line.is_by(log))
    bare = SignedCheckpoint(signed.checkpoint, own[:1])
    _check_growth(source, seen, bare)
    memory.write(log, bare)
    if _is_cosigned(signed, key.public):
        return Witnessed(signed, new=False)
    return Witnessed(bare.with_signatures(cosign(key, signed.checkpoint, time)), new=True)


def _check_signed(signed: SignedCheckpoint, log: VerifierKey) -> None:
    try:
        if is_signed(signed, log):
            return
    except Malformed as fault:
        raise AnotherLog(f"the checkpoint of {signed.checkpoint.origin}: {fault}") from fault
    raise AnotherLog(
        f"the checkpoint served is of {signed.checkpoint.origin}, not signed by {log.text}"
    )


def _is_cosigned(signed: SignedCheckpoint, key: VerifierKey) -> bool:
    try:
        return cosigned_at(signed, key) is not None
    except Malformed:
        return False  # somebody wrote our name below it


def _check_growth(source: LogSource, seen: SignedCheckpoint | None, now: SignedCheckpoint) -> None:
    """Raise Forked for what proves it, LogSilent for what is old, spoilt on the way or not shown."""
    new = now.checkpoint
    if seen is None or seen.checkpoint.size == 0:
        _check_head(source, now)
        return
    old = seen.checkpoint
    if new.size == old.size:
        if new.root != old.root:
            raise Forked(f"the log has two trees of {new.size} entries", now)
        return
    if new.size > old.size:
        _check_beginning(source, old, new, now)
        return
    less = f"{source.url}: the log has {new.size} entries, and had {old.size}"
    try:
        if new.size:
            _check_beginning(source, new, old, now)
    except LogSilent as fault:
        raise LogSilent(f"{less}; whether it is the same log is not shown: {fault}") from fault
    raise LogSilent(f"{less}: what is served is old, or was taken back")


def _check_beginning(
    source: LogSource, smaller: Checkpoint, larger: Checkpoint, now: SignedCheckpoint
) -> None:
    """Check that one tree is the beginning of the other, by tiles that are held to the other.

    Only tiles that lead to the head that the log signed say anything of it.
    """
    tiles = {
        *tiles_for_consistency(smaller.size, larger.size),
        *_tiles_for_beginning(smaller.size, larger.size),
    }
    read = read_from(source.tiles(sorted(tiles)))
    path = prove_consistency(read, smaller.size, larger.size)
    beginning = tree_head(read, smaller.size)
    try:
        check_consistency(smaller.size, beginning, larger.size, larger.root, path)
    except Malformed as fault:
        raise LogSilent(
            f"{source.url}: the tiles served are not those of the checkpoint of {larger.size} entries"
        ) from fault
    if beginning != smaller.root:
        raise Forked(
            f"the log of {larger.size} entries did not grow from that of {smaller.size}",
            now,
            beginning,
            path,
        )


def _tiles_for_beginning(size: int, larger: int) -> list[Tile]:
    return tiles_for(larger, lambda read: tree_head(read, size))


def _check_head(source: LogSource, now: SignedCheckpoint) -> None:
    """Check that what is signed is served, so that who comes later can be shown consistency."""
    size = now.checkpoint.size
    tiles = source.tiles(tiles_for_head(size))
    if tree_head(read_from(tiles), size) != now.checkpoint.root:
        raise LogSilent(f"{source.url}: the tiles served are not those of the checkpoint")
