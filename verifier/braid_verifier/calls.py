"""Calls and ends: their contents, the bodies they speak of, history (SPEC §6, §8.4)."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from braid import strict_json
from braid.encoding import KEY_PATTERN, encode
from braid.errors import Malformed
from braid.node import Kind
from braid.transcript import StoredNode
from braid_verifier.contexts import Contexts
from braid_verifier.findings import Check, Findings

# History that accuses nobody: a conversation went on, was resent in part or spelled otherwise,
# was begun again, or its client told the provider something else for its accounts.
ORDINARY_HISTORY = frozenset({"continued", "elided", "variant", "copied", "billing_changed"})
_HISTORY = re.compile("[a-z_]{1,40}")
_DIGEST = re.compile(KEY_PATTERN)
_T = TypeVar("_T")


class Outcome(StrEnum):
    """How a call ended (SPEC §6.3)."""

    COMPLETE = "complete"
    ERROR = "error"
    CLIENT_GONE = "client_gone"
    UPSTREAM_CUT = "upstream_cut"
    INTERRUPTED = "interrupted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"


# Outcomes of calls that never reached their upstream.
UNSENT = frozenset({Outcome.NOT_SENT, Outcome.REFUSED})
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """How long a body was, its salted digest, and what commits to the salt."""

    bytes: _Count
    digest: str
    salt: str

    def __post_init__(self) -> None:
        if not (_DIGEST.fullmatch(self.digest) and _DIGEST.fullmatch(self.salt)):
            raise ValueError("body: expected 43 characters of canonical base64url")


class Placement(msgspec.Struct, forbid_unknown_fields=True):
    """How the conversation was found."""

    by: Literal["new", "retry", "session", "thread", "prefix"]


class CallContent(msgspec.Struct, forbid_unknown_fields=True):
    """What a call says; its context is read by `Contexts`."""

    upstream: str
    context: Any
    body: Body
    placement: Placement
    history: list[str]
    id: str

    def __post_init__(self) -> None:
        if not all(map(_HISTORY.fullmatch, self.history)):
            raise ValueError("history: expected words of a to z and _")


class EndContent(msgspec.Struct, forbid_unknown_fields=True):
    """What an end says; what nobody knows is None."""

    outcome: Outcome
    status: _Count | None
    stop_reason: str | None
    usage: Any
    request_id: str | None
    body: Body | None


class Calls:
    """Reads the contents of calls and ends, and counts what the claims ask."""

    def __init__(self, findings: Findings, contexts: Contexts) -> None:
        self._findings = findings
        self._contexts = contexts
        self.partial = 0
        self.accused = 0  # calls with history that is not ordinary

    def call(self, index: int, node: StoredNode, about: tuple[str, ...], intact: bool) -> None:
        """Check a call; what is not as it was signed says nothing."""
        content = self._read(index, node, Kind.CALL, CallContent) if intact else None
        if content is None:
            self._contexts.lose()
            return
        if content.placement.by == "retry" and not about:
            message = "placement: a retry without the call it is about"
            self._findings.fail(Check.CALL, "E_CALL", message, index, node.s)
        partial = erased = False
        try:
            partial, erased = self._contexts.follow(content.context, index)
        except Malformed as fault:
            self._contexts.lose()
            self._findings.fail(Check.CALL, fault.code, str(fault), index, node.s)
        self._check_bsalt(index, node, content.body, erased)
        if partial:
            self.partial += 1
            message = "the model saw something that was not recorded"
            self._findings.note("N_PARTIAL", message, index, node.s)
        self._report_history(index, node.s, content.history)

    def end(
        self, index: int, node: StoredNode, intact: bool, answer_erased: bool
    ) -> Outcome | None:
        """Check an end and give its outcome; what is not as it was signed says nothing."""
        content = self._read(index, node, Kind.END, EndContent) if intact else None
        if content is None:
            return None
        self._check_bsalt(index, node, content.body, answer_erased)
        return content.outcome

    def _read(self, index: int, node: StoredNode, kind: Kind, shape: type[_T]) -> _T | None:
        assert node.opened is not None
        try:
            value = strict_json.read_object(node.opened.content, str(kind))
            return msgspec.convert(value, shape)
        except Malformed as fault:
            reason = str(fault)
        except msgspec.ValidationError as fault:
            reason = f"{kind}: {_reason(fault)}"
        self._findings.fail(Check.CALL, "E_CALL", reason, index, node.s)
        return None

    def _check_bsalt(self, index: int, node: StoredNode, body: Body | None, erased: bool) -> None:
        if node.bsalt is None:
            if body is not None and not erased:
                message = "bsalt: was removed, and the body can no longer be compared"
                self._findings.note("N_BSALT", message, index, node.s)
            return
        if body is None or encode(hashlib.sha256(node.bsalt).digest()) != body.salt:
            message = "bsalt: not what body.salt commits to"
            self._findings.fail(Check.CALL, "E_COMMIT", message, index, node.s)
        if erased:
            message = "bsalt: stands beside a body of which words were erased"
            self._findings.warn("W_BSALT", message, index, node.s)

    def _report_history(self, index: int, s: str, history: list[str]) -> None:
        ordinary = ORDINARY_HISTORY.issuperset(history)
        self.accused += not ordinary
        for word in dict.fromkeys(history):
            message = "what the call says of the history its client sent"
            if word in ORDINARY_HISTORY:
                self._findings.note(f"history.{word}", message, index, s)
            else:
                self._findings.warn(f"history.{word}", message, index, s)


def _reason(fault: msgspec.ValidationError) -> str:
    """Say what has the wrong shape, but repeat no name or value that the content chose."""
    reason = str(fault)
    if reason.startswith("Object contains unknown field"):
        return "a member that SPEC §6 does not name"
    if reason.startswith("Invalid enum value"):
        return "a value that SPEC §6 does not name"
    return reason.replace("`", "")
