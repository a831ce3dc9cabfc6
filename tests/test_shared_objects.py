"""A field of objects that several catalogues have seen: the sums, the fit, what it does to p."""

from dataclasses import dataclass, replace
from itertools import combinations

import numba
import numpy as np
import pytest
import shared_reference as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from small_skies import catalog

import bayesmatch as bm
import bayesmatch.matching.associations
from bayesmatch._kernels import field_links as kernels
from bayesmatch._kernels.expected_objects import expected_objects
from bayesmatch._kernels.prepared_objects import expected_prepared, prepare
from bayesmatch._kernels.shared_objects import tables
from bayesmatch.catalogs.candidates import find_candidates
from bayesmatch.matching.associations import Associations, build_associations
from bayesmatch.matching.calibrated import (
    calibrated_of,
    independent_likelihood,
    pattern_likelihood,
)
from bayesmatch.matching.candidate_positions import tangent_planes
from bayesmatch.matching.covariates import covariate_matrix
from bayesmatch.matching.field import FieldDensity, UniformField
from bayesmatch.matching.field_links import fit_field_objects, surroundings
from bayesmatch.matching.field_objects import FieldObjects, field_rho, ln_relative
from bayesmatch.matching.host_fraction import fit_host_fraction
from bayesmatch.matching.patterns import pattern_labels
from bayesmatch.matching.posterior import Posterior, bayes_factors, posterior_of, without_unrelated
from bayesmatch.matching.setting import Setting, make_setting
from bayesmatch.matching.shared_objects import shared_ln_likelihood
from validation.skies import simulate_patterns

NAMES = ("A", "B", "C", "D", "E")


@dataclass
class Prepared:
    """A match up to the evidence of its associations."""

    setting: Setting
    associations: Associations
    posterior: Posterior
    ln_ratio: np.ndarray

    @property
    def evidence(self):
        own = self.posterior.ln_evidence.copy()  # it is changed where it is
        return without_unrelated(self.associations, replace(self.posterior, ln_evidence=own))


def prepared(catalogs, radius, ln_ratio=None, prune=1e-12):
    primary, *others = catalogs
    candidates = find_candidates(primary, others, radius, max_rows=10**8)
    setting = make_setting(
        primary, others, candidates, UniformField(), [1.0] * len(others), True, radius, ()
    )
    ln_ratio = np.zeros(len(candidates.row)) if ln_ratio is None else ln_ratio(candidates.row)
    associations = build_associations(setting, ln_ratio, prune=prune, max_rows=10**8)
    bayes = bayes_factors(setting, associations)
    post = posterior_of(setting, associations, bayes, ln_ratio, 0.5)
    return Prepared(setting, associations, post, ln_ratio)


def density_of(setting, seed=None):
    """The densities of the setting; with a seed, other ones at every primary."""
    if seed is None:
        return setting.field
    plus_one = setting.field.plus_one * np.exp(
        np.random.default_rng(seed).normal(0, 1, setting.field.plus_one.shape)
    )
    return FieldDensity(plus_one, plus_one, plus_one, {"model": "any"})


def objects(n_other, seed=0, several=1.0):
    count = np.random.default_rng(seed).uniform(5.0, 100.0, 1 << n_other)
    singles = 1 << np.arange(n_other)
    count[np.setdiff1d(np.arange(len(count)), singles)] *= several
    count[0] = 0.0
    return FieldObjects(count, np.full(len(count), 1 / len(count)))


def likelihood(match, density=None, given=None):
    """Of every association, with field objects as given, or fitted."""
    density = replace(density or match.setting.field, objects=given)
    return shared_ln_likelihood(match.setting, match.associations, match.evidence, density)


def small_sky(seed, n_other, shape, per_catalogue=2, tails=None):
    """Four primaries with a few detections of every catalogue, some beside each other."""
    rng = np.random.default_rng(seed)
    centre = np.array([[0, 0], [100, 0], [0, 100], [100, 100]], float)
    if shape == "circles":
        errors = [rng.uniform(0.2, 0.8) for _ in range(n_other + 1)]
    else:
        errors = [
            bm.ErrorEllipse(rng.uniform(0.5, 1.0), rng.uniform(0.1, 0.5), rng.uniform(0, 180))
            for _ in range(n_other + 1)
        ]
    if shape == "thin":
        errors[1] = bm.ErrorEllipse(1.0, 1e-4, 40.0)
    out = [catalog(centre, "X", errors[0])]
    for k in range(n_other):
        near = centre[:, None] + rng.normal(0, 1.2, (4, per_catalogue, 2))
        wide = (0.0, 3.0) if tails is None else tails[k]
        out.append(catalog(near.reshape(-1, 2), NAMES[k], errors[k + 1], tails=wide))
    return out


#: (fraction, factor) of each of the others
TAILS = [(0.2, 3.0), (0.0, 3.0), (0.1, 5.0), (0.3, 2.0), (0.0, 4.0)]


@pytest.mark.few(2, slow=6)
@pytest.mark.parametrize("shape", ["circles", "ellipses", "thin"])
@pytest.mark.parametrize("n_other, per_catalogue", [(2, 3), (2, 4), (3, 2), (4, 2), (5, 1)])
def test_every_row_is_that_of_all_partitions(n_other, per_catalogue, shape):
    check_every_row(n_other, per_catalogue, shape)


@pytest.mark.parametrize(
    "n_other, per_catalogue, shape",
    [(2, 3, "circles"), (2, 3, "ellipses"), (2, 3, "thin"), (3, 1, "ellipses"), (4, 1, "circles")],
)
def test_field_objects_have_the_tails_of_their_errors(n_other, per_catalogue, shape):
    check_every_row(n_other, per_catalogue, shape, TAILS)


def check_every_row(n_other, per_catalogue, shape, tails=None):
    """Compare all associations with the sum over all partitions."""
    match = prepared(
        small_sky(n_other, n_other, shape, per_catalogue, tails),
        radius=20.0,
        ln_ratio=lambda row: 0.3 * row,
    )
    setting, member = match.setting, match.associations.member
    density, field = density_of(setting, seed=3), objects(n_other, seed=4)
    found = likelihood(match, density, field)
    assert found.details["links_cut"] == 0
    nu = field.per_arcsec2(field_rho(density.plus_one))
    plane = tangent_planes(setting.primary, setting.candidates, setting.positions, [(0, 4)])
    own = setting.primary.covariance()
    in_catalogue = np.concatenate(
        [np.full(n, k % n_other) for k, n in enumerate(np.diff(setting.candidates.start))]
    )
    for i in range(4):
        base, end = setting.candidates.start[[i * n_other, (i + 1) * n_other]]
        detections = [
            (in_catalogue[s], plane[s, :2], np.array([[xx, xy], [xy, yy]]))
            for s, (xx, yy, xy) in zip(range(base, end), plane[base:end, 2:5], strict=True)
        ]
        xx, yy, xy = own[i]
        rows = range(*match.associations.first[[i, i + 1]])
        for row in list(rows)[:: max(1, len(rows) // 10)]:
            slots = member[row][member[row] >= 0]
            expected = match.ln_ratio[slots].sum()
            if len(slots):
                expected += reference.ln_likelihood(
                    np.array([[xx, xy], [xy, yy]]), detections, set(slots - base), nu[i], tails
                )
            tolerance = 1e-6 if shape == "thin" else 1e-9  # the reference inverts matrices
            assert abs(found.ln_like[row] - expected) <= tolerance * (1.0 + abs(expected))


@pytest.mark.parametrize("shape", ["circles", "ellipses"])
@pytest.mark.parametrize("n_other", [2, 3, 5])
def test_nothing_shared_is_independent(n_other, shape):
    match = prepared(small_sky(1, n_other, shape), radius=20.0)
    density = density_of(match.setting, seed=1)
    found = likelihood(match, density, objects(n_other, several=0.0))
    expected = independent_likelihood(match.associations, density.ln_full_sky, match.evidence)
    np.testing.assert_allclose(found.ln_like, expected, rtol=0, atol=1e-9)
    assert np.all(found.ln_like[match.associations.first[:-1]] == 0.0)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**31), st.floats(0.0, 1e4))
def test_densities_of_the_patterns_add_up(n_other, seed, several):
    field = objects(n_other, seed, several)
    bits = np.arange(1 << n_other)[:, None] >> np.arange(n_other) & 1
    rng = np.random.default_rng(seed)
    rho = bits.T @ field.count * np.exp(rng.normal(0, 2, (10, n_other)))
    nu = field.per_arcsec2(rho)
    np.testing.assert_allclose(nu @ bits, rho, rtol=1e-12)
    assert np.all(nu >= 0) and np.all(nu[:, 1 << np.arange(n_other)] > 0)
    # The field as it was fitted, and the same where everything is denser.
    for scale in (1.0, 7.0):
        as_fitted = field.per_arcsec2((bits.T @ field.count)[None] * scale)[0]
        np.testing.assert_allclose(as_fitted, field.count * scale, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n_other", [2, 3, 4])
@pytest.mark.parametrize("equal", [False, True])
def test_the_order_of_the_catalogues_does_not_matter(n_other, equal):
    rng = np.random.default_rng(n_other)
    field = objects(n_other, 5, 3.0)
    bits = np.arange(1 << n_other)[:, None] >> np.arange(n_other) & 1
    if equal:  # none is the rarest one
        count = np.where(bits.sum(axis=1) == n_other, 40.0, 0.0)
        count[1 << np.arange(n_other)] = 10.0
        field = FieldObjects(count, field.hosts)
    rho = bits.T @ field.count * np.exp(rng.normal(0, 0.3, (50, n_other)))
    order = rng.permutation(n_other)
    moved = (bits << np.argsort(order)).sum(axis=1)  # the number of each pattern in that order
    count = np.empty_like(field.count)
    count[moved] = field.count
    other = FieldObjects(count, field.hosts).per_arcsec2(rho[:, order])
    np.testing.assert_allclose(other[:, moved], field.per_arcsec2(rho), rtol=1e-9)


def test_what_one_catalogue_has_beyond_the_others_is_not_shared():
    field = FieldObjects(np.array([0.0, 30.0, 2.0, 28.0]), np.full(4, 0.25))
    _, a, b, both = field.per_arcsec2(
        np.array([[58.0, 30.0], [580.0, 30.0], [5800.0, 30.0], [58.0, 300.0]])
    ).T
    np.testing.assert_allclose([a[0], b[0], both[0]], [30.0, 2.0, 28.0])
    assert np.all((b[1:3] > 1.3) & (b[1:3] < 2.0))
    assert 40.0 < both[3] < 58.0  # there are no more


def test_densities_that_are_merely_counted_change_shares_little():
    """Objects of B are objects of A and C: independent errors of 5% are no reason to doubt it."""
    field = FieldObjects(np.array([0.0, 22.0, 2.0, 9.5, 1.5, 0.0, 0.0, 28.5]), np.full(8, 0.125))
    rho = np.array([[60.0, 40.0, 30.0]]) * np.exp(
        np.random.default_rng(0).normal(0, 0.05, (4000, 3))
    )
    nu = field.per_arcsec2(rho)
    for single, k in [(1, 0), (2, 1), (4, 2)]:
        share = nu[:, single] / rho[:, k]
        usual = field.count[single] / [60.0, 40.0, 30.0][k]
        assert abs(share.mean() / usual - 1.0) < 0.1
        assert np.quantile(np.abs(np.log(share / usual)), 0.9) < 1.0


def crowd(n_pairs):
    """Pairs of detections that touch the next pair at 3 to 4 sigma: one chain."""
    a = [(2.4 * k, 0.0) for k in range(n_pairs)]
    b = [(2.4 * k + 0.3, 0.0) for k in range(n_pairs)]
    return [catalog([(8, 0)], "X", 3.0), catalog(a, "A", 0.5), catalog(b, "B", 0.5)]


def test_long_chains_are_cut_where_they_are_weakest():
    match = prepared(crowd(8), radius=30.0)
    setting, n = match.setting, 16
    plane = tangent_planes(setting.primary, setting.candidates, setting.positions, [(0, 1)])
    which = np.repeat([0, 1], 8)
    field = objects(2)
    rho = field_rho(setting.field.plus_one)
    relative = ln_relative(field.per_arcsec2(rho), rho)[0]
    label, bit, n_components, pair, cut = kernels.components(which, plane, relative)
    assert n_components == 2 and cut > 0
    assert np.bincount(label).max() <= kernels.LARGEST
    assert all(label[a] == label[a + 8] for a in range(8))  # no pair is torn
    assert sorted(zip(label, bit, strict=True)) == [
        (c, k) for c in range(2) for k in range(np.sum(label == c))
    ]
    found = likelihood(match, given=field)
    assert found.details["links_cut"] == cut
    # All partitions of the whole chain, by the same recursion without a limit.
    nu = field.per_arcsec2(field_rho(setting.field.plus_one))[0]
    gaussian = [(which[s], plane[s, :2], 0.25 * np.eye(2)) for s in range(n)]
    weight = {
        (s, t): reference.gaussian_product([a[1], b[1]], [a[2], b[2]])
        for (s, a), (t, b) in combinations(enumerate(gaussian), 2)
        if reference.linked(a, b)
    }
    known = {}

    def z(left):
        if not left:
            return 1.0
        if left not in known:
            first, rest = left[0], left[1:]
            total = nu[1 << which[first]] * z(rest)
            for other in rest:
                if (first, other) in weight:
                    without = tuple(s for s in rest if s != other)
                    total += nu[3] * weight[first, other] * z(without)
            known[left] = total
        return known[left]

    everything = tuple(range(n))
    member = match.associations.member
    exact = np.array(
        [z(tuple(s for s in everything if s not in set(row))) / z(everything) for row in member]
    )
    rho = field_rho(setting.field.plus_one)[0]
    exact = np.log(exact * np.where(member >= 0, rho, 1.0).prod(axis=1)) + match.evidence
    exact -= np.where(member >= 0, setting.field.ln_full_sky[0], 0.0).sum(axis=1)
    ours, exact = (np.exp(x - np.logaddexp.reduce(x)) for x in (found.ln_like, exact))
    assert 0.1 < exact.max() < 0.9
    np.testing.assert_allclose(ours, exact, rtol=0, atol=0.01)


def test_no_component_is_larger_than_its_bound():
    rng = np.random.default_rng(0)
    which = np.sort(rng.integers(0, 3, 200))
    plane = np.column_stack(
        [rng.uniform(-10, 10, (200, 2)), np.tile([1.0, 1.0, 0.0, 1.0], (200, 1))]
    )
    relative = np.log(np.array([1.0, 0.5, 0.5, 0.1, 0.5, 0.1, 0.1, 0.1]))
    label, bit, n_components, pair, cut = kernels.components(which, plane, relative)
    assert cut > 1000 and np.bincount(label).max() == kernels.LARGEST
    assert np.all(label[pair[:, 0]] == label[pair[:, 1]])
    scratch = (
        np.empty(kernels.LARGEST + 1, np.int64),
        np.empty((1 << kernels.LARGEST) + 1, np.int64),
        np.empty((1 << kernels.LARGEST) + 1),
    )
    *_, ln_z, again = tables(which, plane, relative, np.zeros(200), scratch)
    assert again == cut and np.all(np.isfinite(ln_z))


def calibrated(match, density=None, shared=True):
    """Probabilities with the fit of the fractions: p of a host, of the best, of its members."""
    setting, associations = match.setting, match.associations
    details = {}
    if shared:
        ln_like, _, _, details = likelihood(match, density)
    else:
        ln_like = independent_likelihood(associations, setting.field.ln_full_sky, match.evidence)
    z, description = covariate_matrix(setting.primary, "sigma")
    fit = fit_host_fraction(
        pattern_likelihood(associations, ln_like),
        z,
        total=None,
        labels=pattern_labels([c.name for c in setting.catalogs]),
        description=description,
    )
    return calibrated_of(associations, ln_like, match.posterior, fit), fit, details


def ece(p, true):
    at = np.minimum((p * 10).astype(int), 9)
    return np.abs(np.bincount(at, p - true, 10)).sum() / len(p)


def floor(p):
    rng = np.random.default_rng(0)
    return np.quantile([ece(p, rng.random(len(p)) < p) for _ in range(200)], 0.95)


def answers(sky, match, **options):
    """Of every source p(host), whether it has one, p of the best, whether it is right; the fit."""
    found, fit, details = calibrated(match, **options)
    slots = match.associations.member[found.best]
    row = np.where(slots >= 0, match.setting.candidates.row[slots], -1)
    right = np.all(row == sky.truth, axis=1) & (found.best >= 0) & sky.host
    best = np.where(found.best >= 0, found.p_match[found.best], 0.0)
    return np.array([1.0 - found.p_hostless, sky.host, best, right]), fit, details


SKIES = {
    2: {"density": (60_000.0, 30_000.0), "other_sigma": (0.1, 0.5)},
    3: {"density": (60_000.0, 40_000.0, 30_000.0), "other_sigma": (0.1, 0.3, 0.5)},
}
FRACTIONS = {
    2: [0.3, 0.1, 0.05, 0.55],
    3: [0.3, 0.1, 0.02, 0.05, 0.03, 0.05, 0.02, 0.43],
}
SKY_NAMES = ("OPT", "IRAC", "VLA")
#: field objects by pattern where 95% of those of the second and third are of the first
DENSITIES = {
    2: {"OPT": 31_500, "IRAC": 1500, "OPT+IRAC": 28_500},
    3: {"OPT": 22_000, "IRAC": 2000, "OPT+IRAC": 9500, "VLA": 1500, "OPT+IRAC+VLA": 28_500},
}


@pytest.mark.few(1)
@pytest.mark.parametrize("n_other", [2, 3])
def test_calibrated_where_objects_are_shared(n_other):
    new, old, pulls = [], [], []
    for seed in range(1, 4):
        sky = simulate_patterns(seed, 2000, FRACTIONS[n_other], shared=0.95, **SKIES[n_other])
        match = prepared(sky.catalogs(), radius=20.0)
        found, fit, details = answers(sky, match)
        new.append(found)
        old.append(answers(sky, match, shared=False)[0])
        assert details["links_cut"] < 10
        true = np.bincount((sky.truth >= 0) @ (1 << np.arange(n_other)), minlength=1 << n_other)
        error = np.array(list(fit.details["fraction_error"].values()))
        pulls.append((np.array(list(fit.details["fraction"].values())) - true / 2000) / error)
    (host, has, best, right), old = np.hstack(new), np.hstack(old)
    assert ece(host, has) < 1.5 * floor(host) + 0.005
    assert ece(best, right) < 1.5 * floor(best) + 0.005
    assert ece(old[0], has) > 0.1 and ece(old[2], old[3]) > 0.15  # what it was before
    assert right.mean() > old[3].mean() + 0.03
    assert np.abs(pulls).max() < 4.0


@pytest.mark.few(1)
@pytest.mark.parametrize("n_other", [2, 3])
def test_no_worse_where_nothing_is_shared(n_other):
    new, old = [], []
    for seed in range(1, 4):
        sky = simulate_patterns(seed, 2000, FRACTIONS[n_other], shared=0.0, **SKIES[n_other])
        match = prepared(sky.catalogs(), radius=20.0)
        new.append(answers(sky, match)[0])
        old.append(answers(sky, match, shared=False)[0])
    new, old = np.hstack(new), np.hstack(old)
    for k in (0, 2):
        assert ece(new[k], new[k + 1]) < ece(old[k], old[k + 1]) + 0.003
        assert abs(new[k].mean() - old[k].mean()) < 0.003
    assert new[3].mean() > old[3].mean() - 0.003


@pytest.mark.parametrize("n_other", [2, 3])
def test_the_densities_are_found(n_other):
    sky = simulate_patterns(4, 2000, FRACTIONS[n_other], shared=0.95, **SKIES[n_other])
    match = prepared(sky.catalogs(), radius=20.0)
    _, _, field, details = likelihood(match)
    found = details["shared"]
    assert list(found) == [label[2:] for label in pattern_labels(["X", *SKY_NAMES[:n_other]])[1:]]
    for (pattern, per_deg2), count in zip(found.items(), field.count[1:], strict=True):
        expected = DENSITIES[n_other].get(pattern, 0.0)
        poisson = 60_000 / (field.count[1::2].sum()) * np.sqrt(count + 1.0)
        assert abs(per_deg2 - expected) < 4.0 * poisson + 0.01 * expected, pattern
    np.testing.assert_allclose(field.hosts, FRACTIONS[n_other], rtol=0, atol=0.05)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 1.0])
def test_the_share_is_found_whatever_it_is(share):
    """Also near the edge of a small circle, and where the densities given are off."""
    sky = simulate_patterns(7, 1500, FRACTIONS[2], shared=share, **SKIES[2])
    for radius, factor in [(20.0, 1.0), (8.0, 1.0), (20.0, 1.5)]:
        match = prepared(sky.catalogs(), radius=radius)
        density = replace(match.setting.field, plus_one=match.setting.field.plus_one * factor)
        field = fit_field_objects(match.setting, match.associations, match.evidence, density)
        found = field.count[3] / (field.count[2] + field.count[3])
        assert abs(found - share) < 0.05
        if factor == 1.0:
            np.testing.assert_allclose(field.hosts, FRACTIONS[2], rtol=0, atol=0.08)


def test_the_order_of_the_sources_does_not_matter():
    """Nor in the last steps of the fit, which begins with a part of them."""
    rng = np.random.default_rng(1)
    n, m, side = 400, 3_000, 0.5
    place = side * rng.random((2, n))

    def table(err, more=0):
        at = place + rng.normal(0, err / 3600, (2, n))
        ra, dec = np.append(at, side * rng.random((2, more)), axis=1)
        return {"RA": ra, "DEC": dec}

    others = [
        bm.Catalog(table(0.15, m), name=name, pos_err=0.15, area=side**2) for name in ("A", "B")
    ]
    x = bm.Catalog(table(1.5), name="X", pos_err=1.5, area=side**2)
    turned = rng.permutation(n)
    one, two = (bm.match(part, *others, radius=8) for part in (x, x.subset(turned)))
    for name in ("p_hostless", "p_match", "p_A", "p_B"):
        np.testing.assert_allclose(two.sources[name], one.sources[name][turned], atol=1e-12)


def test_the_same_bytes_for_any_number_of_threads():
    sky = simulate_patterns(1, 600, FRACTIONS[2], shared=0.9, **SKIES[2])
    match = prepared(sky.catalogs(), radius=20.0)
    before, found = numba.get_num_threads(), []
    try:
        for n in (1, min(2, before), before):
            numba.set_num_threads(n)
            found.append(likelihood(match))
    finally:
        numba.set_num_threads(before)
    for other in found[1:]:
        assert other.ln_like.tobytes() == found[0].ln_like.tobytes()
        assert other.ln_gain.tobytes() == found[0].ln_gain.tobytes()
        assert other.details == found[0].details


@pytest.mark.parametrize("n_other", [2, 3])
def test_pruned_primaries(monkeypatch, n_other):
    monkeypatch.setattr(bayesmatch.matching.associations, "COMPLETE", 5)
    sky = simulate_patterns(3, 40, FRACTIONS[n_other], shared=0.9, **SKIES[n_other])
    pruned, whole = (prepared(sky.catalogs(), radius=20.0, prune=p) for p in (1e-12, 0))
    found, everything = (likelihood(m, given=objects(n_other)) for m in (pruned, whole))
    assert found.details == everything.details
    place = {tuple(row): k for k, row in enumerate(rows_of(whole.associations).tolist())}
    at = [place[tuple(row)] for row in rows_of(pruned.associations).tolist()]
    assert len(at) < len(place)
    np.testing.assert_array_equal(found.ln_like, everything.ln_like[at])
    gone = np.setdiff1d(np.arange(len(place)), at)
    p = pruned.associations.pruned
    i = whole.associations.primary[gone]
    lost = np.bincount(i, np.exp(everything.ln_like[gone]), 40)[p.primary]
    limit = p.lost[:, 0] * np.exp(p.ln_total[:, 0] + found.ln_gain[p.primary])
    assert np.all(lost <= limit * (1.0 + 1e-5) + 1e-300)  # the walk rounds the sky flat
    # What any row has gained, and that some row has gained just that.
    gain = everything.ln_like - independent_likelihood(
        whole.associations, whole.setting.field.ln_full_sky, whole.evidence
    )
    largest = np.full(40, -np.inf)
    np.maximum.at(largest, whole.associations.primary, gain)
    assert np.all(largest[p.primary] <= found.ln_gain[p.primary] + 1e-9)
    assert np.mean(largest[p.primary] > found.ln_gain[p.primary] - 1e-9) > 0.1
    assert np.all(found.ln_gain[np.setdiff1d(np.arange(40), p.primary)] == 0.0)


def rows_of(associations: Associations):
    return np.column_stack([associations.primary, associations.member])


def test_few_sources_and_none_with_candidates():
    for places in ([(0.3, 0.0)], [(300.0, 0.0)]):
        match = prepared(
            [catalog([(0, 0)], "X"), catalog(places, "A"), catalog(places, "B")], radius=5.0
        )
        found = likelihood(match)
        assert np.all(np.isfinite(found.ln_like)) and found.ln_like[0] == 0.0
        assert sum(found.details["shared"].values()) > 0


def test_where_a_catalogue_has_not_looked():
    """Its density is 0 there: an object that it does not have says nothing."""
    match = prepared(
        [
            catalog([(0, 0), (100, 0)], "X"),
            catalog([(1.0, 0.0), (101.0, 0.0)], "A"),
            catalog([(0.8, 0.2)], "B"),
        ],
        radius=5.0,
    )
    plus_one = match.setting.field.plus_one.copy()
    plus_one[1, 1] = 0.0
    density = FieldDensity(plus_one, plus_one, plus_one, {"model": "any"})
    with np.errstate(divide="ignore"):
        found = likelihood(match, density, objects(2))
        alone = independent_likelihood(match.associations, density.ln_full_sky, match.evidence)
    rows = slice(match.associations.first[1], None)
    np.testing.assert_allclose(found.ln_like[rows], alone[rows], rtol=0, atol=1e-9)
    assert np.abs(found.ln_like - alone)[: rows.start].max() > 0.1


@pytest.mark.parametrize("n_other", [2, 3])
@pytest.mark.parametrize("shape", ["circles", "ellipses", "thin", "tails", "chain"])
@pytest.mark.parametrize("several", [0.0, 1.0])
def test_what_is_worked_out_once_is_what_every_step_found(n_other, shape, several):
    """Step by step with the links and groups anew, also where chains are cut, or nothing shared."""
    tails = TAILS if shape == "tails" else None
    catalogs = crowd(8) if shape == "chain" else small_sky(3, n_other, shape, 4, tails)
    match = prepared(catalogs, radius=30.0 if shape == "chain" else 8.0)
    setting, associations = match.setting, match.associations
    n_other, which = len(setting.others), np.arange(len(setting.primary))
    field, rho = objects(n_other, 1, several), field_rho(density_of(setting, 5).plus_one)
    relative = ln_relative(field.per_arcsec2(rho), rho)
    assert np.isneginf(relative).any()
    rows = associations.first, associations.member, match.evidence
    ln_density = np.log(rho * 3600.0**2 * 41252.96)
    ln_share = np.tile(np.log(field.hosts), (len(which), 1))
    found, anew = (np.empty((2, len(which), 1 << n_other)) for _ in range(2))
    around = surroundings(setting)
    expected_objects(which, *around, relative, ln_density, *rows, ln_share, 5.0, *anew)
    once = prepare(which, n_other, *around, 5.0)
    for _ in range(2):
        expected_prepared(which, once, around, (relative, ln_density), rows, ln_share, 5.0, *found)
        assert found.tobytes() == anew.tobytes()
    assert once[0][2].any() == (shape == "chain")
    assert found.sum() > 0
