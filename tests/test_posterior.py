"""Every probability against the slow reference, from catalogues to p_match."""

import itertools
import math

import numpy as np
import pytest
from small_skies import BY_HAND

import bayesmatch as bm
from bayesmatch.testing import reference

FULL_SKY = 4 * math.pi * (180 / math.pi) ** 2


def field(seed, n_other, *, areas=(2.0, 3.0, 5.0)):
    """Forty primaries in a crowded patch and one to three catalogues, some of them hosts."""
    rng = np.random.default_rng([seed, n_other])
    x_ra, x_dec = 200 + 0.05 * rng.random(40), 60 + 0.02 * rng.random(40)
    sigma = rng.uniform(0.5, 3, 40)
    catalogs = [bm.Catalog({"RA": x_ra, "DEC": x_dec, "s": sigma}, name="X", pos_err="s", area=1.0)]
    for k in range(n_other):
        ra, dec = 200 + 0.05 * rng.random(50), 60 + 0.02 * rng.random(50)
        host = rng.random(40) < 0.6
        dec[:40][host] = x_dec[host] + rng.normal(size=host.sum()) * sigma[host] / 3600
        ra[:40][host] = x_ra[host] + rng.normal(size=host.sum()) * sigma[host] / 1800
        mag = rng.uniform(15, 26, 50)
        mag[::7], mag[::11] = np.nan, -99
        catalogs.append(
            bm.Catalog(
                {"RA": ra, "DEC": dec, "mag": mag},
                name="ABC"[k],
                pos_err=0.3 + 0.2 * k,
                area=areas[k],
            )
        )
    return catalogs


def slow_unrelated(rows, catalogs, apart, n_own, n_plus):
    """ln of the factor of each row: the best association of left-out catalogues, if above 1."""
    n_other = len(catalogs) - 1
    factor = []
    for row in rows:
        left_out = [k for k in range(n_other) if row[1 + k] < 0]
        best = 0.0
        for members in (r for r in rows if sum(j >= 0 for j in r[1:]) >= 2):
            who = [k for k in range(n_other) if members[1 + k] >= 0]
            if not set(who) <= set(left_out):
                continue
            s = [
                [
                    apart(catalogs[a + 1], members[a + 1], catalogs[b + 1], members[b + 1])
                    for b in who
                ]
                for a in who
            ]
            sigma = [math.sqrt(catalogs[k + 1].covariance()[members[k + 1], 0]) for k in who]
            prior = math.log(n_own[who[0]]) - sum(math.log(n_plus[k]) for k in who)
            best = max(best, reference.ln_bayes_circular(sigma, s) + prior)
        factor.append(best)
    return factor


@pytest.mark.few(4)
@pytest.mark.parametrize("unrelated", [True, False])
@pytest.mark.parametrize("n_other", [1, 2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_all_columns(seed, n_other, unrelated):
    catalogs = field(seed, n_other)
    lo, hi, selected, others = [16, 19, 22], [19, 22, 25], [0.2, 0.6, 0.0], [0.1, 0.7, 0.2]
    prior = bm.HistogramPrior("mag", lo, hi, selected, others)
    completeness = [0.9, 0.7, 0.8][:n_other]
    result = bm.match(
        *catalogs,
        radius=8.0,
        prior_completeness=completeness,
        priors={"B" if n_other > 1 else "A": [prior]},
        correct_unrelated=unrelated,
        secondary_ratio=0.3,
    )
    table = result.associations
    n_own = [len(c) / c.area * FULL_SKY for c in catalogs[1:]]
    n_plus = [(len(c) + 1) / c.area * FULL_SKY for c in catalogs[1:]]
    mag = catalogs[2 if n_other > 1 else 1].table["mag"]
    patterns = list(itertools.product((0, 1), repeat=n_other))
    fraction = {
        p: result.meta["host_fraction_fit"]["fraction"][
            "+".join(["X", *(c.name for c, here in zip(catalogs[1:], p, strict=True) if here)])
        ]
        for p in patterns
    }
    assert sum(fraction.values()) == pytest.approx(1, abs=1e-12)

    def apart(a, i, b, j):
        return reference.chord_separation(a.ra[i], a.dec[i], b.ra[j], b.dec[j])

    for i in range(len(catalogs[0])):
        mine = table[table["X"] == i]
        rows = [tuple(r) for r in zip(*(mine[c.name].tolist() for c in catalogs), strict=True)]
        ln_b, ln_prior, log10_ratio = [], [], []
        for row in rows:
            who = [k for k, j in enumerate(row) if j >= 0]
            s = [[apart(catalogs[a], row[a], catalogs[b], row[b]) for b in who] for a in who]
            ln_b.append(
                reference.ln_bayes_circular(
                    [math.sqrt(catalogs[k].covariance()[row[k], 0]) for k in who], s
                )
            )
            ln_prior.append(sum(math.log(completeness[k - 1] / n_plus[k - 1]) for k in who if k))
            value = mag[row[2 if n_other > 1 else 1]] if row[2 if n_other > 1 else 1] >= 0 else -99
            inside = [b for b in range(3) if lo[b] <= value < hi[b]]
            with np.errstate(divide="ignore"):
                log10_ratio.append(
                    np.log10(selected[inside[0]] / others[inside[0]]) if inside else 0.0
                )
        if unrelated and n_other > 1:
            ln_b = np.add(ln_b, slow_unrelated(rows, catalogs, apart, n_own, n_plus))
        np.testing.assert_allclose(
            mine["dist_bayesfactor"] * math.log(10), ln_b, rtol=1e-9, atol=1e-9
        )
        p_any, p_i, flags, dist_post, p_single = reference.nway_posterior(
            ln_b, np.array(ln_prior), log10_ratio, 0.3
        )
        for name, expected in (
            ("p_any", p_any),
            ("p_i", p_i),
            ("dist_post", dist_post),
            ("p_single", p_single),
        ):
            np.testing.assert_allclose(mine[name], expected, rtol=1e-8, atol=1e-12, err_msg=name)
        assert list(mine["match_flag"]) == flags
        # With a fit that depends on sigma only the sums are known; the constant one is below.
        assert mine["p_match"].sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("n_other", [1, 2])
def test_calibrated_columns_follow_from_the_fractions(n_other):
    catalogs = field(7, n_other)
    result = bm.match(*catalogs, radius=8.0, host_covariates=None, **BY_HAND)
    table, sources = result.associations, result.sources
    patterns = list(itertools.product((0, 1), repeat=n_other))
    fraction = [
        result.meta["host_fraction_fit"]["fraction"][
            "+".join(["X", *(c.name for c, here in zip(catalogs[1:], p, strict=True) if here)])
        ]
        for p in patterns
    ]
    n_plus = np.array([(len(c) + 1) / c.area * FULL_SKY for c in catalogs[1:]])
    ln_density = np.array(patterns) @ np.log(n_plus)
    bits = np.array(patterns[1:]) @ (1 << np.arange(n_other))
    beyond = np.exp(result._terms.ln_beyond[:, bits])
    for i, source in enumerate(sources):
        mine = table[table["X"] == i]
        here = [patterns.index(tuple(int(row[c.name] >= 0) for c in catalogs[1:])) for row in mine]
        expected = reference.calibrated(
            mine["dist_bayesfactor_uncorrected"] * math.log(10),
            here,
            ln_density,
            fraction,
            beyond[i],
        )
        np.testing.assert_allclose(mine["p_match"], expected, rtol=1e-8, atol=1e-14)
        assert source["p_hostless"] == pytest.approx(expected[0], rel=1e-8)
        odds = math.log10(expected[1:].sum() / expected[0]) if len(expected) > 1 else -math.inf
        assert source["log10_odds_host"] == pytest.approx(odds, rel=1e-8)
        if source["A"] >= 0:
            marginal = expected[np.asarray(mine["A"]) == source["A"]].sum()
            assert source["p_A"] == pytest.approx(marginal, rel=1e-8)


def test_far_associations_neither_overflow_nor_underflow():
    """50 sigma, ratios of 1e-30 and 0: finite everywhere, and the odds keep their meaning."""
    x = bm.Catalog({"RA": [10.0, 20.0], "DEC": [0.0, 0.0]}, name="X", pos_err=0.1, area=1.0)
    o = bm.Catalog(
        {"RA": [10.0, 10.0, 20.0], "DEC": [5.0 / 3600, 0.0, 0.0], "v": [0.0, -30, 0]},
        name="O",
        pos_err=1e-4,
        area=1.0,
    )
    for exclude in (False, True):
        prior = bm.FunctionPrior(
            "v", lambda t, e=exclude: np.where(t["v"] == 0, -np.inf if e else -30.0, t["v"])
        )
        result = bm.match(x, o, radius=10.0, priors={"O": [prior]}, host_fraction=0.5)
        for column in ("p_any", "p_i", "p_match", "p_single", "dist_post"):
            values = np.asarray(result.associations[column])
            assert np.isfinite(values).all() and (values >= 0).all() and (values <= 1).all()
        if exclude:
            assert result.sources["p_hostless"][1] == 1 and result.sources["O"][1] == -1
            assert result.sources["log10_odds_host"][1] == -np.inf
        else:
            assert result.sources["log10_odds_host"][1] == pytest.approx(
                -30 + math.log10(2 / (0.01 * reference.ARCSEC**2)) - math.log10(4 * FULL_SKY),
                abs=1e-5,
            )
