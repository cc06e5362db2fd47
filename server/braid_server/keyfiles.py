"""Secret key files: 32 random bytes as one line, readable by their owner only."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from braid.encoding import decode, encode
from braid.errors import BraidError, Malformed
from braid_server import durable

ROOT_LABEL = "braid-root-key/1"
WRAPPING_LABEL = "braid-wrapping-key/1"
LOG_LABEL = "braid-log-key/1"
SEED_BYTES = 32


class KeyFileUnusable(BraidError):
    """A key file that cannot be read, made, or trusted to be secret."""


def create(path: Path, label: str, seed: bytes | None = None) -> bytes:
    """Make a key file with mode 0600 and give its 32 bytes, which are new unless handed in.

    Raises KeyFileUnusable where the file exists or cannot be written. The file appears
    whole or not at all, so a crash cannot leave half a key.
    """
    seed = secrets.token_bytes(SEED_BYTES) if seed is None else seed
    try:
        _make_folder(path)
        durable.create(path, [f"{label} {encode(seed)}\n".encode("ascii")])
    except FileExistsError as fault:
        raise KeyFileUnusable(f"{path}: expected no file, one is there") from fault
    except OSError as fault:
        raise KeyFileUnusable(f"{path}: cannot be made: {fault.strerror}") from fault
    return seed


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as fault:
        raise KeyFileUnusable(f"{path}: cannot be made: {path.parent} is no folder") from fault


def set_aside(path: Path) -> Path:
    """Give a key file a name under which nobody uses it, and say which; raises KeyFileUnusable."""
    number = 1
    while os.path.lexists(kept := path.with_name(f"{path.name}.{number}")):
        number += 1
    try:
        os.link(path, kept)
        path.unlink()
        durable.sync_folder(path.parent)
    except OSError as fault:
        raise KeyFileUnusable(f"{path}: cannot be set aside: {fault.strerror}") from fault
    return kept


def load(path: Path, label: str) -> bytes:
    """Read a key file; raises KeyFileUnusable, never with anything of the key in its message."""
    try:
        mode = path.stat().st_mode
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise KeyFileUnusable(
                f"{path}: expected mode 0600, got {stat.S_IMODE(mode):04o}; "
                "others may have read this key"
            )
        raw = path.read_bytes()
    except FileNotFoundError as fault:
        raise KeyFileUnusable(f"{path}: no such key file") from fault
    except OSError as fault:
        raise KeyFileUnusable(f"{path}: cannot be read: {fault.strerror}") from fault
    if not raw.isascii():  # asked, because a UnicodeDecodeError would carry the key
        raise KeyFileUnusable(f"{path}: expected a line of ASCII text")
    words = raw.decode("ascii").split()
    if len(words) != 2 or words[0] != label:
        raise KeyFileUnusable(f"{path}: expected one line '{label} KEY'")
    try:
        return decode(words[1], "key", SEED_BYTES)
    except Malformed:
        raise KeyFileUnusable(
            f"{path}: expected {SEED_BYTES} bytes of base64url after the label"
        ) from None


def load_or_create(path: Path, label: str) -> bytes:
    """Read a key file, making it on first use; raises KeyFileUnusable."""
    if not path.exists():
        try:
            return create(path, label)
        except KeyFileUnusable:
            if not path.exists():  # otherwise another process made it first
                raise
    return load(path, label)
