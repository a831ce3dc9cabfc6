"""Tables, figure and words of the protocol `priors`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from .priors_scores import Outcome, crossing, curve, merged
from .priors_setting import BASELINE, CONTEXT, DISTANCE, LIGHTGBM, RADIUS, Setting
from .report import TableView

CAPTION = (
    "Purity (of the sources given a counterpart, the share given the right one) against "
    "completeness (of the sources that have one, the share given the right one) as the "
    "cutoff of p_any varies, all skies pooled. Circles: where the two are equal, the value "
    "in the legend. Up and to the right is better."
)


#: how a band is called in tables
BAND = {"R": "r", "1": "W1", "2": "W2"}


def skies(setting: Setting) -> str:
    """How many there are, in words."""
    return "one other sky" if setting.seeds == 1 else f"{setting.seeds} other skies"


def text(setting: Setting) -> list[str]:
    """What is done, in plain words."""
    return [
        "An X-ray position is off by several arcseconds, and a deep survey has more than one "
        "object that close, so distance alone often picks the wrong one. What objects look like "
        "(magnitudes and colours) decides: galaxies with an accreting black hole differ from the "
        "others. A prior learns how much more probable an object's appearance is for a "
        "counterpart than for an object of the field.",
        f"The mock surveys imitate the Lockman Hole field. One sky of "
        f"{setting.train_primary:,} sources is for training; {skies(setting)} of "
        f"{setting.n_primary:,} sources each, with position errors multiplied by "
        f"{' and by '.join(f'{s:g}' for s in setting.sigma_scales)}, are matched within "
        f"{RADIUS:g} arcsec, with distances only, with the published pipeline (networks and "
        "histograms, made again in `validation/baselines.py`), with LightGBM, and with LightGBM "
        "that also knows the X-ray flux.",
        "Methods are compared where, as the cutoff varies, purity equals completeness (the "
        "crossing).",
        "A ratio of probabilities must average 1 over the objects of the field, also for each "
        "fifth of the X-ray fluxes. Over those with a given pattern of missing bands it must "
        "average how many times commoner that pattern is among counterparts. And a prior trained "
        "on shuffled labels must learn nothing.",
    ]


def skies_table(rows: Sequence[Mapping[str, Any]]) -> TableView:
    """Scores per sky and method."""
    header = [
        "errors x",
        "seed",
        "method",
        "right",
        "right, of hosts",
        "purity = compl.",
        "at p_any",
        "ranked by p_match",
        "ECE",
        "hostless",
        "mean p_hostless",
    ]
    keys = [
        "sigma_scale",
        "seed",
        "method",
        "right",
        "right_of_hosts",
        "crossing",
        "cutoff",
        "crossing_p_match",
        "ece",
        "hostless",
        "p_hostless",
    ]
    return TableView(
        "Scores of each sky",
        header,
        [[f"{r[k]:g}" if k == "sigma_scale" else r[k] for k in keys] for r in rows],
        "right: share of all sources whose best candidate is right, or which rightly have none; "
        "of hosts: share among sources with a counterpart; purity = compl.: the value where "
        "purity equals completeness, cutting on p_any, and the cutoff, then cutting on p_match; "
        "ECE: calibration error of p_hostless; hostless: true share of sources without a "
        "counterpart.",
    )


def patterns_table(field: Mapping[str, Any]) -> TableView:
    """Mean ratio of field objects by pattern of missing bands."""
    return TableView(
        "Mean ratio of field objects, by missing bands",
        ["missing", "share of the field", "counterparts", "mean ratio", "wanted", "standard error"],
        [
            [
                " ".join(BAND.get(b, b) for b in p["missing"])
                if p["missing"] != "none"
                else "none",
                p["field_share"],
                p["counterparts"],
                p["mean"],
                p["wanted"],
                p["error"],
            ]
            for p in field["patterns"]
        ],
        "wanted: how many times more frequent the pattern is among counterparts than in the field.",
    )


def figure(outcomes: Mapping[tuple[float, int, str], Outcome], setting: Setting) -> Figure:
    """Purity against completeness as the cutoff of p_any varies, one panel a scale."""
    colors = {DISTANCE: "0.5", BASELINE: "tab:orange", LIGHTGBM: "tab:blue", CONTEXT: "tab:green"}
    fig = Figure(figsize=(5.4 * len(setting.sigma_scales), 5.0), layout="constrained")
    axes = fig.subplots(1, len(setting.sigma_scales), squeeze=False)[0]
    for ax, scale in zip(axes, setting.sigma_scales, strict=True):
        lowest = 1.0
        for name, color in colors.items():
            pooled = merged(
                [o for key, o in outcomes.items() if key[0] == scale and key[2] == name]
            )
            _, matched, right = curve(pooled, pooled.p_any)
            n = pooled.has_counterpart.sum()
            _, value = crossing(pooled, pooled.p_any)
            keep = matched > 0.5 * n
            ax.plot(
                right[keep] / n,
                right[keep] / matched[keep],
                color=color,
                lw=1.6,
                label=f"{name}: {100 * value:.1f}%",
            )
            ax.plot(value, value, "o", color=color, ms=6, mec="k", mew=0.6, zorder=3)
            lowest = min(lowest, value)
        low = lowest - 0.06
        ax.plot([low, 1], [low, 1], ":", color="0.6", lw=1, zorder=0)
        ax.set(
            xlim=(low, 1),
            ylim=(low, 1.002),
            xlabel="completeness: right / with a counterpart",
            ylabel="purity: right / matched",
            title=f"X-ray position errors x {scale:g}",
        )
        ax.legend(
            loc="center left",
            bbox_to_anchor=(0.01, 0.5),
            title="purity = completeness",
            frameon=False,
        )
        ax.grid(color="0.92", lw=0.6)
    fig.suptitle(
        f"Cutting on p_any: {skies(setting)} of {setting.n_primary:,} X-ray sources", fontsize=11
    )
    return fig
