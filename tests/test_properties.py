"""What no sky may break: turn it, shuffle it, split it, scale it, and nothing else changes."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import CartesianRepresentation, SkyCoord
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

import bayesmatch as bm

#: no deadline (the first call compiles), always the same examples
PROFILE = settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
ARCSEC = np.pi / 180.0 / 3600.0
NAMES = ("X", "OPT", "IRAC")
ASSOCIATION_P = ("dist_post", "p_single", "p_any", "p_i", "p_match")
SOURCE_P = ("p_any", "p_hostless", "p_i", "p_match", "second_p_i")


# -- random fields --------------------------------------------------------------------------------


class Field:
    """A small random field: per catalogue positions (unit vectors) and errors (a, b, pa).

    Most secondaries scatter about primaries, so that every radius has candidates.
    """

    def __init__(self, seed: int, n_others: int, shape: str, center: tuple[float, float]) -> None:
        rng = np.random.default_rng(seed)
        self.shape = shape
        self.radius = float(rng.uniform(5.0, 30.0))
        self.area = tuple(rng.uniform(0.05, 2.0, n_others + 1))
        half = rng.uniform(20.0, 120.0)
        n = int(rng.integers(3, 21))
        own = rng.uniform(-half, half, (n, 2))
        plane = [own]
        for _ in range(n_others):
            m = int(rng.integers(10, 81))
            near = own[rng.integers(0, n, m)] + rng.normal(0.0, self.radius / 3, (m, 2))
            plane.append(
                np.where(rng.random((m, 1)) < 0.6, near, rng.uniform(-half - 30, half + 30, (m, 2)))
            )
        self.plane = plane
        self.errors = [self._errors(rng, len(p), k) for k, p in enumerate(plane)]
        self.xyz = [tangent(p, *center) for p in plane]
        self.turned = [np.zeros(len(p)) for p in plane]  # deg to add to position angles
        self.order = [np.arange(len(p)) for p in plane]  # identifiers

    def _errors(self, rng, n, k):
        low, high = (0.5, 3.0) if k == 0 else (0.1, 1.0)
        a = rng.uniform(low, high, n)
        if self.shape == "circle":
            return np.column_stack([a, a, np.zeros(n)])
        if self.shape == "mixed" and k != 1:  # one catalogue of ellipses among circles
            return np.column_stack([a, a, np.zeros(n)])
        return np.column_stack([a, a * rng.uniform(0.2, 1.0, n), rng.uniform(-180.0, 180.0, n)])

    def tables(self, ra_shift=None):
        out = []
        for k, xyz in enumerate(self.xyz):
            ra, dec = lonlat(xyz)
            if ra_shift is not None:
                ra = ra + ra_shift[k]
            a, b, pa = self.errors[k].T
            out.append(
                {
                    "ID": self.order[k],
                    "RA": ra,
                    "DEC": dec,
                    "A": a,
                    "B": b,
                    "PA": pa + self.turned[k],
                }
            )
        return out

    def match(self, *, tables=None, pos_err=None, area=None, radius=None, **options):
        """Match `tables` (default: this field's) with errors as `pos_err` says."""
        if pos_err is None:
            pos_err = "A" if self.shape == "circle" else bm.ErrorEllipse("A", "B", "PA")
        options = {"host_fraction": 0.7, **options}
        catalogs = [
            bm.Catalog(t, name=n, pos_err=pos_err, area=a)
            for t, n, a in zip(tables or self.tables(), NAMES, area or self.area, strict=False)
        ]
        return match_quietly(*catalogs, radius=radius or self.radius, **options)


def match_quietly(*catalogs, **options):
    """`bm.match`, without the warning about fields that happen to have no candidate."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="no primary has a candidate")
        warnings.filterwarnings("ignore", message="only .* primaries")
        return bm.match(*catalogs, **{"field": "uniform", **options})


def tangent(plane, ra, dec):
    """Unit vectors of offsets (east, north, arcsec) from a centre, along great circles."""
    east, north, up = frame(np.radians(ra), np.radians(dec))
    r = np.hypot(*plane.T) * ARCSEC
    offset = (plane[:, :1] * east + plane[:, 1:] * north) * ARCSEC
    return np.cos(r)[:, None] * up + np.sinc(r / np.pi)[:, None] * offset


def frame(ra, dec):
    """East, north and outward unit vectors at positions in radians."""
    zero = np.zeros_like(ra)
    east = np.stack([-np.sin(ra), np.cos(ra), zero], axis=-1)
    north = np.stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)], axis=-1)
    up = np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)
    return east, north, up


def lonlat(xyz):
    """Right ascension and declination in degrees (Astropy's)."""
    coord = SkyCoord(CartesianRepresentation(xyz.T)).spherical
    return coord.lon.to_value(u.deg) % 360.0, coord.lat.to_value(u.deg)


def turn(xyz, rotation):
    """Turned unit vectors, and how much position angles there grow (degrees)."""
    turned = xyz @ rotation.T
    _, north, _ = frame(*np.radians(lonlat(xyz)))
    east_new, north_new, _ = frame(*np.radians(lonlat(turned)))
    carried = north @ rotation.T  # where the old north points now
    angle = np.arctan2((carried * east_new).sum(axis=1), (carried * north_new).sum(axis=1))
    return turned, np.degrees(angle)


def rotation_to(ra, dec, roll):
    """The rotation that brings (180, 0) to a position, after turning about it by `roll`."""
    e1, n1, u1 = frame(np.pi, 0.0)
    e2, n2, u2 = frame(np.radians(ra), np.radians(dec))
    c, s = np.cos(roll), np.sin(roll)
    spun = np.stack([c * e2 + s * n2, -s * e2 + c * n2, u2])
    return spun.T @ np.stack([e1, n1, u1])


seeds = st.integers(0, 2**32 - 1)
n_others = st.integers(1, 2)
shapes = st.sampled_from(["circle", "ellipse", "mixed"])
centers = st.one_of(
    st.tuples(st.floats(0.0, 360.0, exclude_max=True), st.floats(-89.9, 89.9)),
    st.sampled_from(
        [
            (0.0, 0.0),
            (0.0, 60.0),
            (359.999, -30.0),
            (180.0, 0.0),
            (10.0, 90.0),
            (200.0, -90.0),
            (77.0, 89.99),
            (310.0, -89.995),
        ]
    ),
)


@st.composite
def fields(draw, shape=shapes, center=centers):
    return Field(draw(seeds), draw(n_others), draw(shape), draw(center))


def same(one, two, *, exact=(), close=(), rtol=1e-9, atol=1e-12):
    for name in exact:
        np.testing.assert_array_equal(
            np.ma.filled(one[name], -9), np.ma.filled(two[name], -9), err_msg=name
        )
    for name in close:
        np.testing.assert_allclose(
            np.asarray(one[name], float),
            np.asarray(two[name], float),
            rtol=rtol,
            atol=atol,
            err_msg=name,
        )


def same_result(one, two, *, rtol, atol):
    """Same associations; separations, Bayes factors and probabilities within the tolerance."""
    for a, b in ((one.associations, two.associations), (one.sources, two.sources)):
        assert a.colnames == b.colnames and len(a) == len(b)
        close = [
            n
            for n in a.colnames
            if np.ma.getdata(a[n]).dtype.kind == "f" and not n.startswith("log10_odds")
        ]
        same(
            a,
            b,
            exact=[n for n in a.colnames if np.ma.getdata(a[n]).dtype.kind != "f"],
            close=close,
            rtol=rtol,
            atol=atol,
        )


def identical(one, two):
    for a, b in ((one.associations, two.associations), (one.sources, two.sources)):
        assert a.colnames == b.colnames and len(a) == len(b)
        for name in a.colnames:
            np.testing.assert_array_equal(
                np.ma.getdata(a[name]), np.ma.getdata(b[name]), err_msg=name
            )
            np.testing.assert_array_equal(
                np.ma.getmaskarray(a[name]), np.ma.getmaskarray(b[name]), err_msg=name
            )


def decided(result):
    """Whether no choice (radius, flags, best) hangs on the last digits of a position."""
    table = result.associations
    p_i = np.asarray(table["p_i"])
    owner = np.asarray(table["X"])
    for i in np.unique(owner):
        ordered = np.sort(p_i[owner == i])[::-1]
        if (
            len(ordered) > 1
            and ordered[1] > 0
            and (ordered[0] - ordered[1] < 1e-5 or np.any(abs(ordered - ordered[0] / 2) < 1e-5))
        ):
            return False
    return True


def clear_of_radius(field):
    """Whether no pair is within a microarcsecond of the radius."""
    for k, one in enumerate(field.xyz):
        for two in field.xyz[k + 1 :]:
            s = 2 * np.arcsin(np.linalg.norm(one[:, None] - two[None], axis=2) / 2) / ARCSEC
            if np.any(np.abs(s - field.radius) < 1e-6):
                return False
    return True


# -- properties -----------------------------------------------------------------------------------


@PROFILE
@given(field=fields(center=st.just((180.0, 0.0))), center=centers, roll=st.floats(0.0, 2 * np.pi))
def test_turning_the_sky_changes_nothing(field, center, roll):
    before = field.match()
    assume(clear_of_radius(field) and decided(before))
    rotation = rotation_to(*center, roll)
    turned = [turn(xyz, rotation) for xyz in field.xyz]
    field.xyz = [xyz for xyz, _ in turned]
    field.turned = [angle for _, angle in turned]
    same_result(before, field.match(), rtol=1e-7, atol=1e-7)


def reordered(table, order):
    return {name: values[order] for name, values in table.items()}


@PROFILE
@given(field=fields(), seed=seeds)
def test_shuffling_the_primaries_permutes_the_result(field, seed):
    tables = field.tables()
    before = field.match(tables=tables)
    order = np.random.default_rng(seed).permutation(len(tables[0]["RA"]))
    after = field.match(tables=[reordered(tables[0], order), *tables[1:]])

    skip = {"X", "X_ID"}
    for name in set(before.sources.colnames) - skip:
        np.testing.assert_allclose(
            *(
                np.ma.filled(v, -9).astype(float)
                for v in (before.sources[name][order], after.sources[name])
            ),
            rtol=1e-12,
            atol=1e-14,
            err_msg=name,
        )
    assert list(after.sources["X_ID"]) == list(before.sources["X_ID"][order])
    new_row = np.argsort(order)
    rows = np.argsort(new_row[np.asarray(before.associations["X"])], kind="stable")
    for name in set(before.associations.colnames) - skip:
        np.testing.assert_allclose(
            *(
                np.ma.filled(v, -9).astype(float)
                for v in (before.associations[name][rows], after.associations[name])
            ),
            rtol=1e-12,
            atol=1e-14,
            err_msg=name,
        )


@PROFILE
@given(field=fields(), seed=seeds)
@example(field=Field(193, 2, "circle", (0.0, 0.0)), seed=0)  # groups of claims that are cut
def test_reordering_the_secondaries_permutes_the_associations(field, seed):
    tables = field.tables()
    before = field.match(tables=tables)
    assume(decided(before))
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(t["RA"])) for t in tables[1:]]
    after = field.match(
        tables=[tables[0], *(reordered(t, o) for t, o in zip(tables[1:], orders, strict=True))]
    )
    others = NAMES[1 : len(tables)]
    for name, order in zip(others, orders, strict=True):
        for table in (after.associations, after.sources):
            row = np.asarray(table[name])
            table[name] = np.where(row < 0, -1, order[row])
    after.associations.sort(["X", *others])
    same_result(before, after, rtol=1e-9, atol=1e-12)


@PROFILE
@given(
    field=fields(), turns=st.lists(st.sampled_from([-360.0, 0.0, 360.0]), min_size=3, max_size=3)
)
def test_whole_turns_of_right_ascension_change_nothing(field, turns):
    tables = field.tables()
    # right ascensions that survive the addition and the reduction without rounding
    for table in tables:
        table["RA"] = (np.round(table["RA"] * 2.0**40) / 2.0**40) % 360.0
    before = field.match(tables=tables)
    for table, by in zip(tables, turns, strict=False):
        table["RA"] = table["RA"] + by
        assume(np.all((table["RA"] >= -360.0) & (table["RA"] <= 720.0)))
    identical(before, field.match(tables=tables))


#: columns of the sources that go by the best association
BEST = ("p_i", "second_p_i", "p_hostless", "p_match", "p_OPT")


@PROFILE
@given(field=fields(), cut=st.floats(0.0, 1.0))
def test_splitting_the_primaries_changes_no_primary(field, cut):
    tables = field.tables()
    n = len(tables[0]["RA"])
    at = 1 + int(cut * (n - 2))
    # The fit shares a given total out over the patterns and knows which errors objects have, by all
    # sources, so that of the whole is taken; NWAY's columns know nothing of that.
    alone = {"claims": "independent"}  # primaries of the other part compete for objects
    whole = field.match(tables=tables, **alone)
    fit = whole.host_fraction
    for part in (slice(0, at), slice(at, n)):
        mine = replace(fit, ln_fraction=fit.ln_fraction[part], ln_beyond=None)
        split = [reordered(tables[0], part), *tables[1:]]
        result = field.match(tables=split, host_fraction=mine, **alone)
        rows = np.asarray(whole.associations["X"])
        mine = whole.associations[(rows >= part.start) & (rows < part.stop)]
        names = [name for name in mine.colnames if name not in ("X", "X_ID")]
        for name in names:
            np.testing.assert_allclose(
                *(
                    np.ma.filled(v, -9).astype(float)
                    for v in (mine[name], result.associations[name])
                ),
                rtol=1e-13,
                atol=0,
                err_msg=name,
            )
        for name in (
            "p_any",
            "n_candidates",
            *BEST,
            *NAMES[1 : len(tables)],
        ):
            np.testing.assert_allclose(
                np.asarray(whole.sources[name][part], float),
                np.asarray(result.sources[name], float),
                rtol=1e-13,
                err_msg=name,
            )


@PROFILE
@given(field=fields(center=st.just((180.0, 0.0))), factor=st.floats(0.2, 4.0))
def test_scaling_all_lengths_changes_no_probability(field, factor):
    before = field.match()
    assume(decided(before))
    tables = field.tables()
    for k, table in enumerate(tables):
        table["RA"], table["DEC"] = lonlat(tangent(field.plane[k] * factor, 180.0, 0.0))
        table["A"], table["B"] = table["A"] * factor, table["B"] * factor
    # The sky is curved: separations scale to about (300 arcsec)^2, one part in a million.
    assume(gap_at_radius(field) > 1e-4)
    after = field.match(
        tables=tables, radius=field.radius * factor, area=[a * factor**2 for a in field.area]
    )
    same(
        before.associations,
        after.associations,
        exact=NAMES[: len(tables)],
        close=ASSOCIATION_P,
        rtol=1e-3,
        atol=2e-4,
    )
    same(before.sources, after.sources, close=("p_any", "p_hostless"), rtol=1e-3, atol=2e-4)
    np.testing.assert_allclose(
        after.associations["Separation_max"],
        factor * before.associations["Separation_max"],
        rtol=1e-5,
    )


def gap_at_radius(field):
    """Smallest |separation - radius| over all pairs, arcsec."""
    return min(
        float(np.abs(np.hypot(*(one[:, None] - two[None]).transpose(2, 0, 1)) - field.radius).min())
        for k, one in enumerate(field.plane)
        for two in field.plane[k + 1 :]
    )


@PROFILE
@given(field=fields(shape=st.just("circle")))
def test_a_circle_is_an_ellipse_with_equal_axes_and_a_pair(field):
    tables = field.tables()
    rng = np.random.default_rng(0)
    for table in tables:
        table["PA"] = rng.uniform(-360.0, 360.0, len(table["RA"]))
    circle = field.match(tables=tables)
    identical(circle, field.match(tables=tables, pos_err=bm.ErrorEllipse("A", "A", "PA")))
    identical(circle, field.match(tables=tables, pos_err=("A", "A")))


@PROFILE
@given(field=fields(shape=st.just("circle")))
def test_the_general_integral_agrees_with_the_circular_form(field):
    """Ellipses that are circles but for 1e-13 go through the general kernel."""
    tables = field.tables()
    circle = field.match(tables=tables)
    assume(decided(circle))
    for table in tables:
        table["PA"] = np.full(len(table["RA"]), 33.0)
        table["B"] = table["A"] * (1.0 - 1e-13)
    general = field.match(tables=tables, pos_err=bm.ErrorEllipse("A", "B", "PA"))
    # a tangent plane against separations on the sphere: (30 arcsec)^3 of curvature
    same_result(circle, general, rtol=1e-6, atol=1e-6)


@PROFILE
@given(field=fields(shape=st.just("ellipse")))
def test_an_ellipse_may_be_described_in_two_ways(field):
    """Swapping the axes and turning by 90 degrees, or turning by 180, is the same ellipse."""
    tables = field.tables()
    before = field.match(tables=tables)
    assume(decided(before))
    for table in tables:
        table["PA2"] = table["PA"] + 90.0
        table["PA3"] = table["PA"] - 180.0
    for other in (bm.ErrorEllipse("B", "A", "PA2"), bm.ErrorEllipse("A", "B", "PA3")):
        same_result(before, field.match(tables=tables, pos_err=other), rtol=1e-9, atol=1e-10)


def check_probabilities(result, excluded=None):
    """All probability columns; `excluded`: association rows with a prior ratio of 0."""
    table, sources = result.associations, result.sources
    for where, names in ((table, ASSOCIATION_P), (sources, SOURCE_P)):
        for name in names:
            p = np.asarray(where[name])
            assert np.all((p >= 0.0) & (p <= 1.0 + 1e-12)), name  # False for NaN
    for name in NAMES[1:]:
        if f"p_{name}" in sources.colnames:
            p = np.asarray(sources[f"p_{name}"])
            assert np.all((p >= 0.0) & (p <= 1.0 + 1e-12))
    alone = np.asarray(table["ncat"]) == 1
    owner = np.asarray(table["X"])
    n = len(sources)
    assert np.array_equal(owner[alone], np.arange(n))
    p_match = np.asarray(table["p_match"])
    total = np.bincount(owner, np.where(alone, 0.0, p_match), n) + sources["p_hostless"]
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(p_match[alone], sources["p_hostless"], rtol=0, atol=1e-15)
    p_i = np.bincount(owner, np.asarray(table["p_i"]), n)
    # even where p_any underflows, the candidates share p_i = 1
    allowed = ~alone if excluded is None else ~alone & ~excluded
    possible = np.bincount(owner, allowed, n) > 0
    np.testing.assert_allclose(p_i, np.where(possible, 1.0, 0.0), rtol=0, atol=1e-12)
    assert np.array_equal(np.isfinite(sources["log10_odds_host"]), possible)
    assert not np.any(np.isnan(table["dist_bayesfactor"]))
    assert not np.any(np.isnan(sources["log10_odds_host"]))


@PROFILE
@given(
    field=fields(),
    completeness=st.sampled_from([1.0, 0.9, 0.1, 1e-6]),
    host_fraction=st.sampled_from([0.7, 1e-6, 1 - 1e-9, "fit"]),
    unrelated=st.booleans(),
)
def test_probabilities_are_probabilities(field, completeness, host_fraction, unrelated):
    check_probabilities(
        field.match(
            prior_completeness=completeness,
            host_fraction=host_fraction,
            correct_unrelated=unrelated,
        )
    )


@PROFILE
@given(field=fields(), k=st.integers(1, 2))
def test_a_far_source_changes_only_the_density(field, k):
    tables = field.tables()
    k = min(k, len(tables) - 1)
    ra, dec = tables[0]["RA"][0], tables[0]["DEC"][0]
    far = dec - 10.0 if dec > 0 else dec + 10.0
    n = len(tables[k]["RA"])
    extra = {"ID": n, "RA": ra, "DEC": far, "A": 1.0, "B": 0.5, "PA": 10.0}
    more = list(tables)
    more[k] = {name: np.append(values, extra[name]) for name, values in tables[k].items()}

    before, after = field.match(tables=tables), field.match(tables=more)
    exact = [c for c in before.associations.colnames if c in NAMES or c.startswith("Separation")]
    exact += ["ncat", "dist_bayesfactor_uncorrected"]
    for name in exact:
        np.testing.assert_array_equal(before.associations[name], after.associations[name])
    # At the same (n + 1) / area everything else is the same too, but for n / area itself, which
    # only associations without the primary use.
    area = list(field.area)
    area[k] *= (n + 2) / (n + 1)
    options = {"correct_unrelated": False, "claims": "independent"}  # no share of the whole list
    same_density = field.match(tables=more, area=area, **options)
    fewer = field.match(tables=tables, **options)
    for result in (fewer, same_density):
        result.sources.remove_columns([c for c in result.sources.colnames if c[:8] == "density_"])
    same_result(fewer, same_density, rtol=1e-9, atol=1e-10)


# -- extremes -------------------------------------------------------------------------------------


@PROFILE
@given(
    field=fields(),
    ratio=st.sampled_from([1e-300, 1e-30, 1e-3, 1e30, 1e300, 0.0]),
    sigma=st.sampled_from([0.1, 1.0]),
    seed=seeds,
    unrelated=st.booleans(),
)
def test_fifty_sigma_and_tiny_ratios_do_not_underflow(field, ratio, sigma, seed, unrelated):
    """Separations of 50 sigma, ratios of 1e-300 to 1e300 and 0: still probabilities."""
    tables = field.tables()
    for table in tables:
        table["A"] = np.full(len(table["RA"]), sigma * field.radius / 50.0)
        table["B"] = table["A"] / 2 if field.shape == "ellipse" else table["A"]
    chosen = np.random.default_rng(seed).random(len(tables[1]["RA"])) < 0.5
    with np.errstate(divide="ignore"):
        log10_ratio = np.where(chosen, np.log10(ratio), 0.0)
    prior = bm.FunctionPrior("wild", lambda t: log10_ratio[np.asarray(t["ID"])])
    result = field.match(tables=tables, priors={"OPT": [prior]}, correct_unrelated=unrelated)
    out = np.isin(np.asarray(result.associations["OPT"]), np.flatnonzero(chosen)) & (ratio == 0.0)
    check_probabilities(result, out)
    for name in ("p_single", "p_i", "p_match", "match_flag"):
        assert np.all(np.asarray(result.associations[name])[out] == 0.0)


@pytest.mark.parametrize("n_sigma", [5.0, 20.0, 50.0, 200.0])
@pytest.mark.parametrize("pos_err", ["S", bm.ErrorEllipse("S", "T", 0.0)])
@pytest.mark.parametrize("ratio", [1.0, 1e-30])
def test_a_distant_counterpart_has_the_right_odds(n_sigma, pos_err, ratio):
    """One candidate many sigma away: its odds by hand, far beyond what exp() holds."""
    s, t, area = 0.5, 0.25, 1.0
    apart = n_sigma * np.hypot(s, s)  # north, along the major axis
    one = {"RA": [40.0], "DEC": [0.0], "S": [s], "T": [t]}
    two = {"RA": [40.0], "DEC": [apart / 3600.0], "S": [s], "T": [t]}
    prior = bm.FunctionPrior("r", lambda table: np.full(len(table), np.log10(ratio)))
    result = match_quietly(
        bm.Catalog(one, name="X", pos_err=pos_err, area=area),
        bm.Catalog(two, name="OPT", pos_err=pos_err, area=area),
        radius=2 * apart,
        priors={"OPT": [prior]},
        host_fraction=0.7,
    )
    across = s if pos_err == "S" else t
    density = 2 / area * (180 / np.pi) ** 2  # n + 1 per steradian
    log10_odds = (
        np.log10(0.7 / 0.3)
        + np.log10(ratio)
        - n_sigma**2 / 2 / np.log(10)
        - np.log10(2 * np.pi * 2 * s * across * ARCSEC**2 * density)
    )
    assert result.sources["log10_odds_host"][0] == pytest.approx(log10_odds, rel=1e-9, abs=1e-9)
    check_probabilities(result)


def test_excluding_every_candidate_leaves_no_counterpart():
    field = Field(1, 2, "circle", (10.0, 10.0))
    none = bm.FunctionPrior("none", lambda table: np.full(len(table), -np.inf))
    result = field.match(priors={"OPT": [none], "IRAC": [none]})
    check_probabilities(result, np.asarray(result.associations["ncat"]) > 1)
    assert np.all(result.sources["p_any"] == 0.0) and np.all(result.sources["p_hostless"] == 1.0)
    assert np.all(result.sources["OPT"] == -1)
