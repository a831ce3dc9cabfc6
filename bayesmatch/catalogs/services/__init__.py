"""Surveys by name: a part of the sky from a TAP service into a Parquet data set.

:func:`bayesmatch.fetch` takes the name of a survey in :data:`SURVEYS` or a :class:`Survey` of your
own, and a region.
"""

from .core import fetch
from .surveys import SURVEYS, Survey

__all__ = ["SURVEYS", "Survey", "fetch"]
