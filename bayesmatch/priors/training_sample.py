"""The sample that a prior is trained on, checked and as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalogs.columns import column_values, table_columns
from ..catalogs.scalars import dimensions, names_of, numbers_of, shown
from ..truth.counts import n_true
from .feature_matrix import context_matrix, feature_matrix, feature_names
from .training_labels import label_values

if TYPE_CHECKING:
    from ..photometry import Features

#: least number of counterparts, and of field objects
MIN_OBJECTS = 30
#: why rows are left out
NO_LABEL, NO_FEATURE = "without a label", "with no feature measured"
#: columns; :mod:`bayesmatch.priors.context_mean` has numbers of nodes for these
MAX_CONTEXT = 3


@dataclass(frozen=True, eq=False)
class TrainingSample:
    """Counterparts and field objects, those without any feature left out."""

    features: Sequence[str] | Features
    """what the columns of `x` are"""
    context_names: tuple[str, ...]
    """what the columns of `context` are"""
    x: np.ndarray
    """(n, F) features, NaN where missing"""
    missing: np.ndarray
    """(n, B) which bands are missing"""
    context: np.ndarray
    """(n, C) properties of each row's primary"""
    label: np.ndarray
    """(n,) is a counterpart"""
    weight: np.ndarray
    """(n,)"""
    group: np.ndarray
    """(n,) rows of one group stay together in cross-validation"""
    left_out: dict[str, tuple[int, int]]
    """counterparts and field objects left out, by reason; rows without a label count as field"""

    @classmethod
    def of(
        cls,
        table: Any,
        is_counterpart: Any,
        *,
        features: Sequence[str] | Features,
        context: Any,
        sample_weight: Any,
        groups: Any,
    ) -> TrainingSample:
        """From what :meth:`bayesmatch.LightGBMPrior.fit` is given.

        Raises
        ------
        ValueError, TypeError
            If a column is missing or not numeric, or there are fewer than 30 counterparts or
            field objects.
        """
        if isinstance(features, str):
            raise TypeError(f"features is the text {shown(features)}; give a sequence of columns")
        if not hasattr(features, "compute"):
            features = names_of("features", features)
        if not feature_names(features):
            raise ValueError("features is empty; name at least one column")
        x, missing = feature_matrix(table, features)
        label = label_values(table, is_counterpart, len(x))
        if context is not None and not hasattr(context, "keys"):
            raise TypeError(f"context is {shown(context)}; give a Table, DataFrame or mapping")
        context_names = tuple(table_columns(context)) if context is not None else ()
        if len(context_names) > MAX_CONTEXT:
            raise ValueError(
                f"context has {len(context_names)} columns; give at most {MAX_CONTEXT}"
            )
        values = context_matrix(context, context_names, len(x))
        weight = _weights(sample_weight, len(x))
        labelled, measured = ~np.isnan(label), ~np.isnan(x).all(axis=1)
        left_out = {NO_LABEL: ~labelled, NO_FEATURE: labelled & ~measured}
        used = labelled & measured
        group = _groups(table, groups, len(x))
        sample = cls(
            features,
            context_names,
            x[used],
            missing[used],
            values[used],
            label[used] == 1,
            weight[used],
            group[used],
            {
                why: (n_true(rows & (label == 1)), n_true(rows & (label != 1)))
                for why, rows in left_out.items()
                if rows.any()
            },
        )
        for what, n in (("counterparts", sample.n_counterparts), ("field objects", sample.n_field)):
            if n < MIN_OBJECTS:
                raise ValueError(
                    f"only {n} {what} with any feature measured; training needs at "
                    f"least {MIN_OBJECTS}: enlarge the sample{left_out_text(sample.left_out)}"
                )
        return sample

    @property
    def n_counterparts(self) -> int:
        """Number of counterparts."""
        return int(self.label.sum())

    @property
    def n_field(self) -> int:
        """Number of field objects."""
        return int((~self.label).sum())

    @cached_property
    def inputs(self) -> np.ndarray:
        """What the models see: features and context (n, F + C)."""
        return np.column_stack([self.x, self.context])


def left_out_text(left_out: Mapping[str, tuple[int, int]]) -> str:
    """What was left out and why, to be put behind a sentence; nothing where nothing was."""
    parts = []
    for why, (counterparts, field) in left_out.items():
        n = f"{field:,} rows" if why == NO_LABEL else f"{counterparts:,} counterparts and "
        parts.append(f"{n}{'' if why == NO_LABEL else f'{field:,} field objects'} {why}")
    return f" (left out: {'; '.join(parts)})" if parts else ""


def _weights(sample_weight: Any, n: int) -> np.ndarray:
    weight = np.ones(n) if sample_weight is None else numbers_of("sample_weight", sample_weight)
    if weight.shape != (n,) or not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise ValueError(f"sample_weight must be {n} finite numbers, 0 or more")
    return weight


def _groups(table: Any, groups: Any, n: int) -> np.ndarray:
    if groups is None:
        if "xray_row" not in table_columns(table):
            return np.arange(n)
        return column_values(table, "xray_row", sentinels=False)
    if dimensions(groups) < 0:
        raise TypeError(f"groups is {shown(groups)}; give one per row")
    group: np.ndarray = np.asarray(groups)
    if group.shape != (n,):
        raise ValueError(f"groups has shape {group.shape} for {n} rows")
    return group
