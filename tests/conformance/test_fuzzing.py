"""Two verifiers, written apart, agree on transcripts that nobody would write.

BRAID_FUZZ says on how many, 1,000 if it is not set; .ci/run asks for 10,000.
"""

from __future__ import annotations

import json
import os
from collections import Counter, deque
from itertools import islice
from pathlib import Path
from typing import Any

from conformance.agreement import compared, failures_of_first_class, judged_under
from conformance.mutations import Mutant, mutants
from conformance.second_verifier import SecondVerifier
from fakes.braids import conversation, sealed_conversation
from vectors.tlog import LOG, SECOND, WITNESS

HERE = Path(__file__).parent
VECTORS = HERE.parent / "vectors"
INDEX: dict[str, Any] = json.loads((VECTORS / "index.json").read_text("utf-8"))
MUTANTS = int(os.environ.get("BRAID_FUZZ", "1000"))
SEED = 1
PINS: dict[str, Any] = {"logs": [LOG.vkey], "witnesses": [WITNESS.vkey, SECOND.vkey]}
UNDER_WAY = 32  # questions sent ahead, so that both verifiers work at once
LARGEST_BASE = 60_000


def bases() -> tuple[dict[str, bytes], list[str]]:
    """Give what is mutated, by name, and the names of what is honest."""
    files = {case["name"]: (VECTORS / case["file"]).read_bytes() for case in INDEX["vectors"]}
    files = {name: raw for name, raw in files.items() if len(raw) <= LARGEST_BASE}
    honest = [case["name"] for case in INDEX["vectors"] if case["result"] == "verified"]
    real = {
        "recorded": (HERE / "recorded.braid.json").read_bytes(),  # what `braid demo` recorded
        "conversation": conversation().transcript(),
        "sealed conversation": sealed_conversation().transcript(),
    }
    return files | real, [*(name for name in honest if name in files), *real]


def test_both_verifiers_say_the_same_of_every_mutant() -> None:
    files, honest = bases()
    roots = [INDEX["root"]]
    seen: Counter[str] = Counter()
    waiting: deque[tuple[Mutant, Any]] = deque()

    def settle(second: SecondVerifier) -> None:
        mutant, here = waiting.popleft()
        assert (str(mutant), compared(second.receive())) == (str(mutant), compared(here))
        failures = failures_of_first_class(here)
        seen[failures[0][0] if failures else here["result"]] += 1
        seen[f"witnessed {here['claims']['witnessed']['answer']}"] += 1

    with SecondVerifier() as second:
        for mutant in islice(mutants(SEED, files, honest), MUTANTS):
            second.send("verify", mutant.raw, roots=roots, **PINS)
            waiting.append((mutant, judged_under(mutant.raw, roots, PINS)))
            if len(waiting) == UNDER_WAY:
                settle(second)
        while waiting:
            settle(second)
    # The comparison is worth what it reaches: every check, and files that pass.
    if MUTANTS >= 1000:
        assert seen.keys() >= {
            "verified", "E_SIG", "E_CALL", "E_CONTEXT", "E_PAIR", "E_SEAL", "E_PROOF",
            "witnessed yes", "witnessed no",
        }  # fmt: skip


def test_mutants_are_the_same_each_time_and_different_from_another_seed() -> None:
    files, honest = bases()
    one, again, other = (
        [mutant.raw for mutant in islice(mutants(seed, files, honest), 30)] for seed in (1, 1, 2)
    )
    assert one == again
    assert sum(raw == there for raw, there in zip(one, other, strict=True)) < 5


def test_what_is_taken_apart_and_left_as_it_was_verifies_again() -> None:
    from conformance.story import sign_again, take_apart

    files, honest = bases()
    for name in honest:
        again = sign_again(take_apart(files[name], "mutant"))
        report = judged_under(again, [INDEX["root"]], PINS)
        assert failures_of_first_class(report) == [], name
