"""Each fault is found, under its code, at its node; what hangs on it is not accused.

The vectors hold the format to SPEC from outside; here are the verifier's own decisions.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from braid.certificate import Certificate
from braid.content import BodyDigest
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode
from braid.node import Kind, Origin, SealClaim
from braid.signing import SecretKey
from braid.strict_json import Json
from braid.transcript import FORMAT, StoredNode
from braid_verifier import Answer, ClaimName, Report, Result, Severity, verify
from fakes.braids import Braid, conversation, fresh, sealed_conversation

Failure = tuple[str, int | None]
NODES = 19  # of conversation(); the last call, text and end are 16, 17 and 18


def failures(report: Report) -> list[Failure]:
    return [(f.code, f.node) for f in report.findings if f.severity is Severity.FAILURE]


def first_class(report: Report) -> set[Failure]:
    """Give the failures of the first check class that has any (SPEC §7.1)."""
    failed = [f for f in report.findings if f.severity is Severity.FAILURE]
    return {(f.code, f.node) for f in failed if f.check == failed[0].check}


def warnings(report: Report) -> list[Failure]:
    return [(f.code, f.node) for f in report.findings if f.severity is Severity.WARNING]


def judge(braid: Braid) -> Report:
    return verify(braid.transcript(), roots=[braid.pin])


def edited(braid: Braid, index: int, **members: str | None) -> bytes:
    """Write a transcript and change members of one node; None removes one."""
    document = json.loads(braid.transcript())
    for name, value in members.items():
        if value is None:
            del document["nodes"][index][name]
        else:
            document["nodes"][index][name] = value
    return json.dumps(document).encode()


def head(told: Braid, **members: Any) -> bytes:
    """Write a transcript and change its head; None removes a member."""
    document = {**json.loads(told.transcript()), **members}
    order = [*(name for name in document if name not in ("nodes", "proofs")), "nodes", "proofs"]
    kept = {n: document[n] for n in order if n in document and document[n] is not None}
    return json.dumps(kept).encode()


# --- what cannot be read


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "E_EMPTY"),
        (b" \n", "E_EMPTY"),
        (b"\xef\xbb\xbf{}", "E_UTF8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "E_UTF8"),
        (b"{}", "E_VERSION"),
        (b"[]", "E_VERSION"),
        (b'"braid"', "E_VERSION"),
        (b'{"format":"braid-transcript/2","nodes":[]}', "E_VERSION"),
        (b'{"nodes":[],"format":"braid-transcript/1"}', "E_VERSION"),
        (b'{"format":"braid-transcript/1","braid":"","nodes":[]}', "E_EMPTY"),
        (b'{"format":"braid-transcript/1","braid":""}', "E_EMPTY"),
        (b'{"format":"braid-transcript/1","format":"braid-transcript/1"', "E_DUPKEY"),
        (b'{"format":"braid-transcript/1","nodes":[{"h":NaN}]}', "E_JSON"),
        (b'{"format":"braid-transcript/1","nodes":[{"h":"\\ud800"}]}', "E_JSON"),
        (b"[" * 1_000_000, "E_DEPTH"),
        (b'{"format":' * 1_000_000, "E_DEPTH"),
    ],
)
def test_what_cannot_be_read_is_unreadable(raw: bytes, code: str) -> None:
    report = verify(raw)
    assert report.result is Result.UNREADABLE
    assert failures(report)[0] == (code, None)


def test_a_cut_file_is_unreadable_and_what_came_is_counted() -> None:
    braid = conversation()
    raw = braid.transcript()
    report = verify(raw[: raw.index(b"You are welcome.")])
    assert report.result is Result.UNREADABLE
    assert report.counts.nodes == len(braid.nodes) - 2
    assert report.summary().startswith("unreadable: E_JSON: byte ")


# --- classes 2 and 3: members and encodings


def test_unknown_members_are_failures_wherever_they_stand() -> None:
    braid = conversation()
    assert failures(verify(head(braid, more=1))) == [("E_JSON", None)]
    assert failures(verify(edited(braid, 3, more="x")))[0] == ("E_JSON", 3)
    after = braid.transcript()[:-2] + b',"more":1}'
    assert failures(verify(after)) == [("E_JSON", None)]


@pytest.mark.parametrize("name", ["salt", "attrs", "text"])
def test_a_half_erased_node_is_no_node(name: str) -> None:
    assert first_class(verify(edited(conversation(), 2, **{name: None}))) == {("E_JSON", 2)}


def test_shape_comes_before_encoding_in_one_node() -> None:
    raw = edited(conversation(), 2, salt=None, s="no signature")
    assert failures(verify(raw))[0] == ("E_JSON", 2)


def test_a_node_of_the_wrong_shape_still_counts_as_known() -> None:
    report = verify(edited(conversation(), 2, more="x"))
    assert {code for code, _ in failures(report)} == {"E_JSON"}


@pytest.mark.parametrize("name", ["s", "salt"])
def test_loose_base64_is_refused(name: str) -> None:
    braid = conversation()
    value = json.loads(braid.transcript())["nodes"][4][name]
    assert first_class(verify(edited(braid, 4, **{name: value + "=="}))) == {("E_ENC", 4)}


def test_a_bsalt_where_none_belongs_is_a_wrong_member() -> None:
    raw = edited(conversation(), 2, bsalt=encode(fresh("x")))
    assert failures(verify(raw)) == [("E_JSON", 2)]


def test_content_beyond_32_mib_is_a_limit() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    report = verify(edited(braid, 0, text="x" * (32 * 1024 * 1024 + 1)))
    assert report.result is Result.FAILED
    assert failures(report) == [("E_LIMIT", 0)]


# --- class 4: keys and certificate


@pytest.mark.parametrize(
    ("key", "code"), [(None, "E_JSON"), ("no key", "E_ENC"), ("A" * 43, "E_KEY"), (7, "E_JSON")]
)
def test_without_a_usable_key_nothing_is_signed(key: Any, code: str) -> None:
    report = verify(head(conversation(), braid=key))
    assert report.result is Result.FAILED
    assert failures(report) == [(code, None)]
    assert report.claims[ClaimName.SIGNED].answer is Answer.NO
    assert report.counts.nodes == NODES


def test_the_key_of_another_braid_fits_no_signature() -> None:
    report = verify(head(conversation(), braid=Braid("other").braid, certificate=None))
    assert failures(report) == [("E_SIG", index) for index in range(NODES)]


def certificate_with(braid: Braid, **members: str) -> Certificate:
    known = braid.certificate
    assert known is not None
    return Certificate(**({"h": known.h, "s": known.s, "pop": known.pop} | members))


def forged(braid: Braid) -> Certificate:
    braid.root = SecretKey(fresh("another root"))
    made = braid.certify(root=Braid().pin)
    assert made.h == Braid().certificate.h  # type: ignore[union-attr]
    return made


CERTIFICATES = {
    "pop": (lambda b: certificate_with(b, pop=b.certificate.s), "E_POP"),
    "root's signature": (forged, "E_CERT_SIG"),
    "encoding": (lambda b: certificate_with(b, s="x"), "E_ENC"),
    "form": (lambda b: certificate_with(b, s="_" * 85 + "w"), "E_SIG_FORM"),
    "grammar": (lambda b: certificate_with(b, h=b.certificate.h + " "), "E_CERT"),
    "root's key": (lambda b: b.certify(root="A" * 43), "E_KEY"),
    "braid": (lambda b: b.certify(braid=Braid("other").braid), "E_BRAID"),
    "bounds": (lambda b: b.certify(not_after="2026-01-01T00:00:00.000Z"), "E_CERT_TIME"),
}


@pytest.mark.parametrize(("make", "code"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_a_certificate_that_does_not_hold_fails_and_names_no_root(make: Any, code: str) -> None:
    braid = conversation()
    pin = braid.pin
    braid.certificate = make(braid)
    report = verify(braid.transcript(), roots=[pin])
    assert failures(report) == [(code, None)]
    assert (report.root, report.issuer) == (None, None)
    assert report.claims[ClaimName.SIGNER].answer is Answer.NO


def test_times_outside_the_validity_are_named_node_by_node() -> None:
    braid = conversation()
    braid.certificate = braid.certify(
        not_before="2026-11-20T09:30:01.000Z", not_after="2026-11-20T09:30:17.000Z"
    )
    report = judge(braid)
    assert failures(report) == [("E_CERT_TIME", 0), ("E_CERT_TIME", 18)]
    assert report.claims[ClaimName.SIGNED].answer is Answer.YES
    assert report.claims[ClaimName.SIGNER].answer is Answer.NO


# --- classes 5 to 7: signature, header, braid


def test_a_signature_that_does_not_fit_stops_that_node_only() -> None:
    braid = conversation()
    h = braid.nodes[9].h
    raw = edited(braid, 9, h=h.replace("prompt", "params") if "prompt" in h else h + " ")
    report = verify(raw)
    assert failures(report) == [("E_SIG", 9)]
    assert sum(report.counts.kinds.values()) == report.counts.nodes - 1


def test_a_header_is_not_read_before_its_signature_fits() -> None:
    assert failures(verify(edited(conversation(), 5, h="")))[0] == ("E_SIG", 5)
    assert failures(verify(edited(conversation(), 5, h="é")))[0] == ("E_SIG", 5)


def test_s_not_below_the_order_is_a_matter_of_form() -> None:
    braid = conversation()
    raw = braid.nodes[5].s[:43] + "_" * 42 + "w"
    report = verify(edited(braid, 5, s=raw))
    assert first_class(report) == {("E_SIG_FORM", 5)}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"v":1', '"v":2', "E_HDR"),
        ('"media":', '"media": ', "E_HDR"),
        ('"origin":"client"', '"origin":"provider"', "E_HDR"),
        ('"time":"2026-11-20', '"time":"2026-02-30', "E_HDR"),
        ('"braid"', '"about":["' + "A" * 86 + '"],"braid"', "E_ABOUT"),
        ('"seq":0', '"seal":{"count":0,"tree":"' + "A" * 43 + '"},"seq":0', "E_SEAL"),
        ("text/plain", "text/" + "x" * 60, "E_LIMIT"),
        ("text/plain", "text/" + "x" * 17000, "E_LIMIT"),
        ('"prompt"', '"prömpt"', "E_HDR"),
    ],
)
def test_a_signed_header_that_is_not_allowed(old: str, new: str, code: str) -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.resign(old, new)
    assert failures(judge(braid)) == [(code, 0)]


def test_a_node_of_the_key_that_names_another_braid() -> None:
    braid = conversation()
    braid.prompt("More.")
    braid.resign(braid.braid, Braid("other").braid)
    assert failures(judge(braid)) == [("E_BRAID", NODES)]


# --- classes 8 and 9: order and previous signatures


def test_a_repeated_node_is_found_and_moves_all_after_it() -> None:
    braid = conversation()
    braid.nodes.insert(14, braid.nodes[13])
    report = judge(braid)
    assert failures(report)[:2] == [("E_DUP", 14), ("E_SEQ", 14)]
    assert first_class(report) == {
        ("E_DUP", 14),
        *(("E_SEQ", index) for index in range(14, NODES + 1)),
    }


def test_a_missing_node_is_found_where_the_next_one_stands() -> None:
    braid = conversation()
    braid.nodes.pop(7)
    report = judge(braid)
    assert failures(report)[0] == ("E_SEQ", 7)
    assert ("E_PREV", 7) in failures(report)


def test_two_nodes_that_changed_places_are_found() -> None:
    braid = conversation()
    braid.nodes[5], braid.nodes[6] = braid.nodes[6], braid.nodes[5]
    assert first_class(judge(braid)) == {("E_SEQ", 5), ("E_SEQ", 6)}


def test_there_is_one_genesis() -> None:
    braid = conversation()
    braid.add(Kind.PROMPT, Origin.CLIENT, b"A second one.", prev=())
    assert failures(judge(braid)) == [("E_GENESIS", NODES)]
    braid = Braid()
    braid.add(Kind.PROMPT, Origin.CLIENT, b"Hello.", prev=("A" * 86,))
    assert failures(judge(braid)) == [("E_GENESIS", 0), ("E_PREV", 0)]


def test_prev_and_about_name_earlier_nodes() -> None:
    braid = conversation()
    unknown = "B" * 85 + "A"
    braid.add(Kind.PROMPT, Origin.CLIENT, b"x", prev=(braid.last, unknown))
    braid.add(Kind.FLAG, Origin.PROXY, b"x", about=(unknown, "C" * 85 + "A"))
    assert failures(judge(braid))[:2] == [("E_PREV", NODES), ("E_ABOUT", NODES + 1)]


# --- class 10: what was said


@pytest.mark.parametrize(
    "changes",
    [{"text": "no"}, {"attrs": "{ }"}, {"salt": encode(fresh("x"))}, {"text": None, "b64": "bm8"}],
)
def test_words_that_were_not_committed_to(changes: dict[str, str | None]) -> None:
    assert failures(verify(edited(conversation(), 2, **changes))) == [("E_COMMIT", 2)]


@pytest.mark.parametrize(
    "attrs", [b"", b"[]", b"{}x", b'{"a":1,"a":1}', b"{", b'{"a":NaN}', b'{"a":' * 300, b"\xff"]
)
def test_attrs_are_one_strict_json_object(attrs: bytes) -> None:
    braid = Braid()
    braid.add(Kind.PROMPT, Origin.CLIENT, b"Hello.", attrs=attrs)
    if attrs == b"\xff":
        raw = edited_attrs(braid)
        assert failures(verify(raw))[0][0] == "E_COMMIT"
        return
    assert failures(judge(braid)) == [("E_ATTRS", 0)]


def edited_attrs(braid: Braid) -> bytes:
    """A transcript has attrs as text: bytes that are none cannot stand in one."""
    node = braid.nodes[0]
    assert node.opened is not None
    document = {
        "format": FORMAT,
        "braid": braid.braid,
        "nodes": [
            {"h": node.h, "s": node.s, "salt": encode(node.opened.salt), "attrs": "ÿ", "text": "x"}
        ],
    }
    return json.dumps(document).encode()


def test_plain_text_is_utf_8() -> None:
    braid = Braid()
    braid.add(Kind.PROMPT, Origin.CLIENT, b"caf\xe9")
    assert failures(judge(braid)) == [("E_MEDIA", 0)]
    braid = Braid()
    braid.add(Kind.MEDIA, Origin.CLIENT, b"caf\xe9", media="image/png")
    assert failures(judge(braid)) == []


@pytest.mark.parametrize("kind", ["call", "end", "seal"])
def test_what_is_never_erased(kind: str) -> None:
    braid = sealed_conversation()
    index = next(i for i, node in enumerate(braid.nodes) if f'"kind":"{kind}"' in node.h)
    braid.erase(braid.nodes[index].s)
    assert failures(judge(braid)) == [("E_ERASED", index)]


# --- class 11: calls, ends, contexts


def told(braid: Braid, **changes: Json) -> list[Failure]:
    braid.prompt("Hello.")
    braid.call(changes=changes)
    braid.end()
    return failures(judge(braid))


BODY: dict[str, Json] = dict(BodyDigest(fresh("x")).claim())


@pytest.mark.parametrize(
    "changes",
    [
        {"upstream": 1},
        {"id": None},
        {"more": 1},
        {"history": "elided"},
        {"history": [{"code": "two words"}]},
        {"history": [{"code": "x" * 41}]},
        {"history": [{"code": ""}]},
        {"placement": {"by": "chance"}},
        {"placement": {"by": "new", "more": 1}},
        {"placement": {}},
        {"body": None},
        {"body": {**BODY, "bytes": -1}},
        {"body": {**BODY, "bytes": 1.0}},
        {"body": {**BODY, "bytes": True}},
        {"body": {**BODY, "digest": "x"}},
        {"body": {**BODY, "more": 1}},
    ],
)
def test_a_call_says_what_a_call_says(changes: dict[str, Json]) -> None:
    assert told(Braid(), **changes) == [("E_CALL", 2)]


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"id":"a","id":"b"}', b"\xff", b"[" * 300])
def test_a_call_or_end_that_is_no_json_object(raw: bytes) -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call(raw=raw)
    braid.end(raw=raw)
    found = [failure for failure in failures(judge(braid)) if failure[0] != "E_MEDIA"]
    assert found == [("E_CALL", 2), ("E_CALL", 3)]


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "perhaps"},
        {"outcome": None},
        {"status": "200"},
        {"status": 200.5},
        {"stop_reason": 1},
        {"request_id": []},
        {"body": {}},
        {"more": 1},
    ],
)
def test_an_end_says_what_an_end_says(changes: dict[str, Json]) -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call()
    braid.end(changes=changes)
    assert failures(judge(braid)) == [("E_CALL", 3)]


def test_an_end_may_know_nothing_but_its_outcome() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call()
    nothing: dict[str, Json] = dict.fromkeys(
        ("status", "stop_reason", "usage", "request_id", "body")
    )
    braid.end("interrupted", changes=nothing)
    braid.nodes[-1] = StoredNode(braid.nodes[-1].h, braid.nodes[-1].s, braid.nodes[-1].opened)
    assert failures(judge(braid)) == []


def step(braid: Braid, **changes: Json) -> dict[str, Json]:
    """Give a right context with one thing of its messages changed."""
    context = braid.context()
    messages = context["messages"]
    assert isinstance(messages, dict)
    messages.update(changes)
    return context


@pytest.mark.parametrize(
    "changes",
    [
        {"from": encode(fresh("x"))},
        {"to": encode(fresh("x"))},
        {"to": "x"},
        {"from": None},
        {"add": []},
        {"add": ["A" * 86]},
        {"add": ["short"]},
        {"add": "x"},
        {"more": 1},
    ],
)
def test_a_context_is_a_chain_from_a_known_value(changes: dict[str, Json]) -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call(changes={"context": step(braid, **changes)})
    braid.end()
    report = judge(braid)
    assert failures(report) == [("E_CONTEXT", 2)]
    assert report.claims[ClaimName.CONTEXT].answer is Answer.NO


@pytest.mark.parametrize(
    "change", [{"partial": False}, {"more": 1}, {"tools": None}, {"system": 0}]
)
def test_a_context_has_three_lists_and_perhaps_partial(change: dict[str, Json]) -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call(changes={"context": {**braid.context(), **change}})
    braid.end()
    assert failures(judge(braid)) == [("E_CONTEXT", 2)]


def test_a_context_adds_earlier_nodes_only() -> None:
    braid = Braid()
    first = braid.prompt("Hello.")
    braid.call()
    later = Braid()
    assert later.prompt("Hello.") == first
    braid.end()
    braid.prompt("More.")
    braid.call(changes={"context": step(braid, add=[braid.nodes[-1].s, "B" * 86])})
    assert failures(judge(braid)) == [("E_CONTEXT", 6)]


@pytest.mark.parametrize("wrong", ["from", "add"])
def test_a_context_that_adds_up_still_starts_and_grows_from_what_is_known(wrong: str) -> None:
    braid = Braid()
    prompt = braid.prompt("Hello.")
    start = fresh("x") if wrong == "from" else CHAIN_START[ContextList.MESSAGES]
    signature = "B" * 85 + "A" if wrong == "add" else prompt
    messages: dict[str, Json] = {
        "from": encode(start),
        "add": [signature],
        "to": encode(extend(start, decode(signature, "signature", 64))),
    }
    braid.call(changes={"context": {**braid.context(), "messages": messages}})
    braid.end()
    assert failures(judge(braid)) == [("E_CONTEXT", 2)]


def test_a_context_may_start_from_an_inner_value_of_an_earlier_call() -> None:
    braid = Braid()
    prompts = [braid.prompt(f"Example {number}.") for number in range(3)]
    braid.call()
    braid.end()
    again = Braid()
    inner = again.prompt("Example 0.")
    assert inner == prompts[0]
    value = again.context()
    value["messages"] = {
        "from": value["messages"]["to"],  # type: ignore[index, call-overload]
        "add": [],
        "to": value["messages"]["to"],  # type: ignore[index, call-overload]
    }
    braid.prompt("More.")
    braid.call(changes={"context": value})
    braid.end()
    assert failures(judge(braid)) == []


def test_calls_after_a_wrong_one_are_not_accused_of_where_they_start() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call(raw=b"{}")
    braid.end()
    braid.prompt("More.")
    braid.call()
    braid.end()
    assert failures(judge(braid)) == [("E_CALL", 2)]


def test_a_call_whose_words_were_changed_says_nothing() -> None:
    braid = conversation()
    call = next(i for i, node in enumerate(braid.nodes) if '"kind":"call"' in node.h)
    report = verify(edited(braid, call, text="{}"))
    assert failures(report) == [("E_COMMIT", call)]


@pytest.mark.parametrize("index", [4, 8])
def test_a_bsalt_is_the_one_committed_to(index: int) -> None:
    assert failures(verify(edited(conversation(), index, bsalt=encode(fresh("x"))))) == [
        ("E_COMMIT", index)
    ]


def test_a_bsalt_beside_a_body_that_is_null() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.call()
    braid.end(changes={"body": None})
    assert failures(judge(braid)) == [("E_COMMIT", 3)]


def test_a_bsalt_that_outlived_the_words_it_helps_to_guess_is_a_warning() -> None:
    braid = conversation()
    braid.erase(braid.nodes[2].s, keep_bsalt=True)
    calls = [i for i, node in enumerate(braid.nodes) if '"kind":"call"' in node.h]
    assert warnings(judge(braid)) == [("W_BSALT", call) for call in calls]
    braid = conversation()
    braid.erase(braid.nodes[17].s, keep_bsalt=True)
    assert warnings(judge(braid)) == [("W_BSALT", 18)]
    assert judge(braid).result is Result.VERIFIED


# --- class 12: pairing


def test_an_answer_belongs_to_a_call() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.text("Nobody asked.")
    assert failures(judge(braid)) == [("E_PAIR", 1)]
    braid = conversation()
    braid.text("After the end.")
    assert failures(judge(braid)) == [("E_PAIR", NODES)]
    braid = Braid()
    braid.text("The first word.")
    assert failures(judge(braid)) == [("E_PAIR", 0)]


def test_an_end_ends_one_call_once() -> None:
    braid = conversation()
    call, text = braid.nodes[16].s, braid.nodes[17].s
    braid.end(prev=(text,))
    assert failures(judge(braid)) == [("E_PAIR", NODES)]
    braid = conversation()
    braid.prompt("More.")
    braid.call()
    braid.end(prev=(braid.last, call))
    assert failures(judge(braid)) == [("E_PAIR", NODES + 3)]
    braid = conversation()
    braid.end(prev=(braid.nodes[0].s,))
    assert failures(judge(braid)) == [("E_PAIR", NODES)]


def test_a_checkpoint_does_not_gather_two_calls_for_one_end() -> None:
    braid = Braid()
    prompt = braid.prompt("Hello.")
    one = braid.call()
    braid.last = prompt
    two = braid.call()
    both = [
        braid.add(Kind.TEXT, Origin.PROVIDER, b"x", prev=(call,), attrs=b"{}")
        for call in (one, two)
    ]
    braid.checkpoint(both)
    braid.end()
    assert failures(judge(braid)) == [("E_PAIR", len(braid.nodes) - 1)]


def test_a_sealed_braid_has_one_end_a_call() -> None:
    braid = conversation()
    braid.prompt("More.")
    braid.call()
    braid.seal()
    report = judge(braid)
    assert failures(report) == [("E_PAIR", NODES + 2)]
    assert report.claims[ClaimName.SEALED].answer is Answer.NO


def test_where_an_end_cannot_be_read_its_call_is_not_accused() -> None:
    braid = sealed_conversation()
    assert failures(verify(edited(braid, 18, h="{}"))) == [("E_SIG", 18)]
    assert failures(verify(edited(braid, 17, h="{}"))) == [("E_SIG", 17)]


def test_a_result_without_its_use_is_a_warning() -> None:
    braid = Braid()
    braid.prompt("Hello.")
    braid.add(Kind.TOOL_RESULT, Origin.CLIENT, b"4")
    assert warnings(judge(braid)) == [("W_PAIR", 1)]


def test_time_that_runs_backwards_is_a_warning_at_each_such_node() -> None:
    braid = Braid()
    for second in (5, 7, 6, 6, 7):
        braid.add(Kind.PROMPT, Origin.CLIENT, b"x", time=f"2026-11-20T09:30:{second:02d}.000Z")
    report = judge(braid)
    assert warnings(report) == [("W_TIME", 2), ("W_TIME", 3)]
    assert report.result is Result.VERIFIED


# --- class 13: seal and checkpoint


def test_nothing_follows_a_seal() -> None:
    braid = sealed_conversation()
    braid.prompt("One more thing.")
    braid.prompt("And another.")
    assert failures(judge(braid)) == [("E_SEAL", NODES + 1), ("E_SEAL", NODES + 2)]


@pytest.mark.parametrize("kind", [Kind.SEAL, Kind.CHECKPOINT])
@pytest.mark.parametrize(
    "wrong", [{"content": b"x"}, {"attrs": b'{"a":1}'}, {"media": "application/json"}]
)
def test_a_seal_and_a_checkpoint_say_nothing_else(kind: Kind, wrong: dict[str, Any]) -> None:
    braid = conversation()
    braid.add(kind, Origin.PROXY, seal=braid.claim(), **wrong)
    assert failures(judge(braid)) == [("E_SEAL", NODES)]


@pytest.mark.parametrize("kind", [Kind.SEAL, Kind.CHECKPOINT])
def test_count_and_tree_are_those_of_the_nodes_before(kind: Kind) -> None:
    for claim in (
        SealClaim(NODES - 1, conversation().claim().tree),
        SealClaim(NODES, encode(fresh("x"))),
    ):
        braid = conversation()
        braid.add(kind, Origin.PROXY, seal=claim)
        report = judge(braid)
        assert failures(report) == [("E_SEAL", NODES)]
        assert report.claims[ClaimName.SEALED].answer is Answer.NO


def test_a_seal_names_every_tail_and_no_other_node() -> None:
    braid = conversation()
    braid.add(Kind.FLAG, Origin.PROXY, b"x", prev=(braid.nodes[2].s,), about=(braid.nodes[5].s,))
    tails = (braid.nodes[18].s, braid.nodes[19].s)
    for prev in (
        (tails[0],),
        (tails[1],),
        (*tails, braid.nodes[3].s),
        (tails[0], braid.nodes[3].s),
    ):
        told = conversation()
        told.add(Kind.FLAG, Origin.PROXY, b"x", prev=(told.nodes[2].s,), about=(told.nodes[5].s,))
        assert told.nodes[NODES].s == tails[1]
        told.seal(prev)
        assert failures(judge(told)) == [("E_SEAL", NODES + 1)]
    braid.seal(tails)
    assert failures(judge(braid)) == []


def test_a_seal_over_a_node_that_fails_is_not_accused_of_it() -> None:
    braid = sealed_conversation()
    assert failures(verify(edited(braid, 5, h="{}"))) == [("E_SIG", 5)]
    assert failures(verify(edited(braid, 5, s="x")))[0] == ("E_ENC", 5)
    assert ("E_SEAL", NODES) not in failures(verify(edited(braid, 5, s="x")))
