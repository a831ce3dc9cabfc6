"""Tables and the figure of the protocol `skies`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .conditions import ALL, CONDITIONS, OFF, PART, WAYS
from .conditions_claims import Rows, allowed, of, worst
from .conditions_scores import BEST, EVERY, HOST, JUDGED
from .report import TableView

#: how the ways of matching are drawn
MARKS = {OFF: ("tab:orange", "s"), PART: ("tab:green", "^"), ALL: ("tab:blue", "o")}
LEGEND = {OFF: "all parts off", PART: "the part made for it on", ALL: "all parts on"}
LABELS = {HOST: "that there is a counterpart", BEST: "that the best candidate is it"}


def condition_table(found: Rows) -> TableView:
    """Every condition and way of matching: all sources, and the worst stratum."""
    lines = []
    for condition in CONDITIONS:
        for way in WAYS:
            mine = of(found, condition=condition.name, way=way)
            if mine:
                lines.append([condition.name, way, *_errors(mine), mine[0]["answers"]])
    return TableView(
        "Calibration errors by kind of sky, with the parts of the model off and on",
        [
            "sky",
            "parts",
            *(f"{what}: {part}" for what in JUDGED for part in ("all", "worst stratum", "which")),
            "right answers",
        ],
        lines,
        "host: P(host) = 1 - p_hostless; best: p_match of the best candidate. ECE, in brackets the "
        "95% point of its own floor; the worst stratum is the one that is nearest to its limit. "
        "Right answers: of all sources those whose most probable answer, no counterpart among "
        "them, is the true one.",
    )


def cone_table(cones: Rows) -> TableView:
    """Surveys downloaded in cones."""
    lines = []
    for row in of(cones, stratum=EVERY, what=HOST):
        key = {name: row[name] for name in ("sky", "radius", "area", "way")}
        lines.append([*key.values(), *_errors(of(cones, **key)), row["same"]])
    return TableView(
        "Surveys downloaded in cones round the sources",
        [
            "sky",
            "radius (arcsec)",
            "area x",
            "parts",
            *(f"{what}: {part}" for what in JUDGED for part in ("all", "worst stratum", "which")),
            "as the whole survey",
        ],
        lines,
        "area x: the stated area in units of the union of the cones. As the whole survey: share of "
        "the sources whose p_hostless is within 0.02 of that from the whole survey.",
    )


def survey_tables(surveyed: Mapping[str, Rows]) -> list[TableView]:
    """False areas and footprints."""
    areas = _means(surveyed["areas"], ("sky", "area", "way"), ("same", "largest"))
    outside = _means(surveyed["footprints"], ("sky", "way"), ("true", "fitted"))
    return [
        TableView(
            "Stated areas that are false",
            ["sky", "area x", "parts", "moved by less than 0.01", "largest change"],
            areas,
            "Share of the sources whose p_hostless moves by less than 0.01 against the true area.",
        ),
        TableView(
            "Share of the sources where the other catalogue has not looked",
            ["sky", "parts", "true", "fitted"],
            outside,
            "Means over the skies.",
        ),
    ]


def errors_figure(found: Rows) -> Figure:
    """ECE / floor of all strata, by condition."""
    figure = Figure(figsize=(13.0, 8.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    names = [c.name for c in CONDITIONS]
    shown = [way for way in WAYS if of(found, way=way)]
    for ax, what in zip(panels, JUDGED, strict=True):
        for k, way in enumerate(shown):
            color, marker = MARKS[way]
            shift = 0.2 * (k - (len(shown) - 1) / 2)
            for x, name in enumerate(names):
                mine = of(found, condition=name, way=way, what=what)
                if not mine:
                    continue
                ratio = [row["ece"] / row["floor"] for row in mine]
                place = np.full(len(ratio), x + shift)
                ax.plot(place, ratio, marker, color=color, ms=4, alpha=0.5)
                ax.plot(x + shift, max(ratio), marker, color=color, ms=8)
        limits = [
            min(
                allowed(row) / row["floor"] for row in of(found, condition=name, way=ALL, what=what)
            )
            for name in names
        ]
        ax.plot(np.arange(len(names)), limits, "_", color="tab:red", ms=30, label="limit")
        ax.axhline(1.0, color="0.6", lw=0.8, ls=":")
        ax.set(yscale="log", ylabel="ECE / 95% point of its floor", title=LABELS[what])
        ax.grid(axis="y", color="0.92", lw=0.6)
    for way in shown:
        color, marker = MARKS[way]
        panels[0].plot([], [], marker, color=color, ms=8, label=LEGEND[way])
    panels[0].legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    panels[1].set_xticks(
        np.arange(len(names)), [n.replace(", ", ",\n") for n in names], rotation=60, ha="right"
    )
    return figure


def _errors(rows: Rows) -> list[str]:
    """For host and best: all sources, worst stratum, which it is."""
    cells = []
    for what in JUDGED:
        mine = of(rows, what=what)
        (every,) = of(mine, stratum=EVERY)
        bad = worst(mine)
        cells += [
            f"{every['ece']:.4f} ({every['floor']:.4f})",
            f"{bad['ece']:.4f} ({bad['floor']:.4f})",
            bad["stratum"],
        ]
    return cells


def _means(rows: Rows, keys: tuple[str, ...], values: tuple[str, ...]) -> list[list[Any]]:
    """Lines of keys and mean values."""
    groups: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [
        [*key, *(float(np.mean([row[value] for row in group])) for value in values)]
        for key, group in groups.items()
    ]
