"""A known conversation in memory, to judge resent blocks beside."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Container, Sequence
from dataclasses import dataclass

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_verifier.history import canonical, is_spine
from braid_verifier.judgement import Judgement, Resent, is_answer
from braid_verifier.judging import judge


def matched(blocks: Sequence[Block]) -> list[Resent]:
    return [Resent(b, hashlib.sha256(canonical(b)).digest(), is_spine(b)) for b in blocks]


@dataclass(frozen=True, slots=True)
class Node:
    block: Block
    kind: Kind
    match: bytes
    spine: bool
    provided: bool
    owner: int | None


class Past:
    """What a braid knows, in memory: every block in the assistant's voice is the provider's.

    What it says in one go is one answer, called by the number of its first node.
    """

    def __init__(self, *conversations: Sequence[Block]) -> None:
        self.nodes: list[Node] = []
        self.paths: list[list[int]] = []
        for blocks in conversations:
            path = range(len(self.nodes), len(self.nodes) + len(blocks))
            self.paths.append(list(path))
            for block, match, spine in matched(blocks):
                owner: int | None = None
                if provided := is_answer(block):
                    block = dataclasses.replace(block, origin=Origin.PROVIDER)
                    last = self.nodes[-1].owner if self.nodes else None
                    owner = len(self.nodes) if last is None else last
                self.nodes.append(Node(block, block.kind, match, spine, provided, owner))

    def known(self, node: int) -> Node:
        return self.nodes[node]

    def block(self, node: int) -> Block | None:
        return self.nodes[node].block

    def find(self, match: bytes) -> int | None:
        found = (n for n, node in enumerate(self.nodes) if node.provided and node.match == match)
        return next(found, None)

    def find_call(self, name: str) -> int | None:
        found = (n for n, node in enumerate(self.nodes) if node.block.attrs.get("id") == name)
        return next(found, None)

    def judge(self, blocks: Sequence[Block], left_out: Container[int] = ()) -> Judgement:
        """Judge beside the first conversation as a request had it that left nodes out."""
        path = [node for node in self.paths[0] if node not in left_out]
        return judge(self, path, matched(blocks))
