"""The worked example of SPEC §0: one whole braid, and one of its nodes taken apart."""

from __future__ import annotations

from vectors.conversations import TEXT, attrs, call, end, params
from vectors.formulas import commitment, decode, encode, pae
from vectors.weaver import Braid, Draft, Key, Shown

BEGIN, END = "<!-- example:begin -->", "<!-- example:end -->"


def braid() -> Braid:
    return Braid(
        [
            Draft("prompt", "prompt", [], b"How many legs has a spider?", attrs=attrs(type="text")),
            params("params", "prompt"),
            call("call", ["prompt", "params"], Shown(["prompt"])),
            Draft("text", "text", ["call"], b"Eight.", attrs=attrs(index=0, type="text")),
            end("end", ["text"]),
            Draft("seal", "seal", None),
        ],
        "example",
        Key("example"),
    )


def text() -> str:
    made = braid()
    file = made.sign()
    node = file.nodes[TEXT]
    h, salt = node["h"], decode(node["salt"])
    content, extra = node["text"].encode(), node["attrs"].encode()
    digest = commitment(salt, content, extra)
    frame = pae("node", h.encode()).decode()
    start = frame[: frame.index("{")]
    return f"""
A question and its answer, with a certificate and a seal: `example.braid.json`, as it stands. Line 2 is the
prompt, then come params, call, text, end and seal. `tests/vectors/make_vectors.py` makes it, without this
project's code; a test reads it from here. It verifies where the root key `{encode(made.root.public)}` is pinned.

```json
{file.write().decode()}```

**Node 3, the text, step by step.** Its header `h` is this string of {len(h)} bytes (§3), once the JSON escapes are undone:

```text
{h}
```

The signed bytes are `{start}` (with the space at its end) followed by `h`, {len(frame)} bytes in all (§2.2).
Under the braid's key, in hex

```text
{made.key.public.hex()}
```

the signature is these 64 bytes, R then S; their base64url is the node's `s`, the one entry in `prev` of node 4 (§2.4):

```text
{made.signature("text").hex()[:64]}
{made.signature("text").hex()[64:]}
```

`content` in the header is the SHA-256 of the following bytes (§5.1), which is `{digest.hex()}`:

```text
{b"braid/1 content".hex()}0a   braid/1 content and a line end
{salt.hex()}   salt
{len(content).to_bytes(8, "big").hex()}   {len(content)} bytes of content
{content.hex()}   {content.decode()}
{len(extra).to_bytes(8, "big").hex()}   {len(extra)} bytes of attrs
{extra.hex()[:62]}
{extra.hex()[62:]}   {extra.decode()}
```

The seal's `tree` is the RFC 6962 head over the 64 bytes of signatures 0 to 4 (§11); the call's `context` says that the
model was shown node 0 and nothing else (§6.2).
"""


def insert(spec: str) -> str:
    """Put the example between the markers of SPEC."""
    before, rest = spec.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + text() + END + after
