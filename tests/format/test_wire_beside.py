"""What the formats say beside their blocks is kept: of an answer, a candidate, a text, a tool, the usage."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from braid.node import Kind
from braid.wire import gemini, openai_chat, openai_responses
from braid.wire.block import AnswerReader, Block, Outcome, Request

Json = dict[str, Any]
ASKED = Request(tools=(), system=(), messages=(), parameters=b"{}")


def told(reader: AnswerReader, body: bytes) -> tuple[list[Block], Outcome]:
    blocks = list(reader.feed(body).blocks)
    rest, outcome = reader.close()
    return [*blocks, *rest], outcome


def kept(blocks: list[Block]) -> str:
    """Everything that is recorded of an answer, as one text."""
    return json.dumps(list(_all(blocks)), default=lambda raw: json.loads(bytes(raw)))


def _all(blocks: list[Block]) -> Iterator[object]:
    for block in blocks:
        yield dict(block.attrs)
        yield (
            json.loads(block.content)
            if block.media == "application/json"
            else block.content.decode()
        )


CANDIDATE: Json = {
    "finishMessage": "told 1",
    "safetyRatings": [{"category": "told 2"}],
    "citationMetadata": {"citationSources": [{"uri": "told 3"}]},
    "groundingMetadata": {"webSearchQueries": ["told 4"]},
    "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "told 5"}]},
    "avgLogprobs": -0.5,
    "logprobsResult": {"chosenCandidates": [{"token": "told 6"}]},
    "tokenCount": 7,
    "zebra": "told 7",
}
RESPONSE: Json = {
    "promptFeedback": {"safetyRatings": [{"category": "told 8"}]},
    "createTime": "told 9",
    "modelStatus": {"message": "told 10"},
    "zebra": "told 11",
}


@pytest.mark.parametrize("streamed", [False, True])
def test_what_gemini_says_of_an_answer_and_a_candidate(streamed: bool) -> None:
    usage = {"promptTokenCount": 1, "thoughtsTokenCount": 2, "promptTokensDetails": [{"n": 1}]}
    content = {"role": "model", "parts": [{"text": "Rain."}]}
    whole = {
        **RESPONSE,
        "candidates": [{"index": 0, "content": content, "finishReason": "STOP", **CANDIDATE}],
        "usageMetadata": usage,
        "responseId": "r_1",
    }
    body = json.dumps(whole).encode()
    if streamed:
        reader = gemini.read_answer(200, "text/event-stream", ASKED)
        body = b"data: " + body + b"\r\n\r\n"
    else:
        reader = gemini.read_answer(200, "application/json", ASKED)
    blocks, outcome = told(reader, body)
    text = kept(blocks)
    missing = [n for n in range(1, 12) if f'"told {n}"' not in text]
    assert not missing and "-0.5" in text
    assert outcome.complete and json.loads(outcome.usage or b"") == usage


@pytest.mark.parametrize(
    "name",
    [
        "googleSearch", "googleSearchRetrieval", "googleMaps", "urlContext", "codeExecution",
        "fileSearch", "computerUse", "retrieval", "enterpriseWebSearch", "mcpServers", "zebra",
    ],
)  # fmt: skip
def test_every_kind_of_gemini_s_tools_is_a_node(name: str) -> None:
    both = {"functionDeclarations": [{"name": "f"}, {"name": "g"}], name: {"set": "up"}}
    said: Json = {"contents": [], "tools": [both, {name: {}}]}
    read = gemini.read_request(json.dumps(said).encode(), "/v1/models/m:generateContent")
    assert {block.kind for block in read.tools} == {Kind.TOOLS}
    contents = [json.loads(block.content) for block in read.tools]
    assert {"name": "f"} in contents and {"name": "g"} in contents
    assert {name: {"set": "up"}} in contents and {name: {}} in contents


ANNOTATIONS: list[Json] = [
    {"type": "file_citation", "file_id": "file_1", "index": 0},
    {"type": "url_citation", "url": "https://x", "title": "t", "start_index": 0, "end_index": 1},
    {"type": "container_file_citation", "container_id": "c_1", "file_id": "f"},
    {"type": "file_path", "file_id": "file_2", "index": 1},
    {"type": "zebra"},
]


@pytest.mark.parametrize("streamed", [False, True])
def test_what_responses_says_of_a_text_and_of_itself(streamed: bool) -> None:
    part = {"type": "output_text", "text": "Rain.", "annotations": ANNOTATIONS}
    item = {
        "id": "m_1",
        "type": "message",
        "role": "assistant",
        "phase": "final",
        "content": [part],
    }
    usage = {"input_tokens": 1, "output_tokens_details": {"reasoning_tokens": 2}}
    whole: Json = {
        "id": "resp_1",
        "object": "response",
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "input_transformations": [{"type": "thinking_dropped"}],
        "output": [item],
        "usage": usage,
    }
    if streamed:
        events: list[Json] = [
            {"type": "response.created", "response": {**whole, "output": [], "usage": None}},
            *(
                {"type": "response.output_text.annotation.added", "item_id": "m_1", "output_index": 0,
                 "content_index": 0, "annotation_index": n, "annotation": one}
                for n, one in enumerate(ANNOTATIONS)
            ),
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.incomplete", "response": whole},
        ]  # fmt: skip
        body = b"".join(
            f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in events
        )
        blocks, outcome = told(openai_responses.read_answer(200, "text/event-stream"), body)
    else:
        body = json.dumps(whole).encode()
        blocks, outcome = told(openai_responses.read_answer(200, "application/json"), body)
    text = next(block for block in blocks if block.kind is Kind.TEXT)
    extra = text.attrs["extra"]
    assert isinstance(extra, dict)
    assert json.loads(bytes(extra["annotations"])) == ANNOTATIONS
    assert '"final"' in kept(blocks) and "thinking_dropped" in kept(blocks)
    assert (outcome.complete, outcome.stop_reason) == (True, "max_output_tokens")
    assert json.loads(outcome.usage or b"") == usage


def test_what_chat_counts_is_kept_as_it_was_sent() -> None:
    usage = {
        "prompt_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 2, "accepted_prediction_tokens": 0},
    }
    message = {"role": "assistant", "content": "Rain.", "annotations": [{"type": "url_citation"}]}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": {"content": []}}
    whole = {
        "id": "c_1",
        "object": "chat.completion",
        "choices": [choice],
        "usage": usage,
        "service_tier": "told",
        "system_fingerprint": "fp",
    }
    blocks, outcome = told(
        openai_chat.read_answer(200, "application/json", ASKED), json.dumps(whole).encode()
    )
    assert json.loads(outcome.usage or b"") == usage
    for word in ("url_citation", '"told"', '"fp"', "logprobs"):
        assert word in kept(blocks), word
