"""What was asked of a match: every option, checked, in one place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..catalogs.held import HeldCatalog
from ..catalogs.paths import given_path
from ..catalogs.scalars import as_number, dimensions, shown, true_or_false
from .arguments import in_arcsec, number_within, one_of, whole_number
from .field import FieldDensity, FieldModel, GivenField, UniformField
from .host_fraction import HostFraction
from .local_field import LocalField
from .patterns import pattern_labels
from .settled import KnownClaims

FIELDS: dict[str, FieldModel] = {"local": LocalField(), "uniform": UniformField()}
CLAIMS, ERRORS = ("exclusive", "independent"), ("given", "fit")


@dataclass(frozen=True)
class MatchOptions:
    """Options of :func:`bayesmatch.match` in fixed units; see there for what they mean."""

    radius_arcsec: float
    completeness: tuple[float, ...]
    """one per other catalogue"""
    host_fraction: HostFraction | float | None
    """None: fitted; a number: given; a fit of another match: taken as it is"""
    host_covariates: str | tuple[str, ...] | None
    correct_unrelated: bool
    secondary_ratio: float
    min_p_i: float
    prune: float
    max_rows: int
    checkpoint: Path | None
    progress: bool
    field: FieldModel
    """that the calibrated columns go by"""
    claims: KnownClaims | str
    """a rule; or exclusive, with what another match of the same sources has learned"""
    errors: str
    bad_rows: str

    @classmethod
    def checked(
        cls, primary: HeldCatalog, others: Sequence[HeldCatalog], given: dict[str, Any]
    ) -> MatchOptions:
        """The options, `given` by their names in :func:`bayesmatch.match`.

        Raises
        ------
        ValueError, TypeError
            If one is wrong; says what it may be.
        """
        return cls(
            radius_arcsec=in_arcsec(given["radius"]),
            completeness=_completeness(given["prior_completeness"], others),
            host_fraction=_host_fraction(given["host_fraction"], primary, others),
            host_covariates=_host_covariates(given["host_covariates"], primary),
            correct_unrelated=true_or_false("correct_unrelated", given["correct_unrelated"]),
            secondary_ratio=number_within(
                "secondary_ratio", given["secondary_ratio"], 0.0, 1.0, option="--acceptable-prob"
            ),
            min_p_i=number_within("min_p_i", given["min_p_i"], 0.0, 1.0, option="--min-prob"),
            prune=number_within("prune", given["prune"], 0.0, 1e-3),
            max_rows=whole_number("max_rows", given["max_rows"], 1),
            checkpoint=_checkpoint(given["checkpoint"]),
            progress=true_or_false("progress", given["progress"]),
            field=_field(given["field"], len(primary), len(others)),
            claims=_claims(given["claims"]),
            errors=one_of("errors", given["errors"], ERRORS),
            bad_rows=given["bad_rows"],  # by which rows have been left out already
        )


def _completeness(value: Any, others: Sequence[HeldCatalog]) -> tuple[float, ...]:
    if not isinstance(value, (list, tuple, np.ndarray)) or dimensions(value) == 0:
        number = number_within("prior_completeness", value, 0.0, 1.0, open_low=True)
        return (number ** (1.0 / len(others)),) * len(others)
    if len(value) != len(others):
        raise ValueError(
            f"prior_completeness has {len(value)} values for {len(others)} other "
            "catalogues; give one number, or one per catalogue after the first"
        )
    return tuple(
        number_within(f"prior_completeness of catalogue {other.name!r}", c, 0.0, 1.0, open_low=True)
        for other, c in zip(others, value, strict=True)
    )


def _host_fraction(
    value: Any, primary: HeldCatalog, others: Sequence[HeldCatalog]
) -> HostFraction | float | None:
    if isinstance(value, str) and value == "fit":
        return None
    if isinstance(value, HostFraction):
        shape, here = value.ln_fraction.shape, (len(primary), 1 << len(others))
        same = "give the fit of the same sources and catalogues, 'fit', or a number between 0 and 1"
        if shape != here:
            raise ValueError(
                f"host_fraction was fitted to {shape[0]} sources with {shape[1]} sets of "
                f"catalogues; this match has {here[0]} with {here[1]}: {same}"
            )
        names = [other.name for other in others]
        *_, all_of_them = pattern_labels([primary.name, *names])
        *_, fitted = value.details.get("fraction", [all_of_them])
        if fitted.split("+")[1:] != names:
            raise ValueError(
                f"host_fraction was fitted to {fitted}, this match is of {all_of_them}, and the "
                f"fractions are in that order: {same}"
            )
        return value
    remedy = "give 'fit', a number between 0 and 1, or the host_fraction of another result"
    if isinstance(value, str):
        raise ValueError(f"host_fraction is {shown(value)}; {remedy}")
    try:
        value = as_number(value)
    except TypeError as error:
        raise TypeError(f"host_fraction is {shown(value)}; {remedy}") from error
    return number_within("host_fraction", value, 0.0, 1.0, open_low=True, open_high=True)


def _field(value: Any, n: int, n_other: int) -> FieldModel:
    if not isinstance(value, FieldDensity):
        return FIELDS[one_of("field", value, FIELDS)]
    if value.per_deg2.shape != (n, n_other):
        raise ValueError(
            f"field has the densities of {len(value.per_deg2)} sources; this match has {n}: give "
            "those of the same sources and catalogues, 'local' or 'uniform'"
        )
    return GivenField(value)


def _claims(value: Any) -> KnownClaims | str:
    return value if isinstance(value, KnownClaims) else one_of("claims", value, CLAIMS)


def _host_covariates(value: Any, primary: HeldCatalog) -> str | tuple[str, ...] | None:
    if not (value is None or isinstance(value, (str, list, tuple))):
        raise TypeError(
            f"host_covariates is {shown(value)}; give 'sigma', a list of columns of "
            f"{primary.name!r}, or None"
        )
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _checkpoint(value: Any) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"checkpoint is {shown(value)}; give the path of a directory")
    if not os.fspath(value):
        raise ValueError("checkpoint is ''; give the path of a directory")
    path = given_path(value)
    if path.exists() and not path.is_dir():
        raise ValueError(f"checkpoint {path} is a file; give a directory")
    return path
