"""Verification: the checks of SPEC §7.1 over one pass of a transcript.

Each part remembers what it needs: `graph` the signatures, `pairing` the calls, `contexts`
the chains, `seals` the tree. Here is the order in which they are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import BinaryIO

from braid.call import UNSENT
from braid.encoding import encode, write_time
from braid.errors import Malformed
from braid.node import BLOCKS, Header, Kind
from braid.statements import Statements, parse_statements
from braid.strict_json import Json
from braid.transcript import Entry, StoredNode, TranscriptReader, Unreadable
from braid_verifier.attrs import Attrs
from braid_verifier.calls import Calls
from braid_verifier.claims import Facts, claims_of
from braid_verifier.contexts import Contexts
from braid_verifier.findings import Check, Findings
from braid_verifier.flags import Flags
from braid_verifier.graph import Graph
from braid_verifier.logged import Place
from braid_verifier.nodes import Nodes
from braid_verifier.pairing import Pairing
from braid_verifier.pins import PinnedKey, Pins, TimeAuthorities, pinned_parties
from braid_verifier.policy import UNERASED, ClaimName, Policy, Root, pinned_keys
from braid_verifier.proofs import Proven, check_proofs
from braid_verifier.report import (
    Answer,
    Claim,
    Cosignature,
    Counts,
    LogPlace,
    Report,
    Result,
)
from braid_verifier.seals import Seals
from braid_verifier.signer import Signer, check_signer
from braid_verifier.standing import KeyStanding, check_standing

_DEFAULT_POLICY = Policy()


def verify(
    source: bytes | BinaryIO,
    policy: Policy = _DEFAULT_POLICY,
    roots: Iterable[str | bytes | Root] | None = None,
    *,
    statements: Iterable[bytes | Statements] = (),
    logs: Iterable[str | PinnedKey] | None = None,
    witnesses: Iterable[str | PinnedKey] | None = None,
    authorities: TimeAuthorities | None = None,
    leaks: bool = False,
) -> Report:
    """Verify a transcript, JSON or JSON Lines (SPEC §7).

    A pure function of these arguments: no clock, environment, network or file. Whatever the
    bytes are, the answer is a report.

    source       the bytes, or a stream of them: read forward only, and not closed.
    policy       what must be true besides that it is intact.
    roots        root keys to trust: text form, 32 bytes, or what `parse_roots` gave.
    statements   rotations and revocations told apart from the file: bytes with a statement a
                 line, or what `parse_statements` gave (SPEC §9.3-9.5).
    logs         verifier keys of transparency logs to trust: text, or what `parse_logs` gave.
    witnesses    those of the witnesses of logs: text, or what `parse_witnesses` gave (SPEC §13.2).
    authorities  who is believed of timestamps: `braid_verifier.timestamps.Authorities` (SPEC §11.8).
    leaks        run the detector of leaked reasoning again, and note where the flags of the
                 braid differ (SPEC §6.4); that changes no result.

    Raises TypeError for an argument of another type (a stream of text among them), ValueError
    for a stream that does not block and for a quorum that so many witnesses cannot reach,
    KeyUnusable for a root, log or witness that is no key, StatementUnusable for a statement
    that does not hold. What the stream itself raises passes through.
    """
    if not isinstance(policy, Policy):
        raise TypeError(f"policy: expected a Policy, got {type(policy).__name__}")
    if not isinstance(source, bytes) and not callable(getattr(source, "read", None)):
        kind = type(source).__name__
        raise TypeError(f"source: expected bytes or a binary stream, got {kind}")
    pinned = pinned_keys(roots)
    pins = pinned_parties(logs, witnesses, authorities, policy.quorum)
    apart = statements_of(statements)
    findings = Findings()
    signer = Signer(None, None, None, False)
    walk = _Walk(findings, signer, pins, policy.quorum, leaks)
    try:
        # Classes 1 to 3 of what stands before the nodes, then class 4.
        reader = TranscriptReader(source)
        _report_faults(reader.faults, findings)
        known = len(reader.faults)
        signer = check_signer(reader, findings)
        # Classes 1 to 13 of each node, as it comes.
        walk = _Walk(findings, signer, pins, policy.quorum, leaks)
        for entry in reader:
            walk.take(entry)
        # What stands after the nodes, what only the end can tell, and classes 14 and 15.
        _report_faults(reader.faults[known:], findings)
        walk.close(reader.proofs, apart)
    except Unreadable as fault:
        findings.stop(fault.code, str(fault))
    return _report(findings, walk.facts(), walk.counts(), signer, policy, pinned, pins)


def statements_of(given: Iterable[bytes | Statements]) -> Statements:
    """Gather what roots said of keys, as `verify` takes it and raising as it does."""
    if isinstance(given, bytes | Statements):
        raise TypeError("statements: expected an iterable of them, got one")
    apart: list[Statements] = []
    for index, each in enumerate(given):
        place = f"statements[{index}]"
        if not isinstance(each, bytes | Statements):
            raise TypeError(f"{place}: expected bytes, got {type(each).__name__}")
        apart.append(parse_statements(each, place) if isinstance(each, bytes) else each)
    return Statements.joined(apart)


def _check_of(fault: Malformed) -> Check:
    """Give the class of what the reader found."""
    return {"E_LIMIT": Check.LIMITS, "E_ENC": Check.ENCODING}.get(fault.code, Check.READING)


def _report_faults(faults: Iterable[Malformed], findings: Findings) -> None:
    for fault in faults:
        findings.fail(_check_of(fault), fault.code, str(fault))


class _Walk:
    """One pass over the nodes."""

    def __init__(
        self, findings: Findings, signer: Signer, pins: Pins, quorum: int, leaks: bool
    ) -> None:
        self._findings = findings
        self._pins = pins
        self._quorum = quorum
        self._flags = Flags(findings, leaks)
        self._graph = Graph(findings)
        self._attrs = Attrs(findings, self._graph, signer.braid)
        self._nodes = Nodes(findings, signer, self._attrs)
        self._pairing = Pairing(findings)
        self._contexts = Contexts(self._graph)
        self._calls = Calls(findings, self._graph, self._contexts)
        self._seals = Seals(findings)
        self._signer = signer
        self._proven = Proven()
        self._standing = KeyStanding()
        self._count = 0
        self._kinds: Counter[str] = Counter()
        self._outcomes: Counter[str] = Counter()

    def take(self, entry: Entry) -> None:
        """Check the next entry against all before it."""
        self._count += 1
        index, node, fault = entry.index, entry.node, entry.fault
        if node is None:
            assert fault is not None
            s = encode(entry.signature) or None
            self._findings.fail(_check_of(fault), fault.code, str(fault), index, s)
            self._skip(entry)
        elif (header := self._nodes.open(index, node, entry.signature)) is None:
            self._skip(entry)
        else:
            self._take_node(index, node, header, entry.signature)

    def _skip(self, entry: Entry) -> None:
        if entry.signature:
            self._graph.skip(entry.index, encode(entry.signature))
        self._attrs.skip()
        self._pairing.skip()
        self._contexts.add(False, True)
        self._contexts.lose()
        self._seals.skip(entry.signature)

    def _take_node(self, index: int, node: StoredNode, header: Header, signature: bytes) -> None:
        s, kind, erased = node.s, header.kind, node.opened is None
        self._kinds[kind] += 1
        tails = len(self._graph.tails)
        at = self._graph.place(index, s, header)
        intact = self._nodes.check(index, node, header)
        self._flags.add(index, s, header, node.opened if intact else None)
        self._contexts.add(erased, kind in BLOCKS)
        call = self._pairing.add(index, s, header, at, erased)
        if kind is Kind.TOOLS and intact and node.opened is not None:
            self._calls.tool(index, node.opened.attrs)
        if kind is Kind.PARAMS:
            self._calls.params(index, erased, self._attrs.continues)
        elif kind is Kind.CALL:
            self._calls.call(index, node, header.about, at, intact)
        elif kind is Kind.END:
            answer_erased = call is not None and self._pairing.answer_erased(call)
            outcome = self._calls.end(index, node, intact, answer_erased)
            if outcome is not None:
                self._outcomes[outcome] += 1
            if outcome in UNSENT and call is not None and self._pairing.answered(call):
                message = "an answer to a call that was not sent"
                self._findings.fail(Check.PAIRING, "E_PAIR", message, index, s)
        if self._seals.seal_at is not None:
            self._seals.refuse(index, s)
        if header.seal is not None:
            gathers_all = len(at) == tails and len(self._graph.tails) == 1
            self._seals.check(index, node, header, gathers_all)
        self._seals.add(signature)

    def close(self, proofs: Iterable[Json], apart: Statements) -> None:
        """Report what only the end of the file can tell."""
        sealed = self._seals.seal_at is not None
        self._pairing.close(sealed)
        self._flags.close()
        findings, signer = self._findings, self._signer
        self._proven = check_proofs(
            proofs, findings, signer, self._seals, self._count, self._pins, self._quorum
        )
        self._standing = check_standing(self._proven, apart, signer, findings)
        closure = self._standing.closure
        if closure is not None:
            self._findings.note("N_CLOSED", f"closed by its root, not sealed: {closure.reason}")
        elif not sealed:
            message = "no seal: the removal of the last nodes would not be found"
            self._findings.note("N_OPEN", message)

    def facts(self) -> Facts:
        return Facts(
            calls=self._kinds[Kind.CALL],
            partial=self._calls.partial,
            accused=self._calls.accused,
            pending=self._pairing.pending,
            sealed=self._seals.seal_at is not None,
            proven=self._proven,
            standing=self._standing,
            erased=self._nodes.erased,
            outside_validity=self._nodes.outside_validity,
        )

    def counts(self) -> Counts:
        return Counts(
            nodes=self._count,
            kinds=_sorted(self._kinds),
            calls=self._kinds[Kind.CALL],
            outcomes=_sorted(self._outcomes),
            pending=self._pairing.pending,
            erased=self._nodes.erased,
        )


def _sorted(counted: Mapping[str, int]) -> Mapping[str, int]:
    return MappingProxyType({str(name): counted[name] for name in sorted(counted)})


def _holds(requirement: str, claims: Mapping[ClaimName, Claim]) -> bool:
    if requirement == UNERASED:
        return claims[ClaimName.ERASED].answer is Answer.NO
    return claims[ClaimName(requirement)].answer is Answer.YES


def _report(
    findings: Findings,
    facts: Facts,
    counts: Counts,
    signer: Signer,
    policy: Policy,
    pinned: frozenset[str],
    pins: Pins,
) -> Report:
    claims = claims_of(findings, facts, signer, pinned, pins, policy.quorum)
    unmet = tuple(name for name in policy.required if not _holds(name, claims))
    if findings.stopped:
        result = Result.UNREADABLE
    elif findings.failures:
        result = Result.FAILED
    else:
        result = Result.UNMET if unmet else Result.VERIFIED
    certificate = signer.certificate
    return Report(
        result=result,
        claims=MappingProxyType(claims),
        findings=findings.listed(),
        omitted=findings.omitted,
        counts=counts,
        unmet=unmet,
        braid=signer.braid,
        root=certificate.root if certificate else None,
        issuer=certificate.issuer if certificate else None,
        logs=tuple(map(_told, facts.proven.places)),
    )


def _told(place: Place) -> LogPlace:
    return LogPlace(
        of=str(place.of),
        origin=place.origin,
        index=place.proof.index,
        size=place.proof.signed.checkpoint.size,
        log=None if place.log is None else place.log.text,
        cosignatures=tuple(
            Cosignature(each.witness.text, write_time(datetime.fromtimestamp(each.time, UTC)))
            for each in place.cosigned
        ),
    )
