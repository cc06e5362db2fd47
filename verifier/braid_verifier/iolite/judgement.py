"""Judging an iolite file: what its signatures show, what its links show, what nothing shows.

A record's signature is bare Ed25519 over one of two strings: the text and the previous
signature's text, or the standard base64 of the text and that. Nothing separates the two,
and nothing else of the file is signed.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from braid import strict_json
from braid.errors import KeyUnusable, Malformed
from braid.signing import KEY_BYTES, SIGNATURE_BYTES, check_key, check_signature_form, fits
from braid.strict_json import Json
from braid_verifier.iolite.conversation import Conversation, Record, Shape

_QUOTED_KEY = re.compile("(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=")
_MOST_QUOTED = 16  # keys tried


class KeySource(StrEnum):
    """Where the key is from that signatures were checked under."""

    FIELD = "field"  # the unsigned member PublicKey
    QUOTED = "quoted"  # a signed text quotes it: shows consistency, nothing about who signed
    NONE = "none"


class Fit(StrEnum):
    """Whether a record's signature fits, and over which of the two strings."""

    RAW = "raw"  # the text, then the previous signature
    BASE64 = "b64"  # the text in base64, then the previous signature
    NO = "no"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Links:
    """What the previous signatures show; records by their place in the file's order.

    Signatures are compared as the 64 bytes they stand for, so that another spelling of one is
    no other signature.
    """

    genesis: tuple[int, ...]
    repeated: tuple[int, ...]  # each names a signature that an earlier record has
    orphans: tuple[int, ...]  # what they follow is not there
    cyclic: tuple[int, ...]  # the way back from them never ends
    tails: tuple[int, ...]  # nothing follows them
    follows: tuple[int | None, ...]  # the record each one follows

    @property
    def sound(self) -> bool:
        """One beginning, no repetition, no orphan, no cycle."""
        return len(self.genesis) == 1 and not (self.repeated or self.orphans or self.cyclic)


@dataclass(frozen=True, slots=True)
class Uncovered:
    """Something the file says that no signature covers.

    `differs` where the file itself shows that it is not what was signed.
    """

    what: str
    detail: str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What can be said of an iolite file."""

    shape: Shape
    records: int
    key: str | None
    key_source: KeySource
    fits: tuple[Fit, ...]
    loose: tuple[int, ...]  # records whose signature has spare bits set
    links: Links
    uncovered: tuple[Uncovered, ...]

    def __bool__(self) -> bool:
        raise TypeError("a judgement is not true or false: read its result")

    @property
    def result(self) -> str:
        """The short answer; `valid` says no more than that these texts were signed under `key`."""
        if not self.records:
            return "nothing signed"
        broken = "" if self.links.sound else f" ({self._broken()})"
        if Fit.NO in self.fits:
            return f"invalid: {self.fits.count(Fit.NO)} signatures do not fit"
        if Fit.NOT_CHECKED in self.fits:
            topology = "topology sound" if self.links.sound else self._broken()
            return f"unverifiable: no key to check under; {topology}"
        if broken:
            return f"signatures valid, braid invalid{broken}"
        return "valid"

    def _broken(self) -> str:
        links = self.links
        said = [
            f"{len(links.genesis)} genesis" if len(links.genesis) != 1 else "",
            f"{len(links.repeated)} repeated" if links.repeated else "",
            f"{len(links.orphans)} orphans" if links.orphans else "",
            f"{len(links.cyclic)} in a cycle" if links.cyclic else "",
        ]
        return ", ".join(filter(None, said))

    def to_json(self) -> dict[str, Json]:
        """Give the judgement as JSON values; it repeats no word of the conversation."""
        links = self.links
        counts = Counter(self.fits)
        return {
            "shape": str(self.shape),
            "result": self.result,
            "records": self.records,
            "signatures": {
                "key": self.key,
                "key_source": str(self.key_source),
                **{str(fit): counts[fit] for fit in Fit},
                "loosely_spelled": list(self.loose),
            },
            "topology": {
                "sound": links.sound,
                "genesis": list(links.genesis),
                "repeated": list(links.repeated),
                "orphans": list(links.orphans),
                "cyclic": list(links.cyclic),
                "tails": list(links.tails),
            },
            "not_covered": [
                {"what": each.what, "detail": each.detail, "differs": each.differs}
                for each in self.uncovered
            ],
        }


def judge(conversation: Conversation) -> Judgement:
    """Check an iolite file; a pure function of what was read."""
    records = conversation.records
    signatures = [_signature(record.signature) for record in records]
    key, source, found = _key_and_fits(conversation, [bytes_ for bytes_, _ in signatures])
    links = _links(records, [bytes_ for bytes_, _ in signatures])
    return Judgement(
        shape=conversation.shape,
        records=len(records),
        key=key,
        key_source=source,
        fits=found,
        loose=tuple(i for i, (_, loose) in enumerate(signatures) if loose),
        links=links,
        uncovered=tuple(_uncovered(conversation, found, links)),
    )


def signed_text(record: Record, fit: Fit) -> bytes:
    """Give what the signature is about: what `data_b64` stands for, else the text shown."""
    if record.encoded is not None and fit is not Fit.RAW:
        try:
            return base64.b64decode(record.encoded, validate=True)
        except (binascii.Error, ValueError):
            pass
    return _shown(record)


def _signature(text: str) -> tuple[bytes, bool]:
    """Decode a signature as its project does, and tell whether it is not the one spelling."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return text.encode("utf-8"), True
    return raw, base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text


def _key_and_fits(
    conversation: Conversation, signatures: Sequence[bytes]
) -> tuple[str | None, KeySource, tuple[Fit, ...]]:
    records = conversation.records
    if conversation.key is not None:
        key = _usable_key(conversation.key)
        if key is None:  # one that fits every message, or none: no signature can be checked
            return None, KeySource.NONE, tuple(Fit.NOT_CHECKED for _ in records)
        found = tuple(map(_fit, records, signatures, [key] * len(records)))
        return conversation.key, KeySource.FIELD, found
    for text in _quoted_keys(records):
        key = _usable_key(text)
        if key is not None:
            found = tuple(map(_fit, records, signatures, [key] * len(records)))
            if any(fit is not Fit.NO for fit in found):
                return text, KeySource.QUOTED, found
    return None, KeySource.NONE, tuple(Fit.NOT_CHECKED for _ in records)


def _quoted_keys(records: Sequence[Record]) -> list[str]:
    quoted = (text for record in records for text in _QUOTED_KEY.findall(record.shown))
    return list(dict.fromkeys(quoted))[:_MOST_QUOTED]


def _usable_key(text: str) -> bytes | None:
    try:
        key = base64.b64decode(text, validate=True)
        if len(key) != KEY_BYTES:
            return None
        check_key(key, "PublicKey")
    except (binascii.Error, ValueError, KeyUnusable):
        return None
    return key


def _fit(record: Record, signature: bytes, key: bytes) -> Fit:
    if len(signature) != SIGNATURE_BYTES:
        return Fit.NO
    try:
        check_signature_form(signature, record.place)
    except Malformed:
        return Fit.NO
    prev = record.prev.encode("utf-8")
    shown = _shown(record)
    encoded = base64.b64encode(shown) if record.encoded is None else record.encoded.encode("utf-8")
    if fits(key, signature, encoded + prev):
        return Fit.BASE64
    return Fit.RAW if fits(key, signature, shown + prev) else Fit.NO


def _links(records: Sequence[Record], signatures: Sequence[bytes]) -> Links:
    first: dict[bytes, int] = {}
    repeated = []
    for index, signature in enumerate(signatures):
        if first.setdefault(signature, index) != index:
            repeated.append(index)
    follows: list[int | None] = []
    genesis, orphans = [], []
    for index, record in enumerate(records):
        if not record.prev:
            genesis.append(index)
            follows.append(None)
            continue
        before = first.get(_signature(record.prev)[0])
        follows.append(before)
        if before is None:
            orphans.append(index)
    named = {before for before in follows if before is not None}
    return Links(
        genesis=tuple(genesis),
        repeated=tuple(repeated),
        orphans=tuple(orphans),
        cyclic=_cyclic(follows),
        tails=tuple(i for i in range(len(records)) if i not in named and i not in repeated),
        follows=tuple(follows),
    )


def _cyclic(follows: Sequence[int | None]) -> tuple[int, ...]:
    """Give the records from which the way back never ends."""
    ends: dict[int, bool] = {}
    for start in range(len(follows)):
        path: list[int] = []
        here: int | None = start
        while here is not None and here not in ends:
            ends[here] = False  # until the way back is known to end
            path.append(here)
            here = follows[here]
        good = here is None or ends[here]
        for step in path:
            ends[step] = good
    return tuple(i for i in range(len(follows)) if not ends[i])


def _shown(record: Record) -> bytes:
    return record.shown.encode("utf-8")


def _uncovered(conversation: Conversation, found: Sequence[Fit], links: Links) -> list[Uncovered]:
    records = conversation.records
    said = []
    if conversation.key is not None:
        detail = "whoever changes the file can put another key, and sign all of it again"
        if _usable_key(conversation.key) is None:
            detail = "not a key under which a signature fits one message only"
        said.append(Uncovered("PublicKey", detail))
    if named := sum(record.namespace is not None for record in records):
        detail = f"which channel {named} records were said in: prompt, thinking, text or tool"
        said.append(Uncovered("namespace", detail))
    if conversation.shape is Shape.DECISION:
        detail = "which list and lane a record stands in, and so which model said it"
        said.append(Uncovered("lists and lanes", detail))
    if marked := sum(record.shadow for record in records):
        detail = f"{marked} records are marked as reasoning outside its channel"
        said.append(Uncovered("is_shadow", detail))
    encoded = [i for i, record in enumerate(records) if record.encoded is not None]
    if encoded:
        other = sum(signed_text(records[i], found[i]) != _shown(records[i]) for i in encoded)
        detail = "readers show data, data_b64 is what was signed"
        if other:
            detail += f"; in {other} records they differ"
        said.append(Uncovered("data", detail, differs=bool(other)))
    if conversation.shape is Shape.HYDRATION and conversation.beside:
        said.append(_repeated_fields(conversation, found[0]))
    elif conversation.beside:
        said.append(Uncovered(", ".join(sorted(conversation.beside)), "stand beside the records"))
    if Fit.RAW in found:
        detail = (
            "nothing parts a text from the signature after it: moved into the text, it still fits"
        )
        said.append(Uncovered("prev_signature", detail))
    if records:
        detail = f"{len(links.tails)} records are followed by none: each can be cut off unseen"
        said.append(Uncovered("the end", detail))
        detail = "of when nothing is said, of order only what the previous signatures say"
        said.append(Uncovered("order and time", detail))
    return said


def _repeated_fields(conversation: Conversation, fit: Fit) -> Uncovered:
    try:
        signed: Json = strict_json.read_object(signed_text(conversation.records[0], fit), "data")
    except Malformed:
        signed = None
    same = signed == conversation.beside
    detail = "the fields beside data " + ("repeat it" if same else "are not those signed")
    return Uncovered("fields", detail, differs=not same)
