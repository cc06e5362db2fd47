"""Changes of a transcript as a file: of its bytes, or of its members. Nothing is signed again."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from vectors.formulas import derive, encode

Rng = random.Random
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 1.5, 2**53 - 1, 2**53, 10**400, "", "x", "a_b", "complete", "retry",
    "not_sent", "refused", [], {}, [[]], [None], {"a": 1}, encode(derive("odd")), encode(derive("o") * 2),
)  # fmt: skip
TOKENS = (
    b",", b":", b"[", b"]", b"{", b"}", b'"', b"\\", b"null", b"true", b"0", b"-0", b"1e5", b"01", b" ", b"\n",
    b"\r\n", b"\t", b"\xff", b"\xc3\xa9", b"\xed\xa0\x80", b"\\u0000", b"\\ud800", b"\\ud83d\\ude00", b"\\n", b"\x00",
    b'"x":1,', b'"nodes":[],', b'"proofs":[],', b'{"proofs":[]}', b"{},", b"NaN", b"\xef\xbb\xbf", b"\xc2\xa0", b"[[[[",
)  # fmt: skip


# --- changes of the bytes


def _cut(rng: Rng, raw: bytes) -> tuple[int, int]:
    start = rng.randrange(len(raw) + 1)
    return start, min(len(raw), start + rng.choice((1, 1, 1, 2, 5, 40, 400)))


def change_bytes(rng: Rng, raw: bytes) -> bytes:
    start, end = _cut(rng, raw)
    how = rng.randrange(6)
    if how == 0:
        return raw[:start] + raw[end:]
    if how == 1:
        return raw[:end] + raw[start:]
    if how == 2:
        return raw[:start] + rng.choice(TOKENS) + raw[start:]
    if how == 3:
        return raw[:start] + rng.choice(TOKENS) + raw[end:]
    if how == 4 and raw:
        at = rng.randrange(len(raw))
        return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]
    if how == 5 and rng.random() < 0.3:
        return raw[:start]
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.choice((b" ", b"\n", b"\t", b"\r")) + raw[at:]


# --- changes of the members of a file


def _document(raw: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(document, dict) and isinstance(document.get("nodes"), list)
    return document if whole else None


def odd_value(rng: Rng) -> Any:
    return copy.deepcopy(rng.choice(ODD_VALUES[:10] + ODD_VALUES[11:]))


def _spoil_object(rng: Rng, value: dict[str, Any]) -> None:
    """Drop, add, rename, replace or respell one member."""
    name = rng.choice(sorted(value)) if value else "x"
    how = rng.randrange(6)
    if how == 0:
        value.pop(name, None)
    elif how == 1:
        value[rng.choice(("x", "b64", "text", "bsalt", "salt", "attrs", "proofs", ""))] = odd_value(
            rng
        )
    elif how == 2:
        value[name.upper() + "_"] = value.pop(name, None)
    elif how == 3:
        value[name] = odd_value(rng)
    elif isinstance(value.get(name), str):
        value[name] = _respelled(rng, value[name])


def _respelled(rng: Rng, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    letter = rng.choice('AZaz09-_+/=\n é\u0000\U0001f600"\\{}')
    return rng.choice(
        (text[:at] + letter + text[at + 1 :], text[:at] + text[at + 1 :], text + letter, text[:-1])
    )


def change_members(rng: Rng, raw: bytes) -> bytes:
    document = _document(raw)
    if document is None:
        return change_bytes(rng, raw)
    nodes: list[Any] = document["nodes"]
    how = rng.randrange(9)
    if how < 3 and nodes:
        node = rng.choice(nodes)
        if isinstance(node, dict):
            _spoil_object(rng, node)
    elif how == 3:
        _spoil_object(rng, document)
    elif how == 4 and isinstance(document.get("certificate"), dict):
        _spoil_object(rng, document["certificate"])
    elif how == 5 and nodes:
        nodes.insert(rng.randrange(len(nodes) + 1), nodes.pop(rng.randrange(len(nodes))))
    elif how == 6 and nodes:
        nodes.insert(rng.randrange(len(nodes) + 1), rng.choice(nodes))
    elif how == 7 and nodes:
        del nodes[rng.randrange(len(nodes))]
    else:
        document["proofs"] = rng.choice(
            ([], [{"type": "x"}], [{}], [1], {}, None, [{"type": 1}], [{"type": "x", "y": []}] * 3)
        )
    if rng.random() < 0.3:
        document = dict(sorted(document.items(), key=lambda _: rng.random()))
    return _written(rng, document)


def _written(rng: Rng, document: dict[str, Any]) -> bytes:
    ascii_only, separators = rng.random() < 0.3, rng.choice(((",", ":"), (", ", ": ")))
    if isinstance(document.get("nodes"), list) and rng.random() < 0.3:
        head = {name: value for name, value in document.items() if name not in ("nodes", "proofs")}
        lines = [
            head,
            *document["nodes"],
            *([{"proofs": document["proofs"]}] if "proofs" in document else []),
        ]
        return b"".join(
            json.dumps(line, ensure_ascii=ascii_only, separators=separators).encode(
                "utf-8", "replace"
            )
            + b"\n"
            for line in lines
        )
    indent = rng.choice((None, None, None, 1))
    return json.dumps(
        document, ensure_ascii=ascii_only, separators=separators, indent=indent
    ).encode("utf-8", "replace")
