"""Servers in processes of their own, many and quickly: forked from one that has imported it all.

usage: python -m fakes.nursery; a line `FOLDER UPSTREAM` on stdin starts a server, which says
`PID PORT` on stdout once it listens.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from fakes.upstream import PATIENCE


@dataclass(frozen=True, slots=True)
class Child:
    """A server that is up, in a process of its own."""

    pid: int
    port: int
    _handle: int

    def kill(self) -> None:
        """Kill it as `kill -9` does; from any thread, also again."""
        signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def gone(self) -> None:
        """Wait until the process is no more."""
        ended, _, _ = select.select([self._handle], [], [], PATIENCE)
        assert ended
        os.close(self._handle)


class Nursery:
    """The process that servers are forked from."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "fakes.nursery"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=PATIENCE)

    def start(self, folder: Path, upstream: str) -> Child:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{folder} {upstream}\n")
        self._process.stdin.flush()
        pid, port = map(int, self._process.stdout.readline().split())
        return Child(pid, port, os.pidfd_open(pid))


def main() -> None:
    from braid_server.service import Settings, listen, opened, serve

    def settings(folder: Path, upstream: str) -> Settings:
        keys = (folder / "root.key", folder / "wrapping.key")
        return Settings(str(folder / "braid.db"), *keys, upstream, port=0)

    def ready(url: str, _root: str) -> None:
        print(os.getpid(), url.rpartition(":")[2], flush=True)

    # Once here, so that what is loaded late is there for all.
    with (
        tempfile.TemporaryDirectory() as name,
        opened(settings(Path(name), "http://upstream.invalid")) as service,
        listen("127.0.0.1", 0) as listener,
    ):
        stopped = threading.Event()
        stopped.set()
        service.server(listener, stopped).run(sockets=[listener])
    # What is not waited for must not stay about.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        name, upstream = line.split()
        if os.fork() == 0:
            serve(settings(Path(name), upstream), ready, threading.Event())
            os._exit(0)


if __name__ == "__main__":
    main()
