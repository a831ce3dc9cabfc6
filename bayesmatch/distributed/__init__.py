"""Matching at survey scale: LSDB catalogues on Dask (``pip install 'bayesmatch[distributed]'``).

:func:`match` takes two LSDB catalogues and gives a third; :func:`open_hats` gives a HATS catalogue
to :func:`bayesmatch.match`; :class:`BayesianCrossmatch` is the
algorithm it hands to LSDB, for use with ``catalog.crossmatch`` where the global numbers (rows,
area, host fraction) are known. :func:`from_result` makes an LSDB catalogue of a match in memory.
"""

try:
    import lsdb  # noqa: F401
except ImportError as error:
    raise ImportError(
        "bayesmatch.distributed needs LSDB: pip install 'bayesmatch[distributed]'"
    ) from error

from .algorithm import BayesianCrossmatch
from .from_result import from_result
from .hats import open_hats
from .matching import match
from .partition import Survey

__all__ = ["BayesianCrossmatch", "Survey", "from_result", "match", "open_hats"]
