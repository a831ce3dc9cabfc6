"""Photometric priors on mock skies: distance only, the published pipeline, LightGBM.

Trained on one mock survey, matched on others. The table gives, per sky and method, the share of
sources whose best candidate is right, where purity and completeness cross, and how far the
probabilities of having no counterpart are off.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from matplotlib.figure import Figure

import bayesmatch as bm
from bayesmatch import mock

from .baselines import PublishedPrior
from .report import Claim, below, conclude, print_table

RADIUS = 30.0
OPTICAL_ERROR = mock.OPTICAL_ERROR
FEATURES = bm.photometry.Features(mock.BANDS)
DISTANCE, BASELINE, LIGHTGBM, CONTEXT = "distance", "published", "LightGBM", "LightGBM + flux"
SHUFFLED = "shuffled labels"
ECE_BINS = 10


@dataclass(frozen=True)
class Setting:
    """Sizes of a run."""

    train_primary: int = 10_000
    train_area: float = 22.0
    train_field: int = 240_000
    n_primary: int = 4000
    area: float = 9.0
    seeds: int = 3
    sigma_scales: tuple[float, ...] = (1.0, 1.6)
    field_area: float = 35.0
    """of the sky on which the ratio's mean is taken"""
    context_field: int = 400_000
    """field objects per quintile of X-ray flux"""
    train_seed: int = 100
    field_seed: int = 200
    first_seed: int = 1
    max_epochs: int = 60
    """of the published pipeline's networks"""
    threads: int | None = None
    """of LightGBM's training"""
    slack: float = 0.0
    """standard errors by which means over the field may miss, besides what is claimed"""


#: a training sample this small knows the ratio's mean to 2%, hence the slack
QUICK = Setting(train_primary=5000, train_area=11.0, train_field=120_000, seeds=1, field_area=9.0,
                context_field=100_000, max_epochs=25, threads=1, slack=2.0)


@dataclass(frozen=True)
class Outcome:
    """What a match made of every source of a sky."""

    right: np.ndarray
    """(n,) the best candidate is the counterpart"""
    matched: np.ndarray
    """(n,) there is a candidate"""
    has_counterpart: np.ndarray
    """(n,) in truth"""
    p_any: np.ndarray
    p_match: np.ndarray
    p_hostless: np.ndarray


def run(out: Path, *, quick: bool = False, seeds: int | None = None) -> bool:
    """Run the protocol; whether every claim holds."""
    setting = QUICK if quick else Setting()
    if seeds is not None:
        setting = replace(setting, seeds=seeds)
    begin = time.perf_counter()
    priors, seconds = train(setting)
    print(", ".join(f"{name}: trained in {s:.1f} s" for name, s in seconds.items()), flush=True)

    outcomes: dict[tuple[float, int, str], Outcome] = {}
    shuffled_change = []
    for scale in setting.sigma_scales:
        for seed in range(setting.first_seed, setting.first_seed + setting.seeds):
            sky = mock.survey(n_primary=setting.n_primary, area=setting.area, seed=seed,
                              sigma_scale=scale)
            for name, listed in priors.items():
                outcomes[scale, seed, name] = outcome(match(sky, listed), sky[2])
            shuffled = outcomes.pop((scale, seed, SHUFFLED))
            shuffled_change.append(np.abs(shuffled.p_any - outcomes[scale, seed, DISTANCE].p_any))
    rows = [{"sigma_scale": scale, "seed": seed, "method": name, **scores(o)}
            for (scale, seed, name), o in outcomes.items()]
    header = list(rows[0])
    print_table(header, [list(row.values()) for row in rows])
    field = field_means(setting, priors[LIGHTGBM][0], priors[CONTEXT][0])
    pooled = {name: ece(merged([o for key, o in outcomes.items() if key[2] == name]))
              for name in (DISTANCE, BASELINE, LIGHTGBM, CONTEXT)}
    claims = check(rows, pooled, np.concatenate(shuffled_change), field, setting.slack)
    figure(outcomes, setting).savefig(out / "priors.png", dpi=120, metadata={"Software": None})
    return conclude("priors", claims, {
        "quick": quick, "setting": vars(setting), "training_seconds": seconds,
        "seconds": time.perf_counter() - begin, "skies": rows, "pooled_ece": pooled,
        "field": field}, out)


def training_sample(setting: Setting) -> tuple[Table, np.ndarray, np.ndarray]:
    """Objects of a mock survey, which are counterparts, and an X-ray flux for each.

    A counterpart has its own source's flux, a field object that of a source drawn at random.
    """
    primary, survey, truth = mock.survey(n_primary=setting.train_primary, area=setting.train_area,
                                         seed=setting.train_seed)
    host, of_primary = hosts(truth)
    rng = np.random.default_rng(setting.train_seed)
    field = np.delete(np.arange(len(survey)), host)
    field = rng.choice(field, setting.train_field, replace=False)
    flux = np.asarray(primary["flux"])
    label = np.repeat([True, False], [len(host), len(field)])
    return (survey[np.concatenate([host, field])], label,
            np.concatenate([flux[of_primary], rng.choice(flux, len(field))]))


def hosts(truth: Table) -> tuple[np.ndarray, np.ndarray]:
    """Survey rows of the counterparts, and the primary row of each."""
    counterpart = np.asarray(truth["counterpart"])
    of_primary = np.flatnonzero(counterpart != "hostless")
    return counterpart[of_primary].astype(np.int64), of_primary


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
    return bm.match(bm.Catalog(sky[0], name="XRAY", pos_err="sigma"),
                    bm.Catalog(sky[1], name="OPT", pos_err=OPTICAL_ERROR),
                    radius=RADIUS, priors={"OPT": list(priors)})


def outcome(result: bm.MatchResult, truth: Table) -> Outcome:
    """Compare the best candidates with the truth."""
    sources = result.sources
    best = np.asarray(sources["OPT"])
    true = np.full(len(truth), -1)
    host, of_primary = hosts(truth)
    true[of_primary] = host
    return Outcome((best == true) & (best >= 0), best >= 0, true >= 0,
                   *(np.asarray(sources[c], dtype=np.float64)
                     for c in ("p_any", "p_match", "p_hostless")))


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Several skies as one."""
    return Outcome(*(np.concatenate([getattr(o, field) for o in outcomes])
                     for field in Outcome.__dataclass_fields__))


def scores(o: Outcome) -> dict[str, float]:
    """The numbers of one line of the table."""
    hostless_right = np.where(o.has_counterpart, o.right, ~o.matched)
    cut, crossing_any = crossing(o, o.p_any)
    return {"right": float(hostless_right.mean()),
            "right_of_hosts": float(o.right[o.has_counterpart].mean()),
            "crossing": crossing_any, "cutoff": cut,
            "crossing_p_match": crossing(o, o.p_match)[1],
            "ece": ece(o), "hostless": float((~o.has_counterpart).mean()),
            "p_hostless": float(o.p_hostless.mean())}


def curve(o: Outcome, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cutoffs descending, and how many sources are matched, and rightly, at or above each."""
    order = np.argsort(-np.where(o.matched, score, -np.inf), kind="stable")[: o.matched.sum()]
    cutoff = score[order]
    last = np.append(cutoff[1:] != cutoff[:-1], True)  # a cutoff takes all of equal score
    return cutoff[last], np.flatnonzero(last) + 1, np.cumsum(o.right[order])[last]


def crossing(o: Outcome, score: np.ndarray) -> tuple[float, float]:
    """Cutoff where counterpart purity equals completeness, and the value there.

    Purity is right / matched and completeness right / sources with a counterpart: they are equal
    where as many are matched as have a counterpart.
    """
    cutoff, matched, right = curve(o, score)
    n = int(o.has_counterpart.sum())
    matched, right = np.append(0, matched), np.append(0, right)
    return (float(np.interp(n, matched[1:], cutoff)),
            float(np.interp(n, matched, right) / n))


def ece(o: Outcome) -> float:
    """Expected calibration error of p_hostless, equal bins."""
    hostless = ~o.has_counterpart
    which = np.minimum((o.p_hostless * ECE_BINS).astype(int), ECE_BINS - 1)
    return float(sum(abs(np.sum(o.p_hostless[which == k] - hostless[which == k]))
                     for k in range(ECE_BINS)) / len(which))


def field_means(setting: Setting, plain: bm.LightGBMPrior, context: bm.LightGBMPrior
                ) -> dict[str, Any]:
    """Means of the ratio over field objects that were not trained on."""
    n_primary = round(setting.field_area * setting.n_primary / setting.area)
    primary, survey, truth = mock.survey(n_primary=n_primary, area=setting.field_area,
                                         seed=setting.field_seed)
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
        patterns.append({
            "missing": "".join(b for b, m in zip("gRz12", pattern, strict=True) if m) or "none",
            "field_share": share, "counterparts": n_hosts, "mean": mean, "wanted": wanted,
            "error": float(error),
            "ok": bool(abs(mean / wanted - 1) <= 0.1 or abs(mean - wanted) <= 3 * error)})
    return {
        "n": len(of_field), "mean": float(of_field.mean()),
        "error": float(of_field.std() / np.sqrt(len(of_field))),
        "training_error": float(of_field.std() / np.sqrt(setting.train_field)),
        "scatter": float(of_field.std()),
        "blocks_of_200k": [float(b.mean()) for b in
                           np.array_split(of_field, max(1, round(len(of_field) / 200_000)))],
        "mean_of_counterparts": float(ratio[host].mean()), "largest": float(ratio.max()),
        "patterns": patterns,
        "flux_quintiles": _quintile_means(setting, context, survey[is_field],
                                          np.asarray(primary["flux"]))}


def _quintile_means(setting: Setting, prior: bm.LightGBMPrior, field: Table, flux: np.ndarray
                    ) -> list[dict[str, float]]:
    """Mean ratio of field objects around sources of each fifth of the X-ray fluxes."""
    rng = np.random.default_rng(setting.field_seed)
    edges = np.quantile(flux, np.linspace(0, 1, 6))
    means = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        rows = rng.choice(len(field), setting.context_field)
        drawn = rng.choice(flux[(flux >= low) & (flux <= high)], len(rows))
        ratio = 10.0 ** prior.predict(field[rows], {"flux": drawn})
        means.append({"low": float(low), "high": float(high), "mean": float(ratio.mean()),
                      "error": float(ratio.std() / np.sqrt(len(ratio))),
                      "training_error": float(ratio.std() / np.sqrt(setting.train_field))})
    return means


def check(rows: Sequence[Mapping[str, Any]], pooled_ece: Mapping[str, float],
          shuffled_change: np.ndarray, field: Mapping[str, Any], slack: float) -> list[Claim]:
    """What is claimed, and whether it holds."""
    def of(method: str, column: str) -> np.ndarray:
        return np.array([row[column] for row in rows if row["method"] == method])

    def at_scale_one(method: str, column: str) -> float:
        return float(np.mean([row[column] for row in rows
                              if row["method"] == method and row["sigma_scale"] == 1.0]))

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
        below("(1 - purity) at the crossing, LightGBM / published, mean",
              float(share.mean()), 0.85),
        below("the same in the worst sky", float(share.max()), 1.0),
        Claim("the same with X-ray flux as context, mean",
              f"{(error[CONTEXT] / error[BASELINE]).mean():.4f}", "-", None),
        below("ECE of p_hostless with LightGBM, skies pooled", pooled_ece[LIGHTGBM], 0.01),
        below("the same with X-ray flux as context", pooled_ece[CONTEXT], 0.01),
        Claim("uncut best candidate right, LightGBM - published, worst sky",
              f"{gain.min():+.4f}", "> 0", bool(gain.min() > 0)),
        Claim(f"mean ratio over {field['n']:,} field objects",
              f"{field['mean']:.4f} +- {field['error']:.4f} (training sample: "
              f"{field['training_error']:.4f})", f"1 within 2%{extra}", is_one(field, 0.02)),
        Claim(f"mean ratio by pattern of missing bands, {len(field['patterns'])} patterns",
              f"worst {worst['mean']:.3f} for {worst['wanted']:.3f} +- {worst['error']:.3f}"
              + (f", wrong: {' '.join(bad)}" if bad else ""), "within 10% or 3 sigma", not bad),
        Claim("mean ratio by fifth of the X-ray fluxes, with context",
              f"{min(by_flux):.4f} to {max(by_flux):.4f}", f"1 within 5%{extra}",
              all(is_one(q, 0.05) for q in quintiles)),
        Claim("shuffled labels: share of sources whose p_any moves < 0.02",
              f"{(shuffled_change < 0.02).mean():.4f}", ">= 0.99",
              bool((shuffled_change < 0.02).mean() >= 0.99)),
        Claim("distance only: right among sources with a counterpart",
              f"{at_scale_one(DISTANCE, 'right_of_hosts'):.4f}", "0.82 to 0.87", None),
        Claim("published: purity = completeness at sigma x 1",
              f"{at_scale_one(BASELINE, 'crossing'):.4f}", "0.94 to 0.95", None),
    ]


def figure(outcomes: Mapping[tuple[float, int, str], Outcome], setting: Setting) -> Figure:
    """Purity against completeness as the cutoff of p_any varies, one panel a scale."""
    colors = {DISTANCE: "0.5", BASELINE: "tab:orange", LIGHTGBM: "tab:blue", CONTEXT: "tab:green"}
    fig = Figure(figsize=(5.4 * len(setting.sigma_scales), 5.0), layout="constrained")
    axes = fig.subplots(1, len(setting.sigma_scales), squeeze=False)[0]
    for ax, scale in zip(axes, setting.sigma_scales, strict=True):
        lowest = 1.0
        for name, color in colors.items():
            pooled = merged([o for key, o in outcomes.items() if key[0] == scale
                             and key[2] == name])
            _, matched, right = curve(pooled, pooled.p_any)
            n = pooled.has_counterpart.sum()
            _, value = crossing(pooled, pooled.p_any)
            keep = matched > 0.5 * n
            ax.plot(right[keep] / n, right[keep] / matched[keep], color=color, lw=1.6,
                    label=f"{name}: {100 * value:.1f}%")
            ax.plot(value, value, "o", color=color, ms=6, mec="k", mew=0.6, zorder=3)
            lowest = min(lowest, value)
        low = lowest - 0.06
        ax.plot([low, 1], [low, 1], ":", color="0.6", lw=1, zorder=0)
        ax.set(xlim=(low, 1), ylim=(low, 1.002), xlabel="completeness: right / with a counterpart",
               ylabel="purity: right / matched", title=f"X-ray position errors x {scale:g}")
        ax.legend(loc="center left", bbox_to_anchor=(0.01, 0.5), title="purity = completeness",
                  frameon=False)
        ax.grid(color="0.92", lw=0.6)
    fig.suptitle(f"Cutting on p_any: {setting.seeds} mock skies of {setting.n_primary:,} X-ray "
                 "sources, pooled", fontsize=11)
    return fig
