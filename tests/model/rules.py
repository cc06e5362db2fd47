"""The graph rules of SPEC §4 and §11 in the abstract, written down apart from the verifier.

A node is what its signature binds and nothing else. Signing is perfect here: a node is an
immutable value that only its braid's key makes, known by its `name`, as signatures are.
A rule is a function of a file, which is a sequence of nodes; rules can be left out, to see what
each is for. Rules about logs would be further functions of the same kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_PREV = 2  # the model's own; enough for strands to split and merge


class Kind(StrEnum):
    """What of the kinds matters to the graph."""

    SAY = "say"  # anything of a client's
    CALL = "call"
    ANSWER = "answer"  # anything of a provider's
    END = "end"
    NOTE = "note"  # an annotation or flag: may come at any time
    SEAL = "seal"


@dataclass(frozen=True, slots=True)
class Node:
    """A signed node; `prev` and `sealed` hold names, `sealed` those that a seal's tree is over."""

    name: str
    braid: str
    seq: int
    prev: tuple[str, ...]
    kind: Kind
    sealed: tuple[str, ...] = ()


File = Sequence[Node]


class Rule(StrEnum):
    """The rules by which a file is judged; the first four are those the idea began with."""

    SIGNED = "signed"  # each node is signed by the file's one key
    UNIQUE = "unique"  # no signature stands twice
    GENESIS = "genesis"  # the first node, and no other, has no previous signature
    PREV = "prev"  # each previous signature is an earlier node's
    SEQ = "seq"  # a node's seq is its place
    PAIR = "pair"  # an answer has an open call, an end names exactly the tails of one
    SEAL = "seal"  # a seal seals what stands before it, all of it, and nothing follows


ALL = frozenset(Rule)
FOUR = frozenset({Rule.SIGNED, Rule.UNIQUE, Rule.GENESIS, Rule.PREV})


def _signed(file: File, braid: str) -> bool:
    return all(node.braid == braid for node in file)


def _unique(file: File, braid: str) -> bool:
    return len({node.name for node in file}) == len(file)


def _genesis(file: File, braid: str) -> bool:
    return all((place == 0) == (not node.prev) for place, node in enumerate(file))


def _prev(file: File, braid: str) -> bool:
    earlier: set[str] = set()
    for node in file:
        if not earlier.issuperset(node.prev):
            return False
        earlier.add(node.name)
    return True


def _seq(file: File, braid: str) -> bool:
    return all(node.seq == place for place, node in enumerate(file))


def _pair(file: File, braid: str) -> bool:
    owner: dict[str, str] = {}
    tails: dict[str, set[str]] = {}  # of each open call
    for node in file:
        owners = {owner.get(name, "") for name in node.prev}
        if node.kind is Kind.CALL:
            owner[node.name] = node.name
            tails[node.name] = {node.name}
        elif node.kind is Kind.ANSWER:
            call = owner.get(node.prev[0], "") if node.prev else ""
            if call not in tails:
                return False
            owner[node.name] = call
            tails[call] = tails[call].difference(node.prev) | {node.name}
        elif node.kind is Kind.END:
            (call,) = owners if len(owners) == 1 else ("",)
            if call not in tails or tails.pop(call) != set(node.prev):
                return False
        elif node.kind is Kind.SEAL and tails:
            return False
    return True


def _seal(file: File, braid: str) -> bool:
    for place, node in enumerate(file):
        if node.kind is not Kind.SEAL:
            continue
        before = file[:place]
        named = {name for other in before for name in other.prev}
        if (
            place != len(file) - 1
            or node.sealed != tuple(other.name for other in before)
            or set(node.prev) != {other.name for other in before} - named
        ):
            return False
    return True


_CHECKS: dict[Rule, Callable[[File, str], bool]] = {
    Rule.SIGNED: _signed,
    Rule.UNIQUE: _unique,
    Rule.GENESIS: _genesis,
    Rule.PREV: _prev,
    Rule.SEQ: _seq,
    Rule.PAIR: _pair,
    Rule.SEAL: _seal,
}


def accepted(file: File, braid: str, rules: frozenset[Rule] = ALL) -> bool:
    """Tell whether a file passes these rules as one of that braid.

    What fails keeps failing however the file goes on; searches rely on that.
    """
    return bool(file) and all(_CHECKS[rule](file, braid) for rule in Rule if rule in rules)


def sealed(file: File) -> bool:
    """Tell whether an accepted file reads as sealed; every other reads as open."""
    return any(node.kind is Kind.SEAL for node in file)
