"""The rules, checked for every braid up to a bound: what someone without a key can still do.

`docs/model.md` says what comes out; the bounds below are those it states.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product

import pytest

from braid.content import BodyDigest
from braid.context import CHAIN_START
from braid.encoding import decode, encode
from braid.node import Kind as RealKind
from braid.node import Origin, SealClaim
from braid.signing import SecretKey
from braid.strict_json import Json, dumps
from braid.transcript import StoredNode, write_transcript
from braid.tree import SignatureTree
from braid.weave import Draft, weave
from braid_verifier import Answer, ClaimName, Policy, Result, verify
from fakes.braids import fresh
from model.promises import broken
from model.rules import ALL, FOUR, File, Kind, Node, Rule, accepted, sealed
from model.search import UNKNOWN, any_node, attack, dishonest, files, honest

WHOLE, CUT = ("nothing", "open"), ("truncated", "open")
SEALED = ("nothing", "sealed")


def twin(file: File) -> list[Node]:
    """Give the same braid under another key: its nodes are what can be transplanted."""

    def other(name: str) -> str:
        return "B" + name[1:]

    return [
        replace(
            node,
            name=other(node.name),
            braid="B",
            prev=tuple(map(other, node.prev)),
            sealed=tuple(map(other, node.sealed)),
        )
        for node in file
    ]


def possible(bound: int, rules: frozenset[Rule]) -> set[tuple[str, str]]:
    """Give what can be done to some honest braid, and whether the outcome reads as sealed."""
    return {
        (attack(file, whole), "sealed" if sealed(file) else "open")
        for whole in honest(bound)
        for file in files([*whole, *twin(whole)], "A", len(whole) + 1, rules)
    }


def test_the_model_is_not_empty() -> None:
    braids = list(honest(5))
    assert len(braids) == 12_530
    assert sum(map(sealed, braids)) == 125
    assert all(accepted(braid, "A") and not broken(braid) for braid in braids)
    assert {node.kind for braid in braids for node in braid} == set(Kind)


def test_without_a_key_nothing_is_possible_but_cutting_off_the_end_and_that_reads_as_open() -> None:
    assert possible(5, ALL) == {WHOLE, SEALED, CUT}


def test_every_beginning_of_a_braid_is_accepted_so_that_no_one_is_told_otherwise() -> None:
    for whole in honest(4):
        made = set(files([*whole, *twin(whole)], "A", len(whole) + 1))
        assert made == {whole[:length] for length in range(1, len(whole) + 1)}


@pytest.mark.parametrize(
    ("rules", "more"),
    [
        (ALL - {Rule.SIGNED}, {("transplanted", "open"), ("transplanted", "sealed")}),
        (ALL - {Rule.SEQ}, {("dropped", "open"), ("reordered", "open")}),
        (FOUR, {("dropped", "open"), ("reordered", "open"), ("reordered", "sealed")}),
        (FOUR | {Rule.SEQ}, set()),
        (FOUR | {Rule.SEAL}, {("dropped", "open"), ("reordered", "open")}),
        # Seq makes these superfluous as long as the signer is honest.
        (ALL - {Rule.UNIQUE}, set()),
        (ALL - {Rule.GENESIS}, set()),
        (ALL - {Rule.PREV}, set()),
        (ALL - {Rule.PAIR}, set()),
        (ALL - {Rule.SEAL}, set()),
        (ALL - {Rule.UNIQUE, Rule.SEQ}, {("dropped", "open"), ("reordered", "open"),
                                         ("repeated", "open")}),
    ],
)  # fmt: skip
def test_what_a_missing_rule_lets_through(
    rules: frozenset[Rule], more: set[tuple[str, str]]
) -> None:
    assert possible(4, rules) == {WHOLE, SEALED, CUT} | more


def test_a_dishonest_signer_keeps_every_promise_or_is_refused() -> None:
    made = list(dishonest(4))
    assert len(made) > 500 and any(map(sealed, made))
    assert [file for file in made if broken(file)] == []


@pytest.mark.parametrize(
    ("rule", "promises"),
    [
        (Rule.UNIQUE, set()),  # seq says as much
        (Rule.GENESIS, {"one beginning"}),
        (Rule.PREV, {"no cycle", "no orphan", "a seal holds everything"}),
        (Rule.SEQ, set()),
        (Rule.PAIR, {"one end a call", "no answer of nobody"}),
        (Rule.SEAL, {"one end a call", "a seal holds everything"}),
    ],
)
def test_which_promises_a_dishonest_signer_breaks_where_a_rule_is_missing(
    rule: Rule, promises: set[str]
) -> None:
    found = {name for file in dishonest(3, ALL - {rule}) for name in broken(file)}
    assert found == promises


def _stories() -> Iterator[tuple[tuple[Node, ...], tuple[Node, ...]]]:
    """Give two stories under one key that begin alike, as only its holder can sign them."""
    plain = [
        braid
        for braid in honest(4)
        if not {Kind.CALL, Kind.ANSWER, Kind.END} & {node.kind for node in braid}
    ]
    for one, two in combinations(plain, 2):
        same = 0
        while same < min(len(one), len(two)) and one[same] == two[same]:
            same += 1
        if same < min(len(one), len(two)):
            kept = {node.name for node in two[:same]}

            def told(name: str, kept: set[str] = kept) -> str:
                return name if name in kept else name.lower()

            yield (
                one,
                tuple(
                    replace(
                        node,
                        name=told(node.name),
                        prev=tuple(map(told, node.prev)),
                        sealed=tuple(map(told, node.sealed)),
                    )
                    for node in two
                ),
            )


def test_two_stories_under_one_key_are_never_mixed_under_a_seal() -> None:
    mixed, both = 0, 0
    for one, two in _stories():
        pool = dict.fromkeys((*one, *two))
        made = set(files(list(pool), "A", 5))
        whole = {story[:length] for story in (one, two) for length in range(1, 5)}
        mixed += len(made - whole)
        read = {file for file in made if sealed(file)}
        assert read <= {one, two}
        both += len(read) == 2
    # Left to a log and its witnesses: open mixtures, and two sealed stories of one braid.
    assert mixed and both


# --- the bridge: what the model says is what the verifier says of real signatures

POLICY = Policy(allow_unknown_signer=True)
STRANGE = encode(fresh("strange") * 2)  # a signature that no node has
TIME = "2026-11-20T09:30:00.000Z"
_REAL = {
    Kind.SAY: (RealKind.PROMPT, Origin.CLIENT),
    Kind.CALL: (RealKind.CALL, Origin.PROXY),
    Kind.ANSWER: (RealKind.TEXT, Origin.PROVIDER),
    Kind.END: (RealKind.END, Origin.PROXY),
    Kind.NOTE: (RealKind.ANNOTATION, Origin.MONITOR),
    Kind.SEAL: (RealKind.SEAL, Origin.PROXY),
}
_END: dict[str, Json] = {
    "outcome": "complete", "status": 200, "stop_reason": None, "usage": None, "request_id": None,
    "body": None,
}  # fmt: skip


def _content(kind: Kind) -> tuple[str, bytes, bytes | None]:
    if kind is Kind.SEAL:
        return "text/plain", b"", None
    if kind is Kind.END:
        return "application/json", dumps(_END).encode(), None
    if kind is not Kind.CALL:
        return "text/plain", b"x", None
    # A call that shows nothing: which nodes a model saw is no matter of the graph.
    body = BodyDigest(fresh("bsalt"))
    starts = {str(name): encode(start) for name, start in CHAIN_START.items()}
    said: dict[str, Json] = {
        "upstream": "https://api.example.com",
        "context": {name: {"from": at, "add": [], "to": at} for name, at in starts.items()},
        "body": body.claim(),
        "placement": {"by": "new"},
        "history": [],
        "id": "model",
    }
    return "application/json", dumps(said).encode(), body.bsalt


def sign(file: File) -> dict[str, StoredNode]:
    """Sign the nodes of a model's braid for real."""
    key = SecretKey(fresh(f"model {file[0].braid}"))
    signed: dict[str, StoredNode] = {}
    for node in file:
        kind, origin = _REAL[node.kind]
        media, content, bsalt = _content(node.kind)
        seal = None
        if node.kind is Kind.SEAL:
            tree = SignatureTree(decode(signed[name].s, "s") for name in node.sealed)
            seal = SealClaim(tree.count, encode(tree.head()))
        prev = tuple(STRANGE if name == UNKNOWN else signed[name].s for name in node.prev)
        draft = Draft(kind, origin, media, content, b"{}", prev, seal=seal, bsalt=bsalt)
        signed[node.name] = weave(key, draft, seq=node.seq, time=TIME, salt=fresh(node.name))
    return signed


def assert_verifier_agrees(whole: File, made: Iterable[File]) -> None:
    """Have the verifier judge files made of a braid's nodes and its twin's."""
    assert_verifier_agrees_on(sign(whole) | sign(twin(whole)), made)


def assert_verifier_agrees_on(signed: dict[str, StoredNode], made: Iterable[File]) -> None:
    braid = encode(SecretKey(fresh("model A")).key)
    for file in made:
        raw = b"".join(write_transcript(braid, None, [signed[node.name] for node in file]))
        report = verify(raw, POLICY)
        assert (report.result is Result.VERIFIED) is accepted(file, "A"), file
        if report.result is Result.VERIFIED:
            answer = report.claims[ClaimName.SEALED].answer
            assert (answer is Answer.YES) is sealed(file), file
            assert ("N_OPEN" in {found.code for found in report.findings}) is not sealed(file)


def _sequences(pool: Sequence[Node], longest: int) -> Iterator[tuple[Node, ...]]:
    for length in range(1, longest + 1):
        yield from product(pool, repeat=length)


def test_the_verifier_says_of_every_file_what_the_model_says() -> None:
    for whole in honest(3):
        assert_verifier_agrees(whole, _sequences(whole, 3))


def test_the_verifier_says_of_nodes_of_another_braid_what_the_model_says() -> None:
    for whole in honest(3):
        assert_verifier_agrees(whole, _sequences([*whole, *twin(whole)], 2))


def test_the_verifier_says_of_sealed_braids_and_one_thing_done_to_them_what_the_model_says() -> (
    None
):
    for whole in honest(5):
        if sealed(whole) and len(whole) == 5:
            without = [whole[:i] + whole[i + 1 :] for i in range(len(whole))]
            longer = [
                (*whole[:i], node, *whole[i:])
                for i in range(len(whole) + 1)
                for node in (whole[1], whole[-1])
            ]
            assert_verifier_agrees(whole, [whole, *without, *longer])


def test_the_verifier_says_of_what_a_dishonest_signer_adds_what_the_model_says() -> None:
    for file in dishonest(3):
        for node in any_node(len(file), len(file)):
            if len(file) < 3 or node.kind in (Kind.END, Kind.SEAL):
                made = (*file, node)
                assert_verifier_agrees_on(sign(made), [made])
