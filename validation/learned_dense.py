"""Real fields of the protocol `learned`: XMM-COSMOS among HST's objects, and among zCOSMOS'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from astropy.table import Table
from matplotlib.figure import Figure

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.demo import RADIUS_ARCSEC, read_truth

from . import cosmos
from .learned_claims import DISTANCE, LEARNED
from .learned_skies import NAME

DATA = Path(__file__).parent / "data" / "cosmos_dense"
AREA, RADIUS, HST_ERROR = 0.0557, 10.0, 0.1
#: bands of 3D-HST
FEATURES = bm.photometry.Features(["F160W", "F125W"], mag="mag_{band}")
#: bands of zCOSMOS, from blue to red, and colours of neighbours
BANDS = bm.photometry.Features(["u", "B", "g", "V", "r", "i", "I", "z", "J", "K"], mag="mag_{band}")
SECURE, KNOWN = "secure", ("secure", "single")
SHUFFLE_SEED = 23_000
FIGURE = "learned_misses.png"


class Found(NamedTuple):
    """How a match of the dense field does on the sources whose object is known."""

    right: int
    known: int
    secure_right: int
    secure: int
    misses: list[list[Any]]
    """XMM source, what its object is known by, then of that object and of the one chosen the
    identifier, p_match, separation (arcsec) and F160W; -1 and NaN where there is none"""


def dense_tables() -> tuple[Table, Table, pd.DataFrame]:
    """X-ray sources, HST's objects, and what is known."""
    xmm = Table.from_pandas(pd.read_csv(DATA / "xmm.csv"))
    hst = Table.from_pandas(pd.read_csv(DATA / "optical.csv.gz"))
    truth = pd.read_csv(DATA / "xmm_truth.csv").set_index("XMM_ID")
    return xmm, hst, truth


def catalogs(xmm: Table, hst: Table) -> tuple[bm.Catalog, bm.Catalog]:
    """Ready to match."""
    return (
        bm.Catalog(xmm, name="XMM", pos_err="pos_err", area=AREA),
        bm.Catalog(hst, name=NAME, pos_err=HST_ERROR, area=AREA),
    )


def match_dense(
    xmm: Table, hst: Table, learned: bool = True, seed: int = 0, order: Any = slice(None)
) -> bm.MatchResult:
    """One call: errors fitted, the prior learned."""
    prior = bm.LearnedPrior(FEATURES, seed=seed)
    return bm.match(
        *catalogs(xmm[order], hst),
        radius=RADIUS,
        errors="fit",
        priors={NAME: [prior]} if learned else None,
    )


def judge(result: bm.MatchResult, hst: Table, truth: pd.DataFrame) -> Found:
    """Compare the best candidates with the known objects."""
    mags = dict(zip(hst["ID"].tolist(), np.asarray(hst["mag_F160W"]).tolist(), strict=True))
    right, misses = dict.fromkeys(KNOWN, 0), []
    sources = result.sources
    for source, chosen in zip(sources["XMM_ID"], sources[f"{NAME}_ID"], strict=True):
        known = truth.loc[int(source)]
        if known["status"] not in KNOWN:
            continue
        if chosen is not np.ma.masked and int(chosen) == known["OPT_ID"]:
            right[known["status"]] += 1
            continue
        taken = -1 if chosen is np.ma.masked else int(chosen)
        misses.append(
            [
                int(source),
                f"{known['status']}: {known['basis']}",
                *candidate(result, mags, int(source), int(known["OPT_ID"])),
                *candidate(result, mags, int(source), taken),
            ]
        )
    n = truth["status"].value_counts()
    return Found(
        sum(right.values()), int(sum(n[s] for s in KNOWN)), right[SECURE], int(n[SECURE]), misses
    )


def candidate(
    result: bm.MatchResult, mags: dict[int, float], source: int, identifier: int
) -> tuple[int, float, float, float]:
    """Identifier, p_match, separation and F160W of an object; p 0 where it is no candidate."""
    table = result.associations
    mine = np.asarray(table["XMM_ID"]) == source
    mine &= np.ma.filled(np.ma.asarray(table[f"{NAME}_ID"]), -1) == identifier
    p = float(np.asarray(table["p_match"])[mine].sum()) if identifier >= 0 else 0.0
    apart = np.ma.filled(np.ma.asarray(table[f"Separation_XMM_{NAME}"], float), np.nan)[mine]
    return identifier, p, float(apart[0]) if len(apart) else np.nan, mags.get(identifier, np.nan)


def dense(out: Path, n_orders: int) -> dict[str, Any]:
    """The dense field by distance, learned, and learned in other orders with other seeds."""
    xmm, hst, truth = dense_tables()
    rng = np.random.default_rng(SHUFFLE_SEED)
    result = match_dense(xmm, hst)
    found = judge(result, hst, truth)
    again = [
        judge(match_dense(xmm, hst, seed=k + 1, order=rng.permutation(len(xmm))), hst, truth)
        for k in range(n_orders)
    ]
    plots.save(look(result, xmm, hst, [miss[0] for miss in found.misses]), out / FIGURE)
    told = result.meta["auto_priors"][NAME]["photometry"]
    return {
        DISTANCE: judge(match_dense(xmm, hst, learned=False), hst, truth)._asdict(),
        LEARNED: found._asdict(),
        "orders": [[f.right, f.secure_right] for f in again],
        "model": told["model"],
        "expected": told["expected_counterparts"],
    }


def look(result: bm.MatchResult, xmm: Table, hst: Table, sources: Sequence[int]) -> Figure:
    """Charts of sources, their candidates coloured by p_match."""
    row = {int(name): k for k, name in enumerate(result.sources["XMM_ID"])}
    return plots.sky_map(result, *catalogs(xmm, hst), [row[name] for name in sources])


def sparse() -> dict[str, dict[str, Any]]:
    """XMM-COSMOS among bright galaxies: without a prior, and with one learned from ten bands."""
    xmm, galaxies = cosmos.catalogs()
    known = read_truth()
    truth = Table({"XMM_ID": list(known), "ZCOSMOS_ID": list(known.values())})
    found = {}
    for way, priors in ((DISTANCE, []), (LEARNED, [bm.LearnedPrior(BANDS)])):
        result = bm.match(
            xmm,
            galaxies,
            radius=RADIUS_ARCSEC,
            errors="fit",
            priors={galaxies.name: priors} if priors else None,
        )
        found[way] = cosmos.scores(bm.assess(result, truth, score="p_hostless"))
        told = result.meta.get("auto_priors", {}).get(galaxies.name, {}).get("photometry", {})
        found[way]["model"] = str(told.get("model", ""))
    return found


def miss_lines(found: Sequence[Sequence[Any]]) -> Iterator[list[Any]]:
    """Lines of the table of misses."""
    for source, basis, *objects in found:
        line = [source, basis]
        for identifier, p, apart, mag in (objects[:4], objects[4:]):
            name = identifier if identifier >= 0 else "none"
            line += [name, f"{p:.3f}", f"{apart:.2f}", f"{mag:.2f}"]
        yield line
