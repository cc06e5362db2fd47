"""Vectors of §5.6: what attrs say of other nodes."""

from __future__ import annotations

from vectors.conversations import TEXT, attrs
from vectors.formulas import encode
from vectors.table import failed
from vectors.weaver import Braid, Draft, File


def parted(b: Braid, *claims: dict[str, object], after: str = "prompt") -> None:
    """Put nodes that claim to be parts behind the prompt, each on the one before, and show them."""
    last = after
    for number, claim in enumerate(claims):
        name = f"piece{number}"
        draft = Draft(name, "prompt", [last], b"piece", attrs=attrs(**claim))
        b.insert(draft, "params")
        last = name
    b["params"].prev = [last]
    b["call"].prev = [last, "params"]


def part(number: object, parts: object = 3) -> dict[str, object]:
    return {"part": number, "parts": parts}


@failed("§5.6", "A part without the number of parts.", ("E_ATTRS", 1))
def part_without_parts(b: Braid) -> None:
    parted(b, {"part": 1})


@failed("§5.6", "A part that is a string; nothing is said of the one after it.", ("E_ATTRS", 1))
def part_that_is_a_string(b: Braid) -> None:
    parted(b, part("1"), part(2), part(3))


@failed("§5.6", "A part with a fraction.", ("E_ATTRS", 1))
def part_with_a_fraction(b: Braid) -> None:
    parted(b, part(1.0, 1))


@failed("§5.6", "A part that is true.", ("E_ATTRS", 1))
def part_that_is_true(b: Braid) -> None:
    parted(b, part(True, 1))


@failed("§5.6", "Part 0 of 1.", ("E_ATTRS", 1))
def part_zero(b: Braid) -> None:
    parted(b, part(0, 1))


@failed("§5.6", "Part 4 of 3; nothing is said of the node after it.", ("E_ATTRS", 4))
def part_beyond_the_last(b: Braid) -> None:
    parted(b, part(1), part(2), part(3), part(4))


@failed("§5.6", "A second part without the first.", ("E_ATTRS", 1))
def part_without_the_first(b: Braid) -> None:
    parted(b, part(2), part(3))


@failed("§5.6", "A part in the middle is missing; the last is found out.", ("E_ATTRS", 2))
def part_missing_in_the_middle(b: Braid) -> None:
    parted(b, part(1), part(3))


@failed("§5.6", "The last part is missing: something else follows.", ("E_ATTRS", 3))
def part_missing_at_the_end(b: Braid) -> None:
    parted(b, part(1), part(2))


@failed("§5.6", "A part of other parts.", ("E_ATTRS", 2))
def part_of_another_count(b: Braid) -> None:
    parted(b, part(1, 2), part(2, 3), part(3, 3))


@failed("§5.6", "The same part twice.", ("E_ATTRS", 2), ("E_ATTRS", 3))
def part_twice(b: Braid) -> None:
    parted(b, part(1, 2), part(1, 2), part(1, 1))


@failed("§5.6", "Two parts of one block, of two kinds.", ("E_ATTRS", 2))
def parts_of_two_kinds(b: Braid) -> None:
    parted(b, part(1, 2), part(2, 2))
    b["piece1"].kind, b["piece1"].origin = "text", "client"


@failed("§5.6", "Two parts of one block, of two origins.", ("E_ATTRS", 4))
def parts_of_two_origins(b: Braid) -> None:
    b["text"].attrs = attrs(**part(1, 2))
    b.insert(Draft("piece", "text", ["text"], b"x", "client", attrs=attrs(**part(2, 2))), "end")
    b["end"].prev = ["text"]


@failed("§5.6", "A part that does not hang on the part before.", ("E_ATTRS", 2))
def part_beside_the_part_before(b: Braid) -> None:
    parted(b, part(1, 2), part(2, 2))
    b["piece1"].prev = ["prompt", "piece0"]


@failed("§5.6", "An unfinished part at the end of a sealed braid.", ("E_ATTRS", 6))
def part_unfinished_at_the_seal(b: Braid) -> None:
    b.insert(Draft("late", "prompt", ["end"], b"x", attrs=attrs(**part(1, 2))), "seal")


@failed("§5.6", "A variant of a node that is not in this braid.", ("E_ATTRS", 1))
def variant_of_nothing(b: Braid) -> None:
    parted(b, {"variant_of": "A" * 86})


@failed("§5.6", "A variant that is a list.", ("E_ATTRS", 1))
def variant_of_a_list(b: Braid) -> None:
    parted(b, {"variant_of": [b.text("prompt")]})


@failed("§5.6", "A provider's answer that claims to be a variant.", ("E_ATTRS", TEXT))
def variant_by_a_provider(b: Braid) -> None:
    b["text"].attrs = attrs(variant_of=b.text("prompt"))


@failed(
    "§7.1",
    "A provider's variant, and text that is not UTF-8: two codes of one class.",
    ("E_ATTRS", TEXT),
    ("E_MEDIA", TEXT),
)
def variant_that_is_not_utf8(b: Braid) -> None:
    b["text"].attrs, b["text"].content = attrs(variant_of=b.text("prompt")), b"Eight\xff"


@failed("§5.6", "A copy that names a node and no braid.", ("E_ATTRS", 1))
def copy_without_a_braid(b: Braid) -> None:
    parted(b, {"copy_of": {"node": "A" * 86}})


@failed("§5.6", "A copy whose node is no signature.", ("E_ATTRS", 1))
def copy_of_no_signature(b: Braid) -> None:
    parted(b, {"copy_of": {"braid": "A" * 43, "node": "A" * 85 + "B"}})


@failed("§5.6", "A copy of this braid itself.", ("E_ATTRS", 1))
def copy_of_this_braid(b: Braid) -> None:
    parted(b, {"copy_of": {"braid": encode(b.key.public), "node": b.text("prompt")}})


@failed("§5.6", "A provider's answer that claims to be a copy.", ("E_ATTRS", TEXT))
def copy_by_a_provider(b: Braid) -> None:
    b["text"].attrs = attrs(copy_of={"braid": "A" * 43, "node": "A" * 86})


@failed(
    "§5.6",
    "Words were changed in the part before: what it says of parts is not relied on.",
    ("E_COMMIT", 1),
)
def part_after_a_changed_one(b: Braid) -> File:
    parted(b, part(1), part(3))
    file = b.sign()
    file.nodes[1]["text"] = "peace"
    return file
