"""Every braid up to a bound, and every file that someone without a key can make of signed nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from model.rules import ALL, MAX_PREV, File, Kind, Node, Rule, accepted

UNKNOWN = "unknown"


def _subsets(names: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    for size in range(1, most + 1):
        yield from combinations(names, size)


def honest(bound: int, braid: str = "A") -> Iterator[tuple[Node, ...]]:
    """Give every braid of at most `bound` nodes that an honest recorder could have signed."""
    first = Node(f"{braid}0", braid, 0, (), Kind.SAY)
    todo: list[tuple[Node, ...]] = [(first,)]
    while todo:
        nodes = todo.pop()
        yield nodes
        if len(nodes) < bound:
            todo += [(*nodes, node) for node in _next(nodes, braid)]


def _next(nodes: tuple[Node, ...], braid: str) -> Iterator[Node]:
    names = tuple(node.name for node in nodes)
    named = {name for node in nodes for name in node.prev}
    tails = tuple(name for name in names if name not in named)
    for kind in Kind:
        choices: Iterable[tuple[str, ...]] = _subsets(names, MAX_PREV)
        if kind is Kind.NOTE:
            choices = ((name,) for name in names)
        elif kind is Kind.END:
            choices = _subsets(names, len(names))  # one for each candidate
        elif kind is Kind.SEAL:
            choices = (tails,)
        for prev in choices:
            over = names if kind is Kind.SEAL else ()
            node = Node(f"{braid}{len(nodes)}", braid, len(nodes), prev, kind, over)
            if accepted((*nodes, node), braid):
                yield node


def files(
    pool: Sequence[Node], braid: str, most: int, rules: frozenset[Rule] = ALL
) -> Iterator[tuple[Node, ...]]:
    """Give every accepted sequence of at most `most` nodes of the pool, each any number of times.

    That is whatever can be had by dropping, reordering, repeating, transplanting and cutting.
    """
    todo: list[tuple[Node, ...]] = [()]
    while todo:
        file = todo.pop()
        if file:
            yield file
        if len(file) < most:
            longer = ((*file, node) for node in pool)
            todo += [each for each in longer if accepted(each, braid, rules)]


def attack(file: File, whole: File, braid: str = "A") -> str:
    """Name what was done to make a file of an honest braid."""
    if any(node.braid != braid for node in file):
        return "transplanted"
    names = [node.name for node in file]
    if len(set(names)) < len(names):
        return "repeated"
    order = [node.name for node in whole]
    if names == order:
        return "nothing"
    if names == order[: len(names)]:
        return "truncated"
    kept = [name for name in order if name in names]
    return "dropped" if names == kept else "reordered"


def any_node(place: int, most: int) -> Iterator[Node]:
    """Give every node that could stand at a place, were nothing checked: links lead anywhere.

    To any of the first `most` nodes, that is, and to one that is nowhere.
    """
    names = [f"A{other}" for other in range(max(most, place + 1))]
    before = tuple(names[:place])
    for kind in Kind:
        for prev in ((), *_subsets([*names[:most], UNKNOWN], MAX_PREV)):
            for over in dict.fromkeys((before, before[::-1])) if kind is Kind.SEAL else ((),):
                yield Node(names[place], "A", place, prev, kind, over)


def dishonest(most: int, rules: frozenset[Rule] = ALL) -> Iterator[tuple[Node, ...]]:
    """Give every accepted file of at most `most` nodes that the key's own holder can make.

    More than that: links to oneself and to later nodes, which no one can sign, are in it.
    """
    todo: list[tuple[Node, ...]] = [()]
    while todo:
        file = todo.pop()
        if file:
            yield file
        if len(file) < most:
            longer = ((*file, node) for node in (*any_node(len(file), most), *file))
            todo += [each for each in longer if accepted(each, "A", rules)]
