"""Judging resent history: which of its blocks are what they say, and in place (SPEC §8.4).

Pure, and the only place where this is decided: the server's placement asks it over its store,
`check_history` over a transcript. A conversation is laid beside what came back, first by the
values of its blocks, then by what they say in other spellings. What is left between two blocks
that are known is judged by where it stands.
"""

from __future__ import annotations

import itertools
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from braid.call import History
from braid.node import Kind
from braid.wire.block import Block
from braid_verifier import spelling
from braid_verifier.beside import NOWHERE, Gap
from braid_verifier.clock import read_clock, went_on
from braid_verifier.history import content_of, is_noted, stands_for_all
from braid_verifier.judgement import NEW, Judgement, Memory, Resent, Verdict, is_answer
from braid_verifier.laying import NEAR
from braid_verifier.translating import settle
from braid_verifier.turns import Turns

# So alike are an edited text and what it was made of, where its place does not tell.
_ALIKE = 0.6
# Letters below which a text is no evidence of where it came from.
_SHORT = 16
# How far before a result its call is looked for where no id names it.
_CALLS_BEFORE = 256
# A placeholder for what a client took out of its own words.
_PLACEHOLDER = 200
# A text wholly between tags, as programs write what they add to a user's words.
_TAGGED = re.compile(rb"<([\w-]+)[^<>]*>.*</[\w-]+>", re.DOTALL)
# Bytes of the texts that a client left out that are read to find one like its own; each counts as a page.
_LEFT_OUT = 2**22
_PAGE = 4096


def judge(
    memory: Memory,
    path: Sequence[int],
    resent: Sequence[Resent],
    *,
    held: bool = False,
    partial: bool = False,
    asked: bool = False,
    named: bool = False,
    before: Sequence[int] = (),
    sent: Sequence[Resent] = (),
) -> Judgement:
    """Say of each block of a request what it is beside one known conversation.

    `path` names the nodes of the conversation in order. `held`: the provider holds it, and
    nothing of it is resent. `partial`: a part of the history is unknown to everybody here.
    `asked`: it is this conversation by its question, also where no answer came back. `named`: it
    goes on, as its client says, in a conversation of which nothing came back. `before` and
    `sent` are the system texts of the known conversation and of the request, which other formats
    have among the messages.
    """
    if not (before or sent):
        judgement = _Judge(memory, path, resent, held, partial, asked).judge()
        return _begun_anew(judgement, resent) if named else judgement
    path, known = settle(memory, path, resent, before, sent)
    judgement = _Judge(memory, path, resent[len(known) :], held, partial, asked).judge()
    if not known:
        return judgement
    moved = tuple(
        Verdict(
            History.CONTINUED if memory.known(node).match == one.match else History.VARIANT, node
        )
        for node, one in zip(known, resent, strict=False)
    )
    blocks, clean = (*moved, *judgement.blocks), judgement.clean + len(known)
    return replace(judgement, blocks=blocks, clean=clean)


def _begun_anew(judgement: Judgement, resent: Sequence[Resent]) -> Judgement:
    """Say of a known client's summary that it stands for all that was said."""
    blocks = tuple(
        Verdict(History.COMPACTED)
        if verdict.code is None and stands_for_all(one.block)
        else verdict
        for verdict, one in zip(judgement.blocks, resent, strict=True)
    )
    return replace(judgement, blocks=blocks)


@dataclass(slots=True)
class _Judge(Turns):
    """Lays, and then judges what is left by its place.

    asked_from  place in the request where the first question has wholly been asked.
    bereft      places in the request of answers whose question lost words of the user's.
    searched    place in the path of the answer to the question that was last found to be cut.
    unread      how many bytes of texts that were left out may yet be read.
    """

    asked_from: int = NOWHERE
    bereft: set[int] = field(default_factory=set)
    searched: int = -1
    unread: int = _LEFT_OUT

    def judge(self) -> Judgement:
        path, resent = self.path, self.resent
        came, at = (0, len(path)) if self.held else self.walk()
        if came < len(resent):
            gaps = list(self.lay(range(at, len(path)), range(came, len(resent))))
            for number, gap in enumerate(gaps):
                gap.final = number == len(gaps) - 1
            if self.asked and self.told_from == NOWHERE:
                self.told_from = self._question()
            self.asked_from = self._first_question()
            left_out = self._last_left_out()
            for gap in gaps:
                # What a client put in the place of such turns before may stand between, as it was.
                gap.slides = bool(gap.ours) and gap.ours[-1] < left_out
            for gap in gaps:
                self._place(gap)
            self.elided = self.elided or bool(self.lost)
            self._follow_results()
            self._follow_forks()
        elif at < len(path):
            self.leave_out([place for place in range(at, len(path)) if place not in self.paired])
        verdicts = tuple(self.verdicts.get(place, NEW) for place in range(len(resent)))
        clean = came
        while clean < len(resent) and (
            verdicts[clean].is_known or spelling.says_nothing(resent[clean].block)
        ):
            clean += 1
        reached = max((p for p, r in self.paired.items() if r < clean), default=None)
        return Judgement(
            verdicts,
            tuple(self.dropped),
            self.elided or self.truncated,
            self.truncated,
            frozenset(path[place] for place in self.paired) | self.back,
            clean,
            None if reached is None else path[reached],
        )

    def _place(self, gap: Gap) -> None:
        ours = [place for place in gap.ours if place not in self.consumed]
        theirs = [
            place
            for place in gap.theirs
            if place not in self.verdicts and not spelling.says_nothing(self.resent[place].block)
        ]
        answers = [place for place in theirs if is_answer(self.resent[place].block)]
        spoken: dict[Kind, list[int]] = {}
        for place in ours:
            if self.memory.known(self.path[place]).provided:
                spoken.setdefault(self.kind_at(place), []).append(place)
        for j in answers:
            left = spoken.get(self.resent[j].block.kind, [])
            self._place_answer(j, left, gap)
            # What something was made of stands for nothing else.
            left[:NEAR] = [place for place in left[:NEAR] if not self._is_taken(place)]
        others = [place for place in theirs if not is_answer(self.resent[place].block)]
        ours = [place for place in ours if place not in self.consumed]
        turns_left_out = gap.slides or any(map(self._is_turn, ours))
        compacts = turns_left_out and all(
            j in gap.noted or self.verdicts[j].code is History.COMPACTED for j in answers
        )
        own = OrderedDict.fromkeys(
            place
            for place in ours
            if not self.is_answer_at(place) and self.kind_at(place) is not Kind.TOOL_RESULT
        )
        for j in others:
            self._place_other(j, own, compacts)
        ours = [place for place in ours if place not in self.consumed]
        if not gap.final or self._returns_after(gap):
            self._cut_question(ours)
            self.leave_out(ours, compacted=compacts and bool(others))
        else:
            # Of the last answer something may be missing; what was said after it is gone on
            # with elsewhere.
            self.leave_out(list(itertools.takewhile(self.is_answer_at, ours)))

    def _is_turn(self, place: int) -> bool:
        """Tell whether an answer stands there; thinking may always be missing."""
        return self.is_answer_at(place) and self.memory.known(self.path[place]).spine

    def _question(self) -> int:
        """Find the first question in the request that was answered here."""
        answered = (
            j
            for i, j in self.paired.items()
            if i + 1 < len(self.path) and self.memory.known(self.path[i + 1]).provided
        )
        return min(answered, default=NOWHERE)

    def _first_question(self) -> int:
        """Find where a user has asked all that he did before the provider first answered.

        What programs add to it, and media, may be left out.
        """
        asked = []
        for place in range(len(self.path)):
            known = self.memory.known(self.path[place])
            if known.provided:
                break
            if known.spine and known.kind is not Kind.SYSTEM:
                asked.append(place)
        else:
            return NOWHERE
        kept = [place for place in asked if place in self.paired]
        gone = [place for place in asked if place not in self.paired]
        words = self._is_users_text
        if any(map(words, gone)) or (gone and not any(map(words, kept))):
            return NOWHERE
        return max((self.paired[place] for place in kept), default=NOWHERE)

    def _last_left_out(self) -> int:
        """Find the last turn that was left out before the first answer that came back; else -1."""
        kept = min((place for place in self.paired if self._is_provided([place])), default=0)
        turns = (place for place in range(kept - 1, -1, -1) if self._is_turn(place))
        return next((place for place in turns if place not in self.paired), -1)

    def _returns_after(self, gap: Gap) -> bool:
        return self.last_answer > max(gap.theirs, default=-1)

    def _place_answer(self, j: int, ours: list[int], gap: Gap) -> None:
        """Judge a block in the assistant's voice that is not what stood there."""
        block, match, _ = self.resent[j]
        elsewhere = self.memory.find(match)
        last = self.is_begun(j)
        erased = self._erased(ours)
        if erased is not None:
            self.pair(erased, j, History.VARIANT)  # nobody can tell any more
            return
        mine = self._made_of(block, ours)
        alike = 0.0
        if mine is not None and spelling.is_emptied(self.block_at(mine), block):
            self.consumed.add(mine)
            self.judged(j, History.RESULT_CLEARED, self.path[mine])
            return
        if mine is not None and (was := self.block_at(mine)) is not None:
            alike = spelling.likeness(was, block)
        if (
            elsewhere is not None
            and elsewhere not in self.place_of()
            and self._summarises(elsewhere, gap)
        ):
            self.judged(j, History.COMPACTED, elsewhere)
            return
        if elsewhere is not None and self.is_of_turn(elsewhere, j):
            self.pair(self.place_of()[elsewhere], j, History.VARIANT)
            return
        if elsewhere is not None and self.is_back(elsewhere, j):
            self.back.add(elsewhere)
            self.judged(j, History.CONTINUED, elsewhere)
            return
        if last and (mine is None or alike < _ALIKE):
            self.judged(j, History.PREFILL)
            return
        if elsewhere is not None and (len(block.content) >= _SHORT or self._is_told(j)):
            self.judged(j, History.MOVED, elsewhere)
            return
        name = block.attrs.get("id")
        if block.kind is Kind.TOOL_USE and isinstance(name, str):
            called = self.memory.find_call(name)
            if called is not None:
                self.consume(called)
                self.judged(j, History.EDITED, called)
                return
        if alike < _ALIKE and self._takes_note(j, gap):
            mine = self._like_one(block, ours)
            if mine is None:
                gap.noted.add(j)
                self.judged(j, History.FOREIGN_BEFORE)
                return
        if mine is not None and (self._is_identified() or alike >= _ALIKE):
            self.consumed.add(mine)
            self.judged(j, History.EDITED, self.path[mine])
            return
        told = self._is_told(j)
        self.judged(j, History.FOREIGN if told else History.FOREIGN_BEFORE)

    def _takes_note(self, j: int, gap: Gap) -> bool:
        """Tell whether an assistant's text follows words that stand at the front for turns left out.

        Clients have the model say to a summary that it has read it. Where the question is kept, or
        like what was asked, its answer stood here.
        """
        if self.resent[j].block.kind is not Kind.TEXT or self._is_told(j):
            return False
        if j == 0 and is_noted(self.resent[j].block):
            return True  # a window cut off what it was said to
        if gap.summed_up is None:
            gap.summed_up = self._summed_up(gap)
        return gap.summed_up < j

    def _summed_up(self, gap: Gap) -> int:
        """Find the first of the client's words in a gap without those that it left out; else NOWHERE."""
        if not any(map(self._is_turn, gap.ours)):
            return NOWHERE
        prompts = [n for n in gap.theirs if self.resent[n].block.kind is Kind.PROMPT]
        asked = [place for place in gap.ours if self.kind_at(place) is Kind.PROMPT]
        for n in prompts[:NEAR]:
            for place in asked[:NEAR]:
                was = self.block_at(place)
                if was is not None and spelling.likeness(was, self.resent[n].block) >= _ALIKE:
                    return NOWHERE
        return min(prompts, default=NOWHERE)

    def _like_one(self, block: Block, ours: Sequence[int]) -> int | None:
        """Find what a text is surely made of among all that was left out, however long ago."""
        for place in ours[NEAR:]:
            if self.unread <= 0:
                return None
            self.unread -= _PAGE
            was = self.block_at(place)
            if was is None or not self._is_as_long(was, block):
                continue
            self.unread -= len(was.content)
            if spelling.likeness(was, block) >= _ALIKE:
                return place
        return None

    def _is_as_long(self, was: Block, block: Block) -> bool:
        lengths = len(was.content), len(block.content)
        return min(lengths) >= _ALIKE * max(lengths)

    def _erased(self, ours: Sequence[int]) -> int | None:
        return next((place for place in ours[:NEAR] if self.block_at(place) is None), None)

    def _is_taken(self, place: int) -> bool:
        return place in self.consumed or place in self.paired

    def _made_of(self, block: Block, ours: Sequence[int]) -> int | None:
        """Find the provider's block that stood where this one stands: of its kind, the likest."""
        found: int | None = None
        best = -1.0
        for place in ours[:NEAR]:
            was = self.block_at(place)
            if was is None:
                continue
            if block.kind is Kind.TOOL_USE and was.attrs.get("name") != block.attrs.get("name"):
                continue
            alike = spelling.likeness(was, block)
            if alike > best:
                found, best = place, alike
        return found

    def _summarises(self, elsewhere: int, gap: Gap) -> bool:
        """Tell whether a genuine answer stands at the front for all that it was given after."""
        if gap.newest is None:
            is_front = (
                bool(gap.ours)
                and all(self.kind_at(place) is Kind.SYSTEM for place in range(gap.ours[0]))
                and any(self.is_answer_at(place) for place in gap.ours)
            )
            gap.newest = max(self.path[place] for place in gap.ours) if is_front else NOWHERE
        return elsewhere > gap.newest

    def _place_other(self, j: int, own: OrderedDict[int, None], compacts: bool) -> None:
        """Judge a block of the client's own that is not what stood there: one of its `own`."""
        block = self.resent[j].block
        if block.kind is Kind.TOOL_RESULT:
            if not self._is_called(j, block):
                self.judged(j, History.ORPHAN_RESULT)
            return
        later = self._kept_after(j)
        if not later:
            return  # it is new
        if self.lost and block.kind is Kind.MEDIA and self._is_lost(j, block):
            return
        mine = self._replaced(block, own)
        was = None if mine is None else self.block_at(mine)
        if was is not None and went_on(read_clock(was), read_clock(block)):
            code = History.CLOCK_CHANGED
        elif block.kind in (Kind.SYSTEM, Kind.TOOLS) or block.role == "system":
            code = History.SYSTEM_CHANGED
        elif (
            compacts
            or was is not None
            and was.kind is Kind.MEDIA
            and block.kind is not Kind.MEDIA
            and len(block.content) <= _PLACEHOLDER
        ):
            code = History.COMPACTED
        else:
            code = History.FORKED
        if code is History.COMPACTED:
            mine = None
        if mine is not None:
            self.consumed.add(mine)
            del own[mine]
        self.judged(j, code, None if mine is None else self.path[mine])

    def _is_lost(self, j: int, block: Block) -> bool:
        """Tell what a result had, and the format it is told in has no place for but beside it."""
        held = content_of(block)
        place = None if held is None else self.lost.get(held)
        if held is None or place is None or not j - _CALLS_BEFORE < place < j:
            return False
        if any(is_answer(one.block) for one in self.resent[place:j]):
            return False
        self.judged(j, History.VARIANT, self.verdicts[place].known)
        del self.lost[held]
        return True

    def _replaced(self, block: Block, own: Iterable[int]) -> int | None:
        """Find the client's block that stood where this one stands: of its kind, if there is one."""
        near = list(itertools.islice(own, NEAR))
        return next(
            (place for place in near if self.kind_at(place) is block.kind),
            near[0] if near else None,
        )

    def _kept_after(self, j: int) -> bool:
        """Tell whether an answer that is known follows in the request."""
        return self.last_answer > j

    def _is_told(self, j: int) -> bool:
        """Tell whether the provider spoke before this in the request, or was first asked."""
        return self.held or self.told_from < j or self.asked_from < j

    def _is_identified(self) -> bool:
        """Tell whether a block of the provider's came back, so that it is this conversation."""
        return self.held or self.told_from < NOWHERE

    def _is_called(self, j: int, block: Block) -> bool:
        """Tell whether a result's call stands before it, or is known and was left out."""
        if self.partial:
            return True
        name = block.attrs.get("tool_use_id")
        if isinstance(name, str) and name:
            if self.called_at(name, j) < j:
                return True
            called = self.memory.find_call(name)
            return called is not None and called in self.place_of()
        # Without an id, it answers one of the calls right before, of the same tool.
        tool = block.attrs.get("name")
        for one in reversed(self.resent[max(0, j - _CALLS_BEFORE) : j]):
            if one.block.kind is Kind.TOOL_USE and tool in (None, one.block.attrs.get("name")):
                return True
        return False

    def _cut_question(self, ours: Sequence[int]) -> None:
        """Take note of an answer that is kept under a question of which words were left out.

        A window leaves out answers too, or begins where it likes. A whole question goes missing
        where its client asked it: Gemini CLI drops what it asked for a summary, and asks on.
        """
        if not ours or ours[-1] < self.searched or ours[0] < self.spoken_from:
            return
        if any(map(self._is_turn, ours)):
            return
        if not any(map(self._is_part, ours)):
            return
        answer = itertools.dropwhile(
            lambda place: not self.is_answer_at(place), range(ours[-1], len(self.path))
        )
        for place in itertools.takewhile(self.is_answer_at, answer):
            self.searched = place
            if place in self.paired:
                self.bereft.add(self.paired[place])
                return

    def _is_part(self, place: int) -> bool:
        """Tell whether a user's text that stood there was part of a question which is kept.

        What the question still says is not gone; and clients take note of an answer that was cut off.
        """
        if not self._is_users_text(place):
            return False
        match, kept = self.memory.known(self.path[place]).match, False
        for step in (-1, 1):
            for at in itertools.islice(itertools.count(place + step, step), NEAR):
                if not 0 <= at < len(self.path):
                    break
                if self._is_turn(at):
                    if step < 0 and self._is_cut(at):
                        return False
                    break
                if at in self.paired and self._is_users_text(at):
                    if self.memory.known(self.path[at]).match == match:
                        return False
                    kept = True
        return kept

    def _is_users_text(self, place: int) -> bool:
        """Tell whether a user wrote what stands there; what programs add they put between tags."""
        block = None if self.kind_at(place) is not Kind.PROMPT else self.block_at(place)
        return (
            block is not None
            and block.media == "text/plain"
            and not spelling.says_nothing(block)
            and _TAGGED.fullmatch(block.content.strip()) is None
        )

    def _is_cut(self, place: int) -> bool:
        block = self.block_at(place)
        return block is not None and block.attrs.get("cut") is True

    def _follow_results(self) -> None:
        """Say of results that stand where others are gone, or beside one, that they are false."""
        answered: dict[object, int] = {}  # id of a call, or its tool in this turn, to its result
        for place, (block, _, _) in enumerate(self.resent):
            if block.kind is not Kind.TOOL_RESULT:
                if is_answer(block):
                    answered.clear()
                continue
            verdict = self.verdicts.get(place, NEW)
            name = block.attrs.get("tool_use_id") or ("of", block.attrs.get("name"))
            if verdict.known is not None:
                answered.setdefault(name, verdict.known)
            if verdict.code is not None or not self._kept_after(place):
                continue
            gone = (node for node in self.dropped if self._is_like(node, block))
            known = next(gone, answered.get(name))
            if known is not None:
                self.dropped = [node for node in self.dropped if node != known]
                # Gemini CLI says a result twice, word for word, when it goes on with an old session.
                # Without its call's name it could be put for another's that was left out.
                same = "tool_use_id" in block.attrs and (
                    self.memory.known(known).match == self.resent[place].match
                )
                self.judged(place, History.VARIANT if same else History.EDITED_RESULT, known)

    def _is_like(self, node: int, result: Block) -> bool:
        was = self.memory.block(node)
        return was is not None and self._is_of_call(was, result)

    def _follow_forks(self) -> None:
        """Say of answers that follow words they were not given to that they were moved."""
        forks = any(code is History.FORKED for code, _ in self.verdicts.values())
        if not forks and not self.bereft:
            return
        forked = moving = False
        for place, (block, _, _) in enumerate(self.resent):
            verdict = self.verdicts.get(place, NEW)
            if not is_answer(block):
                forked = forked and not moving
                moving = False
                forked = forked or verdict.code is History.FORKED
                continue
            forked = forked or place in self.bereft
            if forked and verdict.is_known and verdict.known is not None:
                moving = True
                if self.memory.known(verdict.known).provided:
                    self.verdicts[place] = Verdict(History.MOVED, verdict.known)
