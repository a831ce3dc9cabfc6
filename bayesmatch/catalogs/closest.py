"""What a wrong name was meant to be: for messages about columns, files, options and commands."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

#: entries of a folder that are looked at
MOST_ENTRIES = 10_000
#: least likeness, 0 to 1, of what is said
LIKENESS = 0.65
#: letters at least of a name that is cut short
LEAST_BEGUN = 4


def closest(given: str, known: Iterable[str]) -> str | None:
    """The one of `known` that `given` is most like, in any case of its letters; None: none is.

    The only one that begins so, else the most alike by :func:`difflib.get_close_matches`.
    """
    import difflib  # for messages only

    by_case: dict[str, str] = {}
    for name in known:
        if isinstance(name, str):
            by_case.setdefault(name.lower(), name)
    begun = [name for name in by_case if name.startswith(given.lower())]
    if len(given) >= LEAST_BEGUN and len(begun) == 1:
        return by_case[begun[0]]
    found = difflib.get_close_matches(given.lower(), by_case, 1, LIKENESS)
    return by_case[found[0]] if found else None


def did_you_mean(given: object, known: Iterable[str]) -> str:
    """``" (did you mean 'mag_r'?)"`` for a name that is like one of `known`; else nothing."""
    found = closest(given, known) if isinstance(given, str) else None
    return "" if found is None else f" (did you mean {found!r}?)"


def did_you_mean_file(path: str | os.PathLike) -> str:
    """As :func:`did_you_mean`, of a path that leads to nothing: a name in the same folder."""
    wrong = Path(os.fspath(path))
    try:
        with os.scandir(wrong.parent) as entries:
            names = [e.name for e in itertools.islice(entries, MOST_ENTRIES)]
    except (OSError, ValueError):
        return ""
    found = closest(wrong.name, sorted(n for n in names if not n.startswith(".")))
    return "" if found is None else f" (did you mean {wrong.with_name(found)}?)"
