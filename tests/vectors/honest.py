"""Vectors of transcripts with nothing wrong, and of those that merely fall short."""

from __future__ import annotations

import json
from typing import Any

from vectors import example
from vectors.conversations import (
    CALL,
    END,
    PROMPT,
    TEXT,
    attrs,
    call,
    end,
    params,
    short,
    talk,
)
from vectors.formulas import chain_start, chain_step, compact, encode
from vectors.table import unmet, verified
from vectors.weaver import Braid, Draft, File, Key, Shown


@verified("§0", "The worked example of SPEC.", base=example.braid, sealed="yes", signer="yes")
def spec_example(b: Braid) -> None:
    pass


@verified("§10.1", "A question, an answer, a certificate and a seal.", sealed="yes", signer="yes")
def sealed(b: Braid) -> None:
    pass


@verified(
    "§11.5",
    "Without a seal nothing is wrong, but the braid is open.",
    ("N_OPEN", None),
    sealed="no",
)
def open_braid(b: Braid) -> None:
    b.remove("seal")


@verified(
    "§6.2",
    "Two turns, a tool call between them; the second context extends the first.",
    base=talk,
    context="yes",
)
def two_turns_with_a_tool(b: Braid) -> None:
    pass


@verified(
    "§6.2",
    "The second call starts from a value inside an earlier chain: the answer was regenerated.",
    base=talk,
)
def context_from_an_inner_value(b: Braid) -> None:
    first = b["call"].shows
    assert first is not None
    b.insert(Draft("prompt_b", "prompt", ["prompt"], b"And twice that?"), "params")
    first.messages = ["prompt", "prompt_b"]
    b["params"].prev = ["prompt_b"]
    b["call"].prev = ["prompt_b", "params"]
    b.insert(params("params3", "prompt"), "seal")
    again = call("call3", ["prompt", "params3"], Shown(after="call"))

    def inner(content: dict[str, Any]) -> None:
        value = encode(chain_step(chain_start("messages"), b.signature("prompt")))
        content["context"]["messages"] = {"from": value, "add": [], "to": value}

    again.edit_content = inner
    b.insert(again, "seal")
    b.insert(end("end3", ["call3"], "upstream_cut"), "seal")


@verified("§5.5", "The answer was erased; its node remains.", ("N_ERASED", TEXT), erased="yes")
def erased_answer(b: Braid) -> File:
    b["text"].erased = True
    file = b.sign()
    del file.nodes[END]["bsalt"]
    return file


@verified(
    "§5.5",
    "The question was erased but the body salt of the call that shows it stayed.",
    ("W_BSALT", CALL),
)
def erased_question_with_the_body_salt_left(b: Braid) -> None:
    b["prompt"].erased = True


@verified("§7.3", "The body salt of a call was removed, and no words.", ("N_BSALT", CALL))
def body_salt_removed(b: Braid) -> None:
    b["call"].salted = False


@verified("§10.3", "The same braid as JSON Lines.")
def json_lines(b: Braid) -> None:
    b.lines = True


@verified("§10.3", "JSON Lines with a last line of proofs.", ("N_PROOF", None))
def json_lines_with_proofs(b: Braid) -> None:
    b.lines, b.proofs = True, [{"type": "vectors.example/proof", "words": [1, 2.5, None]}]


@verified(
    "§10.5",
    "A proof of a type nobody knows is not checked, and nothing it may prove is claimed.",
    ("N_PROOF", None),
    logged="not checked",
    witnessed="not checked",
    timestamped="not checked",
)
def unknown_proof(b: Braid) -> None:
    b.proofs = [{"type": "vectors.example/proof"}]


@unmet(
    "§9.2", "Without a certificate the signer is unknown.", ("N_NO_CERTIFICATE", None), signer="no"
)
def no_certificate(b: Braid) -> None:
    b.certified = False


@unmet("§7.2", "A root that is not pinned certified the braid.", signer="no")
def root_not_pinned(b: Braid) -> None:
    b.root = Key("another root")


@verified(
    "§4.7", "Seventy candidates; a checkpoint gathers 64 tails so that the end can name the rest."
)
def checkpoint_gathers_tails(b: Braid) -> None:
    names = [f"candidate{i}" for i in range(70)]
    for i, name in enumerate(names):
        b.insert(Draft(name, "text", ["call"], b"Eight.", attrs=attrs(index=i)), "text")
    b.remove("text")
    b.insert(Draft("gathered", "checkpoint", names[:64]), "end")
    b["end"].prev = ["gathered", *names[64:]]


@verified("§11.1", "A checkpoint on the way: the next request hangs on it.", base=talk)
def checkpoint_between_turns(b: Braid) -> None:
    b.insert(Draft("checkpoint", "checkpoint", ["end"]), "tool_result")
    b["tool_result"].prev = ["checkpoint", "tool_use"]


@verified("§11.6", "Checkpoints beside the strands, each naming the one before it.", base=talk)
def checkpoints_chained(b: Braid) -> None:
    b.insert(Draft("checkpoint1", "checkpoint", ["end"]), "tool_result")
    last = [draft.name for draft in b.drafts if draft.kind == "end"][-1]
    b.insert(Draft("checkpoint2", "checkpoint", ["checkpoint1", last]), "seal")


@verified(
    "§11.2", "A seal over several tails; a flag and an annotation are tails too.", ("N_FLAG", 5)
)
def seal_over_flags(b: Braid) -> None:
    flag = Draft("flag", "flag", ["end"], b"{}", media="application/json", about=["text"])
    note = Draft("note", "annotation", ["end"], b"Correct.", about=["text", "end"])
    b.insert(flag, "seal")
    b.insert(note, "seal")


@verified(
    "§6.4",
    "A flag about a text, signed before the end of its call; it is no tail of that call.",
    ("N_FLAG", 4),
)
def flag_of_a_leak(b: Braid) -> None:
    said = {
        "class": "self_correction",
        "detector": "braid-leaks",
        "end": 6,
        "position": {"length": 6, "overlap": 0, "thinking": "absent", "thinking_length": 0},
        "reasons": [["wait", 0, 4]],
        "score": 400,
        "start": 0,
        "tier": "strong",
        "version": 1,
        "what": "leak",
    }
    content = json.dumps(said, separators=(",", ":"), sort_keys=True).encode()
    flag = Draft("flag", "flag", ["text"], content, media="application/json", about=["text"])
    b.insert(flag, "end")


@verified("§6.4", "A flag that is none of ours, and not even JSON, is no failure.", ("N_FLAG", 4))
def flag_of_another_detector(b: Braid) -> None:
    b.insert(Draft("flag", "flag", ["text"], b"seen", about=["text"]), "end")


@verified("§11.2", "The seal names its tails in another order: they are compared as a set.")
def seal_with_tails_in_another_order(b: Braid) -> None:
    b.insert(Draft("note", "annotation", ["end"], b"Correct."), "seal")
    b.insert(Draft("note2", "annotation", ["end"], b"Quite."), "seal")
    b["seal"].edit_header = lambda header: header["prev"].reverse()


@verified("§6.2", "The model saw a file the proxy did not.", ("N_PARTIAL", CALL), context="no")
def partial_context(b: Braid) -> None:
    b["call"].edit_content = lambda content: content["context"].update(partial=True)


@verified(
    "§4.6",
    "A call without its end in an open braid is a note.",
    ("N_PENDING", CALL),
    ("N_OPEN", None),
)
def pending_call(b: Braid) -> None:
    b.remove("seal")
    b.remove("end")


@verified("§6.2", "A retry: the second call shows the same context and is about the first.")
def retried_call(b: Braid) -> None:
    b.remove("text")
    b["end"].prev = ["call"]
    b["end"].edit_content = lambda c: c.update(outcome="error", status=529, stop_reason=None)
    again = call("call2", ["end"], Shown(after="call"))
    again.about = ["call"]
    again.edit_content = lambda content: content["placement"].update(by="retry")
    b.insert(again, "seal")
    b.insert(Draft("text2", "text", ["call2"], b"Eight."), "seal")
    b.insert(end("end2", ["text2"]), "seal")


@verified("§4.6", "Two calls of one conversation run at once and become two strands.")
def concurrent_calls(b: Braid) -> None:
    b.insert(params("params2", "prompt"), "text")
    b.insert(call("call2", ["prompt", "params2"], Shown(after="call")), "text")
    b.insert(Draft("text2", "text", ["call2"], b"8"), "end")
    b.insert(end("end2", ["text2"]), "seal")


@verified("§6.3", "Nothing was received: every value of the end is null and there is no body salt.")
def end_of_a_call_that_was_not_sent(b: Braid) -> None:
    def nothing(content: dict[str, Any]) -> None:
        content.update(dict.fromkeys(content), outcome="not_sent")

    b.remove("text")
    b["end"].prev = ["call"]
    b["end"].edit_content = nothing
    b["end"].salted = False


@verified("§4.5", "A tool result that does not name its tool use.", ("W_PAIR", 9), base=talk)
def tool_result_without_its_use(b: Braid) -> None:
    b["tool_result"].prev = ["end"]


@verified("§4.5", "A tool result that names its tool use third.", ("W_PAIR", 9), base=talk)
def tool_result_with_its_use_third(b: Braid) -> None:
    b["tool_result"].prev = ["end", "text", "tool_use"]


@verified("§7.3", "A node's time is before that of an earlier node.", ("W_TIME", TEXT))
def time_goes_back(b: Braid) -> None:
    b["text"].time = "2026-02-03T04:05:06.000Z"


@verified("§9.2", "The first and last moments of the certificate are within it.")
def times_at_the_bounds(b: Braid) -> None:
    b["prompt"].time = "2026-01-01T00:00:00.000Z"
    for name in ("end", "seal"):
        b[name].time = "2026-12-31T23:59:59.999Z"


@verified("§3.4", "The genesis continues another braid, which is not at hand.", ("N_LINK", PROMPT))
def genesis_with_a_link(b: Braid) -> None:
    other = short("earlier")
    b["prompt"].link = [
        {"braid": encode(other.key.public), "node": other.text("end"), "rel": "continues"}
    ]


@verified(
    "§8.4",
    "A call says that thinking was not resent.",
    ("history.elided", 11),
    base=talk,
    history="yes",
)
def history_elided(b: Braid) -> None:
    b["call2"].edit_content = lambda content: content.update(
        history=[{"code": "continued"}, {"code": "elided"}]
    )


@verified(
    "§8.4",
    "A call carries a history code that this version does not define.",
    ("history.unheard_of", 11),
    base=talk,
    history="no",
)
def history_of_a_later_version(b: Braid) -> None:
    b["call2"].edit_content = lambda content: content.update(history=[{"code": "unheard_of"}])


# Each code of §8.4 on a second call: what it must be reported as, and what it makes of `history`.
ORDINARY = [
    "continued",
    "elided",
    "truncated",
    "compacted",
    "copied",
    "variant",
    "forked",
    "prefill",
    "foreign_before",
    "result_cleared",
    "result_shortened",
    "billing_changed",
    "clock_changed",
    "tool_added",
    "tool_removed",
    "tools_reordered",
    "aside",
]
ACCUSING = [
    "edited",
    "edited_thinking",
    "edited_result",
    "elided_result",
    "moved",
    "foreign",
    "orphan_result",
    "ambiguous",
    "system_changed",
    "tool_reworded",
    "hidden_characters",
    "bidi_characters",
    "lookalike_letters",
]


def _history(code: str, answer: str) -> None:
    def carry(b: Braid) -> None:
        was, node = b.text("text"), b.text("tool_result")
        entry = {"code": code, "node": node, "was": was, "more": 2}
        b["call2"].edit_content = lambda content: content.update(history=[entry])

    carry.__name__ = f"history_{code}"
    comment = f"A call says `{code}` of its history, with two nodes, and that there is more."
    verified("§8.4", comment, (f"history.{code}", 11), base=talk, history=answer)(carry)


for _code in ORDINARY:
    if _code != "elided":
        _history(_code, "yes")
for _code in ACCUSING:
    _history(_code, "no")


@verified("§3.3", "Words a client put into the model's mouth have origin client.")
def assistant_text_from_the_client(b: Braid) -> None:
    b.insert(Draft("few_shot", "text", ["prompt"], b"Insects: six.", origin="client"), "params")
    shows = b["call"].shows
    assert shows is not None
    shows.messages.append("few_shot")
    b["params"].prev = ["few_shot"]
    b["call"].prev = ["few_shot", "params"]


@verified("§5.2", "A string UTF-8 cannot hold is a JSON literal of escaped code units.")
def lone_surrogate_as_a_literal(b: Braid) -> None:
    b["text"].content, b["text"].media = rb'"\u0048\u0069\ud83d"', "application/json"


@verified("§5.2", "Tool input that is not valid JSON stays application/json.", base=talk)
def tool_input_cut_short(b: Braid) -> None:
    b["tool_use"].content = b'{"a": 17,"b'
    b["tool_use"].attrs = attrs(cut=True, id="toolu_1", type="tool_use")


@verified("§5.2", "Binary media stands as b64.")
def binary_media(b: Braid) -> None:
    image = Draft("image", "media", ["prompt"], b"\x89PNG\r\n\x1a\n\x00\xff", media="image/png")
    b.insert(image, "params")
    shows = b["call"].shows
    assert shows is not None
    shows.messages.append("image")
    b["params"].prev = ["image"]
    b["call"].prev = ["image", "params"]


@verified("§5.2", "An answer may be empty.")
def empty_text(b: Braid) -> None:
    b["text"].content = b""


@verified("§5.3", "attrs are the bytes that stand there, however they are spelled.")
def attrs_in_a_loose_spelling(b: Braid) -> None:
    b["text"].attrs = b'{ "type" : "te\\u0078t",\n\t"big": 1e2, "n": [[["\\u00e9"]]] }'


@verified("§10.2", "b64 may carry content that is UTF-8.")
def b64_for_utf8(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["b64"] = encode(file.nodes[TEXT].pop("text").encode())
    return file


@verified(
    "§10.1",
    "Members in another order, white space between tokens and escapes in strings change nothing.",
)
def another_spelling_of_the_file(b: Braid) -> bytes:
    file = b.sign()
    nodes = [dict(reversed(node.items())) for node in file.nodes]
    head = {"certificate": file.head["certificate"], "braid": file.head["braid"]}
    value = {**head, "format": file.head["format"], "proofs": [], "nodes": nodes}
    text = json.dumps(value, indent="\t").replace("\n", "\r\n")
    return text.replace("prompt", "\\u0070rompt").encode()


@verified("§3.2", "The largest lists a header may have: 64 prev, 16 about, 8 link.")
def lists_at_their_limits(b: Braid) -> None:
    notes = [f"note{i}" for i in range(64)]
    for name in notes:
        b.insert(Draft(name, "annotation", ["end"], b"Noted.", origin="proxy"), "seal")
    other = short("other")
    link = {"braid": encode(other.key.public), "node": other.text("end"), "rel": "audits"}
    last = Draft("last", "annotation", notes, b"All of it.", about=notes[:16], link=[link] * 8)
    b.insert(last, "seal")


@verified("§3.5", "The longest media type: 64 characters.")
def longest_media(b: Braid) -> None:
    b["text"].media = "application/" + "x" * 52


@verified("§8.2", "A gap says that recording stopped for a while.")
def gap(b: Braid) -> None:
    b.insert(
        Draft("gap", "gap", ["end"], compact({"calls": 2}).encode(), media="application/json"),
        "seal",
    )


@verified("§9.1", "The policy of a certificate may be best_effort, its issuer empty.")
def best_effort_certificate(b: Braid) -> None:
    b.edit_certificate = lambda fields: fields.update(policy="best_effort", issuer="")


@verified(
    "§5.5",
    "Everything that may be erased is erased.",
    ("N_ERASED", PROMPT),
    base=talk,
    erased="yes",
)
def all_words_erased(b: Braid) -> File:
    for draft in b.drafts:
        draft.erased = draft.kind not in ("call", "end", "checkpoint", "seal")
    file = b.sign()
    for node in file.nodes:
        node.pop("bsalt", None)
    return file


@verified(
    "§8.5",
    "What others recorded: every word a client's, no call, sealed.",
    ("W_PAIR", 3),
    sealed="yes",
    context="not checked",
    history="not checked",
)
def imported_conversation(b: Braid) -> None:
    origin = {"format": "vectors.example", "name": "talk.json"}
    told = attrs(type="import")
    first = Draft("import", "other", [], compact(origin).encode(), "client", attrs=told)
    first.media = "application/json"
    said = Draft("said", "text", ["prompt"], b"Eight.", "client")
    tool = Draft("tool", "tool_result", ["prompt"], b"8", "client")
    b.drafts = [first, b["prompt"], said, tool, b["seal"]]
    b["prompt"].prev = ["import"]


@verified("§4.4", "An answer with two candidates: the end names the last block of each.")
def two_candidates(b: Braid) -> None:
    b.insert(Draft("other", "text", ["call"], b"8.", attrs=attrs(index=1, type="text")), "end")
    b["end"].prev = ["text", "other"]


def echo() -> Draft:
    """What an answer repeats of its request, as SPEC §4.4 has it."""
    repeated = compact({"instructions": None, "temperature": 1}).encode()
    said = attrs(type="echo")
    return Draft("echo", "other", ["call"], repeated, "client", "application/json", said)


@verified("§4.4", "An answer that repeats its request: a strand of the client's beside it.")
def answer_with_an_echo(b: Braid) -> None:
    b.insert(echo(), "end")


@verified(
    "§5.5",
    "What an answer repeats of its request was erased, but the answer's body salt stayed.",
    ("W_BSALT", END + 1),
)
def erased_echo_with_the_body_salt_left(b: Braid) -> None:
    b.insert(echo(), "end")
    b["echo"].erased = True


@verified("§4.5", "Two tools used in one answer, each with its result.", base=talk)
def parallel_tools(b: Braid) -> None:
    used = attrs(id="toolu_2", index=3, name="add", type="tool_use")
    b.insert(Draft("use2", "tool_use", ["tool_use"], b"{}", attrs=used), "end")
    b["use2"].media = "application/json"
    b["end"].prev = ["use2"]
    told = attrs(tool_use_id="toolu_2", type="tool_result")
    b.insert(Draft("result2", "tool_result", ["tool_result", "use2"], b"0", attrs=told), "params2")
    b["params2"].prev = ["result2"]
    b["call2"].prev = ["result2", "params2"]
    assert b["call2"].shows is not None
    b["call2"].shows.messages += ["use2", "result2"]


@verified("§3.3", "A tool the provider ran itself: its result is the provider's.")
def result_from_the_provider(b: Braid) -> None:
    use = attrs(id="srvtoolu_1", index=0, name="web_search", type="server_tool_use")
    told = attrs(index=1, tool_use_id="srvtoolu_1", type="web_search_tool_result")
    b.insert(Draft("use", "tool_use", ["call"], b"{}", "provider", "application/json", use), "text")
    result = Draft("result", "tool_result", ["use"], b"[]", "provider", "application/json", told)
    b.insert(result, "text")
    b["text"].prev = ["result"]


@verified("§5.2", "Content beyond the recorder's part size, as two numbered parts.")
def content_in_parts(b: Braid) -> None:
    b["text"].content, b["text"].attrs = b"Eig", attrs(index=0, part=1, parts=2, type="text")
    more = Draft("part2", "text", ["text"], b"ht.", attrs=attrs(index=0, part=2, parts=2))
    b.insert(more, "end")
    b["end"].prev = ["part2"]


@verified("§8.3", "A conversation that goes on after its braid was closed.", ("N_LINK", PROMPT))
def continues_a_closed_braid(b: Braid) -> None:
    other = short("other")
    key = encode(other.key.public)
    b["prompt"].link = [{"braid": key, "node": other.text("seal"), "rel": "continues"}]
    b["prompt"].attrs = attrs(copy_of={"braid": key, "node": other.text("prompt")}, type="text")

    def copied(content: dict[str, Any]) -> None:
        content["history"] = [{"code": "copied"}]

    b["call"].edit_content = copied


@verified("§6.3", "An upstream that answered with an error.")
def answer_of_an_error(b: Braid) -> None:
    error = b'{"error":{"type":"overloaded_error"},"type":"error"}'
    b["text"].kind, b["text"].content, b["text"].media = "other", error, "application/json"
    assert b["end"].fields is not None
    b["end"].fields |= {"outcome": "error", "status": 529, "stop_reason": None, "usage": None}


@verified("§6.3", "An answer that broke off in the middle of a word.")
def answer_cut_off(b: Braid) -> None:
    b["text"].content, b["text"].attrs = b"Eig", attrs(cut=True, index=0, type="text")
    assert b["end"].fields is not None
    b["end"].fields |= {"outcome": "upstream_cut", "stop_reason": None}


@verified("§5.2", "Words that look like nothing, or like something else, are kept as they came.")
def invisible_characters(b: Braid) -> None:
    b["text"].content = "Eight\u200b.\u202e.thgiE\u0000\u001b[2J\ufeff\U000e0041\r\n".encode()


@verified("§5.2", "A tool's input in which a name stands twice is kept as it was sent.", base=talk)
def repeated_name_in_tool_input(b: Braid) -> None:
    b["tool_use"].content = b'{"a":17,"a":25}'


@verified("§12", "attrs that nest as deeply as they may, with the largest number a double holds.")
def attrs_at_their_limits(b: Braid) -> None:
    b["text"].attrs = b'{"n":1.7976931348623157e308,"a":' + b"[" * 255 + b"]" * 255 + b"}"


def split(b: Braid, *claims: dict[str, Any]) -> None:
    """Make nodes of the prompt's block of these attrs, each on the one before, and show them."""
    b["prompt"].attrs = attrs(**claims[0])
    last, shows = "prompt", b["call"].shows
    assert shows is not None
    for number, claim in enumerate(claims[1:], 2):
        name = f"prompt{number}"
        b.insert(Draft(name, "prompt", [last], b"more", attrs=attrs(**claim)), "params")
        shows.messages.append(name)
        last = name
    b["params"].prev = [last]
    b["call"].prev = [last, "params"]


@verified("§5.6", "A block in two parts, and then another in three, the last of them `extra`.")
def blocks_in_parts(b: Braid) -> None:
    two = [{"part": number, "parts": 2} for number in (1, 2)]
    three = [{"part": number, "parts": 3} for number in (1, 2)]
    split(b, *two, *three, {"part": 3, "parts": 3, "type": "extra"})
    b["prompt5"].kind, b["prompt5"].origin = "other", "client"
    b["prompt5"].content, b["prompt5"].media = b"{}", "application/json"


@verified("§5.6", "A part was erased: nothing is said of the one after it.", ("N_ERASED", 1))
def erased_part(b: Braid) -> None:
    split(b, *({"part": number, "parts": 3} for number in (1, 2, 3)))
    b["prompt2"].erased = b["prompt3"].erased = True
    b["call"].salted = False


@verified("§5.6", "The end of an open braid was cut off in the middle of a block.")
def open_braid_cut_within_a_block(b: Braid) -> None:
    b.insert(Draft("more", "prompt", ["end"], b"x", attrs=attrs(part=1, parts=2)), "seal")
    b.remove("seal")


@verified("§5.6", "A variant of an earlier node, and a copy of another braid's.")
def variant_and_copy(b: Braid) -> None:
    copied = {"braid": "A" * 43, "node": "A" * 86}
    split(b, {"copy_of": copied}, {"variant_of": "", "copy_of": copied})
    b["prompt2"].attrs = attrs(variant_of=b.text("prompt"))


@verified(
    "§5.5",
    "Params were erased and the body salt of their call stayed.",
    ("W_BSALT", CALL),
    erased="yes",
)
def erased_params_with_the_body_salt(b: Braid) -> None:
    b["params"].erased = True


@verified("§5.5", "Params were erased with the body salt of their call.", ("N_ERASED", 1))
def erased_params(b: Braid) -> None:
    b["params"].erased, b["call"].salted = True, False


@verified(
    "§5.5",
    "The first of two parts of params was erased, and the body salt stayed.",
    ("W_BSALT", 3),
)
def erased_part_of_params_with_the_body_salt(b: Braid) -> None:
    rest = params("params_b", "params")
    b["params"].attrs, rest.attrs = attrs(part=1, parts=2), attrs(part=2, parts=2)
    b["params"].erased = True
    b.insert(rest, "call")
    b["call"].prev = ["prompt", "params_b"]


@verified(
    "§5.5",
    "A notice of erasure: annotations that link to what was erased in another braid, sealed.",
    ("N_LINK", 0),
    ("N_LINK", 1),
    sealed="yes",
    context="not checked",
    erased="no",
)
def erasure_notice(b: Braid) -> None:
    other = talk("other")
    names = [draft.name for draft in other.drafts if draft.kind not in ("call", "end", "seal")]
    links = [
        {"braid": encode(other.key.public), "node": other.text(name), "rel": "audits"}
        for name in names
    ]
    assert len(links) == 10
    b.drafts = []
    for number, some in enumerate((links[:8], links[8:])):
        said = compact({"erased": len(some), "reason": None}).encode()
        prev = [f"notice{number - 1}"] if number else []
        notice = Draft(f"notice{number}", "annotation", prev, said, "proxy", "application/json")
        notice.link, notice.attrs = some, b'{"type":"erasure"}'
        b.drafts.append(notice)
    b.drafts.append(Draft("seal", "seal", None))
