"""Likelihood ratio and reliability of the object that a published table gives each source."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...catalogs.formats.storage import masked_column
from ...catalogs.scalars import shown
from ...matching.result import MatchResult
from ...matching.tables import LIKELIHOOD_RATIOS


def ratio_columns(result: MatchResult, asked: Any) -> dict[str, Any]:
    """The two columns, masked where a source has no object; `asked`: a catalogue, or it and Q."""
    name, q = (asked, None) if isinstance(asked, str) else _pair(asked)
    ratios = result.likelihood_ratio(name, host_fraction=q)
    primary = result.catalogue_names[0]
    sources, objects = (np.asarray(result.sources[c]) for c in (primary, name))
    # A source and an object in one number: rows are far fewer than 2^31.
    wide = max(int(objects.max(initial=0)), int(np.max(ratios[name], initial=0))) + 1
    known = np.asarray(ratios[primary]) * wide + np.asarray(ratios[name])
    order = np.argsort(known, kind="stable")
    wanted = sources * wide + objects
    at = np.minimum(np.searchsorted(known[order], wanted), max(len(known) - 1, 0))
    absent = objects < 0
    if len(known):
        at = order[at]
        absent = absent | (known[at] != wanted)  # min_p_i may have left the association out
    columns = {}
    for column in LIKELIHOOD_RATIOS:
        values = np.asarray(ratios[column], float)[at] if len(known) else np.zeros(len(sources))
        columns[column] = masked_column(
            values, absent | np.isnan(values), ratios[column].description
        )
    return columns


def _pair(asked: Any) -> tuple[str, float]:
    """A catalogue and its Q."""
    try:
        name, q = asked
    except (TypeError, ValueError):
        raise TypeError(
            f"likelihood_ratio is {shown(asked)}; give the name of a catalogue, or a pair of name "
            "and Q (--likelihood-ratio NAME or NAME:Q on the command line)"
        ) from None
    return name, q
