"""Which providers there are: options of commands, and variables by which SDKs find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from braid_server.homes import ANTHROPIC, GEMINI, OPENAI, Home

HOMES = (ANTHROPIC, OPENAI, GEMINI)

_F = TypeVar("_F", bound=Callable[..., Any])


class Upstream(NamedTuple):
    """Where a provider is, and what an SDK's base URL has after that."""

    home: Home
    url: str
    suffix: str


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
        url, suffix = home.url, home.suffix
        if named := given[home.name]:
            url = home.apart(named)[0]
        elif base_url := environment.get(home.variable):
            url, suffix = home.apart(base_url)
        found[home.name] = Upstream(home, url, suffix)
    return found


def base_urls(proxy: str, upstreams: Mapping[str, Upstream]) -> dict[str, str]:
    """Give the variables by which SDKs find the proxy at this address."""
    return {home.variable: f"{proxy}/{home.name}{suffix}" for home, _, suffix in upstreams.values()}
