"""Laying a request beside a known conversation: by value, then by what it says (SPEC §8.3)."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from braid.call import History
from braid.node import Kind
from braid.wire.block import Block
from braid_verifier import results, spelling
from braid_verifier.aligning import common
from braid_verifier.beside import NOWHERE, Beside, Gap, between, split
from braid_verifier.judgement import NEW, Verdict, is_answer
from braid_verifier.spacing import beginning, same_spaces, squeezed, trimmed

# Where no name tells, a block is looked for among so many: what came back is near where it was.
NEAR = 32
# Letters of texts spaced otherwise, beyond which texts with the same letters are not read any more.
_IN_VAIN = 2**22


@dataclass(slots=True)
class Laying(Beside):
    """Pairs what came back with what was said."""

    def walk(self) -> tuple[int, int]:
        """Pair what came back as it was, from the front: how many came, and how far that leads."""
        path, resent, known_at, end = self.path, self.resent, self.memory.known, len(self.path)
        paired, verdicts, continued = self.paired, self.verdicts, History.CONTINUED
        at = came = 0
        for came, (block, match, _) in enumerate(resent):
            here = at
            while here < end:
                known = known_at(path[here])
                if known.match == match:
                    break
                # Thinking may be missing; of anything else, `_lay` finds out what became of it.
                here = end if known.spine else here + 1
            if here == end:
                if block.content or not spelling.says_nothing(block):
                    return came, at
                continue
            if here > at:
                self.leave_out(range(at, here))
            # What `pair` does, for what most blocks of most requests are.
            node = path[here]
            paired[here] = came
            if self.spoken_from == NOWHERE and known.kind is not Kind.SYSTEM:
                self.spoken_from = here
            verdicts[came] = Verdict(continued, node)
            if is_answer(block):
                self.last_answer = came
            if self.told_from == NOWHERE and known.provided:
                self.told_from = came
            at = here + 1
        return len(resent), at

    def lay(self, ours: range, theirs: range) -> Iterator[Gap]:
        """Pair by value, then what is left between by what it says; give what is left then."""
        memory, path, resent = self.memory, self.path, self.resent
        mine: list[object] = [memory.known(path[place]).match or place for place in ours]
        its = [resent[place].match for place in theirs]
        pairs = common(mine, its)
        for i, j in pairs:
            self.pair(ours[i], theirs[j])
        self._join_answers(ours, theirs, Kind.TEXT)
        self._join_answers(ours, theirs, Kind.THINKING)
        for gap in map(self._left, between(ours, theirs, pairs)):
            if self._may_say_the_same(gap):
                yield from self._spell(gap)
            else:
                yield gap

    def _left(self, gap: Gap) -> Gap:
        """Give what of a gap is in no pair."""
        return Gap(
            [place for place in gap.ours if place not in self.paired],
            [place for place in gap.theirs if place not in self.verdicts],
        )

    def _join_answers(self, ours: range, theirs: range, kind: Kind) -> None:
        """Pair texts of an answer that say the same together, also on another side of its calls.

        Chat Completions has one text beside the calls of a message, and no order between them.
        """
        turn = theirs.start
        turns: dict[int, int] = {}  # of an answer's call, where its turn begins in the request
        texts: dict[int, list[int]] = {}
        for place in theirs:
            block, _, _ = self.resent[place]
            if not is_answer(block):
                turn = place
            elif (verdict := self.verdicts.get(place)) is not None:
                node = self.memory.known(verdict.known or 0)
                if node.kind is Kind.TOOL_USE and node.owner is not None:
                    turns[node.owner] = turn
            elif self._is_joinable(block, kind):
                texts.setdefault(turn, []).append(place)
        said: dict[int, list[int]] = {}
        for place in ours if texts and turns else ():
            node = self.memory.known(self.path[place])
            at = None if node.owner is None else turns.get(node.owner)
            if at in texts and node.kind is kind and place not in self.paired:
                said.setdefault(at, []).append(place)
        for at, mine in said.items():
            letters = "".join(spelling.letters(one) for n in mine if (one := self.block_at(n)))
            its = texts[at]
            if letters == "".join(spelling.letters(self.resent[n].block) for n in its) and (
                self._is_spaced_so(mine, its)
            ):
                self._pair_run(mine, its)

    def _is_joinable(self, block: Block, kind: Kind) -> bool:
        """Tell whether texts that say the same can be joined in this one: nobody signed it."""
        unsigned = not spelling.signature_of(block)
        return block.kind is kind and unsigned and not spelling.says_nothing(block)

    def _may_say_the_same(self, gap: Gap) -> bool:
        """Tell whether it is worth reading what was said: whether the same side speaks in both."""
        ours = {self.is_answer_at(place) for place in gap.ours}
        return any(is_answer(self.resent[place].block) in ours for place in gap.theirs)

    def _spell(self, gap: Gap) -> Iterator[Gap]:
        """Pair what says the same in another spelling, block by block, and then by runs of texts."""
        for kind in (Kind.TEXT, Kind.PROMPT, Kind.SYSTEM):
            self._spell_whole(gap, kind)
        open_ones = [place for place in gap.ours if place not in self.paired]
        mine = [
            (place, block) for place in open_ones if (block := self.block_at(place)) is not None
        ]
        its = [
            (place, self.resent[place].block) for place in gap.theirs if place not in self.verdicts
        ]
        pairs = common(
            [spelling.loose(block) if _weighs(block) else object() for _, block in mine],
            [spelling.loose(block) if _weighs(block) else object() for _, block in its],
        )
        for i, j in pairs:
            place, ours = mine[i]
            at, theirs = its[j]
            if ours.kind is Kind.TOOL_RESULT:
                if self._is_of_call(ours, theirs):
                    self._pair_result(place, at)
            elif self._may_be(ours, theirs):
                self.pair(place, at, History.VARIANT)
        left = [(mine[i][0], its[j][0]) for i, j in pairs if mine[i][0] in self.paired]
        for inner in split(gap, left):
            if inner.ours and inner.theirs:
                self._spell_thoughts(inner)
                self._spell_texts(inner)
                self._spell_calls(inner)
            yield self._left(inner)

    def _may_be(self, ours: Block, theirs: Block) -> bool:
        """Tell whether blocks that say the same can be the same: under one signature, of one call."""
        if ours.kind is Kind.THINKING:
            return bool(spelling.same_thought(ours, theirs))
        if ours.kind is Kind.TOOL_USE:
            name = theirs.attrs.get("id")
            # An id may be made up, but not that of another call.
            own = not isinstance(name, str) or self.memory.find_call(name) is None
            return own or name == ours.attrs.get("id")
        return ours.kind is not Kind.MEDIA or spelling.same_content(ours, theirs)

    def _is_of_call(self, ours: Block, theirs: Block) -> bool:
        """Tell whether two results may be of one call: by its ids, or else by its tool."""
        mine, its = ours.attrs.get("tool_use_id"), theirs.attrs.get("tool_use_id")
        if isinstance(mine, str) and isinstance(its, str):
            return self._known_name(its) == mine
        tools = ours.attrs.get("name"), theirs.attrs.get("name")
        return None in tools or tools[0] == tools[1]

    def _spell_whole(self, gap: Gap, kind: Kind) -> None:
        """Pair all texts of a gap where they say the same together: cut anywhere, none is missing."""
        mine, its = self._open(gap, kind)
        if not mine or not its:
            return
        said = "".join(spelling.letters(one) for n in mine if (one := self.block_at(n)))
        if said == "".join(spelling.letters(self.resent[n].block) for n in its) and (
            self._is_spaced_so(mine, its)
        ):
            self._pair_run(mine, its)

    def _is_spaced_so(self, mine: Sequence[int], its: Sequence[int], tagged: bool = False) -> bool:
        """Tell whether texts with the same letters say the same: a client's own do in any spacing.

        What stands between them and is nothing but white space belongs to it.
        """
        kinds = {self.kind_at(place) for place in mine}
        if not kinds & _SPOKEN:
            return True
        said = []
        for n in range(mine[0], mine[-1] + 1):
            if self.kind_at(n) in kinds and (block := self.block_at(n)) is not None:
                said.append((n, block))
        sent = [(n, self.resent[n].block) for n in range(its[0], its[-1] + 1)]
        among = set(its)
        came = [one for one in sent if one[1].kind in kinds or one[0] in among]
        ours, theirs = _written(mine, said), _written(its, came)
        if tagged:
            theirs = [piece for text in theirs for piece in spelling.untagged(text)]
        return same_spaces(ours, theirs)

    def _open(self, gap: Gap, *kinds: Kind) -> tuple[list[int], list[int]]:
        """Give what is not paired yet of these kinds, and says something."""
        mine = [
            place
            for place in gap.ours
            if place not in self.paired
            and self.kind_at(place) in kinds
            and (block := self.block_at(place)) is not None
            and not spelling.says_nothing(block)
        ]
        its = [
            place
            for place in gap.theirs
            if place not in self.verdicts
            and self.resent[place].block.kind in kinds
            and not spelling.says_nothing(self.resent[place].block)
        ]
        return mine, its

    def _spell_thoughts(self, gap: Gap) -> None:
        """Pair thoughts by signature or words; other words under a signature are edited."""
        mine, its = self._open(gap, Kind.THINKING)
        left = OrderedDict.fromkeys(mine)
        signed = self._by_name(mine, spelling.signature_of)
        said = self._by_name(mine, _signed_words)
        for j in its:
            theirs = self.resent[j].block
            name = spelling.signature_of(theirs)
            if name:
                # Under one signature the same words, or none, say the same.
                has_words = bool(spelling.letters(theirs))
                same = said.get(_signed_words(theirs)) if has_words else signed.get(name)
                place = self._first_left(same)
            else:
                near = islice(left, NEAR)
                place = next((i for i in near if self._is_same_thought(i, theirs)), None)
            if place is not None:
                self.pair(place, j, History.VARIANT)
                del left[place]
        mine, its = self._open(gap, Kind.THINKING)
        signed = self._by_name(mine, spelling.signature_of)
        unsigned = [n for n in its if self._is_signed_so(self.resent[n].block, signed)]
        self._spell_joined(gap, (Kind.THINKING,), theirs=unsigned)
        _, its = self._open(gap, Kind.THINKING)
        for j in its:
            name = spelling.signature_of(self.resent[j].block)
            place = self._first_left(signed.get(name)) if name else None
            if place is not None:
                self.consumed.add(place)
                self.judged(j, History.EDITED_THINKING, self.path[place])

    def _by_name(
        self, places: Iterable[int], name_of: Callable[[Block], object]
    ) -> dict[str, deque[int]]:
        """Give the places of known blocks by what they are called; those without a name not."""
        named: dict[str, deque[int]] = {}
        for place in places:
            block = self.block_at(place)
            name = None if block is None else name_of(block)
            if isinstance(name, str) and name:
                named.setdefault(name, deque()).append(place)
        return named

    def _first_left(self, places: deque[int] | None) -> int | None:
        """Give the first of these places that nothing was made of yet; what is taken stays so."""
        while places and (places[0] in self.paired or places[0] in self.consumed):
            places.popleft()
        return places[0] if places else None

    def _is_same_thought(self, place: int, theirs: Block) -> bool:
        ours = self.block_at(place)
        return ours is not None and bool(spelling.same_thought(ours, theirs))

    def _is_signed_so(self, block: Block, signatures: Collection[str]) -> bool:
        """Tell whether a thought has no signature, or one of these: no words fit another's."""
        own = spelling.signature_of(block)
        return not own or own in signatures

    def _spell_texts(self, gap: Gap) -> None:
        self._spell_joined(gap, (Kind.PROMPT,))
        self._spell_joined(gap, (Kind.SYSTEM,))
        self._spell_joined(gap, (Kind.TEXT,))
        # Reasoning that was resent as text.
        mine, its = self._open(gap, Kind.TEXT, Kind.THINKING)
        texts = [place for place in its if self.resent[place].block.kind is Kind.TEXT]
        if texts and any(self.kind_at(place) is Kind.THINKING for place in mine):
            self._spell_joined(gap, (Kind.THINKING, Kind.TEXT), theirs=texts)
        mine, its = self._open(gap, Kind.TEXT)
        for i, j in zip(mine, its, strict=False):
            ours = self.block_at(i)
            # An answer that was cut off came back as far as its client had read it.
            if ours is not None and ours.attrs.get("cut") is True:
                came = spelling.letters(self.resent[j].block)
                if came and spelling.letters(ours).startswith(came):
                    began = beginning(spelling.words(ours), len(came))
                    if same_spaces([began], [spelling.words(self.resent[j].block)]):
                        self.pair(i, j, History.VARIANT)
                    else:
                        self._spaced_otherwise([i], [j])

    def _spell_joined(
        self, gap: Gap, kinds: tuple[Kind, ...], theirs: Sequence[int] | None = None
    ) -> None:
        """Pair texts that say the same together, however they are cut."""
        mine, its = self._open(gap, *kinds)
        if theirs is not None:
            its = [place for place in theirs if place not in self.verdicts]
        if not mine or not its:
            return
        said = [spelling.letters(block) for place in mine if (block := self.block_at(place))]
        came = [spelling.words(self.resent[place].block) for place in its]
        if theirs is not None:
            came = ["".join(spelling.untagged(text)) for text in came]
        came = [squeezed(text) for text in came]
        if len(said) != len(mine):
            return
        odd: list[tuple[list[int], list[int]]] = []
        left = _IN_VAIN

        def fits(run: spelling.Run) -> bool:
            nonlocal left
            ours, others = [mine[n] for n in run.ours], [its[n] for n in run.theirs]
            if left > 0 and self._is_spaced_so(ours, others, theirs is not None):
                return True
            left -= sum(len(came[n]) for n in run.theirs)
            odd.append((ours, others))
            return False

        for run in spelling.lay_runs(said, came, fits):
            self._pair_run([mine[n] for n in run.ours], [its[n] for n in run.theirs])
        for ours, others in odd:
            self._spaced_otherwise(ours, others)

    def _spaced_otherwise(self, mine: Sequence[int], its: Sequence[int]) -> None:
        """Say of texts with the same letters that they were edited, where the provider's were."""
        free = all(n not in self.paired and n not in self.consumed for n in mine)
        new = all(n not in self.verdicts for n in its)
        # Under a signature it is the thought that was edited.
        signed = any(spelling.signature_of(self.resent[n].block) for n in its)
        if free and new and not signed and self._is_provided(mine):
            self._pair_run(mine, its, History.EDITED)

    def _is_provided(self, places: Iterable[int]) -> bool:
        return any(self.memory.known(self.path[place]).provided for place in places)

    def _pair_run(
        self, mine: Sequence[int], its: Sequence[int], code: History = History.VARIANT
    ) -> None:
        """Pair each of theirs with the one of ours that has most of its letters."""
        ends, total = [], 0
        for place in mine:
            block = self.block_at(place)
            total += len(spelling.letters(block)) if block is not None else 0
            ends.append(total)
        begins = first = 0
        for j in its:
            stops = begins + len(spelling.letters(self.resent[j].block))
            while first + 1 < len(mine) and ends[first] <= begins:
                first += 1
            most, best, starts = -1, mine[first], begins
            for n in range(first, len(mine)):
                if starts >= stops and n > first:
                    break
                shared = min(stops, ends[n]) - starts
                if shared > most:
                    most, best = shared, mine[n]
                starts = ends[n]
            begins = stops
            self.judged(j, code, self.path[best])
        if code is not History.VARIANT:
            self.consumed.update(mine)
            return
        for place in mine:
            if place not in self.paired:
                self.came_back(place, its[0])

    def _spell_calls(self, gap: Gap) -> None:
        mine, its = self._open(gap, Kind.TOOL_USE)
        called = self._by_name(mine, lambda block: block.attrs.get("id"))
        for j in its:
            theirs = self.resent[j].block
            i = next(iter(called.get(str(theirs.attrs.get("id", "")), ())), None)
            ours = None if i is None or i in self.paired else self.block_at(i)
            if i is None or ours is None:
                continue
            if spelling.same_call(ours, theirs):
                self.pair(i, j, History.VARIANT)
            elif i not in self.consumed:
                self.consumed.add(i)
                self.judged(j, History.EDITED, self.path[i])
        self._spell_results(gap)

    def _spell_results(self, gap: Gap) -> None:
        mine, its = self._open(gap, Kind.TOOL_RESULT)
        left = OrderedDict.fromkeys(i for i in mine if i not in self.consumed)
        answers = self._by_name(left, lambda block: block.attrs.get("tool_use_id"))
        for j in its:
            theirs = self.resent[j].block
            name = theirs.attrs.get("tool_use_id")
            if name:
                place = self._first_left(answers.get(self._known_name(str(name))))
            else:
                near = islice(left, NEAR)
                place = next((i for i in near if self._is_result_of(i, theirs)), None)
            ours = None if place is None else self.block_at(place)
            if place is None or ours is None:
                continue
            if self._pair_result(place, j):
                del left[place]
                continue
            code = History.EDITED_RESULT
            if self.memory.known(self.path[place]).provided:
                code = History.EDITED
            elif results.is_cleared(ours, theirs):
                code = History.RESULT_CLEARED
            elif results.is_shortened(ours, theirs):
                code = History.RESULT_SHORTENED
            self.consumed.add(place)
            self.judged(j, code, self.path[place])
            del left[place]

    def _pair_result(self, place: int, j: int) -> bool:
        """Pair two results of one call, if they say the same."""
        ours, theirs = self.block_at(place), self.resent[j].block
        if ours is None:
            return False
        lost = results.lost(ours, theirs, self.memory.known(self.path[place]).provided)
        if lost is None:
            return False
        self.pair(place, j, History.VARIANT)
        self.lost.update((held, j) for held in lost)
        return True

    def _is_result_of(self, place: int, theirs: Block) -> bool:
        """Tell whether a known result is of the tool that another names, if it names one."""
        tool, ours = theirs.attrs.get("name"), self.block_at(place)
        return ours is not None and tool in (None, ours.attrs.get("name"))

    def _known_name(self, name: str) -> str:
        """Give the id by which a call is known that a client calls so."""
        call = self.verdicts.get(self.called_at(name, -1), NEW)
        block = None if call.known is None else self.memory.block(call.known)
        known = name if block is None else block.attrs.get("id")
        return known if isinstance(known, str) else name

    def leave_out(self, ours: Sequence[int], *, compacted: bool = False) -> None:
        """Take note of known blocks that did not come back."""
        if not ours:
            return
        if (compacted or ours[-1] < self.spoken_from) and any(
            self.is_answer_at(place) for place in ours
        ):
            self.truncated = self.truncated or not compacted
            return
        for place in ours:
            kind = self.kind_at(place)
            if kind is Kind.TOOL_RESULT and self._has_its_call(place):
                self.dropped.append(self.path[place])
            elif kind is Kind.THINKING or self.memory.known(self.path[place]).spine:
                self.elided = True

    def _has_its_call(self, place: int) -> bool:
        block = self.block_at(place)
        if block is None or self.memory.known(self.path[place]).provided:
            return False
        name = block.attrs.get("tool_use_id")
        called = self.memory.find_call(name) if isinstance(name, str) and name else None
        at: int | None = None
        if called is None:
            at = self._call_before(place)
        else:
            at = self.place_of().get(called)
        return at is not None and (at in self.paired or at in self.consumed)

    def _call_before(self, place: int) -> int | None:
        """Give the place of the last tool call before a place in the path."""
        if not self.calls_before:
            last = None
            for n in range(len(self.path)):
                self.calls_before.append(last)
                if self.kind_at(n) is Kind.TOOL_USE:
                    last = n
        return self.calls_before[place]


def _signed_words(block: Block) -> str:
    """Give the words of a thought with its signature; nothing where it has none."""
    signature = spelling.signature_of(block)
    return f"{signature} {trimmed(spelling.words(block))}" if signature else ""


def _written(places: Sequence[int], blocks: Sequence[tuple[int, Block]]) -> list[str]:
    """Give what stands at these places, and what says nothing between."""
    among = set(places)
    return [spelling.words(one) for n, one in blocks if n in among or spelling.says_nothing(one)]


def _weighs(block: Block) -> bool:
    """Tell whether a block by itself can be laid beside another by what it says."""
    return block.kind in _SPELLED and not spelling.says_nothing(block)


_SPOKEN = frozenset((Kind.TEXT, Kind.THINKING))
_SPELLED = frozenset((*spelling.WORDS, Kind.MEDIA, Kind.TOOL_USE, Kind.TOOL_RESULT))
