"""Findings: what a verifier has to say, in the order of SPEC §7.1, within a bound."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

MAX_FINDINGS = 10_000  # kept of each check class; the rest is counted


class Severity(StrEnum):
    """How much a finding weighs: a failure decides the result, the others inform."""

    FAILURE = "failure"
    WARNING = "warning"
    NOTE = "note"


class Check(IntEnum):
    """The check classes of SPEC §7.1; what is no failure comes after them."""

    LIMITS = 1
    READING = 2
    ENCODING = 3
    CERTIFICATE = 4
    SIGNATURE = 5
    HEADER = 6
    BRAID = 7
    ORDER = 8
    PREVIOUS = 9
    CONTENT = 10
    CALL = 11
    PAIRING = 12
    SEAL = 13
    PROOF = 14
    REVOCATION = 15
    WARNING = 16
    NOTE = 17


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a verifier has to say.

    `node` is a position in the file and `signature` the text form of that node's own; both
    are None where the finding is about the whole file. The message holds no words of the
    conversation.
    """

    code: str
    severity: Severity
    check: Check
    message: str
    node: int | None = None
    signature: str | None = None


class Findings:
    """Collects findings; each check class keeps its first ones and counts the rest."""

    def __init__(self) -> None:
        self._kept: dict[Check, list[Finding]] = {check: [] for check in Check}
        self._counts = dict.fromkeys(Check, 0)
        self._stopped_by: Finding | None = None

    def fail(
        self,
        check: Check,
        code: str,
        message: str,
        node: int | None = None,
        signature: str | None = None,
    ) -> None:
        """Add a failure of a check; without a node it is about the whole file."""
        self._add(Finding(code, Severity.FAILURE, check, message, node, signature))

    def warn(self, code: str, message: str, node: int, signature: str) -> None:
        self._add(Finding(code, Severity.WARNING, Check.WARNING, message, node, signature))

    def note(
        self, code: str, message: str, node: int | None = None, signature: str | None = None
    ) -> None:
        self._add(Finding(code, Severity.NOTE, Check.NOTE, message, node, signature))

    def stop(self, code: str, message: str) -> None:
        """Say what made the rest of the file unreadable; it comes first, whatever its class."""
        check = Check.LIMITS if code == "E_LIMIT" else Check.READING
        self._stopped_by = Finding(code, Severity.FAILURE, check, message)

    def _add(self, finding: Finding) -> None:
        self._counts[finding.check] += 1
        if self._counts[finding.check] <= MAX_FINDINGS:
            self._kept[finding.check].append(finding)

    @property
    def stopped(self) -> bool:
        return self._stopped_by is not None

    def count(self, *checks: Check) -> int:
        """Count the findings of these classes, kept or not."""
        return sum(self._counts[check] for check in checks)

    @property
    def failures(self) -> int:
        return self.count(*(check for check in Check if check < Check.WARNING)) + self.stopped

    @property
    def omitted(self) -> int:
        """Count the findings that were not kept."""
        return sum(max(0, count - MAX_FINDINGS) for count in self._counts.values())

    def listed(self) -> tuple[Finding, ...]:
        """Give what was kept: by class, by position in the file, in the order it was found."""
        found = [] if self._stopped_by is None else [self._stopped_by]
        for check in Check:
            found.extend(sorted(self._kept[check], key=_position))
        return tuple(found)


def _position(finding: Finding) -> int:
    return -1 if finding.node is None else finding.node
