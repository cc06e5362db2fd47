"""What a caller of the verifier may name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

import pytest

import braid_verifier
from braid.errors import KeyUnusable
from braid.note import NoteSigner, SignatureType
from braid_verifier import PinnedKey, Policy, parse_logs, parse_witnesses, verify

LOG = NoteSigner("log.example/one", bytes(32), SignatureType.NOTE).public.text
WITNESS = NoteSigner("witness.example/one", bytes(32), SignatureType.COSIGNATURE).public.text


def types_in(annotation: object) -> Iterator[type]:
    """Give each class of this project in an annotation."""
    if isinstance(annotation, type) and annotation.__module__.startswith("braid"):
        yield annotation
    for part in get_args(annotation):
        yield from types_in(part)


def test_a_signature_names_only_what_can_be_imported() -> None:
    public = [getattr(braid_verifier, name) for name in braid_verifier.__all__]
    known = {one for one in public if isinstance(one, type)}
    functions = [one for one in public if inspect.isfunction(one)]
    records = [one for one in public if is_dataclass(one) and one.__module__ != "braid.statements"]
    assert verify in functions and braid_verifier.Report in records
    for one in [*functions, *records]:
        for name, annotation in get_type_hints(one).items():
            strangers = set(types_in(annotation)) - known
            # Nobody has to make a node's kind: it is a string.
            assert {each.__name__ for each in strangers} <= {"Kind"}, (one, name)


@pytest.mark.parametrize(
    ("parse", "right", "wrong"), [(parse_logs, LOG, WITNESS), (parse_witnesses, WITNESS, LOG)]
)
def test_a_list_of_keys_has_a_key_a_line_and_perhaps_a_label(
    parse: Callable[..., tuple[PinnedKey, ...]], right: str, wrong: str
) -> None:
    assert parse(f"# ours\n\n {right}  at home \r\n") == (PinnedKey(right, "at home"),)
    assert parse("") == ()
    with pytest.raises(KeyUnusable, match=r"^mine, line 2: "):
        parse(f"# ours\n{wrong}", "mine")


def test_a_quorum_that_the_witnesses_cannot_reach() -> None:
    policy = Policy(quorum=2)
    few: Any
    for few in (None, [], [WITNESS], [WITNESS, PinnedKey(WITNESS)]):
        with pytest.raises(
            ValueError, match="quorum: expected at least 2 different pinned witnesses, got [01]"
        ):
            verify(b"", policy, witnesses=few)
    other = NoteSigner("witness.example/two", bytes([1]) * 32, SignatureType.COSIGNATURE)
    verify(b"", policy, witnesses=[WITNESS, other.public.text])
