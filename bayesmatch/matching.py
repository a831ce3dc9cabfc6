"""`match`: the whole way from catalogues to probabilities."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import astropy
import numba
import numpy as np

from . import __version__
from ._kernels import posterior as kernels
from ._kernels.jit import run_ranges
from .arguments import check_catalogs, in_arcsec, number_within, whole_number
from .associations import Associations, build_associations
from .candidates import find_candidates
from .catalogs.catalog import Catalog
from .catalogs.positions import square_degrees
from .covariates import covariate_matrix
from .host_fraction import HostFraction, fit_host_fraction
from .patterns import PatternPriors, pattern_priors
from .placed import place_candidates
from .posterior import Posterior, bayes_factors, nway_posterior, pattern_likelihood
from .priors import all_ratios, check_priors
from .priors.auto import auto_record, learn_priors, learns_from_posterior
from .result import MatchResult
from .scan.candidates import hold_scanned
from .scan.catalog import ScannedCatalog
from .tables import Calibrated, Matched, association_table, check_columns, source_table

LN_10 = np.log(10.0)
#: associations with a dist_post above this are never pruned while priors learn from them: far
#: below the posteriors that matter to an AutoPrior
MIN_WEIGHT_LEARNED = 1e-5


def match(
    primary: Catalog,
    *others: Catalog,
    radius: Any,
    prior_completeness: float | Sequence[float] = 1.0,
    priors: Mapping[str, Sequence[Any]] | None = None,
    host_fraction: str | float | HostFraction = "fit",
    host_covariates: str | Sequence[str] | None = "sigma",
    correct_unrelated: bool = True,
    secondary_ratio: float = 0.5,
    min_p_i: float = 0.0,
    prune: float = 1e-12,
    progress: bool = False,
    max_rows: int = 200_000_000,
    checkpoint: str | os.PathLike | None = None,
) -> MatchResult:
    """Find the counterparts of every primary source, and how probable each is.

    Parameters
    ----------
    primary : Catalog
        The sources to identify (X-ray, radio, gamma-ray ...).
    *others : Catalog
        One or more catalogues that may hold their counterparts.
    radius : float or Quantity
        Largest separation within an association, arcsec, exclusive. Five times the largest
        position error loses nothing.
    prior_completeness : float or sequence of float, default 1
        Expected fraction of primaries with a counterpart, NWAY's meaning: a number c gives each
        of the K - 1 others c**(1/(K-1)), a sequence one value per other catalogue. It enters
        ``p_any``; the calibrated columns fit the fraction instead.
    priors : mapping of str to list of priors, optional
        Catalogue name to priors, such as :class:`bayesmatch.HistogramPrior`.
    host_fraction : "fit" or float, default "fit"
        Fraction of primaries that have a counterpart at all, for ``p_match`` and ``p_hostless``.
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
        Show a progress bar over the rows searched.
    max_rows : int, default 200 million
        Refuse a match with more candidates or associations than this.
    checkpoint : path, optional
        Directory where the search of scanned catalogues (:meth:`Catalog.scan`) keeps what it has
        finished, so that the same call goes on where a killed one stopped; it may be deleted
        afterwards. Catalogues in memory keep nothing there.

    Returns
    -------
    MatchResult
        ``associations`` (a row per association) and ``sources`` (a row per primary).

    Raises
    ------
    ValueError, TypeError
        If an argument is wrong, or the match would exceed `max_rows`; before any work is done.
        Faults in the files of a scanned catalogue are found when they are read.

    Notes
    -----
    The posterior is that of Salvato et al. (2018, MNRAS 473, 4937) with the Bayes factor of
    Budavari & Szalay (2008, ApJ 679, 301), which for elliptical errors is the exact integral.
    The calibrated columns maximise the marginal likelihood of the fractions of sources with each
    set of counterparts (see :mod:`bayesmatch.host_fraction`).
    """
    check_catalogs(primary, others)
    radius_arcsec = in_arcsec(radius)
    completeness = _completeness(prior_completeness, others)
    checked = check_priors(priors, primary, others)
    total = _host_fraction(host_fraction)
    number_within("secondary_ratio", secondary_ratio, 0.0, 1.0)
    number_within("min_p_i", min_p_i, 0.0, 1.0)
    number_within("prune", prune, 0.0, 1e-3)
    whole_number("max_rows", max_rows, 1)
    if not (host_covariates is None or isinstance(host_covariates, (str, list, tuple))):
        raise TypeError(f"host_covariates is {host_covariates!r}; give 'sigma', a list of columns "
                        f"of {primary.name!r}, or None")
    z, description = covariate_matrix(primary, host_covariates)
    check_columns(primary, others, checked)
    directory = _checkpoint(checkpoint)
    clock = _Clock()

    with clock("search"), _progress(others, len(primary), progress) as advance:
        others = tuple(hold_scanned(primary, others, checked, radius_arcsec, max_rows=max_rows,
                                    advance=advance, checkpoint=directory))
        candidates = find_candidates(primary, others, radius_arcsec, max_rows=max_rows,
                                     advance=advance)
    with clock("associations"):
        placed = place_candidates(primary, others, candidates)
        per_pattern = pattern_priors(others, completeness, correct_unrelated)

    def associate(ln_ratio: np.ndarray, min_weight: float = np.inf
                  ) -> tuple[Associations, tuple[np.ndarray, np.ndarray]]:
        with clock("associations"):
            rows = build_associations(primary, others, candidates, placed, per_pattern, ln_ratio,
                                      radius_arcsec, prune=prune, min_weight=min_weight,
                                      max_rows=max_rows)
        with clock("bayes_factors"):
            return rows, bayes_factors(primary, candidates, placed, rows, per_pattern.unrelated)

    by_distance, member, dist_post = None, np.empty((0, len(others)), np.int64), np.empty(0)
    if learns_from_posterior(checked):
        neutral = np.zeros(len(candidates.row))
        by_distance = associate(neutral, MIN_WEIGHT_LEARNED)
        member = by_distance[0].member
        dist_post = nway_posterior(by_distance[0], per_pattern, by_distance[1], neutral,
                                   1.0).dist_post
    with clock("priors"):
        learned = learn_priors(checked, others, candidates, member, dist_post, radius_arcsec)
        log10_ratios = all_ratios(learned, primary, others, candidates)
        slot_ln_ratio = LN_10 * sum(log10_ratios.values(), np.zeros(len(candidates.row)))
    if by_distance is None or len(by_distance[0].pruned.primary):
        rows, ln_b = associate(slot_ln_ratio)
    else:
        rows, ln_b = by_distance
    with clock("posterior"):
        post = nway_posterior(rows, per_pattern, ln_b, slot_ln_ratio, secondary_ratio)
    with clock("host_fraction"):
        # NWAY's factor for unrelated associations raises the rows that leave catalogues out, but
        # not a complete row beside the same chance pair: with it, fractions come out wrong.
        ln_evidence = post.ln_evidence - (post.ln_bayes_corrected - post.ln_bayes)
        fit = total if isinstance(total, HostFraction) else fit_host_fraction(
            pattern_likelihood(rows, per_pattern, ln_evidence), z, total=total,
            labels=_pattern_labels(primary, others), description=description,
            empty=np.diff(candidates.start[::len(others)]) == 0,
            expected=sum(c.n_rows / c.area for c in others) * square_degrees(radius_arcsec))
        calibrated = _calibrate(rows, per_pattern, post, ln_evidence, fit)
    with clock("tables"):
        matched = Matched(primary, others, candidates, rows, log10_ratios, post, calibrated)
        sources = source_table(matched)
        associations = association_table(matched, min_p_i)
    meta = {
        "bayesmatch": __version__,
        "versions": {"python": platform.python_version(), "numpy": np.__version__,
                     "numba": numba.__version__, "astropy": astropy.__version__},
        "radius_arcsec": radius_arcsec,
        "prior_completeness": completeness,
        "priors": {name: [p.name for p in listed] for name, listed in learned.items()},
        "auto_priors": auto_record(checked, learned),
        "host_fraction": fit.mean,
        "host_fraction_error": fit.mean_error,
        "host_fraction_given": total is not None,
        "host_fraction_fit": fit.details,
        "host_covariates": host_covariates if host_covariates is None or isinstance(
            host_covariates, str) else list(host_covariates),
        "correct_unrelated": bool(correct_unrelated),
        "secondary_ratio": float(secondary_ratio),
        "min_p_i": float(min_p_i),
        "prune": float(prune),
        "pruned_primaries": len(rows.pruned.primary),
        "pruned_bound": _pruned_bound(rows, fit, calibrated),
        "max_rows": int(max_rows),
        "catalogues": [{"name": c.name, "id": c.id_name, "ra": c.ra_name, "dec": c.dec_name,
                        "rows": c.n_rows, "area_deg2": c.area, "pos_err": c.error_record}
                       for c in (primary, *others)],
        "n_candidates": len(candidates.row),
        "n_associations": len(associations),
        "seconds": clock.seconds,
    }
    return MatchResult(associations, sources, meta, priors=learned, catalogs=(primary, *others),
                       host_fraction=fit)


def _calibrate(rows: Associations, priors: PatternPriors, post: Posterior,
               ln_evidence: np.ndarray, fit: HostFraction) -> Calibrated:
    n = len(rows.first) - 1
    out = Calibrated(np.empty(len(rows.member)), np.empty(n), np.empty(n), np.empty(n, np.int64),
                     np.empty(n), np.empty((n, rows.member.shape[1])))

    def piece(a: int, b: int) -> None:
        kernels.calibrated_rows(a, b, rows.first, rows.member, priors.density, ln_evidence,
                                fit.ln_fraction, out.p_match, out.p_hostless, out.log10_odds)
        kernels.best_rows(a, b, rows.first, rows.member, post.p_i, out.p_match, post.match_flag,
                          out.best, out.second_p_i, out.marginal)

    list(run_ranges(piece, rows.pieces))
    return out


def _pruned_bound(rows: Associations, fit: HostFraction, calibrated: Calibrated) -> float:
    """How far any probability can be off because unlikely associations were left out.

    Known are their shares of NWAY's total and of the calibrated one, which is the fraction of
    hostless sources over p_hostless.
    """
    p = rows.pruned
    if len(p.primary) == 0:
        return 0.0
    ln_fraction = fit.ln_fraction[p.primary]
    ln_total = ln_fraction[:, 0] + np.logaddexp(0.0, LN_10 * calibrated.log10_odds[p.primary])
    share = p.lost[:, 0] * np.exp(p.ln_total[:, 0] + ln_fraction.max(axis=1) - ln_total)
    return float(max(p.lost[:, 1].max(), share.max()))


def _completeness(value: Any, others: Sequence[Catalog]) -> list[float]:
    if np.ndim(value) == 0:
        number = number_within("prior_completeness", value, 0.0, 1.0, open_low=True)
        return [number ** (1.0 / len(others))] * len(others)
    if len(value) != len(others):
        raise ValueError(f"prior_completeness has {len(value)} values for {len(others)} other "
                         "catalogues; give one number, or one per catalogue after the first")
    return [number_within(f"prior_completeness of catalogue {other.name!r}", c, 0.0, 1.0,
                          open_low=True) for other, c in zip(others, value, strict=True)]


def _host_fraction(value: Any) -> HostFraction | float | None:
    if isinstance(value, str) and value == "fit":
        return None
    if isinstance(value, HostFraction):  # fitted to these sources in another match: calibrate()
        return value
    if isinstance(value, str):
        raise ValueError(f"host_fraction is {value!r}; give 'fit' or a number between 0 and 1")
    return number_within("host_fraction", value, 0.0, 1.0, open_low=True, open_high=True)


def _checkpoint(value: Any) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"checkpoint is {value!r}; give the path of a directory")
    path = Path(value)
    if path.exists() and not path.is_dir():
        raise ValueError(f"checkpoint {path} is a file; give a directory")
    return path


def _pattern_labels(primary: Catalog, others: Sequence[Catalog]) -> list[str]:
    """Names of the membership patterns: X, X+OPT, X+IRAC, X+OPT+IRAC, ..."""
    return ["+".join([primary.name, *(c.name for k, c in enumerate(others) if bits >> k & 1)])
            for bits in range(1 << len(others))]


class _Clock:
    """Seconds spent in each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - begin


@contextmanager
def _progress(others: Sequence[Catalog], n_primary: int, show: bool) -> Iterator[Any]:
    if not show:
        yield lambda rows: None
        return
    from tqdm import tqdm

    total = sum(max(len(c), 0 if isinstance(c, ScannedCatalog) else n_primary) for c in others)
    with tqdm(total=total, unit="rows", unit_scale=True, desc="search") as bar:
        yield bar.update
