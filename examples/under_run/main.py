"""An SDK program that knows nothing of Braid. Record it:

    braid run -- python examples/under_run/main.py

The SDK reads its address and key from ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY; `braid run`
sets the first one for the program and leaves the second alone.
"""

from __future__ import annotations

import anthropic

MODEL = "claude-sonnet-5-5"


def main() -> None:
    client = anthropic.Anthropic()
    messages: list[anthropic.types.MessageParam] = [
        {"role": "user", "content": "Name a prime above 100. Answer with the number alone."}
    ]
    for question in ("And the next one?", None):
        with client.messages.stream(model=MODEL, max_tokens=200, messages=messages) as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)
            print()
            answer = stream.get_final_message()
        if question is not None:
            messages.append({"role": "assistant", "content": answer.content})
            messages.append({"role": "user", "content": question})


if __name__ == "__main__":
    main()
