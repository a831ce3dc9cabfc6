"""Every equation of docs/theory.md in plain NumPy, on small cases, beside the package's numbers.

A test names the equations that it checks by their labels on the page; every label has one.
"""

import ast
import itertools
import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shared_reference
from scipy import stats
from scipy.spatial import cKDTree
from small_skies import BY_HAND, catalog

import bayesmatch as bm
from bayesmatch._kernels import position_errors as error_kernels
from bayesmatch._kernels import sphere
from bayesmatch._kernels.expected_objects import expected_objects
from bayesmatch._kernels.field_links import LN_CHANCE
from bayesmatch._kernels.shared_objects import new_scratch, tables
from bayesmatch.catalogs.candidates import find_candidates
from bayesmatch.catalogs.gaussian import ellipse_covariance
from bayesmatch.catalogs.motions import Motions
from bayesmatch.catalogs.sky_box import SkyBox
from bayesmatch.catalogs.tails import Tails, profile_with
from bayesmatch.diagnostics import metrics
from bayesmatch.likelihood.nway import ln_full_sky
from bayesmatch.matching import beyond as beyond_module
from bayesmatch.matching import claims as claims_module
from bayesmatch.matching import hole_rims, partly_outside
from bayesmatch.matching.associations import build_associations
from bayesmatch.matching.beyond import by_pattern, counterparts_beyond, share_beyond
from bayesmatch.matching.calibrated import independent_likelihood
from bayesmatch.matching.covariates import design_matrix, with_clumps
from bayesmatch.matching.density_ladder import Ring, densities, gamma_shape
from bayesmatch.matching.error_fit.frame import frame_design
from bayesmatch.matching.error_fit.likelihood import ErrorLikelihood, Neighbours
from bayesmatch.matching.error_fit.model import ErrorModel
from bayesmatch.matching.expected import Believed, expected_of
from bayesmatch.matching.field import FieldDensity, UniformField
from bayesmatch.matching.field_links import surroundings
from bayesmatch.matching.field_objects import FieldObjects, field_rho, ln_relative
from bayesmatch.matching.field_trend import trend
from bayesmatch.matching.footprint_share import FootprintShare
from bayesmatch.matching.fraction_likelihood import FractionLikelihood
from bayesmatch.matching.hole_rims import Rims, SeenAround
from bayesmatch.matching.host_fraction import fit_host_fraction
from bayesmatch.matching.inner_circles import Circles, inner_circles
from bayesmatch.matching.local_ratio import without_mean_ratio
from bayesmatch.matching.looked_at import Around, looked_at
from bayesmatch.matching.merged import _together
from bayesmatch.matching.posterior import bayes_factors, posterior_of, without_unrelated
from bayesmatch.matching.ratio_ladder import local_means, scatter_shape, with_density
from bayesmatch.matching.round_sources import _ln_probability, keep_to_sources
from bayesmatch.matching.same_source import Duplicates, _mixture, close_pairs, find_duplicates
from bayesmatch.matching.seen_by_each import among_those_that_looked, collapsed, mixed
from bayesmatch.matching.set_sizes import ln_sizes_of
from bayesmatch.matching.setting import make_setting
from bayesmatch.matching.settled import KnownClaims
from bayesmatch.matching.shared_objects import shared_ln_likelihood
from bayesmatch.priors.density_ratio import DensityRatio
from bayesmatch.priors.field_means import field_means
from bayesmatch.priors.hats import Hats
from bayesmatch.priors.learned_ratio import LearnedRatio
from bayesmatch.priors.source_context import Folds, SourceContext
from bayesmatch.testing import reference

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/theory.md").read_text()
ARCSEC, SKY_DEG2 = np.pi / 180 / 3600, 4 * np.pi * (180 / np.pi) ** 2
#: label -> test
TESTED = {}


def equation(*labels):
    """The equations of the page that a test writes down."""

    def mark(test):
        for label in labels:
            assert label not in TESTED, label
            TESTED[label] = test
        return test

    return mark


def test_every_equation_of_the_page_is_tested():
    labels = re.findall(r"^\$\$ \((eq-[\w-]+)\)$", PAGE, re.M)
    assert len(set(labels)) == len(labels) == PAGE.count("$$") // 2
    assert set(labels) == set(TESTED)
    referred = set(re.findall(r"\{eq\}`([\w-]+)`", PAGE))
    assert referred <= set(labels)
    table = re.findall(r"^\| \{eq\}`(eq-[\w-]+)` \| `(eq-[\w-]+)` \| `(test_\w+)` \|$", PAGE, re.M)
    assert table == [(label, label, TESTED[label].__name__) for label in labels]


def test_signs_are_those_that_fonts_have():
    # Browsers draw MathML with the fonts of the machine: a box stood for "without".
    assert "\\setminus" not in PAGE


def test_every_place_in_the_code_is_there():
    places = re.findall(r"`([\w/]+\.py)`\s\(((?:`[\w.]+`(?:,\s+)?)+)\)", PAGE)
    named = [path for path in re.findall(r"`([\w/]+\.py)`", PAGE) if "tests/" not in path]
    assert len(places) == len(named) > 60
    for path, names in places:
        tree = ast.parse((ROOT / "bayesmatch" / path).read_text())
        there = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        for name in re.findall(r"`([\w.]+)`", names):
            owner, _, method = name.partition(".")
            assert owner in there, (path, name)
            if method:
                methods = [n.name for n in there[owner].body if isinstance(n, ast.FunctionDef)]
                assert method in methods, (path, name)


# Positions and their errors


def unit(ra, dec):
    a, d = np.radians(ra), np.radians(dec)
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)


def east_north(ra, dec):
    a, d = np.radians(ra), np.radians(dec)
    east = np.stack([-np.sin(a), np.cos(a), 0 * a], axis=-1)
    north = np.stack([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)], axis=-1)
    return east, north


@equation("eq-separation")
@pytest.mark.parametrize("place", [(10.0, 20.0, 10.001, 20.002), (359.99, 89.9, 180.0, 89.8)])
def test_separation(place):
    a, b, c, d = place
    found = sphere.separation(a, b, np.cos(np.radians(b)), c, d, np.cos(np.radians(d)))
    chord = np.linalg.norm(unit(a, b) - unit(c, d))
    assert found == pytest.approx(2 * np.arcsin(0.5 * chord) / ARCSEC, rel=1e-9)


@equation("eq-ellipse")
def test_ellipse():
    a, b, theta = np.array([2.0, 3.0]), np.array([1.0, 0.2]), np.array([0.0, 37.0])
    t = np.radians(theta)
    wanted = np.column_stack(
        [
            a**2 * np.sin(t) ** 2 + b**2 * np.cos(t) ** 2,
            a**2 * np.cos(t) ** 2 + b**2 * np.sin(t) ** 2,
            (a**2 - b**2) * np.sin(t) * np.cos(t),
        ]
    )
    np.testing.assert_allclose(ellipse_covariance(a, b, theta), wanted, rtol=1e-12, atol=1e-15)


@equation("eq-sigma-from-radius")
def test_sigma_from_radius():
    for p in (0.3, 0.68, 0.9, 0.99):
        wanted = 3.0 / np.sqrt(-2 * np.log(1 - p))
        assert bm.sigma_from_radius(3.0, p) == pytest.approx(wanted, rel=1e-12)


@equation("eq-tails")
def test_tails():
    w, kappa = 0.1, 4.0
    profile, x = profile_with(Tails(w, kappa)), np.array([0.3, 1.0, 2.5, 7.0])

    def plane(sigma):
        return np.exp(-0.5 * (x / sigma) ** 2) / (2 * np.pi * sigma**2)

    p = (1 - w) * plane(1.0) + w * plane(kappa)
    np.testing.assert_allclose(profile.density(x), 2 * np.pi * x * p, rtol=1e-12)
    beyond = (1 - w) * np.exp(-(x**2) / 2) + w * np.exp(-(x**2) / 2 / kappa**2)
    np.testing.assert_allclose(profile.beyond(x), beyond, rtol=1e-12)


@equation("eq-proper-motion", "eq-motion-error")
def test_motions():
    rng = np.random.default_rng(0)
    ra, dec = rng.uniform(0, 360, 5), np.array([-80.0, -10.0, 0.0, 45.0, 89.9])
    pm, error = rng.normal(0, 800, (2, 5)), rng.uniform(1, 9, (5, 2))
    motions = Motions(ra, dec, *pm, error, np.full(5, 2016.0))
    t = 1990.0 - 2016.0
    east, north = east_north(ra, dec)
    u = unit(ra, dec) + t * 1e-3 * ARCSEC * (pm[0][:, None] * east + pm[1][:, None] * north)
    u /= np.linalg.norm(u, axis=1)[:, None]
    np.testing.assert_allclose(unit(*motions.at(1990.0)), u, rtol=0, atol=1e-14)
    wanted = (t * 1e-3 * error) ** 2  # mas/yr to arcsec
    np.testing.assert_allclose(motions.variance(1990.0), wanted, rtol=1e-12)


# Bayes factors


def ln_bayes(x, c):
    """eq-bayes-general: offsets (m, 2) arcsec, covariances (m, 2, 2) arcsec^2."""
    x, c = np.asarray(x) * ARCSEC, np.asarray(c) * ARCSEC**2
    p = np.linalg.inv(c)
    w, h = p.sum(axis=0), np.einsum("mij,mj->i", p, x)
    ln_dets = np.log(np.linalg.det(c)).sum() + np.log(np.linalg.det(w))
    square = np.einsum("mi,mij,mj->", x, p, x) - h @ np.linalg.inv(w) @ h
    return (len(x) - 1) * np.log(2) - ln_dets / 2 - square / 2


def some_covariances(rng, m):
    a = rng.normal(size=(m, 2, 2))
    return a @ a.transpose(0, 2, 1) + 0.3 * np.eye(2)


@equation("eq-bayes-circles")
def test_bayes_factor_of_circles():
    rng = np.random.default_rng(1)
    for m in (2, 3, 5):
        x, sigma = rng.normal(size=(m, 2)), rng.uniform(0.5, 2, m)
        w = 1 / (sigma * ARCSEC) ** 2
        psi = np.linalg.norm(x[:, None] - x, axis=-1) * ARCSEC
        pairs = sum(w[i] * w[j] * psi[i, j] ** 2 for i in range(m) for j in range(i + 1, m))
        b = 2 ** (m - 1) * w.prod() / w.sum() * np.exp(-pairs / (2 * w.sum()))
        c = sigma[:, None, None] ** 2 * np.eye(2)
        assert bm.likelihood.ln_bayes_factor(x, c) == pytest.approx(np.log(b), rel=1e-12)


@equation("eq-bayes-general")
def test_bayes_factor_of_ellipses():
    rng = np.random.default_rng(2)
    for m in (2, 3, 5):
        x, c = rng.normal(size=(m, 2)), some_covariances(rng, m)
        assert bm.likelihood.ln_bayes_factor(x, c) == pytest.approx(ln_bayes(x, c), rel=1e-10)


@equation("eq-bayes-pair")
def test_bayes_factor_of_a_pair_is_the_density_of_its_offset():
    rng = np.random.default_rng(3)
    x, c = rng.normal(size=(2, 2)), some_covariances(rng, 2)
    d, both = x[1] - x[0], c.sum(axis=0)
    f = np.exp(-0.5 * d @ np.linalg.inv(both) @ d) / (2 * np.pi * np.linalg.det(both) ** 0.5)
    b = 4 * np.pi * f / ARCSEC**2  # per steradian
    assert bm.likelihood.ln_bayes_factor(x, c) == pytest.approx(np.log(b), rel=1e-12)


TAILS = (0.2, 3.0), (0.0, 3.0), (0.1, 5.0)
AREA = 0.01


def sky():
    """Sources with ellipses and two catalogues near them; tails in two of the three."""
    rng = np.random.default_rng(4)
    centre = np.array([[x, y] for x in (0, 60, 120, 180) for y in (0, 60, 120)], float)

    def near(n, sigma):
        return (centre[:, None] + rng.normal(0, sigma, (len(centre), n, 2))).reshape(-1, 2)

    def made(places, name, err, tails):
        plain = catalog(places, name, err, AREA, m=rng.uniform(18, 25, len(places)))
        return bm.Catalog(
            plain.table,
            name=name,
            pos_err=err,
            area=AREA,
            tail_fraction=tails[0],
            tail_factor=tails[1],
        )

    return (
        made(centre, "X", bm.ErrorEllipse(1.2, 0.6, 30.0), TAILS[0]),
        made(near(2, 1.5), "A", 0.4, TAILS[1]),
        made(near(2, 1.5), "B", (0.5, 0.3), TAILS[2]),
    )


PRIOR = bm.HistogramPrior("m", [18, 20, 22], [20, 22, 24], [0.6, 0.3, 0.1], [0.1, 0.3, 0.6])


@pytest.fixture(scope="module")
def matched():
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")  # few sources
        for module in (beyond_module, partly_outside):  # also where little is outside
            patch.setattr(module, "LEAST", 1e-4)
        return bm.match(
            *sky(), radius=4.0, **BY_HAND, priors={"A": [PRIOR]}, prior_completeness=[0.9, 0.6]
        )


def rows_of(result):
    """Source, members (-1: none) and pattern of each association."""
    a = result.associations
    member = np.column_stack([np.asarray(a[name]) for name in result.catalogue_names[1:]])
    pattern = (member >= 0) @ (1 << np.arange(member.shape[1]))
    return np.asarray(a[result.catalogue_names[0]]), member, pattern


def places_of(catalogs, i, members):
    """Offsets and covariances of a source and its members in the plane at the source."""
    x, *others = catalogs
    c = np.array([xx_yy_xy[[0, 2, 2, 1]] for xx_yy_xy in x.covariance()]).reshape(-1, 2, 2)
    out = [(np.zeros(2), c[i])]
    for other, j in zip(others, members, strict=True):
        if j >= 0:
            own = other.covariance()[j][[0, 2, 2, 1]].reshape(2, 2)
            out.append(reference.in_plane(x.ra[i], x.dec[i], other.ra[j], other.dec[j], own))
    return [part[0] for part in out], np.array([part[1] for part in out])


@equation("eq-bayes-tails")
def test_bayes_factor_with_tails(matched):
    catalogs = matched._catalogs
    source, member, _ = rows_of(matched)
    for row in range(0, len(source), 7):
        x, c = places_of(catalogs, source[row], member[row])
        who = [0, *(k + 1 for k, j in enumerate(member[row]) if j >= 0)]
        total = 0.0
        for wide in itertools.product((0, 1), repeat=len(who)):
            share, factor = 1.0, np.ones(len(who))
            for at, (k, is_wide) in enumerate(zip(who, wide, strict=True)):
                w, kappa = TAILS[k]
                share *= w if is_wide else 1 - w
                factor[at] = kappa if is_wide else 1.0
            if share > 0:
                total += share * np.exp(ln_bayes(x, c * factor[:, None, None] ** 2))
        found = matched.associations["dist_bayesfactor_tails"][row]
        assert found == pytest.approx(np.log10(total), rel=1e-7, abs=1e-7)


# NWAY's posterior


@equation("eq-full-sky", "eq-nway-prior")
def test_nway_prior():
    n, area, c = np.array([50, 3000, 700]), np.array([1.0, 2.0, 0.5]), np.array([0.9, 0.4])
    n_plus = (n + 1) / area * SKY_DEG2
    np.testing.assert_allclose(ln_full_sky((n[1:] + 1) / area[1:]), np.log(n_plus[1:]), rtol=1e-14)
    members = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 1]]
    wanted = [1.0, c[0] / n_plus[1], c[1] / n_plus[2], c.prod() / n_plus[1:].prod()]
    found = bm.likelihood.ln_prior(n, area, c, members)
    np.testing.assert_allclose(found, np.log(wanted), rtol=1e-14, atol=1e-14)


@equation("eq-nway-single", "eq-nway-any", "eq-nway-i", "eq-nway-flag")
def test_nway_posterior():
    rng = np.random.default_rng(5)
    for _ in range(5):
        b, pi = np.exp(rng.normal(20, 2, 6)), np.exp(rng.normal(-20, 1, 6))
        r = np.exp(rng.normal(0, 1, 6))
        b[0] = pi[0] = r[0] = 1.0
        found = bm.likelihood.nway_posterior(np.log(b), np.log(pi), np.log(r), np.zeros(6, int))
        w = pi * b * r
        some = w[1:].sum()
        assert found.p_any[0] == pytest.approx(1 - w[0] / w.sum(), rel=1e-12)
        p_i = np.append(0.0, w[1:] / some)
        np.testing.assert_allclose(found.p_i, p_i, rtol=1e-12)
        np.testing.assert_allclose(found.p_single, 1 / (1 + (1 - pi) / (pi * b * r)), rtol=1e-12)
        flag = np.where(p_i == p_i.max(), 1, np.where(p_i > 0.5 * p_i.max(), 2, 0))
        np.testing.assert_array_equal(found.match_flag, flag)


@equation("eq-unrelated")
def test_unrelated_associations(matched):
    """Of three catalogues only "no counterpart" leaves out two."""
    _, a, b = matched._catalogs
    n = [len(c) / AREA * SKY_DEG2 for c in (a, b)]
    n_plus = [(len(c) + 1) / AREA * SKY_DEG2 for c in (a, b)]
    source, member, pattern = rows_of(matched)
    column = matched.associations["dist_bayesfactor"]
    added = np.log(10) * (column - matched.associations["dist_bayesfactor_uncorrected"])
    assert np.all(added[pattern > 0] == 0)
    some = 0
    for i in range(len(matched.sources)):
        best = 0.0
        for row in np.flatnonzero((source == i) & (pattern == 3)):
            x, c = places_of(matched._catalogs, i, member[row])
            best = max(best, ln_bayes(x[1:], c[1:]) + np.log(n[0] / n_plus[0] / n_plus[1]))
        assert added[(source == i) & (pattern == 0)][0] == pytest.approx(best, rel=1e-8, abs=1e-8)
        some += best > 0
    assert some > 3


# Prior ratios


@equation("eq-histogram")
def test_histogram():
    m = np.array([17.0, 18.0, 19.0, 20.0, 23.0, 24.0, 25.0, np.nan, -99.0])
    o = catalog(np.zeros((len(m), 2)), "O", m=m)
    ratio = [1, 6, 6, 1, 1 / 6, 1 / 6, 1, 1, 1]  # the last edge belongs to the last bin
    np.testing.assert_allclose(10 ** PRIOR.log10_ratio(o), ratio, rtol=1e-12)
    empty = bm.HistogramPrior("m", [18, 20], [20, 22], [0.5, 0.5], [0.5, 0.0])
    assert 10 ** empty.log10_ratio(o)[3] == 100


def hats_by_hand(x, knots, coefficients):
    """A function of one feature that is linear between knots; the last number where missing."""
    values = np.interp(x, knots, coefficients[:-1])
    return np.where(np.isnan(x), coefficients[-1], values)


@equation("eq-tilt", "eq-alike")
def test_learned_ratio():
    rng = np.random.default_rng(6)
    field = rng.normal(22, 2, 4000)
    field[::10] = np.nan
    knots, f = np.array([18.0, 20.0, 23.0, 26.0]), rng.normal(0, 1, (2, 5))
    context = SourceContext(("flux",), (False,), (0.0,), (1.0,), (-2.0,), (2.0,))
    hats = Hats((knots,))
    by_hand = np.column_stack([hats_by_hand(field, knots, row) for row in f])
    found = hats.sums(hats.entries(field[:, None]), f.T)
    np.testing.assert_allclose(found, by_hand, rtol=1e-12, atol=1e-12)
    ln_z, cap, _ = field_means(np.zeros(len(field)), by_hand, context.nodes())
    highest = []
    for node, ln_mean in zip(context.nodes()[:, 0], ln_z, strict=True):
        ln_r = by_hand[:, 0] + node * by_hand[:, 1] - ln_mean
        assert np.exp(np.minimum(ln_r, cap)).mean() == pytest.approx(1.0, abs=2e-5)
        highest.append(np.count_nonzero(ln_r > cap))
    assert min(highest) <= 10
    epsilon = 0.1
    prior = LearnedRatio(
        "p",
        ["m"],
        None,
        context,
        Folds(0, ()),
        hats,
        f[None],
        ln_z[None],
        np.array([cap]),
        np.array([cap]),
        epsilon,
        (),
        {},
    )
    u = context.nodes()[3]  # a node, where nothing is interpolated
    x = field[:50]
    r_0 = np.exp(np.minimum(by_hand[:50, 0] + u * by_hand[:50, 1] - ln_z[3], cap))
    wanted = np.where(np.isnan(x), 1.0, (1 - epsilon) * r_0 + epsilon)  # nothing known at all
    values = np.tile(u, (50, 1))
    found = 10 ** prior.log10_ratio_of_fold(0, x[:, None], np.zeros(50), values)
    np.testing.assert_allclose(found, wanted, rtol=1e-10)


@equation("eq-density-ratio")
def test_density_ratio():
    alpha, beta, low, high = -0.3, 1.2, -4.0, 3.0
    gamma, other = {"01": 0.7}, -0.2
    nodes, ln_mean = [0.0, 1.0, 2.0], [0.1, 0.5, 0.2]
    ratio = DensityRatio(alpha, beta, low, high, gamma, other, [nodes], ln_mean, [False])
    logit, missing = np.array([-9.0, 0.5, 8.0]), np.array([[0, 0], [0, 1], [1, 1]], bool)
    bounded = np.minimum(np.maximum(logit, low), high)
    wanted = alpha + beta * bounded + np.array([other, 0.7, other])
    np.testing.assert_allclose(ratio.ln_ratio(logit, missing), wanted, rtol=1e-13)
    u = np.array([[0.5], [1.0], [5.0]])
    found = ratio.ln_context_mean(u)
    np.testing.assert_allclose(found, np.interp(u[:, 0], nodes, ln_mean), rtol=1e-13)


@equation("eq-combination")
def test_combinations_count_against_no_counterpart():
    def says(members):
        return np.where(np.ma.getmaskarray(members["A"]["m"]), 0.4, 1.1)

    x, a, _ = sky()
    prior = bm.CombinationPrior("both", says, columns={"A": ["m"]})
    how = {**BY_HAND, "host_fraction": 0.6, "host_covariates": None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with_it = bm.match(x, a, radius=4.0, priors={None: [prior]}, **how)
        without = bm.match(x, a, radius=4.0, **how)
    # what is beyond the radius stays with no counterpart: the odds are multiplied
    gain = with_it.sources["log10_odds_host"] - without.sources["log10_odds_host"]
    some = np.asarray(without.sources["n_candidates"]) > 0
    np.testing.assert_allclose(np.asarray(gain)[some], 1.1 - 0.4, rtol=1e-9)


# The field


@equation("eq-density-start", "eq-density-ladder")
def test_densities():
    rng = np.random.default_rng(7)
    n, stated = 200, 0.002
    rho = 0.003 * np.exp(rng.normal(0, 0.5, n))

    def ring(size):
        area = np.full(n, size)
        return Ring(rng.poisson(rho * area).astype(float), area)

    near, far = [ring(100.0), ring(300.0)], [ring(5e3), ring(5e4)]
    found = densities(near, far, stated, n)
    inwards = [far[1], far[0], near[1], near[0]]
    start = (inwards[0].count.sum() + 4) / (inwards[0].area.sum() + 4 / stated)
    assert found.mean == pytest.approx(start, rel=1e-12)
    density = np.full(n, start)
    for one, alpha in zip(inwards, found.shapes, strict=True):
        density = (one.count + alpha) / (one.area + alpha / density)
    np.testing.assert_allclose(found.here, density, rtol=1e-12)
    assert found.shapes[0] < 20 and found.shapes[-1] == 1e7  # densities vary, and no more inside


@equation("eq-density-shape")
def test_density_shape():
    rng = np.random.default_rng(8)
    expected = rng.uniform(2, 40, 500)
    count = rng.poisson(expected * rng.gamma(4.0, 1 / 4.0, 500)).astype(float)
    taken = rng.uniform(0, 0.5, 500)
    variance = 0.0
    for _ in range(4):
        chance = expected + taken
        t = expected**2 / (2 * (chance + variance * expected**2) ** 2 + chance)
        numbers = t * ((count - expected) ** 2 - expected - taken)
        variance = numbers.sum() / (t * expected**2).sum()
    assert variance > 4 * (t * expected**2).sum() ** -0.5
    assert gamma_shape(count, expected, taken) == pytest.approx(1 / variance, rel=1e-10)
    assert 3 < 1 / variance < 5.5
    assert gamma_shape(rng.poisson(expected).astype(float), expected) == 1e7


@equation("eq-mean-ratio", "eq-mean-ratio-start")
def test_mean_ratios():
    rng = np.random.default_rng(9)
    n, m = 60, 20_000
    ra, dec = 150 + rng.random(n), rng.random(n)
    at_ra, at_dec = 149.9 + 1.2 * rng.random(m), -0.1 + 1.2 * rng.random(m)
    r = rng.gamma(0.5, 2.0, m) * (1.0 + (at_ra > 150.5))
    density = 1000.0 * (1.0 + (ra < 150.5))
    box = SkyBox(ra, dec)
    found = local_means(box, at_ra, at_dec, r, density)
    kappa = (r**2).sum() / r.sum()
    peaked = ((r / kappa) ** 4).sum() / (r / kappa).sum()
    number, summed = np.zeros(box.shape), np.zeros(box.shape)
    cells = np.unravel_index(box.cell_numbers(at_ra, at_dec), box.shape)
    np.add.at(number, cells, 1.0)
    np.add.at(summed, cells, r)
    within, ratio = box.windows(number, summed)[:2]
    # with the density: f is the most likely one
    sparse = 1 / density
    sparse *= within[:, 1].sum() / (within[:, 1] @ sparse)
    relative, f = with_density(
        ratio[:, 1] / kappa, within[:, 1] / kappa, density, within[:, 1].sum() / m
    )
    np.testing.assert_allclose(relative, 1 + f * (sparse - 1), rtol=1e-12)
    assert f > 0.3 and f == pytest.approx(found.thinned, rel=1e-6)

    def likely(g):
        return (ratio[:, 1] / kappa) @ np.log(1 + g * (sparse - 1))

    assert likely(f) >= max(likely(f - 0.02), likely(min(f + 0.02, 0.998))) - 1e-6
    c = (r.sum() / kappa + 4) / (m / kappa + 4) * relative
    for w in reversed(range(within.shape[1])):
        inner = w - 1
        objects = within[:, w] - (within[:, inner] if w else 0.0)
        sums = ratio[:, w] - (ratio[:, inner] if w else 0.0)
        repeated = max(1.0, within[:, w].sum() / m)
        alpha = scatter_shape(sums / kappa, objects / kappa * c, repeated, peaked)
        c = (sums / kappa + alpha) / (objects / kappa + alpha / c)
    np.testing.assert_allclose(found.mean, c, rtol=1e-9)


def prepared(catalogs, radius, ln_ratio=0.0):
    """A match up to its associations, in a uniform field."""
    primary, *others = catalogs
    candidates = find_candidates(primary, others, radius, max_rows=10**7)
    completeness = [1.0] * len(others)
    setting = make_setting(
        primary, others, candidates, UniformField(), completeness, True, radius, ()
    )
    slots = np.full(len(candidates.row), ln_ratio)
    associations = build_associations(setting, slots, prune=0.0, max_rows=10**7)
    bayes = bayes_factors(setting, associations)
    return setting, associations, posterior_of(setting, associations, bayes, slots, 0.5)


def crowded():
    """Three sources with two or three detections of each of two catalogues."""
    rng = np.random.default_rng(10)
    centre = np.array([[0, 0], [100, 0], [0, 100]], float)
    near = [(centre[:, None] + rng.normal(0, 1.2, (3, k, 2))).reshape(-1, 2) for k in (2, 3)]
    return (
        catalog(centre, "X", bm.ErrorEllipse(0.9, 0.5, 20.0)),
        catalog(near[0], "A", bm.ErrorEllipse(0.6, 0.3, 70.0)),
        catalog(near[1], "B", 0.4),
    )


COUNTS = np.array([0.0, 40.0, 25.0, 30.0])


def around(setting, i):
    """Detections (catalogue, place, covariance) around a source, and its own covariance."""
    from bayesmatch.matching.candidate_positions import tangent_planes

    n_other = len(setting.others)
    plane = tangent_planes(
        setting.primary, setting.candidates, setting.positions, [(0, len(setting.primary))]
    )
    found = []
    for k in range(n_other):
        for s in range(*setting.candidates.start[[i * n_other + k, i * n_other + k + 1]]):
            xx, yy, xy = plane[s, 2:5]
            found.append((k, plane[s, :2], np.array([[xx, xy], [xy, yy]])))
    xx, yy, xy = setting.primary.covariance()[i]
    return found, np.array([[xx, xy], [xy, yy]])


@equation("eq-shared-densities")
def test_shared_densities():
    rng = np.random.default_rng(11)
    field = FieldObjects(np.append(0.0, rng.uniform(5, 50, 7)), np.full(8, 1 / 8))
    bits = np.arange(8)[:, None] >> np.arange(3) & 1
    rho = (bits.T @ field.count) * np.exp(rng.normal(0, 0.3, (20, 3)))
    nu = field.per_arcsec2(rho)
    for k in range(3):
        np.testing.assert_allclose(sum(nu[:, t] for t in range(8) if t >> k & 1), rho[:, k])
    as_counted = field.per_arcsec2((bits.T @ field.count)[None])[0]
    np.testing.assert_allclose(as_counted, field.count, rtol=1e-9, atol=1e-9)


def by_recursion(detections, nu):
    """eq-partition-recursion over all subsets, as bits."""
    z = {0: 1.0}
    for s in range(1, 1 << len(detections)):
        low = min(b for b in range(len(detections)) if s >> b & 1)
        z[s] = 0.0
        for g in range(1, s + 1):
            if g & ~s or not g >> low & 1:
                continue
            members = [detections[b] for b in range(len(detections)) if g >> b & 1]
            pairs = itertools.combinations(members, 2)
            if all(shared_reference.linked(a, b) for a, b in pairs):
                pattern = sum(1 << k for k, _, _ in members)
                b_g = shared_reference.gaussian_product(
                    [x for _, x, _ in members], [c for _, _, c in members]
                )
                z[s] += nu[pattern] * b_g * z[s ^ g]
    return z[(1 << len(detections)) - 1]


@equation("eq-partitions", "eq-partition-recursion")
def test_partitions():
    setting, _, _ = prepared(crowded(), 15.0)
    rho = field_rho(setting.field.plus_one)
    nu = FieldObjects(COUNTS, np.full(4, 0.25)).per_arcsec2(rho)
    for i in range(3):
        found, _ = around(setting, i)
        plane = np.array([[*x, c[0, 0], c[1, 1], c[0, 1], np.linalg.det(c)] for _, x, c in found])
        catalogue = np.array([k for k, _, _ in found])
        relative = ln_relative(nu[i : i + 1], rho[i : i + 1])[0]
        *_, at, ln_z, cut = tables(catalogue, plane, relative, np.zeros(len(found)), new_scratch())
        assert cut == 0
        total = sum(ln_z[end - 1] for end in at[1:])  # over the components
        z = shared_reference.field_likelihood(found, nu[i])
        # the code has it over that of independent catalogues
        wanted = np.log(z) - sum(np.log(rho[i, k]) for k in catalogue)
        assert total == pytest.approx(wanted, rel=1e-9)
        assert by_recursion(found, nu[i]) == pytest.approx(z, rel=1e-10)
    assert LN_CHANCE == pytest.approx(np.log(4 * np.pi / ARCSEC**2))


@equation("eq-shared-likelihood")
def test_shared_likelihood():
    ln_ratio = 0.4
    setting, associations, post = prepared(crowded(), 15.0, ln_ratio)
    density = replace(setting.field, objects=FieldObjects(COUNTS, np.full(4, 0.25)))
    evidence = without_unrelated(associations, post)
    found = shared_ln_likelihood(setting, associations, evidence, density)
    nu = density.objects.per_arcsec2(field_rho(density.plus_one))
    for i in range(3):
        detections, own = around(setting, i)
        base = setting.candidates.start[2 * i]
        for row in range(*associations.first[[i, i + 1]]):
            members = [int(s - base) for s in associations.member[row] if s >= 0]
            left = [d for k, d in enumerate(detections) if k not in members]
            b = shared_reference.gaussian_product(
                [np.zeros(2), *(detections[k][1] for k in members)],
                [own, *(detections[k][2] for k in members)],
            )
            z, z_all = (shared_reference.field_likelihood(d, nu[i]) for d in (left, detections))
            like = b * z / z_all * np.exp(ln_ratio * len(members)) if members else 1.0
            assert found.ln_like[row] == pytest.approx(np.log(like), rel=1e-9, abs=1e-9)


@equation("eq-shared-em")
def test_expected_objects():
    setting, associations, post = prepared(crowded(), 15.0)
    rho = field_rho(setting.field.plus_one)
    field = FieldObjects(COUNTS, np.array([0.2, 0.3, 0.1, 0.4]))
    nu, evidence = field.per_arcsec2(rho), without_unrelated(associations, post)
    density = replace(setting.field, objects=field)
    like = np.exp(shared_ln_likelihood(setting, associations, evidence, density).ln_like)
    count, hosts = np.empty((2, 3, 4))
    expected_objects(
        np.arange(3),
        *surroundings(setting),
        ln_relative(nu, rho),
        np.log(rho * 3600.0**2 * SKY_DEG2),
        associations.first,
        associations.member,
        evidence,
        np.tile(np.log(field.hosts), (3, 1)),
        1e9,
        count,
        hosts,
    )
    wanted = np.zeros(4)
    for i in range(3):
        detections, _ = around(setting, i)
        base, rows = setting.candidates.start[2 * i], range(*associations.first[[i, i + 1]])
        member = associations.member
        pattern = [int((member[row] >= 0) @ [1, 2]) for row in rows]
        p = np.array([field.hosts[t] * like[row] for t, row in zip(pattern, rows, strict=True)])
        p /= p.sum()
        for chance, row in zip(p, rows, strict=True):
            taken = {int(s - base) for s in member[row] if s >= 0}
            left = [d for k, d in enumerate(detections) if k not in taken]
            number, z = np.zeros(4), 0.0
            for partition in shared_reference.partitions(list(range(len(left)))):
                weight, seen = 1.0, np.zeros(4)
                for group in partition:
                    members = [left[d] for d in group]
                    pairs = itertools.combinations(members, 2)
                    if not all(shared_reference.linked(a, b) for a, b in pairs):
                        weight = 0.0
                        break
                    t = sum(1 << k for k, _, _ in members)
                    seen[t] += 1
                    weight *= nu[i, t] * shared_reference.gaussian_product(
                        [x for _, x, _ in members], [c for _, _, c in members]
                    )
                number += weight * seen
                z += weight
            wanted += chance * number / z
    np.testing.assert_allclose(count.sum(axis=0), wanted, rtol=1e-8)


# Calibrated probabilities


@equation("eq-likelihood")
def test_likelihood():
    setting, associations, post = prepared(crowded(), 15.0, 0.3)
    n, rng = len(setting.primary), np.random.default_rng(12)
    field = replace(
        setting.field,
        plus_one=rng.uniform(1e3, 1e5, (n, 2)),
        mean_ratio=rng.uniform(0.5, 2, (n, 2)),
    )
    evidence = without_mean_ratio(associations, field, without_unrelated(associations, post))
    found = independent_likelihood(associations, field.ln_full_sky, evidence)
    for i in range(n):
        detections, own = around(setting, i)
        base = setting.candidates.start[2 * i]
        for row in range(*associations.first[[i, i + 1]]):
            slots = [int(s - base) for s in associations.member[row] if s >= 0]
            members = [detections[s] for s in slots]
            b = (
                np.exp(
                    ln_bayes(
                        [np.zeros(2), *(x for _, x, _ in members)],
                        [own, *(c for _, _, c in members)],
                    )
                )
                if members
                else 1.0
            )
            like = b * np.exp(0.3 * len(members))
            for k, _, _ in members:
                like /= field.plus_one[i, k] * SKY_DEG2 * field.mean_ratio[i, k]
            assert found[row] == pytest.approx(np.log(like), rel=1e-9, abs=1e-9)


@equation("eq-beyond")
def test_beyond_the_radius():
    rng, radius = np.random.default_rng(13), 4.0
    c = some_covariances(rng, 6)
    c[0] = np.eye(2)
    flat = np.column_stack([c[:, 0, 0], c[:, 1, 1], c[:, 0, 1]])
    tails, errors = (Tails(0.2, 3.0), Tails(0.1, 2.0)), [0.2, 0.7]
    phi = (np.arange(20_000) + 0.5) * 2 * np.pi / 20_000
    wanted = np.zeros(6)
    for w_i, k_i in ((0.8, 1.0), (0.2, 3.0)):
        for w_j, k_j in ((0.9, 1.0), (0.1, 2.0)):
            for sigma in errors:
                m = 0.5 * k_i**2 * (flat[:, 0] + flat[:, 1]) + k_j**2 * sigma**2
                h = k_i**2 * np.sqrt(0.25 * (flat[:, 0] - flat[:, 1]) ** 2 + flat[:, 2] ** 2)
                variance = m[:, None] + h[:, None] * np.cos(phi)
                mean = np.exp(-(radius**2) / 2 / variance).mean(axis=1)
                wanted += w_i * w_j / len(errors) * mean
    np.testing.assert_allclose(share_beyond(flat, tails, errors, radius), wanted, rtol=1e-6)
    plain = share_beyond(flat[:1], (Tails(), Tails()), [0.5], radius)[0]
    assert plain == pytest.approx(np.exp(-(radius**2) / 2 / (1 + 0.25)), rel=1e-12)
    share = rng.random((4, 3))
    for pattern in range(1, 8):
        least = share[:, [k for k in range(3) if pattern >> k & 1]].min(axis=1)
        np.testing.assert_allclose(np.exp(by_pattern(share)[:, pattern]), least, rtol=1e-12)


@equation("eq-beyond-pattern", "eq-partly-outside")
def test_some_or_all_counterparts_beyond_the_radius():
    """Against drawn true positions and drawn detections."""
    rng, radius, n = np.random.default_rng(31), 3.0, 400_000
    x = catalog([[0.0, 0.0]], "X", bm.ErrorEllipse("a", "b", "pa"), a=[2.0], b=[1.2], pa=[35.0])
    places = np.array([[[1.2, 2.3], [-2.0, 0.5]], [[1.5, 2.1], [-0.3, -1.0]]])
    others = [catalog(places[0], "O", 0.5), catalog(places[1], "P", 0.9)]
    setting, associations, _ = prepared((x, *others), radius)
    beyond = counterparts_beyond(setting, {}, associations)
    xx, yy, xy = x.covariance()[0]
    c, errors = np.array([[xx, xy], [xy, yy]]), (0.5, 0.9)

    def outside(m, k):
        return np.hypot(*(m + errors[k] * rng.normal(size=m.shape)).T) > radius

    m = rng.multivariate_normal([0, 0], c, n)
    both = np.mean(outside(m, 0) & outside(m, 1))
    assert np.exp(beyond.ln_share[0, 3]) == pytest.approx(both, abs=0.003)
    assert beyond.ln_share[0, 3] < beyond.ln_share[0, 1:3].min() - 0.05
    seen = 0
    for (pattern, whole), (rows, ln_share) in beyond.partly.parts.items():
        k = pattern - 1
        assert whole == 3
        for row, share in zip(rows, np.exp(ln_share), strict=True):
            offset = places[k][setting.candidates.row[associations.member[row, k]]]
            precision = np.linalg.inv(c) + np.eye(2) / errors[k] ** 2
            sigma = np.linalg.inv(precision)
            m = rng.multivariate_normal(sigma @ offset / errors[k] ** 2, sigma, n)
            assert share == pytest.approx(outside(m, 1 - k).mean(), abs=0.02)
            seen += 1
    assert seen == 4


def problem(rng, n=80, patterns=4, q=3):
    """Likelihoods of patterns, properties, and what lies beyond the radius."""
    like = np.exp(rng.normal(0, 2, (n, patterns)))
    like[:, 0] = 1.0
    z = np.column_stack([np.ones(n), rng.normal(size=(n, q - 1))])
    beyond = np.column_stack([np.ones(n), rng.uniform(0, 0.3, (n, patterns - 1))])
    return like, z, beyond


def softmax(z, beta):
    eta = z @ np.vstack([np.zeros(z.shape[1]), beta]).T
    return np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)


@equation("eq-fraction", "eq-fraction-likelihood")
def test_fractions():
    rng = np.random.default_rng(14)
    like, z, q = problem(rng)
    fit = FractionLikelihood(np.log(like), z, None, np.log(q))

    def slow(beta):
        total = like.copy()
        total[:, 1:] += q[:, 1:]
        value = np.log((softmax(z, beta) * total).sum(axis=1)).sum()
        for at in range(z.shape[1]):
            own = np.append(0.0, beta[:, at])
            ridge = 0.01 if at == 0 else 4.0
            value -= 0.5 * ridge * 2 * ((own**2).sum() - own.sum() ** 2 / len(own))
        return value

    for beta in rng.normal(0, 0.7, (3, 3, 3)):
        np.testing.assert_allclose(np.exp(fit.shares(beta.ravel())[0]), softmax(z, beta))
        assert fit.sums(beta.ravel())[0] == pytest.approx(slow(beta), rel=1e-12)
    best, *_, converged = fit.maximise()
    assert converged
    for step in rng.normal(0, 0.01, (20, 3, 3)):
        assert slow(best.reshape(3, 3) + step) < slow(best.reshape(3, 3))


@equation("eq-fraction-error")
def test_error_of_the_mean_fraction():
    rng = np.random.default_rng(23)
    like, z, _ = problem(rng, n=200, patterns=2, q=2)
    fit = fit_host_fraction(
        np.log(like), z, total=None, labels=["X", "X+O"],
        description={"names": ["1", "a"], "center": {"a": 0.0}, "scale": {"a": 1.0}, "knots": {}},
    )  # fmt: skip
    best, step = np.array(fit.details["coefficients"]["X+O"]), 1e-4

    def value(beta):
        total = np.log((softmax(z, beta[None]) * like).sum(axis=1)).sum()
        return total - 0.5 * (0.01 * beta[0] ** 2 + 4 * beta[1] ** 2)

    e = step * np.eye(2)
    information = -np.array(
        [
            [
                value(best + a + b)
                - value(best + a - b)
                - value(best - a + b)
                + value(best - a - b)
                for b in e
            ]
            for a in e
        ]
    ) / (4 * step**2)
    g = [
        (softmax(z, (best + a)[None]) - softmax(z, (best - a)[None]))[:, 1].mean() / (2 * step)
        for a in e
    ]
    wanted = np.sqrt(g @ np.linalg.inv(information) @ g)
    assert fit.mean_error == pytest.approx(wanted, rel=1e-4)
    assert fit.mean == pytest.approx(softmax(z, best[None])[:, 1].mean(), rel=1e-9)


@equation("eq-covariates")
def test_covariates():
    v = np.array([1.0, 2.0, 3.0, 50.0])
    description = {"center": {"a": 2.0}, "scale": {"a": 0.5}, "knots": {"a": [-1.0, 0.0, 0.5, 1.0]}}
    y = np.clip((v - 2.0) / 0.5, -4, 4)
    bends = [np.maximum(0, y - t) for t in (-1.0, 0.0, 0.5, 1.0)]
    wanted = np.column_stack([np.ones(4), y, y**2, *bends])
    np.testing.assert_array_equal(design_matrix({"a": v}, 4, description), wanted)


@equation("eq-clumps")
def test_clumps():
    here, around = np.array([1.0, 8.0, 30.0, 2.0, 6e4]), np.array([2.0, 4.0, 3.0, 2.0, 5.0])
    plain = np.ones((5, 1)), {"names": ["1"], "center": {}, "scale": {}, "knots": {}}
    z, _ = with_clumps(plain, "OPT", here, around)
    v = np.log(np.maximum(1, here / around))
    assert v[0] == v[3] == 0
    np.testing.assert_allclose(z[:, 1], np.clip((v - v.mean()) / v.std(), -4, 4), rtol=1e-12)


@equation("eq-calibrated", "eq-evidence-sum", "eq-marginal")
def test_calibrated(matched):
    a, s = matched.associations, matched.sources
    source, member, pattern = rows_of(matched)
    pi, q = np.exp(matched.host_fraction.ln_fraction), np.exp(matched.host_fraction.ln_beyond)
    n_k = np.array([(len(c) + 1) / AREA * SKY_DEG2 for c in matched._catalogs[1:]])
    like = 10.0 ** np.asarray(a["dist_bayesfactor_tails"]) * np.asarray(a["bias_A_m"])
    like /= np.where(member >= 0, n_k, 1.0).prod(axis=1)
    assert q[:, 1:].max() > 0.01
    fraction = pi[source, pattern]
    for (_, whole), (rows, ln_r) in matched.host_fraction.partly.parts.items():
        fraction[rows] += pi[source[rows], whole] * np.exp(ln_r)
    assert (fraction > 1.01 * pi[source, pattern]).any()
    for i in range(len(s)):
        mine = np.flatnonzero(source == i)
        none = pi[i, 0] + (pi[i, 1:] * q[i, 1:]).sum()
        weight = fraction[mine] * like[mine]
        weight[pattern[mine] == 0] = none
        total = none + weight[pattern[mine] > 0].sum()
        np.testing.assert_allclose(a["p_match"][mine], weight / total, rtol=1e-9, atol=1e-300)
        assert s["p_hostless"][i] == pytest.approx(none / total, rel=1e-9)
        for k, name in enumerate("AB"):
            with_it = mine[(member[mine, k] == s[name][i]) & (member[mine, k] >= 0)]
            p = np.asarray(a["p_match"])[with_it].sum()
            assert s[f"p_{name}"][i] == pytest.approx(p, rel=1e-9, abs=1e-300)
        public = bm.likelihood.calibrated_posterior(
            np.where(pattern[mine] > 0, np.log(like[mine]), 0.0),
            np.where(pattern[mine] > 0, np.log(fraction[mine]), np.log(none)),
            np.zeros(len(mine), int),
        )
        np.testing.assert_allclose(public.p_match, weight / total, rtol=1e-9, atol=1e-300)


def with_holes(n=600, outside=0.2):
    """Sources of which some lie where nobody has looked, and have no candidates."""
    rng = np.random.default_rng(15)
    expected = rng.uniform(0.5, 3.0, n)
    host, out = rng.random(n) < 0.7, rng.random(n) < outside
    chance = rng.poisson(expected)
    count = np.where(out, 0, chance + host)
    like = np.where(count > 0, np.exp(np.where(host, 4.0, -2.0) + rng.normal(0, 1, n)), 0.0)
    with np.errstate(divide="ignore"):
        ln_like = np.column_stack([np.zeros(n), np.log(like)])
    return FractionLikelihood(ln_like, np.ones((n, 1)), None), count, expected, out


@equation("eq-empty-test")
def test_too_many_sources_without_candidates():
    for outside, wanted in ((0.2, (True, True)), (0.03, (False, True)), (0.0, (False, False))):
        fit, count, expected, out = with_holes(outside=outside)
        beta, empty = fit.maximise()[0], count == 0
        some = out | (np.arange(len(count)) < 20)
        for among, too_many in zip((np.zeros_like(empty), some), wanted, strict=True):
            p = softmax(fit.z, beta.reshape(1, 1))[:, 0] * np.exp(-expected)
            found = [
                (1 / p[of & empty]).sum() - of.sum() > 4 * np.sqrt((1 / p[of] - 1).sum())
                for of in (np.ones_like(empty), among)
            ]
            assert fit.too_many_empty(beta, empty, expected, among) == any(found) == too_many


@equation("eq-outside")
def test_share_outside():
    fit, count, expected, _ = with_holes()
    share = FootprintShare(fit, Circles(count, expected))
    beta = share.maximise(np.zeros(1))[0]
    p = softmax(fit.z, beta.reshape(1, 1))[:, 0] * np.exp(-expected)
    outside = np.where(count == 0, share.share / (share.share + (1 - share.share) * p), 0.0)
    assert outside.mean() == pytest.approx(share.share, abs=1e-5)
    assert share.share == pytest.approx(0.2, abs=0.04)
    np.testing.assert_allclose(share.inside(), 1 - outside, rtol=1e-9)


@equation("eq-inner-circle")
def test_inner_circles():
    rng = np.random.default_rng(24)
    n, radius = 30, 8.0
    x = catalog(rng.uniform(0, 360, (n, 2)), "X", "err", 0.01, err=rng.uniform(0.3, 3.0, n))
    o = catalog(rng.uniform(0, 360, (1500, 2)), "O", 0.4, 0.01)
    setting, _, _ = prepared((x, o), radius)
    beyond = counterparts_beyond(setting, {})
    found = inner_circles(setting, beyond)
    whole = 1500 / 0.01 / 3600**2 * np.pi * radius**2
    sigma = np.hypot(np.asarray(x.table["err"]), 0.4)
    r = np.minimum(radius, np.maximum(radius / np.sqrt(whole), 3 * sigma))
    assert (r < radius).any() and (r == radius).any() and (r > radius / np.sqrt(whole)).any()
    np.testing.assert_allclose(found.expected, whole * (r / radius) ** 2, rtol=1e-6)
    apart = reference.chord_separation(x.ra[:, None], x.dec[:, None], o.ra, o.dec)
    np.testing.assert_array_equal(found.count, (apart < r[:, None]).sum(axis=1))


@equation("eq-rims")
def test_rims_of_holes(monkeypatch):
    rng = np.random.default_rng(25)
    n, wide, m, scatter = 12, 3.5, 20.0, 0.02
    where = [rng.uniform(-0.7, 0.7, (k % 3, 2)) for k in range(n)]
    angle = (np.arange(16) + 0.5) * np.pi / 8
    along = [w[:, :1] * np.sin(angle) + w[:, 1:] * np.cos(angle) for w in where]
    nearest = np.array([np.min(a, axis=0, initial=np.inf) for a in along])
    farthest = np.array([np.max(a, axis=0, initial=-np.inf) for a in along])
    count, field = rng.integers(0, 40, n), rng.uniform(1.0, 3.0, n)
    circles = Circles(np.array([len(w) for w in where]), field)
    around = SeenAround(circles, nearest, farthest, count, np.full(n, m), wide)
    found = Rims(around).ln_ratios((1.1, 0.9), scatter)
    monkeypatch.setattr(hole_rims, "PIECE", 5)
    np.testing.assert_array_equal(Rims(around).ln_ratios((1.1, 0.9), scatter), found)

    def part(x):
        return (np.arccos(min(x, 1)) - min(x, 1) * np.sqrt(1 - min(x, 1) ** 2)) / np.pi

    def ratio(k, a, b):
        inside, cells = 1.1 * field[k], 0.9 * m
        both = (1 + scatter * (inside + cells)) / (1 + scatter * (inside * a + cells * b))
        return b ** count[k] * both ** (count[k] + len(where[k]) + 1 / scatter)

    def place(k, x, inside):
        f, g = part(x), max((wide**2 * part(x / wide) - part(x)) / (wide**2 - 1), 2e-3)
        if inside:
            seen = np.mean([(a < x).all() for a in along[k].T]) if x < 1 else 1.0
            return seen * ratio(k, 1 - f, 1 - g)
        seen = np.mean([(a > min(x, 1)).all() for a in along[k].T])
        return seen * ratio(k, f, g)

    steps = (np.arange(6) + 0.5) / 6
    ranges = np.concatenate([steps, 1 + steps * (wide - 1)]).reshape(4, 3)
    for k in range(n):
        empty = len(where[k]) == 0
        outside, inside = (
            [np.mean([place(k, x, side) for x in some]) for some in ranges] for side in (0, 1)
        )
        far = empty * ratio(k, 0, 2e-3), empty * ratio(k, 0, 1)
        expected = [*far, *outside, 1.0, *inside]
        np.testing.assert_allclose(np.exp(found[k]), expected, rtol=1e-9)


@equation("eq-seen-by-each")
def test_counterparts_that_nobody_can_see():
    rng = np.random.default_rng(26)
    n, n_other = 9, 3
    seen = rng.random((n, n_other)) < 0.6
    seen[0], seen[1] = True, [True, False, False]
    like, share = rng.random((2, n, 1 << n_other))
    like[:, 0] = 1.0
    share /= share.sum(axis=1, keepdims=True)
    of_seen = np.exp(among_those_that_looked(np.log(share), seen))
    of_like = collapsed(like, seen, 1.0)
    for i in range(n):
        visible = int(seen[i] @ (1 << np.arange(n_other)))
        summed = np.zeros(1 << n_other)
        for pattern in range(1 << n_other):
            summed[pattern & visible] += share[i, pattern]
            assert of_like[i, pattern] == like[i, pattern & visible]
        np.testing.assert_allclose(of_seen[i], summed, rtol=1e-12)
        # The evidence is the same with all patterns, and with those that can be seen.
        assert share[i] @ of_like[i] == pytest.approx(summed @ like[i])
    density = FieldDensity(*rng.uniform(1e3, 1e5, (3, n, n_other)), {"model": "local"}, seen=seen)
    rho = np.where(seen, density.plus_one / 3600**2, 0.0)
    np.testing.assert_allclose(density.rho, rho, rtol=1e-12, atol=1e-29)


@equation("eq-may-have-looked")
def test_one_that_may_have_looked():
    rng = np.random.default_rng(30)
    n, n_other, k = 9, 3, 1
    chance = np.ones((n, n_other))
    chance[:6, k] = rng.random(6)
    q = chance[:, k]
    likelihood, pi = rng.random((2, n, 1 << n_other))
    of_set = np.exp(mixed(np.log(likelihood), chance, lambda v, at: collapsed(v, at, 0.0)))
    shares = np.exp(mixed(np.log(pi), chance, among_those_that_looked))
    for s in range(1 << n_other):
        left = s & ~(1 << k)
        without = likelihood[:, left] if left or s == 0 else 1.0
        assert of_set[:, s] == pytest.approx(q * likelihood[:, s] + (1.0 - q) * without)
        kept = pi[:, s] + pi[:, s | 1 << k] if s == left else 0.0
        assert shares[:, s] == pytest.approx(q * pi[:, s] + (1.0 - q) * kept)


@equation("eq-field-trend")
def test_trend_of_small_fields():
    rng = np.random.default_rng(26)
    n = 900
    ra, dec, area = 10 + rng.random(n), rng.random(n), rng.uniform(500.0, 900.0, n)
    for slope in (0.0, 1.5):
        count = rng.poisson(area * 3e-3 * np.exp(slope * (ra - 10.5) - 0.3 * slope * dec))
        rings = [Ring(count * 0.25, area * 0.4), Ring(count * 0.75, area * 0.6)]
        times = trend(rings, ra, dec)
        if slope == 0.0:
            np.testing.assert_array_equal(times, 1.0)
            continue
        z = np.column_stack([np.ones(n), ra, dec])
        level = (count / times).sum() / area.sum()
        for _ in range(50):  # the level at which as many objects are expected
            level *= count.sum() / (level * area * times).sum()
        wrong = z.T @ (count - level * area * times)
        np.testing.assert_allclose(wrong, 0.0, atol=2e-4 * count.sum())
        plane = np.linalg.lstsq(z, np.log(times), rcond=None)[0]
        np.testing.assert_allclose(plane[1:], [1.5, -0.45], atol=0.15)


@equation("eq-round-sources")
def test_objects_that_keep_to_sources():
    rng = np.random.default_rng(27)
    parts, block = rng.random((2, 40)), np.arange(40) // 10
    objects = rng.poisson(5.0, 40)

    def by_multinomial(part):
        return sum(
            stats.multinomial.logpmf(
                objects[block == b],
                objects[block == b].sum(),
                part[block == b] / part[block == b].sum(),
            )
            for b in range(4)
        )

    found = [_ln_probability(objects, part, block) for part in parts]
    want = [by_multinomial(part) for part in parts]
    np.testing.assert_allclose(found[0] - found[1], want[0] - want[1], rtol=1e-9)
    at = 10.0 + rng.random(3000), rng.random(3000)
    box = SkyBox(*at)
    places = 10.0 + rng.random(3000), rng.random(3000)
    far = 3600.0 * cKDTree(np.transpose(at)).query(np.transpose(places))[0]
    for most, fields in ((30.0, True), (np.inf, False)):
        outside = (far > 20.0) & (far <= most)
        count = box.count(*(values[outside] for values in places))
        assert keep_to_sources(count, 20.0, box, at) is fields


@equation("eq-looked-at")
def test_which_were_looked_at():
    rng = np.random.default_rng(28)
    n, one = 2000, np.ones(2000)
    at = 10.0 + rng.random(n), rng.random(n)
    there = rng.random(n) < 0.6
    near, count = (there * rng.poisson(mean * one) for mean in (0.2, 1.0))
    near += there & (rng.random(n) < 0.5)
    around = Around(near, count, 50.0 * one, 250.0 * one, one, 0.0 * one, 0.0 * one)
    found, hosts = looked_at(around, SkyBox(*at), one, 0.01, 0.3)
    assert found.mean() == pytest.approx(0.6, abs=0.04) and hosts == pytest.approx(0.5, abs=0.05)
    density, none = count.sum() / (250.0 * found.sum()), (near == 0) & (count == 0)
    by_chance = (1.0 - hosts) * np.exp(-300.0 * density) * found.mean()
    want = np.where(none, by_chance / (1.0 - found.mean() + by_chance), 1.0)
    np.testing.assert_allclose(found, want, atol=2e-3)
    every = Around(*(values[there] for values in vars(around).values()))
    place = tuple(values[there] for values in at)
    assert (looked_at(every, SkyBox(*place), one[there], 0.01, 0.5)[0] == 1.0).all()


# Claims


@equation("eq-claims")
def test_claims(monkeypatch):
    monkeypatch.setattr(claims_module, "TINY", 0.0)  # every object links
    rng = np.random.default_rng(16)
    x = catalog(rng.uniform(-3, 3, (4, 2)), "X", 1.0)
    o = catalog([*rng.uniform(-3, 3, (4, 2)), *rng.uniform(100, 900, (300, 2))], "O", 0.3)
    how = {"radius": 8.0, "field": "uniform", "host_fraction": 0.7}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone = bm.match(x, o, claims="independent", **how)
        joint = bm.match(x, o, claims=KnownClaims(Duplicates(), np.zeros(1)), **how)
    source, member, _ = rows_of(alone)
    # p_match of each by itself is pi L over its own sum, which drops out
    weight = np.asarray(alone.associations["p_match"])
    options = [np.flatnonzero(source == i) for i in range(4)]
    total = np.zeros(len(weight))
    for rows in itertools.product(*options):
        used = [member[row, 0] for row in rows if member[row, 0] >= 0]
        if len(set(used)) == len(used):
            total[list(rows)] += np.prod(weight[list(rows)])
    wanted = total / np.array([total[options[i]].sum() for i in range(4)])[source]
    np.testing.assert_allclose(joint.associations["p_match"], wanted, rtol=1e-9, atol=1e-14)
    assert np.abs(wanted - weight).max() > 0.05


def listed_twice(n=1500, twice=150, spread=1.0):
    """Sources on 4 deg^2, some of them entered twice."""
    rng = np.random.default_rng(17)
    east, north = rng.uniform(0, 7200, (2, n))
    sigma = rng.uniform(1, 2, n)
    more = rng.normal(size=(2, twice)) * np.sqrt(spread * 2) * sigma[:twice]
    at = np.column_stack(
        [np.append(east, east[:twice] + more[0]), np.append(north, north[:twice] + more[1])]
    )
    err = np.append(sigma, sigma[:twice])
    table = catalog(at, "X", area=4.0, err=err).table
    return bm.Catalog(table, name="X", pos_err="err", area=4.0)


@pytest.fixture(scope="module")
def twice():
    x = listed_twice()
    return x, close_pairs(x, 10.0)


@equation("eq-same-source")
def test_odds_of_one_source(twice):
    x, pairs = twice
    found = Duplicates(0.08, 0.7, 0.5)
    v = x.covariance()[:, 0]
    both = v[pairs.first] + v[pairs.second]
    d = np.hypot(*pairs.offset.T)
    apart = reference.chord_separation(
        x.ra[pairs.first], x.dec[pairs.first], x.ra[pairs.second], x.dec[pairs.second]
    )
    np.testing.assert_allclose(d, apart, rtol=1e-6, atol=1e-6)
    u = 0.5 * d**2 / both
    nu = pairs.expected / (2 * np.pi * both)
    assert np.median(nu) == pytest.approx(len(x) / 4 / 3600**2, rel=0.2)
    odds = 0.08 / 0.7 * np.exp(-u / 0.7) * np.maximum(u, 0.5) ** 0.25 / (nu * 2 * np.pi * both)
    np.testing.assert_allclose(pairs.ln_odds(found), np.log(odds), rtol=1e-8)


@equation("eq-same-source-likelihood")
def test_likelihood_of_second_entries(twice):
    _, pairs = twice
    found = find_duplicates(pairs)
    entries = 1500 + 150  # of which 300 have a second one
    assert found.per_source == pytest.approx(300 / entries, rel=0.3) and found.spread > 0.6
    u, end, gamma = pairs.half_square, pairs.end, found.slope

    def integral_of_chance():
        power = 1 - gamma / 2
        flat = np.minimum(end, 0.5) * 0.5 ** (-gamma / 2)
        return pairs.expected * (flat + (np.maximum(end, 0.5) ** power - 0.5**power) / power)

    b, all_b = pairs.expected * np.maximum(u, 0.5) ** (-gamma / 2), integral_of_chance()

    def ln_likelihood(delta, s2):
        a, all_a = delta / s2 * np.exp(-u / s2), delta * (1 - np.exp(-end / s2))
        return np.log((a + b) / (all_a + all_b)).sum()

    base = ln_likelihood(0.0, 1.0)
    gain = _mixture(pairs, b, all_b, 1.0)[1]
    grid = [
        ln_likelihood(d, s) - base
        for d in found.per_source * np.linspace(0.5, 2, 31)
        for s in np.linspace(0.4, 1.0, 25)
    ]
    assert gain == pytest.approx(max(grid), abs=0.1)
    assert gain > max(grid) - 0.05 and 2 * gain > 20


@equation("eq-set-sizes")
def test_odds_of_sets():
    # 1,000 entries: 200 sure pairs, 50 sure sets of three with three sure pairs each
    size = np.repeat([2, 3], [200, 50])
    sure = np.full(350, 60.0)
    parts = {k: ([np.arange(2)], 60.0) for k in range(200, 250)}
    found = ln_sizes_of(np.where(size == 2, 60.0, 120.0), size, parts, sure, 1000)
    each, s_2, s_3 = 2 * 350 / 1000, 400 / 1000, (150 - 3 * 2) / 1000  # two sets may be chance
    s_1 = 1 - s_2 - s_3
    wanted = s_2 / (s_1**2 * each), 2 * s_3 / (s_1**3 * each**2)
    np.testing.assert_allclose(np.exp(found), wanted, rtol=1e-6)
    # Second entries of a share q of the sources: 2 q rho N for a pair of that many sources, against
    # ((1 - q) rho)^2 for two of one entry each, rho (1 + q) being the density of entries.
    q = 0.4
    pairs = np.full(400, 60.0)
    of_pair = np.exp(ln_sizes_of(pairs, np.full(400, 2), {}, pairs, 1400))[0]
    assert of_pair * 2 * q / (1 + q) == pytest.approx(2 * q * (1 + q) / (1 - q) ** 2)
    assert of_pair == pytest.approx(5.4, rel=0.01)


@equation("eq-merged")
def test_merged_positions(twice):
    x, pairs = twice
    found = Duplicates(0.1, 0.6, 0.0)
    ln_odds = pairs.ln_odds(found)
    best = np.argsort(-ln_odds)[:20]
    members = [np.array([pairs.first[p], pairs.second[p]]) for p in best]
    setting, _, _ = prepared((x, catalog([(0, 0)], "O")), 10.0)
    together = _together(setting, pairs, ln_odds, members, found)
    v = x.covariance()[:, 0]
    for at, p in enumerate(best):
        w = 1 / v[[pairs.first[p], pairs.second[p]]]
        wanted = 1 / w.sum() * (1 + (2 - 1) * (1 - 0.6)) * np.eye(2)
        np.testing.assert_allclose(together.covariance[at], wanted, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(
            together.offset[at], w[1] * pairs.offset[p] / w.sum(), rtol=1e-10
        )


@equation("eq-host-share")
def test_counterparts_in_the_density():
    rng = np.random.default_rng(18)
    n, m = 400, 1500
    at = rng.uniform(0, 3600, (m, 2))
    x = catalog(at[:n] + rng.normal(0, 1, (n, 2)), "X", 1.0, area=1.0)
    o = catalog(at, "O", 0.2, area=1.0)
    how = {"radius": 4.0, "field": "uniform", "host_covariates": None}
    alone, joint = (bm.match(x, o, claims=c, **how) for c in ("independent", "exclusive"))
    pi, q = np.exp(alone.host_fraction.ln_fraction), np.exp(alone.host_fraction.ln_beyond)
    none = np.asarray(alone.sources["p_hostless"])
    outside = none * pi[:, 1] * q[:, 1] / (pi[:, 0] + pi[:, 1] * q[:, 1])
    share = (1 - none + outside).sum() / m
    assert share > 0.05
    np.testing.assert_allclose(joint.sources["density_O"], m / 1.0 * (1 - share), rtol=1e-9)


# Position errors


def error_problem(model=None):
    """Sources with a few candidates each, by hand."""
    rng = np.random.default_rng(19)
    n, per = 12, 3
    c = some_covariances(rng, n)
    p_cov = np.column_stack([c[:, 0, 0], c[:, 1, 1], c[:, 0, 1]])
    o = 0.2 * some_covariances(rng, n * per)
    slots = np.column_stack(
        [rng.normal(0, 2, (n * per, 2)), o[:, 0, 0], o[:, 1, 1], o[:, 0, 1], np.linalg.det(o)]
    )
    ratio = rng.uniform(5, 50, n * per)  # r / rho, arcsec^2
    found = Neighbours(
        "O", np.arange(0, n * per + 1, per), np.arange(n * per), slots, ratio, np.ones(n, bool), 0.3
    )
    z = np.column_stack([np.ones(n), rng.normal(size=n)])
    return ErrorLikelihood([found], p_cov, z, 8.0, model=model), c, o, slots, ratio, z


def gauss(d, v):
    return np.exp(-0.5 * d @ np.linalg.inv(v) @ d) / (2 * np.pi * np.linalg.det(v) ** 0.5)


def missed(mu, v, radius, n=4000):
    """eq-error-missed: the mean over directions from mu."""
    phi = (np.arange(n) + 0.5) * 2 * np.pi / n
    u = np.column_stack([np.cos(phi), np.sin(phi)])
    along = u @ mu
    r = -along + np.sqrt(along**2 + radius**2 - mu @ mu)
    a = np.einsum("ni,ij,nj->n", u, np.linalg.inv(v), u)
    return (np.exp(-0.5 * a * r**2) / (a * np.linalg.det(v) ** 0.5)).mean()


@equation("eq-error-profile", "eq-error-likelihood")
def test_likelihood_of_position_errors():
    fit, c, o, slots, ratio, z = error_problem(ErrorModel(tails=True))
    w, kappa = 0.15, 3.5
    core = np.array([np.log(1.3), 0.2, 0.4, -0.3])
    parameters = np.concatenate([core, fit.model.tail_parameters(w, kappa), [0.5, 0.2]])
    h = 1 / (1 + np.exp(-z @ parameters[-2:]))
    mu, total = core[2:4], 0.0
    for i in range(12):
        v = 1.3**2 * c[i] + 0.2 * np.eye(2)
        q = (1 - w) * missed(mu, v + 0.3 * np.eye(2), 8.0)
        q += w * missed(mu, kappa**2 * v + 0.3 * np.eye(2), 8.0)
        like = q
        for j in range(3 * i, 3 * i + 3):
            d = slots[j, :2] - mu
            p = (1 - w) * gauss(d, v + o[j]) + w * gauss(d, kappa**2 * v + o[j])
            like += ratio[j] * p
        total += np.log(1 - h[i] + h[i] * like)
    total -= 0.5 * (0.01 * 0.5**2 + 4.0 * 0.2**2)  # on the logit
    total -= 0.5 * (parameters[4:6] ** 2).sum()  # on the tails
    assert fit.scores(parameters)[0] == pytest.approx(total, rel=1e-6)


@equation("eq-error-missed")
def test_counterparts_beyond_a_circle_that_is_not_centred():
    fit, *_ = error_problem()
    mu, v = np.array([1.0, -0.7]), np.array([[3.0, 0.8], [0.8, 2.0]])
    p_cov = np.array([2.5, 1.5, 0.8, 2.5 * 1.5 - 0.64])
    circle = fit._arguments(0, np.zeros(6))[-1]
    found = error_kernels.missed_beyond(
        np.array([0.0, 0.2, *mu]), p_cov, 0.3, 4.0, circle, np.empty(4)
    )
    assert found == pytest.approx(missed(mu, v, 4.0), rel=1e-6)
    grid = np.arange(-15, 15, 0.02) + 0.01  # and the integral that it is
    x, y = np.meshgrid(grid, grid)
    p = np.linalg.inv(v)
    e, f = x - mu[0], y - mu[1]
    density = np.exp(-0.5 * (p[0, 0] * e * e + 2 * p[0, 1] * e * f + p[1, 1] * f * f))
    density *= 0.02**2 / (2 * np.pi * np.linalg.det(v) ** 0.5)
    assert found == pytest.approx(density[np.hypot(x, y) > 4.0].sum(), rel=1e-3)


@equation("eq-error-frame")
def test_frame_and_scaling():
    ra, dec = np.array([10.0, 10.3, 9.6, 10.0]), np.array([0.0, 0.2, -0.3, 0.4])
    design, y = frame_design(ra, dec, (10.0, 0.0)), np.array([[0.5], [-1.0], [2.0], [0.0]])
    matrix, eta = np.array([[0.3, -1.2], [1.1, 0.4]]), 0.25
    model = ErrorModel(frame=design, covariates=y)
    parameters = np.array([np.log(1.2), 0.0, 0.3, -0.2, *matrix.ravel(), eta])
    place = np.column_stack([ra - 10.0, dec])  # degrees; flat to a part in 10^4 here
    wanted = np.array([0.3, -0.2]) + place @ matrix.T
    found = model.of_primaries(parameters, 4)
    np.testing.assert_allclose(found[:, 2:], wanted, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found[:, 0], np.log(1.2) + eta * y[:, 0], rtol=1e-12)


# What a result expects, and what came true


@equation("eq-expected", "eq-expected-error", "eq-expected-completeness-error")
def test_expected():
    rng = np.random.default_rng(20)
    p = rng.random(300)
    host = p + (1 - p) * rng.random(300)
    none, epsilon, cut = 1 - host, 0.3, 0.6
    believed = Believed(p, np.ones(300, bool), host, none)
    found = expected_of(believed, np.array([cut]), epsilon)
    some = p >= cut
    assert found["n_selected"][0] == some.sum()
    assert found["purity"][0] == pytest.approx(p[some].sum() / some.sum(), rel=1e-12)
    assert found["completeness"][0] == pytest.approx(p[some].sum() / host.sum(), rel=1e-12)
    variance = (p * (1 - p))[some].sum() + epsilon**2 * (p * none)[some].sum() ** 2
    assert found["purity_error"][0] == pytest.approx(variance**0.5 / some.sum(), rel=1e-12)
    c = p[some].sum() / host.sum()
    own = (p * (1 - p))[some].sum() - 2 * c * (p * (1 - host))[some].sum()
    own += c**2 * (host * (1 - host)).sum()
    common = epsilon * ((p * none)[some].sum() - c * (host * none).sum())
    wanted = np.sqrt(own + common**2) / host.sum()
    assert found["completeness_error"][0] == pytest.approx(wanted, rel=1e-12)


@equation("eq-ece", "eq-ece-floor")
def test_calibration_error():
    rng = np.random.default_rng(21)
    p = rng.random(500)

    def ece(y):
        bins = np.minimum((p * 10).astype(int), 9)
        return sum(abs((y - p)[bins == b].sum()) for b in range(10)) / len(p)

    y = (rng.random(500) < p**1.5).astype(float)
    assert metrics.calibration_error(p, y) == pytest.approx(ece(y), rel=1e-12)
    floor = metrics.calibration_floor(p)
    drawn = [ece((rng.random(500) < p).astype(float)) for _ in range(2000)]
    assert floor.mean == pytest.approx(np.mean(drawn), abs=5 * np.std(drawn) / 1000**0.5)
    assert floor.p95 == pytest.approx(np.quantile(drawn, 0.95), rel=0.05)


@equation("eq-wilson")
def test_wilson():
    for k, n, z in ((3, 10, 1.0), (90, 100, 1.96)):
        p = k / n
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / 4 / n**2)
        middle = (p + z**2 / 2 / n) / (1 + z**2 / n)
        assert metrics.wilson(k, n, z) == pytest.approx((middle - half, middle + half), rel=1e-12)


@equation("eq-false-radius")
def test_false_radius():
    rho, p = 58_000 / 3600**2, 0.05
    wanted = np.sqrt(-np.log(1 - p) / (np.pi * rho))
    assert bm.truth.false_radius(58_000, p) == pytest.approx(wanted, rel=1e-12)
    assert 1 - np.exp(-np.pi * rho * wanted**2) == pytest.approx(p)


# Likelihood ratio and reliability


@pytest.fixture(scope="module")
def two():
    rng = np.random.default_rng(22)
    n, m = 60, 900
    at = rng.uniform(0, 600, (m, 2))
    moved = at[:n] + rng.normal(0, 1.0, (n, 2))
    moved[45:] += 30.0
    x = catalog(moved, "X", 1.0, area=0.03)
    o = catalog(
        at, "O", 0.3, area=0.03, m=np.append(rng.normal(20, 1, n), rng.normal(23, 1, m - n))
    )
    return bm.match(x, o, radius=3.0, **BY_HAND, host_covariates=None, priors={"O": [PRIOR]})


@equation(
    "eq-likelihood-ratio",
    "eq-likelihood-ratio-terms",
    "eq-reliability",
    "eq-reliability-is-p-match",
)
def test_likelihood_ratio(two):
    x, o = two._catalogs
    table = two.likelihood_ratio()
    q = table.meta["host_fraction"]
    rho = (len(o) + 1) / 0.03 / 3600**2
    m = np.asarray(o.table["m"])[table["O"]]
    # q(m) and n(m), per magnitude: shares of the bins over their width, times Q and rho
    bins = np.searchsorted([18, 20, 22, 24], m, side="right") - 1
    inside = (bins >= 0) & (bins < 3)
    q_m = np.where(inside, q * np.array([0.6, 0.3, 0.1])[np.clip(bins, 0, 2)] / 2, q)
    n_m = np.where(inside, rho * np.array([0.1, 0.3, 0.6])[np.clip(bins, 0, 2)] / 2, rho)
    psi = reference.chord_separation(
        x.ra[table["X"]], x.dec[table["X"]], o.ra[table["O"]], o.dec[table["O"]]
    )
    f = np.exp(-(psi**2) / 2 / 1.09) / (2 * np.pi * 1.09)
    ratio = q_m * f / n_m
    np.testing.assert_allclose(table["likelihood_ratio"], ratio, rtol=1e-6)
    bayes = 4 * np.pi * f / ARCSEC**2
    full_sky = rho * 3600**2 * SKY_DEG2
    np.testing.assert_allclose(ratio, q * (q_m / q) / (n_m / rho) * bayes / full_sky, rtol=1e-9)
    source = np.asarray(table["X"])
    total = np.bincount(source, ratio, len(x))
    np.testing.assert_allclose(table["reliability"], ratio / (total + 1 - q)[source], rtol=1e-6)
    beyond = np.exp(-9 / 2 / 1.09)
    p = ratio / (total + 1 - q + q * beyond)[source]
    np.testing.assert_allclose(table["p_O"], p, rtol=1e-6)
