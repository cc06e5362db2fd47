"""Transcripts of ProjectIolite, the project that first described signed braids: read and checked.

Its signatures cover less than its files say; `judge` keeps apart what they show, what the
previous signatures show, and what nothing shows (docs/iolite.md).
"""

from braid_verifier.iolite.conversation import Conversation, Record, Shape, read_conversation
from braid_verifier.iolite.judgement import Fit, Judgement, KeySource, Uncovered, judge

__all__ = [
    "Conversation",
    "Fit",
    "Judgement",
    "KeySource",
    "Record",
    "Shape",
    "Uncovered",
    "judge",
    "read_conversation",
]
