"""The verifier: `verify` a transcript, `check_history` of a request against one."""

from braid.statements import Statements, StatementUnusable, parse_statements
from braid_verifier.checking import (
    CheckedBlock,
    HistoryCheck,
    HistoryFinding,
    HistoryNotGenuine,
    Standing,
    Wire,
    check_history,
)
from braid_verifier.findings import Check, Finding, Severity
from braid_verifier.policy import UNERASED, ClaimName, Policy, Root, parse_root, parse_roots
from braid_verifier.report import Answer, Claim, Counts, NotVerified, Report, Result
from braid_verifier.verification import verify

__all__ = [
    "UNERASED",
    "Answer",
    "Check",
    "CheckedBlock",
    "Claim",
    "ClaimName",
    "Counts",
    "Finding",
    "HistoryCheck",
    "HistoryFinding",
    "HistoryNotGenuine",
    "NotVerified",
    "Policy",
    "Report",
    "Result",
    "Root",
    "Severity",
    "Standing",
    "StatementUnusable",
    "Statements",
    "Wire",
    "check_history",
    "parse_root",
    "parse_roots",
    "parse_statements",
    "verify",
]
