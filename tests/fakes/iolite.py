"""Files in the manner of iolite: records signed over their text, or its base64, and what came before."""

from __future__ import annotations

import base64
import json
from typing import Any

import nacl.bindings

from fakes.braids import fresh

LISTS = {
    "prompt": "AllPrompts",
    "cot": "ChainOfThoughts",
    "text": "AllTexts",
    "tool_response": "AllToolResponses",
}


class Iolite:
    """A file being told; `add` gives a record, which a forger may still edit."""

    def __init__(self, *, base64_signed: bool = True, key: str = "iolite") -> None:
        self._encoded = base64_signed
        public, self._secret = nacl.bindings.crypto_sign_seed_keypair(fresh(key))
        self.file: dict[str, Any] = {name: {} for name in LISTS.values()}
        self.file |= {"Source": "claude", "Audits": [{"total": 3, "raw_content": "fine"}]}
        self.file["PublicKey"] = base64.b64encode(public).decode()

    def sign(self, text: str, prev: str) -> str:
        data = base64.b64encode(text.encode()) if self._encoded else text.encode()
        signed = nacl.bindings.crypto_sign(data + prev.encode(), self._secret)
        return base64.urlsafe_b64encode(signed[:64]).rstrip(b"=").decode()

    def add(
        self, namespace: str, text: str, prev: str = "", lane: str = "claude"
    ) -> dict[str, Any]:
        record: dict[str, Any] = {"namespace": namespace, "data": text}
        if self._encoded:
            record["data_b64"] = base64.b64encode(text.encode()).decode()
        record["signature"] = self.sign(text, prev)
        record["prev_signature"] = prev
        lanes = self.file[LISTS[namespace]].setdefault(lane, [])
        lanes.append([record] if namespace == "cot" else record)
        return record

    def write(self) -> bytes:
        return json.dumps(self.file).encode()


def talk(*, base64_signed: bool = True) -> Iolite:
    """A prompt, a thought, a tool's answer, two texts; one beginning, two tails."""
    told = Iolite(base64_signed=base64_signed)
    prompt = told.add("prompt", "Which number is greater, 3 or 5?")
    thought = told.add("cot", "5, by the usual order.", prompt["signature"])
    said = told.add("text", "5 is greater.", thought["signature"])
    told.add("tool_response", "verified: True", prompt["signature"], lane="gemini")
    told.add("text", "The answer is truthful.", said["signature"], lane="gemini")
    return told
