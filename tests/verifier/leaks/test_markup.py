"""Raw thinking markup in all its shapes, and texts that only speak of it."""

from __future__ import annotations

import pytest

from braid_verifier.leaks.places import passages

DEEP = "Hmm, the user asks for a sum."


def found(content: str) -> tuple[list[str], list[str]]:
    """Give the thoughts of a text, and its prose."""
    all_of_it = list(passages("text", "text/plain", content, {}))
    thoughts = [each.text for each in all_of_it if each.structure == "think_tag"]
    return thoughts, [each.text for each in all_of_it if each.structure is None]


@pytest.mark.parametrize(
    ("content", "prose"),
    [
        (f"<think>{DEEP}</think>", []),
        (f"<think>\n{DEEP}\n</think>\n\nFour.", ["Four."]),
        (f"<thinking>{DEEP}</thinking> Four.", ["Four."]),
        (f"<THINK>{DEEP}</Think>Four.", ["Four."]),
        (f"< think >{DEEP}< / think >Four.", ["Four."]),
        (f'<think signature="x">{DEEP}</think>Four.', ["Four."]),
        (f"Sure. <think>{DEEP}</think> Four.", ["Sure.", "Four."]),
        (f"<think>{DEEP}", []),
        (f"Let us see.\n<think>\n{DEEP}\n", ["Let us see."]),
        (f"{DEEP}\n</think>\n\nFour.", ["Four."]),
        (f"{DEEP}</think>\nFour.", ["Four."]),
        (f"{DEEP}\n</think>", []),
        (f"<think>{DEEP}</thinking>Four.", ["Four."]),
        (f"<reasoning>{DEEP}</reasoning>Four.", ["Four."]),
        (f"<thinking>{DEEP}</thinking>Four.", ["Four."]),
        (f"<seed:think>{DEEP}</seed:think>Four.", ["Four."]),
        (f"&lt;think&gt;{DEEP}&lt;/think&gt;Four.", ["Four."]),
        (f"◁think▷{DEEP}◁/think▷Four.", ["Four."]),
        (f"[THINK]{DEEP}[/THINK]Four.", ["Four."]),
        (f"<|begin_of_thought|>{DEEP}<|end_of_thought|>Four.", ["Four."]),
        (f"<|START_THINKING|>{DEEP}<|END_THINKING|>Four.", ["Four."]),
        (f"<|channel|>analysis<|message|>{DEEP}<|end|>Four.", ["Four."]),
        (f"<|start|>assistant<|channel|>analysis<|message|>{DEEP}", []),
        (f"<|channel|>analysis<|message|>{DEEP}<|start|>assistant", []),
        (
            f"<|channel|>analysis<|message|>{DEEP}<|end|><|channel|>final<|message|>Four.",
            ["<|channel|>final<|message|>Four."],
        ),
        (f"analysis{DEEP}assistantfinalFour.", ["Four."]),
        (f"<unused94>thought\n{DEEP}<unused95>Four.", ["Four."]),
        (f"```\n<think>no</think>\n```\n<think>{DEEP}</think>Four.", ["Four."]),
    ],
)
def test_markup_makes_a_thought(content: str, prose: list[str]) -> None:
    assert found(content) == ([DEEP], prose)


def test_each_stretch_is_a_thought_of_its_own() -> None:
    content = f"<think>{DEEP}</think>Four.<think>{DEEP}</think>Five.\n{DEEP}\n</think>\nSix."
    thoughts, prose = found(content)
    assert (len(thoughts), prose) == (3, ["Four.", "Six."])


def test_a_thought_split_over_two_blocks_is_found_in_both() -> None:
    assert found(f"<think>{DEEP}") == ([DEEP], [])
    assert found(f"{DEEP}</think>") == ([DEEP], [])


def test_thinking_without_spaces_between_words_counts() -> None:
    assert found("<think>\u7528\u6237\u60f3\u8981\u8ba1\u7b97\u4e24\u6570</think>")[0] != []


@pytest.mark.parametrize(
    "content",
    [
        "The `<think>` tag opens, the `</think>` tag closes.",
        "R1 sends no <think> tag, so the parser waits for </think>.",
        "Use <think> and </think> to wrap your reasoning.",
        "Wrap it in <think>your reasoning goes here</think> tags.",
        "It strips <think>...</think> blocks from the answer of the model.",
        "The closing </think> is missing here, which breaks the parser.",
        "<think> tags are stripped by the proxy before it answers.",
        "```xml\n<think>\nHmm, an example in a fence.\n</think>\n```",
        'It matched "<think>" but the text went on with more words.',
        "<think></think>Four and some more words.",
        "<think>\n\n</think>\n\nFour and some more words.",
        "We parse <|channel|> tokens of that family too.",
        "Our analysis: the assistant answers well.",
        "I think, <b>thinking</b> about it, that <thing> is right.",
    ],
)
def test_a_mention_is_no_thought(content: str) -> None:
    assert found(content)[0] == []
