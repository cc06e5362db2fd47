"""When two verifiers agree on a file: SPEC §7.1, rules 2 and 4. Reports are those of report.schema.json."""

from __future__ import annotations

from typing import Any

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
        told["findings"] = sorted(set(places(report)), key=str)
        told["counts"] = report["counts"]
    return told
