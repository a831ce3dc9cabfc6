"""What :func:`bayesmatch.calibrate` measured: the false fraction at every cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from ...catalogs.scalars import number_within
from .rate import SCORES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: rows of a table that are all printed
FEW = 20


@dataclass(frozen=True)
class Calibration:
    """What :func:`bayesmatch.calibrate` measured."""

    table: Table
    """``cutoff``, ``selected_fraction``, ``false_fraction``, ``false_lo``, ``false_hi``"""
    by_realization: np.ndarray
    """(n_realizations, n_cutoffs) false fraction in each realization"""
    meta: dict[str, Any]
    """parameters; numbers of sources, of those expected without a counterpart (``n_hostless``) and
    of fake positions in each realization (``n_fake``)"""

    def cutoff(self, false_fraction: float = 0.05) -> float:
        """The cutoff of the table that selects most with at most this false fraction.

        Parameters
        ----------
        false_fraction : float, default 0.05
            Between 0 and 1.

        Raises
        ------
        ValueError
            If every cutoff of the table has more.
        """
        false_fraction = number_within("false_fraction", false_fraction, 0.0, 1.0)
        cutoff, false = np.asarray(self.table["cutoff"]), np.asarray(self.table["false_fraction"])
        allowed = cutoff[false <= false_fraction]
        if len(allowed) == 0:
            raise ValueError(
                f"no cutoff has a false fraction of {false_fraction:g} or less; the "
                f"least is {false.min():.4g}, at {cutoff[false.argmin()]:g}: give "
                f"{'larger' if SCORES[self.meta['score']] > 0 else 'smaller'} cutoffs= (--cutoff "
                "on the command line)"
            )
        return float(allowed.min() if SCORES[self.meta["score"]] > 0 else allowed.max())

    def plot(self) -> Figure:
        """Selected and false fraction against the cutoff, and against each other."""
        import bayesmatch

        return bayesmatch.plots.calibration_curves(self)

    def __str__(self) -> str:
        """Cutoffs for some false fractions; all of the table, where it has a few."""
        m, sign = self.meta, ">=" if SCORES[self.meta["score"]] > 0 else "<="
        lines = [
            f"{m['n_sources']} {m['catalogues'][0]} sources, {m['n_realizations']} times at "
            f"positions that belong to nothing ({m['method']})",
            f"  {m['score']:>10} {sign}   selected   selected of those without a counterpart",
        ]
        few = len(self.table) <= FEW
        for row in self.table if few else self.rows((0.2, 0.1, 0.05, 0.02, 0.01)):
            lines.append(
                f"  {row['cutoff']:>13.4g}   {row['selected_fraction']:>8.4f}   "
                f"{row['false_fraction']:.4f} ({row['false_lo']:.4f} to "
                f"{row['false_hi']:.4f})"
            )
        return "\n".join(lines)

    def rows(self, false_fractions: Sequence[float]) -> Table:
        """Rows of the table for these false fractions, as far as it reaches them."""
        least = np.asarray(self.table["false_fraction"]).min()
        cutoffs = [self.cutoff(f) for f in false_fractions if f >= least]
        return self.table[np.isin(self.table["cutoff"], cutoffs)]
