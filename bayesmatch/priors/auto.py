"""A histogram prior learned from the match it is used in."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from ..catalogs.held import HeldCatalog
from ..catalogs.scalars import as_number, shown, text_of
from ..catalogs.warned import warn_user
from .binning import adaptive_edges
from .histogram import HistogramPrior
from .protocol import Seen
from .saved import Record, build_prior, check_format, write_record

FORMAT = "bayesmatch-auto-prior"
FORMAT_VERSION = 1
WHAT = "auto prior"

#: fewer selected objects than this make no histogram (NWAY's limit)
MIN_SELECTED = 100
#: least posterior of counterparts, if nothing is said (NWAY's)
MIN_POST = 0.9
#: objects with an association this probable are not field (NWAY's limit)
MAX_FIELD_POST = 0.01


class AutoPrior:
    """Histogram prior that :func:`bayesmatch.match` learns from the match itself.

    With `radius`, counterparts are the objects closer than `radius` to a primary, and the field
    those not closer than `exclude_radius` to any. Without it, counterparts are the objects of
    associations whose posterior from positions alone, ``dist_post``, exceeds `min_post`, with that
    posterior as their weight (the first such association's, if there are several), and the field
    those without any association above 0.01. The learned :class:`HistogramPrior` takes its place in
    ``result.priors``.

    Parameters
    ----------
    column : str
        Column of the catalogue the prior is for.
    radius : float, optional
        arcsec, exclusive. Default: select by posterior.
    exclude_radius : float, optional
        arcsec, exclusive. Default: `radius`.
    min_post : float, default 0.9
        Least posterior of counterparts, exclusive.
    name : str, optional
        Name in the result's column ``bias_<CATALOGUE>_<name>``. Default: `column`.

    Notes
    -----
    The rules are those of ``nway.py --mag CAT:COL auto`` with ``--mag-radius``,
    ``--mag-exclude-radius`` and ``--mag-auto-minprob``, except that more numbers than -99 mean
    missing (see :mod:`bayesmatch.catalogs.sentinels`).
    """

    def __init__(
        self,
        column: str,
        *,
        radius: float | None = None,
        exclude_radius: float | None = None,
        min_post: float = MIN_POST,
        name: str | None = None,
    ) -> None:
        self.column = text_of("AutoPrior: column", column)
        self.columns = self.field_columns = [column]
        self.name = column if name is None else text_of("AutoPrior: name", name)
        what = f"AutoPrior of {column!r}"
        if radius is None and exclude_radius is not None:
            raise ValueError(
                f"{what}: exclude_radius goes with radius; give both, or neither to "
                "select by posterior"
            )
        self.radius = _arcsec(f"{what}: radius", radius, zero=False)
        self.exclude_radius = (
            self.radius
            if exclude_radius is None
            else _arcsec(f"{what}: exclude_radius", exclude_radius, zero=True)
        )
        if not _is_number(min_post) or not 0 <= min_post < 1:
            raise ValueError(
                f"{what}: min_post is {shown(min_post)}; give a number from 0 to below 1"
            )
        self.min_post = float(min_post)
        if self.radius is not None and self.min_post != MIN_POST:
            warn_user(f"{what}: min_post has no effect with radius, by which it selects")

    def __repr__(self) -> str:
        how = (
            f"min_post={self.min_post:g}"
            if self.radius is None
            else f"radius={self.radius:g}, exclude_radius={self.exclude_radius:g}"
        )
        return f"AutoPrior({self.column!r}, {how}, name={self.name!r})"

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file with its rules, which :func:`bayesmatch.read_prior` reads too."""
        record = {"format": FORMAT, "version": FORMAT_VERSION}
        record |= {"name": self.name, "column": self.column, "radius_arcsec": self.radius}
        record |= {"exclude_radius_arcsec": self.exclude_radius, "min_post": self.min_post}
        write_record(path, record)

    @classmethod
    def load(cls, path: str | os.PathLike) -> AutoPrior:
        """Read what :meth:`save` wrote; a wrong or truncated file is a ValueError."""
        prior: AutoPrior = build_prior(path, WHAT, cls.from_record)
        return prior

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> AutoPrior:
        """The prior that a JSON object describes; a ValueError if it does not."""
        check_format(record, FORMAT, FORMAT_VERSION)
        entries = Record(record)
        radii = ["radius_arcsec", "exclude_radius_arcsec"]
        entries.only(["format", "version", "name", "column", *radii, "min_post"])
        radius, exclude = (
            None if entries.get(radius) is None else entries.number(radius) for radius in radii
        )
        return cls(
            entries.name("column"),
            radius=radius,
            exclude_radius=exclude,
            min_post=entries.number("min_post"),
            name=entries.name("name"),
        )

    def check(self, catalog: HeldCatalog, primary: HeldCatalog) -> None:
        """Raise a ValueError or TypeError unless the catalogue has the column, with numbers."""
        catalog.check_magnitudes(self.column)

    @property
    def learns_from_posterior(self) -> bool:
        """Whether it selects by the posterior of associations, not by distance."""
        return self.radius is None

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """Raises: ratios, shape (n,), exist once :func:`bayesmatch.match` has learned them."""
        raise ValueError(
            "an AutoPrior is learned inside match(); take the learned one from result.priors"
        )

    def learn(self, catalog: HeldCatalog, seen: Seen) -> HistogramPrior:
        """Histogram of the secure counterparts and of the field in a match.

        Raises
        ------
        ValueError
            If fewer than 100 counterparts or no field objects have a value; says the counts.
        """
        values = catalog.magnitudes(self.column)
        if self.radius is None:
            secure = np.flatnonzero(seen.dist_post > self.min_post)
            rows, first = np.unique(seen.associated[secure], return_index=True)
            weight = seen.dist_post[secure][first]
            near = seen.associated[seen.dist_post > MAX_FIELD_POST]
        else:
            rows = np.unique(seen.row[seen.separation < self.radius])
            weight = np.ones(len(rows))
            near = seen.row[seen.separation < self.exclude_radius]
            largest = max(self.radius, self.exclude_radius or 0.0)
            if largest > seen.radius:
                warn_user(
                    f"{self!r}: the match has looked no farther than its radius, "
                    f"{seen.radius:g} arcsec; objects beyond count as field"
                )
        known = ~np.isnan(values[rows])
        self._check_selected(catalog, known)
        selected, weight, near = values[rows[known]], weight[known], np.unique(near)
        # Of a scanned catalogue the field is counted without holding it.
        field: Any = catalog.field_counts(self.column, near, adaptive_edges(selected, weight))
        if field is None:
            values[near] = np.nan
            field = values[~np.isnan(values)]
        if len(field) == 0:
            raise ValueError(
                f"{self._what(catalog)}: {len(selected)} counterparts but no field objects with a "
                f"value are left of {catalog.n_rows}; use a catalogue that covers more than the "
                "surroundings of the primaries, a smaller exclude_radius (--mag-exclude-radius), "
                "or a histogram learned elsewhere"
            )
        prior = HistogramPrior.fit(self.column, selected, field, weights=weight, name=self.name)
        prior.counts["excluded"] = len(near)
        return prior

    def learning_record(self, learned: HistogramPrior) -> dict[str, Any]:
        """The rules, and how many objects they selected."""
        return {
            "radius_arcsec": self.radius,
            "exclude_radius_arcsec": self.exclude_radius,
            "min_post": self.min_post,
            "counts": learned.counts,
        }

    def _what(self, catalog: HeldCatalog) -> str:
        return f"auto prior for column {self.column!r} of catalogue {catalog.name!r}"

    def _check_selected(self, catalog: HeldCatalog, known: np.ndarray) -> None:
        n_selected, n_missing = int(known.sum()), int((~known).sum())
        how = f"a primary closer than {self.radius} arcsec"
        remedy = f"enlarge radius (--mag-radius, now {self.radius})"
        if self.radius is None:
            how = f"a dist_post above {self.min_post}"
            remedy = (
                f"lower min_post (--mag-auto-minprob, now {self.min_post}), select by "
                "radius= (--mag-radius)"
            )
        if n_selected < MIN_SELECTED:
            raise ValueError(
                f"{self._what(catalog)}: only {n_selected} of {catalog.n_rows} objects have "
                f"{how} and a value ({n_missing} more have no value); a histogram needs "
                f"{MIN_SELECTED}: {remedy}, or give a histogram learned elsewhere "
                "(HistogramPrior.read, --mag CAT:COL FILE)"
            )


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(as_number(value))
    except TypeError:
        return False


def _arcsec(what: str, value: Any, *, zero: bool) -> float | None:
    if value is None:
        return None
    if hasattr(value, "to_value"):
        try:
            value = value.to_value("arcsec")
        except Exception as error:
            raise ValueError(f"{what} is {shown(value)}; give an angle, in arcsec") from error
    if not _is_number(value) or value < 0 or (value == 0 and not zero):
        raise ValueError(
            f"{what} is {shown(value)}; give arcsec, {'0 or more' if zero else 'above 0'}"
        )
    return float(value)
