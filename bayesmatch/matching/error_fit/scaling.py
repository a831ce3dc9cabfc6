"""What the scale of position errors depends on: columns of the primary, standardised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...catalogs.held import HeldCatalog
from ..covariates import MAX_Z


def standards(primary: HeldCatalog, columns: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of columns of the primary.

    Raises
    ------
    ValueError
        If a column does not exist, is no finite number in every row, or the same in all.
    """
    found = {}
    for column in columns:
        values = primary.numbers(column)
        spread = float(values.std())
        if not spread > 1e-9 * max(1.0, float(np.abs(values).max())):
            raise ValueError(
                f"catalogue {primary.name!r}: column {column!r} is {values[0]:g} in every row; "
                "errors cannot depend on it, leave it out of covariates"
            )
        found[column] = (float(values.mean()), spread)
    return found


def standardised(
    primary: HeldCatalog, standard: Mapping[str, tuple[float, float]]
) -> np.ndarray | None:
    """The columns less their means, over their standard deviations, up to 4; (n, q), or None."""
    if not standard:
        return None
    return np.column_stack(
        [
            np.clip((primary.numbers(column) - mean) / spread, -MAX_Z, MAX_Z)
            for column, (mean, spread) in standard.items()
        ]
    )
