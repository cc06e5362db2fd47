"""Transcripts: writing and reading them back, in any layout and any pieces (SPEC §10)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from braid.certificate import Certificate
from braid.encoding import encode
from braid.errors import Malformed
from braid.strict_json import Json
from braid.transcript import (
    Entry,
    Layout,
    Opened,
    StoredNode,
    TranscriptReader,
    Unreadable,
    read_node,
    write_node,
    write_transcript,
)

KEY = encode(bytes(range(32)))
WORDS = st.text(max_size=12) | st.sampled_from(
    ['\x7f\u2028"\\/\b\f\n\r\t\x00', "\U0001f600" * 3, ""]
)
BYTES_32 = st.binary(min_size=32, max_size=32)
CONTENTS = WORDS.map(lambda text: text.encode("utf-8")) | st.binary(max_size=12)
OPENED = st.builds(Opened, BYTES_32, CONTENTS, WORDS.map(lambda text: text.encode("utf-8")))
NODES = st.builds(
    StoredNode,
    h=WORDS,
    s=st.binary(min_size=64, max_size=64).map(encode),
    opened=st.none() | OPENED,
    bsalt=st.none() | BYTES_32,
)
CERTIFICATES = st.none() | st.builds(Certificate, WORDS, WORDS, WORDS)
PROOFS: st.SearchStrategy[list[Json]] = st.lists(
    st.fixed_dictionaries({"type": WORDS}, optional={"value": st.integers() | WORDS}), max_size=2
).map(lambda proofs: [dict(proof) for proof in proofs])


class Dribble(io.RawIOBase):
    """A source that gives what it likes: short reads, never more than asked."""

    def __init__(self, raw: bytes, sizes: Iterator[int]) -> None:
        self._rest, self._sizes = memoryview(raw), sizes

    def read(self, size: int = -1) -> bytes:
        count = min(size if size >= 0 else len(self._rest), max(1, next(self._sizes)))
        piece, self._rest = bytes(self._rest[:count]), self._rest[count:]
        return piece


def dribble(raw: bytes, *sizes: int) -> BinaryIO:
    def forever() -> Iterator[int]:
        while True:
            yield from sizes

    return cast(BinaryIO, Dribble(raw, forever()))


class SlowReader(TranscriptReader):
    """Reads every node token by token."""

    def _quick_entry(self, index: int) -> Entry | None:
        return None


def outcome(source: bytes | BinaryIO, reading: type[TranscriptReader] = TranscriptReader) -> Any:
    """Give all a reader says of a file; anything but a refusal escapes and fails the test."""
    reader, entries = None, []
    try:
        reader = reading(source)
        for entry in reader:
            fault = entry.fault and (entry.fault.code, str(entry.fault))
            entries.append((entry.index, entry.node, fault, entry.signature))
        stopped = None
    except Unreadable as fault:
        stopped = fault.code
    if reader is None:
        return stopped
    faults = [(fault.code, str(fault)) for fault in reader.faults]
    return (
        stopped, reader.layout, reader.braid, reader.certificate, reader.proofs, faults, entries,
    )  # fmt: skip


def code(source: bytes | BinaryIO) -> str | None:
    """Give the code a file is unreadable with, or None."""
    said = outcome(source)
    return said if isinstance(said, str) else cast(str | None, said[0])


def node(i: int = 0, **changed: Any) -> dict[str, Any]:
    """The members of a node that has a node's shape."""
    members = {
        "h": "{}", "s": encode(bytes([i]) * 64), "salt": encode(bytes(32)), "attrs": "{}", "text": "x",
    }  # fmt: skip
    return {name: value for name, value in {**members, **changed}.items() if value is not None}


def document(*nodes: Any, **members: Any) -> bytes:
    head = {"format": "braid-transcript/1", "braid": KEY, "nodes": list(nodes)}
    return json.dumps({**head, **members}).encode("utf-8")


def whole(count: int = 3, layout: Layout = Layout.JSON) -> bytes:
    """A transcript as this project writes it."""
    nodes = [read_node(node(i, text=f"wörd {i}")) for i in range(count)]
    proofs: list[Json] = [{"type": "x"}]
    return b"".join(write_transcript(KEY, Certificate("h", "s", "p"), nodes, proofs, layout))


# --- writing and reading back


@settings(max_examples=60)
@given(CERTIFICATES, st.lists(NODES, min_size=1, max_size=4), PROOFS, st.sampled_from(Layout))
def test_reading_undoes_writing(
    certificate: Certificate | None, nodes: list[StoredNode], proofs: list[Json], layout: Layout
) -> None:
    raw = b"".join(write_transcript(KEY, certificate, nodes, proofs, layout))
    reader = TranscriptReader(raw)
    assert [entry.node for entry in reader] == nodes
    assert (reader.layout, reader.braid, reader.certificate) == (layout, KEY, certificate)
    assert (reader.proofs, reader.faults) == (proofs, [])
    for line in raw.removesuffix(b"\n").split(b"\n"):
        assert layout is Layout.JSON or json.loads(line)


@settings(max_examples=60)
@given(st.lists(NODES, min_size=1, max_size=4), st.sampled_from(Layout), st.data())
def test_pieces_of_any_size_change_nothing(
    nodes: list[StoredNode], layout: Layout, data: st.DataObject
) -> None:
    raw = b"".join(write_transcript(KEY, None, nodes, [{"type": "x"}], layout))
    sizes = data.draw(st.lists(st.integers(1, 60), min_size=1, max_size=5))
    assert outcome(dribble(raw, *sizes)) == outcome(raw)


def test_a_file_across_many_chunks_is_read_byte_by_byte_alike() -> None:
    """Longer than any buffer, so that tokens stand across its edges."""
    nodes = [read_node(node(i % 251, text='é\\"\n' * (i % 97) * 40)) for i in range(150)]
    for layout in Layout:
        raw = b"".join(write_transcript(KEY, None, nodes, (), layout))
        assert len(raw) > 1_000_000
        read = [entry.node for entry in TranscriptReader(dribble(raw, 65521, 1, 4099))]
        assert read == nodes


@settings(max_examples=150)
@given(st.lists(NODES, min_size=1, max_size=3), st.sampled_from(Layout), st.data())
def test_the_quick_way_and_the_slow_way_say_the_same(
    nodes: list[StoredNode], layout: Layout, data: st.DataObject
) -> None:
    raw = bytearray(b"".join(write_transcript(KEY, None, nodes, [{"type": "x"}], layout)))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        cut = data.draw(st.integers(0, 3))
        pieces = [b"", b'"', b"\\", b",", b"\n", b" ", b"{", b"}", b"]", b"\xff", b"\xc3\xa9", b"\x00",
                  b'"s":"",', b'"text":"",', b'"text":null,', b"null", b"\\u0041", b"\\ud800"]  # fmt: skip
        raw[at : at + cut] = data.draw(st.sampled_from(pieces))
    assert outcome(bytes(raw)) == outcome(bytes(raw), SlowReader)


HARD_LINES = [
    node(text="a", b64="YQ"),
    node(text=None),
    node(salt=None),
    node(salt=None, attrs=None, text=None),
    node(role="assistant"),
    node(s="x"),
    node(s=encode(bytes(63))),
    node(salt=encode(bytes(31))),
    node(bsalt=encode(bytes(31))),
    node(b64="YR", text=None),
    node(text=7),
    node(h=["x"]),
    {"h": "{}"},
    {"s": encode(bytes(64))},
    {},
    [],
    "node",
    7,
    None,
]


@pytest.mark.parametrize("members", HARD_LINES, ids=range(len(HARD_LINES)))
@pytest.mark.parametrize("layout", Layout)
def test_a_node_of_another_shape_is_the_same_fault_either_way(members: Any, layout: Layout) -> None:
    for separators in ((",", ":"), (", ", ": ")):
        line = json.dumps(members, separators=separators).encode()
        if layout is Layout.LINES:
            head = json.dumps({"format": "braid-transcript/1", "braid": KEY}).encode()
            raw = head + b"\n" + line + b"\n"
        else:
            raw = b'{"format":"braid-transcript/1","braid":"%b","nodes":[\n%b\n]}' % (
                KEY.encode(), line,
            )  # fmt: skip
        quick = outcome(raw)
        assert quick == outcome(raw, SlowReader)
        assert quick[0] is None
        assert len(quick[6]) == 1


@pytest.mark.parametrize("null", ["salt", "attrs", "text", "b64", "bsalt", "h", "s"])
def test_null_is_not_absent(null: str) -> None:
    members = {**node(), null: None}
    raw = document().replace(
        b"[]", b"[\n" + json.dumps(members, separators=(",", ":")).encode() + b"\n]"
    )
    entry = outcome(raw)[6][0]
    assert entry[1] is None
    assert entry[2][0] == "E_JSON"


def test_a_repeated_name_in_a_node_is_seen_however_it_is_spelled() -> None:
    line = json.dumps(node(), separators=(",", ":")).encode()
    for again in (
        line.replace(b'"text":"x"', b'"text":"y","text":"x"'),
        line.replace(b'"text":"x"', b'"te\\u0078t":"y","text":"x"'),
        line.replace(b'"text":"x"', b'"text":"x","text":null'),
        line.replace(b'"text":"x"', b'"text":"","text":"x"').replace(b'"h":"{}"', b'"h":""'),
    ):
        assert again != line
        raw = document().replace(b"[]", b"[\n" + again + b"\n]")
        assert code(raw) == "E_DUPKEY"
        assert code(raw.replace(b"\n", b"")) == "E_DUPKEY"


@given(NODES)
def test_a_node_is_its_members(stored: StoredNode) -> None:
    members = write_node(stored)
    assert read_node(members) == stored
    if stored.opened is not None:
        try:
            stored.opened.content.decode("utf-8")
        except UnicodeDecodeError:
            assert "b64" in members
        else:
            assert "text" in members
        assert ("text" in members) != ("b64" in members)


# --- files that end too early


def test_cut_anywhere_a_json_transcript_is_unreadable() -> None:
    raw = whole()
    for at in range(len(raw) - 1):
        assert code(raw[:at]) in {"E_JSON", "E_EMPTY"}, at
    assert code(raw[:-1]) is None
    assert code(raw) is None


def test_cut_anywhere_json_lines_are_unreadable_or_end_with_a_whole_line() -> None:
    raw = whole(layout=Layout.LINES)
    for at in range(len(raw)):
        said = outcome(raw[:at])
        if raw[:at].count(b"\n") > 1 and raw[:at].endswith(b"\n"):
            assert said[0] is None
            assert len(said[6]) == raw[:at].count(b"\n") - 1
        else:
            stopped = said if isinstance(said, str) else said[0]
            assert stopped in {"E_JSON", "E_EMPTY"}, at


@pytest.mark.parametrize("layout", Layout)
def test_what_stands_before_a_cut_is_given_before_the_refusal(layout: Layout) -> None:
    raw = whole(layout=layout)
    cut = raw[: raw.index(b"w\xc3\xb6rd 2")]
    said = outcome(cut)
    assert (said[0], len(said[6])) == ("E_JSON", 2)


# --- hostile files


HEAD = b'{"format":"braid-transcript/1","braid":"' + KEY.encode() + b'"'


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "E_EMPTY"),
        (b"\n", "E_EMPTY"),
        (b"\xef\xbb\xbf", "E_UTF8"),
        (b"\xff\xfe{\x00}\x00", "E_UTF8"),
        (b"\x00", "E_JSON"),
        (b"null", "E_VERSION"),
        (b'"' + b"x" * 100 + b'"', "E_VERSION"),
        (b"nul", "E_JSON"),
        (b"{}", "E_VERSION"),
        (b'{"format":"braid-transcript/1"}', "E_EMPTY"),
        (b"[" * 1_000_000, "E_DEPTH"),
        (b'{"a":' * 1_000_000, "E_DEPTH"),
        (HEAD + b',"nodes":' + b"[" * 1_000_000, "E_DEPTH"),
        (HEAD + b',"proofs":' + b"[" * 1_000_000, "E_DEPTH"),
        (HEAD + b',"nodes":[' + b'{"a":' * 1_000_000, "E_DEPTH"),
        (HEAD + b"}\n" + b"[" * 1_000_000, "E_DEPTH"),
        (HEAD + b',"nodes":[{"h":"' + b"x" * 3_000_000, "E_JSON"),
        (HEAD + b',"nodes":[{"h":"' + b"\\" * 1_000_001, "E_JSON"),
        (HEAD + b',"nodes":[{"h":"' + b"\\u00" * 300_000, "E_JSON"),
        (HEAD + b',"nodes":[' + b" " * 3_000_000, "E_JSON"),
        (HEAD + b',"nodes":[' + b"9" * 3_000_000, "E_JSON"),
        (HEAD + b',"nodes":[' + b"-" * 3_000_000, "E_JSON"),
        (HEAD + b',"proofs":[' + b"0," * 200_000 + b"0]}", "E_LIMIT"),
        (HEAD + b',"nodes":[{"h":"\xed\xa0\x80"}]}', "E_UTF8"),
        (HEAD + b',"nodes":[{"h":"\\ud800"}]}', "E_JSON"),
        (HEAD + b',"nodes":[{"h":"\\ud83d\\u0041"}]}', "E_JSON"),
        (HEAD + b',"nodes":[{"\\udfff":""}]}', "E_JSON"),
        (HEAD + b',"nodes":[{"h":"","h":""}]}', "E_DUPKEY"),
        (HEAD + b',"nodes":[{"h":[{"a":1,"a":1}]}]}', "E_DUPKEY"),
        (HEAD + b',"braid":""', "E_DUPKEY"),
        (HEAD + b',"nodes":[0],"nodes":[0]}', "E_DUPKEY"),
        (HEAD + b',"nodes":[0],"proofs":[],"proofs":[]}', "E_DUPKEY"),
        (HEAD + b',"certificate":{"h":"","h":""}}', "E_DUPKEY"),
        (HEAD + b',"nodes":[0]}\n{}', "E_JSON"),
        (HEAD + b',"nodes":[0 0]}', "E_JSON"),
        (HEAD + b',"nodes":[0}', "E_JSON"),
        (HEAD + b',"nodes":[0],}', "E_JSON"),
        (HEAD + b',"nodes":{}}', "E_EMPTY"),
        (HEAD + b"}\r\n0\r\n", "E_JSON"),
        (HEAD + b"}\n0\r\n", "E_JSON"),
        (HEAD + b"}\n\n0\n", "E_JSON"),
        (HEAD + b"}\n0\n\n", "E_JSON"),
        (HEAD + b"}\n0 \n", "E_JSON"),
        (HEAD + b"}\n 0\n", "E_JSON"),
        (HEAD + b"}\n0", "E_JSON"),
        (HEAD + b"}\n[0,\n0]\n", "E_JSON"),
        (HEAD + b'}\n{"proofs":[]}\n0\n', "E_JSON"),
        (HEAD + b'}\n{"proofs":[]}\n', "E_EMPTY"),
        (HEAD + b"}\n", "E_EMPTY"),
        (HEAD + b"\n}\n0\n", "E_JSON"),
    ],
    ids=range(50),
)  # fmt: skip
def test_what_cannot_be_read_says_why(raw: bytes, expected: str) -> None:
    assert code(raw) == expected
    if len(raw) < 1000:
        for size in (1, 3):
            assert code(dribble(raw, size)) == expected


def test_a_long_text_between_two_nodes_is_found_whole() -> None:
    """A string longer than any buffer, and then another node."""
    long = "é" * 3_000_000
    raw = document(node(0, text="LONG"), node(1)).replace(b"LONG", long.encode("utf-8"))
    entries = list(TranscriptReader(dribble(raw, 100_003)))
    assert [entry.fault for entry in entries] == [None, None]
    assert entries[0].node is not None and entries[0].node.opened is not None
    assert entries[0].node.opened.content == long.encode("utf-8")


def test_content_beyond_its_limit_is_a_fault_of_the_node_alone() -> None:
    raw = document(node(0, text="x" * (32 * 1024 * 1024 - 1)), node(1))
    first, second = TranscriptReader(raw)
    assert first.fault is not None and first.fault.code == "E_LIMIT"
    assert first.signature == bytes(64)
    assert second.fault is None


def test_a_string_beyond_its_limit_stops_the_reading() -> None:
    class Endless(io.RawIOBase):
        """A string that never ends, without the memory for one."""

        def __init__(self) -> None:
            self.given = 0

        def read(self, size: int = -1) -> bytes:
            start = HEAD + b',"nodes":[{"h":"' if self.given == 0 else b""
            piece = start + b"x" * (size - len(start))
            self.given += len(piece)
            return piece

    source = Endless()
    assert code(cast(BinaryIO, source)) == "E_LIMIT"
    assert source.given < 256 * 1024 * 1024


def test_a_million_and_one_nodes_are_too_many() -> None:
    class Many(io.RawIOBase):
        """Elements without end, though none is a node."""

        def __init__(self) -> None:
            self._started = False

        def read(self, size: int = -1) -> bytes:
            start = b"" if self._started else HEAD + b',"nodes":[\n'
            self._started = True
            return start + b"0,\n" * ((size - len(start)) // 3)

    nothing = Entry(0, StoredNode("", "", None), None, b"")

    class Skipping(TranscriptReader):
        """Looks at no element, so that a million take no time."""

        def _quick_entry(self, index: int) -> Entry | None:
            self._stream.skip(1)
            return nothing

    reader = Skipping(cast(BinaryIO, Many()))
    count = 0
    with pytest.raises(Unreadable) as caught:
        for _ in reader:
            count += 1
    assert (caught.value.code, count) == ("E_LIMIT", 1_000_000)


# --- members


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"comment": ""}, ["E_JSON"]),
        ({"braid": 7}, ["E_JSON"]),
        ({"braid": KEY[:-1] + "B"}, ["E_ENC"]),
        ({"certificate": None}, ["E_JSON"]),
        ({"certificate": {"h": "", "s": ""}}, ["E_JSON"]),
        ({"certificate": {"h": "", "s": "", "pop": "", "x": ""}}, ["E_JSON"]),
        ({"certificate": {"h": "", "s": "", "pop": 1}}, ["E_JSON"]),
        ({"proofs": {}}, ["E_JSON"]),
        ({"proofs": [{}]}, ["E_JSON"]),
        ({"proofs": [{"type": 1}]}, ["E_JSON"]),
        ({"proofs": []}, []),
    ],
)
def test_members_of_another_shape_are_faults_of_the_file(
    members: dict[str, Any], expected: list[str]
) -> None:
    head = {"format": "braid-transcript/1", "braid": KEY, **members}
    raw = json.dumps({**head, "nodes": [node()]}).encode()
    reader = TranscriptReader(raw)
    assert len(list(reader)) == 1
    assert [fault.code for fault in reader.faults] == expected


def test_members_after_the_nodes_are_refused_but_for_proofs() -> None:
    for late in ("braid", "certificate", "comment"):
        reader = TranscriptReader(document(node())[:-1] + b',"%b":""}' % (late + "2").encode())
        list(reader)
        assert [fault.code for fault in reader.faults] == ["E_JSON"]
    reader = TranscriptReader(document(node())[:-1] + b',"proofs":[{"type":"x"}]}')
    list(reader)
    assert (reader.faults, reader.proofs) == ([], [{"type": "x"}])


def test_messages_repeat_no_words_of_a_conversation() -> None:
    words = "a secret between friends"
    for raw in (
        document(node(text=words, b64="YQ")),
        document(node(text=words, salt=None)),
        document(node(text=words))[:-5],
        document(node(text=words)).replace(b"friends", b"friends\\ud800"),
        document(node(text=words)).replace(b'"text"', b'"text":"","text"'),
    ):
        faults: list[Malformed] = []
        try:
            faults = [entry.fault for entry in TranscriptReader(raw) if entry.fault]
        except Unreadable as fault:
            faults = [fault]
        assert faults
        assert all("secret" not in str(fault) for fault in faults)


def test_every_vector_is_read_alike_both_ways_and_in_pieces(vectors: Path) -> None:
    files = sorted((vectors / "transcripts").iterdir())
    assert len(files) > 200
    for file in files:
        raw = file.read_bytes()
        said = outcome(raw)
        assert outcome(raw, SlowReader) == said, file.name
        assert outcome(dribble(raw, 13)) == said, file.name
