"""What the header of a published table says: versions, parameters, inputs, classes, citation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...catalogs.held import HeldCatalog
from ...catalogs.scalars import plural
from ...matching.record import CatalogueRecord, MatchRecord
from ...matching.wording import outside_share, rows_left_out

#: how the method is cited, wherever a table or a report says so
CITATION = (
    "Salvato M. et al. 2018, MNRAS, 473, 4937: NWAY (the posterior)",
    "Budavari T. & Szalay A. S. 2008, ApJ, 679, 301: Bayesian cross-identification",
    "bayesmatch {version}: the calibrated probabilities (see CITATION.cff of the software)",
)
BIBTEX = """\
@article{2018MNRAS.473.4937S,
  author  = {{Salvato}, M. and {Buchner}, J. and {Budav{\\'a}ri}, T. and others},
  title   = {Finding counterparts for all-sky X-ray surveys with NWAY: a Bayesian algorithm for
             cross-matching multiple catalogues},
  journal = {MNRAS}, year = 2018, volume = 473, pages = {4937},
  doi     = {10.1093/mnras/stx2651}
}
@article{2008ApJ...679..301B,
  author  = {{Budav{\\'a}ri}, T. and {Szalay}, A. S.},
  title   = {Probabilistic Cross-Identification of Astronomical Sources},
  journal = {ApJ}, year = 2008, volume = 679, pages = {301},
  doi     = {10.1086/587156}
}
"""


def header(
    record: MatchRecord,
    found: np.ndarray,
    cuts: tuple[float, float],
    catalogs: Sequence[HeldCatalog] = (),
) -> dict[str, Any]:
    """The header, in plain Python types, in the order that it is written.

    `found`: the class of each source, (n,) of str; `catalogs`: those of the match, where they are
    at hand, whose files the record of a match made in Python has not.
    """
    return {
        "title": title(record),
        "bayesmatch": record.bayesmatch or "",
        "versions": dict(record.versions or {}),
        "command": record.command or "",
        "inputs": [
            {
                **_input(c, catalogs[k] if catalogs else None),
                "left_out": rows_left_out(record, c.name),
            }
            for k, c in enumerate(record.catalogues)
        ],
        "parameters": parameters(record),
        "class_cuts": {"secure_p_match": cuts[0], "hostless_p_hostless": cuts[1]},
        "class_counts": {
            name: int(np.count_nonzero(found == name))
            for name in ("secure", "ambiguous", "hostless", "outside")
        },
        "citation": citation(record),
    }


def title(record: MatchRecord) -> str:
    """What the table is."""
    names = [c.name for c in record.others]
    return f"Counterparts of {record.primary.name} sources in {' and '.join(names)}"


def citation(record: MatchRecord) -> list[str]:
    """What to cite."""
    return [line.format(version=record.bayesmatch or "") for line in CITATION]


def _input(c: CatalogueRecord, catalog: HeldCatalog | None) -> dict[str, Any]:
    """What is told of one catalogue."""
    files, sha256 = c.files, c.sha256
    if catalog is not None and not files:
        files = [os.path.basename(path) for path in catalog.read_from]
        sha256 = catalog.sha256
    return {
        "name": c.name,
        "rows": c.rows,
        "area_deg2": c.area_deg2,
        "ra": c.ra,
        "dec": c.dec,
        "id": c.id,
        "pos_err": list(c.pos_err or []),
        "file": ", ".join(files or []),
        "sha256": sha256 or "",
    }


def parameters(record: MatchRecord) -> dict[str, Any]:
    """What was asked of the match, and the fitted host fraction."""
    outside, outside_error = outside_share(record)
    return {
        "radius_arcsec": record.radius_arcsec,
        "prior_completeness": list(record.prior_completeness),
        "priors": {name: list(listed) for name, listed in (record.priors or {}).items() if listed},
        "combination_priors": record.combinations,
        "host_fraction": record.host_fraction,
        "host_fraction_error": record.host_fraction_error,
        "host_fraction_given": record.host_fraction_given,
        "share_outside_survey": outside,
        "share_outside_survey_error": outside_error,
        "host_covariates": record.host_covariates,
        "field": (record.field or {}).get("model", "uniform"),
        "claims": (record.claims or {}).get("rule", "independent"),
        "errors_given": (record.errors or {}).get("given", True),
        "correct_unrelated": record.correct_unrelated,
        "secondary_ratio": record.secondary_ratio,
        "min_p_i": record.min_p_i,
        "prune": record.prune,
    }


def header_lines(head: dict[str, Any]) -> list[str]:
    """The header as lines of text, for formats that have comments only."""
    lines = [head["title"], f"made with bayesmatch {head['bayesmatch']}"]
    if head["versions"]:
        lines.append(
            "versions: " + ", ".join(f"{name} {v}" for name, v in head["versions"].items())
        )
    if head["command"]:
        lines.append(f"command: {head['command']}")
    for part in head["inputs"]:
        errors = ", ".join(map(str, part["pos_err"])) or "not recorded"
        lines.append(
            f"input {part['name']}: {part['rows']} {plural(part['rows'], 'row')} on "
            f"{part['area_deg2']:.6g} deg^2, position error {errors}"
        )
        if part["left_out"]:
            lines.append(f"  rows left out: {part['left_out']}")
        if part["sha256"]:
            lines += [f"  file {part['file']}", f"  SHA-256 {part['sha256']}"]
        else:
            lines.append(f"  {part['file'] or 'files not recorded'}: no SHA-256")
    lines += [f"parameter {name}: {_said(value)}" for name, value in head["parameters"].items()]
    cuts, counts = head["class_cuts"], head["class_counts"]
    lines += [
        f"class secure: p_match >= {cuts['secure_p_match']:g} ({_sources(counts['secure'])})",
        f"class hostless: p_hostless >= {cuts['hostless_p_hostless']:g} "
        f"({_sources(counts['hostless'])})",
        f"class outside: no catalogue has looked there ({_sources(counts['outside'])})",
        f"class ambiguous: all others ({_sources(counts['ambiguous'])})",
        *(f"cite: {line}" for line in head["citation"]),
    ]
    return lines


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k}: {_said(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return f"{value:.6g}" if isinstance(value, float) else "none" if value is None else str(value)


def _sources(n: int) -> str:
    return f"{n} {plural(n, 'source')}"
