"""Which providers there are: options of commands, and variables by which SDKs find them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from braid_clients.problem import Problem
from braid_server.homes import ANTHROPIC, GEMINI, OPENAI, Home

HOMES = (ANTHROPIC, OPENAI, GEMINI)

_F = TypeVar("_F", bound=Callable[..., Any])


class Upstream(NamedTuple):
    """Where a provider is, what an SDK's base URL has after that, and where that was said."""

    home: Home
    url: str
    suffix: str
    source: str


def upstream_options(*, defaults: bool) -> Callable[[_F], _F]:
    """Give a command `--upstream-NAME` for each provider, passed on as `upstream_NAME`."""

    def add(command: _F) -> _F:
        for home in reversed(HOMES):
            variable = f"BRAID_UPSTREAM_{home.name.upper()}"
            command = click.option(
                f"--upstream-{home.name}",
                metavar="URL",
                default=home.url if defaults else None,
                show_default=defaults,
                envvar=variable,
                help=f"Where {home.title} is, or what speaks like it. [{variable}]",
            )(command)
        return command

    return add


def upstreams_of(
    environment: Mapping[str, str], given: Mapping[str, str | None]
) -> dict[str, Upstream]:
    """Give each provider's upstream: as given, as SDKs in this environment use it, or its own."""
    found: dict[str, Upstream] = {}
    for home in HOMES:
        url, suffix, source = home.url, home.suffix, f"--upstream-{home.name}"
        if named := given[home.name]:
            url = home.apart(named)[0]
        elif base_url := environment.get(home.variable):
            (url, suffix), source = home.apart(base_url), home.variable
        found[home.name] = Upstream(home, url, suffix, source)
    return found


def check(upstreams: Iterable[Upstream]) -> None:
    """Raise Problem for an address that is none, naming where it was said."""
    from braid_server.upstream import Address, UpstreamUnusable

    for _, url, _, source in upstreams:
        try:
            Address.parse(url)
        except UpstreamUnusable as fault:
            # What stands before an @ is a password.
            got = f", got {url[:80]!r}" if "@" not in url else ""
            raise Problem(f"{source}: {str(fault).removeprefix('upstream: ')}{got}") from fault


def base_urls(proxy: str, upstreams: Mapping[str, Upstream]) -> dict[str, str]:
    """Give the variables by which SDKs find the proxy at this address."""
    return {
        home.variable: f"{proxy}/{home.name}{suffix}" for home, _, suffix, _ in upstreams.values()
    }
