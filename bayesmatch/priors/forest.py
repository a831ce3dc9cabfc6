"""Models of trees, evaluated by this package's own compiled code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .._kernels import trees as kernels
from .._kernels.jit import ranges, run_ranges
from .tree_text import MISSING_NAN, MISSING_ZERO, Tree, parse_trees

MAX_MODELS = 16
#: distinct thresholds of a feature, in all models: ranks are kept in 16 bits
MAX_THRESHOLDS = 32_000
#: forests that are kept: while a ratio is learned its models are asked for again and again
KEPT = 4
#: rows that one thread takes at a time
ROWS = 1 << 13
#: by the bits of a leaf set: type, and the de Bruijn sequence that numbers single bits
WIDTHS = {16: (np.uint16, 0x09AF), 64: (np.uint64, 0x022FDD63CC95386D)}


@dataclass(frozen=True, eq=False)
class Forest:
    """Models of trees on the same F features, ready to be evaluated.

    What LightGBM's own prediction gives, to the bit: the same comparisons, and the sums in the same
    order.
    """

    n_features: int
    """F"""
    ways: tuple[Any, ...]
    """thresholds, and the ways in which splits treat what is missing, as
    :func:`bayesmatch._kernels.trees.rank_features` takes them"""
    trees: tuple[Any, ...]
    """splits and leaves, as :func:`bayesmatch._kernels.trees.sum_trees` takes them"""
    models: np.ndarray
    """(M + 1,) trees of model m are ``models[m]:models[m + 1]``"""
    gain: np.ndarray
    """(F,) sum of the gain of all splits by a feature, in all models"""

    @classmethod
    def of(cls, texts: Sequence[str], n_features: int) -> Forest:
        """From models in LightGBM's text format.

        Raises
        ------
        ValueError
            If a text is not a model of that many features, or damaged.
        """
        return _forest_of(tuple(texts), n_features)

    def __len__(self) -> int:
        """Number of models."""
        return len(self.models) - 1

    def log_odds(self, x: np.ndarray, model: int | None = None) -> np.ndarray:
        """Log odds of rows in every model.

        Parameters
        ----------
        x : ndarray of float64, shape (n, F)
            Features, NaN where missing.
        model : int, optional
            Evaluate this model alone.

        Returns
        -------
        ndarray, shape (M, n)
            (1, n) with `model`.
        """
        x = np.asarray(x, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != self.n_features:
            raise ValueError(f"features of shape {x.shape}; the models take {self.n_features}")
        by_feature = np.ascontiguousarray(x.T)
        models = self.models if model is None else self.models[model : model + 2]
        out = np.zeros((len(models) - 1, len(x)))

        def piece(start: int, stop: int) -> None:
            kernels.forest_sums(by_feature, start, stop, self.ways, self.trees, models, out)

        list(run_ranges(piece, ranges(len(x), ROWS)))
        return out


@lru_cache(KEPT)
def _forest_of(texts: tuple[str, ...], n_features: int) -> Forest:
    if not 1 <= len(texts) <= MAX_MODELS:
        raise ValueError(f"{len(texts)} models; there must be 1 to {MAX_MODELS}")
    parsed = []
    for number, text in enumerate(texts):
        try:
            parsed.append(parse_trees(text, n_features))
        except ValueError as error:
            raise ValueError(f"model {number}: {error}") from None
    trees = [tree for model in parsed for tree in model]
    kinds = [_way(tree, split) for tree in trees for split in range(len(tree.feature))]
    thresholds = _by_feature(trees, n_features)
    column_of = {kind: number for number, kind in enumerate(sorted(set(kinds)))}
    return Forest(
        n_features,
        _ways(thresholds, list(column_of), n_features),
        _tree_arrays(trees, [column_of[kind] for kind in kinds], thresholds),
        np.cumsum([0, *map(len, parsed)]),
        _gain(trees, n_features),
    )


def _way(tree: Tree, split: int) -> tuple[int, int, int]:
    """Feature of a split, and where it sends missing values and zeros."""
    side = kernels.LEFT if tree.default_left[split] else kernels.RIGHT
    missing = tree.missing[split]
    return (
        tree.feature[split],
        side if missing in (MISSING_NAN, MISSING_ZERO) else kernels.AS_IT_IS,
        side if missing == MISSING_ZERO else kernels.AS_IT_IS,
    )


def _by_feature(trees: Iterable[Tree], n_features: int) -> list[list[float]]:
    """Ascending thresholds of each feature."""
    found: list[set[float]] = [set() for _ in range(n_features)]
    for tree in trees:
        for feature, threshold in zip(tree.feature, tree.threshold, strict=True):
            found[feature].add(threshold)
    most = max(map(len, found))
    if most > MAX_THRESHOLDS:
        raise ValueError(f"{most} thresholds of one feature; at most {MAX_THRESHOLDS}")
    return [sorted(thresholds) for thresholds in found]


def _ways(
    thresholds: list[list[float]], kinds: list[tuple[int, int, int]], n_features: int
) -> tuple[np.ndarray, ...]:
    per_feature = np.bincount([kind[0] for kind in kinds], minlength=n_features)
    return (
        np.array([t for own in thresholds for t in own], dtype=np.float64),
        np.cumsum([0, *map(len, thresholds)]),
        np.concatenate([[0], np.cumsum(per_feature)]),
        np.array([kind[1] for kind in kinds], dtype=np.int8),
        np.array([kind[2] for kind in kinds], dtype=np.int8),
    )


def _tree_arrays(
    trees: list[Tree], columns: list[int], thresholds: list[list[float]]
) -> tuple[Any, ...]:
    width = 16 if max(len(tree.leaf_value) for tree in trees) <= 16 else 64
    kind, sequence = WIDTHS[width]
    everything, shift = (1 << width) - 1, width - width.bit_length() + 1
    place = [((sequence << leaf) & everything) >> shift for leaf in range(width)]
    place_of = [{t: rank for rank, t in enumerate(own)} for own in thresholds]
    value = np.zeros((len(trees), width))
    column: list[int] = []
    cut: list[int] = []
    keep: list[int] = []
    first, nodes = 0, [0]
    for number, tree in enumerate(trees):
        value[number, place[: len(tree.leaf_value)]] = tree.leaf_value
        n_splits = len(tree.feature)
        column += columns[first : first + n_splits]
        cut += [place_of[f][t] for f, t in zip(tree.feature, tree.threshold, strict=True)]
        keep += [everything ^ ((1 << b) - (1 << a)) for a, b in tree.left_of]
        if n_splits % 2:  # one more, which keeps every leaf: they are taken two at a time
            column.append(column[-1])
            cut.append(0)
            keep.append(everything)
        first += n_splits
        nodes.append(len(column))
    return (
        np.array(nodes),
        np.array(column, dtype=np.int64),
        np.array(cut, dtype=np.int16),
        np.array(keep, dtype=kind),
        value,
        kind(everything),
        kind(sequence),
        kind(shift),
    )


def _gain(trees: list[Tree], n_features: int) -> np.ndarray:
    total = np.zeros(n_features)
    for tree in trees:
        for feature, gain in zip(tree.feature, tree.gain, strict=True):
            total[feature] += max(float(np.float32(gain)), 0.0)  # LightGBM's precision
    return total
