"""Matches at positions that belong to nothing, counted.

:func:`calibrate` matches the sources, then the same sources at positions that belong to nothing,
several times; the :class:`Calibration` has the false fraction at every cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from ..._kernels import progress
from ..._kernels.jit import each
from ...catalogs.catalog import Catalog
from ...catalogs.far import FarCatalog
from ...catalogs.itself import known_as_itself, named_apart
from ...catalogs.left_out import BAD_ROWS, checked_primary, with_positions
from ...catalogs.motions import at_epoch_of
from ...catalogs.scalars import check_seed, shown
from ...catalogs.scan.catalog import ScannedCatalog
from ...matching.arguments import check_catalogs, cutoff_values, in_arcsec, one_of, whole_number
from ...matching.core import match
from ...matching.result import MatchResult
from ...matching.table_columns import looked_at
from .positions import realizations
from .rate import SCORES, rate_interval, selected_fraction
from .result import Calibration
from .surroundings import candidates_of, tell_surroundings

#: beyond, the intervals are as narrow as the list of sources lets them be
MAX_REALIZATIONS = 100_000
#: where there is nothing to measure
NOWHERE = (
    "none of the {what} lies within the area, a MOC, of any other catalogue: there is nothing to "
    "measure false matches with; check the areas"
)


def calibrate(
    primary: Catalog,
    *others: Catalog,
    radius: Any,
    method: str = "fake",
    n_realizations: int = 10,
    seed: int = 0,
    score: str = "p_match",
    cutoffs: Sequence[float] | np.ndarray | None = None,
    **match_options: Any,
) -> Calibration:
    """Measure how many sources without a counterpart get a match above each cutoff.

    Parameters
    ----------
    primary : Catalog
        The sources to identify.
    *others : Catalog
        The catalogues that may hold their counterparts.
    radius : float or Quantity
        Of the match, arcsec. No fake position is closer to a real source.
    method : {"fake", "shift"}
        Where sources are put: each between itself and a random near neighbour; or all moved by one
        small offset, another in each realization (the nearest points of a hexagonal lattice of
        2.01 radii, turned at random), those that come close to a real source left out. A shift
        may lead out of the area that the other catalogues cover; a fake position hardly can.
    n_realizations : int, default 10
        How many times.
    seed : int, default 0
        The same seed gives the same numbers, for any number of threads.
    score : {"p_match", "p_any", "p_hostless"}
        What is cut on. A source is selected where ``p_any``, or ``p_match`` of its best
        association, is at or above the cutoff, or ``p_hostless`` at or below it.
    cutoffs : sequence of float, optional
        Rows of the table. Default: 0, 0.01, ... 0.99, 0.991, ... 1 (of p_hostless: 1 minus those).
    **match_options
        For :func:`bayesmatch.match`, such as ``priors`` and ``progress``. What it learns from the
        real positions (automatic priors, host fractions, duplicates) is used for the fake ones as
        it is.

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the sources are too crowded for positions farther than `radius`
        from all of them.

    Warns
    -----
    UserWarning
        If another catalogue has fewer or more objects at these positions than around the sources:
        one that is cones round the sources has not looked there, and false fractions come out too
        low.

    Notes
    -----
    ``false_fraction`` is the probability that a source of this list that has no counterpart in the
    other catalogues is selected. Sources without one are mostly faint, with large errors, so each
    fake position counts by p_hostless of its source: on mock skies where the host fraction falls
    with flux, a plain mean was 0.26 for a true 0.31 (standard error 0.01). It is not the
    contamination: of the sources selected, ``(1 - host fraction) * false_fraction /
    selected_fraction`` have no counterpart; and sources that have one but are given another object
    are not in it.

    ``false_lo`` and ``false_hi`` are where the fraction of the sources of this list without a
    counterpart that are selected lies. They hold the chance of those few sources as well as that of
    the fake positions (with its scatter between the realizations), so more realizations do not make
    them arbitrarily narrow. They are for the whole curve: on 120 mock lists of 3,000 sources, each
    cut on every score, the true fraction was inside at 99% of the cutoffs, and in 96% of the curves
    at 90% of them or more.

    A fake position never is beside the counterpart of another source, as a real one may be:
    where counterparts are 3% of the objects, fractions near 0.3 came out 0.004 low.

    Sources and fake positions that lie outside the areas, MOCs, of all other catalogues are not
    counted: nobody has looked there.
    """
    if not isinstance(method, str) or method not in ("fake", "shift"):
        raise ValueError(f"method is {shown(method)}; give 'fake' or 'shift'")
    if not isinstance(score, str) or score not in SCORES:
        raise ValueError(f"score is {shown(score)}; give one of {', '.join(SCORES)}")
    n_realizations = whole_number("n_realizations", n_realizations, 1, MAX_REALIZATIONS)
    seed = check_seed(seed)
    at = _cutoffs(cutoffs, score)
    others = named_apart(primary, others)
    check_catalogs(primary, others)
    how = one_of("bad_rows", match_options.get("bad_rows", "strict"), BAD_ROWS)
    primary = checked_primary(primary, how)
    others = tuple(with_positions(other, how) for other in others)
    _check_not_itself(primary, others)
    others = tuple(at_epoch_of(other, primary) for other in others)
    radius = in_arcsec(radius)
    places = realizations(primary, radius, method, n_realizations, seed)

    result, matched_at = _matches(primary, others, radius, places, match_options)
    looked, weight = _counted(result)

    def realization(k: int) -> tuple[np.ndarray, np.ndarray, int]:
        ra, dec, usable = places[k]
        found = matched_at(ra, dec)
        usable = usable & looked & looked_at(found.sources)
        if not usable.any():
            raise ValueError(NOWHERE.format(what=f"fake positions of {primary.name!r} (one set)"))
        rate = selected_fraction(found, score, at, weight * usable)
        return rate, candidates_of(found, usable), int(usable.sum())

    done = progress.steps(
        each(realization, range(n_realizations)),
        n_realizations,
        "fake positions",
        show=bool(match_options.get("progress", False)),
    )
    rates, around, n_fake = zip(*done, strict=True)
    by_realization, n_sources = np.array(rates), int(looked.sum())
    if not match_options.get("min_p_i"):  # which leaves candidates out
        tell_surroundings(result, around, sum(n_fake))
    lo, hi = rate_interval(by_realization, weight, sum(n_fake) / n_realizations / n_sources)
    all_sources = selected_fraction(result, score, at, looked.astype(np.float64))
    table = _table(at, score, all_sources, by_realization.mean(axis=0), (lo, hi))
    meta = {
        "score": score,
        "method": method,
        "n_realizations": n_realizations,
        "seed": seed,
        "radius_arcsec": radius,
        "n_sources": n_sources,
        "n_hostless": float(weight.sum()),
        "n_fake": list(n_fake),
        "catalogues": result.catalogue_names,
    }
    return Calibration(table, by_realization, meta)


def _counted(result: MatchResult) -> tuple[np.ndarray, np.ndarray]:
    """Sources where a catalogue has looked, (n,) bool, and what each counts of those without host.

    Raises
    ------
    ValueError
        If none has looked at any source.
    """
    looked = looked_at(result.sources)
    if not looked.any():
        name = result.catalogue_names[0]
        raise ValueError(NOWHERE.format(what=f"sources of {name!r}"))
    p_hostless = np.ma.filled(np.ma.asarray(result.sources["p_hostless"]), 0.0)
    return looked, np.where(looked, np.maximum(p_hostless, 1e-12), 0.0)  # never all zero


def _matches(
    primary: Catalog,
    others: Sequence[Catalog],
    radius: float,
    places: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]],
    match_options: dict[str, Any],
) -> tuple[MatchResult, Callable[[np.ndarray, np.ndarray], MatchResult]]:
    """The match of the sources, and what matches them at other positions (ra, dec; degrees).

    What the first learned serves the others as it is. Scanned catalogues are read once: around the
    sources and all the places they are put.
    """
    far = next((o.name for o in others if isinstance(o, FarCatalog)), None)
    if far is not None:
        raise ValueError(
            f"catalogue {far!r} is elsewhere, and would be read again for every set of positions; "
            "calibrate with local files (bayesmatch fetch gets them from a TAP service)"
        )
    ra, dec = (np.concatenate([place[axis] for place in places]) for axis in (0, 1))
    everywhere: list[Any] = [
        o.near_too(ra, dec) if isinstance(o, ScannedCatalog) else o for o in others
    ]
    kept = match_options.get("checkpoint") is not None  # the match's own: of its positions alone
    result = match(primary, *(others if kept else everywhere), radius=radius, **match_options)
    fitted: Any = result._catalogs[0]  # with its errors as they were fitted, if they were
    options = {
        **match_options,
        "priors": result.priors,
        "host_fraction": result.host_fraction,
        "field": result._field,
        "errors": "given",
        "claims": result._claims or "independent",
        "progress": False,
        "checkpoint": None,
    }  # of other positions, nothing is kept
    if any(isinstance(other, ScannedCatalog) for other in others):
        held = match(fitted, *everywhere, radius=radius, **options) if kept else result
        everywhere = list(held._catalogs[1:])

    def matched_at(ra: np.ndarray, dec: np.ndarray) -> MatchResult:
        return match(fitted.corrected(ra, dec, 1.0, 0.0), *everywhere, radius=radius, **options)

    return result, matched_at


def _table(
    cutoffs: np.ndarray,
    score: str,
    selected: np.ndarray,
    false: np.ndarray,
    interval: tuple[np.ndarray, np.ndarray],
) -> Table:
    columns = {
        "cutoff": (cutoffs, f"Cutoff in {score}"),
        "selected_fraction": (selected, "Fraction of the sources that are selected"),
        "false_fraction": (false, "Fraction of sources without a counterpart that are selected"),
        "false_lo": (interval[0], "Lower end of its 95% interval"),
        "false_hi": (interval[1], "Upper end of its 95% interval"),
    }
    return Table(
        {name: Column(values, description=text) for name, (values, text) in columns.items()}
    )


def _check_not_itself(primary: Catalog, others: Sequence[Any]) -> None:
    """Raise if another catalogue is the primary once more."""
    twice = next((o for o in others if known_as_itself(primary, o).itself), None)
    if twice is not None:
        raise ValueError(
            f"catalogue {twice.name!r} is {primary.name!r} once more: fake positions keep away "
            "from all its sources, so that none has a candidate there, and false matches with it "
            "are not measured; leave it out, or give another catalogue"
        )


def _cutoffs(cutoffs: Any, score: str) -> np.ndarray:
    if cutoffs is None:
        at = np.concatenate([np.arange(99) / 100, np.arange(990, 1001) / 1000])
        return at if SCORES[score] > 0 else (1.0 - at[::-1]).round(3)
    return np.sort(cutoff_values(cutoffs))
