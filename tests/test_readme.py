"""Every code block of the README runs as a reader would run it, in order, in one place.

`scripts/demo` and `scripts/test` are left to .ci/run, which runs them. What a reader fills in
(ID, KEY, ROOT) is filled in, the fixed port becomes a free one, and the provider is scripted.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from braid.encoding import encode
from braid.signing import SecretKey
from braid_clients.demo_provider import scripted_provider

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS: list[str] = re.findall(r"```\w*\n(.*?)```", README, re.DOTALL)
PORT = "8420"


def block_with(text: str) -> str:
    """The one code block that holds this text."""
    (found,) = [body for body in BLOCKS if text in body]
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Reader:
    """Someone who types what the README says, in a copy of the checkout."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self.checkout = folder / "checkout"
        names = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        for name in names.stdout.decode().split("\0"):
            if name and (ROOT / name).is_file():
                (self.checkout / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.checkout / name)
        self.port = str(free_port())
        self.env = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_DATA_HOME": str(folder / "data"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "ANTHROPIC_API_KEY": "no-key",
            "ANTHROPIC_BASE_URL": upstream,
            "BRAID_UPSTREAM_ANTHROPIC": upstream,
            "BRAID_PORT": self.port,
        }
        self.env.pop("COLUMNS", None)  # test runners set it; a reader's pipe has no width

    def fill_in(self, text: str, **known: str) -> str:
        for name, value in known.items():
            text = re.sub(rf"\b{name}\b", value, text)
        return text.replace(f":{PORT}", f":{self.port}")

    def run(self, command: str, expect: int = 0, **known: str) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.fill_in(command, **known)],
            cwd=self.checkout,
            env=self.env,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout

    def wait_until_ready(self) -> None:
        url = f"http://127.0.0.1:{self.port}/readyz"
        for _ in range(600):
            try:
                urllib.request.urlopen(url).close()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.05)
            else:
                return
        pytest.fail("the server did not become ready")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with scripted_provider() as upstream:
        yield Reader(tmp_path_factory.mktemp("reader"), upstream)


def test_every_block_is_known_to_a_test_here() -> None:
    tested = (
        "scripts/demo", "scripts/test", "pip install", "braid run", "braid serve\n", "base_url=",
        "braid ls", "braid verify talk.braid.json --root", "report.require()", "NOT verified",
        "braid-verify.mjs", "import { verify }", "braid_verifier.leaks", "braid.check(raw)",
        "check_history(",
    )  # fmt: skip
    strangers = [body for body in BLOCKS if not any(text in body for text in tested)]
    assert not strangers


def test_the_demo_says_what_the_readme_shows(reader: Reader) -> None:
    said = reader.run("braid demo").splitlines()
    shown = [line for line in block_with("NOT verified").splitlines() if line != "…"]
    assert shown and not [line for line in shown if line not in said], said


def test_a_program_is_recorded_under_run(reader: Reader) -> None:
    reader.run(block_with("braid run"))
    written = list((reader.checkout / "transcripts").glob("*.braid.json"))
    assert len(written) == 1
    reader.run(f"braid verify {written[0]}")


def test_a_server_records_what_an_sdk_says_and_its_braid_is_listed_sealed_and_verified(
    reader: Reader,
) -> None:
    server = subprocess.Popen(
        ["bash", "-c", f"exec {block_with('braid serve' + chr(10)).strip()}"],
        cwd=reader.checkout,
        env=reader.env,
        stderr=subprocess.DEVNULL,
    )
    try:
        reader.wait_until_ready()
        talk = """
message = {"role": "user", "content": "hello"}
client.messages.create(model="any", max_tokens=10, messages=[message])
"""
        program = reader.fill_in(block_with("base_url=")) + talk
        subprocess.run([sys.executable, "-c", program], env=reader.env, check=True)
        listed = reader.run("braid ls").split()
        (name,) = [word for word in listed if re.fullmatch("[A-Za-z0-9_-]{43}", word)]
        shown = reader.run(block_with("braid ls"), ID=name)
        assert "verified" in shown
        key = reader.run("braid keys show").split()[0]
        reader.run(block_with("braid verify talk.braid.json --root"), KEY=key)
        reader.run(f"python examples/audit/main.py talk.braid.json {key}")
        reader.run("python examples/by_hand/main.py talk.braid.json")
        pipeline = f"ROOT = {key!r}\n{block_with('Policy(require=')}"
        subprocess.run([sys.executable, "-c", pipeline], cwd=reader.checkout, check=True)
        if shutil.which("node"):
            reader.run(block_with("braid-verify.mjs"), KEY=key)
            (reader.checkout / "check.mjs").write_text(
                reader.fill_in(block_with("import { verify }"), KEY=key)
            )
            reader.run("node check.mjs")
        given = f'ROOT = {key!r}\ntranscript_bytes = open("talk.braid.json", "rb").read()\n'
        given += 'request_body = b\'{"messages": [{"role": "user", "content": "hello"}]}\'\n'
        checking = given + block_with("check.require()")
        subprocess.run([sys.executable, "-c", checking], cwd=reader.checkout, check=True)
        reader.run(f"python examples/against_server/main.py http://127.0.0.1:{reader.port}")
        reader.run("braid verify ./braid-*.braid.json")
        checking = f"ROOT = {key!r}\n{reader.fill_in(block_with('braid.check(raw)'))}"
        talk = "\nassert message.content and braid.report(raw).result == 'verified'"
        subprocess.run([sys.executable, "-c", checking + talk], env=reader.env, check=True)
        example = f"python examples/checked_answer/main.py http://127.0.0.1:{reader.port}"
        assert "heard you" in reader.run(example)
        assert "heard you" in reader.run(f"{example} {key}")
        other = encode(SecretKey(bytes([7]) * 32).key)
        assert not reader.run(f"{example} {other}", expect=1)
    finally:
        server.terminate()
        server.wait()


def test_deliberation_in_comments_is_found_as_shown() -> None:
    program = block_with("braid_verifier.leaks")
    found = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    comments = program[program.index("Wait, looking") : program.index("\npayload")]
    assert found.stdout == f"self_correction\nstrong\n{comments}\n"


def test_the_audit_example_refuses_what_does_not_verify(reader: Reader) -> None:
    (transcript,) = (reader.checkout / "transcripts").glob("*.braid.json")
    key = reader.run("braid keys show").split()[0]
    changed = transcript.read_text().replace("prime", "crime", 1)
    assert changed != transcript.read_text()
    (reader.checkout / "changed.json").write_text(changed)
    reader.run(f"python examples/audit/main.py changed.json {key}", expect=1)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("audit", ()),
        ("audit", ("talk.braid.json",)),
        ("by_hand", ()),
        ("against_server", ("a", "b")),
        ("checked_answer", ("a", "b", "c")),
    ],
)
def test_an_example_says_what_it_is_called_with(name: str, arguments: tuple[str, ...]) -> None:
    program = Path("examples", name, "main.py")
    ran = subprocess.run(
        [sys.executable, program, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    usage = ran.stderr.rstrip("\n")
    assert usage.startswith(f"usage: python {program}") and "\n" not in usage
    # As its own first lines have it.
    assert usage.removeprefix("usage: ") in (ROOT / program).read_text("utf-8")[:500]


def test_both_installs_work_in_a_fresh_environment(reader: Reader, tmp_path: Path) -> None:
    everything, verifier = re.findall(r"pip install [^#\n]+", block_with("pip install"))
    venv.create(tmp_path / "venv", with_pip=True)
    fresh = f'PATH="{tmp_path}/venv/bin:$PATH"; '
    quiet = " --quiet --disable-pip-version-check"
    reader.run(fresh + verifier + quiet)
    (transcript,) = (reader.checkout / "transcripts").glob("*.braid.json")
    reader.run(fresh + f"braid verify {transcript}")
    reader.run(fresh + "braid serve", expect=2)
    reader.run(fresh + everything + quiet)
    reader.run(fresh + "braid serve --help")
