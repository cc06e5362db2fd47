"""Transcripts: a braid as one portable file, read as a stream (SPEC §10).

Reading says what is there and what has the wrong shape; whether it is true is the
verifier's job.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import BinaryIO

import msgspec

from braid.certificate import Certificate
from braid.content import MAX_CONTENT, SALT_BYTES
from braid.encoding import decode, encode
from braid.errors import Malformed
from braid.json_stream import JsonStream, Unreadable
from braid.signing import SIGNATURE_BYTES
from braid.strict_json import Json, dumps

FORMAT = "braid-transcript/1"
MAX_TRANSCRIPT = 1024**3  # bytes, SPEC §12
MAX_NODES = 1_000_000
MAX_ILL_SHAPED = 10_000  # entries that have no node's shape, each read token by token


class Layout(StrEnum):
    """The two spellings of a transcript."""

    JSON = "json"
    LINES = "jsonl"


class Opened(msgspec.Struct, frozen=True, gc=False):
    """What a node says once its salt is at hand."""

    salt: bytes
    content: bytes
    attrs: bytes


class StoredNode(msgspec.Struct, frozen=True, gc=False):
    """A node as it stands in a transcript: header and signature in text form, content as bytes.

    `opened` is None for an erased node. `bsalt` stands beside a call or end only.
    """

    h: str
    s: str
    opened: Opened | None
    bsalt: bytes | None = None


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One element of `nodes`: a node, or why it has no node's shape (SPEC §10.2).

    `signature` is the 64 bytes that `s` stands for, also where something else is at fault;
    b"" where `s` stands for none.
    """

    index: int
    node: StoredNode | None
    fault: Malformed | None
    signature: bytes


class _Members(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    h: str
    s: str
    salt: str | None = None
    attrs: str | None = None
    text: str | None = None
    b64: str | None = None
    bsalt: str | None = None


_decode_members = msgspec.json.Decoder(_Members).decode
_encode_members = msgspec.json.Encoder().encode
_NAMES = frozenset(_Members.__struct_fields__)


def read_node(members: Mapping[str, Json]) -> StoredNode:
    """Read one node from its members.

    Raises Malformed: E_JSON for unknown, missing, ill-typed or half-erased members, E_ENC
    for bad base64url, E_LIMIT for content beyond 32 MiB.
    """
    for name, value in members.items():
        if name not in _NAMES:
            raise Malformed("E_JSON", f"unknown member {name[:40]!a}")
        if not isinstance(value, str):
            raise Malformed("E_JSON", f"{name}: expected a string")
    if "h" not in members or "s" not in members:
        raise Malformed("E_JSON", "expected the members h and s")
    return _open(msgspec.convert(members, _Members))[0]


def _open(members: _Members) -> tuple[StoredNode, bytes]:
    """Decode members; the second of the pair is the signature."""
    salt, attrs, text, b64 = members.salt, members.attrs, members.text, members.b64
    if text is not None and b64 is not None:
        raise Malformed("E_JSON", "expected one of text and b64, got both")
    opened = None
    if salt is not None and attrs is not None and (text is not None or b64 is not None):
        content = text.encode("utf-8") if text is not None else decode(b64 or "", "b64")
        attrs_bytes = attrs.encode("utf-8")
        if len(content) + len(attrs_bytes) > MAX_CONTENT:
            raise Malformed("E_LIMIT", f"content: expected at most {MAX_CONTENT} bytes with attrs")
        opened = Opened(decode(salt, "salt", SALT_BYTES), content, attrs_bytes)
    elif not (salt is None and attrs is None and text is None and b64 is None):
        raise Malformed("E_JSON", "expected salt, attrs and one of text and b64, or none of them")
    signature = decode(members.s, "s", SIGNATURE_BYTES)
    bsalt = None if members.bsalt is None else decode(members.bsalt, "bsalt", SALT_BYTES)
    return StoredNode(members.h, members.s, opened, bsalt), signature


def write_node(node: StoredNode) -> dict[str, Json]:
    """Write the members of a node; `text` exactly when the content is UTF-8 (SPEC §10.2)."""
    members: dict[str, Json] = {"h": node.h, "s": node.s}
    if node.opened is not None:
        members["salt"] = encode(node.opened.salt)
        members["attrs"] = node.opened.attrs.decode("utf-8")
        try:
            members["text"] = node.opened.content.decode("utf-8")
        except UnicodeDecodeError:
            members["b64"] = encode(node.opened.content)
    if node.bsalt is not None:
        members["bsalt"] = encode(node.bsalt)
    return members


class TranscriptReader:
    """Reads the head of a transcript, then its nodes one by one, then its proofs.

    Raises Unreadable from any step for what SPEC §10.4 calls unreadable. What has merely
    the wrong shape is collected in `faults`, or stands in the entry it concerns.
    """

    def __init__(self, source: bytes | BinaryIO) -> None:
        self.layout = Layout.JSON
        self.braid: str | None = None
        self.certificate: Certificate | None = None
        self.proofs: list[Json] = []
        self.faults: list[Malformed] = []
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        self._stream = JsonStream(stream, MAX_TRANSCRIPT)
        self._members = self._stream.members()
        self._seen: set[str] = set()
        self._read_head()

    def _read_head(self) -> None:
        stream = self._stream
        if stream.starts_with_byte_order_mark():
            raise stream.fail("E_UTF8", "expected no byte-order mark")
        start = stream.offset
        stream.skip_space()
        indented = stream.offset > start
        if not stream.peek():
            raise stream.fail("E_EMPTY", "expected a transcript, got nothing")
        if stream.peek() != b"{":
            try:
                stream.value()  # whether it is JSON at all
            except Unreadable as fault:
                raise Unreadable(fault.code, f"not a transcript: {fault}") from fault
            raise stream.fail("E_VERSION", "not a transcript: expected a JSON object")
        if self._walk():
            self._check_head()
            return
        self._check_head()
        lines = not indented and not stream.crossed_line and "nodes" not in self._seen
        if lines and stream.peek() == b"\n":
            stream.take(b"\n")
            self.layout = Layout.LINES
            if "proofs" in self._seen:
                self.faults.append(Malformed("E_JSON", "proofs: expected on the last line"))
            return
        stream.skip_space()
        if stream.peek():
            raise stream.fail("E_JSON", "expected the end of the transcript")
        raise stream.fail("E_EMPTY", "the transcript has no nodes")

    def _walk(self) -> bool:
        """Read members up to `nodes`; False when the object ended."""
        for name in self._members:
            if name == "nodes":
                self._seen.add(name)
                if self._stream.peek() == b"[":
                    return True
                self._stream.value(2)
                self.faults.append(Malformed("E_JSON", "nodes: expected a list"))
                continue
            self._member(name)
        return False

    def _member(self, name: str) -> None:
        value = self._stream.value(2)
        if name == "format":
            if value != FORMAT:
                raise self._stream.fail("E_VERSION", f"not a transcript: expected {FORMAT}")
        elif "nodes" in self._seen and name != "proofs":
            self.faults.append(Malformed("E_JSON", f"{name[:40]!a}: unknown, or after nodes"))
        elif name == "braid":
            self._read_braid(value)
        elif name == "certificate":
            self._read_certificate(value)
        elif name == "proofs":
            self._read_proofs(value)
        else:
            self.faults.append(Malformed("E_JSON", f"unknown member {name[:40]!a}"))
        self._seen.add(name)

    def _check_head(self) -> None:
        if "format" not in self._seen:
            raise self._stream.fail("E_VERSION", "not a transcript: no format before the nodes")
        if "braid" not in self._seen:
            self.faults.append(Malformed("E_JSON", "expected the member braid before nodes"))

    def _read_braid(self, value: Json) -> None:
        try:
            if not isinstance(value, str):
                raise Malformed("E_JSON", "braid: expected a string")
            decode(value, "braid", 32)
        except Malformed as fault:
            self.faults.append(fault)
        else:
            self.braid = value

    def _read_certificate(self, value: Json) -> None:
        if isinstance(value, dict) and set(value) == {"h", "s", "pop"}:
            h, s, pop = value["h"], value["s"], value["pop"]
            if isinstance(h, str) and isinstance(s, str) and isinstance(pop, str):
                self.certificate = Certificate(h, s, pop)
                return
        self.faults.append(Malformed("E_JSON", "certificate: expected the strings h, s and pop"))

    def _read_proofs(self, value: Json) -> None:
        if isinstance(value, list) and all(
            isinstance(proof, dict) and isinstance(proof.get("type"), str) for proof in value
        ):
            self.proofs = value
        else:
            self.faults.append(Malformed("E_JSON", "proofs: expected a list of {type, ...}"))

    def __iter__(self) -> Iterator[Entry]:
        """Give the nodes in order; call once."""
        count = ill_shaped = 0
        for entry in self._lines() if self.layout is Layout.LINES else self._elements():
            count += 1
            if count > MAX_NODES:
                raise self._stream.fail("E_LIMIT", f"more than {MAX_NODES} nodes")
            ill_shaped += entry.node is None
            if ill_shaped > MAX_ILL_SHAPED:
                raise self._stream.fail(
                    "E_LIMIT", f"more than {MAX_ILL_SHAPED} entries are no node"
                )
            yield entry
        if count == 0:
            raise self._stream.fail("E_EMPTY", "the transcript has no nodes")

    def _elements(self) -> Iterator[Entry]:
        for index, _ in enumerate(self._stream.items()):
            yield self._quick_entry(index) or _entry(index, self._stream.value(3))
        self._walk()
        self._stream.skip_space()
        if self._stream.peek():
            raise self._stream.fail("E_JSON", "expected the end of the transcript")

    def _lines(self) -> Iterator[Entry]:
        stream, index = self._stream, 0
        while stream.peek():
            entry = self._quick_entry(index)
            if entry is not None:
                stream.skip(1)  # what `line` stopped before
            else:
                members = stream.value(1, inline=True)
                if isinstance(members, dict) and set(members) == {"proofs"}:
                    self._read_proofs(members["proofs"])
                    stream.take(b"\n")
                    if stream.peek():
                        raise stream.fail("E_JSON", "expected the end after the line of proofs")
                    return
                entry = _entry(index, members)
                stream.take(b"\n")
            yield entry
            index += 1

    def _quick_entry(self, index: int) -> Entry | None:
        """Read a node that has a line of its own; None leaves the cursor where it was."""
        line = self._stream.line()
        if self.layout is Layout.JSON:
            line = line.removesuffix(b",")
        try:
            members = _decode_members(line)
            # No spelling is shorter than the encoder's, and a repeated name makes the line
            # longer: so a line of this length says nothing twice.
            if len(_encode_members(members)) != len(line):
                return None
            node, signature = _open(members)
        except (msgspec.MsgspecError, UnicodeDecodeError, Malformed):
            return None
        self._stream.skip(len(line))
        return Entry(index, node, None, signature)


def _entry(index: int, members: Json) -> Entry:
    if not isinstance(members, dict):
        return Entry(index, None, Malformed("E_JSON", "expected an object"), b"")
    s = members.get("s")
    try:
        signature = decode(s, "s", SIGNATURE_BYTES) if isinstance(s, str) else b""
    except Malformed:
        signature = b""
    try:
        return Entry(index, read_node(members), None, signature)
    except Malformed as fault:
        return Entry(index, None, fault, signature)


def write_transcript(
    braid: str,
    certificate: Certificate | None,
    nodes: Iterable[StoredNode],
    proofs: Iterable[Json] = (),
    layout: Layout = Layout.JSON,
) -> Iterator[bytes]:
    """Write a transcript piece by piece (SPEC §10), a node a line in either layout."""
    head: dict[str, Json] = {"format": FORMAT, "braid": braid}
    if certificate is not None:
        head["certificate"] = {"h": certificate.h, "s": certificate.s, "pop": certificate.pop}
    kept = list(proofs)
    if layout is Layout.LINES:
        yield dumps(head).encode("utf-8") + b"\n"
        for node in nodes:
            yield dumps(write_node(node)).encode("utf-8") + b"\n"
        if kept:
            yield dumps({"proofs": kept}).encode("utf-8") + b"\n"
        return
    yield dumps(head).encode("utf-8")[:-1] + b',"nodes":[\n'
    for index, node in enumerate(nodes):
        yield (b",\n" if index else b"") + dumps(write_node(node)).encode("utf-8")
    yield b"\n]" + (b',"proofs":' + dumps(kept).encode("utf-8") if kept else b"") + b"}\n"


__all__ = [
    "FORMAT", "MAX_NODES", "MAX_TRANSCRIPT", "Entry", "Layout", "Opened", "StoredNode",
    "TranscriptReader", "Unreadable", "read_node", "write_node", "write_transcript",
]  # fmt: skip
