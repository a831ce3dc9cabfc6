"""`match`: the whole way from catalogues to probabilities."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..catalogs.catalog import Catalog
from ..catalogs.footprint import within_footprint
from ..catalogs.itself import known_as_itself, named_apart
from ..catalogs.left_out import BAD_ROWS, checked_primary, with_positions
from ..catalogs.motions import at_epoch_of
from ..priors.prior_set import PriorSet
from .arguments import check_catalogs, check_far, one_of
from .covariates import covariate_matrix
from .field import FieldDensity
from .host_fraction import HostFraction
from .options import MatchOptions
from .pipeline import run_match
from .result import MatchResult
from .result_check import check_names
from .settled import KnownClaims


def match(
    primary: Catalog,
    *others: Catalog,
    radius: Any,
    prior_completeness: float | Sequence[float] = 1.0,
    priors: Mapping[Any, Sequence[Any]] | None = None,
    host_fraction: str | float | HostFraction = "fit",
    host_covariates: str | Sequence[str] | None = "sigma",
    correct_unrelated: bool = True,
    secondary_ratio: float = 0.5,
    min_p_i: float = 0.0,
    prune: float = 1e-12,
    progress: bool = False,
    max_rows: int = 200_000_000,
    checkpoint: str | os.PathLike | None = None,
    field: str | FieldDensity = "local",
    claims: str | KnownClaims = "exclusive",
    errors: str = "given",
    bad_rows: str = "strict",
) -> MatchResult:
    """Find the counterparts of every primary source, and how probable each is.

    Parameters
    ----------
    primary : Catalog
        The sources to identify (X-ray, radio, gamma-ray ...).
    *others : Catalog
        One or more catalogues that may hold their counterparts. Of the primary itself
        (``match(x, x, ...)``, or the same file or rows under another name) no object is its own
        candidate, and every pair comes once, with the earlier row as the source; ``claims`` are
        "independent" then.
    radius : float or Quantity
        Largest separation within an association, arcsec, exclusive. Five times the largest
        position error loses nothing.
    prior_completeness : float or sequence of float, default 1
        Expected fraction of primaries with a counterpart, NWAY's meaning: a number c gives each
        of the K - 1 others c**(1/(K-1)), a sequence one value per other catalogue. It enters
        ``p_any``; the calibrated columns fit the fraction instead.
    priors : mapping of str to list of priors, optional
        Catalogue name to priors, such as :class:`bayesmatch.HistogramPrior`; None to those that
        act on whole combinations, :class:`bayesmatch.CombinationPrior`, with which nothing is
        pruned, and which ``errors="fit"`` leaves out of its fit.
    host_fraction : "fit", float or HostFraction, default "fit"
        Fraction of primaries that have a counterpart at all, for ``p_match`` and ``p_hostless``;
        counterparts outside the radius, of which the errors say how many there are, count in it.
        A ``HostFraction`` is the fit of another match of the same sources with the same
        catalogues, ``host_fraction`` of its result, taken source by source as it is;
        :func:`bayesmatch.calibrate` gives it to the fake positions.
    host_covariates : "sigma", sequence of str or None, default "sigma"
        What the fraction may depend on: the error radius, columns of the primary, nothing.
    correct_unrelated : bool, default True
        With three or more catalogues, let associations without the primary explain objects.
    secondary_ratio : float, default 0.5
        Associations with p_i above this fraction of the best are flagged 2.
    min_p_i : float, default 0
        Leave out associations below this p_i; no-counterpart rows stay.
    prune : float, default 1e-12
        With three or more catalogues, a primary with more than 5,000 associations keeps only those
        that matter: combinations are not pursued whose continuations together hold less than this
        share of the primary's total. ``meta["pruned_primaries"]`` tells how many primaries that
        concerns, ``meta["pruned_bound"]`` how far a probability can be off by it, typically
        1e-10. 0 keeps every association.
    progress : bool, default False
        Show a progress bar, which is full when the result is ready.
    max_rows : int, default 200 million
        Refuse a match with more candidates or associations than this; one that would not fit into
        the memory available is refused anyway.
    checkpoint : path, optional
        Directory where the search of scanned catalogues (:meth:`Catalog.scan`) keeps what it has
        finished, so that the same call goes on where a killed one stopped; it may be deleted
        afterwards. What is damaged there is computed again, with a warning; a directory that
        another process is using is refused. Catalogues in memory keep nothing there.
    field : {"local", "uniform"} or FieldDensity, default "local"
        The density of field objects that the calibrated columns go by: that around each primary,
        from counts, and with three or more catalogues the objects that several of them see; or one
        density per catalogue, its rows over its area, and catalogues that share nothing, which is
        what NWAY's columns always have. A ``FieldDensity`` is that of another match of the same
        sources, as :func:`bayesmatch.calibrate` gives it to the fake positions. Ratios of priors
        are taken over their mean on the field around the primary; a catalogue with a prior of which
        that is not known (``FunctionPrior``) keeps one density.
    claims : {"exclusive", "independent"}, default "exclusive"
        Whether an object is the counterpart of one primary at most, or may be that of several.
        Primaries that compete for objects get their joint probabilities, exactly, unless too many
        compete at a time (``meta["claims"]``: groups, and how many primaries are
        ``left_independent``, of objects with at most ``largest_cut``). Entries that are probably
        the same source (``same_source``) share their counterparts. The host fraction is fitted in
        this light. What another match has found is taken by :func:`bayesmatch.calibrate`.
    errors : {"given", "fit"}, default "given"
        Position errors of the primary as they are quoted, or put right first by
        :func:`bayesmatch.fit_position_errors`, with everything that the data ask for; its numbers
        are in ``meta["errors"]``. With fewer than 30 likely counterparts they stay as quoted.
    bad_rows : {"strict", "drop"}, default "strict"
        What becomes of primaries without a position (missing, or out of range) or without a
        position error (0, negative, missing, out of range), and of candidates without a position
        error: they are refused, or left out with a warning; rows of ``sources`` and
        ``associations`` keep the numbers of the given table. Rows of the other catalogues without a
        position are always left out, with a warning, and other bad errors there are no matter.
        ``meta["dropped"]`` counts what is left out, by catalogue and reason.

    Returns
    -------
    MatchResult
        ``associations`` (a row per association) and ``sources`` (a row per primary).

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the match would exceed `max_rows`; before any work is done.
        Faults in the files of a scanned catalogue are found when they are read.

    Warns
    -----
    UserWarning
        If entries of the primary are probably the same source as another one, or bad rows are left
        out.

    Notes
    -----
    The posterior is that of Salvato et al. (2018, MNRAS 473, 4937) with the Bayes factor of
    Budavari & Szalay (2008, ApJ 679, 301), which for elliptical errors is the exact integral.
    The calibrated columns maximise the marginal likelihood of the fractions of sources with each
    set of counterparts (see :mod:`bayesmatch.matching.host_fraction`).
    """
    others = named_apart(primary, others)
    check_catalogs(primary, others)
    primary = checked_primary(primary, one_of("bad_rows", bad_rows, BAD_ROWS))
    options = MatchOptions.checked(
        primary,
        others,
        {
            "radius": radius,
            "prior_completeness": prior_completeness,
            "host_fraction": host_fraction,
            "host_covariates": host_covariates,
            "correct_unrelated": correct_unrelated,
            "secondary_ratio": secondary_ratio,
            "min_p_i": min_p_i,
            "prune": prune,
            "progress": progress,
            "max_rows": max_rows,
            "checkpoint": checkpoint,
            "field": field,
            "claims": claims,
            "errors": errors,
            "bad_rows": bad_rows,
        },
    )
    prior_set = PriorSet.checked(priors, primary, others)
    covariates = covariate_matrix(primary, options.host_covariates)
    check_names(primary, others, prior_set)
    check_far(others, prior_set)
    others = tuple(known_as_itself(primary, with_positions(other, bad_rows)) for other in others)
    if any(other.itself for other in others):  # of a pair, neither object is the counterpart
        options = replace(options, claims="independent")
    moved = [at_epoch_of(other, primary) for other in others]
    inside = tuple(map(within_footprint, moved))
    found: dict[str, Any] = {"given": True}
    corrected = {c.name: list(c.corrections) for c in (primary, *others) if c.corrections}
    if options.errors == "fit":
        from .fitted_errors import fitted  # takes as long to load as a small match to run

        primary, numbers = fitted(primary, inside, prior_set, options)
        found = {"given": False, **numbers}
        covariates = covariate_matrix(primary, options.host_covariates)
    if corrected:  # by whoever called, before
        found["corrected"] = corrected
    return run_match(primary, inside, prior_set, options, covariates, found)
