"""`match` for LSDB catalogues: what is near the sources matched in memory, and joined to all.

Two passes over the partitions gather little: the sources with the columns that a match needs, and
the objects near them with theirs, both in an order that does not depend on partitions.  These go
through the pipeline of :func:`bayesmatch.match`, so densities, claims, the host fraction and the
errors are those of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..catalogs.area import moc_of
from ..catalogs.held import HeldCatalog
from ..catalogs.left_out import BAD_ROWS, checked_primary
from ..matching.arguments import one_of
from ..matching.covariates import covariate_matrix
from ..matching.fitted_errors import fitted
from ..matching.host_fraction import fractions_for
from ..matching.options import MatchOptions
from ..matching.pipeline import run_match
from ..matching.result import MatchResult
from ..matching.result_check import check_names
from ..matching.settled import entries_known
from ..priors.field_ratio import learns_from_field
from ..priors.prior_set import PriorSet
from .arguments import check_margin, check_priors, check_rows, given_fraction
from .found import Found, find_rows
from .joined import joined
from .kept import can_keep, joined_here
from .partition import Partition, Survey
from .sizes import catalog_names, count_rows, sky_area, survey_area
from .sources import Sources, all_sources, columns_for


def match(
    primary: Any,
    secondary: Any,
    *,
    radius: Any,
    primary_pos_err: Any,
    secondary_pos_err: Any,
    secondary_area: Any = None,
    primary_name: str | None = None,
    secondary_name: str | None = None,
    primary_id: str | None = None,
    secondary_id: str | None = None,
    primary_area: Any = None,
    rows: str = "associations",
    priors: Sequence[Any] = (),
    host_fraction: str | float | Mapping[str, Any] = "fit",
    host_covariates: str | Sequence[str] | None = "sigma",
    prior_completeness: float = 1.0,
    correct_unrelated: bool = True,
    secondary_ratio: float = 0.5,
    min_p_i: float = 0.0,
    prune: float = 1e-12,
    max_rows: int = 200_000_000,
    field: str = "local",
    claims: str = "exclusive",
    errors: str = "given",
    bad_rows: str = "strict",
    primary_epoch: Any = None,
    secondary_epoch: Any = None,
    secondary_pm: Any = None,
    secondary_pm_err: Any = None,
) -> Any:
    """Match two LSDB catalogues: what :func:`bayesmatch.match` gives, however the sky is cut.

    The sources, and the objects near them, come from a pass over the partitions here, and are
    matched in memory, all together. Where they fit there with all columns of both catalogues (half
    a gigabyte, by the numbers of rows), the catalogue returned is at hand, and none is read again.
    Else the pass brings the columns that errors, identifiers, covariates and priors need, and the
    catalogue is lazy: ``.compute()`` or ``.write_catalog()`` reads the partitions and joins them.

    Parameters
    ----------
    primary, secondary : lsdb.Catalog
        The sources, and the survey that may hold their counterparts; the survey with a margin of
        at least `radius` (with ``errors="fit"`` and the shift of the frame on top).
    radius : float or Quantity
        Largest separation, arcsec, exclusive.
    primary_pos_err, secondary_pos_err : float, Quantity, str, pair or ErrorEllipse
        Position errors, as for :class:`bayesmatch.Catalog`.
    secondary_area : float, Quantity or mocpy.MOC, optional
        Sky area of the survey, deg^2. Default: of its coverage map, with a warning.
    primary_name, secondary_name : str, optional
        Used in column names. Default: the catalogues' names, made identifiers.
    primary_id, secondary_id : str, optional
        Identifier columns.
    primary_area : float, Quantity or mocpy.MOC, optional
        Sky area of the primary, deg^2; only a check goes by it. Default: of its coverage map.
    rows : {"associations", "sources"}, default "associations"
        One row per association, a source's no-counterpart row first (the columns of the survey
        missing), or one row per source, with its best candidate.
    priors : list
        For the survey. An AutoPrior has to be learned in a match in memory.
    host_fraction : "fit", float or mapping, default "fit"
        As for :func:`bayesmatch.match`; or the ``meta`` of a :class:`bayesmatch.MatchResult`, whose
        fit is taken.
    host_covariates, prior_completeness, correct_unrelated, secondary_ratio, min_p_i, prune, \
max_rows, field, claims, errors, bad_rows
        As for :func:`bayesmatch.match`.
    primary_epoch, secondary_epoch, secondary_pm, secondary_pm_err
        As `epoch`, `pm` and `pm_err` of :class:`bayesmatch.Catalog`. Where objects are moved, all
        partitions of the survey are read, and its margin has to be larger by what they move.

    Returns
    -------
    lsdb.Catalog
        The columns of both catalogues, suffixed with their names (``ID_XRAY``), and those of the
        result's `rows`, then of its sources: ``p_any`` ... ``n_candidates``, ``density_<NAME>``,
        ``in_<NAME>``, ``n_claims``, ``n_claims_<NAME>``; ``same_source`` is the identifier of the
        first entry, by right ascension, of the same source. Without an identifier column that is a
        number in the order of right ascension and declination. The attribute ``match_meta`` of the
        catalogue is the result's ``meta``, its ``checks`` included; ``match_priors`` are its
        ``priors``, those learned in the match among them.

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the survey's margin is missing or smaller than the radius; when
        it is computed from partitions read again, if the margin lacks an object.

    Warns
    -----
    UserWarning
        If the area is taken from the coverage map, rows of the survey are outside a MOC, or
        entries of the primary are probably the same source as another one.

    Notes
    -----
    Sources and objects are taken in the order of right ascension and declination. The numbers are
    those of a match in memory of rows in that order to the last bit; of another order, sums round
    differently (below 1e-11).
    """
    names = catalog_names(primary, secondary, primary_name, secondary_name)
    check_rows(rows)
    check_priors(names[1], priors, whole=True)
    given = given_fraction(host_fraction, names[1], "give 'fit' or a number between 0 and 1")
    areas = (
        sky_area(primary, primary_area, names[0]),
        survey_area(secondary, secondary_area, names[1]),
    )
    both = Both(
        (primary, secondary),
        tuple(
            Survey(name, pos_err, count_rows(catalog), area, id, *motion)
            for name, pos_err, catalog, area, id, motion in zip(
                names,
                (primary_pos_err, secondary_pos_err),
                (primary, secondary),
                areas,
                (primary_id, secondary_id),
                ((primary_epoch,), (secondary_epoch, secondary_pm, secondary_pm_err)),
                strict=True,
            )
        ),
        PriorSet.of({names[1]: tuple(priors)}),
        given if isinstance(given, Mapping) else None,
        moc_of(secondary_area),
        {
            "radius": radius,
            "prior_completeness": prior_completeness,
            "host_fraction": "fit" if isinstance(given, Mapping) else given,
            "host_covariates": host_covariates,
            "correct_unrelated": correct_unrelated,
            "secondary_ratio": secondary_ratio,
            "min_p_i": min_p_i,
            "prune": prune,
            "max_rows": max_rows,
            "progress": False,
            "checkpoint": None,
            "field": field,
            "claims": claims,
            "errors": errors,
            "bad_rows": one_of("bad_rows", bad_rows, BAD_ROWS),
        },
    )
    sources, found, result = both.matched()
    join = joined if sources.kept is None or found.kept is None else joined_here
    out = join(primary, secondary, sources, found, result, rows)
    out.match_meta, out.match_priors = result.meta, result.priors
    return out


@dataclass(frozen=True)
class Both:
    """Two LSDB catalogues and what was asked of their match."""

    catalogs: tuple[Any, Any]
    surveys: tuple[Survey, ...]
    priors: PriorSet
    fit: Mapping[str, Any] | None
    """``meta`` with a host fraction to take"""
    moc: Any
    """footprint of the second"""
    given: dict[str, Any]
    """options of :func:`bayesmatch.match`"""

    def matched(self) -> tuple[Sources, Found, MatchResult]:
        """The sources, the objects near them, and the result of their match."""
        options, columns = self._checked()
        keep = can_keep(self.catalogs, self.surveys, options.radius_arcsec)
        sources = all_sources(self.catalogs[0], self.surveys[0], columns[0], keep)
        sources = checked_primary(sources, self.given["bad_rows"])
        if self.fit is not None:
            mean, details = self.fit["host_fraction"], self.fit["host_fraction_fit"]
            options = replace(options, host_fraction=fractions_for(sources, mean, details))
        if self.itself:
            options = replace(options, claims="independent")
        fit, ready = options.errors == "fit", dict[str, Any]()

        def near(primary: Any, look: bool) -> Found:
            def prepare() -> None:
                """What the match needs of the sources alone, while others search."""
                ready["covariates"] = covariate_matrix(primary, options.host_covariates)
                primary.close = entries_known(options.claims, primary, options.radius_arcsec)

            ahead = prepare if look else None
            return self._near(primary, columns[1], options, keep, look, ahead)

        found = near(sources, look=not fit)
        primary: Any = sources
        told = None
        if fit:

            def again(corrected: HeldCatalog) -> tuple[Found]:
                return (self._near(corrected, columns[1], options, False, True, None),)

            primary, numbers = fitted(primary, (found,), self.priors, options, again)
            told = {"given": False, **numbers}
            if primary is not sources:
                found = near(primary, look=True)
        covariates = ready.get("covariates") or covariate_matrix(primary, options.host_covariates)
        result = run_match(primary, (found,), self.priors, options, covariates, told)
        found.searched = found.boxed = primary.close = None  # nobody asks for these any more
        return sources, found, result

    def _near(
        self,
        sources: HeldCatalog,
        columns: tuple[str, ...],
        options: MatchOptions,
        keep: bool,
        look: bool,
        meanwhile: Callable[[], object] | None,
    ) -> Found:
        counted = options.field.counts_cells
        asked = counted or options.errors == "fit" or learns_from_field(self.priors)
        found = find_rows(
            self.catalogs[1],
            self.surveys[1],
            columns,
            sources,
            options.radius_arcsec,
            max_rows=options.max_rows,
            cells="look" if look and counted else "count" if asked else None,
            moc=self.moc,
            keep=keep,
            meanwhile=meanwhile,
        )
        found.lenient = self.given["bad_rows"] == "drop"
        if self.itself:
            found.known_as(sources)
        return found

    @property
    def itself(self) -> bool:
        """Whether a catalogue is matched with itself."""
        return self.catalogs[0] is self.catalogs[1]

    def _checked(self) -> tuple[MatchOptions, tuple[tuple[str, ...], tuple[str, ...]]]:
        """Options, and the columns needed of each catalogue; no partition is read."""
        covariates = self.given["host_covariates"]
        wanted = self.priors.columns(self.surveys[1].name)
        listed = self.priors.by_catalogue[self.surveys[1].name]
        pairwise = any(hasattr(prior, "log10_ratio_pairs") for prior in listed)
        named = () if covariates is None or isinstance(covariates, str) else tuple(covariates)
        named += tuple(c for prior in self.priors.learning for c in getattr(prior, "context", ()))
        columns = (
            columns_for(self.catalogs[0], self.surveys[0], named, every=pairwise),
            columns_for(self.catalogs[1], self.surveys[1], wanted or (), every=wanted is None),
        )
        # Catalogues without rows, for what can be told from columns.
        empty = [
            Partition(catalog.meta[list(names)], survey, *names[:2])
            for catalog, survey, names in zip(self.catalogs, self.surveys, columns, strict=True)
        ]
        options = MatchOptions.checked(empty[0], empty[1:], self.given)
        PriorSet.checked(self.priors.as_dict(), empty[0], empty[1:])
        check_names(empty[0], empty[1:], self.priors)
        check_margin(self.catalogs[1], options.radius_arcsec)
        return options, columns
