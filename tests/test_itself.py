"""A catalogue with itself: no object is its own candidate, no pair comes twice."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table, vstack

import bayesmatch as bm
from bayesmatch.testing import check_invariants

SIDE = 0.4


def doubled(n=1500, k=20, seed=3):
    """Objects, the first k of them twice: once more at the end, a little away."""
    rng = np.random.default_rng(seed)
    t = Table({"ID": np.arange(n), "RA": 150 + SIDE * rng.random(n)})
    t["DEC"] = 2 + SIDE * rng.random(n)
    d = t[:k].copy()
    for name in ("RA", "DEC"):
        d[name] += rng.normal(size=k) * 0.1 / 3600
    d["ID"] += 100_000
    return vstack([t, d])


def check(result, t, k=20):
    a = result.associations
    first, second = result.catalogue_names
    i, j = (np.asarray(a[name])[np.asarray(a[second]) >= 0] for name in (first, second))
    assert np.all(j > i)
    ra, dec = (np.radians(np.asarray(t[c])) for c in ("RA", "DEC"))
    p = np.column_stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    angle = np.arccos(np.clip(p @ p.T, -1, 1)) * 206264.806
    near = np.argwhere(np.triu(angle < result.record.radius_arcsec, 1))
    assert set(zip(i.tolist(), j.tolist(), strict=True)) == set(map(tuple, near.tolist()))
    s = result.sources
    n = len(t)
    assert np.array_equal(np.asarray(s[second])[:k], np.arange(n - k, n))
    assert np.min(np.asarray(s[f"p_{second}"])[:k]) > 0.9
    # Some chance pairs are as close as doubles: 1500 objects have 13 within 2 arcsec.
    assert np.sum(np.asarray(s["p_match"]) > 0.5) <= k + 4


def test_ways_to_say_it(tmp_path):
    t = doubled()
    one = bm.Catalog(t, name="A", pos_err=0.1, area=SIDE**2)
    result = bm.match(one, one, radius=2)
    assert result.catalogue_names == ["A", "A_2"] and result.meta["claims"]["rule"] == "independent"
    check(result, t)
    check(bm.match(one, bm.Catalog(t, name="B", pos_err=0.1, area=SIDE**2), radius=2), t)
    columns = {c: np.asarray(t[c]) for c in t.colnames}
    pair = [bm.Catalog(columns, name=n, pos_err=0.1, area=SIDE**2) for n in "AB"]
    check(bm.match(*pair, radius=2), t)
    t.write(tmp_path / "t.parquet")
    path = tmp_path / "t.parquet"
    read = [bm.Catalog.read(path, name=n, pos_err=0.1, area=SIDE**2) for n in "AB"]
    check(bm.match(*read, radius=2), t)
    scanned = bm.Catalog.scan(path, name="B", pos_err=0.1, area=SIDE**2)
    check(bm.match(read[0], scanned, radius=2), t)


def test_the_invariants_know_of_it():
    rng = np.random.default_rng(1)
    t = Table(
        {"ID": np.arange(12), "RA": 150 + 0.02 * rng.random(12), "DEC": 0.02 * rng.random(12)}
    )
    one, other = (
        bm.Catalog(t[:n], name=c, pos_err=5.0, area=0.01) for n, c in ((12, "A"), (9, "B"))
    )
    for others in ([one], [one, other], [other, one]):
        check_invariants(bm.match(one, *others, radius=30, host_fraction=0.5))


def test_another_list_of_the_same_places_is_another_catalogue():
    t = doubled()
    one = bm.Catalog(t, name="A", pos_err=0.1, area=SIDE**2)
    result = bm.match(one, bm.Catalog(t.copy(), name="B", pos_err=0.1, area=SIDE**2), radius=2)
    assert np.mean(np.asarray(result.sources["Separation_A_B"]) == 0) > 0.9


def test_two_names_are_still_needed_for_two_catalogues():
    t = doubled()
    pair = [bm.Catalog(x, name="A", pos_err=0.1, area=1) for x in (t, t.copy())]
    with pytest.raises(ValueError, match="two catalogues are called 'A'"):
        bm.match(*pair, radius=2)


def test_probabilities_are_right_among_chance_pairs():
    rng = np.random.default_rng(5)
    n, k, sigma = 4000, 400, 0.7
    t = Table({"RA": 150 + 0.15 * rng.random(n), "DEC": 0.15 * rng.random(n)})
    d = t[:k].copy()
    for name in ("RA", "DEC"):
        d[name] += rng.normal(size=k) * sigma * np.sqrt(2) / 3600
    t = vstack([t, d])
    t["double"] = np.concatenate([np.arange(n), np.arange(k)])
    t = t[rng.permutation(len(t))]
    one = bm.Catalog(t, name="A", pos_err=sigma, area=0.15**2)
    result = bm.match(one, one, radius=6)
    a = result.associations[np.asarray(result.associations["A_2"]) >= 0]
    p = np.asarray(a["p_match"])
    right = np.asarray(t["double"])[a["A"]] == np.asarray(t["double"])[a["A_2"]]
    assert np.sum(right) > 0.99 * k
    assert abs(np.sum(p) - k) < 0.12 * k
    for low, high in ((0.05, 0.3), (0.3, 0.6), (0.6, 1.0)):
        some = (p >= low) & (p < high)
        error = np.sqrt(np.sum(p[some] * (1 - p[some]))) / np.sum(some)
        assert abs(np.mean(right[some]) - np.mean(p[some])) < 4 * error, (low, np.sum(some))


def joined(n=60, seed=2):
    """A table of pairs: two positions in every row."""
    rng = np.random.default_rng(seed)
    t = Table({"ID": np.arange(n), "RA_1": 10 + rng.random(n), "DEC_1": rng.random(n)})
    for name in ("RA", "DEC"):
        t[f"{name}_2"] = t[f"{name}_1"] + rng.normal(0, 0.5, n) / 3600
    return t


@pytest.mark.parametrize("ending", ["fits", "parquet"])
def test_two_positions_in_one_file_are_two_catalogues(tmp_path, ending):
    """Of a joined table; every row has its own for a candidate."""
    path, n = tmp_path / f"t.{ending}", 60
    joined(n).write(path)

    def read(which, name, of=bm.Catalog.read):
        columns = {"ra": f"RA_{which}", "dec": f"DEC_{which}"}
        return of(path, name=name, pos_err=0.5, area=1.0, id="ID", **columns)

    x = read(1, "A")
    ways = [bm.Catalog.read, *[bm.Catalog.scan] * (ending == "parquet")]
    others = [read(2, "B", way) for way in ways]
    for other in others:
        assert list(bm.match(x, other, radius=5).sources["B"]) == list(range(n))
    with pytest.warns(UserWarning, match="no primary has a candidate"):
        assert np.all(bm.match(x, read(1, "B"), radius=5).sources["B"] == -1)


def test_two_tables_of_one_file_are_two_catalogues(tmp_path):
    path, t = tmp_path / "t.fits", joined()
    tables = [Table({"RA": t[f"RA_{k}"], "DEC": t[f"DEC_{k}"]}) for k in (1, 2)]
    fits.HDUList([fits.PrimaryHDU(), *map(fits.table_to_hdu, tables)]).writeto(path)
    read = [bm.Catalog.read(path, name=f"N{k}", pos_err=0.5, area=1.0, hdu=k) for k in (1, 2)]
    assert list(bm.match(*read, radius=5).sources["N2"]) == list(range(len(t)))


def test_errors_are_not_fitted_to_a_catalogue_with_itself(tmp_path):
    t = doubled(200)
    t.write(tmp_path / "t.fits")
    one = bm.Catalog(t, name="A", pos_err=0.1, area=SIDE**2)
    same = bm.Catalog(t, name="B", pos_err=0.1, area=SIDE**2)
    read = [bm.Catalog.read(tmp_path / "t.fits", name=n, pos_err=0.1, area=SIDE**2) for n in "AB"]
    for pair in ((one, one), (one, same), read):
        with pytest.raises(ValueError, match="is 'A' once more.*; give another catalogue"):
            bm.fit_position_errors(*pair, radius=2)


def test_false_matches_with_itself_are_not_measured():
    """Fake positions have no source near: a false fraction of 0 came out."""
    t = doubled(200)
    one, same = (bm.Catalog(t, name=n, pos_err=0.1, area=SIDE**2) for n in "AB")
    for other in (one, same):
        with pytest.raises(ValueError, match="is 'A' once more.*; leave it out"):
            bm.calibrate(one, other, radius=2)


def test_errors_are_not_fitted_to_positions_that_were_copied():
    t = joined(200)
    one, two = (
        bm.Catalog(Table({"RA": t["RA_1"], "DEC": t["DEC_1"]}), name=n, pos_err=e, area=1.0)
        for n, e in (("A", 0.5), ("B", 0.1))
    )
    with pytest.warns(UserWarning, match="100% of the counterparts have the very position"):
        bm.fit_position_errors(one, two, radius=5, tails=False, frame="offset")
    with pytest.warns(UserWarning, match="kept as they are quoted: 100% of the counterparts"):
        result = bm.match(one, two, radius=5, errors="fit")
    assert result.meta["errors"]["applied"] is False
