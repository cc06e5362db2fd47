"""`braid verify`: read transcripts, ask the verifier, print what it says."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import click

from braid_clients import paths
from braid_clients.cli.keys import roots_of
from braid_clients.cli.parties import (
    PARTIES,
    authorities_of,
    chosen,
    log_option,
    quorum_option,
    witness_option,
)
from braid_clients.cli.terminal import answer, answer_styled, input_file, say
from braid_clients.problem import Problem
from braid_clients.trust import kept_statements, trusted
from braid_clients.verdict import verdict
from braid_server.statement_files import read_statements
from braid_verifier import Policy, Report, Root, Statements
from braid_verifier import verify as check

_WORST_FIRST = (1, 2, 3, 0)  # SPEC §7.4


@click.command("verify")
@click.argument("files", nargs=-1, required=True, metavar="FILE…|-")
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="KEY|FILE",
    help="Trust this root key, or those in this file, instead of your trusted roots.",
)
@log_option
@witness_option
@quorum_option
@click.option(
    "--statements",
    "told",
    multiple=True,
    metavar="FILE",
    help="Heed what roots say in this file of each other and of keys that are revoked.",
)
@click.option(
    "--require",
    multiple=True,
    metavar="CLAIM,…",
    help="Ask for more than intact: signer, context, history, sealed, closed, logged, witnessed, "
    "timestamped, unerased.",
)
@click.option(
    "--allow-unknown-signer", is_flag=True, help="Do not ask that the signer's root is trusted."
)
@click.option(
    "--authority",
    "authorities",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Believe timestamps of authorities under the root certificates in this PEM file.",
)
@click.option(
    "--leaks",
    is_flag=True,
    help="Run the detector of leaked reasoning again, and note where the flags differ.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="Print the report; several files: a list, with null for what cannot be opened.",
)
def verify(
    files: tuple[str, ...],
    roots: tuple[str, ...],
    logs: tuple[str, ...],
    witnesses: tuple[str, ...],
    quorum: int,
    told: tuple[str, ...],
    require: tuple[str, ...],
    allow_unknown_signer: bool,
    authorities: tuple[Path, ...],
    leaks: bool,
    as_json: bool,
) -> int:
    """Check transcripts, offline.

    Exit code 0: verified. 1: not verified, something was changed. 2: could not be checked.
    3: intact, but short of what is required; by default that you trust the signer's root (braid
    keys trust). For several files the first of 1, 2, 3, 0 that occurred.
    """
    policy = _policy(require, allow_unknown_signer, quorum)
    pinned = _pinned(roots)
    statements = _statements(told)
    held, seen = chosen(logs, PARTIES["log"]), chosen(witnesses, PARTIES["witness"])
    believed = authorities_of(authorities) if authorities else None
    codes: list[int] = []
    reports: list[object] = []
    for name in files:
        try:
            with input_file(name) as source:
                report = check(
                    source,
                    policy,
                    pinned,
                    statements=statements,
                    logs=held,
                    witnesses=seen,
                    authorities=believed,
                    leaks=leaks,
                )
        except OSError as fault:
            say(f"{name}: cannot be read: {fault.strerror or type(fault).__name__}")
            codes.append(2)
            reports.append(None)
            continue
        except ValueError as fault:  # a quorum out of reach, or a stdin that does not block
            hints = ("trust more: braid keys trust VKEY --as witness",) if quorum > 1 else ()
            raise Problem(str(fault), *hints) from fault
        codes.append(report.exit_code)
        if as_json:
            reports.append(report.to_json())
        else:
            if len(codes) > 1:
                answer("")
            answer_report("stdin" if name == "-" else name, report, pinned)
    if as_json:
        answer(json.dumps(reports if len(files) > 1 else reports[0], indent=2))
    return next(code for code in _WORST_FIRST if code in codes)


def answer_report(name: str, report: Report, pinned: tuple[Root, ...]) -> None:
    """Print the short answer for people."""
    answer_styled(verdict(name, report, pinned))


def _policy(require: tuple[str, ...], allow_unknown_signer: bool, quorum: int) -> Policy:
    names = frozenset(name.strip() for each in require for name in each.split(","))
    if "" in names:  # a variable that is not set must not ask for less
        raise Problem("--require: expected the names of claims, got an empty one")
    try:
        return Policy(names, allow_unknown_signer, quorum)
    except ValueError as fault:
        raise Problem(f"--{fault}") from fault


def _statements(told: tuple[str, ...]) -> list[Statements]:
    """Give what the files say, and what the user was told before: a revocation is for good."""
    given = []
    for name in told:
        if not name:
            raise Problem("--statements: expected the name of a file, got an empty one")
        try:
            given.append(read_statements(Path(name)))
        except OSError as fault:
            raise Problem(f"{name}: cannot be read: {fault.strerror}") from fault
    with contextlib.suppress(paths.NoHome):
        given.append(kept_statements(paths.statements_file(os.environ)))
    return given


def _pinned(roots: tuple[str, ...]) -> tuple[Root, ...]:
    if roots:
        return tuple(root for given in roots for root in roots_of(given))
    try:
        return trusted(paths.trust_file(os.environ))
    except paths.NoHome:
        return ()
