"""The verifier: `verify` a transcript, `check_history` of a request against one."""

from braid.call import History, HistoryPolicy
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
from braid_verifier.pins import PinnedKey, TimeAuthorities, parse_logs, parse_witnesses
from braid_verifier.policy import UNERASED, ClaimName, Policy, Root, parse_root, parse_roots
from braid_verifier.report import (
    Answer,
    Claim,
    Cosignature,
    Counts,
    LogPlace,
    NotVerified,
    Report,
    Result,
)
from braid_verifier.verification import verify

__all__ = [
    "UNERASED",
    "Answer",
    "Check",
    "CheckedBlock",
    "Claim",
    "ClaimName",
    "Cosignature",
    "Counts",
    "Finding",
    "History",
    "HistoryCheck",
    "HistoryFinding",
    "HistoryNotGenuine",
    "HistoryPolicy",
    "LogPlace",
    "NotVerified",
    "PinnedKey",
    "Policy",
    "Report",
    "Result",
    "Root",
    "Severity",
    "Standing",
    "StatementUnusable",
    "Statements",
    "TimeAuthorities",
    "Wire",
    "check_history",
    "parse_logs",
    "parse_root",
    "parse_roots",
    "parse_statements",
    "parse_witnesses",
    "verify",
]
