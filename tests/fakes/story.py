"""A transcript taken apart from SPEC alone: nodes, calls, what each model was shown.

Shares no code with the package, so that it can be held against it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LISTS = ("tools", "system", "messages")
_NAMES = ("type", "id", "name", "signature", "tool_use_id")


@dataclass(frozen=True, slots=True)
class Node:
    """One node, opened."""

    s: str
    header: dict[str, Any]
    content: bytes
    attrs: dict[str, Any]
    bsalt: bytes

    @property
    def kind(self) -> str:
        return str(self.header["kind"])

    @property
    def origin(self) -> str:
        return str(self.header["origin"])

    @property
    def prev(self) -> list[str]:
        return list(self.header["prev"])

    @property
    def about(self) -> list[str]:
        return list(self.header.get("about", ()))

    @property
    def text(self) -> str:
        return self.content.decode()

    @property
    def value(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class Call:
    """A call with what belongs to it; `shown` is its context, list by list."""

    node: Node
    params: Node
    answer: list[Node]
    end: Node | None
    shown: dict[str, list[Node]]

    @property
    def id(self) -> str:
        return str(self.node.value["id"])

    @property
    def by(self) -> str:
        return str(self.node.value["placement"]["by"])

    @property
    def history(self) -> list[str]:
        """The codes of its history."""
        return [str(entry["code"]) for entry in self.node.value["history"]]

    def entries(self, code: str) -> list[dict[str, Any]]:
        """What its history says under a code."""
        return [entry for entry in self.node.value["history"] if entry["code"] == code]

    @property
    def outcome(self) -> str | None:
        return None if self.end is None else str(self.end.value["outcome"])

    @property
    def content(self) -> list[Node]:
        """The blocks of the answer's content, without what was said beside it."""
        return [node for node in self.answer if "index" in node.attrs]


class Story:
    """One braid."""

    def __init__(self, transcript: bytes) -> None:
        document = json.loads(transcript)
        self.braid = str(document["braid"])
        self.nodes = [_node(one) for one in document["nodes"]]
        self._by_name = {node.s: node for node in self.nodes}
        self.calls = list(self._calls())

    def __getitem__(self, s: str) -> Node:
        return self._by_name[s]

    def call(self, call_id: str) -> Call:
        (found,) = [call for call in self.calls if call.id == call_id]
        return found

    def _calls(self) -> Iterator[Call]:
        owners: dict[str, str] = {}
        answers: dict[str, list[Node]] = {}
        ends: dict[str, Node] = {}
        for node in self.nodes:
            if node.kind == "call":
                owners[node.s] = node.s
                answers[node.s] = []
            elif node.origin == "provider" or node.kind == "end":
                owner = owners[node.s] = owners[node.prev[0]]
                if node.kind == "end":
                    assert owner not in ends
                    ends[owner] = node
                else:
                    answers[owner].append(node)
        chains: dict[str, dict[bytes, list[Node]]] = {
            name: {hashlib.sha256(f"braid/1 context {name}".encode()).digest(): []}
            for name in LISTS
        }
        for node in self.nodes:
            if node.kind == "call":
                shown = {name: self._follow(node, name, chains[name]) for name in LISTS}
                params = self[node.prev[-1]]
                assert params.kind == "params"
                yield Call(node, params, answers[node.s], ends.get(node.s), shown)

    def _follow(self, call: Node, name: str, chain: dict[bytes, list[Node]]) -> list[Node]:
        claim = call.value["context"][name]
        value = unbase64(claim["from"])
        shown = chain[value]
        for signature in claim["add"]:
            value = hashlib.sha256(value + unbase64(signature)).digest()
            shown = chain[value] = [*shown, self[signature]]
        assert value == unbase64(claim["to"])
        return shown


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _node(one: dict[str, Any]) -> Node:
    content = one["text"].encode() if "text" in one else unbase64(one["b64"])
    bsalt = unbase64(one.get("bsalt", ""))
    return Node(one["s"], json.loads(one["h"]), content, json.loads(one["attrs"]), bsalt)


def native(node: Node) -> dict[str, Any]:
    """Put a provider's block together again from a node."""
    attrs = node.attrs
    if node.kind in ("other", "tools") or attrs["type"] == "search_result":
        whole: dict[str, Any] = node.value
        return whole
    block: dict[str, Any] = {name: attrs[name] for name in _NAMES if name in attrs}
    block |= attrs.get("extra", {})
    plain = node.header["media"] == "text/plain"
    match node.kind:
        case "text" | "prompt" | "system":
            block["text"] = node.text if plain else node.value
        case "thinking" if attrs.get("redacted"):
            block["data"] = node.text
        case "thinking":
            block["thinking"] = node.text if plain else node.value
        case "tool_use":
            block["input"] = node.value
        case "tool_result":
            block["content"] = node.text if plain else node.value
        case "media" if "source" in block:
            data = base64.b64encode(node.content).decode()
            if block["source"]["type"] == "text":
                data = node.text
            block["source"] |= {"media_type": node.header["media"], "data": data}
        case "media":
            block = node.value
        case kind:
            raise AssertionError(kind)
    return block


def message(call: Call) -> dict[str, Any]:
    """Put an answer together again from its nodes and its end."""
    assert call.end is not None
    end = call.end.value
    beside: dict[str, Any] = {}
    for node in call.answer:
        if "index" not in node.attrs:
            assert (node.kind, node.attrs["type"]) == ("other", "message")
            beside |= node.value
    return {
        "type": "message",
        "role": "assistant",
        "id": call.end.attrs["id"],
        "model": call.end.attrs["model"],
        "content": [native(node) for node in call.content],
        "stop_reason": end["stop_reason"],
        "usage": end["usage"],
        **beside,
    }


def request(call: Call) -> dict[str, Any]:
    """Put a request together again, its messages as one list of blocks."""
    said: dict[str, Any] = dict(call.params.value["parameters"])
    for name in LISTS:
        said[name] = [native(node) for node in call.shown[name]]
    return said
