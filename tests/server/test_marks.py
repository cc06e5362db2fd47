"""A block is known by the same value each time, and is not kept for it."""

from __future__ import annotations

import gc
import hmac
from weakref import ref

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid_server.marks import Marks

KEY = bytes(32)


def say(words: str) -> Block:
    return Block(Kind.TEXT, Origin.CLIENT, "text/plain", words.encode(), {}, "assistant")


def test_a_value_is_the_hmac_that_stores_hold() -> None:
    for size in (0, 1, 55, 56, 64, 1000):
        body = bytes(range(256)) * 4
        value = hmac.digest(b"k" * 32, b"body\n" + body[:size], "sha256")
        assert Marks(b"k" * 32).body(body[:size]) == value


def test_a_block_that_comes_again_has_the_same_value() -> None:
    marks, blocks = Marks(KEY), [say("one"), say(""), say("one")]
    first, again = marks.resent(blocks), marks.resent(blocks)
    assert first == again
    assert [one.match for one in first] == [Marks(KEY).block(block) for block in blocks]
    assert [one.spine for one in first] == [True, False, True]


def test_no_block_is_taken_for_one_that_is_gone() -> None:
    marks = Marks(KEY)
    for n in range(1000):  # their memory is used again, and their ids with it
        (one,) = marks.resent([say(str(n))])
        assert one.match == Marks(KEY).block(say(str(n)))


def test_a_block_is_not_kept_for_its_value() -> None:
    marks, block = Marks(KEY), say("in confidence")
    marks.resent([block])
    left = ref(block)
    del block
    gc.collect()
    assert left() is None
