"""Flags: what they say, and what the detector says today (SPEC §6.4)."""

from __future__ import annotations

from collections import Counter

from braid import strict_json
from braid.errors import Malformed
from braid.node import Header, Kind, Origin
from braid.transcript import Opened
from braid_verifier.findings import Findings
from braid_verifier.leaks import VERSION, Finding, detect
from braid_verifier.leaks.flag import Flag, What, read_flag
from braid_verifier.shown import Shown

_SPOKEN = (Kind.TEXT, Kind.TOOL_USE)
_QUOTED = (Kind.SYSTEM, Kind.PROMPT, Kind.TOOL_RESULT)

_Key = tuple[int, int, str, str]


class Flags:
    """Reports flags; asked to, runs the detector again and compares.

    A flag is the word of whoever signed the braid, and no failure whatever it says. Of each node
    only findings are kept, and of what users and tools said only hashes.
    """

    def __init__(self, findings: Findings, again: bool) -> None:
        self._findings = findings
        self._again = again
        self._shown = Shown()
        self._places: dict[str, int] = {}
        self._found: dict[str, Counter[_Key]] = {}
        self._unlisted: set[str] = set()
        self._stale = False

    def add(self, index: int, s: str, header: Header, opened: Opened | None) -> None:
        """Take the next node."""
        if header.kind is Kind.FLAG:
            self._flag(index, s, header, opened)
        elif self._again:
            if header.origin is Origin.PROVIDER:
                self._shown.answer(s, header.prev)
            if opened is None:
                return
            if header.kind is Kind.CALL:
                self._shown.call(s, opened.content)
            elif header.kind in _QUOTED:
                self._shown.said(s, opened.content.decode("utf-8", "replace"))
            elif header.origin is Origin.PROVIDER and header.kind in _SPOKEN:
                self._look(index, s, header, opened)

    def close(self) -> None:
        """Say what the detector finds that no flag says."""
        for s, keys in self._found.items():
            if s in self._unlisted:
                continue
            for (start, end, leak_class, tier), count in sorted(keys.items()):
                if count > 0:
                    message = (
                        f"detector version {VERSION} finds {leak_class} ({tier}) at characters"
                        f" {start} to {end}, and no flag says so"
                    )
                    self._findings.note("N_UNFLAGGED", message, self._places[s], s)

    def _look(self, index: int, s: str, header: Header, opened: Opened) -> None:
        try:
            attrs = strict_json.read_object(opened.attrs, "attrs")
        except Malformed:
            attrs = {}
        found = detect(header.kind, header.media, opened.content, attrs)
        if found:
            heard = self._shown.heard(s)
            found = detect(header.kind, header.media, opened.content, attrs, heard)
        if found:
            self._places[s] = index
            self._found[s] = Counter(map(_key, found))

    def _flag(self, index: int, s: str, header: Header, opened: Opened | None) -> None:
        flag: Flag | None = None
        message = "a detector flagged something"
        if opened is not None:
            try:
                flag = read_flag(opened.content)
            except Malformed as fault:
                message = str(fault)
        if flag is not None:
            message = _said(flag)
        self._findings.note("N_FLAG", message, index, s)
        if flag is None or not self._again or flag.finding is None or not header.about:
            return
        about = header.about[0]
        if flag.version != VERSION:
            message = f"the flag is of detector version {flag.version}, this is {VERSION}"
            self._findings.note("N_FLAG_VERSION", message, index, s)
            return
        if flag.more:
            self._unlisted.add(about)
        known = self._found.get(about)
        key = _key(flag.finding)
        if known is None or known[key] <= 0:
            message = f"detector version {VERSION} does not find what the flag says"
            self._findings.note("N_FLAG_UNREPEATED", message, index, s)
        else:
            known[key] -= 1


def _key(finding: Finding) -> _Key:
    return finding.start, finding.end, finding.leak_class, finding.tier


def _said(flag: Flag) -> str:
    finding = flag.finding
    if flag.what is What.UNSIGNED_THINKING or finding is None:
        return "thinking without a provider signature"
    return (
        f"{finding.leak_class} ({finding.tier}, {finding.score} points) at characters"
        f" {finding.start} to {finding.end}"
    )
