"""Photometric priors on mock skies: distance only, the published pipeline, LightGBM.

Trained on one mock survey, matched on others. The table gives, per sky and method, the share of
sources whose best candidate is right, where purity and completeness cross, and how far the
probabilities of having no counterpart are off.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

import bayesmatch as bm
from bayesmatch import mock, plots

from .baselines import PublishedPrior
from .priors_scores import Outcome, ece, hosts, merged, outcome, scores
from .priors_setting import (
    BASELINE,
    CONTEXT,
    DISTANCE,
    LIGHTGBM,
    QUICK,
    RADIUS,
    SHUFFLED,
    Setting,
)
from .priors_views import CAPTION, figure, patterns_table, skies_table, text
from .report import Claim, FigureView, Section, below

OPTICAL_ERROR = mock.OPTICAL_ERROR
FEATURES = bm.photometry.Features(mock.BANDS)


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> Section:
    """Run the protocol."""
    setting = QUICK if quick else Setting()
    if seeds is not None:
        setting = replace(setting, seeds=seeds)
    return run_setting(out, setting)


def run_setting(out: Path, setting: Setting) -> Section:
    """Train, match, compare."""
    priors, seconds = train(setting)
    print(", ".join(f"{name}: trained in {s:.1f} s" for name, s in seconds.items()), flush=True)

    outcomes: dict[tuple[float, int, str], Outcome] = {}
    shuffled_change = []
    for scale in setting.sigma_scales:
        for seed in range(setting.first_seed, setting.first_seed + setting.seeds):
            sky = mock.survey(
                n_primary=setting.n_primary, area=setting.area, seed=seed, sigma_scale=scale
            )
            for name, listed in priors.items():
                outcomes[scale, seed, name] = outcome(match(sky, listed), sky[2])
            shuffled = outcomes.pop((scale, seed, SHUFFLED))
            shuffled_change.append(np.abs(shuffled.p_any - outcomes[scale, seed, DISTANCE].p_any))
    rows = [
        {"sigma_scale": scale, "seed": seed, "method": name, **scores(o)}
        for (scale, seed, name), o in outcomes.items()
    ]
    field = field_means(setting, priors[LIGHTGBM][0], priors[CONTEXT][0])
    pooled = {
        name: ece(merged([o for key, o in outcomes.items() if key[2] == name]))
        for name in (DISTANCE, BASELINE, LIGHTGBM, CONTEXT)
    }
    claims = check(rows, pooled, np.concatenate(shuffled_change), field, setting.slack)
    plots.save(figure(outcomes, setting), out / "priors.png")
    return Section(
        "priors",
        "What the photometric prior gains, on mock skies",
        text(setting),
        claims,
        [skies_table(rows), patterns_table(field)],
        [FigureView("priors.png", CAPTION)],
        {
            "setting": vars(setting),
            "training_seconds": seconds,
            "skies": rows,
            "pooled_ece": pooled,
            "field": field,
        },
    )


def training_sample(setting: Setting) -> tuple[Table, np.ndarray, np.ndarray]:
    """Objects of a mock survey, which are counterparts, and an X-ray flux for each.

    A counterpart has its own source's flux, a field object that of a source drawn at random.
    """
    primary, survey, truth = mock.survey(
        n_primary=setting.train_primary, area=setting.train_area, seed=setting.train_seed
    )
    host, of_primary = hosts(truth)
    rng = np.random.default_rng(setting.train_seed)
    field = np.delete(np.arange(len(survey)), host)
    field = rng.choice(field, setting.train_field, replace=False)
    flux = np.asarray(primary["flux"])
    label = np.repeat([True, False], [len(host), len(field)])
    return (
        survey[np.concatenate([host, field])],
        label,
        np.concatenate([flux[of_primary], rng.choice(flux, len(field))]),
    )


def train(setting: Setting) -> tuple[dict[str, list[Any]], dict[str, float]]:
    """Priors by method, and the seconds each took."""
    table, label, flux = training_sample(setting)
    shuffled = np.random.default_rng(setting.train_seed).permutation(label)
    options: dict[str, Any] = {"features": FEATURES, "n_threads": setting.threads}
    make = {
        BASELINE: lambda: PublishedPrior.fit(table, label, max_epochs=setting.max_epochs),
        LIGHTGBM: lambda: bm.LightGBMPrior.fit(table, label, **options),
        CONTEXT: lambda: bm.LightGBMPrior.fit(table, label, context={"flux": flux}, **options),
        SHUFFLED: lambda: bm.LightGBMPrior.fit(table, shuffled, **options),
    }
    priors: dict[str, list[Any]] = {DISTANCE: []}
    seconds = {}
    for name, call in make.items():
        begin = time.perf_counter()
        priors[name] = [call()]
        seconds[name] = time.perf_counter() - begin
    return priors, seconds


def match(sky: Sequence[Table], priors: Sequence[Any]) -> bm.MatchResult:
    """Match a mock sky."""
    return bm.match(
        bm.Catalog(sky[0], name="XRAY", pos_err="sigma"),
        bm.Catalog(sky[1], name="OPT", pos_err=OPTICAL_ERROR),
        radius=RADIUS,
        priors={"OPT": list(priors)},
    )


def field_means(
    setting: Setting, plain: bm.LightGBMPrior, context: bm.LightGBMPrior
) -> dict[str, Any]:
    """Means of the ratio over field objects that were not trained on."""
    n_primary = round(setting.field_area * setting.n_primary / setting.area)
    primary, survey, truth = mock.survey(
        n_primary=n_primary, area=setting.field_area, seed=setting.field_seed
    )
    host, _ = hosts(truth)
    is_field = np.ones(len(survey), bool)
    is_field[host] = False
    ratio = 10.0 ** plain.predict(survey)
    of_field = ratio[is_field]
    missing = FEATURES.missing(survey)
    patterns = []
    for pattern in np.unique(missing, axis=0):
        mine = (missing == pattern).all(axis=1)
        n_hosts, share = int(mine[host].sum()), float(mine[is_field].mean())
        if share <= 0.01 or n_hosts < 30:
            continue
        here = ratio[mine & is_field]
        mean, wanted = float(here.mean()), n_hosts / len(host) / share
        trained_on = n_hosts * plain.counts["counterparts"] / len(host)
        error = wanted * np.sqrt(1 / n_hosts + 1 / trained_on + here.var() / mean**2 / len(here))
        patterns.append(
            {
                "missing": "".join(b for b, m in zip("gRz12", pattern, strict=True) if m) or "none",
                "field_share": share,
                "counterparts": n_hosts,
                "mean": mean,
                "wanted": wanted,
                "error": float(error),
                "ok": bool(abs(mean / wanted - 1) <= 0.1 or abs(mean - wanted) <= 3 * error),
            }
        )
    return {
        "n": len(of_field),
        "mean": float(of_field.mean()),
        "error": float(of_field.std() / np.sqrt(len(of_field))),
        "training_error": float(of_field.std() / np.sqrt(setting.train_field)),
        "scatter": float(of_field.std()),
        "blocks_of_200k": [
            float(b.mean())
            for b in np.array_split(of_field, max(1, round(len(of_field) / 200_000)))
        ],
        "mean_of_counterparts": float(ratio[host].mean()),
        "largest": float(ratio.max()),
        "patterns": patterns,
        "flux_quintiles": _quintile_means(
            setting, context, survey[is_field], np.asarray(primary["flux"])
        ),
    }


def _quintile_means(
    setting: Setting, prior: bm.LightGBMPrior, field: Table, flux: np.ndarray
) -> list[dict[str, float]]:
    """Mean ratio of field objects around sources of each fifth of the X-ray fluxes."""
    rng = np.random.default_rng(setting.field_seed)
    edges = np.quantile(flux, np.linspace(0, 1, 6))
    means = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        rows = rng.choice(len(field), setting.context_field)
        drawn = rng.choice(flux[(flux >= low) & (flux <= high)], len(rows))
        ratio = 10.0 ** prior.predict(field[rows], {"flux": drawn})
        means.append(
            {
                "low": float(low),
                "high": float(high),
                "mean": float(ratio.mean()),
                "error": float(ratio.std() / np.sqrt(len(ratio))),
                "training_error": float(ratio.std() / np.sqrt(setting.train_field)),
            }
        )
    return means


def check(
    rows: Sequence[Mapping[str, Any]],
    pooled_ece: Mapping[str, float],
    shuffled_change: np.ndarray,
    field: Mapping[str, Any],
    slack: float,
) -> list[Claim]:
    """What is claimed, and whether it holds."""

    def of(method: str, column: str) -> np.ndarray:
        return np.array([row[column] for row in rows if row["method"] == method])

    def at_scale_one(method: str, column: str) -> float:
        return float(
            np.mean(
                [
                    row[column]
                    for row in rows
                    if row["method"] == method and row["sigma_scale"] == 1.0
                ]
            )
        )

    error = {m: 1 - of(m, "crossing") for m in (BASELINE, LIGHTGBM, CONTEXT)}
    share = error[LIGHTGBM] / error[BASELINE]
    gain = of(LIGHTGBM, "right") - of(BASELINE, "right")
    worst = max(field["patterns"], key=lambda p: abs(p["mean"] / p["wanted"] - 1))
    quintiles = field["flux_quintiles"]
    by_flux = [q["mean"] for q in quintiles]
    extra = f" + {slack:g} standard errors" if slack else ""

    def is_one(of: Mapping[str, float], limit: float) -> bool:
        error = np.hypot(of["error"], of["training_error"])
        return bool(abs(of["mean"] - 1) <= limit + slack * error)

    bad = [p["missing"] for p in field["patterns"] if not p["ok"]]
    return [
        below(
            "(1 - purity) at the crossing, LightGBM / published, mean", float(share.mean()), 0.85
        ),
        below("the same in the worst sky", float(share.max()), 1.0),
        Claim(
            "the same with X-ray flux as context, mean",
            f"{(error[CONTEXT] / error[BASELINE]).mean():.4f}",
            "-",
            None,
        ),
        below("ECE of p_hostless with LightGBM, skies pooled", pooled_ece[LIGHTGBM], 0.01),
        below("the same with X-ray flux as context", pooled_ece[CONTEXT], 0.01),
        Claim(
            "best candidate right, no cutoff: LightGBM - published, worst sky",
            f"{gain.min():+.4f}",
            "> 0",
            bool(gain.min() > 0),
        ),
        Claim(
            f"mean ratio over {field['n']:,} field objects",
            f"{field['mean']:.4f} +- {field['error']:.4f} (training sample: "
            f"{field['training_error']:.4f})",
            f"1 within 2%{extra}",
            is_one(field, 0.02),
        ),
        Claim(
            f"mean ratio by pattern of missing bands, {len(field['patterns'])} patterns",
            f"worst {worst['mean']:.3f}, wanted {worst['wanted']:.3f} +- {worst['error']:.3f}"
            + (f", wrong: {' '.join(bad)}" if bad else ""),
            "within 10% or 3 sigma",
            not bad,
        ),
        Claim(
            "mean ratio by fifth of the X-ray fluxes, with context",
            f"{min(by_flux):.4f} to {max(by_flux):.4f}",
            f"1 within 5%{extra}",
            all(is_one(q, 0.05) for q in quintiles),
        ),
        Claim(
            "shuffled labels: share of sources whose p_any moves < 0.02",
            f"{(shuffled_change < 0.02).mean():.4f}",
            ">= 0.99",
            bool((shuffled_change < 0.02).mean() >= 0.99),
        ),
        Claim(
            "distance only: right among sources with a counterpart",
            f"{at_scale_one(DISTANCE, 'right_of_hosts'):.4f}",
            "0.82 to 0.87",
            None,
        ),
        Claim(
            "published: purity = completeness at sigma x 1",
            f"{at_scale_one(BASELINE, 'crossing'):.4f}",
            "0.94 to 0.95",
            None,
        ),
    ]
