"""What is around the sources whose position errors are fitted, as a match of them has it."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...catalogs.candidates import Candidates, find_candidates
from ...catalogs.held import HeldCatalog
from ...catalogs.itself import pairs_once
from ...catalogs.positions import square_degrees
from ...catalogs.sky_box import SkyBox
from ..covariates import covariate_matrix, with_densities
from ..density_ladder import others_around
from ..field import ARCSEC2_PER_DEG2, FieldDensity, FieldModel, UniformField
from ..host_fraction import MIN_PRIMARIES
from ..left_out import with_errors_alone
from ..local_field import LocalField
from ..pairs_field import pairs_field
from .footprint import covered, inside

#: root mean square of ln density over the stated one, up to which they are the same: scale and
#: floor are none the worse for it, and counts are known to some per cent
SAME = 0.1


@dataclass(frozen=True)
class Surroundings:
    """What the primary's errors are fitted to."""

    primary: HeldCatalog
    others: Sequence[HeldCatalog]
    """in memory; of a scanned catalogue the candidates"""
    candidates: Candidates
    z: np.ndarray
    """(n, Q) what the fraction with a counterpart depends on"""
    radius: float
    """arcsec"""
    field: FieldDensity
    """of field objects at every primary"""
    seen: FieldDensity
    """the local one, which tells who lies in a hole, whatever the density is to be"""

    def densities(self, with_priors: Collection[int]) -> np.ndarray:
        """Objects per arcsec^2 that are not the source's own counterpart, (n, n_other).

        Those stated where the ones around say the same, and of catalogues with priors, by number:
        ratios are to the whole survey's objects, and where these become denser, so may those that
        look like counterparts.
        """
        out = UniformField().at(self.primary, self.others).plus_one / ARCSEC2_PER_DEG2
        for k in set(range(len(self.others))).difference(with_priors):
            here = self.field.per_arcsec2(k) + self._counterparts(k)
            if np.sqrt(np.mean(np.log(here / out[:, k]) ** 2)) > SAME:
                out[:, k] = here
        return out

    @cached_property
    def inside(self) -> np.ndarray:
        """Probability that primaries lie within each footprint, (n, n_other)."""
        assert self.seen.cells is not None and self.seen.reach_arcsec is not None
        box, counts = self.seen.cells
        count = np.diff(self.candidates.start).reshape(len(self.primary), -1)
        out = np.empty(count.shape)
        for k, other in enumerate(self.others):
            some = count[:, k] > 0
            some = covered(self.primary, other, some, self.radius, box, counts[k])
            out[:, k] = some
            if other.itself:
                continue
            hosts = self.seen.details["scales"][other.name]["hosts"]
            circle = square_degrees(float(self.seen.reach_arcsec[k]))
            expected = self.seen.around[some, k] * circle
            out[some, k] = inside(count[some, k] == 0, expected, hosts)
        return out

    def _scale(self, k: int) -> dict[str, Any]:
        """What a local density says of a catalogue; nothing of a uniform one."""
        found: dict[str, Any] = self.field.details.get("scales", {}).get(self.others[k].name, {})
        return found

    def _counterparts(self, k: int) -> np.ndarray:
        """Counterparts of other sources per arcsec^2, (n,): a local density is without them."""
        scale = self._scale(k)
        if self.field.cells is None or not scale or self.others[k].itself:
            return np.zeros(len(self.primary))
        box, counts = self.field.cells
        windows = box.covered_windows(counts[k], np.ones(box.shape, np.bool_))
        counterparts: np.ndarray = scale["hosts"] * others_around(windows)
        return counterparts


def surroundings_of(
    primary: HeldCatalog,
    others: Sequence[HeldCatalog],
    radius: float,
    model: FieldModel,
    *,
    max_rows: int,
    box: SkyBox | None = None,
    quiet: bool = False,
) -> Surroundings | None:
    """The candidates, and the density of the field around each primary; None without any.

    Where densities vary, a mean one takes chance neighbours of the dense parts for counterparts
    with wide errors: on a sky that becomes 30 times as dense from one end to the other, scales came
    out 7% too small, with floors of 0.5" that are not there, and no tails where 10% of the errors
    had them.

    Parameters
    ----------
    primary, others : HeldCatalog
        In memory; of scanned catalogues the candidates.
    radius : float
        arcsec.
    model : FieldModel
        Of the field.
    max_rows : int
        Most pairs.
    box : SkyBox, optional
        The cells around the primaries, if they are at hand.
    quiet : bool, default False
        Whether somebody else warns of rows without errors.
    """
    box = box or SkyBox(primary.ra, primary.dec)
    found = find_candidates(primary, others, radius, max_rows=max_rows, cells=box, ahead=box)
    with warnings.catch_warnings():
        if quiet:
            warnings.simplefilter("ignore", UserWarning)
        found = with_errors_alone(others, found)
    candidates = pairs_once(primary, others, found)
    if len(candidates.row) == 0:
        return None
    # The errors are what is to be found.
    local = pairs_field(LocalField(known_errors=False), primary, others, found)
    seen = field = local.at(primary, others, candidates, radius, (), box)
    if not isinstance(model, LocalField):
        model = pairs_field(model, primary, others, found)
        field = model.at(primary, others, candidates, radius, (), box)
    covariates = covariate_matrix(primary, "sigma" if len(primary) >= MIN_PRIMARIES else None)
    if len(primary) >= MIN_PRIMARIES:  # as in the match
        names = [other.name for other in others]
        covariates = with_densities(covariates, dict(zip(names, field.around.T, strict=True)))
    return Surroundings(primary, others, candidates, covariates[0], radius, field, seen)
