"""Histories made to be slow to judge: what is known, and what comes back, of any length."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterable, Sequence

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_verifier.history import canonical, is_spine
from braid_verifier.judgement import Judgement, Resent
from braid_verifier.judging import judge

Blocks = Sequence[Block]


@dataclasses.dataclass(frozen=True, slots=True)
class Node:
    """A known block; implements `Known`."""

    kind: Kind
    match: bytes
    spine: bool
    provided: bool
    owner: int | None


class Known:
    """A conversation in memory, nodes being its blocks in order; implements `Memory`."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._nodes: list[Node] = []
        self._said: dict[bytes, int] = {}
        self._calls: dict[str, int] = {}
        for place, block in enumerate(blocks):
            provided, match = block.origin is Origin.PROVIDER, canonical(block)
            owner = place if provided else None
            self._nodes.append(Node(block.kind, match, is_spine(block), provided, owner))
            if provided:
                self._said.setdefault(match, place)
                if isinstance(name := block.attrs.get("id"), str):
                    self._calls.setdefault(name, place)

    def known(self, node: int) -> Node:
        return self._nodes[node]

    def block(self, node: int) -> Block:
        return self._blocks[node]

    def find(self, match: bytes) -> int | None:
        return self._said.get(match)

    def find_call(self, name: str) -> int | None:
        return self._calls.get(name)


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """What is known, all of it shown but for the last `aside`, and what comes back."""

    known: Blocks
    back: Blocks
    aside: int = 0

    def judge(self) -> Judgement:
        return self.prepared()()

    def prepared(self) -> Callable[[], Judgement]:
        memory = Known(self.known)
        resent = [Resent(block, canonical(block), is_spine(block)) for block in self.back]
        return lambda: judge(memory, range(len(self.known) - self.aside), resent)


def words(n: int) -> str:
    return f"these are the words of number {n}"


def ask(said: str) -> Block:
    return Block(Kind.PROMPT, Origin.CLIENT, "text/plain", said.encode(), {}, "user")


def say(said: str) -> Block:
    return Block(Kind.TEXT, Origin.PROVIDER, "text/plain", said.encode(), {}, "assistant")


def think(said: str, signature: str = "") -> Block:
    attrs = {"signature": signature} if signature else {}
    return Block(Kind.THINKING, Origin.PROVIDER, "text/plain", said.encode(), attrs, "assistant")


def call(name: str, said: str) -> Block:
    attrs = {"name": "look", "id": name} if name else {"name": "look"}
    given = f'{{"q":"{said}"}}'.encode()
    return Block(Kind.TOOL_USE, Origin.PROVIDER, "application/json", given, attrs, "assistant")


def result(name: str, said: str) -> Block:
    attrs = {"name": "look", "tool_use_id": name} if name else {"name": "look"}
    return Block(Kind.TOOL_RESULT, Origin.CLIENT, "text/plain", said.encode(), attrs, "user")


def back(blocks: Iterable[Block]) -> list[Block]:
    """Give blocks as a client sends them."""
    return [dataclasses.replace(block, origin=Origin.CLIENT) for block in blocks]


def changed(block: Block, how: str = "!!") -> Block:
    """Give a client's block with other words."""
    content = block.content
    said = content[:-2] + how.encode() + content[-2:] if content[:1] == b"{" else content + how.encode()  # fmt: skip
    return dataclasses.replace(block, content=said, origin=Origin.CLIENT)


def talk(n: int) -> list[Block]:
    return [one for k in range(n // 2) for one in (ask(f"asked: {words(k)}"), say(words(k)))]


def work(n: int) -> list[Block]:
    return [
        one
        for k in range(n // 4)
        for one in (
            ask(f"asked: {words(k)}"),
            think(f"thought: {words(k)}", f"c2ln{k:06}"),
            call(f"toolu_{k}", words(k)),
            result(f"toolu_{k}", f"found: {words(k)}"),
        )
    ]


def each(n: int, make: Callable[[int], Block]) -> list[Block]:
    return [make(k) for k in range(n)]


def shuffled(blocks: list[Block]) -> list[Block]:
    random.Random(1).shuffle(blocks)
    return blocks


def _swapped(blocks: list[Block]) -> list[Block]:
    return [one for k in range(0, len(blocks) - 1, 2) for one in (blocks[k + 1], blocks[k])]


Q = ask("What now?")
USE = call("", "x")


def _edited(known: list[Block]) -> Shape:
    """Everything has other words, behind one question."""
    return Shape([Q, *known], [Q, *(changed(block) for block in known)])


SHAPES: dict[str, Callable[[int], Shape]] = {
    "reversed": lambda n: Shape(talk(n), back(talk(n))[::-1]),
    "work reversed": lambda n: Shape(work(n), back(work(n))[::-1]),
    "shuffled": lambda n: Shape(talk(n), shuffled(back(talk(n)))),
    "work shuffled": lambda n: Shape(work(n), shuffled(back(work(n)))),
    "halves swapped": lambda n: Shape(talk(n), back(talk(n)[n // 2 :] + talk(n)[: n // 2])),
    "pairs swapped": lambda n: Shape(talk(n), _swapped(back(talk(n)))),
    "answers left out": lambda n: Shape(talk(n), back(talk(n)[::2])),
    "questions before an answer left out": lambda n: Shape(
        [*(asked := each(n, lambda k: ask(words(k)))), say("x")], back([*asked[::2], say("x")])
    ),
    "questions left out": lambda n: Shape(talk(n), back(talk(n)[1::2])),
    "all edited": lambda n: _edited(talk(n)),
    "every other part of a question left out": lambda n: Shape(
        [Q, say("x"), *each(n, lambda k: ask(words(k))), say("y")],
        [Q, *back([say("x")]), *each(n, lambda k: ask(words(k)))[::2], *back([say("y")])],
    ),
    "every other part of the first question left out": lambda n: Shape(
        [*each(n, lambda k: ask(words(k))), say("x"), Q, say("y")],
        [*each(n, lambda k: ask(words(k)))[::2], Q, *back([say("y")])],
    ),
    "notes behind summaries": lambda n: Shape(
        talk(n),
        [one for k in range(n // 4) for one in (ask(f"sum {k}"), *back([say(f"ok {k}")]))]
        + back(talk(n)[-n // 2 :]),
    ),
    "questions edited": lambda n: Shape(
        talk(n), [changed(one) if one.kind is Kind.PROMPT else one for one in back(talk(n))]
    ),
    "answers edited": lambda n: Shape(
        talk(n), [changed(one) if one.kind is Kind.TEXT else one for one in back(talk(n))]
    ),
    "answers foreign": lambda n: Shape(
        talk(n), [back([say("x")])[0] if one.kind is Kind.TEXT else one for one in back(talk(n))]
    ),
    "one turn shuffled": lambda n: Shape(
        [Q, *each(n, lambda k: say(words(k)))],
        [Q, *shuffled(back(each(n, lambda k: say(words(k)))))],
    ),
    "one word": lambda n: Shape(each(n, lambda k: say("x")), back(each(n + 1, lambda k: say("x")))),
    "texts cut": lambda n: Shape(
        [Q, *each(n, lambda k: say(words(k)))],
        [Q, *back(say(part) for k in range(n) for part in (words(k)[:9], words(k)[9:]))],
    ),
    "texts cut and reversed": lambda n: Shape(
        [Q, *each(n, lambda k: say(words(k)))],
        [Q, *back(say(part) for k in range(n)[::-1] for part in (words(k)[:9], words(k)[9:]))],
    ),
    "thoughts edited": lambda n: _edited(each(n, lambda k: think(words(k), f"c2ln{k}"))),
    "thoughts edited and reversed": lambda n: Shape(
        [Q, *each(n, lambda k: think(words(k), f"c2ln{k}"))],
        [Q, *(changed(think(words(k), f"c2ln{k}")) for k in range(n)[::-1])],
    ),
    "thoughts under one signature": lambda n: Shape(
        [Q, *each(n, lambda k: think(words(k), "c2ln"))],
        [Q, *back(think(f" {words(k)}", "c2ln") for k in range(n)[::-1])],
    ),
    "thoughts edited under one signature": lambda n: _edited(
        each(n, lambda k: think(words(k), "c2ln"))
    ),
    "thoughts of no signature edited": lambda n: _edited(each(n, lambda k: think(words(k)))),
    "calls edited": lambda n: _edited(each(n, lambda k: call(f"toolu_{k}", words(k)))),
    "calls of one id edited": lambda n: _edited(each(n, lambda k: call("toolu", words(k)))),
    "results edited": lambda n: _edited([USE, *each(n, lambda k: result(f"toolu_{k}", words(k)))]),
    "results of one id edited": lambda n: _edited(
        [call("toolu", "x"), *each(n, lambda k: result("toolu", words(k)))]
    ),
    "results of no id edited": lambda n: _edited([USE, *each(n, lambda k: result("", words(k)))]),
    "results of other tools": lambda n: Shape(
        [Q, USE, *each(n, lambda k: result("", words(k)))],
        [
            Q,
            *back([USE]),
            *(
                dataclasses.replace(result("", words(k)), attrs={"name": "other"})
                for k in range(n)[::-1]
            ),
        ],
    ),
    "results without calls left out": lambda n: Shape(
        [Q, *each(n, lambda k: result("", words(k))), say(words(n))],
        [Q, *back([say(words(n))])],
    ),
    "results without calls": lambda n: Shape(
        [Q, say(words(0))],
        [Q, *back([say(words(0))]), *each(n, lambda k: result(f"toolu_{k}", words(k)))],
    ),
    "results dropped": lambda n: Shape(
        [
            Q,
            *each(n // 2, lambda k: call(f"toolu_{k}", words(k))),
            *each(n // 2, lambda k: result(f"toolu_{k}", words(k))),
        ],
        [Q, *back(each(n // 2, lambda k: call(f"toolu_{k}", words(k)))), ask("Why?")],
    ),
    "answers given elsewhere": lambda n: Shape(
        [*talk(n), *each(n, lambda k: say(f"elsewhere: {words(k)}"))],
        back(each(n, lambda k: say(f"elsewhere: {words(k)}"))),
        aside=n,
    ),
    "empty texts between": lambda n: Shape(
        talk(n), [one for said in back(talk(n)) for one in (said, *back([say("")]))]
    ),
    "all new": lambda n: Shape(talk(2), back([*talk(2), *(changed(one) for one in talk(n))])),
}
