"""The site's directives: ``commands``, every subcommand with its help, and ``modules``.

Both are made of the code itself. Texts are taken as they are, never as markup, so that no help
and no docstring can break a page.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import Directive

import bayesmatch
from bayesmatch.cli import _parser

WIDTH = 80
PACKAGE = Path(bayesmatch.__file__).parent


def subcommands() -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """Name of each subcommand -> its line in the overview, and its parser."""
    (action,) = (a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    lines = {choice.dest: choice.help or "" for choice in action._choices_actions}
    return {name: (lines[name], parser) for name, parser in action.choices.items()}


def usage(parser: argparse.ArgumentParser) -> str:
    """The usage, broken at a width that a page has."""
    formatter = argparse.HelpFormatter(parser.prog, width=WIDTH)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups, "")
    return formatter.format_help().strip()


def arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[str], str, str]]:
    """Of each argument: its kind, names, metavar and help."""
    formatter = parser._get_formatter()
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or isinstance(action, argparse._HelpAction):
            continue
        text = formatter._expand_help(action) if action.help else ""
        if not action.option_strings:
            (name,) = formatter._metavar_formatter(action, action.dest)(1)
            yield "Arguments", [name], "", text
            continue
        value = "" if action.nargs == 0 else formatter._format_args(action, action.dest.upper())
        yield "Options", list(action.option_strings), value, text


class Commands(Directive):
    """A section for each subcommand: what it does, usage, arguments, options, examples."""

    def run(self) -> list[nodes.Node]:
        """The nodes of all sections, after a list of the subcommands."""
        self.state.document.settings.env.note_reread()  # the parsers may have changed
        overview = nodes.bullet_list()
        sections: list[nodes.Node] = []
        for name, (line, parser) in subcommands().items():
            link = nodes.reference("", "", nodes.literal(text=name), refid=f"command-{name}")
            line_of = nodes.paragraph("", "", link, nodes.Text(f": {line}"))
            overview += nodes.list_item("", line_of)
            sections.append(_section(name, parser))
            self.state.document.note_explicit_target(sections[-1])
        return [overview, *sections]


class Modules(Directive):
    """A section for each folder of the package: its modules, with the first line of each."""

    def run(self) -> list[nodes.Node]:
        """The nodes of all sections."""
        self.state.document.settings.env.note_reread()  # the modules may have changed
        sections: dict[str, nodes.section] = {}
        lists: dict[str, nodes.definition_list] = {}
        for path in sorted(PACKAGE.rglob("*.py"), key=lambda p: (p.parent, p.name)):
            folder = path.parent.relative_to(PACKAGE.parent).as_posix() + "/"
            line = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
            if folder not in sections:
                name = folder.rstrip("/").replace("/", "-")
                sections[folder] = nodes.section(ids=[f"modules-{name}"], names=[name])
                lists[folder] = nodes.definition_list()
                sections[folder] += [nodes.title(text=folder), lists[folder]]
            term = nodes.literal(text=path.name)
            lists[folder] += _item([term], " ".join(line.split()), [])
        return list(sections.values())


def _section(name: str, parser: argparse.ArgumentParser) -> nodes.section:
    section = nodes.section(ids=[f"command-{name}"], names=[f"command-{name}"])
    section += nodes.title(text=name)
    if parser.description:
        section += nodes.paragraph(text=" ".join(parser.description.split()))
    section += _literal(usage(parser))
    lists: dict[str, nodes.definition_list] = {}
    for kind, names, value, text in arguments(parser):
        terms: list[nodes.Node] = []
        for one in names:
            terms += [nodes.literal(text=one), nodes.Text(", ")]
        terms.pop()
        if value:
            terms += [nodes.Text(" "), nodes.emphasis(text=value)]
        if kind not in lists:
            lists[kind] = nodes.definition_list()
            section += [nodes.rubric(text=kind), lists[kind]]
        lists[kind] += _item(terms, text, [f"command-{name}-{names[-1].strip('-')}".lower()])
    if parser.epilog:
        section += _literal(parser.epilog)
    return section


def _item(terms: list[nodes.Node], text: str, ids: list[str]) -> nodes.definition_list_item:
    item = nodes.definition_list_item(ids=[i.replace(" ", "-") for i in ids])
    term, body = nodes.term(), nodes.definition()
    term += terms
    body += nodes.paragraph("", "", *_with_code(text))
    item += [term, body]
    return item


def _with_code(text: str) -> list[nodes.Node]:
    """A text in which what stands between backticks is code."""
    parts = text.replace("``", "`").split("`")
    if len(parts) % 2 == 0:
        return [nodes.Text(text)]
    return [nodes.literal(text=p) if k % 2 else nodes.Text(p) for k, p in enumerate(parts) if p]


def _literal(text: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language="text")
