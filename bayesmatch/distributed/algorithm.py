"""The crossmatch algorithm for LSDB: one partition of each catalogue at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import nested_pandas as npd
import numba
import numpy as np
import pandas as pd
import pyarrow as pa
from astropy.table import Table
from lsdb.core.crossmatch.abstract_crossmatch_algorithm import AbstractCrossmatchAlgorithm
from lsdb.core.crossmatch.crossmatch_args import CrossmatchArgs
from lsdb.operations.functions.merge_catalog_functions import apply_suffixes

from ..catalogs.errors import error_entries
from ..catalogs.scalars import shown
from ..matching.arguments import in_arcsec
from ..matching.beyond import ERRORS
from ..matching.core import match
from ..matching.host_fraction import HostFraction, fractions_for
from ..matching.result import MatchResult
from .arguments import check_margin, check_priors, check_rows, given_fraction
from .partition import Partition, Survey
from .tables import partition_columns


class BayesianCrossmatch(AbstractCrossmatchAlgorithm):
    """Bayesian matching of two LSDB catalogues: ``left.crossmatch(right, algorithm=...)``.

    For those who know the global numbers: what belongs to the catalogues as a whole (rows, areas,
    the host fraction) is passed in, so that a source's probabilities do not depend on how the sky
    is cut. Every partition is matched by itself, which leaves ``field="uniform"``, one density
    everywhere, and ``claims="independent"``: an object may be the counterpart of several sources.
    Local densities and claims across the borders of partitions take
    :func:`bayesmatch.distributed.match`.

    A source keeps a row, also where nothing is near it and where the right catalogue has no
    partition; for that, call ``crossmatch`` with ``how="left"``.

    Parameters
    ----------
    primary, secondary : Survey
        The left and the right catalogue as wholes.
    radius_arcsec : float
        Largest separation, exclusive. The right catalogue's margin must not be smaller.
    host_fraction : float or mapping
        Fraction of the primaries that have a counterpart; or a fit, the ``meta`` of a
        :class:`bayesmatch.MatchResult` (its ``host_fraction`` and ``host_fraction_fit``). With a
        number, the share of the counterparts outside the radius goes by the errors of the primaries
        and, where it is one number, of the secondary.
    rows : {"associations", "sources"}, default "associations"
        One row per association, a source's no-counterpart row first (the right columns missing),
        as ``MatchResult.associations``; or one row per source, with its best
        candidate, as ``sources``.
    prior_completeness, priors, secondary_ratio, min_p_i
        As for :func:`bayesmatch.match`; `priors` is a list, for the right catalogue.

    Attributes
    ----------
    extra_columns : pandas.DataFrame
        Empty; names and types of the columns added to those of the two catalogues.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong; by ``crossmatch`` if the right margin is missing or smaller than
        the radius.
    """

    def __init__(
        self,
        *,
        primary: Survey,
        secondary: Survey,
        radius_arcsec: float,
        host_fraction: float | Mapping[str, Any],
        rows: str = "associations",
        prior_completeness: float = 1.0,
        priors: Sequence[Any] = (),
        secondary_ratio: float = 0.5,
        min_p_i: float = 0.0,
    ) -> None:
        super().__init__()
        check_rows(rows)
        if not 0 < radius_arcsec < np.inf:
            raise ValueError(f"radius_arcsec is {shown(radius_arcsec)}; it must be above 0")
        remedy = "give a number between 0 and 1"
        host_fraction = given_fraction(host_fraction, secondary.name, remedy)
        if not isinstance(host_fraction, Mapping) and not 0 < host_fraction < 1:
            raise ValueError(
                f"host_fraction is {shown(host_fraction)}; give a number between 0 and 1, "
                "or the meta of a result; bayesmatch.distributed.match can fit it"
            )
        check_priors(secondary.name, priors)
        self.primary, self.secondary = primary, secondary
        self.radius_arcsec, self.host_fraction, self.rows = radius_arcsec, host_fraction, rows
        self.options: dict[str, Any] = {
            "prior_completeness": prior_completeness,
            "min_p_i": min_p_i,
            "priors": {secondary.name: list(priors)},
            "secondary_ratio": secondary_ratio,
            "host_covariates": None,
        }
        self.extra_columns: pd.DataFrame = _empty_frame(
            partition_columns(rows, primary.name, secondary.name, [p.name for p in priors])
        )

    def validate(self, left: Any, right: Any) -> None:
        """Check columns and the right margin; LSDB calls this before any work."""
        super().validate(left, right)
        for survey, catalog in ((self.primary, left), (self.secondary, right)):
            survey.check_columns(catalog.columns)
        check_margin(right, self.radius_arcsec)

    def crossmatch(
        self,
        crossmatch_args: CrossmatchArgs,
        how: str,
        suffixes: tuple[str, str],
        suffix_method: str = "all_columns",
    ) -> npd.NestedFrame:
        """Match one partition; LSDB calls this.

        With ``how="inner"`` rows without a right-hand object are left out.
        """
        if how == "outer":
            raise ValueError(
                "how is 'outer'; BayesianCrossmatch gives 'left' (every source keeps "
                "its rows) or 'inner'"
            )
        left, right = crossmatch_args.left_df, crossmatch_args.right_df
        result = self._match(crossmatch_args)
        table = result.sources if self.rows == "sources" else result.associations
        i, j = np.asarray(table[self.primary.name]), np.asarray(table[self.secondary.name])
        extra = self._extra(table, result.sources, i)
        if how == "inner":
            i, j, extra = i[j >= 0], j[j >= 0], extra[j >= 0]
        left, right = apply_suffixes(left, right, suffixes, suffix_method, log_changes=False)
        out = left.iloc[i].copy()
        # Objects by number, so that -1 is one that does not exist: missing values in each type.
        found = right.reset_index(drop=True).reindex(j)
        for part in (found, extra):
            part.index = out.index
        return npd.NestedFrame(pd.concat([out, found, extra], axis=1))

    def _match(self, args: CrossmatchArgs) -> MatchResult:
        # Of any type: that a Partition counts as a Catalog is known when it runs only.
        primary, secondary = (
            cast(Any, Partition(frame, survey, info.ra_column, info.dec_column))
            for frame, survey, info in (
                (args.left_df, self.primary, args.left_catalog_info),
                (args.right_df, self.secondary, args.right_catalog_info),
            )
        )
        given = self.host_fraction
        if isinstance(given, Mapping):
            fraction = fractions_for(primary, given["host_fraction"], given["host_fraction_fit"])
        else:
            ln_fraction = np.tile(np.log([1.0 - given, given]), (len(primary), 1))
            fraction = HostFraction(ln_fraction, given, 0.0, {})
        if ERRORS not in fraction.details:  # of a catalogue as a whole, as of every partition
            whole = {self.secondary.name: [_one_error(self.secondary.pos_err)]}
            fraction = replace(fraction, details={**fraction.details, ERRORS: whole})
        # Dask runs the partitions side by side; threads within them would only compete.
        before = numba.get_num_threads()
        numba.set_num_threads(1)
        try:
            return match(
                primary,
                secondary,
                radius=self.radius_arcsec,
                host_fraction=fraction,
                field="uniform",
                claims="independent",
                **self.options,
            )
        finally:
            numba.set_num_threads(before)

    def _extra(self, table: Table, sources: Table, i: np.ndarray) -> pd.DataFrame:
        """The result's columns, those of the source repeated for each of its rows."""
        columns = {
            name: np.asarray(table[name] if name in table.colnames else sources[name][i])
            for name in self.extra_columns
        }
        return pd.DataFrame(columns).astype(self.extra_columns.dtypes.to_dict())


def _one_error(pos_err: Any) -> float:
    """The error of all objects (arcsec) where they have one; else 0, as if they had none."""
    try:
        entries = error_entries(pos_err)
        return float(in_arcsec(entries[0] if len(entries) == 1 else pos_err))
    except (ValueError, TypeError):
        return 0.0


def _empty_frame(types: Mapping[str, pa.DataType]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(dtype=pd.ArrowDtype(kind)) for name, kind in types.items()}
    )
