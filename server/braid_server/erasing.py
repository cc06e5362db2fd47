"""Erasing: words leave the store, and a braid of its own under the same root says so (SPEC §5.5)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from braid.content import write_attrs
from braid.encoding import write_time
from braid.node import MAX_LINK, Kind, Link, Origin, Relation, read_header
from braid.strict_json import dumps
from braid.weave import Draft, Weaver
from braid_server.keyring import Keyring
from braid_server.lineages import new_row
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


def weave_notice(weaver: Weaver, braid: str, erased: Iterable[str], reason: str | None) -> None:
    """Weave annotations that link `audits` to each erased node of a braid, and a seal."""
    prev: tuple[str, ...] = ()
    signatures = iter(erased)
    while some := tuple(itertools.islice(signatures, MAX_LINK)):
        draft = Draft(
            kind=Kind.ANNOTATION,
            origin=Origin.PROXY,
            media="application/json",
            content=dumps({"erased": len(some), "reason": reason}).encode("utf-8"),
            attrs=write_attrs({"type": "erasure"}),
            prev=prev,
            link=tuple(Link(braid, signature, Relation.AUDITS) for signature in some),
        )
        prev = (weaver.add(draft),)
    weaver.seal()
