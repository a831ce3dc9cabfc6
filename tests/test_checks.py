"""`MatchResult.checks`: what a match notices of itself, and when it keeps quiet."""

import dataclasses
import warnings

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.matching import pipeline, shared_objects
from bayesmatch.matching.checks import (
    errors,
    field_alike,
    finding,
    objects,
    sample,
    score,
    shared,
    view,
)
from validation.checks import fired, least, run, worst
from validation.skies import magnitude_prior, simulate, simulate_patterns
from validation.wrong_setups import CLEAN, RADIUS, SETUPS, magnitudes, pair

NAMES = ["check", "value", "expected", "error", "sigma", "verdict", "advice"]


def checks_of(result):
    return {str(row["check"]): row for row in result.checks()}


@pytest.fixture
def seen(monkeypatch):
    """The views of the matches made."""
    views = []
    whole = pipeline.run_checks

    def spy(looked, *match):
        views.append(view.view_of(looked[0], *match))
        return whole(looked, *match)

    monkeypatch.setattr(pipeline, "run_checks", spy)
    return views


@pytest.fixture(scope="module")
def clean():
    return pair(simulate(11, 300, 0.7))


@pytest.fixture(scope="module")
def wrong():
    return pair(simulate(11, 200, 0.7, density=60_000.0), area=2.0, field="uniform")


# -- the table ------------------------------------------------------------------------------------


@pytest.mark.few(12)
@pytest.mark.parametrize("setup", SETUPS, ids=[s.name for s in SETUPS])
def test_wrong_setups_are_noticed(setup):
    """What must fire does in at least 3 of 4 skies, nothing unrelated in more than 1."""
    counts = fired(setup.run, 4, 50_000)
    assert least(setup, counts) >= 3, counts
    assert worst(setup, counts)[1] <= 1, counts


@pytest.mark.parametrize("sky", CLEAN, ids=[c.name for c in CLEAN])
def test_right_skies_are_quiet(sky):
    assert sum(fired(sky.run, 6, 60_000).values()) <= 1


def test_every_check_has_a_setup():
    """No name is in the table that no match gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = {c for k in (0, 16, 17, 20) for c in checks_of(SETUPS[k].run(1))}
    assert {c for s in SETUPS for c in (*s.must, *s.may)} <= given


def test_the_protocol(tmp_path, monkeypatch):
    """It counts what fires, and a check that never fires is a miss."""
    monkeypatch.setattr("validation.checks.SETUPS", SETUPS[:1])
    monkeypatch.setattr("validation.checks.CLEAN", CLEAN[:1])
    section = run(tmp_path, seeds=2)
    assert section.ok and section.numbers["wrong"] == {"hours": {"overlap": 2}}
    blind = dataclasses.replace(SETUPS[0], run=CLEAN[0].run)
    monkeypatch.setattr("validation.checks.SETUPS", (blind,))
    assert not run(tmp_path, seeds=2).ok


# -- the table of a result ------------------------------------------------------------------------


def test_columns(clean):
    table = clean.checks()
    assert table.colnames == NAMES and set(table["verdict"]) == {"ok"}
    assert list(table["check"]) == [
        "overlap",
        "radius",
        "area_OPT",
        "density_OPT",
        "position_errors",
        "tails",
        "frame",
        "duplicates_OPT",
        "claims",
        "duplicates_X",
    ]
    assert all(str(row["advice"]) for row in table)
    assert "look " not in clean.summary() and "wrong " not in clean.summary()


def test_summary_tells_what_is_not_ok(wrong):
    (line,) = [t for t in wrong.summary().splitlines() if "area_OPT" in t]
    row = checks_of(wrong)["area_OPT"]
    assert line.strip() == f"{row['verdict']:<6} area_OPT: {row['advice']}"


@pytest.mark.few(2)
@pytest.mark.parametrize("ending", ["fits", "vot", "parquet", "ecsv", "csv"])
def test_from_a_file(wrong, tmp_path, ending):
    wrong.write(tmp_path / f"r.{ending}")
    back = bm.MatchResult.read(tmp_path / f"r.{ending}")
    assert back.meta["checks"] == wrong.meta["checks"] and len(back.checks()) == 10
    assert back.summary() == wrong.summary()


def test_a_file_without_checks(clean):
    meta = {k: v for k, v in clean.meta.items() if k != "checks"}
    old = bm.MatchResult(clean.associations, clean.sources, meta)
    assert len(old.checks()) == 0 and old.checks().colnames == NAMES and old.summary()


def test_a_file_with_other_checks_is_refused(clean, tmp_path):
    for change in ({"verdict": "fine"}, {"value": "much"}, {"more": 1}):
        rows = [{**clean.meta["checks"][0], **change}]
        bad = bm.MatchResult(clean.associations, clean.sources, {**clean.meta, "checks": rows})
        bad.write(tmp_path / "r.fits")
        with pytest.raises(ValueError, match="checks"):
            bm.MatchResult.read(tmp_path / "r.fits")


def test_command_line(clean, wrong, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clean.write("clean.fits")
    wrong.write("wrong.fits")
    assert main(["check", "clean.fits"]) == 0
    assert capsys.readouterr().out == "10 checks: 10 ok\n"
    assert main(["check", "wrong.fits", "--out", "c.csv"]) == 1
    out = capsys.readouterr().out
    assert "area_OPT" in out and "overlap" not in out and "wrote c.csv" in out
    assert checks_of(wrong)["area_OPT"]["advice"] in out
    assert (tmp_path / "c.csv").read_text().count("\n") == 11
    assert main(["check", "wrong.fits", "--all", "--quiet"]) == 1
    assert capsys.readouterr().out == ""
    assert main(["check", "wrong.fits", "--all"]) == 1
    assert "overlap" in capsys.readouterr().out
    assert main(["check", "none.fits"]) == 1 and "no such file" in capsys.readouterr().err
    assert main(["check", "clean.fits", "--out", "c.txt"]) == 1
    assert "must end in one of .csv" in capsys.readouterr().err
    assert main(["check", "clean.fits", "--out", "clean.fits"]) == 1
    meta = {k: v for k, v in clean.meta.items() if k != "checks"}
    bm.MatchResult(clean.associations, clean.sources, meta).write("old.fits")
    capsys.readouterr()
    assert main(["check", "old.fits"]) == 1 and "match again" in capsys.readouterr().err


def test_only_worth_a_look_is_status_0(tmp_path):
    result = SETUPS[14].run(1)
    result.meta["checks"] = [{**row, "verdict": "look"} for row in result.meta["checks"]]
    result.write(tmp_path / "r.fits")
    assert main(["check", str(tmp_path / "r.fits"), "--quiet"]) == 0


# -- what they say --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hours", "X were right ascension in hours"),
        ("galactic", "X were galactic"),
        ("lost sign", "were declinations with the other sign"),
        ("elsewhere", "compare the fields"),
    ],
)
def test_why_catalogues_do_not_overlap(name, words):
    setup = next(s for s in SETUPS if s.name == name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = checks_of(setup.run(3))["overlap"]
    assert row["verdict"] == "wrong" and words in row["advice"]


def test_positions_of_another_equinox():
    from astropy.coordinates import SkyCoord

    rng = np.random.default_rng(4)
    ra, dec = rng.uniform(150, 150.2, 400), rng.uniform(2, 2.2, 400)
    old = SkyCoord(ra, dec, unit="deg").fk4
    sources = {"RA": old.ra.deg[:40], "DEC": old.dec.deg[:40]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        row = checks_of(
            bm.match(
                bm.Catalog(sources, name="X", pos_err=1.0, area=0.04),
                bm.Catalog({"RA": ra, "DEC": dec}, name="OPT", pos_err=0.1, area=0.04),
                radius=10,
            )
        )["overlap"]
    assert row["verdict"] == "wrong" and "X were of the equinox B1950" in row["advice"]


def test_all_around_a_pole_no_hours_explain_a_part_of_the_survey():
    rng = np.random.default_rng(0)
    x, y = rng.uniform(-0.4, 0.4, (2, 20_000))
    place = {"RA": np.degrees(np.arctan2(y, x)) % 360, "DEC": np.hypot(x, y) - 90}
    strip = np.abs(x) < 0.12
    primary = bm.Catalog({k: v[:400] for k, v in place.items()}, name="X", pos_err=1.0, area=0.6)
    other = bm.Catalog({k: v[strip] for k, v in place.items()}, name="OPT", pos_err=0.1, area=0.2)
    finding = checks_of(bm.match(primary, other, radius=20.0))["overlap"]
    assert finding["verdict"] == "look" and "compare the fields" in finding["advice"]


def test_milliarcsec_as_in_the_issue():
    """60 sources, nearly all hostless, where close pairs stand far above chance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = pair(simulate(5, 60, 0.8), scale=1e-3)
    assert np.median(result.sources["p_hostless"]) > 0.99
    row = checks_of(result)["position_errors"]
    assert row["verdict"] == "wrong" and row["value"] > 2 * row["expected"]
    assert "1000 times" in row["advice"] and "SIGMA[arcsec]" in row["advice"]


def test_close_pairs_tell_by_which_factor():
    """A factor like that of separations that can be judged, not a count of sources."""
    sky = simulate(8, 1200, 0.9, density=60_000.0)
    row = checks_of(pair(sky, scale=0.2))["position_errors"]
    assert row["verdict"] == "wrong" and "get no probability of it" in row["advice"]
    assert row["expected"] == 1 and 3.5 < row["value"] < 6.5
    assert row["sigma"] == pytest.approx(abs(row["value"] - 1) / row["error"])


def magnitudes_of(ratio):
    """A sky with magnitudes, and a prior on them."""
    sky = simulate(21, 200, 0.7, magnitudes=True)
    return sky, bm.FunctionPrior("mag", lambda table: ratio(np.asarray(table["MAG"])))


@pytest.mark.filterwarnings("ignore:no primary has a candidate")
@pytest.mark.parametrize(
    "ratio",
    [
        lambda mag: np.full(len(mag), -np.inf),
        lambda mag: np.full(len(mag), -6.0),
        lambda mag: np.where(mag < 23.0, -np.inf, 0.3),
    ],
    ids=["all", "hardly", "bright"],
)
def test_a_prior_that_rules_counterparts_out_is_no_fault_of_the_errors(ratio):
    sky, prior = magnitudes_of(ratio)
    rows = checks_of(pair(sky, priors=[prior]))
    assert rows["prior_OPT_mag"]["verdict"] == "wrong" and rows["prior_OPT_mag"]["sigma"] > 4.5
    assert rows["position_errors"]["verdict"] == "ok"

    def of_all(members):
        return np.where(members["OPT"]["MAG"].mask, 0.0, prior.function(members["OPT"]))

    combined = {None: [bm.CombinationPrior("mag", of_all)]}
    rows = checks_of(bm.match(*sky.catalogs(), radius=RADIUS, priors=combined))
    assert rows["prior_mag"]["verdict"] == "wrong"
    assert rows["position_errors"]["verdict"] == "ok"


def test_a_prior_that_is_too_sure_of_itself():
    """Natural logarithms for decadic ones: its own counterparts all look right."""
    right = magnitude_prior().function
    sure = bm.FunctionPrior("mag", lambda table: right(table) * np.log(10))
    for seed in range(3):
        sky = simulate(30 + seed, 2000, 0.7, density=5000.0, magnitudes=True)
        row = checks_of(pair(sky, priors=[sure]))["prior_OPT_mag"]
        assert row["verdict"] == "look" and "mean inverse ratio" in row["advice"]
        assert checks_of(pair(sky, priors=[magnitude_prior()]))["prior_OPT_mag"]["verdict"] == "ok"


def test_errors_in_another_unit_are_no_fault_of_a_prior():
    """Nor is a prior judged by what they leave; the one of several that rules out is named."""
    sky, prior = magnitudes_of(lambda mag: magnitude_prior().function({"MAG": mag}))
    rows = checks_of(pair(sky, priors=[prior], scale=1 / 3600))
    assert rows["position_errors"]["verdict"] == "wrong"
    assert rows["prior_OPT_mag"]["verdict"] == "ok" and "errors" in rows["prior_OPT_mag"]["advice"]
    out = bm.FunctionPrior("out", lambda table: np.full(len(table), -6.0))
    rows = checks_of(pair(sky, priors=[prior, out]))
    assert rows["prior_OPT_out"]["verdict"] == "wrong" and rows["prior_OPT_mag"]["verdict"] == "ok"


def test_sizes_are_right():
    """Scale, offset and area are found to a few of their errors, from a step without a fit."""
    sky = simulate(7, 1000, 0.8)
    rows = checks_of(pair(sky, scale=1 / 1.15, area=1.3))
    assert abs(rows["position_errors"]["value"] - 1.15) < 0.1
    area = rows["area_OPT"]
    assert abs(area["value"] - 1.3) < 4 * area["error"] and area["verdict"] == "look"
    dec = sky.primary["DEC"] + 1.0 / 3600
    factor = checks_of(pair(sky, scale=3.0))["position_errors"]  # a step falls short of it
    assert 0.2 < factor["value"] < 0.5 and factor["verdict"] == "wrong"
    frame = checks_of(pair(sky, primary={**sky.primary, "DEC": dec}))["frame"]
    assert 0.7 < frame["value"] < 1.3 and "-" in frame["advice"].split("north")[0]


def tailed(seed, n_other, quoted=1.0):
    """A sky whose other catalogues have tails, as they say."""
    fractions = (0.3, 0.7) if n_other == 1 else (0.3, 0.1, 0.1, 0.5)
    sky = simulate_patterns(
        seed,
        400,
        fractions,
        density=(15_000.0, 8_000.0)[:n_other],
        other_sigma=(0.0, 0.0)[:n_other],
        shared=0.5,
    )
    rng, others = np.random.default_rng(seed), []
    for name, table in zip(("A", "B"), sky.others, strict=False):
        size = len(table["RA"])
        off = rng.normal(0.0, 0.7 * np.where(rng.random(size) < 0.15, 3.0, 1.0), (2, size)) / 3600
        table = {
            "RA": table["RA"] + off[0] / np.cos(np.radians(table["DEC"])),
            "DEC": table["DEC"] + off[1],
        }
        others.append(
            bm.Catalog(
                table, name=name, pos_err=0.7, area=sky.area, tail_fraction=0.15, tail_factor=3.0
            )
        )
    x = {**sky.primary, "SIGMA": quoted * sky.primary["SIGMA"]}
    x = bm.Catalog(x, name="X", pos_err="SIGMA", area=sky.area)
    return checks_of(bm.match(x, *others, radius=18.0))


@pytest.mark.parametrize("n_other", [1, 2])
def test_tails_of_the_other_catalogues_are_gone_by(n_other):
    """The probabilities know of them: errors wider than the core explain nothing more."""
    for seed in (3, 4):
        rows = tailed(seed, n_other)
        # Two of them have objects in common, of which NWAY's columns do not know.
        assert {name for name, row in rows.items() if row["verdict"] != "ok"} <= {"shared_A_B"}
        assert 0.9 < rows["position_errors"]["value"] < 1.1
    assert tailed(3, n_other, quoted=0.5)["position_errors"]["verdict"] != "ok"


def test_lost_beyond_the_radius():
    sky = simulate(3, 200, 0.7)
    rows = checks_of(pair(sky, radius=4.0))
    sigma = np.hypot(sky.primary["SIGMA"], 0.3)
    assert rows["radius"]["value"] == pytest.approx(np.exp(-0.5 * (4.0 / sigma) ** 2).mean())
    assert rows["radius"]["verdict"] == "wrong"
    assert checks_of(pair(sky))["radius"]["verdict"] == "ok"


def test_a_wrong_area_spoils_a_uniform_field_only(wrong):
    assert checks_of(wrong)["area_OPT"]["verdict"] == "wrong"
    local = pair(simulate(11, 200, 0.7, density=60_000.0), area=2.0)
    assert checks_of(local)["area_OPT"]["verdict"] == "look"


def test_a_radius_beyond_the_survey_is_no_area_beyond_the_sky():
    sky = {"RA": 150 + np.random.default_rng(1).uniform(0, 0.1, 300)}
    sky["DEC"] = np.random.default_rng(2).uniform(0, 0.1, 300)
    x, o = (
        bm.Catalog({k: v[:n] for k, v in sky.items()}, name=name, pos_err=1.0, area=0.01)
        for name, n in (("X", 40), ("OPT", 300))
    )
    (found,) = (r for r in bm.match(x, o, radius=3600).checks() if r["check"] == "area_OPT")
    assert found["verdict"] == "look" and "the radius reaches beyond the survey" in found["advice"]


def test_tails_that_the_errors_have():
    """What is wrong with Gaussian errors is right with those that have the tails."""
    setup = next(s for s in SETUPS if s.name == "tails")
    bare = setup.run(4)
    assert checks_of(bare)["tails"]["verdict"] == "look"
    x, o = bare._catalogs
    tailed = bm.Catalog(
        x.table, name="X", pos_err="SIGMA", area=x.area, tail_fraction=0.1, tail_factor=4.0
    )
    other = bm.Catalog(o.table, name="OPT", pos_err=0.3, area=o.area)
    rows = checks_of(bm.match(tailed, other, radius=RADIUS))
    assert {row["verdict"] for row in rows.values()} == {"ok"}
    assert "have tails" in rows["tails"]["advice"]
    assert abs(rows["position_errors"]["value"] - 1) < 4 * rows["position_errors"]["error"]


def test_cones_round_the_sources():
    """A survey of cones of 10 arcsec is not an empty field beyond them."""
    from bayesmatch.catalogs.candidates import pairs_within

    sky = simulate(5, 400, 0.7, sigma_scale=0.5, density=60_000.0)
    x, o = sky.catalogs()
    rows = np.unique(pairs_within(x, o, 10.0, max_pairs=10**7, advance=lambda n: None)[1])
    inside = {name: values[rows] for name, values in sky.others[0].items()}
    area = 400 * np.pi * 10.0**2 / 3600**2
    found = checks_of(pair(sky, other=inside, area=area / sky.area, scale=1.0))
    for name in ("overlap", "area_OPT", "density_OPT", "position_errors", "frame"):
        assert found[name]["verdict"] == "ok", (name, found[name])


@pytest.mark.parametrize("factor", [1.0, 0.1, 1 / 3600])
def test_errors_of_some_sources_that_are_too_small(factor):
    """The host fraction follows the error: it took these sources for hostless, and all fitted."""
    rng = np.random.default_rng(77)
    field, sigma = rng.random((20_000, 2)), rng.uniform(1, 4, 1000)
    x = np.concatenate([field[:700], rng.random((300, 2))])
    x += rng.normal(size=(1000, 2)) * sigma[:, None] / 3600
    quoted = np.where(rng.random(1000) < 0.25, factor * sigma, sigma)
    sources = {"RA": x[:, 0] + 1, "DEC": x[:, 1], "e": quoted}
    other = {"RA": field[:, 0] + 1, "DEC": field[:, 1]}
    result = bm.match(
        bm.Catalog(sources, name="X", pos_err="e", area=1.0),
        bm.Catalog(other, name="OPT", pos_err=0.1, area=1.0),
        radius=20,
    )
    found = checks_of(result)["position_errors"]
    assert found["verdict"] == ("ok" if factor == 1 else "look")
    assert ("of the sources with the smallest errors" in found["advice"]) == (factor != 1)


@pytest.mark.parametrize("slope", [False, True])
def test_a_hole_is_no_slope(slope):
    """Where nobody has looked there is no density that varies; a slope beside a hole is told."""
    rng = np.random.default_rng(31)
    x, field = rng.random((600, 2)), rng.random((20_000, 2))
    hosts = x[:420] + rng.normal(size=(420, 2)) / 3600
    if slope:
        field = field[rng.random(20_000) < 0.1 + 0.9 * field[:, 0]]
    survey = np.concatenate([field, hosts])
    survey = survey[np.hypot(*(survey - 0.5).T) > 0.3]
    sources = bm.Catalog({"RA": x[:, 0], "DEC": x[:, 1]}, name="X", pos_err=1.0, area=1.0)
    other = {"RA": survey[:, 0], "DEC": survey[:, 1]}
    result = bm.match(sources, bm.Catalog(other, name="OPT", pos_err=0.1, area=1.0), radius=20)
    assert result.meta["host_fraction_fit"]["uncovered"] > 0.2
    assert checks_of(result)["density_OPT"]["verdict"] == ("look" if slope else "ok")


def test_outside_a_moc():
    """Sources where a catalogue has not looked are not missed there."""
    from astropy import units as u
    from mocpy import MOC

    sky = simulate(5, 400, 0.7)
    ra, dec = sky.primary["RA"], sky.primary["DEC"]
    half = MOC.from_box(
        lon=(ra.min() + 0.25 * np.ptp(ra)) * u.deg,
        lat=dec.mean() * u.deg,
        a=0.6 * np.ptp(dec) * u.deg,
        b=0.25 * np.ptp(ra) * u.deg,
        angle=90 * u.deg,
        max_depth=12,
    )
    x, _ = sky.catalogs()
    other = bm.Catalog(sky.others[0], name="OPT", pos_err=0.3, area=half)
    with pytest.warns(UserWarning, match="outside"):
        result = bm.match(x, other, radius=RADIUS)
    outside = ~np.asarray(result.sources["in_OPT"])
    assert 50 < outside.sum() < 350
    assert set(result.checks()["verdict"]) == {"ok"}
    assert result.expected([0.0])[0]["n_selected"] <= (~outside).sum()
    far = MOC.from_box(
        lon=10 * u.deg, lat=-50 * u.deg, a=1 * u.deg, b=1 * u.deg, angle=0 * u.deg, max_depth=8
    )
    nowhere = bm.Catalog({"RA": [10.0], "DEC": [-50.0]}, name="O", pos_err=0.3, area=far)
    with pytest.warns(UserWarning):
        row = checks_of(bm.match(x, nowhere, radius=RADIUS))["overlap"]
    assert row["verdict"] == "wrong" and "MOC" in row["advice"]


# -- the pieces -----------------------------------------------------------------------------------


def slow_around(result, catalogs, k):
    """Of every candidate: primary, separation, probability, squared separation in sigma."""
    table, names = result.associations, result.catalogue_names
    out = {}
    for row in table:
        if row[names[1 + k]] >= 0:
            key = int(row[names[0]]), int(row[names[1 + k]])
            out[key] = out.get(key, 0.0) + row["p_match"]
    return out


@pytest.mark.parametrize("n_other", [1, 2])
def test_the_view_like_a_slow_one(seen, n_other):
    if n_other == 1:
        result = simulate(4, 80, 0.7).match(claims="exclusive")
    else:
        sky = simulate_patterns(4, 60, (0.3, 0.2, 0.1, 0.4))
        result = sky.match(claims="exclusive")
    v = seen[-1]
    for k, part in enumerate(v.around):
        slow = slow_around(result, v.setting.catalogs, k)
        row = v.setting.candidates.row[part.slot]
        assert len(slow) == len(row)
        np.testing.assert_allclose(
            part.p, [slow[a, b] for a, b in zip(v.sample[part.i], row, strict=True)], rtol=1e-12
        )
        np.testing.assert_allclose(np.hypot(*part.offset.T), part.separation, rtol=1e-12)
        sigma2 = v.sigma[part.i] ** 2 + part.catalog.covariance(row)[:, 0]
        np.testing.assert_allclose(part.distance2, part.separation**2 / sigma2, rtol=1e-9)
    assert np.abs(v.host_scores.sum(axis=0)).max() < 1e-3 * v.n


@pytest.mark.parametrize("dec", [-60.0, 0.0, 89.99, 89.9999])
def test_offsets_like_a_tangent_plane(seen, dec):
    """Also where a source is beside the pole."""
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    rng = np.random.default_rng(1)
    at = SkyCoord(np.full(30, 20.0) * u.deg, np.full(30, dec) * u.deg)
    angle, apart = rng.uniform(0, 2 * np.pi, 30), rng.uniform(0.5, 4.0, 30)
    there = at.directional_offset_by(angle * u.rad, apart * u.arcsec)
    x = bm.Catalog({"RA": [20.0], "DEC": [dec]}, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog({"RA": there.ra.deg, "DEC": there.dec.deg}, name="O", pos_err=0.5, area=1.0)
    with pytest.warns(UserWarning):
        bm.match(x, o, radius=5.0)
    part = seen[-1].around[0]
    other = part.believed(0.5 * part.p)
    assert other.distance2 is part.distance2 and (other.p == 0.5 * part.p).all()
    order = seen[-1].setting.candidates.row[part.slot]
    expected = np.column_stack([apart * np.sin(angle), apart * np.cos(angle)])[order]
    np.testing.assert_allclose(part.offset, expected, atol=1e-6 * 5.0 + 1e-4)


def test_many_primaries_are_sampled(seen, monkeypatch):
    sky = simulate(6, 300, 0.7)
    whole = pair(sky).checks()
    monkeypatch.setattr(sample, "MAX_ROWS", 150)
    part = pair(sky).checks()
    assert seen[0].n == 300 and 40 < seen[1].n < 100
    assert list(part["check"]) == list(whole["check"]) and set(part["verdict"]) == {"ok"}


def test_scores_have_no_mean():
    """Over 40 skies the steps scatter about 0 with their own errors."""
    pulls = []
    for seed in range(40):
        rows = checks_of(pair(simulate(700 + seed, 150, 0.6)))
        e = rows["position_errors"]
        pulls.append(np.log(e["value"]) / (e["error"] / e["value"]))
    assert abs(np.mean(pulls)) < 3.5 / np.sqrt(40) and 0.6 < np.std(pulls) < 1.4


def test_mixture_share_like_a_grid():
    rng = np.random.default_rng(2)
    tail = rng.random(3000) < 0.08
    x = np.where(tail, 9.0, 1.0) * rng.exponential(size=3000)
    s = np.exp(x * (1 - 1 / 9)) / 9 - 1
    value, error, sigma = score.mixture_share(s)
    grid = np.linspace(0, 0.5, 5001)
    gain = [np.log1p(w * s).sum() for w in grid]
    assert value == pytest.approx(grid[np.argmax(gain)], abs=2e-4)
    assert sigma == pytest.approx(np.sqrt(2 * max(gain)), rel=1e-6)
    assert abs(value - 0.08) < 4 * error
    assert score.mixture_share(np.full(10, -0.5))[0] < 1e-6


def test_wrong_labels_of_a_prior_are_measured(seen):
    """Its mean ratio over the field is 1, whatever the share of them."""
    shares = {}
    for wrong in (0.0, 0.25):
        for seed in range(4):
            magnitudes(0.0, 1.0, wrong)(50_100 + seed)
            found = field_alike.share_like_field(seen[-1], 0, "mag")
            shares.setdefault(wrong, []).append(found)
    assert all(sigma < finding.SIGMA for _, sigma in shares[0.0])
    share, sigma = np.transpose(shares[0.25])
    assert min(sigma) > finding.SIGMA and abs(share.mean() - 0.25) < 0.03


def bright_hosts(seed, n, per_deg2=5_000.0, alike=0.0, area=0.25):
    """Sources whose hosts are brighter than nearly all field objects, and the true ratio.

    With a share `alike` of the counterparts taken to look like field objects, which none do.
    """
    rng = np.random.default_rng(seed)
    side, m = np.sqrt(area), int(per_deg2 * area)
    x, y = rng.uniform(0, side, (2, n))
    has = rng.random(n) < 0.9
    hx, hy = (v[has] + rng.normal(0, 1.5 / 3600, has.sum()) for v in (x, y))
    fx, fy = rng.uniform(0, side, (2, m))
    mag = np.concatenate([24 + np.log10(rng.random(m)) / 0.4, rng.normal(16.0, 1.2, has.sum())])

    def ratio(table):
        z = (np.asarray(table["mag"]) - 16.0) / 1.2
        host = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi) / 1.2
        own = host / (0.4 * np.log(10) * 10 ** (0.4 * (np.asarray(table["mag"]) - 24.0)))
        return np.log10((1.0 - alike) * own + alike)

    primary = bm.Catalog({"RA": x, "DEC": y}, name="X", pos_err=1.5, area=area)
    objects = {"RA": np.append(fx, hx), "DEC": np.append(fy, hy), "mag": mag}
    other = bm.Catalog(objects, name="O", pos_err=0.1, area=area)
    prior = bm.FunctionPrior("mag", ratio)
    return bm.match(primary, other, radius=12, priors={"O": [prior]}), m


def test_counterparts_of_neighbours_are_no_field_objects(seen):
    """They have high ratios where sources are a good part of all objects."""
    result, n_field = bright_hosts(3, 1500)
    part = seen[-1].around[0]
    weight = field_alike.field_weight(seen[-1], part)
    hosts = seen[-1].setting.candidates.row[part.slot] >= n_field
    far = part.separation > 8.0
    assert weight[hosts].sum() < 0.05 * np.count_nonzero(hosts & far)
    assert weight[far & ~hosts].mean() > 0.9
    assert checks_of(result)["prior_O_mag"]["verdict"] == "ok"


@pytest.mark.parametrize("alike", [0.05, 0.3])
def test_no_more_looks_like_the_field_than_the_prior_says(seen, alike):
    """Ratios are not taken for negative: 5% of 100 sources may be chance, 30% are told."""
    found = []
    for seed in range(3):
        result, _ = bright_hosts(seed, 100, 20_000.0, alike)
        found.append(field_alike.share_like_field(seen[-1], 0, "mag"))
        verdict = checks_of(result)["prior_O_mag"]["verdict"]
        assert verdict == ("wrong" if alike > 0.25 else "ok")
    assert np.abs(np.array(found)[:, 0] - alike).max() < 0.05


def test_a_share_of_two_priors_is_not_judged(seen):
    sky = simulate(3, 300, 0.7, magnitudes=True)
    flat = [bm.FunctionPrior(name, lambda table: np.zeros(len(table))) for name in ("a", "b")]
    pair(sky, priors=flat)
    assert field_alike.share_like_field(seen[-1], 0, "a") == (0.0, 0.0)


def test_scores_below_minus_one_end_the_share_early():
    s = np.array([-9.0, 1.0, 1.0])
    assert score.mixture_share(s, -9.0)[0] < 1.0 / 9.0
    s = np.concatenate([np.full(10, -9.0), np.ones(200)])
    grid = np.linspace(0, 0.1, 5001)
    best = grid[np.argmax([np.log1p(w * s).sum() for w in grid])]
    assert score.mixture_share(s, -9.0)[0] == pytest.approx(best, abs=1e-4)


def test_newton_step_without_data(seen):
    assert score.newton_step(np.zeros((50, 1)), np.ones((50, 1))) is None
    assert errors.position_errors(seen, None).verdict == "ok"


def test_poisson_sigma():
    """The chance of a count that high, as a Gaussian's; of small numbers never more than that."""
    from scipy.stats import norm, poisson

    for expected in (0.5, 3.0, 40.0):
        for n in (expected * 2 + 4, expected * 2 + 10):
            exact = norm.isf(poisson.sf(int(n) - 1, expected))
            found = finding.poisson_sigma(int(n), expected)
            assert 0.65 * exact < found < exact + 0.1
    assert finding.poisson_sigma(10, 5, 4.0) == finding.poisson_sigma(10, 5) / 2


def test_pairs_like_a_slow_count():
    rng = np.random.default_rng(3)
    ra, dec = rng.uniform(10, 10.2, 300), rng.uniform(-0.1, 0.1, 300)
    ra[:60], dec[:60] = ra[60:120] + 1e-5, dec[60:120]
    close, ring = objects._pairs(ra, dec, np.full(300, 1.0), 3.0)
    apart = 3600 * np.hypot(ra[:, None] - ra, dec[:, None] - dec)[np.triu_indices(300, 1)]
    assert 0.6 * (apart < 2.83).sum() < close <= (apart < 2.84).sum()
    assert ring <= ((apart > 3) & (apart <= 6)).sum()


def test_a_fifth_twice_among_many(monkeypatch):
    """A strip of a long list still shows what is listed twice."""
    setup = next(s for s in SETUPS if s.name == "list twice")
    monkeypatch.setattr(objects, "MAX_PRIMARIES", 200)
    with pytest.warns(UserWarning, match="second entries"):
        row = checks_of(setup.run(2))["duplicates_X"]
    assert row["verdict"] == "look" and 0.1 < row["value"] < 0.6


# -- small and odd matches ------------------------------------------------------------------------


def test_one_source_and_none_around():
    x = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    near = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="O", pos_err=0.1, area=1.0)
    far = bm.Catalog({"RA": [50.0], "DEC": [0.0]}, name="O", pos_err=0.5, area=1.0)
    with pytest.warns(UserWarning):
        assert set(bm.match(x, near, radius=5.0).checks()["verdict"]) == {"ok"}
    with pytest.warns(UserWarning):
        assert checks_of(bm.match(x, far, radius=5.0))["overlap"]["verdict"] == "wrong"


def test_four_catalogues_share_by_pairs(seen):
    sky = simulate_patterns(
        1, 150, (0.3,) + (0.1,) * 7, density=(30_000.0,) * 3, other_sigma=(0.3,) * 3
    )
    catalogs = sky.catalogs(("A", "B", "C"))
    rows = checks_of(bm.match(*catalogs, radius=RADIUS, claims="exclusive"))
    for name in ("shared_A_B", "shared_A_C", "shared_B_C"):
        assert rows[name]["verdict"] == "ok" and abs(rows[name]["value"]) < 5 * rows[name]["error"]
    twin = bm.Catalog(catalogs[1].table, name="C", pos_err=0.3, area=sky.area)
    rows = checks_of(bm.match(*catalogs[:3], twin, radius=RADIUS, claims="exclusive"))
    assert rows["shared_A_C"]["verdict"] != "ok" and rows["shared_A_C"]["value"] > 0.8
    assert "p_match takes account of it, p_any" in rows["shared_A_C"]["advice"]
    assert rows["shared_A_B"]["verdict"] == "ok"
    rows = checks_of(bm.match(*catalogs[:3], twin, radius=RADIUS, field="uniform"))
    assert rows["shared_A_C"]["verdict"] == "wrong" and rows["shared_A_C"]["expected"] == 0.0
    assert rows["shared_A_B"]["verdict"] == "ok"


def shared_sky(seed, share, density=60_000.0, quoted=1.0, **options):
    """Three catalogues with objects in common, and their errors as they are, or not."""
    sky = simulate_patterns(
        seed,
        200,
        (0.3, 0.2, 0.1, 0.4),
        density=(density, 0.5 * density),
        shared=share,
        primary_density=1000.0,
    )
    errors = tuple(sigma * quoted for sigma in sky.other_sigma)
    quoting = dataclasses.replace(sky, other_sigma=errors)
    return checks_of(quoting.match(claims="exclusive", **options))["shared_OPT_IRAC"]


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_shared_objects_that_the_match_takes_account_of_are_no_fault_of_its(share):
    for seed in range(3):
        row = shared_sky(seed, share)
        assert row["verdict"] == "look" and "p_match takes account" in row["advice"]
        assert row["expected"] == 0.0 and abs(row["value"] - share) < 0.15


def test_a_match_that_takes_fewer_objects_for_shared_than_there_are(monkeypatch):
    """The fit of how many are shared leaves half of them out."""
    fitted = shared_objects.fit_field_objects

    def half(*match):
        found = fitted(*match)
        lost = 0.5 * found.count[3]
        count = found.count + np.array([0.0, lost, lost, -lost])
        return dataclasses.replace(found, count=count)

    monkeypatch.setattr(shared_objects, "fit_field_objects", half)
    row = shared_sky(0, 0.9)
    assert row["verdict"] == "wrong" and row["expected"] < 0.55 < row["value"]
    assert "p_match takes" in row["advice"]


def test_errors_of_others_that_are_too_small_leave_shared_objects_apart():
    """No other check sees them: the primaries' errors are larger. They spoil the combinations."""
    for quoted in (0.5, 0.3):
        row = shared_sky(1, 0.8, quoted=quoted)
        assert row["verdict"] != "ok" and "sigma of their errors" in row["advice"]


def test_pairs_by_chance_are_those_of_a_circle():
    """Where much lies in every circle nothing is shared: chance is no more than expected."""
    for field in ("local", "uniform"):
        values = [shared_sky(seed, 0.0, 300_000.0, field=field) for seed in range(3)]
        assert abs(np.mean([row["value"] for row in values])) < 0.06
        assert {row["verdict"] for row in values} == {"ok"}
    rng = np.random.default_rng(0)
    x, y = (np.sqrt(rng.random(100_000)) * np.exp(2j * np.pi * rng.random(100_000)) for _ in "xy")
    for distance in (0.1, 0.5, 1.0, 1.7, 2.0):
        share = np.mean(np.abs(x - y) < distance)
        assert shared._closer_than(distance) == pytest.approx(share, abs=0.005)


def test_scanned_like_in_memory(tmp_path):
    """The checks look at candidates, which are the same."""
    import pandas as pd

    sky = simulate(8, 200, 0.7)
    pd.DataFrame(sky.others[0]).to_parquet(tmp_path / "o.parquet")
    x, o = sky.catalogs()
    scanned = bm.Catalog.scan(str(tmp_path), name="OPT", pos_err=0.3, area=sky.area)
    a, b = (bm.match(x, other, radius=RADIUS).meta["checks"] for other in (o, scanned))
    assert a == b


def test_twice_the_same_bytes():
    assert pair(simulate(9, 200, 0.7)).meta["checks"] == pair(simulate(9, 200, 0.7)).meta["checks"]


def test_candidates_that_no_error_explains():
    """So far out that their probability is 0 in any double."""
    ra = 150.0 + 0.01 * np.arange(40)
    x, o = (
        bm.Catalog({"RA": ra, "DEC": np.full(40, dec)}, name=name, pos_err=1e-3, area=1.0)
        for name, dec in (("X", 0.0), ("O", 5.0 / 3600))
    )
    result = bm.match(x, o, radius=10, claims="independent")
    assert not np.any(result.sources["p_O"]) and result.meta["n_candidates"] == 40
    assert checks_of(result)["claims"]["verdict"] == "ok"
