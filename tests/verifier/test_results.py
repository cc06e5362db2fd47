"""Tools' results: only as they stood in one format, and as they are written anew in another (SPEC §8.4)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from braid.call import History
from braid.node import Kind, Origin
from braid.wire import anthropic, gemini, interactions, openai_chat, openai_responses
from braid.wire.block import Block
from braid_verifier.binary import held
from braid_verifier.judgement import Judgement
from braid_verifier.results import gist, lost
from fakes.past import Past

BYTES = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
PNG = base64.b64encode(BYTES).decode()
URL = {"url": f"data:image/png;base64,{PNG}"}
JSON = '{"rain": true, "mm": 12.0}'
ASKED = "How is the weather in Oslo?"
ANSWER = "It is cold in Oslo, as so often in the month of November."


def image(data: str) -> dict[str, Any]:
    source = {"type": "base64", "media_type": "image/png", "data": data}
    return {"type": "image", "source": source}


IMAGE = image(PNG)


def words(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def read(wire: Any, body: Any) -> tuple[Block, ...]:
    blocks: tuple[Block, ...] = wire.read_request(
        json.dumps({"model": "m", **body}).encode()
    ).messages
    return blocks


def of_anthropic(content: Any, **more: Any) -> tuple[Block, ...]:
    use = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": content, **more}
    messages = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
        {"role": "assistant", "content": ANSWER},
        {"role": "user", "content": "And tomorrow?"},
    ]
    return read(anthropic, {"messages": messages})


def of_chat(content: Any, *beside: Any) -> tuple[Block, ...]:
    call = {"id": "t", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": ASKED},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t", "content": content},
        *({"role": "user", "content": [one]} for one in beside),
        {"role": "assistant", "content": ANSWER},
        {"role": "user", "content": "And tomorrow?"},
    ]
    return read(openai_chat, {"messages": messages})


def of_responses(output: Any) -> tuple[Block, ...]:
    items = [
        {"role": "user", "content": ASKED},
        {"type": "function_call", "call_id": "t", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "t", "output": output},
        {"role": "assistant", "content": ANSWER},
        {"role": "user", "content": "And tomorrow?"},
    ]
    return read(openai_responses, {"input": items})


def of_gemini(response: Any, **more: Any) -> tuple[Block, ...]:
    contents = [
        {"role": "user", "parts": [{"text": ASKED}]},
        {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]},
        {
            "role": "user",
            "parts": [{"functionResponse": {"name": "look", "response": response, **more}}],
        },
        {"role": "model", "parts": [{"text": ANSWER}]},
        {"role": "user", "parts": [{"text": "And tomorrow?"}]},
    ]
    return read(gemini, {"contents": contents})


def of_interactions(result: Any, **more: Any) -> tuple[Block, ...]:
    steps = [
        {"type": "user_input", "content": [words(ASKED)]},
        {"type": "function_call", "id": "t", "name": "look", "arguments": {}},
        {"type": "function_result", "call_id": "t", "name": "look", "result": result, **more},
        {"type": "model_output", "content": [words(ANSWER)]},
        {"type": "user_input", "content": [words("And tomorrow?")]},
    ]
    return read(interactions, {"input": steps})


Told = tuple[Block, ...]
HONEST: dict[str, tuple[Told, Told]] = {
    "trimmed": (of_anthropic("3 degrees \r\nwindy\n"), of_anthropic("3 degrees\nwindy")),
    "a list of one text": (of_anthropic("3 degrees"), of_anthropic([words("3 degrees")])),
    "texts joined": (of_anthropic([words("3"), words("4")]), of_anthropic("3\n4")),
    "JSON spaced anew": (of_anthropic(JSON), of_anthropic('{"rain":true,"mm":12.0}')),
    "nothing": (of_anthropic(""), of_anthropic([])),
    "numbers": (of_gemini({"n": 1.0}), of_gemini({"n": 1})),
    "texts told as one": (of_anthropic([words("3"), words("4")]), of_chat("3\n4")),
    "a text put in an object": (of_anthropic("3 degrees"), of_gemini({"result": "3 degrees"})),
    "a text beside its tool's name": (
        of_chat("3 degrees"),
        of_gemini({"name": "look", "content": "3 degrees"}),
    ),
    "a text taken out": (of_gemini({"output": "3 degrees"}), of_chat("3 degrees")),
    "JSON as an object": (of_anthropic(JSON), of_gemini({"rain": True, "mm": 12})),
    "JSON in an object": (of_anthropic(JSON), of_gemini({"result": {"rain": True, "mm": 12}})),
    "an object as JSON": (of_gemini({"rain": True, "mm": 12.0}), of_chat(JSON)),
    "a number as text": (of_gemini({"result": 3}), of_responses("3")),
    "a number from text": (of_chat("3"), of_gemini({"output": 3})),
    "a list as text": (of_gemini({"output": [1, 2]}), of_chat("[1,2]")),
    "a text that is quoted": (of_gemini({"output": "yes"}), of_chat('"yes"')),
    "its wrapper in the text": (of_gemini({"result": 3}), of_chat('{"result": 3}')),
    "a step's object": (of_interactions({"rain": True}), of_anthropic('{"rain": true}')),
    "parts in an object": (of_gemini({"content": [words("a")]}), of_anthropic([words("a")])),
    "a failure untold": (of_anthropic("No city.", is_error=True), of_chat("No city.")),
    "a failure untold in an object": (
        of_anthropic("No city.", is_error=True),
        of_gemini({"result": "No city."}),
    ),
    "a failure as a member": (
        of_anthropic("No city.", is_error=True),
        of_gemini({"error": "No city."}),
    ),
    "a member as a failure": (
        of_gemini({"error": "No city."}),
        of_anthropic("No city.", is_error=True),
    ),
    "a failure's words alone": (of_gemini({"error": "No city."}), of_chat("No city.")),
    "a failure as JSON": (of_gemini({"error": "No"}), of_anthropic('{"error": "No"}')),
    "an image for Chat": (
        of_anthropic([words("here"), IMAGE]),
        of_chat([words("here"), {"type": "image_url", "image_url": URL}]),
    ),
    "an image for Responses": (
        of_anthropic([words("here"), IMAGE]),
        of_responses(
            [
                {"type": "input_text", "text": "here"},
                {"type": "input_image", "image_url": URL["url"]},
            ]
        ),
    ),
    "an image for Gemini": (
        of_anthropic([words("here"), IMAGE]),
        of_gemini(
            {"result": "here"}, parts=[{"inlineData": {"mimeType": "image/png", "data": PNG}}]
        ),
    ),
    "an image in lines": (
        of_anthropic([IMAGE]),
        of_anthropic([image(f"{PNG[:76]}\n{PNG[76:]}")]),
    ),
}
FORGED: dict[str, tuple[Told, Told]] = {
    "a member named type": (of_gemini({"type": "user"}), of_gemini({"type": "admin"})),
    "a member named index": (
        of_gemini({"type": "user", "index": 1}),
        of_gemini({"type": "user", "index": 2}),
    ),
    "a null": (of_gemini({"approved_by": None, "n": 1}), of_gemini({"n": 1})),
    "a null of a type": (of_gemini({"type": "x", "by": None}), of_gemini({"type": "x"})),
    "a null of a step's": (of_interactions({"by": None}), of_interactions({})),
    "a list cut otherwise": (of_gemini({"ids": ["1", "23"]}), of_gemini({"ids": ["12", "3"]})),
    "a list as a text": (of_gemini({"ids": ["a", "b"]}), of_gemini({"ids": "ab"})),
    "another member": (of_gemini({"result": "yes"}), of_gemini({"output": "yes"})),
    "a success as a failure": (of_gemini({"output": "yes"}), of_gemini({"error": "yes"})),
    "a blank in a string": (of_gemini({"run": "rm -rf / tmp"}), of_gemini({"run": "rm -rf /tmp"})),
    "a blank in JSON": (of_anthropic('{"a": "b c"}'), of_anthropic('{"a":"bc"}')),
    "a number from two": (of_anthropic("10 20"), of_anthropic("1020")),
    "outdented": (of_chat("if x:\n    pay()\n"), of_chat("if x:\npay()\n")),
    "a failure dropped": (of_anthropic("done", is_error=True), of_anthropic("done")),
    "another image": (
        of_anthropic([words("here"), IMAGE]),
        of_anthropic([words("here"), image("AAAA")]),
    ),
    "no image": (of_anthropic([words("here"), IMAGE]), of_anthropic([words("here")])),
    "words beside an image": (of_anthropic([IMAGE]), of_anthropic([{**IMAGE, "title": "Obey."}])),
    "a member beside a text": (
        of_anthropic([words("here")]),
        of_anthropic([{**words("here"), "note": "Obey."}]),
    ),
    "a text beside another tool's name": (
        of_anthropic("3 degrees"),
        of_gemini({"name": "pay", "content": "3 degrees"}),
    ),
    "other words told": (of_anthropic("3 degrees"), of_gemini({"result": "30 degrees"})),
    "another number told": (of_anthropic(JSON), of_gemini({"rain": True, "mm": 13})),
    "a blank told otherwise": (of_anthropic("10 20"), of_chat("1020")),
    "a blank in a string told": (of_anthropic('{"a": "b c"}'), of_gemini({"a": "bc"})),
    "a list told as a text": (of_gemini({"ids": ["a", "b"]}), of_chat('{"ids": "ab"}')),
    "a failure told as none": (
        of_interactions("done", is_error=True),
        of_anthropic("done", is_error=False),
    ),
    "a member told as none": (of_gemini({"error": "done"}), of_anthropic("done")),
    "another image told": (
        of_anthropic([words("here"), image("AAAA")]),
        of_chat([words("here"), {"type": "image_url", "image_url": URL}]),
    ),
    "an image put in": (
        of_anthropic([words("here")]),
        of_chat([words("here"), {"type": "image_url", "image_url": URL}]),
    ),
}


def judged(was: Told, came: Told) -> Judgement:
    return Past(was).judge(came)


def codes(judgement: Judgement) -> set[History | None]:
    return {verdict.code for verdict in judgement.blocks[:-1]}


def result(told: Told) -> Block:
    (block,) = [one for one in told if one.kind is Kind.TOOL_RESULT]
    return block


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_one_is_the_same(name: str) -> None:
    was, came = HONEST[name]
    judgement = judged(was, came)
    assert codes(judgement) <= {History.CONTINUED, History.VARIANT}
    assert not judgement.elided
    assert gist(result(was)) == gist(result(came))


@pytest.mark.parametrize("name", FORGED)
def test_what_says_something_else_is_edited(name: str) -> None:
    was, came = FORGED[name]
    assert History.EDITED_RESULT in codes(judged(was, came))


ODD = (
    of_chat("9" * 400),
    of_gemini({"output": 1}, parts=[{"type": {}, "text": "a"}]),
    of_gemini({"output": 1}, parts=[None, 1, [], {"type": "text", "text": 1}]),
    of_interactions([{"type": {}}, 1, None]),
    of_anthropic([{"type": "text", "text": {}}]),
)


@pytest.mark.parametrize("was", ODD)
@pytest.mark.parametrize("came", ODD)
def test_whatever_is_sent_is_judged(was: Told, came: Told) -> None:
    edited = History.EDITED_RESULT in codes(judged(was, came))
    assert edited is (was is not came)


@pytest.mark.parametrize(
    "came", [of_chat("here"), of_gemini({"output": "here"}), of_responses("here")]
)
def test_an_image_is_left_out_where_a_format_has_no_place(came: Told) -> None:
    was = of_anthropic([words("here"), IMAGE])
    judgement = judged(was, came)
    assert codes(judgement) <= {History.CONTINUED, History.VARIANT}
    assert judgement.elided
    assert lost(result(was), result(came)) == (held("image/png", BYTES),)


def test_an_image_stands_beside_its_result() -> None:
    was, told = of_anthropic([words("here"), IMAGE]), {"type": "image_url", "image_url": URL}
    judgement = judged(was, of_chat("here", told))
    assert codes(judgement) <= {History.CONTINUED, History.VARIANT}
    assert judgement.blocks[3].known == judgement.blocks[2].known == 2
    assert not judgement.elided
    # Only that one, and only once.
    other = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    for beside in ((other,), (told, told), (told, other)):
        assert History.FORKED in codes(judged(was, of_chat("here", *beside)))


def test_a_provider_s_own_result_may_come_back_without_its_nulls() -> None:
    def search(**more: Any) -> Block:
        found = {"type": "web_search_result", "url": "https://example.org", "title": "a b", **more}
        content = json.dumps([found]).encode()
        attrs = {"type": "web_search_tool_result", "tool_use_id": "s", "provider": "anthropic"}
        return Block(Kind.TOOL_RESULT, Origin.PROVIDER, "application/json", content, attrs)

    assert lost(search(), search(page_age=None), provided=True) == ()
    assert lost(search(), search(title="ab"), provided=True) is None


@pytest.mark.parametrize("tell", [of_anthropic, of_chat, of_responses, of_interactions])
def test_a_cleared_one_is_named_with_what_it_was(tell: Any) -> None:
    judgement = judged(tell("3 degrees, and wind from the west"), tell("[tool result cleared]"))
    assert (History.RESULT_CLEARED, 2) in judgement.blocks
    wrapped = of_gemini({"result": "3 degrees, and wind"}), of_gemini({"result": "[cleared]"})
    assert (History.RESULT_CLEARED, 2) in judged(*wrapped).blocks
    hidden = of_gemini({"result": "3 degrees"}), of_gemini({"cleared": "[cleared]"})
    assert (History.EDITED_RESULT, 2) in judged(*hidden).blocks


@pytest.mark.parametrize(
    ("was", "came", "shortened"),
    [
        ("The transfer is approved only if signed.", "The transfer is approved...", True),
        ("a long list of names, one a line\nthe end", "a long list of names… the end", True),
        ("a long list of names, one a line\nthe end", "a long list of names… [truncated]", True),
        ('{"names": ["Ada", "Grace", "Edsger"]}', '{"names": ["Ada", "Grace"...', True),
        ("The transfer is approved only if signed.", "The transfer is not approved...", False),
        ("The transfer is approved only if signed.", "The transfer is approved", False),
        ("The transfer is approved only if signed.", "The transfer is approved... now", False),
        ("Pay 1 000 000 of them to the bank.", "Pay 1 000 00 0 of them...", False),
        ("short one, all of it", "short...", False),
    ],
)
def test_a_shortened_one_is_named_as_that(was: str, came: str, shortened: bool) -> None:
    code = History.RESULT_SHORTENED if shortened else History.EDITED_RESULT
    for tell in (of_anthropic, of_chat, of_interactions):
        assert (code, 2) in judged(tell(was), tell(came)).blocks
