"""The pair search: exact anywhere on the sphere, and associations in the contract's order."""

import math

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch._kernels import sphere
from bayesmatch.catalogs import candidates as search
from bayesmatch.matching.candidate_positions import candidate_positions
from bayesmatch.testing import reference


def catalog(ra, dec, name="X"):
    return bm.Catalog({"RA": ra, "DEC": dec}, name=name, pos_err=1.0, area=1.0)


def around(rng, ra, dec, n, size):
    """n points within about `size` arcsec of a position, also beyond a pole."""
    east, north = rng.normal(size=(2, n)) * np.radians(size / 3600)
    centre = reference.unit(ra, dec)
    to_east = np.array([-np.sin(np.radians(ra)), np.cos(np.radians(ra)), 0])
    v = centre + east[:, None] * to_east + north[:, None] * np.cross(centre, to_east)
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return np.degrees(np.arctan2(v[:, 1], v[:, 0])), np.degrees(np.arcsin(np.clip(v[:, 2], -1, 1)))


def check_pairs(ra_1, dec_1, ra_2, dec_2, radius):
    a, b = catalog(ra_1, dec_1), catalog(ra_2, dec_2, "O")
    i, j, s = search.pairs_within(a, b, radius, max_pairs=10**7, advance=lambda rows: None)
    order = np.argsort(i, kind="stable")
    i, j, s = i[order], j[order], s[order]
    ei, ej, es = reference.pairs(a.ra, a.dec, b.ra, b.dec, radius)
    border = abs(es - radius) < 1e-9  # the reference itself is good to 1e-10
    assert not border.any()
    np.testing.assert_array_equal(i, ei)
    np.testing.assert_array_equal(j, ej)
    np.testing.assert_allclose(s, es, atol=3e-10, rtol=1e-12)
    return len(i)


@pytest.mark.few(36)
@pytest.mark.parametrize("dec", [0, 30, -44, 57, 89.5, 89.999, 90, -90, -89.99])
@pytest.mark.parametrize("ra", [0.0, 0.001, 180.0, 359.9999])
@pytest.mark.parametrize("radius", [0.5, 20.0, 600.0])
def test_every_pair_and_no_other(ra, dec, radius):
    rng = np.random.default_rng([int(ra), int(dec * 1000) % 997, int(radius)])
    first, second = (around(rng, ra, dec, n, 3 * radius) for n in (150, 400))
    assert check_pairs(*first, *second, radius) > 100
    assert check_pairs(*second, *first, radius) > 100  # the other one in the grid


@pytest.mark.parametrize("radius", [1.0, 3600.0, 36000.0, 160000.0])
def test_all_sky(radius):
    rng = np.random.default_rng(int(radius))
    ra, dec = rng.uniform(0, 360, (2, 700)), np.degrees(np.arcsin(rng.uniform(-1, 1, (2, 700))))
    ra[1, :50], dec[1, :50] = ra[0, :50], np.clip(dec[0, :50] + radius / 3600 * 0.999, -90, 90)
    check_pairs(ra[0], dec[0], ra[1], dec[1], radius)


def test_tiny_catalogues_and_identical_positions():
    ten, pole, equator = np.array([10.0]), np.array([90.0]), np.array([0.0])
    assert check_pairs(ten, pole, ten + 190, pole, 1.0) == 1
    assert check_pairs(ten, equator, ten + 180, equator, 5.0) == 0


def test_radius_is_exclusive():
    a, b = catalog([150.0], [0.0]), catalog([150.0], [0.0625], "O")  # 225 arcsec exactly
    for radius, found in ((225.0, 0), (225.0000001, 1)):
        pairs = search.pairs_within(a, b, radius, max_pairs=10, advance=lambda rows: None)
        assert len(pairs[0]) == found


@pytest.mark.slow
def test_many_pairs_grow_the_buffers():
    rng = np.random.default_rng(3)
    a, b = (
        catalog(150 + rng.random(n) * 1e-3, rng.random(n) * 1e-3, name)
        for n, name in ((60, "X"), (300_000, "O"))
    )
    i, j, _ = search.pairs_within(a, b, 30.0, max_pairs=10**8, advance=lambda rows: None)
    assert len(i) == 60 * 300_000
    assert np.all(np.diff(j[i == 7]) > 0)


@pytest.mark.parametrize("seed", range(6))
def test_directions_and_convergence(seed):
    """Offsets and the turn of north, against vectors, up to the poles."""
    rng = np.random.default_rng(seed)
    ra, dec = rng.uniform(0, 360), rng.choice([-89.99, -60, 0, 45, 89.9, 89.999])
    (ra_2,), (dec_2,) = around(rng, ra, dec, 1, 20)
    s = reference.chord_separation(ra, dec, ra_2, dec_2)
    east, north = sphere.offset(ra, dec, ra_2, dec_2, s)

    def axes(ra, dec):
        e = np.array([-np.sin(np.radians(ra)), np.cos(np.radians(ra)), 0])
        return e, np.cross(reference.unit(ra, dec), e)

    e_1, n_1 = axes(ra, dec)
    v = reference.unit(ra_2, dec_2)
    toward = np.array([v @ e_1, v @ n_1])
    np.testing.assert_allclose([east, north], s * toward / np.linalg.norm(toward), atol=1e-6)
    # North at 2 seen in the frame of 1, almost parallel over 20 arcsec.
    _, n_2 = axes(ra_2, dec_2)
    turn = sphere.convergence(ra, dec, ra_2, dec_2)
    np.testing.assert_allclose([np.sin(turn), np.cos(turn)], [n_2 @ e_1, n_2 @ n_1], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n_other", [1, 2, 3])
def test_associations_come_complete_and_in_order(seed, n_other):
    rng = np.random.default_rng([seed, n_other])
    positions = [around(rng, 359.9999, 60, n, 12) for n in (6, *[9] * n_other)]
    catalogs = [catalog(*p, name) for p, name in zip(positions, "XABC", strict=False)]
    with pytest.warns(UserWarning, match="only 6 primaries"):
        result = bm.match(*catalogs, radius=15.0)
    rows = list(zip(*(result.associations[c.name].tolist() for c in catalogs), strict=True))
    assert rows == reference.associations(positions[0], positions[1:], 15.0)
    table = result.associations
    for a in range(n_other + 1):
        for b in range(a):
            first, second = catalogs[b], catalogs[a]
            both = (table[first.name] >= 0) & (table[second.name] >= 0)
            i, j = table[first.name][both], table[second.name][both]
            s = np.asarray(table[f"Separation_{first.name}_{second.name}"])
            np.testing.assert_allclose(
                s[both],
                reference.chord_separation(first.ra[i], first.dec[i], second.ra[j], second.dec[j]),
                atol=3e-10,
            )
            assert np.isnan(s[~both]).all()


def test_two_cells_of_a_circle_with_the_same_bit():
    """A source would be listed twice where zones have as many cells as the table has bits."""
    bits = 64 * 256  # of a few sources
    dec = np.degrees(np.arccos(bits / (360.0 * 3600.0 / 30.0))) + np.arange(-20, 21) * 30.0 / 3600.0
    ra = np.full(len(dec), 1.0)
    sizes = {len(search.Grid(ra[k : k + 1], dec[k : k + 1], 30.0).occupied) for k in range(41)}
    assert 256 in sizes and max(sizes) > 256  # some meet, and have more bits then
    rng = np.random.default_rng(5)
    n = check_pairs(ra, dec, 1.0 + rng.normal(size=500) * 0.03, rng.choice(dec, 500) + 1e-3, 30.0)
    assert n > 20


def test_near_separations_have_the_digits_of_the_functions():
    rng = np.random.default_rng(6)
    x, y = rng.uniform(-0.02, 0.02, (2, 20_000))
    c = np.cos(np.radians(rng.uniform(-89, 89, 20_000)))
    near = np.array([sphere.separation_of(*v) for v in zip(x, y, c, c, strict=True)])
    half = 0.5 * sphere.DEGREE
    h = np.array(
        [
            math.sin(half * b) ** 2 + (d * d) * math.sin(half * a) * math.sin(half * a)
            for a, b, d in zip(x, y, c, strict=True)
        ]
    )
    known = 2.0 / sphere.ARCSEC * np.arcsin(np.sqrt(h))
    np.testing.assert_allclose(near, known, rtol=5e-16)


def test_circles_and_other_errors_are_gathered_alike(monkeypatch):
    rng = np.random.default_rng(7)
    ra, dec, sigma = 10 + rng.random(50), rng.random(50), rng.uniform(0.1, 1.0, 50)
    data = {"RA": ra, "DEC": dec, "s": sigma}
    for errors, covariance in (("s", sigma), (0.3, np.full(50, 0.3))):
        other = bm.Catalog(data, name="O", pos_err=errors, area=1.0)
        row = rng.integers(0, 50, 200)
        found = candidate_positions(
            other, (other,), search.Candidates(np.array([0, 200]), row, np.zeros(200), 1)
        )
        some = np.array([3, 199, 0])
        for values, known in zip(found.at_some(some), (ra, dec), strict=True):
            np.testing.assert_array_equal(values, known[row[some]])
        assert "at" not in vars(found)  # nobody has asked for all: each waits for the memory
        np.testing.assert_array_equal(found.ra, ra[row])
        np.testing.assert_array_equal(found.at_some(some)[0], found.ra[some])
        np.testing.assert_array_equal(found.dec, dec[row])
        np.testing.assert_array_equal(found.cos_dec, np.cos(np.radians(dec[row])))
        v = covariance[row] ** 2
        np.testing.assert_array_equal(found.covariance.T, [v, v, 0 * v, v**2])
        np.testing.assert_array_equal(found.covariance_of(some), found.covariance[some])
        before = [found.covariance, *found.at]
        found.forget()  # so few are kept
        assert found.covariance is before[0]
        with monkeypatch.context() as patch:
            patch.setattr("bayesmatch.matching.candidate_positions.FEW", 199)
            found.forget()
        np.testing.assert_array_equal(found.covariance_of(some), before[0][some])
        assert not {"covariance", "at"} & set(vars(found))
        for again, values in zip((found.covariance, *found.at), before, strict=True):
            assert again.tobytes() == values.tobytes()


def test_a_limit_of_rows_counts_pairs_and_associations_as_they_are():
    """Two pairs, and four associations with those of no counterpart."""
    x = bm.Catalog({"RA": [150.0, 151.0], "DEC": [2.0, 2.0]}, name="X", pos_err=1.0, area=1.0)
    here = {"RA": [150.0002, 150.0], "DEC": [2.0, 2.0005]}
    o = bm.Catalog(here, name="O", pos_err=0.1, area=1.0)
    options = {"radius": 10.0, "host_fraction": 0.5}
    with pytest.raises(ValueError, match="at least 2 pairs .1 candidates per primary., more than"):
        bm.match(x, o, max_rows=1, **options)
    with pytest.raises(ValueError, match="up to 4 combinations"):
        bm.match(x, o, max_rows=3, **options)
    assert len(bm.match(x, o, max_rows=4, **options).associations) == 4
