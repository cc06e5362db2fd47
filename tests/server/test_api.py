"""The control API over a real socket: what it answers, and to whom."""

from __future__ import annotations

import http.client
import json
import re
import resource
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import braid_verifier
from braid.encoding import encode
from braid_server.service import Settings, running
from braid_verifier import Result, verify
from fakes.anthropic import BEFORE_TERMINAL, STREAM_HEAD, TERMINAL, json_answer
from fakes.client import RawClient
from fakes.desk import Desk, ask, write_keys
from fakes.process import ServerProcess
from fakes.story import Story
from fakes.upstream import PATIENCE, ScriptedUpstream, Step, chunk

BRAIDS = "/braid/v1/braids"
OPEN_TO_ALL = (
    "/healthz",
    "/readyz",
    "/.well-known/braid-keys",
    "/.well-known/braid-statements",
    "/braid/verify",
)
HELLO = json.dumps(ask("hello")).encode()


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of the API."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> Any:
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    def refusal(self, status: int, code: str) -> str:
        """Check the shape of an error; give its message."""
        assert self.status == status, self.body
        error = self.value["error"]
        assert (list(self.value), list(error)) == (["error"], ["code", "message"])
        assert error["code"] == code
        message: str = error["message"]
        assert not message[0].isupper() and not message.endswith(".")
        assert "Traceback" not in message
        return message


class Api:
    """Requests to the server on a port."""

    def __init__(self, port: int, **headers: str) -> None:
        self.port = port
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Said:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={**self._headers, **named})
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        said = Said(answer.status, found, answer.read())
        connection.close()
        return said

    def call(self, body: bytes = HELLO, *headers: tuple[str, str]) -> str:
        """Have a call relayed; give its braid."""
        with RawClient(self.port) as client:
            client.post("/v1/messages", body, list(headers))
            answered = client.answer()
        assert answered.status == 200, answered.body
        (braid,) = answered.values("x-braid-id")
        return braid


@contextmanager
def serving(folder: Path, upstream: ScriptedUpstream, **tokens: str) -> Iterator[Api]:
    settings = Settings(
        str(folder / "braid.db"),
        folder / "root.key",
        folder / "wrapping.key",
        upstream_anthropic=upstream.url,
        port=0,
        tokens=tokens,
    )
    with running(settings) as url:
        yield Api(int(url.rpartition(":")[2]))


@pytest.fixture
def fresh(folder: Path) -> Iterator[Api]:
    """A server over an empty store."""
    with ScriptedUpstream([json_answer()]) as upstream, serving(folder, upstream) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server that many tests share."""
    folder = tmp_path_factory.mktemp("api")
    with ScriptedUpstream([json_answer()]) as upstream, serving(folder, upstream) as opened:
        yield opened


@contextmanager
def streaming(folder: Path) -> Iterator[tuple[Api, RawClient, threading.Event, str]]:
    """A call whose answer has begun, and the event that lets it end."""
    go = threading.Event()
    beginning = STREAM_HEAD + chunk(BEFORE_TERMINAL)
    script: list[bytes | threading.Event] = [beginning, go, chunk(TERMINAL) + b"0\r\n\r\n"]
    with (
        ScriptedUpstream(script) as upstream,
        serving(folder, upstream) as api,
        RawClient(api.port) as client,
    ):
        client.post("/v1/messages", HELLO)
        headers = dict(client.read_head()[1])
        client.read_body_bytes(len(BEFORE_TERMINAL))
        try:
            yield api, client, go, headers["x-braid-id"]
        finally:
            go.set()


class TestList:
    def test_is_empty_at_first(self, fresh: Api) -> None:
        assert fresh(BRAIDS).value == {"braids": [], "next": None}

    def test_says_what_there_is_newest_first(self, fresh: Api) -> None:
        made = [fresh.call() for _ in range(3)]
        fresh(f"{BRAIDS}/{made[0]}/seal", "POST")
        page = fresh(BRAIDS).value
        assert [one["id"] for one in page["braids"]] == made[::-1]
        newest, _, sealed = page["braids"]
        assert newest == {
            "id": made[2],
            "created": newest["created"],
            "updated": newest["updated"],
            "nodes": 5,
            "calls": 1,
            "open_calls": 0,
            "state": "open",
        }
        assert newest["created"] <= newest["updated"]
        assert (sealed["nodes"], sealed["state"]) == (6, "sealed")
        assert page["next"] is None

    def test_comes_in_pages(self, fresh: Api) -> None:
        made = [fresh.call() for _ in range(5)][::-1]
        listed: list[str] = []
        after = ""
        for _ in range(3):
            page = fresh(f"{BRAIDS}?limit=2{after}").value
            listed += [one["id"] for one in page["braids"]]
            after = f"&after={page['next']}"
        assert listed == made
        assert page["next"] is None
        # A page that is just full is followed by none.
        assert fresh(f"{BRAIDS}?limit=5").value["next"] is None
        # What comes in between does not shift the pages.
        first = fresh(f"{BRAIDS}?limit=2").value
        fresh.call()
        second = fresh(f"{BRAIDS}?limit=2&after={first['next']}").value
        assert [one["id"] for one in second["braids"]] == made[2:4]

    def test_finds_ids_by_how_they_begin(self, fresh: Api) -> None:
        made = [fresh.call() for _ in range(5)]
        for length in (1, 4, 43):
            found = fresh(f"{BRAIDS}?prefix={made[2][:length]}").value["braids"]
            assert [one["id"] for one in found] == [
                braid for braid in made[::-1] if braid.startswith(made[2][:length])
            ]
        swapped = made[2].swapcase()
        for nothing in (swapped, "%25", "_" * 10, made[2] + "A", "~", "%C3%A9"):
            assert fresh(f"{BRAIDS}?prefix={nothing}").value["braids"] == []

    @pytest.mark.parametrize("query", ["limit=0", "limit=501", "limit=x", "limit=", "limit=1.5"])
    def test_takes_no_other_limits(self, api: Api, query: str) -> None:
        assert api(f"{BRAIDS}?{query}").refusal(422, "invalid").startswith("query.limit: ")

    def test_goes_on_only_after_what_there_is(self, api: Api) -> None:
        api(f"{BRAIDS}?after={'A' * 43}").refusal(404, "no_such_braid")


class TestTranscript:
    def test_is_json(self, api: Api) -> None:
        braid = api.call()
        said = api(f"{BRAIDS}/{braid}")
        assert (said.status, said.value["braid"]) == (200, braid)
        assert verify(said.body, roots=[root_of(api)]).result is Result.VERIFIED
        assert said.body == api(f"{BRAIDS}/{braid}", accept="application/json, */*").body

    @pytest.mark.parametrize(
        "accept", ["application/jsonl", "application/x-ndjson", "text/html, application/jsonl;q=1"]
    )
    def test_is_json_lines_on_demand(self, api: Api, accept: str) -> None:
        braid = api.call()
        said = api(f"{BRAIDS}/{braid}", accept=accept)
        assert said.headers["content-type"] == "application/jsonl"
        head, *nodes, _proofs = said.body.splitlines()
        assert json.loads(head)["braid"] == braid
        assert len(nodes) == 5
        assert verify(said.body, roots=[root_of(api)]).result is Result.VERIFIED

    def test_of_an_open_braid_is_what_there_is(self, folder: Path) -> None:
        with streaming(folder) as (api, client, go, braid):
            said = api(f"{BRAIDS}/{braid}").body
            assert verify(said, roots=[root_of(api)]).result is Result.VERIFIED
            assert Story(said).calls[0].end is None
            go.set()
            assert client.read_chunk() == TERMINAL
            assert Story(api(f"{BRAIDS}/{braid}").body).calls[0].outcome == "complete"


def root_of(api: Api) -> str:
    root: str = api("/.well-known/braid-keys").value["keys"][0]["x"]
    return root


class TestSeal:
    def test_seals(self, api: Api) -> None:
        braid = api.call()
        said = api(f"{BRAIDS}/{braid}/seal", "POST")
        last = Story(api(f"{BRAIDS}/{braid}").body).nodes[-1]
        assert said.value == {"braid": braid, "seal": last.s, "nodes": 6}
        assert last.kind == "seal"
        assert api(f"{BRAIDS}/{braid}/seal", "POST").value == said.value

    def test_does_not_while_calls_are_under_way(self, folder: Path) -> None:
        with streaming(folder) as (api, client, go, braid):
            refused = api(f"{BRAIDS}/{braid}/seal?wait=0.1", "POST")
            assert "under way" in refused.refusal(409, "calls_open")
            assert api(BRAIDS).value["braids"][0]["state"] == "open"
            go.set()
            assert client.read_chunk() == TERMINAL

    def test_waits_for_them(self, folder: Path) -> None:
        with streaming(folder) as (api, client, go, braid):
            threading.Timer(0.2, go.set).start()
            assert api(f"{BRAIDS}/{braid}/seal?wait={PATIENCE}", "POST").status == 200
            assert client.read_chunk() == TERMINAL
            assert Story(api(f"{BRAIDS}/{braid}").body).calls[0].outcome == "complete"

    def test_interrupts_them_where_it_may(self, folder: Path) -> None:
        with streaming(folder) as (api, client, go, braid):
            said = api(f"{BRAIDS}/{braid}/seal?wait=0&interrupt=true", "POST")
            assert said.status == 200
            transcript = api(f"{BRAIDS}/{braid}").body
            assert Story(transcript).calls[0].outcome == "interrupted"
            assert verify(transcript, roots=[root_of(api)]).result is Result.VERIFIED
            go.set()
            # The end of an answer that is not recorded never goes down.
            with pytest.raises(EOFError):
                client.read_chunk()

    @pytest.mark.parametrize(
        "query", ["wait=-1", "wait=nan", "wait=inf", "wait=x", "wait=3601", "interrupt=perhaps"]
    )
    def test_takes_no_other_parameters(self, api: Api, query: str) -> None:
        api(f"{BRAIDS}/{api.call()}/seal?{query}", "POST").refusal(422, "invalid")


STRANGE = ["A" * 43, "-" * 43, "x", "..", "%00", "%2e%2e", "é".encode().hex(), "A" * 5000]


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_there_is_404(api: Api, name: str) -> None:
    for path, method in ((f"{BRAIDS}/{name}", "GET"), (f"{BRAIDS}/{name}/seal", "POST")):
        assert api(path, method).refusal(404, "no_such_braid") == "no such braid"


def test_what_is_another_tenants_is_not_there(folder: Path) -> None:
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        serving(folder, upstream, mine="secret-1", theirs="secret-2") as api,
    ):
        braid = api.call(HELLO, ("x-braid-token", "secret-1"))
        mine, theirs = "Bearer secret-1", "Bearer secret-2"
        assert api(f"{BRAIDS}/{braid}", authorization=mine).status == 200
        unknown = "A" * 43
        for path, method in (
            (f"{BRAIDS}/%s", "GET"),
            (f"{BRAIDS}/%s/seal", "POST"),
            (f"{BRAIDS}?after=%s", "GET"),
        ):
            foreign = api(path % braid, method, authorization=theirs)
            assert foreign == api(path % unknown, method, authorization=theirs)
            foreign.refusal(404, "no_such_braid")
        assert api(f"{BRAIDS}?prefix={braid}", authorization=theirs).value["braids"] == []
        assert len(api(BRAIDS, authorization=mine).value["braids"]) == 1


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server with two tenants."""
    folder = tmp_path_factory.mktemp("tokens")
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        serving(folder, upstream, mine="secret-1", theirs="sécret-2") as opened,
    ):
        yield opened


class TestTokens:
    @pytest.mark.parametrize(
        "authorization",
        [
            None, "secret-1", "Bearer", "Bearer ", "Bearer secret", "Bearer secret-11",
            "Bearer SECRET-1", "Basic secret-1", "Bearer secret-1 x",
        ],
    )  # fmt: skip
    def test_without_one_nobody_comes_in(self, guarded: Api, authorization: str | None) -> None:
        named = {} if authorization is None else {"authorization": authorization}
        for path, method in ((BRAIDS, "GET"), (f"{BRAIDS}/x", "GET"), (f"{BRAIDS}/x/seal", "POST")):
            message = guarded(path, method, **named).refusal(401, "refused")
            assert "secret" not in message

    def test_they_come_as_bearer(self, guarded: Api) -> None:
        for spelling in ("Bearer secret-1", "bearer secret-1", "BEARER  secret-1 "):
            assert guarded(BRAIDS, authorization=spelling).status == 200
        # http.client would write Latin-1; what a client means is UTF-8.
        second = "Bearer sécret-2".encode().decode("latin-1")
        assert guarded(BRAIDS, authorization=second).status == 200

    def test_the_relays_own_is_none_here(self, guarded: Api) -> None:
        guarded(BRAIDS, x_braid_token="secret-1").refusal(401, "refused")

    def test_health_and_keys_need_none_from_any_host(self, guarded: Api) -> None:
        for path in OPEN_TO_ALL:
            assert guarded(path, host="proxy.example.org").status == 200


@pytest.mark.parametrize(
    "path",
    [BRAIDS, f"{BRAIDS}/x", *OPEN_TO_ALL],
)
def test_without_tokens_only_this_machine_comes_in(api: Api, path: str) -> None:
    api(path, host="rebound.example.org").refusal(403, "refused")
    api(path, origin="https://page.example.org").refusal(403, "refused")
    assert api(path, host="localhost:1234", origin="http://127.0.0.1:8420").status in (200, 404)


def test_the_keys_are_those_that_sign(api: Api, folder: Path) -> None:
    (key,) = api("/.well-known/braid-keys").value["keys"]
    assert {name: key[name] for name in ("kty", "crv", "use")} == {
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
    }
    certificate = api(f"{BRAIDS}/{api.call()}").value["certificate"]
    assert json.loads(certificate["h"])["root"] == key["x"] == key["kid"]
    assert len(key["x"]) == len(encode(bytes(32)))


def test_it_says_that_it_lives(api: Api) -> None:
    assert api("/healthz").value == {"status": "ok"}
    assert api("/readyz").value == {"status": "ready"}


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        (BRAIDS, "POST", "GET"),
        (BRAIDS, "DELETE", "GET"),
        (f"{BRAIDS}/x", "PUT", "GET"),
        (f"{BRAIDS}/x/seal", "GET", "POST"),
        ("/healthz", "POST", "GET"),
    ],
)
def test_other_methods_are_not_allowed(api: Api, path: str, method: str, allowed: str) -> None:
    said = api(path, method)
    assert said.refusal(405, "http") == "method not allowed"
    assert said.headers["allow"] == allowed


@pytest.mark.parametrize(
    "path", ["/braid/", "/braid/v1", f"{BRAIDS}/", f"{BRAIDS}/x/y", "/braid/v2/braids"]
)
def test_other_paths_of_ours_are_not_there(api: Api, path: str) -> None:
    api(path).refusal(404, "http")


def test_only_our_paths_are_ours(folder: Path) -> None:
    answer = json_answer(b'{"of": "the provider"}')
    with ScriptedUpstream([answer]) as upstream, serving(folder, upstream) as api:
        for path in ("/healthzzz", "/readyz/x", "/braids", "/v1/models", "/.well-known/other"):
            assert api(path).value == {"of": "the provider"}


def test_it_describes_itself(api: Api) -> None:
    described = api("/braid/v1/openapi.json").value
    assert f"{BRAIDS}/{{braid}}/seal" in described["paths"]


def test_a_server_that_cannot_write_says_so(folder: Path) -> None:
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        ServerProcess(folder, upstream.url) as server,
    ):
        api = Api(server.port)
        braid = api.call()
        limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        # No room below the first byte of any file, as on a full disk.
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        api("/readyz").refusal(503, "store_unavailable")
        api(f"{BRAIDS}/{braid}/seal", "POST").refusal(503, "store_unavailable")
        assert api("/healthz").status == 200
        assert api(f"{BRAIDS}/{braid}").status == 200
        with RawClient(server.port) as client:
            client.post("/v1/messages", HELLO)
            refused = client.answer()
        assert (refused.status, json.loads(refused.body)["type"]) == (503, "error")
        assert len(upstream.requests) == 1
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
        assert api("/readyz").status == 200
        assert api.call() != braid
        assert api(f"{BRAIDS}/{braid}/seal", "POST").status == 200
        server.stop()
        logged = [line for line in server.said if b"event=store_failed" in line]
    # The readiness, the seal and the call.
    assert len(logged) >= 3
    for line in logged:
        assert re.fullmatch(
            rb"braid: \d{4}-\d\d-\d\dT[\d:.]{12}Z event=store_failed reason=.+\n", line
        )


@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_that_was_moved_takes_no_more(
    folder: Path, replaced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    file, elsewhere = folder / "braid.db", folder / "moved.db"
    with ScriptedUpstream([json_answer()]) as upstream, serving(folder, upstream) as api:
        api.call()
        file.rename(elsewhere)
        if replaced:
            shutil.copy(elsewhere, file)
        api("/readyz").refusal(503, "store_unavailable")
        with RawClient(api.port) as client:
            client.post("/v1/messages", HELLO)
            refused = client.answer()
        assert refused.status == 503
        assert f"reason={file} was moved or deleted while in use" in caplog.text
        assert len(upstream.requests) == 1
        assert replaced or not file.exists()
        elsewhere.replace(file)
        assert api("/readyz").status == 200
        api.call()


def most_memory(pid: int) -> int:
    """The most bytes of memory that a process ever had at once."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc to measure memory")
def test_a_large_braid_is_read_in_little_memory(folder: Path) -> None:
    """A 50 MiB transcript crosses the server in a fraction of that."""
    words = "word " * 400_000
    count = 25
    with Desk(folder) as desk:
        for number in range(count):
            braid = desk.turn(ask(f"{number} {words}"), "answer", session="s").braid
    write_keys(folder)
    with (
        ScriptedUpstream([json_answer()]) as upstream,
        ServerProcess(folder, upstream.url) as server,
        RawClient(server.port) as client,
    ):
        assert len(Api(server.port)(BRAIDS).value["braids"]) == 1
        before = most_memory(server.pid)
        client.request("GET", f"{BRAIDS}/{braid}")
        client.read_head()
        size = 0
        while piece := client.read_chunk():
            size += len(piece)
        assert size > count * len(words)
        assert most_memory(server.pid) - before < size // 2


def test_a_reader_that_stands_still_or_leaves_is_in_nobodys_way(folder: Path) -> None:
    with Desk(folder) as desk:
        for number in range(20):
            words = f"{number} " + "word " * 100_000
            braid = desk.turn(ask(words), "answer", session="s").braid
    write_keys(folder)
    with ScriptedUpstream([json_answer()]) as upstream, serving(folder, upstream) as api:
        still = [RawClient(api.port) for _ in range(20)]
        for client in still:
            client.request("GET", f"{BRAIDS}/{braid}")
            client.read_head()
        made = [api.call() for _ in range(5)]
        assert api(f"{BRAIDS}/{made[0]}/seal", "POST").status == 200
        assert len(api(BRAIDS).value["braids"]) == 6
        for number, client in enumerate(still):
            client.leave() if number % 2 else client.vanish()
        assert len(Story(api(f"{BRAIDS}/{braid}").body).calls) == 20


def test_a_fault_of_ours_is_said_without_its_words(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ScriptedUpstream([json_answer()]) as upstream:
        with Desk(folder) as desk:
            braid = desk.turn(ask("in confidence"), "answer").braid
            with desk.store.read() as reading:
                found = reading.braid_named(braid)
            assert found is not None
            spoil = (
                f"UPDATE braid SET certificate = '{{in confidence' WHERE number = {found.number}"
            )
            desk.store.submit(lambda t: t._connection.exec_driver_sql(spoil)).result(PATIENCE)
            desk.turn(ask("another"), "answer")
        write_keys(folder)
        with serving(folder, upstream) as api:
            said = api(f"{BRAIDS}/{braid}")
            assert said.refusal(500, "internal") == "this server failed"
            assert api("/healthz").status == 200
    assert "event=api_failed" in caplog.text
    assert "confidence" not in caplog.text and "Traceback" not in caplog.text


def test_an_upstream_is_not_asked_what_is_ours(folder: Path) -> None:
    with ScriptedUpstream([Step.CLOSE]) as upstream, serving(folder, upstream) as api:
        for path in (BRAIDS, "/healthz", "/readyz", "/.well-known/braid-keys", "/braid/x"):
            api(path)
        assert upstream.requests == []


def test_the_page_comes_with_a_policy_that_lets_nothing_out(api: Api) -> None:
    said = api("/braid/verify")
    page = Path(braid_verifier.__file__).parent / "js" / "verify.html"
    assert said.status == 200 and said.body == page.read_bytes()
    assert said.headers["content-type"] == "text/html; charset=utf-8"
    assert said.headers["x-content-type-options"] == "nosniff"
    policy = dict(
        part.strip().split(" ", 1) for part in said.headers["content-security-policy"].split(";")
    )
    for name in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", policy.pop(name))
    assert policy.keys() >= {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert set(policy.values()) == {"'none'"}
