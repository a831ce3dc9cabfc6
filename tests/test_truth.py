"""Training samples: small skies by hand, a mock whose counterparts are known, clear errors."""

import json

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Column, MaskedColumn, QTable
from hypothesis import given, settings
from hypothesis import strategies as st
from mocpy import MOC
from small_skies import DEC, FIELD, RA, catalog

import bayesmatch as bm
from bayesmatch import truth
from bayesmatch.truth import pairs
from bayesmatch.truth import regions as excluded


def rows(sample):
    """(xray row, survey row, is_counterpart) of each row."""
    return [(int(r["xray_row"]), int(r["survey_row"]), bool(r["is_counterpart"])) for r in sample]


# -- false radius --------------------------------------------------------------------------------


def test_false_radius_by_hand():
    assert truth.false_radius(58_000) == pytest.approx(
        3600 * np.sqrt(-np.log(0.97) / np.pi / 58_000), rel=1e-14
    )
    assert truth.false_radius(1, 1 - np.exp(-np.pi)) == pytest.approx(3600)
    assert isinstance(truth.false_radius(1), float)
    found = truth.false_radius([[1e4, 4e4]], probability=0.1)
    assert found.shape == (1, 2)
    assert found[0, 0] / found[0, 1] == pytest.approx(2)


@given(st.floats(1, 1e7), st.floats(1e-6, 0.999))
def test_false_radius_is_where_the_probability_is_reached(density, probability):
    radius = truth.false_radius(density, probability) / 3600
    assert -np.expm1(-np.pi * density * radius**2) == pytest.approx(probability)


@pytest.mark.parametrize("unit", [u.arcmin**-2, u.deg**-2, u.sr**-1])
def test_densities_of_any_unit(unit):
    density = np.array([0.5, 8.0]) * u.arcmin**-2
    expected = truth.false_radius(density.to_value("deg-2"))
    given = density.to(unit)
    for value in (given, Column(given.value, unit=unit)):
        np.testing.assert_allclose(truth.false_radius(value), expected, rtol=1e-13)
    assert truth.false_radius(given[1]) == pytest.approx(expected[1], rel=1e-13)


def test_what_is_no_density():
    with pytest.raises(ValueError, match="density_per_deg2 given in arcmin2"):
        truth.false_radius([1.0, 2.0] * u.arcmin**2)


@pytest.mark.parametrize(
    ("density", "probability", "word"),
    [
        (0, 0.03, "density_per_deg2 is 0"),
        (-1, 0.03, "-1"),
        ([1, np.nan], 0.03, "nan"),
        (np.inf, 0.03, "inf"),
        (1, 0, "probability is 0"),
        (1, 1, "probability is 1"),
        (1, "a", "probability is 'a'"),
        (1, np.nan, "probability is nan"),
    ],
)
def test_bad_false_radius(density, probability, word):
    with pytest.raises(ValueError, match=word):
        truth.false_radius(density, probability)


# -- counterparts by hand ------------------------------------------------------------------------


def test_smallest_sky():
    survey = catalog([(0.3, 0), *FIELD], "O", r=[20.0, 23.0, 24.0])
    sample = truth.training_sample(catalog([(0, 0)], "X", flux=[1e-14]), survey)
    assert rows(sample) == [(0, 0, True), (0, 1, False), (0, 2, False)]
    assert sample.colnames == [
        "ID",
        "RA",
        "DEC",
        "r",
        "is_counterpart",
        "xray_row",
        "survey_row",
        "separation",
        "xray_ID",
        "xray_RA",
        "xray_DEC",
        "xray_flux",
    ]
    np.testing.assert_allclose(sample["separation"], [0.3, 15, 20], rtol=1e-4)
    assert sample["separation"].unit == u.arcsec
    assert list(sample["ID"]) == ["O0", "O1", "O2"]
    assert list(sample["xray_ID"]) == ["X0"] * 3
    assert list(sample["r"]) == [20.0, 23.0, 24.0]
    assert sample["is_counterpart"].dtype == bool
    assert list(json.loads(json.dumps(sample.meta["counts"])).items()) == [
        ("xray_sources", 1),
        ("xray_unique", 1),
        ("xray_above_flux_limit", 1),
        ("xray_outside_excluded", 1),
        ("annulus_empty", 0),
        ("with_object_in_false_radius", 1),
        ("with_only_one", 1),
        ("inside_r98", 1),
        ("claimed_once", 1),
        ("field_in_annulus", 2),
        ("field_of_one_source", 2),
        ("counterparts", 1),
        ("field", 2),
    ]


def with_good_source(xray, objects, **options):
    """The sample's rows for sources near the origin, beside one far away that is all right."""
    far = 500.0
    precise = catalog(
        [*xray, (far, 0)], "X", pos_err=options.pop("pos_err", 0.5), **options.pop("columns", {})
    )
    survey = catalog([*objects, (far, 0.1), (far + 15, 0)], "O")
    found = rows(truth.training_sample(precise, survey, **options))
    n = len(objects)
    good = [(len(xray), n, True), (len(xray), n + 1, False)]
    assert found[-2:] == good
    return found[:-2]


def test_outside_r98():
    # two in the annulus: 10,313 per deg^2, false radius 3.49"; r98 = 1.40"
    assert with_good_source([(0, 0)], [(1.39, 0), *FIELD])[0] == (0, 0, True)
    assert with_good_source([(0, 0)], [(1.41, 0), *FIELD]) == [(0, 1, False), (0, 2, False)]
    assert with_good_source([(0, 0)], [(1.41, 0), *FIELD], r98=2.0)[0] == (0, 0, True)
    assert with_good_source([(0, 0)], [(1.41, 0), *FIELD], r98=2.0, max_separation=1.4) == [
        (0, 1, False),
        (0, 2, False),
    ]


def test_outside_the_false_radius():
    radius = truth.false_radius(2 / (np.pi * (30**2 - 10**2) / 3600**2))
    assert radius == pytest.approx(3.49, abs=0.01)
    assert with_good_source([(0, 0)], [(radius - 0.01, 0), *FIELD], r98=9)[0] == (0, 0, True)
    assert with_good_source([(0, 0)], [(radius + 0.01, 0), *FIELD], r98=9) == [
        (0, 1, False),
        (0, 2, False),
    ]
    assert (0, 0, True) not in with_good_source(
        [(0, 0)], [(radius - 0.01, 0), *FIELD], r98=9, probability=0.02
    )


def test_a_second_object_inside_the_false_radius():
    field = [(0, 2, False), (0, 3, False)]
    assert with_good_source([(0, 0)], [(0.3, 0), (-3.0, 0), *FIELD]) == field  # beyond r98 too
    assert with_good_source([(0, 0)], [(0.3, 0), (-4.0, 0), *FIELD]) == [(0, 0, True), *field]


def test_claimed_by_two_sources():
    # the object between them is the only one of both; what is around both is nobody's field
    assert with_good_source([(-1, 0), (1, 0)], [(0, 0), (0, 20)]) == []
    # a bright source beside it that is below the flux limit still claims it
    columns = {"flux": [1e-14, 1e-16, 1e-14]}
    assert (
        with_good_source(
            [(-1, 0), (1, 0)], [(0, 0), (0, 20)], columns=columns, flux="flux", flux_min=1e-15
        )
        == []
    )


def test_duplicates_count_once():
    found = with_good_source([(0, 0), (0.8, 0)], [(0.4, 0), *FIELD])
    assert found == [(0, 0, True), (0, 1, False), (0, 2, False)]
    # not as duplicates: claimed by both
    assert with_good_source([(0, 0), (0.8, 0)], [(0.4, 0), *FIELD], duplicate_radius=0) == []


def test_field_objects():
    objects = [(0.1, 0), (9.9, 0), (10.1, 0), (29.9, 0), (30.1, 0)]
    assert with_good_source([(0, 0)], objects) == [(0, 0, True), (0, 2, False), (0, 3, False)]
    assert with_good_source([(0, 0)], [*objects, (0, 40.1)], annulus=(5, 40)) == [
        (0, 0, True),
        (0, 1, False),
        (0, 2, False),
        (0, 3, False),
        (0, 4, False),
    ]
    # the second source takes what is within 30" of it
    assert with_good_source([(0, 0), (50, 0)], [*objects, (50.1, 0), (-15, 0)]) == [
        (0, 0, True),
        (0, 2, False),
        (0, 6, False),
        (1, 4, False),
        (1, 5, True),
    ]


def test_field_rows_without_a_counterpart():
    assert with_good_source([(0, 0)], FIELD) == [(0, 0, False), (0, 1, False)]


def test_the_counterpart_is_never_field():
    found = with_good_source([(0, 0)], [(0.3, 0), *FIELD], annulus=(0, 30))
    assert found == [(0, 0, True), (0, 1, False), (0, 2, False)]


def test_mean_density_where_the_annulus_is_empty():
    # five in 0.01 deg^2: a false radius that reaches over the second object
    objects = [(0.1, 0), (5, 0), (31, 0)]
    assert truth.false_radius(5 / 0.01) > 5 > truth.false_radius(5 / 0.01, 1e-3)
    assert with_good_source([(0, 0)], objects) == []
    assert with_good_source([(0, 0)], objects, probability=1e-3) == [(0, 0, True)]


# -- what is left out ----------------------------------------------------------------------------


def test_flux_limit():
    survey = catalog([(0, 0.1), (15, 0), (500, 0.1), (515, 0), (900, 0.1), (915, 0)], "O")
    for bad in (1e-16, np.nan, -99.0, 0.0, np.inf):
        precise = catalog([(0, 0), (500, 0), (900, 0)], "X", flux=[1e-14, bad, 1e-15])
        found = truth.training_sample(precise, survey, flux="flux", flux_min=1e-15)
        assert rows(found) == [(0, 0, True), (0, 1, False), (2, 4, True), (2, 5, False)]
        assert found.meta["counts"]["xray_above_flux_limit"] == 2
        without_limit = truth.training_sample(precise, survey, flux="flux")
        assert len(without_limit) == (6 if bad == 1e-16 else 4)
        assert len(truth.training_sample(precise, survey)) == 6


THREE_PRECISE = [(0, 0), (500, 0), (900, 0)]
THREE_SURVEY = [(0, 0.1), (15, 0), (500, 0.1), (515, 0), (900, 0.1), (915, 0)]


@pytest.mark.parametrize("kind", ["circles", "one circle", "array", "catalog", "moc", "list"])
def test_excluded_regions(kind):
    precise, survey = catalog(THREE_PRECISE, "X"), catalog(THREE_SURVEY, "O")
    centre = catalog([(500, 0)], "C")
    circle = (float(centre.ra[0]), float(centre.dec[0]), 10.0)
    exclude = {
        "circles": [circle, (10.0, -89.0, 3600.0)],
        "one circle": circle,
        "array": np.array([circle]),
        "catalog": (centre, 10.0),
        "moc": MOC.from_cone(
            lon=centre.ra[0] * u.deg, lat=centre.dec[0] * u.deg, radius=10 * u.arcsec, max_depth=18
        ),
        "list": [(centre, 10), MOC.new_empty(10), (0.0, 0.0, 1.0)],
    }[kind]
    found = truth.training_sample(precise, survey, exclude=exclude)
    assert rows(found) == [(0, 0, True), (0, 1, False), (2, 4, True), (2, 5, False)]
    assert found.meta["counts"]["xray_outside_excluded"] == 2


def test_excluded_objects():
    precise, survey = catalog(THREE_PRECISE, "X"), catalog(THREE_SURVEY, "O")
    at = [(float(survey.ra[k]), float(survey.dec[k]), 0.05) for k in (2, 5)]
    found = truth.training_sample(precise, survey, exclude=at)
    assert rows(found) == [(0, 0, True), (0, 1, False), (1, 3, False), (2, 4, True)]
    assert found.meta["counts"]["claimed_once"] == 3
    assert found.meta["counts"]["counterparts"] == 2


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-300, 300), st.floats(-300, 300), st.floats(0.5, 300)),
        min_size=1,
        max_size=12,
    )
)
def test_nothing_is_left_in_excluded_circles(circles):
    rng = np.random.default_rng(1)
    precise, survey = (
        catalog(rng.uniform(-400, 400, (60, 2)), "X"),
        catalog(rng.uniform(-400, 400, (400, 2)), "O"),
    )
    regions = [(RA + e / 3600 / np.cos(np.radians(DEC)), DEC + n / 3600, r) for e, n, r in circles]
    ra, dec = np.array(regions).T[:2]
    radius = np.array(regions)[:, 2]
    centres = bm.Catalog({"RA": ra, "DEC": dec}, name="C", pos_err=1.0, area=1.0)

    def inside(catalogue):
        dist = (
            np.hypot(
                (catalogue.ra[:, None] - centres.ra) * np.cos(np.radians(DEC)),
                catalogue.dec[:, None] - centres.dec,
            )
            * 3600
        )
        return dist < radius * 0.99, dist < radius * 1.01  # flat geometry, roughly

    found = excluded.in_regions(survey.ra, survey.dec, excluded.regions(regions))
    surely, maybe = (a.any(axis=1) for a in inside(survey))
    assert found[surely].all()
    assert not found[~maybe].any()
    nothing = precise.ra[:0], precise.dec[:0]
    assert len(excluded.in_regions(*nothing, excluded.regions(regions))) == 0


# -- inputs of many kinds ------------------------------------------------------------------------


def test_default_r98():
    survey = catalog([(1.39, 0), *FIELD], "O")
    for pos_err in (0.5, (1.0, 0.25), bm.ErrorEllipse(1.0, 0.25, 30.0)):
        found = truth.training_sample(catalog([(0, 0)], "X", pos_err=pos_err), survey)
        assert rows(found)[0] == (0, 0, True)
    with pytest.raises(ValueError, match="no secure counterpart"):
        truth.training_sample(catalog([(0, 0)], "X", pos_err=0.49), survey)


def test_r98_by_column_unit_and_array():
    survey = catalog([(1.5, 0), *FIELD, (501.5, 0), (515, 0)], "O")
    precise = catalog(
        [(0, 0), (500, 0)], "X", r98=MaskedColumn([2 / 60, 1 / 60], unit="arcmin"), small=[2.0, 1.0]
    )
    for r98 in ("r98", "small", [2.0, 1.0], np.array([2, 1]) * u.arcsec):
        found = truth.training_sample(precise, survey, r98=r98)
        assert [r for r in rows(found) if r[2]][0] == (0, 0, True)
    assert truth.training_sample(precise, survey, r98="small").meta["counts"]["counterparts"] == 1
    both = truth.training_sample(precise, survey, r98=2 * u.arcsec)
    assert both.meta["counts"]["counterparts"] == 2


def test_masked_columns_and_units_survive():
    r = MaskedColumn([20.0, 1, 2], mask=[False, True, False])
    survey = catalog([(0.3, 0), *FIELD], "O", r=r)
    precise = catalog([(0, 0)], "X", flux=MaskedColumn([1e-14], unit="erg / (s cm2)"))
    sample = truth.training_sample(precise, survey)
    assert list(sample["r"].mask) == [False, True, False]
    assert sample["xray_flux"].unit == u.erg / u.s / u.cm**2
    quantities = bm.Catalog(QTable(survey.table), name="O", pos_err=0.1, area=0.01)
    assert rows(truth.training_sample(precise, quantities)) == rows(sample)


def test_inputs_are_not_modified():
    survey, precise = catalog([(0.3, 0), *FIELD], "O", r=[20.0, 1, 2]), catalog([(0, 0)], "X")
    survey.table.meta["SKYAREA"] = 3.0
    before = survey.table.copy(), precise.table.copy()
    sample = truth.training_sample(precise, survey)
    sample["r"][:] = 0
    for now, then in zip((survey.table, precise.table), before, strict=True):
        assert now.colnames == then.colnames
        assert now.meta == then.meta
        assert all((now[c] == then[c]).all() for c in now.colnames)
    assert set(sample.meta) == {"counts"}


def precise_and_survey(seed=0, n_xray=1500, density=58_000, side=1.0, visible=0.93):
    """Chandra-like sources with hosts in a uniform survey, and each one's host (-1: hostless)."""
    rng = np.random.default_rng(seed)
    half = side / 2 * 3600
    host = rng.uniform(-half, half, (n_xray, 2))
    sigma = rng.uniform(0.2, 0.8, n_xray)
    x_ray = host + rng.normal(size=(n_xray, 2)) * sigma[:, None]
    has = rng.random(n_xray) < visible
    field = rng.uniform(-half, half, (int(density * side**2), 2))
    objects = np.concatenate([field, host[has] + rng.normal(0, 0.05, (int(has.sum()), 2))])
    order = rng.permutation(len(objects))
    place = np.full(n_xray, -1)
    place[has] = np.argsort(order)[len(field) :]
    return (
        catalog(x_ray, "X", pos_err="sigma", area=side**2, sigma=sigma),
        catalog(objects[order], "O", pos_err=0.05, area=side**2),
        place,
    )


@pytest.mark.parametrize("seed", range(3))
def test_secure_counterparts_are_right(seed):
    precise, survey, host = precise_and_survey(seed)
    sample = truth.training_sample(precise, survey)
    counterparts = sample[sample["is_counterpart"]]
    right = host[counterparts["xray_row"]] == counterparts["survey_row"]
    assert len(counterparts) > 0.5 * len(precise)
    assert right.mean() >= 0.97
    field = sample[~sample["is_counterpart"]]
    assert np.isin(field["survey_row"], host).mean() < 0.002  # of faint sources' hosts, none
    assert (field["separation"] >= 10).all()
    assert (field["separation"] < 30).all()
    assert len(np.unique(sample["survey_row"])) == len(sample)
    counts = sample.meta["counts"]
    assert counts["counterparts"] == len(counterparts)
    assert counts["field"] == len(field)
    steps = [
        "xray_sources",
        "xray_unique",
        "xray_above_flux_limit",
        "xray_outside_excluded",
        "with_object_in_false_radius",
        "with_only_one",
        "inside_r98",
        "claimed_once",
        "counterparts",
    ]
    assert all(counts[a] >= counts[b] for a, b in zip(steps, steps[1:], strict=False))
    assert counts["field_in_annulus"] >= counts["field_of_one_source"] >= counts["field"]
    key = np.asarray(sample["xray_row"]) * len(survey) + np.asarray(sample["survey_row"])
    assert (np.diff(key) > 0).all()


def slow_sample(precise, survey):
    """The same from the definitions, one X-ray source at a time."""

    def separations(ra, dec, others):
        a, b = np.radians([ra, dec]), np.radians([others.ra, others.dec])
        h = (
            np.sin((b[1] - a[1]) / 2) ** 2
            + np.cos(a[1]) * np.cos(b[1]) * np.sin((b[0] - a[0]) / 2) ** 2
        )
        return np.degrees(2 * np.arcsin(np.sqrt(h))) * 3600

    sep, claimed = {}, {}
    for i in range(len(precise)):
        if (separations(precise.ra[i], precise.dec[i], precise)[:i] < 1).any():
            continue
        s = sep[i] = separations(precise.ra[i], precise.dec[i], survey)
        n = ((s >= 10) & (s < 30)).sum()
        density = n / (np.pi * 800 / 3600**2) if n else len(survey) / survey.area
        radius = 3600 * np.sqrt(-np.log(0.97) / np.pi / density)
        j = int(np.argmin(s))
        r98 = 2.797 * precise.table["sigma"][i]
        if (s < radius).sum() == 1 and s[j] < r98:
            claimed[i] = j
    out = []
    for i, s in sep.items():
        for j in range(len(survey)):
            if claimed.get(i) == j and list(claimed.values()).count(j) == 1:
                out.append((i, j, True))
            elif (
                10 <= s[j] < 30
                and sum(t[j] < 30 for t in sep.values()) == 1
                and (j not in claimed.values())
            ):
                out.append((i, j, False))
    return out


def test_against_the_definitions():
    precise, survey, _ = precise_and_survey(7, n_xray=60, side=0.1, density=40_000)
    found = rows(truth.training_sample(precise, survey))
    assert found == slow_sample(precise, survey)
    assert sum(r[2] for r in found) > 10


def test_order_of_rows_does_not_matter():
    precise, survey, _ = precise_and_survey(8, n_xray=100, side=0.2)
    order, mixed = (
        np.random.default_rng(k).permutation(len(c)) for k, c in enumerate((precise, survey))
    )
    options = {"duplicate_radius": 0, "exclude": [(RA, DEC, 60.0)]}
    first = rows(truth.training_sample(precise, survey, **options))
    second = rows(truth.training_sample(precise.subset(order), survey.subset(mixed), **options))
    assert sorted((order[i], mixed[j], c) for i, j, c in second) == first
    # and one catalogue larger than the other, either way
    few = rows(truth.training_sample(precise, survey.subset(np.arange(90))))
    assert few == sorted(few)


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"r98": -1.0}, ValueError, ["'X'", "r98", "-1"]),
        ({"r98": "none"}, ValueError, ["'X'", "'none'"]),
        ({"r98": "bad"}, ValueError, ["'bad'", "nan", "row 1"]),
        ({"r98": [1.0]}, TypeError, ["r98", "one value per row"]),
        ({"flux_min": 1e-15}, ValueError, ["flux_min", "flux="]),
        ({"flux": "fx"}, ValueError, ["'fx'", "flux"]),
        ({"flux": "ID"}, TypeError, ["'ID'"]),
        ({"flux": "flux", "flux_min": "a"}, ValueError, ["flux_min", "'a'"]),
        (
            {"flux": "flux", "flux_min": 1.0},
            ValueError,
            ["no X-ray source", "xray_sources 2", "xray_above_flux_limit 0", "flux_min"],
        ),
        ({"probability": 0}, ValueError, ["probability"]),
        ({"annulus": (30, 10)}, ValueError, ["annulus", "(10, 30)"]),
        ({"annulus": 10}, ValueError, ["annulus"]),
        ({"annulus": (10, np.nan)}, ValueError, ["annulus"]),
        ({"annulus": ("a", "b")}, ValueError, ["annulus"]),
        ({"duplicate_radius": -1}, ValueError, ["duplicate_radius", "-1"]),
        ({"max_separation": np.nan}, ValueError, ["max_separation"]),
        ({"exclude": "here"}, ValueError, ["exclude", "'here'"]),
        ({"exclude": [(1.0, 2.0)]}, ValueError, ["exclude", "(1.0, 2.0)", "radius"]),
        ({"exclude": [(1.0, 2.0, 0.0)]}, ValueError, ["exclude"]),
        ({"exclude": [(1.0, 2.0, "a")]}, ValueError, ["exclude"]),
        ({"exclude": [(1.0, 95.0, 5.0)]}, ValueError, ["exclude", "95"]),
        ({"exclude": [(np.nan, 5.0, 5.0)]}, ValueError, ["exclude", "nan"]),
        (
            {"exclude": (RA, DEC, 7200.0)},
            ValueError,
            ["no X-ray source", "xray_outside_excluded 0"],
        ),
        ({"max_separation": 0.01}, ValueError, ["no secure counterpart", "inside_r98 0"]),
        (
            {"annulus": (25, 26), "probability": 0.001},
            ValueError,
            ["no field object", "counterparts 1", "annulus"],
        ),
    ],
)
def test_bad_input(options, kind, words):
    precise = catalog([(0, 0), (90, 0)], "X", flux=[1e-14, 1e-14], bad=[1.0, np.nan])
    survey = catalog([(0, 0.1), (15, 0)], "O")
    with pytest.raises(kind) as error:
        truth.training_sample(precise, survey, **options)
    assert all(word in str(error.value) for word in words), error.value


def test_not_catalogues():
    good = catalog([(0, 0)], "X")
    with pytest.raises(TypeError, match="precise is a Table.*bayesmatch.Catalog"):
        truth.training_sample(good.table, good)
    with pytest.raises(TypeError, match="survey is a str"):
        truth.training_sample(good, "survey.fits")


@pytest.mark.parametrize(
    ("survey", "precise", "word"),
    [
        ({"separation": [1.0, 2]}, {}, "'separation'; rename the one of catalogue 'O'"),
        ({"xray_ID": [1, 2]}, {}, "'xray_ID'; rename the one of catalogue 'O' or 'X'"),
        ({}, {"row": [1]}, "'xray_row'"),
    ],
)
def test_columns_of_one_name(survey, precise, word):
    with pytest.raises(ValueError, match=word):
        truth.training_sample(
            catalog([(0, 0)], "X", **precise), catalog([(0, 0.1), (15, 0)], "O", **survey)
        )


def test_catalogues_of_different_skies():
    precise = catalog([(0, 0)], "X")
    survey = catalog([(3000, 0)], "O")
    with pytest.raises(ValueError, match="no secure counterpart.*annulus_empty 1.*same sky"):
        truth.training_sample(precise, survey)


def test_too_many_pairs(monkeypatch):
    monkeypatch.setattr(pairs, "MAX_PAIRS", 2)
    with pytest.raises(ValueError, match="more than 2 pairs of 'X' and 'O'.*annulus"):
        truth.training_sample(catalog([(0, 0)], "X"), catalog([(0, 0.1), *FIELD], "O"))
