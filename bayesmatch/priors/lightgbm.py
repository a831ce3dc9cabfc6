"""A prior learned by LightGBM: density of counterparts over density of field objects."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._kernels.jit import n_threads
from ..catalog import Catalog
from ..catalogs.formats.writing import replaced_together
from ..columns import column_values

if TYPE_CHECKING:
    from ..photometry import Features
    from .training import TrainingRecord

FORMAT = "bayesmatch-lightgbm-prior"
FORMAT_VERSION = 1
LN_10 = np.log(10.0)
#: on fewer rows OpenMP's threads cost more than they give, and stall where the machine is busy
PARALLEL_ROWS = 20_000


@dataclass(frozen=True)
class Calibration:
    """From the classifier's logit to ln of the density ratio."""

    intercept: float
    slope: float
    """ln ratio = intercept + slope * logit, for logits between `low` and `high`"""
    low: float
    high: float
    """beyond these too few objects were seen to tell more: the ratio stays what it is there"""
    patterns: dict[str, float]
    """ln factor by pattern of missing bands ("10010": first and fourth missing)"""
    other_patterns: float
    """ln factor for all other patterns"""
    nodes: list[list[float]]
    """with context: nodes along each context column"""
    ln_mean: list[Any]
    """with context: ln mean ratio of field objects at the nodes, which is divided out"""
    log_context: list[bool]
    """whether a context column is taken in log10"""

    def ln_ratio(self, logit: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Ln ratio from logits, with the factor of each pattern of missing bands."""
        factor = np.full(len(logit), self.other_patterns)
        for pattern, ln_factor in self.patterns.items():
            mine = (missing == [digit == "1" for digit in pattern]).all(axis=1)
            factor[mine] = ln_factor
        return self.intercept + self.slope * np.clip(logit, self.low, self.high) + factor

    def ln_context_mean(self, context: np.ndarray) -> np.ndarray:
        """Ln mean ratio of field objects at each row of context values, interpolated."""
        from scipy.interpolate import RegularGridInterpolator

        points = self.scaled(context)
        for column, nodes in enumerate(self.nodes):
            points[:, column] = np.clip(points[:, column], nodes[0], nodes[-1])
        return RegularGridInterpolator([np.asarray(n) for n in self.nodes],
                                       np.asarray(self.ln_mean))(points)

    def scaled(self, context: np.ndarray) -> np.ndarray:
        """Context values on the scale of the nodes."""
        out = np.array(context, dtype=np.float64)
        for column, log in enumerate(self.log_context):
            if log:
                out[:, column] = np.log10(np.maximum(out[:, column], 1e-300))
        return out


class LightGBMPrior:
    """Density ratio p(x | counterpart) / p(x | field) of photometric features, by LightGBM.

    Made by :meth:`fit` or :meth:`load`. Several models, each trained without one part of the
    sample and calibrated on that part, are averaged. The ratio's mean over field objects is 1;
    within each common pattern of missing bands it is the share of counterparts with that pattern
    over the share of field objects. With `context` the ratio is conditional on properties of the
    primary, with mean 1 over the field at every value of them.

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

    def __init__(self, *, name: str, features: Sequence[str] | Features, context: Sequence[str],
                 models: Sequence[str], calibration: Calibration, counts: Mapping[str, int],
                 versions: Mapping[str, str], training: TrainingRecord | None = None) -> None:
        import lightgbm

        self.name = name
        self.features = features
        self.context = tuple(context)
        self.feature_names = (*feature_names(features), *self.context)
        self.calibration = calibration
        self.counts = dict(counts)
        self.versions = dict(versions)
        self.training = training
        self._texts = list(models)
        self.models = [lightgbm.Booster(model_str=text) for text in models]

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
        """Train, calibrate and normalise.

        Parameters
        ----------
        table : Table, DataFrame or mapping
            One row per object, counterparts and field objects.
        is_counterpart : array_like of bool, shape (n,), or str
            Which are counterparts; or the name of that column.
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
        from .training import train

        return train(table, is_counterpart, features=features, context=context,
                     sample_weight=sample_weight, name=name, seed=seed, n_threads=n_threads,
                     groups=groups, progress=progress)

    @property
    def columns(self) -> list[str]:
        """Columns of the catalogue that it needs."""
        return feature_columns(self.features)

    def check(self, catalog: Catalog, primary: Catalog) -> None:
        """Raise a ValueError or TypeError unless the catalogues have what the prior needs."""
        for column in self.columns:
            catalog.magnitudes(column)
        for column in self.context:
            primary.numbers(column)

    def log10_ratio(self, catalog: Catalog) -> np.ndarray:
        """Log10 of the ratio for each row of a catalogue, shape (n,); only without `context`."""
        if self.context:
            raise ValueError(f"prior {self.name!r} depends on the primary's "
                             f"{', '.join(self.context)}; it is evaluated for pairs")
        return self.predict(catalog.table)

    def log10_ratio_pairs(self, primary: Catalog, secondary: Catalog, i: np.ndarray,
                          j: np.ndarray) -> np.ndarray:
        """Log10 of the ratio for pairs of a primary row i and a candidate row j, shape (n,)."""
        context = {c: primary.numbers(c)[i] for c in self.context}
        return self.predict(secondary.subset(j, self.columns).table, context or None)

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
        ln_mean = self.calibration.ln_context_mean(values) if self.context else 0.0
        total = np.zeros(len(x))
        for model in self.models:
            logit = raw_logit(model, np.column_stack([x, values]))
            total += np.exp(self.calibration.ln_ratio(logit, missing) - ln_mean)
        with np.errstate(divide="ignore"):
            out = np.log10(total / len(self.models))
        out[np.isnan(x).all(axis=1)] = 0.0
        return out

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file that holds the models in LightGBM's text format."""
        features = self.features
        record = {
            "format": FORMAT, "version": FORMAT_VERSION, "name": self.name,
            "features": list(features) if isinstance(features, Sequence)
            else {"Features": features.to_dict()},
            "context": list(self.context), "counts": self.counts, "versions": self.versions,
            "calibration": asdict(self.calibration), "models": self._texts,
        }
        record["sha256"] = _digest(record)
        with replaced_together([path]) as (temporary,):
            temporary.write_text(json.dumps(record, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike) -> LightGBMPrior:
        """Read what :meth:`save` wrote; a wrong or truncated file is a ValueError."""
        if not Path(path).is_file():
            raise FileNotFoundError(f"{path}: no such prior file")
        try:
            record = json.loads(Path(path).read_text())
            if record["format"] != FORMAT:
                raise ValueError(f"its format is {record['format']!r}")
            if record["version"] > FORMAT_VERSION:
                raise ValueError(f"it was written by a newer bayesmatch (format version "
                                 f"{record['version']}); upgrade")
            # LightGBM's own parser ends the whole process on some damaged models.
            if record.pop("sha256") != _digest(record):
                raise ValueError("its contents do not agree with its sha256")
            features = record["features"]
            if isinstance(features, dict):
                from ..photometry import Features

                features = Features.from_dict(features["Features"])
            return cls(name=record["name"], features=features, context=record["context"],
                       models=record["models"], calibration=Calibration(**record["calibration"]),
                       counts=record["counts"], versions=record["versions"])
        except Exception as error:  # JSON, keys, LightGBM's own parser: all mean the same here
            raise ValueError(f"{path}: not a saved LightGBM prior, or damaged "
                             f"({' '.join(str(error).split())})") from error


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def feature_names(features: Sequence[str] | Features) -> tuple[str, ...]:
    """Names of the features."""
    return tuple(features) if isinstance(features, Sequence) else tuple(features.names)


def feature_columns(features: Sequence[str] | Features) -> list[str]:
    """Columns they are made from."""
    return list(features) if isinstance(features, Sequence) else list(features.columns)


def feature_matrix(table: Any, features: Sequence[str] | Features) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, F), NaN where missing, and which bands are missing (n, B)."""
    if not isinstance(features, Sequence):
        return features.compute(table), features.missing(table)
    x = np.column_stack([column_values(table, column) for column in features])
    return x, np.isnan(x)


def context_matrix(context: Any, names: Sequence[str], n: int) -> np.ndarray:
    """Context values (n, C), which must be finite."""
    if not names:
        return np.empty((n, 0))
    if context is None:
        raise ValueError(f"this prior needs the primary's {', '.join(names)} as context")
    out = np.column_stack([column_values(context, name) for name in names])
    if len(out) != n:
        raise ValueError(f"context has {len(out)} rows for {n} objects; give one per object")
    if not np.isfinite(out).all():
        row, column = (int(v[0]) for v in np.nonzero(~np.isfinite(out)))
        raise ValueError(f"context column {names[column]!r} is missing in row {row}; it must be "
                         "finite in every row")
    return out


def raw_logit(model: Any, x: np.ndarray) -> np.ndarray:
    """The model's log odds."""
    if len(x) == 0:
        return np.empty(0)
    threads = n_threads() if len(x) >= PARALLEL_ROWS else 1
    return model.predict(x, raw_score=True, num_threads=threads)
