"""Vectors of §3 and §4.1–4.3: headers that SPEC does not allow, signed all the same, and the graph."""

from __future__ import annotations

from typing import Any

from vectors.conversations import PROMPT, TEXT, short, talk
from vectors.formulas import derive, encode
from vectors.table import failed
from vectors.weaver import Braid, Draft, File, Key


def notes(b: Braid, count: int) -> list[str]:
    """Add annotations before the seal, each a tail."""
    names = [f"note{i}" for i in range(count)]
    for name in names:
        b.insert(Draft(name, "annotation", ["end"], b"Noted."), "seal")
    return names


def link() -> dict[str, str]:
    other = short("other")
    return {"braid": encode(other.key.public), "node": other.text("end"), "rel": "audits"}


# --- class 6: grammar and schema; headers.json has the spellings one by one


@failed("§3.1", "A space in a header.", ("E_HDR", TEXT))
def header_with_a_space(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace(',"kind"', ', "kind"')


@failed("§3.1", "An escape in a header: two spellings of one name.", ("E_HDR", TEXT))
def header_with_an_escape(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace("text/plain", "te\\u0078t/plain")


@failed("§3.1", "A header with a character outside ASCII.", ("E_HDR", TEXT))
def header_with_a_foreign_letter(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace("text/plain", "t\u0435xt/plain")


@failed("§3.1", "Names that are not sorted.", ("E_HDR", TEXT))
def header_not_sorted(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace(',"v":1}', "}").replace("{", '{"v":1,', 1)


@failed("§3.1", "An optional list that is empty instead of absent.", ("E_HDR", TEXT))
def about_empty(b: Braid) -> None:
    b["text"].edit_header = lambda header: header.update(about=[])


@failed("§3.1", "A header one byte longer than 16 KiB.", ("E_LIMIT", TEXT))
def header_beyond_16_kib(b: Braid) -> None:
    b["text"].respell = lambda h: h[:-1] + " " * (16385 - len(h)) + "}"


@failed("§3.2", "A name stands twice in a header.", ("E_HDR", TEXT))
def repeated_field(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace('"v":1}', '"v":1,"v":1}')


@failed("§3.2", "A field SPEC does not name.", ("E_HDR", TEXT))
def unknown_field(b: Braid) -> None:
    b["text"].edit_header = lambda header: header.update(role="assistant")


@failed("§3.2", "The field media is missing.", ("E_HDR", TEXT))
def field_missing(b: Braid) -> None:
    b["text"].edit_header = lambda header: header.pop("media")


@failed("§3.2", "A header of version 2.", ("E_HDR", TEXT))
def version_2(b: Braid) -> None:
    b["text"].edit_header = lambda header: header.update(v=2)


@failed("§3.2", "A seq beyond what every reader holds exactly.", ("E_HDR", TEXT))
def seq_beyond_2_to_the_53(b: Braid) -> None:
    b["text"].seq = 2**53


@failed("§2.1", "A commitment with a spare bit set.", ("E_HDR", TEXT))
def spare_bit_in_a_header(b: Braid) -> None:
    def header(fields: dict[str, Any]) -> None:
        alphabet = "AEIMQUYcgkosw048"
        last = fields["content"][-1]
        assert last in alphabet
        fields["content"] = fields["content"][:-1] + chr(ord(last) + 1)

    b["text"].edit_header = header


@failed("§2.1", "A time with a leap second.", ("E_HDR", TEXT))
def leap_second(b: Braid) -> None:
    b["text"].time = "2026-12-31T23:59:60.000Z"


@failed("§2.1", "A time without milliseconds.", ("E_HDR", TEXT))
def time_without_milliseconds(b: Braid) -> None:
    b["text"].time = "2026-02-03T04:05:07Z"


@failed("§3.3", "A kind SPEC does not name.", ("E_HDR", TEXT))
def unknown_kind(b: Braid) -> None:
    b["text"].kind = "shadow"
    b["text"].origin = "provider"


@failed("§3.3", "A prompt that claims to come from the provider.", ("E_HDR", PROMPT))
def prompt_from_the_provider(b: Braid) -> None:
    b["prompt"].origin = "provider"


@failed("§3.3", "A text that claims to come from the proxy.", ("E_HDR", TEXT))
def text_from_the_proxy(b: Braid) -> None:
    b["text"].origin = "proxy"


@failed("§3.3", "A flag by a monitor.", ("E_HDR", 5))
def flag_from_a_monitor(b: Braid) -> None:
    flag = Draft("flag", "flag", ["end"], b"{}", "monitor", "application/json", about=["text"])
    b.insert(flag, "seal")


@failed("§3.3", "A text that is about another node.", ("E_ABOUT", TEXT))
def about_on_a_text(b: Braid) -> None:
    b["text"].about = ["prompt"]


@failed("§3.3", "A link on a text that is not the genesis.", ("E_HDR", TEXT))
def link_on_a_text(b: Braid) -> None:
    b["text"].link = [link()]


@failed("§3.4", "A relation SPEC does not name.", ("E_HDR", PROMPT))
def unknown_relation(b: Braid) -> None:
    b["prompt"].link = [{**link(), "rel": "likes"}]


@failed("§3.5", "A media type in capitals.", ("E_HDR", TEXT))
def media_in_capitals(b: Braid) -> None:
    b["text"].media = "Text/plain"


@failed("§3.5", "A media type with a parameter.", ("E_HDR", TEXT))
def media_with_a_parameter(b: Braid) -> None:
    b["text"].media = "text/plain;charset=utf-8"


@failed("§3.5", "A media type of 65 characters.", ("E_LIMIT", TEXT))
def media_of_65_characters(b: Braid) -> None:
    b["text"].media = "application/" + "x" * 53


@failed("§3.2", "A header that names 65 previous signatures.", ("E_LIMIT", 70))
def prev_of_65(b: Braid) -> None:
    b.insert(Draft("last", "annotation", notes(b, 65), b"Noted."), "seal")


@failed("§3.2", "A header that is about 17 nodes.", ("E_LIMIT", 22))
def about_17(b: Braid) -> None:
    names = notes(b, 17)
    b.insert(Draft("last", "annotation", names, b"Noted.", about=names), "seal")


@failed("§3.2", "A header with nine links.", ("E_LIMIT", PROMPT))
def link_of_9(b: Braid) -> None:
    b["prompt"].link = [link()] * 9


@failed("§3.2", "A previous signature stands twice.", ("E_PREV", TEXT))
def prev_repeated(b: Braid) -> None:
    b["text"].prev = ["call", "call"]


@failed("§3.2", "A signature stands twice in about.", ("E_ABOUT", 5))
def about_repeated(b: Braid) -> None:
    b.insert(Draft("note", "annotation", ["end"], b"Noted.", about=["text", "text"]), "seal")


@failed("§3.2", "A text with a seal member.", ("E_SEAL", TEXT))
def seal_member_on_a_text(b: Braid) -> None:
    b["text"].edit_header = lambda header: header.update(
        seal={"count": TEXT, "tree": encode(derive("tree"))}
    )


@failed("§3.2", "A seal without a seal member.", ("E_SEAL", 5))
def seal_member_missing(b: Braid) -> None:
    b["seal"].edit_header = lambda header: header.pop("seal")


# --- class 7 and 8: braid, uniqueness, seq, genesis


@failed("§3.2", "A header that names another braid, signed by this braid's key.", ("E_BRAID", TEXT))
def header_of_another_braid(b: Braid) -> None:
    b["text"].edit_header = lambda header: header.update(braid=encode(Key("other").public))


@failed("§4.3", "A node stands twice.", ("E_DUP", 6), ("E_SEQ", 6))
def node_repeated(b: Braid) -> File:
    file = b.sign()
    file.nodes.append(file.nodes[TEXT])
    return file


@failed("§4.3", "A node was taken out.", ("E_SEQ", 3), ("E_SEQ", 4))
def node_removed(b: Braid) -> File:
    file = b.sign()
    del file.nodes[TEXT]
    return file


@failed("§4.3", "Two nodes changed places.", ("E_SEQ", 3), ("E_SEQ", 4))
def nodes_in_another_order(b: Braid) -> File:
    file = b.sign()
    file.nodes[3], file.nodes[4] = file.nodes[4], file.nodes[3]
    return file


@failed("§3.2", "A gap in seq, signed so.", ("E_SEQ", 5))
def gap_in_seq(b: Braid) -> None:
    b["seal"].seq = 6


@failed("§4.3", "Two nodes with one seq: the signer told two stories.", ("E_SEQ", 4), ("E_SEQ", 5))
def two_nodes_with_one_seq(b: Braid) -> None:
    b.remove("seal")
    b.insert(Draft("text2", "text", ["call"], b"Six.", seq=3), "end")
    b["end"].seq = 4


@failed("§4.1", "Two nodes without a previous signature.", ("E_GENESIS", TEXT))
def second_genesis(b: Braid) -> None:
    b["text"].prev = []


@failed(
    "§4.1",
    "The genesis was taken out.",
    ("E_SEQ", 0),
    ("E_GENESIS", 0),
    *(("E_SEQ", i) for i in range(1, 5)),
)
def genesis_removed(b: Braid) -> File:
    file = b.sign()
    del file.nodes[PROMPT]
    return file


@failed("§4.1", "The node at seq 0 has a previous signature.", ("E_GENESIS", PROMPT))
def genesis_with_a_previous_signature(b: Braid) -> None:
    b["prompt"].edit_header = lambda header: header.update(prev=[short("other").text("end")])


# --- class 9: previous signatures


@failed("§4.2", "A previous signature that no node of the braid has.", ("E_PREV", TEXT))
def prev_unknown(b: Braid) -> None:
    b["text"].edit_header = lambda header: header["prev"].append(short("other").text("end"))


@failed("§4.2", "A previous signature of a later node.", ("E_PREV", TEXT))
def prev_later(b: Braid) -> None:
    b.insert(Draft("late", "annotation", ["call"], b"Noted."), "end")
    b["text"].prev = ["call", "late"]


@failed("§4.2", "about names a node no one has.", ("E_ABOUT", 5))
def about_unknown(b: Braid) -> None:
    note = Draft("note", "annotation", ["end"], b"Noted.")
    note.edit_header = lambda header: header.update(about=[short("other").text("end")])
    b.insert(note, "seal")


@failed("§4.2", "about names a later node.", ("E_ABOUT", 5))
def about_later(b: Braid) -> None:
    b.insert(Draft("late", "annotation", ["end"], b"Noted."), "seal")
    b.insert(Draft("note", "annotation", ["end"], b"Noted.", about=["late"]), "late")


@failed(
    "§4.2",
    "The middle of a braid cut out and the rest renumbered by no one.",
    ("E_SEQ", 9),
    ("E_SEQ", 10),
    base=talk,
)
def turn_removed(b: Braid) -> File:
    file = b.sign()
    file.nodes = file.nodes[:9] + file.nodes[13:]
    return file


@failed("§3.1", "A number with a fraction in a header.", ("E_HDR", TEXT))
def fraction_in_a_header(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace('"seq":3', '"seq":3.0')


@failed("§3.1", "A number with an exponent in a header.", ("E_HDR", TEXT))
def exponent_in_a_header(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace('"seq":3', '"seq":3e0')


@failed("§3.1", "true for 1 in a header.", ("E_HDR", TEXT))
def true_in_a_header(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace('"v":1', '"v":true')


@failed("§3.1", "A header nested 9 deep.", ("E_HDR", TEXT))
def header_nested_9_deep(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace('"v":1', '"v":' + "[" * 8 + "1" + "]" * 8)


@failed("§3.1", "A line end after a header.", ("E_HDR", TEXT))
def line_end_after_a_header(b: Braid) -> None:
    b["text"].respell = lambda h: h + "\n"


@failed("§3.1", "A header that is a list.", ("E_HDR", TEXT))
def header_not_an_object(b: Braid) -> None:
    b["text"].respell = lambda h: f"[{h}]"


@failed("§3.1", "An empty header.", ("E_HDR", TEXT))
def header_empty(b: Braid) -> None:
    b["text"].respell = lambda h: ""


@failed("§3.1", "A field of a name's look: a letter of another script.", ("E_HDR", TEXT))
def field_in_another_script(b: Braid) -> None:
    b["text"].respell = lambda h: h.replace('"kind"', '"k\u0456nd"')


@failed("§4.2", "Every previous signature of a seal is another braid's.", ("E_PREV", 5))
def seal_over_another_braid(b: Braid) -> None:
    b["seal"].edit_header = lambda header: header.update(prev=[short("other").text("end")])
