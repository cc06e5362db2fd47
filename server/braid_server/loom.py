"""What nodes are made with, shared by whoever makes them in the writer's thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import msgspec

from braid.encoding import write_time
from braid.revocation import Subject
from braid_server.keyring import Keyring
from braid_server.lineage import Lineage
from braid_server.lineages import Lineages, new_row
from braid_server.marks import Marks
from braid_server.recording import NothingCertified
from braid_server.salts import Salts
from braid_server.store import Transaction
from braid_server.weaving import Weaving

_log = logging.getLogger("braid.recorder")


class Loom:
    """Keys, clock and salts, the lineages at hand, and how a tenant's words are found again.

    `lineages`, `weaving` and `begin` belong to the store's writer thread; the rest may be asked
    for in any.
    """

    def __init__(self, keyring: Keyring, clock: Callable[[], datetime], cached_nodes: int) -> None:
        self.keyring = keyring
        self.clock = clock
        self.salts = Salts()
        self.lineages = Lineages(keyring, cached_nodes)
        self._marks: dict[str, Marks] = {}

    def marks(self, tenant: str) -> Marks:
        if tenant not in self._marks:
            self._marks[tenant] = Marks(self.keyring.match_key(tenant))
        return self._marks[tenant]

    def weaving(self, transaction: Transaction, lineage: Lineage) -> Weaving:
        """Sign on in a braid, with the time that it is now."""
        return Weaving(transaction, lineage, write_time(self.clock()), self.salts)

    def begin(self, transaction: Transaction, tenant: str, session: bytes | None) -> Lineage:
        """Begin a braid: its key is certified, and its row goes in, before its first node.

        Raises NothingCertified once the root is revoked.
        """
        if self.keyring.revoked.holds(self.keyring.root, Subject.ROOT):
            _log.error("event=root_revoked root=%s", self.keyring.root)
            raise NothingCertified("the root key was revoked: it certifies no more braids")
        made = self.keyring.new_braid(tenant, self.clock())
        row = new_row(tenant, session, made)
        row = msgspec.structs.replace(row, number=transaction.add_braid(row))
        lineage = Lineage(row.number, row, made.key, made.header.not_after)
        self.lineages.keep(transaction, lineage)
        return lineage
