"""Cost against size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from .methods import BAYESMATCH

MARKERS = "osD^vP"


def cost_of_size(sizes: Mapping[str, Any]) -> Figure:
    """Seconds of each method against the rows of the secondary, both logarithmic.

    Parameters
    ----------
    sizes : mapping
        What :func:`benchmarks.sizes.run` measured.
    """
    lines: dict[str, list[tuple[int, float]]] = {}
    for point in sizes["points"]:
        for row in point["rows"]:
            if row["seconds"] is not None:
                lines.setdefault(row["what"], []).append((point["secondaries"], row["seconds"]))
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    ax = figure.subplots()
    for marker, (name, line) in zip(MARKERS, lines.items(), strict=False):
        ours = name == BAYESMATCH
        ax.loglog(
            *zip(*line, strict=True),
            marker=marker,
            ms=5,
            lw=2.2 if ours else 1.2,
            color="black" if ours else None,
            zorder=3 if ours else 2,
            label=name.replace("`", ""),
        )
    labels = [f"{p['secondaries']:,}\n(x {p['primaries']:,})" for p in sizes["points"]]
    ax.set_xticks([p["secondaries"] for p in sizes["points"]], labels)
    ax.minorticks_off()
    ax.set_xlabel("rows of the secondary (x rows of the primary)")
    ax.set_ylabel("seconds, second call")
    ax.set_title(
        f"Cost of a match within {sizes['radius']:g} arcsec, 58,000 objects per deg²", fontsize=11
    )
    ax.grid(alpha=0.3)
    ax.legend(fontsize=8, frameon=False)
    return figure
