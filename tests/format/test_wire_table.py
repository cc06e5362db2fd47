"""The page that says what the blocks of each wire format become is what the code does."""

from __future__ import annotations

from braid.wire.gemini import part as gemini_part
from braid.wire.openai import part as openai_part
from braid.wire.openai_responses import call
from format.wire_table import FORMATS, PAGE, render


def test_the_page_says_what_the_code_does() -> None:
    assert PAGE.read_text() == render()


def test_every_native_type_that_the_code_knows_is_on_the_page() -> None:
    page = PAGE.read_text()
    known = {
        *call._INPUTS,
        *call._OUTPUTS,
        *call.CLIENTS,
        *gemini_part._CONTENTS,
        *openai_part._HOLDERS,
    }
    # Never written by themselves: the data of `audio`, an item that holds a screenshot.
    missing = [name for name in known if name not in page]
    assert sorted(missing) == ["computer_screenshot", "output_audio"]


def test_each_format_has_words_thoughts_and_tools() -> None:
    for form in FORMATS:
        kinds = {(place, str(block.kind)) for place, _, block in form.rows()}
        assert {("answer", kind) for kind in ("text", "thinking", "tool_use")} <= kinds
        assert {("request", kind) for kind in ("system", "tools", "prompt", "tool_result")} <= kinds
