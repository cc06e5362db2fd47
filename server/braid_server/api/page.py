"""The page that checks transcripts in a browser, as this server hands it out (docs/api.md)."""

from __future__ import annotations

import re
from importlib import resources

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">')


def verify_page() -> tuple[bytes, dict[str, str]]:
    """Give the page and the headers it goes with: it may run what is in it, and reach nothing.

    The policy in the page holds where it is opened from disk; the one in the header says the same
    before the first byte of it is read, and that nobody may frame it.
    """
    text = (resources.files("braid_verifier") / "js" / "verify.html").read_text("utf-8")
    (policy,) = _POLICY.findall(text)
    return text.encode("utf-8"), {
        "content-security-policy": f"{policy}; frame-ancestors 'none'",
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-cache",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
