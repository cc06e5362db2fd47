"""Run a program in our place: our stdin, stdout and stderr, the signals sent to us, its exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType
from typing import Self

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # as a shell has them

# SIGTSTP, SIGCONT and the rest keep their effect: a terminal sends them to both of us.
_HANDED_ON = frozenset(
    {
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGUSR1,
        signal.SIGUSR2,
        signal.SIGWINCH,
    }
)
_FROM_TERMINAL = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGWINCH})
_SI_KERNEL = 0x80  # Linux, <bits/siginfo-consts.h>: sent by the kernel and not by a process


class Signals:
    """Holds back the signals that are the program's, in this thread and those it starts.

    What was held back and not handed on is dropped at the end.
    """

    def __enter__(self) -> Self:
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, _HANDED_ON | {signal.SIGCHLD})
        return self

    def __exit__(self, *_: object) -> None:
        while signal.sigpending() & _HANDED_ON:
            signal.sigwait(_HANDED_ON)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run the program to its end; gives its exit code, or 128 and the signal it died of.

        Raises OSError where it cannot be started.
        """
        # Not subprocess: it cannot set the signal mask without running Python after the fork,
        # which is unsafe beside the threads of the server. Python ignores the two set back.
        pid = os.posix_spawnp(
            command[0],
            list(command),
            dict(environment),
            setsigmask=self._mask,
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),
        )
        while True:
            number, terminal = _next_signal()
            if number == signal.SIGCHLD:
                gone, status = os.waitpid(pid, os.WNOHANG)
                if gone:
                    code = os.waitstatus_to_exitcode(status)
                    return code if code >= 0 else 128 - code
            elif not terminal:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)


def _next_signal() -> tuple[int, bool]:
    """Wait for a signal; tell whether a terminal sent it, to the program as well as to us."""
    held = _HANDED_ON | {signal.SIGCHLD}
    if sys.platform == "linux":
        info = signal.sigwaitinfo(held)
        return info.si_signo, info.si_code == _SI_KERNEL
    number = signal.sigwait(held)
    return number, number in _FROM_TERMINAL and _in_foreground()


def _in_foreground() -> bool:
    with contextlib.suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Make SIGTERM and SIGHUP raise KeyboardInterrupt, so that what is under way can say so."""
    with _handled((signal.SIGTERM, signal.SIGHUP), signal.default_int_handler):
        yield


@contextlib.contextmanager
def told_to_stop(*, twice: bool = False) -> Iterator[threading.Event]:
    """Have SIGINT, SIGTERM and SIGHUP set an event, whenever they come.

    With `twice`, a second one ends the process as if nobody handled it: for who may be killed at
    any moment.

    An exception out of a signal would end what it happens to meet: between the start of a thread
    and the `try` that stops it, it left a process that never ended.
    """
    stopped = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        if twice and stopped.is_set():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        stopped.set()

    with _handled((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), stop):
        yield stopped


@contextlib.contextmanager
def _handled(
    numbers: Sequence[signal.Signals], handler: Callable[[int, FrameType | None], object]
) -> Iterator[None]:
    """Handle signals, save those that whoever started us wants ignored."""
    before = [(number, signal.getsignal(number)) for number in numbers]
    for number, former in before:
        if former is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, former in before:
            signal.signal(number, former)
