"""``bayesmatch completion``: what makes a shell complete commands, options and their values."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import Any

SHELLS = ("bash", "zsh", "fish")
EPILOG = """\
bash:  echo 'eval "$(bayesmatch completion bash)"' >> ~/.bashrc
zsh:   echo 'eval "$(bayesmatch completion zsh)"' >> ~/.zshrc   (after compinit)
fish:  bayesmatch completion fish > ~/.config/fish/completions/bayesmatch.fish
"""
BASH = """\
_bayesmatch() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words={commands}
    else
        case "${{COMP_WORDS[1]}} $before" in
{values}
        esac
        case "${{COMP_WORDS[1]}} $cur" in
{options}
        esac
    fi
    if [ -n "$words" ]; then
        COMPREPLY=($(compgen -W "$words" -- "$cur"))
    fi
}}
complete -o default -F _bayesmatch bayesmatch
"""
ZSH = """\
#compdef bayesmatch
_bayesmatch() {{
    local -a listed
    if (( CURRENT == 2 )); then
        listed=({commands})
        _describe command listed
        return
    fi
    case "$words[2] ${{words[CURRENT-1]}}" in
{values}
    esac
    if [[ $words[CURRENT] != -* ]]; then
        _files
        return
    fi
    case $words[2] in
{options}
    esac
    _describe option listed
}}
compdef _bayesmatch bayesmatch
"""


def add_completion(commands: Any) -> None:
    """Add ``bayesmatch completion``."""
    completion = commands.add_parser(
        "completion",
        help="make the shell complete commands and options",
        description="Print a script for a shell, after which it completes commands, options and "
        "their values with the Tab key.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.set_defaults(run=lambda options: print(script(options.shell, commands), end=""))
    completion.add_argument("shell", choices=SHELLS, help="which shell")


def script(shell: str, commands: Any) -> str:
    """The script for a shell, made from the parsers."""
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](commands)


def _options(parser: argparse.ArgumentParser) -> list[tuple[list[str], str, list[str], bool]]:
    """Options of a parser: names, first words of the help, values to choose from, takes one."""
    return [
        (
            [n for n in action.option_strings if n.startswith("--")],
            _short(action.help or ""),
            [str(choice) for choice in action.choices or ()],
            action.nargs != 0,
        )
        for action in parser._actions
        if action.option_strings
    ]


def _values(parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[str]]]:
    """Options with values to choose from, and those values."""
    for names, _, choices, _ in _options(parser):
        if choices:
            yield from ((name, choices) for name in names)


def _positional(parser: argparse.ArgumentParser) -> list[str]:
    """Values to choose from of what is no option."""
    return [str(c) for a in parser._actions if not a.option_strings for c in a.choices or ()]


def _short(text: str) -> str:
    """The beginning of a help text, of letters that mean nothing to a shell."""
    return re.sub(r"[^\w ,.+/-]", "", re.split(r"[;(:]", text)[0]).strip()


def _bash(commands: Any) -> str:
    values, options = [], []
    for name, parser in commands.parsers.items():
        for option, choices in _values(parser):
            values.append(f'            "{name} {option}") words="{" ".join(choices)}" ;;')
        if _positional(parser):
            values.append(
                f'            "{name} {name}") words="{" ".join(_positional(parser))}" ;;'
            )
        listed = " ".join(n for names, *_ in _options(parser) for n in names)
        options.append(f'            "{name} -"*) words="{listed}" ;;')
    return BASH.format(
        commands=f'"{" ".join([*commands.parsers, "--help", "--version"])}"',
        values="\n".join(values),
        options="\n".join(options),
    )


def _zsh(commands: Any) -> str:
    values, options = [], []
    for name, parser in commands.parsers.items():
        for option, choices in _values(parser):
            values.append(f"        '{name} {option}') compadd {' '.join(choices)}; return ;;")
        if _positional(parser):
            values.append(
                f"        '{name} {name}') compadd {' '.join(_positional(parser))}; return ;;"
            )
        listed = " ".join(f"'{n}:{text}'" for names, text, *_ in _options(parser) for n in names)
        options.append(f"        {name}) listed=({listed}) ;;")
    return ZSH.format(
        commands=" ".join(f"'{name}:{_short(text)}'" for name, text in commands.lines.items()),
        values="\n".join(values),
        options="\n".join(options),
    )


def _fish(commands: Any) -> str:
    lines = []
    for name, parser in commands.parsers.items():
        lines.append(
            f"complete -c bayesmatch -n __fish_use_subcommand -f -a {name} "
            f"-d '{_short(commands.lines[name])}'"
        )
        of = f"complete -c bayesmatch -n '__fish_seen_subcommand_from {name}'"
        if _positional(parser):
            lines.append(f"{of} -f -a '{' '.join(_positional(parser))}'")
        for names, text, choices, takes in _options(parser):
            how = f" -x -a '{' '.join(choices)}'" if choices else " -r" if takes else ""
            lines += [f"{of} -l {one.removeprefix('--')}{how} -d '{text}'" for one in names]
    return "\n".join(lines) + "\n"
