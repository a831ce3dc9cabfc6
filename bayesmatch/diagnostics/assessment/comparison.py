"""Assessments side by side: of parts of the sources, and of two matches of the same sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from ...catalogs.scalars import check_seed, is_whole, number_within, numbers_of, shown, whole_number
from ...matching.arguments import cutoff_values
from .. import metrics
from ..metrics import Confusion
from .tables import add_metrics

if TYPE_CHECKING:
    import bayesmatch as bm


MAX_BINS = 10_000
#: beyond, the interval's ends move by less than their last digit
MAX_RESAMPLES = 1_000_000


def by_bins(a: bm.Assessment, value: np.ndarray, bins: Any, cutoff: float | None) -> Table:
    """See :meth:`bayesmatch.Assessment.by`; one value per source judged."""
    edges = _group_edges(bins, value)
    if cutoff is not None:
        cutoff = float(cutoff_values([cutoff])[0])
    if cutoff is None:
        cutoff = 0.5 if np.isnan(a.crossing.cutoff) else a.crossing.cutoff
    which = np.searchsorted(edges, value, side="right") - 1
    which[value == edges[-1]] = len(edges) - 2
    which[~np.isfinite(value)] = -1
    parts = [a.part(which == k) for k in range(len(edges) - 1)]
    table = Table(
        {
            "lo": edges[:-1],
            "hi": edges[1:],
            "n": [p.n for p in parts],
            "n_hostless": [p.n_hostless for p in parts],
            "cutoff": np.full(len(parts), float(cutoff)),
        }
    )
    add_metrics(table, Confusion(*np.array([p.confusion(cutoff) for p in parts]).T))
    table["crossing"] = [p.crossing.value for p in parts]
    table["ece"] = [p.ece for p in parts]
    for purity in metrics.PURITIES:
        table[f"completeness_at_{100 * purity:.0f}"] = [
            p.completeness_at_purity(purity) for p in parts
        ]
    return table


def compare(
    this: bm.Assessment,
    other: bm.Assessment,
    cutoff: float | None,
    n_resamples: int,
    level: float,
    seed: int,
) -> Table:
    """See :meth:`bayesmatch.Assessment.compare`."""
    whole_number("n_resamples", n_resamples, 1, MAX_RESAMPLES)
    level = number_within("level", level, 0.0, 1.0, open_low=True, open_high=True)
    seed = check_seed(seed)
    if cutoff is not None:
        cutoff = float(cutoff_values([cutoff])[0])
    first, second = np.argsort(this.ids), np.argsort(other.ids)
    if not (
        np.array_equal(this.ids[first], other.ids[second])
        and np.array_equal(this.judged.host[first], other.judged.host[second])
    ):
        raise ValueError(
            "the two assessments are not of the same truth "
            f"({this.n} and {other.n} sources); assess both with one truth table"
        )
    measures = _Measures(this, first, cutoff), _Measures(other, second, cutoff)
    value = [m.of(np.ones(this.n, np.int64)) for m in measures]
    rng = np.random.default_rng(seed)
    drawn = np.empty((n_resamples, len(value[0])))
    for k in range(n_resamples):
        # How often each source is drawn, the same for both.
        weight = np.bincount(rng.integers(this.n, size=this.n), minlength=this.n)
        drawn[k] = measures[0].of(weight) - measures[1].of(weight)
    tail = (1 - level) / 2
    low, high = (
        np.array(
            [np.quantile(d[~np.isnan(d)], q) if not np.isnan(d).all() else np.nan for d in drawn.T]
        )
        for q in (tail, 1 - tail)
    )
    return Table(
        {
            "metric": measures[0].names,
            "this": value[0],
            "other": value[1],
            "difference": value[0] - value[1],
            "lo": low,
            "hi": high,
        }
    )


def _group_edges(bins: Any, value: np.ndarray) -> np.ndarray:
    finite = value[np.isfinite(value)]
    if is_whole(bins):
        if not 1 <= bins <= MAX_BINS or len(finite) == 0:
            raise ValueError(
                f"bins is {shown(bins)} for {len(finite)} finite values; give 1 or more bins (at "
                f"most {MAX_BINS:,}), and values"
            )
        edges = np.unique(np.quantile(finite, np.linspace(0, 1, bins + 1)))
        return edges if len(edges) > 1 else np.repeat(edges, 2)  # all values the same: one bin
    edges = numbers_of("bins", bins)
    if edges.ndim != 1 or len(edges) < 2 or not np.all(np.diff(edges) > 0):
        raise ValueError(f"bins are {shown(bins)}; give how many, or two or more rising edges")
    return edges


class _Measures:
    """The numbers compared, of any resampling of an assessment's sources."""

    def __init__(self, assessment: bm.Assessment, order: np.ndarray, cutoff: float | None) -> None:
        j = assessment.judged
        self.host, self.right = j.host[order], j.right[order]
        self.probability, self.outcome = j.probability[order], j.outcome[order]
        self.ranking = metrics.Ranking(j.score[order], j.candidate[order], self.right)
        self.names = [
            "crossing",
            *(f"completeness_at_{100 * p:.0f}" for p in metrics.PURITIES),
            "ece",
        ]
        self.matched = None
        if cutoff is not None:
            self.matched = j.candidate[order] & (j.score[order] >= assessment._sign * cutoff)
            self.names += list(metrics.scores(0, 0, 0, 0, 0))

    def of(self, weight: np.ndarray) -> np.ndarray:
        """Every number, with each source counted `weight` times."""
        curve, n_host = self.ranking.curve(weight), weight[self.host].sum()
        out = [
            metrics.crossing(curve, n_host).value,
            *(metrics.at_purity(curve, n_host, p).value for p in metrics.PURITIES),
            metrics.calibration_error(self.probability, self.outcome, weight),
        ]
        if self.matched is not None:
            right, host = self.right & self.matched, self.host
            counts = (
                weight[which].sum()
                for which in (
                    right,
                    host & self.matched & ~right,
                    ~host & self.matched,
                    host & ~self.matched,
                    ~host & ~self.matched,
                )
            )
            out += list(metrics.scores(*counts).values())
        return np.array(out)
