"""A ratio that a match has learned, as a prior of its own that can be saved."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .._kernels.jit import each
from ..catalogs.held import HeldCatalog
from .feature_matrix import feature_columns, feature_matrix, feature_names
from .field_means import blended, topped
from .forest import Forest
from .hats import Hats
from .histogram import HistogramPrior
from .learning_rounds import MAX_START
from .lightgbm import LightGBMPrior
from .looks import Looks
from .saved import build_prior, check_text, digested, record_digest, write_record
from .saved_features import features_entry, features_of
from .saved_parts import folds_of, hats_of, share_from, start_of
from .source_context import SIGMA, Folds, SourceContext

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..photometry import Features

LN_10 = np.log(10.0)
FORMAT = "bayesmatch-learned-prior"
FORMAT_VERSION = 1
WHAT = "learned prior"
ENTRIES = (
    *("format", "version", "name", "features", "start", "context", "folds", "knots"),
    *("coefficients", "ln_mean", "edge", "cap", "alike", "models", "learned", "sha256"),
)
#: largest |coefficient|, ln mean and cap of a saved one: ratios must be numbers
MAX_LN = 600.0
#: features count as no larger than this: differences of them have to be numbers
MAX_FEATURE = 1e300


@dataclass(frozen=True, eq=False)
class LearnedRatio:
    """Density ratio p(x | counterpart) / p(x | field) that :func:`bayesmatch.match` has learned.

    What :class:`bayesmatch.LearnedPrior` becomes in ``result.priors``. It holds one model for each
    fold of the sources, learned from the others; a source is judged by that of its fold, which
    goes by its position. Mean 1 over field objects away from the sources, whatever the source.

    Attributes
    ----------
    name : str
        Name in the result's column ``bias_<CATALOGUE>_<name>``.
    learned : dict
        How it was learned: ``model``, ``expected_counterparts``, ``ln_gain``, ``rounds`` ...
    """

    name: str
    features: Sequence[str] | Features
    start: LightGBMPrior | HistogramPrior | None
    context: SourceContext
    folds: Folds
    hats: Hats | None
    """None: nothing was learned, the ratio is that of the start, or 1"""
    coefficients: np.ndarray
    """(F, 1 + C, D)"""
    ln_mean: np.ndarray
    """(F, nodes)"""
    edge: np.ndarray
    """(F,) ln ratio from which on it is the largest"""
    cap: np.ndarray
    """(F,) the largest"""
    alike: float
    """share of the counterparts that look like field objects, whatever the models say"""
    models: tuple[str, ...]
    """of each fold, in LightGBM's text format; none: the tilt alone"""
    learned: Mapping[str, Any]

    def __post_init__(self) -> None:
        _ = self._forest  # models of a damaged file are refused here

    @cached_property
    def _forest(self) -> Forest | None:
        return Forest.of(self.models, self.n_inputs) if self.models else None

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features."""
        return feature_names(self.features)

    @property
    def n_inputs(self) -> int:
        """Columns of the features, the start's ratio included."""
        return len(self.feature_names) + (self.start is not None)

    @property
    def columns(self) -> list[str]:
        """Columns of the catalogue that it needs."""
        return needed_columns(self.features, self.start)

    @property
    def field_columns(self) -> list[str]:
        """Columns of a field sample that it needs."""
        return self.columns

    def check(self, catalog: HeldCatalog, primary: HeldCatalog) -> None:
        """Raise a ValueError or TypeError unless the catalogues have what the prior needs."""
        for column in self.columns:
            catalog.check_magnitudes(column)
        for column in self.context.names:
            if column != SIGMA:
                primary.numbers(column)

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """Log10 of the ratio for each row of a catalogue, of an average source, shape (n,)."""
        x, start = inputs(catalog, self.features, self.start)
        ratio = np.zeros(len(x))
        for fold in range(len(self.folds)):
            ratio += 10.0 ** self.log10_ratio_of_fold(fold, x, start) / len(self.folds)
        return self._where_known(np.log10(ratio), x)

    def log10_ratio_of_fold(
        self, fold: int, x: np.ndarray, start: np.ndarray, values: np.ndarray | None = None
    ) -> np.ndarray:
        """The same of :func:`inputs`, by one fold's model, of sources with `values` (n, C)."""
        if values is None:
            middle = np.clip(0.0, self.context.low, self.context.high)
            values = np.broadcast_to(middle, (len(x), len(self.context.names)))
        return self._where_known(self._ln_ratio(fold, x, start, values) / LN_10, x)

    def log10_ratio_pairs(
        self, primary: HeldCatalog, secondary: HeldCatalog, i: np.ndarray, j: np.ndarray
    ) -> np.ndarray:
        """Log10 of the ratio for pairs of a primary row i and a candidate row j, shape (n,)."""
        x, start = inputs(secondary.bare(j, self.columns), self.features, self.start)
        values, fold = self.context.values(primary)[i], self.folds.of_sources(primary)[i]
        out = np.empty(len(i))

        def of_fold(f: int) -> None:
            mine = np.flatnonzero(fold == f)
            out[mine] = self._ln_ratio(f, x[mine], start[mine], values[mine])

        list(each(of_fold, range(len(self.folds))))
        return self._where_known(out / LN_10, x)

    def _where_known(self, log10_ratio: np.ndarray, x: np.ndarray) -> np.ndarray:
        unknown = np.isnan(x[:, : len(self.feature_names)]).all(axis=1)
        known: np.ndarray = np.where(unknown & (self.start is None), 0.0, log10_ratio)
        return known

    def _ln_ratio(
        self, fold: int, x: np.ndarray, start: np.ndarray, values: np.ndarray
    ) -> np.ndarray:
        out: np.ndarray = start - self.context.at(self.ln_mean[fold], values)
        if self.hats is None:
            return out
        sums = self.hats.sums(self.hats.entries(x), self.coefficients[fold].T)
        out += sums[:, 0] + np.einsum("nc,nc->n", sums[:, 1:], values)
        if self._forest is not None:
            out += self._forest.log_odds(x, fold)[0]
        return blended(topped(out, self.edge[fold], self.cap[fold]), self.alike)

    @property
    def looks(self) -> Looks:
        """What it was learned from, feature by feature; ``looks.table()`` has the numbers."""
        return Looks.from_record(self.learned.get("looks"), self.feature_names)

    def plot(self) -> Figure:
        """Counterparts beside the field, and the ratio with its errors, by feature."""
        import bayesmatch

        return bayesmatch.plots.learned_ratio(self)

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file, from which :func:`bayesmatch.read_prior` makes the same ratios."""
        record = self.record()
        write_record(path, record)

    def record(self) -> dict[str, Any]:
        """All of it in types that JSON has."""
        record = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "name": self.name,
            "features": features_entry(self.features),
            "start": {} if self.start is None else self.start.record(),
            "context": self.context.record(),
            "folds": {"seed": self.folds.seed, "cuts": list(self.folds.cuts)},
            "knots": [] if self.hats is None else self.hats.record(),
            "coefficients": self.coefficients.tolist(),
            "ln_mean": self.ln_mean.tolist(),
            "edge": self.edge.tolist(),
            "cap": self.cap.tolist(),
            "alike": self.alike,
            "models": list(self.models),
            "learned": dict(self.learned),
        }
        record["sha256"] = record_digest(record)
        return record

    @classmethod
    def load(cls, path: str | os.PathLike) -> LearnedRatio:
        """Read what :meth:`save` wrote; a wrong or truncated file is a ValueError."""
        prior: LearnedRatio = build_prior(path, WHAT, cls.from_record)
        return prior

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> LearnedRatio:
        """The prior that a JSON object describes; a ValueError or TypeError if it does not."""
        entries = digested(record, FORMAT, FORMAT_VERSION, ENTRIES)
        features, start = features_of(entries), start_of(entries)
        context = SourceContext.from_record(entries.part("context"))
        folds = folds_of(entries.part("folds"))
        hats = hats_of(entries, len(feature_names(features)) + (start is not None))
        n, size = len(folds), 0 if hats is None else hats.size
        shape = (n, 1 + len(context.names), size)
        arrays = {
            "coefficients": np.array(entries.array("coefficients", shape)).reshape(shape),
            "ln_mean": np.array(entries.array("ln_mean", (n, len(context.nodes())))),
            "edge": np.array(entries.array("edge" if "edge" in entries.entries else "cap", (n,))),
            "cap": np.array(entries.array("cap", (n,))),
        }
        if any(np.abs(values).max(initial=0.0) > MAX_LN for values in arrays.values()):
            raise ValueError(f"ln ratios are not within {MAX_LN:g}")
        if "looks" in entries.part("learned").entries:
            Looks.from_record(entries.part("learned").get("looks"), feature_names(features))
        models = tuple(entries.many("models", check_text))
        if len(models) not in (0, n) or (models and hats is None):
            raise ValueError(f"models has {len(models)} entries for {n} folds")
        return cls(
            entries.name("name"),
            features,
            start,
            context,
            folds,
            hats,
            alike=share_from(entries, "alike"),
            models=models,
            learned=entries.part("learned").entries,
            **arrays,
        )


def needed_columns(
    features: Sequence[str] | Features, start: LightGBMPrior | HistogramPrior | None
) -> list[str]:
    """Columns of a catalogue that features and a start are made from."""
    columns = feature_columns(features) + ([] if start is None else list(start.columns))
    return list(dict.fromkeys(columns))


def inputs(
    catalog: HeldCatalog,
    features: Sequence[str] | Features,
    start: LightGBMPrior | HistogramPrior | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, F) of a catalogue's rows, the start's ln ratio the last, and that ratio (n,)."""
    x, _ = feature_matrix(catalog.table, features)
    x = np.clip(x, -MAX_FEATURE, MAX_FEATURE)
    if start is None:
        return x, np.zeros(len(x))
    ln_ratio = np.clip(LN_10 * start.log10_ratio(catalog), -MAX_START, MAX_START)
    return np.column_stack([x, ln_ratio]), ln_ratio
