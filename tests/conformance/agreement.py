"""When two verifiers agree on a file: SPEC §7.1, rules 2 and 4. Reports are those of report.schema.json."""

from __future__ import annotations

from typing import Any

import braid_verifier
from braid_verifier import Policy, verify

Report = dict[str, Any]
Place = tuple[str, int | None]


def places(report: Report) -> list[Place]:
    """Give the code and node of each finding."""
    return [(found["code"], found["node"]) for found in report["findings"]]


def failures_of_first_class(report: Report) -> list[Place]:
    """Give the failures of the first check class that has any."""
    failed = [found for found in report["findings"] if found["severity"] == "failure"]
    lowest = min((found["check"] for found in failed), default=None)
    return [(found["code"], found["node"]) for found in failed if found["check"] == lowest]


def pins_of(case: dict[str, Any]) -> dict[str, Any]:
    """Give what a case of the vectors pins beside roots, and the statements it is given.

    The names are those of both verifiers.
    """
    pins = {name: case[name] for name in ("logs", "witnesses", "quorum") if name in case}
    return pins | ({"statements": [case["statements"]]} if case.get("statements") else {})


def judged_under(raw: bytes, roots: list[str], pins: dict[str, Any]) -> Report:
    """Give the Python verifier's report, under what is pinned."""
    return report_under(raw, roots, pins).to_json()


def report_under(
    raw: bytes, roots: list[str], pins: dict[str, Any], **asked: Any
) -> braid_verifier.Report:
    """Give it as a value; `asked` is what the policy asks."""
    given = dict(pins)
    policy = Policy(quorum=given.pop("quorum", 1), **asked)
    given["statements"] = [each.encode() for each in given.get("statements", [])]
    return verify(raw, policy, roots, **given)


def answers(report: Report) -> dict[str, str]:
    """Give the answer to each claim."""
    return {name: claim["answer"] for name, claim in report["claims"].items()}


def compared(report: Report) -> Report:
    """Give what two verifiers must have in common, for == and for a difference that can be read."""
    told: Report = {"result": report["result"], "exit_code": report["exit_code"]}
    told |= {"unmet": report["unmet"], "claims": answers(report)}
    if report["result"] == "unreadable":
        return told
    failures = failures_of_first_class(report)
    told |= {name: report[name] for name in ("braid", "root", "issuer")}
    told["failures"] = sorted(set(failures), key=str)
    told["first"] = failures[0] if failures else None
    if not failures:
        told["logs"] = report["logs"]
        told["findings"] = sorted(set(places(report)), key=str)
        told["counts"] = report["counts"]
    return told
