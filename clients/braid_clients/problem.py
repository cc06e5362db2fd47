"""A reason to stop that the user can act on."""

from __future__ import annotations

from braid.errors import BraidError


class Problem(BraidError):
    """Ends the command with exit code `code`; hints say what to do, a line each."""

    def __init__(self, message: str, *hints: str, code: int = 2) -> None:
        super().__init__(message)
        self.hints = hints
        self.code = code
