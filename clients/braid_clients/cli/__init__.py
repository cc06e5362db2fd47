"""The command `braid`: finds the subcommand, and turns whatever goes wrong into a clear line.

A subcommand's module is imported when it is called, and the libraries of an extra only by
what needs them, so that the base install has `braid verify` and `braid keys`.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import importlib
import os
import sys

import click

from braid.errors import BraidError
from braid_clients.cli.terminal import prepare_streams, say
from braid_clients.problem import Problem

UNCHECKED, BROKEN_PIPE, INTERRUPTED = 2, 141, 130  # exit codes; the last two as a shell has them

_COMMANDS = {
    "verify": ("verify", "Check transcripts, offline."),
    "serve": ("serve", "Run the recording proxy."),
    "run": ("run", "Run a program with its conversations recorded."),
    "ls": ("store", "List braids, newest first."),
    "show": ("store", "Draw a braid as a tree."),
    "export": ("store", "Write a braid as one file, a transcript."),
    "seal": ("store", "Close a braid, so that nothing can be added or cut off."),
    "redact": ("redact", "Write a copy of a transcript without some of its words."),
    "erase": ("erase", "Erase words of a braid from the store, for good."),
    "import": ("import_", "Bring in conversations that others recorded."),
    "timestamp": ("timestamp", "Have an authority sign by when it saw a seal."),
    "leaks": ("leaks", "Find reasoning that leaked into text and comments."),
    "log": ("log", "Show the transparency log of a store, write it as files."),
    "witness": ("witness", "Watch a log that others keep, and cosign it."),
    "keys": ("keys", "Make and show your keys, choose the roots you trust."),
    "demo": ("demo", "See it all work: no account, no network, ten seconds."),
}
# Where Python, or the module, has that word for something else.
_WORDS = {"import": "import_", "witness": "witness_command"}
_EXTRAS = {"httpx": "clients", "anthropic": "clients"}
_SERVER_LIBRARIES = (
    "aiohttp", "alembic", "brotli", "fastapi", "httptools", "multidict", "pydantic", "sqlalchemy",
    "starlette", "uvicorn", "uvloop", "yarl", "zstandard",
)  # fmt: skip
_EXTRAS.update(dict.fromkeys(_SERVER_LIBRARIES, "server"))
_EXTRAS.update(dict.fromkeys(("cryptography", "rfc3161_client"), "timestamps"))
_NEEDED_BY = {"demo": "server,clients", "timestamp": "timestamps"}


class _Lazy(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"braid_clients.cli.{_COMMANDS[cmd_name][0]}")
        word = _WORDS.get(cmd_name, cmd_name)
        command: click.Command = getattr(module, word)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0].startswith("-") or args[0] in _COMMANDS or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        like = difflib.get_close_matches(args[0], _COMMANDS, n=2)
        hint = f" (did you mean {' or '.join(like)}?)" if like else ""
        raise click.UsageError(f"no such command '{args[0][:40]}'{hint}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=_Lazy,
    name="braid",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Answers go to stdout, everything else to stderr. BRAID_DEBUG=1 shows tracebacks.",
)
@click.version_option(package_name="braid-provenance", prog_name="braid")
def braid() -> None:
    """Record LLM conversations as signed braids, verify them, read them."""


def main() -> int:
    """Run the command line and give its exit code; nothing escapes but with BRAID_DEBUG set."""
    prepare_streams()
    debug = bool(os.environ.get("BRAID_DEBUG"))
    called = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        code = _invoke()
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except BrokenPipeError:
        _drop_stdout()
        return BROKEN_PIPE
    except (KeyboardInterrupt, click.Abort):
        say("interrupted")
        return INTERRUPTED
    except Exception as fault:
        if debug:
            raise
        _drop_stdout()
        return _explain(fault, called)


def _invoke() -> int:
    try:
        with braid.make_context("braid", sys.argv[1:]) as context:
            code = braid.invoke(context)
    except click.exceptions.Exit as fault:
        return fault.exit_code
    return code if isinstance(code, int) else 0


def _explain(fault: Exception, called: str) -> int:
    match fault:
        case Problem():
            say(str(fault), *fault.hints)
            return fault.code
        case BraidError():
            say(str(fault))
        case click.exceptions.NoArgsIsHelpError():
            click.echo(fault.format_message(), err=True)
        case click.UsageError():
            hint = f"see: {fault.ctx.command_path} --help" if fault.ctx is not None else ""
            say(_as_ours(fault.format_message()), *filter(None, [hint]))
        case click.ClickException():
            say(_as_ours(fault.format_message()))
        case ModuleNotFoundError():
            _explain_missing(fault, called)
        case OSError() if fault.errno == errno.EPIPE:
            return BROKEN_PIPE
        case OSError():
            place = f"{fault.filename}: " if fault.filename else ""
            say(f"{place}{fault.strerror or type(fault).__name__}")
        case _:
            # Only the type: a message may hold words of a conversation.
            say(f"unexpected {type(fault).__name__}; this is a bug", "see where: set BRAID_DEBUG=1")
    return UNCHECKED


def _explain_missing(fault: ModuleNotFoundError, called: str) -> None:
    missing = (fault.name or "").partition(".")[0]
    extra = _NEEDED_BY.get(called) or _EXTRAS.get(missing)
    if extra is None:
        say(f"'{called}' needs the package {missing}, which is not installed")
    else:
        say(
            f"'{called}' needs more than the base install: {missing} is missing",
            f"install with: pip install 'braid-provenance[{extra}]'",
            f"from a checkout: pip install '.[{extra}]'",
        )


def _as_ours(message: str) -> str:
    """Give a message of click's the shape of ours: lower case, no full stop, one line."""
    line = " ".join(message.split())
    first = line.split(" ", 1)[0]
    if first[1:].islower():
        line = line[0].lower() + line[1:]
    return line.removesuffix(".")


def _drop_stdout() -> None:
    """Keep the interpreter from failing once more on what stdout did not take."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
        return
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
