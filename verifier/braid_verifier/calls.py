"""Calls and ends: their contents, the bodies they speak of, history (SPEC §6, §8.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from msgspec import UNSET

from braid import strict_json
from braid.call import (
    ORDINARY_HISTORY,
    Body,
    By,
    CallContent,
    CallOutcome,
    EndContent,
    HistoryEntry,
    parse_call,
    parse_end,
)
from braid.encoding import encode
from braid.errors import Malformed
from braid.transcript import StoredNode
from braid_verifier.contexts import Contexts
from braid_verifier.findings import Check, Findings
from braid_verifier.graph import UNKNOWN, Graph

_NAME = 60  # characters of a tool's name in a message


class Calls:
    """Reads the contents of calls and ends, and counts what the claims ask."""

    def __init__(self, findings: Findings, graph: Graph, contexts: Contexts) -> None:
        self._findings = findings
        self._graph = graph
        self._contexts = contexts
        self._tools: dict[int, str] = {}  # a node to the name of the tool it defines
        self.partial = 0
        self.accused = 0  # calls with history that is not ordinary
        self._erased_params: set[int] = set()

    def params(self, index: int, erased: bool, continues: bool) -> None:
        """Take note of parameters; `continues` says that they are a later part of those before."""
        if erased or (continues and index - 1 in self._erased_params):
            self._erased_params.add(index)

    def call(
        self,
        index: int,
        node: StoredNode,
        about: tuple[str, ...],
        at: Sequence[int],
        intact: bool,
    ) -> None:
        """Check a call, whose `prev` stand at these positions.

        What is not as it was signed says nothing.
        """
        content = self._read_call(index, node, about) if intact else None
        if content is None:
            self._contexts.lose()
            return
        partial = erased = False
        try:
            partial, erased = self._contexts.follow(content.context, index)
        except Malformed as fault:
            self._contexts.lose()
            self._findings.fail(Check.CALL, fault.code, str(fault), index, node.s)
        erased = erased or not self._erased_params.isdisjoint(at)
        self._check_bsalt(index, node, content.body, erased)
        if partial:
            self.partial += 1
            message = "the model saw something that was not recorded"
            self._findings.note("N_PARTIAL", message, index, node.s)
        self._report_history(index, node.s, content.history)

    def end(
        self, index: int, node: StoredNode, intact: bool, answer_erased: bool
    ) -> CallOutcome | None:
        """Check an end and give its outcome; what is not as it was signed says nothing."""
        content = self._read_end(index, node) if intact else None
        if content is None:
            return None
        self._check_bsalt(index, node, content.body, answer_erased)
        return content.outcome

    def _read_call(
        self, index: int, node: StoredNode, about: tuple[str, ...]
    ) -> CallContent | None:
        assert node.opened is not None
        try:
            content = parse_call(node.opened.content)
            if content.placement.by is By.RETRY and not about:
                raise Malformed("E_CALL", "placement: a retry without the call it is about")
            for number, entry in enumerate(content.history):
                for name, named in (("node", entry.node), ("was", entry.was)):
                    if named is not UNSET and self._graph.find(named, index) == UNKNOWN:
                        place = f"history[{number}].{name}"
                        raise Malformed(
                            "E_CALL", f"{place}: expected the signature of an earlier node"
                        )
        except Malformed as fault:
            self._findings.fail(Check.CALL, "E_CALL", str(fault), index, node.s)
            return None
        return content

    def _read_end(self, index: int, node: StoredNode) -> EndContent | None:
        assert node.opened is not None
        try:
            return parse_end(node.opened.content)
        except Malformed as fault:
            self._findings.fail(Check.CALL, "E_CALL", str(fault), index, node.s)
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

    def _report_history(self, index: int, s: str, history: Sequence[HistoryEntry]) -> None:
        self.accused += any(entry.code not in ORDINARY_HISTORY for entry in history)
        for entry in history:
            report = self._findings.note if entry.code in ORDINARY_HISTORY else self._findings.warn
            report(f"history.{entry.code}", self._about(entry, index), index, s)

    def tool(self, index: int, attrs: bytes) -> None:
        """Take note of a tool, so that findings can name it."""
        try:
            name = strict_json.read_object(attrs, "attrs").get("name")
        except Malformed:
            return
        if isinstance(name, str):
            self._tools[index] = name[:_NAME]

    def _about(self, entry: HistoryEntry, index: int) -> str:
        """Say where the nodes are that an entry is about."""
        said = [
            f"{word} {self._graph.find(named, index)}"
            for word, named in (("node", entry.node), ("was", entry.was))
            if named is not UNSET
        ]
        at = entry.node if entry.node is not UNSET else entry.was
        tool = None if at is UNSET else self._tools.get(self._graph.find(at, index))
        if tool is not None:
            said.append(f"tool {tool!a}")
        if entry.more is not UNSET:
            said.append(f"{entry.more} more")
        return ", ".join(said) or "what the call says of the history its client sent"
