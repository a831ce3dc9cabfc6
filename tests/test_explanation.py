"""`explain`: the terms make the probabilities, the words and the figure say what they say."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from mocpy import MOC

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.cli import main
from bayesmatch.matching import wording
from bayesmatch.testing import reference
from validation import skies

FULL_SKY = 4 * np.pi * np.degrees(1) ** 2
FORMATS = ["fits", "vot", "parquet", "ecsv", "csv"]


def weights(table, total):
    """Of the rows of an explanation, from one of its totals alone."""
    log10 = np.asarray(table[total])
    weight = 10.0 ** (log10 - log10.max())
    return weight / weight.sum()


def check_reproduces(result, rows):
    """Every probability of these primaries from the explanation's totals, and the totals' terms."""
    name = result.catalogue_names[0]
    table = result.associations
    id_column = f"{name}_{result.meta['catalogues'][0]['id']}"
    for row in rows:
        found = result.explain(result.sources[id_column][row]).table
        mine = table[np.asarray(table[name]) == row]
        assert len(found) == len(mine)
        priors = [c for c in found.colnames if c.startswith("prior_")]
        # where sources compete, catalogues share objects, and priors have another mean than 1
        claims = [c for c in found.colnames if c in ("claims", "shared", "mean_ratio")]
        for total, terms in (
            ("total", ["position", "density", *priors, "fraction", *claims]),
            (
                "nway_total",
                ["position", *priors, "nway_density", "nway_completeness", "nway_unrelated"],
            ),
        ):
            np.testing.assert_allclose(
                sum(np.asarray(found[t]) for t in terms), found[total], rtol=0, atol=1e-9
            )
        p = weights(found, "total")
        np.testing.assert_allclose(p, found["p_match"], rtol=1e-9, atol=1e-300)
        np.testing.assert_allclose(np.sort(found["p_match"]), np.sort(mine["p_match"]), rtol=0)
        assert p[0] == pytest.approx(result.sources["p_hostless"][row], rel=1e-9)
        w = weights(found, "nway_total")
        assert 1 - w[0] == pytest.approx(result.sources["p_any"][row], abs=1e-12)
        if w[1:].any():
            np.testing.assert_allclose(
                w[1:] / w[1:].sum(), found["p_i"][1:], rtol=1e-9, atol=1e-300
            )
        assert list(found["total"][1:]) == sorted(found["total"][1:], reverse=True)
        assert list(found["rank"]) == list(range(len(found)))


def with_magnitudes(sky):
    """The catalogues of a sky, the second with a column mag."""
    x, *others = sky.catalogs()
    table = {**sky.others[0], "mag": 15 + np.arange(len(sky.others[0]["RA"])) % 100 / 10}
    return [x, bm.Catalog(table, name="OPT", pos_err=0.3, area=sky.area), *others[1:]]


MAG = bm.HistogramPrior("mag", [15, 18, 24], [18, 24, 25], [3, 2, 0], [1, 4, 1])
SLOPE = bm.FunctionPrior("slope", lambda table: 0.1 * (20 - table["mag"]))


@pytest.fixture(scope="module")
def two():
    catalogs = with_magnitudes(skies.simulate(1, 300, 0.6))
    return bm.match(*catalogs, radius=15, priors={"OPT": [MAG, SLOPE]}, prior_completeness=0.8)


@pytest.fixture(scope="module")
def three():
    sky = skies.simulate_patterns(2, 300, [0.3, 0.2, 0.1, 0.4], density=(60_000.0, 30_000.0))
    return bm.match(
        *with_magnitudes(sky), radius=12, priors={"OPT": [MAG]}, prior_completeness=[0.8, 0.6]
    )


@pytest.mark.slow
@pytest.mark.parametrize("sky", ["two", "three"])
def test_the_terms_make_every_probability(sky, request):
    result = request.getfixturevalue(sky)
    check_reproduces(result, range(300))
    zero = np.asarray(result.associations["bias_OPT_mag"]) == 0
    assert zero.any()  # excluded ones are among them
    counts = np.asarray(result.sources["n_candidates"])
    assert counts.min() == 0 or sky == "three"


def test_each_term_is_what_it_says():
    """Against the formulas: positions, densities, priors, a known fraction."""
    sigma, apart = (2.0, 0.5), 3.0
    n = 40
    a = {"ID": np.arange(n), "RA": np.full(n, 150.0), "DEC": 2 + np.arange(n) / 60}
    b = {"ID": np.arange(n), "RA": a["RA"], "DEC": a["DEC"] + apart / 3600, "mag": np.full(n, 16.0)}
    catalogs = [
        bm.Catalog(a, name="A", pos_err=sigma[0], area=2.0),
        bm.Catalog(b, name="OPT", pos_err=sigma[1], area=0.5),
    ]
    result = bm.match(
        *catalogs, radius=10, host_fraction=0.8, priors={"OPT": [MAG]}, prior_completeness=0.7
    )
    row = result.explain(7).table[1]
    ln_b = reference.ln_bayes_circular(sigma, [[0, apart], [apart, 0]])
    assert row["position"] == pytest.approx(ln_b / np.log(10), rel=1e-9)
    density = result.sources["density_OPT"][7]
    assert row["density"] == pytest.approx(-np.log10(density * FULL_SKY), rel=1e-12)
    assert row["nway_density"] == pytest.approx(-np.log10((n + 1) / 0.5 * FULL_SKY), rel=1e-12)
    assert row["prior_OPT_mag"] == pytest.approx(np.log10(float(MAG.ratio[0])), rel=1e-12)
    outside = np.exp(-0.5 * 10**2 / (sigma[0] ** 2 + sigma[1] ** 2))
    assert row["fraction"] == pytest.approx(np.log10(0.8 / (0.2 + 0.8 * outside)), rel=1e-9)
    assert row["nway_completeness"] == pytest.approx(np.log10(0.7), rel=1e-12)
    assert row["nway_unrelated"] == 0


def test_the_fraction_is_that_of_the_fit(three):
    sky = skies.simulate_patterns(5, 200, [0.3, 0.2, 0.1, 0.4])
    result = sky.match(host_covariates=None)
    fitted = np.array(list(result.meta["host_fraction_fit"]["fraction"].values()))
    for row in range(20):
        table = result.explain(row).table
        share = fitted.copy()
        share[0] += (fitted * np.exp(result._terms.ln_beyond[row]))[1:].sum()
        pattern = (np.asarray(table["OPT"]) >= 0) + 2 * (np.asarray(table["IRAC"]) >= 0)
        np.testing.assert_allclose(
            table["fraction"], np.log10(share / share[0])[pattern], rtol=1e-9, atol=1e-9
        )
    unrelated = [abs(three.explain(row).table["nway_unrelated"]).max() for row in range(50)]
    assert max(unrelated) > 0  # the factor of NWAY alone


@pytest.mark.few(2)
@pytest.mark.parametrize("kind", FORMATS)
def test_from_a_file_as_from_memory(three, tmp_path, kind):
    three.write(tmp_path / f"r.{kind}", include_inputs=True)
    back = bm.MatchResult.read(tmp_path / f"r.{kind}")
    for row in range(0, 60, 7):
        a, b = three.explain(row), back.explain(row)
        assert str(a) == str(b)
        for column in a.table.colnames:
            np.testing.assert_array_equal(
                np.ma.filled(a.table[column]), np.ma.filled(b.table[column]), err_msg=column
            )
        np.testing.assert_array_equal(a.objects.offset, b.objects.offset)
        np.testing.assert_array_equal(a.objects.covariance, b.objects.covariance)
        np.testing.assert_array_equal(a.objects.source_covariance, b.objects.source_covariance)


@pytest.mark.few(1)
@pytest.mark.parametrize("include_inputs", [True, False])
@pytest.mark.parametrize("covariates", ["sigma", None])
@pytest.mark.parametrize("n_other", [1, 2])
def test_a_given_fit_of_another_match(tmp_path, n_other, covariates, include_inputs):
    """At other errors than the fit was made at: nothing is unstated, in memory and from a file."""
    x, *others = skies.simulate_patterns(2, 100, [0.3, 0.2, 0.1, 0.4]).catalogs()
    others = others[:n_other]
    fit = bm.match(x, *others, radius=12, host_covariates=covariates).host_fraction
    for scale in (1.0, 1.3):
        primary = x.corrected(x.ra, x.dec, scale, 0.0)
        result = bm.match(primary, *others, radius=12, host_fraction=fit)
        result.write(tmp_path / "r.fits", include_inputs=include_inputs)
        check_reproduces(result, range(0, 100, 9))
        check_reproduces(bm.MatchResult.read(tmp_path / "r.fits"), range(0, 100, 9))


@pytest.mark.slow
def test_ecsv_keeps_the_order_of_the_patterns_and_properties(three, tmp_path):
    """ECSV sorts the keys of its metadata: X+IRAC before X+OPT."""
    three.write(tmp_path / "r.ecsv")
    fit = bm.MatchResult.read(tmp_path / "r.ecsv").record.host_fraction_fit
    for key in ("fraction", "fraction_error", "coefficients", "center", "scale"):
        assert list(fit[key].items()) == list(three.record.host_fraction_fit[key].items())


@pytest.mark.parametrize("moc", [True, False])
def test_where_one_catalogue_has_not_looked(moc, tmp_path):
    """A source there has the fractions among those that have, in a file too."""
    x, o, i = skies.simulate_patterns(2, 100, [0.3, 0.2, 0.1, 0.4]).catalogs()
    middle = float(np.median(x.ra))
    west = {name: np.asarray(i.table[name])[i.ra < middle] for name in ("RA", "DEC")}
    area = x.area / 2
    if moc:
        side = SkyCoord([148, middle, middle, 148], [9, 9, 12, 12], unit="deg")
        area = MOC.from_polygon_skycoord(side, max_depth=14)
    half = bm.Catalog(west, name="HALF", pos_err=0.5, area=area)
    result = bm.match(x, o, half, radius=12)
    result.write(tmp_path / "r.fits")
    back, looked = bm.MatchResult.read(tmp_path / "r.fits"), x.ra < middle
    rows = np.flatnonzero(~looked & (np.asarray(result.sources["n_candidates"]) > 0))
    assert len(rows) > 20
    for row in [*rows[:12], *np.flatnonzero(looked)[:6]]:
        here, there = result.explain(row).table, back.explain(row).table
        np.testing.assert_allclose(here["fraction"], there["fraction"], atol=1e-6)


def test_a_file_without_the_inputs(three, tmp_path):
    three.write(tmp_path / "r.fits", include_inputs=False)
    row = int(np.argmax(three.sources["n_candidates"]))
    e = bm.MatchResult.read(tmp_path / "r.fits").explain(row)
    assert not e.objects.positions_known and np.isnan(e.objects.source_covariance).all()
    np.testing.assert_array_equal(e.table["total"], three.explain(row).table["total"])
    figure = e.plot()
    assert any("no finding chart" in text.get_text() for text in figure.texts)
    assert figure.axes[0].get_xlabel() == "separation (arcsec)"


ERRORS = [
    0.4,
    "e",
    u.Quantity(300, "mas"),
    ("e", "n"),
    (0.2, "n"),
    bm.ErrorEllipse("e", 0.1, "pa"),
    bm.ErrorEllipse("e", "n", u.Quantity(1.0, "rad")),
]


@pytest.mark.few(1)
@pytest.mark.parametrize("pos_err", ERRORS)
def test_position_errors_come_back_from_a_file(tmp_path, pos_err):
    sky = skies.simulate(3, 40, 0.9)
    rng = np.random.default_rng(1)
    n = len(sky.others[0]["RA"])
    table = {
        **sky.others[0],
        "e": rng.uniform(0.3, 1, n),
        "n": rng.uniform(0.1, 0.3, n),
        "pa": rng.uniform(0, 180, n),
    }
    other = bm.Catalog(table, name="OPT", pos_err=pos_err, area=sky.area)
    result = bm.match(sky.catalogs()[0], other, radius=10)
    result.write(tmp_path / "r.parquet", include_inputs=True)
    back = bm.MatchResult.read(tmp_path / "r.parquet")
    for row in range(40):
        a, b = result.explain(row).objects, back.explain(row).objects
        np.testing.assert_allclose(a.covariance, b.covariance, rtol=1e-12, atol=1e-15)
        assert np.isfinite(a.covariance).all() and a.positions_known


def test_errors_given_per_row_are_not_in_a_file(tmp_path):
    sky = skies.simulate(3, 40, 0.9)
    x = bm.Catalog(sky.primary, name="X", pos_err=sky.primary["SIGMA"], area=sky.area)
    result = bm.match(x, sky.catalogs()[1], radius=10)
    assert np.isfinite(result.explain(3).objects.source_covariance).all()
    result.write(tmp_path / "r.fits", include_inputs=True)
    e = bm.MatchResult.read(tmp_path / "r.fits").explain(3)
    assert e.objects.positions_known and np.isnan(e.objects.source_covariance).all()
    assert any("position error not recorded" in text.get_text() for text in e.plot().texts)


# -- identifiers ----------------------------------------------------------------------------------


def small(ids, offsets=(1.0,), radius=20.0, n=40, **options):
    """Sources on a line; around the first, objects at these offsets (arcsec north)."""
    a = {
        "ID": ids if ids is not None else np.arange(n),
        "RA": np.full(n, 150.0),
        "DEC": 2 + np.arange(n) / 60,
    }
    north = np.concatenate([a["DEC"][0] + np.asarray(offsets) / 3600, a["DEC"][1:] + 1 / 3600])
    b = {
        "ID": [f"o{i}" for i in range(len(north))],
        "RA": np.full(len(north), 150.0),
        "DEC": north,
        "mag": np.full(len(north), 20.0),
    }
    return bm.match(
        bm.Catalog(a, name="X", pos_err=2.0, area=1.0),
        bm.Catalog(b, name="OPT", pos_err=0.3, area=1.0),
        radius=radius,
        host_fraction=0.8,
        **options,
    )


@pytest.mark.parametrize(
    "ids, wanted",
    [
        (np.arange(40) + 100, 107),
        (np.arange(40) + 100, "107"),
        (np.arange(40) + 100, np.int32(107)),
        ([f" X{i} " for i in range(40)], "X7"),
        ([f"X{i}" for i in range(40)], " X7 "),
        ([f"X{i}" for i in range(40)], b"X7"),
        ([f"00{i}" for i in range(40)], "007"),
    ],
)
def test_identifiers_are_compared_as_text(ids, wanted):
    result = small(ids)
    e = bm.explain(result, wanted)
    assert e.source == f"X {str(ids[7]).strip()}" and repr(e).startswith("<Explanation of X ")
    assert e.table["OPT_ID"][1] == "o7"
    assert str(result.explain(wanted)) == str(e)


def test_an_unknown_identifier():
    result = small([f"4XMM J{100 + i}" for i in range(40)])
    with pytest.raises(
        ValueError,
        match=r"catalogue 'X' has no source with ID '4XMM J140' among "
        r"40; did you mean 4XMM J1",
    ):
        result.explain("4XMM J140")
    with pytest.raises(ValueError, match="they are 4XMM J100 ... 4XMM J139"):
        result.explain("###")
    with pytest.raises(TypeError, match="takes a MatchResult, got a Table"):
        bm.explain(result.sources, 1)


def test_suggestions_among_many_identifiers():
    from bayesmatch.diagnostics.explanation.core import _similar

    ids = np.array([f"eRASS{i:06d}" for i in range(100_000)])
    assert "eRASS012345" in _similar("eRASS12345", ids) or _similar("eRASS0123456", ids)
    assert _similar("eRASS01234x", ids) and _similar("", ids) == []


# -- words ----------------------------------------------------------------------------------------


def test_nothing_is_no_negative_number_and_every_term_has_its_legend():
    assert [wording.signed(v) for v in (-0.004, -1e-300, 0.0, 0.004)] == ["+0.00"] * 4
    assert [wording.signed(v) for v in (-0.006, 12.345)] == ["-0.01", "+12.35"]
    assert wording.LEGENDS.keys() >= wording.OTHER_TERMS.keys()
    here = {"RA": [10.0, 10.0002], "DEC": [0.0, 0.0]}
    named = {"X": {"RA": [10.0], "DEC": [0.0]}, "A": here, "B": here}
    catalogs = [bm.Catalog(t, name=n, pos_err=1.0, area=1.0) for n, t in named.items()]
    e = bm.match(*catalogs, radius=5, host_fraction=0.5).explain(0)
    assert "their positions fit worse" in " ".join(e.text.split())
    assert "shared: that several catalogues see" in str(e)


def test_a_clear_case():
    e = small(None, (1.0, 9.0)).explain(0)
    text = " ".join(e.text.split())
    assert text.startswith(
        "X 0: its most probable counterpart is OPT o0, 1 arcsec away, with "
        "probability > 0.999; that it has none,"
    )
    assert "Speaking for it, in powers of ten: its position (+" in text
    assert "80% of such sources have a counterpart" in text
    assert "The runner-up, OPT o1, 9 arcsec away" in text and "its position fits worse (-" in text
    assert "NWAY's numbers: p_any" in text
    assert str(e).startswith(e.text) and "decibans" in str(e)


def test_a_hostless_case():
    text = " ".join(small(None, (14.0,)).explain(0).text.split())
    assert text.startswith("X 0: it probably has no counterpart in OPT (probability")
    assert "Its only candidate, OPT o0, 14 arcsec away" in text
    assert "no counterpart is" in text and "times as probable" in text


def test_an_ambiguous_case():
    text = " ".join(small(None, (2.0, -2.0, 2.0)).explain(0).text.split())
    assert text.startswith(
        "X 0: ambiguous. The most probable counterpart is OPT o0, 2 arcsec "
        "away, but with probability 0.33 only"
    )
    assert "as much evidence" in text and "One more has 0.33" in text


def test_no_candidate():
    e = small(None, (40.0,)).explain(0)
    assert e.text.startswith("X 0: no OPT object lies within 20 arcsec")
    assert len(e.table) == 1 and e.table["p_match"][0] == 1
    assert isinstance(e.plot(), Figure)


def test_an_object_that_two_sources_claim():
    dec = 2 + np.arange(40) / 60
    dec[1] = dec[0] + 4 / 3600
    a = {"ID": np.arange(40), "RA": np.full(40, 150.0), "DEC": dec}
    b = {
        "ID": np.arange(39),
        "RA": np.full(39, 150.0),
        "DEC": np.append(dec[0] + 2 / 3600, dec[2:] + 1 / 3600),
    }
    result = bm.match(
        bm.Catalog(a, name="X", pos_err=2.0, area=1.0),
        bm.Catalog(b, name="OPT", pos_err=0.3, area=1.0),
        radius=20,
        host_fraction=0.8,
    )
    for row in range(2):
        assert "OPT 0 is also the best of 1 other X source." in " ".join(
            result.explain(row).text.split()
        )
    assert "is also the best" not in result.explain(2).text


def test_what_sets_the_runner_up_apart():
    prior = bm.FunctionPrior("mag", lambda t: np.where(np.arange(len(t)) == 1, -1.5, 0.5))
    result = small(None, (1.0, 1.0), priors={"OPT": [prior]})
    text = " ".join(result.explain(0).text.split())
    assert "prior mag (+0.50; mag is 20)" in text
    assert "2.00 behind: prior mag (-2.00; 20 instead of 20)" in text


def test_many_candidates():
    e = small(None, np.linspace(0.5, 19.5, 200), n=40).explain(0)
    assert len(e.table) == 201 and "198 more candidates have" in e.text.replace("\n", " ")
    assert "... and 190 more" in str(e)
    figure = e.plot()
    written = [t.get_text() for ax in figure.axes for t in ax.texts]
    assert "Evidence for the first 8, of 200" in written
    assert {str(rank) for rank in range(1, 9)} <= set(written) and "9" not in written


@pytest.mark.slow
def test_the_nway_favourite_is_named_when_it_is_another(three):
    told = []
    for row in range(300):
        e = three.explain(row)
        flags = np.asarray(e.table["match_flag"])
        if (flags == 1).any() and flags[1] != 1:
            told.append("They prefer" in e.text)
    assert told and all(told)


def test_associations_left_out_are_told():
    full, cut = (small(None, (2.0, -2.5, 4.0), min_p_i=m) for m in (0.0, 0.3))
    a, b = full.explain(0).table, cut.explain(0).table
    assert len(b) < len(a)
    for column in ("total", "fraction", "p_match", "nway_total"):
        np.testing.assert_allclose(b[column], a[column][: len(b)], rtol=1e-9, atol=1e-9)
    assert "below min_p_i" in " ".join(cut.explain(0).text.split())
    none = small(None, (2.0, 2.0, 2.0), min_p_i=0.5)
    assert "all associations with its 3 candidates were left out" in " ".join(
        none.explain(0).text.split()
    )


# -- extremes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", [-np.inf, -300.0, -30.0, 30.0, 200.0])
def test_extreme_ratios(ratio):
    prior = bm.FunctionPrior("odd", lambda t: np.where(t["DEC"] < 2.01, ratio, 0.0))
    result = small(None, (1.0, 2.0, 6.0), priors={"OPT": [prior]})
    check_reproduces(result, range(5))
    e = result.explain(0)
    assert e.table["prior_OPT_odd"][1] == pytest.approx(ratio)
    if ratio == -np.inf:
        assert "All are excluded: OPT prior odd has ratio 0" in " ".join(e.text.split())
    else:
        assert e.table["fraction"][1] == pytest.approx(np.log10(0.8 / 0.2), rel=1e-6)
        odds = np.logaddexp.reduce(np.log(10) * np.asarray(e.table["total"][1:])) / np.log(10)
        assert odds == pytest.approx(result.sources["log10_odds_host"][0], rel=1e-12)
    assert isinstance(e.plot(), Figure)


def test_separations_of_many_sigma():
    a = {"ID": np.arange(40), "RA": np.full(40, 150.0), "DEC": 2 + np.arange(40) / 30}
    b = {
        "ID": np.arange(41),
        "RA": np.full(41, 150.0),
        "DEC": np.append(a["DEC"] + 5 / 3600, a["DEC"][0] + 5.01 / 3600),
    }
    c = {"ID": np.arange(40), "RA": np.full(40, 150.0), "DEC": a["DEC"] - 5 / 3600}
    catalogs = [
        bm.Catalog(t, name=name, pos_err=0.05, area=1.0)
        for t, name in ((a, "A"), (b, "B"), (c, "C"))
    ]
    for others in (catalogs[1:2], catalogs[1:]):
        result = bm.match(catalogs[0], *others, radius=20, host_fraction=0.8, host_covariates=None)
        assert np.all(result.sources["p_match"] == 0)
        e = result.explain(0)
        total = np.asarray(e.table["total"])
        assert np.isfinite(total).all() and np.all(total[1:] < -300)
        odds = np.logaddexp.reduce(np.log(10) * total[1:]) / np.log(10)
        assert odds == pytest.approx(result.sources["log10_odds_host"][0], rel=1e-12)
        assert "no counterpart is 10^" in " ".join(e.text.split())
        assert isinstance(e.plot(), Figure)


# -- figure ---------------------------------------------------------------------------------------


def ellipses(ax):
    return [patch for patch in ax.patches if isinstance(patch, Ellipse)]


def test_the_chart_is_the_sky():
    """East is left, north is up, and an ellipse lies at its position angle."""
    a = {"ID": [1, 2], "RA": [150.0, 151.0], "DEC": [60.0, 60.0]}
    b = {
        "ID": [1, 2],
        "RA": [150.0 + 4 / 3600 / np.cos(np.radians(60)), 150.0],
        "DEC": [60.0, 60.0 + 3 / 3600],
    }
    error = bm.ErrorEllipse(3.0, 0.5, 30.0)
    with pytest.warns(UserWarning, match="only 2 primaries"):
        result = bm.match(
            bm.Catalog(a, name="A", pos_err=error, area=1.0),
            bm.Catalog(b, name="B", pos_err=(1.0, 0.5), area=1.0),
            radius=20,
        )
    e = result.explain(1)
    by_row = dict(zip(e.objects.row, e.objects.offset, strict=True))
    np.testing.assert_allclose(by_row[0], [4, 0], atol=1e-3)
    np.testing.assert_allclose(by_row[1], [0, 3], atol=1e-3)
    chart = e.plot().axes[0]
    assert chart.get_xlim()[0] > chart.get_xlim()[1] and chart.get_aspect() == 1
    source = [patch for patch in ellipses(chart) if tuple(patch.center) == (0, 0)][0]
    # 30 degrees east of north is 60 degrees from east towards north.
    assert source.angle % 180 == pytest.approx(60) and source.width == pytest.approx(
        2 * 3.0 * np.sqrt(-2 * np.log(0.32))
    )
    own = [patch for patch in ellipses(chart) if tuple(patch.center) != (0, 0)]
    assert len(own) == 2


def test_objects_at_the_very_place_of_the_source(tmp_path):
    result = small(["$X_0$"] + [f"$X^{i}$" for i in range(1, 40)], (0.0, 0.0, 0.0))
    e = result.explain("$X_0$")
    plots.save(e.plot(), tmp_path / "f.png")  # nothing in an identifier is taken for a formula
    assert np.all(e.objects.offset == 0)
    only = small(None, (0.0,)).explain(0)
    assert len(only.table) == 2
    plots.save(only.plot(), tmp_path / "g.png")


def test_bars_add_up_to_the_totals(three):
    row = int(np.argmax(np.asarray(three.sources["n_candidates"])))
    e = three.explain(row)
    bars = e.plot().axes[-1]
    drawn = np.zeros(9)
    for patch in bars.patches:
        drawn[round(patch.get_y() + patch.get_height() / 2)] += patch.get_width()
    total = np.sort(np.asarray(e.table["total"])[:9])[::-1]
    finite = np.isfinite(total)
    np.testing.assert_allclose(drawn[finite], total[finite], atol=1e-9)
    assert np.all(drawn[~finite] < -100)


def test_objects_carry_marginal_probabilities(three):
    """In the chart, an object counts with every association it takes part in."""
    for row in range(30):
        e = three.explain(row)
        names = three.catalogue_names[1:]
        for k, j, p in zip(e.objects.catalogue, e.objects.row, e.objects.p, strict=True):
            with_it = np.asarray(e.table[names[k]]) == j
            assert p == pytest.approx(float(np.asarray(e.table["p_match"])[with_it].sum()))


# -- command line ---------------------------------------------------------------------------------


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = small([f"S{i}" for i in range(40)], (1.0, 9.0))
    result.write("r.fits", include_inputs=True)
    return result


@pytest.mark.few(1)
@pytest.mark.parametrize("out", ["figure.png", "figure.pdf"])
def test_the_command(written, tmp_path, capsys, out):
    assert main(["explain", "r.fits", "S0", "--out", out]) == 0
    stdout, stderr = capsys.readouterr()
    assert stdout == f"{written.explain('S0')}\n\nwrote {out}\n" and stderr == ""
    first = (tmp_path / out).read_bytes()
    assert first[:4] in (b"\x89PNG", b"%PDF")
    assert main(["explain", "r.fits", "S0", "--out", out, "--quiet"]) == 0
    assert capsys.readouterr().out == "" and (tmp_path / out).read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir()) == [out, "r.fits"]


@pytest.mark.parametrize(
    "argv, message",
    [
        (["r.fits", "S77"], "no source with ID 'S77' among 40; did you mean S7"),
        (["none.fits", "S0"], "none.fits: no such file"),
        (["r.fits", "S0", "--out", "f.doc"], "f.doc: the name must end in one of .png, .pdf, .svg"),
        (["r.fits", "S0", "--out", "r.fits/f.png"], "r.fits is not a directory"),
    ],
)
def test_the_command_fails(written, tmp_path, capsys, argv, message):
    assert main(["explain", *argv]) == 1
    stdout, stderr = capsys.readouterr()
    assert stdout == "" and message in stderr and len(stderr.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["r.fits"]


def test_a_figure_in_a_folder(written, tmp_path, capsys):
    """A folder that is there, whatever its name; one without an ending is made."""
    (tmp_path / "d.png").mkdir()
    for folder in ("d.png", "new/er"):
        assert main(["explain", "r.fits", "S0", "--out", folder]) == 0
        assert (tmp_path / folder / "explain_S0.png").exists()


@pytest.mark.slow
def test_saving_is_repeatable(written, tmp_path):
    for name in ("a.png", "b.png"):
        plots.save(written.explain("S0").plot(), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_masked_magnitude_is_unknown():
    x = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    mag = np.ma.masked_array([20.0, 21.0], mask=[True, False])
    table = {"RA": [1.0, 1.001], "DEC": [0.0, 0.0], "mag": mag}
    o = bm.Catalog(table, name="O", pos_err=1.0, area=1.0)
    prior = bm.HistogramPrior("mag", [15], [25], [0.2], [0.1])
    result = bm.match(x, o, radius=5, host_fraction=0.5, priors={"O": [prior]})
    assert "mag is unknown" in str(bm.explain(result, 0))
