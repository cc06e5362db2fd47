"""Finding the conversation that a request resends, by the marks that its beginnings leave (SPEC §8.3).

First by all its words: an honest request is found at its last answer. Where an answer is not as
it was, by the outline, which leaves answers out; and then by single answers, wherever they stand;
at last by what was asked alone. What is found is judged, and what fits best is it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from braid.call import By, CallOutcome, History
from braid.node import Kind
from braid.wire.block import Block
from braid_server.beginnings import LONG_QUESTION, beginnings, outlines_of, parts, questions_of
from braid_server.lineage import Lineage
from braid_server.marks import Marks
from braid_server.recollection import Recollection
from braid_server.store import BraidRow
from braid_server.store.rows import Reading
from braid_verifier.definitions import Defined, system_changes
from braid_verifier.history import is_compaction
from braid_verifier.judgement import Judgement, Resent, Verdict, is_answer
from braid_verifier.spelling import letters

# Answers to one question, of which the newest are looked at.
CANDIDATES = 8
# Conversations that a request is laid beside; an honest one needs one or two.
JUDGED = 16
# Of one outline: their words have to be read.
_ALIKE = 4
# What may be the provider's words from another conversation.
_PERHAPS_MOVED = (History.EDITED, History.FOREIGN)
# Answers that are looked up by themselves, the newest first.
_EVIDENCE = 64
# Bytes of an answer like one that was given, and of all up to it, from which on that is no chance:
# many are greeted alike. And bytes of one that was given to other words.
_EDIT = 12
_LONG_EDIT = 48
_LONG_ANSWER = 160


@dataclass(frozen=True, slots=True)
class Found:
    """A known conversation, and how the resent messages lie beside it.

    `elsewhere` are blocks that were taken from other braids, as (braid, signature).
    """

    row: BraidRow
    source: Lineage
    end: int
    judgement: Judgement
    by: By = By.PREFIX
    unique: bool = True
    elsewhere: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    @property
    def resumes(self) -> int | None:
        """The end of the last answer that came back with all before it as it was."""
        reached, source = self.judgement.reached, self.source
        if reached is None:
            return None
        call = source.call_of(self.end)
        shown = source.chains.context_of(call).messages
        answer = {seq for one in source.answers.of(call) for seq in one}
        if reached in answer:
            return self.end
        at = shown.index(reached) if reached in shown else -1
        spoken = (seq for seq in reversed(shown[: at + 1]) if source.nodes[seq].provided)
        last = next(spoken, None)
        return None if last is None else source.answers.end_of(source.call_of(last))

    @property
    def score(self) -> tuple[int, int, int]:
        """What fits better is greater: fewer false blocks, then more that came back."""
        return -self.judgement.false, len(self.judgement.used), self.end


class Recall:
    """One search, within one transaction.

    `among` are the braids it may be in, None for any; of those in `referred` the request names an
    item by its id.
    """

    def __init__(
        self,
        reading: Callable[[], Reading],
        row_of: Callable[[int], BraidRow | None],
        any_lineage: Callable[[BraidRow], Lineage],
        marks: Marks,
        messages: Sequence[Resent],
        system: Sequence[Resent],
        session: bytes | None,
        among: set[int] | None,
        referred: frozenset[int] = frozenset(),
    ) -> None:
        self._reading = reading
        self._row = row_of
        self._any = any_lineage
        self._marks = marks
        self._messages = messages
        self._system = system
        self._session = session
        self._among = among
        self._referred = referred
        self._judged: set[tuple[int, int]] = set()

    def find(self) -> Found | None:
        """Find the conversation; None where no answer of it came back as the provider's."""
        by_words = list(beginnings(self._messages))
        if not by_words:
            return None
        whole = by_words[-1][0]
        found = self._by_words(by_words)
        if found is not None and found.judgement.clean >= whole:
            return found
        for search in (self._by_outline, self._by_evidence):
            for other in search(found):
                if found is None or other.score > found.score:
                    found = other
            if found is not None and not _is_unexplained(found):
                break
        if found is None:
            found = self._by_question()
        return None if found is None else self._with_elsewhere(found)

    def _with_elsewhere(self, found: Found) -> Found:
        """Find the braids that words come from which this conversation has in no such place."""
        marks: dict[int, bytes] = {}
        for place, verdict in enumerate(found.judgement.blocks):
            if verdict.code in _PERHAPS_MOVED and len(marks) < _EVIDENCE:
                block, match, _ = self._messages[place]
                mark = self._marks.evidence(block, match)
                if mark is not None:
                    marks[place] = mark
        if not marks:
            return found
        places = self._reading().marked_any(tuple(marks.values()))
        verdicts = list(found.judgement.blocks)
        elsewhere: dict[int, tuple[str, str]] = {}
        for place, mark in marks.items():
            for number, seq in sorted(places.get(mark, ()), reverse=True)[:CANDIDATES]:
                row, node = self._row(number), self._reading().node(number, seq)
                if row is None or node is None or node.match != self._messages[place].match:
                    continue
                elsewhere[place] = (row.id, node.node.s)
                verdicts[place] = Verdict(History.MOVED)
                break
        judgement = replace(found.judgement, blocks=tuple(verdicts))
        return replace(found, judgement=judgement, elsewhere=elsewhere)

    def _by_words(self, by_words: Sequence[tuple[int, bytes]]) -> Found | None:
        for part in parts(by_words):
            marks = [self._marks.words(words) for _, words in part]
            ends = self._reading().marked_any(marks)
            for mark in marks:
                found = [one for one in self._judge(ends.get(mark, ())) if self._is_answered(one)]
                if len(found) > 1:
                    best = max(found, key=lambda one: one.score)
                    # Words that several braids know alike say of none that it is this one.
                    equal = [one for one in found if one.score[:2] == best.score[:2]]
                    return best if len(equal) == 1 else replace(equal[0], unique=False)
                if found:
                    return found[0]
        return None

    def _by_outline(self, best: Found | None) -> Iterator[Found]:
        """Look for the longest conversation in which the same was asked."""
        outlines = list(outlines_of(self._messages))
        marks = [self._marks.outline(outline) for outline in reversed(outlines)]
        ends = self._reading().marked_any(marks)
        for mark in marks:
            laid = [
                found
                for found in self._judge(ends.get(mark, ()), most=_ALIKE)
                if self._is_answered(found) or self._is_edit(found)
            ]
            yield from laid
            if laid:
                return

    def _by_evidence(self, best: Found | None) -> Iterator[Found]:
        """Look for conversations by answers that are not known where they stand."""
        verdicts = () if best is None else best.judgement.blocks
        marks: list[bytes] = []
        for place in range(len(self._messages) - 1, -1, -1):
            block, match, _ = self._messages[place]
            known = place < len(verdicts) and verdicts[place].is_known
            mark = None if known or not is_answer(block) else self._marks.evidence(block, match)
            if mark is not None and len(marks) < _EVIDENCE:
                marks.append(mark)
        places = self._reading().marked_any(marks)
        for mark in marks:
            ends: list[tuple[int, int]] = []
            for number, seq in sorted(places.get(mark, ()), reverse=True)[:CANDIDATES]:
                end = self._end(number, seq)
                if end is not None:
                    ends.append((number, end))
            newest = [self._newest_end(number) for number in {number for number, _ in ends}]
            for marked in (newest, ends):
                for found in self._judge(marked, By.EVIDENCE):
                    strong = found.row.number in self._referred or _is_strong(found, self._messages)
                    if strong and self._is_answered(found):
                        yield found

    def _newest_end(self, number: int) -> tuple[int, int]:
        """Give the end of the last answer in the request that a braid has, however short it is."""
        row = self._row(number)
        assert row is not None
        lineage = self._any(row)
        for block, match, _ in reversed(self._messages):
            name = block.attrs.get("id")
            known = lineage.said(match) if is_answer(block) else None
            if known is None and block.kind is Kind.TOOL_USE and isinstance(name, str):
                known = lineage.called(name)
            end = None if known is None else lineage.answers.end_of(lineage.call_of(known))
            if end is not None:
                return number, end
        return number, -1

    def _by_question(self) -> Found | None:
        """Find the conversation in which the same was asked and something else was answered.

        Where the client names the conversation the question is enough. Where it does not, what was
        asked must be long, asked once, under the same instructions, and answered last: the first
        questions of examples are not.
        """
        named = self._among is not None
        questions = list(questions_of(self._messages))
        if not named:
            questions = [one for one in questions if one.last and one.size >= LONG_QUESTION]
        marks = [self._marks.outline(one) for each in questions for one in each.outlines]
        ends = self._reading().marked_any(marks)
        for mark in marks:
            known = [one for one in self._known_ends(ends.get(mark, ())) if named or one[2]]
            if not known or (not named and len(known) > 1):
                continue
            row, end, _ = max(known, key=lambda one: (one[2], one[1]))
            laid = self._lay(row, self._any(row), end, By.EVIDENCE, asked=True)
            found = next((one for one in laid if one.judgement.accuses), None)
            if found is not None:
                return found
        return None

    def _known_ends(
        self, marked: Sequence[tuple[int, int]]
    ) -> Iterator[tuple[BraidRow, int, bool]]:
        """Give the ends of whole answers that marks lead to, and whether they were instructed so."""
        among = self._among
        inside = [one for one in marked if among is None or one[0] in among]
        for number, end in sorted(inside, reverse=True)[:CANDIDATES]:
            row = self._row(number)
            if row is None or not self._fits(row):
                continue
            source = self._any(row)
            call = source.call_of(end)
            if source.answers.outcome_of(call) is CallOutcome.COMPLETE:
                yield row, end, self._is_instructed(source, call)

    def _is_instructed(self, source: Lineage, call: int) -> bool:
        """Tell whether a call's system texts are those of this request, as far as they instruct."""
        before = [
            Defined(seq, match)
            for seq in source.chains.context_of(call).system
            if (match := source.nodes[seq].match) is not None
        ]
        after = [Defined(-1 - place, one.match) for place, one in enumerate(self._system)]
        memory = Recollection(self._reading, source)

        def read(node: int) -> Block | None:
            return self._system[-1 - node].block if node < 0 else memory.block(node)

        changes = system_changes(before, after, read)
        return all(change.code is not History.SYSTEM_CHANGED for change in changes)

    def _end(self, number: int, seq: int) -> int | None:
        row = self._row(number)
        if row is None or not self._fits(row):
            return None
        lineage = self._any(row)
        return lineage.answers.end_of(lineage.call_of(seq))

    def _judge(
        self, marked: Iterable[tuple[int, int]], by: By = By.PREFIX, most: int = CANDIDATES
    ) -> Iterator[Found]:
        """Lay the messages beside the newest conversations that a mark leads to, one a braid."""
        ends: dict[int, int] = {}
        for number, end in marked:
            if self._among is None or number in self._among:
                ends[number] = max(end, ends.get(number, -1))
        for number in sorted(ends, reverse=True)[:most]:
            if (
                ends[number] < 0
                or (number, ends[number]) in self._judged
                or len(self._judged) >= JUDGED
            ):
                continue
            self._judged.add((number, ends[number]))
            row = self._row(number)
            if row is None or not self._fits(row):
                continue
            source = self._any(row)
            yield from self._lay(row, source, ends[number], by)

    def _lay(
        self, row: BraidRow, source: Lineage, end: int, by: By, asked: bool = False
    ) -> Iterator[Found]:
        call = source.call_of(end)
        context = source.chains.context_of(call)
        memory = Recollection(self._reading, source)
        best: Found | None = None
        for answer in source.answers.of(call):
            judgement = memory.judge(
                (*context.messages, *answer),
                self._messages,
                asked=asked,
                before=context.system,
                sent=self._system,
            )
            found = Found(row, source, end, judgement, by)
            if best is None or found.score > best.score:
                best = found
        if best is not None:
            yield best

    def _fits(self, row: BraidRow) -> bool:
        return (
            self._among is not None or self._session is None or row.session in (None, self._session)
        )

    def _is_answered(self, found: Found) -> bool:
        """Tell whether a block that the provider sent came back: prompts alone are anybody's."""
        return any(found.source.nodes[seq].provided for seq in found.judgement.used)

    def _is_edit(self, found: Found) -> bool:
        """Tell whether an answer was surely made of one that is known, if none came back as it was."""
        said = 0
        for (block, _, _), verdict in zip(self._messages, found.judgement.blocks, strict=True):
            said += len(block.content)
            if verdict.code is History.EDITED_THINKING:
                return True
            if verdict.code is History.EDITED and (
                block.kind is Kind.TOOL_USE
                or len(block.content) >= _EDIT
                and (said >= _LONG_EDIT or self._is_respaced(found, block, verdict.known))
            ):
                return True
        return False

    def _is_respaced(self, found: Found, block: Block, known: int | None) -> bool:
        """Tell whether a text has the letters of a known one, and other white space."""
        if known is None:
            return False
        ours = Recollection(self._reading, found.source).block(known)
        return ours is not None and letters(ours) == letters(block)


def _is_unexplained(found: Found) -> bool:
    """Tell whether an answer in the request may yet be one that is known elsewhere."""
    unknown = (History.FOREIGN, History.FOREIGN_BEFORE, History.MOVED)
    return any(verdict.code in unknown for verdict in found.judgement.blocks)


def _is_strong(found: Found, messages: Sequence[Resent]) -> bool:
    """Tell whether answers found by themselves are of this conversation: by an id, at length, or
    with the question that they answered."""
    nodes = found.source.nodes
    if any(not nodes[seq].provided for seq in found.judgement.used):
        return True
    return any(
        verdict.known is not None
        and (
            block.kind is Kind.TOOL_USE
            or len(block.content) >= _LONG_ANSWER
            or is_compaction(block)
        )
        for (block, _, _), verdict in zip(messages, found.judgement.blocks, strict=True)
    )
