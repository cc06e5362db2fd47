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
