"""Logs, witnesses and timestamp authorities on the command line: which are trusted, by option or by trust file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from braid.errors import KeyUnusable
from braid_clients import paths
from braid_clients.problem import Problem
from braid_clients.trust import LOGS, WITNESSES, TrustUnusable, Whom, read_list, trusted_of
from braid_verifier.pins import PinnedKey

if TYPE_CHECKING:
    from braid_verifier.timestamps import Authorities


@dataclass(frozen=True, slots=True)
class Party:
    """A log or a witness: how its keys are read, and where those a user trusts are listed.

    `kept` lists more of them, which come and go without the user: theirs are never touched.
    """

    whom: Whom[PinnedKey]
    file: Callable[[Mapping[str, str]], Path]
    kept: Callable[[Mapping[str, str]], Path] | None = None

    def files(self) -> tuple[Path, ...]:
        """Give the files of those that are trusted; raises NoHome."""
        return tuple(file(os.environ) for file in (self.file, self.kept) if file is not None)

    def trusted(self) -> tuple[PinnedKey, ...]:
        """Read those files; raises NoHome, and as `trust.read_list`."""
        return tuple(key for file in self.files() for key in trusted_of(file, self.whom))


PARTIES = {
    "log": Party(LOGS, paths.trusted_logs_file, paths.logs_of_runs_file),
    "witness": Party(WITNESSES, paths.trusted_witnesses_file),
}
log_option = click.option(
    "--log",
    "logs",
    multiple=True,
    metavar="VKEY|FILE",
    help="Trust this log's verifier key, or those in this file, instead of your trusted logs.",
)
witness_option = click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="VKEY|FILE",
    help="Trust this witness's verifier key, or those in this file, instead of your trusted ones.",
)
quorum_option = click.option(
    "--quorum",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many different trusted witnesses must have cosigned for `witnessed`.",
)


def keys_of(given: str, party: Party) -> tuple[PinnedKey, ...]:
    """Read VKEY|FILE as a list of verifier keys; raises Problem."""
    noun = party.whom.noun
    if not given:
        raise Problem(
            f"expected the verifier key of a {noun}, or a file of them, got an empty name"
        )
    try:
        if "+" in given and not os.path.exists(given):
            return party.whom.parse(given, f"{noun} key")
        found = read_list(Path(given), party.whom)
    except FileNotFoundError as fault:
        raise Problem(
            f"{given}: neither the verifier key of a {noun} (NAME+ID+BASE64) nor a file that is there"
        ) from fault
    except OSError as fault:
        raise Problem(f"{given}: cannot be read: {fault.strerror}") from fault
    except (KeyUnusable, TrustUnusable) as fault:
        raise Problem(str(fault)) from fault
    if not found:
        raise Problem(f"{given}: holds no verifier key")
    return found


def chosen(given: tuple[str, ...], party: Party) -> tuple[PinnedKey, ...]:
    """Give the keys that the options name, else those that the user trusts."""
    if given:
        return tuple(key for each in given for key in keys_of(each, party))
    try:
        return party.trusted()
    except paths.NoHome:
        return ()


def authorities_of(files: Sequence[Path]) -> Authorities:
    """Read the root certificates in these files; raises Problem, naming the file that holds none."""
    from braid_verifier.timestamps import Authorities

    certificates = []
    for file in files:
        try:
            certificates.append(file.read_bytes())
        except OSError as fault:
            raise Problem(f"--authority {file}: cannot be read: {fault.strerror}") from fault
        try:
            Authorities(certificates[-1:])
        except KeyUnusable as fault:
            raise Problem(
                f"--authority {file}: expected certificates as PEM or one as DER"
            ) from fault
    return Authorities(certificates)
