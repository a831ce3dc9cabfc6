"""Priors on whole combinations, beside what they must equal, and what they refuse."""

import matplotlib.pyplot as plt
import numba
import numpy as np
import pyarrow as pa
import pytest
from astropy.table import Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from small_skies import BY_HAND, catalog

import bayesmatch as bm
import bayesmatch.matching.associations
import bayesmatch.matching.combined
from bayesmatch.catalogs import memory
from bayesmatch.priors.combination import MembersPrior
from bayesmatch.testing import check_invariants, matches
from validation.skies import simulate_patterns

NUMBERS = ("p_any", "p_i", "p_single", "p_match", "dist_post")


def sky(n_primary=60, seed=3, n_other=2, **options):
    """Catalogues with a magnitude each, crowded, some of their field objects the same."""
    fractions = np.full(1 << n_other, 0.5 / (1 << n_other))
    fractions[[0, -1]] += 0.2, 0.3
    catalogs = simulate_patterns(
        seed,
        n_primary,
        fractions,
        density=(100_000.0, 60_000.0)[:n_other],
        other_sigma=(0.2, 0.5)[:n_other],
        shared=0.3,
    ).catalogs()
    out = []
    for k, plain in enumerate(catalogs):
        rng, n = np.random.default_rng([seed, k]), len(plain)
        table = Table(plain.table, copy=True)
        table["ID"] = 100 + np.arange(n)
        table["mag"] = np.ma.masked_array(rng.normal(20, 2, n), mask=rng.random(n) < 0.1)
        err = ("SIGMA", 0.2, 0.5)[k]
        out.append(bm.Catalog(table, name="ABC"[k], pos_err=err, area=plain.area))
    return out


def of_mag(values):
    """Log10 ratio by a magnitude, 0 where it is unknown, -inf where it is bright."""
    values = np.ma.filled(np.ma.asarray(values).astype(float), np.nan)
    known = np.isfinite(values)
    ratio = np.where(known, np.clip(0.3 * (np.where(known, values, 20.0) - 20), -1, 1), 0.0)
    return np.where(known & (values < 17), -np.inf, ratio)


def product(members):
    return sum(of_mag(members[name]["mag"]) for name in ("B", "C") if name in members)


def zeros(members):
    return np.zeros(len(members["A"]))


GOOD = bm.CombinationPrior("good", zeros)


def assert_same(a, b, atol=1e-12):
    for name in NUMBERS:
        np.testing.assert_allclose(a.associations[name], b.associations[name], rtol=0, atol=atol)
    for name in ("p_hostless", "p_any", "p_match", "second_p_i", "p_B"):
        np.testing.assert_allclose(a.sources[name], b.sources[name], rtol=0, atol=atol)
    for name in ("B", "same_source", "n_claims"):
        np.testing.assert_array_equal(a.sources[name], b.sources[name])


@pytest.mark.parametrize("n_other", [1, 2])
@pytest.mark.parametrize(
    "options",
    [{}, {"field": "uniform"}, {"claims": "independent"}, {"host_fraction": 0.7}],
    ids=str,
)
def test_a_product_over_the_members_is_priors_of_the_catalogues(n_other, options):
    catalogs = sky(n_other=n_other)
    names = [c.name for c in catalogs[1:]]
    each = {name: [bm.FunctionPrior("m", lambda t: of_mag(t["mag"]))] for name in names}
    whole = {None: [bm.CombinationPrior("m", product, columns={n: ["mag"] for n in names})]}
    a = bm.match(*catalogs, radius=8, priors=whole, prune=0, **options)
    b = bm.match(*catalogs, radius=8, priors=each, prune=0, **options)
    assert_same(a, b)
    ratio = np.prod([b.associations[f"bias_{name}_m"] for name in names], axis=0)
    np.testing.assert_allclose(a.associations["bias_m"], ratio, rtol=1e-12)
    assert (ratio == 0).any() and a.meta["host_fraction"] == pytest.approx(b.meta["host_fraction"])
    assert a.meta["combination_priors"] == ["m"] and b.meta["combination_priors"] == []
    assert a.meta["priors"] == {name: [] for name in names}
    check_invariants(a)


def hashed(members):
    """Ratios for all kinds of rows, no counterpart's among them, that no product gives."""
    names = list(members)
    row = [np.ma.filled(np.ma.asarray(members[n]["mag"]).astype(float), 30.0) for n in names]
    u = np.mod(sum((k + 1) * 7.77 * r for k, r in enumerate(row)), 1.0)
    return np.where(u < 0.2, -np.inf, 4 * u - 2)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(matches(max_catalogues=4), st.sampled_from([0.0, 0.3, 0.9]), st.integers(0, 99))
def test_whole_matches_keep_the_rules(case, excluded, seed):
    def noise(members):
        n = len(next(iter(members.values())))
        rng = np.random.default_rng(seed)
        return np.where(rng.random(n) < excluded, -np.inf, rng.choice([-30.0, -1.0, 0.5, 30.0], n))

    priors = {**(case.options["priors"] or {}), None: [bm.CombinationPrior("noise", noise)]}
    check_invariants(case.run(priors=priors))


@pytest.mark.few(1)
@pytest.mark.filterwarnings("ignore:prior h of combinations")
@pytest.mark.parametrize("options", [{}, {"claims": "independent"}, {"min_p_i": 1e-3}], ids=str)
def test_any_function_keeps_the_rules(tmp_path, options):
    catalogs = sky()
    prior = bm.CombinationPrior("h", hashed)
    other = bm.HistogramPrior("mag", [10, 20], [20, 30], [0.3, 0.7], [0.5, 0.5])
    priors = {None: prior, "B": [other]}
    result = bm.match(*catalogs, radius=8, priors=priors, **options)
    check_invariants(result)
    assert result.priors == {"B": [other], "C": [], None: [prior]}
    none = np.asarray(result.associations["ncat"]) == 1
    assert (result.associations["bias_h"][none] == 0).any()
    assert (result.associations["bias_h"][none] > 1).any()
    result.write(tmp_path / "r.fits", include_inputs=False)
    again = bm.MatchResult.read(tmp_path / "r.fits")
    check_invariants(again)
    assert again.associations.colnames == result.associations.colnames
    assert again.meta["combination_priors"] == ["h"]
    for name in result.sources["A_ID"][:25]:
        for found in (result.explain(name), again.explain(name)):
            table = found.table
            terms = np.sum([table[term] for term in table.meta["terms"]], axis=0)
            np.testing.assert_allclose(table["total"], terms)
            assert "prior_h" in table.meta["terms"] and "prior_B_mag" in table.meta["terms"]
            p, hostless = np.asarray(table["p_match"]), table["p_match"][0]
            sure = (p > 1e-250) & (hostless > 1e-250)
            np.testing.assert_allclose(
                table["total"][sure], np.log10(p[sure] / hostless), rtol=0, atol=1e-6
            )
            assert not set(table.meta["terms"]) & {"unstated"}
            if hostless == 0 and table["p_match"][1] > 0.5:
                assert "no counterpart is excluded by prior h" in str(found).replace("\n", " ")
                axes = found.plot().axes
                evidence = next(ax for ax in axes if "log10 odds" in ax.get_xlabel())
                assert max(map(abs, evidence.get_xlim())) < 100
                assert "excluded" in [text.get_text() for text in evidence.texts]
                plt.close("all")


def test_a_factor_common_to_a_source_changes_no_share():
    catalogs = sky()

    def more(members):
        return product(members) + 0.2 * (np.asarray(members["A"]["mag"].filled(18.0)) - 20)

    a, b = (
        bm.match(*catalogs, radius=8, priors={None: [bm.CombinationPrior("m", f)]})
        for f in (product, more)
    )
    for name in ("p_any", "p_i", "p_match"):
        np.testing.assert_allclose(a.associations[name], b.associations[name], rtol=0, atol=1e-10)
    assert np.abs(a.associations["p_single"] - b.associations["p_single"]).max() > 0.01


def test_two_priors_multiply():
    catalogs = sky()
    parts = [
        bm.CombinationPrior("b", lambda m: of_mag(m["B"]["mag"]), columns={"B": "mag"}),
        bm.CombinationPrior("c", lambda m: of_mag(m["C"]["mag"]), columns={"C": ["mag"]}),
    ]
    a = bm.match(*catalogs, radius=8, priors={None: parts})
    b = bm.match(*catalogs, radius=8, priors={None: [bm.CombinationPrior("m", product)]})
    assert_same(a, b)
    assert [n for n in a.associations.colnames if n.startswith("bias_")] == ["bias_b", "bias_c"]


def test_the_primary_is_always_there():
    """A function that needs no column of it counts the associations by it."""
    catalogs = sky()
    found = [
        bm.match(
            *catalogs,
            radius=8,
            priors={None: [bm.CombinationPrior("m", function, columns={"B": ["mag"]})]},
        )
        for function in (zeros, lambda members: np.zeros(len(members["B"])))
    ]
    assert_same(*found)


def test_catalogues_left_out_tell_who_takes_part():
    catalogs = sky()
    seen = []

    def look(members):
        seen.append(members)
        return np.zeros(len(members["A"]))

    prior = bm.CombinationPrior("look", look, columns={"B": ["mag"]})
    rows = bm.match(*catalogs, radius=8, priors={None: [prior]}).associations
    (members,) = seen
    assert {name: table.colnames for name, table in members.items()} == {
        "A": ["ID"],
        "B": ["mag"],
        "C": ["ID"],
    }
    for name in ("A", "C"):
        absent = np.asarray(rows[name]) < 0
        np.testing.assert_array_equal(np.ma.getmaskarray(members[name]["ID"]), absent)
        np.testing.assert_array_equal(members[name]["ID"][~absent], rows[f"{name}_ID"][~absent])


def test_members_are_the_rows_of_each_association():
    catalogs = sky()
    seen = []

    def look(members):
        seen.append({name: table.copy() for name, table in members.items()})
        members["B"]["mag"][:] = 5.0  # theirs to spoil
        return np.zeros(len(members["A"]))

    prior = bm.CombinationPrior("look", look)
    result = bm.match(*catalogs, radius=8, priors={None: [prior]})
    (members,) = seen
    rows = result.associations
    assert list(members) == ["A", "B", "C"]
    for c in catalogs:
        table, row = members[c.name], np.asarray(rows[c.name])
        assert len(table) == len(rows) and table.colnames == c.table.colnames
        absent = row < 0
        for name in table.colnames:
            given = c.table[name][np.where(absent, 0, row)]
            masked = np.ma.getmaskarray(table[name])
            np.testing.assert_array_equal(masked, absent | np.ma.getmaskarray(given))
            np.testing.assert_array_equal(table[name][~masked], given[~masked])
            assert (
                table[name].dtype.kind != "f" or np.isnan(np.ma.getdata(table[name])[masked]).all()
            )
    assert not np.ma.getmaskarray(members["A"]["RA"]).any()
    assert c.table["mag"].max() > 6


def test_pieces_of_a_large_match(monkeypatch):
    catalogs = sky()
    prior = {None: [bm.CombinationPrior("m", product, columns={"B": ["mag"], "C": ["mag"]})]}
    whole = bm.match(*catalogs, radius=8, priors=prior)
    calls = []

    def counted(members):
        calls.append(len(members["B"]))
        return product(members)

    monkeypatch.setattr(bayesmatch.matching.combined, "CELLS", 40)
    prior = {None: [bm.CombinationPrior("m", counted, columns={"B": ["mag"], "C": ["mag"]})]}
    threads = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        parts = bm.match(*catalogs, radius=8, priors=prior)
    finally:
        numba.set_num_threads(threads)
    assert len(calls) > 10 and sum(calls) == len(whole.associations)
    for name in whole.associations.colnames:
        a, b = (np.ma.getdata(r.associations[name]) for r in (whole, parts))
        assert a.tobytes() == b.tobytes(), name


@pytest.mark.slow
def test_nothing_is_pruned(monkeypatch):
    monkeypatch.setattr(bayesmatch.matching.associations, "COMPLETE", 5)
    catalogs = sky()
    kept = bm.match(*catalogs, radius=8)
    assert kept.meta["pruned_primaries"] > 10
    everything = bm.match(*catalogs, radius=8, prune=0)
    worst = np.asarray(everything.associations["dist_bayesfactor"])
    # What a bound would leave out is raised above everything else.
    row = int(np.argmin(worst))
    key = [everything.associations[n][row] for n in "ABC"]
    identifiers = [
        c.ids(np.array([k]))[0] if k >= 0 else None for c, k in zip(catalogs, key, strict=True)
    ]
    gone = [np.asarray(kept.associations[n]) == k for n, k in zip("ABC", key, strict=True)]
    assert not np.all(gone, axis=0).any()

    def raised(members):
        same = np.ones(len(members["A"]), bool)
        for name, wanted in zip("ABC", identifiers, strict=True):
            id_ = members[name]["ID"]
            absent = np.ma.getmaskarray(id_)
            same &= absent if wanted is None else ~absent & (np.ma.getdata(id_) == wanted)
        return np.where(same, 300.0, 0.0) + np.where(same, -worst[row], 0.0).clip(0, 8)

    result = bm.match(*catalogs, radius=8, priors={None: [bm.CombinationPrior("r", raised)]})
    assert len(result.associations) == len(everything.associations)
    assert result.meta["pruned_primaries"] == result.meta["pruned_bound"] == 0
    assert result.associations["bias_r"][row] >= 1e300
    assert result.meta["prune"] == 0


def test_what_does_not_fit_is_refused_before_the_function_is_called(monkeypatch):
    def never(members):
        raise AssertionError("called")

    prior = {None: [bm.CombinationPrior("n", never)]}
    with pytest.raises(ValueError, match="max_rows"):
        bm.match(*sky(), radius=8, priors=prior, max_rows=400)
    monkeypatch.setattr(memory, "SMALL", 0)
    with monkeypatch.context() as little:
        little.setattr(memory, "available_bytes", lambda: 100_000)
        with pytest.raises(ValueError, match="associations of 'A' .* or do without priors on comb"):
            bm.match(*sky(), radius=8, priors=prior)
    needed = []
    monkeypatch.setattr(
        bayesmatch.matching.associations, "check_memory", lambda *args: needed.append(args[0])
    )
    for priors in (None, {None: [GOOD]}):
        n_rows = len(bm.match(*sky(), radius=8, priors=priors, prune=0).associations)
    assert 2 * 8 * n_rows <= needed[-1] - needed[0] <= 64 * n_rows  # the ratios, and their column


def test_two_sources_that_must_have_the_same_object():
    """Neither may be without counterpart, and there is one for both: each has an even chance."""
    a = catalog([(0, 0), (4, 0)], "A", pos_err=1.5)
    b = catalog([(2, 0), (300, 0)], "B")

    def must(members):
        return np.where(np.ma.getmaskarray(members["B"]["ID"]), -np.inf, 0.0)

    with pytest.warns(UserWarning, match="only 2 primaries"):
        result = bm.match(a, b, radius=8, priors={None: [bm.CombinationPrior("must", must)]})
    np.testing.assert_allclose(result.sources["p_B"], 0.5, atol=1e-9)
    np.testing.assert_allclose(result.sources["p_hostless"], 0.5, atol=1e-9)
    np.testing.assert_array_equal(result.sources["p_any"], 1.0)
    check_invariants(result)
    alone = bm.match(
        a,
        b,
        radius=8,
        priors={None: [bm.CombinationPrior("must", must)]},
        host_fraction=0.5,
        **BY_HAND,
    )
    np.testing.assert_array_equal(alone.sources["p_hostless"], 0.0)
    assert np.isfinite(alone.sources["log10_odds_host"]).all()


def test_all_candidates_are_excluded():
    """They are there, and that they are excluded is what the warning tells."""

    def none(members):
        absent = np.ma.getmaskarray(members["B"]["ID"])
        return np.where(absent, 300.0, -np.inf)

    priors = [bm.CombinationPrior(name, none) for name in ("no", "never")]
    with pytest.warns(UserWarning, match="no primary has a candidate that priors do not exclude"):
        result = bm.match(*sky(n_other=1), radius=8, priors={None: priors})
    np.testing.assert_array_equal(result.sources["p_hostless"], 1.0)
    check_invariants(result)  # to exp(1382)


def test_everything_is_excluded():
    catalogs = sky(n_other=1)
    prior = bm.CombinationPrior("no", lambda m: np.where(m["A"]["mag"].filled(20) < 19, -np.inf, 0))
    with pytest.warns(UserWarning, match="prior no of combinations: all associations of .* return"):
        result = bm.match(*catalogs, radius=8, priors={None: [prior]})
    gone = np.asarray(catalogs[0].table["mag"].filled(20)) < 19
    assert gone.any() and not gone.all()
    np.testing.assert_array_equal(result.sources["p_hostless"][gone], 1.0)
    np.testing.assert_array_equal(result.sources["p_any"][gone], 0.0)
    check_invariants(result)


@pytest.mark.parametrize("columns", [None, {"B": ["mag"], "C": ["mag"]}], ids=["all", "listed"])
def test_scanned_is_in_memory(tmp_path, columns):
    catalogs = sky()
    scanned = []
    for c in catalogs[1:]:
        folder = tmp_path / c.name
        folder.mkdir()
        mag = c.table["mag"]
        table = pa.table(
            {
                "ID": np.asarray(c.table["ID"]),
                "RA": np.asarray(c.table["RA"]),
                "DEC": np.asarray(c.table["DEC"]),
                "mag": pa.array(np.ma.getdata(mag), mask=np.ma.getmaskarray(mag)),
            }
        )
        parquet.write_table(table, folder / "0.parquet", row_group_size=400)
        err = {"B": 0.2, "C": 0.5}[c.name]
        scanned.append(bm.Catalog.scan(folder, name=c.name, pos_err=err, area=c.area))
    prior = {None: [bm.CombinationPrior("m", product, columns=columns)]}
    a = bm.match(*catalogs, radius=8, priors=prior)
    b = bm.match(catalogs[0], *scanned, radius=8, priors=prior)
    for name in (*NUMBERS, "bias_m", "A", "B", "C"):
        assert np.ma.getdata(a.associations[name]).tobytes() == (
            np.ma.getdata(b.associations[name]).tobytes()
        ), name
    held = set(b._catalogs[1].table.colnames)
    assert "mag" in held and (columns is None) == ("RA" in held)


def test_calibrate_and_fitted_errors_take_it():
    catalogs = sky(n_primary=200)
    prior = {None: [bm.CombinationPrior("m", product)]}
    calibration = bm.calibrate(*catalogs, radius=8, priors=prior, n_realizations=2)
    assert np.all(np.diff(calibration.table["false_fraction"]) <= 0)
    fitted = bm.match(*catalogs, radius=8, priors=prior, errors="fit")
    assert "bias_m" in fitted.associations.colnames
    with pytest.raises(ValueError, match=r"'m' acts on combinations; a fit .*errors='fit'"):
        bm.fit_position_errors(*catalogs, radius=8, priors=prior)


def test_a_class_of_one_s_own():
    class Own:
        name = "own"

        def log10_ratio_members(self, members):
            return product(members)

    assert isinstance(Own(), MembersPrior)
    assert isinstance(bm.CombinationPrior("m", product), MembersPrior)
    catalogs = sky()
    a = bm.match(*catalogs, radius=8, priors={None: Own()})
    b = bm.match(*catalogs, radius=8, priors={None: bm.CombinationPrior("own", product)})
    assert_same(a, b, atol=0)


@pytest.mark.parametrize(
    "function, message",
    [
        (lambda m: 1 / 0, r"'bad' of combinations failed \(ZeroDivisionError: .*A \(.*mag"),
        (lambda m: m["Z"], r"failed \(KeyError: 'Z'\)"),
        (lambda m: m["B"]["nomag"], r"failed \(KeyError: 'nomag'\)"),
        (lambda m: "text", "of combinations failed"),
        (lambda m: np.zeros(3), r"returned shape \(3,\) for \d+ associations"),
        (lambda m: 0.0, r"returned shape \(\) for"),
        (lambda m: zeros(m) + np.nan, r"returned nan for A row 0 with no counterpart"),
        (lambda m: zeros(m) + np.inf, "returned inf for A row 0"),
        (
            lambda m: np.where(np.ma.getmaskarray(m["B"]["ID"]), 0.0, 400.0),
            r"returned 400 for A row \d+ with B row \d+.*-323 to 308",
        ),
        (lambda m: zeros(m) - 325, "returned -325 for"),
        (lambda m: zeros(m) > 0, r"returned True and False, .* np.where\(chosen, 0.0, -np.inf\)"),
        (lambda m: zeros(m) + 1j, "it returned complex numbers"),
        (lambda m: zeros(m).astype("M8[s]"), "it returned dates"),
    ],
)
def test_what_a_function_does_wrong_is_named(function, message):
    with pytest.raises(ValueError, match=message):
        bm.match(*sky(), radius=8, priors={None: [bm.CombinationPrior("bad", function)]})


def test_masked_ratios_say_nothing():
    prior = bm.CombinationPrior("m", lambda m: np.ma.masked_array(zeros(m) + np.nan, mask=True))
    result = bm.match(*sky(), radius=8, priors={None: prior})
    np.testing.assert_array_equal(result.associations["bias_m"], 1.0)


@pytest.mark.parametrize(
    "priors, error, message",
    [
        ({None: [bm.FunctionPrior("f", len)]}, TypeError, "not a prior on combinations"),
        ({None: [None]}, TypeError, "priors of None: None is not a prior on combinations"),
        ({None: [GOOD, GOOD]}, ValueError, "two are called 'good'"),
        ({"B": [GOOD]}, ValueError, r"go with no catalogue: give priors=\{None: \[\.\.\.\]\}"),
        ({None: [GOOD], "Z": []}, ValueError, "catalogue 'Z' is not among .* with B, C$"),
        (
            {None: bm.CombinationPrior("g", zeros, columns={"Z": ["mag"]})},
            ValueError,
            "'g' of combinations: columns: catalogue 'Z' is not among those matched",
        ),
        (
            {None: bm.CombinationPrior("g", zeros, columns={"B": ["colour"]})},
            ValueError,
            "catalogue 'B' has no column 'colour'",
        ),
        ({None: bm.CombinationPrior("g", zeros, columns={})}, TypeError, "or None for all"),
        ({None: bm.CombinationPrior("g", zeros, columns={"B": []})}, TypeError, "leave the"),
        (
            {None: bm.CombinationPrior("B_m", zeros), "B": bm.FunctionPrior("m", len)},
            ValueError,
            "two columns .* 'bias_B_m'",
        ),
    ],
)
def test_wrong_priors_are_refused_before_any_work(priors, error, message):
    with pytest.raises(error, match=message):
        bm.match(*sky(n_primary=5), radius=8, priors=priors)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("", zeros), "name is ''"),
        ((3, zeros), "name is 3"),
        (("a", 3), "'a': function is 3, not callable"),
        (("a", zeros, ["mag"]), "'a': columns is .* mapping of catalogue name"),
        (("a", zeros, {"B": 3}), "'a': columns of 'B' is 3"),
    ],
)
def test_wrong_arguments(arguments, message):
    with pytest.raises(TypeError, match=message):
        bm.CombinationPrior(*arguments)


def coloured(seed, n=400):
    """Sources with a flux, half of them with an object whose magnitude goes by it; the field."""
    rng = np.random.default_rng([seed, 7])
    area, n_field = 0.5, 15_000
    side = area**0.5
    ra, dec = 10 + side * rng.random(n), side * (rng.random(n) - 0.5)
    flux, host = rng.normal(20.0, 1.0, n), rng.random(n) < 0.5
    x = {"RA": ra + rng.normal(size=n) / 3600, "DEC": dec + rng.normal(size=n) / 3600, "m": flux}
    o = {
        "RA": np.concatenate([ra[host], 10 + side * rng.random(n_field)]),
        "DEC": np.concatenate([dec[host], side * (rng.random(n_field) - 0.5)]),
        "r": np.concatenate([flux[host] + rng.normal(0, 0.5, host.sum()), np.zeros(n_field)]),
    }
    o["r"][host.sum() :] = rng.normal(20.0, 1.0, n_field)
    return (
        bm.Catalog(x, name="X", pos_err=1.0, area=area),
        bm.Catalog(o, name="O", pos_err=0.1, area=area),
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("off, verdicts", [(0.0, {"ok"}), (1.5, {"look", "wrong"})])
def test_a_check_tells_whether_the_prior_fits(seed, off, verdicts):
    """Right it says nothing; made for sources whose counterparts are 1.5 mag fainter it speaks."""

    def of_colour(members):
        colour = members["O"]["r"] - members["X"]["m"] - off
        ln_ratio = np.log(8.0**0.5) - 0.5 * colour**2 / 0.25 + 0.5 * (colour + off) ** 2 / 2.0
        return np.ma.clip(ln_ratio / np.log(10), -20, 20)

    prior = bm.CombinationPrior("colour", of_colour, columns={"X": ["m"], "O": ["r"]})
    checks = bm.match(*coloured(seed), radius=20.0, priors={None: [prior]}).checks()
    (found,) = checks[np.asarray(checks["check"]) == "prior_colour"]
    assert found["verdict"] in verdicts, found["advice"]
    assert np.isfinite([found["value"], found["error"], found["sigma"]]).all()
