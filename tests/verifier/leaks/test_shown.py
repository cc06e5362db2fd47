"""What an answer had before it is known, also where a file goes back and forth between conversations."""

from __future__ import annotations

from functools import partial

import pytest

from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import encode
from braid.strict_json import Json, dumps
from braid_verifier.shown import Shown
from fakes.steps import steps


def signed(number: int) -> str:
    return encode(number.to_bytes(64))


def step(name: ContextList, added: list[int], start: bytes | None = None) -> tuple[Json, bytes]:
    """Give a step of a list, and the value it leads to."""
    begins = value = CHAIN_START[name] if start is None else start
    for number in added:
        value = extend(value, number.to_bytes(64))
    names: list[Json] = [signed(number) for number in added]
    return {"from": encode(begins), "add": names, "to": encode(value)}, value


def call(system: Json, messages: Json) -> bytes:
    content: dict[str, Json] = {
        "upstream": "https://upstream.example",
        "context": {"system": system, "tools": step(ContextList.TOOLS, [])[0], "messages": messages},
        "body": {"bytes": 1, "digest": encode(bytes(32)), "salt": encode(bytes(32))},
        "placement": {"by": "new"},
        "history": [],
        "id": "call",
    }  # fmt: skip
    return dumps(content).encode()


def back_and_forth(conversations: int, turns: int, apart: bool = True) -> None:
    """Ask for each answer what it had before it, in turn, and check that; they may not be `apart`."""
    shown = Shown()
    values: list[bytes | None] = [None] * conversations
    number = 0
    for turn in range(turns):
        for which in range(conversations):
            number += 3
            shown.said(signed(number), f"words of {which} {turn}")
            system, _ = step(ContextList.SYSTEM, [])
            messages, values[which] = step(ContextList.MESSAGES, [number], values[which])
            shown.call(signed(number + 1), call(system, messages))
            shown.answer(signed(number + 2), [signed(number + 1)])
            heard = shown.heard(signed(number + 2))
            assert heard.contains(f"words of {which} {turn}")
            assert heard.contains(f"words of {which} 0")
            assert not (apart and heard.contains(f"words of {which + 1} 0"))
            assert not heard.contains(f"words of {which} {turn + 1}")


@pytest.mark.parametrize("conversations", [1, 2, 8, 20])
def test_each_conversation_has_its_own_words(conversations: int) -> None:
    back_and_forth(conversations, 5)


@pytest.mark.parametrize("conversations", [1, 2, 8])
def test_going_back_and_forth_takes_steps_in_proportion(conversations: int) -> None:
    short, long = (steps(partial(back_and_forth, conversations, turns)) for turns in (20, 160))
    assert long <= 8 * 1.2 * short


def test_no_number_of_conversations_is_read_over_and_over() -> None:
    """Beyond those at hand each turn reads all of its conversation, until it was enough."""
    short, long = (steps(partial(back_and_forth, 9, turns, False)) for turns in (250, 1000))
    assert long <= 4 * 1.2 * short


def test_a_branch_has_no_words_of_the_other() -> None:
    shown = Shown()
    for number, words in ((1, "a common beginning of all"), (2, "only one has said this"), (3, "the other said this instead")):  # fmt: skip
        shown.said(signed(number), words)
    shown.said(signed(9), "be brief and kind to all")
    told = []
    for name, system, path in (
        (10, [], [1]),
        (12, [], [1, 2]),
        (14, [9], [1, 3]),
        (16, [9], [1, 2]),
    ):
        content = call(step(ContextList.SYSTEM, system)[0], step(ContextList.MESSAGES, path)[0])
        shown.call(signed(name), content)
        shown.answer(signed(name + 1), [signed(name)])
        heard = shown.heard(signed(name + 1))
        told.append(
            [
                heard.contains(words)
                for words in (
                    "a common beginning of all",
                    "only one has said this",
                    "the other said this instead",
                    "be brief and kind to all",
                )
            ]
        )
    assert told == [
        [True, False, False, False],
        [True, True, False, False],
        [True, False, True, True],
        [True, True, False, True],
    ]
