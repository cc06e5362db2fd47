"""The rules of logs, checked for everything up to a bound: what an operator, or anyone, can still do.

`docs/model.md` says what comes out; the bounds below are those it states.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations, product

import pytest

from braid.checkpoint import Checkpoint, sign_checkpoint
from braid.errors import Malformed
from braid.log_entry import EntryKind, LogEntry
from braid.log_proof import LogProof, check_log_proof
from braid.note import NoteSigner, SignatureType
from braid.strict_json import Json
from braid.tree import (
    CompactRange,
    check_consistency,
    hash_leaf,
    prove_consistency,
    prove_inclusion,
    tree_head,
)
from braid_verifier.logged import LogProofs, Of
from braid_verifier.pins import Pins
from model.log_rules import (
    CERTIFICATE,
    EVERY,
    Log,
    Proof,
    Rule,
    can_cosign,
    continues,
    holds,
    logged,
    logs,
    witnessed,
)

# Entries by name: c and s are our braid's certificate and seal, S another seal of it (another
# story), x whatever else.
SEAL = "seal"
STORY = {CERTIFICATE: "c", SEAL: "s"}
OTHER_STORY = {CERTIFICATE: "c", SEAL: "S"}
OPEN = {CERTIFICATE: "c"}
ONE = frozenset({"w"})


def proofs_in(log: Log, **more: object) -> Iterator[Proof]:
    """Give every proof that could be written under a log's checkpoint, true or not."""
    for of, index in product((CERTIFICATE, SEAL), range(len(log) + 1)):
        yield replace(Proof(of, index, log), **more)  # type: ignore[arg-type]


def honest_logs(most: int) -> Iterator[Log]:
    """Give each log of an honest operator, in which certificate and seal stand once, in order."""
    for log in logs(most, "csx"):
        story = [entry for entry in log if entry != "x"]
        if story in ([], ["c"], ["c", "s"]):
            yield log


def test_whoever_has_no_key_can_only_take_proofs_away() -> None:
    """All lists of up to three proofs out of all that an honest log of up to 5 entries ever signed."""
    seen: set[tuple[str, ...]] = set()
    for log in honest_logs(5):
        signed = [log[:length] for length in range(1, len(log) + 1)]
        pool = [proof for each in signed for proof in proofs_in(each)]
        true = [proof for proof in pool if holds([proof], STORY)]
        assert all(proof.log[proof.index] == STORY[proof.of] for proof in true)
        for number in range(1, 4):
            for made in product(true, repeat=number):
                for things in (STORY, OPEN):
                    if logged(made, things):
                        assert set(things.values()) <= set(log)
                        seen.add(tuple(sorted(proof.of for proof in made)))
    # Never a proof twice, never one of what was cut off, never yes where one is missing.
    assert seen == {(CERTIFICATE,), (CERTIFICATE, SEAL)}


def test_what_a_missing_rule_lets_through() -> None:
    """An operator that signs two logs, each of up to 3 entries, for one transcript."""

    def made(rules: frozenset[Rule]) -> set[str]:
        found: set[str] = set()
        for one, other in product(logs(3, "csx"), repeat=2):
            for proofs in product(proofs_in(one), proofs_in(other)):
                if not logged(proofs, STORY, rules):
                    continue
                first, second = proofs
                if any(p.log[p.index : p.index + 1] != (STORY[p.of],) for p in proofs):
                    found.add("what is not there")
                if first.of == second.of:
                    found.add("one thing twice")
                elif min(proofs, key=lambda p: p.of).index >= max(p.index for p in proofs):
                    found.add("a certificate behind its seal")
                if len(one) == len(other) and one != other:
                    found.add("two heads of one size")
                if not continues(one, other) and not continues(other, one):
                    found.add("a fork")
        return found

    assert made(EVERY) == {"a fork"}  # of other sizes: one transcript alone does not show it
    assert made(EVERY - {Rule.HEAD}) == {"a fork", "two heads of one size"}
    assert made(EVERY - {Rule.PLACE}) == {"a fork", "a certificate behind its seal"}
    assert made(EVERY - {Rule.IN}) == {"a fork", "what is not there"}
    assert "one thing twice" in made(EVERY - {Rule.ONE, Rule.ALL})


def both_told(one: Log, other: Log, seen: frozenset[str] = frozenset()) -> bool:
    """Tell whether two transcripts of one braid, each with its seal, pass under these checkpoints."""
    return all(
        any(logged(made, things) for made in product(proofs_in(log, seen=seen), repeat=2))
        for log, things in ((one, STORY), (other, OTHER_STORY))
    )


FORKS = [
    (one, other)
    for one, other in product(logs(3, "csS"), repeat=2)
    if "S" not in one and "s" not in other and both_told(one, other)
]


def test_without_a_witness_a_log_can_show_each_reader_another_story() -> None:
    """Two sealed stories of one braid, both `logged`, and neither log has the other's seal."""
    assert FORKS
    for one, other in FORKS:
        assert not continues(one, other) and not continues(other, one)
        # That is what the report says is not proven.
        proofs = [Proof(CERTIFICATE, one.index("c"), one), Proof(SEAL, one.index("s"), one)]
        if holds(proofs, STORY):
            assert logged(proofs, STORY) and not witnessed(proofs, STORY, ONE, 1)


def test_an_honest_witness_cosigns_logs_of_one_history_whatever_it_is_shown() -> None:
    """Every order of up to 4 checkpoints out of all logs of up to 3 entries of two kinds."""
    every = list(logs(3, "sS"))
    for shown in product(every, repeat=4):
        for one, other in combinations(can_cosign(shown), 2):
            assert continues(one, other) or continues(other, one)
    assert any(len(can_cosign(shown)) == 3 for shown in permutations(every, 3))


def test_with_an_honest_witness_both_stories_stand_in_the_longer_log() -> None:
    """So whoever reads the log that a transcript was proven in finds the other one there."""
    every = [log for log in logs(4, "csS") if log.count("c") == 1]
    pairs = 0
    for one, other in product(every, repeat=2):
        if (
            "s" in one
            and "S" in other
            and {one, other} <= can_cosign(sorted((one, other), key=len))
        ):
            longer = max(one, other, key=len)
            assert {"s", "S"} <= set(longer)
            pairs += 1
    assert pairs
    assert not any({one, other} <= can_cosign(order) for one, other in FORKS
                   for order in ((one, other), (other, one)))  # fmt: skip


def test_a_witness_that_forgets_is_worth_as_little_as_one_that_lies() -> None:
    """Hence it must have kept a checkpoint before it cosigns it (SPEC §13.3)."""
    for one, other in FORKS:
        assert can_cosign((one, other), forgets=True) == {one, other}
        assert can_cosign((one, other), lies=True) == {one, other}


@pytest.mark.parametrize("many", [1, 2, 3, 4])
def test_how_many_witnesses_may_lie(many: int) -> None:
    """Two readers of a fork, each with a quorum: possible where lying ones fill the overlap."""
    one, other = FORKS[0]
    for quorum in range(1, many + 1):
        for lying in range(many + 1):
            # An honest witness cosigns the side that it is shown first, and that alone.
            sides = [can_cosign(order) for order in ((one, other), (other, one))]
            assert sides == [{one}, {other}]
            split = any(
                shown.count(0) + lying >= quorum and shown.count(1) + lying >= quorum
                for shown in product((0, 1), repeat=many - lying)
            )
            assert split is (2 * quorum - many <= lying)


# --- the bridge: what the model says is what the real hashes, signatures and the verifier say

SIGNER = NoteSigner("log.example/model", bytes([7]) * 32, SignatureType.NOTE)
PINS = Pins(logs=(SIGNER.public,))
TEXT = "A" * 86
ENTRIES = {
    "c": LogEntry(EntryKind.CERTIFICATE, '{"c":1}', TEXT, TEXT),
    "s": LogEntry(EntryKind.SEAL, '{"s":1}', TEXT),
    "S": LogEntry(EntryKind.SEAL, '{"s":2}', TEXT),
    "x": LogEntry(EntryKind.SEAL, '{"x":1}', TEXT),
}


class Real:
    """A log with real hashes."""

    def __init__(self, log: Log) -> None:
        self.size, self._hashes = len(log), dict[tuple[int, int], bytes]()
        tree = CompactRange()
        for index, name in enumerate(log):
            for level, value in enumerate(tree.append_hash(hash_leaf(ENTRIES[name].raw))):
                self._hashes[level, index >> level] = value

    def read(self, level: int, index: int) -> bytes:
        return self._hashes[level, index]

    @property
    def head(self) -> bytes:
        return tree_head(self.read, self.size)

    def proof(self, index: int) -> LogProof:
        path = prove_inclusion(self.read, min(index, self.size - 1), self.size)
        checkpoint = Checkpoint(SIGNER.public.name, self.size, self.head)
        return LogProof(index, path, sign_checkpoint(SIGNER, checkpoint))


def test_real_proofs_of_consistency_are_those_of_the_model() -> None:
    """Whatever log the proof comes out of: all pairs of logs of up to 4 entries of two kinds."""
    real = {log: Real(log) for log in logs(4, "sx")}
    for old, new in product(real, repeat=2):
        fits = False
        for source in (log for log in real if len(log) == len(new) and len(old) <= len(log)):
            proof = prove_consistency(real[source].read, len(old), len(new))
            try:
                check_consistency(len(old), real[old].head, len(new), real[new].head, proof)
                fits = True
            except Malformed:
                pass
        assert fits is (continues(old, new)), (old, new)


def test_real_proofs_of_inclusion_are_those_of_the_model() -> None:
    for log in logs(4, "sx"):
        for index, name in product(range(len(log) + 1), "sxc"):
            there = log[index] if index < len(log) else None
            try:
                check_log_proof(Real(log).proof(index), ENTRIES[name].raw)
                fits = True
            except Malformed:
                fits = False
            assert fits is (there == name)


def test_the_verifier_says_of_two_proofs_what_the_model_says() -> None:
    """All pairs of proofs, each true by itself, under logs of up to 3 entries of three kinds."""
    entries = {Of.CERTIFICATE: ENTRIES["c"], Of.SEAL: ENTRIES["s"]}
    singles = [proof for log in logs(3, "csx") for proof in proofs_in(log) if holds([proof], STORY)]
    texts = {proof: Real(proof.log).proof(proof.index).text for proof in singles}
    answers = set()
    for made in product(singles, repeat=2):
        taken = LogProofs(entries, PINS, 1)
        try:
            for proof in made:
                said: dict[str, Json] = {"type": "log", "of": proof.of, "proof": texts[proof]}
                taken.take(said)
            answer = (True, taken.cover(witnessed=False))
        except Malformed:
            answer = (False, False)
        assert answer == (holds(made, STORY), logged(made, STORY)), made
        answers.add(answer)
    assert answers == {(True, True), (False, False)}
