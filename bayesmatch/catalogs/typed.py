"""Names of columns inside arguments of the command line, which colons and commas divide.

A name that holds one of them stands in double quotes there: ``:"err:pos"``, ``--id ':"a:b"'``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: what divides arguments
DIVIDERS = ":,"
#: a name in double quotes; what may follow is a unit, a containment, a divider
_QUOTED = re.compile(r'\s*"([^"]*)"(?=\s*(?:[\[@:,]|$))')
HINT = "a name with a colon or a comma stands in double quotes"


def parts(text: str, divider: str) -> list[str]:
    """What stands between the dividers that are outside double quotes; :func:`plain` is without.

    Quotes count where they enclose a divider, or a number, which then is a column's name; any other
    ``"x"`` is a name that has them.
    """
    out, start, at = [], 0, 0
    while at <= len(text):
        quoted = _quoted(text, at) if at == start or text[at - 1] in DIVIDERS else None
        if quoted is not None:
            at = quoted.end()
        elif at == len(text) or text[at] == divider:
            out.append(text[start:at])
            at += 1
            start = at
        else:
            at += 1
    return out


def plain(text: str) -> str:
    """A name without the double quotes that keep its colons and commas together."""
    quoted = _quoted(text, 0)
    return text if quoted is None else quoted[1] + text[quoted.end() :]


def typed(name: str) -> str:
    """A name as it is typed where colons or commas divide an argument."""
    return f'"{name}"' if _needs_quotes(name) else name


def divided(part: str, names: Iterable[str]) -> str:
    """What to say of a name that is none of the columns, where it is a piece of one; else ''."""
    whole = next((n for n in names if part in re.split(f"[{DIVIDERS}]", n) and part != n), None)
    return "" if whole is None else f"; on the command line {HINT}, as '{typed(whole)}'"


def _quoted(text: str, at: int) -> re.Match[str] | None:
    found = _QUOTED.match(text, at)
    return found if found and _needs_quotes(found[1]) else None


def _needs_quotes(name: str) -> bool:
    if any(divider in name for divider in DIVIDERS):
        return True
    try:
        float(name)
    except ValueError:
        return False
    return True
