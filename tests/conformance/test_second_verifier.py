"""The JavaScript verifier says of every vector what the vector says, and what Python says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from braid.errors import KeyUnusable, Malformed
from braid.signing import check_key, check_signature_form, fits
from conformance.agreement import (
    Report,
    answers,
    compared,
    failures_of_first_class,
    judged_under,
    pins_of,
    places,
)
from conformance.second_verifier import SecondVerifier
from fakes.braids import conversation

HERE = Path(__file__).resolve().parent.parent / "vectors"
INDEX: dict[str, Any] = json.loads((HERE / "index.json").read_text("utf-8"))
VECTORS: list[dict[str, Any]] = INDEX["vectors"]
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=[v["name"] for v in VECTORS])


def cases(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((HERE / name).read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def second() -> Iterator[SecondVerifier]:
    with SecondVerifier() as process:
        yield process


def judged(second: SecondVerifier, vector: dict[str, Any], **options: Any) -> Report:
    raw = (HERE / vector["file"]).read_bytes()
    asked = {"roots": [INDEX["root"]], **pins_of(vector), **options}
    report: Report = second.ask("verify", raw, **asked)
    return report


@each_vector
def test_it_says_what_the_vector_says(second: SecondVerifier, vector: dict[str, Any]) -> None:
    report = judged(second, vector)
    found = failures_of_first_class(report)
    assert report["result"] == vector["result"]
    assert set(found) == {(code, node) for code, node in vector["failures"]}
    assert (list(found[0]) if found else None) == vector["first"]
    also: list[list[Any]] = vector.get("also", [])
    assert [pair for pair in also if tuple(pair) not in places(report)] == []
    said = answers(report)
    claims: dict[str, str] = vector.get("claims", {})
    assert {name: said[name] for name in claims} == claims


@each_vector
def test_it_says_what_python_says(second: SecondVerifier, vector: dict[str, Any]) -> None:
    for roots in ([INDEX["root"]], []):
        here = judged_under((HERE / vector["file"]).read_bytes(), roots, pins_of(vector))
        assert compared(judged(second, vector, roots=roots)) == compared(here)


@each_vector
def test_without_a_pinned_root_nothing_is_verified_and_nothing_else_changes(
    second: SecondVerifier, vector: dict[str, Any]
) -> None:
    report = judged(second, vector, roots=[])
    expected = "unmet" if vector["result"] == "verified" else vector["result"]
    assert report["result"] == expected
    assert report["findings"] == judged(second, vector)["findings"]


@each_vector
def test_a_source_that_trickles_changes_nothing(
    second: SecondVerifier, vector: dict[str, Any]
) -> None:
    assert judged(second, vector, step=7) == judged(second, vector)


@each_vector
def test_without_ed25519_in_webcrypto_nothing_changes(
    vector: dict[str, Any], second: SecondVerifier, without_ed25519: SecondVerifier
) -> None:
    assert judged(without_ed25519, vector) == judged(second, vector)


@pytest.fixture(scope="module")
def without_ed25519() -> Iterator[SecondVerifier]:
    with SecondVerifier("--without-ed25519") as process:
        yield process


@pytest.mark.parametrize("option", ["--", "--without-ed25519", "--lax-ed25519"])
def test_signatures_are_judged_strictly_whatever_webcrypto_has(option: str) -> None:
    with SecondVerifier(option) as process:
        for case in cases("ed25519_strict.json"):
            payload = bytes.fromhex(case["payload"])
            code = process.ask("signature", payload, key=case["key"], signature=case["signature"])
            assert code == case["code"], case["comment"]


def published(shared: Path) -> Iterator[tuple[str, str, bytes]]:
    """Key, signature and message of every published case whose lengths are right."""
    folder = shared / "vectors"
    for group in json.loads((folder / "wycheproof/ed25519_test.json").read_text())["testGroups"]:
        for case in group["tests"]:
            yield group["publicKey"]["pk"], case["sig"], bytes.fromhex(case["msg"])
    for case in json.loads((folder / "speccheck/cases.json").read_text()):
        yield case["pub_key"], case["signature"], bytes.fromhex(case["message"])
    for case in json.loads((folder / "cctv/ed25519vectors.json").read_text()):
        yield case["key"], case["sig"], case["msg"].encode()


def code_of(key: bytes, signature: bytes, message: bytes) -> str | None:
    """What the Python package says of a signature."""
    try:
        check_key(key, "key")
    except KeyUnusable:
        return "E_KEY"
    try:
        check_signature_form(signature, "s")
    except Malformed:
        return "E_SIG_FORM"
    return None if fits(key, signature, message) else "E_SIG"


@pytest.mark.parametrize("option", ["--", "--without-ed25519"])
def test_published_edge_cases_are_decided_as_python_decides_them(shared: Path, option: str) -> None:
    judged: dict[str | None, int] = {}
    with SecondVerifier(option) as process:
        for key, signature, message in published(shared):
            if len(signature) != 128:
                continue
            code = process.ask("signature", message, key=key, signature=signature, framed=True)
            assert code == code_of(bytes.fromhex(key), bytes.fromhex(signature), message)
            judged[code] = judged.get(code, 0) + 1
    assert judged.keys() == {None, "E_KEY", "E_SIG_FORM", "E_SIG"}


def test_json_is_read_strictly(second: SecondVerifier) -> None:
    for case in cases("strict_json.json"):
        assert second.ask("json", bytes.fromhex(case["hex"])) == case["code"], case["hex"][:80]


def test_every_character_is_read_alike_escaped_or_not(second: SecondVerifier) -> None:
    points = [*range(0xD800), *range(0xE000, 0x10000), *range(0x10000, 0x110000, 97)]
    braid = conversation()
    braid.prompt("".join(map(chr, points)))
    raw = braid.transcript()
    for ascii_only in (False, True):
        written = json.dumps(json.loads(raw), ensure_ascii=ascii_only).encode()
        report = second.ask("verify", written, roots=[braid.pin], step=4099)
        assert report["result"] == "verified"


def test_a_file_of_statements_is_taken_whole_or_refused_whole(second: SecondVerifier) -> None:
    for case in cases("statements.json"):
        answer = second.ask("statements", case["text"].encode())
        assert (answer is None) == case["good"], (case["comment"], answer)


def test_headers_are_read_strictly(second: SecondVerifier) -> None:
    for case in cases("headers.json"):
        code = second.ask("header", case["header"].encode())
        assert code == case["code"], case["comment"]


def test_what_is_signed_and_hashed_is_what_the_vectors_say(second: SecondVerifier) -> None:
    for case in cases("pae.json"):
        payload = bytes.fromhex(case["payload"])
        assert second.ask("pae", payload, purpose=case["purpose"]) == case["signed"]
    for case in cases("commitment.json"):
        parts = {name: case[name] for name in ("salt", "content", "attrs")}
        assert second.ask("commitment", **parts) == case["commitment"]
    for case in cases("tree.json"):
        signatures = [hashlib.sha512(str(i).encode()).hexdigest() for i in range(case["count"])]
        assert second.ask("tree", signatures=signatures) == case["tree"]


def test_sha256_is_that_of_the_library_however_its_input_is_cut(second: SecondVerifier) -> None:
    for size in [*range(200), 1 << 16]:
        payload = bytes(i * 7 & 255 for i in range(size))
        cuts = sorted({size // 7, size // 3, size // 2})
        expected = hashlib.sha256(payload).hexdigest()
        assert second.ask("sha256", payload, cuts=cuts) == expected, size
