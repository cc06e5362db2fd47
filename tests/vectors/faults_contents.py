"""Vectors of §3.5, §5: commitments, attrs, media and erasure."""

from __future__ import annotations

import hashlib

from vectors.conversations import CALL, END, PROMPT, SEAL, TEXT, talk
from vectors.formulas import decode, encode
from vectors.table import failed
from vectors.weaver import Braid, Draft, File


@failed("§5.1", "One letter of the content was changed.", ("E_COMMIT", TEXT))
def content_changed(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["text"] = "Eighty."
    return file


@failed("§5.1", "One digit of the attrs was changed.", ("E_COMMIT", TEXT))
def attrs_changed(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["attrs"] = file.nodes[TEXT]["attrs"].replace('"index":0', '"index":1')
    return file


@failed("§5.3", "The attrs mean the same and are spelled otherwise.", ("E_COMMIT", TEXT))
def attrs_respelled(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["attrs"] = file.nodes[TEXT]["attrs"].replace(",", ", ")
    return file


@failed("§5.1", "A bit of the salt was changed.", ("E_COMMIT", TEXT))
def salt_changed(b: Braid) -> File:
    file = b.sign()
    salt = decode(file.nodes[TEXT]["salt"])
    file.nodes[TEXT]["salt"] = encode(bytes([salt[0] ^ 1]) + salt[1:])
    return file


@failed("§5.1", "Two nodes swapped their words.", ("E_COMMIT", PROMPT), ("E_COMMIT", TEXT))
def contents_swapped(b: Braid) -> File:
    file = b.sign()
    for member in ("salt", "attrs", "text"):
        a, c = file.nodes[PROMPT], file.nodes[TEXT]
        a[member], c[member] = c[member], a[member]
    return file


@failed("§5.1", "The commitment was made without the lengths.", ("E_COMMIT", TEXT))
def commitment_without_lengths(b: Braid) -> None:
    def header(fields: dict[str, object]) -> None:
        raw = b"braid/1 content\n" + b.salt("text") + b["text"].content + b["text"].attrs
        fields["content"] = encode(hashlib.sha256(raw).digest())

    b["text"].edit_header = header


@failed(
    "§5.1", "The commitment was made without the words that name its purpose.", ("E_COMMIT", TEXT)
)
def commitment_without_purpose(b: Braid) -> None:
    def header(fields: dict[str, object]) -> None:
        content, attrs = b["text"].content, b["text"].attrs
        sizes = len(content).to_bytes(8, "big"), len(attrs).to_bytes(8, "big")
        raw = b.salt("text") + sizes[0] + content + sizes[1] + attrs
        fields["content"] = encode(hashlib.sha256(raw).digest())

    b["text"].edit_header = header


@failed(
    "§7.1",
    "attrs were replaced by what is no JSON: two codes of one class.",
    ("E_COMMIT", TEXT),
    ("E_ATTRS", TEXT),
)
def attrs_replaced_by_words(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["attrs"] = "none"
    return file


@failed(
    "§7.1",
    "Two faults of two classes: the later is reported too.",
    ("E_COMMIT", TEXT),
    also=(("E_SEAL", SEAL),),
    signed="no",
)
def words_and_seal_wrong(b: Braid) -> File:
    b["seal"].edit_header = lambda header: header["seal"].update(tree=encode(bytes(32)))
    file = b.sign()
    file.nodes[TEXT]["text"] = "Nine."
    return file


@failed("§5.3", "attrs is a list.", ("E_ATTRS", TEXT))
def attrs_not_an_object(b: Braid) -> None:
    b["text"].attrs = b"[]"


@failed("§5.3", "attrs is empty, not {}.", ("E_ATTRS", TEXT))
def attrs_empty(b: Braid) -> None:
    b["text"].attrs = b""


@failed("§5.3", "A name stands twice in attrs.", ("E_ATTRS", TEXT))
def repeated_name_in_attrs(b: Braid) -> None:
    b["text"].attrs = b'{"model":"a","model":"b"}'


@failed("§5.3", "attrs hold NaN.", ("E_ATTRS", TEXT))
def not_a_number_in_attrs(b: Braid) -> None:
    b["text"].attrs = b'{"logprob":NaN}'


@failed("§5.3", "attrs hold a lone surrogate.", ("E_ATTRS", TEXT))
def lone_surrogate_in_attrs(b: Braid) -> None:
    b["text"].attrs = b'{"name":"\\ud800"}'


@failed("§12", "attrs nest 257 deep.", ("E_ATTRS", TEXT))
def attrs_nested_257_deep(b: Braid) -> None:
    b["text"].attrs = b'{"a":' + b"[" * 256 + b"]" * 256 + b"}"


@failed("§3.5", "text/plain that is not UTF-8.", ("E_MEDIA", TEXT))
def plain_text_that_is_not_utf8(b: Braid) -> None:
    b["text"].content = b"Eight\xff"


@failed("§5.5", "A call was erased.", ("E_ERASED", CALL))
def erased_call(b: Braid) -> None:
    b["call"].erased, b["call"].salted = True, False


@failed("§5.5", "An end was erased.", ("E_ERASED", END))
def erased_end(b: Braid) -> None:
    b["end"].erased, b["end"].salted = True, False


@failed("§5.5", "A seal was erased.", ("E_ERASED", SEAL))
def erased_seal(b: Braid) -> None:
    b["seal"].erased = True


@failed("§5.5", "A checkpoint was erased.", ("E_ERASED", 9), base=talk)
def erased_checkpoint(b: Braid) -> None:
    b.insert(Draft("checkpoint", "checkpoint", ["end"], erased=True), "tool_result")
    b["tool_result"].prev = ["checkpoint", "tool_use"]


@failed("§5.3", "A name stands twice deep in attrs.", ("E_ATTRS", TEXT))
def repeated_name_deep_in_attrs(b: Braid) -> None:
    b["text"].attrs = b'{"extra":{"a":[{"id":1,"id":2}]}}'


@failed("§5.3", "attrs hold an integer beyond a double.", ("E_ATTRS", TEXT))
def integer_beyond_a_double_in_attrs(b: Braid) -> None:
    b["text"].attrs = b'{"n":' + b"9" * 309 + b"}"


@failed("§5.3", "attrs with something after the object.", ("E_ATTRS", TEXT))
def attrs_with_something_after(b: Braid) -> None:
    b["text"].attrs = b"{} {}"


@failed("§5.3", "attrs with a byte-order mark.", ("E_ATTRS", TEXT))
def byte_order_mark_in_attrs(b: Braid) -> None:
    b["text"].attrs = b"\xef\xbb\xbf{}"


@failed("§5.3", "attrs with a comment.", ("E_ATTRS", TEXT))
def comment_in_attrs(b: Braid) -> None:
    b["text"].attrs = b"{/* none */}"


@failed("§5.1", "The commitment is one to the words of another salt.", ("E_COMMIT", TEXT))
def salt_of_another_node(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["salt"] = file.nodes[PROMPT]["salt"]
    return file


@failed("§5.1", "A line end was moved from the content to the attrs.", ("E_COMMIT", TEXT))
def line_end_moved_to_the_attrs(b: Braid) -> File:
    b["text"].content = b"Eight.\n"
    file = b.sign()
    node = file.nodes[TEXT]
    node["attrs"], node["text"] = node["text"][-1:] + node["attrs"], node["text"][:-1]
    return file


@failed("§5.1", "The commitment was made with lengths in the other byte order.", ("E_COMMIT", TEXT))
def commitment_in_the_other_byte_order(b: Braid) -> None:
    def header(fields: dict[str, object]) -> None:
        content, attrs = b["text"].content, b["text"].attrs
        sizes = [len(part).to_bytes(8, "little") for part in (content, attrs)]
        raw = b"braid/1 content\n" + b.salt("text") + sizes[0] + content + sizes[1] + attrs
        fields["content"] = encode(hashlib.sha256(raw).digest())

    b["text"].edit_header = header


@failed("§5.1", "The commitment was made without a salt.", ("E_COMMIT", TEXT))
def commitment_without_a_salt(b: Braid) -> None:
    def header(fields: dict[str, object]) -> None:
        content, attrs = b["text"].content, b["text"].attrs
        sizes = [len(part).to_bytes(8, "big") for part in (content, attrs)]
        raw = b"braid/1 content\n" + sizes[0] + content + sizes[1] + attrs
        fields["content"] = encode(hashlib.sha256(raw).digest())

    b["text"].edit_header = header


@failed(
    "§7.2",
    "In an open braid with changed words nothing is said of context, history and seal.",
    ("E_COMMIT", TEXT),
    signed="no",
    context="not checked",
    history="not checked",
    sealed="not checked",
)
def changed_words_in_an_open_braid(b: Braid) -> File:
    b.remove("seal")
    file = b.sign()
    file.nodes[TEXT]["text"] = "Six."
    return file
