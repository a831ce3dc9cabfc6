"""XMM-COSMOS X-ray sources with known answers: position errors fitted, then judged against them.

Real catalogues: 1,797 X-ray sources and 17,999 bright galaxies; for 1,255 of the sources the
literature tells the counterpart (437), or that it is not among these galaxies (818).
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from astropy.table import Table
from matplotlib.figure import Figure

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.demo import OPTICAL_ERROR_ARCSEC, RADIUS_ARCSEC, read_truth
from bayesmatch.diagnostics import metrics
from bayesmatch.plots.assessment import draw_purity_completeness, draw_reliability
from bayesmatch.plots.style import SERIES

from .report import Claim, FigureView, Section, TableView, at_least, below

CUTOFF = 0.5
METRICS = (
    "counterpart_purity",
    "counterpart_completeness",
    "hostless_purity",
    "hostless_completeness",
    "overall_purity",
)
NWAY, QUOTED = "NWAY's p_any, errors as quoted", "p_hostless, errors as quoted"
NWAY_FITTED, FITTED = "NWAY's p_any, errors fitted", "p_hostless, errors fitted"
PRIOR = "the same with a magnitude prior"


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol; it takes seconds, so quick or not is the same."""
    xmm, galaxies = catalogs()
    fit = bm.fit_position_errors(xmm, galaxies, radius=RADIUS_ARCSEC)
    judged, uncovered = assessments(xmm, galaxies, fit)
    best = judged[FITTED]
    value = {name: scores(a) for name, a in judged.items()}
    ours = value[FITTED]
    claims = [
        Claim(
            "scale of the quoted position errors",
            f"{fit.scale:.3f} +- {fit.scale_error:.3f}",
            "0.55 to 0.68",
            0.55 <= fit.scale <= 0.68,
        ),
        below("ECE of p_hostless on the 1,255, errors fitted", best.ece, 0.020),
        *(
            at_least(f"{name.replace('_', ' ')} at p_hostless = {CUTOFF}", ours[name], limit)
            for name, limit in zip(METRICS, (0.935, 0.935, 0.97, 0.97), strict=False)
        ),
        Claim(
            "NWAY's p_any as it comes: ECE", f"{judged[NWAY].ece:.4f}", "0.036 (NWAY itself)", None
        ),
        Claim(
            "NWAY's p_any at 0.5: counterpart purity, completeness",
            "{:.3f}, {:.3f}".format(*(value[NWAY][m] for m in METRICS[:2])),
            "0.872, 0.982 (NWAY itself)",
            None,
        ),
    ]
    plots.save(fit.plot(), out / "cosmos_rayleigh.png")
    plots.save(figure(judged), out / "cosmos.png")
    return Section(
        "cosmos",
        "1,255 XMM-COSMOS sources whose optical identification is known",
        text(fit, uncovered),
        claims,
        [errors_table(fit), scores_table(judged)],
        [FigureView("cosmos_rayleigh.png", RAYLEIGH), FigureView("cosmos.png", CAPTION)],
        {
            "n": best.n,
            "n_counterparts": best.n_counterparts,
            "fit": {name: getattr(fit, name) for name in FITTED_NUMBERS},
            "scores": value,
        },
    )


FITTED_NUMBERS = (
    "scale",
    "scale_error",
    "floor_arcsec",
    "floor_arcsec_error",
    "dra_arcsec",
    "dra_arcsec_error",
    "ddec_arcsec",
    "ddec_arcsec_error",
    "host_fraction",
    "host_fraction_error",
    "ln_gain",
)
RAYLEIGH = (
    "Separations of X-ray sources and galaxies, divided by sigma, every pair counting with "
    "its probability of being true. Left their distribution, right the share farther out. "
    "If the errors were right, both would follow the black line: the quoted ones are far "
    "too large (the separations are too small for them), the fitted ones fit, but for a "
    "few per cent of larger separations than a Gaussian has."
)
CAPTION = (
    "Left: reliability diagram of NWAY's p_any with the errors as quoted, and of "
    "1 - p_hostless after the error fit. Right: purity against completeness of the "
    "counterparts as the cutoff varies."
)


def catalogs() -> tuple[bm.Catalog, bm.Catalog]:
    """The bundled X-ray sources and galaxies."""
    data = resources.files("bayesmatch.data")
    with (
        resources.as_file(data / "cosmos_xmm.fits.gz") as xmm,
        resources.as_file(data / "cosmos_zcosmos.fits.gz") as galaxies,
    ):
        return (
            bm.Catalog.read(xmm, pos_err="pos_err"),
            bm.Catalog.read(galaxies, pos_err=OPTICAL_ERROR_ARCSEC),
        )


def assessments(
    xmm: bm.Catalog, galaxies: bm.Catalog, fit: bm.PositionErrorFit
) -> tuple[dict[str, bm.Assessment], float]:
    """Every way of matching, judged by a truth that none has seen; and the uncovered share."""
    known = read_truth()
    truth = Table({"XMM_ID": list(known), "ZCOSMOS_ID": list(known.values())})
    corrected = fit.apply(xmm)
    quoted = bm.match(xmm, galaxies, radius=RADIUS_ARCSEC)
    fitted = bm.match(corrected, galaxies, radius=RADIUS_ARCSEC)
    prior = bm.match(
        corrected, galaxies, radius=RADIUS_ARCSEC, priors={galaxies.name: [bm.AutoPrior("mag_I")]}
    )
    judged = {
        name: bm.assess(result, truth, score=score)
        for name, result, score in (
            (NWAY, quoted, "p_any"),
            (QUOTED, quoted, "p_hostless"),
            (NWAY_FITTED, fitted, "p_any"),
            (FITTED, fitted, "p_hostless"),
            (PRIOR, prior, "p_hostless"),
        )
    }
    return judged, fitted.meta["host_fraction_fit"]["uncovered"]


def scores(a: bm.Assessment) -> dict[str, Any]:
    """The counts and metrics at 0.5, and the calibration error."""
    counts = a.confusion(CUTOFF)
    return {
        **counts._asdict(),
        **metrics.scores(*counts),
        "ece": a.ece,
        "ece_floor": a.ece_floor.mean,
    }


def errors_table(fit: bm.PositionErrorFit) -> TableView:
    """What the fit found."""
    rows = [
        [what, f"{getattr(fit, name):+.3f} +- {getattr(fit, name + '_error'):.3f}", trial]
        for what, name, trial in (
            ("scale of the quoted errors", "scale", "0.60"),
            ("floor (arcsec, in quadrature)", "floor_arcsec", "none"),
            ("offset to the east (arcsec)", "dra_arcsec", "0.19"),
            ("offset to the north (arcsec)", "ddec_arcsec", "0.05"),
            ("host fraction within the footprint", "host_fraction", "-"),
        )
    ]
    return TableView(
        "XMM position errors, from the positions alone",
        ("", "fitted", "earlier trial"),
        rows,
        "The offset is added to X-ray positions to bring them onto the optical "
        f"frame. The log likelihood gains {fit.ln_gain:.0f} over the quoted errors.",
    )


def scores_table(judged: Mapping[str, bm.Assessment]) -> TableView:
    """Counts and metrics at 0.5 of every way of matching."""
    header = (
        "cut at 0.5",
        "right",
        "wrong",
        "hostless, matched",
        "matched, hostless",
        "right hostless",
        "P_c",
        "C_c",
        "P_h",
        "C_h",
        "Q",
        "ECE",
    )
    rows = []
    for name, a in judged.items():
        s = scores(a)
        rows.append([name, *a.confusion(CUTOFF), *(s[m] for m in METRICS), a.ece])
    return TableView(
        "Against the literature",
        header,
        rows,
        '"hostless, matched": a hostless source that was given a counterpart; "matched, '
        'hostless": a source with a counterpart that was called hostless. P purity and C '
        "completeness, of counterparts (c) and hostless (h); Q the right answers of all. "
        "Perfectly calibrated probabilities would show an ECE of "
        f"{judged[FITTED].ece_floor.mean:.3f}.",
    )


def figure(judged: Mapping[str, bm.Assessment]) -> Figure:
    """Reliability, and purity against completeness."""
    fig = Figure(figsize=(12.5, 6.3), layout="constrained")
    left, right = fig.subplots(1, 2)
    shown = {name: judged[name] for name in (NWAY, QUOTED, FITTED, PRIOR)}
    colors = dict(zip(shown, SERIES, strict=False))
    for name in (NWAY, FITTED):
        draw_reliability(
            left,
            judged[name].reliability,
            color=colors[name],
            numbers=False,
            label=f"{name}: ECE {judged[name].ece:.4f}",
            of="that there is a counterpart",
        )
    left.set_title("Reliability", fontsize=10)
    left.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    draw_purity_completeness(right, shown)
    right.set(xlim=(0.7, 1.005), ylim=(0.84, 1.005))
    return fig


def text(fit: bm.PositionErrorFit, uncovered: float) -> list[str]:
    """What is done, in plain words."""
    return [
        "X-ray sources of XMM-Newton in the COSMOS field (Cappelluti et al. 2009, Brusa et al. "
        "2010) and galaxies brighter than I = 22.5 of zCOSMOS (Lilly et al. 2007). Most X-ray "
        "sources have a counterpart fainter than that: in this catalogue they are hostless. The "
        "galaxies are sparse, so the nearest one is nearly always the one if any is; what is "
        "tested is the probability that any is.",
        "First `fit_position_errors` measures the X-ray position errors from the positions "
        f"alone; the truth is not used. Taken as sigma per axis the quoted ones are too large: "
        f"they must be multiplied by {fit.scale:.2f}. Then the X-ray sources are matched with "
        "errors and positions put right, and compared with the 1,255 known answers.",
        "Some X-ray sources lie outside the area where galaxies were observed and cannot have a "
        "counterpart there. They would lower the host fraction for all others. `match` notices "
        "that more sources than chance allows have no galaxy within the radius, and fits their "
        f"share along: {100 * uncovered:.0f}%. That this matters here was noticed with the "
        "answers at hand; nothing in the model was adjusted to them.",
        "NWAY's p_any is computed by bayesmatch, which reproduces it (protocol `upstream`). The "
        "magnitude prior, learned from the match itself, changes little here: these galaxies are "
        "all bright, and hosts look like the rest.",
    ]
