"""Names of catalogues, which become parts of column names in every format."""

from __future__ import annotations

import keyword
import re
from typing import Any

from .scalars import shown

#: names that the columns of a result already have
RESERVED = (
    "ncat",
    "p_single",
    "p_any",
    "p_i",
    "p_match",
    "p_hostless",
    "match_flag",
    "dist_post",
    "dist_bayesfactor",
    "dist_bayesfactor_uncorrected",
    "dist_bayesfactor_tails",
    "Separation_max",
    "n_candidates",
    "log10_odds_host",
    "second_p_i",
    "n_claims",
    "same_source",
    "likelihood_ratio",
    "reliability",
)


def as_name(text: str) -> str:
    """The text as an identifier."""
    name = re.sub(r"\W", "_", text, flags=re.ASCII)
    return name if name[:1].isalpha() else f"_{name}"


def check_name(name: Any) -> str:
    """A catalogue's name must be usable as (part of) a column name in every format."""
    if not isinstance(name, str):
        raise TypeError(f"catalogue name is {shown(name)}; give an identifier, like 'XMM'")
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        hint = re.sub(r"\W", "_", name, flags=re.ASCII).lstrip("0123456789_").upper() or "OPT"
        raise ValueError(
            f"catalogue name {name!r} is not an identifier (letters, digits, _), "
            f"which column names need; use for example {hint!r} (--name on the command line)"
        )
    if name in RESERVED:
        raise ValueError(
            f"catalogue name {name!r} is a column of the result; use another name "
            "(--name on the command line)"
        )
    return name
