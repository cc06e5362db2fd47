"""The scripted provider is one that the real SDK takes for a provider."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import anthropic
import pytest
from anthropic.types import MessageParam, ToolParam

from braid_clients.demo_provider import MODEL, SIGNATURE

TOOL: ToolParam = {
    "name": "get_weather",
    "input_schema": {"type": "object", "required": ["city"], "properties": {"city": {}}},
}
ASKED: list[MessageParam] = [{"role": "user", "content": "What is the weather?"}]


def client_of(url: str) -> anthropic.Anthropic:
    return anthropic.Anthropic(
        base_url=url,
        api_key="none",
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(trust_env=False),
    )


def test_a_streamed_answer_folds_to_the_one_that_is_not(provider: str) -> None:
    with client_of(provider) as client:
        whole = client.messages.create(model="m", max_tokens=9, tools=[TOOL], messages=ASKED)
        with client.messages.stream(
            model="m", max_tokens=9, tools=[TOOL], messages=ASKED
        ) as stream:
            streamed = stream.get_final_message()
    assert streamed.content != [] and streamed.stop_reason == "tool_use"
    assert [block.type for block in whole.content] == ["thinking", "text", "tool_use"]
    assert whole.content[0].type == "thinking" and whole.content[0].signature == SIGNATURE
    assert whole.usage.to_dict() == streamed.usage.to_dict()
    for one, other in zip(whole.content, streamed.content, strict=True):
        assert {**one.to_dict(), "id": None} == {**other.to_dict(), "id": None}


def test_a_tool_result_is_answered_with_what_the_tool_said(provider: str) -> None:
    with client_of(provider) as client:
        first = client.messages.create(model="m", max_tokens=9, tools=[TOOL], messages=ASKED)
        used = first.content[-1]
        assert used.type == "tool_use" and used.input == {"city": "Oslo"}
        result: MessageParam = {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": used.id, "content": "7 degrees"}],
        }
        said: MessageParam = {"role": "assistant", "content": first.content}
        last = client.messages.create(
            model="m", max_tokens=9, tools=[TOOL], messages=[*ASKED, said, result]
        )
    assert last.model == MODEL and last.stop_reason == "end_turn"
    assert last.content[0].type == "text"
    assert last.content[0].text == "The tool says: 7 degrees"


def test_the_answers_say_that_no_model_is_behind_them(provider: str) -> None:
    with client_of(provider) as client:
        answer = client.messages.create(model="m", max_tokens=9, messages=ASKED)
    assert answer.model == MODEL
    assert answer.content[0].type == "text"
    assert "script, not a model" in answer.content[0].text


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/messages", b"not json", 400),
        ("POST", "/v1/messages", b"[]", 400),
        ("POST", "/v1/messages", b'{"messages": [1]}', 400),
        ("POST", "/v1/other", b"{}", 404),
        ("GET", "/v1/messages", b"", 404),
        ("HEAD", "/", b"", 404),
    ],
)
def test_what_it_does_not_know_is_an_error_in_the_providers_shape(
    provider: str, method: str, path: str, body: bytes, status: int
) -> None:
    connection = http.client.HTTPConnection(urlsplit(provider).netloc, timeout=30)
    try:
        for _ in range(2):  # the connection stays good
            connection.request(method, path, body)
            answer = connection.getresponse()
            raw = answer.read()
            assert answer.status == status
            assert method == "HEAD" or json.loads(raw)["type"] == "error"
    finally:
        connection.close()
