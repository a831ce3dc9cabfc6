"""What a result does by functions of later rooms, which it reaches through the face."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from astropy.table import Table

if TYPE_CHECKING:
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

    def catalogue(
        self,
        class_cuts: Sequence[float] = (0.9, 0.9),
        *,
        second: bool = False,
        catalogues: Sequence[bayesmatch.Catalog] | None = None,
    ) -> Table:
        """The table to publish, a row per primary: :func:`bayesmatch.catalogue`."""
        import bayesmatch

        return bayesmatch.catalogue(self._result, class_cuts, second=second, catalogues=catalogues)

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
