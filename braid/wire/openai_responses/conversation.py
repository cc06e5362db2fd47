"""The conversation that a request adds to, and its answer: kept by the provider under a name."""

from __future__ import annotations

from msgspec import Raw

from braid.wire.raw_json import is_object, read_members, read_word

# No id of an answer begins so: a server may name both as it likes.
_PREFIX = "conversation "


def name_of(conversation: Raw | None) -> str | None:
    """Give the name under which an answer of this conversation is continued."""
    if conversation is None:
        return None
    if is_object(conversation):
        conversation = read_members(conversation).get("id")
    word = read_word(conversation)
    return _PREFIX + word if word else None
