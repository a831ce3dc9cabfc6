"""A prior that excludes is judged as one whose ratios are hardly above 0: the match is the same."""

import numpy as np
import pytest

import bayesmatch as bm
from validation.skies import simulate, simulate_patterns

#: log10 ratio that leaves no probability, either, but one that can be divided by it
HARDLY = -200.0
#: of counterparts half are brighter, of field objects 5%
BRIGHT = 20.0


def of_one(out):
    """A prior made for faint counterparts, and another that excludes some, too."""

    def ratio(table):
        return np.where(np.asarray(table["MAG"]) < BRIGHT, out, 0.05)

    def other(table):
        return np.where(np.asarray(table["MAG"]) > 24.0, out, 0.01)

    return bm.FunctionPrior("mag", ratio), bm.FunctionPrior("faint", other)


def of_all(out):
    def ratio(members):
        mag = members["OPT"]["MAG"]
        bright = np.ma.filled(mag < BRIGHT, False) & np.ma.filled(members["X"]["FLUX"] > 0, False)
        return np.where(bright, out, np.where(np.ma.getmaskarray(mag), -1.0, -0.95))

    return bm.CombinationPrior("all", ratio)


def judged(catalogs, priors, **options):
    """Values, errors and verdicts of the checks of priors."""
    rows = bm.match(*catalogs, priors=priors, **options).checks()
    rows = rows[[str(name).startswith("prior_") for name in rows["check"]]]
    return rows["value"].data, rows["error"].data, list(rows["verdict"])


TWO = simulate(31, 250, 0.7, magnitudes=True)
THREE = simulate_patterns(32, 150, (0.3, 0.2, 0.1, 0.4), shared=0.5, magnitudes=True)


@pytest.mark.parametrize("sky", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize(
    ("listed", "options"),
    [
        (lambda out: {"OPT": of_one(out)[:1]}, {}),
        (lambda out: {"OPT": of_one(out)}, {"field": "uniform"}),
        (lambda out: {"OPT": of_one(out)[1:], None: [of_all(out)]}, {"claims": "independent"}),
        (lambda out: {"OPT": of_one(out)[:1]}, {"radius": 4.0}),
    ],
    ids=["one", "several", "combinations", "cut"],
)
def test_as_if_hardly_above_0(sky, listed, options):
    x, *others = sky.catalogs()
    tailed = bm.Catalog(x.table, name="X", pos_err="SIGMA", area=sky.area, tail_fraction=0.1)
    for catalogs in ([x, *others], [tailed, *others]):
        found, hardly = (
            judged(catalogs, listed(out), **{"radius": 12.0, **options})
            for out in (-np.inf, HARDLY)
        )
        np.testing.assert_allclose(found[0], hardly[0], rtol=1e-6)
        np.testing.assert_allclose(found[1], hardly[1], rtol=1e-6)
        assert found[2] == hardly[2]
        assert set(found[2]) != {"ok"}


def test_the_share_is_told():
    """Of the counterparts that are brighter than what a histogram has seen."""
    sky = TWO
    mag, hosts = sky.others[0]["MAG"], sky.truth[sky.truth >= 0]
    prior = bm.HistogramPrior.fit("MAG", mag[hosts][mag[hosts] > BRIGHT], mag)
    checks = sky.match(priors={"OPT": [prior]}).checks()
    row = checks[checks["check"] == "prior_OPT_MAG"][0]
    share = 100 * (mag[hosts] < BRIGHT).mean()
    told = int(row["advice"].partition("ratios of 0 exclude ")[2].partition("%")[0])
    assert row["verdict"] == "wrong" and abs(told - share) < 10


def test_what_no_counterpart_is_may_be_excluded():
    """Half of a dense field: without its ratios, the host fraction is the same."""
    sky = simulate(9400, 500, 0.7, density=40_000.0)
    table = sky.others[0]
    out = np.random.default_rng(1).random(len(table["RA"])) < 0.5
    out[sky.truth[sky.truth >= 0]] = False
    table["LR"] = np.where(out, -np.inf, np.log10(2.0))
    checks = sky.match(priors={"OPT": [bm.ColumnPrior("LR")]}).checks()
    assert checks[checks["check"] == "prior_OPT_LR"]["verdict"][0] == "ok"
