"""Command lines of NWAY's programs as ours: what ``--rerun`` is given."""

from __future__ import annotations

import shlex
from pathlib import Path

#: NWAY's program -> our command; ``match`` has the arguments of ``nway.py`` itself
PROGRAM = "nway.py"
#: option of nway.py -> how many values it takes
OPTIONS = {
    "--radius": 1,
    "--mag-radius": 1,
    "--mag-auto-minprob": 1,
    "--mag-exclude-radius": 1,
    "--prior-completeness": 1,
    "--ignore-unrelated-associations": 0,
    "--mag": 2,
    "--acceptable-prob": 1,
    "--min-prob": 1,
    "--out": 1,
    "--prefilter-pair": 3,
}


def match_arguments(line: str) -> list[str]:
    """The arguments of ``bayesmatch match`` for a line of ``nway.py``.

    Left out are ``--out``, and ``--min-prob``: all associations are needed to tell what it cut.

    Parameters
    ----------
    line : str
        As in a shell: ``nway.py A.fits :err B.fits 0.1 --radius 20 ...``; options may be cut short
        as far as NWAY allows.

    Raises
    ------
    ValueError
        If it is no line of ``nway.py``, or an option is none of NWAY's.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"--rerun {line!r}: {error}") from None
    named = [k for k, word in enumerate(words) if Path(word).name in (PROGRAM, "nway")]
    if not named:
        raise ValueError(f"--rerun {line!r}: give the whole command line, 'nway.py A.fits ...'")
    words, out = words[named[0] + 1 :], []
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            out.append(word)
            continue
        name, equals, value = word.partition("=")
        option = _option(name, line)
        values = [value] if equals else []
        while len(values) < OPTIONS[option]:
            if not words:
                raise ValueError(f"--rerun {line!r}: {option} lacks a value")
            values.append(words.pop(0))
        if option not in ("--out", "--min-prob"):
            out += [option, *values]
    return out


def _option(name: str, line: str) -> str:
    """The option that a name, or its beginning, stands for."""
    if name in OPTIONS:
        return name
    fitting = [option for option in OPTIONS if option.startswith(name)]
    if len(fitting) != 1:
        raise ValueError(
            f"--rerun {line!r}: nway.py has no option {name}"
            + (f"; it may be {' or '.join(fitting)}" if fitting else "")
        )
    return fitting[0]
