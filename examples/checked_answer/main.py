"""Use an answer only if it is what Braid signed, under a root that is pinned.

braid serve &
python examples/checked_answer/main.py [http://127.0.0.1:8420 [ROOT_KEY]]

Without ROOT_KEY the roots of `braid keys trust` count, as for `braid verify`.
"""

from __future__ import annotations

import sys

import anthropic

from braid_clients import AnswerNotGenuine, Braid
from braid_verifier import NotVerified

MODEL = "claude-sonnet-5-5"


def main(url: str = "http://127.0.0.1:8420", root: str | None = None) -> None:
    with Braid(url, roots=[root] if root else None) as braid:
        talk = braid.conversation("an example")
        client = anthropic.Anthropic(**talk.anthropic())
        with client.messages.stream(
            model=MODEL,
            max_tokens=200,
            messages=[{"role": "user", "content": "Whom shall I pay?"}],
        ) as stream:
            check = braid.check(stream)
        try:
            message = check.require()
        except (NotVerified, AnswerNotGenuine) as refusal:
            sys.exit(f"not used: {refusal}")
        for block in message.content:
            if block.type == "text":
                print(block.text)
        print(f"as signed in braid {check.call.braid}, call {check.call.id}", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 3:
        print(
            "usage: python examples/checked_answer/main.py [http://127.0.0.1:8420 [ROOT_KEY]]",
            file=sys.stderr,
        )
        sys.exit(2)
    main(*sys.argv[1:])
