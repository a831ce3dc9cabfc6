"""Position errors with tails: the exact mixture in the calibrated columns, NWAY's as they were."""

import itertools

import numpy as np
import pytest
from astropy.table import Table
from scipy import integrate

import bayesmatch as bm
import bayesmatch.matching.associations
from bayesmatch.catalogs.gaussian import GAUSSIAN
from bayesmatch.catalogs.tails import Tailed, TailedProfile, Tails
from bayesmatch.testing import check_invariants, reference
from validation.skies import simulate, simulate_patterns

LN_10 = np.log(10.0)
TAILS = {"X": (0.1, 4.0), "OPT": (0.05, 3.0), "IRAC": (0.2, 2.0), "VLA": (0.3, 6.0)}
NWAY = ("dist_bayesfactor_uncorrected", "dist_bayesfactor", "dist_post", "p_single", "p_any")


def with_tails(catalog, tails=None, pos_err="as it is"):
    fraction, factor = TAILS[catalog.name] if tails is None else tails
    if pos_err == "as it is":
        pos_err = catalog.error_record[0]
    return bm.Catalog(
        catalog.table,
        name=catalog.name,
        pos_err=pos_err,
        area=catalog.area,
        tail_fraction=fraction,
        tail_factor=factor,
    )


def crowded(seed, n_other, n_primary=30, elliptical=False):
    fractions = np.full(1 << n_other, 0.5 / (1 << n_other))
    fractions[[0, -1]] += 0.2, 0.3
    sky = simulate_patterns(
        seed,
        n_primary,
        fractions,
        density=(100_000.0,) * n_other,
        other_sigma=(0.2, 0.5, 0.3)[:n_other],
        shared=0.3,
    )
    errors = {"X": bm.ErrorEllipse("SIGMA", 0.6, 30.0), "OPT": (0.2, 0.5)} if elliptical else {}
    return [
        with_tails(c, (0, 3.0), errors.get(c.name, "as it is"))
        for c in sky.catalogs(("OPT", "IRAC", "VLA"))
    ], errors


def both(catalogs, errors, which, **options):
    """The match without tails, and with those of some catalogues, every source by itself."""
    alone = {"field": "uniform", "claims": "independent"}
    options = {"radius": 8.0, "host_fraction": 0.7, **alone, **options}
    wide = [
        with_tails(c, None, errors.get(c.name, "as it is")) if c.name in which else c
        for c in catalogs
    ]
    return bm.match(*catalogs, **options), bm.match(*wide, **options), wide


# -- the profile ----------------------------------------------------------------------------------


@pytest.mark.parametrize("tails", [(0.1, 4.0), (0.5, 1.5), (0.999, 50.0)], ids=str)
def test_the_profile_is_that_of_the_mixture(tails):
    profile = TailedProfile(GAUSSIAN, Tails(*tails))
    share = np.array([0.01, 0.39, 0.68, 0.95, 0.999])
    radius = profile.quantile(share)
    np.testing.assert_allclose(profile.beyond(radius), 1 - share, rtol=1e-12)
    inside = [integrate.quad(profile.density, 0, r, limit=500)[0] for r in radius]
    np.testing.assert_allclose(inside, share, rtol=1e-8)
    rng = np.random.default_rng(1)
    wide = np.where(rng.random(200_000) < tails[0], tails[1], 1.0)
    drawn = np.hypot(*rng.normal(size=(2, 200_000))) * wide
    assert np.mean(drawn < radius[2]) == pytest.approx(0.68, abs=0.005)
    assert profile.quantile(0.0) == 0 and profile.beyond(0.0) == pytest.approx(1.0)


def test_errors_keep_their_tails():
    x = with_tails(simulate(1, 50).catalogs()[0])
    assert x.tails == Tails(0.1, 4.0)
    part = x.subset(np.arange(5))
    assert part.tails == x.tails and len(part.covariance()) == 5
    scaled = x.errors.scaled(np.full(50, 2.0), 0.5)
    assert scaled.tails == x.tails
    np.testing.assert_allclose(scaled.covariance()[:, 0], 4 * x.covariance()[:, 0] + 0.25)
    moved = x.corrected(x.ra, x.dec, 1.0, 0.0)
    assert moved.tails == x.tails
    assert x.corrected(x.ra, x.dec, 1.0, 0.0, Tails()).tails == Tails()


# -- the mixture, for any number of catalogues ----------------------------------------------------


def slow_ln_bayes(catalogs, rows):
    """Ln of the sum over who is in the tail, of members by row (-1: absent), one Bayes factor each.

    Every catalogue counts, also those that take no part: their shares add to 1.
    """
    total = -np.inf
    for wide in itertools.product((False, True), repeat=len(catalogs)):
        ln_share, x, cov = 0.0, [], []
        for catalog, j, is_wide in zip(catalogs, rows, wide, strict=True):
            w, k = catalog.tails.fraction, catalog.tails.factor
            share = w if is_wide else 1 - w
            if share == 0:
                ln_share = -np.inf
                break
            ln_share += np.log(share)
            if j < 0:
                continue
            xx, yy, xy = catalog.covariance(np.array([j]))[0] * (k * k if is_wide else 1.0)
            offset, own = reference.in_plane(
                catalogs[0].ra[rows[0]],
                catalogs[0].dec[rows[0]],
                catalog.ra[j],
                catalog.dec[j],
                np.array([[xx, xy], [xy, yy]]),
            )
            x.append(offset)
            cov.append(own)
        if ln_share > -np.inf:
            ln_b = reference.ln_bayes_general(x, cov) if len(x) > 1 else 0.0
            total = np.logaddexp(total, ln_share + ln_b)
    return total


@pytest.mark.few(2)
@pytest.mark.parametrize("elliptical", [False, True], ids=["circles", "ellipses"])
@pytest.mark.parametrize(
    "which", [("X",), ("OPT",), ("X", "OPT"), ("X", "OPT", "IRAC", "VLA")], ids="+".join
)
def test_the_bayes_factor_is_the_exact_mixture(which, elliptical):
    n_other = 3 if "VLA" in which else 2
    catalogs, errors = crowded(3, n_other, n_primary=12, elliptical=elliptical)
    plain, wide, tailed = both(catalogs, errors, which)
    names = wide.catalogue_names
    a = wide.associations
    for column in NWAY:
        np.testing.assert_array_equal(a[column], plain.associations[column])
    rows = np.column_stack([np.asarray(a[name]) for name in names])
    some = np.unique(np.linspace(0, len(a) - 1, 120).astype(int))
    slow = [slow_ln_bayes(tailed, rows[r]) for r in some]
    np.testing.assert_allclose(a["dist_bayesfactor_tails"][some] * LN_10, slow, atol=1e-6)
    assert np.any(np.abs(a["dist_bayesfactor_tails"] - a["dist_bayesfactor_uncorrected"]) > 0.5)
    alone = np.asarray(a["ncat"]) == 1
    assert np.all(a["dist_bayesfactor_tails"][alone] == 0)
    assert not np.array_equal(a["p_match"], plain.associations["p_match"])
    check_invariants(wide)  # p_match is pi L / sum, with the mixture's L


def test_without_tails_there_is_no_column_and_nothing_changes():
    catalogs, _ = crowded(5, 2)
    assert "dist_bayesfactor_tails" not in bm.match(*catalogs, radius=8.0).associations.colnames
    assert not isinstance(catalogs[0].errors, TailedProfile)


def test_tails_of_a_scanned_catalogue_and_of_memory(tmp_path):
    catalogs, _ = crowded(7, 2)
    catalogs[1].table.write(tmp_path / "o.parquet")
    how = {"pos_err": 0.2, "area": catalogs[1].area, "tail_fraction": 0.05, "tail_factor": 3.0}
    scanned = bm.Catalog.scan(tmp_path / "o.parquet", name="OPT", **how)
    read = bm.Catalog.read(tmp_path / "o.parquet", name="OPT", **how)
    x = with_tails(catalogs[0])
    a, b = (bm.match(x, o, catalogs[2], radius=8.0) for o in (scanned, read))
    for column in ("dist_bayesfactor_tails", "p_match"):
        np.testing.assert_array_equal(a.associations[column], b.associations[column])
    assert a.meta["catalogues"][1]["tail_fraction"] == 0.05
    kind = bm.Catalog(catalogs[1].table, name="OPT", pos_err=Tailed(0.2, Tails(0.05)), area=1.0)
    assert kind.tails == Tails(0.05, 3.0) and kind.error_record == [0.2]


@pytest.mark.parametrize(
    "which, prune", [(("X",), 1e-12), (("X", "OPT", "IRAC", "VLA"), 1e-4)], ids=["one", "all"]
)
def test_pruning_leaves_out_nothing_that_matters_under_tails(which, prune, monkeypatch):
    monkeypatch.setattr(bayesmatch.matching.associations, "COMPLETE", 5)
    catalogs, errors = crowded(4, 3, n_primary=20)
    # sources that only a tail explains: all candidates at many core sigmas
    x = catalogs[0]
    narrow = x.table.copy()
    narrow["SIGMA"] = np.asarray(narrow["SIGMA"]) * np.where(np.arange(len(x)) % 2, 0.15, 1.0)
    catalogs[0] = bm.Catalog(narrow, name="X", pos_err="SIGMA", area=x.area)
    _, pruned, _ = both(catalogs, errors, which, prune=prune)
    _, everything, _ = both(catalogs, errors, which, prune=0.0)
    assert pruned.meta["pruned_primaries"] > 10
    limit = max(pruned.meta["pruned_bound"], 1e-12)
    assert limit < 100 * prune
    for column in ("p_match", "p_hostless", "p_any", "p_i"):
        np.testing.assert_allclose(
            pruned.sources[column], everything.sources[column], rtol=0, atol=2 * limit
        )
    assert len(pruned.associations) < len(everything.associations)


# -- what it is for -------------------------------------------------------------------------------


@pytest.mark.slow
def test_explanations_files_and_calibration_go_by_the_tails(tmp_path):
    sky = simulate(2, 300, 0.7)
    x, o = sky.catalogs()
    x = with_tails(x)
    result = bm.match(x, o, radius=20.0)
    p_host = np.asarray(result.sources["log10_odds_host"])
    for suffix in ("fits", "ecsv", "parquet", "vot"):
        result.write(tmp_path / f"r.{suffix}", include_inputs=True)
        again = bm.MatchResult.read(tmp_path / f"r.{suffix}")
        assert again.record.primary.tails == Tails(0.1, 4.0)
        assert again.record.others[0].tails.fraction == 0
        for r in (result, again):
            e = bm.explain(r, 17)
            assert "tails" in e.table.meta["terms"]
            total = np.sum([np.asarray(e.table[t]) for t in e.table.meta["terms"]], axis=0)
            assert np.log10(np.sum(10 ** total[1:])) == pytest.approx(p_host[17], abs=1e-4)
            assert "unstated" not in e.table.meta["terms"]
            assert "tails: what the tails" in str(e)
            assert e.objects.profiles[0].quantile(0.95) > 2.6
            e.plot()
    fake = bm.calibrate(x, o, radius=20.0, n_realizations=2, score="p_hostless")
    plain = bm.calibrate(sky.catalogs()[0], o, radius=20.0, n_realizations=2, score="p_hostless")
    assert not np.array_equal(fake.table["false_fraction"], plain.table["false_fraction"])


def test_probabilities_come_true_where_errors_have_tails():
    """10% of the sources with errors x4: told so, the probabilities are right."""
    from wrong_errors import Wrong, sky

    told, untold, n = 0.0, 0.0, 0
    for seed in range(3):
        x, o, truth = sky(seed, Wrong(tail_fraction=0.1), n=1500, density=4000.0)
        for tails in ((0.1, 4.0), (0, 3.0)):
            p = 1 - np.asarray(bm.match(with_tails(x, tails), o, radius=40.0).sources["p_hostless"])
            excess = np.sum(p) - np.sum(truth >= 0)
            told, untold = (told + excess, untold) if tails[0] else (told, untold + excess)
        n += len(x)
    assert abs(told) < 0.015 * n  # of 4500 sources: standard error of the fraction 0.007
    assert untold < -0.03 * n


# -- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fraction, factor, error, text",
    [
        (1.0, 3.0, ValueError, "tail_fraction is 1.0"),
        (-0.1, 3.0, ValueError, "tail_fraction is -0.1"),
        (np.nan, 3.0, ValueError, "tail_fraction is nan"),
        ("w", 3.0, TypeError, "tail_fraction is 'w'"),
        ([0.1, 0.2], 3.0, TypeError, "tail_fraction is"),
        (True, 3.0, TypeError, "tail_fraction is True"),
        (0.1, 1.0, ValueError, "tail_factor is 1.0"),
        (0.1, 1e3, ValueError, "tail_factor is 1000.0"),
        (0.1, None, TypeError, "tail_factor is None"),
    ],
)
def test_bad_tails(fraction, factor, error, text, tmp_path):
    table = {"RA": [1.0], "DEC": [2.0]}
    how = {"name": "T", "pos_err": 1.0, "area": 1.0}
    with pytest.raises(error, match=f"catalogue 'T': {text}") as caught:
        bm.Catalog(table, **how, tail_fraction=fraction, tail_factor=factor)
    assert "\n" not in str(caught.value)
    Table(table).write(tmp_path / "t.parquet")
    for reader in (bm.Catalog.read, bm.Catalog.scan):
        with pytest.raises(error, match=text):
            reader(tmp_path / "t.parquet", **how, tail_fraction=fraction, tail_factor=factor)
