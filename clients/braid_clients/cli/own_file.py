"""Options that name a file, and those that mean one of the user's own where they are not given."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from braid_clients import paths

if TYPE_CHECKING:
    from click.types import OptionHelpExtra


class FileName(click.Path):
    """The name of a file or folder; an empty one, as a variable that is not set leaves, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("expected a name, got an empty one", param, ctx)
        return super().convert(value, param, ctx)


FILE = FileName(path_type=Path, dir_okay=False)
OUTPUT = FileName(path_type=str, dir_okay=False, readable=False, allow_dash=True)
copy_option = click.option(
    "-o",
    "--output",
    type=OUTPUT,
    required=True,
    metavar="OUT",
    help="Where the copy goes; - stdout.",
)


class OwnFile(click.Option):
    """An option whose help shows the file that is used; `own` gives it for an environment."""

    def __init__(
        self, *arguments: Any, own: Callable[[Mapping[str, str]], Path], **named: Any
    ) -> None:
        super().__init__(*arguments, **named)
        self._own = own

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:
        extra = super().get_help_extra(ctx)
        try:
            extra["default"] = paths.shown(self._own(os.environ), os.environ)
        except paths.NoHome:
            extra["default"] = "none, for want of HOME"
        return extra
