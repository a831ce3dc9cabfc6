"""Priors of the user's own, those that learn too, and that ours follow the same protocols."""

import inspect

import numpy as np
import pyarrow as pa
import pytest
from astropy.table import Table
from pyarrow import parquet

import bayesmatch as bm
from bayesmatch.priors.prior_set import PriorSet
from bayesmatch.priors.protocol import LearningPrior, PairPrior, Prior, learns

COLUMNS = ("ID", "RA", "DEC", "r")


class Gaussians:
    """Ratio of two Gaussians of a magnitude."""

    def __init__(self, name, columns, counterpart, field):
        self.name, self.columns = name, columns
        self.counterpart, self.field = counterpart, field

    def log10_ratio(self, catalog):
        values = catalog.magnitudes(self.columns[0])
        chi2 = [
            ((values - mean) / sigma) ** 2 + 2 * np.log(sigma)
            for mean, sigma in (self.counterpart, self.field)
        ]
        return np.where(np.isfinite(values), np.clip((chi2[1] - chi2[0]) / np.log(100), -2, 2), 0)


class LearnedGaussians:
    """Learns both from the candidates; derived from nothing, and without a ratio of its own."""

    def __init__(self, name="gauss"):
        self.name, self.columns, self.seen = name, ["r"], []

    def learn(self, catalog, seen):
        self.seen.append(seen)
        values = catalog.magnitudes("r")
        near = np.unique(seen.associated[seen.dist_post > 0.5])
        far = np.setdiff1d(seen.row, near)
        return Gaussians(
            self.name,
            self.columns,
            *(
                (float(np.nanmean(values[rows])), float(np.nanstd(values[rows])))
                for rows in (near, far)
            ),
        )


class ByDistance(LearnedGaussians):
    """The same from separations, with a record."""

    learns_from_posterior = False

    def learn(self, catalog, seen):
        self.seen.append(seen)
        values = catalog.magnitudes("r")
        near, far = (
            np.unique(seen.row[mine]) for mine in (seen.separation < 2, seen.separation >= 2)
        )
        return Gaussians(
            self.name,
            self.columns,
            *(
                (float(np.nanmean(values[rows])), float(np.nanstd(values[rows])))
                for rows in (near, far)
            ),
        )

    def learning_record(self, learned):
        return {"mean": learned.counterpart[0]}


@pytest.fixture(scope="module")
def sky():
    primary, survey, _ = bm.mock.survey(n_primary=400, area=0.8, seed=4)
    return (
        bm.Catalog(primary, name="X", pos_err="sigma", area=0.8),
        Table({name: np.asarray(survey[name]) for name in COLUMNS}),
    )


def in_memory(table, **options):
    return bm.Catalog(table, **{"name": "O", "pos_err": 0.2, "area": 0.8, **options})


@pytest.mark.parametrize("kind", [LearnedGaussians, ByDistance])
def test_a_user_s_prior_is_learned_in_memory_and_scanned(sky, tmp_path, kind):
    primary, table = sky
    third = len(table) // 3
    for number in range(3):
        rows = slice(number * third, None if number == 2 else (number + 1) * third)
        part = pa.table({name: np.asarray(table[name][rows]) for name in COLUMNS})
        parquet.write_table(part, tmp_path / f"{number}.parquet", row_group_size=3000)
    scanned = bm.Catalog.scan(tmp_path, name="O", pos_err=0.2, area=0.8)
    results, given = [], []
    for other in (in_memory(table), scanned):
        given.append(kind())
        results.append(bm.match(primary, other, radius=20, priors={"O": [given[-1]]}))
    whole, parts = results
    learned = whole.priors["O"][0]
    assert isinstance(learned, Gaussians)
    assert learned.counterpart[0] < learned.field[0] - 1  # the mock's counterparts are brighter
    assert np.ptp(whole.associations["bias_O_gauss"]) > 1
    np.testing.assert_allclose(
        whole.associations["bias_O_gauss"][whole.associations["O"] >= 0],
        10
        ** learned.log10_ratio(in_memory(table))[
            whole.associations["O"][whole.associations["O"] >= 0]
        ],
    )
    assert vars(parts.priors["O"][0]) == vars(learned)
    for name in ("p_i", "p_match", "bias_O_gauss", "O"):
        assert (
            np.asarray(whole.associations[name]).tobytes()
            == np.asarray(parts.associations[name]).tobytes()
        )
    record = {"mean": learned.counterpart[0]} if kind is ByDistance else {}
    for result, prior in zip(results, given, strict=True):
        assert result.meta["priors"] == {"O": ["gauss"]}
        assert result.meta["auto_priors"] == {"O": {"gauss": record}}
        (seen,) = prior.seen
        assert seen.radius == 20 and len(seen.row) == result.meta["n_candidates"]
        assert len(seen.associated) == (0 if kind is ByDistance else len(seen.row))


def test_calibrate_takes_what_was_learned(sky):
    primary, table = sky
    own = LearnedGaussians()
    bm.calibrate(primary, in_memory(table), radius=20, priors={"O": [own]}, n_realizations=2)
    assert len(own.seen) == 1


@pytest.mark.slow
def test_position_errors_learn_from_the_corrected_match(sky):
    primary, table = sky
    other, own = in_memory(table), LearnedGaussians()
    flat = bm.FunctionPrior("tilt", lambda t: np.where(t["r"] < 20, 0.3, -0.1))
    first = bm.fit_position_errors(primary, other, radius=20, priors={"O": [flat]})
    found = bm.fit_position_errors(primary, other, radius=20, priors={"O": [own, flat]})
    assert len(own.seen) == 1
    learned = bm.match(
        first.apply(primary), other, radius=20, priors={"O": [LearnedGaussians(), flat]}
    ).priors
    again = bm.fit_position_errors(primary, other, radius=20, priors=learned)
    assert (found.scale, found.ln_gain) == (again.scale, again.ln_gain)
    assert found.scale != first.scale


@pytest.mark.parametrize(
    "learned, error, message",
    [
        (LearnedGaussians(), TypeError, "without learn"),
        (None, TypeError, "'gauss' of catalogue 'O' learned None"),
        (Gaussians("other", ["r"], (20, 1), (22, 1)), ValueError, "must keep the name"),
    ],
)
def test_wrongly_learned_is_refused_by_name(sky, learned, error, message):
    class Wrong(LearnedGaussians):
        def learn(self, catalog, seen):
            return learned

    primary, table = sky
    with pytest.raises(error, match=message):
        bm.match(primary, in_memory(table), radius=5, priors={"O": [Wrong()]})


HISTOGRAM = bm.HistogramPrior("r", [15, 20], [20, 25], [0.1, 0.1], [0.05, 0.15])
FUNCTION = bm.FunctionPrior("bright", lambda table: np.where(table["r"] < 20, 1.0, -0.2))


@pytest.mark.parametrize(
    "protocol, method, followers",
    [
        (Prior, "log10_ratio", [bm.HistogramPrior, bm.FunctionPrior, bm.LightGBMPrior, Gaussians]),
        (PairPrior, "log10_ratio_pairs", [bm.LightGBMPrior]),
        (LearningPrior, "learn", [bm.AutoPrior, LearnedGaussians, ByDistance]),
    ],
)
def test_methods_take_what_the_protocol_says(protocol, method, followers):
    expected = list(inspect.signature(getattr(protocol, method)).parameters)
    for kind in followers:
        assert list(inspect.signature(getattr(kind, method)).parameters) == expected, kind


def test_which_protocol_each_prior_follows():
    rng = np.random.default_rng(1)
    label = np.arange(400) < 100
    trained = bm.LightGBMPrior.fit({"r": rng.normal(21, 1, 400) - label}, label, features=["r"])
    for prior in (HISTOGRAM, FUNCTION, trained):
        assert isinstance(prior, Prior) and not isinstance(prior, LearningPrior)
        assert not learns(prior)
    assert isinstance(trained, PairPrior) and not isinstance(HISTOGRAM, PairPrior)
    for prior in (bm.AutoPrior("r"), LearnedGaussians(), ByDistance()):
        assert isinstance(prior, LearningPrior) and learns(prior)


def test_a_set_tells_learning_priors_from_ready_ones(sky):
    primary, table = sky
    other = in_memory(table)
    auto = bm.AutoPrior("r", radius=3)
    both = PriorSet.checked(
        {"O": [HISTOGRAM, ByDistance(), bm.AutoPrior("r", name="a", radius=3)]}, primary, [other]
    )
    assert both.names() == {"O": ["r", "gauss", "a"]} and both.columns("O") == ["r", "r", "r"]
    assert both.learns and not both.learns_from_posterior
    assert both.ready().as_dict() == {"O": [HISTOGRAM]} and not both.ready().learns
    for prior, wanted in (
        (auto, False),
        (bm.AutoPrior("r"), True),
        (LearnedGaussians(), True),
        (HISTOGRAM, False),
    ):
        one = PriorSet.checked({"O": prior}, primary, [other])
        assert one.learns_from_posterior == wanted
    assert PriorSet.checked({"O": FUNCTION}, primary, [other]).columns("O") is None
    assert PriorSet.checked(None, primary, [other]).as_dict() == {"O": []}


@pytest.mark.parametrize("method", ["check", "learn", "learning_record"])
@pytest.mark.parametrize("error", [KeyError("x"), ValueError("no such thing"), ZeroDivisionError()])
def test_whatever_a_method_raises_names_the_prior(sky, method, error):
    def fails(self, *_):
        raise error

    own = type("Own", (LearnedGaussians,), {method: fails})()
    wanted = rf"prior 'gauss' of catalogue 'O': {method}\(\) failed \(.+\)"
    with pytest.raises(ValueError, match=wanted):
        bm.match(sky[0], in_memory(sky[1]), radius=20, priors={"O": [own]})


@pytest.mark.parametrize("record", [None, [1], {"mean": np.arange(3)}])
def test_a_record_that_no_file_gives_back_is_refused(sky, record):
    own = type("Own", (LearnedGaussians,), {"learning_record": lambda self, learned: record})()
    with pytest.raises(ValueError, match=r"'gauss' of catalogue 'O': learning_record\(\) failed"):
        bm.match(sky[0], in_memory(sky[1]), radius=20, priors={"O": [own]})


def test_columns_are_a_list(sky):
    own = Gaussians("gauss", ["r"], (20, 1), (22, 1))
    own.columns = "r"
    with pytest.raises(TypeError, match="'gauss' of catalogue 'O': columns is a text"):
        bm.match(sky[0], in_memory(sky[1]), radius=20, priors={"O": [own]})


@pytest.mark.parametrize("pairs", [False, True])
def test_masked_ratios_are_unknown(sky, pairs):
    class Masked:
        name = "masked"

        if pairs:

            def log10_ratio_pairs(self, primary, secondary, i, j):
                return np.ma.masked_array(np.full(len(j), 7.0), mask=True)

        else:

            def log10_ratio(self, catalog):
                return np.ma.masked_array(np.full(len(catalog), 7.0), mask=True)

    result = bm.match(sky[0], in_memory(sky[1]), radius=20, priors={"O": [Masked()]})
    assert np.all(result.associations["bias_O_masked"] == 1)
