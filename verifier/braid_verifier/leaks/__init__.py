"""Leaked reasoning: deliberation in text and comments that no provider signature covers.

Where to look is `passages`, `comments` and what they stand on; it knows no words. What to make of
a passage is `judge`; `detect` is both, for a block. `position` gives facts about where it stands.
docs/leaks.md says what is meant, and what is not seen.
"""

from braid_verifier.leaks.comments import comments
from braid_verifier.leaks.detection import detect, judge
from braid_verifier.leaks.finding import COVERED, VERSION, Finding, LeakClass, Reason, Tier
from braid_verifier.leaks.heard import Heard
from braid_verifier.leaks.languages import language_of
from braid_verifier.leaks.places import file_passages, passages
from braid_verifier.leaks.position import Position, SignedThinking, TurnBlock, position

__all__ = [
    "COVERED",
    "VERSION",
    "Finding",
    "Heard",
    "LeakClass",
    "Position",
    "Reason",
    "SignedThinking",
    "Tier",
    "TurnBlock",
    "comments",
    "detect",
    "file_passages",
    "judge",
    "language_of",
    "passages",
    "position",
]
