"""What a caller may ask, which roots it may pin, and what is misuse."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from braid.encoding import decode
from braid.errors import KeyUnusable
from braid_verifier import ClaimName, Policy, Result, Root, parse_root, parse_roots, verify
from fakes.braids import Braid, conversation

PIN = Braid().pin
OTHER = Braid().braid
SMALL_ORDER = "A" * 43


def test_signer_is_required_unless_unknown_signers_are_allowed() -> None:
    assert Policy().required == (ClaimName.SIGNER,)
    assert Policy(allow_unknown_signer=True).required == ()
    asked = Policy(require=frozenset({ClaimName.SEALED}), allow_unknown_signer=True)
    assert asked.required == (ClaimName.SEALED,)


def test_claims_may_be_asked_for_by_their_text() -> None:
    names: Any = ["sealed", "history"]
    assert Policy(require=names).require == {ClaimName.SEALED, ClaimName.HISTORY}


@pytest.mark.parametrize("name", ["signed", "erased", "true", ""])
def test_what_is_no_requirement_is_refused(name: str) -> None:
    wrong: Any = {name}
    with pytest.raises(ValueError, match="require: expected some of"):
        Policy(require=wrong)


def test_one_name_is_no_set_of_names() -> None:
    wrong: Any = "sealed"
    with pytest.raises(TypeError, match="expected a set"):
        Policy(require=wrong)


def test_a_known_and_an_unknown_signer_cannot_both_be_asked_for() -> None:
    with pytest.raises(ValueError, match="signer"):
        Policy(require=frozenset({ClaimName.SIGNER}), allow_unknown_signer=True)


@pytest.mark.parametrize("root", [PIN, decode(PIN, "pin", 32), Root(PIN, "mine")])
def test_roots_come_as_text_bytes_or_what_was_read(root: str | bytes | Root) -> None:
    assert verify(conversation().transcript(), roots=[root]).result is Result.VERIFIED


def test_roots_may_come_from_a_generator_and_among_others() -> None:
    roots = (key for key in (OTHER, PIN))
    assert verify(conversation().transcript(), roots=roots).result is Result.VERIFIED


@pytest.mark.parametrize(
    "root",
    ["", "no key", PIN + "=", PIN[:-1], SMALL_ORDER, b"", bytes(32), b"\xff" * 32, bytes(31)],
)
def test_a_root_that_is_no_key_is_refused(root: str | bytes) -> None:
    with pytest.raises(KeyUnusable, match=r"^roots\[1\]: "):
        verify(b"", roots=[PIN, root])


@pytest.mark.parametrize("roots", [PIN, decode(PIN, "pin", 32), Root(PIN)])
def test_one_root_is_no_list_of_roots(roots: Any) -> None:
    with pytest.raises(TypeError, match="expected an iterable"):
        verify(b"", roots=roots)


def test_other_types_are_no_roots() -> None:
    wrong: Any = [None]
    with pytest.raises(TypeError, match=r"roots\[0\]: expected str or bytes, got NoneType"):
        verify(b"", roots=wrong)


@pytest.mark.parametrize("source", ["{}", None, 7, Path("x.braid.json"), bytearray(b"{}")])
def test_a_source_is_bytes_or_a_stream(source: Any) -> None:
    with pytest.raises(TypeError, match="source: expected bytes or a binary stream"):
        verify(source)


def test_a_text_stream_is_no_source() -> None:
    wrong: Any = io.StringIO("{}")
    with pytest.raises(TypeError, match="source: expected bytes from read, got str"):
        verify(wrong)


def test_a_policy_is_a_policy() -> None:
    wrong: Any = {"require": ["sealed"]}
    with pytest.raises(TypeError, match="policy: expected a Policy, got dict"):
        verify(b"", wrong)


def test_a_file_of_roots_has_a_key_a_line_and_perhaps_a_label() -> None:
    text = f"# mine\n\n  {PIN}  the proxy at home \r\n{OTHER}\n   # end"
    assert parse_roots(text) == (Root(PIN, "the proxy at home"), Root(OTHER, ""))
    assert parse_roots("") == ()


def test_a_line_that_is_no_key_is_named_and_not_repeated() -> None:
    with pytest.raises(KeyUnusable, match=r"^trusted, line 3: ") as refusal:
        parse_roots(f"# mine\n{PIN}\nsecret-words\n", "trusted")
    assert "secret" not in str(refusal.value)


def test_one_root_is_exactly_one() -> None:
    assert parse_root(f"{PIN}\n") == Root(PIN)
    assert parse_root(f"# key of the proxy\n{PIN} home") == Root(PIN, "home")
    for text in ("", "# nothing\n", f"{PIN}\n{OTHER}\n"):
        with pytest.raises(KeyUnusable, match="expected one key"):
            parse_root(text)
