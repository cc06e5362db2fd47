"""A report as people read it: what is proven, what is not, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rich.text import Text

from braid_clients.visible import visible
from braid_clients.wording import size
from braid_verifier import (
    UNERASED,
    Answer,
    ClaimName,
    Finding,
    LogPlace,
    Report,
    Result,
    Root,
    Severity,
)

MAX_SHOWN = 10  # lines of one kind; --json has all findings
_STYLES = {
    Result.VERIFIED: "bold green",
    Result.FAILED: "bold red",
    Result.UNREADABLE: "bold red",
    Result.UNMET: "bold yellow",
}
_WORDS = {
    Result.VERIFIED: "verified",
    Result.FAILED: "NOT verified",
    Result.UNREADABLE: "could not be checked",
    Result.UNMET: "intact, but short of what is required",
}
_NAME_WITNESSES = (
    "name the witnesses you trust: --witness KEY",
    "or for good: braid keys trust KEY --as witness",
)
# What the claims say as well, and what nearly every call says.
_SAID_ALREADY = frozenset({"N_OPEN", "N_NO_CERTIFICATE", "history.continued"})


def verdict(name: str, report: Report, pinned: Iterable[Root]) -> Iterator[Text]:
    """Give the lines of the answer for one file."""
    line = Text(f"{visible(name)}: ").append(_WORDS[report.result], _STYLES[report.result])
    if report.unmet and report.result is Result.UNMET:
        line.append(f": {', '.join(report.unmet)}")
    if report.result is not Result.UNREADABLE:
        line.append(f" ({size(report.counts)})")
    yield line
    if report.result is not Result.UNREADABLE:
        labels = {root.key: root.label for root in pinned}
        yield from _section("proven", _proven(report, labels.get(report.root or "", "")))
        yield from _section("not proven", _not_proven(report))
    failures = [_failure(found) for found in _of(report, Severity.FAILURE)]
    yield from _section("found", _shortened(failures, report.omitted))
    yield from _section("warnings", _shortened(_gathered(_of(report, Severity.WARNING))))
    yield from _section("notes", _shortened(_gathered(_of(report, Severity.NOTE))))
    yield from _section("next", _next(report))


def _section(title: str, lines: Iterable[str]) -> Iterator[Text]:
    for index, line in enumerate(lines):
        head = title if index == 0 else ""
        yield Text(f"  {head:<11} ", "bright_black").append(visible(line), "default")


def _proven(report: Report, label: str) -> Iterator[str]:
    for name, claim in report.claims.items():
        if claim.answer is Answer.YES and name is not ClaimName.ERASED:
            whose = f" ({label})" if name is ClaimName.SIGNER and label else ""
            yield f"{name}: {claim.reason}{whose}"
            if name is ClaimName.LOGGED:
                yield from _indented(f"{log.of}: {_place(log)}" for log in report.logs if log.log)
            elif name is ClaimName.WITNESSED:
                yield from _indented(_witnesses(report))


def _indented(lines: Iterable[str]) -> list[str]:
    return _shortened([f"  {line}" for line in lines])


def _place(log: LogPlace) -> str:
    return f"entry {log.index} of {log.size} in {log.origin}"


def _witnesses(report: Report) -> Iterator[str]:
    """Say of what is in a pinned log who saw it there, by what time of the witness's clock."""
    for log in report.logs:
        seen = [
            f"{each.witness.split('+')[0]}, not later than {each.time}" for each in log.cosignatures
        ]
        if log.log and seen:
            yield f"{log.of}: seen by {'; '.join(seen)}"


def _not_proven(report: Report) -> Iterator[str]:
    reasons: dict[str, list[str]] = {}
    for name, claim in report.claims.items():
        # `erased` is the one claim whose yes takes something away.
        if (claim.answer is Answer.YES) is (name is ClaimName.ERASED):
            reason = claim.reason if name is ClaimName.ERASED else f"{claim.answer}, {claim.reason}"
            reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        yield f"{', '.join(names)}: {reason}"
    outside = (ClaimName.LOGGED, ClaimName.WITNESSED)
    if report.claims[ClaimName.SEALED].answer is Answer.YES:
        if all(report.claims[name].answer is Answer.YES for name in outside):
            yield "one story: another version, if there is one, is in this log too, or in none"
        else:
            yield "one story: the signer could have sealed another version too"
    if report.claims[ClaimName.SIGNER].answer is Answer.YES:
        yield "keys: that one was stolen since is known only to who was told (braid keys trust FILE)"
    yield "truth: the signer alone was there; it could invent, or leave out"


def _of(report: Report, severity: Severity) -> list[Finding]:
    return [found for found in report.findings if found.severity is severity]


def _failure(found: Finding) -> str:
    where = "" if found.node is None else f"node {found.node}: "
    return f"{found.code}: {where}{found.message}"


def _gathered(found: list[Finding]) -> list[str]:
    """Give a line for each thing said, with the first node it is said of and how many more."""
    first: dict[tuple[str, str], Finding] = {}
    times: Counter[tuple[str, str]] = Counter()
    for finding in found:
        said = (finding.code, finding.message)
        first.setdefault(said, finding)
        times[said] += 1
    return [
        _failure(finding) + (f" (and {times[said] - 1} more such nodes)" if times[said] > 1 else "")
        for said, finding in first.items()
        if finding.code not in _SAID_ALREADY
    ]


def _shortened(lines: list[str], omitted: int = 0) -> list[str]:
    more = len(lines) - MAX_SHOWN + omitted
    return lines if more <= 0 else [*lines[:MAX_SHOWN], f"and {more} more: see --json"]


def _codes(report: Report) -> set[str]:
    return {found.code for found in _of(report, Severity.FAILURE)}


def _root_was_revoked(report: Report) -> bool:
    """Tell whether a revocation of the root that leaves this braid as it is was noted."""
    notes = (found for found in _of(report, Severity.NOTE) if found.code == "N_REVOCATION")
    return any(found.message.startswith("the root key was revoked") for found in notes)


def _next(report: Report) -> list[str]:
    match report.result:
        case Result.FAILED if _codes(report) == {"E_REVOKED"}:
            return ["ask whoever it is from what of it they stand by, and under which key"]
        case Result.FAILED:
            return ["do not rely on it; ask whoever made it for the original"]
        case Result.UNREADABLE:
            return ["is it a whole transcript, as braid export and braid run write them?"]
        case Result.UNMET:
            return list(
                dict.fromkeys(line for name in report.unmet for line in _lacking(report, name))
            )
    if report.claims[ClaimName.SEALED].answer is not Answer.YES:
        return ["until it is sealed its end could be cut off unseen: braid seal, braid export"]
    return ["read it: braid show FILE"]


def _lacking(report: Report, name: str) -> Iterator[str]:
    """Say what helps where a claim was asked for that is not answered with yes."""
    if name == UNERASED:
        yield "ask whoever made it for the original, with all its words"
        return
    unchecked = report.claims[ClaimName(name)].answer is Answer.NOT_CHECKED
    match name:
        case ClaimName.SIGNER if report.root is not None:
            if _root_was_revoked(report):
                yield "this root key was revoked (notes): ask whoever it is which key they sign with now"
            else:
                yield f"if you know whose root key this is: braid keys trust {report.root}"
            yield "or ask only whether it is intact: --allow-unknown-signer"
        case ClaimName.SEALED:
            yield "ask for the sealed one; if it is yours: braid seal, braid export"
        case ClaimName.LOGGED if unchecked:
            yield "name the log you trust: --log KEY, or for good: braid keys trust KEY --as log"
        case ClaimName.LOGGED:
            yield "ask for one with proofs of a log you trust; if it is yours: braid export"
        case ClaimName.WITNESSED if report.claims[ClaimName.LOGGED].answer is not Answer.YES:
            yield from _lacking(report, ClaimName.LOGGED)
            if unchecked:
                yield from _NAME_WITNESSES
        case ClaimName.WITNESSED if unchecked:
            yield from _NAME_WITNESSES
        case ClaimName.WITNESSED:
            yield "export it again once witnesses have cosigned the log, if it is yours"
        case ClaimName.TIMESTAMPED if unchecked:
            yield "name the authority you trust, by its root certificate: --authority FILE"
        case ClaimName.TIMESTAMPED:
            yield "ask for one with a timestamp of an authority you trust: braid timestamp"
        case _:
            yield f"get a transcript with proof of: {name}"
