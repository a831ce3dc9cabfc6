"""The steps of the Lockman Hole protocol: training, match, truth samples, assessment."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy.table import Table, vstack

import bayesmatch as bm
from bayesmatch import mock

from .baselines import PublishedPrior

RADIUS = 30.0
DISTANCE, BASELINE, LIGHTGBM = "distance only", "published pipeline", "LightGBM"
#: how the samples are selected: the published cuts, which are the defaults, and that Chandra or XMM
#: source and X-ray source agree within 5 of their standard errors
CUTS = {"secure": "secure", "flux": "flux", "precise_flux": "flux", "max_sigma": 5.0, "quiet": True}
#: other selections, to see what the cuts do
USED, PUBLISHED_CUTS = "used here", "published cuts"
VARIANTS: dict[str, dict[str, Any]] = {
    USED: {},
    PUBLISHED_CUTS: {"max_sigma": None},
    "published, without the secure flag": {"max_sigma": None, "secure": None},
}


@dataclass(frozen=True)
class Setting:
    """Sizes of a run; the default sky has the size of the Lockman Hole's."""

    train_primary: int = 10_000
    train_area: float = 22.0
    n_primary: int = 6885
    area: float = 41.7
    seeds: int = 3
    coverage: float = 0.5
    """share of the sky that each precise telescope sees: more than the real ones did, so that the
    numbers are known better"""
    train_seed: int = 300
    first_seed: int = 301
    max_epochs: int = 60
    """of the published pipeline's networks"""
    threads: int | None = None
    """of LightGBM's training"""


QUICK = Setting(
    train_primary=5000,
    train_area=11.0,
    n_primary=2500,
    area=15.14,
    seeds=1,
    max_epochs=25,
    threads=1,
)


@dataclass(frozen=True)
class SkyOutcome:
    """One sky: the samples, and each method's match and scores."""

    samples: dict[str, Table]
    """robust and hostless, with details"""
    right: dict[str, np.ndarray]
    """of each row of the samples, whether it is right by the mock's own truth"""
    variants: dict[str, tuple[int, int, int, int]]
    """robust right and all, hostless right and all, with other cuts"""
    assessed: dict[tuple[str, str, str], bm.Assessment]
    """by method, score and truth ("samples" or "all")"""


def train(setting: Setting) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """Priors by method, from secure counterparts of Chandra sources in another sky."""
    sky = mock.sky(
        n_primary=setting.train_primary, area=setting.train_area, seed=setting.train_seed
    )
    chandra = mock.precise(sky, replace(mock.CHANDRA, coverage=1.0), seed=setting.train_seed)
    sample = bm.truth.training_sample(
        bm.Catalog(chandra[chandra["secure"]], name="CHANDRA", pos_err="sigma"),
        bm.Catalog(sky.secondary, name="OPT", pos_err=mock.OPTICAL_ERROR),
        flux="flux",
        flux_min=mock.FLUX_MIN,
    )
    label = np.asarray(sample["is_counterpart"])
    begin = time.perf_counter()
    published = PublishedPrior.fit(sample, label, max_epochs=setting.max_epochs)
    middle = time.perf_counter()
    lightgbm = bm.LightGBMPrior.fit(
        sample, label, features=bm.photometry.Features(mock.BANDS), n_threads=setting.threads
    )
    end = time.perf_counter()
    true = np.asarray(sky.xray["counterpart"])[sample["xray_xray"][label]]
    right = true == np.asarray(sample["ID"][label]).astype(str)
    return {DISTANCE: [], BASELINE: [published], LIGHTGBM: [lightgbm]}, {
        "counterparts": int(label.sum()),
        "field": int((~label).sum()),
        "counterparts_right": float(right.mean()),
        "counts": sample.meta["counts"],
        "seconds": {BASELINE: middle - begin, LIGHTGBM: end - middle},
    }


def one_sky(
    setting: Setting, seed: int, priors: Mapping[str, Sequence[Any]]
) -> tuple[SkyOutcome, tuple[Any, ...]]:
    """Match a sky with every method, and judge the matches by the samples and by the truth."""
    sky = mock.sky(n_primary=setting.n_primary, area=setting.area, seed=seed)
    primary = bm.Catalog(sky.primary, name="XRAY", pos_err="sigma")
    survey = bm.Catalog(sky.secondary, name="OPT", pos_err=mock.OPTICAL_ERROR)
    precise = [
        bm.Catalog(
            mock.precise(sky, replace(telescope, coverage=setting.coverage), seed=seed),
            name=telescope.name,
            pos_err="sigma",
        )
        for telescope in (mock.CHANDRA, mock.XMM)
    ]
    samples, right = build_samples(primary, precise, survey, sky.truth, details=True)
    variants = {}
    for name, other in VARIANTS.items():
        _, ok = build_samples(primary, precise, survey, sky.truth, **other)
        variants[name] = (
            int(ok["robust"].sum()),
            len(ok["robust"]),
            int(ok["hostless"].sum()),
            len(ok["hostless"]),
        )
    truths = {
        "samples": vstack(
            [t["ID", "counterpart"] for t in samples.values()], metadata_conflicts="silent"
        ),
        "all": sky.truth,
    }
    assessed, results = {}, {}
    for method, listed in priors.items():
        results[method] = bm.match(primary, survey, radius=RADIUS, priors={"OPT": list(listed)})
        for score in ("p_any", "p_match"):
            for name, truth in truths.items():
                assessed[method, score, name] = bm.assess(results[method], truth, score=score)
    return (
        SkyOutcome(samples, right, variants, assessed),
        (results, primary, survey, truths["samples"]),
    )


def build_samples(
    primary: bm.Catalog,
    precise: Sequence[bm.Catalog],
    survey: bm.Catalog,
    truth: Table,
    **options: Any,
) -> tuple[dict[str, Table], dict[str, np.ndarray]]:
    """The two samples, and which of their rows are right."""
    chosen = {**CUTS, **options}
    samples = {
        "robust": bm.truth.robust_counterparts(primary, list(precise), survey, **chosen),
        "hostless": bm.truth.hostless(primary, list(precise), survey, **chosen),
    }
    true = np.asarray(truth["counterpart"])  # of source 0, 1, ...
    return samples, {
        name: true[np.asarray(t["ID"])] == np.asarray(t["counterpart"])
        for name, t in samples.items()
    }
