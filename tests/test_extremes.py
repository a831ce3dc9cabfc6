"""Numbers at the edges of what is allowed: right to 1e-9 dex, or refused in one line."""

import math
import warnings
from decimal import Decimal, getcontext

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch._kernels import bayes_factor, combinations, thin
from bayesmatch._kernels import position_errors as error_kernels
from bayesmatch.catalogs import memory
from bayesmatch.catalogs.gaussian import ellipse_covariance
from bayesmatch.matching import associations
from bayesmatch.matching.arguments import check_probabilities

getcontext().prec = 90
PI = Decimal(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534"
)
ARCSEC = PI / 180 / 3600


def sine(x):
    """Of a small Decimal, by its series."""
    term = total = x
    k = 1
    while abs(term) > Decimal(10) ** -85:
        term *= -x * x / ((k + 1) * (k + 2))
        total += term
        k += 2
    return total


def exact_covariance(major, minor, pa):
    angle = Decimal(float(pa)) * PI / 180
    s, c = sine(angle), sine(angle + PI / 2)
    a, b = Decimal(float(major)) ** 2, Decimal(float(minor)) ** 2
    return a * s * s + b * c * c, a * c * c + b * s * s, (a - b) * s * c


def exact_ln_bayes(x, ellipses):
    """DESIGN section 5 in 90 digits: offsets (m, 2) and (major, minor, pa), arcsec and degrees."""
    w, h = [Decimal(0)] * 3, [Decimal(0)] * 2
    square, ln_det = Decimal(0), Decimal(0)
    for (dx, dy), ellipse in zip(x, ellipses, strict=True):
        dx, dy = Decimal(float(dx)), Decimal(float(dy))
        xx, yy, xy = exact_covariance(*ellipse)
        det = xx * yy - xy * xy
        p = yy / det, xx / det, -xy / det
        w = [a + b for a, b in zip(w, p, strict=True)]
        hx, hy = p[0] * dx + p[2] * dy, p[2] * dx + p[1] * dy
        h = [h[0] + hx, h[1] + hy]
        square += dx * hx + dy * hy
        ln_det += det.ln()
    det = w[0] * w[1] - w[2] ** 2
    square -= (w[1] * h[0] ** 2 - 2 * w[2] * h[0] * h[1] + w[0] * h[1] ** 2) / det
    m = len(x)
    return float((m - 1) * (Decimal(2) / ARCSEC**2).ln() - (ln_det + det.ln() + square) / 2)


def thin_members(rng, m, ratio, same=False):
    """Offsets and ellipses of up to an axis ratio, offsets below 1e7 minor axes."""
    major = 10 ** rng.uniform(0, 1, m) * 10 ** rng.uniform(-0.5, 4)
    minor = major / np.where(rng.random(m) < 0.7, ratio, 10 ** rng.uniform(0, np.log10(ratio), m))
    pa = rng.uniform(0, 180, m)
    if same:
        pa = pa[0] + rng.choice([0.0, 1e-9, 1e-4, 1.0], m)
    s, c = np.sin(np.radians(pa)), np.cos(np.radians(pa))
    along, across = rng.normal(size=(2, m)) * (major, minor)
    x = np.column_stack([along * s - across * c, along * c + across * s])
    return x - x[0], list(zip(major, minor, pa, strict=True))


def columns(x, ellipses):
    major, minor, pa = np.array(ellipses).T
    return (
        *x.T.copy(),
        *ellipse_covariance(major, minor, pa).T.copy(),
        (major * minor) ** 2,
    )


@pytest.mark.parametrize("m", [2, 3, 4])
@pytest.mark.parametrize("ratio", [1.5, 1e3, 1e5, 1e6])
@pytest.mark.parametrize("same", [False, True])
def test_thin_ellipses_hold_to_a_billionth_of_a_dex(m, ratio, same):
    rng = np.random.default_rng(int(m * ratio) + same)
    for _ in range(12):
        x, ellipses = thin_members(rng, m, ratio, same)
        ours = bayes_factor.ln_bayes_thin(m, np.array(columns(x, ellipses)))
        assert ours / math.log(10) == pytest.approx(
            exact_ln_bayes(x, ellipses) / math.log(10), abs=1e-9
        )


@pytest.mark.parametrize("m", [2, 3, 4])
def test_both_ways_agree_where_both_hold(m):
    rng = np.random.default_rng(m)
    for _ in range(50):
        x, ellipses = thin_members(rng, m, 30.0)
        member = np.array(columns(x, ellipses))
        plain = bayes_factor.ln_bayes_general(m, member)
        assert bayes_factor.ln_bayes_thin(m, member) == pytest.approx(plain, abs=1e-11)


def test_the_walk_of_combinations_knows_thin_ellipses():
    """`join`, which bounds what is pruned, gives the same evidence as the exact integral."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        x, ellipses = thin_members(rng, 4, 1e6)
        members = np.column_stack([*columns(x, ellipses), np.zeros(4)])
        before, after = members[0].copy(), np.zeros(7)
        for k in range(1, 4):
            combinations.join(before, after, members[k], bayes_factor.LN_SCALE)
            before = after.copy()
        assert after[6] == pytest.approx(exact_ln_bayes(x, ellipses), abs=1e-6)


def log10_b(catalogs, radius=3000.0):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = bm.match(*catalogs, radius=radius, host_fraction=0.5, correct_unrelated=False)
    assert np.asarray(found.associations["p_match"]).sum() == pytest.approx(1.0, rel=1e-12)
    return float(found.associations["dist_bayesfactor"][-1])


@pytest.mark.few(4)
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("ratio", [1.0, 30.0, 1e4, 1e6])
def test_a_match_holds_to_a_billionth_of_a_dex(k, ratio):
    """Sources on one meridian at the equator, where offsets are what the numbers say."""
    rng = np.random.default_rng(int(k * ratio))
    for _ in range(3):
        major = 10 ** rng.uniform(1, 2.5, k)
        ellipses = list(zip(major, major / ratio, rng.uniform(0, 180, k), strict=True))
        dec = np.concatenate([[0.0], rng.normal(0, 0.3 * major.min() / 3600, k - 1)])
        catalogs = [
            bm.Catalog(
                {"RA": [10.0], "DEC": [d]}, name=f"C{n}", pos_err=bm.ErrorEllipse(*e), area=1.0
            )
            for n, (d, e) in enumerate(zip(dec, ellipses, strict=True))
        ]
        offsets = [(0.0, 3600.0 * d) for d in dec]
        # seen across a thin ellipse they are thousands of sigma away: relative
        expected = exact_ln_bayes(offsets, ellipses) / math.log(10)
        assert log10_b(catalogs) == pytest.approx(expected, abs=1e-9, rel=1e-12)


@pytest.mark.parametrize("small, large", [(1e-6, 1e-6), (1e-6, 1e7), (1e7, 1e7), (1e-6, 1.0)])
def test_smallest_and_largest_errors(small, large):
    """Circles, and a circle beside an ellipse as thin as is allowed."""
    for second in (large, bm.ErrorEllipse(large, max(large / 1e6, 1e-6), 33.0)):
        catalogs = [
            bm.Catalog({"RA": [10.0], "DEC": [20.0]}, name=n, pos_err=e, area=1.0)
            for n, e in (("A", small), ("B", second), ("C", small))
        ]
        last = (second.major, second.minor, 33.0) if second is not large else (large, large, 0.0)
        ellipses = [(small, small, 0.0), last, (small, small, 0.0)]
        expected = exact_ln_bayes(np.zeros((3, 2)), ellipses) / math.log(10)
        assert log10_b(catalogs) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("pa", [0.0, 33.0, 60.0, 90.0])
@pytest.mark.parametrize("minor", [1.0, 1e-3, 1e-5, 1e-6])
def test_two_coincident_equal_ellipses(pa, minor):
    ellipse = bm.ErrorEllipse(1.0, minor, pa)
    catalogs = [
        bm.Catalog({"RA": [10.0], "DEC": [20.0]}, name=n, pos_err=ellipse, area=1.0) for n in "AB"
    ]
    expected = math.log10(2 / float(ARCSEC) ** 2 / (2 * minor))
    assert log10_b(catalogs) == pytest.approx(expected, abs=1e-9)


def test_thin_ellipses_near_the_pole():
    """Axes turn against each other there: the same as one tangent plane away from it."""
    x = bm.Catalog({"RA": [0.0], "DEC": [89.9975]}, name="X", pos_err=1.6e-5, area=1.0)
    o = bm.Catalog({"RA": [200.0], "DEC": [89.9999]}, name="O", pos_err=(8.67e-3, 8670.0), area=1.0)
    east, north = bayes_factor.offset(0.0, 89.9975, 200.0, 89.9999, 1.0)
    apart = float(
        np.degrees(2 * np.arcsin(np.linalg.norm(unit(0.0, 89.9975) - unit(200.0, 89.9999)) / 2))
        * 3600
    )
    turn = bayes_factor.convergence(0.0, 89.9975, 200.0, 89.9999)
    expected = exact_ln_bayes(
        [(0.0, 0.0), (apart * east, apart * north)],
        [(1.6e-5, 1.6e-5, 0.0), (8670.0, 8.67e-3, math.degrees(turn))],
    )
    assert log10_b([x, o]) == pytest.approx(expected / math.log(10), rel=1e-8)


def unit(ra, dec):
    ra, dec = np.radians(ra), np.radians(dec)
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def test_pruned_thin_ellipses_give_what_all_associations_give():
    rng = np.random.default_rng(9)

    def around(name, n):
        return bm.Catalog(
            {"RA": 10 + rng.normal(0, 3e-4, n), "DEC": rng.normal(0, 3e-4, n)},
            name=name,
            pos_err=bm.ErrorEllipse(1.0, 1e-5, 40.0),
            area=1.0,
        )

    x = bm.Catalog({"RA": [10.0], "DEC": [0.0]}, name="X", pos_err=2.0, area=1.0)
    others = [around(name, 20) for name in "ABC"]
    pruned, whole = (
        bm.match(x, *others, radius=20.0, host_fraction=0.5, prune=prune) for prune in (1e-12, 0.0)
    )
    assert pruned.meta["pruned_primaries"] == 1
    assert len(pruned.associations) < len(whole.associations)
    for column in ("p_any", "p_hostless", "p_match"):
        np.testing.assert_allclose(
            pruned.sources[column], whole.sources[column], rtol=1e-8, atol=1e-12
        )


class Ratio:
    name = "w"

    def __init__(self, value):
        self.value = value

    def log10_ratio(self, catalog):
        return np.full(len(catalog), self.value)


def three(offset=0.0, **options):
    """One source with three objects at the same place."""
    x = bm.Catalog({"RA": [10.0], "DEC": [20.0]}, name="X", pos_err=1e-6, area=1.0)
    o = bm.Catalog(
        {"RA": [10.0] * 3, "DEC": [20.0 + offset / 3600] * 3}, name="O", pos_err=1e-6, area=1.0
    )
    return bm.match(x, o, radius=10.0, host_fraction=0.5, **options)


@pytest.mark.parametrize("offset", [0.0, 1e-3, 5.0])
@pytest.mark.parametrize("ratios", [[], [0.0], [300.0], [-300.0], [308.0] * 9, [-323.0] * 9])
def test_shares_sum_to_one_at_any_size(offset, ratios):
    priors = [Ratio(value) for value in ratios]
    for n, prior in enumerate(priors):
        prior.name = f"w{n}"
    table = three(offset, priors={"O": priors}).associations
    assert np.asarray(table["p_match"]).sum() == pytest.approx(1.0, rel=1e-12)
    assert np.asarray(table["p_i"]).sum() == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(table["p_i"][1:], 1 / 3, rtol=1e-12)


@pytest.mark.parametrize("value", [308.1, -323.1, -324.0, -1e9, 1e13, 1e16, 1.7e308])
def test_ratios_beyond_any_double_are_refused(value):
    with pytest.raises(ValueError, match=r"'w' of catalogue 'O' returned .*row 0.*-inf to exclude"):
        three(priors={"O": [Ratio(value)]})


def raising(error):
    def function(table):
        raise error

    return bm.FunctionPrior("mine", function)


@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("division by zero"),
        AttributeError("no such\nthing"),
        RuntimeError(""),
        ImportError("x"),
        KeyError("mag"),
        OverflowError("too large"),
        AssertionError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_users_prior_raises_is_said_in_its_name(error):
    with pytest.raises(ValueError, match="prior 'mine' of catalogue 'O' failed") as caught:
        three(priors={"O": [raising(error)]})
    assert caught.value.__cause__ is error
    assert type(error).__name__ in str(caught.value) and "\n" not in str(caught.value)


def catalog(**options):
    return bm.Catalog(
        options.pop("table", {"RA": [1.0, 2.0], "DEC": [2.0, 3.0]}),
        **{"name": "X", "pos_err": 1.0, "area": 1.0, **options},
    )


@pytest.mark.parametrize(
    "options, says",
    [
        ({"pos_err": 9e-7}, "pos_err is 9e-07.* 1e-06 to 1e"),
        ({"pos_err": 1.1e7}, "pos_err is 1.1e.07.* 1e-06 to 1e"),
        ({"pos_err": 1e160}, "pos_err is 1e.160"),
        ({"pos_err": np.array([1.0, 1e-100])}, "1e-100 in row 1"),
        ({"pos_err": (1e-3, 1.1e3)}, r"axes .* factor 1.1e\+06, at most 1e\+06"),
        (
            {"pos_err": bm.ErrorEllipse(np.array([1.0, 10.0]), 2e-6, 0.0)},
            r"axes .* factor 5e\+06 in row 1, at most",
        ),
        ({"area": 1e-310}, "area is 1e-310 deg.2, less than 1e-12"),
        ({"area": 9e-13}, "less than 1e-12"),
    ],
)
def test_bounds_are_stated(options, says):
    other = bm.Catalog({"RA": [1.0], "DEC": [1.0]}, name="B", pos_err=1.0, area=1.0)
    with pytest.raises(ValueError, match=rf"catalogue 'X': .*{says}"):
        bm.match(catalog(**options), other, radius=5)  # errors of rows are judged there


def test_bounds_are_allowed():
    catalog(pos_err=1e-6), catalog(pos_err=1e7), catalog(pos_err=(1e-3, 1e3)), catalog(area=1e-12)


def test_float_identifiers_that_are_not_exact_are_refused():
    table = {"RA": [1.0, 2.0], "DEC": [2.0, 3.0], "ID": [1.0, 1e20]}
    with pytest.raises(ValueError, match=r"column 'ID' is 1e\+20 in row 1; .*as integers"):
        catalog(table=table)
    table["ID"] = [1.0, 2.0**53]
    assert catalog(table=table).ids(np.arange(2)).tolist() == [1, 2**53]


def test_nan_is_never_returned():
    good = {"p_hostless": np.array([0.5]), "p_i": np.array([1.0])}
    check_probabilities(np.array([0.5, 0.5]), **good)
    with pytest.raises(ValueError, match="this is a bug: p_i came out NaN"):
        check_probabilities(np.array([0.5, 0.5]), **{**good, "p_i": np.array([np.nan])})
    for p_match in ([0.5, 0.49], [0.5, np.nan]):
        with pytest.raises(ValueError, match="this is a bug: p_match"):
            check_probabilities(np.array(p_match), **good)


@pytest.mark.slow
def test_what_cannot_fit_is_refused_before_it_is_made(monkeypatch):
    """41 million associations of three primaries are well below the limit of rows."""
    rng = np.random.default_rng(1)
    x = bm.Catalog({"RA": [10.0] * 3, "DEC": [0.0] * 3}, name="X", pos_err=1.0, area=1.0)
    others = [
        bm.Catalog(
            {"RA": 10 + rng.normal(0, 1e-6, 60), "DEC": np.zeros(60)},
            name=name,
            pos_err=1.0,
            area=1.0,
        )
        for name in "ABCD"
    ]
    monkeypatch.setattr(memory, "available_bytes", lambda: 8 << 30)
    with pytest.raises(ValueError, match=r"41,537,523 associations of 'X'.*GiB.*8 GiB.*radius"):
        bm.match(x, *others, radius=5.0, host_fraction=0.5, prune=0.0)


def test_what_cannot_fit_is_not_counted_for_hours(monkeypatch):
    """Whatever max_rows: 10^13 combinations, of which memory holds some hundred thousand."""
    x = bm.Catalog({"RA": [10.0] * 3, "DEC": [0.0] * 3}, name="X", pos_err=1.0, area=1.0)
    others = [
        bm.Catalog({"RA": [10.0] * 900, "DEC": [0.0] * 900}, name=name, pos_err=1.0, area=1.0)
        for name in "ABCD"
    ]
    for module in (memory, associations):
        monkeypatch.setattr(module, "available_bytes", lambda: 1 << 28)
    monkeypatch.setattr(associations, "COUNTED", 1000)
    monkeypatch.setattr(memory, "SMALL", 0)
    with pytest.raises(ValueError, match=r"over [0-9,]+ associations of 'X' would need .*GiB"):
        bm.match(x, *others, radius=5.0, host_fraction=0.5, prune=0.0, max_rows=10**14)


def test_memory_is_what_the_system_says():
    known = memory.available_bytes()
    assert known is None or known > 1 << 20
    memory.check_memory(1.0, "one byte", "")
    if known is not None:
        with pytest.raises(ValueError, match="that would need about .* GiB .* are available; less"):
            memory.check_memory(1e18, "that", "less")


@pytest.mark.parametrize("ratio", [10.0, 1e4, 1e6])
def test_the_density_of_the_error_fit(ratio):
    """N(d; mu, V) and V^-1 d with thin ellipses, against 90 digits; the gradient by differences."""
    rng = np.random.default_rng(3)
    gradient, other = np.empty(4), np.empty(4)
    for _ in range(10):
        x, ellipses = thin_members(rng, 2, ratio)
        rows = np.column_stack(columns(x, ellipses))
        model = np.array([0.0, 0.0, 0.0, 0.0])
        density = error_kernels.candidate_density(model, rows[0, 2:], rows[1], gradient)
        expected = exact_ln_bayes(x, ellipses) - bayes_factor.LN_SCALE - math.log(2 * math.pi)
        assert math.log(density) == pytest.approx(expected, abs=1e-8, rel=1e-9)
        step = 1e-6
        ahead = error_kernels.candidate_density(
            model + [step, 0, 0, 0], rows[0, 2:], rows[1], other
        )
        assert (math.log(ahead) - math.log(density)) / step == pytest.approx(
            gradient[0], abs=1e-2 * max(1.0, abs(gradient[0]))
        )


def test_the_error_fit_takes_thin_ellipses():
    rng = np.random.default_rng(2)
    n = 200
    ra, dec = 10 + 0.5 * rng.random(n), 0.5 * rng.random(n)
    pa = np.radians(30.0)
    along, across = rng.normal(size=(2, n)) * [[3.0], [3e-4]]
    o = bm.Catalog({"RA": ra, "DEC": dec}, name="O", pos_err=1e-5, area=0.25)
    x = bm.Catalog(
        {
            "RA": ra + (along * np.sin(pa) - across * np.cos(pa)) / 3600 / np.cos(np.radians(dec)),
            "DEC": dec + (along * np.cos(pa) + across * np.sin(pa)) / 3600,
        },
        name="X",
        pos_err=bm.ErrorEllipse(3.0, 3e-4, 30.0),
        area=0.25,
    )
    fit = bm.fit_position_errors(x, o, radius=20.0)
    assert fit.scale == pytest.approx(1.0, abs=0.2) and np.isfinite(fit.covariance).all()
    distance = np.asarray(fit.candidates["before"])
    assert np.isfinite(distance).all()


def test_half_axes_give_the_covariance_back():
    for pa in (0.0, 30.0, 45.0, 90.0, 135.0, 179.0):
        (xx, yy, xy), det = ellipse_covariance(np.array([5.0]), np.array([0.5]), pa)[0], 6.25
        ax, ay, bx, by = thin.half_axes(xx, yy, xy, det)
        np.testing.assert_allclose(
            [ax * ax + bx * bx, ay * ay + by * by, ax * ay + bx * by], [xx, yy, xy], atol=1e-13
        )
        assert abs(ax * by - ay * bx) == pytest.approx(2.5)
