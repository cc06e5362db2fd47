"""`braid witness`: watch somebody's log, and cosign its checkpoints."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import click

from braid.encoding import encode_standard
from braid.errors import KeyUnusable
from braid.note import NoteSigner, SignatureType, VerifierKey, read_verifier_key
from braid_clients import paths
from braid_clients.child import told_to_stop
from braid_clients.cli.durations import duration
from braid_clients.cli.own_file import FILE, OwnFile
from braid_clients.cli.parties import PARTIES, keys_of
from braid_clients.cli.store import write_whole
from braid_clients.cli.terminal import answer, say
from braid_clients.log_source import CosignatureNotTaken, LogSilent, LogSource, Stopped
from braid_clients.problem import Problem
from braid_clients.witness import AnotherLog, Forked, WitnessMemory, WitnessUnusable, witness
from braid_server import durable, keyfiles

_LABEL = "braid-witness-key/1"
_TURN = 0.2  # seconds between two tries


@click.command("witness")
@click.argument("url", metavar="URL")
@click.option(
    "--log",
    metavar="VKEY|FILE",
    help="The log's verifier key, or a file that holds it; without it the server's own word is taken "
    "the first time.",
)
@click.option(
    "--key",
    type=FILE,
    envvar="BRAID_WITNESS_KEY",
    cls=OwnFile,
    own=paths.witness_key_file,
    help="Your witness key's file, made on first use. [BRAID_WITNESS_KEY]",
)
@click.option(
    "--state",
    type=FILE,
    help="Where to remember this log; by default a file of its own. One key, one memory of a log.",
)
@click.option("--name", help="What you are called, as example.org/witness; on first use only.")
@click.option("--once", is_flag=True, help="Look once, and leave.")
@click.option(
    "--every",
    default="1m",
    show_default=True,
    callback=duration,
    metavar="TIME",
    help="How often to look: 30s, 5m, 1h.",
)
def witness_command(
    url: str,
    log: str | None,
    key: Path | None,
    state: Path | None,
    name: str | None,
    once: bool,
    every: timedelta,
) -> None:
    """Watch a log that others keep, and cosign what it shows as long as it only grows.

    URL is a Braid server, or the address below which a log has its `checkpoint`. What you saw is
    remembered on disk, before you cosign. What does not go on from it is never cosigned; where that
    proves that the log forked, the proof is kept, and the exit code is 1.
    """
    # What is no address, or no key of a log, is said before a key is made.
    LogSource(url)
    if log is not None:
        _named_log(log)
    signer = _signer(key or paths.witness_key_file(os.environ), name)
    say(f"you are {signer.public.text}")
    with told_to_stop(twice=True) as stopped:
        source = LogSource(url, stopped=stopped.is_set)
        while True:
            try:
                _look(source, state, log, signer, stopped)
            except Stopped:
                return
            except (LogSilent, AnotherLog, CosignatureNotTaken) as fault:
                told = _told(fault, signer, state)
                if once:
                    raise Problem(*told) from fault
                say(*told)
            if once or stopped.wait(every.total_seconds()):
                return


def _look(
    source: LogSource,
    state: Path | None,
    given: str | None,
    signer: NoteSigner,
    stopped: threading.Event,
) -> None:
    source.begin_look()
    log = _log_key(source, given)
    # By the log's key, not by its address: whatever address it is seen at, it is one memory.
    memory = WitnessMemory(state or _own_file(log.text, ".json"))
    said = False

    def meanwhile() -> None:
        nonlocal said
        if not said:
            say(f"{memory.path}: in use by another witness, waiting")
        said = True
        if stopped.wait(_TURN):
            raise Stopped

    with memory.held(meanwhile):
        source.begin_look()
        _look_at(source, memory, log, signer)


def _look_at(
    source: LogSource, memory: WitnessMemory, log: VerifierKey, signer: NoteSigner
) -> None:
    known = memory.read()
    if known is not None and known[0] != log:
        raise Problem(
            f"{memory.path}: remembers {known[0].text}, and this is {log.text}",
            "another log is remembered in another file: --state FILE",
        )
    try:
        found = witness(source, memory, log, signer, int(time.time()))
    except Forked as fork:
        known = memory.read()
        if known is None or known[1] is None:
            raise WitnessUnusable(f"{memory.path}: changed meanwhile") from fork
        evidence = memory.keep_evidence(log, known[1], fork)
        raise Problem(
            f"FORK: {log.name}: {fork}; nothing was cosigned",
            f"what proves it is kept: {evidence}",
            "show it to whoever relies on this log: its key signed both checkpoints",
            code=1,
        ) from fork
    head = found.signed.checkpoint
    if found.new:
        try:
            source.post(found.signed)
        except CosignatureNotTaken:
            say(f"the cosigned checkpoint is kept: {memory.keep_cosigned(found.signed)}")
            raise
        answer(f"{head.origin} {head.size} {encode_standard(head.root)}")


def _log_key(source: LogSource, given: str | None) -> VerifierKey:
    """Give the key of the log at an address: the one named, the one that was there before, or its own.

    What was not named is said loudly, and remembered.
    """
    if given is not None:
        return _named_log(given)
    file = _own_file(source.url, ".vkey")
    try:
        return read_verifier_key(file.read_text(encoding="ascii").strip(), SignatureType.NOTE)
    except FileNotFoundError:
        pass
    except (KeyUnusable, UnicodeDecodeError) as fault:
        raise Problem(f"{file}: not the verifier key of a log") from fault
    log = source.key()
    say(
        f"TRUSTED ON FIRST USE: {log.text}",
        "nobody but the server itself says that this is the log's key: compare it with what "
        "its operator publishes, or name it with --log",
    )
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(file, [log.text.encode() + b"\n"])
    return log


def _named_log(given: str) -> VerifierKey:
    try:
        named = keys_of(given, PARTIES["log"])
    except Problem as fault:
        raise Problem(f"--log: {fault}", *fault.hints) from fault
    if len(named) != 1:
        raise Problem(f"--log: {given}: expected the key of one log, got {len(named)}")
    return read_verifier_key(named[0].key, SignatureType.NOTE)


def _signer(path: Path, name: str | None) -> NoteSigner:
    """Read the witness's key, making it on first use; its name stands in a file beside it."""
    name_file = path.with_name(path.name + ".name")
    seed = keyfiles.load_or_create(path, _LABEL)
    try:
        kept = _kept_name(name_file)
        if kept is not None and name not in (None, kept):
            raise Problem(
                f"{name_file}: this key is called {kept}, got {name}",
                "another name is another witness: --key FILE",
            )
        called = kept or name or _name_of(seed)
        signer = NoteSigner(called, seed, SignatureType.COSIGNATURE)
        if kept is None:
            durable.replace(name_file, [called.encode() + b"\n"], mode=0o666)
    except KeyUnusable as fault:
        raise Problem(f"--name: {fault}") from fault
    return signer


def _kept_name(file: Path) -> str | None:
    """Read the name of a key; raises Problem for a file without: another name is another witness."""
    try:
        kept = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as fault:
        raise Problem(f"{file}: expected a name in UTF-8") from fault
    if not kept:
        raise Problem(
            f"{file}: expected the name under which this key cosigns, the file is empty",
            "write it there as it was, or take the file away and give it with --name",
        )
    return kept


def _name_of(seed: bytes) -> str:
    key = NoteSigner("x", seed, SignatureType.COSIGNATURE).public.key
    return f"braid/witness-{hashlib.sha256(key).hexdigest()[:8]}"


def _own_file(named: str, ending: str) -> Path:
    told_apart = hashlib.sha256(named.encode()).hexdigest()[:16]
    return paths.witness_folder(os.environ) / f"{told_apart}{ending}"


def _told(fault: Exception, signer: NoteSigner, state: Path | None) -> list[str]:
    match fault:
        case CosignatureNotTaken():
            told = f"its operator lets you in with: braid serve --log-witness {signer.public.text}"
            return [f"the cosignature was not taken: {fault}", told]
        case AnotherLog():
            apart = "" if state is None else " and another --state FILE"
            hint = "if the operator began another log, name the key that they publish for it"
            return [str(fault), f"{hint}: --log VKEY{apart}"]
    return [str(fault)]
