"""Vectors below the transcript: headers, text forms, framing, commitments, chains, trees, keys, JSON.

Each is a list of cases; `code` is null where the case is good.
"""

from __future__ import annotations

import hashlib
from typing import Any

from vectors import curve
from vectors.faults_signing import OddKey
from vectors.formulas import chain_start, chain_step, commitment, derive, encode, pae, tree_head
from vectors.weaver import LISTS, Key

Case = dict[str, Any]


def base64url() -> list[Case]:
    """SPEC §2.1; `bytes` is null where the length does not matter."""

    def good(raw: bytes) -> Case:
        return {"text": encode(raw), "hex": raw.hex(), "code": None, "comment": f"{len(raw)} bytes"}

    def bad(text: str, comment: str) -> Case:
        return {"text": text, "hex": None, "code": "E_ENC", "comment": comment}

    return [
        *(good(bytes(range(256))[-size:] if size else b"") for size in (0, 1, 2, 3, 4, 31, 32, 64)),
        good(b"\xfb\xff\xbf"),
        bad("A", "one character holds no byte"),
        bad("AAAAA", "one character over"),
        bad("AB", "spare bits set, one byte"),
        bad("AAB", "spare bits set, two bytes"),
        bad("_x", "spare bits set, all of them"),
        bad("AA==", "padding"),
        bad("AAA=", "padding"),
        bad("=", "padding alone"),
        bad("+/8", "standard alphabet"),
        bad("A A", "space"),
        bad("AAAA\n", "line end"),
        bad(" AAAA", "space before"),
        bad("AAA\u0410", "a letter that looks like A"),
        bad("AA.A", "foreign character"),
        bad("AAA\u0000", "NUL"),
    ]


def times() -> list[Case]:
    """SPEC §2.1.3; used through a header."""
    good = (
        "2026-02-03T04:05:06.789Z",
        "0001-01-01T00:00:00.000Z",
        "9999-12-31T23:59:59.999Z",
        "2024-02-29T00:00:00.000Z",
        "2000-02-29T00:00:00.000Z",
    )
    bad = {
        "2026-02-03T04:05:60.000Z": "second 60",
        "2016-12-31T23:59:60.000Z": "a leap second that happened",
        "2026-02-29T00:00:00.000Z": "no leap year",
        "1900-02-29T00:00:00.000Z": "no leap year",
        "2026-04-31T00:00:00.000Z": "no such day",
        "2026-13-01T00:00:00.000Z": "no such month",
        "2026-00-01T00:00:00.000Z": "month 0",
        "2026-01-00T00:00:00.000Z": "day 0",
        "2026-01-01T24:00:00.000Z": "hour 24",
        "2026-01-01T00:60:00.000Z": "minute 60",
        "0000-01-01T00:00:00.000Z": "year 0",
        "2026-01-01T00:00:00Z": "no milliseconds",
        "2026-01-01T00:00:00.0000Z": "four digits after the point",
        "2026-01-01T00:00:00.000": "no Z",
        "2026-01-01T00:00:00.000z": "z",
        "2026-01-01t00:00:00.000Z": "t",
        "2026-01-01T00:00:00.000+00:00": "an offset",
        "2026-01-01T00:00:00,000Z": "a comma",
        "+2026-01-01T00:00:00.000Z": "a sign",
        "2026-1-1T00:00:00.000Z": "one digit",
        "20260101T000000.000Z": "basic form",
        "2026-W01-1T00:00:00.000Z": "a week",
    }
    return [
        *({"time": text, "good": True} for text in good),
        *({"time": text, "good": False, "comment": why} for text, why in bad.items()),
    ]


def framing() -> list[Case]:
    """SPEC §2.2."""
    rows = (
        ("node", b"{}"),
        ("node", b""),
        ("certificate", b"{}"),
        ("possession", b"{}" + bytes(range(64))),
        ("closure", b"x" * 1000),
        ("rotation", b"DSSEv1 1 a 1 b"),
        ("revocation", "é".encode()),
        ("statement", b" "),
    )
    return [
        {"purpose": purpose, "payload": payload.hex(), "signed": pae(purpose, payload).hex()}
        for purpose, payload in rows
    ]


def commitments() -> list[Case]:
    """SPEC §5.1."""
    salt = derive("commitment")
    rows = (
        (salt, b"", b"{}"),
        (salt, b"Eight.", b"{}"),
        (bytes(32), b"Eight.", b"{}"),
        (salt, b"Eight", b".{}"),
        (salt, b"", b""),
        (salt, b"\x00\xff" * 500, b'{"type":"image"}'),
        (salt, "Ça fait 42.".encode(), '{"name":"é"}'.encode()),
    )
    return [
        {
            "salt": salt.hex(),
            "content": content.hex(),
            "attrs": attrs.hex(),
            "commitment": encode(commitment(salt, content, attrs)),
        }
        for salt, content, attrs in rows
    ]


def chains() -> list[Case]:
    """SPEC §6.2.3: `values` are d₀, d₁, …"""
    cases = []
    for which in LISTS:
        for size in (0, 1, 3):
            signatures = [derive(f"chain {i}") * 2 for i in range(size)]
            values = [chain_start(which)]
            for signature in signatures:
                values.append(chain_step(values[-1], signature))
            cases.append(
                {
                    "list": which,
                    "signatures": [encode(signature) for signature in signatures],
                    "values": [encode(value) for value in values],
                }
            )
    return cases


def trees() -> list[Case]:
    """SPEC §11.1: signature i is SHA-512 of the decimal text of i."""
    return [
        {
            "count": count,
            "tree": encode(
                tree_head([hashlib.sha512(str(i).encode()).digest() for i in range(count)])
            ),
        }
        for count in (*range(18), 31, 32, 33, 63, 64, 65, 100, 255, 256, 257, 1000)
    ]


def ed25519_strict() -> list[Case]:
    """SPEC §2.3; a node signature over `payload`, with the code a transcript fails with."""
    payload = b"{}"
    message = pae("node", payload)
    honest, odd = Key("strict"), OddKey("strict odd")
    mixed, identity = OddKey("strict mixed", torsion=1), OddKey("strict identity", scalar=0)
    good = honest.sign(message)
    loose = (curve.P + 1).to_bytes(32, "little")

    def raised(signature: bytes, by: int) -> bytes:
        s = int.from_bytes(signature[32:], "little") + by
        return signature[:32] + s.to_bytes(32, "little")

    rows: list[tuple[str, bytes, bytes, str | None]] = [
        ("honest", honest.public, good, None),
        ("made with plain curve arithmetic", odd.public, odd.sign(message), None),
        ("R altered", honest.public, bytes([good[0] ^ 2]) + good[1:], "E_SIG"),
        ("S one more", honest.public, raised(good, 1), "E_SIG"),
        ("S plus L", honest.public, raised(good, curve.L), "E_SIG_FORM"),
        ("S is L", honest.public, good[:32] + curve.L.to_bytes(32, "little"), "E_SIG_FORM"),
        ("S is 2^256 - 1", honest.public, good[:32] + b"\xff" * 32, "E_SIG_FORM"),
        ("fits with the cofactor only", odd.public,
         curve.sign(odd.scalar, odd.public, message, twist=curve.TORSION), "E_SIG"),
        ("R is the identity spelled p + 1", odd.public,
         curve.sign(odd.scalar, odd.public, message, nonce=0, r=loose), "E_SIG_FORM"),
        ("R has y = 2^255 - 1", honest.public, b"\xff" * 31 + b"\x7f" + good[32:], "E_SIG_FORM"),
        ("key has a torsion part", mixed.public, mixed.sign(message), "E_KEY"),
        ("key is the identity", identity.public, identity.sign(message), "E_KEY"),
        ("key is the identity spelled p + 1", loose, identity.sign(message), "E_KEY"),
        ("key has y = p", curve.P.to_bytes(32, "little"), good, "E_KEY"),
        ("key is no point", (2).to_bytes(32, "little"), good, "E_KEY"),
    ]  # fmt: skip
    for i in range(8):
        point = curve.encode(curve.times(i, curve.TORSION))
        rows.append((f"key is point {i} of small order", point, good, "E_KEY"))
        r = curve.sign(odd.scalar, odd.public, message, nonce=0, r=point)
        rows.append((f"R is point {i} of small order", odd.public, r, "E_SIG_FORM"))
    return [
        {
            "comment": comment,
            "key": key.hex(),
            "payload": payload.hex(),
            "signature": signature.hex(),
            "code": code,
        }
        for comment, key, signature, code in rows
    ]


def strict_json() -> list[Case]:
    """SPEC §2.5; the text in hex, since some of it is no text."""
    good = (
        b"{}", b"[]", b'""', b"0", b"-0", b"1e2", b"-1.5E-7", b"null", b" \t\r\n1 ",
        b"1" * 309, b"0." + b"1" * 998, b'"\\ud83d\\ude00"', '"é\u2028"'.encode(), b'"\\u0000"', b'{"":0,"a":1}',
        b'{"a":{"a":1},"b":{"a":1}}', b"9007199254740993", b"1e-400", b"[" * 256 + b"]" * 256,
        b'"\\/\\b\\f\\n\\r\\t\\"\\\\"', b'"' + b"[" * 1000 + b'"', b'"\x7f"', b"1.7976931348623157e308",
    )  # fmt: skip
    bad = {
        "E_UTF8": (
            b"\xef\xbb\xbf1", b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xf4\x90\x80\x80"',
            b'"\xe2\x82"', b"1\xff", '"é"'.encode("utf-16"),
        ),
        "E_DUPKEY": (
            b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'[{"b":{"a":1,"a":2}}]', b'{"":1,"":2}',
        ),
        "E_DEPTH": (b"[" * 257 + b"]" * 257, b'{"a":' * 257 + b"1" + b"}" * 257, b"[" * 100_000),
        "E_JSON": (
            b"", b" ", b"{", b"}", b"[1", b"[1,]", b'{"a":1,}', b"{,}", b"[1 2]", b"1 2", b"{}{}",
            b"nul", b"True", b"NaN", b"Infinity", b"-Infinity", b"+1", b"-", b"01", b"1.", b".5",
            b"1e", b"0x10", b"1_000", b"1e400", b"-1e400", b"1" * 310, b"-" + b"1" * 310, b"1" * 1001, b"0." + b"1" * 999, b"1" * 5000, b"'a'",
            b"{a:1}", b'"', b'"\\', b'"\\x"', b'"\\u12"', b'"\n"', b'"\x00"', b'"\x1f"',
            b'"\\ud800"', b'"\\udc00"', b'"\\ude00\\ud83d"', b'"\\ud800x\\udc00"',
            b'{"\\ud800":1}', b"/* */1", b"1//", b"\x0c1", "\u00a01".encode(), b"[1}", b"1\x00",
            "\u0661".encode(),
        ),
    }  # fmt: skip
    return [
        *({"hex": raw.hex(), "code": None} for raw in good),
        *({"hex": raw.hex(), "code": code} for code, raws in bad.items() for raw in raws),
    ]


FILES = {
    "base64url.json": base64url,
    "times.json": times,
    "pae.json": framing,
    "commitment.json": commitments,
    "chain.json": chains,
    "tree.json": trees,
    "ed25519_strict.json": ed25519_strict,
    "strict_json.json": strict_json,
}
