"""Erased words are gone from the store and its files, and nothing kept lets anyone guess them."""

from __future__ import annotations

import contextlib
import http.client
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from braid.node import Kind
from braid.wire.anthropic import read_request
from braid_server.library import NoSuchBraid, NoSuchNode
from braid_server.logbook import files
from braid_server.sealing import StillOpen
from braid_verifier import Answer, ClaimName, Result, verify
from fakes import gemini, openai
from fakes.desk import Desk, ask
from fakes.guesser import CODE, confirmed, first, second, secret, traces
from fakes.provider import Answering, Asked, Json, Reply
from fakes.proxied import Proxied, proxied


def record(desk: Desk) -> str:
    """Record a conversation in which a code is asked for, said and sent back; give its braid."""
    call = desk.turn(first(CODE), secret(CODE))
    desk.turn(second(CODE), "I will not say.")
    return call.braid


def with_code(desk: Desk, braid: str) -> list[int]:
    """Give the numbers of the nodes that hold the code."""
    nodes = json.loads(desk.transcript(braid))["nodes"]
    return [i for i, node in enumerate(nodes) if f"{CODE:04d}" in node["attrs"] + node["text"]]


def on_disk(desk: Desk) -> bytes:
    """Give every byte of every file of the store."""
    return b"".join(path.read_bytes() for path in sorted(desk.path.parent.iterdir()))


def found(desk: Desk, code: int = CODE) -> list[int]:
    """Give which of all traces of a code the files hold."""
    files = on_disk(desk)
    return [i for i, trace in enumerate(traces(desk.keyring, code)) if trace in files]


def test_before_the_erasure_everything_would_let_the_code_be_guessed(tmp_path: Path) -> None:
    """So that the tests below can fail."""
    with Desk(tmp_path) as desk:
        braid = record(desk)
        assert confirmed(desk.transcript(braid))
        # Three words, two requests, two blocks, one conversation so far, one answer by itself; never
        # a bare body digest.
        assert found(desk) == list(range(9))


def test_a_code_of_four_digits_cannot_be_guessed_from_store_keys_and_files(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        other = desk.turn(ask("Another conversation."), "Which stays.").braid
        braid = record(desk)
        erased = desk.run(desk.library.erase(braid, with_code(desk, braid)))
        assert not (erased.left_in_journal or erased.left_in_pages)
        assert found(desk) == []
        assert not confirmed(desk.transcript(braid))
        assert b"Which stays." in on_disk(desk) and b"I will not say." in on_disk(desk)
        desk.verified(other)
    assert found(desk) == []


def test_words_that_are_erased_leave_what_was_read_of_requests(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid, before = record(desk), desk.recorder.before
        long = ask("x" * 10_000, secret(CODE), f"Is {CODE} a prime?")
        read_request(json.dumps(long).encode(), before, "local")
        assert before.size
        desk.run(desk.library.erase(braid, with_code(desk, braid)))
        assert not before.size


def test_what_the_log_shows_never_let_the_code_be_guessed(tmp_path: Path) -> None:
    """Entries stay for good, so there is nothing in them: sealed, and before any erasure."""
    with Desk(tmp_path) as desk:
        braid = record(desk)
        desk.seal(braid)
        assert found(desk) == list(range(9))
        with desk.store.read() as reading:
            log = reading.log.active()
        assert log is not None and log.size == 2
        shown = files(desk.store, log, lambda path: False)
        said = b"".join(raw for _, raw in shown)
        said += json.dumps(json.loads(desk.transcript(braid))["proofs"]).encode()
        nodes = json.loads(desk.transcript(braid))["nodes"]
    assert not any(trace in said for trace in traces(desk.keyring, CODE))
    # Nor a commitment or a salt by which a guess would be confirmed, of any node with words.
    headers = [json.loads(node["h"]) for node in nodes]
    held = {header["content"] for header in headers if header["kind"] != Kind.SEAL}
    held |= {node[name] for node in nodes for name in ("salt", "bsalt") if name in node}
    assert not any(value.encode() in said for value in held)


def test_the_braid_still_verifies_sealed_and_says_what_was_erased(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = record(desk)
        numbers = with_code(desk, braid)
        erased = desk.run(desk.library.erase(braid, numbers, reason="asked for"))
        report = desk.verified(braid)
    assert erased.nodes == tuple(numbers)
    assert {f.node for f in report.findings if f.code == "N_ERASED"} == set(numbers)
    assert "W_BSALT" not in {f.code for f in report.findings}
    assert report.claims[ClaimName.SEALED].answer is Answer.YES
    assert report.claims[ClaimName.ERASED].answer is Answer.YES
    assert report.claims[ClaimName.CONTEXT].answer is Answer.YES


def test_a_notice_under_the_same_root_links_every_erased_node(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = record(desk)
        signatures = [node["s"] for node in json.loads(desk.transcript(braid))["nodes"]]
        erased = desk.run(desk.library.erase(braid, with_code(desk, braid), reason="asked for"))
        assert erased.notice is not None and erased.notice in desk.braids()
        report = desk.verified(erased.notice)
        notice = json.loads(desk.transcript(erased.notice))
        info = desk.library.info(erased.notice)
    assert report.root == desk.keyring.root and info.state == "sealed"
    assert report.claims[ClaimName.SEALED].answer is Answer.YES
    links = [link for n in notice["nodes"] for link in json.loads(n["h"]).get("link", [])]
    assert [link["node"] for link in links] == [signatures[i] for i in erased.nodes]
    assert {(link["braid"], link["rel"]) for link in links} == {(braid, "audits")}
    said = json.loads(notice["nodes"][0]["text"])
    assert said == {"erased": len(erased.nodes), "reason": "asked for"}


def test_a_conversation_that_goes_on_begins_anew_and_accuses_nobody(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = record(desk)
        desk.run(desk.library.erase(braid, with_code(desk, braid)))
        call = desk.turn(
            ask("What is the code of the door?", secret(CODE), f"Is {CODE} a prime?",
                "I will not say.", "Why?"),
            "Because.",
        )  # fmt: skip
        assert call.braid != braid
        report = desk.verified(call.braid)
        assert report.claims[ClaimName.HISTORY].answer is Answer.YES


def test_erasing_again_erases_nothing_and_needs_no_notice(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = record(desk)
        numbers = with_code(desk, braid)
        desk.run(desk.library.erase(braid, numbers))
        before = desk.braids()
        again = desk.run(desk.library.erase(braid, numbers))
        assert again.nodes == () and again.notice is None
        assert desk.braids() == before


def test_a_call_under_way_is_waited_for_and_nothing_is_erased_before(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        call = desk.open(first(CODE))
        with pytest.raises(StillOpen):
            desk.run(desk.library.erase(call.braid, [0]))
        assert "door" in json.loads(desk.transcript(call.braid))["nodes"][0]["text"]


def test_what_is_not_there_is_said_and_other_tenants_braids_are_not(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = record(desk)
        with pytest.raises(NoSuchNode, match="node 99"):
            desk.run(desk.library.erase(braid, [0, 99]))
        with pytest.raises(NoSuchBraid):
            desk.run(desk.library.erase(braid, [0], "another"))
        assert confirmed(desk.transcript(braid))


def test_calls_and_ends_are_never_erased(tmp_path: Path) -> None:
    with Desk(tmp_path) as desk:
        braid = record(desk)
        every = range(len(json.loads(desk.transcript(braid))["nodes"]))
        desk.run(desk.library.erase(braid, every))
        nodes = json.loads(desk.transcript(braid))["nodes"]
        report = desk.verified(braid)
    kept = {json.loads(node["h"])["kind"] for node in nodes if "text" in node}
    assert kept == {Kind.CALL, Kind.END, Kind.SEAL}
    assert not any("bsalt" in node for node in nodes)
    assert report.result is Result.VERIFIED


def test_a_reader_in_the_log_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("braid_server.library._READER_SECONDS", 0.2)
    with Desk(tmp_path) as desk:
        braid = record(desk)
        reader = sqlite3.connect(desk.path)
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM node").fetchone()
        erased = desk.run(desk.library.erase(braid, with_code(desk, braid)))
        assert erased.left_in_journal
        reader.close()
        again = desk.run(desk.library.erase(braid, erased.nodes))
        assert not again.left_in_journal and found(desk) == []


def test_a_store_too_large_to_be_written_anew_while_served_is_said(tmp_path: Path) -> None:
    with Desk(tmp_path, rewrites=0) as desk:
        braid = record(desk)
        erased = desk.run(desk.library.erase(braid, with_code(desk, braid)))
        assert erased.left_in_pages and not erased.left_in_journal
        assert found(desk) == []  # overwritten all the same: secure_delete


def test_the_log_of_the_server_says_no_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Desk(tmp_path) as desk, caplog.at_level("DEBUG"):
        braid = record(desk)
        desk.run(desk.library.erase(braid, with_code(desk, braid), reason="the code 4711 leaked"))
    assert str(CODE) not in caplog.text


def test_flags_about_the_words_go_with_them(tmp_path: Path) -> None:
    """A flag repeats no word, but where its cues stand would tell words of one length from others."""
    leak = f"Wait, actually that's wrong. Hmm, let me reconsider: the code is {CODE}."

    def kept(desk: Desk, braid: str) -> list[bool]:
        nodes = json.loads(desk.transcript(braid))["nodes"]
        return ["text" in n for n in nodes if json.loads(n["h"])["kind"] == Kind.FLAG]

    with Desk(tmp_path) as desk:
        braid = desk.turn(ask("What is the code?"), leak).braid
        assert kept(desk, braid) == [True]
        marked = b"self_correction"
        assert marked in on_disk(desk)
        desk.run(desk.library.erase(braid, with_code(desk, braid)))
        assert kept(desk, braid) == [False] and marked not in on_disk(desk)
        desk.verified(braid)


def test_words_erased_from_many_pages_leave_no_stale_copy(tmp_path: Path) -> None:
    """Large and small blocks, split over pages that were rewritten many times."""
    with Desk(tmp_path) as desk:
        braid, told = "", []
        for turn in range(30):
            told += [f"Mark{turn:02d} " * (1 + 300 * (turn % 3)), f"Answer{turn:02d}"]
            braid = desk.turn(ask(*told[:-1]), told[-1]).braid
        every = range(len(json.loads(desk.transcript(braid))["nodes"]))
        desk.run(desk.library.erase(braid, every))
        files = on_disk(desk)
        assert not any(f"{word}{turn:02d}".encode() in files for turn in range(30)
                       for word in ("Mark", "Answer"))  # fmt: skip
        assert verify(desk.transcript(braid), roots=[desk.keyring.root]).result is Result.VERIFIED


def test_the_name_of_a_session_goes_too(tmp_path: Path) -> None:
    """It is kept as a keyed value, and can be guessed as words can."""

    def named(desk: Desk) -> list[Any]:
        with contextlib.closing(sqlite3.connect(desk.path)) as plain:
            return [row[0] for row in plain.execute("SELECT session FROM braid ORDER BY number")]

    with Desk(tmp_path) as desk:
        desk.turn(ask("Something else."), "Which stays.", session="other")
        braid = desk.turn(first(CODE), secret(CODE), session=f"door {CODE}").braid
        before = named(desk)
        assert None not in before[:2]
        desk.run(desk.library.erase(braid, with_code(desk, braid)))
        assert named(desk)[:2] == [before[0], None]
        assert before[1] not in on_disk(desk)


def _by_tokens(asked: Asked) -> Reply:
    tokens = [{"token": one, "logprob": -0.1} for one in ("Code ", "47", "11")]
    said = openai.chat(asked, {"content": "Code 4711"})
    body = json.loads(said.body)
    body["choices"][0]["logprobs"] = {"content": tokens}
    return replace(said, body=json.dumps(body).encode())


def _by_segments(asked: Asked) -> Reply:
    supports = [{"segment": {"text": "Code 4711"}, "groundingChunkIndices": [0]}]
    said = gemini.content(asked, gemini.text("Code 4711"))
    body = json.loads(said.body)
    body["candidates"][0]["groundingMetadata"] = {"groundingSupports": supports}
    return replace(said, body=json.dumps(body).encode())


@pytest.mark.parametrize(
    ("path", "request_", "answering", "kind", "left"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "It?"}]},
         _by_tokens, Kind.TEXT, '"47"'),
        ("/v1beta/models/g:generateContent", {"contents": [{"role": "user", "parts": [{"text": "It?"}]}]},
         _by_segments, Kind.TEXT, "4711"),
        ("/v1/responses", {"instructions": "The code is 4711.", "input": "Hello."},
         lambda asked: openai.response(asked, openai.message("Hello.")), Kind.SYSTEM, "4711"),
    ],
)  # fmt: skip
def test_what_an_answer_repeats_beside_its_blocks_goes_with_the_words(
    tmp_path: Path, path: str, request_: Json, answering: Answering, kind: Kind, left: str
) -> None:
    with proxied(answering, tmp_path) as braid:
        assert _post(braid, path, {"model": "g", **request_}) == 200
        (name,) = braid.braids()
        whole = braid.get(f"/braid/v1/braids/{name}")
        nodes = json.loads(whole)["nodes"]
        chosen = [i for i, node in enumerate(nodes) if json.loads(node["h"])["kind"] == kind]
        assert any(left in node.get("text", "") for i, node in enumerate(nodes) if i not in chosen)
        assert _post(braid, f"/braid/v1/braids/{name}/erase", {"nodes": chosen}) == 200
        kept = json.loads(braid.get(f"/braid/v1/braids/{name}"))["nodes"]
        assert not any(left in node.get("text", "") + node.get("attrs", "") for node in kept)
        assert braid.report(name).result is Result.VERIFIED
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert left.encode() not in files


def _post(braid: Proxied, path: str, body: Json) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", braid.port)
    headers = {"content-type": "application/json"}
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status
