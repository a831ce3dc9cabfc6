"""What :func:`bayesmatch.assess` found: the numbers at every cutoff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from ...catalogs.scalars import number_within, numbers_of, shown
from ...matching.arguments import cutoff_values
from ...matching.result import MatchResult
from .. import metrics, offset_shape
from ..metrics import Confusion, Crossing, Floor
from ..offset_shape import ShareDifference
from .comparison import by_bins, compare
from .judged import Judged, probabilities
from .summary import summary_text
from .tables import add_metrics, reliability_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: what the probabilities are of that are judged
HOST, BEST = "there is a counterpart", "the best candidate is right"


class Assessment:
    """What :func:`bayesmatch.assess` found; every number is computed when asked for.

    Attributes
    ----------
    score, catalogue : str
        What was cut on, and whose counterparts were judged.
    n, n_counterparts, n_hostless : int
        Sources judged, and how many have a counterpart or none in truth.
    of : str
        In words, what the probabilities are of that ``reliability`` and ``ece`` judge.
    ids : ndarray of str, shape (n,)
        Identifiers of the sources judged, in the order of the result.
    """

    def __init__(
        self,
        judged: Judged,
        *,
        score: str,
        cutoffs: np.ndarray,
        catalogue: str,
        ids: np.ndarray,
        result: MatchResult,
        of: str = HOST,
    ) -> None:
        self.judged = judged
        self.of = of
        self.score = score
        self.cutoffs = cutoffs
        self.catalogue = catalogue
        self.ids = ids
        self.n = len(judged.row)
        self.n_counterparts = int(judged.host.sum())
        self.n_hostless = self.n - self.n_counterparts
        self._result = result
        self._sign = -1.0 if score == "p_hostless" else 1.0

    def __repr__(self) -> str:
        return (
            f"<Assessment by {self.score}: {self.n_counterparts} sources with a counterpart in "
            f"{self.catalogue}, {self.n_hostless} hostless>"
        )

    def confusion(self, cutoff: float) -> Confusion:
        """Counts right, wrong, hostless_matched, matched_hostless, right_hostless at a cutoff."""
        return self._confusion(cutoff_values([cutoff])[0])

    def _confusion(self, cutoff: Any, rows: Any = slice(None)) -> Confusion:
        j = self.judged
        return metrics.confusion(
            j.score[rows], j.candidate[rows], j.right[rows], j.host[rows], self._sign * cutoff
        )

    @cached_property
    def table(self) -> Table:
        """One row per cutoff: the five metrics with 68% Wilson intervals, and the counts."""
        table = Table({"cutoff": self.cutoffs})
        add_metrics(table, self._confusion(self.cutoffs))
        return table

    @cached_property
    def curve(self) -> metrics.Curve:
        """Cutoff, number matched and number right at every distinct score, the surest first."""
        cutoff, matched, right = self._ranking.curve()
        return metrics.Curve(self._sign * cutoff, matched, right)

    @cached_property
    def _ranking(self) -> metrics.Ranking:
        return metrics.Ranking(self.judged.score, self.judged.candidate, self.judged.right)

    @cached_property
    def crossing(self) -> Crossing:
        """Cutoff where counterpart purity equals completeness, and the value there (or NaN)."""
        # On the score's own scale: interpolation is the same either way.
        return metrics.crossing(self.curve, self.n_counterparts)

    def completeness_at_purity(self, purity: float) -> float:
        """Largest counterpart completeness of a cutoff with at least this counterpart purity."""
        return self._at_purity(purity).value

    def cutoff_at_purity(self, purity: float) -> float:
        """The cutoff that reaches :meth:`completeness_at_purity`; NaN if none is that pure."""
        return self._at_purity(purity).cutoff

    def _at_purity(self, purity: float) -> Crossing:
        purity = number_within("purity", purity, 0.0, 1.0, open_low=True)
        return metrics.at_purity(self.curve, self.n_counterparts, purity)

    @cached_property
    def reliability(self) -> Table:
        """Ten equal bins: mean probability, share that came true (68% interval), number.

        Of having a counterpart: by ``p_any`` with that score, else by ``1 - p_hostless``.
        :attr:`best_candidate` has that of the best candidate being the counterpart.
        """
        return reliability_table(self.judged.probability, self.judged.outcome)

    @cached_property
    def best_candidate(self) -> Assessment:
        """The same, but for what probabilities are judged: that the best candidate is right.

        Its ``reliability``, ``ece``, ``ece_floor``, ``offset``, ``shape`` and ``share_difference``
        are those of ``p_<NAME>``.
        """
        j = replace(self.judged, probability=self.judged.p_best, outcome=self.judged.right)
        return self._with(j, self.ids, BEST)

    @cached_property
    def ece(self) -> float:
        """Expected calibration error of the probabilities in :attr:`reliability`."""
        return metrics.calibration_error(self.judged.probability, self.judged.outcome)

    @cached_property
    def ece_floor(self) -> Floor:
        """Mean and 95% point of the ECE if the truth is drawn from the probabilities."""
        return metrics.calibration_floor(self.judged.probability)

    @cached_property
    def offset(self) -> float:
        """Mean probability minus the share that came true.

        A truth sample is rarely a fair one: where counterparts are more common in it than among
        all sources, the offset is negative though the probabilities are right.
        """
        return offset_shape.offset_of(self.judged.probability, self.judged.outcome)[0]

    @cached_property
    def offset_error(self) -> float:
        """Standard error of :attr:`offset` if the probabilities are right."""
        return offset_shape.offset_of(self.judged.probability, self.judged.outcome)[1]

    @cached_property
    def shape(self) -> float:
        """Calibration error that is left when one factor of all odds has taken out the offset."""
        return offset_shape.shape_error(self.judged.probability, self.judged.outcome)

    @cached_property
    def shape_floor(self) -> Floor:
        """Mean and 95% point of :attr:`shape` if the shape is right: as :attr:`ece_floor`."""
        return offset_shape.shape_floor(self.judged.probability, self.judged.outcome)

    @cached_property
    def share_difference(self) -> ShareDifference:
        """The truth's share of what came true, the result's for all its sources, and the sigma."""
        j = self.judged
        name = self.score if self.of == HOST else f"p_{self.catalogue}"
        p_all = probabilities(self._result, name)
        # NWAY's p_any does not go by the fit.
        fitted = 0.0 if name == "p_any" else self._result.record.host_fraction_error or 0.0
        return offset_shape.share_difference(
            j.probability, j.outcome, p_all[np.isfinite(p_all)], fitted
        )

    def by(
        self, values: Any, bins: int | Sequence[float] = 4, *, cutoff: float | None = None
    ) -> Table:
        """The metrics in bins of a property of the primaries, as the X-ray flux.

        Parameters
        ----------
        values : str or array_like, shape (n_sources,)
            A column of the primary catalogue (if the result was not read from a file), or one
            number per source of the result, in its order.
        bins : int or sequence of float, default 4
            How many bins of equal numbers, or their edges; values outside, or NaN, are left out.
        cutoff : float, optional
            Default: that of :attr:`crossing` over all sources, or 0.5 if there is none.

        Returns
        -------
        Table
            A row per bin: ``lo``, ``hi``, ``n``, ``n_hostless``, ``cutoff``, the five metrics with
            intervals and counts, ``crossing``, ``ece`` and ``completeness_at_95``, ``_98``,
            ``_99`` (percent purity).
        """
        return by_bins(self, self._values(values), bins, cutoff)

    def compare(
        self,
        other: Assessment,
        *,
        cutoff: float | None = None,
        n_resamples: int = 1000,
        level: float = 0.95,
        seed: int = 0,
    ) -> Table:
        """Differences from another assessment on the same truth, with bootstrap intervals.

        Parameters
        ----------
        other : Assessment
            Of another match (or another score), with the same sources in its truth.
        cutoff : float, optional
            Also compare the five metrics at this cutoff.
        n_resamples : int, default 1000
            Samples of sources drawn with replacement, the same for both.
        level : float, default 0.95
            Of the interval.
        seed : int, default 0
            The same seed draws the same samples.

        Returns
        -------
        Table
            ``metric``, ``this``, ``other``, ``difference`` (this - other), ``lo``, ``hi``.
        """
        if not isinstance(other, Assessment):
            raise TypeError(
                f"other is a {type(other).__name__}; give an Assessment, from bayesmatch.assess"
            )
        return compare(self, other, cutoff, n_resamples, level, seed)

    def summary(self) -> str:
        """A few lines for people."""
        return summary_text(self)

    def plot(self) -> Figure:
        """Purity and completeness against the cutoff and each other, and the reliability."""
        import bayesmatch

        return bayesmatch.plots.assessment_panels(self)

    def part(self, rows: np.ndarray) -> Assessment:
        """Some of the sources judged; `rows` is (n,) bool."""
        j = Judged(**{name: value[rows] for name, value in vars(self.judged).items()})
        return self._with(j, self.ids[rows], self.of)

    def _with(self, judged: Judged, ids: np.ndarray, of: str) -> Assessment:
        return Assessment(
            judged,
            score=self.score,
            cutoffs=self.cutoffs,
            catalogue=self.catalogue,
            ids=ids,
            result=self._result,
            of=of,
        )

    def _values(self, values: Any) -> np.ndarray:
        """One number per source judged."""
        if isinstance(values, str):
            catalogs = self._result._catalogs
            if not catalogs:
                raise ValueError(
                    f"column {shown(values)} is not at hand: the result was read from a "
                    "file; give one number per source instead"
                )
            column: np.ndarray = catalogs[0].magnitudes(values)[self.judged.row]
            return column
        array = numbers_of("values", getattr(values, "value", values))
        n = len(self._result.sources)
        if array.shape != (n,):
            raise ValueError(
                f"values have the shape {array.shape}; give one number for each of "
                f"the {n} sources of the result"
            )
        judged: np.ndarray = array[self.judged.row]
        return judged
