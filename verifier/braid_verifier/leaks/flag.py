"""Flags: what the detector says of a node, as the content of a node of its own (SPEC §6.4).

A flag repeats no word of what it is about, so that it can stay when those words are erased.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from braid import strict_json
from braid.errors import Malformed
from braid.strict_json import Json
from braid_verifier.leaks.finding import VERSION, Finding, LeakClass, Reason, Tier
from braid_verifier.leaks.position import Position

DETECTOR = "braid-leaks"

#: More than this of one node is counted, not listed; the strongest are kept.
MAX_FLAGS = 64


class What(StrEnum):
    """What a flag says of its node."""

    LEAK = "leak"
    #: A fact and no leak: thinking that the provider's signature does not cover.
    UNSIGNED_THINKING = "unsigned_thinking"


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag as it was read; `finding` and its offsets belong to a leak."""

    what: What
    version: int
    finding: Finding | None = None
    #: Findings of the node that were not listed.
    more: int = 0


def leak_flags(findings: Sequence[Finding], position: Position) -> tuple[bytes, ...]:
    """Return the contents of the flags for the findings of one node, in order of place."""
    counted = [each for each in findings if each.counts]
    kept = sorted(counted, key=lambda each: -each.score)[:MAX_FLAGS]
    kept.sort(key=lambda each: (each.start, each.end))
    more = len(counted) - len(kept)
    facts = {
        "length": position.length,
        "overlap": position.overlap,
        "thinking": position.thinking,
        "thinking_length": position.thinking_length,
    }
    return tuple(
        _content(
            What.LEAK,
            {
                "class": each.leak_class,
                "end": each.end,
                "position": facts,
                "reasons": [[one.cue, one.start, one.end] for one in each.reasons],
                "score": each.score,
                "start": each.start,
                "tier": each.tier,
            }
            | ({"more": more} if more and each is kept[-1] else {}),
        )
        for each in kept
    )


def unsigned_thinking() -> bytes:
    """Return the content of the flag for thinking without a provider's signature."""
    return _content(What.UNSIGNED_THINKING, {})


def _content(what: What, said: dict[str, object]) -> bytes:
    whole = {"detector": DETECTOR, "version": VERSION, "what": what, **said}
    return msgspec.json.encode(whole, order="sorted")


def read_flag(content: bytes) -> Flag | None:
    """Read the content of a flag; None for one of another detector.

    Raises Malformed for what names this detector and is none of its flags.
    """
    said = strict_json.read_object(content, "content")
    if said.get("detector") != DETECTOR:
        return None
    version = _count(said, "version")
    what = said.get("what")
    if what == What.UNSIGNED_THINKING:
        return Flag(What.UNSIGNED_THINKING, version)
    if what != What.LEAK:
        raise _malformed("what")
    reasons = said.get("reasons")
    try:
        finding = Finding(
            start=_count(said, "start"),
            end=_count(said, "end"),
            leak_class=LeakClass(str(said.get("class"))),
            tier=Tier(str(said.get("tier"))),
            score=_count(said, "score"),
            reasons=tuple(_reason(each) for each in reasons) if isinstance(reasons, list) else (),
        )
    except ValueError as fault:
        raise _malformed("class or tier") from fault
    if finding.start >= finding.end:
        raise _malformed("start and end")
    return Flag(What.LEAK, version, finding, _count(said, "more") if "more" in said else 0)


def _malformed(name: str) -> Malformed:
    return Malformed("E_JSON", f"content: {name}: not as a flag of {DETECTOR} has it")


def _count(said: dict[str, Json], name: str) -> int:
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _malformed(name)
    return value


def _reason(value: Json) -> Reason:
    match value:
        case [str(cue), int(start), int(end)]:
            return Reason(cue, start, end)
    raise _malformed("reasons")
