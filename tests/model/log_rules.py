"""The rules of logs and witnesses, SPEC §13, in the abstract, written down apart from the verifier.

Hashing and signing are perfect here: a log's head is the log itself, a tuple of entries, and only
the log's key makes a checkpoint of it, only a witness's key a cosignature. A proof of consistency
exists where one log is the beginning of the other, of inclusion where the entry stands there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product

Log = tuple[str, ...]
CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof in a transcript; `log` is what the checkpoint is over, `seen` who cosigned that."""

    of: str
    index: int
    log: Log
    signed: bool = True  # by the log's key
    seen: frozenset[str] = frozenset()


class Rule(StrEnum):
    """What is asked of the proofs of a transcript."""

    IN = "in"  # the entry stands there
    SIGNED = "signed"  # the log's key signed the checkpoint
    ONE = "one"  # one proof of a thing
    HEAD = "head"  # two checkpoints of one size are one
    PLACE = "place"  # the certificate stands before what it certifies
    ALL = "all"  # everything there is has its proof: else the answer is no, and nothing fails


EVERY = frozenset(Rule)


def holds(proofs: Sequence[Proof], things: dict[str, str], rules: frozenset[Rule] = EVERY) -> bool:
    """Tell whether proofs hold in a transcript that has these things, each an entry by its name."""
    return all(_holds_alone(proof, things, rules) for proof in proofs) and all(
        _holds_beside(one, other, rules)
        for number, one in enumerate(proofs)
        for other in proofs[:number]
    )


def _holds_alone(proof: Proof, things: dict[str, str], rules: frozenset[Rule]) -> bool:
    if proof.of not in things or (Rule.SIGNED in rules and not proof.signed):
        return False
    there = proof.log[proof.index] if 0 <= proof.index < len(proof.log) else None
    return Rule.IN not in rules or there == things[proof.of]


def _holds_beside(one: Proof, other: Proof, rules: frozenset[Rule]) -> bool:
    if Rule.ONE in rules and one.of == other.of:
        return False
    if Rule.HEAD in rules and len(one.log) == len(other.log) and one.log != other.log:
        return False
    if Rule.PLACE in rules and CERTIFICATE in (one.of, other.of) and one.of != other.of:
        first, later = (one, other) if one.of == CERTIFICATE else (other, one)
        return first.index < later.index
    return True


def logged(proofs: Sequence[Proof], things: dict[str, str], rules: frozenset[Rule] = EVERY) -> bool:
    """Tell whether a report says `logged: yes`."""
    complete = Rule.ALL not in rules or {proof.of for proof in proofs} == set(things)
    return bool(proofs) and complete and holds(proofs, things, rules)


def witnessed(
    proofs: Sequence[Proof], things: dict[str, str], pinned: Collection[str], quorum: int
) -> bool:
    """Tell whether a report says `witnessed: yes`."""
    enough = all(len(proof.seen.intersection(pinned)) >= quorum for proof in proofs)
    return logged(proofs, things) and enough


def continues(old: Log, new: Log) -> bool:
    """Tell whether there is a proof of consistency, or nothing to prove."""
    return new[: len(old)] == old


@dataclass(slots=True)
class Witness:
    """One that keeps what it cosigned; `forgets` is one that does not, `lies` cosigns anything."""

    forgets: bool = False
    lies: bool = False
    kept: Log = ()
    cosigned: set[Log] = field(default_factory=set)

    def show(self, log: Log) -> None:
        """Show it a checkpoint that the log's key signed."""
        if self.lies or continues(self.kept, log):
            if not self.forgets:
                self.kept = log
            self.cosigned.add(log)


def logs(most: int, entries: str) -> Iterator[Log]:
    """Give every log of 1 to `most` of these entries."""
    for length in range(1, most + 1):
        yield from product(entries, repeat=length)


def can_cosign(shown: Iterable[Log], *, forgets: bool = False, lies: bool = False) -> set[Log]:
    """Give what a fresh witness cosigns of checkpoints that it is shown in this order."""
    witness = Witness(forgets, lies)
    for log in shown:
        witness.show(log)
    return witness.cosigned
