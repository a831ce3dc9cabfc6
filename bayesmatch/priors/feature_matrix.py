"""What a learned prior sees: features of objects and context of primaries as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalogs.columns import column_values

if TYPE_CHECKING:
    from ..photometry import Features


def feature_names(features: Sequence[str] | Features) -> tuple[str, ...]:
    """Names of the features."""
    return tuple(features) if isinstance(features, Sequence) else tuple(features.names)


def feature_columns(features: Sequence[str] | Features) -> list[str]:
    """Columns they are made from."""
    return list(features) if isinstance(features, Sequence) else list(features.columns)


def feature_matrix(table: Any, features: Sequence[str] | Features) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, F), NaN where missing, and which bands are missing (n, B).

    Both stand column by column in memory.
    """
    if not isinstance(features, Sequence):
        x = features.compute(table)
        return x, np.isnan(x[:, : len(features.bands)])
    x = np.array([column_values(table, column) for column in features]).T
    return x, np.isnan(x)


def context_matrix(context: Any, names: Sequence[str], n: int) -> np.ndarray:
    """Context values (n, C), which must be finite."""
    if not names:
        return np.empty((n, 0))
    if context is None:
        raise ValueError(f"this prior needs the primary's {', '.join(names)} as context")
    out = np.column_stack([column_values(context, name, sentinels=False) for name in names])
    if len(out) != n:
        raise ValueError(f"context has {len(out)} rows for {n} objects; give one per object")
    if not np.isfinite(out).all():
        row, column = (int(v[0]) for v in np.nonzero(~np.isfinite(out)))
        raise ValueError(
            f"context column {names[column]!r} is missing in row {row}; it must be "
            "finite in every row"
        )
    return out
