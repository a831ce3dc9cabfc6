"""Likelihood ratio and reliability: the formula in slow NumPy, by hand, and beside `p_match`."""

import desk
import numpy as np
import pytest
from astropy.table import Table
from small_skies import BY_HAND, catalog

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.matching.likelihood_ratio import reliabilities
from bayesmatch.testing import reference

N, M, SIDE, AREA = 60, 3000, 0.3, 0.09


def sky(seed=3, dec_0=40.0):
    """Sources with ellipses, objects with circles and a magnitude that some do not have."""
    rng = np.random.default_rng(seed)
    ra, dec = (150 + SIDE * rng.random(M)) % 360, dec_0 + SIDE * rng.random(M)
    r = np.where(np.arange(M) < N, rng.normal(20, 1, M), rng.normal(23, 1.5, M))
    r[rng.random(M) < 0.1] = -99
    major, minor, pa = rng.uniform(1, 2, N), rng.uniform(0.3, 1, N), rng.uniform(0, 180, N)
    angle, along = np.radians(pa), rng.normal(size=(2, N))
    north = major * along[0] * np.cos(angle) - minor * along[1] * np.sin(angle)
    east = major * along[0] * np.sin(angle) + minor * along[1] * np.cos(angle)
    gone = rng.random(N) < 0.3  # hostless
    east[gone] += 300
    at = dec[:N] + north / 3600
    sources = {
        "ID": [f"X{k}" for k in range(N)],
        "RA": ra[:N] + east / 3600 / np.cos(np.radians(at)),
        "DEC": at,
        "a": major,
        "b": minor,
        "pa": pa,
    }
    objects = {"ID": np.arange(M), "RA": ra, "DEC": dec, "r": r}
    x = bm.Catalog(sources, name="X", pos_err=bm.ErrorEllipse("a", "b", "pa"), area=AREA)
    return x, bm.Catalog(objects, name="OPT", pos_err=0.2, area=AREA)


LO, HI = np.array([16.0, 20, 22, 24]), np.array([20.0, 22, 24, 30])
Q_M, N_M = np.array([0.5, 0.35, 0.1, 0.05]), np.array([0.05, 0.2, 0.5, 0.25])


def by_the_formula(x, o, radius, q, ratio_of):
    """{(source, object): (LR, R)} over all pairs: q(m) f(d) / n(m), one after the other."""
    found = {}
    for i in range(len(x)):
        ratio = {}
        apart = reference.chord_separation(x.ra[i], x.dec[i], o.ra, o.dec)
        for j in np.flatnonzero(apart < radius).tolist():
            own = reference.covariance([x.table[c][i : i + 1] for c in ("a", "b", "pa")], 1)[0]
            d, theirs = reference.in_plane(x.ra[i], x.dec[i], o.ra[j], o.dec[j], 0.2**2 * np.eye(2))
            c = own + theirs
            f = np.exp(-0.5 * d @ np.linalg.solve(c, d)) / (2 * np.pi * np.linalg.det(c) ** 0.5)
            density = (len(o) + 1) / AREA / 3600**2  # arcsec^-2, the counterpart being one more
            ratio[j] = q * ratio_of(o.table["r"][j]) * f / density
        total = sum(ratio.values()) + 1 - q
        found |= {(i, j): (lr, lr / total) for j, lr in ratio.items()}
    return found


def histogram_ratio(m):
    inside = (m >= LO) & (m < HI)
    share_q, share_n = Q_M / Q_M.sum(), N_M / N_M.sum()
    return float((share_q / share_n)[inside][0]) if inside.any() else 1.0


@pytest.fixture(scope="module")
def pair():
    return sky()


@pytest.fixture(scope="module")
def matched(pair):
    prior = bm.HistogramPrior("r", LO, HI, Q_M, N_M)
    how = {**BY_HAND, "host_covariates": None, "priors": {"OPT": [prior]}}
    return bm.match(*pair, radius=12, **how)


@pytest.mark.parametrize("q", [None, 0.8])
def test_every_candidate_as_the_formula_says(pair, matched, q):
    table = matched.likelihood_ratio("OPT", host_fraction=q)
    used = matched.meta["host_fraction"] if q is None else q
    assert table.meta == {"EXTNAME": "LIKELIHOOD_RATIO", "catalogue": "OPT", "host_fraction": used}
    wanted = by_the_formula(*pair, 12, used, histogram_ratio)
    keys = list(zip(table["X"].tolist(), table["OPT"].tolist(), strict=True))
    assert len(keys) == len(set(keys)) and set(keys) == set(wanted)
    ratio, reliability = np.array([wanted[key] for key in keys]).T
    np.testing.assert_allclose(table["likelihood_ratio"], ratio, rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(table["reliability"], reliability, rtol=1e-8, atol=1e-300)
    in_order = np.lexsort((-table["reliability"], table["X"]))
    np.testing.assert_array_equal(in_order, np.arange(len(table)))


def test_reliability_is_p_match_of_the_calibrated_model(matched):
    """One other catalogue, one Q for all, no claims, no tails, and nothing beyond the radius."""
    assert matched.meta["host_fraction_fit"]["beyond_radius"] < 1e-6
    table = matched.likelihood_ratio()
    np.testing.assert_allclose(table["reliability"], table["p_OPT"], rtol=1e-6, atol=1e-12)


def test_what_lies_beyond_a_small_radius_is_all_that_differs(pair):
    result = bm.match(*pair, radius=2.5, **BY_HAND, host_covariates=None)
    table, q = result.likelihood_ratio(), result.meta["host_fraction"]
    ln_beyond = result.host_fraction.ln_beyond[:, 1]
    assert ln_beyond.max() > np.log(0.1)
    source = np.asarray(table["X"])
    total = np.bincount(source, table["likelihood_ratio"], N) + 1 - q
    p = table["likelihood_ratio"] / (total + q * np.exp(ln_beyond))[source]
    np.testing.assert_allclose(table["p_OPT"], p, rtol=1e-9, atol=1e-300)


def test_q_within_the_footprint():
    """Where a share of the sources lies outside, p_match goes by the fraction of those inside."""
    rng = np.random.default_rng(8)
    n, m = 300, 8000
    ra, dec = rng.random((2, m)) * 0.5
    shift = rng.normal(size=(2, n)) / 3600
    x = {"ID": np.arange(n), "RA": 10 + ra[:n] + shift[0], "DEC": dec[:n] + shift[1]}
    kept = np.append(rng.random(n) < 0.8, np.ones(m - n, bool)) & (ra < 0.4)
    o = {"ID": np.arange(kept.sum()), "RA": 10 + ra[kept], "DEC": dec[kept]}
    result = bm.match(
        bm.Catalog(x, name="X", pos_err=1.0, area=0.25),
        bm.Catalog(o, name="OPT", pos_err=0.1, area=0.2),
        radius=15,
        **BY_HAND,
        host_covariates=None,
    )
    outside = result.meta["host_fraction_fit"]["uncovered"]
    assert outside > 0.1
    inside = result.meta["host_fraction"] / (1 - outside)
    table = result.likelihood_ratio(host_fraction=inside)
    np.testing.assert_allclose(table["reliability"], table["p_OPT"], rtol=1e-6, atol=1e-12)
    assert np.abs(result.likelihood_ratio()["reliability"] - table["p_OPT"]).max() > 0.005


def test_the_published_limit():
    """Ciliegi et al. (2003, A&A 398, 901, section 3.1): with Q = 0.8 a lone object at their limit
    LR = 0.2 has the reliability 0.5; two like it share it, with what is left for none (0.2).
    """
    assert reliabilities(np.log([0.2]), np.array([0]), 1, 0.8) == pytest.approx([0.5])
    both = reliabilities(np.log([0.2, 0.2]), np.array([0, 0]), 1, 0.8)
    assert both == pytest.approx([1 / 3, 1 / 3])


def test_one_source_by_hand():
    """sigma^2 = 1.5^2 + 2^2 = 6.25; two objects 2" and 5" away, 99 of them on 0.01 deg^2."""
    x = catalog([(0, 0)], "X", pos_err=1.5)
    o = catalog([(2, 0), (0, 5), *[(100 + k, 0) for k in range(97)]], "OPT", pos_err=2.0)
    with pytest.warns(UserWarning, match="only 1 primary:"):
        result = bm.match(x, o, radius=20, **BY_HAND)
    table = result.likelihood_ratio(host_fraction=0.5)
    per_arcsec2 = 100 / 0.01 / 3600**2
    lr = [0.5 * np.exp(-d * d / 12.5) / (2 * np.pi * 6.25) / per_arcsec2 for d in (2, 5)]
    np.testing.assert_allclose(table["likelihood_ratio"], lr, rtol=1e-6)
    np.testing.assert_allclose(table["reliability"], lr / (np.sum(lr) + 0.5), rtol=1e-6)


def test_no_extreme_gives_a_nan():
    source = np.array([0, 1, 1, 2])
    ln_ratio = np.array([-np.inf, 800.0, 801.0, -2000.0])
    for q in (1e-300, 0.5, 1.0):
        r = reliabilities(ln_ratio, source, 4, q)
        assert r[0] == 0 and np.isfinite(r).all() and r[1] + r[2] == pytest.approx(1.0)
    assert reliabilities(ln_ratio, source, 4, 1.0)[3] == 1.0  # one has to be it
    assert reliabilities(ln_ratio, source, 4, 0.5)[3] == 0.0


def test_no_candidates_at_all():
    x, o = catalog([(0, 0)], "X"), catalog([(300, 0)], "OPT")
    with pytest.warns(UserWarning):
        result = bm.match(x, o, radius=5, **BY_HAND)
    assert len(result.likelihood_ratio(host_fraction=0.5)) == 0
    published = result.catalogue(likelihood_ratio=("OPT", 0.5))
    assert published["likelihood_ratio"].mask.all() and published["reliability"].mask.all()


@pytest.fixture(scope="module")
def three():
    return desk.matched(*desk.catalogs(*desk.tables()))


def test_other_catalogues_play_no_part(three):
    """K = 3: every object once, as in a match of the two catalogues alone; Q of all patterns."""
    fraction = three.meta["host_fraction_fit"]["fraction"]
    for name, others in (("OPT", ("XRAY+OPT",)), ("IR", ("XRAY+IR",))):
        table = three.likelihood_ratio(name)
        assert table.meta["host_fraction"] == pytest.approx(
            fraction[others[0]] + fraction["XRAY+OPT+IR"], rel=1e-12
        )
        tables = desk.catalogs(*desk.tables())
        alone = desk.matched(tables[0], tables[1 if name == "OPT" else 2])
        two = alone.likelihood_ratio(host_fraction=table.meta["host_fraction"])
        for column in ("XRAY", name, "likelihood_ratio", "reliability"):
            np.testing.assert_allclose(table[column], two[column], rtol=1e-9, atol=1e-300)
        p = three.sources[f"p_{name}"]
        best = {(a, b): c for a, b, c in table.iterrows("XRAY", name, f"p_{name}")}
        for row, value in zip(three.sources, p, strict=True):
            if row[name] >= 0:
                assert best[row["XRAY"], row[name]] == pytest.approx(value, abs=1e-12)


def test_associations_that_were_left_out(three):
    """Where source and object stand alone in no row, the positions tell; a file cannot."""
    catalogues = desk.catalogs(*desk.tables())
    kept = desk.matched(*catalogues, min_p_i=0.3)
    with pytest.warns(UserWarning, match=r"p_i below 0\.3 .*without --min-prob"):
        table = kept.likelihood_ratio("OPT", host_fraction=0.7)
    whole = three.likelihood_ratio("OPT", host_fraction=0.7)
    known = {(a, b): c for a, b, c in whole.iterrows("XRAY", "OPT", "likelihood_ratio")}
    alone = kept.associations[(kept.associations["ncat"] == 2) & (kept.associations["OPT"] >= 0)]
    assert 0 < len(alone) < len(table)
    for row in table:
        assert row["likelihood_ratio"] == pytest.approx(known[row["XRAY"], row["OPT"]], rel=1e-8)


@pytest.mark.slow
def test_a_file_says_the_same(tmp_path, three, matched):
    for result, names in ((matched, ["OPT"]), (three, ["OPT", "IR"])):
        for ending in ("fits", "parquet", "ecsv"):
            result.write(tmp_path / f"r.{ending}")
            found = bm.MatchResult.read(tmp_path / f"r.{ending}")
            for name in names:
                ours, theirs = result.likelihood_ratio(name), found.likelihood_ratio(name)
                assert ours.colnames == theirs.colnames
                for column in ours.colnames:
                    np.testing.assert_array_equal(ours[column], theirs[column])


@pytest.mark.slow
def test_columns_beside_the_associations_are_written(tmp_path, pair):
    result = bm.match(*pair, radius=12, **BY_HAND)
    table = result.likelihood_ratio(add=True)
    result.likelihood_ratio(host_fraction=0.25, add=True)  # in their place
    result.likelihood_ratio(add=True)
    here = np.asarray(result.associations["OPT"]) >= 0
    for column in ("likelihood_ratio", "reliability"):
        values = np.asarray(result.associations[column])
        np.testing.assert_array_equal(np.isnan(values), ~here)
        np.testing.assert_array_equal(np.sort(values[here]), np.sort(table[column]))
    for ending in ("fits", "vot", "parquet", "csv"):
        result.write(tmp_path / f"r.{ending}")
        found = bm.MatchResult.read(tmp_path / f"r.{ending}")
        assert found.meta["likelihood_ratio"] == result.meta["likelihood_ratio"]
        for column in ("likelihood_ratio", "reliability"):
            np.testing.assert_array_equal(found.associations[column], result.associations[column])
        found.likelihood_ratio(host_fraction=0.5, add=True)  # before the input columns
        found.write(tmp_path / "again.fits")
        assert bm.MatchResult.read(tmp_path / "again.fits").record.likelihood_ratio == {
            "catalogue": "OPT",
            "host_fraction": 0.5,
        }


def test_the_published_table_has_those_of_its_objects(three):
    table = three.catalogue(likelihood_ratio=("IR", 0.6))
    ratios = three.likelihood_ratio("IR", host_fraction=0.6)
    known = {
        (a, b): (c, d)
        for a, b, c, d in ratios.iterrows("XRAY", "IR", "likelihood_ratio", "reliability")
    }
    some = 0
    for row, source in zip(table, three.sources, strict=True):
        if source["IR"] < 0:
            assert row["likelihood_ratio"] is np.ma.masked and row["reliability"] is np.ma.masked
            continue
        some += 1
        wanted = known[source["XRAY"], source["IR"]]
        assert (row["likelihood_ratio"], row["reliability"]) == wanted
    assert 0 < some < len(table)
    assert table["reliability"].info.meta["ucd"] == "stat.probability"


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"catalogue": "XRAY"}, ValueError, "give one of OPT, IR .*--likelihood-ratio"),
        ({"catalogue": 3}, ValueError, "give one of OPT, IR"),
        ({"host_fraction": 0}, ValueError, "host_fraction is 0; it must be from 0 to 1, above 0"),
        ({"host_fraction": 1.5}, ValueError, "host_fraction is 1.5"),
        ({"host_fraction": "x"}, TypeError, "host_fraction is 'x'"),
    ],
)
def test_bad_arguments(three, given, error, text):
    with pytest.raises(error, match=text) as raised:
        three.likelihood_ratio(**given)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("asked", [3, ("OPT",), ("OPT", 0.5, 1)])
def test_what_the_published_table_does_not_take(three, asked):
    with pytest.raises(TypeError, match="give the name of a catalogue, or a pair"):
        three.catalogue(likelihood_ratio=asked)


def test_on_the_command_line(tmp_path, capsys, pair):
    paths = []
    for c in pair:
        c.table.write(tmp_path / f"{c.name}.fits")
        paths.append(str(tmp_path / f"{c.name}.fits"))
    out = str(tmp_path / "out.fits")
    line = ["match", paths[0], ":a:b:pa", paths[1], "0.2", "--radius", "12", "--area"]
    line += [f"{AREA}:{AREA}", "--name", "X:OPT", "--out", out]
    for wrong in ("OTHER", "OPT:2", "OPT:x", ":0.5"):
        assert main([*line, "--likelihood-ratio", wrong]) == 1
        assert "--likelihood-ratio is" in capsys.readouterr().err
    assert not (tmp_path / "out.fits").exists()
    assert main([*line, "--likelihood-ratio", "OPT:0.6", "--quiet"]) == 0
    found = bm.MatchResult.read(out)
    wanted = found.likelihood_ratio(host_fraction=0.6)
    column = np.asarray(found.associations["reliability"])
    np.testing.assert_array_equal(np.sort(column[column == column]), np.sort(wanted["reliability"]))
    table = str(tmp_path / "table.fits")
    line = ["catalogue", out, "--out", table, "--likelihood-ratio", "OPT", "--quiet"]
    assert main(line) == 0
    assert {"likelihood_ratio", "reliability"} <= set(Table.read(table).colnames)
