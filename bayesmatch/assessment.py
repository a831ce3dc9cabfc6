"""Identifications against the truth: purity, completeness, reliability, with their intervals.

:func:`assess` compares a match with sources whose answer is known; the :class:`Assessment` has
the numbers at every cutoff.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from . import metrics
from .arguments import cutoff_values
from .metrics import PURITIES, Confusion, Crossing, Floor
from .result import MatchResult
from .truth_table import HOSTLESS, as_text, read_truth

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCORES = ("p_any", "p_hostless", "p_match")
#: with this many counterparts in the truth and none among the candidates, ids are of another kind
SUSPICIOUS = 10


@dataclass(frozen=True)
class Judged:
    """The sources whose answer is known, and what the match made of them."""

    row: np.ndarray
    """(n,) row in the result's sources"""
    score: np.ndarray
    """(n,) higher is surer of a counterpart"""
    candidate: np.ndarray
    """(n,) bool: there is a best candidate"""
    right: np.ndarray
    """(n,) bool: it is the counterpart"""
    host: np.ndarray
    """(n,) bool: there is a counterpart"""
    probability: np.ndarray
    """(n,) of `outcome`, as the match has it"""
    outcome: np.ndarray
    """(n,) bool"""


def assess(
    result: MatchResult,
    truth: Any,
    *,
    score: str = "p_any",
    cutoffs: Sequence[float] | np.ndarray | None = None,
    catalogue: str | None = None,
) -> Assessment:
    """Compare a match with sources whose counterpart, or lack of one, is known.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match`, or read from a file.
    truth : Table, DataFrame, mapping or path
        The primary's identifier in the first column, its counterpart's in the second, or
        ``hostless``. Identifiers are compared as text, without blanks around them. Primaries that
        are not in it are left out.
    score : {"p_any", "p_hostless", "p_match"}
        What is cut on. A source is matched where ``p_any``, or ``p_match`` of its best candidate,
        is at or above the cutoff, or ``p_hostless`` at or below it; a source without candidates
        never is. Select by ``p_match``: the others do not see rivals of the best candidate.
    cutoffs : sequence of float, optional
        Rows of the table. Default: 0, 0.01, ... 1.
    catalogue : str, optional
        The catalogue of the counterparts in `truth`. Default: the first after the primary.

    Returns
    -------
    Assessment

    Raises
    ------
    ValueError, TypeError
        If the truth names a primary twice or one that the result does not have, or an argument is
        wrong.

    Notes
    -----
    A counterpart that is not in the catalogue matched cannot be found: it counts as wrong, or as
    called hostless. With several other catalogues a source is matched where its best association
    has any member, and right where that of `catalogue` is the true one.
    """
    if not isinstance(result, MatchResult):
        raise TypeError(f"result is a {type(result).__name__}; give what bayesmatch.match returns, "
                        "or MatchResult.read")
    if score not in SCORES:
        raise ValueError(f"score is {score!r}; give one of {', '.join(SCORES)}")
    primary, *others = result.meta["catalogues"]
    named = {c["name"]: c for c in others}
    catalogue = others[0]["name"] if catalogue is None else catalogue
    if catalogue not in named:
        raise ValueError(f"catalogue is {catalogue!r}; give one of {', '.join(named)}")
    at = np.linspace(0.0, 1.0, 101).round(2) if cutoffs is None else cutoff_values(cutoffs)
    known, counterpart = read_truth(truth)

    sources = result.sources
    ids = as_text(sources[f"{primary['name']}_{primary['id']}"])[0]
    order = np.argsort(ids, kind="stable")
    place = np.searchsorted(ids[order], known)
    row = order[np.minimum(place, len(ids) - 1)]
    unknown = ids[row] != known
    if unknown.any():
        raise ValueError(f"truth: row {int(np.argmax(unknown))} is about '{known[unknown][0]}', "
                         f"which is no identifier ({primary['id']}) of {primary['name']!r} in the "
                         f"result ({int(unknown.sum())} unknown in all); remove those rows")
    sort = np.argsort(row)  # in the order of the result, however the truth is ordered
    row, counterpart = row[sort], counterpart[sort]

    host = np.char.lower(counterpart) != HOSTLESS
    found, absent = as_text(sources[f"{catalogue}_{named[catalogue]['id']}"][row])
    right = host & ~absent & (found == counterpart)
    _warn_of_other_ids(result, catalogue, named[catalogue]["id"], counterpart[host])
    candidate = np.any([np.asarray(sources[name][row]) >= 0 for name in named], axis=0)
    value = np.asarray(sources[score][row], dtype=np.float64)
    if score == "p_match":  # of this member, whatever the other catalogues have
        probability, outcome = np.asarray(sources[f"p_{catalogue}"][row], np.float64), right
    else:
        probability, outcome = (1.0 - value if score == "p_hostless" else value), host
    judged = Judged(row, -value if score == "p_hostless" else value, candidate, right, host,
                    probability, outcome)
    return Assessment(judged, score=score, cutoffs=at, catalogue=catalogue, ids=ids[row],
                      result=result)


class Assessment:
    """What :func:`assess` found; every number is computed when asked for.

    Attributes
    ----------
    score, catalogue : str
        What was cut on, and whose counterparts were judged.
    n, n_counterparts, n_hostless : int
        Sources judged, and how many have a counterpart or none in truth.
    ids : ndarray of str
        Identifiers of the sources judged, in the order of the result.
    """

    def __init__(self, judged: Judged, *, score: str, cutoffs: np.ndarray, catalogue: str,
                 ids: np.ndarray, result: MatchResult) -> None:
        self.judged = judged
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
        return (f"<Assessment by {self.score}: {self.n_counterparts} sources with a counterpart in "
                f"{self.catalogue}, {self.n_hostless} hostless>")

    def confusion(self, cutoff: float) -> Confusion:
        """Counts right, wrong, hostless_matched, matched_hostless, right_hostless at a cutoff."""
        return self._confusion(cutoff_values([cutoff])[0])

    def _confusion(self, cutoff: Any, rows: Any = slice(None)) -> Confusion:
        j = self.judged
        return metrics.confusion(j.score[rows], j.candidate[rows], j.right[rows], j.host[rows],
                                 self._sign * cutoff)

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
        if not 0 < purity <= 1:
            raise ValueError(f"purity is {purity!r}; give a number above 0 and at most 1")
        return metrics.at_purity(self.curve, self.n_counterparts, purity)

    @cached_property
    def reliability(self) -> Table:
        """Ten equal bins: mean probability, share that came true (68% interval), number.

        Of having a counterpart, by ``p_any`` or by ``1 - p_hostless``; with score ``p_match``, of
        the best candidate being the counterpart.
        """
        return reliability_table(self.judged.probability, self.judged.outcome)

    @cached_property
    def ece(self) -> float:
        """Expected calibration error of the probabilities in :attr:`reliability`."""
        return metrics.calibration_error(self.judged.probability, self.judged.outcome)

    @cached_property
    def ece_floor(self) -> Floor:
        """Mean and 95% point of the ECE if the truth is drawn from the probabilities."""
        return metrics.calibration_floor(self.judged.probability)

    def by(self, values: Any, bins: int | Sequence[float] = 4, *, cutoff: float | None = None
           ) -> Table:
        """The metrics in bins of a property of the primaries, as the X-ray flux.

        Parameters
        ----------
        values : str or array_like
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
        from .comparison import by_bins

        return by_bins(self, self._values(values), bins, cutoff)

    def compare(self, other: Assessment, *, cutoff: float | None = None, n_resamples: int = 1000,
                level: float = 0.95, seed: int = 0) -> Table:
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

        Returns
        -------
        Table
            ``metric``, ``this``, ``other``, ``difference`` (this - other), ``lo``, ``hi``.
        """
        from .comparison import compare

        return compare(self, other, cutoff, n_resamples, level, seed)

    def summary(self) -> str:
        """A few lines for people."""
        cutoff, value = self.crossing
        mean, p95 = self.ece_floor
        what = ("the best candidate is right" if self.score == "p_match"
                else "there is a counterpart")
        lines = [
            f"{self.n} sources with known answers: {self.n_counterparts} with a counterpart in "
            f"{self.catalogue}, {self.n_hostless} hostless; cut on {self.score}",
            f"  purity = completeness    {value:.4f}  at {self.score} = {cutoff:.4g}",
            *(f"  completeness at {purity:.0%}      {self.completeness_at_purity(purity):.4f}  at "
              f"{self.score} = {self.cutoff_at_purity(purity):.4g}" for purity in PURITIES),
            f"  calibration error        {self.ece:.4f}  of the probability that {what}; exact "
            f"ones would have {mean:.4f}, and {p95:.4f} in one case of 20",
        ]
        return "\n".join(lines)

    def plot(self) -> Figure:
        """Purity and completeness against the cutoff and each other, and the reliability."""
        from . import plots

        return plots.assessment_panels(self)

    def part(self, rows: np.ndarray) -> Assessment:
        """Some of the sources judged; `rows` is (n,) bool."""
        j = Judged(**{name: value[rows] for name, value in vars(self.judged).items()})
        return Assessment(j, score=self.score, cutoffs=self.cutoffs, catalogue=self.catalogue,
                          ids=self.ids[rows], result=self._result)

    def _values(self, values: Any) -> np.ndarray:
        """One number per source judged."""
        if isinstance(values, str):
            catalogs = self._result._catalogs
            if not catalogs:
                raise ValueError(f"column {values!r} is not at hand: the result was read from a "
                                 "file; give one number per source instead")
            return catalogs[0].magnitudes(values)[self.judged.row]
        array = np.ma.filled(np.ma.asarray(getattr(values, "value", values), np.float64), np.nan)
        n = len(self._result.sources)
        if array.shape != (n,):
            raise ValueError(f"values have the shape {array.shape}; give one number for each of "
                             f"the {n} sources of the result")
        return array[self.judged.row]


def _warn_of_other_ids(result: MatchResult, catalogue: str, id_name: str, ids: np.ndarray) -> None:
    if len(ids) < SUSPICIOUS:
        return
    text, absent = as_text(result.associations[f"{catalogue}_{id_name}"])
    if not absent.all() and not np.isin(ids, text[~absent]).any():
        warnings.warn(f"none of the {len(ids)} counterparts in the truth (as '{ids[0]}') is a "
                      f"candidate: are they identifiers ({id_name}) of {catalogue!r}, as "
                      f"'{text[~absent][0]}' is?", UserWarning, stacklevel=3)


def reliability_table(p: np.ndarray, true: np.ndarray) -> Table:
    """Probabilities against what came true, in equal bins: see :attr:`Assessment.reliability`."""
    predicted, happened, n = metrics.reliability(p, true)
    low, high = metrics.wilson(happened, n)
    return Table({"bin": np.arange(len(n)), "predicted": predicted,
                  "observed": metrics.share(happened, n), "n": n,
                  "observed_lo": low, "observed_hi": high})


def add_metrics(table: Table, counts: Confusion) -> None:
    """Add the five metrics with their 68% intervals, and the counts, to a table."""
    for name, (k, n) in metrics.ratios(counts).items():
        table[name] = metrics.share(k, n)
        table[f"{name}_lo"], table[f"{name}_hi"] = metrics.wilson(k, n)
    for name in Confusion._fields:
        table[name] = counts[name]
