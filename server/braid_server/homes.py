"""Where each provider is by itself, and how its SDKs are pointed elsewhere.

The command line reads this without the server's libraries.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Home:
    """A provider's own address.

    name      what it is mounted under, `/NAME`; `title` is what people call it.
    url       scheme and host.
    variable  the environment variable from which its SDKs take another base URL.
    suffix    what such a base URL ends in, and each path of the provider begins with.
    """

    name: str
    title: str
    url: str
    variable: str
    suffix: str = ""

    def apart(self, base_url: str) -> tuple[str, str]:
        """Take an SDK's base URL apart: an upstream's address, and the suffix if it has that."""
        plain = base_url.rstrip("/")
        if self.suffix and plain.endswith(self.suffix):
            return plain.removesuffix(self.suffix), self.suffix
        return base_url, ""


ANTHROPIC = Home("anthropic", "Anthropic", "https://api.anthropic.com", "ANTHROPIC_BASE_URL")
OPENAI = Home("openai", "OpenAI", "https://api.openai.com", "OPENAI_BASE_URL", "/v1")
GEMINI = Home(
    "gemini", "Gemini", "https://generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL"
)
