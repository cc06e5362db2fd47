"""The conversation of the demo: the real anthropic SDK, a streamed turn, a tool and its result."""

from __future__ import annotations

from collections.abc import Callable

import anthropic
from anthropic.types import Message, MessageParam, ToolParam

from braid_clients.demo_provider import MODEL

TOOL_RESULT = "7 degrees and rain"
_QUESTION = "What is the weather in Oslo?"
_TOOL: ToolParam = {
    "name": "get_weather",
    "description": "Say what the weather is in a city.",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def converse(url: str, tell: Callable[[str], None]) -> str:
    """Hold the conversation with whoever answers at `url`; gives the braid's id."""
    messages: list[MessageParam] = [{"role": "user", "content": _QUESTION}]
    tell(f"user       {_QUESTION}")
    # Without trust_env: neither proxies nor ~/.netrc have a part in this.
    with anthropic.Anthropic(
        base_url=url,
        api_key="the-demo-needs-no-key",
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(trust_env=False),
    ) as client:
        answer, _ = _turn(client, messages, tell)
        used = next(block for block in answer.content if block.type == "tool_use")
        tell(f"tool       {TOOL_RESULT}")
        messages += [
            {"role": "assistant", "content": answer.content},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": used.id, "content": TOOL_RESULT}
                ],
            },
        ]
        _, braid = _turn(client, messages, tell)
    return braid


def _turn(
    client: anthropic.Anthropic, messages: list[MessageParam], tell: Callable[[str], None]
) -> tuple[Message, str]:
    with client.messages.stream(
        model=MODEL,
        max_tokens=2048,
        system="Answer in one sentence.",
        thinking={"type": "enabled", "budget_tokens": 1024},
        tools=[_TOOL],
        messages=messages,
    ) as stream:
        braid = stream.response.headers["x-braid-id"]
        answer = stream.get_final_message()
    for block in answer.content:
        match block.type:
            case "thinking":
                tell(f"thinking   {block.thinking}")
            case "text":
                tell(f"assistant  {block.text}")
            case "tool_use":
                tell(f"tool call  {block.name} {block.input}")
    return answer, braid
