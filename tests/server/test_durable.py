"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from braid_server import durable


def cut_short() -> Iterator[bytes]:
    yield b"half "
    raise LookupError


def test_a_file_is_replaced_whole_with_the_mode_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"before")
    durable.replace(file, [b"af", b"ter"])
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"after", 0o600)
    durable.replace(file, [b"later"], mode=0o640)
    assert stat.S_IMODE(file.stat().st_mode) & 0o600 == 0o600
    assert os.listdir(tmp_path) == ["file"]


@pytest.mark.parametrize("write", [durable.replace, durable.create])
def test_what_fails_leaves_what_was_there_and_no_draft(tmp_path: Path, write: object) -> None:
    assert callable(write)
    file = tmp_path / "file"
    with pytest.raises(LookupError):
        write(file, cut_short())
    assert os.listdir(tmp_path) == []
    file.mkdir()
    with pytest.raises(OSError):
        write(file, [b"words"])
    assert os.listdir(tmp_path) == ["file"] and file.is_dir()


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    durable.create(tmp_path / "file", [b"first"])
    with pytest.raises(FileExistsError):
        durable.create(tmp_path / "file", [b"second"])
    assert (tmp_path / "file").read_bytes() == b"first"
    assert os.listdir(tmp_path) == ["file"]


def test_the_name_is_synced_after_the_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        there = (tmp_path / "file").exists()
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), there))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    for write in (durable.create, durable.replace):
        write(tmp_path / "file", [b"words"])
        assert synced == [(False, write is durable.replace), (True, True)]
        synced.clear()


@pytest.mark.parametrize("lock", [None, "file.lock"])
def test_one_at_a_time_changes_a_file(tmp_path: Path, lock: str | None) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0")

    def count() -> None:
        for _ in range(50):
            with durable.alone(tmp_path, lock):
                durable.replace(file, [b"%d" % (int(file.read_bytes()) + 1)])

    several = [threading.Thread(target=count) for _ in range(4)]
    for each in several:
        each.start()
    for each in several:
        each.join()
    assert file.read_bytes() == b"200"


def test_the_standard_library_is_all_it_needs() -> None:
    code = (
        "import sys; before = set(sys.modules); import braid_server.durable; "
        "print({name.partition('.')[0] for name in set(sys.modules) - before}"
        " - sys.stdlib_module_names)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "{'braid_server'}\n"
