"""Node headers: the closed set of fields, their one spelling, and reading it back (SPEC §3)."""

from __future__ import annotations

import functools
import re
from enum import StrEnum

import msgspec

from braid import strict_json
from braid.encoding import KEY_PATTERN, SIGNATURE_PATTERN, TIME_PATTERN, is_moment, is_time
from braid.errors import Malformed
from braid.strict_json import Json

MAX_HEADER = 16 * 1024  # bytes, SPEC §12
MAX_PREV = 64
MAX_ABOUT = 16
MAX_LINK = 8
MAX_MEDIA = 64
MAX_DEPTH = 8


class Kind(StrEnum):
    """What a node records (SPEC §3.3)."""

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
    """Who put the bytes there (SPEC §3.3)."""

    CLIENT = "client"
    PROVIDER = "provider"
    PROXY = "proxy"
    MONITOR = "monitor"


class Relation(StrEnum):
    """How a node of one braid relates to a node of another (SPEC §3.4)."""

    SPAWNED = "spawned"
    RETURNED = "returned"
    AUDITS = "audits"
    CONTINUES = "continues"


_CLIENT = frozenset({Origin.CLIENT})
_PROXY = frozenset({Origin.PROXY})
_SAID = frozenset({Origin.CLIENT, Origin.PROVIDER})

ORIGINS: dict[Kind, frozenset[Origin]] = {
    **dict.fromkeys((Kind.SYSTEM, Kind.TOOLS, Kind.PROMPT, Kind.PARAMS), _CLIENT),
    **dict.fromkeys(
        (Kind.THINKING, Kind.TEXT, Kind.TOOL_USE, Kind.TOOL_RESULT, Kind.MEDIA, Kind.OTHER), _SAID
    ),
    **dict.fromkeys((Kind.CALL, Kind.END, Kind.FLAG, Kind.GAP, Kind.CHECKPOINT, Kind.SEAL), _PROXY),
    Kind.ANNOTATION: frozenset({Origin.PROXY, Origin.MONITOR}),
}
# What was said, and so what a model can be shown (SPEC §6.2).
BLOCKS = frozenset(
    {
        Kind.SYSTEM, Kind.TOOLS, Kind.PROMPT, Kind.THINKING, Kind.TEXT, Kind.TOOL_USE,
        Kind.TOOL_RESULT, Kind.MEDIA, Kind.OTHER,
    }
)  # fmt: skip
MAY_HAVE_ABOUT = frozenset({Kind.FLAG, Kind.ANNOTATION, Kind.CALL})
MAY_HAVE_LINK = frozenset({Kind.ANNOTATION, Kind.CALL, Kind.END})  # and the genesis
HAS_SEAL = frozenset({Kind.CHECKPOINT, Kind.SEAL})
NEVER_ERASED = frozenset({Kind.CALL, Kind.END, Kind.CHECKPOINT, Kind.SEAL})


class Link(msgspec.Struct, frozen=True):
    """A node of another braid, and how this one relates to it."""

    braid: str
    node: str
    rel: Relation


class SealClaim(msgspec.Struct, frozen=True):
    """How many nodes stand before a seal or checkpoint, and their tree head (SPEC §11)."""

    count: int
    tree: str


class Header(msgspec.Struct, frozen=True, gc=False):
    """The signed header of a node; keys, signatures and digests in their text form.

    A msgspec.Struct and not a dataclass because a verifier makes one for every node.
    """

    braid: str
    seq: int
    prev: tuple[str, ...]
    kind: Kind
    origin: Origin
    media: str
    time: str
    content: str
    about: tuple[str, ...] = ()
    link: tuple[Link, ...] = ()
    seal: SealClaim | None = None


_INT = "(?:0|[1-9][0-9]{0,15})"
_MAX_INT = 2**53 - 1
_SIGNATURES = f'"{SIGNATURE_PATTERN}"(?:,"{SIGNATURE_PATTERN}")*'
_LINK = (
    f'\\{{"braid":"{KEY_PATTERN}","node":"{SIGNATURE_PATTERN}","rel":"(?:{"|".join(Relation)})"\\}}'
)
_MEDIA = "[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*"
# The grammar of §3.1 in one expression: what it matches has sorted names, no spaces, no
# escapes and canonical text forms, so the signed string has one reading.
_match_media = re.compile(_MEDIA, re.ASCII).fullmatch
_match_key = re.compile(KEY_PATTERN).fullmatch
_match_signature = re.compile(SIGNATURE_PATTERN).fullmatch
_HEADER = re.compile(
    r"\{"
    rf'(?:"about":\[({_SIGNATURES})\],)?'
    rf'"braid":"({KEY_PATTERN})",'
    rf'"content":"({KEY_PATTERN})",'
    rf'"kind":"({"|".join(Kind)})",'
    rf'(?:"link":\[({_LINK}(?:,{_LINK})*)\],)?'
    rf'"media":"({_MEDIA})",'
    rf'"origin":"({"|".join(Origin)})",'
    rf'"prev":\[((?:{_SIGNATURES})?)\],'
    rf'(?:"seal":\{{"count":({_INT}),"tree":"({KEY_PATTERN})"\}},)?'
    rf'"seq":({_INT}),'
    rf'"time":"({TIME_PATTERN})",'
    r'"v":1\}',
    re.ASCII,
)
_FIELDS = ("braid", "content", "kind", "media", "origin", "prev", "seq", "time", "v")
_OPTIONAL = ("about", "link", "seal")
_LINKS = msgspec.json.Decoder(tuple[Link, ...])
_KINDS = {str(kind): kind for kind in Kind}
_ORIGINS = {str(origin): origin for origin in Origin}


def is_media(text: str) -> bool:
    """Tell whether this is a media type a header may carry (SPEC §3.5)."""
    return len(text) <= MAX_MEDIA and _match_media(text) is not None


def write_header(header: Header) -> str:
    """Write a header in its one spelling; raises Malformed for a header §3 does not allow."""
    if not (header.about or header.link or header.seal):
        text = _write_plain(header)
        if text is not None:
            return text
    about = link = seal = previous = ""
    if header.about:
        about = '"about":["' + '","'.join(header.about) + '"],'
    if header.link:
        links = (
            f'{{"braid":"{at.braid}","node":"{at.node}","rel":"{at.rel}"}}' for at in header.link
        )
        link = '"link":[' + ",".join(links) + "],"
    if header.prev:
        previous = '"' + '","'.join(header.prev) + '"'
    if header.seal is not None:
        seal = f'"seal":{{"count":{header.seal.count},"tree":"{header.seal.tree}"}},'
    text = (
        f'{{{about}"braid":"{header.braid}","content":"{header.content}","kind":"{header.kind}",'
        f'{link}"media":"{header.media}","origin":"{header.origin}","prev":[{previous}],{seal}'
        f'"seq":{header.seq},"time":"{header.time}","v":1}}'
    )
    read_header(text)
    return text


def _write_plain(header: Header) -> str | None:
    """Write a header that has nothing optional; None where that cannot be vouched for.

    Most nodes are so, and reading each back would cost as much as all else but its signature: here
    each part is held to the grammar by itself, and what many nodes share is looked at once.
    """
    prev, seq = header.prev, header.seq
    if (
        _is_key(header.braid)
        and _match_key(header.content)
        and all(map(_match_signature, prev))
        and len(set(prev)) == len(prev) <= MAX_PREV
        and type(seq) is int
        and 0 <= seq <= _MAX_INT
        and _is_time(header.time)
    ):
        names = '"' + '","'.join(prev) + '"' if prev else ""
        return (
            f'{{"braid":"{header.braid}","content":"{header.content}",'
            f"{_plain_middle(header.kind, header.origin, header.media)}[{names}],"
            f'"seq":{seq},"time":"{header.time}","v":1}}'
        )
    return None


@functools.lru_cache(maxsize=256)
def _is_key(text: str) -> bool:
    return _match_key(text) is not None


_is_time = functools.lru_cache(maxsize=256)(is_time)


@functools.lru_cache(maxsize=256)
def _plain_middle(kind: Kind, origin: Origin, media: str) -> str:
    """Give what stands between `content` and `prev`; raises Malformed where SPEC §3 forbids it."""
    middle = f'"kind":"{kind}","media":"{media}","origin":"{origin}","prev":'
    nothing = "A" * 43
    read_header(
        f'{{"braid":"{nothing}","content":"{nothing}",{middle}[],'
        '"seq":0,"time":"2000-01-01T00:00:00.000Z","v":1}'
    )
    return middle


def read_header(text: str) -> Header:
    """Read a header from the string that was signed (SPEC §3).

    Raises Malformed: E_LIMIT for a list or string beyond its limit, E_PREV for a repeated
    `prev`, E_ABOUT for `about`, E_SEAL for a seal its kind does not take, E_HDR for the rest. What returns is
    well-formed, not yet trusted.
    """
    match = _HEADER.fullmatch(text) if len(text) <= MAX_HEADER else None
    if match is None:
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > MAX_HEADER:
            raise Malformed("E_LIMIT", f"header: expected at most {MAX_HEADER} bytes, got {size}")
        raise Malformed("E_HDR", f"header: {_explain(text)}")
    (about_text, braid, content, kind_text, links, media, origin_text, prev_text, count, tree,
     digits, time) = match.groups()  # fmt: skip
    prev = tuple(prev_text[1:-1].split('","')) if prev_text else ()
    if len(prev) > 1:
        _check_list("prev", prev, MAX_PREV, "E_PREV")
    if len(media) > MAX_MEDIA:
        raise Malformed("E_LIMIT", f"media: expected at most {MAX_MEDIA}, got {len(media)}")
    seq = _integer(digits, "seq")
    if not is_moment(time):
        raise Malformed("E_HDR", "time: not a moment that exists")
    kind, origin = _KINDS[kind_text], _ORIGINS[origin_text]
    if origin not in ORIGINS[kind]:
        raise Malformed("E_HDR", f"origin: {kind} cannot come from {origin}")
    if (count is not None) != (kind in HAS_SEAL):
        raise Malformed("E_SEAL", f"seal: not what kind {kind} takes")
    about = tuple(about_text[1:-1].split('","')) if about_text else ()
    header = Header(
        braid=braid,
        seq=seq,
        prev=prev,
        kind=kind,
        origin=origin,
        media=media,
        time=time,
        content=content,
        about=about,
        link=_LINKS.decode(f"[{links}]") if links else (),
        seal=SealClaim(_integer(count, "seal.count"), tree) if count else None,
    )
    if about or links:
        _check_references(header)
    return header


def _integer(digits: str, place: str) -> int:
    value = int(digits)
    if value > _MAX_INT:
        raise Malformed("E_HDR", f"{place}: expected an integer below 2^53")
    return value


def _check_list(name: str, signatures: tuple[str, ...], limit: int, code: str) -> None:
    if len(signatures) > limit:
        raise Malformed("E_LIMIT", f"{name}: expected at most {limit}, got {len(signatures)}")
    if len(set(signatures)) != len(signatures):
        raise Malformed(code, f"{name}: a signature stands twice")


def _check_references(header: Header) -> None:
    if header.about and header.kind not in MAY_HAVE_ABOUT:
        raise Malformed("E_ABOUT", f"about: kind {header.kind} takes none")
    _check_list("about", header.about, MAX_ABOUT, "E_ABOUT")
    if header.link and header.kind not in MAY_HAVE_LINK and header.seq != 0:
        raise Malformed("E_HDR", f"link: kind {header.kind} takes none")
    if len(header.link) > MAX_LINK:
        raise Malformed("E_LIMIT", f"link: expected at most {MAX_LINK}, got {len(header.link)}")


def _explain(text: str) -> str:
    """Say why the grammar does not match; the grammar alone decides that it does not."""
    if any(not "!" <= character <= "~" or character == "\\" for character in text):
        return "expected bytes 0x21 to 0x7E without a backslash"
    try:
        fields = strict_json.loads_object(text, "header", MAX_DEPTH)
    except Malformed as fault:
        return str(fault).removeprefix("header: ")
    for name in fields:
        if name not in _FIELDS + _OPTIONAL:
            return f"unknown field {name[:40]}"
    for name in _FIELDS:
        if name not in fields:
            return f"field {name} is missing"
    version = fields["v"]
    if version != 1 or isinstance(version, bool):
        return "v: expected 1"
    if list(fields) != sorted(fields):
        return "expected sorted names"
    for name in fields:
        if (reason := _explain_field(name, fields[name])) is not None:
            return f"{name}: {reason}"
    return "not in the one spelling of SPEC §3.1"


_TEXT_FIELDS = {
    "braid": (KEY_PATTERN, "a key of 43 characters of canonical base64url"),
    "content": (KEY_PATTERN, "a commitment of 43 characters of canonical base64url"),
    "kind": ("|".join(Kind), "a kind of SPEC §3.3"),
    "media": (_MEDIA, "a lower-case type/subtype without parameters"),
    "origin": ("|".join(Origin), "an origin of SPEC §3.3"),
    "time": (TIME_PATTERN, "YYYY-MM-DDTHH:MM:SS.mmmZ"),
}


def _explain_field(name: str, value: Json) -> str | None:
    if name in _TEXT_FIELDS:
        pattern, expected = _TEXT_FIELDS[name]
        if not isinstance(value, str) or re.fullmatch(pattern, value, re.ASCII) is None:
            return f"expected {expected}"
    elif name in ("prev", "about"):
        if not isinstance(value, list) or (name == "about" and not value):
            return "expected a list of signatures"
        for index, item in enumerate(value):
            if not isinstance(item, str) or re.fullmatch(SIGNATURE_PATTERN, item) is None:
                return f"[{index}]: expected 86 characters of canonical base64url"
    elif name == "seq" and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        return "expected an integer from 0"
    return None
