"""Vectors of §2.1, §10.1–10.2: members of a transcript with the wrong shape or encoding."""

from __future__ import annotations

import json

from vectors.conversations import CALL, PROMPT, TEXT
from vectors.formulas import decode, derive, encode
from vectors.table import failed
from vectors.weaver import Braid, File

SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def spare_bit(text: str) -> str:
    """Set a bit of the last character that carries no value."""
    return text[:-1] + SAFE[SAFE.index(text[-1]) | 1]


# --- class 2: members


@failed("§10.1", "A member SPEC does not name, in the transcript.", ("E_JSON", None))
def unknown_member_in_the_head(b: Braid) -> File:
    file = b.sign()
    file.head["comment"] = "checked by hand"
    return file


@failed("§10.3", "Proofs on the first line of JSON Lines.", ("E_JSON", None))
def proofs_on_the_first_line(b: Braid) -> File:
    b.lines = True
    file = b.sign()
    file.head["proofs"] = [{"type": "none-yet"}]
    return file


@failed("§10.1", "A member SPEC does not name, after the nodes.", ("E_JSON", None))
def unknown_member_after_the_nodes(b: Braid) -> bytes:
    return b.sign().write().replace(b"\n]}\n", b'\n],"note":1}\n')


@failed("§10.1", "The certificate stands after the nodes.", ("E_JSON", None))
def certificate_after_the_nodes(b: Braid) -> bytes:
    file = b.sign()
    certificate = file.head.pop("certificate")
    text = json.dumps({"certificate": certificate})[1:]
    return file.write().replace(b"\n]}\n", b"\n]," + text.encode() + b"\n")


@failed("§10.1", "The member braid is missing.", ("E_JSON", None))
def braid_missing(b: Braid) -> File:
    file = b.sign()
    del file.head["braid"]
    return file


@failed("§10.1", "The member braid is not a string.", ("E_JSON", None))
def braid_not_a_string(b: Braid) -> File:
    file = b.sign()
    file.head["braid"] = 7
    return file


@failed("§10.1", "The certificate is null instead of absent.", ("E_JSON", None))
def certificate_null(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"] = None
    return file


@failed("§9.1", "A member SPEC does not name, in the certificate.", ("E_JSON", None))
def unknown_member_in_the_certificate(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"]["x5c"] = "none"
    return file


@failed("§10.5", "proofs is not a list.", ("E_JSON", None))
def proofs_not_a_list(b: Braid) -> bytes:
    return b.sign().write().replace(b"\n]}\n", b'\n],"proofs":{}}\n')


@failed("§10.5", "A proof without a type.", ("E_JSON", None))
def proof_without_a_type(b: Braid) -> None:
    b.proofs = [{"proof": "none"}]


@failed("§10.2", "A member SPEC does not name, in a node.", ("E_JSON", TEXT))
def unknown_member_in_a_node(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["role"] = "assistant"
    return file


@failed(
    "§7.1",
    "Two faults of one class: the one about the whole file comes first, wherever it stands.",
    ("E_JSON", None),
    ("E_JSON", TEXT),
)
def unknown_members_in_a_node_and_after_the_nodes(b: Braid) -> bytes:
    file = b.sign()
    file.nodes[TEXT]["role"] = "assistant"
    return file.write().replace(b"\n]}\n", b'\n],"note":1}\n')


@failed("§10.2", "A member name in capitals is another name.", ("E_JSON", TEXT))
def member_name_in_capitals(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["Text"] = file.nodes[TEXT].pop("text")
    return file


@failed("§10.2", "A node that is not an object.", ("E_JSON", 6))
def node_not_an_object(b: Braid) -> File:
    file = b.sign()
    file.nodes.append("node")  # type: ignore[arg-type]
    return file


@failed("§10.2", "A node whose text is null.", ("E_JSON", TEXT))
def member_null(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["text"] = None
    return file


@failed("§10.2", "A node without its header.", ("E_JSON", TEXT))
def header_missing(b: Braid) -> File:
    file = b.sign()
    del file.nodes[TEXT]["h"]
    return file


@failed("§10.2", "The header as an object instead of the string that was signed.", ("E_JSON", TEXT))
def header_as_an_object(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["h"] = {"v": 1}
    return file


@failed("§10.2", "A node without its signature.", ("E_JSON", TEXT))
def signature_missing(b: Braid) -> File:
    file = b.sign()
    del file.nodes[TEXT]["s"]
    return file


@failed("§10.2", "A node with both text and b64.", ("E_JSON", TEXT))
def text_and_b64(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["b64"] = encode(b"Nine.")
    return file


@failed("§10.2", "Half erased: the salt is gone, the words are there.", ("E_JSON", TEXT))
def erased_but_for_the_words(b: Braid) -> File:
    file = b.sign()
    del file.nodes[TEXT]["salt"]
    return file


@failed("§5.5", "Half erased: the words are gone, the salt is there.", ("E_JSON", TEXT))
def erased_but_for_the_salt(b: Braid) -> File:
    file = b.sign()
    del file.nodes[TEXT]["text"]
    del file.nodes[TEXT]["attrs"]
    return file


@failed("§5.5", "Half erased: the attrs are gone.", ("E_JSON", TEXT))
def erased_attrs_only(b: Braid) -> File:
    file = b.sign()
    del file.nodes[TEXT]["attrs"]
    return file


@failed("§10.2", "A body salt beside a node that has no body.", ("E_JSON", TEXT))
def body_salt_beside_a_text(b: Braid) -> None:
    b["text"].bsalt = derive("any")


@failed(
    "§10.2",
    "A body salt beside an erased text; the node is read all the same.",
    ("E_JSON", TEXT),
    also=(("N_ERASED", TEXT),),
    erased="yes",
)
def body_salt_beside_an_erased_text(b: Braid) -> None:
    b["text"].bsalt = derive("any")
    b["text"].erased = True
    b["end"].salted = False


# --- class 3: encodings


@failed(
    "§2.1",
    "A spare bit of a signature is set: another spelling of the same 64 bytes.",
    ("E_ENC", TEXT),
)
def spare_bit_in_a_signature(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["s"] = spare_bit(file.nodes[TEXT]["s"])
    return file


@failed("§2.1", "A signature with padding.", ("E_ENC", TEXT))
def padding_in_a_signature(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["s"] += "=="
    return file


@failed("§2.1", "A salt in the standard alphabet.", ("E_ENC", PROMPT))
def standard_alphabet(b: Braid) -> File:
    file = b.sign()
    file.nodes[PROMPT]["salt"] = "+/" + file.nodes[PROMPT]["salt"][2:]
    return file


@failed("§2.1", "A line end after a signature.", ("E_ENC", TEXT))
def line_end_after_a_signature(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["s"] += "\n"
    return file


@failed("§2.1", "A signature of 63 bytes.", ("E_ENC", TEXT))
def signature_of_63_bytes(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["s"] = encode(decode(file.nodes[TEXT]["s"])[:63])
    return file


@failed("§2.1", "A salt of 31 bytes.", ("E_ENC", TEXT))
def salt_of_31_bytes(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["salt"] = encode(bytes(31))
    return file


@failed("§5.5", "A body salt of 33 bytes.", ("E_ENC", CALL))
def body_salt_of_33_bytes(b: Braid) -> File:
    file = b.sign()
    file.nodes[CALL]["bsalt"] = encode(bytes(33))
    return file


@failed("§2.1", "Content in base64 with spare bits set.", ("E_ENC", TEXT))
def spare_bit_in_content(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["b64"] = spare_bit(encode(file.nodes[TEXT].pop("text").encode() + b"!"))
    return file


@failed("§2.1", "A braid key of 31 bytes.", ("E_ENC", None))
def braid_key_of_31_bytes(b: Braid) -> File:
    file = b.sign()
    file.head["braid"] = encode(decode(file.head["braid"])[:31])
    return file


@failed("§9.1", "A spare bit of the root's signature is set.", ("E_ENC", None))
def spare_bit_in_the_certificate(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"]["s"] = spare_bit(file.head["certificate"]["s"])
    return file


@failed("§9.1", "A proof of possession that is empty.", ("E_ENC", None))
def possession_empty(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"]["pop"] = ""
    return file


@failed("§2.1", "A salt with a spare bit set.", ("E_ENC", TEXT))
def spare_bit_in_a_salt(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["salt"] = spare_bit(file.nodes[TEXT]["salt"])
    return file


@failed("§2.1", "A body salt with a spare bit set.", ("E_ENC", CALL))
def spare_bit_in_a_body_salt(b: Braid) -> File:
    file = b.sign()
    file.nodes[CALL]["bsalt"] = spare_bit(file.nodes[CALL]["bsalt"])
    return file


@failed("§2.1", "The braid key with a spare bit set.", ("E_ENC", None))
def spare_bit_in_the_braid_key(b: Braid) -> File:
    file = b.sign()
    file.head["braid"] = spare_bit(file.head["braid"])
    return file


@failed("§9.1", "A proof of possession with a spare bit set.", ("E_ENC", None))
def spare_bit_in_a_possession(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"]["pop"] = spare_bit(file.head["certificate"]["pop"])
    return file


@failed("§9.1", "A certificate without its proof of possession.", ("E_JSON", None))
def possession_missing(b: Braid) -> File:
    file = b.sign()
    del file.head["certificate"]["pop"]
    return file


@failed("§9.1", "A certificate that is a string.", ("E_JSON", None))
def certificate_not_an_object(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"] = file.head["certificate"]["h"]
    return file


@failed("§9.1", "A certificate whose header is an object.", ("E_JSON", None))
def certificate_header_as_an_object(b: Braid) -> File:
    file = b.sign()
    file.head["certificate"]["h"] = json.loads(file.head["certificate"]["h"])
    return file


@failed("§10.2", "A node without anything.", ("E_JSON", 6))
def node_empty(b: Braid) -> File:
    file = b.sign()
    file.nodes.append({})
    return file


@failed("§10.2", "attrs as an object instead of the string that is committed.", ("E_JSON", TEXT))
def attrs_as_an_object(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["attrs"] = json.loads(file.nodes[TEXT]["attrs"])
    return file


@failed("§10.2", "A node whose words are a number.", ("E_JSON", TEXT))
def text_a_number(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["text"] = 8
    return file


@failed("§10.2", "Content beside an erased salt, in base64.", ("E_JSON", TEXT))
def erased_but_for_the_words_in_base64(b: Braid) -> File:
    file = b.sign()
    node = file.nodes[TEXT]
    node["b64"] = encode(node.pop("text").encode())
    del node["salt"], node["attrs"]
    return file


@failed("§10.2", "A body salt beside a prompt.", ("E_JSON", PROMPT))
def body_salt_beside_a_prompt(b: Braid) -> None:
    b["prompt"].bsalt = derive("any")


@failed("§10.3", "A line that is not an object.", ("E_JSON", 6))
def json_lines_node_not_an_object(b: Braid) -> bytes:
    b.lines = True
    return b.sign().write() + b'["node"]\n'


@failed("§10.3", "A member SPEC does not name, on the line of proofs.", ("E_JSON", 6))
def json_lines_unknown_member_beside_proofs(b: Braid) -> bytes:
    b.lines = True
    return b.sign().write() + b'{"proofs":[],"note":1}\n'
