"""Strategies for whole matches: catalogues and options."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from ..catalogs.catalog import Catalog
from ..matching.core import match
from ..matching.result import MatchResult
from .catalogs import CIRCLES, catalogs, centers
from .catalogs import KINDS as ERROR_KINDS
from .priors import KINDS, priors

NAMES = ("X", "OPT", "IRAC", "GALEX", "RADIO", "HST")
#: rows of each catalogue, by the number of catalogues: associations multiply
MAX_ROWS = {2: 8, 3: 6, 4: 4, 5: 3, 6: 2}


@dataclass(frozen=True)
class MatchCase:
    """A match to be made: what :func:`bayesmatch.match` is to be called with."""

    catalogs: tuple[Catalog, ...]
    """the primary first"""
    options: dict[str, Any] = field(default_factory=dict)
    """`radius` and whatever else"""

    def run(self, **options: Any) -> MatchResult:
        """Make the match, with some options replaced; warnings about few sources are silenced."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return match(*self.catalogs, **{**self.options, **options})

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # Hypothesis would show the fields, and not the rows

    def __repr__(self) -> str:
        parts = [
            f"{c.name} (area {c.area!r}, pos_err {c.error_record}):\n"
            + "\n".join(f"    {name} = {c.table[name].tolist()}" for name in c.table.colnames)
            for c in self.catalogs
        ]
        return "\n".join([f"MatchCase with {self.options}", *parts])


@st.composite
def matches(
    draw: Callable[..., Any],
    *,
    min_catalogues: int = 2,
    max_catalogues: int = 6,
    prior_kinds: Sequence[str] = KINDS,
) -> MatchCase:
    """Whole matches of 2 to 6 small catalogues around one place, with options of every kind.

    Parameters
    ----------
    min_catalogues, max_catalogues : int
        Smallest and largest number of catalogues, 2 to 6.
    prior_kinds : sequence of str
        As for :func:`priors`; empty for no priors.

    Returns
    -------
    strategy of MatchCase
        ``case.run()`` makes the match.
    """
    n = draw(st.integers(min_catalogues, max_catalogues))
    center, radius = draw(centers()), draw(st.sampled_from([10.0, 3.0, 60.0]))
    spread = {"spread": 1.5 * radius, "max_rows": MAX_ROWS[n], "center": center}
    # All circles have kernels of their own, and are hardly ever drawn catalogue by catalogue.
    spread["error_kinds"] = CIRCLES if draw(st.booleans()) else ERROR_KINDS
    listed = [draw(catalogs(NAMES[0], **spread))]
    near = listed[0].table.meta["OFFSETS"]
    listed += [draw(catalogs(name, near=near, **spread)) for name in NAMES[1:n]]
    chosen = {}
    for catalog in listed[1:]:
        if prior_kinds and draw(st.integers(0, 2)) == 2:
            made = [draw(priors(name=f"p{k}", kinds=prior_kinds)) for k in range(2)]
            different = {prior.name: prior for prior in made[: draw(st.integers(1, 2))]}
            chosen[catalog.name] = list(different.values())
    fraction = st.sampled_from([1.0, 0.9, 0.3, 1e-6])
    completeness = draw(
        st.one_of(fraction, st.lists(fraction, min_size=n - 1, max_size=n - 1).map(tuple))
    )
    options = {
        "radius": radius,
        "priors": chosen or None,
        "prior_completeness": completeness,
        "host_fraction": draw(st.sampled_from([0.7, "fit", 1e-6, 1 - 1e-9])),
        "host_covariates": draw(st.sampled_from(["sigma", None])),
        "correct_unrelated": draw(st.booleans()),
        "secondary_ratio": draw(st.sampled_from([0.5, 0.0, 1.0])),
        "min_p_i": draw(st.sampled_from([0.0, 0.0, 0.0, 0.1])),
        "prune": draw(st.sampled_from([1e-12, 0.0])),
    }
    return MatchCase(tuple(listed), options)
