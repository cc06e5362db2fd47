"""Findings for people, for programs, and for what shows findings beside code (SARIF 2.1.0)."""

from __future__ import annotations

import importlib.metadata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from rich.text import Text

from braid_clients.leak_search import Leak, Unread
from braid_clients.visible import fit, visible
from braid_clients.wording import counted
from braid_verifier.leaks import COVERED, VERSION, LeakClass, Tier

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_STYLES = {Tier.STRONG: "red", Tier.POSSIBLE: "yellow"}
_LEVELS = {Tier.STRONG: "warning", Tier.POSSIBLE: "note"}
_MEANINGS = {
    LeakClass.SELF_CORRECTION: "takes back what was just said",
    LeakClass.ALTERNATIVES: "asks itself and answers, or weighs ways forward",
    LeakClass.TRACE: "infers in the moment from what it has just seen",
    LeakClass.PLANNING: "lays out its own next steps with reasons",
    LeakClass.RAW_THINK: "thinking markup stands in the output",
    LeakClass.THINK_TOOL: "is the argument of a tool that exists to be thought into",
    LeakClass.REACT_THOUGHT: "is the thought field of a ReAct transcript",
    LeakClass.NARRATION: "says what it does next, and no more",
}


def where(leak: Leak) -> str:
    """Say where a finding is: `a.py:3:5`, or `talk.braid.json: node 7, text`."""
    if leak.column is not None:
        return f"{leak.file}:{leak.line}:{leak.column}"
    return f"{leak.file}: {leak.block}, characters {leak.finding.start}-{leak.finding.end}"


def text_lines(leak: Leak, width: int) -> Iterable[Text]:
    """Draw a finding for a terminal: where and what, then the words, underlined."""
    finding = leak.finding
    cues = ", ".join(dict.fromkeys(reason.cue for reason in finding.reasons))
    line = Text(visible(where(leak)), "bold")
    line.append(": ").append(f"{finding.tier} {finding.leak_class}", _STYLES[finding.tier])
    line.append(f" ({finding.score}) {visible(cues)}", "bright_black")
    yield line
    words = fit(visible(" ".join(leak.words.split())), max(width - 4, 20))
    yield Text("    ").append(words, "underline")


def summary(leaks: Sequence[Leak], looked: int, unread: int) -> str:
    """Say how much was found, of which tier."""
    tiers = Counter(leak.finding.tier for leak in leaks)
    kinds = [f"{tiers[tier]} {tier}" for tier in Tier if tiers[tier]]
    said = f"{counted(len(leaks), 'finding')}{' (' + ', '.join(kinds) + ')' if kinds else ''}"
    missed = f", {unread} could not be read" if unread else ""
    return f"{said} in {counted(looked, 'file')}{missed}; detector version {VERSION}, measured in {', '.join(COVERED)} alone"


def as_json(leaks: Sequence[Leak], unread: Sequence[Unread], looked: int) -> dict[str, Any]:
    """Give all of it as JSON. No words: offsets are code points of the file, or of the block."""
    return {
        "detector": VERSION,
        "covered": list(COVERED),
        "files": looked,
        "findings": [_finding(leak) for leak in leaks],
        "unread": [{"file": each.file, "why": each.why} for each in unread],
    }


def _finding(leak: Leak) -> dict[str, Any]:
    finding = leak.finding
    place = {"file": leak.file, "line": leak.line, "column": leak.column}
    place |= {"block": leak.block, "node": leak.node}
    return {
        **{name: value for name, value in place.items() if value is not None},
        "start": finding.start,
        "end": finding.end,
        "class": str(finding.leak_class),
        "tier": str(finding.tier),
        "score": finding.score,
        "reasons": [
            {"cue": reason.cue, "start": reason.start, "end": reason.end}
            for reason in finding.reasons
        ],
    }


def as_sarif(leaks: Sequence[Leak], unread: Sequence[Unread]) -> dict[str, Any]:
    """Give all of it as a SARIF 2.1.0 log of one run."""
    rules: list[LeakClass] = [
        leak_class for leak_class in LeakClass if leak_class is not LeakClass.NARRATION
    ]
    return {
        "$schema": SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "braid leaks",
                        "semanticVersion": importlib.metadata.version("braid-provenance"),
                        "properties": {"detector": VERSION, "covered": list(COVERED)},
                        "rules": [
                            {
                                "id": str(rule),
                                "shortDescription": {
                                    "text": f"Leaked reasoning: {_MEANINGS[rule]}."
                                },
                                "defaultConfiguration": {"level": "warning"},
                            }
                            for rule in rules
                        ],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(leak, rules.index(leak.finding.leak_class)) for leak in leaks],
                "invocations": [
                    {
                        "executionSuccessful": not unread,
                        "toolExecutionNotifications": [
                            {
                                "level": "error",
                                "message": {"text": each.why},
                                "locations": [_location(each.file)],
                            }
                            for each in unread
                        ],
                    }
                ],
            }
        ],
    }


def _result(leak: Leak, rule: int) -> dict[str, Any]:
    finding = leak.finding
    cues = ", ".join(dict.fromkeys(reason.cue for reason in finding.reasons))
    location = _location(leak.file)
    if leak.line is not None:
        region: dict[str, Any] = {"startLine": leak.line}
        if leak.column is not None:
            region |= {
                "startColumn": leak.column,
                "endLine": leak.last_line,
                "endColumn": leak.last_column,
                "charOffset": finding.start,
                "charLength": finding.end - finding.start,
            }
        location["physicalLocation"]["region"] = region
    if leak.block is not None:
        location["logicalLocations"] = [{"name": leak.block, "kind": "member"}]
    block = f" in {leak.block}, characters {finding.start}-{finding.end}" if leak.block else ""
    return {
        "ruleId": str(finding.leak_class),
        "ruleIndex": rule,
        "level": _LEVELS[finding.tier],
        "message": {
            "text": f"{finding.tier} leak{block}: {_MEANINGS[finding.leak_class]} ({cues})."
        },
        "locations": [location],
        "properties": {"tier": str(finding.tier), "score": finding.score},
    }


def _location(file: str) -> dict[str, Any]:
    uri = quote(PurePath(file).as_posix())
    return {"physicalLocation": {"artifactLocation": {"uri": uri}}}
