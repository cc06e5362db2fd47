"""Pins: whom a program trusts, named by it or else by the files that its user keeps."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from braid_clients import paths
from braid_clients.trust import LOGS, ROOTS, WITNESSES, Trusted, Whom, kept_statements, trusted_of
from braid_verifier import (
    HistoryCheck,
    HistoryPolicy,
    PinnedKey,
    Policy,
    Report,
    Root,
    Statements,
    TimeAuthorities,
    Wire,
    check_history,
    verify,
)
from braid_verifier.pins import pinned_parties
from braid_verifier.policy import pinned_keys
from braid_verifier.verification import statements_of


@dataclass(frozen=True, slots=True)
class Pins:
    """Whom to trust, checked; `told` is None for what the user was told by the time of a report."""

    roots: frozenset[str]
    logs: tuple[PinnedKey, ...]
    witnesses: tuple[PinnedKey, ...]
    authorities: TimeAuthorities | None
    told: Statements | None

    @classmethod
    def of(
        cls,
        roots: Iterable[str | bytes | Root] | None,
        logs: Iterable[str | PinnedKey] | None,
        witnesses: Iterable[str | PinnedKey] | None,
        authorities: TimeAuthorities | None,
        statements: Iterable[bytes | Statements] | None,
        quorum: int,
    ) -> Self:
        """Take what is given as `verify` takes it, and the user's files for what is None.

        Raises what `verify` raises for an argument that is none, a quorum out of reach among
        them; and for a trust file TrustUnusable, KeyUnusable, and OSError if it cannot be read.
        """
        roots = _kept(paths.trust_file, ROOTS) if roots is None else roots
        logs = _kept(paths.trusted_logs_file, LOGS) if logs is None else logs
        witnesses = (
            _kept(paths.trusted_witnesses_file, WITNESSES) if witnesses is None else witnesses
        )
        parties = pinned_parties(logs, witnesses, authorities, quorum)
        return cls(
            pinned_keys(roots),
            tuple(PinnedKey(log.text) for log in parties.logs),
            tuple(PinnedKey(witness.text) for witness in parties.witnesses),
            authorities,
            None if statements is None else statements_of(statements),
        )

    def report(self, transcript: bytes, policy: Policy) -> Report:
        """Verify a transcript.

        Raises ValueError for a policy whose quorum is out of reach, StatementUnusable for a
        user's file of statements that holds others, and OSError if it cannot be read.
        """
        return verify(
            transcript,
            policy,
            self.roots,
            statements=(self._statements(),),
            logs=self.logs,
            witnesses=self.witnesses,
            authorities=self.authorities,
        )

    def check_history(
        self, transcript: bytes, request: bytes, wire: Wire, quorum: int, policy: HistoryPolicy
    ) -> HistoryCheck:
        """Check a request's history; raises as `report`."""
        return check_history(
            transcript,
            request,
            wire,
            self.roots,
            statements=(self._statements(),),
            logs=self.logs,
            witnesses=self.witnesses,
            authorities=self.authorities,
            quorum=quorum,
            policy=policy,
        )

    def _statements(self) -> Statements:
        # Read each time: a program runs for long, and what it is told meanwhile counts.
        if self.told is not None:
            return self.told
        try:
            return kept_statements(paths.statements_file(os.environ))
        except paths.NoHome:
            return Statements()


def _kept(file: Callable[[Mapping[str, str]], Path], whom: Whom[Trusted]) -> tuple[Trusted, ...]:
    try:
        return trusted_of(file(os.environ), whom)
    except paths.NoHome:
        return ()
