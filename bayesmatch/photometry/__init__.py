"""Magnitudes and colours: what a photometric prior looks at, computed from a survey's columns.

:class:`Features` turns any magnitude columns into numbers with NaN for what was not measured;
:func:`legacy_survey` turns the fluxes of the DESI Legacy Imaging Surveys into such columns.
"""

from .features import Features
from .legacy import LEGACY_BANDS, NANOMAGGY_MAG, VEGA_OFFSET, X_TO_O_CONSTANT, legacy_survey
from .magnitudes import measured

__all__ = [
    "LEGACY_BANDS",
    "NANOMAGGY_MAG",
    "VEGA_OFFSET",
    "X_TO_O_CONSTANT",
    "Features",
    "legacy_survey",
    "measured",
]
