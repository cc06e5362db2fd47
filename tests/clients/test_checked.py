"""A client that checks before it sends."""

from __future__ import annotations

import httpx
import pytest

from braid_clients.checked import checking
from braid_verifier import HistoryNotGenuine
from fakes.dialects import DIALECTS, Dialect, Say, told
from fakes.rivers import ASKED, FIRST, TALK, S


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_false_history_does_not_leave(dialect: Dialect) -> None:
    transcript = told(dialect, TALK).transcript()
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    recorded = [b""]
    hook = checking(lambda: recorded[0], dialect.name)
    honest = dialect.body(TALK.but([*S, ASKED]))
    false = dialect.body(TALK.but([*S[:5], Say(FIRST.words.upper()), *S[6:], ASKED]))
    transport = httpx.MockTransport(answer)
    with httpx.Client(transport=transport, event_hooks={"request": [hook]}) as client:
        client.post("https://example.org", content=false)  # nothing is recorded yet
        recorded[0] = transcript
        client.post("https://example.org", content=honest)
        client.get("https://example.org")
        assert len(sent) == 3
        with pytest.raises(HistoryNotGenuine, match="edited"):
            client.post("https://example.org", content=false)
        strict = checking(lambda: transcript, dialect.name, policy="strict")
        prefilled = dialect.body(TALK.but([*S, ASKED, Say("It is")]))
        hook(httpx.Request("POST", "https://example.org", content=prefilled))
        with pytest.raises(HistoryNotGenuine, match="prefill"):
            strict(httpx.Request("POST", "https://example.org", content=prefilled))
        recorded[0] = transcript.replace(b"Glomma", b"Gl0mma")
        with pytest.raises(HistoryNotGenuine, match="failed"):
            client.post("https://example.org", content=honest)
    assert len(sent) == 3


def test_a_wire_that_is_none() -> None:
    with pytest.raises(ValueError):
        checking(lambda: b"", "morse")
    with pytest.raises(ValueError, match="policy: expected one of reject, strict"):
        checking(lambda: b"", "anthropic", policy="record")
