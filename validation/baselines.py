"""What the library has to beat: the photometric prior of the published Lockman Hole pipeline.

Bykov et al. (2022, Astronomy Letters 48, 653) train small neural networks to tell X-ray hosts from
field objects, one per set of measured bands, and give NWAY a histogram of each network's output.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

import bayesmatch as bm

BANDS = ("g", "r", "z", "w1", "w2")
COLORS = (("g", "r"), ("r", "z"), ("z", "w1"), ("w1", "w2"))
#: how many of BANDS each network sees; an object uses the first whose bands are all measured
NETWORKS = (5, 4, 3)
HIDDEN_LAYERS = (8, 8, 8, 8)
MAG_SCALE, COLOR_SCALE = 35.0, 10.0
#: of each class shown to a network: hosts repeated, field objects drawn
CLASS_SIZE = 30_000
MAX_EPOCHS = 60
NETWORK_BINS, FEATURE_BINS = 29, 30
#: for objects without g, r or z: the first of these that is measured
SINGLE_FEATURES = ("g-r", "r-z", "r", "z", "g")


class PublishedPrior:
    """Neural networks and histograms, as published; every object uses its most complete model.

    Made by :meth:`fit`. Ratios of empty bins are NWAY's: 100 without field objects, 0 without
    hosts.
    """

    name = "published"
    candidates_only = True
    columns = BANDS

    def __init__(
        self, networks: Mapping[int, Any], histograms: Mapping[int | str, bm.HistogramPrior]
    ) -> None:
        self.networks = dict(networks)
        self.histograms = dict(histograms)

    @classmethod
    def fit(
        cls, table: Any, is_counterpart: np.ndarray, *, seed: int = 0, max_epochs: int = MAX_EPOCHS
    ) -> PublishedPrior:
        """Train on two thirds of the rows; histograms of the networks' output on the last third.

        Parameters
        ----------
        table : Table or mapping
            With magnitude columns named after `BANDS`, NaN where not measured.
        is_counterpart : ndarray of bool, shape (n,)
            Which rows are counterparts; the others are field objects.
        seed : int, default 0
            Same seed, same rows: the same prior.
        max_epochs : int, default 60
            Passes over the training rows; a network that stops improving stops earlier.
        """
        magnitude = _magnitudes(table)
        label = np.asarray(is_counterpart, dtype=bool)
        rng = np.random.default_rng(seed)
        validation = np.zeros(len(label), dtype=bool)
        for of_class in (label, ~label):
            rows = rng.permutation(np.flatnonzero(of_class))
            validation[rows[: len(rows) // 3]] = True
        networks, histograms = {}, {}
        for n_bands in NETWORKS:
            x = network_input(magnitude, n_bands)
            complete = np.isfinite(x).all(axis=1)
            fit = complete & ~validation
            rows = np.concatenate([_resampled(rng, fit & label), _resampled(rng, fit & ~label)])
            networks[n_bands] = _network(x[rows], label[rows], seed + n_bands, max_epochs)
            check = np.flatnonzero(complete & validation)
            histograms[n_bands] = _histogram(
                _output(networks[n_bands], x[check]),
                label[check],
                np.linspace(0.0, 1.0, NETWORK_BINS + 1),
            )
        for feature in SINGLE_FEATURES:
            values = single_feature(magnitude, feature)
            known = np.isfinite(values)
            edges = np.linspace(values[known].min(), values[known].max(), FEATURE_BINS + 1)
            histograms[feature] = _histogram(values[known], label[known], edges)
        return cls(networks, histograms)

    def log10_ratio(self, catalog: bm.Catalog) -> np.ndarray:
        """Log10 of the ratio for each row, 0 where nothing is measured."""
        return self.predict({band: catalog.magnitudes(band) for band in BANDS})

    def predict(self, table: Any) -> np.ndarray:
        """Log10 of the ratio for rows of a table of magnitudes."""
        magnitude = _magnitudes(table)
        model = model_of(magnitude)
        out = np.zeros(len(magnitude))
        for key, histogram in self.histograms.items():
            rows = np.flatnonzero(model == str(key))
            if len(rows) == 0:
                continue
            values = (
                single_feature(magnitude[rows], key)
                if isinstance(key, str)
                else _output(self.networks[key], network_input(magnitude[rows], key))
            )
            out[rows] = histogram.log10_ratio(_Values(values))
        return out


class _Values:
    """One column, for :meth:`HistogramPrior.log10_ratio`."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def magnitudes(self, column: str) -> np.ndarray:
        return self.values


def network_input(magnitude: np.ndarray, n_bands: int) -> np.ndarray:
    """Scaled magnitudes of the first bands and colours of neighbours, (n, 2 n_bands - 1)."""
    mags = magnitude[:, :n_bands]
    return np.column_stack([mags / MAG_SCALE, -np.diff(mags, axis=1) / COLOR_SCALE])


def single_feature(magnitude: np.ndarray, feature: str) -> np.ndarray:
    """A magnitude ("r") or colour ("g-r")."""
    first, _, second = feature.partition("-")
    values = magnitude[:, BANDS.index(first)]
    return values - magnitude[:, BANDS.index(second)] if second else values


def model_of(magnitude: np.ndarray) -> np.ndarray:
    """The model each object uses: "5", "4", "3", a single feature, or "" for none."""
    model = np.full(len(magnitude), "", dtype="U3")
    for feature in reversed(SINGLE_FEATURES):
        model[np.isfinite(single_feature(magnitude, feature))] = feature
    for n_bands in reversed(NETWORKS):
        model[np.isfinite(magnitude[:, :n_bands]).all(axis=1)] = str(n_bands)
    return model


def _magnitudes(table: Any) -> np.ndarray:
    return np.column_stack([np.asarray(table[band], dtype=np.float64) for band in BANDS])


def _resampled(rng: np.random.Generator, mine: np.ndarray) -> np.ndarray:
    """CLASS_SIZE rows: without replacement where there are that many, else each repeated."""
    rows = rng.permutation(np.flatnonzero(mine))
    return np.resize(rows, CLASS_SIZE)


def _network(x: np.ndarray, label: np.ndarray, seed: int, max_epochs: int) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier(
        HIDDEN_LAYERS,
        activation="tanh",
        learning_rate_init=3e-3,
        batch_size=1000,
        max_iter=max_epochs,
        n_iter_no_change=8,
        tol=1e-4,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(x, label)


def _output(network: Any, x: np.ndarray) -> np.ndarray:
    return network.predict_proba(x)[:, 1]


def _histogram(values: np.ndarray, label: np.ndarray, edges: np.ndarray) -> bm.HistogramPrior:
    densities = [
        np.histogram(values[of_class], edges, density=True)[0] for of_class in (label, ~label)
    ]
    return bm.HistogramPrior("value", edges[:-1], edges[1:], *densities)
