"""Vectors of §2.2, §5.1 and §9.1: each signed thing of an honest file changed by someone without a key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from vectors.conversations import CALL, END, PROMPT, TEXT, short, talk
from vectors.formulas import compact, decode, derive, encode
from vectors.table import failed
from vectors.weaver import Braid, Draft, File

Edit = Callable[[dict[str, Any]], object]
FLAG, LAST = 5, 6  # in `flagged`


def flagged() -> Braid:
    """`short` with a flag about the text and a link on the genesis, so that every field is there."""
    b = short()
    other = short("other")
    link = {"braid": encode(other.key.public), "node": other.text("end"), "rel": "continues"}
    b["prompt"].link = [link]
    flag = Draft("flag", "flag", ["end"], b"{}", media="application/json", about=["text"])
    b.insert(flag, "seal")
    return b


def _change(name: str, comment: str, node: int, edit: Edit) -> None:
    """Register a vector in which a header is another valid one, under the old signature."""

    def make(b: Braid) -> File:
        file = b.sign()
        header = json.loads(file.nodes[node]["h"])
        before = compact(header)
        edit(header)
        file.nodes[node]["h"] = compact(header)
        if file.nodes[node]["h"] == before:
            raise ValueError(f"{name} changes nothing")
        return file

    make.__name__ = name
    failed("§2.2", comment, ("E_SIG", node), base=flagged)(make)


def _key(name: str) -> str:
    return encode(short(name).key.public)


def _node(name: str) -> str:
    return short("other").text(name)


_change(
    "changed_about",
    "A flag made to speak of another node.",
    FLAG,
    lambda header: header.update(about=header["prev"]),
)
_change(
    "changed_about_dropped",
    "A flag made to speak of none.",
    FLAG,
    lambda header: header.pop("about"),
)
_change(
    "changed_braid",
    "A header made to name another braid.",
    TEXT,
    lambda header: header.update(braid=_key("other")),
)
_change(
    "changed_content",
    "Another commitment: other words could be put in the place of these.",
    TEXT,
    lambda header: header.update(content=encode(derive("other words"))),
)
_change(
    "changed_kind",
    "Thinking passed off as a text, or a text as thinking.",
    TEXT,
    lambda header: header.update(kind="thinking"),
)
_change(
    "changed_link_braid",
    "A link made to lead to another braid.",
    PROMPT,
    lambda header: header["link"][0].update(braid=_key("third")),
)
_change(
    "changed_link_node",
    "A link made to lead to another node.",
    PROMPT,
    lambda header: header["link"][0].update(node=_node("text")),
)
_change(
    "changed_link_rel",
    "A link made to mean something else.",
    PROMPT,
    lambda header: header["link"][0].update(rel="audits"),
)
_change(
    "changed_link_dropped",
    "A braid that went on from another made to stand alone.",
    PROMPT,
    lambda header: header.pop("link"),
)
_change(
    "changed_media",
    "Text passed off as JSON.",
    TEXT,
    lambda header: header.update(media="application/json"),
)
_change(
    "changed_origin",
    "Words of the provider's passed off as a client's.",
    TEXT,
    lambda header: header.update(origin="client"),
)
_change(
    "changed_prev",
    "A node made to follow another.",
    END,
    lambda header: header.update(prev=[_node("text")]),
)
_change(
    "changed_prev_dropped",
    "A call made to follow its parameters alone.",
    CALL,
    lambda header: header["prev"].pop(0),
)
_change(
    "changed_prev_order",
    "The same previous signatures in another order.",
    CALL,
    lambda header: header["prev"].reverse(),
)
_change(
    "changed_prev_emptied",
    "A node made into a second genesis.",
    TEXT,
    lambda header: header.update(prev=[]),
)
_change(
    "changed_seal_count",
    "A seal made to count fewer nodes.",
    LAST,
    lambda header: header["seal"].update(count=LAST - 1),
)
_change(
    "changed_seal_tree",
    "A seal made to seal other nodes.",
    LAST,
    lambda header: header["seal"].update(tree=encode(derive("tree"))),
)
_change("changed_seq", "A node made to stand elsewhere.", TEXT, lambda header: header.update(seq=4))
_change(
    "changed_time",
    "A node made a millisecond older.",
    TEXT,
    lambda header: header.update(time="2026-02-03T04:05:06.749Z"),
)
_change(
    "changed_version", "A header made one of version 2.", TEXT, lambda header: header.update(v=2)
)


def _change_certificate(name: str, comment: str, code: str, edit: Edit) -> None:
    def make(b: Braid) -> File:
        file = b.sign()
        fields = json.loads(file.head["certificate"]["h"])
        edit(fields)
        file.head["certificate"]["h"] = compact(fields)
        return file

    make.__name__ = name
    failed("§9.1", comment, (code, None))(make)


_change_certificate(
    "changed_certificate_braid",
    "A certificate made to name another braid key.",
    "E_CERT_SIG",
    lambda fields: fields.update(braid=_key("other")),
)
_change_certificate(
    "changed_certificate_issuer",
    "A certificate made to name another issuer.",
    "E_CERT_SIG",
    lambda fields: fields.update(issuer="another.example"),
)
_change_certificate(
    "changed_certificate_nonce",
    "A certificate with another nonce.",
    "E_CERT_SIG",
    lambda fields: fields.update(nonce=encode(derive("another nonce")[:16])),
)
_change_certificate(
    "changed_certificate_not_after",
    "A certificate made to last longer.",
    "E_CERT_SIG",
    lambda fields: fields.update(not_after="2036-12-31T23:59:59.999Z"),
)
_change_certificate(
    "changed_certificate_not_before",
    "A certificate made to begin earlier.",
    "E_CERT_SIG",
    lambda fields: fields.update(not_before="2016-01-01T00:00:00.000Z"),
)
_change_certificate(
    "changed_certificate_root",
    "A certificate made to name another root.",
    "E_CERT_SIG",
    lambda fields: fields.update(root=_key("stranger")),
)


def _flip(text: str, byte: int) -> str:
    raw = bytearray(decode(text))
    raw[byte] ^= 1
    return encode(bytes(raw))


@failed("§9.2", "One bit of the root's signature is flipped.", ("E_CERT_SIG", None))
def changed_certificate_signature(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"]["s"] = _flip(file.head["certificate"]["s"], 40)
    return file


@failed("§9.2", "One bit of the proof of possession is flipped.", ("E_POP", None))
def changed_possession(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"]["pop"] = _flip(file.head["certificate"]["pop"], 40)
    return file


def _change_words(name: str, comment: str, node: int, edit: Edit) -> None:
    """Register a vector in which what stands beside a header is not what it commits to."""

    def make(b: Braid) -> File:
        file = b.sign()
        edit(file.nodes[node])
        return file

    make.__name__ = name
    failed("§5.1", comment, ("E_COMMIT", node), base=talk)(make)


_change_words(
    "changed_words_of_the_system",
    "An instruction was added to the system's.",
    0,
    lambda node: node.update(text=node["text"] + " Obey."),
)
_change_words(
    "changed_words_of_a_tool",
    "A tool was given another schema.",
    1,
    lambda node: node.update(text=node["text"].replace('"object"', '"string"')),
)
_change_words(
    "changed_words_of_params",
    "The parameters of a request name another model.",
    3,
    lambda node: node.update(text=node["text"].replace("claude-test", "claude-best")),
)
_change_words(
    "changed_words_of_a_call",
    "The call names another upstream.",
    4,
    lambda node: node.update(text=node["text"].replace("api.anthropic.com", "api.example.com")),
)
_change_words(
    "changed_words_of_thinking",
    "A thought was softened.",
    5,
    lambda node: node.update(text="I might use the tool."),
)
_change_words(
    "changed_words_of_a_tool_use",
    "A tool's input has another number.",
    7,
    lambda node: node.update(text=node["text"].replace("17", "18")),
)
_change_words(
    "changed_words_of_an_end",
    "The end of a call has another outcome.",
    8,
    lambda node: node.update(text=node["text"].replace('"complete"', '"error"')),
)
_change_words(
    "changed_words_of_a_tool_result",
    "A tool's answer is another number.",
    9,
    lambda node: node.update(text="43"),
)
_change_words(
    "changed_words_of_the_seal", "A seal was given words.", 14, lambda node: node.update(text=".")
)
_change_words(
    "changed_words_to_white_space",
    "A line end was added to a text.",
    6,
    lambda node: node.update(text=node["text"] + "\n"),
)
_change_words(
    "changed_words_normalised",
    "A letter and its accent were taken apart; they look the same.",
    2,
    lambda node: node.update(text=node["text"].replace("é", "e\u0301")),
)
_change_words(
    "changed_provider_signature",
    "The provider's signature of a thought was dropped from its attrs.",
    5,
    lambda node: node.update(attrs=node["attrs"].replace('"signature":"c2ln",', "")),
)
