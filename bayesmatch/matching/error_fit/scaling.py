"""What the scale of position errors depends on: columns of the primary, standardised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...catalogs.held import HeldCatalog
from ..covariates import centre_and_spread, standardised


def standards(primary: HeldCatalog, columns: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of columns of the primary, but for values that are far off.

    Raises
    ------
    ValueError
        If a column does not exist, is no finite number in every row, or the same in all.
    """
    found = {}
    for column in columns:
        values = primary.measured(column)
        mean, spread = centre_and_spread(values, logarithm=False)
        if spread == 0:
            raise ValueError(
                f"catalogue {primary.name!r}: column {column!r} is {values[0]:g} in every row; "
                "errors cannot depend on it, leave it out of covariates"
            )
        found[column] = (mean, spread)
    return found


def standardised_columns(
    primary: HeldCatalog, standard: Mapping[str, tuple[float, float]]
) -> np.ndarray | None:
    """The columns less their means, over their standard deviations, up to 4; (n, q), or None."""
    if not standard:
        return None
    return np.column_stack(
        [
            standardised(primary.numbers(column), mean, spread)
            for column, (mean, spread) in standard.items()
        ]
    )
