"""For tests of likelihoods, priors and matches: Hypothesis strategies, invariants, slow formulas.

``pip install 'bayesmatch[testing]'``. The strategies :func:`associations`,
:func:`position_errors`, :func:`catalogs`, :func:`priors` and :func:`matches` draw what a match may
be given; :func:`check_invariants` says whether a result can be right;
:mod:`bayesmatch.testing.reference` has the formulas once more, slowly and in plain NumPy.
"""

try:
    import hypothesis  # noqa: F401
except ImportError as error:
    raise ImportError(
        "bayesmatch.testing needs Hypothesis: pip install 'bayesmatch[testing]'"
    ) from error

from .catalogs import associations, catalogs, position_errors
from .invariants import check_invariants
from .matches import MatchCase, matches
from .priors import priors

__all__ = [
    "MatchCase",
    "associations",
    "catalogs",
    "check_invariants",
    "matches",
    "position_errors",
    "priors",
]
