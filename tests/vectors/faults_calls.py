"""Vectors of §4.5–4.7, §6 and §11: calls, contexts, pairing, checkpoints and seals."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from vectors.conversations import CALL, END, SEAL, TEXT, attrs, call, end, params, short, talk
from vectors.formulas import chain_start, chain_step, decode, derive, encode, tree_head
from vectors.table import failed
from vectors.weaver import Braid, Draft, File, Shown

CALL2 = 11  # in `talk`


def show(content: dict[str, Any], signature: bytes) -> None:
    """Add a step to a context's messages."""
    messages = content["context"]["messages"]
    messages["add"].append(encode(signature))
    messages["to"] = encode(chain_step(decode(messages["to"]), signature))


def bare_head(signatures: list[bytes]) -> bytes:
    """Hash a tree whose leaves and nodes carry no prefix."""
    if len(signatures) == 1:
        return hashlib.sha256(signatures[0]).digest()
    split = 1 << (len(signatures) - 1).bit_length() - 1
    left, right = bare_head(signatures[:split]), bare_head(signatures[split:])
    return hashlib.sha256(left + right).digest()


# --- class 11: contents of call and end


@failed("§6.2", "A call whose content is not JSON.", ("E_CALL", CALL))
def call_not_json(b: Braid) -> None:
    b["call"].shows, b["call"].content = None, b"called"


@failed("§6.2", "A name stands twice in a call's content.", ("E_CALL", CALL))
def repeated_name_in_a_call(b: Braid) -> None:
    b["call"].respell_content = lambda raw: raw.replace(
        b'"history":[]', b'"history":[],"history":[]'
    )


@failed("§6.2", "A call without its upstream.", ("E_CALL", CALL))
def call_without_upstream(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.pop("upstream")


@failed("§6.2", "A call with a member SPEC does not name.", ("E_CALL", CALL))
def call_with_an_unknown_member(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(model="claude-test")


@failed("§6.2", "A call whose id is a number.", ("E_CALL", CALL))
def call_id_not_a_string(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(id=7)


@failed("§6.2", "A placement SPEC does not name.", ("E_CALL", CALL))
def unknown_placement(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["placement"].update(by="guess")


@failed("§6.2", "A history that is not a list of strings.", ("E_CALL", CALL))
def history_not_a_list(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(history="continued")


@failed("§6.2", "A call without a body.", ("E_CALL", CALL))
def call_without_a_body(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(body=None)
    b["call"].salted = False


@failed("§5.5", "A body digest of 31 bytes.", ("E_CALL", CALL))
def body_digest_of_31_bytes(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["body"].update(digest=encode(bytes(31)))


@failed("§6.3", "An outcome SPEC does not name.", ("E_CALL", END))
def unknown_outcome(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(outcome="fine")


@failed("§6.3", "An end without its status; unknown values are null.", ("E_CALL", END))
def end_without_status(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.pop("status")


@failed("§6.3", "An end with a member SPEC does not name.", ("E_CALL", END))
def end_with_an_unknown_member(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(cost=0)


@failed("§6.3", "A status that is a string.", ("E_CALL", END))
def status_not_a_number(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(status="200")


@failed("§5.5", "A body salt the call does not commit to.", ("E_COMMIT", CALL))
def body_salt_changed(b: Braid) -> File:
    file = b.sign()
    file.nodes[CALL]["bsalt"] = encode(derive("another salt"))
    return file


@failed(
    "§5.5", "The body salts of call and end changed places.", ("E_COMMIT", CALL), ("E_COMMIT", END)
)
def body_salts_swapped(b: Braid) -> File:
    file = b.sign()
    one, two = file.nodes[CALL], file.nodes[END]
    one["bsalt"], two["bsalt"] = two["bsalt"], one["bsalt"]
    return file


@failed("§5.5", "A body salt beside an end that received nothing.", ("E_COMMIT", END))
def body_salt_without_a_body(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(body=None)


# --- class 11: context


@failed("§6.2", "A context without its system list.", ("E_CONTEXT", CALL))
def context_without_a_list(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["context"].pop("system")


@failed("§6.2", "partial is false instead of absent.", ("E_CONTEXT", CALL))
def partial_false(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["context"].update(partial=False)


@failed("§6.2", "A context list with a member SPEC does not name.", ("E_CONTEXT", CALL))
def context_with_an_unknown_member(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["context"]["system"].update(count=0)


@failed("§6.2", "A chain that starts from a value no call reached.", ("E_CONTEXT", CALL))
def context_from_nowhere(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        value = encode(derive("nowhere"))
        content["context"]["system"] = {"from": value, "add": [], "to": value}

    b["call"].edit_content = edit


@failed(
    "§6.2",
    "A chain that starts from a value reached in another list.",
    ("E_CONTEXT", CALL2),
    base=talk,
)
def context_from_another_list(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        value = content["context"]["system"]["from"]
        content["context"]["tools"] = {"from": value, "add": [], "to": value}

    b["call2"].edit_content = edit


@failed("§6.2", "A chain that starts from a value only a later call reaches.", ("E_CONTEXT", CALL))
def context_from_a_later_call(b: Braid) -> None:
    b.insert(params("params2", "end"), "seal")
    b.insert(call("call2", ["end", "params2"], Shown(system=["prompt"])), "seal")
    b.insert(end("end2", ["call2"]), "seal")

    def edit(content: dict[str, Any]) -> None:
        value = encode(chain_step(chain_start("system"), b.signature("prompt")))
        content["context"]["system"] = {"from": value, "add": [], "to": value}

    b["call"].edit_content = edit


@failed("§6.2", "A chain whose result is not what its steps give.", ("E_CONTEXT", CALL))
def context_to_another_value(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["context"]["messages"].update(
        to=encode(derive("elsewhere"))
    )


@failed("§6.2", "A chain over signature texts instead of the 64 bytes.", ("E_CONTEXT", CALL))
def context_over_text_forms(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        value = chain_step(chain_start("messages"), b.text("prompt").encode())
        content["context"]["messages"]["to"] = encode(value)

    b["call"].edit_content = edit


@failed("§6.2", "A chain whose first value was hashed with a line end.", ("E_CONTEXT", CALL))
def context_start_with_a_line_end(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        value = encode(chain_start("system\n"))
        content["context"]["system"] = {"from": value, "add": [], "to": value}

    b["call"].edit_content = edit


@failed("§6.2", "A context that shows a node of another braid.", ("E_CONTEXT", CALL))
def context_with_an_unknown_node(b: Braid) -> None:
    b["call"].edit_content = lambda content: show(content, short("other").signature("end"))


@failed("§6.2", "A context that shows a later node.", ("E_CONTEXT", CALL))
def context_with_a_later_node(b: Braid) -> None:
    b.insert(Draft("late", "prompt", ["prompt"], b"Later."), "text")
    b["call"].edit_content = lambda content: show(content, b.signature("late"))


@failed(
    "§6.2",
    "After a call that cannot be read a chain may start from anywhere.",
    ("E_CALL", 4),
    base=talk,
)
def context_after_a_call_that_cannot_be_read(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.pop("upstream")


@failed(
    "§6.2",
    "A call outside the certificate's bounds has reached its values all the same: no other is known.",
    ("E_CERT_TIME", 4),
    also=(("E_CONTEXT", CALL2),),
    base=talk,
    signed="yes",
    signer="no",
    context="no",
)
def context_from_nowhere_after_a_call_out_of_time(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        value = encode(derive("nowhere"))
        content["context"]["tools"] = {"from": value, "add": [], "to": value}

    b["call"].time = "2027-01-01T00:00:00.000Z"
    b["call2"].edit_content = edit


@failed("§6.2", "After a call whose context is wrong too.", ("E_CONTEXT", 4), base=talk)
def context_after_a_call_with_a_wrong_one(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        value = encode(derive("nowhere"))
        content["context"]["tools"] = {"from": value, "add": [], "to": value}

    b["call"].edit_content = edit


@failed("§6.2", "A context that is not an object.", ("E_CONTEXT", CALL))
def context_not_an_object(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(context=[])


@failed("§6.2", "A body length that is not an integer.", ("E_CALL", CALL))
def body_length_not_an_integer(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["body"].update(bytes=1.5)


def _history(**entry: object) -> Callable[[Braid], None]:
    def carry(b: Braid) -> None:
        b["call"].edit_content = lambda content: content.update(history=[entry])

    return carry


@failed("§8.4", "A history entry that is a string.", ("E_CALL", CALL))
def history_of_strings(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(history=["continued"])


@failed("§8.4", "A history code with a space.", ("E_CALL", CALL))
def history_with_a_space(b: Braid) -> None:
    _history(code="system changed")(b)


@failed("§8.4", "A history entry without a code.", ("E_CALL", CALL))
def history_without_a_code(b: Braid) -> None:
    _history(node=b.text("prompt"))(b)


@failed("§8.4", "A history entry with a member SPEC does not name.", ("E_CALL", CALL))
def history_with_an_unknown_member(b: Braid) -> None:
    _history(code="elided", words="no")(b)


@failed("§8.4", "A history entry about a node that is null.", ("E_CALL", CALL))
def history_about_null(b: Braid) -> None:
    _history(code="elided", was=None)(b)


@failed("§8.4", "A history entry about what is no signature.", ("E_CALL", CALL))
def history_about_no_signature(b: Braid) -> None:
    _history(code="moved", node="A" * 85 + "B")(b)


@failed("§8.4", "A history entry about a node that is not there.", ("E_CALL", CALL))
def history_about_an_unknown_node(b: Braid) -> None:
    _history(code="moved", node=encode(bytes(64)))(b)


@failed("§8.4", "A history entry that stands for no more.", ("E_CALL", CALL))
def history_with_no_more(b: Braid) -> None:
    _history(code="elided", more=0)(b)


@failed("§6.2", "A context that shows the parameters of a request.", ("E_CONTEXT", CALL))
def context_with_a_params_node(b: Braid) -> None:
    b["call"].shows = Shown(["prompt", "params"])


@failed("§6.2", "A retry that is about no call.", ("E_CALL", CALL))
def retry_about_nothing(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(placement={"by": "retry"})


@failed("§6.3", "A status beyond what an integer may be.", ("E_CALL", END))
def status_beyond_2_53(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(status=2**53)


# --- class 12: pairing


@failed(
    "§4.6",
    "A checkpoint that holds blocks of one call is that call's: its end must name it.",
    ("E_PAIR", 5),
)
def end_beside_a_checkpoint(b: Braid) -> None:
    b.remove("seal")
    b.insert(Draft("gathered", "checkpoint", ["text"]), "end")


@failed("§4.4", "An end that names its call and not the answer's last block.", ("E_PAIR", END))
def end_beside_its_answer(b: Braid) -> None:
    b["end"].prev = ["call"]


@failed("§6.3", "An answer to a call that was not sent.", ("E_PAIR", END))
def answer_to_an_unsent_call(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(outcome="not_sent")


@failed("§4.6", "An end that names its answer and the prompt.", ("E_PAIR", CALL), ("E_PAIR", END))
def end_of_a_call_and_none(b: Braid) -> None:
    b["end"].prev = ["text", "prompt"]


@failed("§11.4", "A sealed braid with a call that has no end.", ("E_PAIR", CALL))
def sealed_without_an_end(b: Braid) -> None:
    b.remove("end")


@failed("§4.6", "One call with two ends.", ("E_PAIR", 5))
def second_end(b: Braid) -> None:
    b.insert(end("end2", ["text"], "interrupted"), "seal")


@failed("§4.6", "A word of the provider's that was signed after its call's end.", ("E_PAIR", 5))
def answer_beside_its_end(b: Braid) -> None:
    late = Draft("late", "text", ["text"], b"And ten more.", attrs=attrs(index=1, type="text"))
    b.insert(late, "seal")


@failed("§4.6", "An end that leads to no call.", ("E_PAIR", 5))
def end_of_no_call(b: Braid) -> None:
    b.insert(end("end2", ["prompt"]), "seal")


@failed(
    "§4.6",
    "An end that names what its answer repeats of the request.",
    ("E_PAIR", CALL),
    ("E_PAIR", 5),
)
def end_of_an_echo(b: Braid) -> None:
    said = attrs(type="echo")
    b.insert(Draft("echo", "other", ["call"], b"{}", attrs=said, origin="client"), "end")
    b["end"].prev = ["text", "echo"]


@failed(
    "§4.6",
    "An end that leads to two calls, and is thus of neither.",
    ("E_PAIR", CALL),
    ("E_PAIR", 5),
    ("E_PAIR", 7),
)
def end_of_two_calls(b: Braid) -> None:
    b.insert(params("params2", "prompt"), "end")
    b.insert(call("call2", ["prompt", "params2"], Shown(after="call")), "end")
    b.insert(Draft("text2", "text", ["call2"], b"8"), "end")
    b["end"].prev = ["text", "text2"]


@failed("§4.6", "A provider node that leads to no call.", ("E_PAIR", TEXT))
def answer_without_a_call(b: Braid) -> None:
    b["text"].prev = ["params"]
    b["end"].prev = ["call"]


@failed("§4.6", "A provider node after the end of its answer.", ("E_PAIR", 5))
def answer_after_its_end(b: Braid) -> None:
    b.insert(Draft("text2", "text", ["end"], b"Or ten."), "seal")


@failed("§4.7", "A checkpoint that gathers for an end holds a tail of another call.", ("E_PAIR", 9))
def checkpoint_over_two_calls(b: Braid) -> None:
    b.remove("seal")
    b.insert(params("params2", "prompt"), "end")
    b.insert(call("call2", ["prompt", "params2"], Shown(after="call")), "end")
    b.insert(Draft("text2", "text", ["call2"], b"8"), "end")
    b.insert(end("end2", ["text2"]), "end")
    b.insert(Draft("gathered", "checkpoint", ["text", "text2"]), "end")
    b["end"].prev = ["gathered"]


# --- class 13: seal and checkpoint


@failed("§11.1", "A seal that counts one node too many.", ("E_SEAL", SEAL))
def seal_count_wrong(b: Braid) -> None:
    b["seal"].edit_header = lambda header: header["seal"].update(count=6)


@failed("§11.1", "A seal over another tree.", ("E_SEAL", SEAL))
def seal_tree_wrong(b: Braid) -> None:
    b["seal"].edit_header = lambda header: header["seal"].update(tree=encode(derive("tree")))


@failed(
    "§11.1", "A tree whose leaves and nodes are hashed without their prefixes.", ("E_SEAL", SEAL)
)
def seal_tree_without_prefixes(b: Braid) -> None:
    def header(fields: dict[str, Any]) -> None:
        fields["seal"]["tree"] = encode(bare_head([b.signature(d.name) for d in b.drafts[:SEAL]]))

    b["seal"].edit_header = header


@failed("§11.1", "A tree over the text forms of the signatures.", ("E_SEAL", SEAL))
def seal_tree_over_text_forms(b: Braid) -> None:
    def header(fields: dict[str, Any]) -> None:
        texts = [b.text(d.name).encode() for d in b.drafts[:SEAL]]
        fields["seal"]["tree"] = encode(tree_head(texts))

    b["seal"].edit_header = header


@failed("§11.2", "A seal that leaves out a tail.", ("E_SEAL", 6))
def seal_without_a_tail(b: Braid) -> None:
    b.insert(Draft("note", "annotation", ["end"], b"Noted."), "seal")
    b["seal"].prev = ["end"]


@failed("§11.2", "A seal that names a node that is no tail.", ("E_SEAL", SEAL))
def seal_with_more_than_the_tails(b: Braid) -> None:
    b["seal"].prev = ["text", "end"]


@failed("§11.3", "A node after the seal.", ("E_SEAL", 6))
def node_after_the_seal(b: Braid) -> None:
    b.drafts.append(Draft("note", "annotation", ["seal"], b"Noted."))


@failed("§11.3", "A second seal.", ("E_SEAL", 6))
def second_seal(b: Braid) -> None:
    b.drafts.append(Draft("seal2", "seal", ["seal"]))


@failed("§11.3", "A seal with words in it.", ("E_SEAL", SEAL))
def seal_with_content(b: Braid) -> None:
    b["seal"].content = b"Done."


@failed("§11.3", "A seal of media application/json.", ("E_SEAL", SEAL))
def seal_with_other_media(b: Braid) -> None:
    b["seal"].media = "application/json"


@failed("§11.3", "A seal with attrs.", ("E_SEAL", SEAL))
def seal_with_attrs(b: Braid) -> None:
    b["seal"].attrs = b'{"by":"me"}'


@failed("§11.1", "A checkpoint over another tree.", ("E_SEAL", 5))
def checkpoint_tree_wrong(b: Braid) -> None:
    b.insert(Draft("checkpoint", "checkpoint", ["end"]), "seal")
    b["checkpoint"].edit_header = lambda header: header["seal"].update(tree=encode(derive("tree")))


@failed("§11.1", "A checkpoint with another count.", ("E_SEAL", 5))
def checkpoint_count_wrong(b: Braid) -> None:
    b.insert(Draft("checkpoint", "checkpoint", ["end"]), "seal")
    b["checkpoint"].edit_header = lambda header: header["seal"].update(count=4)


@failed("§11.3", "A checkpoint with words in it.", ("E_SEAL", 5))
def checkpoint_with_content(b: Braid) -> None:
    b.insert(Draft("checkpoint", "checkpoint", ["end"], b"Half way."), "seal")


# --- more of class 11: members of the wrong kind, at every level


@failed("§6.2", "An upstream that is null.", ("E_CALL", CALL))
def upstream_null(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(upstream=None)


@failed("§6.2", "A placement with a member SPEC does not name.", ("E_CALL", CALL))
def placement_with_an_unknown_member(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["placement"].update(score=1)


@failed("§6.2", "A body with a member SPEC does not name.", ("E_CALL", CALL))
def body_with_an_unknown_member(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["body"].update(sha1="none")


@failed("§6.2", "A body length below zero.", ("E_CALL", CALL))
def body_length_below_zero(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["body"].update(bytes=-1)


@failed("§2.1", "A body digest with spare bits set.", ("E_CALL", CALL))
def spare_bits_in_a_body_digest(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        digest = content["body"]["digest"]
        content["body"]["digest"] = digest[:-1] + chr(ord(digest[-1]) + 1)

    b["call"].edit_content = edit


@failed("§6.2", "A name stands twice deep in a call's context.", ("E_CALL", CALL))
def repeated_name_in_a_context(b: Braid) -> None:
    b["call"].respell_content = lambda raw: raw.replace(b'"add":[]', b'"add":[],"add":[]', 1)


@failed("§6.3", "A name stands twice in an end's content.", ("E_CALL", END))
def repeated_name_in_an_end(b: Braid) -> None:
    b["end"].respell_content = lambda raw: raw.replace(
        b'"status":200', b'"status":500,"status":200'
    )


@failed("§12", "A call's content nests 257 deep.", ("E_CALL", CALL))
def call_nested_257_deep(b: Braid) -> None:
    b["call"].respell_content = lambda raw: raw.replace(
        b'"history":[]', b'"history":' + b"[" * 257 + b"]" * 257
    )


@failed("§6.3", "An end whose usage holds NaN.", ("E_CALL", END))
def not_a_number_in_an_end(b: Braid) -> None:
    b["end"].respell_content = lambda raw: raw.replace(b'"output_tokens":3', b'"output_tokens":NaN')


@failed("§6.3", "A stop reason that is a number.", ("E_CALL", END))
def stop_reason_not_a_string(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(stop_reason=1)


@failed("§6.3", "A request id that is a list.", ("E_CALL", END))
def request_id_not_a_string(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(request_id=[])


@failed("§6.3", "A status with a fraction.", ("E_CALL", END))
def status_with_a_fraction(b: Braid) -> None:
    b["end"].respell_content = lambda raw: raw.replace(b'"status":200', b'"status":200.5')


@failed("§6.3", "An end that is a list.", ("E_CALL", END))
def end_not_an_object(b: Braid) -> None:
    b["end"].respell_content = lambda _: b"[]"


@failed("§6.2", "partial is a word.", ("E_CONTEXT", CALL))
def partial_not_a_boolean(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["context"].update(partial="yes")


@failed("§6.2", "A context that shows a call.", ("E_CONTEXT", CALL2), base=talk)
def context_with_a_call(b: Braid) -> None:
    b["call2"].edit_content = lambda content: show(content, b.signature("call"))


@failed("§6.2", "A context that shows an annotation.", ("E_CONTEXT", CALL2 + 1), base=talk)
def context_with_an_annotation(b: Braid) -> None:
    b.insert(Draft("note", "annotation", ["end"], b"Noted."), "tool_result")
    b["call2"].edit_content = lambda content: show(content, b.signature("note"))


@failed("§2.1", "A chain's result with a spare bit set.", ("E_CONTEXT", CALL))
def spare_bit_in_a_chain(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        to = content["context"]["messages"]["to"]
        content["context"]["messages"]["to"] = to[:-1] + chr(ord(to[-1]) + 1)

    b["call"].edit_content = edit


@failed("§2.1", "A signature added to a context has a spare bit set.", ("E_CONTEXT", CALL))
def spare_bit_in_a_context(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        (s,) = content["context"]["messages"]["add"]
        content["context"]["messages"]["add"] = [s[:-1] + chr(ord(s[-1]) + 1)]

    b["call"].edit_content = edit


@failed(
    "§6.2", "A context that leaves out a block but keeps the chain's value.", ("E_CONTEXT", CALL)
)
def context_with_a_block_left_out(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["context"]["messages"].update(add=[])


@failed("§6.2", "A context with two blocks in another order.", ("E_CONTEXT", CALL2), base=talk)
def context_in_another_order(b: Braid) -> None:
    b["call2"].edit_content = lambda content: content["context"]["messages"]["add"].reverse()


@failed("§6.2", "A context list passed off as another.", ("E_CONTEXT", 4), base=talk)
def context_lists_swapped(b: Braid) -> None:
    def edit(content: dict[str, Any]) -> None:
        context = content["context"]
        context["system"], context["messages"] = context["messages"], context["system"]

    b["call"].edit_content = edit


@failed(
    "§7.2",
    "One call has a wrong context, an earlier one a finding on its history: both columns of §7.2 apply.",
    ("E_CONTEXT", CALL2),
    base=talk,
    also=(("history.unheard_of", 4),),
    context="no",
    history="no",
)
def context_wrong_beside_history(b: Braid) -> None:
    b["call"].edit_content = lambda content: content.update(history=[{"code": "unheard_of"}])
    b["call2"].edit_content = lambda content: content["context"]["system"].update(add=[None])


# --- more of class 12 and 13


@failed("§6.3", "An answer to a call that was refused.", ("E_PAIR", END))
def answer_to_a_refused_call(b: Braid) -> None:
    b["end"].edit_content = lambda content: content.update(outcome="refused")


@failed("§4.4", "An end that leaves out one of two candidates.", ("E_PAIR", 5))
def end_without_a_candidate(b: Braid) -> None:
    b.insert(Draft("other", "text", ["call"], b"8", attrs=attrs(index=1, type="text")), "end")


@failed("§4.4", "An end that names a block of its answer that another follows.", ("E_PAIR", 5))
def end_with_an_inner_block(b: Braid) -> None:
    b.insert(Draft("more", "text", ["text"], b"Always.", attrs=attrs(index=1, type="text")), "end")
    b["end"].prev = ["more", "text"]


@failed("§4.6", "A word of the provider's that hangs on a client's.", ("E_PAIR", 5))
def answer_on_a_prompt(b: Braid) -> None:
    b.insert(Draft("odd", "text", ["prompt"], b"Ten."), "seal")


@failed("§4.6", "A word of the provider's that is the genesis.", ("E_PAIR", 0))
def answer_as_the_genesis(b: Braid) -> None:
    b.insert(Draft("odd", "text", [], b"Ten."), "prompt")
    b["prompt"].prev = ["odd"]


@failed("§11.4", "A second call that has no end, in a sealed braid.", ("E_PAIR", 6))
def sealed_with_a_call_under_way(b: Braid) -> None:
    b.insert(params("params2", "end"), "seal")
    b.insert(call("call2", ["end", "params2"], Shown(after="call")), "seal")


@failed("§11.1", "A seal that counts one node too few.", ("E_SEAL", SEAL))
def seal_count_too_low(b: Braid) -> None:
    b["seal"].edit_header = lambda header: header["seal"].update(count=4)


@failed("§11.1", "A tree over all signatures but the last.", ("E_SEAL", SEAL))
def seal_tree_without_the_last(b: Braid) -> None:
    def header(fields: dict[str, Any]) -> None:
        signatures = [b.signature(d.name) for d in b.drafts[: SEAL - 1]]
        fields["seal"]["tree"] = encode(tree_head(signatures))

    b["seal"].edit_header = header


@failed("§11.1", "A tree over the same signatures in another order.", ("E_SEAL", SEAL))
def seal_tree_in_another_order(b: Braid) -> None:
    def header(fields: dict[str, Any]) -> None:
        signatures = [b.signature(d.name) for d in b.drafts[:SEAL]]
        fields["seal"]["tree"] = encode(tree_head(signatures[::-1]))

    b["seal"].edit_header = header


@failed("§11.1", "A tree whose odd leaf is paired with itself.", ("E_SEAL", SEAL))
def seal_tree_with_a_leaf_doubled(b: Braid) -> None:
    def header(fields: dict[str, Any]) -> None:
        signatures = [b.signature(d.name) for d in b.drafts[:SEAL]]
        fields["seal"]["tree"] = encode(tree_head([*signatures, signatures[-1]]))

    b["seal"].edit_header = header


@failed("§11.3", "A checkpoint with attrs.", ("E_SEAL", 5))
def checkpoint_with_attrs(b: Braid) -> None:
    b.insert(Draft("checkpoint", "checkpoint", ["end"], attrs=b'{"by":"me"}'), "seal")


@failed("§11.3", "A checkpoint of media application/json.", ("E_SEAL", 5))
def checkpoint_with_other_media(b: Braid) -> None:
    b.insert(Draft("checkpoint", "checkpoint", ["end"], media="application/json"), "seal")


@failed("§11.3", "A whole turn after the seal.", *(("E_SEAL", i) for i in (6, 7, 8, 9)))
def turn_after_the_seal(b: Braid) -> None:
    b.drafts += [
        params("params2", "seal"),
        call("call2", ["seal", "params2"], Shown(after="call")),
        Draft("text2", "text", ["call2"], b"Or ten.", attrs=attrs(index=0, type="text")),
        end("end2", ["text2"]),
    ]
