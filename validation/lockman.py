"""The Lockman Hole protocol on a mock sky: train, match, build truth samples, assess.

Everything the published work did, in its order: a prior trained
around precise X-ray positions elsewhere, a match, robust and hostless samples from mock Chandra and
XMM-Newton catalogues, purity and completeness. The mock knows the truth, so that the samples
themselves are judged too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

import bayesmatch as bm
from bayesmatch import mock, plots
from bayesmatch.diagnostics.metrics import PURITIES, Confusion, scores

from .lockman_figures import cutoff_figure, purity_figure, separation_figure
from .lockman_steps import (
    BASELINE,
    DISTANCE,
    LIGHTGBM,
    PUBLISHED_CUTS,
    QUICK,
    RADIUS,
    USED,
    VARIANTS,
    Setting,
    SkyOutcome,
    one_sky,
    train,
)
from .report import Claim, FigureView, Section, TableView, at_least

#: an interval from one standard error below to one above
SIGMA_LEVEL = 0.6827
#: Bykov et al. (2022): cutoff of p_any and the five counts, 529 + 30 sources
PUBLISHED = {
    DISTANCE: (0.24, Confusion(460, 61, 9, 8, 21)),
    BASELINE: (0.12, Confusion(503, 20, 6, 6, 24)),
}


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol."""
    setting = QUICK if quick else Setting()
    return run_setting(out, setting if seeds is None else replace(setting, seeds=seeds))


def run_setting(out: Path, setting: Setting) -> Section:
    """Train, then one sky after the other."""
    priors, training = train(setting)
    skies = []
    for seed in range(setting.first_seed, setting.first_seed + setting.seeds):
        outcome, shown = one_sky(setting, seed, priors)
        if not skies:
            draw(out, outcome, shown)
        skies.append(outcome)
    return Section(
        "lockman",
        "The Lockman Hole protocol on mock skies",
        text(setting, training),
        claims(skies),
        [published_table(skies), purity_table(skies), samples_table(skies)],
        figure_views(),
        numbers(setting, training, skies),
    )


def total(skies: Sequence[SkyOutcome], method: str, truth: str) -> tuple[float, Confusion]:
    """Mean cutoff where purity = completeness, and the counts there, summed over skies."""
    found = [s.assessed[method, "p_any", truth] for s in skies]
    counts = np.sum([a.confusion(a.crossing.cutoff) for a in found], axis=0)
    return float(np.mean([a.crossing.cutoff for a in found])), Confusion(*map(int, counts))


def completeness(
    skies: Sequence[SkyOutcome], method: str, score: str, truth: str, purity: float
) -> float:
    """Mean over skies."""
    return float(
        np.mean([s.assessed[method, score, truth].completeness_at_purity(purity) for s in skies])
    )


def crossing(skies: Sequence[SkyOutcome], method: str, score: str, truth: str) -> float:
    """Mean over skies of the value where purity = completeness."""
    return float(np.mean([s.assessed[method, score, truth].crossing.value for s in skies]))


def gain_at_crossing(skies: Sequence[SkyOutcome], truth: str) -> tuple[float, float]:
    """LightGBM less the published pipeline where purity = completeness, and its standard error.

    Mean over skies; the errors are a bootstrap's, over sources.
    """
    gains, widths = [], []
    for sky in skies:
        table = sky.assessed[LIGHTGBM, "p_any", truth].compare(
            sky.assessed[BASELINE, "p_any", truth], level=SIGMA_LEVEL
        )
        row = table[table["metric"] == "crossing"][0]
        gains.append(row["difference"])
        widths.append((row["hi"] - row["lo"]) / 2)
    return float(np.mean(gains)), float(np.hypot.reduce(widths) / len(skies))


def counted(skies: Sequence[SkyOutcome], variant: str) -> list[int]:
    """Robust right and all, hostless right and all, over all skies."""
    return [int(k) for k in np.sum([s.variants[variant] for s in skies], axis=0)]


def claims(skies: Sequence[SkyOutcome]) -> list[Claim]:
    """What is claimed, and whether it holds."""
    found = []
    for name, k in (("robust", 0), ("hostless", 2)):
        right, n = counted(skies, USED)[k : k + 2]
        found.append(
            at_least(f"{name} sample: share right ({n:,} sources)", right / max(n, 1), 0.98)
        )
    right, n, right_hostless, n_hostless = counted(skies, PUBLISHED_CUTS)
    found.append(
        at_least(
            f"both samples with the published cuts: share right ({n + n_hostless:,} sources)",
            (right + right_hostless) / (n + n_hostless),
            0.98,
        )
    )
    found.append(
        Claim(
            f"of these, the hostless ones: share right ({n_hostless:,} sources)",
            f"{right_hostless / max(n_hostless, 1):.4f}",
            "-",
            None,
        )
    )
    for truth, what in (("samples", "by the truth samples"), ("all", "by the mock's own truth")):
        gain, error = gain_at_crossing(skies, truth)
        found.append(
            Claim(
                f"purity = completeness, LightGBM - published pipeline, {what}",
                f"{gain:+.4f} +- {error:.4f}",
                "> 0 by 2 standard errors",
                gain > 2 * error,
            )
        )
        gain = completeness(skies, LIGHTGBM, "p_match", truth, 0.99) - completeness(
            skies, BASELINE, "p_match", truth, 0.99
        )
        found.append(
            Claim(
                f"completeness at 99% purity by p_match, LightGBM - published pipeline, {what}",
                f"{gain:+.4f}",
                "> 0",
                bool(gain > 0),
            )
        )
    for method in (BASELINE, LIGHTGBM):
        for score in ("p_any", "p_match"):
            found.append(
                Claim(
                    f"completeness at 99% purity, {method}, by {score}",
                    f"{completeness(skies, method, score, 'samples', 0.99):.4f}",
                    "-",
                    None,
                )
            )
    return found


def published_table(skies: Sequence[SkyOutcome]) -> TableView:
    """The assessment beside the published one."""

    def row(name: str, cutoff: float, counts: Confusion) -> list[Any]:
        return [name, f"{cutoff:.2f}", *counts, *(f"{v:.3f}" for v in scores(*counts).values())]

    rows = [
        row(
            f"published: {'distance only' if method == DISTANCE else 'photometric prior'}",
            *PUBLISHED[method],
        )
        for method in PUBLISHED
    ]
    for truth, what in (("samples", "mock"), ("all", "mock, all sources")):
        rows += [
            row(f"{what}: {method}", *total(skies, method, truth))
            for method in (DISTANCE, BASELINE, LIGHTGBM)
        ]
    return TableView(
        "The assessment, beside the published one, where counterpart purity = completeness",
        [
            "match",
            "p_any cut",
            "right",
            "wrong",
            "hostless matched",
            "matched called hostless",
            "right hostless",
            "overall purity",
            "c. purity",
            "c. completeness",
            "h. purity",
            "h. completeness",
        ],
        rows,
        "c.: of counterparts, h.: of hostless sources. Published: Bykov et al. (2022), 529 robust "
        f"counterparts and 30 hostless sources. Mock: {len(skies)} "
        f"sk{'y' if len(skies) == 1 else 'ies'}, the counts added up, each cut at its own "
        "crossing (the mean is shown); by the truth samples, then by the mock's own truth for "
        "every source.",
    )


def purity_table(skies: Sequence[SkyOutcome]) -> TableView:
    """Completeness at high purity."""
    rows = [
        [
            "truth samples" if truth == "samples" else "all sources",
            method,
            score,
            crossing(skies, method, score, truth),
            *(completeness(skies, method, score, truth, p) for p in PURITIES),
        ]
        for truth in ("samples", "all")
        for method in (DISTANCE, BASELINE, LIGHTGBM)
        for score in ("p_any", "p_match")
    ]
    return TableView(
        "Completeness of the counterparts at high purity",
        [
            "judged by",
            "match",
            "cut on",
            "purity = compl.",
            *(f"at {p:.0%} purity" for p in PURITIES),
        ],
        rows,
        "Means over the skies. p_match, of the best candidate, is the score to select by: p_any "
        "does not see rivals of the best candidate.",
    )


def samples_table(skies: Sequence[SkyOutcome]) -> TableView:
    """How many are in the samples, and how many of them are right."""
    rows = []
    for name in VARIANTS:
        right, n, right_hostless, n_hostless = counted(skies, name)
        rows.append([name, n, right / n, n_hostless, right_hostless / max(n_hostless, 1)])
    return TableView(
        "The truth samples against the mock's own truth",
        ["selection", "robust", "share right", "hostless", "share right"],
        rows,
        "Share right: by the mock's own truth. With the published cuts, a Chandra or XMM source "
        "close to an X-ray source that has faded can pass for it, and if it is hostless spoils the "
        "small hostless sample; here the two must also agree within 5 of their standard errors "
        "(`max_sigma=5`). Without the secure flag, sources whose precise position is worse than "
        "said (one in twenty on the mock) pass for hostless.",
    )


def text(setting: Setting, training: Mapping[str, Any]) -> list[str]:
    """What is done, in plain words."""
    return [
        "The published work on the Lockman Hole field (Bykov et al. 2022) identified 6,885 "
        "SRG/eROSITA X-ray sources in the DESI Legacy Imaging Surveys and checked the result on "
        "sources for which Chandra or XMM-Newton gives a far better position. This protocol does "
        "all of it on mock skies, where the truth is known besides.",
        f"Training: in another mock sky, the Chandra sources with one object of the survey close "
        f"by give {training['counterparts']:,} counterparts "
        f"({training['counterparts_right']:.1%} of them right) and {training['field']:,} field "
        "objects. The published pipeline (networks and histograms, made again in "
        "`validation/baselines.py`) and LightGBM learn from the same sample.",
        f"Matching: {setting.n_primary:,} X-ray sources and "
        f"{mock.FIELD_DENSITY * setting.area / 1e6:.1f} million objects of the survey, within "
        f"{RADIUS:g} arcsec.",
        "Truth samples: an X-ray source is used if there is exactly one Chandra (or XMM) source "
        "within 30 arcsec, which has no other X-ray source around it, is flagged secure, has 0.2 "
        "to 5 times the flux and agrees in position within 5 standard errors (the one cut that the "
        "published work did not make). It is a robust counterpart if exactly one object of the "
        "survey lies within 1.1 r98 of the precise position, and inside the false radius (within "
        "which a chance object lies with 3% probability, for the density of objects around it). It "
        "is hostless if the nearest object is beyond both 2 r98 and 2 false radii. Where Chandra "
        "and XMM disagree, the source is left out.",
        "Assessment: a source is called matched where its p_any is at or above a cutoff. The "
        "cutoff is put where the purity of the counterparts equals their completeness, as "
        "published.",
    ]


def figure_views() -> list[FigureView]:
    """The figures that :func:`draw` writes."""
    return [
        FigureView(
            "lockman_cutoffs.png",
            "Purity and completeness as the cutoff of p_any varies, "
            "judged by the truth samples of the first sky. Bands: 68% intervals. Dotted: "
            "where counterpart purity equals completeness.",
        ),
        FigureView(
            "lockman_purity.png",
            "Purity against completeness of the counterparts, cutting "
            "on p_any (left) and on p_match of the best candidate (right), first sky.",
        ),
        FigureView(
            "lockman_separations.png",
            "The truth samples of the first sky: distance of the "
            "nearest object of the survey from the precise position, in units of its r98 "
            "and of the false radius. Lines: the cuts. Crosses: wrong by the mock's own "
            "truth, because another X-ray source was seen or the true host is too faint for "
            "the survey or farther away.",
        ),
        FigureView(
            "lockman_charts.png",
            "Six sources of the samples: three whose robust "
            "counterpart LightGBM finds and distance alone does not, and three hostless "
            "ones.",
        ),
    ]


def draw(out: Path, outcome: SkyOutcome, shown: tuple[Any, ...]) -> None:
    """Write the figures of a sky."""
    results, primary, survey, truth = shown
    by_samples = {
        score: {m: outcome.assessed[m, score, "samples"] for m in results}
        for score in ("p_any", "p_match")
    }
    plots.save(cutoff_figure(by_samples["p_any"]), out / "lockman_cutoffs.png")
    plots.save(purity_figure(by_samples), out / "lockman_purity.png")
    plots.save(separation_figure(outcome.samples, outcome.right), out / "lockman_separations.png")
    rows = chart_rows(results, truth)
    plots.save(plots.sky_map(results[LIGHTGBM], primary, survey, rows), out / "lockman_charts.png")


def chart_rows(results: Mapping[str, bm.MatchResult], truth: Table) -> list[int]:
    """Three sources that the prior decides, and three hostless ones; rows are the mock's ids."""
    row, true = np.asarray(truth["ID"]), np.asarray(truth["counterpart"])
    best = {m: np.asarray(r.sources["OPT"])[row].astype(str) for m, r in results.items()}
    decided = (best[LIGHTGBM] == true) & (best[DISTANCE] != true) & (true != "hostless")
    gain = np.where(decided, np.asarray(results[LIGHTGBM].sources["p_match"])[row], -1.0)
    return [
        *row[np.argsort(-gain, kind="stable")[:3]].tolist(),
        *row[true == "hostless"][:3].tolist(),
    ]


def numbers(
    setting: Setting, training: Mapping[str, Any], skies: Sequence[SkyOutcome]
) -> dict[str, Any]:
    """What the JSON file keeps."""
    found = []
    for k, sky in enumerate(skies):
        for (method, score, truth), a in sky.assessed.items():
            cutoff, value = a.crossing
            counts = a.confusion(cutoff)
            found.append(
                {
                    "seed": setting.first_seed + k,
                    "method": method,
                    "score": score,
                    "truth": truth,
                    "n_counterparts": a.n_counterparts,
                    "n_hostless": a.n_hostless,
                    "cutoff": cutoff,
                    "crossing": value,
                    **counts._asdict(),
                    **scores(*counts),
                    **{
                        f"completeness_at_{100 * p:.0f}": a.completeness_at_purity(p)
                        for p in PURITIES
                    },
                }
            )
    compared = {
        truth: [
            _rows(
                s.assessed[LIGHTGBM, "p_any", truth].compare(s.assessed[BASELINE, "p_any", truth])
            )
            for s in skies
        ]
        for truth in ("samples", "all")
    }
    return {
        "setting": vars(setting),
        "training": dict(training),
        "assessed": found,
        "lightgbm_minus_published": compared,
        "samples": [
            {"variants": s.variants, "counts": s.samples["robust"].meta["counts"]} for s in skies
        ],
    }


def _rows(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.colnames, row, strict=True)) for row in table.iterrows()]
