"""Whether a ``meta`` that was read has what a match puts there, of the types that it has there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from ..catalogs.left_out import BAD_ROWS
from ..catalogs.tails import MAX_FACTOR
from .beyond import ERRORS, LARGEST, SHARES

Check = Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _number(low: float = -math.inf, high: float = math.inf) -> Check:
    return lambda v: _is_number(v) and math.isfinite(v) and low <= v <= high


def _count(least: int) -> Check:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and least <= v < 2**63


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _each(check: Check, least: int = 0, most: int | None = None) -> Check:
    return lambda v: (
        isinstance(v, list)
        and least <= len(v)
        and (most is None or len(v) <= most)
        and all(map(check, v))
    )


def _named(check: Check) -> Check:
    return lambda v: isinstance(v, dict) and all(_is_text(k) and check(x) for k, x in v.items())


def _is_anything(value: Any) -> bool:
    return True


def _is_covariates(value: Any) -> bool:
    return value is None or _is_text(value) or _each(_is_text)(value)


def _is_error_part(value: Any) -> bool:
    return value is None or _is_text(value) or _is_number(value)


def _is_finding(value: Any) -> bool:
    """Whether it is a row of ``checks``: numbers, or None where there is none, and texts."""
    return (
        isinstance(value, dict)
        and value.keys() == FINDING.keys()
        and all(check(value[key]) for key, check in FINDING.items())
    )


def _is_number_or_none(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_text_or_none(value: Any) -> bool:
    return value is None or _is_text(value)


FINDING: dict[str, Check] = {
    "check": _is_text,
    **dict.fromkeys(("value", "expected", "error", "sigma"), _is_number_or_none),
    "verdict": lambda v: v in ("ok", "look", "wrong"),
    "advice": _is_text,
}
#: every value that a match records
VALUES: dict[str, Check] = {
    "bayesmatch": _is_text,
    "radius_arcsec": _number(1e-300, 45 * 3600),
    "prior_completeness": _each(_number(0, 1), 1, 15),
    "priors": _named(_each(_is_text)),
    "host_fraction": _number(0, 1),
    "host_fraction_error": _is_number,
    "host_fraction_given": _is_flag,
    "host_fraction_fit": _named(_is_anything),
    "host_covariates": _is_covariates,
    "correct_unrelated": _is_flag,
    "secondary_ratio": _number(0),
    "min_p_i": _number(0, 1),
    "catalogues": _each(_named(_is_anything), 2, 16),
    "n_candidates": _count(0),
    "n_associations": _count(1),
}
#: those that older files may lack
LATER: dict[str, Check] = {
    "versions": _named(_is_text),
    "combination_priors": _each(_is_text),
    "auto_priors": _named(_named(_named(_is_anything))),
    "prune": _number(0),
    "pruned_primaries": _count(0),
    "pruned_bound": _is_number,
    "max_rows": _count(1),
    "bad_rows": lambda v: v in BAD_ROWS,
    "field": _named(_is_anything),
    "claims": _named(_is_anything),
    "errors": _named(_is_anything),
    "dropped": _named(_named(_count(0))),
    "checks": _each(_is_finding),
    "command": lambda v: v is None or _is_text(v),
    "likelihood_ratio": lambda v: v is None or _named(_is_anything)(v),
}
CATALOGUE: dict[str, Check] = {
    "name": _is_text,
    "id": _is_text,
    "ra": _is_text,
    "dec": _is_text,
    "rows": _count(1),
    "area_deg2": _number(1e-300),
    "pos_err": _each(_is_error_part, 1, 3),
}
#: of a catalogue, what older files lack
CATALOGUE_LATER: dict[str, Check] = {
    "outside": _count(0),
    "bad": _count(0),
    "motion": _named(_is_anything),
    "tail_fraction": lambda v: _number(0, 1)(v) and v < 1,
    "tail_factor": lambda v: _number(1, MAX_FACTOR)(v) and v > 1,
    "sha256": _is_text_or_none,
    "files": lambda v: v is None or _each(_is_text)(v),
}
FIT: dict[str, Check] = {
    "fraction": _named(_number(0, 1)),
    "center": _named(_number()),
    "scale": _named(_number(1e-300)),
    "knots": _named(_each(_number())),
    "coefficients": _named(_each(_number())),
}

#: of a fit, what older files lack
FIT_LATER: dict[str, Check] = {
    ERRORS: _named(_each(_number(0), 1, len(SHARES))),
    LARGEST: _number(0, 1),
    "lines": _each(_is_text),
    "clump_gain": _number(0),
}


def check_meta(meta: Any) -> None:
    """Raise a ValueError unless `meta` is the record of a match."""
    if not isinstance(meta, Mapping):
        raise ValueError("meta is no dictionary")
    _check(meta, VALUES, "meta")
    _check({k: v for k, v in meta.items() if k in LATER}, LATER, "meta", whole=False)
    catalogues = meta["catalogues"]
    for number, catalogue in enumerate(catalogues):
        _check(catalogue, CATALOGUE, f"meta: catalogue {number}")
        _check(catalogue, CATALOGUE_LATER, f"meta: catalogue {number}", whole=False)
    names = [catalogue["name"] for catalogue in catalogues]
    if len(set(names)) < len(names):
        raise ValueError("meta: two catalogues have one name")
    if len(meta["prior_completeness"]) != len(names) - 1:
        raise ValueError("meta: prior_completeness has not one value per other catalogue")
    unknown = set(meta["priors"]) - set(names[1:])
    if unknown:
        raise ValueError(f"meta: priors are of {min(unknown)!r}, which is no other catalogue")
    given = meta["host_fraction"] if meta["host_fraction_given"] else None
    _check_fit(meta["host_fraction_fit"], 2 ** (len(names) - 1), given)


def _check(
    values: Mapping[str, Any], checks: dict[str, Check], what: str, whole: bool = True
) -> None:
    for key, check in checks.items():
        if key not in values:
            if whole:
                raise ValueError(f"{what} has no {key!r}")
        elif not check(values[key]):
            text = " ".join(repr(values[key]).split())
            raise ValueError(f"{what}: {key} is {text[:80]}, which no match writes there")


def _check_fit(fit: Mapping[str, Any], n_patterns: int, given: float | None) -> None:
    """Raise unless the numbers of the fit of the host fraction go together, and with a given."""
    _check(fit, {**FIT, **FIT_LATER}, "meta: host_fraction_fit", whole=False)
    if len(fit.get("fraction", ())) != n_patterns:
        raise ValueError(f"meta: host_fraction_fit has not the fractions of {n_patterns} patterns")
    if not FIT.keys() <= fit.keys():
        return
    center, knots = fit["center"], fit["knots"]
    if center.keys() != fit["scale"].keys() or not knots.keys() <= center.keys():
        raise ValueError("meta: host_fraction_fit has not the same covariates throughout")
    n_columns = 1 + 2 * len(center) - len(fit.get("lines", ())) + sum(map(len, knots.values()))
    # To a given total, which leaves both some, one pattern less is fitted.
    to_total = given is not None and 0 < given < 1
    numbers = (n_patterns - 1, n_patterns - 2) if to_total else (n_patterns - 1,)
    if len(fit["coefficients"]) not in numbers or any(
        len(row) != n_columns for row in fit["coefficients"].values()
    ):
        raise ValueError("meta: host_fraction_fit has not the coefficients of its covariates")
