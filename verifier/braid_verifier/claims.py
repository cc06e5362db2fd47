"""Claims: what a report answers, each question on its own (SPEC §7.2)."""

from __future__ import annotations

from dataclasses import dataclass

from braid.encoding import write_time
from braid_verifier.findings import Check, Findings
from braid_verifier.pins import Pins
from braid_verifier.policy import ClaimName
from braid_verifier.proofs import Proven
from braid_verifier.report import Answer, Claim
from braid_verifier.signer import Signer
from braid_verifier.standing import KeyStanding

# Classes whose failures mean that the nodes are not as the key's holder signed them.
_SIGNED_CHECKS = (
    Check.LIMITS,
    Check.READING,
    Check.ENCODING,
    Check.SIGNATURE,
    Check.HEADER,
    Check.BRAID,
    Check.ORDER,
    Check.PREVIOUS,
    Check.CONTENT,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the pass over the nodes established, beside findings."""

    calls: int
    partial: int  # calls whose context is not whole
    accused: int  # calls with history that is not ordinary
    pending: int
    sealed: bool
    proven: Proven
    standing: KeyStanding
    erased: int
    outside_validity: int  # nodes whose time the certificate does not cover


def _yes(reason: str) -> Claim:
    return Claim(Answer.YES, reason)


def _no(reason: str) -> Claim:
    return Claim(Answer.NO, reason)


def _not_checked(reason: str) -> Claim:
    return Claim(Answer.NOT_CHECKED, reason)


def claims_of(
    findings: Findings,
    facts: Facts,
    signer: Signer,
    pinned: frozenset[str],
    pins: Pins,
    quorum: int,
) -> dict[ClaimName, Claim]:
    """Answer every claim from what was found."""
    if findings.stopped:
        return dict.fromkeys(ClaimName, _not_checked("the file could not be read to its end"))
    signed = _signed(findings, facts, signer)
    whole = signed.answer is Answer.YES
    claims = {
        ClaimName.SIGNED: signed,
        ClaimName.SIGNER: _signer(facts, signer, pinned),
        ClaimName.CONTEXT: _context(findings, facts, whole),
        ClaimName.HISTORY: _history(findings, facts, whole),
        ClaimName.SEALED: _sealed(findings, facts, whole),
        ClaimName.CLOSED: _closed(findings, facts, whole),
        ClaimName.LOGGED: _logged(findings, facts, whole, pins),
        ClaimName.WITNESSED: _witnessed(findings, facts, whole, pins, quorum),
        ClaimName.TIMESTAMPED: _timestamped(findings, facts, whole, pins),
        ClaimName.ERASED: (
            _yes(f"{facts.erased} nodes keep their place but not their words")
            if facts.erased
            else _no("every node that could be read has its words")
        ),
    }
    return {name: claims[name] for name in ClaimName}


def _signed(findings: Findings, facts: Facts, signer: Signer) -> Claim:
    if signer.key is None:
        return _no("there is no usable braid key to check signatures under")
    if findings.count(*_SIGNED_CHECKS) > facts.outside_validity:
        return _no("not every node is as the braid key's holder signed it")
    return _yes("every node is as the braid key's holder signed it, none missing before the last")


def _signer(facts: Facts, signer: Signer, pinned: frozenset[str]) -> Claim:
    if not signer.certificate_given:
        return _no("there is no certificate: anyone could have made this braid key")
    if signer.certificate is None:
        return _no("the certificate is not valid")
    if facts.standing.revoked:
        return _no("the braid key, or the root that certified it, was revoked")
    if facts.outside_validity:
        return _no("the certificate does not cover the time of every node")
    if not pinned:
        return _not_checked("no root was pinned to compare the certificate's with")
    if signer.certificate.root in pinned:
        return _yes("a pinned root certified the braid key")
    if signer.certificate.root in facts.standing.followed(pinned):
        return _yes("a pinned root handed over to the root that certified the braid key")
    return _no("the root that certified the braid key is not among those pinned")


def _context(findings: Findings, facts: Facts, whole: bool) -> Claim:
    if not whole:
        return _not_checked("the nodes are not all as signed")
    if not facts.calls:
        return _not_checked("there is no call")
    if findings.count(Check.CALL):
        return _no("a call's content or context is wrong")
    if facts.partial:
        return _no(f"calls whose model saw something that was not recorded: {facts.partial}")
    return _yes("the nodes that each model was shown can be listed")


def _history(findings: Findings, facts: Facts, whole: bool) -> Claim:
    if not whole:
        return _not_checked("the nodes are not all as signed")
    if not facts.calls:
        return _not_checked("there is no call")
    if facts.accused:
        return _no(f"calls that carry a history finding: {facts.accused}")
    if findings.count(Check.CALL):
        return _not_checked("a call's content or context is wrong")
    return _yes("no call carries a history finding")


def _sealed(findings: Findings, facts: Facts, whole: bool) -> Claim:
    if not whole:
        return _not_checked("the nodes are not all as signed")
    if not facts.sealed:
        return _no("open: without a seal the removal of the last nodes is not found")
    if findings.count(Check.SEAL):
        return _no("the seal is wrong")
    if facts.pending:
        return _no("a call has no end")
    return _yes("the last node seals all others")


def _closed(findings: Findings, facts: Facts, whole: bool) -> Claim:
    sealed = _sealed(findings, facts, whole)
    if sealed.answer is not Answer.NO:
        return sealed
    if facts.standing.closure is not None and not findings.count(Check.SEAL):
        return _yes("its root says that these are all its nodes")
    if findings.count(Check.PROOF):
        return _no("a proof does not hold")
    return sealed


def _logged(findings: Findings, facts: Facts, whole: bool, pins: Pins) -> Claim:
    if not whole:
        return _not_checked("the nodes are not all as signed")
    if not pins.logs:
        return _not_checked("no log was pinned")
    if findings.count(Check.PROOF):
        return _no("a proof does not hold")
    if not facts.proven.logged:
        return _no("its certificate, or its end, is not proven to stand in a pinned log")
    return _yes("its certificate, and its end if it has one, stand in a pinned log")


def _timestamped(findings: Findings, facts: Facts, whole: bool, pins: Pins) -> Claim:
    if not whole:
        return _not_checked("the nodes are not all as signed")
    if pins.authorities is None:
        return _not_checked("no timestamp authority was pinned")
    if findings.count(Check.PROOF):
        return _no("a proof does not hold")
    if facts.proven.stamped is None:
        return _no("there is no seal with a timestamp of a pinned authority")
    return _yes(f"a pinned authority saw the seal by {write_time(facts.proven.stamped)}")


def _witnessed(findings: Findings, facts: Facts, whole: bool, pins: Pins, quorum: int) -> Claim:
    logged = _logged(findings, facts, whole, pins)
    if logged.answer is Answer.NOT_CHECKED:
        return logged
    if not pins.witnesses:
        return _not_checked("no witness was pinned")
    if logged.answer is Answer.NO:
        return logged
    if not facts.proven.witnessed:
        few = "none" if quorum == 1 else f"fewer than {quorum}"
        return _no(f"{few} of the pinned witnesses cosigned the log that holds it")
    return _yes(f"at least {quorum} of the pinned witnesses cosigned the log that holds it")
