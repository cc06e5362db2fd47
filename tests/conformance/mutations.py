"""Transcripts that nobody would write, the same for the same seed: what the verifiers are compared on.

Two kinds. Some change a file (`file_mutations`); these end at the reading or at a signature. The
others take an honest transcript apart, change what was signed, and sign it again (`story`).
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.file_mutations import change_bytes, change_members, odd_value
from conformance.story import Story, Told, sign_again, take_apart
from vectors.formulas import compact, derive, encode
from vectors.tlog import LOG, OTHER_LOG, SECOND, TIME, WITNESS, Party, Proof

Rng = random.Random
KINDS = (
    "system", "tools", "prompt", "thinking", "text", "tool_use", "tool_result", "media", "other",
    "params", "call", "end", "flag", "annotation", "gap", "checkpoint", "seal",
)  # fmt: skip
ORIGINS = ("client", "provider", "proxy", "monitor")
ODD_TEXTS = (
    b"", b"{}", b"[]", b"null", b"{", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e999}', b"\xff", b"\xef\xbb\xbf{}",
    b'{"a":"\\ud800"}', b'{"a":-0}', b" {} ", b"{}{}", b"[" * 256 + b"]" * 256, b'{"a":' * 256 + b"0" + b"}" * 256,
    b'{"a":' * 257 + b"0" + b"}" * 257, b'{"\\u0061":1,"a":2}', b"[1.0,1E2]", b"\x00", "é\u2028".encode(),
)  # fmt: skip


# --- changes of what was signed


def _signature(rng: Rng, story: Story) -> str:
    """One of the braid's own, mostly; or one of nobody's."""
    if rng.random() < 0.1:
        return encode(derive(f"nobody {rng.randrange(3)}") * 2)
    return rng.choice(story.nodes).old


def _prev(told: Told) -> list[Any]:
    """Give the node's `prev`, which an earlier change may have made no list."""
    if not isinstance(told.header.get("prev"), list):
        told.header["prev"] = []
    prev: list[Any] = told.header["prev"]
    return prev


def change_order(rng: Rng, story: Story, told: Told) -> None:
    nodes, at = story.nodes, story.nodes.index(told)
    how = rng.randrange(4)
    if how == 0 and len(nodes) > 1:
        nodes.remove(told)
    elif how == 1:
        nodes.insert(rng.randrange(len(nodes) + 1), nodes.pop(at))
    elif how == 2:
        again = copy.deepcopy(told)
        again.old = encode(derive(f"again {rng.randrange(99)}") * 2)
        nodes.insert(rng.randrange(at, len(nodes) + 1), again)
    else:
        told.seq = rng.choice((0, at + 1, max(0, at - 1), 2**53, 99))


def change_links(rng: Rng, story: Story, told: Told) -> None:
    prev = _prev(told)
    how = rng.randrange(8)
    if how == 0 and prev:
        prev.pop(rng.randrange(len(prev)))
    elif how == 1:
        prev.append(_signature(rng, story))
    elif how == 2 and prev:
        prev[rng.randrange(len(prev))] = _signature(rng, story)
    elif how == 3:
        prev.reverse()
    elif how == 4:
        told.header["prev"] = [_signature(rng, story)]
    elif how == 5:
        told.header["about"] = [_signature(rng, story) for _ in range(rng.choice((1, 2, 17)))]
    elif how == 6:
        link = {"braid": encode(derive("other")), "node": _signature(rng, story), "rel": "audits"}
        told.header["link"] = [link] * rng.choice((1, 2, 9))
    else:
        prev.extend(_signature(rng, story) for _ in range(rng.choice((2, 70))))


def change_header(rng: Rng, story: Story, told: Told) -> None:
    header = told.header
    how = rng.randrange(9)
    if how == 0:
        header["kind"] = rng.choice(KINDS)
        if rng.random() < 0.5:
            told.bsalt = None
    elif how == 1:
        header["origin"] = rng.choice(ORIGINS)
    elif how == 2:
        header["media"] = rng.choice(
            ("text/plain", "application/json", "image/png", "a/" + "b" * 63, "Text/plain", "")
        )
    elif how == 3:
        header["time"] = rng.choice((
            "2020-01-01T00:00:00.000Z", "2026-02-03T04:05:06.000Z", "2026-11-20T09:30:00.001Z", "2027-01-01T00:00:00.000Z",
            "9999-12-31T23:59:59.999Z", "2026-02-30T00:00:00.000Z", "2026-02-03T04:05:06Z",
        ))  # fmt: skip
    elif how == 4:
        header["seal"] = rng.choice(
            (
                "honest",
                "honest",
                {"count": 3, "tree": encode(derive("tree"))},
                {"count": 2**53, "tree": encode(derive("t"))},
            )
        )
    elif how == 5:
        header["braid"] = "another"
    elif how == 6:
        name = rng.choice(sorted(header))
        header[name] = odd_value(rng)
    elif how == 7:
        header.pop(rng.choice(sorted(header)))
        header.setdefault("prev", [])
    else:
        told.spelled = rng.choice(
            (
                ',"kind"\n, "kind"',
                '"v":1\n"v":1,"v":1',
                "text\ntéxt",
                '"v":1\n"v":01',
                "{\n{ ",
                "plain\npl\\u0061in",
            )
        )


def change_words(rng: Rng, story: Story, told: Told) -> None:
    how = rng.randrange(9)
    if how == 0:
        told.content = rng.choice(ODD_TEXTS)
    elif how == 1:
        told.attrs = rng.choice(ODD_TEXTS).decode("utf-8", "replace")
    elif how == 2:
        told.erased = True
    elif how == 3:
        told.erased, told.bsalt = True, None
    elif how == 4:
        told.bsalt = rng.choice((None, None, encode(derive("salt")), encode(derive("salt"))[:-1]))
    elif how == 5:
        told.commits = False
    elif how == 6:
        told.members["s"] = _loose_signature(rng)
    elif how == 7:
        told.by = "stranger"
    else:
        told.members[rng.choice(("salt", "attrs", "text", "b64", "bsalt", "x"))] = rng.choice(
            (None, "", "AA", encode(derive("m")))
        )


def _loose_signature(rng: Rng) -> str:
    r = rng.choice((bytes(32), b"\x01" + bytes(31), b"\xff" * 32, derive("r")))
    s = rng.choice((bytes(32), b"\xff" * 32, derive("s")[:31] + b"\x0f"))
    return encode(r + s)


def change_content(rng: Rng, story: Story, told: Told) -> None:
    """Change a member of what a call or an end says, at any depth."""
    told = rng.choice(
        [node for node in story.nodes if node.header.get("kind") in ("call", "end")] or [told]
    )
    try:
        content = json.loads(told.content)
    except ValueError:
        return
    value: Any = content
    while isinstance(value, dict) and value and rng.random() < 0.6:
        below = value[rng.choice(sorted(value))]
        if not isinstance(below, dict):
            break
        value = below
    if not isinstance(value, dict):
        return
    how = rng.randrange(7)
    name = rng.choice(sorted(value)) if value else "x"
    if how == 0:
        value.pop(name, None)
    elif how == 1:
        value["partial"] = rng.choice((True, False, 1))
    elif how == 2 and "history" in content:
        codes = ("continued", "edited", "elided", "heard_of_never", "", "Edited", 7)
        entry: dict[str, Any] = {"code": rng.choice(codes)}
        if rng.random() < 0.5:
            entry[rng.choice(("node", "was", "more", "x"))] = rng.choice(
                (_signature(rng, story), 1, 0, None)
            )
        content["history"] = [{"code": "continued"}] * rng.randrange(2) + [entry]
    elif how == 3 and "outcome" in content:
        content["outcome"] = rng.choice(
            ("complete", "error", "not_sent", "refused", "interrupted", "well")
        )
    elif how == 4 and isinstance(value.get("add"), list):
        value["add"] = [*value["add"], _signature(rng, story)][rng.randrange(2) :]
    elif how == 5:
        told.chains = False
    else:
        value[name] = odd_value(rng)
    told.content = compact(content).encode("utf-8")


def change_story(rng: Rng, story: Story, told: Told) -> None:
    how = rng.randrange(8)
    if how == 0:
        story.certificate = None
    elif how == 1 and story.certificate is not None:
        name = rng.choice(sorted(story.certificate))
        story.certificate[name] = odd_value(rng)
    elif how == 2 and story.certificate is not None:
        story.certificate["not_after"] = rng.choice(
            ("2026-02-03T04:05:06.500Z", "2026-11-20T09:30:00.000Z", "2020-01-01T00:00:00.000Z")
        )
    elif how == 3 and story.certificate is not None:
        story.certificate["braid"] = "another"
    elif how == 4:
        member = rng.choice(("h", "s", "pop", "x"))
        story.certificate_members = {
            member: rng.choice((_loose_signature(rng), "", None, encode(derive("p") * 2)))
        }
    elif how == 5:
        story.head = {
            rng.choice(("braid", "format", "x", "certificate")): rng.choice(
                (encode(derive("k")), encode(bytes(32)), "", 1)
            )
        }
    elif how == 6:
        story.lines = True
    else:
        story.proofs = [{"type": "closure"}] * rng.randrange(3)


def change_logs(rng: Rng, story: Story, told: Told) -> None:
    """Log what is there, or what is not, and change what proves it."""
    story.logged = rng.choice(
        (["certificate", "seal"], ["certificate", "seal"], ["certificate"], ["seal"],
         ["certificate", "closure"], ["seal", "seal"], ["certificate", "node"])
    )  # fmt: skip
    how, bit, number = rng.randrange(12), rng.randrange(256), rng.randrange(9)
    edits, texts = story.log_edits, story.text_edits
    if how == 0:
        edits.append(lambda proof: setattr(proof, "index", rng_index(proof, number)))
    elif how == 1:
        edits.append(lambda proof: setattr(proof, "size", max(0, proof.size + number - 4)))
    elif how == 2:
        edits.append(lambda proof: proof.path.insert(min(number, len(proof.path)), bytes(32)))
    elif how == 3:
        edits.append(lambda proof: proof.path and proof.path.pop(number % len(proof.path)))
    elif how == 4:
        edits.append(lambda proof: setattr(proof, "root", flipped(proof.root, bit)))
    elif how == 5:
        edits.append(lambda proof: setattr(proof, "path", [flipped(s, bit) for s in proof.path]))
    elif how == 6:
        who = rng.choice((SECOND, WITNESS, Party(WITNESS.name, 4, SECOND.key)))
        time = rng.choice((TIME, TIME, 1, 0, 253_402_300_799, 253_402_300_800, 2**63))
        edits.append(lambda proof: proof.lines.append(lambda text: who.line(text, time)))
    elif how == 7:
        spoilt = rng.choice((b"", b"x", bytes(64), bytes(72), b"\xff" * 72))
        who = rng.choice((LOG, WITNESS, SECOND))
        edits.append(lambda proof: proof.lines.append(lambda text: who.spelled(spoilt)))
    elif how == 8:
        log = rng.choice((OTHER_LOG, Party(LOG.name, 1, OTHER_LOG.key)))
        edits.append(lambda proof: proof.lines.__setitem__(0, log.line))
        if rng.random() < 0.5:
            edits.append(lambda proof: setattr(proof, "origin", log.name))
    elif how == 9:
        texts.append(lambda text: _line_moved(text, number, bit))
    else:
        odd = rng.choice(" \n\r\t\0+=/-_é—\u2028AaQg089")
        place = rng.random()
        keep = rng.random() < 0.5

        def respell(text: str) -> str:
            at = int(place * len(text))
            return text[:at] + odd + text[at + keep :]

        texts.append(respell)


def rng_index(proof: Proof, number: int) -> int:
    """Give another index: near, at the size, or too large."""
    return (proof.index + 1, proof.index ^ 1, proof.size, 0, 2**53 - 1, 2**53)[number % 6]


def flipped(raw: bytes, bit: int) -> bytes:
    return (int.from_bytes(raw, "big") ^ 1 << bit).to_bytes(len(raw), "big")


def _line_moved(text: str, number: int, bit: int) -> str:
    """Drop, repeat or move a line."""
    lines = text.split("\n")
    line = lines.pop(number % len(lines))
    if bit % 3:
        lines.insert(bit % len(lines), line)
    if bit % 3 == 1:
        lines.insert(number % len(lines), line)
    return "\n".join(lines)


def add_node(rng: Rng, story: Story, told: Told) -> None:
    """Put in a node of another kind, hung on anything."""
    kind = rng.choice(
        ("flag", "annotation", "checkpoint", "seal", "gap", "end", "call", "tool_result", "text")
    )
    origin = {"annotation": "monitor", "tool_result": "client", "text": "provider"}.get(
        kind, "proxy"
    )
    prev = list(dict.fromkeys(_signature(rng, story) for _ in range(rng.choice((1, 1, 2, 3)))))
    alike = [node for node in story.nodes if node.header.get("kind") == kind]
    content = rng.choice(alike).content if alike and kind in ("call", "end") else b""
    time = story.nodes[-1].header.get("time")
    header = {
        "kind": kind,
        "origin": origin,
        "media": "text/plain",
        "prev": prev,
        "time": time,
        "v": 1,
    }
    if kind in ("seal", "checkpoint"):
        header["seal"] = "honest"
    if kind == "seal" and rng.random() < 0.7:
        header["prev"] = _tails(story.nodes)
    at = rng.choice((len(story.nodes), rng.randrange(1, len(story.nodes) + 1)))
    old = encode(derive(f"added {rng.randrange(999)}") * 2)
    story.nodes.insert(at, Told(header, old, "{}", content, None, False))


def _tails(nodes: Sequence[Told]) -> list[str]:
    named = {name for node in nodes for name in _prev(node) if isinstance(name, str)}
    return [node.old for node in nodes if node.old not in named][:64]


def mend_seals(rng: Rng, story: Story, told: Told) -> None:
    """Let the seals count and name what is there, so that what lies behind them is reached."""
    for at, node in enumerate(story.nodes):
        if node.header.get("kind") in ("seal", "checkpoint"):
            node.header["seal"] = "honest"
            if node.header["kind"] == "seal":
                node.header["prev"] = _tails(story.nodes[:at])


Change = Callable[[Rng, Story, Told], None]
CHANGES: tuple[Change, ...] = (
    change_order, change_links, change_links, change_header, change_words, change_words, change_content,
    change_content, change_story, add_node, add_node, change_logs,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A transcript to compare on, and how it came to be."""

    number: int
    base: str
    changes: tuple[str, ...]
    raw: bytes

    def __str__(self) -> str:
        return f"mutant {self.number}: {self.base}, {', '.join(self.changes)}"


def mutants(seed: int, bases: dict[str, bytes], honest: Sequence[str]) -> Iterator[Mutant]:
    """Give mutants without end. `honest` names the bases that can be taken apart and signed again."""
    names = sorted(bases)
    number = 0
    while True:
        rng = random.Random(f"{seed} {number}")
        if rng.random() < 0.4:
            base = rng.choice(names)
            raw = bases[base]
            changes = tuple(
                rng.choice(("bytes", "members", "members")) for _ in range(rng.choice((1, 1, 2)))
            )
            for how in changes:
                raw = change_bytes(rng, raw) if how == "bytes" else change_members(rng, raw)
        else:
            base = rng.choice(honest)
            story = take_apart(bases[base], "mutant")
            chosen: list[Change] = [rng.choice(CHANGES) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
            if rng.random() < 0.5:
                chosen.append(mend_seals)
            changes = tuple(change.__name__ for change in chosen)
            for change in chosen:
                change(rng, story, rng.choice(story.nodes))
            raw = sign_again(story)
        yield Mutant(number, base, changes, raw)
        number += 1
