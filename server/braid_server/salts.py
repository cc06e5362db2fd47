"""Salts: random bytes that are drawn many at a time and used once each."""

from __future__ import annotations

import secrets

from braid.content import SALT_BYTES

_DRAWN = 128  # at once


class Salts:
    """Gives 32 fresh random bytes at each call, in any thread.

    A draw is a system call during which another thread takes the interpreter, and a call of a
    conversation needs ten. What was given is never given again, whatever becomes of it.
    """

    __slots__ = ("_drawn",)

    def __init__(self) -> None:
        self._drawn: list[bytes] = []

    def __call__(self) -> bytes:
        try:
            return self._drawn.pop()
        except IndexError:
            raw = secrets.token_bytes(_DRAWN * SALT_BYTES)
            fresh = [raw[at : at + SALT_BYTES] for at in range(0, len(raw), SALT_BYTES)]
            salt = fresh.pop()
            self._drawn.extend(fresh)
            return salt
