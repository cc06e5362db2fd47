"""One look at a node: what a line about it says, taken from bytes nobody has checked yet."""

from __future__ import annotations

from dataclasses import dataclass

from braid import strict_json
from braid.errors import Malformed
from braid.node import Header, Kind, read_header
from braid.strict_json import Json
from braid.transcript import StoredNode
from braid_clients.visible import visible
from braid_clients.wording import counted
from braid_verifier.leaks.flag import Flag, read_flag

_KEPT = 400  # characters of the words; no terminal line shows more


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a content a line shows: `text`, from so many of its characters on, after `before`."""

    before: str
    text: str
    skipped: int

    def at(self, place: int) -> int:
        """Give where a character of the content stands in the visible words."""
        inside = min(max(place - self.skipped, 0), len(self.text))
        return len(self.before) + len(visible(self.text[:inside]))


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What is shown of a node.

    `header` is None where it cannot be read, `words` are visible and on one line. `model`,
    `upstream` and `outcome` stand on the nodes that say them: params, call and end. `shown` is
    where the words come from, of nodes that hold text, and `flag` what a flag of ours says.
    """

    s: str
    header: Header | None
    words: str
    marks: tuple[str, ...] = ()
    model: str = ""
    upstream: str = ""
    outcome: str = ""
    shown: Shown | None = None
    flag: Flag | None = None


def glimpse(node: StoredNode) -> Glimpse:
    """Look at a node; never raises, whatever it holds."""
    try:
        header = read_header(node.h)
    except Malformed as fault:
        return Glimpse(node.s, None, visible(str(fault)), ("unreadable",))
    if node.opened is None:
        return Glimpse(node.s, header, "", ("erased",))
    attrs, unreadable = _attrs(node.opened.attrs)
    marks = tuple(_marks(attrs)) + unreadable
    content = node.opened.content
    match header.kind:
        case Kind.PARAMS:
            model = _text(_object(_json(content).get("parameters")).get("model"))
            path = _text(_json(content).get("path"))
            return Glimpse(node.s, header, " ".join(filter(None, (path, model))), marks, model)
        case Kind.CALL:
            said = _json(content)
            history = said.get("history")
            if isinstance(history, list):
                marks += tuple(
                    _text(code) for code in dict.fromkeys(_code(item) for item in history)
                )
            if "partial" in _object(said.get("context")):
                marks += ("partial context",)
            if header.about:
                marks += ("again",)
            return Glimpse(node.s, header, "", marks, upstream=_text(said.get("upstream")))
        case Kind.END:
            said = _json(content)
            outcome = _text(said.get("outcome"))
            parts = (outcome, _text(said.get("status")), _text(said.get("stop_reason")))
            return Glimpse(node.s, header, ", ".join(filter(None, parts)), marks, outcome=outcome)
        case Kind.SEAL | Kind.CHECKPOINT:
            count = header.seal.count if header.seal is not None else 0
            return Glimpse(node.s, header, f"over {counted(count, 'node')}", marks)
        case Kind.FLAG if (flag := _flag(content)) is not None:
            return Glimpse(node.s, header, _said(flag), marks, flag=flag)
        case _:
            shown = _shown(header, content, attrs)
            if shown is None:
                name = _before(header, attrs)
                words = f"{name}{header.media}, {len(content)} bytes"
                return Glimpse(node.s, header, words, marks)
            return Glimpse(node.s, header, shown.before + visible(shown.text), marks, shown=shown)


def _before(header: Header, attrs: dict[str, Json]) -> str:
    name = attrs.get("name")
    return f"{_text(name)} " if header.kind is Kind.TOOL_USE and isinstance(name, str) else ""


def _shown(header: Header, content: bytes, attrs: dict[str, Json]) -> Shown | None:
    if not (header.media.startswith("text/") or header.media == "application/json"):
        return None
    # Four bytes a character at most; a character cut in two is left out.
    start = content[: 4 * _KEPT].decode("utf-8", "replace")
    if len(content) > 4 * _KEPT:
        start = start.rstrip("\ufffd")
    words = start.lstrip()
    skipped = len(start) - len(words)
    return Shown(_before(header, attrs), words.rstrip()[:_KEPT], skipped)


def _flag(content: bytes) -> Flag | None:
    try:
        return read_flag(content)
    except Malformed:
        return None


def _said(flag: Flag) -> str:
    if flag.finding is None:
        return "thinking without a provider signature"
    more = f", {flag.more} more" if flag.more else ""
    return f"{flag.finding.leak_class}, {flag.finding.tier}{more}"


def _marks(attrs: dict[str, Json]) -> list[str]:
    marks = []
    if attrs.get("cut") is True:
        marks.append("cut")
    if "ambiguous" in attrs:
        marks.append("ambiguous")
    if "copy_of" in attrs:
        marks.append("copied")
    if "variant_of" in attrs:
        marks.append("variant")
    if attrs.get("redacted"):
        marks.append("redacted")
    if attrs.get("signature"):
        marks.append("provider signature")
    if "part" in attrs:
        marks.append(f"part {_text(attrs['part'])}/{_text(attrs.get('parts'))}")
    return marks


def _attrs(raw: bytes) -> tuple[dict[str, Json], tuple[str, ...]]:
    try:
        text = strict_json.decode_utf8(raw, "attrs")
        return strict_json.loads_object(text, "attrs"), ()
    except Malformed:
        return {}, ("attrs unreadable",)


def _json(content: bytes) -> dict[str, Json]:
    try:
        return strict_json.loads_object(strict_json.decode_utf8(content, "content"), "content")
    except Malformed:
        return {}


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _code(entry: Json) -> str:
    code = _object(entry).get("code")
    return code if isinstance(code, str) else ""


def _text(value: Json) -> str:
    """Show a short value; what is not one is not shown."""
    if isinstance(value, str):
        return visible(value[:_KEPT])
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:_KEPT]
    return ""
