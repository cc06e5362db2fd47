"""How the SDKs are pointed at Braid: arguments for their own constructors, and headers.

Braid builds no client of theirs and changes none: what is here goes into
`anthropic.Anthropic(…)`, `openai.OpenAI(…)` and `genai.Client(…)` or their async twins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from braid.encoding import KEY_PATTERN, SIGNATURE_PATTERN
from braid_server.homes import ANTHROPIC, GEMINI, OPENAI

if TYPE_CHECKING:
    from google.genai.types import HttpOptionsDict

_BRAID = re.compile(KEY_PATTERN)
_NODE = re.compile(SIGNATURE_PATTERN)
# A header carries it as it is.
_NAME = re.compile(r"[!-~]([ -~]{0,198}[!-~])?")


class AnthropicOptions(TypedDict):
    """Arguments of `anthropic.Anthropic` and `anthropic.AsyncAnthropic`."""

    base_url: str
    default_headers: dict[str, str]


class OpenAIOptions(TypedDict):
    """Arguments of `openai.OpenAI` and `openai.AsyncOpenAI`."""

    base_url: str
    default_headers: dict[str, str]


class GeminiOptions(TypedDict):
    """Arguments of `genai.Client`."""

    http_options: HttpOptionsDict


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where calls of one conversation go, and the headers that say they are of it.

    `headers` alone do for a single request of a client that is pointed at Braid already:
    `extra_headers=talk.headers`. They hold the server's token, if it has one.
    """

    url: str
    name: str | None
    headers: dict[str, str] = field(repr=False)

    def anthropic(self) -> AnthropicOptions:
        """Give the arguments that point a client of `anthropic` here."""
        return {
            "base_url": f"{self.url}/{ANTHROPIC.name}{ANTHROPIC.suffix}",
            "default_headers": dict(self.headers),
        }

    def openai(self) -> OpenAIOptions:
        """Give the arguments that point a client of `openai` here."""
        return {
            "base_url": f"{self.url}/{OPENAI.name}{OPENAI.suffix}",
            "default_headers": dict(self.headers),
        }

    def gemini(self) -> GeminiOptions:
        """Give the arguments that point a client of `google-genai` here."""
        base_url = f"{self.url}/{GEMINI.name}{GEMINI.suffix}"
        return {"http_options": {"base_url": base_url, "headers": dict(self.headers)}}


def conversation(
    url: str,
    token: str | None,
    name: str | None = None,
    braid: str | None = None,
    parent: str | None = None,
) -> Conversation:
    """Name a conversation, or say which braid it is and which node there to go on from.

    Raises ValueError for a name that no header can carry, for what is no braid's id and no
    node's signature, and for a parent without its braid.
    """
    headers: dict[str, str] = {}
    if token is not None:
        headers["x-braid-token"] = token
    if parent is not None and braid is None:
        raise ValueError("parent: expected the braid it is a node of with it")
    if braid is not None:
        if not _BRAID.fullmatch(braid):
            raise ValueError(f"braid: expected the 43 characters of an id, got {braid[:60]!r}")
        headers["x-braid-id"] = braid
    if parent is not None:
        if not _NODE.fullmatch(parent):
            raise ValueError("parent: expected the 86 characters of a node's signature")
        headers["x-braid-parent"] = parent
    if name is not None:
        if not _NAME.fullmatch(name):
            raise ValueError(
                "name: expected 1 to 200 printable ASCII characters, no space at either end"
            )
        headers["x-braid-conversation"] = name
    return Conversation(url, name, headers)
