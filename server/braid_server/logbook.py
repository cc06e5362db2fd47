"""What a store's log shows: checkpoints with their cosignatures, tiles, proofs (SPEC §13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from braid.checkpoint import SignedCheckpoint, read_checkpoint
from braid.log_proof import PROOF_TYPE, LogProof
from braid.strict_json import Json
from braid.tiles import tiles_of
from braid.tree import prove_inclusion
from braid_server.log_paths import CHECKPOINT, KEY
from braid_server.store import Logged, LogReading, LogRow, Store


def newest(reading: LogReading, log: LogRow) -> SignedCheckpoint:
    """Give a log's newest checkpoint, with what witnesses said of it."""
    return _cosigned(reading, log, log.size)


def _cosigned(reading: LogReading, log: LogRow, size: int) -> SignedCheckpoint:
    """Give the checkpoint of a size, its cosignatures below it; the newest where it has none."""
    rows = reading.cosignatures_of(log.number, size)
    if not rows:
        return log.signed
    lines = "".join(row.line for row in rows)
    return read_checkpoint((rows[0].checkpoint + lines).encode())


def covering(reading: LogReading, log: LogRow, index: int) -> SignedCheckpoint:
    """Give the checkpoint that proves an entry best: cosigned by most, of those the oldest.

    A witness's time says that the entry was there by then: the earlier, the more it says.
    """
    best = reading.best_cosigned(log.number, index)
    return log.signed if best is None else _cosigned(reading, log, best)


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
