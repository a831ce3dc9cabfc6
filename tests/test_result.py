"""The two tables of a result, their numbers in small cases, and the way to files and back."""

import dataclasses
import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table
from small_skies import BY_HAND

import bayesmatch as bm
from bayesmatch.catalogs.formats import registry

#: INPUTS have what some formats rename or hold as text; tests/test_written.py has the warnings
pytestmark = pytest.mark.filterwarnings("ignore:.*(JSON text|is called).*:UserWarning")
FORMATS = ["fits", "fits.gz", "vot", "parquet", "ecsv", "csv"]
FULL_SKY = 4 * np.pi * np.degrees(1) ** 2
N = 36
THIRD = np.arange(N) % 3 == 0


def catalog(name, north=0.0, ids=None, pos_err=2.0, **more):
    """Sources on a line, 60" apart; `north` in arcsec."""
    table = Table({"RA": np.full(N, 150.0), "DEC": 2 + np.arange(N) / 60 + north / 3600, **more})
    if ids is not None:
        table["ID"] = ids
    return bm.Catalog(table, name=name, pos_err=pos_err, area=1.0)


def matched(**more):
    """A and O with a counterpart each, and B one for every second source."""
    north = np.where(np.arange(N) % 2, 1.0, 25.0)
    return bm.match(
        catalog("A", **more),
        catalog("O", 1.0, pos_err=0.3, **more),
        catalog("B", north, pos_err=0.5),
        radius=10.0,
    )


def check_same(found, expected):
    assert found.colnames == expected.colnames
    for name in expected.colnames:
        a, b = found[name], expected[name]
        mask = np.ma.getmaskarray(np.ma.asarray(b))
        np.testing.assert_array_equal(np.ma.getmaskarray(np.ma.asarray(a)), mask, err_msg=name)
        a, b = (np.ma.getdata(np.ma.asarray(c))[~mask] for c in (a, b))
        np.testing.assert_array_equal(a, b, err_msg=name)
        assert a.dtype.kind == b.dtype.kind and (a.dtype.kind == "U" or a.dtype == b.dtype), name
        for what in ("unit", "description"):
            assert str(getattr(found[name], what)) == str(getattr(expected[name], what)), name


def check_round_trip(result, path, include_inputs=False):
    files = result.write(path, include_inputs=include_inputs)
    assert sorted(files) == sorted(str(p) for p in path.parent.iterdir())
    back = bm.MatchResult.read(path)
    check_same(back.associations, result.with_inputs() if include_inputs else result.associations)
    check_same(back.sources, result.sources)
    assert back.meta == {k: v for k, v in result.meta.items() if k != "seconds"}
    assert back.summary() == result.summary() and repr(back) == repr(result)
    check_same(
        back.best(),
        back.associations[
            [r in result.best()["A"] and f == 1 for r, f in back.associations["A", "match_flag"]]
        ],
    )
    assert len(back.to_pandas()) == len(result.associations)
    return back


class TestSmallCases:
    AREA = 1e-4

    def weight(self, sigmas, separation, n_rows, c=1.0, ratio=1.0):
        s_1, s_2 = np.radians(np.array(sigmas) / 3600)
        psi = np.radians(separation / 3600)
        bayes = 2 / (s_1**2 + s_2**2) * np.exp(-(psi**2) / 2 / (s_1**2 + s_2**2))
        return c * bayes * ratio / ((n_rows + 1) / self.AREA * FULL_SKY)

    def two(self, offsets, primary_offsets=(0.0,), **options):
        dec = [2 + s / 3600 for s in (*primary_offsets, 3600.0)]
        a = bm.Catalog({"RA": [150.0] * len(dec), "DEC": dec}, name="A", pos_err=3.0, area=1.0)
        dec = [2 + s / 3600 for s in (*offsets, 7200.0)]
        o = bm.Catalog(
            {"RA": [150.0] * len(dec), "DEC": dec, "mag": np.arange(len(dec))},
            name="O",
            pos_err=0.3,
            area=self.AREA,
        )
        return bm.match(a, o, radius=20.0, host_fraction=0.8, **options)

    @pytest.mark.parametrize(
        "c, p_any", [(1.0, 0.0299687), (0.9, 0.0270529), (0.5, 0.0152123), (0.1, 0.0030799)]
    )
    def test_upstream_row_8(self, c, p_any):
        r = self.two([10.0], prior_completeness=c)
        assert r.sources["p_any"][0] == pytest.approx(p_any, abs=6e-8)
        assert r.associations["dist_bayesfactor"][1] == pytest.approx(7.5824578, abs=1e-7)

    def test_every_column_by_hand(self):
        prior = bm.HistogramPrior("mag", [-0.5, 0.5], [0.5, 1.5], [3.0, 1.0], [1.0, 2.0])
        r = self.two([2.0, -4.0], priors={"O": [prior]}, prior_completeness=0.7, field="uniform")
        like = np.array([self.weight((3, 0.3), s, 3, ratio=q) for s, q in ((2, 3.0), (4, 0.5))])
        weight = 0.7 * like
        a, s = r.associations, r.sources
        assert a["A"].tolist() == [0, 0, 0, 1] and a["O"].tolist() == [-1, 0, 1, -1]
        assert a["ncat"].tolist() == [1, 2, 2, 1]
        np.testing.assert_allclose(a["Separation_A_O"], [np.nan, 2, 4, np.nan], rtol=1e-8)
        np.testing.assert_allclose(a["Separation_max"], [0, 2, 4, 0], rtol=1e-8)
        np.testing.assert_allclose(a["bias_O_mag"], [1, 3, 0.5, 1])
        p_any = weight.sum() / (1 + weight.sum())
        np.testing.assert_allclose(a["p_any"], [p_any] * 3 + [0], rtol=1e-9)
        p_i = weight / weight.sum()
        np.testing.assert_allclose(a["p_i"], [0, *p_i, 0], rtol=1e-9)
        single = 1 / (1 + (1 - 0.7 / (4 / self.AREA * FULL_SKY)) / weight)
        np.testing.assert_allclose(a["p_single"], [1, *single, 1], rtol=1e-9)
        assert a["match_flag"].tolist() == [0, 1, 0, 0]
        none = 0.2 + 0.8 * np.exp(-0.5 * 20.0**2 / (3.0**2 + 0.3**2))  # or outside the radius
        total = none + 0.8 * like.sum()
        p_match = [none / total, *(0.8 * like / total)]
        np.testing.assert_allclose(a["p_match"][:3], p_match, rtol=1e-9)
        assert s["p_hostless"].tolist() == pytest.approx([p_match[0], 1.0])
        assert s["log10_odds_host"][0] == pytest.approx(np.log10(1 / p_match[0] - 1))
        assert s["n_candidates"].tolist() == [2, 0] and s["O"].tolist() == [0, -1]
        np.testing.assert_allclose(s["p_O"], [p_match[1], 0])
        np.testing.assert_allclose(s["p_match"], [p_match[1], 0])
        np.testing.assert_allclose(s["p_i"], [p_i[0], 0])
        np.testing.assert_allclose(s["second_p_i"], [p_i[1], 0], rtol=1e-9)
        np.testing.assert_allclose(s["Separation_A_O"], [2, np.nan], rtol=1e-8)
        assert s["n_claims"].tolist() == [1, 0]

    @pytest.mark.parametrize("ratio, flags", [(0.5, [0, 1, 2, 0]), (0.99, [0, 1, 0, 0])])
    def test_match_flag_of_comparable_candidates(self, ratio, flags):
        r = self.two([2.0, -2.5], secondary_ratio=ratio)
        assert r.associations["match_flag"].tolist() == flags

    def test_ties_are_both_best_and_the_first_is_taken(self):
        r = self.two([2.0, 2.0])
        assert r.associations["match_flag"].tolist() == [0, 1, 1, 0]
        assert r.sources["O"].tolist() == [0, -1] and len(r.best()) == 1
        assert r.best()["O"].tolist() == [0]
        np.testing.assert_allclose(r.sources["second_p_i"], [0.5, 0.0])

    def test_claims_by_several_primaries(self):
        r = self.two([1.0], primary_offsets=(0.0, 3.0, 8.0))
        assert r.sources["n_claims"].tolist() == [3, 3, 3, 0]
        assert r.sources["n_claims_O"].tolist() == [3, 3, 3, 0]

    def test_claims_in_every_catalogue(self):
        r = bm.match(catalog("A"), catalog("O"), catalog("B", 0.5), radius=5.0)
        for name in ("O", "B"):
            row = np.asarray(r.sources[name])
            expected = [np.sum(row == j) if j >= 0 else 0 for j in row]
            assert r.sources[f"n_claims_{name}"].tolist() == expected
        assert r.sources["n_claims"].tolist() == r.sources["n_claims_O"].tolist()
        near = bm.Catalog(
            {"RA": [10.0, 10.0005], "DEC": [0.0, 0.0]}, name="A", pos_err=1.0, area=1.0
        )
        own = bm.Catalog(
            {"RA": [10.0, 10.0005], "DEC": [0.0, 0.0]}, name="O", pos_err=0.1, area=1.0
        )
        shared = bm.Catalog(
            {"RA": [10.00025, 10.9], "DEC": [0.0, 0.9]}, name="B", pos_err=1.0, area=1.0
        )
        s = bm.match(near, own, shared, radius=5.0, host_fraction=0.9, **BY_HAND).sources
        assert s["n_claims"].tolist() == [1, 1] and s["n_claims_B"].tolist() == [2, 2]

    def test_marginal_of_a_member_sums_over_associations(self):
        r = matched()
        a, s = r.associations, r.sources
        assert s["O"].tolist() == list(range(N))
        for name in ("O", "B"):
            for row in s:
                group = a[(a["A"] == row["A"]) & (a[name] == row[name])]
                expected = group["p_match"].sum() if row[name] >= 0 else 0.0
                assert row[f"p_{name}"] == pytest.approx(expected, rel=1e-12)
        assert (s["p_O"] > s["p_match"])[1::2].all()

    def test_probabilities_sum_to_one_and_sources_agree_with_associations(self):
        r = matched()
        a, s = r.associations, r.sources
        members = a["ncat"] > 1
        total = s["p_hostless"] + np.bincount(a["A"][members], a["p_match"][members], N)
        np.testing.assert_allclose(total, 1.0, rtol=1e-12)
        np.testing.assert_allclose(a["p_match"][~members], s["p_hostless"])
        assert np.all(np.diff(a["A"]) >= 0) and s["A"].tolist() == list(range(N))
        assert len(r.best()) == N
        np.testing.assert_array_equal(r.best()["p_match"], s["p_match"])
        np.testing.assert_array_equal(r.best()["O"], s["O"])
        assert len(r.best(p_any_min=2.0)) == 0

    def test_min_p_i_keeps_the_no_counterpart_rows(self):
        full, cut = self.two([2.0, -6.0]), self.two([2.0, -6.0], min_p_i=0.5)
        assert cut.associations["O"].tolist() == [-1, 0, -1]
        assert full.meta["n_associations"] == 4 and cut.meta["n_associations"] == 3
        check_same(cut.sources, full.sources)
        assert self.two([2.0, -6.0], min_p_i=1.0).associations["O"].tolist() == [-1, -1]


class TestTables:
    def test_columns_units_and_descriptions(self):
        r = bm.match(
            catalog("A"),
            catalog("O", 1.0, ids=np.arange(N)),
            catalog("B", 2.0),
            radius=10.0,
            priors={"B": [bm.FunctionPrior("f", lambda t: t["RA"] * 0)]},
        )
        assert r.associations.colnames == [
            "A",
            "O",
            "B",
            "A_ID",
            "O_ID",
            "B_ID",
            "Separation_A_O",
            "Separation_A_B",
            "Separation_O_B",
            "Separation_max",
            "ncat",
            "dist_bayesfactor_uncorrected",
            "dist_bayesfactor",
            "dist_post",
            "bias_B_f",
            "p_single",
            "p_any",
            "p_i",
            "match_flag",
            "p_match",
        ]
        assert r.sources.colnames == [
            "A",
            "A_ID",
            "p_any",
            "p_hostless",
            "log10_odds_host",
            "n_candidates",
            "O",
            "O_ID",
            "p_O",
            "Separation_A_O",
            "density_O",
            "in_O",
            "B",
            "B_ID",
            "p_B",
            "Separation_A_B",
            "density_B",
            "in_B",
            "p_i",
            "p_match",
            "second_p_i",
            "n_claims",
            "n_claims_O",
            "n_claims_B",
            "same_source",
        ]
        for table in (r.associations, r.sources):
            for name in table.colnames:
                assert table[name].description, name
                assert (str(table[name].unit) == "arcsec") == name.startswith("Separation"), name

    def test_absent_members_are_masked(self):
        r = matched(ids=[f"s{i}" for i in range(N)])
        for table in (r.associations, r.sources):
            for name in ("O", "B"):
                absent = np.asarray(table[name]) < 0
                ids = table[f"{name}_ID"]
                np.testing.assert_array_equal(np.ma.getmaskarray(np.ma.asarray(ids)), absent)
                np.testing.assert_array_equal(np.isnan(table[f"Separation_A_{name}"]), absent)
        assert (r.sources["B"] < 0).sum() == N // 2

    def test_to_pandas_and_summary(self):
        r = matched()
        frame = r.to_pandas()
        assert list(frame.columns) == r.associations.colnames and len(frame) == len(r.associations)
        assert frame["B_ID"].isna().sum() == (r.associations["B"] < 0).sum()
        text = r.summary()
        assert "36 A sources matched to O and B within 10 arcsec" in text
        for word in ("candidates", "host fraction", "secure", "hostless", "ambiguous", "fitted"):
            assert word in text

    def test_meta_is_plain(self):
        import json

        meta = matched().meta
        assert json.loads(json.dumps(meta)) == meta
        assert meta["radius_arcsec"] == 10.0 and set(meta["seconds"]) >= {"search", "posterior"}

    def test_with_inputs_holds_every_column_once(self):
        r = matched(ids=np.arange(N), mag=MaskedColumn(np.arange(N), mask=THIRD))
        table = r.with_inputs()
        assert table.colnames[len(r.associations.colnames) :] == [
            "A_RA",
            "A_DEC",
            "A_mag",
            "O_RA",
            "O_DEC",
            "O_mag",
            "B_RA",
            "B_DEC",
        ]
        np.testing.assert_array_equal(
            table["O_mag"].mask, (table["O"] < 0) | (np.asarray(table["O"]) % 3 == 0)
        )


IDENTIFIERS = {
    "integers": np.arange(N) - 3,
    "near 2**62": 2**62 + np.arange(N),
    "unsigned": np.arange(N, dtype="u8") + 2**63 + 7,
    "text": [f' src {i}, "é" ' for i in range(N)],
    "leading zeros": [f"{i:05d}" for i in range(N)],
    "look like numbers": [f"{i}e{i}" for i in range(N)],
    "look like nothing": [
        "nan",
        "NaN",
        "None",
        "null",
        "--",
        "True",
        "N/A",
        "0x10",
        *(f"q{i}" for i in range(N - 8)),
    ],
    "bytes": np.array([f"b{i}" for i in range(N)], dtype="S8"),
}

INPUTS = {
    "bool": THIRD,
    "masked_bool": MaskedColumn(~THIRD, mask=np.roll(THIRD, 1)),
    "text": MaskedColumn([f'ünï {i}\t"x"' for i in range(N)], mask=THIRD),
    "byte": MaskedColumn(np.arange(220, 220 + N, dtype="u1"), mask=THIRD),
    "short": MaskedColumn(np.arange(N, dtype="i2"), mask=THIRD),
    "signed_byte": np.arange(-5, N - 5, dtype="i1"),
    "unsigned": MaskedColumn(np.arange(N, dtype="u4") + 2**31, mask=THIRD),
    "huge": MaskedColumn(np.arange(N, dtype="u8") + 2**63, mask=THIRD),
    "big_endian": np.arange(N, dtype=">i8"),
    "single": np.arange(N, dtype="f4") / 7,
    "masked_real": MaskedColumn(np.arange(N) / 7, mask=THIRD, unit="mag", description="a é"),
    "vector": np.arange(3.0 * N).reshape(N, 3) / 7,
    "cube": np.arange(6.0 * N).reshape(N, 2, 3),
    "integer_vector": MaskedColumn(np.arange(2 * N).reshape(N, 2), mask=np.eye(N, 2, dtype=bool)),
    "Mag": np.arange(N) + 0.5,
    "mag": np.arange(N) - 0.5,
    "α": np.arange(N),
    "empty": [""] * N,
    "object": np.array([None, "x"] * (N // 2), dtype=object),
    "time": np.arange(N).astype("M8[s]"),
    "text_vector": np.array([["a", "é,"]] * N),
    "odd_unit": MaskedColumn(np.arange(N) / 3, unit="electron / s"),
}


@pytest.mark.parametrize("ext", FORMATS)
class TestFiles:
    @pytest.mark.few(3, slow=10)
    @pytest.mark.parametrize("ids", IDENTIFIERS.values(), ids=IDENTIFIERS)
    def test_identifiers(self, tmp_path, ext, ids):
        check_round_trip(matched(ids=ids), tmp_path / f"r.{ext}")

    @pytest.mark.few(2)
    def test_masked_identifiers_of_a_secondary(self, tmp_path, ext):
        ids = MaskedColumn([f"{i}" for i in range(N)], mask=THIRD)
        for k, given in enumerate((ids, MaskedColumn(np.arange(N), mask=THIRD))):
            r = bm.match(catalog("A"), catalog("O", 1.0, ids=given), radius=10.0)
            folder = tmp_path / str(k)
            folder.mkdir()
            back = check_round_trip(r, folder / f"r.{ext}")
            assert back.sources["O_ID"].mask.sum() == THIRD.sum()

    @pytest.mark.few(2)
    def test_every_kind_of_input_column(self, tmp_path, ext):
        back = check_round_trip(matched(**INPUTS), tmp_path / f"r.{ext}", include_inputs=True)
        assert back.associations["A_vector"].shape[1:] == (3,)
        assert set(np.asarray(back.associations["A_text"].filled("?"))[:4]) >= {"?"}

    @pytest.mark.few(2)
    def test_names_that_begin_alike(self, tmp_path, ext):
        r = bm.match(
            catalog("A"),
            catalog("O", np.where(THIRD, 1.0, 25.0), ids=np.arange(N)),
            catalog("O_2", 1.0, ids=np.arange(N)),
            radius=10.0,
        )
        check_round_trip(r, tmp_path / f"r.{ext}")

    def test_priors_and_min_p_i(self, tmp_path, ext):
        prior = bm.FunctionPrior("my prior", lambda t: np.where(t["DEC"] > 2.3, -np.inf, 0.0))
        r = bm.match(
            catalog("A"),
            catalog("O", 1.0),
            radius=10.0,
            priors={"O": [prior]},
            min_p_i=0.1,
            host_fraction=0.5,
            host_covariates=["DEC"],
        )
        check_round_trip(r, tmp_path / f"r.{ext}")

    @pytest.mark.few(2)
    def test_writing_again_replaces_and_equal_runs_give_equal_bytes(self, tmp_path, ext):
        def digests():
            return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in tmp_path.iterdir()}

        matched(**INPUTS).write(tmp_path / f"r.{ext}", include_inputs=True)
        first = digests()
        bm.match(catalog("A"), catalog("O", 1.0), radius=9.0).write(tmp_path / f"r.{ext}")
        assert digests() != first
        matched(**INPUTS).write(tmp_path / f"r.{ext}", include_inputs=True)
        assert digests() == first

    def test_a_failure_leaves_the_old_files_and_nothing_else(self, tmp_path, ext, monkeypatch):
        path = tmp_path / f"r.{ext}"
        matched().write(path)
        before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
        kind = registry.file_format(path)
        write = registry.FORMATS[kind].write_tables

        def broken(paths, *rest):
            write(paths, *rest)
            paths[-1].write_text("half")
            raise OSError("disk full")

        monkeypatch.setitem(
            registry.FORMATS, kind, dataclasses.replace(registry.FORMATS[kind], write_tables=broken)
        )
        with pytest.raises(OSError, match="disk full"):
            bm.match(catalog("A"), catalog("O", 1.0), radius=9.0).write(path)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before

    def test_file_permissions_follow_the_umask(self, tmp_path, ext):
        old = os.umask(0o027)
        try:
            files = matched().write(tmp_path / f"r.{ext}")
        finally:
            os.umask(old)
        assert {os.stat(p).st_mode & 0o777 for p in files} == {0o640}

    def test_damaged_or_foreign_files(self, tmp_path, ext):
        path = tmp_path / f"r.{ext}"
        files = matched().write(path)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 3])
        with pytest.raises(ValueError, match=r"r\..*does not hold a bayesmatch result"):
            bm.MatchResult.read(path)
        os.unlink(files[-1])
        with pytest.raises(FileNotFoundError, match="no such file"):
            bm.MatchResult.read(path)


def test_fits_and_votable_as_others_see_them(tmp_path):
    r = matched()
    r.write(tmp_path / "r.fits")
    with fits.open(tmp_path / "r.fits") as hdus:
        assert [h.name for h in hdus] == ["PRIMARY", "ASSOCIATIONS", "SOURCES"]
        assert hdus[1].columns["Separation_A_O"].unit == "arcsec"
        assert hdus[1].columns["B_ID"].null is not None
        hdus.verify("exception")
    r.write(tmp_path / "r.vot")
    other = Table.read(tmp_path / "r.vot", table_id=1)
    assert other.colnames == r.sources.colnames
    np.testing.assert_array_equal(other["p_any"], r.sources["p_any"])


def test_inputs_are_not_at_hand_after_reading(tmp_path):
    matched().write(tmp_path / "r.fits")
    with pytest.raises(ValueError, match="read from a file; write with include_inputs=True"):
        bm.MatchResult.read(tmp_path / "r.fits").write(tmp_path / "s.fits", include_inputs=True)
    assert not (tmp_path / "s.fits").exists()


def test_more_columns_than_fits_holds(tmp_path):
    r = bm.match(
        catalog("A", **{f"c{i}": THIRD for i in range(990)}), catalog("O", 1.0), radius=10.0
    )
    with pytest.raises(ValueError, match="FITS holds 999; write without .* or to .parquet"):
        r.write(tmp_path / "r.fits", include_inputs=True)
    assert list(tmp_path.iterdir()) == []


SKY = """
import sys, numpy as np, bayesmatch as bm
rng = np.random.default_rng(3)
def sky(n, name, sigma):
    return bm.Catalog({"RA": rng.uniform(10, 11, n), "DEC": rng.uniform(50, 51, n),
                       "err": sigma * rng.uniform(1, 3, n)}, name=name, pos_err="err", area=0.64)
r = bm.match(sky(3000, "A", 1.0), sky(150_000, "O", 0.3), sky(9000, "B", 0.5), radius=4.0)
r.write(sys.argv[1])
"""


def test_any_number_of_threads_gives_the_same_bytes(tmp_path):
    digests = set()
    for threads in (1, 2, 4):
        out = tmp_path / f"{threads}.parquet"
        subprocess.run(
            [sys.executable, "-c", SKY, out],
            check=True,
            env={**os.environ, "NUMBA_NUM_THREADS": str(threads)},
        )
        digests.add(
            hashlib.sha256(
                out.read_bytes() + out.with_name(f"{threads}.sources.parquet").read_bytes()
            ).digest()
        )
    assert len(digests) == 1


def test_identifiers_of_others_are_masked_columns_even_when_none_is_absent():
    """So that ``.filled`` and ``.mask`` work whatever was found."""
    x = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="X", pos_err=1.0, area=1.0)
    o = bm.Catalog({"RA": [1.0], "DEC": [0.0]}, name="O", pos_err=1.0, area=1.0)
    result = bm.match(x, o, radius=5, host_fraction=0.5)
    assert list(result.sources["O_ID"].filled(-1)) == [0]
    assert not isinstance(result.sources["X_ID"], MaskedColumn)
