"""A store's log towards others: what it shows to whoever asks, and what it takes of witnesses."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from braid.checkpoint import SignedCheckpoint, cosigned_at, is_signed, read_checkpoint
from braid.errors import BraidError, Malformed
from braid.note import VerifierKey
from braid.tiles import read_tile_path
from braid.tree import tree_head
from braid_server import logbook
from braid_server.store import CosignatureRow, LogReading, LogRow, Store, Transaction

_log = logging.getLogger("braid.service")


class NoLog(BraidError):
    """The store keeps no log, or what was asked for is no part of it."""


class CosignatureRefused(BraidError):
    """A cosignature that is not kept; `forked` where this log's key signed another tree."""

    def __init__(self, message: str, *, forked: bool = False) -> None:
        super().__init__(message)
        self.forked = forked


@dataclass(frozen=True, slots=True)
class Taken:
    """Whose cosignatures were kept, of which checkpoint."""

    origin: str
    size: int
    witnesses: tuple[str, ...]


class LogFace:
    """The log that goes on in a store; `witnesses` are those whose cosignatures it takes."""

    def __init__(self, store: Store, witnesses: Sequence[VerifierKey] = ()) -> None:
        self._store = store
        self._witnesses = tuple(witnesses)
        self._one = asyncio.Lock()

    def checkpoint(self) -> bytes:
        """Give the newest checkpoint, cosignatures and all; raises NoLog, StoreUnavailable."""
        with self._store.read() as reading:
            log = _active(reading.log)
            return logbook.newest(reading.log, log).raw

    def key(self) -> bytes:
        """Give the log's verifier key as a line; raises as `checkpoint`."""
        with self._store.read() as reading:
            return logbook.key_file(_active(reading.log))

    def tile(self, path: str) -> bytes:
        """Give the tile at a path below the log's address; raises as `checkpoint`."""
        try:
            tile = read_tile_path(path)
        except Malformed as fault:
            raise NoLog("no such tile") from fault
        with self._store.read() as reading:
            found = reading.log.tile(_active(reading.log), tile)
        if found is None:
            raise NoLog("no such tile")
        return found

    async def take(self, raw: bytes) -> Taken:
        """Keep what listed witnesses say of a checkpoint of this log (SPEC §13.3).

        One at a time: anyone may hand them in, and each can ask for dozens of signatures to be checked.
        Raises CosignatureRefused, NoLog, StoreUnavailable.
        """
        async with self._one:
            taken, new = await asyncio.to_thread(self._examine, raw)
            if new:
                await self._store.write(functools.partial(Transaction.add_cosignatures, rows=new))
            return taken

    def _examine(self, raw: bytes) -> tuple[Taken, list[CosignatureRow]]:
        """Say whose cosignatures these are, and which of them are to be kept."""
        try:
            signed = read_checkpoint(raw)
            with self._store.read() as reading:
                log = _active(reading.log)
                self._check(reading.log, log, signed)
                lines = _lines_of(signed, self._witnesses)
                new = _new(reading.log, log, signed, lines)
        except Malformed as fault:
            raise CosignatureRefused(str(fault)) from fault
        if not lines:
            raise CosignatureRefused("no cosignature of a witness that this log lists")
        head = signed.checkpoint
        return Taken(head.origin, head.size, tuple(key.name for key in lines)), new

    def _check(self, reading: LogReading, log: LogRow, signed: SignedCheckpoint) -> None:
        head = signed.checkpoint
        # Each would be verified, and one is enough.
        if sum(line.is_by(log.verifier) for line in signed.signatures) > 1:
            raise CosignatureRefused("checkpoint: expected one signature of this log's key")
        if not is_signed(signed, log.verifier):
            raise CosignatureRefused(f"checkpoint: expected one signed by {log.key}")
        known = head.size <= log.size
        if not known or tree_head(reading.read_hash(log.number), head.size) != head.root:
            # Nobody else has the key: this store was copied and both went on, or it lost commits.
            _log.error("event=log_forked origin=%s size=%d", head.origin, head.size)
            raise CosignatureRefused(
                "checkpoint: this log's key signed it, and it is not of this tree: the log has forked",
                forked=True,
            )


def _active(reading: LogReading) -> LogRow:
    log = reading.active()
    if log is None:
        raise NoLog("this store keeps no log")
    return log


def _new(
    reading: LogReading,
    log: LogRow,
    signed: SignedCheckpoint,
    lines: Mapping[VerifierKey, str],
) -> list[CosignatureRow]:
    """Give what of these lines the store has not yet, and has nothing that says more.

    Anyone may hand in what the log shows, again and again, and a write is what others wait for.
    """
    if not lines:
        return []
    size = signed.checkpoint.size
    own = tuple(line for line in signed.signatures if line.is_by(log.verifier))
    note = SignedCheckpoint(signed.checkpoint, own[:1]).raw.decode()
    rows = [CosignatureRow(log.number, size, key.text, note, line) for key, line in lines.items()]
    new = {(row.witness, row.day): row for row in rows}
    for kept in reading.cosignatures_from(log.number, size):
        if kept.size == size:
            new = {said: row for said, row in new.items() if row.witness != kept.witness}
        else:
            new.pop((kept.witness, kept.day), None)
        if not new:  # as of all that is handed in again, near where it begins
            break
    return list(new.values())


def _lines_of(signed: SignedCheckpoint, witnesses: Sequence[VerifierKey]) -> dict[VerifierKey, str]:
    """Give the signature line of each of these witnesses that cosigned; raises Malformed."""
    lines: dict[VerifierKey, str] = {}
    for witness in witnesses:
        time = cosigned_at(signed, witness)
        if time is not None:
            own = (line for line in signed.signatures if line.is_by(witness))
            first = min(own, key=lambda line: line.value)  # by its time, which comes first
            lines[witness] = first.line
    return lines
