"""A catalogue with itself: no object is its own candidate, no pair comes twice."""

import numpy as np
import pytest
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
