"""What is weighed: the moves of a passage, and how they stand together.

A feature is a small whole number, so that scores are whole numbers and the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from braid_verifier.leaks.cues.move import AGAINST, CORRECTING, INFERRING, PLANNING, WEIGHING, Move
from braid_verifier.leaks.moves import MAX_PER_WORD, Spoken
from braid_verifier.leaks.openings import sentences
from braid_verifier.leaks.passage import ELIDED

#: Counts above this say nothing more.
MAX_COUNT = 3

#: The group of a move, as one bit.
_GROUP = {
    move: 1 << place
    for place, group in enumerate((CORRECTING, WEIGHING, INFERRING, PLANNING))
    for move in group
}

_QUESTION = re.compile(r"[^\W_][)\]'\"`*%}]*\s?\?+(?=[\s)\"'*_]|\Z)|[？]")
_ANSWER = re.compile(
    r"[\s)\"'*_–—/#-]*(?:no|nope|yes|yeah|yep|let's|actually|maybe|probably|perhaps|but|or|just|so|ok|okay"
    r"|well|not|simple|simpler|better|depends|hmm|wait|it's|fixed|fine|sure|likely|doesn't|the|we|i"
    r"|if(?! (?:so|yes|not|no|true|false)\b)"
    r"|also|oder|ja|nein|die|donc|ou|non|restons|así|pero|mejor|las|então|mas|vamos|não|a)\b",
    re.IGNORECASE,
)
#: A question that opens a story or asks the reader, as far as its words say, is none that is open.
_RHETORIC = re.compile(
    r"[\s(\"'*_–—/#-]*(?:(?:hmm+|so|but|or|and|wait|ok|okay|well|now|then|actually)[,.:]?\s+)*"
    r"(?:why|what|how|who|when|where|whose)\b"
    r"(?! (?:if|about|is|isn't|does|doesn't|would|not|did|are|aren't|do|can|should|could)\b)"
    r"|[^?]*\b(?:you|your)\b",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"[)\"'`*_]*(?:[ \t]+|[ \t]*\n[ \t]*(?=\S))(?!(?:if (?:so|yes|not|no|true|false)|then|todo|see|xxx|fixme)\b)\S",
    re.IGNORECASE,
)
_OR = re.compile(r"\bor\b", re.IGNORECASE)
_TRAILING = re.compile(r"[\w)`'\"](?:\.\.\.|…) (?=\w)")
_GOES_ON = re.compile(r"\s*(?!因|from)\w")
_ARITHMETIC = re.compile(
    r"\b\w+ ?= ?\d+ ?(?:->|→|=>|⇒)|\b(?:so|hence|then|gives|makes|leaves) (?:it's |that's |we get |only )?\d+(?=[.,;:!]|\Z| (?:and )?not\b)|"
    r"\d\)?(?:\s[-+*/×x^]\s|[+*×^])\(?\d[\d.,]*\)?\s*(?:=|->|→|≈|<|>)\s*\d|=\s*\d+\s*,? so\b|\bindex \d+\b.{0,20}\d"
)


_DIGIT = re.compile(r"[0-9]")
#: How a sentence begins that says what is to be done after all.
_CONCLUDES = re.compile(
    r"[\s(\"'*_–—/#-]*(?:(?:so|then|ok|okay|fine|hence|thus|therefore|just|better|probably)[,:]? )?(?:use|keep|return|cast|make|add"
    r"|drop|skip|remove|leave|move|go|stick|wrap|copy|fix|set|pass|save|store|rewrite|switch|put|take|rename|change"
    r"|clone|call|check|need|needs|do|try|default|stay|i'll|we'll|let's|option|yes|no|simplest)\b",
    re.IGNORECASE,
)
_UNSPACED = re.compile("[\u3041-\u30ff\u4e00-\u9fff]")

#: Moves that a person makes alone too: one `let's` is no deliberation.
ALONE = frozenset(
    {
        Move.LETS,
        Move.DECIDE,
        Move.LETS_LOOK,
        Move.JUST,
        Move.SEQUENCE,
        Move.WE_NEED,
        Move.COMPARE,
        Move.SHOULD_BE,
        Move.SO,
        Move.IF_THEN,
        Move.SETTLED,
        Move.LOOKS_LIKE,
        Move.CONTRAST,
    }
)

#: Moves that an explanation makes as well: whoever only makes these may be telling, not thinking.
EXPLAINING = frozenset(
    {
        Move.ARITHMETIC,
        Move.BUT,
        Move.CAUSE,
        Move.COMPARE,
        Move.CONTRAST,
        Move.EVIDENCE,
        Move.FIRST_PERSON,
        Move.FOR_NOW,
        Move.HOWEVER,
        Move.IF_THEN,
        Move.ISSUE_IS,
        Move.LOOKS_LIKE,
        Move.MEANS,
        Move.PLAN,
        Move.SEQUENCE,
        Move.SHOULD_BE,
        Move.SO,
        Move.UNSURE,
        Move.WE_COULD,
        Move.WE_NEED,
        Move.WRONG,
    }
)

#: Moves of any statement: beside them a single `Actually,` may be a person's way to begin one.
_PLAIN = frozenset(
    {
        Move.BUT,
        Move.SO,
        Move.CONTRAST,
        Move.MEANS,
        Move.HOWEVER,
        Move.IF_THEN,
        Move.COMPARE,
        Move.WE_NEED,
    }
    | {Move.SHOULD_BE, Move.FIRST_PERSON}
)
_OPENERS = frozenset({Move.ACTUALLY, Move.ACTUALLY_BARE})
#: Words an author takes for one move on the average when deliberating; with fewer moves it tells.
SPARSE = 25
#: Characters of statements after which a plan has reasons.
STATED = 100
#: What only a person can do who is there: tutorials and manuals say `we`, and take nothing back.
_PERSONAL = frozenset(
    {
        Move.FIRST_PERSON,
        Move.LET_ME,
        Move.I_WILL,
        Move.I_NEED,
        Move.THE_USER,
        Move.WAIT,
        Move.HMM,
        Move.RETRACT,
        Move.ACTUALLY,
    }
)
_PLANS = frozenset({Move.LET_ME, Move.I_WILL, Move.I_NEED, Move.WE_NEED, Move.LETS_LOOK})
_REASON = re.compile(
    r"\b(?:because|since|so (?:that|i|it|the)|otherwise|per|according to|given (?:that|the)|in case"
    r"|rather than|instead of|unless|depends)\b",
    re.IGNORECASE,
)
_TOLD = frozenset({Move.ADDRESS, Move.COURTESY, Move.REPORT})


def questions(text: str) -> list[Spoken]:
    """Return what the question marks of `text` say."""
    if "?" not in text and "？" not in text:
        return []
    found: list[Spoken] = []
    for match in islice(_QUESTION.finditer(text), MAX_PER_WORD):
        start, end = match.span()
        found.append(Spoken("question", Move.QUESTION, start, end))
        answer = _ANSWER.match(text, end)
        if answer is not None:
            found.append(Spoken("answered", Move.ANSWERED, start, answer.end()))
        elif text[end - 1] == "？" and _GOES_ON.match(text, end):
            found.append(Spoken("answered", Move.ANSWERED, start, end))
        before = text[max(0, start - 160) : start]
        cut = max(before.rfind(stop) for stop in ".?!\n")
        if _OR.search(before, cut + 1):
            found.append(Spoken("or-question", Move.OR_QUESTION, start, end))
        if _FOLLOWS.match(text, end) and not _RHETORIC.match(before, cut + 1):
            found.append(Spoken("asked", Move.ASKED, start, end))
    return found


def arithmetic(text: str) -> list[Spoken]:
    """Return where `text` does sums."""
    if not _DIGIT.search(text):
        return []
    return [
        Spoken("arithmetic", Move.ARITHMETIC, *m.span())
        for m in islice(_ARITHMETIC.finditer(text), MAX_PER_WORD)
    ]


def trailing(text: str) -> list[Spoken]:
    """Return where `text` breaks off in mid-sentence and goes on."""
    if "..." not in text and "…" not in text:
        return []
    found = islice(_TRAILING.finditer(text), MAX_PER_WORD)
    return [Spoken("trailing", Move.TRAILING, *match.span()) for match in found]


def punctuation(text: str) -> list[Spoken]:
    """Return the moves of `text` that no word makes."""
    return questions(text) + trailing(text) + arithmetic(text)


def features(text: str, spoken: Sequence[Spoken], prose: bool) -> dict[str, int]:
    """Return the features of a passage by name; absent means 0."""
    counts: dict[Move, int] = {}
    for each in spoken:
        counts[each.move] = counts.get(each.move, 0) + 1
    if Move.ACTUALLY in counts:
        counts.pop(Move.ACTUALLY_BARE, None)
    found: dict[str, int] = {}
    marks = kinds = groups = 0
    alone = explains = True
    for move, count in counts.items():
        if move in WEIGHING and Move.TODO in counts:
            continue  # It is weighed for whoever does it, and left open.
        found[move.value] = min(count, MAX_COUNT)
        group = _GROUP.get(move, 0)
        if group:
            marks += count
            kinds += 1
            groups |= group
            alone = alone and move in ALONE
            explains = explains and move in EXPLAINING
    told = counts.keys() - _PLAIN - AGAINST
    words = text.count(" ") + text.count("\n") + 1
    if not text.isascii():
        words += len(_UNSPACED.findall(text)) // 2
    found["kinds_3"] = int(kinds >= 3)
    found["kinds_5"] = int(kinds >= 5)
    found["kinds_7"] = int(kinds >= 7)
    found["groups_3"] = int(groups.bit_count() >= 3)
    found["dense"] = min(6, marks * 20 // max(words, 12))
    found["lone_cue"] = int(not prose and bool(told) and told <= _OPENERS)
    found["alone"] = int(alone)
    found["explains"] = int(explains)
    found["sparse"] = min(3, words // (SPARSE * max(marks, 1))) if words > 60 else 0
    found["short"] = int(words < 12)
    found["long"] = int(words > 120)
    found["very_long"] = int(words > 250)
    spans = sentences(text)
    if len(spans) > 1:
        final = spans[-1][0]
        found["concludes"] = int(
            _CONCLUDES.match(text, final) is not None
            and any(each.start < final and _GROUP.get(each.move, 0) & 7 for each in spoken)
        )
    if prose:
        if _PERSONAL.isdisjoint(counts):
            found["impersonal"] = int(words > 40) + int(words > 80)
        found["sentences_3"] = int(len(spans) >= 3)
        found["one_sentence"] = int(len(spans) < 2)
        closing = spans[-1][0] if spans else 0
        last = {each.move for each in spoken if each.start >= closing}
        # Whoever is offered something is not watched thinking.
        ends = (
            not last.isdisjoint(_PLANS) and Move.ADDRESS not in last and Move.COURTESY not in last
        )
        found["ends_in_plan"] = int(ends)
        found["stated_then_plan"] = int(
            ends and Move.LET_ME in last and closing >= STATED and _TOLD.isdisjoint(counts)
        )
        planned = [each.start for each in spoken if each.move in _PLANS]
        found["reasoned_plan"] = int(
            any(
                _REASON.search(text, start, end) is not None
                for start, end in spans
                if any(start <= plan < end for plan in planned)
                and not any(start <= each.start < end and each.move in _TOLD for each in spoken)
            )
        )
        opened = spans[0][1] if spans else 0
        found["opens_to_you"] = int(
            any(
                each.start < opened and each.move in (Move.ADDRESS, Move.COURTESY)
                for each in spoken
            )
        )
        inferred = sum(
            1
            for each in spoken
            if each.move in INFERRING or each.move in CORRECTING and each.start < closing
        )
        found["inferred_then_plan"] = min(3, inferred) if ends else 0
        found["ticks"] = min(3, text.count("`") // 2 + text.count(ELIDED))
        found["bullets"] = int(
            text.count("\n- ") + text.count("\n* ") + text.count("\n1. ") + text.count("\n2. ") > 2
        )
        found["headings"] = int(text.count("\n#") + text.count("?**") > 2)
        found["narration"] = int(
            kinds <= 3
            and not any(m in CORRECTING or m in WEIGHING for m in counts)
            and len(spans) <= 2
        )
        found["because"] = min(2, text.count(" because ") + text.count(" — "))
    return {name: value for name, value in found.items() if value}
