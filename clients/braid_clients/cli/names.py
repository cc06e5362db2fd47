"""Arguments that name a braid or a key: they are base64url and may begin with `-`."""

from __future__ import annotations

import difflib

import click

from braid_clients.shelf import WHOLE, is_name


class NamedCommand(click.Command):
    """A command whose arguments may begin with `-`.

    What is exactly one of its options is that option. Everything else is an argument, unless
    it looks like a misspelt long option.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options: list[str] = []
        arguments: list[str] = []
        takes_value = {
            spelling: isinstance(option, click.Option) and not option.is_flag
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for spelling in (*option.opts, *option.secondary_opts)
        }
        rest = iter(args)
        for word in rest:
            if word == "--":
                arguments.extend(rest)
            elif word in takes_value:
                options.append(word)
                if takes_value[word]:
                    value = next(rest, None)
                    if value is None:
                        # Last, so that click says what is missing and takes nothing else for it.
                        return super().parse_args(ctx, options)
                    options.append(value)
            elif _is_option(word, list(takes_value)):
                options.append(word)
            else:
                arguments.append(word)
        return super().parse_args(ctx, [*options, "--", *arguments])


def _is_option(word: str, known: list[str]) -> bool:
    if not word.startswith("-") or word == "-":
        return False
    if not is_name(word):
        return True  # `--db=x`; what it names, or that it names nothing, click says
    return len(word) < WHOLE and bool(difflib.get_close_matches(word, known, cutoff=0.75))
