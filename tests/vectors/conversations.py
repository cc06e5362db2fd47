"""Honest conversations that the vectors start from."""

from __future__ import annotations

from typing import Any

from vectors.formulas import compact
from vectors.weaver import Braid, Draft, Key, Shown

# Positions of the nodes of `short`.
PROMPT, PARAMS, CALL, TEXT, END, SEAL = range(6)


def params(name: str, prev: str) -> Draft:
    """SPEC §6.1."""
    fields: dict[str, Any] = {
        "path": "/v1/messages",
        "query": "",
        "headers": {"anthropic-version": "2023-06-01"},
        "parameters": {"max_tokens": 64, "model": "claude-test"},
    }
    return Draft(name, "params", [prev], media="application/json", fields=fields)


def call(name: str, prev: list[str], shows: Shown) -> Draft:
    """SPEC §6.2."""
    return Draft(name, "call", prev, media="application/json", shows=shows)


def end(name: str, prev: list[str], outcome: str = "complete") -> Draft:
    """SPEC §6.3."""
    fields: dict[str, Any] = {
        "outcome": outcome,
        "status": 200,
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 9, "output_tokens": 3},
        "request_id": f"req_{name}",
    }
    return Draft(name, "end", prev, media="application/json", fields=fields)


def attrs(**members: Any) -> bytes:
    """SPEC §5.3."""
    return compact({"provider": "anthropic", **members}).encode("utf-8")


def short(name: str = "braid") -> Braid:
    """One question, one answer, sealed and certified: positions PROMPT … SEAL."""
    return Braid(
        [
            Draft("prompt", "prompt", [], b"How many legs has a spider?"),
            params("params", "prompt"),
            call("call", ["prompt", "params"], Shown(["prompt"])),
            Draft("text", "text", ["call"], b"Eight.", attrs=attrs(index=0, type="text")),
            end("end", ["text"]),
            Draft("seal", "seal", None),
        ],
        name,
        Key(name),
    )


def talk(name: str = "braid") -> Braid:
    """Two turns with a tool call between them, sealed and certified; 15 nodes."""
    tool = compact({"name": "add", "input_schema": {"type": "object"}}).encode()
    used = attrs(id="toolu_1", index=2, name="add", type="tool_use")
    return Braid(
        [
            Draft("system", "system", [], b"Be brief."),
            Draft("tools", "tools", ["system"], tool, media="application/json"),
            Draft("prompt", "prompt", ["tools"], "What is 17 + 25? Réponds en français.".encode()),
            params("params", "prompt"),
            call("call", ["prompt", "params"], Shown(["prompt"], ["system"], ["tools"])),
            Draft(
                "thinking",
                "thinking",
                ["call"],
                b"I shall use the tool.",
                attrs=attrs(index=0, signature="c2ln", type="thinking"),
            ),
            Draft("text", "text", ["thinking"], b"Un instant.", attrs=attrs(index=1, type="text")),
            Draft(
                "tool_use",
                "tool_use",
                ["text"],
                b'{"a": 17,"b":25}',
                media="application/json",
                attrs=used,
            ),
            end("end", ["tool_use"]),
            Draft(
                "tool_result",
                "tool_result",
                ["end", "tool_use"],
                b"42",
                attrs=attrs(tool_use_id="toolu_1", type="tool_result"),
            ),
            params("params2", "tool_result"),
            call(
                "call2",
                ["tool_result", "params2"],
                Shown(["thinking", "text", "tool_use", "tool_result"], after="call"),
            ),
            Draft("text2", "text", ["call2"], "Ça fait 42.".encode(), attrs=attrs(index=0)),
            end("end2", ["text2"]),
            Draft("seal", "seal", None),
        ],
        name,
        Key(name),
    )
