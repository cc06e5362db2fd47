"""Closing by the root key what its own key must, or can, sign no more (SPEC §11.7)."""

from __future__ import annotations

import msgspec

from braid.certificate import Certificate, read_certificate_header
from braid.closure import ClosureHeader, Reason, write_closure
from braid.encoding import decode, encode
from braid.signing import SIGNATURE_BYTES, Signer
from braid.tree import SignatureTree
from braid_server.store import BraidRow, Transaction


def close(transaction: Transaction, row: BraidRow, root: Signer, reason: Reason, time: str) -> bool:
    """Sign a closure over all nodes of an open braid; False where another root certified it."""
    certificate = msgspec.json.decode(row.certificate, type=Certificate)
    if read_certificate_header(certificate.h).root != root.text:
        return False
    tree = SignatureTree(
        decode(s, "s", SIGNATURE_BYTES) for s in transaction.reading.signatures(row.number)
    )
    header = ClosureHeader(root.text, row.id, tree.count, encode(tree.head()), reason, time)
    proof = write_closure(root, header)
    transaction.close(row.number, msgspec.json.encode(proof).decode("ascii"))
    return True
