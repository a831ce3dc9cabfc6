"""A prior from two histograms of one column, in NWAY's file format."""

from __future__ import annotations

import gzip
import lzma
import os
import warnings
import zlib
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalogs.field_counts import FieldCounts
from ..catalogs.formats.writing import replaced_together
from ..catalogs.held import HeldCatalog
from ..catalogs.paths import given_path
from ..catalogs.scalars import as_number, numbers_of, shown, text_of
from ..catalogs.targets import as_read
from .binning import histogram_pair, plain_values
from .saved import (
    MAX_BYTES,
    Record,
    build_prior,
    check_format,
    check_number,
    one_line,
    write_record,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: what a damaged .gz or .xz file gives, which NumPy opens by its name
NOT_COMPRESSED = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError)
FORMAT = "bayesmatch-histogram-prior"
FORMAT_VERSION = 1
WHAT = "histogram prior"
#: ratio of a bin that no field object falls into (what NWAY does; `smooth` is the cure)
EMPTY_FIELD_RATIO = 100.0
#: bin edges in files are rounded: gaps up to this fraction of a bin are closed
EDGE_TOLERANCE = 1e-3


class HistogramPrior:
    """Ratio of two histograms of a column: of counterparts (selected) and of field (others).

    A bin with no field objects has ratio 100, one with no counterparts 0; values outside the
    bins, and missing ones (masked, NaN, -99 and other sentinels, see
    :mod:`bayesmatch.catalogs.sentinels`), are neutral. The last edge belongs to the last bin.

    Parameters
    ----------
    column : str
        Column of the catalogue the prior is for.
    lo, hi : array_like, shape (b,)
        Bin edges, ascending and contiguous.
    selected, others : array_like, shape (b,)
        Densities of counterparts and of field objects; only their ratio counts.
    name : str, optional
        Name in the result's column ``bias_<CATALOGUE>_<name>``. Default: `column`.

    Raises
    ------
    ValueError
        If the shapes differ, edges do not ascend or leave gaps, or a density is negative.
    """

    candidates_only = True
    #: absolute path of the text file it was read from
    read_from: tuple[str, ...] = ()

    def __init__(
        self, column: str, lo: Any, hi: Any, selected: Any, others: Any, *, name: str | None = None
    ) -> None:
        self.column = text_of("HistogramPrior: column", column)
        self.name = column if name is None else text_of("HistogramPrior: name", name)
        self.columns = self.field_columns = [column]
        #: how many objects it was learned from; empty where that is not known
        self.counts: dict[str, int] = {}
        what = f"histogram of {column!r}"
        self.lo, self.hi, self.selected, self.others = (
            np.atleast_1d(numbers_of(f"{what}: {label}", a))
            for label, a in (("lo", lo), ("hi", hi), ("selected", selected), ("others", others))
        )
        shapes = {a.shape for a in (self.lo, self.hi, self.selected, self.others)}
        if len(shapes) != 1 or self.lo.ndim != 1 or len(self.lo) == 0:
            raise ValueError(
                f"{what}: lo, hi, selected and others must be lists of one length; "
                f"their shapes are {sorted(shapes)}"
            )
        for label, values in (("lo", self.lo), ("hi", self.hi)):
            _check_bins(what, label, values, np.isfinite(values), "edges must be finite")
        for label, values in (("selected", self.selected), ("others", self.others)):
            _check_bins(
                what,
                label,
                values,
                np.isfinite(values) & (values >= 0),
                "densities must be 0 or more",
            )
        _check_bins(what, "hi", self.hi, self.hi > self.lo, "each bin's hi must exceed its lo")
        with np.errstate(over="ignore"):
            gap = np.abs(self.lo[1:] - self.hi[:-1])
            contiguous = gap <= EDGE_TOLERANCE * (self.hi - self.lo)[1:]
            infinite = np.isinf(self.ratio)
        _check_bins(
            what, "lo", self.lo[1:], contiguous, "bins must ascend and leave no gap", first=1
        )
        _check_bins(
            what, "selected", self.selected, ~infinite, "its ratio to others must be a number"
        )

    @classmethod
    def fit(
        cls,
        column: str,
        selected: Any,
        others: Any,
        *,
        weights: Any = None,
        bins: Any = "adaptive",
        smooth: float = 0.0,
        name: str | None = None,
    ) -> HistogramPrior:
        """Learn it from the values of counterparts and of field objects.

        Parameters
        ----------
        column : str
            Column of the catalogue the prior is for.
        selected, others : array_like, shape (n,) and (m,)
            Values of counterparts and of field objects; missing ones (masked, not finite,
            sentinels) are left out.
        weights : array_like, shape (n,), optional
            One per counterpart, 0 or more. Default: equal weights.
        bins : "adaptive", int or array_like, default "adaptive"
            NWAY's bins, between 15 quantiles of `selected`, with a bin more where `others` reach
            beyond; or a number of equal bins over the range of both; or edges, shape (b + 1,).
        smooth : float, default 0
            Objects to add to each bin of the smaller sample, and the same share to the other: bins
            without field objects (ratio 100) and without counterparts (ratio 0, which excludes)
            get a ratio as large, or small, as the sample size allows. 0.5 to 1 is usual.
        name : str, optional
            Name of the prior. Default: `column`.

        Raises
        ------
        ValueError, TypeError
            If no counterpart or no field object has a value, or an argument is wrong.
        """
        what = f"histogram of {text_of('HistogramPrior: column', column)!r}"
        near = plain_values(selected, f"{what}: selected")
        far = others if isinstance(others, FieldCounts) else plain_values(others, f"{what}: others")
        weight = np.ones(len(near)) if weights is None else numbers_of(f"{what}: weights", weights)
        if weight.shape != near.shape or not (np.isfinite(weight) & (weight >= 0)).all():
            raise ValueError(
                f"{what}: weights must be {len(near)} finite numbers, 0 or more, one "
                "per selected object"
            )
        if not isinstance(smooth, Real) or not 0 <= as_number(smooth) < np.inf:
            raise ValueError(
                f"{what}: smooth is {shown(smooth)}; give a number of objects, 0 or more"
            )
        used = np.isfinite(near) & (weight > 0)
        field = far if isinstance(far, FieldCounts) else far[np.isfinite(far)]
        if not used.any() or not len(field):
            raise ValueError(
                f"{what}: {used.sum()} of {len(near)} selected and {len(field)} of "
                f"{len(far)} others have a value (and weight); both need one at least"
            )
        try:
            edges, *densities = histogram_pair(near[used], weight[used], field, bins, float(smooth))
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from error
        prior = cls(column, edges[:-1], edges[1:], *densities, name=name)
        prior.counts = {"selected": int(used.sum()), "others": len(field)}
        return prior

    @classmethod
    def read(
        cls, path: str | os.PathLike, *, column: str, name: str | None = None
    ) -> HistogramPrior:
        """Read a text file of four columns ``lo hi selected others``, one line a bin."""
        path = given_path(path)
        if not path.is_file():
            raise FileNotFoundError(f"{path}: no such histogram file")
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ValueError(f"larger than {MAX_BYTES >> 20} MB")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an empty file is an error below
                data = np.loadtxt(path, ndmin=2)
            if data.size == 0 or data.shape[1] != 4:
                raise ValueError(f"{data.shape[0]} lines, {data.shape[1]} columns")
        except (ValueError, *NOT_COMPRESSED) as error:
            raise ValueError(
                f"{path}: not a histogram file ({one_line(error)}); it must have four columns "
                "of numbers, lo hi selected others"
            ) from error
        try:
            prior = cls(column, *data.T, name=name)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        prior.read_from = as_read(path)
        return prior

    def write(self, path: str | os.PathLike) -> None:
        """Write the text file that :meth:`read` and NWAY read."""
        with replaced_together([path]) as (temporary,):
            np.savetxt(
                temporary,
                np.column_stack([self.lo, self.hi, self.selected, self.others]),
                fmt="%.17g",
                header="lo hi selected others",
            )

    def save(self, path: str | os.PathLike) -> None:
        """Write a JSON file with everything, which :func:`bayesmatch.read_prior` reads too."""
        write_record(path, self.record())

    def record(self) -> dict[str, Any]:
        """All of it in types that JSON has."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "name": self.name,
            "column": self.column,
            "counts": self.counts,
            "lo": self.lo.tolist(),
            "hi": self.hi.tolist(),
            "selected": self.selected.tolist(),
            "others": self.others.tolist(),
        }

    @classmethod
    def load(cls, path: str | os.PathLike) -> HistogramPrior:
        """Read what :meth:`save` wrote; a wrong or truncated file is a ValueError."""
        prior: HistogramPrior = build_prior(path, WHAT, cls.from_record)
        return prior

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> HistogramPrior:
        """The prior that a JSON object describes; a ValueError if it does not."""
        check_format(record, FORMAT, FORMAT_VERSION)
        entries = Record(record)
        entries.only(
            ["format", "version", "name", "column", "counts", "lo", "hi", "selected", "others"]
        )
        bins = [entries.many(key, check_number) for key in ("lo", "hi", "selected", "others")]
        prior = cls(entries.name("column"), *bins, name=entries.name("name"))
        prior.counts = entries.counts("counts")
        return prior

    def plot(self) -> Figure:
        """Both histograms and their ratio."""
        import bayesmatch

        return bayesmatch.plots.histogram_prior(self)

    @property
    def ratio(self) -> np.ndarray:
        """Ratio in each bin, shape (b,)."""
        out = np.full(len(self.lo), EMPTY_FIELD_RATIO)
        np.divide(self.selected, self.others, out=out, where=self.others > 0)
        return out

    def check(self, catalog: HeldCatalog, primary: HeldCatalog) -> None:
        """Raise a ValueError or TypeError unless the catalogue has the column, with numbers."""
        catalog.check_magnitudes(self.column)

    def log10_ratio(self, catalog: HeldCatalog) -> np.ndarray:
        """Log10 of the ratio for each row, shape (n,); 0 where missing or outside the bins."""
        values = catalog.magnitudes(self.column)
        edges = np.append(self.lo, self.hi[-1])
        bins = np.searchsorted(edges, values, side="right") - 1
        bins[values == edges[-1]] = len(self.lo) - 1
        inside = (bins >= 0) & (bins < len(self.lo)) & np.isfinite(values)
        with np.errstate(divide="ignore"):
            per_bin = np.log10(self.ratio)
        return np.where(inside, per_bin[np.where(inside, bins, 0)], 0.0)


def _check_bins(
    what: str, label: str, values: np.ndarray, good: np.ndarray, rule: str, first: int = 0
) -> None:
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        raise ValueError(f"{what}: {label} is {values[row]:g} in bin {row + first}; {rule}")
