"""Priors looked at on the field: on a sample of a catalogue's rows around the primaries."""

from __future__ import annotations

from .prior_set import PriorSet


def field_columns(priors: PriorSet) -> dict[str, list[str]]:
    """Columns that a field sample is to have, by those catalogues whose priors want one."""
    wanted = {
        name: [getattr(prior, "field_columns", None) for prior in listed]
        for name, listed in priors.by_catalogue.items()
    }
    return {
        name: list(dict.fromkeys(c for columns in listed for c in columns or ()))
        for name, listed in wanted.items()
        if any(columns is not None for columns in listed)
    }
