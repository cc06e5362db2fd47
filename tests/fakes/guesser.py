"""Someone who knows all of a conversation but a four-digit code, and tries every code."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from braid.content import commitment
from braid.encoding import decode, encode
from braid.strict_json import loads
from braid.wire.anthropic import read_request
from braid_server.keyring import Keyring
from braid_server.known import Prefix
from braid_server.marks import Marks
from fakes.desk import MESSAGE, ask, opening_of

CODE = 4711
CODES = range(10_000)
KEPT_SALT = bytes(32)


def secret(code: int) -> str:
    return f"The code of the door is {code:04d}."


def first(code: int) -> dict[str, Any]:
    return ask("What is the code of the door?", metadata={"user_id": f"user-{code:04d}"})


def second(code: int) -> dict[str, Any]:
    return ask("What is the code of the door?", secret(code), f"Is {code:04d} a prime?")


def bodies(code: int) -> list[bytes]:
    """Give every body in which the code passed, as it would be."""
    answer = {**MESSAGE, "id": "msg_1", "content": [{"type": "text", "text": secret(code)}]}
    return [
        json.dumps(first(code)).encode(),
        json.dumps(answer).encode(),
        json.dumps(second(code)).encode(),
    ]


def confirmed(transcript: bytes) -> bool:
    """Tell whether something in a transcript tells the right code from the others."""
    file: Any = loads(transcript.decode(), "transcript")
    kept = transcript.decode()
    for code in CODES:
        hit = any(text in kept for text in (secret(code), f"Is {code:04d}", f"user-{code:04d}"))
        for node in file["nodes"]:
            if "bsalt" in node:
                claim = json.loads(node["text"])["body"]
                salt = decode(node["bsalt"], "bsalt")
                hit |= any(
                    encode(hashlib.sha256(salt + body).digest()) == claim["digest"]
                    for body in bodies(code)
                )
            committed = json.loads(node["h"])["content"]
            salt = decode(node["salt"], "salt") if "salt" in node else KEPT_SALT
            for words in (secret(code), f"Is {code:04d} a prime?"):
                attrs = b'{"provider":"anthropic","type":"text"}'
                hit |= commitment(salt, words.encode(), attrs) == committed
        if hit and code == CODE:
            return True
    return False


def traces(keyring: Keyring, code: int, tenant: str = "local") -> list[bytes]:
    """Give every value that a store with its keys could hold of the words with a code."""
    marks = Marks(keyring.match_key(tenant))
    found = [secret(code).encode(), f"Is {code:04d} a prime".encode(), f"user-{code:04d}".encode()]
    for request in (first(code), second(code)):
        opening = opening_of(request)
        found.append(marks.body(opening.body))
        blocks = marks.resent([*read_request(opening.body).messages])
        found += [
            matched.match for matched in blocks if f"{code:04d}".encode() in matched.block.content
        ]
    words = Prefix().words
    for block, match, spine in marks.resent(
        read_request(opening_of(second(code)).body).messages[:2]
    ):
        words = hashlib.sha256(words + match).digest() if spine else words
        evidence = marks.evidence(block, match)
        found += [] if evidence is None else [marks.words(words), evidence]
    for body in bodies(code):
        found.append(hashlib.sha256(body).digest())
    return found
