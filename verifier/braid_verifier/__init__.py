"""The verifier: `verify` a transcript, get a `Report`."""

from braid_verifier.findings import Check, Finding, Severity
from braid_verifier.policy import UNERASED, ClaimName, Policy, Root, parse_root, parse_roots
from braid_verifier.report import Answer, Claim, Counts, NotVerified, Report, Result
from braid_verifier.verification import verify

__all__ = [
    "UNERASED",
    "Answer",
    "Check",
    "Claim",
    "ClaimName",
    "Counts",
    "Finding",
    "NotVerified",
    "Policy",
    "Report",
    "Result",
    "Root",
    "Severity",
    "parse_root",
    "parse_roots",
    "verify",
]
