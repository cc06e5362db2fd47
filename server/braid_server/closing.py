"""Closing by the root key what its own key must, or can, sign no more (SPEC §11.7)."""

from __future__ import annotations

import functools
import logging

import msgspec

from braid.certificate import Certificate, read_certificate_header
from braid.closure import ClosureHeader, Reason, write_closure
from braid.encoding import decode, encode, write_time
from braid.signing import SIGNATURE_BYTES
from braid.tree import SignatureTree
from braid_server.keyring import Keyring, KeyUnavailable
from braid_server.loom import Loom
from braid_server.store import BraidRow, Store, Transaction

_log = logging.getLogger("braid.recorder")


def close_all(store: Store, loom: Loom) -> int:
    """Have the root close every open braid, as after a restore from a copy.

    Gives their count. One that another root certified is left as it is, and that is said.
    Blocks until all of it is durable; raises StoreUnavailable.
    """
    with store.read() as reading:
        numbers = reading.open_braids()
    closing = [
        (number, store.submit(functools.partial(_close, loom=loom, number=number)))
        for number in numbers
    ]
    closed = 0
    for number, future in closing:
        if future.result():
            closed += 1
        else:
            _tell_of_other_root(store, number)
    return closed


def _tell_of_other_root(store: Store, number: int) -> None:
    with store.read() as reading:
        row = reading.braid(number)
    assert row is not None
    _log.error(
        "event=braid_not_closed braid=%s reason=certified_by_another_root root=%s "
        'remedy="--restored once with --root-key and the file of that root; docs/keys.md"',
        row.id,
        _root_of(row),
    )


def _root_of(row: BraidRow) -> str:
    return read_certificate_header(msgspec.json.decode(row.certificate, type=Certificate).h).root


def _close(transaction: Transaction, loom: Loom, number: int) -> bool:
    row = transaction.reading.braid(number)
    assert row is not None
    try:
        loom.keyring.unwrap(row.tenant, row.id, row.wrapped_key)
        reason = Reason.RESTORED
    except KeyUnavailable:
        reason = Reason.LOST
    loom.lineages.drop(number)
    return close(transaction, row, loom.keyring, reason, write_time(loom.clock()))


def close(
    transaction: Transaction, row: BraidRow, keyring: Keyring, reason: Reason, time: str
) -> bool:
    """Sign a closure over all nodes of an open braid; False where another root certified it.

    An heir of that root may: the rotations that say so then stand beside the closure.
    """
    has_a_say, rotations = keyring.chain_from(_root_of(row))
    if not has_a_say:
        return False
    root = keyring.signer
    tree = SignatureTree(
        decode(s, "s", SIGNATURE_BYTES) for s in transaction.reading.signatures(row.number)
    )
    header = ClosureHeader(root.text, row.id, tree.count, encode(tree.head()), reason, time)
    proof = write_closure(root, header)
    transaction.close(row.number, msgspec.json.encode(proof).decode("ascii"), rotations)
    return True
