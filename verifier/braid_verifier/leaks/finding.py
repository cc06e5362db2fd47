"""What the detector says: where deliberation stands, of which class, and how surely.

A finding never carries words. It is signed into records whose words may be erased later, so it
names characters of the content and the cues that spoke, and nothing that was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

#: Version of the detector: the cues, the weights and the rules. Any change of what is found
#: changes it; findings of two versions are not compared.
VERSION = 3


#: Natural languages in which enough real leaks were measured. Of any other no finding means nothing.
COVERED = ("en",)
#: So many are enough.
COVERING = 50


class LeakClass(StrEnum):
    """What the author is doing where the finding stands (docs/leaks.md)."""

    #: Takes back what was just said.
    SELF_CORRECTION = "self_correction"
    #: Asks itself and answers, weighs ways forward.
    ALTERNATIVES = "alternatives"
    #: Infers in the moment from what it has just seen.
    TRACE = "trace"
    #: Lays out its own next steps with reasons.
    PLANNING = "planning"
    #: Thinking markup stands in the output.
    RAW_THINK = "raw_think"
    #: The argument of a tool that exists to be thought into.
    THINK_TOOL = "think_tool"
    #: The thought field of a ReAct transcript.
    REACT_THOUGHT = "react_thought"
    #: Says what it does next, no more. Most turns of agents do; never counts as a leak.
    NARRATION = "narration"


class Tier(StrEnum):
    STRONG = "strong"
    POSSIBLE = "possible"


class Reason(NamedTuple):
    """A cue that spoke, and where, in code points of the content; a tuple, because a finding has many."""

    cue: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Deliberation at content[start:end], in code points of the content."""

    start: int
    end: int
    leak_class: LeakClass
    tier: Tier
    #: Points. `possible` begins at 100; what a point is worth depends on nothing but VERSION.
    score: int
    reasons: tuple[Reason, ...]

    @property
    def counts(self) -> bool:
        """Whether this is a leak; narration is not."""
        return self.leak_class is not LeakClass.NARRATION
