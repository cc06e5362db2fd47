"""What the command reads, says and where: answers on stdout, everything else on stderr as `braid: …`."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, TextIO

from braid_clients.problem import Problem
from braid_clients.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

PIPE_WIDTH = 120  # cells, where no terminal says how wide it is


@contextlib.contextmanager
def input_file(name: str) -> Iterator[BinaryIO]:
    """Open what an argument names, - being stdin; raises OSError, and Problem for no stdin."""
    if not name:
        raise FileNotFoundError(errno.ENOENT, "expected the name of a file, got an empty one")
    if name != "-":
        with open(name, "rb") as file:
            yield file
    elif sys.stdin is None:
        raise Problem("stdin is closed")
    else:
        yield sys.stdin.buffer


def say(message: str, *hints: str) -> None:
    """Tell the user something that is not the answer; never fails, never spans two lines."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        for line in (message, *hints):
            sys.stderr.write(f"braid: {visible(line)}\n")
        sys.stderr.flush()


def answer(text: str) -> None:
    """Print a line of the answer, as it is."""
    if sys.stdout is not None:
        sys.stdout.write(text + "\n")


def answer_styled(lines: Iterable[Text]) -> None:
    """Print lines in colour on a terminal that wants it, and plain anywhere else."""
    if sys.stdout is None:
        return
    if not _is_terminal(sys.stdout) or os.environ.get("NO_COLOR"):
        for line in lines:
            answer(line.plain)
        return
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in lines:
        console.print(line)


def answer_bytes(pieces: Iterable[bytes]) -> None:
    """Print an answer that is bytes."""
    if sys.stdout is not None:
        sys.stdout.flush()
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False


def width() -> int:
    """Say how many cells a line of the answer may have."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns


def speaks_unicode() -> bool:
    """Tell whether stdout can carry every character."""
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").replace("_", "") in ("utf8", "utf8sig")


def prepare_streams() -> None:
    """Let no character of an answer be one that the terminal's encoding refuses."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
