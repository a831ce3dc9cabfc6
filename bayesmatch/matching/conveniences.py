"""What a result does by functions of later rooms, which it reaches through the face."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from astropy.table import Table

from .coverage import coverage_in
from .likelihood_ratio import likelihood_ratio_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    import bayesmatch


class Conveniences:
    """Methods of :class:`bayesmatch.MatchResult` that are functions of the package too."""

    @property
    def _result(self) -> bayesmatch.MatchResult:
        import bayesmatch

        assert isinstance(self, bayesmatch.MatchResult)
        return self

    def explain(
        self, primary_id: Any, *, image: Any = None, also: Any = ()
    ) -> bayesmatch.Explanation:
        """Why this source got its probabilities: :func:`bayesmatch.explain`."""
        import bayesmatch

        return bayesmatch.explain(self._result, primary_id, image=image, also=also)

    def plot(self) -> Figure:
        """How sure every source is: :func:`bayesmatch.plots.probability_plane`."""
        import bayesmatch

        return bayesmatch.plots.probability_plane(self._result)

    def catalogue(
        self,
        class_cuts: Sequence[float] = (0.9, 0.9),
        *,
        second: bool = False,
        likelihood_ratio: str | tuple[str, float] | None = None,
        catalogues: Sequence[bayesmatch.Catalog] | None = None,
    ) -> Table:
        """The table to publish, a row per primary: :func:`bayesmatch.catalogue`."""
        import bayesmatch

        return bayesmatch.catalogue(
            self._result,
            class_cuts,
            second=second,
            likelihood_ratio=likelihood_ratio,
            catalogues=catalogues,
        )

    def likelihood_ratio(
        self,
        catalogue: str | None = None,
        *,
        host_fraction: float | None = None,
        add: bool = False,
    ) -> Table:
        """Likelihood ratio and reliability of every candidate (Sutherland & Saunders 1992).

        Parameters
        ----------
        catalogue : str, optional
            NAME, the catalogue of the candidates. Default: the first after the primary.
        host_fraction : float, optional
            Q, the fraction of the sources with a counterpart in NAME, above 0 and up to 1.
            Default: as the match fitted it, or was told.
        add : bool, default False
            Also put both columns beside the associations of this result (NaN where NAME takes no
            part), so that :meth:`write` has them.

        Returns
        -------
        Table
            A row per source and candidate of NAME, by source, the most reliable first: rows and
            identifiers of both, their separation, ``likelihood_ratio``, ``reliability``, and
            ``p_<NAME>``, the calibrated probability that this object is the counterpart, to compare
            with. Sources without candidates have no row. ``meta["host_fraction"]`` is Q.

        Raises
        ------
        ValueError, TypeError
            If the catalogue is none of the others, or `host_fraction` no such number.

        Warns
        -----
        UserWarning
            If candidates are missing in the result, because of `min_p_i` or `prune`.

        Notes
        -----
        ``LR = q(m) f(r) / n(m)`` and ``R_j = LR_j / (sum_i LR_i + 1 - Q)``: f from the position
        errors of the match, ellipses as they are, without tails; q / n as the priors of NAME have
        it, times Q (an object without a magnitude has the ratio 1); the field density that the
        match went by, with ``match(field="uniform")`` rows over area. Other catalogues, claims and
        priors on whole combinations play no part. With one other catalogue, the same Q for
        all sources (``host_covariates=None``, no share of them outside the footprint) and
        independent claims, R is ``p_match``.
        """
        return likelihood_ratio_table(self._result, catalogue, host_fraction, add)

    def coverage(
        self,
        catalogue: str | None = None,
        *,
        order: int | None = None,
        catalogues: Sequence[bayesmatch.Catalog] | None = None,
    ) -> Any:
        """Where a catalogue of this match has looked, as a map (MOC).

        Parameters
        ----------
        catalogue : str, optional
            NAME of the catalogue, the primary or another. Default: the first after the primary.
        order : int, optional
            HEALPix order of the cells that hold an object, 0 to 29. Default: the MOC that was given
            as its area; without, the finest whose occupied cells hold 12 objects on average, so
            that holes larger than a cell are kept.
        catalogues : sequence of Catalog, optional
            The catalogues that were matched, in their order, for a result read from a file, which
            has the positions of all rows of the primary alone.

        Returns
        -------
        mocpy.MOC
            ``.save("optical.fits")`` writes it for Aladin and TOPCAT, as ``bayesmatch regions
            RESULT --moc NAME --out optical.fits`` does; ``area=`` of a catalogue takes it.

        Raises
        ------
        ValueError, TypeError
            If no catalogue is called so, or its rows are not at hand.
        """
        return coverage_in(self._result, catalogue, order, catalogues)

    def to_lsdb(
        self,
        rows: str = "sources",
        *,
        margin: float | None = None,
        partition_rows: int | None = None,
        catalogues: Sequence[bayesmatch.Catalog] | None = None,
    ) -> Any:
        """The result as an LSDB catalogue: :func:`bayesmatch.distributed.from_result`."""
        import bayesmatch

        return bayesmatch.distributed.from_result(
            self._result,
            rows,
            margin=margin,
            partition_rows=partition_rows,
            catalogues=catalogues,
        )

    def send(self, client: str | None = None) -> list[str]:
        """Send the catalogue to TOPCAT, Aladin and the like (SAMP): :func:`bayesmatch.send`."""
        import bayesmatch

        return bayesmatch.send(self._result, client)

    def report(
        self,
        path: str | os.PathLike,
        *,
        images: Any = None,
        n_charts: int = 12,
    ) -> list[str]:
        """Write all that is to say of this result into one HTML file: :func:`bayesmatch.report`."""
        import bayesmatch

        return bayesmatch.report(self._result, path, images=images, n_charts=n_charts)
