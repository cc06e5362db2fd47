"""The report: a verifier's whole answer, which cannot be mistaken for a yes (SPEC §7.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from braid.errors import BraidError
from braid.strict_json import Json
from braid_verifier.findings import Finding, Severity
from braid_verifier.policy import UNERASED, ClaimName

FORMAT = "braid-report/1"  # published as report.schema.json beside this module


class Result(StrEnum):
    """What came out; the wording is that of SPEC §7.2."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNMET = "unmet"
    UNREADABLE = "unreadable"


_EXIT_CODES = {Result.VERIFIED: 0, Result.FAILED: 1, Result.UNREADABLE: 2, Result.UNMET: 3}


class Answer(StrEnum):
    """What a claim's question gets; only yes is a yes."""

    YES = "yes"
    NO = "no"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Claim:
    """An answer and the reason for it."""

    answer: Answer
    reason: str

    def __bool__(self) -> bool:
        raise TypeError("a claim is not true or false: compare its answer")


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was seen. What could not be read is counted in `nodes` and nowhere else.

    `outcomes` counts the ends by what they say (SPEC §6.3); `pending`, the calls without one.
    """

    nodes: int
    kinds: Mapping[str, int]
    calls: int
    outcomes: Mapping[str, int]
    pending: int
    erased: int


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A pinned witness, as a verifier key, and when it says that it saw a log's checkpoint."""

    witness: str
    time: str


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where something of the braid is proven to stand in a log (SPEC §13.4).

    `of` is certificate, seal or closure; `size` how many entries the log had. `log` is the pinned
    key that signed this, None where no log of this origin is pinned: then it is nobody's word.
    """

    of: str
    origin: str
    index: int
    size: int
    log: str | None
    cosignatures: tuple[Cosignature, ...]


class NotVerified(BraidError):
    """A report that is required to say `verified` says something else; it is in `report`."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.summary())
        self.report = report


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What verification found.

    `findings` are in the order of SPEC §7.1, failures first; `omitted` counts those beyond
    what a report keeps of each class. `root` and `issuer` are what a valid certificate
    names, pinned or not: the claim `signer` says whether to believe it. `logs` is where the
    braid stands in logs, pinned or not, and empty where any proof does not hold.
    """

    result: Result
    claims: Mapping[ClaimName, Claim]
    findings: tuple[Finding, ...]
    omitted: int
    counts: Counts
    unmet: tuple[str, ...]
    braid: str | None
    root: str | None
    issuer: str | None
    logs: tuple[LogPlace, ...] = ()

    def __bool__(self) -> bool:
        raise TypeError("a report is not true or false: call require() or compare its result")

    def __repr__(self) -> str:
        counts = self.counts
        return f"<Report {self.summary()}; nodes={counts.nodes} calls={counts.calls}>"

    @property
    def exit_code(self) -> int:
        """What `braid verify` exits with (SPEC §7.4)."""
        return _EXIT_CODES[self.result]

    def require(self) -> None:
        """Do nothing for a verified braid; raise NotVerified for every other result."""
        if self.result is not Result.VERIFIED:
            raise NotVerified(self)

    def summary(self) -> str:
        """Say the result and the first reason for it in one line."""
        if self.result is Result.UNMET:
            name = self.unmet[0]
            claim = ClaimName.ERASED if name == UNERASED else ClaimName(name)
            return f"unmet: {name}: {self.claims[claim].reason}"
        first = self.findings[0] if self.findings else None
        if first is None or first.severity is not Severity.FAILURE:
            return str(self.result)
        where = "" if first.node is None else f"node {first.node}: "
        return f"{self.result}: {first.code}: {where}{first.message}"

    def to_json(self) -> dict[str, Json]:
        """Give the report as JSON values; report.schema.json describes them."""
        return {
            "format": FORMAT,
            "result": str(self.result),
            "exit_code": self.exit_code,
            "braid": self.braid,
            "root": self.root,
            "issuer": self.issuer,
            "claims": {
                str(name): {"answer": str(claim.answer), "reason": claim.reason}
                for name, claim in self.claims.items()
            },
            "logs": [
                {
                    "of": each.of,
                    "origin": each.origin,
                    "index": each.index,
                    "size": each.size,
                    "log": each.log,
                    "cosignatures": [
                        {"witness": cosigned.witness, "time": cosigned.time}
                        for cosigned in each.cosignatures
                    ],
                }
                for each in self.logs
            ],
            "unmet": list(self.unmet),
            "counts": {
                "nodes": self.counts.nodes,
                "kinds": dict(self.counts.kinds),
                "calls": self.counts.calls,
                "outcomes": dict(self.counts.outcomes),
                "pending": self.counts.pending,
                "erased": self.counts.erased,
            },
            "findings": [
                {
                    "code": finding.code,
                    "severity": str(finding.severity),
                    "check": int(finding.check),
                    "node": finding.node,
                    "signature": finding.signature,
                    "message": finding.message,
                }
                for finding in self.findings
            ],
            "omitted": self.omitted,
        }
