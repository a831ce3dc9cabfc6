"""`explain`: why one source got the counterpart it got, or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from ...catalogs.scalars import shown
from ...matching.result import MatchResult
from ...matching.wording import left_out_words, printed_table
from .evidence import evidence_table
from .surroundings import Surroundings, surroundings
from .text import sentences

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: among more ids than this, only those that begin alike are searched for a similar one
MAX_SEARCHED_IDS = 2000


@dataclass(frozen=True, repr=False)
class Explanation:
    """Why one source got the counterpart it got; ``print()`` gives it in words.

    The terms of ``table`` are log10 odds against "no counterpart" (times 10: decibans).
    """

    source: str
    """catalogue and identifier of the source"""
    table: Table
    """a row per association, the most probable first, after "no counterpart" (``rank`` 0)"""
    text: str
    """plain words, without the table"""
    objects: Surroundings
    """where the candidates are"""
    radius_arcsec: float
    """of the search"""
    catalogues: tuple[str, ...]
    """names of the other catalogues"""
    id_names: tuple[str, ...]
    """and of their identifier columns"""
    image: Any = None
    """the images under its charts, opened"""
    also: tuple[Any, ...] = ()
    """other X-ray catalogues that its charts show, as :func:`bayesmatch.plots.read_overlay` reads
    them"""

    def __repr__(self) -> str:
        return f"<Explanation of {self.source}: {len(self.table) - 1} associations>"

    def __str__(self) -> str:
        return f"{self.text}\n\n{printed_table(self.table, self.catalogues, self.id_names)}"

    def plot(self) -> Figure:
        """A finding chart of the candidates, and the evidence for each."""
        import bayesmatch

        return bayesmatch.plots.evidence_chart(self)

    def chart(self) -> Figure:
        """A finding chart of the candidates on the image, with a table of them beside it."""
        import bayesmatch

        return bayesmatch.plots.finding_chart(self)


def explain(
    result: MatchResult | str | os.PathLike,
    primary_id: Any,
    *,
    image: Any = None,
    also: Any = (),
) -> Explanation:
    """Explain the probabilities of one source: every candidate and the terms that make them.

    Parameters
    ----------
    result : MatchResult or path
        From :func:`bayesmatch.match` or :meth:`MatchResult.read`, or the file of one.
    primary_id : int or str
        The source's identifier; compared as text, without blanks around it.
    image : path, three paths or images, optional
        What the charts are drawn on, as :func:`bayesmatch.plots.open_images` takes it: a FITS image
        with celestial coordinates, a folder of them, or three for red, green and blue.
    also : path, Overlay or several of them, optional
        Other X-ray catalogues whose sources the charts show.

    Returns
    -------
    Explanation
        ``.table`` with, for every association, the log10 terms ``position`` (Bayes factor),
        ``density`` (of chance objects), ``prior_<NAME>_<prior>``, ``prior_<prior>`` (on the whole
        combination), ``fraction`` (of sources with such counterparts), their sum ``total`` = log10
        of p_match / p_hostless, NWAY's terms and sum beside them, and the probabilities;
        ``.plot()`` and ``.chart()``; and text with ``print()``.

    Raises
    ------
    ValueError
        If there is no such source (similar identifiers are suggested), or `image` is none.
    TypeError
        If `result` is neither a MatchResult nor a path.
    ImportError
        If `image` is given and the extra ``images`` is not installed.

    Notes
    -----
    NWAY's weight (Salvato et al. 2018) takes the prior completeness for the fitted fraction, and
    with three or more catalogues a factor for unrelated associations; the calibrated columns leave
    that factor out.
    """
    if isinstance(result, (str, os.PathLike)):
        result = MatchResult.read(result)
    if not isinstance(result, MatchResult):
        raise TypeError(
            f"explain takes a MatchResult, got a {type(result).__name__}; read a file "
            "with bayesmatch.MatchResult.read(path)"
        )
    row = row_of(result, primary_id)
    return explain_row(result, row, image=_opened(image), also=_overlays(also))


def explain_row(
    result: MatchResult, row: int, *, image: Any = None, also: tuple[Any, ...] = ()
) -> Explanation:
    """As :func:`explain`, of a row of the primaries, with images and catalogues already opened."""
    table = evidence_table(result, row)
    record = result.record
    name, id_name = record.primary.name, record.primary.id
    return Explanation(
        source=f"{name} {str(result.sources[f'{name}_{id_name}'][row]).strip()}",
        table=table,
        text=sentences(result, row, table),
        objects=surroundings(result, row, table),
        radius_arcsec=record.radius_arcsec,
        catalogues=tuple(other.name for other in record.others),
        id_names=tuple(other.id for other in record.others),
        image=image,
        also=also,
    )


def _opened(image: Any) -> Any:
    if image is None:
        return None
    from ...plots.images.read import open_images  # slow to import

    return open_images(image)


def _overlays(also: Any) -> tuple[Any, ...]:
    """What `also` stands for, read."""
    from ...plots.overlays import as_overlays

    given: Sequence[Any] = also if isinstance(also, (list, tuple)) else [also]
    return as_overlays(given) if len(given) else ()


def row_of(result: MatchResult, primary_id: Any) -> int:
    """The row of the primary with this identifier; similar ones are named where there is none."""
    record = result.record.primary
    column = f"{record.name}_{record.id}"
    ids = np.char.strip(np.asarray(result.sources[column]).astype(str))
    try:
        text = primary_id.decode() if isinstance(primary_id, bytes) else str(primary_id)
    except Exception as error:
        raise TypeError(f"primary_id is {shown(primary_id)}; give an identifier") from error
    wanted = text.strip()
    found = np.flatnonzero(ids == wanted)
    if len(found):
        return int(found[0])
    close = _similar(wanted, ids)
    hint = f"did you mean {', '.join(close)}?" if close else f"they are {ids[0]} ... {ids[-1]}"
    raise ValueError(
        f"catalogue {record.name!r} has no source with {record.id} {shown(wanted)} "
        f"among {len(ids):,}{left_out_words(result.record)}; {hint}"
    )


def _similar(wanted: str, ids: np.ndarray) -> list[str]:
    """Up to three identifiers that look like the one wanted."""
    for length in range(1, len(wanted)):
        if len(ids) <= MAX_SEARCHED_IDS:
            break
        alike = ids[np.char.startswith(ids, wanted[:length])]
        if len(alike) == 0:
            break
        ids = alike
    return get_close_matches(wanted, ids[:MAX_SEARCHED_IDS].tolist(), 3)
