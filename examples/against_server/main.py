"""The same SDK against a running `braid serve`, and the transcript fetched when done.

braid serve &
python examples/against_server/main.py [http://127.0.0.1:8420]
"""

from __future__ import annotations

import sys
from pathlib import Path

import anthropic
import httpx

MODEL = "claude-sonnet-5-5"


def main(braid: str = "http://127.0.0.1:8420") -> None:
    client = anthropic.Anthropic(base_url=braid)
    response = client.messages.with_raw_response.create(
        model=MODEL,
        max_tokens=200,
        messages=[{"role": "user", "content": "Say something worth keeping."}],
    )
    for block in response.parse().content:
        if block.type == "text":
            print(block.text)
    name = response.headers["x-braid-id"]
    httpx.post(f"{braid}/braid/v1/braids/{name}/seal").raise_for_status()
    transcript = httpx.get(f"{braid}/braid/v1/braids/{name}").raise_for_status()
    path = Path(f"braid-{name}.braid.json")  # an id may begin with a dash
    path.write_bytes(transcript.content)
    print(f"transcript: {path}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(
            "usage: python examples/against_server/main.py [http://127.0.0.1:8420]", file=sys.stderr
        )
        sys.exit(2)
    main(*sys.argv[1:])
