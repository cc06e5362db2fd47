"""Braids for tests: a conversation told in a few lines, really signed, the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from braid.certificate import Certificate, CertificateHeader, Policy, issue
from braid.content import BodyDigest, write_attrs
from braid.context import CHAIN_START, ContextList, extend
from braid.encoding import decode, encode, write_time
from braid.node import Kind, Link, Origin, SealClaim
from braid.signing import Purpose, SecretKey
from braid.strict_json import Json, dumps
from braid.transcript import Layout, Opened, StoredNode, write_transcript
from braid.tree import SignatureTree
from braid.weave import Draft, weave
from braid.wire.block import Block

START = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def fresh(name: str) -> bytes:
    """Give 32 bytes that look random and are the same in every run."""
    return hashlib.sha256(name.encode("utf-8")).digest()


class Braid:
    """A braid being told; every method that adds a node gives its signature.

    Request blocks hang on one another, a call on the last of them, answer blocks on the
    call: as SPEC §4.4 has it. `add` and `add_raw` are there to tell it wrongly.
    """

    def __init__(self, name: str = "braid") -> None:
        self.name = name
        self.root = SecretKey(fresh("root"))
        self.key = SecretKey(fresh(f"key of {name}"))
        self.certificate: Certificate | None = self.certify()
        self.nodes: list[StoredNode] = []
        self.proofs: list[Json] = []
        self.last = ""  # the node the next one hangs on
        self._made = 0
        self._tails: dict[str, None] = {}
        self._call = ""
        self._uses: list[str] = []
        self._lists: dict[ContextList, list[str]] = {name: [] for name in ContextList}
        self._shown = {name: 0 for name in ContextList}
        self._values = dict(CHAIN_START)

    @property
    def braid(self) -> str:
        return encode(self.key.key)

    @property
    def pin(self) -> str:
        """The text form of the root's key."""
        return encode(self.root.key)

    def certify(self, **changes: str) -> Certificate:
        """Issue a certificate, with some of its fields changed."""
        fields = {
            "root": self.pin,
            "braid": self.braid,
            "issuer": "tests",
            "policy": str(Policy.REQUIRED),
            "nonce": encode(fresh("nonce")[:16]),
            "not_before": write_time(START),
            "not_after": write_time(START + timedelta(days=1)),
        } | changes
        policy = Policy(fields.pop("policy"))
        return issue(self.root, self.key, CertificateHeader(policy=policy, **fields))

    def add(
        self,
        kind: Kind,
        origin: Origin,
        content: bytes = b"",
        *,
        prev: Sequence[str] | None = None,
        attrs: bytes = b"{}",
        media: str = "text/plain",
        about: Sequence[str] = (),
        link: Sequence[Link] = (),
        seal: SealClaim | None = None,
        bsalt: bytes | None = None,
        time: str | None = None,
        seq: int | None = None,
    ) -> str:
        """Sign one node; it hangs on the last one unless told otherwise."""
        if prev is None:
            prev = (self.last,) if self.last else ()
        draft = Draft(
            kind, origin, media, content, attrs, tuple(prev), tuple(about), tuple(link), seal, bsalt
        )
        node = weave(
            self.key,
            draft,
            seq=len(self.nodes) if seq is None else seq,
            time=time or self._now(),
            salt=self._fresh("salt"),
        )
        self._keep(node, prev)
        return node.s

    def add_raw(self, h: str, opened: Opened | None = None, prev: Sequence[str] = ()) -> str:
        """Sign any header text, allowed or not."""
        signature = self.key.sign(Purpose.NODE, h.encode("utf-8"))
        self._keep(StoredNode(h, encode(signature), opened), prev)
        return self.last

    def resign(self, old: str, new: str) -> str:
        """Change the header text of the last node and sign it again."""
        node = self.nodes.pop()
        assert old in node.h
        self._tails.pop(node.s)
        h = node.h.replace(old, new, 1)
        signature = encode(self.key.sign(Purpose.NODE, h.encode("utf-8")))
        self._keep(StoredNode(h, signature, node.opened, node.bsalt), ())
        return signature

    def system(self, text: str) -> str:
        return self._request(ContextList.SYSTEM, Kind.SYSTEM, text)

    def tools(self, *names: str) -> str:
        content = dumps([{"name": name, "input_schema": {"type": "object"}} for name in names])
        return self._request(ContextList.TOOLS, Kind.TOOLS, content, media="application/json")

    def prompt(self, text: str) -> str:
        return self._request(ContextList.MESSAGES, Kind.PROMPT, text)

    def tool_result(self, text: str, use: str | None = None) -> str:
        prev = (self.last, use or self._uses.pop(0))
        return self._request(ContextList.MESSAGES, Kind.TOOL_RESULT, text, prev=prev)

    def copied(self, kind: Kind, text: str) -> str:
        """Add words of an assistant that a client brought along."""
        return self._request(ContextList.MESSAGES, kind, text)

    def params(self, **parameters: Json) -> str:
        content: Json = {
            "path": "/v1/messages",
            "query": "",
            "headers": {},
            "parameters": {"model": "model-1", **parameters},
        }
        return self.add(
            Kind.PARAMS,
            Origin.CLIENT,
            dumps(content).encode(),
            prev=(self.last,),
            media="application/json",
        )

    def context(self) -> dict[str, Json]:
        """Say what the next call shows, and remember that it was said."""
        steps: dict[str, Json] = {}
        for name in ContextList:
            add = self._lists[name][self._shown[name] :]
            self._shown[name] += len(add)
            start = value = self._values[name]
            for signature in add:
                value = extend(value, decode(signature, "signature", 64))
            self._values[name] = value
            steps[name] = {"from": encode(start), "add": list[Json](add), "to": encode(value)}
        return steps

    def call(
        self,
        *,
        history: Iterable[str] = (),
        partial: bool = False,
        about: Sequence[str] = (),
        changes: dict[str, Json] | None = None,
        raw: bytes | None = None,
        bsalt: bytes | None = None,
    ) -> str:
        """Open a call on what was requested; `changes` and `raw` tell its content wrongly."""
        last = self.last
        params = self.params()
        context = self.context()
        if partial:
            context["partial"] = True
        body = BodyDigest(self._fresh("bsalt"))
        body.update(b"the request")
        content: dict[str, Json] = {
            "upstream": "https://upstream.example",
            "context": context,
            "body": body.claim(),
            "placement": {"by": "new"},
            "history": [{"code": code} for code in history],
            "id": f"call-{len(self.nodes)}",
            **(changes or {}),
        }
        self._call = self.add(
            Kind.CALL,
            Origin.PROXY,
            dumps(content).encode() if raw is None else raw,
            prev=(last, params),
            media="application/json",
            about=about,
            bsalt=bsalt or body.bsalt,
        )
        return self._call

    def thinking(self, text: str) -> str:
        return self.answer(Kind.THINKING, text)

    def text(self, text: str) -> str:
        return self.answer(Kind.TEXT, text)

    def tool_use(self, name: str, arguments: dict[str, Json]) -> str:
        attrs: dict[str, Json] = {"id": f"toolu_{len(self.nodes)}", "name": name}
        use = self.answer(Kind.TOOL_USE, dumps(arguments), "application/json", attrs)
        self._uses.append(use)
        return use

    def answer(
        self,
        kind: Kind,
        text: str,
        media: str = "text/plain",
        attrs: dict[str, Json] | None = None,
    ) -> str:
        """Add a block of the provider's answer."""
        fields: dict[str, Json] = {"provider": "fake", "type": str(kind), **(attrs or {})}
        signature = self.add(
            kind, Origin.PROVIDER, text.encode(), attrs=write_attrs(fields), media=media
        )
        self._lists[ContextList.MESSAGES].append(signature)
        return signature

    def take(self, block: Block, origin: Origin, name: ContextList = ContextList.MESSAGES) -> str:
        """Add a block that a wire module read, of a request or an answer."""
        attrs = msgspec.json.encode(block.attrs, order="sorted")
        signature = self.add(block.kind, origin, block.content, attrs=attrs, media=block.media)
        self._lists[name].append(signature)
        return signature

    def end(
        self,
        outcome: str = "complete",
        *,
        prev: Sequence[str] | None = None,
        changes: dict[str, Json] | None = None,
        raw: bytes | None = None,
        bsalt: bytes | None = None,
    ) -> str:
        """End the call; `changes` and `raw` tell its content wrongly."""
        body = BodyDigest(self._fresh("bsalt"))
        body.update(b"the answer")
        content: dict[str, Json] = {
            "outcome": outcome,
            "status": 200,
            "stop_reason": "end_turn",
            "usage": {"output_tokens": 12},
            "request_id": "req_1",
            "body": body.claim(),
            **(changes or {}),
        }
        return self.add(
            Kind.END,
            Origin.PROXY,
            dumps(content).encode() if raw is None else raw,
            prev=prev,
            media="application/json",
            bsalt=bsalt or body.bsalt,
        )

    def checkpoint(self, prev: Sequence[str] | None = None) -> str:
        return self.add(Kind.CHECKPOINT, Origin.PROXY, prev=prev, seal=self.claim())

    def seal(self, prev: Sequence[str] | None = None) -> str:
        tails = tuple(self._tails) if prev is None else prev
        return self.add(Kind.SEAL, Origin.PROXY, prev=tails, seal=self.claim())

    def claim(self) -> SealClaim:
        """Count the nodes so far and give their tree head."""
        tree = SignatureTree(decode(node.s, "s", 64) for node in self.nodes)
        return SealClaim(tree.count, encode(tree.head()))

    def erase(self, signature: str, *, keep_bsalt: bool = False) -> None:
        """Drop the words of a node, and every bsalt with them unless told otherwise."""
        for index, node in enumerate(self.nodes):
            bsalt = node.bsalt if keep_bsalt else None
            opened = None if node.s == signature else node.opened
            self.nodes[index] = StoredNode(node.h, node.s, opened, bsalt)

    def at(self, signature: str) -> int:
        """Give the position of a node."""
        return next(index for index, node in enumerate(self.nodes) if node.s == signature)

    def transcript(self, layout: Layout = Layout.JSON) -> bytes:
        """Write what was told."""
        return b"".join(
            write_transcript(self.braid, self.certificate, self.nodes, self.proofs, layout)
        )

    def _request(
        self,
        name: ContextList,
        kind: Kind,
        text: str,
        media: str = "text/plain",
        prev: Sequence[str] | None = None,
    ) -> str:
        signature = self.add(kind, Origin.CLIENT, text.encode(), prev=prev, media=media)
        self._lists[name].append(signature)
        return signature

    def _keep(self, node: StoredNode, prev: Sequence[str]) -> None:
        self.nodes.append(node)
        for signature in prev:
            self._tails.pop(signature, None)
        self._tails[node.s] = None
        self.last = node.s

    def _fresh(self, what: str) -> bytes:
        self._made += 1
        return fresh(f"{what} {self._made} of {self.name}")

    def _now(self) -> str:
        return write_time(START + timedelta(seconds=len(self.nodes)))


def conversation(name: str = "braid") -> Braid:
    """Tell of three turns with thinking and a tool; every call has its end, nothing is sealed."""
    braid = Braid(name)
    braid.system("You are terse.")
    braid.tools("get_weather", "get_time")
    braid.prompt('What is the weather in Oslo? Ünïcödé, "quotes" and a\nline end.')
    braid.call()
    braid.thinking("They ask for weather; I have a tool.")
    braid.text("Let me look.")
    braid.tool_use("get_weather", {"city": "Oslo"})
    braid.end()
    braid.tool_result("-4 °C, snow")
    braid.call(history=("continued",))
    braid.text("It is four below zero, with snow.")
    braid.end()
    braid.prompt("Thanks.")
    braid.call(history=("continued",))
    braid.text("You are welcome.")
    braid.end()
    return braid


def sealed_conversation(name: str = "braid") -> Braid:
    """Tell the same, and seal it."""
    braid = conversation(name)
    braid.seal()
    return braid
