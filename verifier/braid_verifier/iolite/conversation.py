"""Reading an iolite file, whatever its age: the signed records in it, and all that is beside them.

A record is an object with a text and a signature, wherever it stands. Names changed over
time (`Data` became `data`), members came (`namespace`, `prev_signature`, `is_shadow`,
`data_b64`), lists of records came; a record in a list nobody has heard of is read too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from braid import strict_json
from braid.errors import Malformed
from braid.strict_json import Json

MAX_FILE = 64 * 1024 * 1024  # bytes
_MAX_DEPTH = 64
_KEY = "PublicKey"


class Shape(StrEnum):
    """What kind of file it is."""

    DECISION = "decision"  # lists of records, by list and lane
    HYDRATION = "hydration"  # one record, its fields repeated beside it
    PLAIN = "plain JSON"  # no record at all


@dataclass(frozen=True, slots=True)
class Record:
    """One signed text, as the file has it.

    `place` says where it stands, `AllTexts.claude[0]`; `group` is the first step of that
    ("" in a hydration) and `lane` the second. `shown` is the text that readers of the file
    show; `encoded` is `data_b64`, which is what was signed where it is there. `rest` is every
    other member.
    """

    place: str
    group: str
    lane: str
    shown: str
    encoded: str | None
    signature: str
    prev: str
    namespace: str | None
    shadow: bool
    rest: dict[str, Json]


@dataclass(frozen=True, slots=True)
class Conversation:
    """An iolite file: its records in file order, and what no record holds.

    `key` is the text of the member PublicKey. `beside` holds every other member of the
    outermost object in which no record stands.
    """

    shape: Shape
    records: tuple[Record, ...]
    key: str | None
    beside: dict[str, Json]


def read_conversation(raw: bytes) -> Conversation:
    """Read an iolite file of any age.

    Raises Malformed: E_LIMIT beyond 64 MiB, E_UTF8, E_JSON, E_DUPKEY or E_DEPTH for what is
    not one JSON object with one reading. An object without any record is a Conversation of
    shape `plain JSON`.
    """
    if len(raw) > MAX_FILE:
        raise Malformed("E_LIMIT", f"file: expected at most {MAX_FILE} bytes")
    top = strict_json.read_object(raw, "file", _MAX_DEPTH)
    key = top.get(_KEY)
    beside = {name: value for name, value in top.items() if name != _KEY}
    if (record := _record(top, "", "", "")) is not None:
        told = {name: value for name, value in record.rest.items() if name != _KEY}
        return Conversation(Shape.HYDRATION, (record,), _text(key), told)
    records: list[Record] = []
    for name, value in list(beside.items()):
        found = list(_records(value, name, name, ""))
        records += found
        if found or _is_empty(value):
            del beside[name]
    shape = Shape.DECISION if records else Shape.PLAIN
    return Conversation(shape, tuple(records), _text(key), beside if records else top)


def _records(value: Json, place: str, group: str, lane: str) -> Iterator[Record]:
    """Give the records below a value; the depth of the file bounds the depth of this."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _records(item, f"{place}[{index}]", group, lane)
    elif isinstance(value, dict):
        record = _record(value, place, group, lane)
        if record is not None:
            yield record
            return
        for name, member in value.items():
            yield from _records(member, f"{place}.{name}", group, lane or name)


def _record(value: dict[str, Json], place: str, group: str, lane: str) -> Record | None:
    rest = dict(value)
    shown = rest.pop("data", None) if "data" in rest else rest.pop("Data", None)
    signature = rest.pop("signature", None) if "signature" in rest else rest.pop("Signature", None)
    if not (isinstance(shown, str) and isinstance(signature, str)):
        return None
    taken: dict[str, str | None] = {}
    for name in ("data_b64", "prev_signature", "namespace"):
        taken[name] = _text(rest.get(name))
        if taken[name] is not None:
            del rest[name]
    shadow = rest.get("is_shadow") is True
    if isinstance(rest.get("is_shadow"), bool):
        del rest["is_shadow"]
    return Record(
        place=place,
        group=group,
        lane=lane,
        shown=shown,
        encoded=taken["data_b64"],
        signature=signature,
        prev=taken["prev_signature"] or "",
        namespace=taken["namespace"],
        shadow=shadow,
        rest=rest,
    )


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _is_empty(value: Json) -> bool:
    """Tell whether a value says nothing, as the lists of records that were not needed."""
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value is None or value == []
