"""The detector: passages in, findings out. No state, no clock, no words kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from braid_verifier.leaks.cues.move import AGAINST, PLANNING
from braid_verifier.leaks.features import punctuation, standing, tally
from braid_verifier.leaks.finding import Finding, LeakClass, Reason, Tier
from braid_verifier.leaks.heard import Heard
from braid_verifier.leaks.moves import Spoken, against, by_place, hear, telling
from braid_verifier.leaks.openings import sentences
from braid_verifier.leaks.passage import Passage, PassageKind
from braid_verifier.leaks.places import passages
from braid_verifier.leaks.scoring import POSSIBLE, ceiling, leak_class, score, tier
from braid_verifier.leaks.spans import grow

#: Passages longer than this are judged piece by piece, in code points: what stands pages away says
#: nothing about a sentence, and the cost stays linear.
MAX_WINDOW = 4_000

#: A thought set apart by structure has no words to weigh.
STRUCTURE_POINTS = 1_000

#: With so many moves a text is weighed at once: it is not likely to have too few points.
MANY = 12

# Named here because looking a member up costs as much as a search for a word.
_PROSE, _THOUGHT = PassageKind.PROSE, PassageKind.THOUGHT

# What `Reason` does, without a step in Python for each.
_reason = partial(tuple.__new__, Reason)

_STRUCTURES = {
    "think_tag": LeakClass.RAW_THINK,
    "think_tool": LeakClass.THINK_TOOL,
    "react_thought": LeakClass.REACT_THOUGHT,
}


def detect(
    kind: str,
    media: str,
    content: bytes | str,
    attrs: Mapping[str, object],
    heard: Heard | None = None,
) -> tuple[Finding, ...]:
    """Return the findings in a block: `kind`, `media`, `content` and `attrs` are those of a node.

    `heard` is what users and tools said before: sentences that stand there are quoted. A pure
    function: equal arguments, equal findings, on every machine, for one VERSION. Offsets are code
    points of the content, of which bytes that are not UTF-8 are one each.
    """
    return judge(passages(kind, media, content, attrs), heard=heard)


def judge(
    found_in: Iterable[Passage], *, heard: Heard | None = None, narration: bool = False
) -> tuple[Finding, ...]:
    """Return the findings in these passages of one content, in order of place.

    With `narration`, prose that says what it does next and no more is returned too, as
    LeakClass.NARRATION; it never counts as a leak.
    """
    found: list[Finding] = []
    for passage in found_in:
        text = passage.text
        if passage.kind is _THOUGHT:
            if heard is None or not heard.contains(text):
                found += _thought(passage)
        elif len(text) <= MAX_WINDOW:
            found += _weighed(passage, text, 0, heard, narration)
        else:
            for start, end in _windows(text):
                found += _weighed(passage, text[start:end], start, heard, narration)
    found.sort(key=lambda each: (each.start, each.end, each.leak_class))
    return tuple(found)


def _thought(passage: Passage) -> Iterator[Finding]:
    body = passage.text.strip()
    if not body or passage.structure is None:
        return
    start = passage.text.index(body)
    first, last = passage.source_span(start, start + len(body))
    reason = Reason(passage.structure, first, last)
    yield Finding(
        first, last, _STRUCTURES[passage.structure], Tier.STRONG, STRUCTURE_POINTS, (reason,)
    )


def _windows(text: str) -> Iterator[tuple[int, int]]:
    """Cut `text` into pieces of at most MAX_WINDOW, at the end of a paragraph, else of a line."""
    start = 0
    while len(text) - start > MAX_WINDOW:
        limit = start + MAX_WINDOW
        for stop in ("\n\n", "\n", ". ", " "):
            cut = text.rfind(stop, start + MAX_WINDOW // 2, limit)
            if cut >= 0:
                cut += len(stop)
                break
        else:
            cut = limit
        yield start, cut
        start = cut
    if start < len(text):
        yield start, len(text)


def _weighed(
    passage: Passage, text: str, offset: int, heard: Heard | None, narration: bool
) -> Sequence[Finding]:
    prose = passage.kind is _PROSE
    marks = punctuation(text)
    words = hear(text)
    told = telling(text, words)
    spoken = told + marks
    if not spoken:
        return ()
    tallied = tally(spoken)
    # What speaks against only takes points, so what has too few without it needs no more looking.
    if not narration and len(told) < MANY and ceiling(tallied, prose) < POSSIBLE:
        return ()
    if told and (stated := against(text, words)):
        spoken += stated
        tallied = tally(spoken)
    spans = sentences(text)
    weighed = standing(text, spoken, tallied, prose, spans)
    points = score(weighed, prose)
    found = tier(points, weighed, prose)
    if found is None:
        if not (narration and prose and any(each.move in PLANNING for each in spoken)):
            return ()
        return _findings(passage, offset, spans, spoken, LeakClass.NARRATION, Tier.POSSIBLE, points)
    if heard is not None and (own := _own(text, heard)) != text:
        return _weighed(passage, own, offset, None, narration)
    return _findings(passage, offset, spans, spoken, None, found, points)


def _own(text: str, heard: Heard) -> str:
    """Return `text` with spaces for the sentences that others said before."""
    kept = text
    for start, end in sentences(text):
        if heard.contains(text[start:end]):
            kept = kept[:start] + " " * (end - start) + kept[end:]
    return kept


def _findings(
    passage: Passage,
    offset: int,
    spans: list[tuple[int, int]],
    spoken: list[Spoken],
    known: LeakClass | None,
    found: Tier,
    points: int,
) -> list[Finding]:
    prose = passage.kind is _PROSE
    source_span = passage.written.source_span
    findings: list[Finding] = []
    spoken = [each for each in spoken if each.move not in AGAINST]
    spoken.sort(key=by_place)
    for start, end in grow(spans, spoken, prose):
        inside = [each for each in spoken if start <= each.start < end]
        first, last = source_span(offset + start, offset + end)
        reasons = tuple(
            [_reason((cue, *source_span(offset + at, offset + to))) for cue, _, at, to in inside]
        )
        leak = known or leak_class(inside, prose)
        findings.append(Finding(first, last, leak, found, points, reasons))
    return findings
