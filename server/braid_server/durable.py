"""Files that are there whole or not at all, also after the power went, and changed by one at a time.

By the standard library alone: the base install writes files too.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def replace(path: Path, pieces: Iterable[bytes], mode: int = 0o600) -> None:
    """Put a file in a path's place, durably once this returns; raises OSError.

    Whatever goes wrong, what was there stays, and no draft. `mode` is as for a file that is made.
    """
    with _drafted(path, pieces, mode) as draft:
        os.replace(draft, path)
    sync_folder(path.parent)


def create(path: Path, pieces: Iterable[bytes], mode: int = 0o600) -> None:
    """Make a file as `replace` does; raises FileExistsError where one is there."""
    with _drafted(path, pieces, mode) as draft:
        os.link(draft, path)
        draft.unlink()
    sync_folder(path.parent)


@contextlib.contextmanager
def _drafted(path: Path, pieces: Iterable[bytes], mode: int) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(draft, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a certificate must not outlive the key that signed it.

    Where the system cannot, as on Windows or in a folder that may only be written, it is left to it.
    """
    if sys.platform == "win32":
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as fault:
        if fault.errno != errno.EINVAL:  # a file system that does not know it
            raise
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def alone(
    folder: Path, lock: str | None = None, meanwhile: Callable[[], None] | None = None
) -> Iterator[None]:
    """Wait for others that change what is in a folder, and keep them off it; raises OSError.

    With `lock`, keep off those alone that name this file in it, which is made. With `meanwhile`, call
    that again and again instead of waiting: it waits a little, or raises. On Windows nobody is kept off.
    """
    if sys.platform == "win32":
        yield
        return
    import fcntl

    if lock is None:
        descriptor = os.open(folder, os.O_RDONLY)
    else:
        descriptor = os.open(folder / lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if meanwhile else 0))
                break
            except BlockingIOError:
                if meanwhile is not None:
                    meanwhile()
        yield
    finally:
        os.close(descriptor)
