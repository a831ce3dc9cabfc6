"""What a comparison with NWAY found."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astropy.table import Table

from ...catalogs.formats.writing import replaced_together

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: what stands where no reason was proved
UNEXPLAINED = "not explained"
NWAY = "NWAY"


@dataclass(frozen=True, eq=False)
class Comparison:
    """A result beside NWAY's output, from :func:`bayesmatch.compare_nway`.

    Attributes
    ----------
    table : astropy.table.Table
        A row per column that both have: ``column``, ``differ`` (rows above 2e-6), ``largest`` and
        ``median`` difference over all rows that both have (of log10 Bayes factors and of
        separations relative to those above 1), ``unexplained`` (rows) and ``reason``, empty where
        nothing differs.
    only_here, only_there : astropy.table.Table
        Associations that only the result, or only NWAY has: identifiers, ``Separation_max``
        (arcsec), ``p_i`` and ``reason``.
    changed : astropy.table.Table
        Primaries whose best counterparts (``match_flag`` 1) differ: identifiers of ours and of
        NWAY's, and ``reason``.
    points : astropy.table.Table
        A row per primary that both have: its identifier, ``p_any``, ``p_any_nway``, ``p_match`` of
        the best candidate, ``explained``.
    notes : list of str
        What else was found.
    counts : dict
        ``both``, ``only_here``, ``only_there``, ``changed``: numbers of rows.
    other : str
        What the other side is called: NWAY, or "the other result" where bayesmatch wrote it.
    """

    table: Table
    only_here: Table
    only_there: Table
    changed: Table
    points: Table
    notes: list[str]
    counts: dict[str, int]
    other: str = NWAY

    @property
    def explained(self) -> bool:
        """Whether every difference has a reason that was proved."""
        rows = (self.only_here, self.only_there, self.changed)
        return not self.table["unexplained"].sum() and not any(
            UNEXPLAINED in str(reason) for table in rows for reason in table["reason"]
        )

    def __str__(self) -> str:
        lines = [
            "{both:,} associations in both, {only_here:,} only here, {only_there:,} only in "
            "{other}; {changed:,} best counterparts changed".format(
                **self.counts, other=self.other
            ),
            *_aligned(self.table),
        ]
        for title, table in (
            ("only here", self.only_here),
            (f"only in {self.other}", self.only_there),
        ):
            lines += [f"{title}: {text}" for text in _tally(table)]
        lines += [f"best counterpart changed: {text}" for text in _tally(self.changed)]
        lines += self.notes
        lines.append("all differences explained" if self.explained else "NOT ALL explained")
        return "\n".join(lines)

    def to_json(self) -> str:
        """All of it as JSON text."""
        tables = {
            name: [
                dict(zip(table.colnames, map(_value, row), strict=True)) for row in table.iterrows()
            ]
            for name, table in (
                ("table", self.table),
                ("only_here", self.only_here),
                ("only_there", self.only_there),
                ("changed", self.changed),
            )
        }
        whole = {"explained": self.explained, **self.counts, **tables, "notes": self.notes}
        return json.dumps(whole, indent=1, ensure_ascii=False)

    def write(self, path: str | os.PathLike) -> None:
        """Write :meth:`to_json` to a file, whole or not at all.

        Parameters
        ----------
        path : path
            Where to.
        """
        with replaced_together([path]) as (temporary,):
            Path(temporary).write_text(self.to_json() + "\n", encoding="utf-8")

    def plot(self) -> Figure:
        """The other p_any against ours, both against p_match, and the differences by column."""
        from ...plots.nway import comparison_panels

        return comparison_panels(self)


def _value(value: Any) -> Any:
    """Something that JSON has; numbers that it has not are None."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value


def _tally(table: Table) -> list[str]:
    reasons = [str(reason) for reason in table["reason"]]
    return [f"{reasons.count(reason):,}, {reason}" for reason in dict.fromkeys(reasons)]


def _aligned(table: Table) -> list[str]:
    lines = [["column", "differ", "largest", "median", "reason"]]
    lines += [
        [r["column"], f"{r['differ']:,}", f"{r['largest']:.1e}", f"{r['median']:.1e}", r["reason"]]
        for r in table
    ]
    width = [max(len(line[k]) for line in lines) for k in range(4)]
    return [
        "  "
        + "  ".join(
            [
                line[0].ljust(width[0]),
                *(line[k].rjust(width[k]) for k in (1, 2, 3)),
                line[4],
            ]
        ).rstrip()
        for line in lines
    ]
