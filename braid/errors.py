"""The errors of the format.

BraidError
├── Malformed            bytes that are not what SPEC allows; carries a finding code
│   └── Unreadable       bytes after which nothing more of a file can be read (json_stream)
└── KeyUnusable          a key that Ed25519-strict refuses, or a secret of the wrong length

Each package's own errors derive from BraidError where they are raised. Each message names
the place, what was expected and what came. None carries key material or words of a conversation.
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
