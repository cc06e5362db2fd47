"""Programs that use the real SDKs through Braid check an answer before they use it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, assert_type

import anthropic
import httpx
import openai
import pytest
from anthropic.types import Message
from google import genai
from google.genai.types import GenerateContentResponse
from openai.types.chat import ParsedChatCompletion

import braid_clients
from braid.call import By
from braid.encoding import encode
from braid.errors import KeyUnusable
from braid.note import NoteSigner, SignatureType
from braid.revocation import Reason, Revocation, Subject, write_revocation
from braid.signing import SecretKey
from braid.statements import StatementUnusable, parse_statements, write_statement
from braid_clients import (
    AsyncBraid,
    Braid,
    NoSuchBraid,
    NotBraid,
    NotRecorded,
    RootNotPinned,
    TokenRefused,
    call_of,
)
from braid_clients.checked import checking
from braid_clients.trust import LOGS, WITNESSES, TrustUnusable, keep_statements, trust, trust_one
from braid_server import keyfiles
from braid_verifier import (
    Answer,
    HistoryNotGenuine,
    NotVerified,
    PinnedKey,
    Policy,
    Result,
    parse_root,
)
from braid_verifier.opened import OpenedBraid
from fakes import everyone
from fakes.everyone import WORDS
from fakes.logs import key_in
from fakes.proxied import Proxied, proxied
from fakes.ways import ASYNC_WAYS, QUESTION, WAYS, AsyncWay, Came, anthropic_events, chat_raw

Way = Callable[..., Came]
TOKEN = "a-secret-of-the-operator"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("server")
    with proxied(everyone.says, folder, tokens={"team": TOKEN}) as running:
        yield running


@pytest.fixture(scope="module")
def braid(server: Proxied) -> Iterator[Braid]:
    with Braid(server.url, token=TOKEN, roots=[server.root()]) as client:
        yield client


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_is_what_was_signed(braid: Braid, way: Way) -> None:
    came = way(braid.conversation())
    check: Any = braid.check(*came[: 1 if came.answer is None else 2])
    assert not check.differences
    assert check.genuine
    assert check.request is (Answer.YES if came.asks else Answer.NOT_CHECKED)
    assert check.report.braid == check.call.braid
    assert WORDS in str(check.require())
    assert braid.report(came.response).counts.calls == 1
    assert WORDS.encode() in braid.transcript(check.call)


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.parametrize("way", ASYNC_WAYS)
def test_an_answer_of_an_async_client_is_what_was_signed(server: Proxied, way: AsyncWay) -> None:
    async def program() -> None:
        async with AsyncBraid(server.url, token=TOKEN, roots=[server.root()]) as braid:
            came = await way(braid.conversation())
            check: Any = await braid.check(*came[: 1 if came.answer is None else 2])
            assert not check.differences
            assert check.request is (Answer.YES if came.asks else Answer.NOT_CHECKED)
            assert WORDS in str(check.require())
            assert (await braid.report(came.response)).counts.calls == 1

    asyncio.run(program())


def test_the_answer_has_the_type_that_its_sdk_gave_it(braid: Braid) -> None:
    """mypy holds the types, the run holds the values."""
    with anthropic.Anthropic(**braid.anthropic(), api_key="k") as claude:
        raw = claude.messages.with_raw_response.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]
        )
        assert_type(braid.check(raw).require(), Message)
        assert isinstance(braid.check(raw).require(), Message)
    with openai.OpenAI(**braid.openai(), api_key="k") as gpt:
        with gpt.chat.completions.stream(
            model="m", messages=[{"role": "user", "content": "x"}]
        ) as stream:
            assert_type(braid.check(stream).require(), ParsedChatCompletion[None])
        assert isinstance(braid.check(stream).require(), ParsedChatCompletion)
    with genai.Client(**braid.gemini(), api_key="k") as gemini:
        response = gemini.models.generate_content(model="m", contents="x")
        assert_type(braid.check(response).require(), GenerateContentResponse)
        assert braid.check(response).require() is response


class TestServers:
    """What goes wrong between a program and the server has a name and says what to do."""

    def test_a_wrong_token(self, server: Proxied, braid: Braid) -> None:
        call = braid.check(WAYS[0](braid.conversation()).response).call
        for token in (None, "wrong"):
            with Braid(server.url, token=token) as stranger:
                with pytest.raises(TokenRefused, match="token") as refusal:
                    stranger.transcript(call)
                assert TOKEN not in str(refusal.value)

    def test_a_braid_that_is_not_there(self, braid: Braid) -> None:
        with pytest.raises(NoSuchBraid, match="no such braid"):
            braid.transcript("A" * 43)
        with pytest.raises(ValueError, match="43 characters"):
            braid.transcript("../keys")

    def test_a_server_that_is_none_of_braids(self, server: Proxied) -> None:
        elsewhere = Braid(server.provider.url, roots=[])
        with elsewhere, pytest.raises(NotBraid, match="expected a Braid server"):
            elsewhere.report("A" * 43)

    def test_nothing_that_answers(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}"
            nowhere = Braid(url, roots=[])
            with nowhere, pytest.raises(NotBraid, match="no answer.*is it running"):
                nowhere.transcript("A" * 43)

            async def program() -> None:
                async with AsyncBraid(url, roots=[]) as client:
                    with pytest.raises(NotBraid, match="no answer"):
                        await client.transcript("A" * 43)

            asyncio.run(program())

    @pytest.mark.parametrize(
        "url", ["braid", "ftp://127.0.0.1", "http://", "http://[", "http://h/?q"]
    )
    def test_an_address_that_is_none(self, url: str) -> None:
        with pytest.raises(ValueError, match="url: expected"):
            Braid(url, roots=[])

    def test_arguments_that_are_none(self, server: Proxied) -> None:
        with pytest.raises(ValueError, match="token: expected") as refusal:
            Braid(server.url, token="two words", roots=[])
        assert "two words" not in str(refusal.value)
        with pytest.raises(KeyUnusable):
            Braid(server.url, roots=["no-key"])
        with pytest.raises(TypeError):
            Braid(server.url, roots=server.root())

    def test_responses_that_say_no_call(self, server: Proxied, braid: Braid) -> None:
        with anthropic.Anthropic(base_url=server.provider.url, api_key="k") as direct:
            raw = direct.messages.with_raw_response.create(
                model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]
            )
        responses: list[Any] = [
            raw,
            raw.parse(),
            [],
            None,
            "words",
            {"x-braid-id": "?", "x-braid-call": "c"},
        ]
        for response in responses:
            with pytest.raises(NotRecorded):
                braid.check(response)

    def test_a_stream_whose_events_are_the_programs(self, braid: Braid) -> None:
        stream = anthropic_events(braid.conversation()).response
        with pytest.raises(TypeError, match=r"check\(stream, events\)"):
            braid.check(stream)
        with pytest.raises(TypeError, match="known wire format"):
            braid.check(stream, {"answer": 42})
        with pytest.raises(TypeError, match="an answer of an SDK"):
            braid.check(stream, 42)

    @pytest.mark.parametrize("way", [ASYNC_WAYS[0], ASYNC_WAYS[1]])
    def test_an_async_response_given_to_the_other_client(self, braid: Braid, way: AsyncWay) -> None:
        came = asyncio.run(way(braid.conversation()))
        with pytest.raises(TypeError, match="ask an AsyncBraid"):
            braid.check(came.response)


class TestRoots:
    def test_a_root_that_is_not_pinned(self, server: Proxied, braid: Braid) -> None:
        came = WAYS[0](braid.conversation())
        other = encode(SecretKey(bytes([7]) * 32).key)
        for roots in ([], [other]):
            with Braid(server.url, token=TOKEN, roots=roots) as stranger:
                check = stranger.check(came.response)
                assert not check.genuine
                with pytest.raises(RootNotPinned, match=f"pin it.*{server.root()}"):
                    check.require()
                assert stranger.report(came.response).result is Result.UNMET

    def test_those_of_the_trust_file_by_default(
        self, server: Proxied, braid: Braid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        came = WAYS[0](braid.conversation())
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        with Braid(server.url, token=TOKEN) as reader, pytest.raises(RootNotPinned):
            reader.check(came.response).require()
        trust(tmp_path / "braid" / "trusted-roots", parse_root(server.root()))
        with Braid(server.url, token=TOKEN) as reader:
            reader.check(came.response).require()

    def test_what_the_user_was_told_is_heeded(
        self, server: Proxied, braid: Braid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """First what a root says that has no say over this braid, then what the server's says.

        All are read when a report is made: a client that was there before heeds them too.
        """
        came = WAYS[0](braid.conversation())
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        key = braid.report(came.response).braid
        assert key is not None
        body = b'{"messages": [{"role": "user", "content": "x"}]}'
        hook = checking(lambda: braid.transcript(came.response), "anthropic")
        told = []
        time = "2026-01-01T00:00:00.000Z"
        for root, result in (
            (SecretKey(bytes([7]) * 32), "verified"),
            (SecretKey(keyfiles.load(server.folder / "root.key", keyfiles.ROOT_LABEL)), "failed"),
        ):
            said = Revocation(key, Subject.BRAID, Reason.STOLEN, time, root.text, time)
            line = write_statement(write_revocation(root, said))
            keep_statements(tmp_path / "braid" / "statements", parse_statements(line))
            told.append(line)
            assert braid.report(came.response).result == result
            assert braid.check(came.response).genuine is (result == "verified")
            history = braid.check_history(came.response, "anthropic", body)
            assert history.report.result == result
            with Braid(server.url, token=TOKEN, roots=[server.root()], statements=told) as reader:
                monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "elsewhere"))
                assert reader.report(came.response).result == result
                monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        request = httpx.Request("POST", "http://127.0.0.1", content=body)
        with pytest.raises(HistoryNotGenuine, match="the transcript is failed"):
            hook(request)
        checking(lambda: braid.transcript(came.response), "anthropic", statements=())(request)
        with Braid(server.url, token=TOKEN, roots=[server.root()], statements=()) as deaf:
            deaf.check(came.response).require()
        (tmp_path / "braid" / "statements").write_text("rubbish")
        with pytest.raises(StatementUnusable):
            braid.report(came.response)
        with pytest.raises(StatementUnusable):
            hook(request)

    def test_a_policy_asks_for_more(self, server: Proxied, braid: Braid) -> None:
        came = WAYS[0](braid.conversation())
        policy = Policy(require={"sealed"})
        strict = Braid(server.url, token=TOKEN, roots=[server.root()], policy=policy)
        with strict, pytest.raises(NotVerified, match="sealed"):
            strict.check(came.response).require()
        assert braid.report(came.response, policy).unmet == ("sealed",)

    def test_a_log_can_be_required(
        self, server: Proxied, braid: Braid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By name, else by the user's file of trusted logs, as `braid verify` does."""
        came = WAYS[0](braid.conversation())
        log, policy = key_in(server.folder / "braid.db"), Policy(require={"logged"})

        def unmet(**more: Any) -> tuple[str, ...]:
            with Braid(
                server.url, token=TOKEN, roots=[server.root()], policy=policy, **more
            ) as reader:
                found: tuple[str, ...] = reader.check(came.response).report.unmet
                assert found == reader.report(came.response).unmet
                return found

        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        assert unmet() == ("logged",)
        assert not unmet(logs=[log])
        trust_one(tmp_path / "braid" / "trusted-logs", PinnedKey(log), LOGS)
        assert not unmet()
        assert unmet(logs=[]) == ("logged",)

        async def program() -> None:
            async with AsyncBraid(
                server.url, token=TOKEN, roots=[server.root()], logs=[log], policy=policy
            ) as awaited:
                (await awaited.check(came.response)).require()

        asyncio.run(program())
        (tmp_path / "braid" / "trusted-logs").write_bytes(b"\xff")
        with pytest.raises(TrustUnusable, match="trusted-logs"):
            unmet()

    def test_a_quorum_that_nobody_can_reach(
        self, server: Proxied, braid: Braid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is said at once, by whoever asks for it."""
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        policy = Policy(quorum=2)
        keys = [
            NoteSigner(
                f"witness.example/{n}", bytes([n]) * 32, SignatureType.COSIGNATURE
            ).public.text
            for n in (1, 2)
        ]
        for few in (None, [], keys[:1]):
            with pytest.raises(
                ValueError, match="quorum: expected at least 2 different pinned witnesses, got [01]"
            ):
                Braid(server.url, policy=policy, witnesses=few)
        Braid(server.url, policy=policy, witnesses=keys).close()
        for key in keys:
            trust_one(tmp_path / "braid" / "trusted-witnesses", PinnedKey(key), WITNESSES)
        Braid(server.url, policy=policy).close()
        came = WAYS[0](braid.conversation())
        with pytest.raises(
            ValueError, match="quorum: expected at least 2 different pinned witnesses, got 0"
        ):
            braid.report(came.response, policy)
        with pytest.raises(
            ValueError, match="quorum: expected at least 3 different pinned witnesses, got 2"
        ):
            checking(lambda: b"", "anthropic", quorum=3)


class TestConversations:
    def test_calls_under_one_name_are_of_one_braid_whatever_the_sdk(self, braid: Braid) -> None:
        talk = braid.conversation("the weather, again")
        assert "the weather, again" in repr(talk) and TOKEN not in repr(talk)
        calls = [call_of(way(talk).response) for way in WAYS]
        assert len({call.braid for call in calls}) == 1
        assert len({call.id for call in calls}) == len(WAYS)
        report = braid.report(calls[0])
        report.require()
        assert report.counts.calls == len(WAYS)
        other = call_of(WAYS[0](braid.conversation("another")).response)
        assert other.braid != calls[0].braid

    def test_the_name_of_a_single_request(self, server: Proxied, braid: Braid) -> None:
        with anthropic.Anthropic(**braid.anthropic(), api_key="k") as client:
            calls = [
                call_of(
                    client.messages.with_raw_response.create(
                        model="m",
                        max_tokens=9,
                        messages=[{"role": "user", "content": name}],
                        extra_headers=braid.conversation("by request").headers,
                    )
                )
                for name in ("one", "two")
            ]
        assert calls[0].braid == calls[1].braid
        placed = [call.by for call in OpenedBraid(braid.transcript(calls[0])).calls.values()]
        assert placed == [By.NEW, By.SESSION]
        for asked in server.provider.asked:
            assert not [name for name in asked.headers if name.startswith("x-braid-")]

    def test_a_conversation_goes_on_by_its_history(self, braid: Braid) -> None:
        messages: Any = [{"role": "user", "content": "And then?"}]
        with anthropic.Anthropic(**braid.conversation("longer").anthropic(), api_key="k") as client:
            for _ in range(2):
                raw = client.messages.with_raw_response.create(
                    model="m", max_tokens=9, messages=messages
                )
                said = braid.check(raw).require()
                (use,) = [block for block in said.content if block.type == "tool_use"]
                result = {"type": "tool_result", "tool_use_id": use.id, "content": "7"}
                messages += [
                    {"role": "assistant", "content": said.content},
                    {"role": "user", "content": [result]},
                ]
            honest = braid.check_history(raw, "anthropic", {"messages": messages})
            assert honest.genuine and honest.call == call_of(raw).id
            messages[3]["content"] = [{"type": "text", "text": "Snow."}, *said.content[2:]]
            false = braid.check_history(raw, "anthropic", {"messages": messages})
            with pytest.raises(HistoryNotGenuine):
                false.require()
            with pytest.raises(ValueError):
                braid.check_history(raw, "morse", {"messages": messages})
            with pytest.raises(ValueError, match="policy: expected one of reject, strict"):
                braid.check_history(raw, "anthropic", {"messages": messages}, policy="record")
            prefilled = [*messages[:3], {"role": "assistant", "content": "It is"}]
            for policy in ("reject", "strict"):
                check = braid.check_history(
                    raw, "anthropic", {"messages": prefilled}, policy=policy
                )
                assert check.genuine is (policy == "reject")

    def test_a_hook_keeps_false_history_from_leaving(self, server: Proxied, braid: Braid) -> None:
        talk = braid.conversation("hooked")
        first = chat_raw(talk).response
        said = first.parse().choices[0].message
        hook = checking(lambda: braid.transcript(first), "openai-chat", [server.root()])
        http_client = openai.DefaultHttpxClient(event_hooks={"request": [hook]})
        with openai.OpenAI(**talk.openai(), api_key="k", http_client=http_client) as client:
            messages: Any = [{"role": "user", "content": QUESTION}, said.to_dict()]
            messages.append({"role": "tool", "tool_call_id": said.tool_calls[0].id, "content": "7"})
            asked = len(server.provider.asked)
            client.chat.completions.create(model="gpt-x", messages=messages)
            messages[1]["tool_calls"][0]["function"]["arguments"] = '{"city": "Rome"}'
            with pytest.raises(HistoryNotGenuine):
                client.chat.completions.create(model="gpt-x", messages=messages)
            assert len(server.provider.asked) == asked + 1

    def test_a_name_is_its_tenants_own(self, tmp_path: Path) -> None:
        tokens = {"one": "first-secret", "two": "second-secret"}
        with proxied(everyone.says, tmp_path, tokens=tokens) as server:
            calls = []
            for token in tokens.values():
                with Braid(server.url, token=token, roots=[server.root()]) as braid:
                    calls.append(call_of(WAYS[0](braid.conversation("same")).response))
                    braid.report(calls[-1]).require()
            assert calls[0].braid != calls[1].braid
            stranger = Braid(server.url, token="second-secret", roots=[])
            with stranger, pytest.raises(NoSuchBraid):
                stranger.transcript(calls[0])

    def test_a_name_whose_braid_was_sealed_begins_a_new_one(self, tmp_path: Path) -> None:
        with (
            proxied(everyone.says, tmp_path) as server,
            Braid(server.url, roots=[server.root()]) as braid,
        ):
            talk = braid.conversation("until the seal")
            first = call_of(WAYS[0](talk).response)
            seal = f"{server.url}/braid/v1/braids/{first.braid}/seal"
            httpx.post(seal, trust_env=False).raise_for_status()
            second, third = (call_of(WAYS[0](talk).response) for _ in range(2))
            assert second.braid == third.braid != first.braid
            braid.report(first, Policy(require={"sealed"})).require()

    def test_a_braid_that_is_there_and_a_node_of_it(self, braid: Braid) -> None:
        first = call_of(WAYS[0](braid.conversation()).response)
        onto = braid.conversation(braid=first.braid)
        assert call_of(chat_raw(onto).response).braid == first.braid
        said = OpenedBraid(braid.transcript(first))
        end = said.nodes[min(said.ends.values())].signature
        behind = braid.conversation(braid=first.braid, parent=end)
        last = braid.check(chat_raw(behind).response)
        assert last.call.braid == first.braid
        calls = OpenedBraid(braid.transcript(first)).calls.values()
        assert [call.by for call in calls] == [By.NEW, By.CLIENT, By.CLIENT]
        with pytest.raises(openai.NotFoundError, match="no such braid"):
            chat_raw(braid.conversation(braid="A" * 43))
        for wrong in ({"braid": "x"}, {"parent": end}, {"braid": first.braid, "parent": "x"}):
            with pytest.raises(ValueError, match="expected"):
                braid.conversation(**wrong)

    @pytest.mark.parametrize("name", ["", " x", "x ", "a\nb", "ö", "x" * 201])
    def test_a_name_that_no_header_carries(self, braid: Braid, name: str) -> None:
        with pytest.raises(ValueError, match="name: expected"):
            braid.conversation(name)


def test_the_package_alone_loads_no_http_library() -> None:
    program = (
        "import sys, braid_clients; assert 'httpx' not in sys.modules;"
        "from braid_clients import *; assert 'httpx' in sys.modules;"
        "assert not {'anthropic', 'openai', 'google.genai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError):
        braid_clients.Brad  # noqa: B018
