"""Vectors of §3: header strings, good and bad, with the code a verifier gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vectors.formulas import compact, derive, encode
from vectors.weaver import Key

Case = dict[str, Any]


def signature(i: int) -> str:
    return encode(derive(f"header {i}") * 2)


def fields(**changed: Any) -> dict[str, Any]:
    """A header that is right in everything, with members changed."""
    return {
        "braid": encode(Key("headers").public),
        "content": encode(derive("content")),
        "kind": "text",
        "media": "text/plain",
        "origin": "provider",
        "prev": [signature(0)],
        "seq": 7,
        "time": "2026-02-03T04:05:06.789Z",
        "v": 1,
        **changed,
    }


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in fields().items() if key != name}


def link(**changed: Any) -> dict[str, Any]:
    return {
        "braid": encode(Key("other").public),
        "node": signature(9),
        "rel": "audits",
        **changed,
    }


SEAL = {"count": 7, "tree": encode(derive("tree"))}
ORIGINS = {
    **dict.fromkeys(("system", "tools", "prompt", "params"), ("client",)),
    **dict.fromkeys(
        ("thinking", "text", "tool_use", "tool_result", "media", "other"), ("client", "provider")
    ),
    **dict.fromkeys(("call", "end", "flag", "gap", "checkpoint", "seal"), ("proxy",)),
    "annotation": ("proxy", "monitor"),
}


def _of_kind(kind: str, **changed: Any) -> dict[str, Any]:
    made = fields(kind=kind, origin=ORIGINS[kind][0], **changed)
    if kind in ("seal", "checkpoint"):
        made.setdefault("seal", SEAL)
    return made


def _kinds() -> list[tuple[str, dict[str, Any], str | None, str]]:
    """The whole table of §3.3."""
    rows: list[tuple[str, dict[str, Any], str | None, str]] = []
    for kind, origins in ORIGINS.items():
        for origin in ("client", "provider", "proxy", "monitor"):
            code = None if origin in origins else "E_HDR"
            made = {**_of_kind(kind), "origin": origin}
            rows.append(("§3.3", made, code, f"{kind} from {origin}"))
        code = None if kind in ("call", "flag", "annotation") else "E_ABOUT"
        rows.append(("§3.3", _of_kind(kind, about=[signature(1)]), code, f"about on {kind}"))
        code = None if kind in ("call", "end", "annotation") else "E_HDR"
        rows.append(("§3.3", _of_kind(kind, link=[link()]), code, f"link on {kind}"))
        first = _of_kind(kind, link=[link()], seq=0, prev=[])
        rows.append(("§3.3", first, None, f"link on {kind} at seq 0"))
        if kind not in ("seal", "checkpoint"):
            rows.append(("§3.2", _of_kind(kind, seal=SEAL), "E_SEAL", f"seal on {kind}"))
    for kind in ("seal", "checkpoint"):
        made = fields(kind=kind, origin="proxy")
        rows.append(("§3.2", made, "E_SEAL", f"no seal on {kind}"))
    return rows


def _values() -> list[tuple[str, dict[str, Any], str | None, str]]:
    key, spare = fields()["braid"], fields()["content"][:-1]
    note = {"kind": "annotation", "origin": "proxy"}
    return [
        ("§3.2", fields(), None, "a text"),
        ("§3.2", fields(seq=0, prev=[]), None, "a genesis"),
        ("§3.2", fields(prev=[signature(i) for i in range(64)]), None, "64 prev"),
        ("§3.2", fields(prev=[signature(i) for i in range(65)]), "E_LIMIT", "65 prev"),
        ("§3.2", fields(prev=[signature(0)] * 2), "E_PREV", "prev repeated"),
        ("§3.2", fields(**note, about=[signature(i) for i in range(16)]), None, "16 about"),
        ("§3.2", fields(**note, about=[signature(i) for i in range(17)]), "E_LIMIT", "17 about"),
        ("§3.2", fields(**note, about=[signature(0)] * 2), "E_ABOUT", "about repeated"),
        ("§3.2", fields(**note, about=[]), "E_HDR", "about empty"),
        ("§3.2", fields(**note, link=[link()] * 8), None, "8 links"),
        ("§3.2", fields(**note, link=[link()] * 9), "E_LIMIT", "9 links"),
        ("§3.2", fields(**note, link=[]), "E_HDR", "link empty"),
        ("§3.2", fields(**note, link=[link(rel="likes")]), "E_HDR", "unknown relation"),
        ("§3.2", fields(**note, link=[link(note="x")]), "E_HDR", "unknown member of a link"),
        ("§3.2", fields(**note, link=[{"braid": key, "rel": "audits"}]), "E_HDR", "link without node"),
        ("§3.4", fields(**note, link=[link(rel=rel) for rel in ("spawned", "returned", "audits", "continues")]), None, "the four relations"),
        ("§3.2", fields(about=None), "E_HDR", "about null"),
        ("§3.2", fields(prev=None), "E_HDR", "prev null"),
        ("§3.2", fields(prev=[7]), "E_HDR", "prev of a number"),
        ("§3.2", fields(prev=signature(0)), "E_HDR", "prev a string"),
        ("§3.2", fields(prev=[signature(0)[:-1]]), "E_HDR", "a signature of 85 characters"),
        ("§3.2", fields(prev=[signature(0)[:-1] + "B"]), "E_HDR", "a signature with spare bits set"),
        ("§3.2", fields(braid=key + "A"), "E_HDR", "a key of 44 characters"),
        ("§3.2", fields(braid=key[:-1] + "+"), "E_HDR", "a key in the standard alphabet"),
        ("§3.2", fields(content=spare + "B"), "E_HDR", "a commitment with spare bits set"),
        ("§3.2", fields(content=""), "E_HDR", "an empty commitment"),
        ("§3.2", fields(seq=9007199254740991), None, "the largest seq"),
        ("§3.2", fields(seq=9007199254740992), "E_HDR", "seq 2^53"),
        ("§3.2", fields(seq=10**16), "E_HDR", "seq of 17 digits"),
        ("§3.2", fields(seq=-1), "E_HDR", "seq negative"),
        ("§3.2", fields(seq=True), "E_HDR", "seq true"),
        ("§3.2", fields(seq=None), "E_HDR", "seq null"),
        ("§3.2", fields(seq="7"), "E_HDR", "seq a string"),
        ("§3.2", fields(seq=7.0), "E_HDR", "seq with a fraction"),
        ("§3.2", fields(v=2), "E_HDR", "version 2"),
        ("§3.2", fields(v="1"), "E_HDR", "version a string"),
        ("§3.2", fields(v=True), "E_HDR", "version true"),
        ("§3.2", fields(v=10), "E_HDR", "version 10"),
        ("§3.2", fields(kind="TEXT"), "E_HDR", "kind in capitals"),
        ("§3.2", fields(kind="shadow"), "E_HDR", "unknown kind"),
        ("§3.2", fields(kind=""), "E_HDR", "empty kind"),
        ("§3.2", fields(origin="server"), "E_HDR", "unknown origin"),
        ("§3.2", fields(role="user"), "E_HDR", "unknown field"),
        *(("§3.2", without(name), "E_HDR", f"{name} missing") for name in fields()),
        ("§11", _of_kind("seal", seal={"count": 7}), "E_HDR", "seal without tree"),
        ("§11", _of_kind("seal", seal={**SEAL, "root": "x"}), "E_HDR", "unknown member of seal"),
        ("§11", _of_kind("seal", seal={**SEAL, "count": 2**53}), "E_HDR", "seal.count 2^53"),
        ("§11", _of_kind("seal", seal={**SEAL, "tree": "x"}), "E_HDR", "seal.tree no digest"),
        ("§11", _of_kind("seal", seal=None), "E_HDR", "seal null"),
    ]  # fmt: skip


def _media() -> list[tuple[str, dict[str, Any], str | None, str]]:
    good = ("text/plain", "application/vnd.x+json", "a/b", "0/9", "image/svg+xml", "x/a!#$&^_.+-")
    bad = (
        "", "text", "text/", "/plain", "text/plain/x", "Text/plain", "text/Plain", "text/plain;a=b",
        "text/ plain", " text/plain", "text/plain ", "text/*", "+/x", "text/.x", "text\\/plain",
    )  # fmt: skip
    return [
        *(("§3.5", fields(media=media), None, f"media {media}") for media in good),
        ("§3.5", fields(media="a/" + "b" * 62), None, "media of 64 characters"),
        ("§3.5", fields(media="a/" + "b" * 63), "E_LIMIT", "media of 65 characters"),
        *(("§3.5", fields(media=media), "E_HDR", f"media {media!r}") for media in bad),
    ]


def _spellings() -> list[tuple[str, str, str | None, str]]:
    """The header of `fields`, spelled otherwise."""
    honest = compact(fields())
    edits: list[tuple[str, Callable[[str], str]]] = [
        ("a space after a comma", lambda h: h.replace(",", ", ", 1)),
        ("a space after a colon", lambda h: h.replace(":", ": ", 1)),
        ("a space before it", lambda h: " " + h),
        ("a line end after it", lambda h: h + "\n"),
        ("a tab inside", lambda h: h.replace("{", "{\t", 1)),
        ("NUL after it", lambda h: h + "\x00"),
        ("DEL in a value", lambda h: h.replace("plain", "plai\x7fn")),
        ("a byte-order mark", lambda h: "\ufeff" + h),
        ("an escape", lambda h: h.replace("plain", "pl\\u0061in")),
        ("an escaped solidus", lambda h: h.replace("text/", "text\\/")),
        ("a foreign letter", lambda h: h.replace("plain", "pl\u0430in")),
        ("names not sorted", lambda h: '{"v":1,' + h[1:].replace(',"v":1}', "}")),
        ("a field twice", lambda h: h.replace('"v":1', '"v":1,"v":1')),
        ("a field twice, first otherwise", lambda h: h.replace('"seq":7', '"seq":6,"seq":7')),
        ("a leading zero", lambda h: h.replace('"seq":7', '"seq":07')),
        ("minus zero", lambda h: h.replace('"seq":7', '"seq":-0')),
        ("a plus sign", lambda h: h.replace('"seq":7', '"seq":+7')),
        ("an exponent", lambda h: h.replace('"seq":7', '"seq":7e0')),
        ("a fraction of nothing", lambda h: h.replace('"seq":7', '"seq":7.0')),
        ("a number in hexadecimal", lambda h: h.replace('"seq":7', '"seq":0x7')),
        ("a comma at the end", lambda h: h[:-1] + ",}"),
        ("text after it", lambda h: h + h),
        ("the last bracket missing", lambda h: h[:-1]),
        ("in an array", lambda h: f"[{h}]"),
        ("single quotes", lambda h: h.replace('"', "'")),
        ("no quotes around a name", lambda h: h.replace('"v"', "v")),
        ("a deep value", lambda h: h.replace('"seq":7', '"seq":' + "[" * 9 + "]" * 9)),
        ("a very deep value", lambda h: h.replace('"seq":7', '"seq":' + "[" * 5000)),
        ("nothing", lambda h: ""),
        ("an empty object", lambda h: "{}"),
        ("null", lambda h: "null"),
        ("a lone surrogate behind an escape", lambda h: h.replace("plain", "\\ud800")),
    ]
    longest = compact(fields(prev=[signature(i) for i in range(64)]))
    return [
        *(("§3.1", edit(honest), "E_HDR", comment) for comment, edit in edits),
        ("§3.1", longest + " " * (16385 - len(longest)), "E_LIMIT", "16,385 bytes"),
        (
            "§3.1",
            longest + " " * (16384 - len(longest)),
            "E_HDR",
            "16,384 bytes, spaces at the end",
        ),
        ("§3.1", "\u00e9" * 8193, "E_LIMIT", "8,193 characters of two bytes"),
    ]


def _several() -> list[tuple[str, dict[str, Any], str | None, str]]:
    """Headers with two faults: the order of §3.6 decides."""
    february = "2026-02-30T00:00:00.000Z"
    wide = "a/" + "b" * 63
    return [
        ("§3.6", fields(role="user", prev=[signature(0)] * 65), "E_HDR", "unknown field, 65 prev"),
        ("§3.6", fields(prev=[signature(0)] * 65), "E_LIMIT", "65 prev, all the same"),
        (
            "§3.6",
            fields(prev=[signature(0)] * 2, media=wide),
            "E_PREV",
            "prev repeated, long media",
        ),
        ("§3.6", fields(media=wide, seq=2**53), "E_LIMIT", "long media, seq 2^53"),
        ("§3.6", fields(time=february, seal=SEAL), "E_HDR", "no such time, and a seal"),
        ("§3.6", fields(origin="proxy", seal=SEAL), "E_HDR", "wrong origin, and a seal"),
        ("§3.6", fields(seal=SEAL, about=[signature(1)]), "E_SEAL", "a seal, and about"),
        ("§3.6", fields(about=[signature(1)] * 17), "E_ABOUT", "about not allowed, 17 of it"),
        ("§3.6", fields(about=[signature(1)], link=[link()]), "E_ABOUT", "about and link"),
        ("§3.6", fields(link=[link()] * 9), "E_HDR", "link not allowed, nine of it"),
    ]


def headers() -> list[Case]:
    rows = [
        *(
            (s, compact(f), code, why)
            for s, f, code, why in [*_values(), *_kinds(), *_media(), *_several()]
        ),
        *_spellings(),
    ]
    return [
        {"section": section, "header": header, "code": code, "comment": why}
        for section, header, code, why in rows
    ]
