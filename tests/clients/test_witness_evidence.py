"""What proves a fork, and what only looks like one (SPEC §13.3), over a real socket."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from braid.checkpoint import read_checkpoint
from braid.note import NoteSigner, SignatureType
from braid.tree import check_consistency
from braid_clients.log_source import LogSilent, LogSource
from braid_clients.witness import Forked, WitnessMemory, witness
from fakes.scripted_log import LOG, ScriptedLog, entries, scripted_log

KEY = NoteSigner("example.org/witness", bytes(range(32)), SignatureType.COSIGNATURE)


@pytest.fixture
def log() -> Iterator[ScriptedLog]:
    with scripted_log() as log:
        yield log


@pytest.fixture
def memory(tmp_path: Path) -> WitnessMemory:
    return WitnessMemory(tmp_path / "state")


def look(log: ScriptedLog, memory: WitnessMemory) -> int:
    """Look once; the size of what was cosigned."""
    return witness(
        LogSource(log.url), memory, LOG.public, KEY, 1_800_000_000
    ).signed.checkpoint.size


@pytest.mark.parametrize("size", [0, 1, 8, 13])
def test_an_older_checkpoint_is_no_fork(log: ScriptedLog, memory: WitnessMemory, size: int) -> None:
    """As a cache shows it: what it had then goes on in what it had later."""
    log.show(entries(20))
    assert look(log, memory) == 20
    log.show(entries(size), entries(20))
    with pytest.raises(LogSilent, match=f"has {size} entries, and had 20: what is served is old"):
        look(log, memory)
    log.show(entries(21))
    assert look(log, memory) == 21


def test_a_shorter_log_that_does_not_show_the_longer_one_is_not_cosigned(
    log: ScriptedLog, memory: WitnessMemory
) -> None:
    log.show(entries(20))
    look(log, memory)
    log.show(entries(13))
    with pytest.raises(LogSilent, match="has 13 entries, and had 20; whether it is the same log"):
        look(log, memory)


@pytest.mark.parametrize(
    ("old", "new", "spoilt"),
    [
        (20, 30, "tile/0/000.p/30"),
        (16, 30, "tile/0/000.p/30"),
        # Where the tree above does not show it: its tile is read from the other side.
        (20, 300, "tile/0/000"),
        (256, 300, "tile/1/000.p/1"),
        (256, 300, "tile/0/001.p/44"),
    ],
)
def test_a_bit_that_flipped_on_the_way_is_no_fork(
    log: ScriptedLog, memory: WitnessMemory, old: int, new: int, spoilt: str
) -> None:
    log.show(entries(old))
    look(log, memory)
    log.show(entries(new))
    log.spoilt.add(spoilt)
    with pytest.raises(LogSilent, match="the tiles served are not those of the checkpoint"):
        look(log, memory)
    log.spoilt.clear()
    assert look(log, memory) == new


@pytest.mark.parametrize(
    ("old", "new"), [(20, 20), (20, 30), (16, 30), (256, 300), (30, 20), (30, 16), (300, 7)]
)
def test_the_evidence_of_a_fork_proves_it(
    log: ScriptedLog, memory: WitnessMemory, old: int, new: int
) -> None:
    """By the two checkpoints and the path alone, to whoever has the log's key."""
    first, second = entries(old), entries(new, "other")
    log.show(first)
    look(log, memory)
    log.show(second, second if new >= old else first)
    caught: list[Path] = []
    for _ in range(2):
        with pytest.raises(Forked) as fork:
            look(log, memory)
        known = memory.read()
        assert known is not None and known[1] is not None
        caught.append(memory.keep_evidence(LOG.public, known[1], fork.value))
    assert caught[0] == caught[1]
    told = json.loads(caught[0].read_bytes())
    kept = [read_checkpoint(told[name].encode()).checkpoint for name in ("remembered", "served")]
    assert [one.size for one in kept] == [old, new]
    smaller, larger = sorted(kept, key=lambda one: one.size)
    if old == new:
        assert smaller.root != larger.root and not told["beginning"] and not told["path"]
        return
    beginning = base64.b64decode(told["beginning"])
    path = [base64.b64decode(step) for step in told["path"]]
    assert beginning != smaller.root
    check_consistency(smaller.size, beginning, larger.size, larger.root, path)


def test_a_tree_that_is_not_shown_is_not_called_a_fork_and_not_cosigned(
    log: ScriptedLog, memory: WitnessMemory
) -> None:
    log.show(entries(20))
    look(log, memory)
    log.show(entries(30, "other"), entries(30))
    with pytest.raises(LogSilent, match="not those of the checkpoint"):
        look(log, memory)
    known = memory.read()
    assert known is not None and known[1] is not None and known[1].checkpoint.size == 20
