"""Priors looked at on the field: on a sample of a catalogue's rows around the primaries."""

from __future__ import annotations

from .prior_set import PriorSet
from .protocol import learns


def field_columns(priors: PriorSet, local_ratios: bool = True) -> dict[str, list[str]]:
    """Columns that a field sample is to have, by those catalogues whose priors want one.

    Parameters
    ----------
    priors : PriorSet
        Of a match.
    local_ratios : bool
        Whether the mean ratio over the field around each primary is wanted; else samples are for
        those priors alone that learn from them.
    """
    wanted = {
        name: [
            getattr(prior, "field_columns", None)
            for prior in listed
            if local_ratios or (learns(prior) and getattr(prior, "learns_from_field", True))
        ]
        for name, listed in priors.by_catalogue.items()
    }
    return {
        name: list(dict.fromkeys(c for columns in listed for c in columns or ()))
        for name, listed in wanted.items()
        if any(columns is not None for columns in listed)
    }


def without_sample(priors: PriorSet) -> list[str]:
    """Catalogues with a prior that cannot be evaluated on a sample of the field."""
    return [
        name
        for name, listed in priors.by_catalogue.items()
        if any(getattr(prior, "field_columns", None) is None for prior in listed)
    ]
