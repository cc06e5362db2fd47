"""The nodes of an answer: its blocks, what is flagged in them, and the end of its call (SPEC §6.3)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from braid.call import CallOutcome
from braid.content import BodyDigest
from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_server.fallback import bare, gathered, raw_block, shortened
from braid_server.flagging import Flags
from braid_server.known import Prefix
from braid_server.lineage import Lineage
from braid_server.loom import Loom
from braid_server.marks import Marks
from braid_server.recording import CallEnding, RecordingFailed
from braid_server.store import Transaction
from braid_server.weaving import Weaving
from braid_verifier.items import item_of

# Times as many nodes as a braid may have to be gone on with, and answers take one node each,
# when they end.
_CROWDED = 1.8
_CLOSED = "the call was closed while its answer was under way"


class Append(msgspec.Struct, frozen=True):
    """What is to be added to the call at a seq of a braid; `kept` is as in Request."""

    number: int
    call: int
    blocks: tuple[Block, ...]
    ending: CallEnding | None
    body: BodyDigest | None
    marks: Marks
    provider: str
    flags: tuple[Flags, ...]
    kept: bool = False


def attempts_at(append: Append) -> Iterator[Append]:
    """Give what is to be added, then its raw bytes where the first is not understood."""
    yield append
    raw = msgspec.structs.replace(append, blocks=tuple(map(raw_block, append.blocks)), flags=())
    yield raw
    if append.ending is not None:
        yield msgspec.structs.replace(raw, ending=bare(append.ending))


class AnswerNodes:
    """Weaves answers into the braids of a loom, within transactions of the store's writer.

    `braid_nodes` is how many nodes a braid may have to be gone on with; a checkpoint is signed
    behind the first end after `checkpoint_every`.
    """

    def __init__(self, loom: Loom, braid_nodes: int, checkpoint_every: int) -> None:
        self._loom = loom
        self._braid_nodes = braid_nodes
        self._checkpoint_every = checkpoint_every

    def append(self, transaction: Transaction, append: Append) -> None:
        """Add blocks, and the end if there is one; raises RecordingFailed for a closed call."""
        lineage = self._loom.lineages.cached(transaction, append.number)
        if lineage is None:
            row = transaction.reading.braid(append.number)
            if row is None or row.sealed:
                raise RecordingFailed(_CLOSED)
            lineage = self._loom.lineages.get(transaction, row)
        if append.call not in lineage.answers.open_calls:
            raise RecordingFailed(_CLOSED)
        marks, ending, blocks = append.marks, append.ending, append.blocks
        if len(lineage.nodes) > self._braid_nodes * _CROWDED:
            # What room is left is for the ends of the calls under way.
            if ending is None:
                raise RecordingFailed("the braid is nearly full")
            blocks = gathered(append.provider, blocks) if blocks else ()
            append = msgspec.structs.replace(append, flags=())
        weaving = self._loom.weaving(transaction, lineage)
        if ending is not None:
            ending, rest = shortened(append.provider, ending)
            blocks = blocks if rest is None else (*blocks, rest)
        for number, block in enumerate(blocks):
            flags = append.flags[number] if number < len(append.flags) else ()
            seq = self._add_block(weaving, lineage, marks, append.call, block, flags)
            if append.kept and seq is not None and (name := item_of(block.attrs)) is not None:
                weaving.mark(marks.item(append.provider, name), seq)
        if ending is None or append.ending is None:
            return
        end = self._end(transaction, lineage, weaving, marks, append.call, ending, append.body)
        for name in dict.fromkeys((append.ending.answer_id, *append.ending.aliases)):
            if name is not None:
                transaction.add_mark(marks.answer(append.provider, name), lineage.number, end)

    def interrupt(self, transaction: Transaction, lineage: Lineage, call: int) -> None:
        """End a call whose answer nobody will bring."""
        weaving, marks = (
            self._loom.weaving(transaction, lineage),
            self._loom.marks(lineage.row.tenant),
        )
        ending = CallEnding(CallOutcome.INTERRUPTED)
        self._end(transaction, lineage, weaving, marks, call, ending, None)

    def _add_block(
        self,
        weaving: Weaving,
        lineage: Lineage,
        marks: Marks,
        call: int,
        block: Block,
        flags: Flags,
    ) -> int | None:
        """Add a block, and give its seq; None where it is no content of the answer."""
        if block.origin is Origin.CLIENT:
            # What an answer repeats of its request is nobody's answer (SPEC §3.3).
            weaving.add_block(block, None, call)
            return None
        # What stands beside the content has no role, and no client sends it back.
        match = marks.block(block) if block.role else None
        if match is not None and lineage.answers.heard_again(call, block, match):
            return None
        extra = {"candidate": block.candidate} if block.candidate else None
        after = lineage.answers.open_calls[call].of(block.candidate)
        is_result = block.kind is Kind.TOOL_RESULT
        asked = lineage.answers.last_use(call, block.candidate) if is_result else None
        seqs = weaving.add_block(block, match, after, extra, asked=asked)
        for seq, contents in zip(seqs, flags, strict=False):
            weaving.add_flags(seq, contents)
        evidence = None if match is None else marks.evidence(block, match)
        if evidence is not None:
            weaving.mark(evidence, seqs[0])
        return None if match is None else seqs[0]

    def _end(
        self,
        transaction: Transaction,
        lineage: Lineage,
        weaving: Weaving,
        marks: Marks,
        call: int,
        ending: CallEnding,
        body: BodyDigest | None,
    ) -> int:
        end = weaving.add_end(call, ending, body)
        transaction.close_call(lineage.number, call)
        if end - lineage.last_checkpoint >= self._checkpoint_every:
            weaving.add_checkpoint(end)
        shown: Prefix | None = None
        values: dict[bytes, None] = {}
        messages = lineage.chains.context_of(call).messages
        for answer in lineage.answers.of(call):
            if shown is None:
                shown = lineage.prefix(messages)
                if not any(lineage.nodes[seq].provided for seq in messages):
                    # What was asked first: an answer made of words alone leaves the same mark.
                    values[marks.outline(shown.outline)] = None
            prefix = lineage.prefix(answer, shown)
            values |= dict.fromkeys((marks.words(prefix.words), marks.outline(prefix.outline)))
        for value in values:
            transaction.add_mark(value, lineage.number, end)
        return end
