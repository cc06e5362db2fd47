"""The real command `braid serve` in a process of its own, to be killed, starved or asked."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from fakes.upstream import PATIENCE

_LISTENING = re.compile(rb"listening on http://127\.0\.0\.1:(\d+)")


class ServerProcess:
    """A server over the store in a folder; up when made. `said` is what it wrote to stderr."""

    def __init__(self, folder: Path, upstream: str, *options: str) -> None:
        command = [
            *(sys.executable, "-m", "braid_clients.cli", "serve", "--port", "0"),
            *("--db", str(folder / "braid.db"), "--upstream-anthropic", upstream),
            *("--root-key", str(folder / "root.key")),
            *("--wrapping-key", str(folder / "wrapping.key")),
            *options,
        ]
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("BRAID_", "XDG_"))}
        kept = {name: v for name, v in kept.items() if not name.lower().endswith("_proxy")}
        self.said: list[bytes] = []
        self._process = subprocess.Popen(
            command, env={**kept, "HOME": str(folder)}, stderr=subprocess.PIPE
        )
        assert self._process.stderr is not None
        found = None
        while found is None:
            line = self._process.stderr.readline()
            if not line:
                self._process.stderr.close()
                code = self._process.wait(PATIENCE)
                raise AssertionError(f"the server left with {code}: {self.said}")
            self.said.append(line)
            found = _LISTENING.search(line)
        self.port = int(found[1])
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            self.kill()

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        self._process.kill()
        self._wait()

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; give its exit code."""
        self._process.send_signal(by)
        return self._wait()

    def _wait(self) -> int:
        code = self._process.wait(PATIENCE)
        self._listener.join(PATIENCE)
        assert self._process.stderr is not None
        self._process.stderr.close()
        return code

    def _listen(self) -> None:
        assert self._process.stderr is not None
        self.said.extend(self._process.stderr)
