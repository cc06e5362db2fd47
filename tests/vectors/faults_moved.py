"""Vectors of §2.4, §4, §9.2 and §11: signed nodes dropped, repeated, moved, transplanted, signed anew."""

from __future__ import annotations

import json

from vectors.conversations import CALL, END, PARAMS, PROMPT, SEAL, TEXT, short, talk
from vectors.formulas import compact, encode
from vectors.table import failed, unmet, verified
from vectors.weaver import Braid, Draft, File, Key

TALK_SEAL = 14  # in `talk`


def noted() -> Braid:
    """`short` with an annotation of the prompt on a strand of its own: position 5, the seal 6."""
    b = short()
    b.insert(Draft("note", "annotation", ["prompt"], b"Noted.", about=["prompt"]), "seal")
    return b


# --- dropped


@failed("§4.3", "The last node before the seal was taken out.", ("E_SEQ", 4))
def dropped_before_the_seal(b: Braid) -> File:
    file = b.sign()
    del file.nodes[END]
    return file


@failed("§4.3", "A node that nothing but the seal names was taken out.", ("E_SEQ", 5), base=noted)
def dropped_leaf(b: Braid) -> File:
    file = b.sign()
    del file.nodes[5]
    return file


@failed(
    "§4.3",
    "A call, its answer and its end were taken out together.",
    ("E_SEQ", 2),
)
def dropped_call(b: Braid) -> File:
    file = b.sign()
    del file.nodes[CALL : END + 1]
    return file


@failed(
    "§4.3",
    "A whole turn was taken out, seal and all that is left fitting but for the gap.",
    ("E_SEQ", 9),
    base=talk,
)
def dropped_turn_before_the_seal(b: Braid) -> File:
    file = b.sign()
    del file.nodes[9:TALK_SEAL]
    return file


@failed("§11.2", "A strand that the signer hid, and sealed without.", ("E_SEAL", 6), base=noted)
def hidden_branch(b: Braid) -> None:
    b["seal"].prev = ["end"]


@failed(
    "§11.1",
    "A strand left out of the file and of the count, but in the tree.",
    ("E_SEAL", SEAL),
    base=noted,
)
def hidden_branch_in_the_tree(b: Braid) -> None:
    whole = noted()
    tree = json.loads(whole.sign().nodes[6]["h"])["seal"]["tree"]
    b.remove("note")
    b["seal"].edit_header = lambda header: header["seal"].update(tree=tree)


@verified(
    "§11.5",
    "The seal was cut off: nothing is wrong, but the braid reads as open.",
    ("N_OPEN", None),
    sealed="no",
)
def cut_off_seal(b: Braid) -> File:
    file = b.sign()
    del file.nodes[SEAL]
    return file


@verified(
    "§11.5",
    "The last turn was cut off with the seal: before a seal is pinned that cannot be found.",
    ("N_OPEN", None),
    base=talk,
    sealed="no",
)
def cut_off_turn(b: Braid) -> File:
    file = b.sign()
    del file.nodes[9:]
    return file


@verified(
    "§11.5",
    "An answer was cut off with its end: the call reads as one without an end.",
    ("N_OPEN", None),
    ("N_PENDING", CALL),
    sealed="no",
)
def cut_off_answer(b: Braid) -> File:
    file = b.sign()
    del file.nodes[TEXT:]
    return file


@verified(
    "§11.5",
    "All but the genesis was cut off.",
    ("N_OPEN", None),
    sealed="no",
    context="not checked",
    history="not checked",
)
def cut_off_all_but_the_genesis(b: Braid) -> File:
    file = b.sign()
    del file.nodes[1:]
    return file


# --- repeated and moved


@failed(
    "§4.3",
    "A node stands twice in a row.",
    ("E_DUP", 4),
    *(("E_SEQ", i) for i in (4, 5, 6)),
)
def repeated_in_place(b: Braid) -> File:
    file = b.sign()
    file.nodes.insert(4, file.nodes[TEXT])
    return file


@failed(
    "§4.3", "The genesis stands again at the end.", ("E_DUP", 6), ("E_SEQ", 6), ("E_GENESIS", 6)
)
def repeated_genesis(b: Braid) -> File:
    file = b.sign()
    file.nodes.append(file.nodes[PROMPT])
    return file


@failed("§4.3", "The seal stands twice.", ("E_DUP", 6), ("E_SEQ", 6))
def repeated_seal(b: Braid) -> File:
    file = b.sign()
    file.nodes.append(file.nodes[SEAL])
    return file


@failed(
    "§4.3",
    "The repeated node is erased: it is the same node all the same.",
    ("E_DUP", 6),
    ("E_SEQ", 6),
)
def repeated_without_words(b: Braid) -> File:
    file = b.sign()
    again = file.nodes[TEXT]
    file.nodes.append({"h": again["h"], "s": again["s"]})
    return file


@failed("§2.1", "The repeated node's signature has a spare bit set.", ("E_ENC", 6))
def repeated_under_an_alias(b: Braid) -> File:
    file = b.sign()
    again = dict(file.nodes[TEXT])
    # The last character of 64 bytes has four spare bits: A, Q, g and w are the good ones.
    again["s"] = again["s"][:-1] + chr(ord(again["s"][-1]) + 1)
    file.nodes.append(again)
    return file


@failed(
    "§4.3",
    "The whole file stands in reverse.",
    ("E_SEQ", 0),
    ("E_GENESIS", 0),
    *(("E_SEQ", i) for i in range(1, 5)),
    ("E_SEQ", 5),
    ("E_GENESIS", 5),
)
def reversed_order(b: Braid) -> File:
    file = b.sign()
    file.nodes.reverse()
    return file


@failed("§4.3", "The seal was moved before the end.", ("E_SEQ", 4), ("E_SEQ", 5))
def moved_seal(b: Braid) -> File:
    file = b.sign()
    file.nodes[END], file.nodes[SEAL] = file.nodes[SEAL], file.nodes[END]
    return file


@failed("§4.3", "A question was moved behind its answer.", ("E_SEQ", 0), ("E_GENESIS", 0),
        ("E_SEQ", 1), ("E_SEQ", 2), ("E_SEQ", 3), ("E_GENESIS", 3))  # fmt: skip
def moved_genesis(b: Braid) -> File:
    file = b.sign()
    file.nodes.insert(TEXT, file.nodes.pop(PROMPT))
    return file


# --- transplanted


@failed("§2.4", "A node of another braid of the same root was added at the end.", ("E_SIG", 5))
def transplanted_at_the_end(b: Braid) -> File:
    b.remove("seal")
    file = b.sign()
    file.nodes.append(short("other").sign().nodes[END])
    return file


@failed(
    "§2.4",
    "The answer and the end are those of another braid of the same root.",
    ("E_SIG", TEXT),
    ("E_SIG", END),
)
def transplanted_answer(b: Braid) -> File:
    file = b.sign()
    other = short("other").sign()
    file.nodes[TEXT : END + 1] = other.nodes[TEXT : END + 1]
    return file


@failed(
    "§2.4",
    "All nodes are those of another braid of the same root.",
    *(("E_SIG", i) for i in range(6)),
)
def transplanted_wholly(b: Braid) -> File:
    file = b.sign()
    file.nodes = short("other").sign().nodes
    return file


@failed(
    "§5.1",
    "The words are those of the same place in another braid.",
    ("E_COMMIT", TEXT),
)
def transplanted_words(b: Braid) -> File:
    other = short("other")
    other["text"].content = b"Six."
    file, theirs = b.sign(), other.sign()
    for member in ("salt", "attrs", "text"):
        file.nodes[TEXT][member] = theirs.nodes[TEXT][member]
    return file


@failed(
    "§2.2",
    "A signature of the same braid stands beside another header.",
    ("E_SIG", TEXT),
)
def transplanted_signature(b: Braid) -> File:
    file = b.sign()
    file.nodes[TEXT]["s"] = file.nodes[PARAMS]["s"]
    return file


# --- what cannot be signed: links that lead back


@failed("§4.2", "A node that names itself: no signature can be made over its own.", ("E_SIG", TEXT))
def prev_itself(b: Braid) -> File:
    file = b.sign()
    header = json.loads(file.nodes[TEXT]["h"])
    header["prev"] = [file.nodes[TEXT]["s"]]
    file.nodes[TEXT]["h"] = compact(header)
    return file


@failed("§4.2", "Two nodes that name each other: one of them cannot have been signed so.",
        ("E_SIG", CALL))  # fmt: skip
def cycle(b: Braid) -> File:
    file = b.sign()
    header = json.loads(file.nodes[CALL]["h"])
    header["prev"].append(file.nodes[TEXT]["s"])
    file.nodes[CALL]["h"] = compact(header)
    return file


@failed("§3.2", "A previous signature with a spare bit set, signed so.", ("E_HDR", TEXT))
def alias_in_prev(b: Braid) -> None:
    def respell(h: str) -> str:
        s = b.text("call")
        return h.replace(s, s[:-1] + chr(ord(s[-1]) + 1))

    b["text"].respell = respell


# --- signed anew


def resigned(name: str) -> Braid:
    """The same conversation under another key."""
    b = short()
    b.key = Key(name)
    return b


@failed("§9.2", "The whole file signed anew under another key, the old certificate kept.",
        ("E_BRAID", None))  # fmt: skip
def resigned_under_a_kept_certificate(b: Braid) -> File:
    certificate = b.certificate()
    file = resigned("stranger").sign()
    file.head["certificate"] = certificate
    return file


@failed(
    "§2.4",
    "The whole file signed anew under another key, the old key and certificate kept.",
    *(("E_SIG", i) for i in range(6)),
)
def resigned_under_a_kept_key(b: Braid) -> File:
    file = b.sign()
    for draft in b.drafts:
        draft.key = Key("stranger")
    again = Braid(b.drafts, b.name, b.key)
    file.nodes = again.sign().nodes
    return file


@failed(
    "§9.1",
    "The whole file signed anew, the certificate made to name the new key.",
    ("E_CERT_SIG", None),
)
def resigned_with_an_edited_certificate(b: Braid) -> File:
    certificate = b.certificate()
    file = resigned("stranger").sign()
    fields = json.loads(certificate["h"])
    fields["braid"] = encode(Key("stranger").public)
    file.head["certificate"] = {**certificate, "h": compact(fields)}
    return file


@unmet(
    "§7.2",
    "The whole file signed anew under a key and a root of the forger's: intact, by a stranger.",
    signer="no",
    signed="yes",
)
def resigned_under_another_root(b: Braid) -> File:
    again = resigned("stranger")
    again.root = Key("stranger root")
    return again.sign()


@unmet(
    "§9.2",
    "The whole file signed anew, without a certificate.",
    ("N_NO_CERTIFICATE", None),
    signer="no",
    signed="yes",
)
def resigned_without_a_certificate(b: Braid) -> File:
    again = resigned("stranger")
    again.certified = False
    return again.sign()


@unmet(
    "§9.2",
    "The certificate was taken out: the nodes are intact, the signer unknown.",
    ("N_NO_CERTIFICATE", None),
    signer="no",
)
def certificate_taken_out(b: Braid) -> File:
    file = b.sign()
    del file.head["certificate"]
    return file
