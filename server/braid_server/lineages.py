"""The lineages at hand: the braids that were used last, relearned from the store when needed."""

from __future__ import annotations

import functools
from collections import OrderedDict
from weakref import WeakValueDictionary

import msgspec

from braid_server.keyring import Keyring, KeyUnavailable, NewBraidKey
from braid_server.lineage import Lineage
from braid_server.store import BraidRow, Transaction

# A node takes about half a kilobyte here.
CACHED_NODES = 200_000


class Lineages:
    """A cache of fewer than `nodes` nodes or so, none for 0; belongs to the store's writer thread.

    There is one lineage of a braid at a time: whoever still holds one gets the same again. What is
    handed out may be grown by the transaction it was asked for, so it is forgotten if that fails.
    """

    def __init__(self, keyring: Keyring, nodes: int) -> None:
        self._keyring = keyring
        self._most = nodes
        self._kept: OrderedDict[int, Lineage] = OrderedDict()
        self._counted: dict[int, int] = {}  # nodes of those kept, when they were last used
        self._nodes = 0  # their sum: adding up all of them for each new braid would be quadratic
        self._alive: WeakValueDictionary[int, Lineage] = WeakValueDictionary()

    def get(self, transaction: Transaction, row: BraidRow) -> Lineage:
        """Give a braid's lineage, with its key; raises KeyUnavailable."""
        lineage = self.cached(transaction, row.number)
        if lineage is None:
            key = self._keyring.unwrap(row.tenant, row.id, row.wrapped_key)
            lineage = Lineage(row.number, row, key, _not_after(row))
            lineage.relearn(transaction.reading.nodes_of(row.number))
            self.keep(transaction, lineage)
        return lineage

    def cached(self, transaction: Transaction, number: int) -> Lineage | None:
        """Give a lineage if it is at hand."""
        lineage = self._alive.get(number)
        if lineage is not None:
            if number in self._kept:
                self._kept.move_to_end(number)
                self._count(lineage)
            transaction.on_failure(functools.partial(self.drop, number))
        return lineage

    def row(self, transaction: Transaction, number: int) -> BraidRow | None:
        """Give a braid's row; that of a lineage at hand stands, for sealing drops the lineage."""
        lineage = self.cached(transaction, number)
        return transaction.reading.braid(number) if lineage is None else lineage.row

    def readable(self, transaction: Transaction, row: BraidRow) -> Lineage:
        """Give a braid's lineage to read, also where its key is gone."""
        try:
            return self.get(transaction, row)
        except KeyUnavailable:
            lineage = Lineage(row.number, row, self._keyring.no_key, "")
            lineage.relearn(transaction.reading.nodes_of(row.number))
            return lineage

    def keep(self, transaction: Transaction, lineage: Lineage) -> None:
        """Keep a lineage at hand, and let go of those not used for longest."""
        self._kept[lineage.number] = self._alive[lineage.number] = lineage
        transaction.on_failure(functools.partial(self.drop, lineage.number))
        self._count(lineage)
        while self._kept and self._nodes >= self._most:
            number, _ = self._kept.popitem(last=False)
            self._nodes -= self._counted.pop(number)

    def drop(self, number: int) -> None:
        self._kept.pop(number, None)
        self._alive.pop(number, None)
        self._nodes -= self._counted.pop(number, 0)

    def _count(self, lineage: Lineage) -> None:
        nodes = len(lineage.nodes)
        self._nodes += nodes - self._counted.get(lineage.number, 0)
        self._counted[lineage.number] = nodes


def new_row(tenant: str, session: bytes | None, made: NewBraidKey) -> BraidRow:
    """Give the row of a braid that begins; its number is the store's to give."""
    return BraidRow(
        number=0,
        id=made.header.braid,
        tenant=tenant,
        certificate=msgspec.json.encode(made.certificate).decode("ascii"),
        created=made.header.not_before,
        session=session,
        wrapped_key=made.wrapped,
        sealed=False,
        rotations=made.rotations,
    )


def _not_after(row: BraidRow) -> str:
    certificate = msgspec.json.decode(row.certificate)
    header = msgspec.json.decode(certificate["h"])
    return str(header["not_after"])
