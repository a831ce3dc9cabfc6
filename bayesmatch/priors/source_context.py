"""Properties of sources that a learned ratio may depend on, and the folds that sources are in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..catalogs.errors import catalog_radius
from ..catalogs.field_sample import position_hash
from ..catalogs.held import HeldCatalog
from .saved import Record, check_flag, check_name

#: name of the property that is there without being asked for
SIGMA = "ln(sigma)"
#: quantiles of the sources beyond which a property counts as what it is there
EDGES = (0.01, 0.99)
#: properties count as no larger than this: squares and sums of them have to be numbers
MOST = 1e100
#: nodes along each of 1, 2, 3 properties, at which the mean over the field is kept
NODES = {0: 1, 1: 7, 2: 5, 3: 3}
#: groups along each of them while learning
GROUPS = {0: 1, 1: 4, 2: 3, 3: 2}


@dataclass(frozen=True)
class SourceContext:
    """Standardised properties of primaries."""

    names: tuple[str, ...]
    log10: tuple[bool, ...]
    center: tuple[float, ...]
    scale: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    """standardised values end there"""

    @classmethod
    def of(cls, primary: HeldCatalog, columns: Sequence[str]) -> SourceContext:
        """Of columns of the sources; those that are the same for all are left out."""
        names, parts = [], []
        for name in columns:
            value = _property(primary, name)
            log = bool(name != SIGMA and value.min() > 0 and value.max() > 10 * value.min())
            value = np.log10(value) if log else np.clip(value, -MOST, MOST)
            center, scale = float(value.mean()), float(value.std())
            if scale > 1e-6 * max(1.0, abs(center)):
                names.append(name)
                edges = np.quantile((value - center) / scale, EDGES)
                parts.append((log, center, scale, float(edges[0]), float(edges[1])))
        logs, centers, scales, low, high = zip(*parts, strict=True) if parts else ((),) * 5
        return cls(tuple(names), logs, centers, scales, low, high)

    def values(self, primary: HeldCatalog) -> np.ndarray:
        """Standardised properties, (n, C)."""
        out = np.empty((len(primary), len(self.names)))
        for c, name in enumerate(self.names):
            value = _property(primary, name)
            if self.log10[c]:
                value = np.log10(np.maximum(value, 1e-300))
            z = (np.clip(value, -MOST, MOST) - self.center[c]) / self.scale[c]
            out[:, c] = np.clip(z, self.low[c], self.high[c])
        return out

    def axes(self) -> list[np.ndarray]:
        """Nodes along each property."""
        n = NODES[len(self.names)]
        return [np.linspace(a, b, n) for a, b in zip(self.low, self.high, strict=True)]

    def nodes(self) -> np.ndarray:
        """All combinations of the nodes, (G, C)."""
        mesh = np.meshgrid(*self.axes(), indexing="ij") if self.names else []
        return np.stack(mesh, axis=-1).reshape(-1, len(mesh)) if mesh else np.empty((1, 0))

    def at(self, table: np.ndarray, values: np.ndarray) -> np.ndarray:
        """A table (G,) over the nodes, interpolated at values (n, C), (n,)."""
        if not self.names:
            return np.full(len(values), table[0])
        from scipy.interpolate import RegularGridInterpolator

        axes = self.axes()
        out: np.ndarray = RegularGridInterpolator(axes, table.reshape([len(a) for a in axes]))(
            np.clip(values, [a[0] for a in axes], [a[-1] for a in axes])
        )
        return out

    def record(self) -> dict[str, Any]:
        """All of it in types that JSON has."""
        return {key: list(getattr(self, key)) for key in self.__dataclass_fields__}

    @classmethod
    def from_record(cls, record: Record) -> SourceContext:
        """What :meth:`record` wrote down; a ValueError if it is something else."""
        record.only(cls.__dataclass_fields__)
        names = record.many("names", check_name)
        if len(names) > max(NODES):
            raise ValueError(f"names has {len(names)} entries, more than {max(NODES)}")
        n = [len(names)]
        out = cls(
            tuple(names),
            tuple(record.many("log10", check_flag)),
            *(tuple(record.array(key, n)) for key in ("center", "scale", "low", "high")),
        )
        if len(out.log10) != len(names) or not all(s > 0 for s in out.scale):
            raise ValueError(
                "context has entries of another length, or a scale that is not above 0"
            )
        if not all(a < b for a, b in zip(out.low, out.high, strict=True)):
            raise ValueError("context: low must be below high")
        return out


@dataclass(frozen=True)
class Folds:
    """Which of the F models judges a source: by its position, whatever the order of the list.

    The position is that which was given: one corrected in a fit of the errors is in the same fold.
    """

    seed: int
    cuts: tuple[float, ...]
    """(F - 1,) ascending, between folds"""

    @classmethod
    def of(cls, primary: HeldCatalog, n: int, seed: int) -> Folds:
        """Folds of equal size."""
        draws = np.sort(_draws(primary, seed))
        edges = (len(draws) * np.arange(1, n)) // n
        return cls(seed, tuple(draws[edges].tolist()))

    def __len__(self) -> int:
        """Number of folds."""
        return len(self.cuts) + 1

    def of_sources(self, primary: HeldCatalog) -> np.ndarray:
        """The fold of each source, (n,)."""
        fold: np.ndarray = np.searchsorted(self.cuts, _draws(primary, self.seed), side="right")
        return fold


def grouped(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Groups of sources with alike properties: the group of each (n,), and its centre (G, C)."""
    n, n_columns = values.shape
    label = np.zeros(n, np.int64)
    for column in values.T:
        cuts = np.quantile(column, np.linspace(0, 1, GROUPS[n_columns] + 1)[1:-1])
        label = label * GROUPS[n_columns] + np.searchsorted(cuts, column)
    _, group = np.unique(label, return_inverse=True)
    number = np.bincount(group)
    centre = [np.bincount(group, column) / number for column in values.T]
    return group, np.column_stack(centre) if centre else np.empty((len(number), 0))


def _property(primary: HeldCatalog, name: str) -> np.ndarray:
    if name == SIGMA:
        ln_sigma: np.ndarray = np.log(catalog_radius(primary))
        return ln_sigma
    return primary.numbers(name)


def _draws(primary: HeldCatalog, seed: int) -> np.ndarray:
    """A number from 0 to 1 for each source, as good as random."""
    first = position_hash(*primary.given_positions).astype(np.float64)
    return position_hash(first, np.full(len(first), float(seed))).astype(np.float64) * 2.0**-64
