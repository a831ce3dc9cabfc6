"""Clumps, tiles and fields that lie far apart: no holes, no hosts, no ends of a survey."""

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.catalogs.sky_box import SkyBox
from bayesmatch.matching.round_sources import keep_to_sources

SIDE = 1.5
#: share with a counterpart
HOSTS = 0.65


class Clumps:
    """Gaussian clumps of some sizes (arcmin), up to so many times as dense as what is between."""

    def __init__(self, seed, n, sizes, highest):
        rng = np.random.default_rng(seed)
        self.at = rng.uniform(-SIDE / 2, SIDE / 2, (n, 2))
        self.size = np.exp(rng.uniform(*np.log(sizes), n)) / 60
        self.height = highest * rng.random(n)

    def density(self, place):
        """In units of that between them."""
        far = ((place[:, None] - self.at) ** 2).sum(axis=2)
        return 1.0 + np.exp(-0.5 * far / self.size**2) @ self.height

    def drawn(self, rng, per_deg2):
        """Places (n, 2) in the square, degrees, `per_deg2` between the clumps."""
        between = uniform(rng, rng.poisson(per_deg2 * SIDE**2))
        held = rng.poisson(per_deg2 * self.height * 2 * np.pi * self.size**2)
        own = np.repeat(np.arange(len(held)), held)
        place = np.r_[between, self.at[own] + rng.normal(size=(len(own), 2)) * self.size[own, None]]
        return place[(np.abs(place) < SIDE / 2).all(axis=1)]


def uniform(rng, n):
    """Places (n, 2) in the square, degrees."""
    return rng.uniform(-SIDE / 2, SIDE / 2, (n, 2))


def match(seed, sources, field, looked=None):
    """A match of sources at (n, 2) with hosts and field objects (m, 2) where somebody `looked`."""
    rng = np.random.default_rng(seed)
    n = len(sources)
    sigma, host = np.exp(rng.uniform(0.0, np.log(4.0), n)), rng.random(n) < HOSTS
    seen = sources + rng.normal(size=(n, 2)) * sigma[:, None] / 3600
    objects = np.r_[field, sources[host]]
    if looked is not None:
        objects, host = objects[looked(objects)], host & looked(sources)

    def catalog(place, name, error):
        ra, dec = (150.0 + place[:, 0]) % 360.0, place[:, 1]
        columns = {"RA": ra, "DEC": dec, "E": np.broadcast_to(error, len(ra))}
        return bm.Catalog(columns, name=name, pos_err="E", area=SIDE**2)

    result = bm.match(catalog(seen, "X", sigma), catalog(objects, "OPT", 0.2), radius=12)
    return result, host


def scales(result):
    return result.meta["field"]["scales"]["OPT"]


def outside(result):
    return result.meta["host_fraction_fit"]["uncovered"]


def test_clumps_are_no_holes():
    """Most sources lie where it is emptier than around: that is not beyond the footprint."""
    sky, rng = Clumps(31, 25, (0.5, 2.0), 60.0), np.random.default_rng(31)
    result, host = match(31, uniform(rng, 4000), sky.drawn(rng, 9000))
    assert outside(result) < 0.01  # 0.18 where circles are as dense as minutes around
    assert 1 - result.sources["p_hostless"].mean() == pytest.approx(host.mean(), abs=0.015)


@pytest.mark.few(1)
@pytest.mark.parametrize("tile, gap", [(15, 6), (10, 3)])
def test_tiles_with_gaps_in_a_sparse_field(tile, gap):
    """Few candidates are expected anywhere, so that those without are no evidence; cells are."""

    def looked(place):
        return (np.mod(place * 60 + 1.3, tile + gap) < tile).all(axis=1)

    rng = np.random.default_rng(7)
    sources, field = uniform(rng, 3000), uniform(rng, int(6000 * SIDE**2))
    result, host = match(7, sources, field, looked)
    assert outside(result) == pytest.approx(1 - looked(sources).mean(), abs=0.05)  # 0 by circles
    p = 1 - np.asarray(result.sources["p_hostless"])
    assert p.mean() == pytest.approx(host.mean(), abs=0.012)
    verdicts = {str(row["check"]): str(row["verdict"]) for row in result.checks()}
    assert verdicts["position_errors"] == "ok"


def test_errors_are_right_where_many_sources_lie_outside():
    """Nobody has looked at them: that there are no counterparts says nothing of the errors."""

    def looked(place):
        return (np.mod(place * 60 + 1.3, 4.0) < 3.0).all(axis=1)

    rng = np.random.default_rng(8)
    sources, field = uniform(rng, 3000), uniform(rng, int(20_000 * SIDE**2))
    result, _ = match(8, sources, field, looked)
    assert outside(result) > 0.3
    errors = next(row for row in result.checks() if str(row["check"]) == "position_errors")
    assert errors["value"] == pytest.approx(1.0, abs=0.07)  # 0.8 at 9 sigma
    assert str(errors["verdict"]) == "ok"


@pytest.mark.slow
@pytest.mark.parametrize("sizes, highest", [((0.5, 2.0), 60.0), ((1.0, 4.0), 20.0)])
def test_sources_that_are_where_the_field_is_richest(sizes, highest):
    """What circles hold more than what is around them are not hosts alone."""
    sky, rng = Clumps(101, 25, sizes, highest), np.random.default_rng(101)
    sources, field = sky.drawn(rng, 1300), sky.drawn(rng, 9000)
    result, _ = match(101, sources, field)
    assert scales(result)["hosts"] == pytest.approx(HOSTS, abs=0.1)  # up to 1
    true = 9000 * sky.density(sources)
    right, dense = np.log(result.sources["density_OPT"] / true), true > np.quantile(true, 0.8)
    assert abs(right[dense].mean()) < 0.17
    # neighbours at all scales say how dense the sparse parts are, with no end of the survey
    assert len(scales(result)["shapes"]) > 5
    assert abs(right[~dense].mean()) < 0.1


def test_fields_far_apart_are_no_small_fields():
    """Cells are large then, and where sources end with the survey half of one is empty."""
    rng = np.random.default_rng(5)
    turn = np.array([[np.cos(0.4), np.sin(0.4)], [-np.sin(0.4), np.cos(0.4)]])

    def places(*per_deg2):
        fields = ((150, 0), (0.7, 0.7)), ((170, 10), (1.0, 0.5)), ((120, 25), (0.4, 0.9))
        return np.concatenate(
            [
                at + rng.uniform(-0.5, 0.5, (int(n * np.prod(size)), 2)) * size @ turn
                for n, (at, size) in zip(per_deg2, fields, strict=True)
            ]
        )

    at = places(3000, 3000, 3000).T
    box = SkyBox(*at)
    assert box.cell * 3600 > 100
    assert not keep_to_sources(box.count(*places(8000, 25_000, 80_000).T), 12.0, box, at)
