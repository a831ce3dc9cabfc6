"""`report`: one HTML file with all that is to say of a result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from ..._kernels import progress
from ...catalogs.formats.writing import replaced_together
from ...catalogs.scalars import shown
from ...catalogs.targets import check_targets
from ...matching.result import MatchResult
from ...plots.style import drawing
from ..published.header import title
from .charts import opened
from .evidence import page_data
from .material import Material
from .page import page
from .pairs import pairs_with, places
from .sections import SECTIONS, lead

ENDINGS = (".html", ".htm")
MOST_CHARTS = 200


def report(
    result: MatchResult,
    path: str | os.PathLike,
    *,
    images: Any = None,
    n_charts: int = 12,
    read: Sequence[str | os.PathLike] = (),
) -> list[str]:
    """Write a report of a result: one HTML file that needs no network and nothing beside it.

    What was matched and how, in words; the checks; expected purity and completeness; separations
    over their errors; the host fraction against what it may depend on; the density of field objects
    on the sky; the priors; competing sources; finding charts; a table of all sources that sorts,
    filters and searches, in which each opens its evidence; what to cite.

    Parameters
    ----------
    result : MatchResult
        From :func:`bayesmatch.match` or :meth:`MatchResult.read`. What needs positions (charts,
        separations over sigma, maps) is there where the input columns are.
    path : path
        Its name ends in ``.html``.
    images : optional
        FITS image or folder of them behind the finding charts, as :func:`bayesmatch.explain` takes
        it.
    n_charts : int, default 12
        Finding charts of each kind of source: secure, ambiguous, hostless, in competition.
    read : sequence of path, optional
        Files that must not be overwritten, beside those that the catalogues were read from.

    Returns
    -------
    list of str
        The file written.

    Raises
    ------
    ValueError, TypeError
        If the name does not end in ``.html``, `n_charts` is no number from 0 to 200, or `result` is
        no result.
    OSError
        If the file cannot be written there.
    """
    if not isinstance(result, MatchResult):
        raise TypeError(
            f"report takes a MatchResult, got a {type(result).__name__}; read a file "
            "with bayesmatch.MatchResult.read(path)"
        )
    if not os.fspath(path).lower().endswith(ENDINGS):
        raise ValueError(f"{path}: the name of a report ends in .html")
    if not isinstance(n_charts, int) or not 0 <= n_charts <= MOST_CHARTS:
        raise ValueError(
            f"n_charts is {shown(n_charts)} (--charts on the command line); give a number of "
            f"finding charts of each kind, 0 to {MOST_CHARTS}"
        )
    known = [source for catalog in result._catalogs for source in catalog.read_from]
    check_targets([path], [*known, *read])
    behind = opened(images)
    text = report_text(result, images=behind, n_charts=n_charts)
    with replaced_together([path]) as (temporary,):
        temporary.write_text(text, encoding="utf-8")
    return [os.fspath(path)]


def report_text(result: MatchResult, *, images: Any = None, n_charts: int = 12) -> str:
    """The report as text; equal results give equal ones."""
    rows = result.sources[result.catalogue_names[0]]
    sources = places(result, 0, rows.data)
    pairs = [pairs_with(result, k, sources) for k in range(1, len(result.catalogue_names))]
    material = Material(result, sources, pairs, images, n_charts)
    with drawing(light=True):  # the page is
        sections = [made(material) for made in progress.steps(SECTIONS, len(SECTIONS), "report")]
    with progress.stage("evidence of all sources"):
        data = page_data(result, sources, pairs)
    return page(title(result.record), lead(material), sections, data)
