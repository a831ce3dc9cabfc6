"""LaTeX table of the first rows of a published table."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy import units
from astropy.table import Table

#: decimals of a position (0.04 arcsec), and of separations and probabilities
DEGREES, DECIMALS = 5, 3
#: what LaTeX takes for commands
SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
}


def latex_table(table: Table, n_rows: int) -> str:
    """The first rows with the columns that a paper shows, as ``table`` and ``tabular``.

    Identifiers and positions of the primary, identifier, separation and probability of each
    counterpart, ``p_match``, ``p_hostless`` and the class.
    """
    head = table.meta["bayesmatch"]
    names = shown_columns(table)
    rows = range(min(n_rows, len(table)))
    numeric = [table[name].dtype.kind in "iuf" for name in names]
    under = [f"({latex(str(table[n].unit))})" if table[n].unit else "" for n in names]
    decimals = [DEGREES if table[name].unit == units.deg else DECIMALS for name in names]
    shown = list(zip(names, decimals, strict=True))
    body = [" & ".join(latex(cell(table[n][row], d)) for n, d in shown) + r" \\" for row in rows]
    rest = len(table) - len(rows)
    said = "in full" if rest == 0 else f"the first {len(rows)} of {len(table)} rows"
    cuts = head["class_cuts"]
    kinds = set(np.asarray(table["class"])[: len(rows)].tolist())
    doubtful = [name for name in ("hostless", "ambiguous") if name in kinds]
    candidates = (
        f" Of {' and '.join(doubtful)} sources the most probable candidate is given, which is no "
        "identification."
        if doubtful
        else ""
    )
    return "\n".join(
        [
            "% columns and header of the whole table: see the machine-readable version",
            r"\begin{table*}",
            r"\centering",
            rf"\caption{{{latex(head['title'])}, {said}. Class: secure, $p_{{\rm match}} \ge "
            rf"{cuts['secure_p_match']:g}$; hostless, $p_{{\rm hostless}} \ge "
            rf"{cuts['hostless_p_hostless']:g}$.{candidates}}}",
            r"\label{tab:counterparts}",
            rf"\begin{{tabular}}{{{''.join('r' if n else 'l' for n in numeric)}}}",
            r"\hline",
            " & ".join(map(latex, names)) + r" \\",
            " & ".join(under) + r" \\",
            r"\hline",
            *body,
            r"\hline",
            r"\end{tabular}",
            r"\end{table*}",
            "",
        ]
    )


def shown_columns(table: Table) -> list[str]:
    """The columns of a table that a page has room for."""
    ucds = {name: (column.info.meta or {}).get("ucd", "") for name, column in table.items()}
    kinds = ("meta.id;meta.main", "pos.eq.ra;meta.main", "pos.eq.dec;meta.main")
    names = [name for kind in kinds for name in table.colnames if ucds[name] == kind]
    for part in table.meta["bayesmatch"]["inputs"][1:]:
        primary = table.meta["bayesmatch"]["inputs"][0]["name"]
        wanted = (
            f"{part['name']}_{part['id']}",
            f"Separation_{primary}_{part['name']}",
            f"p_{part['name']}",
        )
        names += [name for name in wanted if name in table.colnames]
    return [*names, "p_match", "p_hostless", "class"]


def cell(value: Any, decimals: int) -> str:
    """A value as a paper prints it; an ellipsis where there is none."""
    if np.ma.is_masked(value):
        return "..."
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if not np.isfinite(number):
            return "..."
        return f"{number:.{decimals}f}"
    return str(value)


def latex(text: str) -> str:
    """Text in which LaTeX finds no command."""
    if text == "...":
        return r"\ldots"
    return "".join(SPECIAL.get(c, c) for c in text)
