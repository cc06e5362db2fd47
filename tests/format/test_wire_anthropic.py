"""What a request to `POST /v1/messages` says, block by block."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.wire.anthropic import read_request
from format.answers import Said, said

PNG = "iVBORw0KGgo="


def request(**members: Any) -> bytes:
    return json.dumps({"model": "claude-x", "max_tokens": 9, **members}).encode()


def turn(*content: Any, role: str = "user", **members: Any) -> bytes:
    return request(messages=[{"role": role, "content": list(content), **members}])


def only(body: bytes) -> Said:
    (block,) = read_request(body).messages
    return said(block)


def test_a_string_is_one_block() -> None:
    read = read_request(request(system="S", messages=[{"role": "user", "content": "U"}]))
    assert [
        (b.kind, b.media, b.content, b.role, b.origin) for b in read.system + read.messages
    ] == [
        ("system", "text/plain", b"S", "system", "client"),
        ("prompt", "text/plain", b"U", "user", "client"),
    ]
    assert only(turn({"type": "text", "text": "U"})) == said(read.messages[0])


@pytest.mark.parametrize(
    ("role", "kind"), [("user", "prompt"), ("assistant", "text"), ("system", "system")]
)
def test_text_is_of_the_kind_of_its_role(role: str, kind: str) -> None:
    block = only(turn({"type": "text", "text": "é", "citations": None}, role=role))
    assert (block.kind, block.content, block.role) == (kind, "é".encode(), role)
    assert block.attrs == {"provider": "anthropic", "type": "text", "extra": {"citations": None}}


def test_text_of_a_role_never_heard_of_is_kept_raw() -> None:
    block = only(b'{"messages":[{"role":"oracle","content":[{"type":"text", "text":"x"}]}]}')
    assert (block.kind, block.content, block.role) == (
        "other",
        b'{"type":"text", "text":"x"}',
        "oracle",
    )


def test_parameters_keep_their_spelling() -> None:
    body = b'{"top_p": 1.10, "messages": [], "model":"m","system":"","tools":[],"x":{ "a":1E2 }}'
    read = read_request(body)
    assert read.parameters == b'{"top_p":1.10,"model":"m","x":{ "a":1E2 }}'
    assert (read.model, read.stream, read.continues) == ("m", False, None)
    assert read_request(b'{"stream":true}').stream
    assert not read_request(b'{"stream":"true"}').stream


def test_each_tool_is_a_block() -> None:
    body = b'{"tools":[{"name":"n", "input_schema":{"a":1,"A":2}},{"type":"bash_20250124","name":"b"},7]}'
    tools = [said(block) for block in read_request(body).tools]
    assert [tool.content for tool in tools] == [
        b'{"name":"n", "input_schema":{"a":1,"A":2}}',
        b'{"type":"bash_20250124","name":"b"}',
        b"7",
    ]
    assert [tool.attrs for tool in tools] == [
        {"provider": "anthropic", "name": "n"},
        {"provider": "anthropic", "name": "b", "type": "bash_20250124"},
        {"provider": "anthropic"},
    ]
    assert {(tool.kind, tool.media, tool.role) for tool in tools} == {
        ("tools", "application/json", "")
    }


def test_thinking_keeps_its_signature_and_redacted_thinking_its_data() -> None:
    block = only(turn({"type": "thinking", "thinking": "hm", "signature": "sig"}, role="assistant"))
    assert (block.kind, block.content, block.attrs["signature"]) == ("thinking", b"hm", "sig")
    block = only(turn({"type": "redacted_thinking", "data": "xyz=="}, role="assistant"))
    assert (block.kind, block.content, block.attrs["redacted"]) == ("thinking", b"xyz==", True)


@pytest.mark.parametrize("native", ["tool_use", "server_tool_use", "mcp_tool_use"])
def test_tool_input_is_the_raw_json(native: str) -> None:
    body = (
        b'{"messages":[{"role":"assistant","content":[{"type":"%b","id":"t1","name":"f",'
        b'"input":{ "a": 1.0,"A":[] },"server_name":"s"}]}]}' % native.encode()
    )
    block = only(body)
    assert (block.kind, block.media) == ("tool_use", "application/json")
    assert block.content == b'{ "a": 1.0,"A":[] }'
    assert block.attrs == {
        "provider": "anthropic",
        "type": native,
        "id": "t1",
        "name": "f",
        "extra": {"server_name": "s"},
    }


@pytest.mark.parametrize(
    ("native", "content", "media", "kept"),
    [
        ("tool_result", '"done"', "text/plain", b"done"),
        ("tool_result", '[{"type": "text"}]', "application/json", b'[{"type": "text"}]'),
        ("web_search_tool_result", '[{"url":"u"}]', "application/json", b'[{"url":"u"}]'),
        ("mcp_tool_result", '"x"', "text/plain", b"x"),
        ("never_heard_of_tool_result", '{"a" :1}', "application/json", b'{"a" :1}'),
    ],
)
def test_a_tool_result_is_text_or_raw_json(
    native: str, content: str, media: str, kept: bytes
) -> None:
    block = only(
        f'{{"messages":[{{"role":"user","content":[{{"type":"{native}","tool_use_id":"t1",'
        f'"content":{content},"is_error":true}}]}}]}}'.encode()
    )
    assert (block.kind, block.media, block.content) == ("tool_result", media, kept)
    assert block.attrs["tool_use_id"] == "t1"
    assert block.attrs["extra"] == {"is_error": True}
    assert not block.unseen


def test_a_tool_result_may_be_without_content() -> None:
    block = only(turn({"type": "tool_result", "tool_use_id": "t1"}))
    assert (block.kind, block.media, block.content) == ("tool_result", "text/plain", b"")


def test_an_image_is_decoded() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    block = only(turn({"type": "image", "source": source, "cache_control": {"type": "ephemeral"}}))
    assert (block.kind, block.media, block.content) == ("media", "image/png", b"\x89PNG\r\n\x1a\n")
    assert block.attrs["extra"] == {
        "cache_control": {"type": "ephemeral"},
        "source": {"type": "base64"},
    }


@pytest.mark.parametrize(
    "source",
    [
        {"type": "base64", "media_type": "image/png", "data": PNG.rstrip("=")},
        {"type": "base64", "media_type": "image/png", "data": PNG + "\n"},
        {"type": "base64", "media_type": "image/png", "data": "QR=="},
        {"type": "base64", "media_type": "Image/PNG", "data": PNG},
        {"type": "base64", "media_type": "image/png; q=1", "data": PNG},
        {"type": "base64", "media_type": "image/" + "p" * 64, "data": PNG},
        {"type": "base64", "media_type": "text/plain", "data": "/w=="},
        {"type": "base64", "media_type": "image/png", "data": 7},
        {"type": "base64", "media_type": "image/png", "data": "é"},
        {"type": "text", "media_type": "text/markdown", "data": "x"},
        {"type": "content", "content": [{"type": "text", "text": "x"}]},
        {"type": "never heard of"},
    ],
)
def test_a_source_that_cannot_be_had_back_is_kept_raw(source: dict[str, Any]) -> None:
    native = {"type": "document", "source": source, "title": "t"}
    block = only(turn(native))
    assert (block.kind, block.media, block.value) == ("media", "application/json", native)
    assert "extra" not in block.attrs
    assert not block.unseen


def test_a_text_document_is_text() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "doc é"}
    block = only(turn({"type": "document", "source": source, "title": "t"}))
    assert (block.kind, block.media, block.content) == ("media", "text/plain", "doc é".encode())
    assert block.attrs["extra"] == {"title": "t", "source": {"type": "text"}}


def test_a_search_result_is_kept_raw() -> None:
    native = {"type": "search_result", "source": "https://x", "title": "t", "content": []}
    block = only(turn(native))
    assert (block.kind, block.value, block.unseen) == ("media", native, False)


POINTERS = [
    {"type": "image", "source": {"type": "url", "url": "https://x"}},
    {"type": "document", "source": {"type": "file", "file_id": "f"}},
    {"type": "container_upload", "file_id": "f"},
]


@pytest.mark.parametrize("native", POINTERS)
def test_what_the_proxy_did_not_see_is_other_and_unseen(native: dict[str, Any]) -> None:
    block = only(turn(native))
    assert (block.kind, block.value, block.unseen) == ("other", native, True)


@pytest.mark.parametrize("native", POINTERS)
def test_a_block_around_what_the_proxy_did_not_see_is_unseen(native: dict[str, Any]) -> None:
    result = only(turn({"type": "tool_result", "tool_use_id": "t", "content": [native]}))
    assert (result.kind, result.unseen) == ("tool_result", True)
    document = {"type": "document", "source": {"type": "content", "content": [native]}}
    assert only(turn(document)).unseen
    assert only(turn({"type": "tool_result", "tool_use_id": "t", "content": [document]})).unseen


@pytest.mark.parametrize("native", ["tool_addition", "tool_removal"])
def test_a_change_of_tools_counts_only_in_a_system_message(native: str) -> None:
    block = {"type": native, "tool": {"name": "n", "input_schema": {"a": 1, "A": 2}}}
    assert (only(turn(block, role="system")).kind, only(turn(block)).kind) == ("tools", "other")
    assert only(turn(block, role="system")).value == block


@pytest.mark.parametrize(
    "native",
    [
        {"type": "compaction", "content": "c", "signature": "sig"},
        {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}},
        {"type": "mcp_tool_listing", "mcp_server_name": "s", "tools": []},
        {"type": "never heard of", "id": "i"},
        {"type": 7},
        {},
        {"type": "text"},
        {"type": "text", "text": 7},
        {"type": "thinking", "thinking": None},
        {"type": "tool_use", "id": "i", "name": "n"},
        {"type": "image"},
        {"type": "image", "source": "x"},
        {"type": "web_search_tool_result", "tool_use_id": "t"},
        7,
        None,
        ["x"],
    ],
)
def test_what_has_no_kind_or_not_its_shape_is_kept_raw(native: Any) -> None:
    block = only(turn(native, role="assistant"))
    assert (block.kind, block.media, block.value) == ("other", "application/json", native)
    assert block.role == "assistant"
    if isinstance(native, dict):
        names = ("type", "id", "name", "signature", "tool_use_id")
        said_names = {n: native[n] for n in names if isinstance(native.get(n), str)}
        assert block.attrs == {"provider": "anthropic", **said_names}


def test_members_of_a_message_go_with_its_first_block() -> None:
    body = turn("x", {"type": "text", "text": "U"}, output_config={"effort": "low"})
    first, second = map(said, read_request(body).messages)
    assert first.attrs["message"] == {"output_config": {"effort": "low"}}
    assert "message" not in second.attrs
    empty = b'{"role":"user","content":[],"x": 1}'
    assert only(b'{"messages":[%b]}' % empty).content == empty
    assert read_request(turn()).messages == ()


@pytest.mark.parametrize(
    "message",
    [
        b"7",
        b'"x"',
        b"{}",
        b'{"role":"user"}',
        b'{"role":7,"content":"x"}',
        b'{"role":"user","content":7}',
    ],
)
def test_a_message_without_its_shape_is_kept_raw(message: bytes) -> None:
    block = only(b'{"messages":[%b]}' % message)
    assert (block.kind, block.content) == ("other", message)


def test_lists_without_their_shape_are_kept_raw() -> None:
    read = read_request(b'{"messages":7,"system":{"a": 1},"tools":"x"}')
    (messages, system, tools) = (*read.messages, *read.system, *read.tools)
    assert [block.content for block in (messages, system, tools)] == [b"7", b'{"a": 1}', b'"x"']
    assert {block.kind for block in (messages, system, tools)} == {"other"}
    nothing = read_request(b'{"messages":null,"system":null,"tools":null}')
    assert (nothing.messages, nothing.system, nothing.tools) == ((), (), ())


SERVER = {"type": "url", "name": "mine", "tool_configuration": {"allowed_tools": ["token"]}}
HIDDEN = "[credential not recorded]"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"authorization_token": "SECRET"}, {"authorization_token": HIDDEN}),
        ({"Authorization-Token": {"a": "SECRET"}}, {"Authorization-Token": HIDDEN}),
        ({"headers": {"x-key": "SECRET"}}, {"headers": HIDDEN}),
        ({"authorization_token": None}, {"authorization_token": None}),
        ({"url": "https://mcp.example/sse"}, {"url": "https://mcp.example/sse"}),
        (
            {"url": "https://mcp.example/sse?token=SECRET#SECRET"},
            {"url": f"https://mcp.example/sse?{HIDDEN}"},
        ),
        (
            {"url": " HTTPS://me:SECRET@[::1]:8/a@b#SECRET"},
            {"url": f" HTTPS://{HIDDEN}@[::1]:8/a@b?{HIDDEN}"},
        ),
        ({"url": "SECRET@host\ud800"}, {"url": HIDDEN}),
        ({"more": [{"api_key": "SECRET"}]}, {"more": [{"api_key": HIDDEN}]}),
    ],
)
def test_what_a_server_is_reached_with_is_not_recorded(given: Any, kept: Any) -> None:
    read = read_request(request(mcp_servers=[{**SERVER, **given}]))
    assert json.loads(read.parameters)["mcp_servers"] == [{**SERVER, **kept}]
    (unseen,) = read.tools
    assert (unseen.kind, unseen.unseen, unseen.attrs["type"]) == ("tools", True, "unseen")
    assert json.loads(unseen.content) == {"mcp_servers": [{**SERVER, **kept}]}
    assert b"SECRET" not in read.parameters + unseen.content


def test_a_credential_is_hidden_however_the_body_is_spelled() -> None:
    plain = request(mcp_servers=[{**SERVER, "authorization_token": 'a"SECRET'}])
    escaped = plain.replace(b"authorization_token", b"authorization\\u005ftoken")
    assert b"SECRET" not in read_request(escaped).parameters
    for body in (plain[:-1], plain[:-4], plain[:-1] + b',"model":1}'):
        (raw,) = read_request(body).messages
        assert raw.attrs["ambiguous"] in ("not json", "a repeated name")
        assert b"SECRET" not in raw.content and HIDDEN.encode() in raw.content


@pytest.mark.parametrize(
    "server",
    [
        {"Authorization": "SECRET"},
        {"headers": {"X-Api-Key": "SECRET", "other": "x"}},
        {"headers": {"x-goog-apikey": "SECRET"}},
        {"headers": {"AUTHORIZATION": "Bearer SECRET"}},
        {"clientSecret": "SECRET"},
        {"apiKeyString": "SECRET"},
        {"headers": {"Cookie": "SECRET", "X-Own": "SECRET"}},
        {"headers": {"Cookie": "{a}SECRET"}},
        {"headers": {"Cookie": {"value": "}SECRET"}, "X-Own": "SECRET"}},
        {"headers": [{"name": "Cookie", "value": "]SECRET"}]},
        {"headers": "Cookie: SECRET"},
        {"url": "https://me:SECRET@mcp.example/sse"},
        {"server_url": "https://mcp.example/sse?k=SECRET#SECRET"},
    ],
)
def test_a_credential_in_a_header_is_hidden_where_the_body_cannot_be_read(server: Any) -> None:
    body = request(mcp_servers=[{**SERVER, **server}])[:-1] + b',"model":1}'
    (raw,) = read_request(body).messages
    assert b"SECRET" not in raw.content and HIDDEN.encode() in raw.content
    assert b"max_tokens" in raw.content


def test_a_credential_that_is_cut_off_is_hidden() -> None:
    whole = b'{"mcp_servers":[{"headers":{"a":"SECR\\"ET"},"authorization_token":"SECR\\"ET'
    for end in range(whole.index(b"SECR"), len(whole)):
        (raw,) = read_request(whole[:end]).messages
        assert b"SE" not in raw.content and HIDDEN.encode() in raw.content


def test_definitions_that_only_the_provider_knows_are_unseen() -> None:
    toolset = {"type": "mcp_toolset", "mcp_server_name": "mine"}
    skills = {"skills": [{"type": "anthropic", "skill_id": "xlsx"}]}
    for body, unseen in (
        (request(tools=[toolset]), [True]),
        (request(container=skills), [True]),
        (request(container={"id": "c", "skills": []}, mcp_servers=[]), []),
        (request(container="c", mcp_servers=None), []),
        (request(tools=[{"name": "f"}], mcp_servers=[SERVER]), [False, True]),
    ):
        assert [block.unseen for block in read_request(body).tools] == unseen


def test_a_thread_continues_an_answer() -> None:
    going_on = request(thread={"type": "continue", "previous_message_id": "msg_1"})
    assert read_request(going_on).continues == "msg_1"
    assert b"previous_message_id" in read_request(going_on).parameters
    assert read_request(request(thread={"type": "create"})).continues is None
    assert read_request(request(thread=7)).continues is None


def test_a_lone_surrogate_is_told_and_is_no_fault() -> None:
    read = read_request(
        b'{"model":"\\udc00","top_p": 1.0,"messages":[{"role":"user","content":[{"type":"text",'
        b'"text":"a\\ud800"},{"type":"text","text":"b","title":"\\ud800"}]},'
        b'{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input":{"a": "\\ud800"}}]}]}'
    )
    text, titled, use = map(said, read.messages)
    assert (read.ambiguous, read.model) == (None, None)
    assert read.parameters == b'{"model":"\\udc00","top_p":1.0}'
    assert (text.media, text.content) == ("application/json", b'"\\u0061\\ud800"')
    assert (titled.kind, titled.content) == (
        "other",
        b'{"type":"text","text":"b","title":"\\ud800"}',
    )
    assert (use.kind, use.content) == ("tool_use", b'{"a": "\\ud800"}')


AMBIGUOUS = {
    "a repeated name": b'{"model":"a","model":"b","messages":[]}',
    "names that differ only in case": b'{"messages":[{"role":"user","Role":"x","content":"y"}]}',
    "a field in another case": b'{"Messages":[{"role":"user","content":"x"}]}',
    "not utf-8": b'{"messages":[{"role":"user","content":"\xff"}]}',
    "a byte order mark": b'\xef\xbb\xbf{"messages":[]}',
    "nan or infinity": b'{"temperature":NaN}',
    "not json": b'{"messages":[}',
    "not an object": b'[{"messages":[]}]',
    "nested deeper than 200": b'{"messages":' + b"[" * 10**5 + b"]" * 10**5 + b"}",
}


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_an_ambiguous_request_is_one_block_of_raw_bytes(fault: str) -> None:
    body = AMBIGUOUS[fault]
    read = read_request(body)
    block = said(read.messages[0])
    assert (read.ambiguous, read.tools, read.system, len(read.messages)) == (fault, (), (), 1)
    assert (block.kind, block.origin, block.media) == (
        "other",
        "client",
        "application/octet-stream",
    )
    assert (block.content, block.attrs["ambiguous"], block.role) == (body, fault, "")
    assert (read.parameters, read.model, read.stream) == (b"{}", None, False)


@pytest.mark.parametrize("name", ["SYSTEM", "Tools", "meſsages", "Model", "Mcp_servers", "Thread"])
def test_a_field_under_a_name_that_some_parsers_read_alike_is_ambiguous(name: str) -> None:
    read = read_request(json.dumps({name: [], "max_tokens": 1}, ensure_ascii=False).encode())
    assert read.ambiguous == "a field in another case"
    assert read_request(b'{"Metadata":{"Model":"x"}}').ambiguous is None


def test_repeated_names_in_a_resent_tool_input_are_ambiguous() -> None:
    body = (
        b'{"messages":[{"role":"assistant","content":[{"type":"tool_use","input":{"a":1,"a":2}}]}]}'
    )
    assert read_request(body).ambiguous == "a repeated name"


def test_an_empty_body_is_ambiguous() -> None:
    assert read_request(b"").ambiguous == "not json"


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["text", "base64", "url", "continue", "tool_use", "user", "system", PNG]),
    lambda inner: st.lists(inner)
    | st.dictionaries(
        st.sampled_from(
            ["type", "text", "content", "source", "data", "media_type", "input", "role", "id",
             "messages", "system", "tools", "thread", "model", "thinking", "signature"]
        ),
        inner,
    ),
    max_leaves=25,
)  # fmt: skip


@given(SHAPES)
def test_no_shape_makes_it_raise(shape: Any) -> None:
    for body in (
        shape,
        {"messages": shape, "system": shape},
        {"messages": [{"role": "user", "content": [shape]}]},
    ):
        read = read_request(json.dumps(body).encode())
        for block in (*read.tools, *read.system, *read.messages):
            said(block)
        json.loads(read.parameters)


@given(st.binary())
def test_no_bytes_make_it_raise(body: bytes) -> None:
    read = read_request(body)
    if read.ambiguous is not None:
        assert said(read.messages[0]).content == body
