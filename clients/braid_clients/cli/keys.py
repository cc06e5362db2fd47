"""`braid keys`: make and show the root key, and choose whose transcripts to trust."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from braid.encoding import KEY_PATTERN, encode, is_time
from braid.errors import KeyUnusable, Malformed
from braid.revocation import Reason, Subject, may_revoke
from braid.rotation import chain_of, chain_through, heirs
from braid.signing import SecretKey
from braid.statements import MAX_BYTES, Statements, StatementUnusable, parse_statements
from braid_clients import paths
from braid_clients.cli.names import NamedCommand
from braid_clients.cli.own_file import FILE, OwnFile
from braid_clients.cli.parties import PARTIES, keys_of
from braid_clients.cli.terminal import answer, say
from braid_clients.problem import Problem
from braid_clients.trust import (
    TrustUnusable,
    distrust,
    distrust_one,
    keep_statements,
    kept_statements,
    read_roots,
    trust,
    trust_one,
    trusted,
)
from braid_clients.visible import visible
from braid_clients.wording import counted
from braid_server import keyfiles
from braid_verifier import Result, verify
from braid_verifier.pins import PinnedKey
from braid_verifier.policy import Root, parse_root

OWN = "local"  # the label of roots that are the user's own
root_key_option = click.option(
    "--root-key",
    type=FILE,
    envvar="BRAID_ROOT_KEY",
    cls=OwnFile,
    own=paths.root_key_file,
    help="The root key's file. [BRAID_ROOT_KEY]",
)
wrapping_key_option = click.option(
    "--wrapping-key",
    type=FILE,
    envvar="BRAID_WRAPPING_KEY",
    cls=OwnFile,
    own=paths.wrapping_key_file,
    help="The wrapping key's file. [BRAID_WRAPPING_KEY]",
)


def public_key(path: Path) -> str:
    """Give the public key of a root key file; raises KeyFileUnusable."""
    return encode(SecretKey(keyfiles.load(path, keyfiles.ROOT_LABEL)).key)


def pin(key: str) -> None:
    """Trust a root of this user's own, and say so the first time."""
    file = paths.trust_file(os.environ)
    if trust(file, Root(key, OWN)):
        say(f"your root key {key} is now trusted here ({file})")


def own_root_key(chosen: Path | None = None) -> Path:
    """Give the root key's file, which is made on first use; raises Problem for one that is lost.

    First use is over once a root is trusted as the user's own. A key made in the place of a lost
    one would go unnoticed: what it signs verifies here, and nowhere else. A key that was revoked
    certifies nothing any more, and is a Problem too.
    """
    path = chosen or paths.root_key_file(os.environ)
    # Read at once: one that cannot be would be found only when the work is done.
    pinned = trusted(paths.trust_file(os.environ))
    option = f" --root-key {path}" if chosen or os.environ.get("BRAID_ROOT_KEY") else ""
    if not os.path.lexists(path):
        lost = [root.key for root in pinned if root.label == OWN]
        if lost:
            raise Problem(
                f"{path}: the root key is not there, and you had one: {lost[-1]}",
                "put it back from a backup, or say where it is: BRAID_ROOT_KEY",
                f"or make a new one, which others must then come to trust: braid keys init{option}",
            )
    elif _is_revoked(path):
        raise Problem(
            f"{path}: this root key was revoked and certifies nothing any more",
            "move this one file away, not those beside it, and make a new one that others come to "
            f"trust: braid keys init{option}",
            "whom to tell, and what stays good: docs/keys.md",
        )
    return path


def _is_revoked(path: Path) -> bool:
    from braid_server.revoking import load_revocations
    from braid_server.rotating import newest_of

    root = public_key(path)
    return root in {one.key for one in load_revocations(newest_of(path, root)).revocations}


def _moment(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    """Read a day, or a moment as nodes have it."""
    if given is None:
        return None
    time = f"{given}T00:00:00.000Z" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", given) else given
    if not is_time(time):
        raise click.BadParameter("expected a time like 2026-11-30 or 2026-11-30T15:00:00.000Z")
    return time


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def keys() -> None:
    """Make and show your keys, choose the roots you trust."""


@keys.command("init")
@root_key_option
@wrapping_key_option
def init(root_key: Path | None, wrapping_key: Path | None) -> None:
    """Make a root key and, where there is none yet, a wrapping key, each a file of mode 0600.

    Never overwrites: a root key that is lost cannot be made again.
    """
    root = root_key or paths.root_key_file(os.environ)
    wrapping = wrapping_key or paths.wrapping_key_file(os.environ)
    if os.path.lexists(root):
        raise Problem(f"{root}: is there already, nothing was made", "show it: braid keys show")
    keyfiles.create(root, keyfiles.ROOT_LABEL)
    if os.path.lexists(wrapping):
        say(f"made {root}: keep it secret and back it up; {wrapping} was there already")
    else:
        keyfiles.create(wrapping, keyfiles.WRAPPING_LABEL)
        say(f"made {root} and {wrapping}: keep both secret and back them up")
    former = _statements_beside(root)
    if former:
        say("what your former root said of keys stays published beside it:", *former)
    answer(public_key(root))


def _statements_beside(root_key: Path) -> list[str]:
    from braid_server.revoking import revocations_of
    from braid_server.rotating import rotations_of

    beside = (rotations_of(root_key), revocations_of(root_key))
    return [str(path) for path in beside if path.exists()]


@keys.command("show")
@root_key_option
def show(root_key: Path | None) -> None:
    """Print your public root key, for others to trust."""
    path = root_key or paths.root_key_file(os.environ)
    if not path.exists():
        raise Problem(f"{path}: no such key file", "make it: braid keys init")
    key = public_key(path)
    if _is_revoked(path):
        say(f"{key} was revoked: nobody is to trust it any more", "what to do: docs/keys.md")
    answer(key)


@keys.command("rotate")
@root_key_option
def rotate(root_key: Path | None) -> None:
    """Make a new root key that the old one hands over to, and put it in the old one's place.

    Whoever trusts the old one then trusts what the new one certifies: transcripts carry the
    statement. Stop `braid serve` first; the old key stays beside the new one.
    """
    path = root_key or paths.root_key_file(os.environ)
    from braid_server.rotating import rotate as hand_over

    with _no_server_on_own_store():
        rotated = hand_over(path, datetime.now(UTC))
    pin(rotated.new)
    say(f"{rotated.old} handed over to {rotated.new} ({rotated.file})")
    say(f"the old secret key is now {rotated.old_file}: keep it to close braids it certified")
    answer(rotated.new)


@contextlib.contextmanager
def _no_server_on_own_store() -> Iterator[None]:
    """Keep the user's own store from being served meanwhile; raises Problem where it is."""
    store = paths.store_file(os.environ)
    if not store.exists():
        yield
        return
    from braid_server.store import StoreBusy
    from braid_server.store.engine import WriterLock, parse_url

    try:
        lock = WriterLock(parse_url(str(store)))
    except StoreBusy as fault:
        server = f" ({fault.server})" if fault.server else ""
        raise Problem(
            f"store: {store} is in use by a running server{server}, which would go on with the old key",
            "stop it, rotate, start it again",
        ) from fault
    try:
        yield
    finally:
        lock.release()


@keys.command("revoke", cls=NamedCommand)
@click.argument("key", metavar="KEY")
@click.option("--reason", required=True, type=click.Choice([str(reason) for reason in Reason]))
@click.option(
    "--from",
    "since",
    callback=_moment,
    metavar="TIME",
    help="Since when, as 2026-11-30 or 2026-11-30T15:00:00.000Z, UTC; now by default.",
)
@click.option(
    "--of",
    type=click.Choice([str(subject) for subject in Subject]),
    help="What the key is for; found out by default.",
)
@click.option(
    "--db", envvar="BRAID_DB", cls=OwnFile, own=paths.store_file, help="A store. [BRAID_DB]"
)
@root_key_option
def revoke(
    key: str, reason: str, since: str | None, of: str | None, db: str | None, root_key: Path | None
) -> None:
    """Say that a key is to be trusted no more: a root key of yours, or that of one braid.

    KEY is a public key; a braid's is its id. Prints all that others must be told, a statement a
    line: hand it out, they give it to `braid keys trust FILE`. A server publishes it, and puts it
    into the transcripts it concerns. What a lost or stolen key signed is refused whenever that
    was; of a root that is retired, what it certified before TIME stays good.

    The root key signs it; where that is lost or stolen itself, one that it came from can, by
    rotations: --root-key FILE, root.key.1 the first.
    """
    path = root_key or paths.root_key_file(os.environ)
    own = public_key(path)
    from braid_server.revoking import Revoked, revocations_of
    from braid_server.revoking import revoke as say_so
    from braid_server.rotating import newest_of, read_rotations

    if not re.fullmatch(KEY_PATTERN, key, re.ASCII):
        raise Problem(
            f"{key[:60]}: expected a key of 43 characters, a root's or a braid's id",
            "see them: braid keys show, braid keys list, braid ls",
        )
    named = parse_root(key, "KEY").key
    newest = newest_of(path, own)
    said = read_rotations(newest)
    roots = {own, *chain_of(chain_through(said.rotations, own))}
    subject, certified_by = (Subject(of), None) if of else _subject(named, roots, db)
    if subject is Subject.ROOT and named not in roots:
        raise Problem(f"{named}: no root of yours: nobody would heed it", "yours: braid keys show")
    if certified_by is not None and own not in heirs(said.rotations, certified_by):
        raise Problem(
            f"{named}: certified by {certified_by}, and {own} has no say over its braids: nobody "
            "would heed it",
            "name the file of that root, or of one to which it handed over: --root-key FILE",
        )
    try:
        now = datetime.now(UTC)
        say_so(path, named, subject, Reason(reason), since, now, beside=newest)
    except Malformed as fault:
        raise Problem(f"cannot be said: {fault}") from fault
    told = Revoked(newest, said.proofs).told
    keep_statements(paths.statements_file(os.environ), parse_statements(told))
    say(f"the {subject} key {named} is revoked: {reason} ({revocations_of(newest)})")
    say("tell whoever trusts you; they run: braid keys trust FILE")
    answer(told.decode("ascii").rstrip("\n"))


def _subject(key: str, roots: Collection[str], db: str | None) -> tuple[Subject, str | None]:
    """Find out what a key is for, so that a slip does not revoke what is nobody's.

    Gives also the root that certified it, of a braid.
    """
    if key in roots:
        return Subject.ROOT, None
    address = db or str(paths.store_file(os.environ))
    from braid_server.library import NoSuchBraid, reading
    from braid_server.store import StoreUnavailable

    try:
        with reading(address) as library:
            return Subject.BRAID, library.root_of(key)
    except (NoSuchBraid, StoreUnavailable) as fault:
        why = f" ({fault})" if isinstance(fault, StoreUnavailable) else ""
        raise Problem(
            f"{key}: neither a root of yours nor a braid in {address}{why}",
            "name its store with --db, or say what it is: --of braid",
        ) from fault


@keys.command("trust", cls=NamedCommand)
@click.argument("root", metavar="KEY|FILE")
@click.option("--label", default="", help="What you call whoever holds it.")
@click.option(
    "--as",
    "as_what",
    type=click.Choice(["root", *PARTIES]),
    default="root",
    show_default=True,
    help="Whose key it is: a signer's root, a transparency log's, or a witness's of such logs.",
)
def trust_root(root: str, label: str, as_what: str) -> None:
    """Trust a key: `braid verify` then believes what a root certifies, a log holds, a witness saw.

    \b
    KEY: a root's, 43 characters; with --as another's, NAME+ID+BASE64. Pinned.
    FILE of such keys: one a line, then perhaps a label. Each is pinned.
    FILE of what roots said (`keys revoke`, a server): kept, heeded; no pin.
    """
    if as_what in PARTIES:
        party = PARTIES[as_what]
        file = party.file(os.environ)
        for key in keys_of(root, party):
            added = trust_one(file, PinnedKey(key.key, label or key.label), party.whom)
            say(f"{key.key} {'is now trusted' if added else 'was trusted before'} ({file})")
        return
    told = statements_of(root)
    if told is not None:
        kept = paths.statements_file(os.environ)
        new = keep_statements(kept, told)
        turns, ends = (
            counted(len(told.rotations), "rotation"),
            counted(len(told.revocations), "revocation"),
        )
        say(f"{turns} and {ends} read, {new} of them new ({kept})")
        return
    file = paths.trust_file(os.environ)
    for each in roots_of(root):
        named = Root(each.key, label or each.label)
        new = trust(file, named)
        say(f"{named.key} {'is now trusted' if new else 'was trusted before'} ({file})")


@keys.command("untrust", cls=NamedCommand)
@click.argument("root", metavar="KEY")
def untrust_root(root: str) -> None:
    """Trust a key no more: braids that a root certifies are then of an unknown signer.

    KEY is whole, as `braid keys list` prints it; that of a log or witness too.
    """
    if "+" in root:
        files = {file: party.whom for party in PARTIES.values() for file in party.files()}
        gone = [file for file, whom in files.items() if distrust_one(file, root, whom)]
        if not gone:
            raise Problem(f"{root} is not trusted", "see who is: braid keys list")
        say(f"{root} is no longer trusted ({gone[0]})")
        return
    file = paths.trust_file(os.environ)
    if not re.fullmatch(KEY_PATTERN, root, re.ASCII):
        raise Problem(f"{root}: expected a root key, 43 characters", "see them: braid keys list")
    if not distrust(file, root):
        raise Problem(f"{root} is not trusted ({file})", "see who is: braid keys list")
    say(f"{root} is no longer trusted ({file})")


@keys.command("list")
def list_roots() -> None:
    """List the keys you trust: a root's a line, and its label; your own are `local`, and one
    that was revoked is marked so.

    Then logs and witnesses, each line beginning with what it is.
    """
    file = paths.trust_file(os.environ)
    roots = trusted(file)
    told = kept_statements(paths.statements_file(os.environ))
    ends = {
        one.key: f" [revoked: {one.reason}]"
        for one in told.revocations
        if one.of is Subject.ROOT and may_revoke(one, None, told.rotations)
    }
    for root in roots:
        answer(visible(f"{root.key} {root.label}".rstrip() + ends.get(root.key, "")))
    if not roots:
        say(f"no root key is trusted ({file})", "trust one: braid keys trust KEY")
    for name, party in PARTIES.items():
        for each in party.trusted():
            answer(visible(f"{name} {each.key} {each.label}".rstrip()))


def statements_of(given: str) -> Statements | None:
    """Read FILE as statements of roots, None if it does not look like them; raises Problem."""
    if not os.path.isfile(given):
        return None
    try:
        with open(given, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise Problem(f"{given}: cannot be read: {fault.strerror}") from fault
    if not raw.lstrip().startswith(b"{"):
        return None
    try:
        return parse_statements(raw, given)
    except StatementUnusable:
        _explain_transcript(given, Path(given))  # it begins with a brace too
        raise


def roots_of(given: str) -> tuple[Root, ...]:
    """Read KEY|FILE as a list of roots; raises Problem."""
    if not given:
        raise Problem("expected a root key, or a file of them, got an empty name")
    if len(given) == 43 and not os.path.exists(given):
        return (parse_root(given, "root key"),)
    path = Path(given)
    try:
        roots = read_roots(path)
    except FileNotFoundError as fault:
        if given.count("+") >= 2:
            raise Problem(
                f"{given}: this is the key of a log or a witness, expected a root's",
                "say which it is: --as log, or --as witness",
            ) from fault
        raise Problem(
            f"{given}: neither a root key of 43 characters nor a file that is there"
        ) from fault
    except OSError as fault:
        raise Problem(f"{given}: cannot be read: {fault.strerror}") from fault
    except (TrustUnusable, KeyUnusable) as fault:
        if keyfiles.ROOT_LABEL.encode() in path.read_bytes()[:64]:
            raise Problem(
                f"{given}: this is a secret key file", "its public key: braid keys show"
            ) from fault
        _explain_transcript(given, path)
        raise
    if not roots:
        raise Problem(f"{given}: holds no root key")
    return roots


def _explain_transcript(given: str, path: Path) -> None:
    """Raise Problem for a transcript that is taken for a list of roots, or for what they say."""
    with path.open("rb") as file:
        report = verify(file)
    if report.result is Result.UNREADABLE:
        return
    hints = ["a root key comes from whoever published the transcript, and not with it"]
    if report.root is not None:
        hints.append(f"this one names {report.root}; if you know whose that is: keys trust KEY")
    raise Problem(f"{given}: this is a transcript, expected root keys", *hints)
