"""What counterparts look like: priors that multiply the evidence of a candidate.

A prior has a ``name`` and one of

* ``log10_ratio(catalog) -> (n,)``: log10 of p(x | counterpart) / p(x | field) of every row of a
  catalogue, 0 where unknown; with ``candidates_only = True`` it is called with the candidates
  alone, without it with the whole catalogue (of a scanned one: its candidates);
* ``log10_ratio_pairs(primary, secondary, i, j) -> (m,)``: the same for pairs of rows, free to use
  properties of the primary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..candidates import Candidates
from ..catalogs.catalog import Catalog


def check_priors(
    priors: Mapping[str, Sequence[Any]] | None, primary: Catalog, others: Sequence[Catalog]
) -> dict[str, list[Any]]:
    """Priors by catalogue, complete and with unique names.

    Raises
    ------
    ValueError, TypeError
        If one is for a catalogue that is not matched, is not a prior, or two share a name.
    """
    checked: dict[str, list[Any]] = {c.name: [] for c in others}
    if priors is None:
        return checked
    if not isinstance(priors, Mapping):
        raise TypeError(f"priors is a {type(priors).__name__}; give a mapping of catalogue name to "
                        "a list of priors")
    for name, listed in priors.items():
        if name not in checked:
            what = "the primary" if name == primary.name else "not among the catalogues matched"
            raise ValueError(f"priors: catalogue {name!r} is {what}; priors go with "
                             f"{', '.join(checked)}")
        checked[name] = list(listed) if isinstance(listed, (list, tuple)) else [listed]
        seen = set()
        for prior in checked[name]:
            if not isinstance(getattr(prior, "name", None), str) or not (
                    hasattr(prior, "log10_ratio") or hasattr(prior, "log10_ratio_pairs")):
                raise TypeError(f"priors of catalogue {name!r}: {prior!r} is not a prior (it needs "
                                "a name, and log10_ratio or log10_ratio_pairs)")
            if prior.name in seen:
                raise ValueError(f"priors of catalogue {name!r}: two are called {prior.name!r}; "
                                 "give one another name=")
            seen.add(prior.name)
            if hasattr(prior, "check"):
                prior.check(next(c for c in others if c.name == name), primary)
    return checked


def prior_columns(priors: Sequence[Any]) -> list[str] | None:
    """Columns of the catalogue that its priors need; None: any."""
    names: list[str] = []
    for prior in priors:
        needed = getattr(prior, "columns", None)
        if needed is None:
            return None
        names += needed
    return names


def candidate_ratios(
    prior: Any, primary: Catalog, other: Catalog, i: np.ndarray, j: np.ndarray
) -> np.ndarray:
    """Log10 ratio of a prior for pairs of primary row i and candidate row j.

    Raises
    ------
    ValueError
        If the prior returns another shape, NaN or +inf.
    """
    where = f"prior {prior.name!r} of catalogue {other.name!r}"
    rows = j
    try:
        if hasattr(prior, "log10_ratio_pairs"):
            ratio = np.asarray(prior.log10_ratio_pairs(primary, other, i, j), dtype=np.float64)
        elif getattr(prior, "candidates_only", False):
            part = other.subset(j, getattr(prior, "columns", None))
            ratio = np.asarray(prior.log10_ratio(part), dtype=np.float64)
        else:
            ratio = np.asarray(prior.log10_ratio(other), dtype=np.float64)
            rows = np.arange(len(other))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{where} failed ({error}); it must return numbers, one log10 ratio per "
                         "row") from error
    if ratio.shape != rows.shape:
        raise ValueError(f"{where} returned shape {ratio.shape} for {len(rows)} rows; it must "
                         "return one log10 ratio per row it is called with")
    bad = np.isnan(ratio) | np.isposinf(ratio)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{where} returned {ratio[first]} for {other.row_text(rows[first])}; "
                         "return 0 where nothing is known and a finite bound otherwise")
    return ratio if rows is j else ratio[j]


def all_ratios(
    priors: Mapping[str, Sequence[Any]],
    primary: Catalog,
    others: Sequence[Catalog],
    candidates: Candidates,
) -> dict[tuple[int, str], np.ndarray]:
    """Log10 ratio per slot of every prior, by (other catalogue, prior name); 0 elsewhere."""
    ratios = {}
    for k, other in enumerate(others):
        if not priors[other.name]:
            continue
        slots, i = candidates.of_catalogue(k)
        for prior in priors[other.name]:
            per_slot = np.zeros(len(candidates.row))
            per_slot[slots] = candidate_ratios(prior, primary, other, i, candidates.row[slots])
            ratios[k, prior.name] = per_slot
    return ratios
