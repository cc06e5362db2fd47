"""Notices of erasure: a braid of its own under the same root says what was erased (SPEC §5.5.4)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from braid.content import write_attrs
from braid.node import MAX_LINK, Kind, Link, Origin, Relation
from braid.strict_json import dumps
from braid.weave import Draft, Weaver


def weave_notice(weaver: Weaver, braid: str, erased: Iterable[str], reason: str | None) -> None:
    """Weave annotations that link `audits` to each erased node of a braid, and a seal."""
    prev: tuple[str, ...] = ()
    signatures = iter(erased)
    while some := tuple(itertools.islice(signatures, MAX_LINK)):
        draft = Draft(
            kind=Kind.ANNOTATION,
            origin=Origin.PROXY,
            media="application/json",
            content=dumps({"erased": len(some), "reason": reason}).encode("utf-8"),
            attrs=write_attrs({"type": "erasure"}),
            prev=prev,
            link=tuple(Link(braid, signature, Relation.AUDITS) for signature in some),
        )
        prev = (weaver.add(draft),)
    weaver.seal()
