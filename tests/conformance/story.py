"""A transcript taken apart into what was signed, to be changed and signed again.

With a valid signature over a changed node the later checks of SPEC §7.1 are reached, which a change
of the file alone never gets to: it ends at the signature. Uses the formulas of the vectors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from vectors.formulas import (
    chain_start,
    chain_step,
    commitment,
    compact,
    decode,
    derive,
    encode,
    pae,
    tree_head,
)
from vectors.tlog import LOG, WITNESS, Proof, entry, proof_of, stranger
from vectors.weaver import LISTS, ROOT, File, Key

_QUOTED = re.compile('"([A-Za-z0-9_-]{86})"')  # what attrs may name a node by
MEMBERS = ("salt", "attrs", "text", "b64")


@dataclass
class Told:
    """A node before it is signed again; what is None is made anew or left out."""

    header: dict[str, Any]
    old: str  # the signature it had
    attrs: str
    content: bytes
    bsalt: str | None
    erased: bool
    seq: int | None = None
    commits: bool = True  # to its words; else to others
    chains: bool = True  # whether a call's chain values are computed anew
    spelled: str | None = None  # a replacement made in the header's spelling
    by: str | None = None
    members: dict[str, Any] = field(default_factory=dict)  # put into the node as it is written


@dataclass
class Story:
    """A whole transcript before it is signed again."""

    nodes: list[Told]
    key: Key
    certificate: dict[str, Any] | None
    head: dict[str, Any] = field(default_factory=dict)
    certificate_members: dict[str, Any] = field(default_factory=dict)
    proofs: list[Any] | None = None
    lines: bool = False
    logged: list[str] = field(default_factory=list)  # what is proven to stand in the log, anew
    log_edits: list[Callable[[Proof], object]] = field(default_factory=list)
    text_edits: list[Callable[[str], str]] = field(default_factory=list)  # of the latest proof


def take_apart(raw: bytes, name: str) -> Story:
    """Read an honest transcript; it is signed again with a key of this name."""
    text = raw.decode("utf-8")
    first, _, rest = text.partition("\n")
    document: dict[str, Any]
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        document = json.loads(first)
        document["nodes"] = [json.loads(line) for line in rest.splitlines()]
        if "proofs" in document["nodes"][-1]:
            document.update(document["nodes"].pop())
    nodes = []
    for node in document["nodes"]:
        words = node.get("text")
        content = decode(node["b64"]) if "b64" in node else (words or "").encode("utf-8")
        header = json.loads(node["h"])
        if "seal" in header:
            header["seal"] = "honest"  # computed again
        erased = "salt" not in node
        attrs = node.get("attrs", "{}")
        nodes.append(Told(header, node["s"], attrs, content, node.get("bsalt"), erased))
    certificate = document.get("certificate")
    fields = json.loads(certificate["h"]) if certificate else None
    # What a root or a log said of the nodes and keys that were does not fit those to come.
    given, of_others = document.get("proofs", []), ("closure", "rotation", "revocation", "log")
    proofs = [each for each in given if each["type"] not in of_others]
    logged = [
        each["of"] for each in given if each["type"] == "log" and each["of"] != "closure" and fields
    ]
    return Story(
        nodes, Key(name), fields, proofs=proofs or None, logged=list(dict.fromkeys(logged))
    )


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Put the new signatures where the old ones stand."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if isinstance(value, dict):
        return {name: _renamed(each, names) for name, each in value.items()}
    return value


def _rechained(context: Any, reached: dict[str, str]) -> None:
    """Compute a context's chain values again; `reached` maps old ones to new ones."""
    for which in LISTS:
        try:
            steps = context[which]
            start = steps["from"]
            value = decode(reached.get(start, start))
            old = decode(start)
            steps["from"] = encode(value)
            for was, signature in zip(steps.pop("was"), steps["add"], strict=True):
                old, value = chain_step(old, decode(was)), chain_step(value, decode(signature))
                reached[encode(old)] = encode(value)
            steps["to"] = encode(value)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue


def _remember(context: Any) -> None:
    for which in LISTS:
        if isinstance(context, dict) and isinstance(context.get(which), dict):
            context[which]["was"] = context[which].get("add")


def _contents(told: Told, names: dict[str, str], reached: dict[str, str]) -> bytes:
    """Write a call's content with the new signatures and chain values; others as they are."""
    if told.header.get("kind") != "call":
        return told.content
    try:
        call = json.loads(told.content)
        context = call["context"]
    except (ValueError, KeyError, TypeError):
        return told.content
    if told.chains:
        _remember(context)
    was = {w: context[w].pop("was") for w in LISTS if told.chains and "was" in _object(context, w)}
    call = _renamed(call, names)
    for which, signatures in was.items():
        call["context"][which]["was"] = signatures
    if told.chains:
        _rechained(call["context"], reached)
        for which in LISTS:
            _object(call["context"], which).pop("was", None)
    return compact(call).encode("utf-8", "surrogatepass")


def _object(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def sign_again(story: Story) -> bytes:
    """Sign every node in its order and write the transcript."""
    braid = encode(story.key.public)
    names: dict[str, str] = {}
    reached = {encode(chain_start(which)): encode(chain_start(which)) for which in LISTS}
    signatures: list[bytes] = []
    nodes = []
    for position, told in enumerate(story.nodes):
        content = _contents(told, names, reached)
        salt = derive(f"salt {position}")
        said = _QUOTED.sub(lambda found: f'"{names.get(found[1], found[1])}"', told.attrs)
        attrs = said.encode("utf-8")
        header = {**told.header, "seq": position if told.seq is None else told.seq}
        for name in ("prev", "about"):
            if name in header:
                header[name] = _renamed(header[name], names)
        if header.get("braid") != "another":
            header["braid"] = braid
        else:
            header["braid"] = encode(Key("another").public)
        header["content"] = encode(commitment(salt, content, attrs + b"" if told.commits else b"!"))
        if header.get("seal") == "honest":
            header["seal"] = {"count": position, "tree": encode(tree_head(signatures))}
        h = compact(header)
        if told.spelled is not None:
            was, spelled = told.spelled.split("\n", 1)
            h = h.replace(was, spelled, 1)
        signer = Key(told.by) if told.by else story.key
        signature = signer.sign(pae("node", h.encode("utf-8")))
        s = encode(signature)
        names.setdefault(told.old, s)
        signatures.append(signature)
        node: dict[str, Any] = {"h": h, "s": s}
        if not told.erased:
            node |= {"salt": encode(salt), "attrs": said}
            try:
                node["text"] = content.decode("utf-8")
            except UnicodeDecodeError:
                node["b64"] = encode(content)
        if told.bsalt is not None:
            node["bsalt"] = told.bsalt
        for name, value in told.members.items():
            if value is None:
                node.pop(name, None)
            else:
                node[name] = value
        nodes.append(node)
    head: dict[str, Any] = {"format": "braid-transcript/1", "braid": braid}
    if story.certificate is not None:
        head["certificate"] = _certify(story) | story.certificate_members
    proofs = story.proofs
    if story.logged:
        proofs = [*(proofs or []), *_logged(story, head.get("certificate"), nodes)]
    return File(head | story.head, nodes, proofs, story.lines).write()


def _logged(story: Story, certificate: Any, nodes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put certificate and seal into a log, and prove it."""
    entries = [stranger(number) for number in range(7)]
    entries[1] = _entry("certificate", certificate, ("h", "s", "pop"))
    seals = [node for node in nodes if '"kind":"seal"' in str(node.get("h"))]
    entries[4] = _entry("seal", seals[0] if seals else None, ("h", "s"))
    made = []
    for of in story.logged:
        proof = proof_of(1 if of == "certificate" else 4, entries, LOG, WITNESS)
        if of == story.logged[-1]:
            for edit in story.log_edits:
                edit(proof)
        text = proof.write()
        if of == story.logged[-1]:
            for respell in story.text_edits:
                text = respell(text)
        made.append({"type": "log", "of": of, "proof": text})
    return made


def _entry(kind: str, signed: Any, names: tuple[str, ...]) -> bytes:
    return entry(kind, *(str((signed or {}).get(name)) for name in names))


def _certify(story: Story) -> dict[str, Any]:
    fields = {**(story.certificate or {}), "root": encode(ROOT.public)}
    if fields.get("braid") != "another":
        fields["braid"] = encode(story.key.public)
    else:
        fields["braid"] = encode(Key("another").public)
    h = compact(fields)
    s = ROOT.sign(pae("certificate", h.encode()))
    return {
        "h": h,
        "s": encode(s),
        "pop": encode(story.key.sign(pae("possession", h.encode() + s))),
    }
