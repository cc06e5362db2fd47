"""However large the input, the JavaScript verifier's memory is bounded and its answer clear."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from braid.encoding import encode
from conformance.second_verifier import node_command
from fakes.braids import Braid

MEASURE = Path(__file__).with_name("measure.mjs")
MIB = 1024 * 1024
HEAP_MIB = 400  # what V8 may keep of strings, maps and objects; it ends the process at more
HEAD = b'{"format":"braid-transcript/1","braid":"%b"' % Braid().braid.encode()

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")


def measured(pieces: Iterable[bytes]) -> dict[str, Any]:
    """Verify a stream in a process of little memory, until it is through or wants no more."""
    with subprocess.Popen(
        [node_command(), f"--max-old-space-size={HEAP_MIB}", str(MEASURE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin and process.stdout
        try:
            for piece in pieces:
                process.stdin.write(piece)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has seen enough
        said: dict[str, Any] = json.loads(process.stdout.read())
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
    return said


def nodes(count: int) -> Iterator[bytes]:
    """Give nodes in JSON Lines whose signatures are distinct and none of them possible."""
    yield HEAD + b"}\n"
    for start in range(0, count, 1000):
        yield b"".join(
            b'{"attrs":"{}","h":"{}","s":"%b","salt":"%b","text":"word"}\n'
            % (encode(number.to_bytes(32, "little") + b"\xff" * 32).encode(), b"A" * 43)
            for number in range(start, start + 1000)
        )


def test_a_million_nodes_stay_within_bounded_memory() -> None:
    said = measured(nodes(1_000_000))
    assert (said["result"], said["first"], said["nodes"]) == ("failed", "E_SIG_FORM", 1_000_000)
    assert said["omitted"] == 990_000
    assert said["mib"] < 800


def test_more_than_a_million_nodes_are_refused() -> None:
    node = b'{"h":"{}","s":"%b"}\n' % encode(b"\xff" * 64).encode()
    said = measured(itertools.chain([HEAD + b"}\n"], itertools.repeat(node * 10_000)))
    assert (said["result"], said["first"], said["nodes"]) == ("unreadable", "E_LIMIT", 1_000_000)


@pytest.mark.parametrize(("count", "result"), [(10_000, "failed"), (10_001, "unreadable")])
def test_more_than_10_000_nodes_of_another_shape_are_refused(count: int, result: str) -> None:
    assert measured([HEAD + b"}\n", b"0\n" * count])["result"] == result


ENDLESS = {
    "noise": ([HEAD + b',"nodes":['], bytes(MIB), 200),
    "white space": ([HEAD + b',"nodes":['], b" " * MIB, 200),
    "string": ([HEAD + b',"x":"'], b"x" * MIB, 500),
    "string of a node": ([HEAD + b',"nodes":[{"text":"'], b"x" * MIB, 500),
    "escapes": ([HEAD + b',"nodes":[{"text":"'], b"\\u0000\\n" * (MIB // 8), 500),
    "numbers": ([b"["], b"1," * (MIB // 2), 200),
    "long number": ([HEAD + b',"x":1'], b"1" * MIB, 200),
    "proofs": ([HEAD + b',"proofs":['], b"{}," * MIB, 200),
    "values of a node": ([HEAD + b',"nodes":[{"h":['], b"0," * MIB, 200),
    "white space in a node": ([HEAD + b',"nodes":[{'], b" " * MIB, 800),
    "brackets": ([HEAD + b',"x":'], b"[" * MIB, 200),
}


@pytest.mark.parametrize(("start", "more", "mib"), ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_refused_in_bounded_memory(
    start: list[bytes], more: bytes, mib: int
) -> None:
    said = measured(itertools.chain(start, itertools.repeat(more)))
    assert said["result"] == "unreadable"
    assert said["first"] in ("E_LIMIT", "E_DEPTH", "E_JSON")
    assert said["mib"] < mib


def test_endless_members_are_refused_in_bounded_memory() -> None:
    members = (
        b"".join(b',"%0*d":0' % (100, thousand + number) for number in range(1000))
        for thousand in itertools.count(0, 1000)
    )
    said = measured(itertools.chain([HEAD], members))
    assert (said["result"], said["first"]) == ("unreadable", "E_LIMIT")
    assert said["mib"] < 200


@pytest.mark.parametrize(("more", "code"), [(-2, "E_EMPTY"), (-1, "E_LIMIT")])
def test_a_string_has_at_most_64_mib_as_it_stands(more: int, code: str) -> None:
    string = b'"' + b"x" * (64 * MIB + more) + b'"'
    assert measured([HEAD, b',"x":', string, b',"nodes":[]}'])["first"] == code


def test_a_value_that_is_read_whole_has_at_most_128_mib() -> None:
    string = b'"' + b"x" * (45 * MIB) + b'"'
    node = [b'{"h":', string, b',"text":', string, b',"attrs":', string, b',"s":""}']
    assert measured([HEAD, b',"nodes":[', *node, b"]}"])["first"] == "E_LIMIT"
    said = measured([HEAD, b',"nodes":[', *node[:4], b',"s":""}]}'])
    assert said["result"] == "failed"


@pytest.mark.parametrize(("values", "result"), [(99_999, "failed"), (100_000, "unreadable")])
def test_a_value_read_whole_holds_at_most_100_000_values(values: int, result: str) -> None:
    """The outermost is one of them; names are none (SPEC §12). Both verifiers count alike."""
    from braid_verifier import verify

    raw = b'%b,"x":[%b],"nodes":[0]}' % (HEAD, b",".join([b"0"] * values))
    assert measured([raw])["result"] == result
    assert str(verify(raw).result) == result
