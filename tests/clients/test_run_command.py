"""`braid run`: the program in our place, and each of its conversations a transcript that verifies."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from fakes.refusing import refusing
from fakes.upstream import ScriptedUpstream

# What an unmodified program does; it answers what its arguments say.
PROGRAM = """
import sys, anthropic
client = anthropic.Anthropic(api_key="none")
for question in sys.argv[1:]:
    asked = [{"role": "user", "content": question}]
    print(client.messages.create(model="m", max_tokens=9, messages=asked).content[0].text)
"""


def transcripts(home: Any, folder: str = "braids") -> list[Path]:
    return sorted((home.folder / folder).iterdir())


def no_run_is_left(home: Any) -> bool:
    return not list((home.data / "runs").iterdir())


def test_each_conversation_becomes_a_transcript_that_verifies(home: Any, provider: str) -> None:
    ran = home.braid(
        "run", "--", sys.executable, "-c", PROGRAM, "one", "two", ANTHROPIC_BASE_URL=provider
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "I am a script, not a model, and heard you.\n" * 2
    files = transcripts(home)
    assert len(files) == 2
    for file in files:
        braid = json.loads(file.read_bytes())["braid"]
        safe = braid[:12] if braid[0] != "-" else "_" + braid[1:12]
        assert file.name == f"{safe}.braid.json"
        assert f"braid: braids/{file.name}: verified, 6 nodes, 1 call" in ran.stderr.splitlines()
    # The root that signed them is pinned for whoever ran this.
    assert home.braid("verify", *files, "--require", "sealed,signer,logged").returncode == 0
    assert provider in home.braid("show", files[0]).stdout
    assert no_run_is_left(home)


def test_a_record_without_one_whole_answer_says_so(home: Any) -> None:
    with refusing() as port:
        url = f"http://127.0.0.1:{port}"
        body = PROGRAM.replace('api_key="none"', 'api_key="none", max_retries=0')
        program = f"try:\n{textwrap.indent(body, '    ')}\nexcept anthropic.APIError:\n    pass"
        ran = home.braid("run", "--", sys.executable, "-c", program, "one", ANTHROPIC_BASE_URL=url)
    (file,) = transcripts(home)
    said = ran.stderr.splitlines()
    assert f"braid: braids/{file.name}: verified, 5 nodes, 1 call: 1 not_sent" in said
    at = said.index(f"braid: braids/{file.name}: verified, 5 nodes, 1 call: 1 not_sent")
    assert "none of its calls brought a whole answer" in said[at + 1]
    assert f"braid show braids/{file.name}" in said[at + 2]
    assert "(5 nodes, 1 call: 1 not_sent)" in home.braid("verify", file).stdout


def test_output_goes_where_it_is_told(home: Any, provider: str) -> None:
    command: tuple[str, ...] = ("run", "--out", "a/b", sys.executable, "-c", PROGRAM, "one")
    assert home.braid(*command, ANTHROPIC_BASE_URL=provider).returncode == 0
    assert len(transcripts(home, "a/b")) == 1
    command = command[:1] + command[3:]
    more = {"ANTHROPIC_BASE_URL": provider, "BRAID_OUT": "c"}
    assert home.braid(*command, **more).returncode == 0
    assert len(transcripts(home, "c")) == 1


def test_input_output_and_exit_code_pass_through(home: Any) -> None:
    program = "import sys; sys.stdout.write(sys.stdin.read().upper()); sys.stderr.write('err\\n')"
    ran = home.braid("run", "--", sys.executable, "-c", f"{program}; sys.exit(41)", stdin=b"words")
    assert (ran.returncode, ran.stdout) == (41, "WORDS")
    assert ran.stderr.splitlines()[0] == "err"
    said = ran.stderr.splitlines()[-3:]
    assert said[0] == "braid: no call was recorded, so there is no transcript"
    for variable in ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"):
        assert variable in said[1]
    assert "of a kind that is not recorded" in said[2] and "verified" not in ran.stderr
    assert not (home.folder / "braids").exists() and no_run_is_left(home)


def test_what_stands_in_the_way_of_its_end_is_told_before_the_program_runs(home: Any) -> None:
    home.config.mkdir(parents=True)
    (home.config / "trusted-roots").write_bytes(b"\xff")
    ran = home.braid("run", "touch", "ran")
    assert ran.returncode == 2 and "trusted-roots: expected lines of a key" in ran.stderr
    assert not (home.folder / "ran").exists()


def test_options_of_the_program_are_its_own(home: Any) -> None:
    ran = home.braid("run", "printf", "%s\n", "--out", "x", "--help")
    assert ran.stdout == "--out\nx\n--help\n" and ran.returncode == 0


def test_the_program_finds_the_proxy_and_no_other_proxy_before_it(home: Any) -> None:
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    given = {"no_proxy": "intern.example", "HTTPS_PROXY": "http://proxy.example:3128", "X": "y"}
    ran = home.braid("run", "--", sys.executable, "-c", program, **given)
    seen = json.loads(ran.stdout)
    proxy = seen["ANTHROPIC_BASE_URL"].removesuffix("/anthropic")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", proxy)
    assert seen["OPENAI_BASE_URL"] == f"{proxy}/openai/v1"
    assert seen["GOOGLE_GEMINI_BASE_URL"] == f"{proxy}/gemini"
    assert seen["NO_PROXY"] == seen["no_proxy"] == "intern.example,127.0.0.1,localhost"
    assert seen["HTTPS_PROXY"] == given["HTTPS_PROXY"] and seen["X"] == "y"
    ran = home.braid("run", "--", sys.executable, "-c", program, NO_PROXY="*")
    assert json.loads(ran.stdout)["NO_PROXY"] == "*"


@pytest.mark.parametrize(
    ("base_url", "sent"),
    [("{}/v1", "/v1/chat/completions"), ("{}/v1/", "/v1/chat/completions"),
     ("{}", "/chat/completions"), ("{}/api/x", "/api/x/chat/completions")],
)  # fmt: skip
def test_a_base_url_that_is_set_becomes_the_upstream(home: Any, base_url: str, sent: str) -> None:
    program = """
import os, urllib.request as r
url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
print(r.urlopen(r.Request(url, b'{"messages":[]}')).status)
"""
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
    with ScriptedUpstream([answer]) as upstream:
        given = {"OPENAI_BASE_URL": base_url.format(upstream.url), "NO_PROXY": "*"}
        ran = home.braid("run", "--", sys.executable, "-c", program, **given)
        assert (ran.stdout, ran.returncode) == ("200\n", 0), ran.stderr
        assert upstream.request().line == f"POST {sent} HTTP/1.1"
        named = home.braid(
            "run", "--upstream-openai", f"{upstream.url}/v1", "--", sys.executable, "-c", program,
            OPENAI_BASE_URL="http://127.0.0.1:1", NO_PROXY="*",
        )  # fmt: skip
        assert named.returncode == 0, named.stderr
        assert upstream.request(1).line == "POST /v1/chat/completions HTTP/1.1"


def test_it_says_what_codex_needs(home: Any) -> None:
    ran = home.braid("run", "--", "sh", "-c", "true codex exec")
    assert "-c openai_base_url=" in ran.stderr and "OPENAI_BASE_URL" in ran.stderr
    assert "Codex" not in home.braid("run", "--", "true").stderr


def test_the_program_starts_with_the_signals_of_any_program(home: Any) -> None:
    program = "import signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    # Another Python sets SIGPIPE itself, so a shell has to tell.
    assert home.braid("run", sys.executable, "-c", program).stdout == "set()\n"
    ran = home.braid("run", "sh", "-c", "kill -PIPE $$; echo lived")
    assert ran.returncode == 128 + signal.SIGPIPE and not ran.stdout


def test_a_program_that_cannot_be_run_is_told_as_a_shell_would(home: Any) -> None:
    (home.folder / "no-program").write_text("words")
    (home.folder / "no-format").write_bytes(b"\x00\x01")
    (home.folder / "no-format").chmod(0o755)
    (home.folder / "no-interpreter").write_text("#!/no/such/thing\n")
    (home.folder / "no-interpreter").chmod(0o755)
    for command, code in {
        "no-such-program-anywhere": 127,
        "./no-program": 126,
        "./no-format": 126,
        "./no-interpreter": 127,
    }.items():
        ran = home.braid("run", "--", command)
        assert ran.returncode == code, (command, ran.stderr)
        assert ran.stderr.startswith(f"braid: {command}: ")
    assert not (home.folder / "braids").exists()


def test_misuse_is_told_before_the_program_runs(home: Any) -> None:
    (home.folder / "file").write_text("")
    witness = home.folder / "ran"
    touch = ("touch", str(witness))
    assert home.braid("run").returncode == 2
    assert home.braid("run", "--nonsense", *touch).returncode == 2
    assert home.braid("run", "--out", "file", *touch).returncode == 2
    assert home.braid("run", *touch, ANTHROPIC_BASE_URL="nonsense").returncode == 2
    assert home.braid("run", *touch, XDG_DATA_HOME=str(home.folder / "file")).returncode == 2
    assert not witness.exists()


WAITS = """
import os, signal, sys
heard = []
def hear(number, frame):
    heard.append(number)
    # print() may not be entered twice.
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGWINCH"):
    signal.signal(getattr(signal, name), hear)
print(os.getpid(), flush=True)
while len(heard) < 6:
    signal.pause()
sys.exit(5)
"""


def test_signals_are_handed_on_once_each(spawn: Any) -> None:
    process = spawn("run", "--", sys.executable, "-c", WAITS)
    child = int(process.stdout.readline())
    assert os.getpgid(child) == os.getpgid(process.pid)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGWINCH"):
        process.send_signal(getattr(signal, name))
        assert select.select([process.stdout], [], [], 60)[0], name
        assert process.stdout.readline().decode().strip() == name
    _, err = process.communicate(timeout=60)
    assert process.returncode == 5, err
    assert b"no call was recorded" in err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_death_by_a_signal_shows_as_in_a_shell(
    home: Any, spawn: Any, number: signal.Signals
) -> None:
    process = spawn("run", "sh", "-c", "echo $$; exec sleep 600")
    child = int(process.stdout.readline())
    if number is signal.SIGKILL:
        os.kill(child, number)
    else:
        process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert no_run_is_left(home)


TERMINAL = """
import os, signal, sys
count = [0]
def hear(number, frame):
    count[0] += 1
    os.write(1, b"heard\\n")
signal.signal(signal.SIGINT, hear)
print("ready", flush=True)
sys.stdin.readline()
print("count", count[0], flush=True)
"""


def test_a_key_at_the_terminal_interrupts_the_program_once(home: Any) -> None:
    import pty

    child, leader = pty.fork()
    if child == 0:
        os.chdir(home.folder)
        command = home.command("run", "--", sys.executable, "-c", TERMINAL)
        os.execvpe(command[0], command, home.environment())
    seen = b""

    def until(word: bytes) -> None:
        nonlocal seen
        while word not in seen:
            ready, _, _ = select.select([leader], [], [], 60)
            assert ready, seen
            seen += os.read(leader, 4096)

    until(b"ready")
    os.write(leader, b"\x03")
    until(b"heard")
    os.write(leader, b"\n")
    until(b"recorded")
    _, status = os.waitpid(child, 0)
    os.close(leader)
    assert b"count 1" in seen, seen
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_conversation_cut_off_with_its_program_is_a_transcript_too(
    home: Any, provider: str
) -> None:
    program = PROGRAM + "\nimport os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    ran = home.braid("run", sys.executable, "-c", program, "one", ANTHROPIC_BASE_URL=provider)
    assert ran.returncode == 137
    (file,) = transcripts(home)
    assert home.braid("verify", file, "--require", "sealed").returncode == 0


def test_names_of_transcripts_never_collide(home: Any, provider: str) -> None:
    from braid_clients.cli.recorded_run import _write

    class Library:
        def transcript(self, braid: str) -> list[bytes]:
            return [braid.encode()]

    library: Any = Library()
    names = ["-" + "a" * 42, "_" + "a" * 42, "b" * 43, "b" * 43]
    written = [_write(library, name, home.folder) for name in names]
    assert [path.name for path in written] == [
        "_aaaaaaaaaaa.braid.json",
        "_aaaaaaaaaaa-2.braid.json",
        "bbbbbbbbbbbb.braid.json",
        "bbbbbbbbbbbb-2.braid.json",
    ]
    assert [path.read_text() for path in written] == names


def test_a_record_that_cannot_be_written_is_kept_and_named(home: Any, provider: str) -> None:
    # The program itself takes the folder away from under the transcripts.
    program = PROGRAM + "\nimport os; os.rmdir('braids'); open('braids', 'w').close()"
    command = ("run", sys.executable, "-c", program, "one")
    ran = home.braid(*command, ANTHROPIC_BASE_URL=provider)
    assert ran.returncode == 2 and "not written" in ran.stderr
    (folder,) = (home.data / "runs").iterdir()
    assert f"the record of this run is kept: {folder}" in ran.stderr
    db = str(folder / "braid.db")
    assert f"braid ls --db {db}" in ran.stderr
    braid = home.braid("ls", "--db", db).stdout.split()[0]
    exported = home.braid("export", braid, "--db", db).stdout
    assert home.braid("verify", "-", stdin=exported.encode()).returncode == 0
    # The next run speaks of it, and a program's own failure comes before ours.
    (home.folder / "braids").unlink()
    ran = home.braid(*command[:-2], program + "; raise SystemExit(9)", "one",
                     ANTHROPIC_BASE_URL=provider)  # fmt: skip
    assert ran.returncode == 9
    assert f"an earlier run did not write all of its transcripts: {folder}" in ran.stderr


def test_a_run_that_is_killed_leaves_its_record(home: Any, spawn: Any, provider: str) -> None:
    program = PROGRAM + "\nprint('asked', flush=True)\nsys.stdin.read()"
    command = ("run", "--", sys.executable, "-c", program, "one")
    process = spawn(*command, stdin=subprocess.PIPE, ANTHROPIC_BASE_URL=provider)
    while process.stdout.readline() != b"asked\n":
        pass
    (folder,) = (home.data / "runs").iterdir()
    # A run that goes on is none of another's business.
    assert "earlier run" not in home.braid("run", "true").stderr
    process.kill()
    process.communicate(timeout=60)
    ran = home.braid("run", "true")
    assert ran.returncode == 0 and str(folder) in ran.stderr
    assert len(home.braid("ls", "--db", folder / "braid.db").stdout.splitlines()) == 1
