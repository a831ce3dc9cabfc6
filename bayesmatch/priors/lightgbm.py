"""A prior learned by LightGBM: density of counterparts over density of field objects."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from .._kernels.jit import ranges, run_ranges
from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import check_seed, shown
from .density_ratio import DensityRatio
from .feature_matrix import context_matrix, feature_columns, feature_matrix, feature_names
from .forest import ROWS, Forest
from .saved import build_prior, check_name, check_text, digested, record_digest, write_record
from .saved_features import features_entry, features_of
from .training import TrainingRecord, train
from .training_sample import MAX_CONTEXT, TrainingSample

if TYPE_CHECKING:
    from ..photometry import Features

FORMAT = "bayesmatch-lightgbm-prior"
FORMAT_VERSION = 1
WHAT = "LightGBM prior"
#: pairs whose features are held at a time: of all candidates of a survey they would take the most
#: memory of the whole match
PAIRS = 1 << 17
ENTRIES = (
    *("format", "version", "name", "features", "context", "counts", "versions"),
    *("calibration", "models", "sha256"),
)


class LightGBMPrior:
    """Density ratio p(x | counterpart) / p(x | field) of photometric features, by LightGBM.

    Made by :meth:`fit` or :meth:`load`. Several models, each trained without one part of the
    sample, are averaged; what they say of that part tells which ratio their odds stand for. Its
    mean over field objects is 1; within each common pattern of missing bands it is the share of
    counterparts with that pattern over the share of field objects. With `context` the ratio is
    conditional on properties of the primary, with mean 1 over the field at every value of them.

    Attributes
    ----------
    name : str
        Name in the result's column ``bias_<CATALOGUE>_<name>``.
    feature_names : tuple of str
        What the models see, context columns last.
    counts : dict
        Numbers of counterparts and field objects it was trained on.
    training : TrainingRecord or None
        What :mod:`bayesmatch.priors.diagnostics` shows; None for a loaded prior.
    """

    def __init__(
        self,
        *,
        name: str,
        features: Sequence[str] | Features,
        context: Sequence[str],
        models: Sequence[str],
        density_ratio: DensityRatio,
        counts: Mapping[str, int],
        versions: Mapping[str, str],
        training: TrainingRecord | None = None,
    ) -> None:
        self.name = name
        self.features = features
        self.context = tuple(context)
        self.feature_names = (*feature_names(features), *self.context)
        self.density_ratio = density_ratio
        self.counts = dict(counts)
        self.versions = dict(versions)
        self.training = training
        self._texts = list(models)
        self.forest = Forest.of(self._texts, len(self.feature_names))

    @classmethod
    def fit(
        cls,
        table: Any,
        is_counterpart: Any,
        *,
        features: Sequence[str] | Features,
        context: Any = None,
        sample_weight: Any = None,
        name: str = "photometry",
        seed: int = 0,
        n_threads: int | None = None,
        groups: Any = None,
        progress: bool = False,
    ) -> LightGBMPrior:
        """Train models, fit the ratio that their odds stand for, and normalise it.

        Parameters
        ----------
        table : Table, DataFrame or mapping
            One row per object, counterparts and field objects.
        is_counterpart : array_like of bool, shape (n,), or str
            Which are counterparts; or the name of that column. Truth values, 1 and 0, 1 and -1, or
            texts such as true and false, yes and no; rows without a label are left out.
        features : sequence of str or photometry.Features
            Numeric columns, or magnitudes and colours to compute. Missing values (masked, NaN,
            infinite, -99 and below) are LightGBM's own missing values.
        context : Table, DataFrame or mapping, optional
            Properties of the primary source (X-ray flux) of each row, up to three columns.
        sample_weight : array_like, shape (n,), optional
            Weights of the rows.
        name : str, default "photometry"
            Name of the prior.
        seed : int, default 0
            Same seed, same rows: the same model, whatever the number of threads.
        n_threads : int, optional
            Default: as many as the rest of the library uses.
        groups : array_like, shape (n,), optional
            Rows of one group stay together in cross-validation. Default: the column ``xray_row``
            where the table has one (as training samples do), else every row by itself.
        progress : bool, default False
            Show a progress bar over the models.

        Raises
        ------
        ValueError, TypeError
            If a column is missing or not numeric, or there are fewer than 30 counterparts or
            field objects.
        """
        if not isinstance(name, str) or not name:
            raise TypeError(f"name is {shown(name)}; give a text")
        seed = check_seed(seed)
        sample = TrainingSample.of(
            table,
            is_counterpart,
            features=features,
            context=context,
            sample_weight=sample_weight,
            groups=groups,
        )
        trained = train(sample, seed=seed, n_threads=n_threads, progress=progress)
        return cls(
            name=name,
            features=sample.features,
            context=sample.context_names,
            models=trained.models,
            density_ratio=trained.density_ratio,
            counts=trained.counts,
            versions=trained.versions,
            training=trained.record,
        )

    @property
    def columns(self) -> list[str]:
        """Columns of the catalogue that it needs."""
        return feature_columns(self.features)

    @property
    def field_columns(self) -> list[str]:
        """Columns to look at it on the field."""
        return self.columns

    def check(self, catalog: HeldCatalog, primary: HeldCatalog) -> None:
        """Raise a ValueError or TypeError unless the catalogues have what the prior needs."""
        for column in self.columns:
            catalog.check_magnitudes(column)
        for column in self.context:
            primary.numbers(column)

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """Log10 of the ratio for each row of a catalogue, shape (n,); only without `context`."""
        if self.context:
            raise ValueError(
                f"prior {self.name!r} depends on the primary's "
                f"{', '.join(self.context)}; it is evaluated for pairs"
            )
        return self.predict(catalog.table)

    def log10_ratio_pairs(
        self, primary: HeldCatalog, secondary: HeldCatalog, i: np.ndarray, j: np.ndarray
    ) -> np.ndarray:
        """Log10 of the ratio for pairs of a primary row i and a candidate row j, shape (n,)."""
        context = {c: primary.numbers(c) for c in self.context}
        out = np.empty(len(j))

        def piece(a: int, b: int) -> None:
            of_pairs = {c: values[i[a:b]] for c, values in context.items()}
            objects = secondary.some_columns(self.columns, j[a:b])
            out[a:b] = self.predict(objects, of_pairs or None)

        list(run_ranges(piece, ranges(len(j), PAIRS) or [(0, 0)]))
        return out

    def predict(self, table: Any, context: Any = None) -> np.ndarray:
        """Log10 of the ratio for rows of a table, shape (n,); 0 where every feature is missing.

        Parameters
        ----------
        table : Table, DataFrame or mapping
            With the columns of the features.
        context : Table, DataFrame or mapping, optional
            The primary's properties, one row per row; needed when trained with them.
        """
        x, missing = feature_matrix(table, self.features)
        values = context_matrix(context, self.context, len(x))
        out = np.empty(len(x))
        list(
            run_ranges(
                lambda a, b: self._evaluate(x[a:b], missing[a:b], values[a:b], out[a:b]),
                ranges(len(x), ROWS),
            )
        )
        return out

    def _evaluate(
        self, x: np.ndarray, missing: np.ndarray, context: np.ndarray, out: np.ndarray
    ) -> None:
        """Log10 ratios `out` (n,) of features (n, F), missing bands (n, B) and context (n, C)."""
        ratio = self.density_ratio
        logit = self.forest.log_odds(np.column_stack([x, context]) if self.context else x)
        ln_ratios = ratio.ln_ratio(logit, missing)
        if self.context:
            ln_ratios -= ratio.ln_context_mean(context)
        total = np.zeros(len(x))
        for own in np.exp(ln_ratios, out=ln_ratios):
            total += own
        with np.errstate(divide="ignore"):
            np.log10(total / len(self.forest), out=out)
        # Only where all bands are missing a row can have no feature at all.
        none = np.flatnonzero(missing.all(axis=1))
        out[none[np.isnan(x[none]).all(axis=1)]] = 0.0

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file that holds the models in LightGBM's text format."""
        write_record(path, self.record())

    def record(self) -> dict[str, Any]:
        """All of it in types that JSON has."""
        record = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "name": self.name,
            "features": features_entry(self.features),
            "context": list(self.context),
            "counts": self.counts,
            "versions": self.versions,
            "calibration": asdict(self.density_ratio),
            "models": self._texts,
        }
        record["sha256"] = record_digest(record)
        return record

    @classmethod
    def load(cls, path: str | os.PathLike) -> LightGBMPrior:
        """Read what :meth:`save` wrote; a wrong or truncated file is a ValueError.

        The file is data: whatever is in it, no code of it is run, and its trees are checked before
        they are evaluated. LightGBM itself is not needed.
        """
        prior: LightGBMPrior = build_prior(path, WHAT, cls.from_record)
        return prior

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> LightGBMPrior:
        """The prior that a JSON object describes; a ValueError or TypeError if it does not."""
        entries = digested(record, FORMAT, FORMAT_VERSION, ENTRIES)
        features = features_of(entries)
        context = entries.many("context", check_name)
        if len(context) > MAX_CONTEXT:
            raise ValueError(f"context has {len(context)} columns, more than {MAX_CONTEXT}")
        n_bands = len(feature_columns(features))
        return cls(
            name=entries.name("name"),
            features=features,
            context=context,
            models=entries.many("models", check_text),
            density_ratio=DensityRatio.from_record(
                entries.part("calibration"), n_bands, len(context)
            ),
            counts=entries.counts("counts"),
            versions=entries.by_name("versions", check_text),
        )
