"""Whether the other catalogues are at fake positions as they are around the sources."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...catalogs.warned import warn_user
from ...matching.result import MatchResult
from ...matching.table_columns import looked_at

#: beyond which factor, at how many standard errors, the surroundings are told to differ
FACTOR, SIGMA = 1.25, 5.0


def candidates_of(result: MatchResult, counted: np.ndarray) -> np.ndarray:
    """Number of candidates in each other catalogue around the `counted` sources, (n,) bool."""
    associations, (primary, *others) = result.associations, result.catalogue_names
    row = np.asarray(associations[primary])
    counted = counted[np.searchsorted(np.asarray(result.sources[primary]), row)]
    number = []
    for member in (np.asarray(associations[name]) for name in others):
        pairs = np.column_stack([row, member])[(member >= 0) & counted]
        number.append(len(np.unique(pairs, axis=0)))
    return np.array(number)


def field_candidates_of(result: MatchResult) -> np.ndarray:
    """Those around the sources where one has looked, less the counterparts expected among them."""
    associations, names = result.associations, result.catalogue_names
    p_match = np.nan_to_num(np.asarray(associations["p_match"], np.float64))
    expected = [p_match[np.asarray(associations[name]) >= 0].sum() for name in names[1:]]
    field: np.ndarray = candidates_of(result, looked_at(result.sources)) - expected
    return field


def tell_surroundings(result: MatchResult, around: Sequence[np.ndarray], n_fake: int) -> None:
    """Warn where fake positions are not like those of the sources.

    Parameters
    ----------
    result : MatchResult
        Of the sources.
    around : sequence of ndarray
        The :func:`candidates_of` of each realization.
    n_fake : int
        Number of fake positions in all of them.
    """
    primary, *others = result.catalogue_names
    everywhere, n_sources = np.sum(around, axis=0), looked_at(result.sources).sum()
    for name, fake, field in zip(others, everywhere, field_candidates_of(result), strict=True):
        if field <= 0:
            continue
        factor = (fake / n_fake) / (field / n_sources)
        error = np.sqrt(1.0 / field + 1.0 / max(fake, 1))  # of its ln: Poisson numbers
        off = np.log(max(factor, 1e-300))
        if abs(off) > np.log(FACTOR) and abs(off) > SIGMA * error:
            how, why = (
                ("low", f"where {name} has fewer or has not looked, as beside cones round sources")
                if off < 0
                else ("high", f"where {name} has more")
            )
            warn_user(
                f"around the fake positions there are {factor:.2g} times as many {name} objects as "
                f"unrelated ones around the {primary} sources: they lie {why}, and the false "
                f"fractions are too {how}"
            )
