"""`braid run`: a program whose conversations become transcripts."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from braid_clients import paths
from braid_clients.child import NOT_EXECUTABLE, NOT_FOUND, Signals, interruptible
from braid_clients.cli.keys import own_root_key, pin, public_key
from braid_clients.cli.log_lines import log_to_stderr
from braid_clients.cli.own_file import FileName
from braid_clients.cli.own_log import pin_log
from braid_clients.cli.terminal import say
from braid_clients.loopback import without_proxy_to_loopback
from braid_clients.problem import Problem
from braid_clients.upstreams import base_urls, check, upstream_options, upstreams_of


@click.command("run", context_settings={"allow_interspersed_args": False})
@click.option(
    "--out",
    type=FileName(path_type=Path),
    default=Path("braids"),
    show_default=True,
    envvar="BRAID_OUT",
    metavar="DIR",
    help="Where transcripts go. [BRAID_OUT]",
)
@upstream_options(defaults=False)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD…")
def run(
    out: Path,
    upstream_anthropic: str | None,
    upstream_gemini: str | None,
    upstream_openai: str | None,
    command: tuple[str, ...],
) -> int:
    """Run a program with its conversations recorded, one transcript each.

    The program finds a private proxy in ANTHROPIC_BASE_URL, OPENAI_BASE_URL and
    GOOGLE_GEMINI_BASE_URL; a value that is set already becomes the proxy's upstream. Its input,
    output, signals and exit code pass through. Where the program succeeds but its record does not,
    the exit code is 1 (not verified) or 2 (not written). That no call was recorded is said, and
    the exit code stays the program's.
    """
    if shutil.which(command[0]) is None and os.sep not in command[0]:
        raise Problem(f"{command[0]}: command not found", code=NOT_FOUND)
    from braid_clients.cli.recorded_run import Outcome, write_transcripts
    from braid_server import service

    log_to_stderr(logging.WARNING)
    root_key = own_root_key()
    given = {
        "anthropic": upstream_anthropic,
        "gemini": upstream_gemini,
        "openai": upstream_openai,
    }
    upstreams = upstreams_of(os.environ, given)
    check(upstreams.values())
    if any("codex" in word.lower() for word in command):
        say(
            "Codex does not read OPENAI_BASE_URL; name it on its command line:",
            """sh -c 'codex -c openai_base_url="$OPENAI_BASE_URL" …'""",
        )
    made = _make_folder(out)
    keep = False
    with _run_folder() as folder:
        settings = service.Settings(
            db=str(folder / "braid.db"),
            root_key=root_key,
            wrapping_key=paths.wrapping_key_file(os.environ),
            upstream_anthropic=upstreams["anthropic"].url,
            upstream_gemini=upstreams["gemini"].url,
            upstream_openai=upstreams["openai"].url,
            port=0,
        )
        try:
            with Signals() as signals, service.running(settings) as url:
                code = _start(signals, command, base_urls(url, upstreams))
            keep = True
            with interruptible():
                root = public_key(settings.root_key)
                pin(root)
                log = pin_log(settings.db, passing=True)
                outcome = write_transcripts(settings, root, log, out)
            keep = outcome is Outcome.INCOMPLETE
        finally:
            if keep:
                say(
                    f"the record of this run is kept: {folder}",
                    f"read it: braid ls --db {folder / 'braid.db'}",
                )
            else:
                shutil.rmtree(folder, ignore_errors=True)
            if made:
                with contextlib.suppress(OSError):
                    out.rmdir()  # only where nothing was written into it
    return code or outcome


def _start(signals: Signals, command: tuple[str, ...], proxy: Mapping[str, str]) -> int:
    try:
        return signals.run(command, child_environment(os.environ, proxy))
    except FileNotFoundError as fault:
        raise Problem(f"{command[0]}: command not found", code=NOT_FOUND) from fault
    except OSError as fault:
        reason = f"{command[0]}: cannot be run: {fault.strerror}"
        raise Problem(reason, code=NOT_EXECUTABLE) from fault


def child_environment(environment: Mapping[str, str], proxy: Mapping[str, str]) -> dict[str, str]:
    """Give the program's environment: ours, Braid's in it, and no other proxy before that."""
    return {**without_proxy_to_loopback(environment), **proxy}


def _make_folder(out: Path) -> bool:
    """Make sure of the folder before the program runs; tell whether it is new."""
    if out.is_dir():
        if not os.access(out, os.W_OK | os.X_OK):
            raise Problem(f"--out {out}: not a folder you may write to")
        return False
    if out.exists():
        raise Problem(f"--out {out}: not a folder")
    try:
        out.mkdir(parents=True)
    except OSError as fault:
        raise Problem(f"--out {out}: cannot be made: {fault.strerror}") from fault
    return True


@contextlib.contextmanager
def _run_folder() -> Iterator[Path]:
    """Make this run's own folder, and speak of those that earlier runs had to leave behind."""
    runs = paths.own_folder(paths.own_folder(paths.data_folder(os.environ)) / "runs")
    for left in sorted(runs.iterdir()):
        with contextlib.suppress(OSError), (left / "running").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            say(
                f"an earlier run did not write all of its transcripts: {left}",
                f"read its record: braid ls --db {left / 'braid.db'}",
                "remove the folder when you are done with it",
            )
    folder = Path(tempfile.mkdtemp(prefix="", dir=runs))
    with (folder / "running").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield folder
