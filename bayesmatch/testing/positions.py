"""Rules of positions: separations, pairs, associations and Bayes factors by brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np

from ..catalogs.held import HeldCatalog
from . import reference
from .view import LN_10, View, require, require_close

#: brute force stops at so many pairs of two catalogues, combinations, and Bayes factors
MAX_PAIRS, MAX_COMBINATIONS, MAX_BAYES = 4_000_000, 20_000, 300
#: arcsec: rounding of coordinates in degrees
ROUNDING = 1e-8


def separations(v: View) -> None:
    """Below the radius where both take part, NaN elsewhere; the largest of them."""
    a, radius = v.associations, v.record.radius_arcsec
    here = np.column_stack([np.ones(len(v.primary), bool), v.takes_part])
    row = np.column_stack([v.primary, v.member])
    largest = np.zeros(len(v.primary))
    for k, m in itertools.combinations(range(len(v.names)), 2):
        name = f"Separation_{v.names[k]}_{v.names[m]}"
        both = here[:, k] & here[:, m]
        require(f"{name} where both take part", np.isfinite(a[name]) == both)
        require(f"{name} is below the radius", a[name][both] < radius)
        require(f"{name} is not negative", a[name][both] >= 0)
        largest = np.fmax(largest, a[name])
        if v.catalogs and not v.own_epochs:
            one, two = v.catalogs[k], v.catalogs[m]
            i, j = row[both, k], row[both, m]
            slow = reference.chord_separation(one.ra[i], one.dec[i], two.ra[j], two.dec[j])
            require_close(f"{name} from the positions", a[name][both], slow, atol=ROUNDING)
    require_close("Separation_max is the largest", a["Separation_max"], largest)


def every_pair(v: View) -> None:
    """All pairs within the radius are there: no other, and none lost."""
    if not v.catalogs or v.own_epochs or not v.complete:
        return
    radius, (primary, *others) = v.record.radius_arcsec, v.catalogs
    for k, other in enumerate(others):
        if len(primary) * len(other) > MAX_PAIRS:
            return
        here = v.takes_part[:, k]
        found = set(zip(v.primary[here].tolist(), v.member[here, k].tolist(), strict=True))
        at = (primary.ra, primary.dec, other.ra, other.dec)
        i, j, s = reference.pairs(*at, radius + ROUNDING)
        if other.itself:  # every pair once, no object with itself
            i, j, s = (values[i < j] for values in (i, j, s))
        if other.bad_errors is not None:  # left out
            good = ~other.bad_errors[j]
            i, j, s = (values[good] for values in (i, j, s))
        near = set(zip(i.tolist(), j.tolist(), strict=True))
        sure = {
            (a, b)
            for a, b, c in zip(i.tolist(), j.tolist(), s, strict=True)
            if c < radius - ROUNDING
        }
        lost, extra = sorted(sure - found), sorted(found - near)
        if lost or extra:
            raise AssertionError(
                f"every pair within the radius: {v.names[0]} x {other.name}: lost {lost[:5]}, "
                f"too many {extra[:5]}"
            )
    possible = sum(math.prod(1 + len(o) for o in others) for _ in range(len(primary)))
    if possible > MAX_COMBINATIONS:
        return
    places = [(o.ra, o.dec) for o in v.catalogs]
    # Of two objects that the radius itself lies between, either answer is right: also where the
    # row that would have their separation is not there.
    least, most = (
        set(reference.associations(places[0], places[1:], radius + by))
        for by in (-ROUNDING, ROUNDING)
    )
    for k, other in enumerate(others, 1):
        if other.itself:
            least, most = ({a for a in some if a[k] < 0 or a[0] < a[k]} for some in (least, most))
        if (bad := other.bad_errors) is not None:
            least, most = ({a for a in some if a[k] < 0 or not bad[a[k]]} for some in (least, most))
    rows = [(int(i), *m) for i, m in zip(v.primary, v.member.tolist(), strict=True)]
    wrong = sorted(set(rows) - most | least - set(rows))
    if wrong or rows != sorted(set(rows)):
        raise AssertionError(f"every association within the radius: they differ in {wrong[:5]}")


def bayes_factors(v: View) -> None:
    """The Bayes factor of positions and errors, of up to some hundred rows."""
    uncorrected = v.associations["dist_bayesfactor_uncorrected"] * LN_10
    corrected = v.associations["dist_bayesfactor"] * LN_10
    require("unrelated associations only add", corrected >= uncorrected)
    if not v.record.correct_unrelated or len(v.names) == 2:
        require("no unrelated associations", corrected == uncorrected)
    require("the Bayes factor of no counterpart is 1", uncorrected[v.first[:-1]] == 0)
    if not v.catalogs or v.own_epochs:
        return
    covariance = [_covariance(c) for c in v.catalogs]
    circular = all(c.circular for c in v.catalogs)
    for k, catalog in enumerate(v.catalogs[1:], 1):
        if catalog.motions is not None and catalog.arrival is not None:
            wider = catalog.motions.variance(catalog.arrival.epoch)
            if wider is not None:
                covariance[k] = covariance[k] + wider[:, :, None] * np.eye(2)
                circular = False
    rows = np.unique(np.linspace(0, len(v.primary) - 1, MAX_BAYES).astype(int))
    slow = [_ln_bayes(v, covariance, circular, row) for row in rows]
    require_close(
        "the Bayes factor from the positions", uncorrected[rows], slow, rtol=1e-7, atol=1e-6
    )


def _covariance(catalog: HeldCatalog) -> np.ndarray:
    """Covariances (n, 2, 2) from the columns themselves, where they are plain arcsec."""
    parts = []
    for given, unit in zip(catalog.error_record, ("arcsec", "arcsec", "deg"), strict=False):
        if isinstance(given, str) and given in catalog.table.colnames:
            column = catalog.table[given]
            if getattr(column, "unit", None) in (None, unit):
                parts.append(np.asarray(column, float))
        elif isinstance(given, float):
            parts.append(np.asarray(given))
    if len(parts) == len(catalog.error_record):
        return reference.covariance(parts, len(catalog))
    xx, yy, xy = catalog.covariance().T
    return np.stack([xx, xy, xy, yy], axis=-1).reshape(-1, 2, 2)


def _ln_bayes(v: View, covariance: list[np.ndarray], circular: bool, row: int) -> float:
    member = [v.primary[row], *v.member[row]]
    who = [k for k, j in enumerate(member) if j >= 0]
    at = [(v.catalogs[k].ra[member[k]], v.catalogs[k].dec[member[k]]) for k in who]
    c = np.array([covariance[k][member[k]] for k in who])
    if circular:
        apart = [[reference.chord_separation(*one, *two) for two in at] for one in at]
        return reference.ln_bayes_circular(np.sqrt(c[:, 0, 0]), apart)
    x, turned = [], []
    for place, errors in zip(at, c, strict=True):
        offset, own = reference.in_plane(*at[0], *place, errors)
        x.append(offset)
        turned.append(own)
    return reference.ln_bayes_general(x, turned)


def identifiers(v: View) -> None:
    """Identifiers are those of the rows."""
    for k, catalog in enumerate(v.catalogs):
        column = f"{catalog.name}_{catalog.id_name}"
        tables = (
            (v.associations, v.primary if k == 0 else v.member[:, k - 1]),
            (v.sources, v.sources[catalog.name]),
        )
        for table, row in tables:
            there = row >= 0
            if catalog.id_mask is None:
                right = table[column][there].astype(str) == catalog.ids(row[there]).astype(str)
                require(f"{column} is that of the row", right)


POSITION_RULES = (separations, every_pair, bayes_factors, identifiers)
