"""What the benchmark of the relay starts and ends: C programs, proxies, their CPU time.

Everything listens on 127.0.0.1 and ends by itself; only processes started here are ended.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
BIN = HERE / "bin"  # not checked in

_LIFETIME = 3600  # seconds, of the upstream
_TICKS = os.sysconf("SC_CLK_TCK")


class NotPossible(Exception):
    """The benchmark cannot run here; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started server; `process` is None for one that is not measured."""

    port: int
    process: subprocess.Popen[bytes] | None

    def cpu_seconds(self) -> float:
        """CPU time so far, user and system, of the process and its descendants."""
        if self.process is None:
            return 0.0
        return sum(_cpu_ticks(pid) for pid in _tree(self.process.pid)) / _TICKS


def compiled(name: str) -> Path:
    """Compile NAME.c unless that was done since it last changed; raises NotPossible."""
    source, program = HERE / f"{name}.c", BIN / name
    if program.exists() and program.stat().st_mtime >= source.stat().st_mtime:
        return program
    compiler = shutil.which("cc")
    if compiler is None:
        raise NotPossible("no C compiler: install one that is called cc (apt install gcc)")
    BIN.mkdir(exist_ok=True)
    built = subprocess.run(
        [compiler, "-O2", "-std=gnu11", "-o", program, source],
        check=False,
        capture_output=True,
        text=True,
    )
    if built.returncode:
        raise NotPossible(f"{source.name} does not compile here:\n{built.stderr}")
    return program


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def upstream() -> Iterator[Running]:
    """The fake provider, for as long as the run may last."""
    port = free_port()
    with started([str(compiled("upstream")), str(port), str(_LIFETIME)], port, BIN) as running:
        yield running


@contextmanager
def started(command: Sequence[str], port: int, directory: Path) -> Iterator[Running]:
    """Start one server, wait for its port, end it; raises NotPossible with its last words."""
    with open(directory / "output", "w+b") as output:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, "XDG_CONFIG_HOME": str(directory)},  # keys are pinned there
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            if not _answers(port, process):
                output.seek(0)
                words = output.read().decode(errors="replace")[-2000:]
                raise NotPossible(f"{command[0]} did not come up:\n{words}")
            yield Running(port, process)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def python(script: str, port: int, to: int) -> list[str]:
    """The command that starts one of the proxies of this folder."""
    return [sys.executable, str(HERE / script), str(port), f"http://127.0.0.1:{to}"]


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False


def _tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                found += _tree(int(child))
    except OSError:  # ended meanwhile
        pass
    return found


def _cpu_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])
