"""Where the catalogues of a result have looked, as maps (MOC)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..catalogs.area import coverage_of
from ..catalogs.coverage import coverage_map
from ..catalogs.scalars import shown
from .result_check import check_inputs

if TYPE_CHECKING:
    import bayesmatch


def coverage_in(
    result: bayesmatch.MatchResult,
    catalogue: str | None,
    order: int | None,
    catalogues: Sequence[Any] | None,
) -> Any:
    """See :meth:`bayesmatch.MatchResult.coverage`."""
    record, names = result.record, result.catalogue_names
    name = names[1] if catalogue is None else catalogue
    if not isinstance(name, str) or name not in names:
        raise ValueError(
            f"catalogue is {shown(catalogue)}; give one of {', '.join(names)} (--moc on the "
            "command line)"
        )
    k = names.index(name)
    if catalogues is not None:
        if not isinstance(catalogues, (list, tuple)):
            raise TypeError(
                f"catalogues is {shown(catalogues)}; give a list of the catalogues that were "
                f"matched: {', '.join(names)}"
            )
        check_inputs(result.associations, record, catalogues)
    catalogs = result._catalogs if catalogues is None else tuple(catalogues)
    if catalogs:
        return coverage_map(getattr(catalogs[k], "scanned", catalogs[k]), order)
    columns = [f"{name}_{column}" for column in (record.catalogues[k].ra, record.catalogues[k].dec)]
    if k == 0 and set(columns) <= set(result.associations.colnames):
        _, first = np.unique(np.asarray(result.associations[name]), return_index=True)
        ra, dec = (np.asarray(result.associations[c], float)[first] for c in columns)
        return coverage_of(ra, dec, order)
    raise ValueError(
        f"the objects of {name} are not in this result, which was read from a file: give the "
        "catalogues that were matched as catalogues= (--inputs on the command line), or write the "
        "map of its file with 'bayesmatch area FILE --moc MAP.fits'"
    )
