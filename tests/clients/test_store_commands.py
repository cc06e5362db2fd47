"""`braid ls`, `show`, `export`, `seal`, on a store and on a running server."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from braid_clients.cli.keys import public_key
from braid_clients.local import Local
from braid_clients.problem import Problem
from braid_clients.remote import Remote
from braid_server import service
from braid_server.library import Library
from braid_server.sealing import StillOpen
from braid_verifier import parse_root, verify
from braid_verifier.report import Result
from fakes.desk import Desk
from fakes.desk import ask as question

TOKENS = {"ada": "ada-secret", "bob": "bob-secret"}


def settings_of(home: Any, upstream: str, **more: Any) -> service.Settings:
    return service.Settings(
        db=str(home.data / "braid.db"),
        root_key=home.data / "root.key",
        wrapping_key=home.data / "wrapping.key",
        upstream_anthropic=upstream,
        port=0,
        **more,
    )


def ask(url: str, question: str, token: str = "") -> str:
    """Hold a conversation of one question; gives the braid's id."""
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": question}]}
    headers = {"x-braid-token": token} if token else {}
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("POST", "/v1/messages", json.dumps(body), headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        return answer.headers["x-braid-id"] or ""
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Place:
    """Where braids are: what a command has to be told, and how to record one more."""

    options: tuple[str, ...]
    ask: Callable[[str], str]


@pytest.fixture(params=["store", "server", "store beside its server", "server with tokens"])
def place(request: pytest.FixtureRequest, home: Any, provider: str) -> Iterator[Place]:
    if request.param == "store":

        def ask_once(question: str) -> str:
            with service.running(settings_of(home, provider)) as url:
                return ask(url, question)

        yield Place((), ask_once)
        return
    tokens = TOKENS if request.param == "server with tokens" else {}
    with service.running(settings_of(home, provider, tokens=tokens)) as url:
        options: tuple[str, ...] = ("--url", url)
        if tokens:
            options += ("--token", TOKENS["ada"])
            ask(url, "what bob asks", TOKENS["bob"])
        if request.param == "store beside its server":
            options = ("--db", str(home.data / "braid.db"))
        yield Place(options, lambda question: ask(url, question, tokens.get("ada", "")))


def test_braids_are_listed_newest_first(home: Any, place: Place) -> None:
    ids = [place.ask(f"question {number}") for number in range(3)]
    ran = home.braid("ls", *place.options)
    assert ran.returncode == 0 and not ran.stderr
    lines = ran.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ids[::-1]
    assert all("5 nodes" in line and "1 call " in line and "open" in line for line in lines)
    ran = home.braid("ls", *place.options, "--limit", "2")
    assert len(ran.stdout.splitlines()) == 2 and "older ones" in ran.stderr


def test_the_list_is_there_as_json(home: Any, place: Place) -> None:
    ids = [place.ask(f"question {number}") for number in range(2)]
    ran = home.braid("ls", *place.options, "--json")
    assert ran.returncode == 0 and not ran.stderr
    listed = json.loads(ran.stdout)
    assert [braid["id"] for braid in listed["braids"]] == ids[::-1] and listed["more"] is False
    for braid in listed["braids"]:
        assert braid.pop("created") <= braid.pop("updated")
        del braid["id"]
        assert braid == {"nodes": 5, "calls": 1, "open_calls": 0, "state": "open"}
    ran = home.braid("ls", *place.options, "--json", "--limit", "1")
    assert json.loads(ran.stdout)["more"] is True


def test_a_braid_is_found_by_its_id_or_a_unique_beginning(home: Any, place: Place) -> None:
    ids = {place.ask(f"question {number}") for number in range(2)}
    for braid in ids:
        # Shorter ones may be an option, or the name of stdin.
        short = next(braid[:n] for n in range(4, 44) if sum(i[:n] == braid[:n] for i in ids) == 1)
        shown = home.braid("show", braid, *place.options)
        assert shown.returncode == 0 and not shown.stderr
        assert shown.stdout.startswith(f"braid {braid}  5 nodes, 1 call, open\n")
        assert "I am a script, not a model" in shown.stdout
        assert home.braid("show", *place.options, short).stdout == shown.stdout


def test_a_braid_is_looked_through_for_leaks(home: Any, place: Place) -> None:
    braid = place.ask("question")
    ran = home.braid("leaks", braid[:12], *place.options)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("0 findings in 1 file;")


def test_what_names_no_braid_or_several_is_told(home: Any, place: Place) -> None:
    seen: dict[str, str] = {}
    number = 0
    # A `-` alone is stdin, not the beginning of an id.
    while (braid := place.ask(f"question {number}"))[0] not in seen or braid[0] == "-":
        seen[braid[0]] = braid
        number += 1
    ran = home.braid("show", *place.options, braid[0])
    assert ran.returncode == 2 and "more than one braid" in ran.stderr and not ran.stdout
    for command in ("export", "seal"):
        for name, said in {
            "A" * 43: "no braid begins with this",
            braid[:9] + "AAAA": "no braid begins",
        }.items():
            ran = home.braid(command, *place.options, name)
            assert ran.returncode == 2 and said in ran.stderr and not ran.stdout, (command, name)


def test_what_is_exported_verifies(home: Any, place: Place) -> None:
    braid = place.ask("a question")
    root = parse_root(public_key(home.data / "root.key"))
    whole = home.braid("export", braid, *place.options, "--format", "jsonl")
    assert whole.returncode == 0 and not whole.stderr and b'"nodes"' not in whole.stdout.encode()
    assert verify(whole.stdout.encode(), roots=[root]).result is Result.VERIFIED
    for name in ("a.json", "b.jsonl"):
        ran = home.braid("export", braid, *place.options, "-o", name)
        assert ran.returncode == 0 and not ran.stdout and name in ran.stderr
        raw = (home.folder / name).read_bytes()
        assert verify(raw, roots=[root]).result is Result.VERIFIED
        assert (raw.count(b'"format"') == 1) and raw.startswith(b'{"braid"')
        assert (b'"nodes":[' in raw) is (name == "a.json")


def test_a_sealed_braid_is_sealed(home: Any, place: Place) -> None:
    braid = place.ask("a question")
    ran = home.braid("seal", *place.options, braid[:20])
    assert ran.returncode == 0 and ran.stdout.startswith(f"{braid} sealed, 6 nodes")
    exported = home.braid("export", braid, *place.options).stdout.encode()
    report = verify(exported, roots=[parse_root(public_key(home.data / "root.key"))])
    assert report.claims["sealed"].answer == "yes"  # type: ignore[index]
    assert " sealed" in home.braid("ls", *place.options).stdout


def test_what_cannot_be_written_or_read_is_named_as_the_user_named_it(
    home: Any, place: Place
) -> None:
    braid = place.ask("a question")
    ran = home.braid("export", braid, *place.options, "-o", "nowhere/a.json")
    assert ran.returncode == 2
    assert ran.stderr == "braid: nowhere/a.json: No such file or directory\n"
    ran = home.braid("show", "")
    assert ran.returncode == 2 and "got an empty one" in ran.stderr


def test_ids_may_begin_with_a_dash(home: Any, provider: str) -> None:
    with service.running(settings_of(home, provider)) as url:
        number = 0
        while not (braid := ask(url, f"question {number}")).startswith("-"):
            number += 1
        for options in (("--url", url), ("--db", str(home.data / "braid.db"))):
            for name in (braid, braid[:30]):
                assert home.braid("show", name, *options).stdout.startswith(f"braid {braid} ")
                out = home.folder / "out.json"
                assert home.braid("export", *options, "-o", out, name).returncode == 0
                assert braid.encode() in out.read_bytes()
                out.unlink()
        assert home.braid("seal", "--url", url, braid).returncode == 0
        assert home.braid("show", "--url", url, "--", braid).returncode == 0


def test_a_store_that_a_server_with_tokens_has_is_not_sealed_behind_its_back(
    home: Any, provider: str
) -> None:
    with service.running(settings_of(home, provider, tokens=TOKENS)) as url:
        braid = ask(url, "a question", TOKENS["ada"])
        ran = home.braid("seal", braid)
        assert ran.returncode == 2 and "--url and --token" in ran.stderr
        assert home.braid("seal", "--url", url, braid, "--token", TOKENS["bob"]).returncode == 2
        assert " open" in home.braid("ls").stdout
        assert home.braid("seal", "--url", url, braid, "--token", TOKENS["ada"]).returncode == 0
    assert " sealed" in home.braid("ls").stdout


def test_a_store_that_somebody_else_writes_to_is_left_alone(home: Any, provider: str) -> None:
    settings = settings_of(home, provider)
    with service.library(settings):
        ran = home.braid("seal", "A" * 43)
    assert ran.returncode == 2 and "in use" in ran.stderr and "--url" in ran.stderr


def test_no_store_is_made_by_looking_for_one(home: Any) -> None:
    for command in (("ls",), ("show", "abc"), ("export", "abc"), ("seal", "abc")):
        ran = home.braid(*command)
        assert ran.returncode == 2 and "no store yet" in ran.stderr
    for command in (("ls",), ("seal", "abc")):
        ran = home.braid(*command, "--db", "nowhere.db")
        assert ran.returncode == 2 and "no such file" in ran.stderr
    for strange in ("http://example", "sqlite://"):
        assert home.braid("ls", "--db", strange).returncode == 2
    assert not list(home.folder.iterdir())


def test_a_file_that_is_no_store_is_told(home: Any) -> None:
    (home.folder / "x.db").write_bytes(b"no database at all" * 100)
    ran = home.braid("ls", "--db", "x.db")
    assert ran.returncode == 2 and ran.stderr.startswith("braid: store: ")


def test_a_server_that_is_none_is_told(home: Any, provider: str) -> None:
    for url, said in {
        "http://127.0.0.1:1": "no answer",
        "nonsense": "expected an address",
        "http://[": "expected an address",
        "file:///etc/passwd": "expected an address",
        provider: "the script knows",
    }.items():
        ran = home.braid("ls", "--url", url)
        assert ran.returncode == 2 and said in ran.stderr and not ran.stdout


def test_a_server_with_tokens_asks_for_one(home: Any, provider: str) -> None:
    with service.running(settings_of(home, provider, tokens=TOKENS)) as url:
        mine = ask(url, "what ada asks", TOKENS["ada"])
        for options in ((), ("--token", "wrong")):
            ran = home.braid("ls", "--url", url, *options)
            assert ran.returncode == 2 and "BRAID_API_TOKEN" in ran.stderr
            assert "wrong" not in ran.stderr
        given = {"BRAID_URL": url, "BRAID_API_TOKEN": TOKENS["ada"]}
        assert home.braid("ls", **given).stdout.split()[0] == mine
        given["BRAID_API_TOKEN"] = TOKENS["bob"]
        assert not home.braid("ls", **given).stdout
        ran = home.braid("show", mine, **given)
        assert ran.returncode == 2 and f"{mine}: no braid begins with this" in ran.stderr


def test_of_store_and_server_one_is_asked(home: Any, provider: str) -> None:
    with service.running(settings_of(home, provider)) as url:
        ask(url, "a question")
        assert home.braid("ls", "--url", url, "--db", "x.db").returncode == 2
        assert home.braid("ls", "--url", url, BRAID_DB="x.db").returncode == 0
        assert "x.db" in home.braid("ls", "--db", "x.db", BRAID_URL=url).stderr


def test_a_proxy_in_the_environment_does_not_stand_before_loopback(
    home: Any, provider: str
) -> None:
    with service.running(settings_of(home, provider)) as url:
        ask(url, "a question")
        nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:1")
        assert home.braid("ls", "--url", url, **nowhere).returncode == 0


def test_a_transcript_file_is_shown_as_it_stands(home: Any, made: Any) -> None:
    file = home.folder / "x.braid.json"
    file.write_bytes(made.json)
    shown = home.braid("show", file)
    assert shown.returncode == 0 and "3 nodes, 0 calls, sealed" in shown.stdout
    assert "not checked" in shown.stderr
    assert home.braid("show", "-", stdin=made.lines).stdout == shown.stdout
    (home.folder / "plain").write_bytes(made.json)
    assert home.braid("show", "plain").stdout == shown.stdout


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "expected a transcript"),
        (b"\x00\xff noise", "not a transcript"),
        (b'{"format":"braid-transcript/1","braid":"x","nodes":[{},7,{"h":"x"}]}', "3 entries"),
    ],
)
def test_a_file_that_is_no_transcript_is_told(home: Any, raw: bytes, said: str) -> None:
    (home.folder / "x.json").write_bytes(raw)
    ran = home.braid("show", "x.json")
    assert said in ran.stderr
    assert ran.returncode == (0 if "entries" in said else 2)


def test_a_cut_file_is_shown_as_far_as_it_goes(home: Any, made: Any) -> None:
    (home.folder / "x.jsonl").write_bytes(made.lines[:-9])
    ran = home.braid("show", "x.jsonl")
    assert ran.returncode == 2 and "Seven degrees" in ran.stdout
    assert "the rest cannot be read" in ran.stderr


def test_an_export_that_fails_leaves_the_old_file(home: Any, provider: str, tmp_path: Path) -> None:
    with service.running(settings_of(home, provider)) as url:
        ask(url, "a question")
    out = tmp_path / "out.json"
    out.write_text("old")
    assert home.braid("export", "A" * 43, "-o", out).returncode == 2
    assert out.read_text() == "old"
    braid = home.braid("ls").stdout.split()[0]
    ran = home.braid("export", braid, "-o", tmp_path / "no" / "folder")
    assert ran.returncode == 2 and "No such file" in ran.stderr
    assert home.braid("export", braid, "-o", out).returncode == 0
    assert out.read_bytes().startswith(b'{"braid"')
    assert home.braid("export", braid, "-o", "/dev/null").returncode == 0
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_seal_asks_for_more_of_an_id_than_reading_does(home: Any, place: Place) -> None:
    braid = place.ask("a question")
    assert home.braid("show", *place.options, braid[:11]).returncode == 0
    ran = home.braid("seal", *place.options, braid[:11])
    assert ran.returncode == 2 and "at least its first 12 characters, got 11" in ran.stderr
    assert " sealed" not in home.braid("ls", *place.options).stdout
    assert home.braid("seal", *place.options, braid[:12]).returncode == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--url", "http://127.0.0.1:1/\x01"), "--url: expected an address"),
        (("--url", "http://127.0.0.1:1/" + "a" * 70_000), "--url: expected an address"),
        (("--url", f"http://{'a' * 300}"), "no answer (UnicodeError)"),
        (("--url", "http://127.0.0.1:1", "--token", "\u00e9"), "--token: expected ASCII"),
        (("--url", "http://127.0.0.1:1", "--token", "a\x01"), "--token: expected ASCII"),
    ],
)
def test_an_address_or_token_that_is_none_is_told(
    home: Any, given: tuple[str, ...], said: str
) -> None:
    ran = home.braid("ls", *given)
    assert ran.returncode == 2 and said in ran.stderr, ran.stderr
    assert "this is a bug" not in ran.stderr


@pytest.mark.parametrize(
    ("verb", "option"), [("erase", "--match"), ("export", "-o"), ("show", "--changes")]
)
def test_an_option_without_its_value_takes_nothing_else_for_it(
    home: Any, verb: str, option: str
) -> None:
    ran = home.braid(verb, "A" * 43, option)
    assert ran.returncode == 2 and f"'{option}' requires an argument" in ran.stderr, ran.stderr


def test_a_seal_refused_for_calls_under_way_says_what_to_do(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: Library, *_: object, **__: object) -> None:
        raise StillOpen(2)

    monkeypatch.setattr(Library, "seal", refuse)
    braid = "A" * 43
    settings = settings_of(home, "http://127.0.0.1:1")
    said: list[Problem] = []
    with service.running(settings) as url, Remote(url, None) as remote:
        with pytest.raises(Problem) as raised:
            remote.seal(braid, False)
        said.append(raised.value)
    with service.library(settings) as library:
        with pytest.raises(Problem) as raised:
            Local(library).seal(braid, False)
        said.append(raised.value)
    assert all(one.hints == (f"wait, or: braid seal --interrupt {braid}",) for one in said)


def test_erased_words_are_in_no_file_and_the_braid_still_verifies(home: Any, place: Place) -> None:
    braid = place.ask("my code is 4711, keep it")
    other = place.ask("something else")
    ran = home.braid(
        "erase", braid, "--match", r"code is \d{4}", "--reason", "leaked", *place.options
    )
    assert ran.returncode == 0, ran.stderr
    first, salts, notice = ran.stdout.splitlines()
    assert first == f"{braid}: 1 node erased: 0"
    assert salts.endswith("dropped with them")
    assert "backups, exports and copies" in ran.stderr and "may still be" not in ran.stderr
    files = b"".join(path.read_bytes() for path in home.data.iterdir())
    assert b"my code is" not in files and b"something else" in files
    home.braid("export", braid, *place.options, "-o", "erased.json")
    home.braid("export", notice.split()[1], *place.options, "-o", "notice.json")
    home.braid("keys", "trust", home.braid("keys", "show").stdout.strip())
    checked = home.braid("verify", "erased.json", "notice.json", "--require", "sealed")
    assert checked.returncode == 0, checked.stdout
    assert "erased: 1 nodes keep their place but not their words" in checked.stdout
    assert home.braid("verify", "erased.json", "--require", "unerased").returncode == 3
    assert "something else" in home.braid("show", other, *place.options).stdout


def test_erasing_again_says_that_there_was_nothing_left(home: Any, place: Place) -> None:
    braid = place.ask("a secret")
    assert home.braid("erase", braid, "--node", "0", *place.options).returncode == 0
    again = home.braid("erase", braid, "--node", "0", *place.options)
    assert again.returncode == 0
    assert again.stdout == f"{braid}: 0 nodes erased\n"


def test_what_is_erased_for_good_is_named_by_enough_of_its_id(home: Any, place: Place) -> None:
    braid = place.ask("a secret")
    ran = home.braid("erase", braid[:4], "--node", "0", *place.options)
    assert ran.returncode == 2 and "at least its first 12 characters, got 4" in ran.stderr
    assert "a secret" in home.braid("show", braid, *place.options).stdout


def test_what_fits_nothing_leaves_the_braid_as_it_is(home: Any, place: Place) -> None:
    braid = place.ask("a secret")
    for options, said in (
        (("--match", "no such words"), "no words that can be erased fit"),
        (("--match", "client_gone|complete"), "no words that can be erased fit"),
        (("--node", "2"), "--node 2: calls, ends, checkpoints and seals are not erased"),
        (("--node", "0", "--node", "2"), "--node 2: calls, ends, "),
        (("--node", "99"), "no such node"),
        ((), "say which words"),
    ):
        ran = home.braid("erase", braid, *options, *place.options)
        assert ran.returncode == 2 and said in ran.stderr
    assert " open" in home.braid("ls", *place.options).stdout


def test_show_says_of_a_braid_whether_its_root_closed_it(home: Any, tmp_path: Path) -> None:
    file = tmp_path / "talk.braid.json"
    states = []
    with Desk(tmp_path) as desk:
        braid = desk.turn(question("question"), "answer").braid
        for step in (lambda: None, desk.recorder.close_all):
            step()
            file.write_bytes(desk.transcript(braid))
            states.append(home.braid("show", file).stdout.splitlines()[0].rpartition(", ")[2])
    assert states == ["open", "closed"]
