"""Sealing braids: asked for, or when they rest (SPEC §11)."""

from __future__ import annotations

import functools
import logging
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta

from braid.encoding import write_time
from braid.errors import BraidError
from braid.node import read_header
from braid_server.answer_nodes import AnswerNodes
from braid_server.lineage import Lineage
from braid_server.loom import Loom
from braid_server.store import Store, StoreUnavailable, Transaction

_log = logging.getLogger("braid.recorder")


class StillOpen(BraidError):
    """A braid cannot be sealed yet: calls on it are under way."""

    def __init__(self, calls: int) -> None:
        what = "1 call is" if calls == 1 else f"{calls} calls are"
        super().__init__(f"{what} still under way on this braid")
        self.calls = calls


@dataclass(frozen=True, slots=True)
class Sealed:
    """The seal's signature, and how many nodes the braid has with it.

    Where its root closed it, there is no seal.
    """

    seal: str | None
    nodes: int


class Sealing:
    """Seals braids of a store; calls still under way are ended by `answers` first."""

    def __init__(self, store: Store, loom: Loom, answers: AnswerNodes) -> None:
        self._store = store
        self._loom = loom
        self._answers = answers
        self._held: set[int] = set()
        self._unsealable: set[int] = set()  # said once, and not tried again

    async def seal(
        self, braid: str, tenant: str | None, *, interrupt: bool, hold: bool
    ) -> Sealed | None:
        """Seal a braid, or give None where there is no such braid.

        Raises KeyUnavailable, StoreUnavailable, and StillOpen while calls are under way, unless
        `interrupt` has them recorded as interrupted. With `hold` the braid then takes no new
        call, and whoever would go on with it begins a new one, until another try without.
        """
        sealed = await self._store.write(
            functools.partial(
                self._seal, braid=braid, tenant=tenant, interrupt=interrupt, hold=hold
            )
        )
        if isinstance(sealed, StillOpen):
            raise sealed
        return sealed

    def seal_idle(self, after: timedelta) -> int:
        """Seal the braids in which nothing was signed for so long, and give their count.

        A braid with a call under way is not idle. One that cannot be sealed is left as it is, and
        that is said. Blocks until all of it is durable; raises StoreUnavailable.
        """
        before = write_time(self._loom.clock() - after)
        with self._store.read() as reading:
            idle = [number for number, h in reading.resting() if read_header(h).time <= before]
        sealing: list[tuple[int, Future[bool]]] = []
        for number in idle:
            if number not in self._unsealable:
                job = functools.partial(self._seal_idle, number=number, before=before)
                sealing.append((number, self._store.submit(job)))
        sealed = 0
        for number, future in sealing:
            try:
                sealed += future.result()
            except StoreUnavailable:
                raise
            except Exception as fault:  # noqa: BLE001 one broken braid must not keep the others open
                self._unsealable.add(number)
                what = type(fault).__name__
                _log.error("event=braid_not_sealed number=%d fault=%s", number, what)
        return sealed

    # In the writer's thread.

    def holds(self, number: int) -> bool:
        """Tell whether a braid takes no new call because it waits for its seal."""
        return number in self._held

    def _seal(
        self, transaction: Transaction, braid: str, tenant: str | None, interrupt: bool, hold: bool
    ) -> Sealed | StillOpen | None:
        row = transaction.reading.braid_named(braid, tenant)
        if row is None:
            return None
        if row.closure is not None:
            return Sealed(None, transaction.reading.summary(row.number).nodes)
        if row.sealed:
            last = transaction.reading.last_signature(row.number)
            assert last is not None
            return Sealed(last, transaction.reading.summary(row.number).nodes)
        self._held.discard(row.number)
        lineage = self._loom.lineages.get(transaction, row)
        if lineage.answers.open_calls and not interrupt:
            if hold:
                self._held.add(row.number)
            return StillOpen(len(lineage.answers.open_calls))
        for call in sorted(lineage.answers.open_calls):
            self._answers.interrupt(transaction, lineage, call)
        return self._add_seal(transaction, lineage)

    def _seal_idle(self, transaction: Transaction, number: int, before: str) -> bool:
        row = transaction.reading.braid(number)
        if row is None or row.sealed or self.holds(number):
            return False
        lineage = self._loom.lineages.get(transaction, row)
        # It may have gone on since it was found.
        if lineage.answers.open_calls or lineage.last_time > before:
            return False
        self._add_seal(transaction, lineage)
        return True

    def _add_seal(self, transaction: Transaction, lineage: Lineage) -> Sealed:
        seal = self._loom.weaving(transaction, lineage).add_seal()
        transaction.seal(lineage.number)
        self._loom.lineages.drop(lineage.number)
        return Sealed(lineage.text(seal), len(lineage.nodes))
