"""What a request to `POST /v1/chat/completions` says, block by block."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.wire.openai_chat import read_request
from format.answers import Said
from format.openai_answers import tell

PNG = "iVBORw0KGgo="
PDF = "data:application/pdf;base64,JVBERi0="


def request(*messages: Any, **members: Any) -> bytes:
    return json.dumps({"model": "gpt-x", "messages": list(messages), **members}).encode()


def user(*content: Any, **members: Any) -> bytes:
    return request({"role": "user", "content": list(content), **members})


def assistant(**members: Any) -> bytes:
    return request({"role": "assistant", **members})


def told(body: bytes) -> list[Said]:
    read = read_request(body)
    return list(map(tell, read.system + read.messages))


def only(body: bytes) -> Said:
    (block,) = told(body)
    return block


@pytest.mark.parametrize(
    ("speaker", "kind", "role"),
    [
        ("system", "system", "system"),
        ("developer", "system", "system"),
        ("user", "prompt", "user"),
        ("assistant", "text", "assistant"),
    ],
)
def test_text_is_of_the_kind_of_its_role(speaker: str, kind: str, role: str) -> None:
    string = only(request({"role": speaker, "content": "é"}))
    assert (string.kind, string.origin, string.media, string.content, string.role) == (
        kind,
        "client",
        "text/plain",
        "é".encode(),
        role,
    )
    rest = {"message": {"role": speaker}} if speaker != role else {}
    assert string.attrs == {"provider": "openai", "type": "text", **rest}
    assert only(request({"role": speaker, "content": [{"type": "text", "text": "é"}]})) == string


def test_what_instructs_before_anyone_spoke_is_the_system() -> None:
    first, second = ({"role": role, "content": "é"} for role in ("developer", "system"))
    asked = {"role": "user", "content": "a"}
    read = read_request(request(first, second, asked, second))
    assert [block.role for block in read.system] == ["system", "system"]
    assert [block.role for block in read.messages] == ["user", "system"]
    assert read_request(request(asked)).system == ()
    assert read_request(request(first)).messages == ()


def test_text_of_a_role_never_heard_of_is_kept_raw() -> None:
    block = only(b'{"messages":[{"role":"oracle", "content":"x"}]}')
    assert (block.kind, block.content, block.role) == (
        "other",
        b'{"role":"oracle", "content":"x"}',
        "oracle",
    )


def test_parameters_keep_their_spelling() -> None:
    body = b'{"top_p": 1.10, "messages": [], "model":"m","tools":[],"functions":[],"x":{ "a":1E2 }}'
    read = read_request(body)
    assert read.parameters == b'{"top_p":1.10,"model":"m","x":{ "a":1E2 }}'
    assert (read.model, read.stream, read.continues, read.candidates) == ("m", False, None, 1)
    assert read_request(b'{"stream":true,"n":3}').stream
    assert read_request(b'{"stream":true,"n":3}').candidates == 3
    for odd in (b"0", b"-1", b'"2"', b"1.0", b"null", b"99999999999"):
        assert read_request(b'{"n":%b}' % odd).candidates == 1


def test_each_tool_is_a_block() -> None:
    body = (
        b'{"tools":[{"type":"function", "function":{"name":"f","parameters":{"a":1,"A":2}}},'
        b'{"type":"custom","custom":{"name":"c"}},7],"functions":[{"name":"o"}]}'
    )
    tools = [tell(block) for block in read_request(body).tools]
    assert [tool.content for tool in tools] == [
        b'{"type":"function", "function":{"name":"f","parameters":{"a":1,"A":2}}}',
        b'{"type":"custom","custom":{"name":"c"}}',
        b"7",
        b'{"name":"o"}',
    ]
    assert [tool.attrs for tool in tools] == [
        {"provider": "openai", "type": "function", "name": "f"},
        {"provider": "openai", "type": "custom", "name": "c"},
        {"provider": "openai"},
        {"provider": "openai", "name": "o"},
    ]
    assert {(tool.kind, tool.media, tool.role) for tool in tools} == {
        ("tools", "application/json", "")
    }


def test_what_an_assistant_said_stands_in_the_order_of_speaking() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{ }"}}
    custom = {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "4 + 4"}}
    body = assistant(
        tool_calls=[call, custom],
        refusal="no",
        content=[{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}],
        name="bot",
        reasoning_content="hm",
        audio=None,
    )
    blocks = told(body)
    assert [(b.kind, b.attrs["type"], b.content, b.media) for b in blocks] == [
        ("thinking", "reasoning_content", b"hm", "text/plain"),
        ("text", "text", b"a", "text/plain"),
        ("text", "refusal", b"b", "text/plain"),
        ("text", "refusal", b"no", "text/plain"),
        ("tool_use", "function", b"{ }", "application/json"),
        ("tool_use", "custom", b"4 + 4", "text/plain"),
    ]
    assert {block.role for block in blocks} == {"assistant"}
    assert blocks[0].attrs["message"] == {"name": "bot", "audio": None}
    assert [(b.attrs["id"], b.attrs["name"]) for b in blocks[-2:]] == [("c1", "f"), ("c2", "g")]


def test_reasoning_under_two_names_is_one_thought_if_it_is_the_same() -> None:
    (one,) = told(assistant(reasoning_content="hm", reasoning="hm"))
    assert (one.content, one.attrs["type"], one.attrs["also"]) == (
        b"hm",
        "reasoning_content",
        "reasoning",
    )
    two = told(assistant(reasoning_content="hm", reasoning="ha"))
    assert [(b.kind, b.content) for b in two] == [("thinking", b"hm"), ("thinking", b"ha")]
    said = only(request({"role": "user", "content": "x", "reasoning": "y"}))
    assert (said.kind, said.attrs["message"]) == ("prompt", {"reasoning": "y"})


def test_an_empty_string_says_nothing_beside_words() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    block = only(assistant(content="", tool_calls=[call]))
    assert (block.kind, block.attrs["message"]) == ("tool_use", {"content": ""})
    alone = only(assistant(content="", tool_calls=[]))
    assert (alone.kind, alone.content, alone.attrs["message"]) == ("text", b"", {"tool_calls": []})


@pytest.mark.parametrize(
    ("call", "media", "content", "left"),
    [
        ('{"id":"c","type":"function","function":{"name":"f","arguments":"{\\"a\\": 1.0}"}}',
         "application/json", b'{"a": 1.0}', {}),
        ('{"id":"c","type":"function","function":{"name":"f","arguments":"not json"}}',
         "application/json", b"not json", {}),
        ('{"id":"c","type":"function","function":{"name":"f","arguments":{ "a":1,"A":2 }}}',
         "application/json", b'{ "a":1,"A":2 }', {}),
        ('{"id":"c","type":"function","function":{"name":"f","arguments":"","x":1},"y":2}',
         "application/json", b"", {"extra": {"function": {"x": 1}, "y": 2}}),
        ('{"id":"c","type":"custom","custom":{"name":"f","input":"a\\nb"}}',
         "text/plain", b"a\nb", {}),
    ],
)  # fmt: skip
def test_tool_input_is_what_the_model_wrote(
    call: str, media: str, content: bytes, left: dict[str, Any]
) -> None:
    block = only(f'{{"messages":[{{"role":"assistant","tool_calls":[{call}]}}]}}'.encode())
    assert (block.kind, block.media, block.content) == ("tool_use", media, content)
    native = json.loads(call)["type"]
    assert block.attrs == {"provider": "openai", "type": native, "id": "c", "name": "f", **left}


def test_a_call_of_a_type_never_heard_of_is_a_call() -> None:
    call = {"id": "c", "type": "beam", "beam": {"x": 1}}
    block = only(assistant(tool_calls=[call, 7][:1]))
    assert (block.kind, block.value, block.attrs["id"]) == ("tool_use", call, "c")
    assert only(assistant(tool_calls=[7])).kind == "other"


def test_the_older_function_call_is_a_call() -> None:
    block = only(assistant(content=None, function_call={"name": "f", "arguments": "{}"}))
    assert (block.kind, block.content) == ("tool_use", b"{}")
    assert block.attrs == {
        "provider": "openai",
        "type": "function_call",
        "name": "f",
        "message": {"content": None},
    }
    result = only(request({"role": "function", "name": "f", "content": "done"}))
    assert (result.kind, result.content, result.attrs["name"]) == ("tool_result", b"done", "f")


@pytest.mark.parametrize(
    ("content", "media", "kept"),
    [
        ('"done"', "text/plain", b"done"),
        ('[{"type": "text"}]', "application/json", b'[{"type": "text"}]'),
        ("null", "text/plain", b""),
        ("7", "application/json", b"7"),
    ],
)
def test_a_tool_message_is_a_result(content: str, media: str, kept: bytes) -> None:
    body = f'{{"messages":[{{"role":"tool","tool_call_id":"c","content":{content},"x":1}}]}}'
    block = only(body.encode())
    assert (block.kind, block.media, block.content, block.role) == (
        "tool_result",
        media,
        kept,
        "user",
    )
    assert (block.attrs["type"], block.attrs["tool_use_id"]) == ("tool", "c")
    assert block.attrs["extra"] == {"x": 1} | ({"content": None} if content == "null" else {})
    assert not block.unseen


@pytest.mark.parametrize(
    ("native", "media", "content", "extra"),
    [
        (
            {
                "type": "image_url",
                "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"},
            },
            "image/png",
            b"\x89PNG\r\n\x1a\n",
            {"image_url": {"url": "data:image/png;base64,", "detail": "low"}},
        ),
        (
            {"type": "image_url", "image_url": f"data:image/png;base64,{PNG}"},
            "image/png",
            b"\x89PNG\r\n\x1a\n",
            {"image_url": "data:image/png;base64,"},
        ),
        (
            {"type": "video_url", "video_url": {"url": "data:video/mp4;codecs=x;base64,AAAA"}},
            "video/mp4",
            b"\0\0\0",
            {"video_url": {"url": "data:video/mp4;codecs=x;base64,"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}},
            "audio/wav",
            b"RIF",
            {"input_audio": {"data": "", "format": "wav"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "x"}, "cache": 1},
            "application/octet-stream",
            b"RIF",
            {"input_audio": {"data": "", "format": "x"}, "cache": 1},
        ),
        (
            {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}},
            "application/pdf",
            b"%PDF-",
            {"file": {"file_data": "data:application/pdf;base64,", "filename": "a.pdf"}},
        ),
        (
            {"type": "file", "file": {"file_data": "JVBERi0="}},
            "application/octet-stream",
            b"%PDF-",
            {"file": {"file_data": ""}},
        ),
    ],
)
def test_inline_data_is_decoded(
    native: dict[str, Any], media: str, content: bytes, extra: dict[str, Any]
) -> None:
    block = only(user(native))
    assert (block.kind, block.media, block.content, block.role) == ("media", media, content, "user")
    assert block.attrs == {"provider": "openai", "type": native["type"], "extra": extra}
    assert not block.unseen


@pytest.mark.parametrize(
    "url",
    [
        f"data:image/png;base64,{PNG.rstrip('=')}",
        f"data:image/png;base64,{PNG}\n",
        f"data:Image/PNG;base64,{PNG}",
        "data:image/png;base64,QR==",
        "data:text/plain;base64,/w==",
        "data:text/plain,hello",
        "data:image/png;base64",
        "DATA:,",
    ],
)
def test_data_that_cannot_be_had_back_is_kept_raw(url: str) -> None:
    native = {"type": "image_url", "image_url": {"url": url}}
    block = only(user(native))
    assert (block.kind, block.media, block.value) == ("media", "application/json", native)
    assert not block.unseen


POINTERS = [
    {"type": "image_url", "image_url": {"url": "https://x"}},
    {"type": "image_url", "image_url": "https://x"},
    {"type": "file", "file": {"file_id": "f", "filename": "n"}},
]


@pytest.mark.parametrize("native", POINTERS)
def test_what_the_proxy_did_not_see_is_other_and_unseen(native: dict[str, Any]) -> None:
    block = only(user(native))
    assert (block.kind, block.value, block.unseen) == ("other", native, True)
    result = only(request({"role": "tool", "tool_call_id": "c", "content": [native]}))
    assert (result.kind, result.unseen) == ("tool_result", True)


def test_speech_that_is_only_named_is_unseen() -> None:
    block = only(assistant(audio={"id": "audio_1"}))
    assert (block.kind, block.value, block.unseen) == ("other", {"id": "audio_1"}, True)
    assert (block.attrs["type"], block.attrs["id"]) == ("audio", "audio_1")


@pytest.mark.parametrize(
    "native",
    [
        {"type": "never heard of", "id": "i"},
        {"type": 7},
        {"role": "user", "content": "x"},
        {},
        {"type": "text"},
        {"type": "text", "text": 7},
        {"type": "image_url"},
        {"type": "image_url", "image_url": {}},
        {"type": "image_url", "image_url": 7},
        {"type": "input_audio", "input_audio": {"format": "wav"}},
        {"type": "file", "file": {}},
        7,
        None,
        ["x"],
    ],
)
def test_what_has_no_kind_or_not_its_shape_is_kept_raw(native: Any) -> None:
    block = only(user(native))
    assert (block.kind, block.media, block.value, block.role) == (
        "other",
        "application/json",
        native,
        "user",
    )
    assert not block.unseen


@pytest.mark.parametrize(
    "message",
    [
        b"7",
        b'"x"',
        b"{}",
        b'{"role":"user"}',
        b'{"role":7,"content":"x"}',
        b'{"role":"user","content":7}',
        b'{"role":"assistant","content":null}',
        b'{"role":"user","content":[]}',
        b'{"role":"user","content":"x","y":"\\ud800"}',
    ],
)
def test_a_message_without_its_shape_is_kept_raw(message: bytes) -> None:
    block = only(b'{"messages":[%b]}' % message)
    assert (block.kind, block.content) == ("other", message)


def test_lists_without_their_shape_are_kept_raw() -> None:
    read = read_request(b'{"messages":7,"functions":{"a": 1},"tools":"x"}')
    (messages, tools, functions) = (*read.messages, *read.tools)
    assert [block.content for block in (messages, functions, tools)] == [b"7", b'{"a": 1}', b'"x"']
    assert {block.kind for block in (messages, functions, tools)} == {"other"}
    nothing = read_request(b'{"messages":null,"functions":null,"tools":null}')
    assert (nothing.messages, nothing.tools) == ((), ())


def test_a_lone_surrogate_is_told_and_is_no_fault() -> None:
    read = read_request(
        b'{"messages":[{"role":"user","content":"a\\ud800"},{"role":"assistant","tool_calls":'
        b'[{"type":"function","id":"i","function":{"name":"n","arguments":"\\ud800"}}]}]}'
    )
    text, call = map(tell, read.messages)
    assert read.ambiguous is None
    assert (text.media, text.content) == ("application/json", b'"\\u0061\\ud800"')
    assert (call.kind, call.media, call.content) == ("tool_use", "application/json", b'"\\ud800"')


AMBIGUOUS = {
    "a repeated name": b'{"model":"a","model":"b","messages":[]}',
    "names that differ only in case": b'{"messages":[{"role":"user","Role":"x","content":"y"}]}',
    "not utf-8": b'{"messages":[{"role":"user","content":"\xff"}]}',
    "not an object": b'[{"messages":[]}]',
    "a field in another case": b'{"Messages":[]}',
    "not json": b"",
}


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_an_ambiguous_request_is_one_block_of_raw_bytes(fault: str) -> None:
    body = AMBIGUOUS[fault]
    read = read_request(body)
    block = tell(read.messages[0])
    assert (read.ambiguous, read.tools, read.system, len(read.messages)) == (fault, (), (), 1)
    assert (block.kind, block.media, block.content) == ("other", "application/octet-stream", body)
    assert (block.attrs["ambiguous"], read.parameters) == (fault, b"{}")


def test_a_users_own_names_may_differ_in_case() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"n": 1, "N": 2}}}
    own = {"n": "1", "N": "2"}
    assert read_request(request(tools=[tool], metadata=own)).ambiguous is None


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["text", "image_url", "input_audio", "file", "function", "custom", "tool",
                       "user", "assistant", "developer", PDF, PNG, "https://x"]),
    lambda inner: st.lists(inner)
    | st.dictionaries(
        st.sampled_from(
            ["type", "text", "content", "image_url", "url", "input_audio", "data", "format", "file",
             "file_data", "file_id", "role", "id", "messages", "tools", "tool_calls", "function",
             "arguments", "name", "reasoning", "reasoning_content", "refusal", "audio",
             "tool_call_id", "function_call", "custom", "input"]
        ),
        inner,
    ),
    max_leaves=25,
)  # fmt: skip


@given(SHAPES)
def test_no_shape_makes_it_raise(shape: Any) -> None:
    for body in (
        shape,
        {"messages": shape, "tools": shape},
        {"messages": [shape]},
        {"messages": [{"role": "user", "content": [shape]}]},
        {"messages": [{"role": "assistant", "tool_calls": [shape], "audio": shape}]},
    ):
        read = read_request(json.dumps(body).encode())
        for block in (*read.tools, *read.system, *read.messages):
            tell(block)
        json.loads(read.parameters)


@given(st.binary())
def test_no_bytes_make_it_raise(body: bytes) -> None:
    read = read_request(body)
    if read.ambiguous is not None:
        assert tell(read.messages[0]).content == body
