"""Erasing: words leave the store, and a braid of its own under the same root says so (SPEC §5.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from braid.encoding import write_time
from braid.node import read_header
from braid.weave import Weaver
from braid_server.keyring import Keyring
from braid_server.lineages import new_row
from braid_server.notices import weave_notice
from braid_server.store import BraidRow, NodeRow, Transaction
from braid_verifier.erasure import Erasure


def erase(
    transaction: Transaction,
    keyring: Keyring,
    now: datetime,
    salts: Callable[[], bytes],
    row: BraidRow,
    erasure: Erasure,
    reason: str | None,
) -> str | None:
    """Drop words of a sealed braid in a transaction; give the braid that says so, if any went."""
    transaction.erase(row.number, erasure.nodes, erasure.bsalts)
    if not erasure.nodes:
        return None
    made = keyring.new_braid(row.tenant, now)
    weaver = Weaver(made.key, write_time(now), salts)
    weave_notice(weaver, row.id, erasure.nodes.values(), reason)
    closed = msgspec.structs.replace(new_row(row.tenant, None, made), wrapped_key=None, sealed=True)
    number = transaction.add_braid(closed)
    for seq, node in enumerate(weaver.nodes):
        transaction.add_node(number, NodeRow(seq, str(read_header(node.h).kind), node))
    return made.header.braid
