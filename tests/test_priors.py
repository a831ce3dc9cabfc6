"""Priors: histograms as NWAY means them, functions, and any object with the right methods."""

from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from small_skies import BY_HAND

import bayesmatch as bm

LO, HI = [15.0, 17.0, 19.0, 21.0], [17.0, 19.0, 21.0, 23.0]
SELECTED, OTHERS = [4.0, 0.0, 3.0, 0.0], [1.0, 2.0, 0.0, 0.0]


def catalog(name="O", **more):
    n = len(next(iter(more.values()), [0] * 3))
    return bm.Catalog(
        Table({"RA": 150 + np.arange(n) / 60, "DEC": np.full(n, 2.0), **more}),
        name=name,
        pos_err=1.0,
        area=1.0,
    )


def ratios(values):
    prior = bm.HistogramPrior("mag", LO, HI, SELECTED, OTHERS)
    return 10.0 ** prior.log10_ratio(catalog(mag=values))


class TestHistogram:
    def test_upstream_row_3(self):
        # (value, ratio): both bins with an empty field give 100, no counterparts a hard 0
        cases = {
            15.0: 4,
            16.99: 4,
            17.0: 0,
            18.5: 0,
            19.0: 100,
            20.0: 100,
            21.0: 100,
            23.0: 100,
            14.999: 1,
            23.001: 1,
            -99.0: 1,
            -999.0: 1,
            np.nan: 1,
            np.inf: 1,
            -np.inf: 1,
        }
        np.testing.assert_array_equal(ratios(list(cases)), list(cases.values()))

    def test_masked_and_integer_and_single_precision_values(self):
        masked = MaskedColumn([16.0, 16.0, 20.0], mask=[False, True, False])
        np.testing.assert_array_equal(ratios(masked), [4, 1, 100])
        np.testing.assert_array_equal(ratios([16, -99, 18]), [4, 1, 0])
        np.testing.assert_array_equal(ratios(np.array([16.5, -99, 30], ">f4")), [4, 1, 1])
        np.testing.assert_array_equal(ratios(MaskedColumn([16, 16], mask=[0, 1])), [4, 1])

    def test_unequal_bins_and_densities_count_as_they_are(self):
        prior = bm.HistogramPrior("m", [0, 1], [1, 10], [0.6, 0.1], [0.3, 0.4], name="other")
        np.testing.assert_allclose(prior.ratio, [2, 0.25])
        assert prior.name == "other" and prior.column == "m"

    def test_round_trip_through_nway_s_format(self, tmp_path):
        path = tmp_path / "h.txt"
        rng = np.random.default_rng(1)
        edges = np.cumsum(rng.random(12)) / 3
        prior = bm.HistogramPrior("m", edges[:-1], edges[1:], rng.random(11), rng.random(11))
        prior.write(path)
        back = bm.HistogramPrior.read(path, column="m")
        for name in ("lo", "hi", "selected", "others"):
            np.testing.assert_array_equal(getattr(back, name), getattr(prior, name))
        assert np.loadtxt(path).shape == (11, 4)
        assert [p.name for p in tmp_path.iterdir()] == ["h.txt"]
        assert bm.HistogramPrior.read(path, column="m", name="n").name == "n"

    def test_files_as_nway_writes_them(self, tmp_path):
        path = tmp_path / "h.txt"
        path.write_text(
            "# lo hi selected others\n15.00000 16.33333 0.1 0.2\n"
            "16.33334 17.66667 0.3 0.1\n\n17.66667 19 1e-3 0\n"
        )
        prior = bm.HistogramPrior.read(path, column="m")
        np.testing.assert_allclose(prior.ratio, [0.5, 3, 100])
        path.write_text("15 16 1 2\n")
        assert bm.HistogramPrior.read(path, column="m").ratio.tolist() == [0.5]

    def test_writing_fails_whole(self, tmp_path, monkeypatch):
        path = tmp_path / "h.txt"
        path.write_text("old")

        def broken(name, *_, **__):
            Path(name).write_text("half")
            raise OSError("disk full")

        monkeypatch.setattr(np, "savetxt", broken)
        with pytest.raises(OSError, match="disk full"):
            bm.HistogramPrior("m", [0], [1], [1], [1]).write(path)
        assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


class TestFunction:
    def test_called_with_the_candidates_rows_alone_and_all_columns(self):
        seen = []

        def function(table):
            seen.append(table)
            return np.where(table["mag"] > 1, 0.5, -0.5)

        o = catalog(mag=[0.0, 1.0, 2.0, 3.0])
        p = bm.Catalog({"RA": o.ra[1:3], "DEC": o.dec[1:3]}, name="A", pos_err=1.0, area=1.0)
        r = bm.match(
            p, o, radius=5.0, host_fraction=0.5, priors={"O": [bm.FunctionPrior("f", function)]}
        )
        assert len(seen) == 1 and seen[0].colnames == ["RA", "DEC", "mag"]
        assert seen[0]["mag"].tolist() == [1.0, 2.0]
        np.testing.assert_allclose(r.associations["bias_O_f"], [1, 10**-0.5, 1, 10**0.5])
        assert r.priors["O"][0].name == "f" and r.meta["priors"] == {"O": ["f"]}

    def test_missing_is_neutral(self):
        value = MaskedColumn([1.0, np.nan, 2.0], mask=[True, False, False])
        prior = bm.FunctionPrior("f", lambda t: value)
        np.testing.assert_array_equal(prior.log10_ratio(catalog(x=[1, 2, 3])), [0, 0, 2])


class Whole:
    """A prior of somebody else, called with the whole catalogue."""

    name = "whole"

    def log10_ratio(self, catalog):
        self.rows = len(catalog)
        return np.where(catalog.numbers("mag") > 1, 0.25, -0.25)


class Pairs:
    """A prior that uses a property of the primary."""

    name = "pairs"

    def log10_ratio_pairs(self, primary, secondary, i, j):
        assert i.shape == j.shape
        return primary.numbers("flux")[i] * secondary.numbers("mag")[j]


class TestMatching:
    def sky(self):
        o = catalog(mag=np.array([0.0, 1.0, 2.0, 3.0]))
        flux = np.array([0.3, -0.2, 0.1])
        p = bm.Catalog(
            {"RA": o.ra[1:] + 1e-4, "DEC": o.dec[1:], "flux": flux}, name="A", pos_err=1.0, area=1.0
        )
        return p, o, flux

    def test_foreign_priors(self):
        p, o, flux = self.sky()
        whole = Whole()
        r = bm.match(p, o, radius=5.0, host_fraction=0.5, priors={"O": [whole, Pairs()]})
        rows = np.asarray(r.associations["O"]) >= 0
        np.testing.assert_allclose(
            r.associations["bias_O_whole"][rows], 10 ** np.array([-0.25, 0.25, 0.25])
        )
        np.testing.assert_allclose(r.associations["bias_O_pairs"][rows], 10 ** (flux * [1, 2, 3]))
        assert (r.associations["bias_O_pairs"][~rows] == 1).all() and whole.rows == 4

    def test_ratios_multiply(self):
        p, o, _ = self.sky()
        plain = bm.match(p, o, radius=5.0, host_fraction=0.5, **BY_HAND).sources
        priors = {"O": [Whole(), Pairs()]}
        r = bm.match(p, o, radius=5.0, host_fraction=0.5, priors=priors, **BY_HAND)
        bias = np.asarray(r.associations["bias_O_whole"] * r.associations["bias_O_pairs"])
        odds = plain["p_any"] / (1 - plain["p_any"]) * bias[np.asarray(r.associations["O"]) >= 0]
        np.testing.assert_allclose(r.sources["p_any"], odds / (1 + odds), rtol=1e-9)
        np.testing.assert_allclose(
            r.sources["log10_odds_host"] - plain["log10_odds_host"],
            np.log10(bias[np.asarray(r.associations["O"]) >= 0]),
            atol=1e-9,
        )

    def test_one_prior_need_not_be_in_a_list(self):
        p, o, _ = self.sky()
        a, b = (
            bm.match(p, o, radius=5.0, host_fraction=0.5, priors={"O": given}).sources["p_any"]
            for given in (Whole(), [Whole()])
        )
        np.testing.assert_array_equal(a, b)

    def test_ratio_0_excludes(self):
        p, o, _ = self.sky()
        prior = bm.HistogramPrior("mag", [0.5, 1.5, 2.5], [1.5, 2.5, 3.5], [0, 1, 1], [1, 1, 1])
        r = bm.match(p, o, radius=5.0, host_fraction=0.5, priors={"O": [prior]})
        assert r.associations["O"].tolist() == [-1, 1, -1, 2, -1, 3]
        excluded = r.associations[1]
        assert [
            excluded[c] for c in ("bias_O_mag", "p_single", "p_i", "p_match", "match_flag")
        ] == [0, 0, 0, 0, 0]
        assert r.sources["p_any"][0] == 0 and r.sources["p_hostless"][0] == 1
        assert r.sources["O"].tolist() == [-1, 2, 3]
        assert r.sources["log10_odds_host"][0] == -np.inf

    def test_missing_is_the_same_as_no_prior(self):
        p, o, _ = self.sky()
        o.table["gone"] = MaskedColumn([1.0, 2, 3, 4], mask=[True] * 4)
        o.table["sentinel"] = np.full(4, -99.0)
        priors = [
            bm.HistogramPrior(c, [-100, 0], [0, 9], [7, 7], [1, 1]) for c in ("gone", "sentinel")
        ]
        plain = bm.match(p, o, radius=5.0, host_fraction=0.5)
        r = bm.match(p, o, radius=5.0, host_fraction=0.5, priors={"O": priors})
        np.testing.assert_array_equal(r.sources["p_any"], plain.sources["p_any"])
        assert (r.associations["bias_O_gone"] == 1).all()

    def test_priors_of_two_catalogues(self):
        p, o, _ = self.sky()
        b = catalog("B", mag=[5.0] * 4)
        r = bm.match(p, o, b, radius=5.0, host_fraction=0.5, priors={"B": [Whole()]})
        assert "bias_B_whole" in r.associations.colnames
        assert "bias_O_whole" not in r.associations.colnames
        np.testing.assert_allclose(
            r.associations["bias_B_whole"],
            np.where(np.asarray(r.associations["B"]) < 0, 1, 10**0.25),
        )


def test_rules_of_an_auto_prior_come_back(tmp_path):
    path = tmp_path / "auto.json"
    for prior in (
        bm.AutoPrior("mag", min_post=0.8),
        bm.AutoPrior("mag", radius=3, exclude_radius=0, name="m"),
    ):
        prior.save(path)
        for read in (bm.read_prior, bm.AutoPrior.load):
            back = read(path)
            assert isinstance(back, bm.AutoPrior) and repr(back) == repr(prior)
    path.write_text(path.read_text().replace("0.0", "-1.0"))
    with pytest.raises(ValueError, match=r"auto.json: .*exclude_radius is -1"):
        bm.read_prior(path)


@pytest.mark.parametrize("unit, factor", [("", 1.0), ("percent", 0.01), ("mag", None)])
@pytest.mark.parametrize("of", ["OPT", None])
def test_a_prior_that_returns_a_quantity(unit, factor, of):
    x = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="OPT", pos_err=1.0, area=1.0)

    def ratio(given):
        n = len(given if of else given["OPT"])
        return u.Magnitude(np.ones(n)) if unit == "mag" else np.full(n, 50.0) * u.Unit(unit)

    prior = bm.FunctionPrior("f", ratio) if of else bm.CombinationPrior("f", ratio)
    if factor is None:
        with pytest.raises(ValueError, match=r"prior 'f' of .*a quantity in mag"):
            bm.match(x, o, radius=5, host_fraction=0.5, priors={of: [prior]})
        return
    found = bm.match(x, o, radius=5, host_fraction=0.5, priors={of: [prior]}).associations
    bias = found["bias_OPT_f" if of else "bias_f"][-1]
    np.testing.assert_allclose(np.log10(bias), 50 * factor)


def test_a_home_in_the_names_of_priors(tmp_path, monkeypatch):
    """The shell expands none behind a colon: --prior OPT:~/prior.json."""
    monkeypatch.setenv("HOME", str(tmp_path))
    prior = bm.HistogramPrior("z", [1], [2], [0.5], [0.5])
    prior.save("~/p.json")
    prior.write("~/p.txt")
    assert bm.read_prior("~/p.json").column == bm.HistogramPrior.load("~/p.json").column == "z"
    back = bm.HistogramPrior.read("~/p.txt", column="z")
    assert back.hi[0] == 2 and back.read_from == (str(tmp_path / "p.txt"),)
