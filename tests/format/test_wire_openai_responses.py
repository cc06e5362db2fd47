"""What a request to `POST /v1/responses` says, block by block."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from braid.wire.openai_responses import read_request
from format.answers import Said
from format.openai_answers import tell

PNG = "iVBORw0KGgo="


def request(*items: Any, **members: Any) -> bytes:
    return json.dumps({"model": "gpt-x", "input": list(items), **members}).encode()


def told(*items: Any) -> list[Said]:
    return list(map(tell, read_request(request(*items)).messages))


def only(*items: Any) -> Said:
    (block,) = told(*items)
    return block


def message(*content: Any, role: str = "user", **members: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": list(content), **members}


def test_a_string_is_one_block() -> None:
    read = read_request(b'{"input":"U","instructions":"S"}')
    blocks = [*read.system, *read.messages]
    assert [(b.kind, b.media, b.content, b.role, b.origin) for b in blocks] == [
        ("system", "text/plain", b"S", "system", "client"),
        ("prompt", "text/plain", b"U", "user", "client"),
    ]
    part = {"type": "input_text", "text": "U"}
    assert only({"role": "user", "content": [part]}) == tell(read.messages[0])
    assert only({"role": "user", "content": "U"}) == tell(read.messages[0])


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
    native = "output_text" if speaker == "assistant" else "input_text"
    block = only({"role": speaker, "content": "é"})
    assert (block.kind, block.content, block.role) == (kind, "é".encode(), role)
    rest = {"message": {"role": speaker}} if speaker != role else {}
    assert block.attrs == {"provider": "openai", "type": native, **rest}


def test_what_a_message_says_of_itself_goes_with_its_first_part() -> None:
    said = [
        {"type": "output_text", "text": "a", "annotations": [], "logprobs": []},
        {"type": "refusal", "refusal": "b"},
    ]
    item = message(*said, role="assistant", id="msg_1", status="completed", phase="final_answer")
    text, refusal = told(item)
    assert [(b.kind, b.content, b.attrs["id"]) for b in (text, refusal)] == [
        ("text", b"a", "msg_1"),
        ("text", b"b", "msg_1"),
    ]
    assert text.attrs["extra"] == {"annotations": [], "logprobs": []}
    assert text.attrs["message"] == {
        "type": "message",
        "status": "completed",
        "phase": "final_answer",
    }
    assert "message" not in refusal.attrs


def test_a_part_with_an_id_of_its_own_keeps_it_apart() -> None:
    part = {"type": "output_text", "text": "a", "id": "part_1"}
    block = only(message(part, role="assistant", id="msg_1"))
    assert (block.attrs["id"], block.attrs["extra"]) == ("msg_1", {"id": "part_1"})


def test_reasoning_is_a_block_for_each_of_its_texts() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "content": [{"type": "reasoning_text", "text": "c"}],
        "summary": [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}],
        "encrypted_content": "sealed",
        "status": None,
    }
    first, second, third = told(item)
    assert [(b.kind, b.content, b.role, b.attrs["type"]) for b in (first, second, third)] == [
        ("thinking", b"a", "assistant", "summary_text"),
        ("thinking", b"b", "assistant", "summary_text"),
        ("thinking", b"c", "assistant", "reasoning_text"),
    ]
    assert {block.attrs["id"] for block in (first, second, third)} == {"rs_1"}
    assert (first.attrs["signature"], "signature" in second.attrs) == ("sealed", False)
    assert first.attrs["message"] == {"type": "reasoning", "status": None}
    assert not any("redacted" in block.attrs for block in (first, second, third))


def test_reasoning_without_words_is_what_the_provider_sealed() -> None:
    sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"}
    block = only(sealed)
    assert (block.kind, block.media, block.content, block.unseen) == (
        "thinking",
        "text/plain",
        b"",
        False,
    )
    assert block.attrs == {
        "provider": "openai",
        "type": "reasoning",
        "id": "rs_1",
        "signature": "sealed",
        "redacted": True,
        "extra": {"summary": []},
    }
    # The provider has kept what this one says.
    named = only({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": None})
    assert (named.kind, named.content, named.unseen) == ("thinking", b"", True)
    assert "redacted" not in named.attrs


@pytest.mark.parametrize(
    ("item", "media", "content", "extra"),
    [
        ({"type": "function_call", "arguments": '{"a": 1.0}'}, "application/json", '{"a": 1.0}', {}),
        ({"type": "function_call", "arguments": "not json"}, "application/json", "not json", {}),
        ({"type": "mcp_approval_request", "arguments": "{}"}, "application/json", "{}", {}),
        ({"type": "mcp_call", "arguments": "{}", "output": "o"}, "application/json", "{}", {"output": "o"}),
        ({"type": "custom_tool_call", "input": "4 + 4"}, "text/plain", "4 + 4", {}),
        ({"type": "code_interpreter_call", "code": "x", "outputs": None}, "text/plain", "x", {"outputs": None}),
        ({"type": "tool_search_call", "arguments": {"a": 1}}, "application/json", '{"a": 1}', {}),
        ({"type": "computer_call", "action": {"type": "click"}}, "application/json", '{"type": "click"}', {}),
        ({"type": "computer_call", "actions": []}, "application/json", "[]", {}),
        ({"type": "shell_call", "action": {"commands": []}}, "application/json", '{"commands": []}', {}),
        ({"type": "local_shell_call", "action": {"env": {"a": "1", "A": "2"}}}, "application/json",
         '{"env": {"a": "1", "A": "2"}}', {}),
        ({"type": "apply_patch_call", "operation": {"path": "p"}}, "application/json", '{"path": "p"}', {}),
        ({"type": "web_search_call", "action": {"query": "q"}}, "application/json", '{"query": "q"}', {}),
        ({"type": "file_search_call", "queries": ["q"], "results": []}, "application/json", '["q"]', {"results": []}),
        ({"type": "program", "code": "x"}, "text/plain", "x", {}),
    ],
)  # fmt: skip
def test_a_call_is_what_the_model_wrote_for_the_tool(
    item: dict[str, Any], media: str, content: str, extra: dict[str, Any]
) -> None:
    block = only({**item, "call_id": "call_1", "id": "i_1", "name": "f", "status": "completed"})
    assert (block.kind, block.role, block.media, block.content) == (
        "tool_use",
        "assistant",
        media,
        content.encode(),
    )
    assert block.attrs == {
        "provider": "openai",
        "type": item["type"],
        "id": "call_1",
        "item_id": "i_1",
        "name": "f",
        "extra": {"status": "completed", **extra},
    }
    assert only({**item, "id": "i_1"}).attrs["id"] == "i_1"
    assert "item_id" not in only({**item, "id": "i_1"}).attrs


@pytest.mark.parametrize(
    "item",
    [
        {"type": "never_heard_of_call", "call_id": "c", "beam": 1},
        {"type": "function_call", "call_id": "c", "arguments": None},
        {"type": "web_search_call", "call_id": "c"},
    ],
)
def test_a_call_without_known_input_is_kept_whole(item: dict[str, Any]) -> None:
    block = only(item)
    assert (block.kind, block.media, block.value, block.attrs["id"]) == (
        "tool_use",
        "application/json",
        item,
        "c",
    )


def test_a_fingerprint_is_a_signature() -> None:
    block = only({"type": "program", "id": "p", "call_id": "c", "code": "x", "fingerprint": "fp"})
    assert (block.attrs["signature"], "extra" in block.attrs) == ("fp", False)


@pytest.mark.parametrize(
    ("item", "media", "content", "role"),
    [
        ({"type": "function_call_output", "output": "done"}, "text/plain", "done", "user"),
        ({"type": "function_call_output", "output": [{"a": 1}]}, "application/json", '[{"a": 1}]', "user"),
        ({"type": "custom_tool_call_output", "output": "8"}, "text/plain", "8", "user"),
        ({"type": "shell_call_output", "output": []}, "application/json", "[]", "user"),
        ({"type": "apply_patch_call_output", "status": "failed"}, "text/plain", "", "user"),
        ({"type": "tool_search_output", "tools": [{"parameters": {"n": 1, "N": 2}}], "execution": "server"},
         "application/json", None, "assistant"),
        ({"type": "tool_search_output", "tools": [], "execution": "client"}, "application/json", "[]", "user"),
        ({"type": "program_output", "result": "r"}, "text/plain", "r", "assistant"),
        ({"type": "never_heard_of_output", "output": "x"}, "text/plain", "x", "user"),
    ],
)  # fmt: skip
def test_an_output_is_a_result(
    item: dict[str, Any], media: str, content: str | None, role: str
) -> None:
    block = only({**item, "call_id": "call_1", "id": "o_1"})
    assert (block.kind, block.media, block.role) == ("tool_result", media, role)
    assert content is None or block.content == content.encode()
    assert (block.attrs["tool_use_id"], block.attrs["id"]) == ("call_1", "o_1")
    assert (block.attrs["type"], block.unseen) == (item["type"], False)


def test_results_that_name_their_call_otherwise() -> None:
    shell = only({"type": "local_shell_call_output", "id": "call_1", "output": "x"})
    assert (shell.attrs["tool_use_id"], "id" in shell.attrs) == ("call_1", False)
    item = {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True}
    approval = only(item)
    assert (approval.kind, approval.value, approval.role) == ("tool_result", item, "user")
    assert approval.attrs["tool_use_id"] == "mcpr_1"


@pytest.mark.parametrize(
    ("native", "media", "content", "extra"),
    [
        (
            {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "low"},
            "image/png",
            b"\x89PNG\r\n\x1a\n",
            {"image_url": "data:image/png;base64,", "detail": "low"},
        ),
        (
            {"type": "input_file", "file_data": "data:text/csv;base64,YQ==", "filename": "a.csv"},
            "text/csv",
            b"a",
            {"file_data": "data:text/csv;base64,", "filename": "a.csv"},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mp3"}},
            "audio/mpeg",
            b"RIF",
            {"input_audio": {"data": "", "format": "mp3"}},
        ),
    ],
)
def test_inline_data_is_decoded(
    native: dict[str, Any], media: str, content: bytes, extra: dict[str, Any]
) -> None:
    block = only(message(native))
    assert (block.kind, block.media, block.content, block.unseen) == (
        "media",
        media,
        content,
        False,
    )
    assert block.attrs["extra"] == extra


def test_a_generated_image_is_media() -> None:
    item = {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": PNG}
    block = only({**item, "output_format": "png"})
    assert (block.kind, block.media, block.content) == ("media", "image/png", b"\x89PNG\r\n\x1a\n")
    assert (block.role, block.attrs["id"]) == ("assistant", "ig_1")
    assert block.attrs["extra"] == {"status": "completed", "output_format": "png"}
    assert only(item).media == "application/octet-stream"
    broken = only({**item, "result": "?"})
    assert (broken.kind, broken.media, broken.value["result"]) == ("media", "application/json", "?")  # type: ignore[index, call-overload]
    named = only({**item, "result": None})
    assert (named.kind, named.unseen) == ("tool_use", True)


POINTERS = [
    {"type": "input_image", "image_url": "https://x"},
    {"type": "input_image", "file_id": "f", "detail": "auto"},
    {"type": "input_file", "file_id": "f"},
    {"type": "input_file", "file_url": "https://x"},
]


@pytest.mark.parametrize("native", POINTERS)
def test_what_the_proxy_did_not_see_is_other_and_unseen(native: dict[str, Any]) -> None:
    block = only(message(native))
    assert (block.kind, block.value, block.unseen) == ("other", native, True)
    result = only({"type": "function_call_output", "call_id": "c", "output": [native]})
    assert (result.kind, result.unseen) == ("tool_result", True)


def test_a_screenshot_may_point_away() -> None:
    for screen, unseen in (
        ({"image_url": f"data:image/png;base64,{PNG}"}, False),
        ({"image_url": "https://x"}, True),
        ({"file_id": "f"}, True),
    ):
        output = {"type": "computer_screenshot", **screen}
        block = only({"type": "computer_call_output", "call_id": "c", "output": output})
        assert (block.kind, block.value, block.unseen) == ("tool_result", output, unseen)


@pytest.mark.parametrize(
    ("item", "role", "unseen"),
    [
        ({"type": "item_reference", "id": "msg_1"}, "", True),
        ({"id": "msg_1"}, "", True),
        ({"type": "compaction", "id": "cmp_1", "encrypted_content": "sealed"}, "assistant", False),
        ({"type": "mcp_list_tools", "id": "m", "tools": [{"input_schema": {"a": 1, "A": 2}}]},
         "assistant", False),
        ({"type": "compaction_trigger"}, "", False),
        ({"type": "agent_message", "id": "a", "author": "/root", "content": []}, "user", False),
        ({"type": "configuration_update", "reasoning": {}}, "", False),
        ({"type": "never heard of", "id": "i", "role": "user"}, "user", False),
        ({"type": 7}, "", False),
        ({}, "", False),
        (7, "", False),
        (None, "", False),
        (["x"], "", False),
        ({"role": "user"}, "user", False),
        ({"role": "user", "content": 7}, "user", False),
        ({"role": "user", "content": []}, "user", False),
        ({"role": "oracle", "content": "x"}, "oracle", False),
        ({"role": 7, "content": "x"}, "", False),
        ({"type": "message", "content": "x"}, "", False),
    ],
)  # fmt: skip
def test_what_has_no_kind_or_not_its_shape_is_kept_raw(item: Any, role: str, unseen: bool) -> None:
    block = only(item)
    assert (block.kind, block.media, block.value) == ("other", "application/json", item)
    assert (block.role, block.unseen) == (role, unseen)
    if isinstance(item, dict):
        names = {n: item[n] for n in ("type", "id") if isinstance(item.get(n), str)}
        assert block.attrs == {"provider": "openai", **names}


def test_tools_that_come_with_the_input_are_tools() -> None:
    item = {"type": "additional_tools", "role": "developer", "tools": [{"type": "function"}]}
    block = only(item)
    assert (block.kind, block.value, block.role) == ("tools", item, "system")


def test_each_tool_is_a_block() -> None:
    body = (
        b'{"tools":[{"type":"function", "name":"f","parameters":{"a":1,"A":2}},'
        b'{"type":"web_search"},7]}'
    )
    tools = [tell(block) for block in read_request(body).tools]
    assert [tool.content for tool in tools] == [
        b'{"type":"function", "name":"f","parameters":{"a":1,"A":2}}',
        b'{"type":"web_search"}',
        b"7",
    ]
    assert [tool.attrs for tool in tools] == [
        {"provider": "openai", "type": "function", "name": "f"},
        {"provider": "openai", "type": "web_search"},
        {"provider": "openai"},
    ]


SECRETS = {
    "type": "mcp",
    "server_url": "https://me:pass@mcp.example/x?key=k",
    "authorization": "Bearer t",
    "headers": {"X-Key": "k"},
}
HIDDEN = "[credential not recorded]"


def test_credentials_of_tools_are_not_kept() -> None:
    shown = {
        "type": "mcp",
        "server_url": f"https://{HIDDEN}@mcp.example/x?{HIDDEN}",
        "authorization": HIDDEN,
        "headers": HIDDEN,
    }
    (tool,) = map(tell, read_request(request(tools=[SECRETS])).tools)
    # What tools the server has the provider tells the model alone.
    assert (tool.value, tool.unseen) == (shown, True)
    item = {"type": "additional_tools", "role": "developer", "tools": [{"type": "x"}, SECRETS]}
    assert only(item).value == {**item, "tools": [{"type": "x"}, shown]}
    policy = {"network_policy": {"domain_secrets": [{"value": "v"}], "type": "allowlist"}}
    for place in ("container", "environment"):
        (tool,) = map(tell, read_request(request(tools=[{"type": "shell", place: policy}])).tools)
        hidden = {"domain_secrets": HIDDEN, "type": "allowlist"}
        assert tool.value == {"type": "shell", place: {"network_policy": hidden}}
    own = {"type": "function", "name": "f", "parameters": {"authorization": {"type": "string"}}}
    (tool,) = map(tell, read_request(request(tools=[own])).tools)
    assert (tool.value, tool.unseen) == (own, False)


def test_parameters_keep_their_spelling() -> None:
    body = b'{"top_p": 1.10, "input": [], "instructions":null,"tools":null,"model":"m","x":{ "a":1E2 }}'
    read = read_request(body)
    assert read.parameters == b'{"top_p":1.10,"model":"m","x":{ "a":1E2 }}'
    assert (read.model, read.stream, read.continues) == ("m", False, None)
    assert (read.tools, read.system, read.messages) == ((), (), ())
    assert read_request(b'{"stream":true}').stream


def test_a_request_goes_on_from_an_answer_or_a_conversation() -> None:
    for members, name in (
        ({"previous_response_id": "resp_1"}, "resp_1"),
        ({"conversation": "conv_1"}, "conversation conv_1"),
        ({"conversation": {"id": "conv_1"}}, "conversation conv_1"),
        ({"conversation": "conv_1", "previous_response_id": "resp_1"}, "resp_1"),
        ({"conversation": None, "previous_response_id": None}, None),
        ({"conversation": 7, "previous_response_id": 7}, None),
        ({"conversation": {}}, None),
    ):
        read = read_request(request(**members))
        assert read.continues == name
        assert json.loads(read.parameters) == {"model": "gpt-x", **members}


def test_a_stored_prompt_is_shown_and_not_seen() -> None:
    prompt = {"id": "pmpt_1", "version": "2", "variables": {"n": "1", "N": "2"}}
    read = read_request(request(prompt=prompt, instructions="S"))
    first, second = map(tell, read.system)
    assert first.content == b"S"
    assert (second.kind, second.value, second.role, second.unseen) == (
        "other",
        prompt,
        "system",
        True,
    )
    assert json.loads(read.parameters) == {"model": "gpt-x"}


def test_lists_without_their_shape_are_kept_raw() -> None:
    read = read_request(b'{"input":{"a": 1},"instructions":7,"tools":"x"}')
    (messages, system, tools) = (*read.messages, *read.system, *read.tools)
    assert [block.content for block in (messages, system, tools)] == [b'{"a": 1}', b"7", b'"x"']
    assert {block.kind for block in (messages, system, tools)} == {"other"}


def test_a_lone_surrogate_is_told_and_is_no_fault() -> None:
    read = read_request(
        b'{"input":[{"role":"user","content":"a\\ud800"},{"role":"user","content":"b","x":'
        b'"\\ud800"},{"type":"reasoning","summary":[],"encrypted_content":"\\ud800"},'
        b'{"type":"function_call","call_id":"\\ud800","arguments":"{}"}]}'
    )
    text, odd, thought, call = map(tell, read.messages)
    assert read.ambiguous is None
    assert (text.media, text.content) == ("application/json", b'"\\u0061\\ud800"')
    assert (odd.kind, odd.content) == ("other", b'{"role":"user","content":"b","x":"\\ud800"}')
    assert (thought.kind, call.kind) == ("other", "other")


AMBIGUOUS = {
    "a repeated name": b'{"model":"a","model":"b","input":[]}',
    "names that differ only in case": b'{"input":[{"role":"user","Role":"x","content":"y"}]}',
    "not utf-8": b'{"input":"\xff"}',
    "a field in another case": b'{"Input":"x"}',
    "not an object": b'["x"]',
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


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()))
    | st.sampled_from(["message", "reasoning", "input_text", "output_text", "input_image",
                       "input_file", "function_call", "custom_tool_call", "function_call_output",
                       "image_generation_call", "item_reference", "computer_call_output", "user",
                       "assistant", "developer", "additional_tools", "summary_text", PNG,
                       "https://x"]),
    lambda inner: st.lists(inner)
    | st.dictionaries(
        st.sampled_from(
            ["type", "text", "content", "image_url", "input_audio", "data", "file_data", "file_id",
             "role", "id", "input", "tools", "arguments", "name", "summary", "encrypted_content",
             "call_id", "output", "result", "action", "code", "instructions", "prompt",
             "conversation", "previous_response_id", "status", "fingerprint"]
        ),
        inner,
    ),
    max_leaves=25,
)  # fmt: skip


@given(SHAPES)
def test_no_shape_makes_it_raise(shape: Any) -> None:
    for body in (
        shape,
        {"input": shape, "tools": shape, "instructions": shape},
        {"input": [shape]},
        {"input": [{"type": "reasoning", "summary": [shape], "content": shape}]},
        {"input": [{"role": "user", "content": [shape]}]},
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
