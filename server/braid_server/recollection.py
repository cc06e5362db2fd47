"""What judging asks of a braid in the store: implements `braid_verifier.judgement.Memory`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from braid import strict_json
from braid.node import read_header
from braid.wire.block import Block
from braid_server.known import Known
from braid_server.lineage import Lineage
from braid_server.store.rows import Reading
from braid_verifier.judgement import Judgement, Resent
from braid_verifier.judging import judge


class Recollection:
    """One braid, within one transaction; blocks are read from the store only where asked for.

    `fresh` are blocks that this transaction makes nodes of, which need not be read back.
    """

    def __init__(
        self,
        reading: Callable[[], Reading],
        lineage: Lineage | None,
        fresh: Mapping[int, Block] | None = None,
    ) -> None:
        self._reading = reading
        self._lineage = lineage
        self._nodes: Sequence[Known] = () if lineage is None else lineage.nodes
        self._fresh = fresh or {}

    @property
    def _known_braid(self) -> Lineage:
        assert self._lineage is not None  # nothing names a node of no braid
        return self._lineage

    def known(self, node: int) -> Known:
        return self._nodes[node]

    def find(self, match: bytes) -> int | None:
        return None if self._lineage is None else self._lineage.said(match)

    def find_call(self, name: str) -> int | None:
        return None if self._lineage is None else self._lineage.called(name)

    def block(self, node: int) -> Block | None:
        if node in self._fresh:
            return self._fresh[node]
        lineage = self._known_braid
        rows = [self._reading().node(lineage.number, part) for part in lineage.block_at(node)]
        opened = [row.node.opened for row in rows if row is not None and row.node.opened]
        if rows[0] is None or len(opened) < len(rows):
            return None
        header = read_header(rows[0].node.h)
        said = [strict_json.read_object(part.attrs, "attrs") for part in opened]
        # The last parts may hold what did not fit into attrs, and that is not content.
        content = (
            part.content
            for part, attrs in zip(opened, said, strict=True)
            if attrs.get("provider") == said[0].get("provider")
        )
        return Block(header.kind, header.origin, header.media, b"".join(content), said[0])

    def judge(
        self,
        path: Sequence[int],
        messages: Sequence[Resent],
        *,
        held: bool = False,
        partial: bool = False,
        asked: bool = False,
        named: bool = False,
        before: Sequence[int] = (),
        sent: Sequence[Resent] = (),
    ) -> Judgement:
        """Judge messages beside a conversation of this braid, of which later parts do not count."""
        if self._lineage is not None:
            nodes = self._lineage.nodes
            path = [node for node in path if not nodes[node].follows]
        return judge(
            self,
            path,
            messages,
            held=held,
            partial=partial,
            asked=asked,
            named=named,
            before=before,
            sent=sent,
        )
