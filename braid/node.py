"""Node headers: the closed set of fields, their one spelling, and reading it back (SPEC §3)."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a node records (SPEC §3.2)."""

    SYSTEM = "system"
    TOOLS = "tools"
    PROMPT = "prompt"
    THINKING = "thinking"
    TEXT = "text"
    TOOL_USE = "tool_use"
    TOOL_RESULT = "tool_result"
    MEDIA = "media"
    OTHER = "other"
    PARAMS = "params"
    CALL = "call"
    END = "end"
    FLAG = "flag"
    ANNOTATION = "annotation"
    GAP = "gap"
    CHECKPOINT = "checkpoint"
    SEAL = "seal"


class Origin(StrEnum):
    """Who put the bytes there (SPEC §3.2)."""

    CLIENT = "client"
    PROVIDER = "provider"
    PROXY = "proxy"
    MONITOR = "monitor"
