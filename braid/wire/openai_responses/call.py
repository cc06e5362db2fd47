"""Items of Responses that are one block: calls, their results, and what has no kind.

Shapes by type: https://platform.openai.com/docs/api-reference/responses/object.
"""

from __future__ import annotations

from msgspec import Raw

from braid.node import Kind, Origin
from braid.wire.block import Block
from braid.wire.media import decode_base64
from braid.wire.native import (
    BYTES,
    Marks,
    Members,
    Native,
    Said,
    make_block,
    say_json,
    say_nothing,
    say_text,
    say_whole,
)
from braid.wire.openai.part import PROVIDER, ROLES, points_away
from braid.wire.raw_json import JSON, is_null, read_word

# What the model wrote for the tool; of a call not listed here the whole item is the content.
_INPUTS = {
    "apply_patch_call": ("operation",),
    "code_interpreter_call": ("code",),
    "computer_call": ("action", "actions"),
    "custom_tool_call": ("input",),
    "file_search_call": ("queries",),
    "function_call": ("arguments",),
    "local_shell_call": ("action",),
    "mcp_approval_request": ("arguments",),
    "mcp_call": ("arguments",),
    "program": ("code",),
    "shell_call": ("action",),
    "tool_search_call": ("arguments",),
    "web_search_call": ("action",),
}
_OUTPUTS = {"program_output": "result", "tool_search_output": "tools"}
# By what a result names the call it answers.
_ANSWERED = {"mcp_approval_response": "approval_request_id", "local_shell_call_output": "id"}
CLIENTS = frozenset(
    {
        "additional_tools",
        "compaction_trigger",
        "computer_call_output",
        "configuration_update",
        "custom_tool_call_output",
        "function_call_output",
        "item_reference",
        "local_shell_call_output",
        "mcp_approval_response",
    }
)
"""Items that only a client makes: in an answer they are its input, listed."""

_IMAGE_TYPES = {
    "png": "image/png",
    "webp": "image/webp",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "svg": "image/svg+xml",
}


def read_one(
    raw: Raw, native: str | None, members: Members, origin: Origin, marks: Marks | None
) -> Block:
    """Read an item of that type as one block."""
    native = native or ""
    names: dict[str, object] = {"type": native} if "type" in members and native else {}
    named = list(names)
    said: Said | None = None
    role, unseen = "assistant", False
    if native.endswith("_output") or native == "mcp_approval_response":
        said = _say_output(raw, native, members)
        role = "assistant" if _is_hosted(native, members, origin) else "user"
        unseen = points_away(members)
        answered = _ANSWERED.get(native, "call_id")
        _name(names, named, members, "tool_use_id", answered if answered in members else "call_id")
        _name(names, named, members, "id", "id")
    elif native == "image_generation_call" and (said := _say_image(raw, members)) is not None:
        _name(names, named, members, "id", "id")
    elif native in _INPUTS or native.endswith("_call"):
        said = _say_input(raw, native, members)
        # By the one id its result names it, by the other a later item may point to it.
        _name(names, named, members, "id", "call_id")
        _name(names, named, members, "item_id" if "id" in names else "id", "id")
        _name(names, named, members, "signature", "fingerprint")
        unseen = origin is Origin.CLIENT and native == "image_generation_call"
    else:
        role = _role_of(native, members, origin)
        if native == "additional_tools" and origin is Origin.CLIENT:
            said = say_whole(Kind.TOOLS, raw, members)
        _name(names, named, members, "id", "id")
        unseen = native == "item_reference"
    _name(names, named, members, "name", "name")
    thing = Native(raw, members, names, named)
    return make_block(PROVIDER, thing, said, role, origin, marks, unseen=unseen)


def _name(
    names: dict[str, object], named: list[str], members: Members, name: str, member: str
) -> None:
    if member not in named and (word := read_word(members.get(member))) is not None:
        names[name] = word
        named.append(member)


def _say_input(raw: Raw, native: str, members: Members) -> Said:
    for name in _INPUTS.get(native, ()):
        value = members.get(name)
        if value is None or is_null(value):
            continue
        said = say_text(Kind.TOOL_USE, members, name) or say_json(Kind.TOOL_USE, members, name)
        if said is not None:
            # Arguments are JSON, whatever they are (SPEC §3.5); other inputs are any text.
            return said._replace(media=JSON) if name == "arguments" else said
    return say_whole(Kind.TOOL_USE, raw, members)


def _say_output(raw: Raw, native: str, members: Members) -> Said:
    if native == "mcp_approval_response":
        return say_whole(Kind.TOOL_RESULT, raw, members)
    name = _OUTPUTS.get(native, "output")
    value = members.get(name)
    if value is None or is_null(value):
        return say_nothing(Kind.TOOL_RESULT)
    return (
        say_text(Kind.TOOL_RESULT, members, name)
        or say_json(Kind.TOOL_RESULT, members, name)
        or say_nothing(Kind.TOOL_RESULT)
    )


def _say_image(raw: Raw, members: Members) -> Said | None:
    """Read a generated image; None where there is none."""
    result = read_word(members.get("result"))
    if not result:
        return None
    decoded = decode_base64(image_type(members), result)
    if decoded is None:
        return say_whole(Kind.MEDIA, raw, members)
    return Said(Kind.MEDIA, decoded.media, decoded.content, ("result",))


def image_type(members: Members) -> str:
    """Give the media type of a generated image."""
    return _IMAGE_TYPES.get(read_word(members.get("output_format")) or "", BYTES)


def _is_hosted(native: str, members: Members, origin: Origin) -> bool:
    """Say whether the provider ran the tool, so that its result stands in the model's turn."""
    if origin is Origin.PROVIDER or native == "program_output":
        return True
    return read_word(members.get("execution")) == "server"


def _role_of(native: str, members: Members, origin: Origin) -> str:
    said = ROLES.get(read_word(members.get("role")) or "")
    if said is not None:
        return said
    # What one agent tells another: where the client runs them, it is the client who says it.
    if native == "agent_message" and origin is Origin.CLIENT:
        return "user"
    return "" if native in CLIENTS or not native else "assistant"
