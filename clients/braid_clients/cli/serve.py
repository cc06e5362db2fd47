"""`braid serve`: the recording proxy, until it is told to stop."""

from __future__ import annotations

import logging
import os
import re
from datetime import timedelta
from pathlib import Path

import click

from braid.call import HistoryPolicy
from braid_clients import paths
from braid_clients.child import told_to_stop
from braid_clients.cli.durations import duration_or_never
from braid_clients.cli.keys import (
    own_root_key,
    pin,
    root_key_option,
    wrapping_key_option,
)
from braid_clients.cli.log_lines import log_to_stderr
from braid_clients.cli.own_file import FILE, OwnFile
from braid_clients.cli.own_log import pin_log
from braid_clients.cli.terminal import say
from braid_clients.problem import Problem
from braid_clients.upstreams import HOMES, check, upstream_options, upstreams_of
from braid_server.loopback import is_loopback

_TENANT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# What an HTTP header can carry as it is.
_SECRET = re.compile(r"[!-~]{1,1024}")


def _tokens(
    _context: click.Context, _option: click.Parameter, given: tuple[str, ...]
) -> dict[str, str]:
    """Read NAME=SECRET, several of them apart by spaces or commas."""
    tokens: dict[str, str] = {}
    # A value that is empty, `--token "$UNSET"`, is one that is none, and not no token.
    for each in (word for value in given for word in re.split(r"[\s,]+", value.strip(" ,"))):
        name, _, secret = each.partition("=")
        # The message is without the value: it may hold the secret.
        if not _TENANT.fullmatch(name) or not _SECRET.fullmatch(secret):
            raise click.BadParameter("expected NAME=SECRET, NAME of letters, digits, _ . -")
        if name in tokens:
            raise click.BadParameter("two tokens for one name")
        tokens[name] = secret
    return tokens


@click.command("serve")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    envvar="BRAID_HOST",
    help="Where to listen; elsewhere than on loopback only with tokens. [BRAID_HOST]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8420,
    show_default=True,
    envvar="BRAID_PORT",
    help="0 takes a free one. [BRAID_PORT]",
)
@click.option(
    "--db",
    metavar="URL",
    envvar="BRAID_DB",
    cls=OwnFile,
    own=paths.store_file,
    help="The store: a path or URL. [BRAID_DB]",
)
@upstream_options(defaults=True)
@root_key_option
@wrapping_key_option
@click.option(
    "--token",
    "tokens",
    multiple=True,
    callback=_tokens,
    metavar="NAME=SECRET",
    envvar="BRAID_TOKEN",
    help="Let a tenant in; repeatable. [BRAID_TOKEN, several apart by spaces or commas]",
)
@click.option(
    "--history",
    type=click.Choice([str(one) for one in HistoryPolicy]),
    default="record",
    show_default=True,
    envvar="BRAID_HISTORY",
    help="Record false history, or refuse it and send nothing on; strict also refuses an assistant's "
    "words that no provider sent here, examples and prefills among them. [BRAID_HISTORY]",
)
@click.option(
    "--seal-after",
    default="24h",
    show_default=True,
    callback=duration_or_never,
    metavar="TIME",
    envvar="BRAID_SEAL_AFTER",
    help="Seal a conversation that rested so long: 90s, 30m, 24h, 7d, never. [BRAID_SEAL_AFTER]",
)
@click.option(
    "--restored",
    is_flag=True,
    help="The store comes from a backup: have the root key close what is open in it, for good, "
    "and leave its log as it is and begin another, as --new-log does.",
)
@click.option(
    "--log-key",
    type=FILE,
    envvar="BRAID_LOG_KEY",
    help="The key file of the store's transparency log. By default beside the store. [BRAID_LOG_KEY]",
)
@click.option(
    "--log-origin",
    envvar="BRAID_LOG_ORIGIN",
    metavar="NAME",
    help="What a log that begins is called, as example.org/log. [BRAID_LOG_ORIGIN]",
)
@click.option(
    "--log-witness",
    "log_witnesses",
    multiple=True,
    metavar="VKEY",
    envvar="BRAID_LOG_WITNESS",
    help="Keep this witness's cosignatures; repeatable. [BRAID_LOG_WITNESS]",
)
@click.option(
    "--new-log",
    is_flag=True,
    help="Leave the store's log as it is, and begin another: its key is lost, say.",
)
def serve(
    host: str,
    port: int,
    db: str | None,
    upstream_anthropic: str,
    upstream_gemini: str,
    upstream_openai: str,
    root_key: Path | None,
    wrapping_key: Path | None,
    tokens: dict[str, str],
    history: str,
    seal_after: timedelta | None,
    restored: bool,
    log_key: Path | None,
    log_origin: str | None,
    log_witnesses: tuple[str, ...],
    new_log: bool,
) -> None:
    """Run the recording proxy.

    Point an SDK's base URL at it: it relays every byte unchanged and records what passed.
    Other machines may connect only with a token, sent as x-braid-token.
    """
    if not tokens and not is_loopback(host):
        raise Problem(
            f"--host {host}: other machines could connect, and no token says who may",
            "add one for each tenant: --token NAME=SECRET",
        )
    from braid_server import service

    given = {
        "anthropic": upstream_anthropic,
        "gemini": upstream_gemini,
        "openai": upstream_openai,
    }
    check(upstreams_of({}, given).values())
    address = db or str(paths.store_file(os.environ))
    settings = service.Settings(
        db=address,
        root_key=own_root_key(root_key),
        wrapping_key=wrapping_key or paths.wrapping_key_file(os.environ),
        upstream_anthropic=upstream_anthropic,
        upstream_gemini=upstream_gemini,
        upstream_openai=upstream_openai,
        host=host,
        port=port,
        tokens=tokens,
        history=HistoryPolicy(history),
        seal_after=seal_after,
        restored=restored,
        log_key=log_key,
        log_origin=log_origin,
        log_witnesses=log_witnesses,
        new_log=new_log,
    )

    def ready(url: str, root: str) -> None:
        pin(root)
        pin_log(address)
        say(f"listening on {url}, recording into {address}")
        named = " ".join(f"{home.variable}={url}{home.suffix}" for home in HOMES)
        say(f"point an SDK at it: {named}")
        if tokens:
            say(
                "and let it send a token in the header x-braid-token, by its default_headers, or for"
                " anthropic ANTHROPIC_CUSTOM_HEADERS='x-braid-token: SECRET'"
            )

    log_to_stderr(logging.INFO, timed=True)
    with told_to_stop() as stopped:
        service.serve(settings, ready, stopped)
    say("stopped")
