"""The errors of the format.

BraidError
├── Malformed            bytes that are not what SPEC allows; carries a finding code
└── KeyUnusable          a key that Ed25519-strict refuses, or a secret of the wrong length

Each message names the place, what was expected and what came. None carries key
material or words of a conversation.
"""

from __future__ import annotations


class BraidError(Exception):
    """Root of every error this project raises on purpose."""


class Malformed(BraidError):
    """Bytes that SPEC does not allow.

    `code` is the stable finding code a verifier reports (SPEC §7.3).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class KeyUnusable(BraidError):
    """A public key that Ed25519-strict refuses, or a secret key that is not one (SPEC §2.3)."""
