"""What a request to `…:generateContent` says, block by block."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from braid.wire.gemini import read_request
from format.answers import Said
from format.google_answers import tell

PNG = "iVBORw0KGgo="
PATH = "/v1beta/models/gemini-x:generateContent"


def contents(*parts: Any, role: str | None = "user", **members: Any) -> bytes:
    spoken = {} if role is None else {"role": role}
    return json.dumps({"contents": [{**spoken, "parts": list(parts), **members}]}).encode()


def only(body: bytes) -> Said:
    (block,) = read_request(body).messages
    return tell(block)


@pytest.mark.parametrize(
    ("native", "kind", "role"),
    [("user", "prompt", "user"), ("model", "text", "assistant"), (None, "prompt", "user")],
)
def test_text_is_of_the_kind_of_its_role(native: str | None, kind: str, role: str) -> None:
    block = only(contents({"text": "é"}, role=native))
    assert (block.kind, block.content, block.role) == (kind, "é".encode(), role)
    assert (block.origin, block.media) == ("client", "text/plain")
    assert block.attrs == {"provider": "gemini", "type": "text"}


def test_text_of_a_role_never_heard_of_is_kept_raw() -> None:
    block = only(b'{"contents":[{"role":"oracle","parts":[{"text": "x"}]}]}')
    assert (block.kind, block.content, block.role) == ("other", b'{"text": "x"}', "oracle")


@pytest.mark.parametrize("role", ["user", "model"])
def test_a_thought_is_thinking_with_the_signature_as_sent(role: str) -> None:
    part = {"text": "hm", "thought": True, "thoughtSignature": "a-_="}
    block = only(contents(part, role=role))
    assert (block.kind, block.content) == ("thinking", b"hm")
    assert block.attrs == {"provider": "gemini", "type": "text", "signature": "a-_="}


def test_a_thought_without_its_text_is_thinking() -> None:
    block = only(contents({"thought": True, "thoughtSignature": "s"}, role="model"))
    assert (block.kind, block.content, block.attrs["signature"]) == ("thinking", b"", "s")
    assert only(contents({"thought": True, "hologram": 1}, role="model")).kind == "other"
    text = only(contents({"thought": False, "text": "x"}, role="model"))
    assert (text.kind, text.attrs["extra"]) == ("text", {"thought": False})


@pytest.mark.parametrize(
    "placeholder",
    [
        "skip_thought_signature_validator",
        "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=",
        "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I",
        "context_engineering_is_the_way_to_go",
        "context/engineering/is/the/way/to/go",
        "Y29udGV4dF9lbmdpbmVlcmluZ19pc190aGVfd2F5X3RvX2dv",
    ],
)
def test_a_placeholder_is_no_signature(placeholder: str) -> None:
    part = {"functionCall": {"name": "f"}, "thoughtSignature": placeholder}
    block = only(contents(part, role="model"))
    assert block.kind == "tool_use"
    assert "signature" not in block.attrs
    assert block.attrs["extra"] == {"thoughtSignature": placeholder}


def test_what_is_almost_a_placeholder_is_a_signature() -> None:
    for signature in ("skip_thought_signature_validator2", "the way to go", "é"):
        part = {"text": "x", "thoughtSignature": signature}
        assert only(contents(part, role="model")).attrs["signature"] == signature


def test_a_call_is_its_arguments_as_spelled() -> None:
    block = only(
        b'{"contents":[{"role":"model","parts":[{"functionCall":{"id":"c1","name":"f",'
        b'"args":{ "a": 1.0,"A":[], "a_b":1,"aB":2 },"new":1},"thoughtSignature":"s"}]}]}'
    )
    assert (block.kind, block.media, block.role) == ("tool_use", "application/json", "assistant")
    assert block.content == b'{ "a": 1.0,"A":[], "a_b":1,"aB":2 }'
    assert block.attrs == {
        "provider": "gemini",
        "type": "functionCall",
        "id": "c1",
        "name": "f",
        "signature": "s",
        "extra": {"functionCall": {"new": 1}},
    }


@pytest.mark.parametrize("args", [{}, {"args": None}, {"args": {}}])
def test_a_call_may_be_without_arguments(args: dict[str, Any]) -> None:
    block = only(contents({"functionCall": {"name": "f", **args}}, role="model"))
    assert (block.kind, block.content) == ("tool_use", b"{}")
    assert "extra" not in block.attrs


def test_a_response_is_a_result() -> None:
    response = {"id": "c1", "name": "f", "response": {"result": "x"}, "scheduling": "SILENT"}
    block = only(contents({"functionResponse": response}))
    assert (block.kind, block.media, block.value) == (
        "tool_result",
        "application/json",
        {"result": "x"},
    )
    assert block.attrs == {
        "provider": "gemini",
        "type": "functionResponse",
        "tool_use_id": "c1",
        "name": "f",
        "extra": {"functionResponse": {"scheduling": "SILENT"}},
    }
    without = only(contents({"functionResponse": {"name": "f"}}, role="function"))
    assert (without.content, without.role) == (b"{}", "function")
    assert "tool_use_id" not in without.attrs


@pytest.mark.parametrize("pointer", ["fileData", "file_data", None])
def test_a_response_in_parts_is_kept_whole(pointer: str | None) -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": PNG}} if pointer is None else {}
    response = {"name": "f", "response": {}, "parts": [part if pointer is None else {pointer: {}}]}
    block = only(contents({"functionResponse": response}))
    assert (block.kind, block.value, block.attrs["whole"]) == ("tool_result", response, True)
    assert block.unseen is (pointer is not None)
    assert block.attrs["name"] == "f"


@pytest.mark.parametrize(
    ("native", "inner", "kind", "named"),
    [
        ("executableCode", {"language": "PYTHON", "code": "1", "id": "i"}, "tool_use", "id"),
        ("codeExecutionResult", {"outcome": "OK", "id": "i"}, "tool_result", "tool_use_id"),
    ],
)
def test_code_and_its_result_are_whole(
    native: str, inner: dict[str, Any], kind: str, named: str
) -> None:
    block = only(contents({native: inner}, role="model"))
    assert (block.kind, block.value) == (kind, inner)
    assert block.attrs == {"provider": "gemini", "type": native, named: "i"}


def test_tools_that_the_provider_runs_are_calls_and_results() -> None:
    call = {"id": "i", "toolType": "FILE_SEARCH", "args": {"q": 1}}
    block = only(contents({"toolCall": call}, role="model"))
    assert (block.kind, block.value) == ("tool_use", {"q": 1})
    assert block.attrs == {
        "provider": "gemini",
        "type": "toolCall",
        "id": "i",
        "name": "FILE_SEARCH",
    }
    result = {"id": "i", "tool_type": "FILE_SEARCH", "response": {"r": 1}}
    block = only(contents({"tool_response": result}, role="model"))
    assert (block.kind, block.value, block.attrs["tool_use_id"]) == ("tool_result", {"r": 1}, "i")
    assert (block.attrs["type"], block.attrs["name"]) == ("toolResponse", "FILE_SEARCH")


def test_inline_data_is_decoded() -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": PNG}, "videoMetadata": {"fps": 1}}
    block = only(contents(part))
    assert (block.kind, block.media, block.content) == ("media", "image/png", b"\x89PNG\r\n\x1a\n")
    assert block.attrs == {
        "provider": "gemini",
        "type": "inlineData",
        "extra": {"videoMetadata": {"fps": 1}},
    }


def test_inline_data_may_be_of_a_media_type_with_parameters() -> None:
    inner = {"mimeType": "audio/L16;codec=pcm;rate=24000", "data": "AAA=", "displayName": "d"}
    block = only(contents({"inline_data": inner}, role="model"))
    assert (block.media, block.content) == ("audio/l16", b"\0\0")
    left = {"mimeType": "audio/L16;codec=pcm;rate=24000", "displayName": "d"}
    assert block.attrs["extra"] == {"inlineData": left}


def test_inline_data_in_the_other_alphabet_is_decoded_and_says_so() -> None:
    for data, attrs in (("+/8=", {}), ("-_8=", {"alphabet": "base64url"})):
        block = only(contents({"inlineData": {"mimeType": "image/png", "data": data}}))
        assert (block.media, block.content) == ("image/png", b"\xfb\xff")
        assert block.attrs == {"provider": "gemini", "type": "inlineData", **attrs}


@pytest.mark.parametrize(
    "inner",
    [
        {"mimeType": "image/png", "data": PNG.rstrip("=")},
        {"mimeType": "image/png", "data": PNG + "\n"},
        {"mimeType": "image/png", "data": "QR=="},
        {"mimeType": "image/png", "data": "+_8="},
        {"mimeType": "image", "data": PNG},
        {"mimeType": "text/plain", "data": "/w=="},
        {"mimeType": "image/png", "data": 7},
        {"mimeType": "image/png"},
        {"data": PNG},
        {"mime_type": 7, "data": PNG},
        {},
    ],
)
def test_inline_data_that_cannot_be_had_back_are_kept_raw(inner: dict[str, Any]) -> None:
    part = {"inlineData": inner, "videoMetadata": {}}
    block = only(contents(part))
    assert (block.kind, block.media, block.value) == ("media", "application/json", part)
    assert "extra" not in block.attrs


@pytest.mark.parametrize("name", ["fileData", "file_data"])
def test_a_file_is_other_and_unseen(name: str) -> None:
    part = {name: {"mimeType": "image/png", "fileUri": "gs://x"}}
    block = only(contents(part))
    assert (block.kind, block.value, block.unseen) == ("other", part, True)
    assert block.attrs == {"provider": "gemini", "type": "fileData"}


def test_snake_case_says_the_same() -> None:
    for camel, snake in (
        (
            {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "s"},
            {"function_call": {"name": "f", "args": {}}, "thought_signature": "s"},
        ),
        (
            {"functionResponse": {"name": "f", "willContinue": True}},
            {"function_response": {"name": "f", "will_continue": True}},
        ),
        (
            {"inlineData": {"mimeType": "image/png", "data": PNG}, "mediaResolution": {}},
            {"inline_data": {"mime_type": "image/png", "data": PNG}, "media_resolution": {}},
        ),
    ):
        assert only(contents(snake)) == only(contents(camel))
    parts = [{"text": "S"}]
    tools = [{"google_search": {}}, {"function_declarations": [{"name": "f"}]}]
    snaked = read_request(
        json.dumps(
            {
                "system_instruction": {"parts": parts},
                "tools": tools,
                "cached_content": "c",
                "generation_config": {"candidate_count": 3},
                "continuation_token": "t",
            }
        ).encode()
    )
    assert [block.content for block in snaked.system] == [b"S"]
    assert [block.attrs["type"] for block in snaked.tools] == [
        "googleSearch",
        "functionDeclaration",
    ]
    assert [block.unseen for block in snaked.messages] == [True]
    assert (snaked.candidates, snaked.continues) == (3, "t")
    assert set(json.loads(snaked.parameters)) == {
        "cached_content",
        "generation_config",
        "continuation_token",
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"systemInstruction":{},"system_instruction":{}}',
        b'{"contents":[{"parts":[{"functionCall":{},"function_call":{}}]}]}',
        b'{"contents":[{"parts":[{"inlineData":{"mimeType":"a","mime_type":"b"}}]}]}',
        b'{"contents":[],"tools":[{"googleSearch":{},"google_search":{}}]}',
        b'{"generationConfig":{"candidateCount":1,"candidate_count":2}}',
    ],
)
def test_a_name_in_two_spellings_is_ambiguous(body: bytes) -> None:
    read = read_request(body)
    (block,) = read.messages
    assert read.ambiguous == tell(block).attrs["ambiguous"] == "a name in two spellings"
    assert (block.content, read.tools, read.system) == (body, (), ())


def test_names_in_data_may_be_alike() -> None:
    data = {"a_b": 1, "aB": 2, "n": 1, "N": 2}
    for body in (
        contents({"functionCall": {"name": "f", "args": data}}, role="model"),
        contents({"function_response": {"name": "f", "response": data}}),
        contents({"text": "x", "partMetadata": data}),
        json.dumps({"tools": [{"functionDeclarations": [{"parameters": data}]}]}).encode(),
        json.dumps({"generation_config": {"response_schema": data}}).encode(),
        json.dumps({"generationConfig": {"responseJsonSchema": data}, "labels": data}).encode(),
    ):
        assert read_request(body).ambiguous is None


@pytest.mark.parametrize(
    "part",
    [
        {"text": "a", "functionCall": {"name": "f"}},
        {"hologram": {"x": 1}},
        {"hologram": 1, "beam": 2},
        {"thoughtSignature": "s"},
        {"text": 7},
        {"functionCall": "f"},
        {"inlineData": []},
        {},
        7,
        None,
        ["x"],
    ],
)
def test_what_has_no_kind_or_not_its_shape_is_kept_raw(part: Any) -> None:
    block = only(contents(part, role="model"))
    assert (block.kind, block.media, block.value) == ("other", "application/json", part)
    assert (block.role, block.unseen) == ("assistant", False)


def test_an_unknown_part_says_its_type() -> None:
    assert only(contents({"hologram": {}, "thought": True})).attrs["type"] == "hologram"
    block = only(contents({"text": "x", "hologram": {}, "functionCall": None}))
    assert (block.kind, block.attrs["extra"]) == ("prompt", {"hologram": {}, "functionCall": None})


def test_members_of_a_content_go_with_its_first_block() -> None:
    first, second = map(
        tell, read_request(contents({"text": "a"}, {"text": "b"}, new={"x": 1})).messages
    )
    assert first.attrs["message"] == {"new": {"x": 1}}
    assert "message" not in second.attrs
    empty = b'{"role":"user","parts":[],"x": 1}'
    assert only(b'{"contents":[%b]}' % empty).content == empty


def test_an_empty_content_says_nothing() -> None:
    body = b'{"contents":[{"role":"model"},{"role":"user","parts":null},{"parts":[]},{}]}'
    assert read_request(body).messages == ()


@pytest.mark.parametrize("content", [b"7", b'"x"', b'{"role":7,"parts":[{"text":"x"}]}'])
def test_a_content_without_its_shape_is_kept_raw(content: bytes) -> None:
    block = only(b'{"contents":[%b]}' % content)
    assert (block.kind, block.content) == ("other", content)


def test_one_value_stands_for_a_list_of_it() -> None:
    read = read_request(
        b'{"contents":{"parts":{"text":"U"}},"systemInstruction":{"parts":{"text":"S"}},'
        b'"tools":{"functionDeclarations":{"name":"f"}}}'
    )
    (prompt,), (system,), (tool,) = read.messages, read.system, read.tools
    assert (prompt.content, system.content, tool.content) == (b"U", b"S", b'{"name":"f"}')
    assert (system.kind, system.role) == ("system", "system")


def test_a_system_instruction_keeps_what_it_calls_its_role() -> None:
    (block,) = read_request(b'{"systemInstruction":{"role":"user","parts":[{"text":"S"}]}}').system
    assert tell(block).attrs["message"] == {"role": "user"}
    assert (block.kind, block.content, block.role) == ("system", b"S", "system")
    (raw,) = read_request(b'{"systemInstruction":"S"}').system
    assert (raw.kind, raw.content) == ("other", b'"S"')


def test_each_function_and_each_other_tool_is_a_block() -> None:
    body = (
        b'{"tools":[{"functionDeclarations":[{"name":"f", "parameters":{"a":1,"A":2}},'
        b'{"name":"g"}],"googleSearch":{},"codeExecution":null},{"url_context": {}},{},7,'
        b'{"functionDeclarations":[]}]}'
    )
    tools = [tell(block) for block in read_request(body).tools]
    assert [(tool.kind, tool.content) for tool in tools] == [
        ("tools", b'{"name":"f", "parameters":{"a":1,"A":2}}'),
        ("tools", b'{"name":"g"}'),
        ("tools", b'{"googleSearch":{}}'),
        ("tools", b'{"url_context": {}}'),
        ("tools", b"{}"),
        ("other", b"7"),
        ("tools", b'{"functionDeclarations":[]}'),
    ]
    assert [(tool.attrs.get("type"), tool.attrs.get("name")) for tool in tools] == [
        ("functionDeclaration", "f"),
        ("functionDeclaration", "g"),
        ("googleSearch", None),
        ("urlContext", None),
        (None, None),
        (None, None),
        ("functionDeclarations", None),
    ]


def test_credentials_of_servers_are_not_kept() -> None:
    transport = {"url": "https://x", "headers": {"x": "SECRET"}}
    tools = [
        {"mcpServers": [{"name": "s", "streamableHttpTransport": transport}]},
        {"exa_ai_search": {"api_key": "SECRET"}},
        {"functionDeclarations": [{"name": "f", "parameters": {"token": "a"}}], "googleSearch": {}},
    ]
    read = read_request(json.dumps({"tools": tools}).encode())
    assert not any(b"SECRET" in block.content for block in read.tools)
    assert [block.unseen for block in read.tools] == [True, False, False, False]
    assert b'"token": "a"' in read.tools[2].content


# Strings of an authentication that say what it is, where it goes or who vouches, and nothing secret.
SAID_OF_AUTH = {"name", "api_key_secret_version", "service_account", "grant_type", "oauth_scope"}


def leaves(kind: Any, held: str) -> Any:
    """Make a description of an authentication in which every string is `held`, if it may be secret."""
    fields = {}
    for name, field in kind.model_fields.items():
        inner = next((one for one in get_args(field.annotation) if one is not type(None)), None)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            fields[name] = leaves(inner, held)
        elif inner is str:
            fields[name] = "said" if name in SAID_OF_AUTH else f"{held} {name}"
    return fields


@pytest.mark.parametrize("kind", [types.AuthConfig, types.ApiAuth])
@pytest.mark.parametrize("spelled", [True, False])
def test_no_string_of_the_sdks_authentications_is_kept(kind: Any, spelled: bool) -> None:
    auth = kind.model_validate(leaves(kind, "SECRET"))
    told = auth.model_dump(by_alias=spelled, exclude_none=True, mode="json")
    assert "SECRET" in json.dumps(told)
    for tool in ({"googleMaps": {"authConfig": told}}, {"retrieval": {"externalApi": told}}):
        (block,) = read_request(json.dumps({"tools": [tool]}).encode()).tools
        assert b"SECRET" not in block.content


def test_cached_content_comes_first_and_is_unseen() -> None:
    body = b'{"cachedContent":"cachedContents/c","contents":[{"parts":[{"text":"U"}]}]}'
    read = read_request(body)
    cached, prompt = map(tell, read.messages)
    assert (cached.kind, cached.value, cached.unseen) == ("other", "cachedContents/c", True)
    assert cached.attrs == {"provider": "gemini", "type": "cachedContent"}
    assert prompt.content == b"U"
    assert read.parameters == b'{"cachedContent":"cachedContents/c"}'


@pytest.mark.parametrize(
    ("path", "model", "stream"),
    [
        ("/v1beta/models/gemini-x:generateContent", "gemini-x", False),
        ("/v1/models/gemini-x:streamGenerateContent", "gemini-x", True),
        ("/v1beta/tunedModels/t:generateContent", "tunedModels/t", False),
        ("/v1/projects/p/locations/l/publishers/google/models/g:generateContent", "g", False),
        ("/v1/projects/p/locations/l/endpoints/7:streamGenerateContent", "endpoints/7", True),
        ("", "m", False),
        ("/x", "m", False),
    ],
)
def test_the_path_names_the_model(path: str, model: str, stream: bool) -> None:
    read = read_request(b'{"model":"m"}', path)
    assert (read.model, read.stream) == (model, stream)


def test_parameters_keep_their_spelling() -> None:
    body = b'{"generationConfig":{ "topP": 1.10 }, "contents": [],"tools":[], "x":1E2}'
    read = read_request(body, PATH)
    assert read.parameters == b'{"generationConfig":{ "topP": 1.10 },"x":1E2}'
    assert (read.candidates, read.continues, read.ambiguous) == (1, None, None)


@pytest.mark.parametrize(
    ("count", "candidates"), [(1, 1), (8, 8), (0, 1), (-1, 1), ("2", 1), (1.5, 1), (None, 1)]
)
def test_a_request_says_how_many_candidates_it_wants(count: Any, candidates: int) -> None:
    body = json.dumps({"generationConfig": {"candidateCount": count}}).encode()
    assert read_request(body).candidates == candidates


def test_a_token_continues_an_answer_in_whatever_alphabet_it_comes_back() -> None:
    for token in ("ab+/cQ==", "ab-_cQ==", "ab-_cQ"):
        body = json.dumps({"contents": [], "continuationToken": token}).encode()
        read = read_request(body)
        assert read.continues == "ab-_cQ"
        assert json.loads(read.parameters) == {"continuationToken": token}
    assert read_request(b'{"continuationToken":"a b="}').continues == "a b="
    assert read_request(b'{"continuationToken":7}').continues is None


def test_a_lone_surrogate_is_told_and_is_no_fault() -> None:
    read = read_request(
        b'{"contents":[{"parts":[{"text":"a\\ud800"},{"text":"b","new":"\\ud800"},'
        b'{"functionCall":{"name":"f","args":{"a": "\\ud800"}}},'
        b'{"functionCall":{"name":"\\ud800"}}]}],"x":"\\udc00"}'
    )
    text, newer, call, named = map(tell, read.messages)
    assert (read.ambiguous, read.parameters) == (None, b'{"x":"\\udc00"}')
    assert (text.media, text.content) == ("application/json", b'"\\u0061\\ud800"')
    assert (newer.kind, newer.content) == ("other", b'{"text":"b","new":"\\ud800"}')
    assert (call.kind, call.content) == ("tool_use", b'{"a": "\\ud800"}')
    assert (named.kind, named.content) == ("other", b'{"functionCall":{"name":"\\ud800"}}')


AMBIGUOUS = {
    "a repeated name": b'{"contents":[],"contents":[]}',
    "names that differ only in case": b'{"contents":[{"parts":[{"text":"a","Text":"b"}]}]}',
    "not utf-8": b'{"contents":[{"parts":[{"text":"\xff"}]}]}',
    "a byte order mark": b'\xef\xbb\xbf{"contents":[]}',
    "nan or infinity": b'{"temperature":NaN}',
    "not json": b'{"contents":[}',
    "not an object": b'[{"contents":[]}]',
    "a field in another case": b'{"Contents":[]}',
    "nested deeper than 200": b'{"contents":' + b"[" * 10**5 + b"]" * 10**5 + b"}",
}


@pytest.mark.parametrize("fault", AMBIGUOUS)
def test_an_ambiguous_request_is_one_block_of_raw_bytes(fault: str) -> None:
    body = AMBIGUOUS[fault]
    read = read_request(body, PATH)
    block = tell(read.messages[0])
    assert (read.ambiguous, read.tools, read.system, len(read.messages)) == (fault, (), (), 1)
    assert (block.kind, block.media, block.content) == ("other", "application/octet-stream", body)
    assert (read.parameters, read.model) == (b"{}", None)


NAMES = ["contents", "parts", "role", "text", "thought", "thoughtSignature", "thought_signature",
         "functionCall", "function_call", "args", "name", "id", "functionResponse", "response",
         "inlineData", "mimeType", "data", "fileData", "executableCode", "partialArgs", "tools",
         "functionDeclarations", "systemInstruction", "cachedContent", "googleSearch", "n",
         "generationConfig", "candidateCount", "continuationToken", "jsonPath"]  # fmt: skip
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["user", "model", PNG, "image/png", "$.a[0]"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=25,
)  # fmt: skip


@given(SHAPES)
def test_no_shape_makes_it_raise(shape: Any) -> None:
    for body in (
        shape,
        {"contents": shape, "systemInstruction": shape, "tools": shape},
        {"contents": [{"role": "model", "parts": [shape, {"functionCall": shape}]}]},
    ):
        read = read_request(json.dumps(body).encode(), PATH)
        for block in (*read.tools, *read.system, *read.messages):
            tell(block)
        json.loads(read.parameters)


@given(st.binary(), st.text())
def test_no_bytes_make_it_raise(body: bytes, path: str) -> None:
    read = read_request(body, path)
    if read.ambiguous is not None:
        assert tell(read.messages[0]).content == body
