"""Priors looked at on the field: on a sample of a catalogue's rows around the primaries."""

from __future__ import annotations

from .prior_set import PriorSet


def learns_from_field(priors: PriorSet) -> bool:
    """Whether any prior is learned from a field sample, for which objects are counted in cells."""
    return any(getattr(prior, "learns_from_field", False) for prior in priors.learning)


def without_sample(priors: PriorSet) -> list[str]:
    """Catalogues with a prior that cannot be evaluated on a sample of the field."""
    return [
        name
        for name, listed in priors.by_catalogue.items()
        if any(getattr(prior, "field_columns", None) is None for prior in listed)
    ]
