"""What a request to `/interactions` says, block by block."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.wire.interactions import read_request
from format.answers import Said
from format.google_answers import exchanges, tell

PNG = "iVBORw0KGgo="


def sent(*items: Any, **members: Any) -> bytes:
    return json.dumps({"model": "gemini-x", "input": list(items), **members}).encode()


def only(body: bytes) -> Said:
    (block,) = read_request(body).messages
    return tell(block)


@pytest.mark.parametrize(
    "value",
    [
        "U",
        ["U"],
        {"type": "text", "text": "U"},
        [{"type": "text", "text": "U"}],
        {"type": "user_input", "content": "U"},
        [{"type": "user_input", "content": [{"type": "text", "text": "U"}]}],
        [{"role": "user", "content": "U"}],
        [{"role": "user", "content": [{"type": "text", "text": "U"}]}],
    ],
)
def test_however_it_is_put_in_a_text_is_one_prompt(value: Any) -> None:
    block = only(json.dumps({"input": value}).encode())
    assert (block.kind, block.media, block.content) == ("prompt", "text/plain", b"U")
    assert (block.role, block.origin) == ("user", "client")
    assert block.attrs == {"provider": "gemini", "type": "text"}


def test_a_system_instruction_is_a_block() -> None:
    (block,) = read_request(b'{"system_instruction":"S"}').system
    assert (block.kind, block.content, block.role) == ("system", b"S", "system")
    (block,) = read_request(b'{"systemInstruction":[{"type":"text","text":"S"}]}').system
    assert (block.kind, block.content) == ("system", b"S")
    (block,) = read_request(b'{"system_instruction":{"parts": []}}').system
    assert (block.kind, block.content) == ("other", b'{"parts": []}')


def test_steps_of_the_model_come_back_as_its_blocks() -> None:
    steps = [
        {"type": "user_input", "content": [{"type": "text", "text": "U"}]},
        {"type": "thought", "signature": "s", "summary": [{"type": "text", "text": "hm"}]},
        {"type": "model_output", "content": [{"type": "text", "text": "A", "annotations": [1]}]},
        {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": 1}, "signature": "t"},
        {"type": "function_result", "call_id": "c", "name": "f", "result": "R", "is_error": True},
    ]
    blocks = [tell(block) for block in read_request(sent(*steps)).messages]
    assert [(block.kind, block.role, block.content) for block in blocks] == [
        ("prompt", "user", b"U"),
        ("thinking", "assistant", b"hm"),
        ("text", "assistant", b"A"),
        ("tool_use", "assistant", b'{"a": 1}'),
        ("tool_result", "user", b"R"),
    ]
    assert [block.attrs for block in blocks[1:]] == [
        {"provider": "gemini", "type": "thought", "signature": "s"},
        {"provider": "gemini", "type": "text", "extra": {"annotations": [1]}},
        {"provider": "gemini", "type": "function_call", "id": "c", "name": "f", "signature": "t"},
        {
            "provider": "gemini",
            "type": "function_result",
            "tool_use_id": "c",
            "name": "f",
            "extra": {"is_error": True},
        },
    ]


def test_arguments_and_results_keep_their_spelling() -> None:
    use, result = map(
        tell,
        read_request(
            b'{"input":[{"type":"function_call","id":"c","name":"f","arguments":{ "a": 1.0,"A":2}},'
            b'{"type":"function_result","call_id":"c","result":{ "a_b":1,"aB":1E2}}]}'
        ).messages,
    )
    assert (use.media, use.content) == ("application/json", b'{ "a": 1.0,"A":2}')
    assert (result.media, result.content) == ("application/json", b'{ "a_b":1,"aB":1E2}')


@pytest.mark.parametrize(
    ("native", "said", "content"),
    [
        ("code_execution_call", {"arguments": {"code": "1"}}, b'{"code": "1"}'),
        ("file_search_call", {}, b"{}"),
        ("never_heard_of_call", {"arguments": None}, b"{}"),
    ],
)
def test_a_call_of_a_tool_that_the_provider_runs(
    native: str, said: dict[str, Any], content: bytes
) -> None:
    block = only(sent({"type": native, "id": "c", "signature": "s", "new": 1, **said}))
    assert (block.kind, block.role, block.content) == ("tool_use", "assistant", content)
    assert block.attrs == {
        "provider": "gemini",
        "type": native,
        "id": "c",
        "signature": "s",
        "extra": {"new": 1},
    }


@pytest.mark.parametrize(
    ("native", "said", "media", "content"),
    [
        ("code_execution_result", {"result": "1\n"}, "text/plain", b"1\n"),
        ("google_search_result", {"result": [{"x": 1}]}, "application/json", b'[{"x": 1}]'),
        ("file_search_result", {}, "text/plain", b""),
        ("never_heard_of_result", {"result": None}, "text/plain", b""),
    ],
)
def test_a_result_of_a_tool_that_the_provider_runs(
    native: str, said: dict[str, Any], media: str, content: bytes
) -> None:
    block = only(sent({"type": native, "call_id": "c", "signature": "s", **said}))
    assert (block.kind, block.role) == ("tool_result", "assistant")
    assert (block.media, block.content) == (media, content)
    assert block.attrs == {
        "provider": "gemini",
        "type": native,
        "tool_use_id": "c",
        "signature": "s",
    }


def test_a_thought_is_a_block_for_each_text_of_its_summary() -> None:
    image = {"type": "image", "mime_type": "image/png", "data": PNG}
    summary = [{"type": "text", "text": "a"}, image, {"type": "text", "text": "b"}]
    thought = {"type": "thought", "signature": "s", "summary": summary, "new": 1}
    first, picture, second = map(tell, read_request(sent(thought)).messages)
    assert [(b.kind, b.content) for b in (first, second)] == [
        ("thinking", b"a"),
        ("thinking", b"b"),
    ]
    assert (first.attrs["signature"], first.attrs["message"]) == ("s", {"new": 1})
    assert (picture.kind, picture.attrs["type"]) == ("media", "image")
    assert "signature" not in second.attrs
    assert (first.attrs["type"], second.attrs["type"]) == ("thought", "thought")


def test_a_thought_without_words_is_redacted_if_it_is_signed() -> None:
    block = only(sent({"type": "thought", "signature": "s", "summary": []}))
    assert (block.kind, block.content, block.role) == ("thinking", b"", "assistant")
    assert (block.attrs["signature"], block.attrs["redacted"]) == ("s", True)
    assert "redacted" not in only(sent({"type": "thought"})).attrs
    placed = only(sent({"type": "thought", "signature": "skip_thought_signature_validator"}))
    assert "signature" not in placed.attrs and "redacted" not in placed.attrs
    assert placed.attrs["extra"] == {"signature": "skip_thought_signature_validator"}


def test_media_are_decoded() -> None:
    image = {"type": "image", "mime_type": "image/png", "data": PNG, "resolution": "low"}
    block = only(sent(image))
    assert (block.kind, block.media, block.content) == ("media", "image/png", b"\x89PNG\r\n\x1a\n")
    assert block.attrs == {"provider": "gemini", "type": "image", "extra": {"resolution": "low"}}
    audio = {"type": "audio", "mime_type": "audio/L16;rate=24000", "data": "-_8="}
    block = only(sent(audio))
    assert (block.media, block.content) == ("audio/l16", b"\xfb\xff")
    assert block.attrs["alphabet"] == "base64url"
    assert block.attrs["extra"] == {"mime_type": "audio/L16;rate=24000"}
    broken = {"type": "document", "mime_type": "application/pdf", "data": "QR=="}
    assert only(sent(broken)).value == broken
    assert only(sent(broken)).kind == "media"


def test_a_file_is_other_and_unseen() -> None:
    video = {"type": "video", "uri": "https://x"}
    block = only(sent({"type": "user_input", "content": [video]}))
    assert (block.kind, block.value, block.unseen, block.role) == ("other", video, True, "user")
    result = {"type": "function_result", "call_id": "c", "result": [video, 7, {"uri": "x"}]}
    assert (only(sent(result)).kind, only(sent(result)).unseen) == ("tool_result", True)
    for seen in ([7, {"uri": "x"}], "https://x", [{"type": "video", "data": "x", "uri": "u"}]):
        assert not only(sent({**result, "result": seen})).unseen


def test_a_turn_may_hold_steps_and_content() -> None:
    content = [{"type": "text", "text": "A"}, {"type": "function_call", "id": "c", "name": "f"}]
    turn = {"role": "model", "content": content, "new": 1}
    text, use = map(tell, read_request(sent(turn)).messages)
    assert (text.kind, text.role, text.attrs["message"]) == ("text", "assistant", {"new": 1})
    assert (use.kind, use.role) == ("tool_use", "assistant")


@pytest.mark.parametrize(
    ("item", "role"),
    [
        ({"type": "hologram", "x": 1}, ""),
        ({"role": "oracle", "content": "x"}, ""),
        ({"role": "user"}, "user"),
        ({"type": 7}, ""),
        ({}, ""),
        (7, ""),
        (None, ""),
        (["x"], ""),
        ({"type": "text", "text": 7}, "user"),
        ({"type": "user_input", "content": ["x"]}, "user"),
        ({"type": "model_output", "error": {"code": 1}}, "assistant"),
    ],
)
def test_what_has_no_kind_or_not_its_shape_is_kept_raw(item: Any, role: str) -> None:
    block = only(sent(item))
    whole = item["content"][0] if isinstance(item, dict) and item.get("content") == ["x"] else item
    assert (block.kind, block.media, block.value) == ("other", "application/json", whole)
    assert block.role == role


def test_a_step_without_words_says_nothing() -> None:
    items = [{"type": "model_output"}, {"type": "user_input", "content": []}]
    assert read_request(sent(*items)).messages == ()
    assert read_request(b'{"input":null}').messages == ()


def test_members_of_a_step_go_with_its_first_block() -> None:
    step = {"type": "model_output", "content": ["x", {"type": "text", "text": "A"}], "error": {}}
    first, second = map(tell, read_request(sent(step)).messages)
    assert (first.kind, first.attrs["message"]) == ("other", {"error": {}})
    assert "message" not in second.attrs
    lone = sent({**step, "error": "@"}).replace(b"@", b"\\ud800")
    assert only(lone).kind == "other"
    assert b"\\ud800" in only(lone).content


def test_each_tool_is_a_block() -> None:
    body = b'{"tools":[{"type":"function","name":"f", "parameters":{"a":1,"A":2}},{"type":"google_search"},7]}'
    tools = [tell(block) for block in read_request(body).tools]
    assert [(tool.kind, tool.content) for tool in tools] == [
        ("tools", b'{"type":"function","name":"f", "parameters":{"a":1,"A":2}}'),
        ("tools", b'{"type":"google_search"}'),
        ("tools", b"7"),
    ]
    assert [tool.attrs for tool in tools] == [
        {"provider": "gemini", "type": "function", "name": "f"},
        {"provider": "gemini", "type": "google_search"},
        {"provider": "gemini"},
    ]


def test_credentials_of_servers_are_not_kept() -> None:
    server = {"type": "mcp_server", "url": "https://u:SECRET@x/?key=SECRET"}
    tools = [
        {**server, "headers": {"x": "SECRET"}},
        {"type": "retrieval", "exa_ai_search_config": {"api_key": "SECRET"}},
        {"type": "function", "name": "f", "parameters": {"token": "a"}},
    ]
    allowed = [
        {"domain": "a.example", "transform": {"Cookie": "SECRET", "X-Own": "SECRET"}},
        {"domain": "b.example", "transform": [{"X-Own": "SECRET"}]},
        {"domain": "c.example", "transform": None},
    ]
    sources = [
        {"type": "repository", "source": "https://u:SECRET@git.example/x", "target": "/x"},
        {"type": "inline", "content": "words", "target": "/y"},
    ]
    environment = {
        "env": {"KEY": {"value": "SECRET"}},
        "network": {"credential": "SECRET", "allowlist": allowed},
        "sources": sources,
    }
    hook = {"secret": "SECRET", "uris": ["https://u:SECRET@h.example/?t=SECRET"]}
    read = read_request(sent(tools=tools, environment=environment, webhook_config=hook))
    kept = [bytes(block.content) for block in (*read.tools, *read.messages)] + [read.parameters]
    assert not any(b"SECRET" in one for one in kept)
    assert [block.unseen for block in read.tools] == [True, False, False, True]
    assert b'"token": "a"' in read.tools[2].content
    unkept = "[credential not recorded]"
    told = json.loads(read.parameters)["environment"]
    assert told["env"] == {"KEY": unkept}
    assert told["network"]["allowlist"][2] == allowed[2]
    assert told["sources"] == [
        {**sources[0], "source": f"https://{unkept}@git.example/x"},
        sources[1],
    ]
    assert read_request(sent(environment="e")).tools[0].content == b'{"environment":"e"}'


def test_an_agent_has_what_no_request_shows() -> None:
    (agent,) = map(tell, read_request(sent(agent="a")).tools)
    assert (agent.kind, agent.value, agent.unseen) == ("tools", {"agent": "a"}, True)
    assert agent.attrs == {"provider": "gemini", "type": "unseen"}
    assert read_request(sent(agent=None, environment=None)).tools == ()


def test_cached_content_comes_first_and_is_unseen() -> None:
    cached, prompt = map(tell, read_request(sent("U", cached_content="c")).messages)
    assert (cached.kind, cached.value, cached.unseen) == ("other", "c", True)
    assert (cached.attrs["type"], prompt.content) == ("cached_content", b"U")


def test_parameters_keep_their_spelling() -> None:
    body = (
        b'{"generation_config":{ "top_p": 1.10 },"input":"U", "agent":"a","stream":true,"tools":[]}'
    )
    read = read_request(body)
    assert read.parameters == b'{"generation_config":{ "top_p": 1.10 },"agent":"a","stream":true}'
    assert (read.model, read.stream, read.continues) == ("a", True, None)
    assert read_request(b'{"model":"m","agent":"a","stream":"true"}').model == "m"
    assert not read_request(b'{"stream":"true"}').stream


@pytest.mark.parametrize(
    ("members", "continues"),
    [
        ({"previous_interaction_id": "i"}, "i"),
        ({"previousInteractionId": "i"}, "i"),
        ({"previous_interaction_id": "i", "continuation_token": "t+/="}, "i"),
        ({"continuation_token": "t+/="}, "t+/="),
        ({"previous_interaction_id": 7}, None),
    ],
)
def test_an_id_or_a_token_continues_an_answer(
    members: dict[str, Any], continues: str | None
) -> None:
    read = read_request(sent(**members))
    assert read.continues == continues
    assert json.loads(read.parameters) == {"model": "gemini-x", **members}


@pytest.mark.parametrize(
    ("path", "polls"),
    [
        ("/v1beta/interactions/v1_a", "v1_a"),
        ("/v1beta/interactions/v1_a/cancel", "v1_a"),
    ],
)
def test_the_path_names_an_interaction_that_is_kept(path: str, polls: str) -> None:
    read = read_request(b"", path)
    assert (read.polls, read.continues, read.messages) == (polls, None, ())
    assert read.ambiguous is None
    assert read.parameters == b"{}"
    assert read_request(b"{}", path).polls == polls
    assert read_request(b"", "/v1beta/interactions").ambiguous == "not json"


AMBIGUOUS = {
    "a repeated name": b'{"input":"a","input":"b"}',
    "names that differ only in case": b'{"input":[{"type":"text","Type":"x"}]}',
    "a name in two spellings": b'{"system_instruction":"a","systemInstruction":"b"}',
    "not utf-8": b'{"input":"\xff"}',
    "not json": b'{"input":}',
    "not an object": b'["input"]',
    "a field in another case": b'{"Input":"a"}',
}


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_an_ambiguous_request_is_one_block_of_raw_bytes(fault: str) -> None:
    read = read_request(AMBIGUOUS[fault])
    block = tell(read.messages[0])
    assert (read.ambiguous, block.attrs["ambiguous"]) == (fault, fault)
    assert (block.kind, block.content) == ("other", AMBIGUOUS[fault])


def test_a_name_in_two_spellings_is_ambiguous_in_steps_too() -> None:
    for item in (
        b'{"type":"image","mime_type":"a","mimeType":"b"}',
        b'{"type":"function_result","call_id":"a","callId":"b"}',
        b'{"type":"user_input","content":[{"type":"image","mime_type":"a","mimeType":"b"}]}',
    ):
        assert read_request(b'{"input":[%b]}' % item).ambiguous == "a name in two spellings"


def test_names_in_data_may_be_alike() -> None:
    data = {"a_b": 1, "aB": 2, "n": 1, "N": 2}
    for body in (
        sent({"type": "function_call", "arguments": data}),
        sent({"type": "function_result", "result": data}),
        sent({"role": "model", "content": [{"type": "function_call", "arguments": data}]}),
        sent(tools=[{"type": "function", "parameters": data}], labels=data, response_format=data),
    ):
        assert read_request(body).ambiguous is None


@pytest.mark.parametrize("exchange", exchanges("/interactions"))
def test_a_recorded_request_can_be_had_back_from_its_blocks(exchange: Any) -> None:
    request = exchange["request"]["body"]
    read = read_request(json.dumps(request).encode(), exchange["request"]["path"])
    blocks = [tell(block) for block in read.messages]
    given = request["input"]
    items = [{"type": "text", "text": given}] if isinstance(given, str) else given
    assert [block.attrs["type"] for block in blocks] == [item["type"] for item in items]
    for block, item in zip(blocks, items, strict=True):
        if item["type"] == "text":
            assert block.content.decode() == item["text"]
        else:
            assert (block.kind, block.media) == ("media", item["mime_type"])
            assert block.attrs["extra"] == {"resolution": item["resolution"]}
    parameters = {name: value for name, value in request.items() if name != "input"}
    assert json.loads(read.parameters) == parameters
    assert (read.model, read.stream) == (request["model"], request["stream"])


NAMES = ["input", "type", "content", "summary", "role", "text", "signature", "id", "call_id",
         "name", "arguments", "result", "mime_type", "mimeType", "data", "uri", "tools",
         "system_instruction", "cached_content", "previous_interaction_id", "n"]  # fmt: skip
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["user", "model", "text", "image", "thought", "user_input", "model_output",
                       "function_call", "function_result", PNG, "image/png"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=25,
)  # fmt: skip


@given(SHAPES)
def test_no_shape_makes_it_raise(shape: Any) -> None:
    for body in (
        shape,
        {"input": shape, "system_instruction": shape, "tools": shape},
        {
            "input": [
                {"type": "model_output", "content": shape},
                {"type": "thought", "summary": shape},
            ]
        },
        {"input": [{"role": "model", "content": shape}, {"type": "x_result", "result": shape}]},
    ):
        read = read_request(json.dumps(body).encode())
        for block in (*read.tools, *read.system, *read.messages):
            tell(block)
        json.loads(read.parameters)


@given(st.binary(), st.text())
def test_no_bytes_make_it_raise(body: bytes, path: str) -> None:
    read = read_request(body, path)
    if read.ambiguous is not None:
        assert tell(read.messages[0]).content == body
