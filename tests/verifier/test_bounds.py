"""However large or slow the input, memory is bounded and the answer clear."""

from __future__ import annotations

import io
import itertools
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast

import pytest

from braid.encoding import encode, write_time
from braid.node import Kind, Origin
from braid.signing import SecretKey
from braid.strict_json import dumps
from braid.transcript import Layout, write_node
from braid.weave import Draft, weave
from braid_verifier import Policy, Report, Result, verify
from fakes.braids import START, Braid, conversation, fresh, sealed_conversation

ANYONE = Policy(allow_unknown_signer=True)
MIB = 1024 * 1024
HEAD = b'{"format":"braid-transcript/1","braid":"%b"' % Braid().braid.encode()


class Lazy(io.RawIOBase):
    """A source made of pieces as it is read; it gives at most `step` bytes at once."""

    def __init__(self, pieces: Iterable[bytes], step: int = MIB) -> None:
        self._pieces = iter(pieces)
        self._piece, self._at = b"", 0
        self._step = step
        self.given = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._at == len(self._piece):
            self._piece, self._at = next(self._pieces, b""), 0
        size = self._step if size < 0 else min(size, self._step)
        given = self._piece[self._at : self._at + size]
        self._at += len(given)
        self.given += len(given)
        return given


def judge(pieces: Iterable[bytes], step: int = MIB) -> Report:
    return verify(cast(BinaryIO, Lazy(pieces, step)), ANYONE)


def peak(pieces: Iterable[bytes]) -> tuple[Report, float]:
    """Verify, and give the memory that took at its highest, in MiB."""
    tracemalloc.start()
    try:
        report = judge(pieces)
        return report, tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def refusal(report: Report) -> str:
    assert report.result is Result.UNREADABLE
    return report.findings[0].code


def test_100_mib_of_zeros_are_refused_at_once() -> None:
    source = Lazy(itertools.repeat(bytes(MIB), 100))
    report = verify(cast(BinaryIO, source))
    assert refusal(report) == "E_JSON"
    assert source.given <= MIB


@pytest.mark.parametrize("start", [b" ", HEAD + b',"nodes":['])
def test_more_than_a_gib_is_refused_in_bounded_memory(start: bytes) -> None:
    blank = b" " * MIB
    report, used = peak(itertools.chain([start], itertools.repeat(blank)))
    assert refusal(report) == "E_LIMIT"
    assert used < 8


ENDLESS = {
    "string": ([HEAD + b',"x":"'], b"x" * MIB),
    "string of a node": ([HEAD + b',"nodes":[{"text":"'], b"x" * MIB),
    "numbers": ([b"["], b"1," * (MIB // 2)),
    "long number": ([HEAD + b',"x":1'], b"1" * MIB),
    "proofs": ([HEAD + b',"proofs":['], b"{}," * MIB),
    "values of a node": ([HEAD + b',"nodes":[{"h":['], b"0," * MIB),
    "brackets": ([HEAD + b',"x":'], b"[" * MIB),
}


@pytest.mark.parametrize(("start", "more"), ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_refused_in_bounded_memory(start: list[bytes], more: bytes) -> None:
    report, used = peak(itertools.chain(start, itertools.repeat(more)))
    assert refusal(report) in ("E_LIMIT", "E_DEPTH", "E_JSON")
    assert used < 300


@pytest.mark.parametrize(("more", "code"), [(-2, "E_EMPTY"), (-1, "E_LIMIT")])
def test_a_string_has_at_most_64_mib_as_it_stands(more: int, code: str) -> None:
    string = b'"' + b"x" * (64 * MIB + more) + b'"'
    assert refusal(judge([HEAD, b',"x":', string, b',"nodes":[]}'])) == code


def test_a_value_that_is_read_whole_has_at_most_128_mib() -> None:
    string = b'"' + b"x" * (45 * MIB) + b'"'
    node = [b'{"h":', string, b',"text":', string, b',"attrs":', string, b',"s":""}']
    assert refusal(judge([HEAD, b',"nodes":[', *node, b"]}"])) == "E_LIMIT"
    report = judge([HEAD, b',"nodes":[', *node[:4], b',"s":""}]}'])
    assert report.result is Result.FAILED


def test_endless_members_are_refused_in_bounded_memory() -> None:
    members = (
        b"".join(b',"%0*d":0' % (100, thousand + number) for number in range(1000))
        for thousand in itertools.count(0, 1000)
    )
    report, used = peak(itertools.chain([HEAD], members))
    assert refusal(report) == "E_LIMIT"
    assert used < 100


def test_more_than_a_million_nodes_are_refused() -> None:
    node = b'{"h":"{}","s":"%b"}\n' % encode(b"\xff" * 64).encode()
    pieces = itertools.repeat(node * 10_000)
    report = judge(itertools.chain([HEAD + b"}\n"], pieces))
    assert refusal(report) == "E_LIMIT"
    assert report.counts.nodes == 1_000_000
    assert report.omitted == 990_000


@pytest.mark.parametrize(("count", "result"), [(10_000, "failed"), (10_001, "unreadable")])
def test_entries_that_are_no_node_are_read_up_to_a_limit(count: int, result: str) -> None:
    node = b'{"h":"{}","s":"%b"}\n' % encode(b"\xff" * 64).encode()
    report = judge([HEAD + b"}\n", node, b"0\n" * count, node])
    assert (report.result, report.counts.nodes) == (
        result,
        min(count, 10_000) + 2 - (count > 10_000),
    )
    assert report.findings[0].code == ("E_JSON" if result == "failed" else "E_LIMIT")


def forms(count: int) -> Iterator[bytes]:
    """Give nodes whose signatures are distinct and none of them possible."""
    yield HEAD + b"}\n"
    for number in range(count):
        s = encode(number.to_bytes(32, "little") + b"\xff" * 32)
        yield b'{"attrs":"{}","h":"%b","s":"%b","salt":"%b","text":"%b"}\n' % (
            b"{}",
            s.encode(),
            b"A" * 43,
            b"word",
        )


def gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give the same bytes in fewer pieces: reading is not what is measured."""
    source = iter(pieces)
    while some := list(itertools.islice(source, 1000)):
        yield b"".join(some)


def test_200_000_nodes_are_remembered_by_their_signature_alone() -> None:
    report, used = peak(gathered(forms(200_000)))
    assert report.result is Result.FAILED
    assert report.findings[0].code == "E_SIG_FORM"
    assert (len(report.findings), report.omitted) == (10_002, 190_000)
    assert used < 100


def strand(count: int, words: bytes) -> Iterator[bytes]:
    """Give the lines of a braid of nodes one after another."""
    key = SecretKey(fresh("long"))
    yield b'{"format":"braid-transcript/1","braid":"%b"}\n' % encode(key.key).encode()
    prev: tuple[str, ...] = ()
    for seq in range(count):
        draft = Draft(Kind.TEXT, Origin.CLIENT, "text/plain", words, b"{}", prev)
        node = weave(key, draft, seq=seq, time=write_time(START), salt=fresh(f"salt {seq}"))
        prev = (node.s,)
        yield dumps(write_node(node)).encode() + b"\n"


def test_memory_grows_with_the_number_of_nodes_and_not_with_their_words() -> None:
    # Made before it is measured: only the verifier's memory counts.
    few, many = list(strand(1_000, b"word " * 20)), list(strand(4_000, b"word " * 20))
    long_words = list(strand(1_000, b"word " * 4_000))
    (small, used_few), (large, used_many), (wordy, used_wordy) = map(peak, (few, many, long_words))
    assert {small.result, large.result, wordy.result} == {Result.VERIFIED}
    assert large.counts.nodes == 4_000
    assert (used_many - used_few) * MIB / 3_000 < 600
    assert used_wordy - used_few < 2


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("step", [1, 7, 4096])
def test_short_reads_change_nothing(layout: Layout, step: int) -> None:
    braid = sealed_conversation()
    raw = braid.transcript(layout)
    assert judge([raw], step) == verify(raw, ANYONE)
    broken = raw.replace(b"Oslo", b"Rome", 1)
    assert judge([broken], step) == verify(broken, ANYONE)


def test_a_source_that_gives_a_byte_at_a_time_is_read_in_one_pass() -> None:
    raw = HEAD + b',"x":"' + b"y" * MIB + b'","nodes":[]}'
    assert refusal(judge([raw], 1)) == "E_EMPTY"


def test_a_source_that_does_not_block_is_refused() -> None:
    class Waiting(io.RawIOBase):
        def read(self, size: int = -1) -> None:
            return None

    with pytest.raises(ValueError, match="source: expected a blocking stream"):
        verify(cast(BinaryIO, Waiting()))


def test_what_a_source_raises_passes_through() -> None:
    def failing() -> Iterator[bytes]:
        yield conversation().transcript()[:500]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        judge(failing())


def test_a_source_is_read_from_where_it_stands_and_left_open() -> None:
    braid = conversation()
    source = io.BytesIO(b"before" + braid.transcript())
    source.seek(6)
    assert verify(source, roots=[braid.pin]).result is Result.VERIFIED
    assert not source.closed
