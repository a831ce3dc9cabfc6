"""What was matched and how, in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...catalogs.scalars import plural
from ...matching.learned_lines import learned_lines
from ...matching.record import CatalogueRecord, MatchRecord
from ...matching.result import MatchResult
from ...matching.wording import listed, none_found, not_looked, outside_share
from ..published.core import CLASSES, classes

#: files of a catalogue that are named
MOST_FILES = 3
MEANINGS = {
    "p_hostless": "The probability that the source has no counterpart among the objects within the "
    "radius. Calibrated: of the sources with 0.3, about 30% have none.",
    "p_match": "The probability that exactly this association (this object, or these objects of "
    "several catalogues) is the source. With p_hostless they sum to 1.",
    "p_any": "NWAY's probability that some counterpart exists; needs a cut of its own.",
    "p_i": "NWAY's probability of this association, if some counterpart exists.",
    "n_claims": "How many sources have the same object as their best.",
}


def meanings(record: MatchRecord) -> dict[str, str]:
    """What each probability means, first the one to select by."""
    each = {
        f"p_{c.name}": f"The probability that the {c.name} object named is the counterpart: select "
        "by this. Calibrated: of the sources near 0.9, about nine in ten are right."
        for c in record.others
    }
    return each | MEANINGS


def catalogue_words(c: CatalogueRecord, lacking: str = "") -> str:
    """One catalogue: rows, area, file, position error; `lacking`: rows that were left out."""
    error = [f"column {part}" if isinstance(part, str) else f"{part:g}" for part in _parts(c)]
    if not error:
        said = "errors given source by source"
    elif len(error) == 1:
        said = f"position error {error[0]}{'' if isinstance(_parts(c)[0], str) else ' arcsec'}"
    elif len(error) == 2:
        said = f"position errors in right ascension and declination {listed(error)}"
    else:
        said = f"error ellipses (major axis, minor axis, position angle: {', '.join(error)})"
    file = f", from {listed(c.files[:MOST_FILES])}" if c.files else ""
    tails = (
        f", {100 * c.tail_fraction:.1f}% of them {c.tail_factor:.1f} times as wide"
        if c.tail_fraction
        else ""
    )
    left = f" ({c.outside:,} outside it were left out)" if c.outside else ""
    area = f"{c.area_deg2:,.0f}" if c.area_deg2 >= 1000 else f"{c.area_deg2:.4g}"
    rows = f"{c.rows:,} {plural(c.rows, 'row')} on {area} deg^2{left}"
    without = f"; left out: {lacking}" if lacking else ""
    return f"{c.name}: {rows}{file}; {said}{tails}{without}."


def density_words(per_deg2: float) -> str:
    """A density as it is read: whole numbers where it is large, 0.0468 where it is small."""
    return f"{per_deg2:,.0f}" if per_deg2 >= 100 else f"{per_deg2:.3g}"


def _parts(c: CatalogueRecord) -> list[Any]:
    return [] if not c.pos_err or None in c.pos_err else list(c.pos_err)


def _each(n: int, name: str) -> str:
    return f"each of {n:,} {name} sources" if n > 1 else f"1 {name} source"


def method(result: MatchResult) -> list[str]:
    """Paragraphs: the question, the model, the priors, the host fraction, competition."""
    record = result.record
    names = [c.name for c in record.others]
    return [
        f"For {_each(len(result.sources), record.primary.name)}, the objects of "
        f"{listed(names)} within {record.radius_arcsec:g} arcsec were taken as candidates: "
        f"{record.n_candidates:,} in all, which make {record.n_associations:,} hypotheses with "
        "those of no counterpart. Each hypothesis was weighed by how well the positions agree "
        "within their errors, against how many unrelated objects are expected there by chance "
        "(Budavari & Szalay 2008; Salvato et al. 2018).",
        _field_words(record),
        _prior_words(record),
        _fraction_words(record),
        _claim_words(record),
        _error_words(record),
    ]


def _field_words(record: MatchRecord) -> str:
    field = record.field or {}
    if field.get("model") != "local":
        return "Field objects were taken as equally dense everywhere: rows over area."
    said = [
        f"{name} {density_words(d['mean'])} per deg^2 on average, from "
        f"{density_words(d['smallest'])} to {density_words(d['largest'])}"
        for name, d in (field.get("density_deg2") or {}).items()
        if isinstance(d, dict) and {"mean", "smallest", "largest"} <= set(d)
    ]
    text = "The density of unrelated objects was counted around each source"
    return f"{text}: {'; '.join(said)}." if said else f"{text}."


def _prior_words(record: MatchRecord) -> str:
    named = [f"{prior} of {name}" for name, prior in record.prior_names]
    named += [f"{prior} (on whole combinations)" for prior in record.combinations]
    if not named:
        return "No prior on what the objects look like was used: positions decide alone."
    lines = [line.split(":", 1)[1].strip() for line in learned_lines(record.auto_priors or {})]
    learned = f" What was learned in the match: {'; '.join(lines)}." if lines else ""
    return f"Priors on what counterparts look like: {listed(named)}.{learned}"


def _fraction_words(record: MatchRecord) -> str:
    if record.host_fraction_given:
        return f"That a source has a counterpart at all was given: {record.host_fraction:.3f}."
    on = record.host_covariates
    depends = (
        "it may depend on the position error"
        if on == "sigma"
        else f"it may depend on {listed(list(on))}"
        if on
        else "the same for all sources"
    )
    return (
        f"The share of sources with a counterpart was fitted to all of them together: "
        f"{record.host_fraction:.3f} +- {record.host_fraction_error:.3f}; {depends}."
        f"{_outside_words(record)}{(none := none_found(record)) and f' {none.capitalize()}.'}"
    )


def _outside_words(record: MatchRecord) -> str:
    """What share of the sources the fit takes to lie beyond the survey, where there is one."""
    share, error = outside_share(record)
    if share == 0.0:
        return ""
    return (
        f" A share of {share:.3f} +- {error:.3f} of the sources seems to lie where "
        f"{not_looked(record)}; they count as sources without a counterpart."
    )


def _claim_words(record: MatchRecord) -> str:
    if (record.claims or {}).get("rule") != "exclusive":
        return "Sources were judged one by one: an object may be the counterpart of several."
    return (
        "An object is the counterpart of one source at most: sources that compete for an object "
        "were judged together."
    )


def _error_words(record: MatchRecord) -> str:
    if (record.errors or {}).get("given", True):
        return "Position errors were taken as given."
    return "Position errors were fitted to the counterparts themselves, and corrected."


def class_counts(result: MatchResult) -> dict[str, int]:
    """Sources of each class."""
    found = classes(result)
    return {name: int(np.count_nonzero(found == name)) for name in CLASSES}


def claim_facts(result: MatchResult) -> list[str]:
    """What competition there was."""
    claims = result.record.claims or {}
    contested = np.asarray(result.sources["n_claims"]) > 1
    first = result.record.others[0].name
    n = int(contested.sum())
    said = [
        f"{n:,} sources have a best {first} object that is the best of another source too."
        if n
        else f"No {first} object is the best of two sources."
    ]
    if claims.get("rule") == "exclusive" and claims.get("groups"):
        said.append(
            f"{claims.get('primaries', 0):,} sources compete for objects, in "
            f"{claims['groups']:,} group{'s' if claims['groups'] > 1 else ''} that were judged "
            f"together; the largest has {claims.get('largest', 0):,}."
        )
    if claims.get("same_source"):
        said.append(f"{claims['same_source']:,} rows are probably another entry of a source.")
    return said
