"""A report as people read it: what is proven, what is not, what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from braid_clients.visible import visible
from braid_verifier import Answer, ClaimName, Report, Result, Root
from braid_verifier.findings import Finding, Severity

MAX_SHOWN = 10  # findings of each severity; --json has all
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


def verdict(name: str, report: Report, pinned: Iterable[Root]) -> Iterator[Text]:
    """Give the lines of the answer for one file."""
    yield Text(visible(name) + ": ") + Text(_WORDS[report.result], _STYLES[report.result])
    failures, warnings, notes = (_of(report, severity) for severity in Severity)
    if report.result is not Result.UNREADABLE:
        labels = {root.key: root.label for root in pinned}
        yield from _section("proven", _proven(report, labels))
        yield from _section("not proven", _not_proven(report))
    yield from _section("found", [_finding(finding) for finding in failures], len(failures))
    yield from _section("warnings", [_finding(finding) for finding in warnings], len(warnings))
    yield from _section("notes", [_finding(finding) for finding in notes], len(notes))
    yield from _section("next", _next(report))


def _of(report: Report, severity: Severity) -> list[Finding]:
    return [finding for finding in report.findings if finding.severity is severity]


def _section(title: str, lines: list[str], count: int = 0) -> Iterator[Text]:
    shown = lines[:MAX_SHOWN] if count else lines
    if count > MAX_SHOWN:
        shown.append(f"and {count - MAX_SHOWN} more: --json has them all")
    for index, line in enumerate(shown):
        yield Text(f"  {title if index == 0 else '':<11} ", "bright_black").append(
            visible(line), "default"
        )


def _proven(report: Report, labels: dict[str, str]) -> list[str]:
    lines = []
    for name, claim in report.claims.items():
        if claim.answer is Answer.YES and name is not ClaimName.ERASED:
            who = (
                f" ({labels[report.root]})"
                if name is ClaimName.SIGNER and report.root in labels
                else ""
            )
            lines.append(f"{name}: {claim.reason}{who}")
    return lines


def _not_proven(report: Report) -> list[str]:
    lines = []
    for name, claim in report.claims.items():
        if name is ClaimName.ERASED:
            if claim.answer is Answer.YES:
                lines.append(f"{name}: {claim.reason}")
        elif claim.answer is not Answer.YES:
            lines.append(f"{name}: {claim.answer}, {claim.reason}")
    return lines


def _finding(finding: Finding) -> str:
    where = "" if finding.node is None else f"node {finding.node}: "
    return f"{finding.code}: {where}{finding.message}"


def _next(report: Report) -> list[str]:
    match report.result:
        case Result.FAILED:
            return ["do not rely on it; ask whoever made it for the original"]
        case Result.UNREADABLE:
            return ["is it a whole transcript, as braid export and braid run write them?"]
        case Result.UNMET if ClaimName.SIGNER in report.unmet and report.root is not None:
            return [
                f"if you know whose root key {report.root} is: braid keys trust {report.root}",
                "or ask only whether it is intact: --allow-unknown-signer",
            ]
        case Result.UNMET:
            return [f"get one with proof of: {', '.join(report.unmet)}"]
        case _:
            if report.claims[ClaimName.SEALED].answer is not Answer.YES:
                return ["its end could be cut off unseen until it is sealed: braid seal ID"]
            return ["read it: braid show FILE"]
