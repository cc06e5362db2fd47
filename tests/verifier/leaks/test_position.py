"""Facts about where a block stands in its answer."""

from __future__ import annotations

from braid_verifier.leaks.position import SignedThinking, TurnBlock, position

THOUGHT = "The file has two keys and only one of them is used"


def test_text_after_signed_thinking_and_before_a_tool_use() -> None:
    said = "So " + THOUGHT.lower() + ", hence the other can go."
    turn = [TurnBlock("thinking", THOUGHT, signed=True), TurnBlock("text", said)]
    facts = position([*turn, TurnBlock("tool_use", "{}")], 1)
    assert facts.thinking is SignedThinking.PRESENT
    assert facts.before_tool_use
    assert (facts.length, facts.thinking_length) == (len(said), len(THOUGHT))
    assert 500 < facts.overlap < 1000
    assert not position(turn, 1).before_tool_use


def test_thinking_without_a_signature_is_said_to_be_so() -> None:
    turn = [
        TurnBlock("thinking", "a", signed=True),
        TurnBlock("thinking", "b"),
        TurnBlock("text", "c"),
    ]
    assert position(turn, 2).thinking is SignedThinking.UNSIGNED


def test_text_without_thinking_overlaps_nothing() -> None:
    facts = position([TurnBlock("text", "one two three four five"), TurnBlock("thinking", "x")], 0)
    assert facts.thinking is SignedThinking.ABSENT
    assert (facts.overlap, facts.thinking_length) == (0, 0)
