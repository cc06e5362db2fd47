"""Erasing: words leave the store, and a braid of its own under the same root says so (SPEC §5.5)."""

from __future__ import annotations

import msgspec

from braid.encoding import write_time
from braid.node import read_header
from braid.weave import Weaver
from braid_server.lineages import new_row
from braid_server.loom import Loom
from braid_server.notices import weave_notice
from braid_server.store import BraidRow, NodeRow, Transaction
from braid_verifier.erasure import Erasure


def erase(
    transaction: Transaction,
    loom: Loom,
    row: BraidRow,
    erasure: Erasure,
    reason: str | None,
) -> str | None:
    """Drop words of a sealed braid in a transaction; give the braid that says so, if any went."""
    loom.lineages.drop(row.number)
    transaction.erase(row.number, erasure.nodes, erasure.bsalts)
    if not erasure.nodes:
        return None
    now = loom.clock()
    made = loom.keyring.new_braid(row.tenant, now)
    weaver = Weaver(made.key, write_time(now), loom.salts)
    weave_notice(weaver, row.id, erasure.nodes.values(), reason)
    closed = msgspec.structs.replace(new_row(row.tenant, None, made), wrapped_key=None, sealed=True)
    number = transaction.add_braid(closed)
    for seq, node in enumerate(weaver.nodes):
        transaction.add_node(number, NodeRow(seq, str(read_header(node.h).kind), node))
    return made.header.braid
