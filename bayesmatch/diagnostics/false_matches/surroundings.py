"""Whether the other catalogues are at fake positions as they are around the sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ...catalogs.warned import warn_user
from ...matching.result import MatchResult

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
    """Those around all sources, less the counterparts that are expected among them."""
    associations, names = result.associations, result.catalogue_names
    p_match = np.nan_to_num(np.asarray(associations["p_match"], np.float64))
    expected = [p_match[np.asarray(associations[name]) >= 0].sum() for name in names[1:]]
    field: np.ndarray = candidates_of(result, np.ones(len(result.sources), bool)) - expected
    return field


def factors(
    field: np.ndarray, n_sources: int, fake: Sequence[np.ndarray], n_fake: int
) -> tuple[np.ndarray, np.ndarray]:
    """How many times as many candidates a fake position has as a source has field objects.

    With standard errors of the ln: of Poisson numbers. NaN where there are none.
    """
    around, total = np.maximum(field, 0.0), np.sum(fake, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (total / n_fake) / (around / n_sources), np.sqrt(
            1.0 / around + 1.0 / np.maximum(total, 1)
        )


def warn_of_surroundings(primary: str, found: Mapping[str, tuple[float, float]]) -> None:
    """Warn where fake positions are not like those of the sources: factor and error by name."""
    for name, (factor, error) in found.items():
        with np.errstate(divide="ignore"):
            off = np.log(factor)
        if not (abs(off) > np.log(FACTOR) and abs(off) > SIGMA * error):
            continue
        how, why = (
            ("low", f"where {name} has fewer or has not looked, as beside cones round the sources")
            if off < 0
            else ("high", f"where {name} has more")
        )
        warn_user(
            f"around the fake positions there are {factor:.2g} times as many {name} objects as "
            f"unrelated ones around the {primary} sources: they lie {why}, and the false fractions "
            f"are too {how}"
        )
