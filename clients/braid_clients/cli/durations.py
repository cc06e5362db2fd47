"""Times on the command line: a number with its unit, as 90s, 30m, 24h, 7d."""

from __future__ import annotations

import re
from datetime import timedelta

import click

NEVER = "never"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([1-9][0-9]{0,4})([smhd])", re.ASCII)


def duration(_context: click.Context, _option: click.Parameter, given: str) -> timedelta:
    """Read a number with its unit."""
    return _read(given, "expected a time like 90s, 30m, 24h or 7d")


def duration_or_never(
    _context: click.Context, _option: click.Parameter, given: str
) -> timedelta | None:
    """Read a number with its unit, or `never`."""
    if given == NEVER:
        return None
    return _read(given, f"expected a time like 90s, 30m, 24h or 7d, or {NEVER}")


def _read(given: str, expected: str) -> timedelta:
    match = _DURATION.fullmatch(given)
    if match is None:
        raise click.BadParameter(expected)
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
