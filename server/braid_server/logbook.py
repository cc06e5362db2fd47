"""What a store's log shows: checkpoints with their cosignatures, tiles, proofs (SPEC §13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from braid.checkpoint import SignedCheckpoint, read_checkpoint
from braid.log_proof import PROOF_TYPE, LogProof
from braid.note import read_note
from braid.strict_json import Json
from braid.tiles import tiles_of
from braid.tree import prove_inclusion
from braid_server.store import CosignatureRow, Logged, LogReading, LogRow, Store

CHECKPOINT, KEY = "checkpoint", "vkey"  # beside `tile/…`, the names of what a log shows


def newest(reading: LogReading, log: LogRow) -> SignedCheckpoint:
    """Give a log's newest checkpoint, with what witnesses said of it."""
    rows = [row for row in reading.cosignatures(log.number) if row.size == log.size]
    return _cosigned(rows) if rows else log.signed


def _cosigned(rows: list[CosignatureRow]) -> SignedCheckpoint:
    """Put the cosignatures of one checkpoint below it."""
    lines = "".join(row.line for row in rows)
    note = read_note((rows[0].checkpoint + lines).encode())
    return read_checkpoint(note.raw)


def covering(reading: LogReading, log: LogRow, index: int) -> SignedCheckpoint:
    """Give the checkpoint that proves an entry best: cosigned by most, of those the oldest.

    A witness's time says that the entry was there by then: the earlier, the more it says.
    """
    rows = [row for row in reading.cosignatures(log.number) if row.size > index]
    if not rows:
        return log.signed
    by_size = Counter(row.size for row in rows)
    best = max(by_size, key=lambda size: (by_size[size], -size))
    return _cosigned([row for row in rows if row.size == best])


def proofs_of(reading: LogReading, braid: int) -> list[Json]:
    """Prove what is logged of a braid, as its transcript carries it (SPEC §10.5)."""
    logged = reading.of_braid(braid)
    logs = {row.number: row for row in reading.logs()} if logged else {}
    return [_proof(reading, logs[one.log], one) for one in logged]


def _proof(reading: LogReading, log: LogRow, logged: Logged) -> Json:
    signed = covering(reading, log, logged.number)
    read = reading.read_hash(log.number)
    path = prove_inclusion(read, logged.number, signed.checkpoint.size)
    proof = LogProof(logged.number, path, signed)
    return {"type": PROOF_TYPE, "of": logged.kind.value, "proof": proof.text}


def files(store: Store, log: LogRow, has: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Give path and bytes of what a log shows and `has` has not, the checkpoint last.

    So whoever copies them in this order never shows a checkpoint without its tiles. No read stays
    open between two of them: of what is shown only the checkpoint ever changes.
    """
    for tile in tiles_of(log.size):
        if not has(tile.path):
            with store.read() as reading:
                found = reading.log.tile(log, tile)
            assert found is not None
            yield tile.path, found
    yield KEY, key_file(log)
    with store.read() as reading:
        signed = newest(reading.log, log)
    yield CHECKPOINT, signed.raw


def key_file(log: LogRow) -> bytes:
    """Give a log's verifier key as a line."""
    return log.key.encode() + b"\n"
