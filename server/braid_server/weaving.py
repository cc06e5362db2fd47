"""Signing on: blocks, calls and ends become the next nodes of a braid, inside a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from braid.call import Body, By, CallContent, EndContent, HistoryEntry, Placement, write
from braid.content import BodyDigest
from braid.encoding import encode
from braid.node import MAX_PREV, Kind, Link, Origin, SealClaim
from braid.weave import Draft, weave
from braid.wire.block import Block
from braid_server.chains import Context
from braid_server.fallback import is_long
from braid_server.lineage import Lineage
from braid_server.parts import parts_of
from braid_server.recording import CallEnding, CallOpening
from braid_server.store import NodeRow, Transaction

_JSON = "application/json"


class Weaving:
    """Adds nodes to one lineage within one transaction; `time` is when, `salt` gives fresh ones.

    Never signs a time before the last one: a clock set back must not look like a moved node.
    Nor one after the certificate's end, which an answer or a seal may outlive: the last
    moment at which this key could sign stands for it (SPEC §9.2).
    """

    def __init__(
        self, transaction: Transaction, lineage: Lineage, time: str, salt: Callable[[], bytes]
    ) -> None:
        self._transaction = transaction
        self._lineage = lineage
        self._salt = salt
        self._time = min(max(time, lineage.last_time), lineage.not_after)

    def add(self, draft: Draft, prev: Sequence[int], match: bytes | None = None) -> int:
        """Sign a draft as the next node and give its seq; `prev` are the seqs of its `prev`."""
        lineage = self._lineage
        seq = len(lineage.nodes)
        node = weave(lineage.key, draft, seq=seq, time=self._time, salt=self._salt())
        lineage.last_time = self._time
        lineage.learn(node.s, draft.kind, draft.origin, prev, match, draft.content, draft.attrs)
        self._transaction.add_node(lineage.number, NodeRow(seq, draft.kind.value, node, match))
        return seq

    def _texts(self, seqs: Iterable[int]) -> tuple[str, ...]:
        nodes = self._lineage.nodes
        return tuple([nodes[seq].text for seq in seqs])

    def add_block(
        self,
        block: Block,
        match: bytes | None,
        after: int | None,
        extra: Mapping[str, object] | None = None,
        link: tuple[Link, ...] = (),
        asked: int | None = None,
    ) -> tuple[int, ...]:
        """Sign a block, large ones as several nodes, each after the one before.

        `match` is what it is recognised by when it comes back, None if it never does. `asked`
        is the tool call that a result without an id answers.
        """
        lineage = self._lineage
        seqs: list[int] = []
        for part in parts_of(block, extra):
            prev = [] if after is None else [after]
            if block.kind is Kind.TOOL_RESULT and not seqs:
                asked = lineage.tool_use(str(block.attrs.get("tool_use_id", ""))) or asked
                if asked is not None and asked not in prev:
                    prev.append(asked)
            draft = Draft(
                kind=part.kind,
                origin=part.origin,
                media=part.media,
                content=part.content,
                attrs=part.attrs,
                prev=self._texts(prev),
                link=() if seqs else link,
            )
            after = self.add(draft, prev, None if seqs else match)
            seqs.append(after)
        return tuple(seqs)

    def mark(self, value: bytes, seq: int) -> None:
        """Have a node found again by a mark."""
        self._transaction.add_mark(value, self._lineage.number, seq)

    def add_params(self, opening: CallOpening, after: int | None, link: tuple[Link, ...]) -> int:
        """Sign a request's parameters (SPEC §6.1), and give the last of their nodes."""
        unread = opening.request.ambiguous is not None
        said = {
            "path": opening.path,
            "query": opening.query,
            "headers": dict(opening.headers),
            "parameters": None if unread else msgspec.Raw(opening.request.parameters),
        }
        content = msgspec.json.encode(said, order="sorted")
        attrs = _said(provider=opening.provider, model=opening.request.model)
        block = Block(Kind.PARAMS, Origin.CLIENT, _JSON, content, attrs)
        return self.add_block(block, None, after, link=link)[-1]

    def add_call(
        self,
        opening: CallOpening,
        context: Context,
        prev: Sequence[int],
        *,
        call_id: str,
        by: By,
        history: Sequence[HistoryEntry],
        repeats: int | None,
        body: BodyDigest,
    ) -> int:
        """Sign the call (SPEC §6.2)."""
        lineage = self._lineage
        shown = lineage.chains.show(len(lineage.nodes), context)
        if lineage.is_partial(context):
            shown = msgspec.structs.replace(shown, partial=True)
        said = CallContent(
            upstream=opening.upstream,
            context=shown,
            body=_body(body),
            placement=Placement(by),
            history=list(history),
            id=call_id,
        )
        draft = Draft(
            kind=Kind.CALL,
            origin=Origin.PROXY,
            media=_JSON,
            content=write(said),
            attrs=_attrs(provider=opening.provider, model=opening.request.model),
            prev=self._texts(prev),
            about=() if repeats is None else (lineage.text(repeats),),
            bsalt=body.bsalt,
        )
        call = self.add(draft, prev)
        lineage.learn_call(call, draft.about, by, said.history)
        return call

    def add_end(self, call: int, ending: CallEnding, body: BodyDigest | None) -> int:
        """Sign the end of a call (SPEC §6.3)."""
        said = EndContent(
            outcome=ending.outcome,
            status=ending.status,
            stop_reason=ending.stop_reason,
            usage=None if ending.usage is None else msgspec.Raw(ending.usage),
            request_id=ending.request_id,
            body=None if body is None else _body(body),
        )
        tails = self._tails_of(call)
        draft = Draft(
            kind=Kind.END,
            origin=Origin.PROXY,
            media=_JSON,
            content=write(said),
            attrs=_attrs(model=ending.model, id=ending.answer_id),
            prev=self._texts(tails),
            bsalt=None if body is None else body.bsalt,
        )
        end = self.add(draft, tails)
        self._lineage.learn_end(end, ending.outcome)
        return end

    def _tails_of(self, call: int) -> list[int]:
        """Give what an end hangs on; checkpoints gather what is too much for one node."""
        tails = self._lineage.answers.open_calls[call].all()
        while len(tails) > MAX_PREV:
            gathered = self._add_closing(Kind.CHECKPOINT, tails[1 : MAX_PREV + 1])
            # The first one tells whose end it is.
            tails = [tails[0], *tails[MAX_PREV + 1 :], gathered]
        return tails

    def add_flags(self, about: int, contents: Iterable[bytes]) -> None:
        """Sign what a detector says of a node (SPEC §6.4); it changes no strand."""
        name = (self._lineage.text(about),)
        for content in contents:
            draft = Draft(
                kind=Kind.FLAG,
                origin=Origin.PROXY,
                media=_JSON,
                content=content,
                attrs=b"{}",
                prev=name,
                about=name,
            )
            self.add(draft, (about,))

    def add_seal(self) -> int:
        """Sign the seal over every tail, gathering them by checkpoints where they are many."""
        tails = sorted(self._lineage.tails)
        while len(tails) > MAX_PREV:
            gathered = self._add_closing(Kind.CHECKPOINT, tails[:MAX_PREV])
            tails = [*tails[MAX_PREV:], gathered]
        return self._add_closing(Kind.SEAL, tails)

    def add_checkpoint(self, end: int) -> int:
        """Sign a checkpoint behind an end (SPEC §11.6); each names the one before it too.

        So however many there are, they are one tail, and no strand hangs on them.
        """
        lineage = self._lineage
        before = lineage.last_checkpoint
        prev = [end] if before not in lineage.tails else [before, end]
        return self._add_closing(Kind.CHECKPOINT, prev)

    def _add_closing(self, kind: Kind, prev: Sequence[int]) -> int:
        tree = self._lineage.tree()
        draft = Draft(
            kind=kind,
            origin=Origin.PROXY,
            media="text/plain",
            content=b"",
            attrs=b"{}",
            prev=self._texts(prev),
            seal=SealClaim(tree.count, encode(tree.head())),
        )
        return self.add(draft, prev)


def _body(body: BodyDigest) -> Body:
    return Body(*body.claims())


def _attrs(**said: str | None) -> bytes:
    return msgspec.json.encode(_said(**said), order="sorted")


def _said(**said: str | None) -> dict[str, str]:
    """Give what is known of these, and is no longer than a name."""
    return {name: value for name, value in said.items() if value is not None and not is_long(value)}
