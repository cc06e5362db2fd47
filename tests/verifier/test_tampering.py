"""Whatever is changed in a node, the braid no longer verifies; whatever comes, an answer does."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from braid.node import Kind, Origin
from braid.transcript import Layout
from braid_verifier import Policy, Report, Result, verify
from fakes.braids import Braid, conversation, sealed_conversation

ANYONE = Policy(allow_unknown_signer=True)
BROKEN = (Result.FAILED, Result.UNREADABLE)


def small() -> Braid:
    """Tell of as little as holds every member of a node."""
    braid = Braid()
    braid.certificate = None
    braid.add(Kind.MEDIA, Origin.CLIENT, b"\xff\xd8", media="image/jpeg")
    braid.call()
    return braid


def test_flipping_any_bit_of_any_node_is_found() -> None:
    raw = small().transcript(Layout.LINES)
    assert verify(raw, ANYONE).result is Result.VERIFIED
    assert b'"b64"' in raw and b'"text"' in raw and b'"bsalt"' in raw
    missed = []
    for place in range(raw.index(b"\n") + 1, len(raw)):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            if verify(bytes(flipped), ANYONE).result not in BROKEN:
                missed.append((place, bit))
    assert missed == []


MEMBERS = ["h", "s", "salt", "attrs", "text", "b64", "bsalt"]
TALK = json.loads(sealed_conversation().transcript())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_flipping_a_bit_of_a_member_of_a_whole_conversation_is_found(data: st.DataObject) -> None:
    nodes = TALK["nodes"]
    index = data.draw(st.integers(0, len(nodes) - 1))
    name = data.draw(st.sampled_from([name for name in MEMBERS if nodes[index].get(name)]))
    value = nodes[index][name].encode()
    place = data.draw(st.integers(0, len(value) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(value)
    changed[place] ^= 1 << bit
    text = bytes(changed).decode("utf-8", "replace")
    document = {
        **TALK,
        "nodes": [*nodes[:index], {**nodes[index], name: text}, *nodes[index + 1 :]],
    }
    assert verify(json.dumps(document).encode(), ANYONE).result in BROKEN


def test_any_node_removed_repeated_or_moved_is_found() -> None:
    nodes = sealed_conversation().nodes
    for index in range(len(nodes) - 1):
        for changed in (
            [*nodes[:index], *nodes[index + 1 :]],
            [*nodes[: index + 1], *nodes[index:]],
            [*nodes[:index], nodes[index + 1], nodes[index], *nodes[index + 2 :]],
            [*nodes[:index], *nodes[index + 1 :], nodes[index]],
        ):
            braid = Braid()
            braid.nodes = changed
            assert verify(braid.transcript(), ANYONE).result is Result.FAILED


def test_a_node_of_another_braid_in_its_place_is_found() -> None:
    own, other = sealed_conversation(), sealed_conversation("other")
    for index in range(len(own.nodes)):
        braid = Braid()
        braid.nodes = [*own.nodes[:index], other.nodes[index], *own.nodes[index + 1 :]]
        report = verify(braid.transcript(), ANYONE)
        assert (report.findings[0].code, report.findings[0].node) == ("E_SIG", index)


# --- whatever comes

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([node[name] for node in TALK["nodes"] for name in MEMBERS if name in node]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*MEMBERS, "proofs", "type"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer(raw: bytes) -> None:
    assert verify(raw, ANYONE).result is Result.UNREADABLE


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(Layout))
def test_a_transcript_with_any_piece_changed_gets_an_answer(
    data: st.DataObject, layout: Layout
) -> None:
    raw = sealed_conversation().transcript(layout)
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 400)))
    piece = data.draw(st.binary(max_size=20) | st.sampled_from([b'"', b"{", b"]", b"\\", b",\n"]))
    changed = raw[:start] + piece + raw[end:]
    report = verify(changed, ANYONE)
    assert report.result in BROKEN or json_of(changed, layout) == json_of(raw, layout)


def json_of(raw: bytes, layout: Layout) -> Any:
    """Read a transcript loosely; a certificate's header says nothing new by its name alone."""
    try:
        text = raw.decode()
        return (
            [json.loads(line) for line in text.splitlines()]
            if layout is Layout.LINES
            else json.loads(text)
        )
    except ValueError:
        return None


def draw_changed(data: st.DataObject) -> tuple[dict[str, Any], list[Any], list[Any] | None]:
    """Draw a head, nodes and proofs with some values replaced by others."""
    head = {name: value for name, value in TALK.items() if name != "nodes"}
    nodes = [dict(node) for node in TALK["nodes"]]
    for _ in range(data.draw(st.integers(0, 3))):
        index = data.draw(st.integers(0, len(nodes) - 1))
        nodes[index][data.draw(st.sampled_from([*MEMBERS, "x"]))] = data.draw(JSON)
    listed: list[Any] = list(nodes)
    if data.draw(st.booleans()):
        listed[data.draw(st.integers(0, len(nodes) - 1))] = data.draw(JSON.filter(no_proofs))
    if data.draw(st.integers(0, 3)) == 0:
        head[data.draw(st.sampled_from(["braid", "certificate", "x"]))] = data.draw(JSON)
    proofs = data.draw(st.none() | st.lists(JSON, max_size=2))
    return head, listed, proofs


def no_proofs(value: Any) -> bool:
    return not isinstance(value, dict) or set(value) != {"proofs"}


def as_json(head: dict[str, Any], nodes: list[Any], proofs: list[Any] | None, **how: Any) -> bytes:
    document = {**head, "nodes": nodes} | ({} if proofs is None else {"proofs": proofs})
    return json.dumps(document, **how).encode("utf-8", "surrogatepass")


def as_lines(head: dict[str, Any], nodes: list[Any], proofs: list[Any] | None) -> bytes:
    lines = [head, *nodes, *([] if proofs is None else [{"proofs": proofs}])]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def said(report: Report) -> tuple[Result, list[tuple[str, int | None]]]:
    """Give what must not depend on the layout; what a message names may."""
    return report.result, [(finding.code, finding.node) for finding in report.findings]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_layout_spelling_and_order_of_members_change_nothing(data: st.DataObject) -> None:
    head, nodes, proofs = draw_changed(data)
    expected = said(verify(as_json(head, nodes, proofs), ANYONE))
    turned = [dict(reversed(node.items())) if isinstance(node, dict) else node for node in nodes]
    turned_head = dict(reversed(head.items()))
    for raw in (
        as_lines(head, nodes, proofs),
        as_lines(turned_head, turned, proofs),
        as_json(turned_head, turned, proofs),
        as_json(head, nodes, proofs, indent=2),
        as_json(head, nodes, proofs, separators=(",", ":")),
        as_json(head, nodes, proofs, ensure_ascii=False),
    ):
        assert said(verify(raw, ANYONE)) == expected


@pytest.mark.parametrize("order", list(itertools.permutations(["format", "braid", "certificate"])))
def test_the_head_has_any_order(order: tuple[str, ...]) -> None:
    document = {**{name: TALK[name] for name in order}, "nodes": TALK["nodes"]}
    report = verify(json.dumps(document).encode(), roots=[Braid().pin])
    assert report.result is Result.VERIFIED


def test_a_seal_is_what_its_prev_names_in_any_order() -> None:
    braid = conversation()
    braid.add(Kind.FLAG, Origin.PROXY, b"x", prev=(braid.nodes[0].s,))
    braid.seal((braid.nodes[-1].s, braid.nodes[-2].s))
    assert verify(braid.transcript(), ANYONE).result is Result.VERIFIED
