"""What every subcommand owes: answers on stdout alone, a clear line for every fault, no traceback."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from braid_clients.cli import _COMMANDS, braid
from braid_clients.cli.names import NamedCommand

COMMANDS = [
    "verify", "serve", "run", "ls", "show", "export", "seal", "redact", "erase", "import",
    "timestamp", "leaks", "log", "witness", "keys", "demo",
]  # fmt: skip


def test_help_lists_every_command_as_it_describes_itself(home: Any) -> None:
    ran = home.braid("--help")
    assert ran.returncode == 0 and not ran.stderr
    assert list(_COMMANDS) == COMMANDS
    context = click.Context(braid)
    for name, (_, text) in _COMMANDS.items():
        assert text in ran.stdout
        command = braid.get_command(context, name)
        assert command is not None and command.name == name
        shown = home.braid(name, "--help")
        assert shown.returncode == 0 and shown.stdout.startswith("Usage: braid " + name)
    assert home.braid("verify", "-h").stdout == home.braid("verify", "--help").stdout


def test_help_shows_the_files_that_are_used(home: Any) -> None:
    shown = {name: home.braid(name, "--help").stdout for name in ("ls", "serve")}
    for text in (*shown.values(), home.braid("keys", "init", "--help").stdout):
        assert "~/.local" not in text
    for text, name in (
        (shown["ls"], "braid.db"), (shown["serve"], "braid.db"), (shown["serve"], "wrapping.key"),
        (home.braid("keys", "show", "--help").stdout, "root.key"),
    ):  # fmt: skip
        assert str(home.data / name) in "".join(text.split())  # however its lines are broken
    below = {"HOME": str(home.folder), "XDG_DATA_HOME": ""}
    text = home.braid("keys", "show", "--help", **below).stdout
    assert "~/.local/share/braid/root.key" in "".join(text.split())
    chosen = home.braid("keys", "show", "--help", BRAID_ROOT_KEY="/k/root").stdout
    assert "default:/k/root" in "".join(chosen.split())


def test_a_mistyped_command_is_told_what_is_like_it(home: Any) -> None:
    for typed, said in {
        "verfy": "braid: no such command 'verfy' (did you mean verify?)\n",
        "sho": "braid: no such command 'sho' (did you mean show?)\n",
        "quux": "braid: no such command 'quux'\n",
    }.items():
        ran = home.braid(typed, "x")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == f"{said}braid: see: braid --help\n"
    assert "trust" in home.braid("keys", "trst", "x").stderr


def test_the_version_is_that_of_the_distribution(home: Any) -> None:
    ran = home.braid("--version")
    assert ran.returncode == 0 and ran.stdout.startswith("braid, version 0.")


@pytest.mark.parametrize("arguments", [(), ("keys",), ("nonsense",), ("--nonsense",), ("ls", "x")])
def test_misuse_goes_to_stderr_and_exits_2(home: Any, arguments: tuple[str, ...]) -> None:
    ran = home.braid(*arguments)
    assert ran.returncode == 2 and not ran.stdout and ran.stderr


KEY_LIST = "expected lines of a key and perhaps a label, in UTF-8"
NO_NAME = "expected a name, got an empty one"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "noise"), "noise: not a transcript: byte 0: invalid UTF-8"),
        (("show", "empty"), "empty: byte 0: expected a transcript, got nothing"),
        (("show", "folder"), "folder: Is a directory"),
        (("show", "nothing"), "no file nothing, and there is no store yet at "),
        (("show", "noise", "--context", "2"), "noise: not a transcript: byte 0: invalid UTF-8"),
        (("show", "good", "--context", ""), ": no such call in this braid"),
        (("show", "nothing.json"), "nothing.json: No such file or directory"),
        (("show", b"n\xff.json"), "n\\udcff.json: No such file or directory"),
        (("export", "x", "-o", ""), NO_NAME),
        (("export", "x", "-o", "folder"), "File 'folder' is a directory"),
        (("ls", "--db", "noise"), "store: noise: file is not a database"),
        (("ls", "--db", "folder"), "store: folder: expected a file"),
        (("log", "show", "--db", "noise"), "store: noise: file is not a database"),
        (("log", "export", ""), NO_NAME),
        (("serve", "--port", "0", "--db", "noise"), "store: noise: cannot be set up: "),
        (("run", "--out", "", "true"), NO_NAME),
        (("keys", "show", "--root-key", ""), NO_NAME),
        (("keys", "init", "--root-key", "noise/x"), "noise/x: cannot be made: noise is no folder"),
        (("keys", "trust", ""), "expected a root key, or a file of them, got an empty name"),
        (("keys", "trust", "noise"), f"noise: {KEY_LIST}"),
        (("keys", "trust", "noise", "--as", "log"), f"noise: {KEY_LIST}"),
        (("verify", "good", "--root", ""), "expected a root key, or a file of them, got an empty"),
        (("verify", "good", "--log", ""), "expected the verifier key of a log, or a file of them"),
        (("verify", "good", "--statements", ""), "--statements: expected the name of a file"),
        (("verify", "good", "--require", ""), "--require: expected the names of claims, got an"),
        (("verify", "good", "--require", "sealed,"), "--require: expected the names of claims"),
        (("leaks", ""), "expected the name of a file, got an empty one"),
        (("redact", "good", "--kind", "prompt", "-o", "folder"), "File 'folder' is a directory"),
        (("witness", "http://127.0.0.1:1", "--log", "x"), "--log: x: neither the verifier key"),
    ],
    ids=str,
)
def test_bad_input_is_named_and_nothing_is_made(
    home: Any, made: Any, arguments: tuple[Any, ...], said: str
) -> None:
    (home.folder / "noise").write_bytes(b"\xff\xfe\x00" * 1000)
    (home.folder / "empty").touch()
    (home.folder / "folder").mkdir()
    (home.folder / "good").write_bytes(made.json)
    before = {path.name for path in home.folder.iterdir()}
    ran = home.braid(*map(os.fsdecode, arguments))
    assert ran.returncode == 2 and not ran.stdout
    assert ran.stderr.startswith("braid: ") and said in ran.stderr.splitlines()[0]
    left = {path.name for path in home.folder.iterdir()}
    assert left - {"noise.lock"} == before  # whoever tried a store had its lock


# What the base install has; everything else hides, as if it were not there.
HIDE = """
import sys
base = {"nacl", "_cffi_backend", "cffi", "msgspec", "click", "rich", "markdown_it", "mdurl",
        "pygments", "braid", "braid_verifier", "braid_server", "braid_clients"}
class Hide:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in base or top.startswith("_"):
            return None
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Hide())
from braid_clients.cli import main
sys.exit(main())
"""


def base_install(home: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HIDE, *arguments],
        capture_output=True,
        text=True,
        cwd=home.folder,
        env=home.environment(),
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("serve",), "server"),
        (("run", "true"), "server"),
        (("ls", "--db", "x.db"), "server"),
        (("ls", "--url", "http://127.0.0.1:1"), "clients"),
        (("show", "abc", "--db", "x.db"), "server"),
        (("export", "abc", "--url", "http://127.0.0.1:1"), "clients"),
        (("seal", "abc", "--db", "x.db"), "server"),
        (("demo",), "server,clients"),
    ],
)
def test_a_command_without_its_extra_says_how_to_install_it(
    home: Any, arguments: tuple[str, ...], extra: str
) -> None:
    ran = base_install(home, *arguments)
    assert ran.returncode == 2 and not ran.stdout
    assert ran.stderr.splitlines()[-2:] == [
        f"braid: install with: pip install 'braid-provenance[{extra}]'",
        f"braid: from a checkout: pip install '.[{extra}]'",
    ]
    assert not list(home.folder.iterdir())


def test_the_base_install_has_verify_keys_and_show(home: Any, made: Any) -> None:
    file = home.folder / "x.braid.json"
    file.write_bytes(made.json)
    assert base_install(home, "keys", "trust", made.root).returncode == 0
    assert base_install(home, "verify", str(file)).returncode == 0
    assert base_install(home, "show", str(file)).returncode == 0
    assert base_install(home, "keys", "init").returncode == 0
    assert base_install(home, "serve", "--help").returncode == 0


def on_a_terminal(home: Any, *arguments: str | Path, **environment: str) -> str:
    """Run the command with a terminal as its stdout."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        home.command(*arguments),
        stdin=subprocess.DEVNULL,
        stdout=follower,
        stderr=subprocess.DEVNULL,
        env=home.environment(**{"TERM": "xterm", **environment}),
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    process.wait()
    return shown.decode()


def test_colour_is_for_terminals_that_want_it(home: Any, made: Any) -> None:
    file = home.folder / "x.braid.json"
    file.write_bytes(made.json)
    for command in ("verify", "show"):
        assert "\x1b[" in on_a_terminal(home, command, file)
        assert "\x1b[" not in on_a_terminal(home, command, file, NO_COLOR="1")
        assert "\x1b[" not in on_a_terminal(home, command, file, TERM="dumb")
        assert "\x1b[" not in home.braid(command, file, TERM="xterm").stdout


def test_a_terminal_that_is_not_utf_8_gets_ascii(home: Any, made: Any) -> None:
    file = home.folder / "x\u00e9.json"
    file.write_bytes(made.json)
    ran = home.braid("show", file, PYTHONIOENCODING="ascii", COLUMNS="50")
    assert ran.returncode == 0 and ran.stdout.isascii()
    ran = home.braid("verify", file, PYTHONIOENCODING="ascii", COLUMNS="50")
    assert ran.returncode == 3 and ran.stdout.isascii()


def test_a_reader_that_goes_away_is_no_error_worth_a_word(
    home: Any, spawn: Any, weaver: Any
) -> None:
    from braid.node import Kind, Origin

    long = weaver()
    for _ in range(2000):
        long.add(Kind.PROMPT, Origin.CLIENT, b"word " * 40)
    (home.folder / "long.json").write_bytes(long.made().json)
    process = spawn("show", "long.json")
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(60) == 141


def test_a_full_disk_is_told(home: Any, made: Any) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    file = home.folder / "x.json"
    file.write_bytes(made.json)
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            home.command("verify", file, "--root", made.root),
            stdout=full,
            stderr=subprocess.PIPE,
            env=home.environment(),
            timeout=60,
            check=False,
        )
    assert ran.returncode == 2
    assert ran.stderr == b"braid: No space left on device\n"


def test_closed_streams_are_no_fault(home: Any, made: Any) -> None:
    file = home.folder / "x.json"
    file.write_bytes(made.json)
    words = " ".join(home.command("verify", str(file), "--root", made.root))
    for closed, code in {">&-": 0, "2>&-": 0, "<&-": 0, ">&- 2>&- <&-": 0}.items():
        ran = subprocess.run(
            ["sh", "-c", f"{words} {closed}"], env=home.environment(), timeout=60, check=False,
            capture_output=True,
        )  # fmt: skip
        assert ran.returncode == code, (closed, ran.stderr)
    for command in (("verify",), ("show",), ("import", "iolite")):
        words = " ".join(home.command(*command, "-"))
        ran = subprocess.run(
            ["sh", "-c", f"{words} <&-"], env=home.environment(), timeout=60, check=False,
            capture_output=True,
        )  # fmt: skip
        assert ran.returncode == 2 and ran.stderr == b"braid: stdin is closed\n", command


def test_an_interrupt_exits_130_without_a_traceback(spawn: Any) -> None:
    process = spawn("verify", "-", stdin=subprocess.PIPE)
    # More than a pipe holds: when this is written, the command reads.
    process.stdin.write(b" " * 2_000_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err == b"braid: interrupted\n"


def test_what_nobody_foresaw_is_one_line_and_exit_2(home: Any) -> None:
    broken = "import braid_clients.cli.verify as v\ndef no(*a): raise ValueError('secret words')\n"
    broken += "v._pinned = no\nimport sys\nfrom braid_clients.cli import main\nsys.exit(main())"

    def run(**environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", broken, "verify", "x"],
            capture_output=True, text=True, env=home.environment(**environment), check=False,
        )  # fmt: skip

    ran = run()
    assert ran.returncode == 2 and "secret words" not in ran.stderr
    assert "unexpected ValueError" in ran.stderr and len(ran.stderr.splitlines()) == 2
    assert "Traceback" in run(BRAID_DEBUG="1").stderr


@click.command(cls=NamedCommand)
@click.argument("names", nargs=-1)
@click.option("-o", "--output")
@click.option("--db")
@click.option("--flag", is_flag=True)
def named(**_: object) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "names", "options"),
    [
        (["-abc"], ("-abc",), {}),
        (["-o", "-abc", "--db", "--x", "-d"], ("-d",), {"output": "-abc", "db": "--x"}),
        (["--" + "a" * 41], ("--" + "a" * 41,), {}),
        (["-o" + "a" * 41], ("-o" + "a" * 41,), {}),
        (["--abc", "--flag"], ("--abc",), {"flag": True}),
        (["--db=x", "abc"], ("abc",), {"db": "x"}),
        (["abc", "--", "--flag", "-o"], ("abc", "--flag", "-o"), {}),
        (["-"], ("-",), {}),
    ],
)
def test_names_may_begin_with_a_dash(
    arguments: list[str], names: tuple[str, ...], options: dict[str, object]
) -> None:
    context = named.make_context("named", list(arguments))
    given = {"output": None, "db": None, "flag": False, **options}
    assert context.params == {"names": names, **given}


@pytest.mark.parametrize("misspelt", ["--ouput", "--flags", "--dbs=x", "--nope=x"])
def test_a_misspelt_option_is_not_taken_for_a_name(misspelt: str) -> None:
    with pytest.raises(click.NoSuchOption):
        named.make_context("named", [misspelt, "x"])
