"""The parser of the command line: one line for what is wrong, with what was meant."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from ..catalogs.closest import closest
from .colours import paint

#: what argparse says of a value that is none of its choices, and the value in it
CHOICE = re.compile(r"argument (.+?): invalid choice: '(.*)' \(choose from", re.DOTALL)


class _Once(argparse._StoreAction):
    """An option with one value: of two that differ the last counts, and that is told."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """Keep the value."""
        if option_string is not None:
            come = vars(namespace).setdefault("come", {})
            before = come.get(self.dest, values)
            if before != values:
                both = f"{_as_given(before)} and {_as_given(values)}"
                told = f"{option_string} is given twice, {both}: the last counts"
                vars(namespace).setdefault("told", []).append(told)
            come[self.dest] = values
        super().__call__(parser, namespace, values, option_string)


def _as_given(values: Any) -> str:
    listed = values if isinstance(values, list) else [values]
    return " ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in listed)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the whole usage before it.

    Options are never guessed from their first letters: --ra is not --radius. Of two values for one
    that is not repeatable the last counts; the namespace has as ``told`` what is to be said of it.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **how})
        for name in (None, "store"):
            self.register("action", name, _Once)
        self.leads = False
        """whether what follows is another parser's"""

    @property
    def known(self) -> dict[str, argparse.Action]:
        """Its options, those of groups too."""
        return {name: action for action in self._actions for name in action.option_strings}

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse an option that does not exist, before anything that it may be the reason of."""
        given = list(sys.argv[1:] if args is None else args)
        wrong = self._unknown(given)
        if wrong is not None:
            self.error(f"there is no option {wrong}{_meant(wrong, self.known)}")
        return super().parse_known_args(given, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the message and leave with status 2."""
        found = CHOICE.match(message)
        if found and self.leads:
            names = [n for a in self._actions for n in a.choices or ()]
            message = f"there is no command {found[2]!r}{_meant(found[2], names)}"
        elif found:
            names = [
                str(choice)
                for action in self._actions
                if found[1] in ("/".join(action.option_strings), action.dest, action.metavar)
                for choice in action.choices or ()
            ]
            message += _meant(found[2], names)
        said = paint("error:", "wrong", sys.stderr)
        self.exit(2, f"{self.prog}: {said} {message}; see {self.prog} --help\n")

    def _unknown(self, given: Sequence[str]) -> str | None:
        """The first option that there is none of; None: all are known."""
        for part in given:
            if part == "--" or (self.leads and not part.startswith("-")):
                return None
            name = part.partition("=")[0]
            if re.fullmatch(r"--?[A-Za-z][^ ]*", name) and name not in self.known:
                return name
        return None


def _meant(given: str, known: Any) -> str:
    """What was meant, in brackets; nothing where no name is like it."""
    found = closest(given, known)
    if found is not None and not found.startswith(given.lower()):
        if closest(given.lstrip("-"), [found.lstrip("-")]) is None:  # dashes alone make none alike
            return ""
    return "" if found is None else f" (did you mean {found}?)"


class Commands:
    """What subcommands are added to; keeps their parsers and the line that says what each does."""

    def __init__(self, parser: Parser) -> None:
        parser.leads = True
        self._action = parser.add_subparsers(
            dest="command", required=True, metavar="COMMAND", parser_class=Parser
        )
        self.lines: dict[str, str] = {}
        self.parsers: dict[str, Parser] = {}

    def add_parser(self, name: str, **how: Any) -> Parser:
        """As that of :mod:`argparse`."""
        self.lines[name] = how.get("help", "")
        self.parsers[name] = added = self._action.add_parser(name, **how)
        return added
