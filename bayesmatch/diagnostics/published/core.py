"""`catalogue`: the table to publish."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.table import Column, Table

from ...catalogs.formats.storage import parts_of
from ...catalogs.scalars import shown
from ...matching.result import MatchResult
from ...matching.table_columns import input_column
from .header import header
from .inputs import check_catalogues, member_columns
from .labels import labelled
from .ratios import ratio_columns
from .runner_up import runner_up

#: values of the column ``class``
CLASSES = ("secure", "ambiguous", "hostless", "outside")
#: sources with a counterpart above, hostless above: both cannot be
LEAST_CUT = 0.5


def catalogue(
    result: MatchResult,
    class_cuts: Sequence[float] = (0.9, 0.9),
    *,
    second: bool = False,
    likelihood_ratio: str | tuple[str, float] | None = None,
    catalogues: Sequence[Any] | None = None,
) -> Table:
    """The table to publish: one row per primary in input order, its counterpart and its class.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match` or :meth:`MatchResult.read`.
    class_cuts : pair of float, default (0.9, 0.9)
        Least ``p_match`` of a secure source, and least ``p_hostless`` of a hostless one; each from
        0.5, so that no source can be both, to 1.
    second : bool, default False
        Also give the runner-up, the association that is second in ``p_match``: its members,
        separations and ``p_match``, in columns ``second_...``.
    likelihood_ratio : str or (str, float), optional
        Name of one of the other catalogues, or name and Q: also give ``likelihood_ratio`` and
        ``reliability`` of its object (see :meth:`MatchResult.likelihood_ratio`).
    catalogues : sequence of Catalog, optional
        The catalogues that were matched, in their order, for a result whose file has not the input
        columns.

    Returns
    -------
    Table
        Every column of ``result.sources``, with the input columns of the primary and of each member
        of its most probable association as ``<NAME>_<column>`` (masked where there is none), and
        ``class``: "secure" (``p_match`` of one association is at or above its cut), "hostless"
        (``p_hostless`` is), "outside" (no catalogue has looked there, nothing is known) or
        "ambiguous" (everything else). A hostless or ambiguous source keeps its most probable
        candidate, with its probability. Every column has a description and a UCD, in
        ``info.meta["ucd"]``; units and names are those that the CDS takes, ``meta["bayesmatch"]``
        is the header. :func:`bayesmatch.write_catalogue` writes it.

    Raises
    ------
    ValueError, TypeError
        If the cuts are no pair of numbers from 0.5 to 1, or the catalogues are not those of the
        match.

    Warns
    -----
    UserWarning
        If the input columns are not at hand.
    """
    if not isinstance(result, MatchResult):
        raise TypeError(
            f"catalogue takes a MatchResult, got a {type(result).__name__}; read a file "
            "with bayesmatch.MatchResult.read(path)"
        )
    cuts = checked_cuts(class_cuts)
    catalogs = check_catalogues(result, catalogues)
    record, sources = result.record, result.sources
    primary = record.primary
    columns: dict[str, Any] = {}
    kept = {name: sources[name] for name in sources.colnames}
    lost = []
    for k, known in enumerate(record.catalogues):
        own = [known.name, f"{known.name}_{known.id}"]
        if k:
            own += [f"p_{known.name}", f"Separation_{primary.name}_{known.name}"]
        columns |= {name: kept.pop(name) for name in own if name in kept}
        joined = member_columns(result, catalogs, k, np.asarray(sources[known.name]))
        if not joined:
            lost.append(known.name)
        columns |= {
            _free(f"{known.name}_{name}", (*columns, *kept)): column
            for name, column in joined.items()
        }
    columns["class"] = Column(
        classes(result, cuts),
        description=f"secure: p_match >= {cuts[0]:g}; hostless: p_hostless >= {cuts[1]:g}; "
        "outside: no catalogue has looked; ambiguous: else",
    )
    columns |= kept
    for name in [name for name in columns if name.startswith("Separation_")]:
        columns[name] = input_column(columns[name], np.zeros(len(sources), bool))  # NaN is masked
    if second:
        columns |= runner_up(result, catalogs)
    if likelihood_ratio is not None:
        columns |= ratio_columns(result, likelihood_ratio)
    if lost:
        warnings.warn(
            f"the input columns of {' and '.join(lost)} are not in this result: it was read from a "
            "file without them; give the catalogues that were matched as catalogues= (--inputs on "
            "the command line)",
            UserWarning,
            stacklevel=2,
        )
    table = labelled(columns, record)
    table.meta = {
        "EXTNAME": "CATALOGUE",
        "bayesmatch": header(record, np.asarray(table["class"]), cuts, catalogs),
    }
    return table


def checked_cuts(class_cuts: Any) -> tuple[float, float]:
    """The two cuts as numbers."""
    try:
        secure, hostless = (float(cut) for cut in class_cuts)
    except (TypeError, ValueError):
        raise TypeError(
            f"class_cuts is {shown(class_cuts)}; give a pair: the least p_match of a secure source "
            "and the least p_hostless of a hostless one (--cuts 0.9,0.9 on the command line)"
        ) from None
    if not (LEAST_CUT <= secure <= 1 and LEAST_CUT <= hostless <= 1):
        raise ValueError(
            f"class_cuts is {shown(class_cuts)}; give two numbers from {LEAST_CUT} to 1 (--cuts on "
            "the command line): below, a source could be secure and hostless"
        )
    return secure, hostless


def classes(result: MatchResult, cuts: tuple[float, float] = (0.9, 0.9)) -> np.ndarray:
    """The class of each primary, (n,) of str."""
    p_hostless, unknown = parts_of(result.sources["p_hostless"])
    nowhere = np.isnan(p_hostless) if unknown is None else unknown | np.isnan(p_hostless)
    secure = np.asarray(result.sources["p_match"], float) >= cuts[0]
    with np.errstate(invalid="ignore"):
        hostless = p_hostless >= cuts[1]
    which = np.select([nowhere, secure, hostless], [3, 0, 2], default=1)
    found: np.ndarray = np.array(CLASSES)[which]
    return found


def _free(name: str, taken: Sequence[str]) -> str:
    """The name, with a number behind it where it is taken."""
    number, new = 2, name
    while new in taken:
        new, number = f"{name}_{number}", number + 1
    return new
