"""Both verifiers, and a third reading of SPEC §9.3 to §9.5, agree on what roots may have said of each other."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from braid_verifier import Policy, verify
from conformance.agreement import answers, compared, places
from conformance.second_verifier import SecondVerifier
from vectors.closures import closure
from vectors.conversations import short
from vectors.formulas import compact, encode
from vectors.revocations import BRAID, revocation
from vectors.rotations import rotation
from vectors.weaver import ROOT, Braid, Key

ROUNDS = 250
KEYS = [ROOT, Key("root b"), Key("root c"), Key("root d")]
MOMENTS = [f"2026-01-{day:02}T00:00:00.000Z" for day in (1, 10, 15, 20)]
CERTIFIED = MOMENTS[0]
CLOSED = MOMENTS[2]


@dataclass(frozen=True)
class Turn:
    old: int
    new: int
    time: str


@dataclass(frozen=True)
class End:
    key: int | None  # None is the braid's
    by: int
    reason: str
    since: str


Said = Turn | End


def drawn(dice: random.Random) -> Said:
    if dice.random() < 0.5:
        old, new = dice.sample(range(len(KEYS)), 2)
        return Turn(old, new, dice.choice(MOMENTS))
    key = dice.choice([None, 0, 0, 1, 2, 3])
    reasons = ["lost", "stolen"] if key is None else ["stolen", "retired", "retired"]
    return End(key, dice.randrange(len(KEYS)), dice.choice(reasons), dice.choice(MOMENTS))


def written(said: Said) -> dict[str, Any]:
    if isinstance(said, Turn):
        time = said.time
        return rotation(KEYS[said.old], KEYS[said.new], lambda fields: fields.update(time=time))
    key, of = (BRAID, "braid") if said.key is None else (KEYS[said.key], "root")
    return revocation(key, KEYS[said.by], of=of, reason=said.reason, since=said.since)


def leads(turns: list[Turn], start: int) -> set[int]:
    """The roots that a root handed over to, itself among them: by going on until nothing is new."""
    found = {start}
    while more := {turn.new for turn in turns if turn.old in found} - found:
        found |= more
    return found


def has_a_say(end: End, turns: list[Turn], certified_by: int) -> bool:
    if end.key is None:
        return end.by in leads(turns, certified_by)
    return end.by in leads(turns, end.key) or end.key in leads(turns, end.by)


def expected(
    inside: list[Said], apart: list[Said], certified_by: int, closed_by: int | None, pinned: int
) -> tuple[set[str], str, str]:
    """Say by the words of SPEC which failures there are, and what `signer` and `closed` get."""
    turns = [each for each in inside if isinstance(each, Turn)]
    ends = [each for each in inside if isinstance(each, End)]
    chain = [turn.old for turn in turns] + [turn.new for turn in turns[-1:]]
    chained = all(a.new == b.old for a, b in pairwise(turns))
    holds = not turns or (chained and len(set(chain)) == len(chain) and certified_by in chain)
    known = {None, certified_by, *chain}
    holds = holds and all(end.key in known and has_a_say(end, turns, certified_by) for end in ends)
    holds = holds and len(set(ends)) == len(ends)
    holds = holds and (closed_by is None or closed_by in leads(turns, certified_by))
    if not holds:
        turns, ends, closed_by = [], [], None
    turns = turns + [each for each in apart if isinstance(each, Turn)]
    told = [each for each in apart if isinstance(each, End)]
    ends = ends + [end for end in told if has_a_say(end, turns, certified_by)]

    def gone(key: int | None, time: str) -> bool:
        return any(e.key == key and (e.reason != "retired" or time >= e.since) for e in ends)

    revoked = gone(None, "") or gone(certified_by, CERTIFIED)
    sound = [turn for turn in turns if not gone(turn.old, turn.time)]
    trusted = not revoked and certified_by in leads(sound, pinned)
    closed = closed_by is not None and not gone(closed_by, CLOSED)
    closed = closed and closed_by in leads(sound, certified_by)
    failures = {"E_PROOF"} - ({"E_PROOF"} if holds else set())
    failures |= {"E_REVOKED"} if revoked else set()
    return failures, "yes" if trusted else "no", "yes" if closed else "no"


def conversation(dice: random.Random, number: int) -> tuple[Any, bytes, list[bytes]]:
    certified_by, pinned = dice.choice([0, 0, 1]), dice.choice([0, 0, 1])
    closed_by = dice.choice([None, None, certified_by, 1, 2])
    inside: list[Said] = [drawn(dice) for _ in range(dice.choice([0, 0, 1, 2, 3]))]
    if dice.random() < 0.5:  # as chance alone seldom makes a chain
        inside.clear()
        inside += [Turn(a, b, dice.choice(MOMENTS)) for a, b in ((0, 1), (1, 2))[: number % 3]]
        inside += [each for each in (drawn(dice),) if dice.random() < 0.7 and isinstance(each, End)]
    apart = [drawn(dice) for _ in range(dice.choice([0, 0, 1, 3]))]
    braid: Braid = short()
    braid.remove("seal")
    braid.root = KEYS[certified_by]
    proofs = [written(each) for each in inside]
    if closed_by is not None:
        root = KEYS[closed_by]
        fields = {"root": encode(root.public), "time": CLOSED}
        proofs.append(closure(braid, lambda f: f.update(fields), by=root))
    braid.proofs = proofs
    told = "".join(compact(written(each)) + "\n" for each in apart)
    said = expected(inside, apart, certified_by, closed_by, pinned)
    return (said, pinned), braid.sign().write(), [told.encode()]


def test_whatever_roots_said_all_three_readings_agree() -> None:
    dice, seen = random.Random(6), Counter[str]()
    with SecondVerifier() as second:
        for number in range(ROUNDS):
            (said, pinned), raw, told = conversation(dice, number)
            roots = [encode(KEYS[pinned].public)]
            here = verify(raw, Policy(), roots, statements=told).to_json()
            failures = {code for code, _ in places(here) if code.startswith("E_")}
            assert (failures, answers(here)["signer"], answers(here)["closed"]) == said, number
            there = second.ask(
                "verify", raw, roots=roots, statements=[each.decode() for each in told]
            )
            assert compared(there) == compared(here), number
            codes = {code for code, _ in places(there) if code.startswith("E_")}
            assert codes == failures, number
            seen[f"{','.join(sorted(failures))} {said[1]} {said[2]}"] += 1
    assert len(seen) >= 8, seen
    assert min(seen[kind] for kind in (" yes yes", " yes no", " no no", "E_REVOKED no no")) > 5, (
        seen
    )
