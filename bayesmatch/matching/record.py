"""The record of a match: what was asked and what was found, typed; ``meta`` is its dictionary."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any

import astropy
import numpy as np

from .. import __version__
from ..catalogs.area import FULL_SKY_DEG2
from ..catalogs.held import HeldCatalog
from ..catalogs.tails import Tails
from .options import MatchOptions
from .patterns import pattern_labels

_LEAVES = (str, int, float, type(None))


@dataclass(frozen=True)
class CatalogueRecord:
    """One catalogue of a match."""

    name: str
    id: str
    """identifier column"""
    ra: str
    dec: str
    """position columns"""
    rows: int
    """of the whole catalogue"""
    area_deg2: float
    pos_err: list[Any]
    """what the position error was given as: column names, numbers (arcsec, degrees), None where
    it was given per row"""
    outside: int = 0
    """rows left out because they are outside its area, a MOC"""
    bad: int = 0
    """rows left out because they have no position, or (of the primary) no position error"""
    tail_fraction: float = 0.0
    """share of the errors that are wider, by"""
    tail_factor: float = 3.0
    files: list[str] | None = None
    """names of what the command line read, without their folders; None: made in Python"""
    motion: dict[str, Any] = field(default_factory=dict)
    """``epoch``, ``pm`` and ``pm_err``, as far as they are known: columns, numbers, None for values
    per row; ``at``: Julian year that its objects were moved to"""
    sha256: str | None = None
    """of the file that the command line read, as ``files``; None: made in Python, or a data set"""

    @classmethod
    def of(cls, catalog: HeldCatalog) -> CatalogueRecord:
        """What the record keeps of a catalogue."""
        return cls(
            catalog.name,
            catalog.id_name,
            catalog.ra_name,
            catalog.dec_name,
            catalog.n_listed,
            catalog.area,
            [str(part) if isinstance(part, str) else part for part in catalog.error_record],
            catalog.n_listed - catalog.n_rows - len(catalog.aside),
            len(catalog.aside),
            catalog.tails.fraction,
            catalog.tails.factor,
            None,
            catalog.said.record
            | ({} if catalog.arrival is None else {"at": catalog.arrival.epoch}),
        )

    @property
    def id_name(self) -> str:
        """Name of the identifier column, as catalogues call it."""
        return self.id

    @property
    def tails(self) -> Tails:
        """The tails of its position errors."""
        return Tails(self.tail_fraction, self.tail_factor)

    @property
    def log10_full_sky(self) -> float:
        """Log10 of n+, the number of rows (and one more) scaled to the full sky."""
        return float(np.log10((self.n_inside + 1) / self.area_deg2 * FULL_SKY_DEG2))

    @property
    def n_inside(self) -> int:
        """Rows that take part, which the density goes by."""
        return self.rows - (self.outside or 0) - (self.bad or 0)


@dataclass(frozen=True)
class MatchRecord:
    """Parameters and findings of a match, in the order they stand in ``meta``."""

    bayesmatch: str
    """version"""
    versions: dict[str, str]
    """of Python and what computes"""
    radius_arcsec: float
    prior_completeness: list[float]
    """one per other catalogue"""
    priors: dict[str, list[str]]
    """names by catalogue"""
    combination_priors: list[str]
    """names of those on whole combinations"""
    auto_priors: dict[str, dict[str, Any]]
    """by catalogue and name: how those that learn were learned"""
    host_fraction: float
    """mean fraction of primaries that have a counterpart"""
    host_fraction_error: float
    """its standard error, 0 where it was given"""
    host_fraction_given: bool
    host_fraction_fit: dict[str, Any]
    """what the fit found: see :class:`bayesmatch.matching.host_fraction.HostFraction`"""
    host_covariates: str | list[str] | None
    correct_unrelated: bool
    secondary_ratio: float
    min_p_i: float
    prune: float
    pruned_primaries: int
    """primaries that keep only their likely associations"""
    pruned_bound: float
    """how far a probability can be off by that"""
    max_rows: int
    bad_rows: str
    field: dict[str, Any]
    """``model``, and what it found: per catalogue the mean, smallest and largest density of field
    objects at the primaries (deg^-2)"""
    claims: dict[str, Any]
    """``rule``, and what it found"""
    errors: dict[str, Any]
    """``given`` (False: fitted), and what was fitted; ``corrected``: by catalogue, the numbers of
    fits that were applied to it before the match"""
    dropped: dict[str, dict[str, int]]
    """rows left out, by catalogue and reason: ``outside`` its area, a MOC; ``position``: there is
    none; ``error``: no position error that can be used, of the others those of candidates alone"""
    checks: list[dict[str, Any]]
    """what speaks for and against the result: the rows of ``MatchResult.checks()``"""
    catalogues: list[CatalogueRecord]
    """the primary first"""
    n_candidates: int
    n_associations: int
    seconds: dict[str, float]
    """by stage; not written to files"""
    command: str | None = None
    """of the command line, without where its output goes; None: called from Python"""
    likelihood_ratio: dict[str, Any] | None = None
    """``catalogue`` and ``host_fraction`` of the likelihood ratios beside the associations"""

    @classmethod
    def of(
        cls, options: MatchOptions, catalogs: Sequence[HeldCatalog], **found: Any
    ) -> MatchRecord:
        """The record of a match with these options; `found` has the rest of the fields."""
        covariates = options.host_covariates
        listed = [CatalogueRecord.of(c) for c in catalogs]
        return cls(
            bayesmatch=__version__,
            versions={
                "python": platform.python_version(),
                "numpy": np.__version__,
                "numba": _numba_version(),
                "astropy": astropy.__version__,
            },
            radius_arcsec=options.radius_arcsec,
            prior_completeness=list(options.completeness),
            host_fraction_given=options.host_fraction is not None,
            host_covariates=list(covariates) if isinstance(covariates, tuple) else covariates,
            correct_unrelated=options.correct_unrelated,
            secondary_ratio=options.secondary_ratio,
            min_p_i=options.min_p_i,
            prune=options.prune,
            max_rows=options.max_rows,
            bad_rows=options.bad_rows,
            catalogues=listed,
            **found,
        )

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> MatchRecord:
        """The record that a result's ``meta`` stands for, one read from a file included.

        What a file of an older version has not is None.
        """
        known: dict[str, Any] = {f.name: meta.get(f.name) for f in fields(cls)}
        known["catalogues"] = [
            CatalogueRecord(**{f.name: c.get(f.name, _default(f)) for f in fields(CatalogueRecord)})
            for c in meta["catalogues"]
        ]
        names = [c["name"] for c in meta["catalogues"]]
        if isinstance(known["priors"], Mapping) and set(known["priors"]) <= set(names):
            known["priors"] = dict(  # columns are in this order, and ECSV sorts
                sorted(known["priors"].items(), key=lambda item: names.index(item[0]))
            )
        if known["host_fraction_fit"]:
            known["host_fraction_fit"] = _in_order(known["host_fraction_fit"], names)
        return cls(**known)

    def meta(self) -> dict[str, Any]:
        """The record in plain Python types."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @property
    def primary(self) -> CatalogueRecord:
        """The primary catalogue."""
        return self.catalogues[0]

    @property
    def others(self) -> list[CatalogueRecord]:
        """The other catalogues."""
        return self.catalogues[1:]

    @property
    def digests(self) -> list[tuple[str, str | None]]:
        """Name of each catalogue and SHA-256 of its file, for :func:`check_matched`."""
        return [(c.name, c.sha256) for c in self.catalogues]

    @property
    def prior_names(self) -> list[tuple[str, str]]:
        """(catalogue, prior) of every prior, in the order of the result's columns."""
        return [(name, prior) for name, listed in self.priors.items() for prior in listed]

    @property
    def combinations(self) -> list[str]:
        """Names of the priors on whole combinations; none in files of before they came."""
        return self.combination_priors or []

    @property
    def bias_columns(self) -> list[str]:
        """Columns of the ratios of all priors."""
        own = [f"bias_{name}_{prior}" for name, prior in self.prior_names]
        return [*own, *(f"bias_{prior}" for prior in self.combinations)]


@cache
def _numba_version() -> str:
    """The version, also where kernels have run without importing it."""
    if "numba" in sys.modules:
        return str(sys.modules["numba"].__version__)
    from importlib.metadata import version

    return version("numba")


def _plain(value: Any) -> Any:
    """A copy of a value in plain types; ``asdict`` takes longer than a small match."""
    if isinstance(value, _LEAVES):  # most are
        return value
    if isinstance(value, CatalogueRecord):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return deepcopy(value)


def _default(of: Any) -> Any:
    if of.default_factory is not MISSING:
        return of.default_factory()
    return None if of.default is MISSING else of.default


def _in_order(fit: Mapping[str, Any], catalogues: Sequence[str]) -> dict[str, Any]:
    """A fit's numbers by pattern and by property in the order of the fit: ECSV sorts them."""
    order = [*pattern_labels(catalogues), *fit.get("names", ())]
    return {
        key: {name: value[name] for name in sorted(value, key=order.index)}
        if isinstance(value, Mapping) and set(value) <= set(order)
        else value
        for key, value in fit.items()
    }
