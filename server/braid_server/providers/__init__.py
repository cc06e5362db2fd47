"""The table of providers: a row a module.

Adding one is another row here and another wire module. The order counts where a request
could be of several: see `route`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from braid_server import homes
from braid_server.homes import Home
from braid_server.provider import Provider
from braid_server.providers.anthropic import anthropic
from braid_server.providers.gemini import gemini
from braid_server.providers.openai import openai


class Row(NamedTuple):
    """A provider, made for the address of its upstream; raises UpstreamUnusable for none."""

    home: Home
    make: Callable[[str], Provider]


TABLE = (
    Row(homes.ANTHROPIC, anthropic),
    Row(homes.GEMINI, gemini),
    Row(homes.OPENAI, openai),  # last: its one header of its own is everybody's
)

__all__ = ["TABLE", "Row", "anthropic", "gemini", "openai"]
