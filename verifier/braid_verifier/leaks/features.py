"""What is weighed: the moves of a passage, and how they stand together.

A feature is a small whole number, so that scores are whole numbers and the same on every machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from braid_verifier.leaks.cues.move import AGAINST, CORRECTING, INFERRING, PLANNING, WEIGHING, Move
from braid_verifier.leaks.moves import MAX_PER_WORD, Spoken
from braid_verifier.leaks.openings import sentences
from braid_verifier.leaks.voice import ELIDED

#: Counts above this say nothing more.
MAX_COUNT = 3

#: The groups of moves, each as one bit.
_CORRECTS, _WEIGHS, _INFERS, _PLANS_ON = 1, 2, 4, 8
_GROUP = {
    move: bit
    for bit, group in (
        (_CORRECTS, CORRECTING),
        (_WEIGHS, WEIGHING),
        (_INFERS, INFERRING),
        (_PLANS_ON, PLANNING),
    )
    for move in group
}
#: What is done before something is decided.
_BEFORE_DECIDING = _CORRECTS | _WEIGHS | _INFERS

# These begin with one character, or one class of them, which the search can skip to; what stands before is
# looked at after.
_QUESTION = re.compile(r"\?+(?=[\s)\"'*_]|\Z)")
_QUESTION_OF_EITHER_WIDTH = re.compile(r"[?？](?:(?<=？)|\?*(?=[\s)\"'*_]|\Z))")
_ASKED_BEFORE = re.compile(r"[^\W_][)\]'\"`*%}]*[ \t]?\Z")
# An answer stands where the question does: what comes after an empty line is the text that a heading announced.
_ANSWER = re.compile(
    r"[ \t)\"'*_–—/#-]*(?:\n[ \t)\"'*_–—/#-]*)?(?:no(?! need)|nope|yes|yeah|yep|let's|actually|maybe|probably|perhaps|but|or|just|so|ok|okay"
    r"|well|not|simple|simpler|better|depends|hmm|wait(?=[,.:!…—])|it's|fixed|fine|sure|likely|doesn't|the|we|i"
    r"|if(?! (?:so|yes|not|no|true|false)\b)"
    r"|usually|typically|ideally|using|keeping|defaulting|assuming|for (?:now|mvp|simplicity)"
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
    r"[)\"'`*_]*(?:[ \t]+|[ \t]*\n[ \t]*(?=\S)(?!(?:[*+-]|\d{1,2}[.)])[ \t]))(?!(?:if (?:so|yes|not|no|true|false)|then|todo|see|xxx|fixme)\b)\S",
    re.IGNORECASE,
)
_OR = re.compile(r"\bor\b", re.IGNORECASE)
_TRAILING = re.compile(r"[.…](?<=[\w)`'\"].)(?:(?<=…)|\.\.) (?=\w)")
# At least two words before it: one that stands alone is the label of a button, `Browse…`.
_IN_SENTENCE = re.compile(r"[\w,;:)] [^\W\d_]+[)`'\"]?\Z|[)`'\"]\Z")
_LONGEST_WORD = 30
#: An operator of code, `a ? b : c` and `a ?? b`, the mark itself, `* or ? or +`, and the name of a predicate, `list.empty? if`.
_OPERATOR = re.compile(r"\?\?[ \t]+\S|\?[ \t]+(?:[^\n?]{1,80}:|(?:or|and)\b)")
_PREDICATE = re.compile(r"\w[#.:]{1,2}\w+\Z|\w_\w*\Z")
_GOES_ON_IN_CODE = re.compile(r"[ \t]+(?:[a-z]|[=&|<>#])")
#: Words of who does not know what to do, or whether it is so. A question without them may ask for a condition.
_DOUBT = re.compile(
    r"\b(?:maybe|perhaps|probably|should(?:n't)?|needs?|needed|fall ?back|default|instead|already|still"
    r"|enough|safe|too|unless|usually|really|even|ok|okay|wrong|right)\b",
    re.IGNORECASE,
)
#: A question that is a heading, or one of a reader in a list of questions and answers.
_HEADING = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]|(?:q|question)[ \t]?\d{0,2}[.:)]|faq\b)", re.IGNORECASE
)
_UNDERLINED = re.compile(r"[ \t]*\n[ \t]*[-=~^*]{3,}[ \t]*(?:\n|\Z)")
_BULLET = re.compile(r"[ \t]*(?:[*+-]|\d{1,2}[.)])[ \t]")
_NEXT_BULLET = re.compile(r"[ \t]*\n[ \t]*(?:[*+-]|\d{1,2}[.)])[ \t]")
#: The stems of words that mean something.
_STEMS = re.compile(
    r"\b(?!(?:the|and|for|are|was|this|that|should|does|with|have|can|could|would|not|its|use)\b)[^\W\d_]{3,4}",
    re.IGNORECASE,
)
#: In so many characters an answer takes up a word of the question: `Open or closed? Open for now.`
ECHO = 24
_GOES_ON = re.compile(r"\s*(?!因|from)\w")
# Found by what follows a sum, which is rarer than a digit.
_RESULT = re.compile(r"[=→≈>](?:(?<==) ?\d+ ?(?:->|→|=>|⇒|,? so\b)|(?<=[=→≈])\s?\d|(?<=->)\s?\d)")
_SUM = re.compile(r"\d\)?(?:\s[-+*/×x^]\s|[+*×^])\(?\d[\d.,]*\)?\s?-?\Z")
_LONGEST_SUM = 24


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
        Move.ARITHMETIC,
        Move.HEDGE,
        Move.ASSUME,
    }
)

#: Moves that an explanation makes as well: whoever only makes these may be telling, not thinking.
EXPLAINING = frozenset(
    {
        Move.ARITHMETIC,
        Move.ASSUME,
        Move.BUT,
        Move.CAUSE,
        Move.COMPARE,
        Move.CONTRAST,
        Move.EVIDENCE,
        Move.FIRST_PERSON,
        Move.FOR_NOW,
        Move.HEDGE,
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

#: Moves of who has not decided yet. An explanation makes one or two of them.
UNSETTLED = frozenset(
    {
        Move.ALTERNATIVELY,
        Move.ASSUME,
        Move.BETTER,
        Move.DECIDE,
        Move.ASKED,
        Move.FOR_NOW,
        Move.HEDGE,
        Move.MAYBE,
        Move.OR,
        Move.UNSURE,
        Move.WE_COULD,
    }
)

#: What a tally asks of each move that has a group: the group, and these two.
_ALONE, _EXPLAINS = 16, 32
_TRAITS = {
    move: group | _ALONE * (move in ALONE) | _EXPLAINS * (move in EXPLAINING)
    for move, group in _GROUP.items()
}

# Named here because looking a member up costs as much as a search for a word.
_ACTUALLY, _TODO = Move.ACTUALLY, Move.TODO

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
#: Moves that are deliberation in however few words.
_STARTLED = frozenset({Move.WAIT, Move.HMM})
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
#: A last sentence longer than this concludes nothing.
MAX_CONCLUSION = 240
_PLANS = frozenset({Move.LET_ME, Move.I_WILL, Move.I_NEED, Move.WE_NEED, Move.LETS_LOOK})
_REASON = re.compile(
    r"\b(?:because|since|so (?:that|i|it|the)|otherwise|per|according to|given (?:that|the)|in case"
    r"|rather than|instead of|unless|depends)\b",
    re.IGNORECASE,
)
_TOLD = frozenset({Move.ADDRESS, Move.COURTESY, Move.REPORT})


def questions(text: str) -> list[Spoken]:
    """Return what the question marks of `text` say."""
    marks = _QUESTION_OF_EITHER_WIDTH if "？" in text else _QUESTION
    if marks is _QUESTION and "?" not in text:
        return []
    found: list[Spoken] = []
    for match in islice(marks.finditer(text), MAX_PER_WORD):
        start, end = match.span()
        asks = _ASKED_BEFORE.search(text, max(0, start - 6), start)
        if asks is None and text[start] == "?":
            continue
        if text[start] == "?" and _in_code(text, start):
            continue
        start = asks.start() if asks else start
        found.append(Spoken("question", Move.QUESTION, start, end))
        if _listed(text, start, end):
            continue
        answer = _ANSWER.match(text, end)
        if answer is not None:
            found.append(Spoken("answered", Move.ANSWERED, start, answer.end()))
        elif text[end - 1] == "？" and _GOES_ON.match(text, end):
            found.append(Spoken("answered", Move.ANSWERED, start, end))
        before = text[max(0, start - 160) : start]
        cut = max(before.rfind("."), before.rfind("?"), before.rfind("!"), before.rfind("\n"))
        if _OR.search(before, cut + 1):
            found.append(Spoken("or-question", Move.OR_QUESTION, start, end))
            if (
                answer is None
                and not _asked_of(before, cut)
                and _echoed(before[cut + 1 :], text, end)
            ):
                found.append(Spoken("answered", Move.ANSWERED, start, end))
        if _FOLLOWS.match(text, end) and not _asked_of(before, cut):
            found.append(Spoken("asked", Move.ASKED, start, end))
            if _DOUBT.search(before, cut + 1):
                found.append(Spoken("doubted", Move.DOUBT, start, end))
    return found


def _in_code(text: str, mark: int) -> bool:
    """Whether the question mark at text[mark] is an operator or ends the name of a predicate."""
    if text[mark - 1 : mark] in (" ", "\t"):
        return _OPERATOR.match(text, mark) is not None
    return (
        _GOES_ON_IN_CODE.match(text, mark + 1) is not None
        and _PREDICATE.search(text, max(0, mark - 40), mark) is not None
    )


def _listed(text: str, start: int, end: int) -> bool:
    """Whether a question is a heading, or one of a list: whoever asks it asks the reader."""
    line = text.rfind("\n", 0, start) + 1
    return (
        _HEADING.match(text, line) is not None
        or _UNDERLINED.match(text, end) is not None
        or (_BULLET.match(text, line) is not None and _NEXT_BULLET.match(text, end) is not None)
    )


def _asked_of(before: str, cut: int) -> bool:
    return _RHETORIC.match(before, cut + 1) is not None


def _echoed(question: str, text: str, end: int) -> bool:
    """Whether what follows a question takes up a word of it."""
    follows = _FOLLOWS.match(text, end)
    if follows is None or not text[follows.end() - 1].isalpha():
        return False
    stems = {stem.lower() for stem in _STEMS.findall(question)}
    answer = text[follows.end() - 1 : follows.end() + ECHO].partition("\n")[0]
    return any(stem.lower() in stems for stem in _STEMS.findall(answer))


def arithmetic(text: str) -> list[Spoken]:
    """Return where `text` does sums."""
    if "=" not in text and ">" not in text and text.isascii():
        return []
    found: list[Spoken] = []
    for match in islice(_RESULT.finditer(text), MAX_PER_WORD):
        start, end = match.span()
        if text[start] not in _MARKS or not text[end - 1].isdigit():
            found.append(Spoken("arithmetic", Move.ARITHMETIC, start, end))
        elif summed := _SUM.search(text, max(0, start - _LONGEST_SUM), start):
            found.append(Spoken("arithmetic", Move.ARITHMETIC, summed.start(), end))
    return found


_MARKS = frozenset("=>→≈")


def trailing(text: str) -> list[Spoken]:
    """Return where `text` breaks off in mid-sentence and goes on."""
    if "..." not in text and "…" not in text:
        return []
    found: list[Spoken] = []
    for match in islice(_TRAILING.finditer(text), MAX_PER_WORD):
        start, end = match.span()
        if _IN_SENTENCE.search(text, max(0, start - _LONGEST_WORD), start):
            found.append(Spoken("trailing", Move.TRAILING, start - 1, end))
    return found


def punctuation(text: str) -> list[Spoken]:
    """Return the moves of `text` that no word makes."""
    return questions(text) + trailing(text) + arithmetic(text)


class Tally(NamedTuple):
    """The moves of a passage, counted, before anybody looks at how they stand together."""

    counts: Mapping[Move, int]
    #: The features that the moves alone give.
    features: dict[str, int]
    #: How many moves were made, and which groups of them, as bits.
    marks: int
    groups: int

    @property
    def plans(self) -> bool:
        return not _PLANS.isdisjoint(self.counts)


def tally(spoken: Sequence[Spoken]) -> Tally:
    """Count the moves of a passage."""
    counts: dict[Move, int] = {}
    for _, move, _, _ in spoken:
        counts[move] = counts.get(move, 0) + 1
    if _ACTUALLY in counts:
        counts.pop(Move.ACTUALLY_BARE, None)
    found: dict[str, int] = {}
    marks = kinds = groups = 0
    shared = _ALONE | _EXPLAINS
    todo = _TODO in counts
    for move, count in counts.items():
        traits = _TRAITS.get(move, 0)
        if todo and traits & _WEIGHS:
            continue  # It is weighed for whoever does it, and left open.
        found[move] = min(MAX_COUNT, count)
        if traits:
            marks += count
            kinds += 1
            groups |= traits
            shared &= traits
    groups &= ~(_ALONE | _EXPLAINS)
    if kinds == 1 and Move.ARITHMETIC in found:
        # Sums in however many rows, and no word about them, are a table.
        found[Move.ARITHMETIC] = 1
    if kinds >= 3:
        found["kinds_3"] = 1
        found["unsettled"] = min(2, max(0, len(UNSETTLED & found.keys()) - 2))
        if kinds >= 5:
            found["kinds_5"] = 1
        if kinds >= 7:
            found["kinds_7"] = 1
        if groups.bit_count() >= 3:
            found["groups_3"] = 1
    if shared & _ALONE:
        found["alone"] = 1
    if shared & _EXPLAINS:
        found["explains"] = 1
    return Tally(counts, found, marks, groups)


def features(text: str, spoken: Sequence[Spoken], prose: bool) -> dict[str, int]:
    """Return the features of a passage by name; absent means 0."""
    return standing(text, spoken, tally(spoken), prose, sentences(text))


#: What the standing of moves can add at most, by feature; the second only where something is planned.
MOST = {"concludes": 1, "dense": 6, "sentences_3": 1, "ticks": 3, "because": 2}
MOST_OF_PLANS = {
    "ends_in_plan": 1,
    "stated_then_plan": 1,
    "inferred_then_plan": 3,
    "reasoned_plan": 1,
}


def standing(
    text: str,
    spoken: Sequence[Spoken],
    tallied: Tally,
    prose: bool,
    spans: Sequence[tuple[int, int]],
) -> dict[str, int]:
    """Return what `features` does, of a passage whose moves and sentences somebody has already."""
    counts, found, marks, groups = tallied
    words = text.count(" ") + text.count("\n") + 1
    if not text.isascii():
        words += len(_UNSPACED.findall(text)) // 2
    found["dense"] = min(MOST["dense"], marks * 20 // max(words, 12))
    found["sparse"] = min(3, words // (SPARSE * max(marks, 1))) if words > 60 else 0
    taken_up = not prose and any(_takes_up(each, spans) for each in spoken)
    found["short"] = int(words < 12 and not taken_up and _STARTLED.isdisjoint(counts))
    found["long"] = int(words > 120)
    found["very_long"] = int(words > 250)
    if groups & _BEFORE_DECIDING and len(spans) > 1:
        final, end = spans[-1]
        if end - final <= MAX_CONCLUSION and _CONCLUDES.match(text, final):
            found["concludes"] = int(
                any(
                    each.start < final and _GROUP.get(each.move, 0) & _BEFORE_DECIDING
                    for each in spoken
                )
            )
    if prose:
        _of_prose(text, spoken, counts, spans, found)
        if _PERSONAL.isdisjoint(counts):
            found["impersonal"] = int(words > 40) + int(words > 80)
    else:
        told = counts.keys() - _PLAIN - AGAINST
        # One that takes up a sentence before it is no way to begin.
        found["lone_cue"] = int(bool(told) and told <= _OPENERS and not taken_up)
    return {name: value for name, value in found.items() if value}


def _takes_up(spoken: Spoken, spans: Sequence[tuple[int, int]]) -> bool:
    return spoken.move is Move.ACTUALLY and spoken.start >= spans[0][1]


def _of_prose(
    text: str,
    spoken: Sequence[Spoken],
    counts: Mapping[Move, int],
    spans: Sequence[tuple[int, int]],
    found: dict[str, int],
) -> None:
    """Put down how the sentences of a text stand together."""
    found["sentences_3"] = int(len(spans) >= 3)
    found["one_sentence"] = int(len(spans) < 2)
    closing, opened = (spans[-1][0], spans[0][1]) if spans else (0, 0)
    last: set[Move] = set()
    planned: list[int] = []
    told: list[int] = []
    inferred = 0
    for cue in spoken:
        move, start = cue.move, cue.start
        if start >= closing:
            last.add(move)
        if move in _PLANS:
            planned.append(start)
        elif move in _TOLD:
            told.append(start)
            if start < opened and move is not Move.REPORT:
                found["opens_to_you"] = 1
        elif move in INFERRING or (start < closing and move in CORRECTING):
            inferred += 1
    # Whoever is offered something is not watched thinking.
    if not last.isdisjoint(_PLANS) and Move.ADDRESS not in last and Move.COURTESY not in last:
        found["ends_in_plan"] = 1
        found["stated_then_plan"] = int(Move.LET_ME in last and closing >= STATED and not told)
        found["inferred_then_plan"] = min(MOST_OF_PLANS["inferred_then_plan"], inferred)
    if planned:
        found["reasoned_plan"] = int(
            any(
                any(start <= plan < end for plan in planned)
                and not any(start <= each < end for each in told)
                and _REASON.search(text, start, end) is not None
                for start, end in spans
            )
        )
    found["ticks"] = min(MOST["ticks"], text.count("`") // 2 + text.count(ELIDED))
    found["bullets"] = int(
        text.count("\n- ") + text.count("\n* ") + text.count("\n1. ") + text.count("\n2. ") > 2
    )
    found["headings"] = int(text.count("\n#") + text.count("?**") > 2)
    found["narration"] = int(
        len(spans) <= 2
        and sum(move in _GROUP for move in counts) <= 3
        and CORRECTING.isdisjoint(counts)
        and WEIGHING.isdisjoint(counts)
    )
    found["because"] = min(MOST["because"], text.count(" because ") + text.count(" — "))
