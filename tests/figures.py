"""Every public figure, drawn from small matches: for tests, and to look at.

``python tests/figures.py FOLDER`` writes them all, in the style of each theme.
"""

from __future__ import annotations

import copy
import warnings
from types import SimpleNamespace

import mock_images as mi
import numpy as np
from astropy.table import Table

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.diagnostics.report import figures as of_report
from bayesmatch.diagnostics.report.pairs import pairs_with, places
from bayesmatch.priors.diagnostics import diagnose

#: name and settings: a user's own, some of them odd
THEMES = {
    "default": {},
    "dark_background": "dark_background",
    "changed": {
        "font.size": 18,
        "axes.facecolor": "#eaeaf2",
        "axes.labelcolor": "#eeeeee",
        "text.color": "0.9",
        "xtick.color": "w",
        "axes.grid": True,
        "axes.prop_cycle": "cycler('color', ['y', 'c'])",
        "lines.linewidth": 6,
        "image.origin": "lower",
        "axes.spines.left": False,
        "figure.figsize": (2, 2),
        "legend.fontsize": 30,
    },
}


def material(folder, images=True):
    """What the figures are made of: a match on a mock, with everything that is made from it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x, sky, truth = bm.mock.survey(n_primary=400, area=0.9, seed=2)
        xray = bm.Catalog(x, name="XRAY", pos_err="sigma")
        optical = bm.Catalog(sky, name="OPT", pos_err=0.1)
        features = bm.photometry.Features(["r", "w1"])
        histogram = bm.HistogramPrior(
            "z", [16, 20, 25], [20, 25, 26], [0.15, 0.05, 0], [0.1, 0.1, 0]
        )
        priors = {"OPT": [bm.LearnedPrior(features), histogram]}
        result = bm.match(xray, optical, radius=15, priors=priors)
        near = result.sources["n_candidates"]
        rows = np.argsort(-np.asarray(near), kind="stable")[:6]
        ids = [result.sources[f"XRAY_{xray.id_name}"][int(row)] for row in rows]
        found = {
            "result": result,
            "catalogs": (xray, optical),
            "truth": truth,
            "rows": rows,
            "explained": [bm.explain(result, i) for i in ids],
            "assessment": bm.assess(result, truth),
            "calibration": bm.calibrate(xray, optical, radius=15, n_realizations=2),
            "fit": bm.fit_position_errors(xray, optical, radius=15),
            "comparison": comparison(),
            "tables": diagnose(trained(sky, truth, features)),
        }
    if images:
        row = int(rows[0])
        wcs = mi.rotated_wcs((xray.ra[row], xray.dec[row]), 260)
        found["image"] = folder / "image.fits"
        mi.write(
            found["image"],
            mi.paint(wcs, 260, optical.ra, optical.dec, np.full(len(sky), 400.0)),
            wcs,
        )
        also = Table(
            {
                "ID": ["C1", "C2", "C3"],
                "RA": xray.ra[row] + np.array([1.5, -6.0, 4.0]) / 3600,
                "DEC": xray.dec[row] + np.array([1.0, 3.0, -7.0]) / 3600,
                "sigma": [0.5, 0.8, 1.0],
                "secure": np.ma.MaskedArray([1, 0, 0], [False, False, True]),
            }
        )
        found["also"] = plots.read_overlay(also, name="CHANDRA", pos_err="sigma", secure="secure")
    return SimpleNamespace(**found)


def trained(sky, truth, features):
    """A small LightGBM prior."""
    host = np.isin(np.asarray(sky["ID"]).astype(str), truth["counterpart"])
    some = host | (np.arange(len(sky)) % 20 == 0)
    return bm.LightGBMPrior.fit(sky[some], host[some], features=features)


def comparison():
    """A comparison with NWAY's output, as `compare_nway` gives it, one row of it not explained."""
    rng = np.random.default_rng(0)
    n = 200
    p = rng.beta(0.4, 0.4, n)
    explained = np.arange(n) != 7
    points = Table(
        {"p_any": p, "p_any_nway": np.where(explained, p, 1 - p), "explained": explained}
    )
    points["p_match"] = np.clip(p + rng.normal(0, 0.05, n), 0, 1)
    table = Table(
        {
            "column": ["p_any", "p_i", "dist_bayesfactor", "dist_post"],
            "largest": [0.4, 1e-12, 0.0, 3e-7],
            "unexplained": [1, 0, 0, 0],
        }
    )
    counts = {"both": n, "only_here": 0, "only_there": 1}
    return SimpleNamespace(points=points, table=table, counts=counts, explained=False, other="NWAY")


def few(m):
    """Those that need no more than a match."""
    yield "comparison_panels", plots.comparison_panels(m.comparison)
    yield "evidence_chart", plots.evidence_chart(m.explained[0])
    yield "finding_chart", plots.finding_chart(m.explained[0])
    yield "histogram_prior", plots.histogram_prior(m.histogram)
    yield "probability_plane", plots.probability_plane(m.result)
    yield "purity_completeness", plots.purity_completeness({"here": m.assessment})


def quick():
    """What these are made of."""
    x, sky, truth = bm.mock.survey(n_primary=150, area=0.3, seed=3)
    xray = bm.Catalog(x, name="XRAY", pos_err="sigma")
    histogram = bm.HistogramPrior("z", [16, 20, 25], [20, 25, 26], [0.15, 0.05, 0], [0.1, 0.1, 0])
    result = bm.match(
        xray, bm.Catalog(sky, name="OPT", pos_err=0.1), radius=15, priors={"OPT": [histogram]}
    )
    row = int(np.argmax(result.sources["n_candidates"]))
    return SimpleNamespace(
        result=result,
        histogram=histogram,
        assessment=bm.assess(result, truth),
        explained=[bm.explain(result, result.sources[f"XRAY_{xray.id_name}"][row])],
        comparison=comparison(),
    )


def drawn(m):
    """Name and figure, one after the other."""
    e = m.explained
    yield "assessment_panels", plots.assessment_panels(m.assessment)
    yield "purity_completeness", plots.purity_completeness({"here": m.assessment})
    yield "calibration_curves", plots.calibration_curves(m.calibration)
    yield "comparison_panels", plots.comparison_panels(m.comparison)
    yield "expected_curves", plots.expected_curves(m.result)
    yield "evidence_chart", plots.evidence_chart(e[0])
    yield "finding_chart", plots.finding_chart(e[0], truth="hostless")
    if hasattr(m, "image"):
        yield "finding_chart_on_image", plots.finding_chart(e[0], m.image, also=m.also)
    learned, histogram = m.result.priors["OPT"]
    yield "histogram_prior", plots.histogram_prior(histogram)
    yield "learned_ratio", plots.learned_ratio(learned)
    yield "prior_diagnostics", plots.prior_diagnostics(m.tables)
    yield "probability_plane", plots.probability_plane(m.result)
    yield "rayleigh_plot", plots.rayleigh_plot(m.fit)
    yield "sky_map", plots.sky_map(m.result, *m.catalogs, m.rows)


def of_the_report(m):
    """Figures that only the report has."""
    result = m.result
    sources = places(result, 0, result.sources["XRAY"].data)
    pairs = [pairs_with(result, 1, sources)]
    yield "how_sure", of_report.how_sure(result)
    yield "separations", of_report.separations(result, pairs)
    values = np.asarray(m.catalogs[0].table["sigma"], float)
    yield from of_report.host_fractions(result, {"sigma": values}).items()
    rising = copy.copy(result)
    rising.sources = result.sources.copy()
    rising.sources["density_OPT"] *= np.linspace(1.0, 3.0, len(rising.sources))
    yield "sky_densities", of_report.sky_densities(rising, *m.catalogs[0].given_positions, "OPT")
    p = np.asarray(result.associations["p_match"], float)
    yield "prior_ratios", of_report.prior_ratios(result, "bias_OPT_z", p)


if __name__ == "__main__":
    import sys
    from pathlib import Path

    from matplotlib import style

    out = Path(sys.argv[1])
    out.mkdir(exist_ok=True)
    made = material(out)
    for theme, given in THEMES.items():
        with style.context(given):
            for name, figure in drawn(made):
                plots.save(figure, out / f"{theme}_{name}.png")
    with plots.style.drawing(light=True):
        for name, figure in of_the_report(made):
            plots.save(figure, out / f"report_{name}.png")
