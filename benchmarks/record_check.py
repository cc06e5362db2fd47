"""Whether Braid recorded what the benchmark sent: nodes counted, one transcript verified."""

from __future__ import annotations

import urllib.request

import msgspec

from braid_verifier import Result, verify
from stage import NotPossible
from workloads import NODES_A_REPLY


class _Braid(msgspec.Struct):
    id: str
    nodes: int
    calls: int
    open_calls: int


class _Page(msgspec.Struct):
    braids: list[_Braid]
    next: str | None


class _Key(msgspec.Struct):
    x: str


class _Keys(msgspec.Struct):
    keys: list[_Key]


def check_record(port: int, replies: int) -> str:
    """Count every node through the API and verify the longest braid; raises NotPossible."""
    braids: list[_Braid] = []
    after: str | None = ""
    while after is not None:
        query = f"?limit=500&after={after}" if after else "?limit=500"
        page = msgspec.json.decode(_get(port, f"/braid/v1/braids{query}"), type=_Page)
        braids += page.braids
        after = page.next
    calls = sum(braid.calls for braid in braids)
    if calls != replies or any(braid.open_calls for braid in braids):
        raise NotPossible(f"record: expected {replies} calls with an end, got {calls}")
    for braid in braids:
        if braid.nodes != NODES_A_REPLY * braid.calls:
            raise NotPossible(f"record: {braid.calls} calls made {braid.nodes} nodes")
    longest = max(braids, key=lambda braid: braid.nodes)
    roots = msgspec.json.decode(_get(port, "/.well-known/braid-keys"), type=_Keys)
    transcript = _get(port, f"/braid/v1/braids/{longest.id}")
    report = verify(transcript, roots=[key.x for key in roots.keys])
    if report.result is not Result.VERIFIED:
        raise NotPossible(f"record: {report.summary()}")
    return (
        f"{calls} calls in {len(braids)} braids, {NODES_A_REPLY} nodes each; "
        f"a braid of {longest.nodes} nodes verified"
    )


def _get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as reply:
        return bytes(reply.read())
