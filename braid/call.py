"""What a call and its end say: their contents, read and written in one place (SPEC §6, §8)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from braid import strict_json
from braid.encoding import KEY_PATTERN, SIGNATURE_PATTERN
from braid.errors import Malformed
from braid.strict_json import Json

_CODE = re.compile("[a-z_]{1,40}")
_DIGEST = re.compile(KEY_PATTERN)
_SIGNATURE = re.compile(SIGNATURE_PATTERN)
_T = TypeVar("_T")
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
_Signature = str | UnsetType


class CallOutcome(StrEnum):
    """How a call ended (SPEC §6.3)."""

    COMPLETE = "complete"
    ERROR = "error"
    CLIENT_GONE = "client_gone"
    UPSTREAM_CUT = "upstream_cut"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


UNSENT = frozenset({CallOutcome.NOT_SENT, CallOutcome.REFUSED})
"""Outcomes of calls that never reached their upstream."""


class By(StrEnum):
    """How the conversation of a call was found (SPEC §8.3)."""

    NEW = "new"
    RETRY = "retry"
    CLIENT = "client"
    SESSION = "session"
    THREAD = "thread"
    PREFIX = "prefix"
    EVIDENCE = "evidence"


class History(StrEnum):
    """What a call may say of the history that its client sent (SPEC §8.4)."""

    CONTINUED = "continued"
    ELIDED = "elided"
    TRUNCATED = "truncated"
    COMPACTED = "compacted"
    COPIED = "copied"
    VARIANT = "variant"
    FORKED = "forked"
    PREFILL = "prefill"
    FOREIGN_BEFORE = "foreign_before"
    RESULT_CLEARED = "result_cleared"
    RESULT_SHORTENED = "result_shortened"
    BILLING_CHANGED = "billing_changed"
    CLOCK_CHANGED = "clock_changed"
    TOOL_ADDED = "tool_added"
    TOOL_REMOVED = "tool_removed"
    TOOLS_REORDERED = "tools_reordered"
    ASIDE = "aside"

    EDITED = "edited"
    EDITED_THINKING = "edited_thinking"
    EDITED_RESULT = "edited_result"
    ELIDED_RESULT = "elided_result"
    MOVED = "moved"
    FOREIGN = "foreign"
    ORPHAN_RESULT = "orphan_result"
    AMBIGUOUS = "ambiguous"
    SYSTEM_CHANGED = "system_changed"
    TOOL_REWORDED = "tool_reworded"
    HIDDEN_CHARACTERS = "hidden_characters"
    BIDI_CHARACTERS = "bidi_characters"
    LOOKALIKE_LETTERS = "lookalike_letters"


ORDINARY_HISTORY = frozenset(list(History)[: list(History).index(History.EDITED)])
"""What accuses nobody: a conversation went on, was resent in part, spelled otherwise or begun again."""

REFUSED_HISTORY = frozenset(
    {
        History.EDITED,
        History.EDITED_THINKING,
        History.EDITED_RESULT,
        History.MOVED,
        History.FOREIGN,
        History.ORPHAN_RESULT,
        History.AMBIGUOUS,
    }
)
"""What a recorder that rejects false history does not send on."""


class HistoryPolicy(StrEnum):
    """What a recorder does about history (SPEC §8.4): `STRICT` knows of no history but its own."""

    RECORD = "record"
    REJECT = "reject"
    STRICT = "strict"

    @property
    def refused(self) -> frozenset[History]:
        """What is not sent on."""
        match self:
            case HistoryPolicy.RECORD:
                return frozenset()
            case HistoryPolicy.REJECT:
                return REFUSED_HISTORY
            case HistoryPolicy.STRICT:
                return REFUSED_HISTORY | {History.FOREIGN_BEFORE, History.PREFILL}


class HistoryEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing a call says of its history.

    code  one of `History`, or what a later version says.
    node  the node it is about, as the client sent it; `was` the one that stood there or that it
          was made of. Both are signatures.
    more  how many further ones of this code are not listed.
    """

    code: str
    node: _Signature = UNSET
    was: _Signature = UNSET
    more: Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError("code: expected 1 to 40 of a to z and _")
        for name, value in (("node", self.node), ("was", self.was)):
            if value is not UNSET and not _SIGNATURE.fullmatch(value):
                raise ValueError(f"{name}: expected 86 characters of canonical base64url")


class Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a body was, its salted digest, and what commits to the salt."""

    bytes: _Count
    digest: str
    salt: str

    def __post_init__(self) -> None:
        if not (_DIGEST.fullmatch(self.digest) and _DIGEST.fullmatch(self.salt)):
            raise ValueError("body: expected 43 characters of canonical base64url")


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """What a call says of one list: where its chain starts, what it adds, where it ends."""

    start: str
    add: list[str]
    to: str


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a call says the model was shown; `partial` is true where that is not all."""

    tools: Step
    system: Step
    messages: Step
    partial: Literal[True] | UnsetType = UNSET


class Placement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the conversation was found."""

    by: By


class CallContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a call says. `context` is a `Context`, or what stands in its place (`context_of`)."""

    upstream: str
    context: Any
    body: Body
    placement: Placement
    history: list[HistoryEntry]
    id: str


class EndContent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an end says; what nobody knows is None."""

    outcome: CallOutcome
    status: _Count | None
    stop_reason: str | None
    usage: Any
    request_id: str | None
    body: Body | None


def parse_call(content: bytes) -> CallContent:
    """Read the content of a call (SPEC §6.2), its context unread; raises Malformed (E_CALL)."""
    return _parse(content, CallContent, "call")


def parse_end(content: bytes) -> EndContent:
    """Read the content of an end (SPEC §6.3); raises Malformed (E_CALL)."""
    return _parse(content, EndContent, "end")


def context_of(value: Json) -> Context:
    """Read the context of a call; raises Malformed (E_CONTEXT)."""
    try:
        return msgspec.convert(value, Context)
    except msgspec.ValidationError:
        message = "context: expected tools, system and messages, each from, add and to"
        if isinstance(value, dict) and value.get("partial", True) is not True:
            message = "context.partial: expected true, or nothing"
        raise Malformed("E_CONTEXT", message) from None


def write(content: CallContent | EndContent) -> bytes:
    """Write what a call or an end says."""
    return _write(content)


_write = msgspec.json.Encoder(order="sorted").encode


def _parse(content: bytes, shape: type[_T], kind: str) -> _T:
    value = strict_json.read_object(content, kind)
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as fault:
        raise Malformed("E_CALL", f"{kind}: {_reason(fault)}") from None


def _reason(fault: msgspec.ValidationError) -> str:
    """Say what has the wrong shape, but repeat no name or value that the content chose."""
    reason = str(fault)
    if reason.startswith("Object contains unknown field"):
        return "a member that SPEC §6 does not name"
    if reason.startswith("Invalid enum value"):
        return "a value that SPEC §6 does not name"
    return reason.replace("`", "")
