"""Results beside live output of NWAY 4.8.0: every difference has its right reason, or is told."""

import contextlib
import io
import json
import shutil

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.cli.nway_lines import match_arguments
from bayesmatch.diagnostics.upstream.search import is_flat, lost
from validation.nway_fields import one_primary, random_field
from validation.nway_runner import HISTOGRAM, as_table, nway_cli, run_bayesmatch

FLAT, CUT = "flat-sky search", "--min-prob"


def reasons(found, column):
    """What the table says of a column."""
    (row,) = [r for r in found.table if r["column"] == column]
    return row["reason"]


def causes(table):
    """The different reasons of a table."""
    return {str(r).partition(":")[0] for r in table["reason"]}


def call_api(folder, sources, *, hists=True, **options):
    """What `nway_match` returns, as it returns it."""
    with contextlib.chdir(folder), contextlib.redirect_stderr(io.StringIO()):
        from nwaylib import nway_match
        from nwaylib.logger import NullOutputLogger

        return nway_match(
            [
                {
                    "name": s.name,
                    "ra": s.ra.copy(),
                    "dec": s.dec.copy(),
                    "error": s.error.copy(),
                    "area": s.area,
                    "mags": [m.copy() for m in s.mags.values()],
                    "magnames": list(s.mags),
                    "maghists": [tuple(HISTOGRAM.T.copy()) if hists else None for _ in s.mags],
                }
                for s in sources
            ],
            store_mag_hists=False,
            logger=NullOutputLogger(),
            **options,
        )


def written(folder, sources, *flags, radius=15.0, out="nway.fits"):
    """The field in files, and NWAY's output of them; returns the catalogue arguments."""
    files = [argument for s in sources for argument in s.write(folder)]
    nway_cli(folder, [*files, "--radius", radius, *flags], out)
    return files


@pytest.mark.few(0, slow=3)
@pytest.mark.parametrize("dec", [2.0, 30.0, 44.0])
@pytest.mark.parametrize("k", [2, 3])
def test_command_line_output(tmp_path, dec, k):
    """Two and three catalogues; nothing differs but what NWAY's search has lost."""
    sources = random_field(30 + k, (100, 3000, 1200)[:k], (150.0, dec))
    written(tmp_path, sources, "--prior-completeness", "0.9")
    result = run_bayesmatch(sources, radius=15.0, prior_completeness=0.9)
    found = bm.compare_nway(result, tmp_path / "nway.fits")
    assert found.explained, str(found)
    assert len(found.only_there) == 0
    assert causes(found.only_here) <= {FLAT}
    if dec == 44:
        assert len(found.only_here) > 5
    for row in found.only_here:  # the pairs are there, and NWAY has not looked
        assert 0 < row["Separation_max"] < 15
    assert not reasons(found, "p_single")


@pytest.mark.slow
def test_histograms_and_magnitudes(tmp_path):
    sources = random_field(33, (100, 1500, 1200), (150.0, 30.0), magnitudes=True)
    np.savetxt(tmp_path / "hist.txt", HISTOGRAM)
    flags = [x for s in sources for m in s.mags for x in ("--mag", f"{s.name}:{m}", "hist.txt")]
    written(tmp_path, sources, *flags)
    found = bm.compare_nway(run_bayesmatch(sources, radius=15.0), tmp_path / "nway.fits")
    assert found.explained, str(found)
    assert not reasons(found, "bias_B_MAG0")
    api = call_api(tmp_path, sources, match_radius=15.0, prior_completeness=1.0)
    found = bm.compare_nway(run_bayesmatch(sources, radius=15.0), api)
    assert found.explained, str(found)
    assert "unrelated associations" in reasons(found, "p_any")
    assert "ellipses" not in str(found) and "single precision" not in str(found)


@pytest.fixture
def auto_field():
    """Sources whose counterparts are brighter than the field."""
    sources = random_field(34, (500, 4000), (150.0, 30.0), width=0.5, magnitudes=True)
    return sources


def auto_match(sources, **options):
    priors = {s.name: [bm.AutoPrior(m) for m in s.mags] for s in sources if s.mags}
    catalogs = [s.catalog for s in sources]
    return bm.match(*catalogs, priors=priors, host_fraction=0.9, **options)


@pytest.mark.slow
def test_auto_priors(tmp_path, auto_field):
    """The command line's are ours; the functions' weigh wrongly, and are learned again so."""
    flags = [x for s in auto_field for m in s.mags for x in ("--mag", f"{s.name}:{m}", "auto")]
    written(tmp_path, auto_field, *flags)
    result = auto_match(auto_field, radius=15.0)
    found = bm.compare_nway(result, tmp_path / "nway.fits")
    assert found.explained, str(found)
    api = call_api(tmp_path, auto_field, hists=False, match_radius=15.0, prior_completeness=1.0)
    found = bm.compare_nway(result, api)
    assert found.explained, str(found)
    assert "priors" in reasons(found, "bias_B_MAG0")
    assert "priors" in reasons(found, "p_any")
    # a ratio that no histogram gives is found
    api.loc[api.index[np.flatnonzero(api["ncat"] == 2)[5]], "bias_B_MAG0"] *= 1.01
    assert not bm.compare_nway(result, api).explained


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("columns", [("a", "b"), ("a", "b", "pa")], ids=["axes", "ellipses"])
@pytest.mark.parametrize("k, dec", [(2, 30.0), (3, 2.0)])
def test_ellipses(tmp_path, columns, k, dec):
    sources = random_field(35, (100, 1500, 1200)[:k], (150.0, dec))
    rng, files, catalogs = np.random.default_rng(1), [], []
    for n, s in enumerate(sources):
        table = s.table
        table["a"], table["b"], table["pa"] = (
            1.6 * s.error,
            0.7 * s.error,
            rng.uniform(0, 180, len(s.ra)),
        )
        table.write(tmp_path / f"{s.name}.fits")
        files += [f"{s.name}.fits", ":ERR" if n else ":" + ":".join(columns)]
        error = "ERR" if n else (columns if len(columns) == 2 else bm.ErrorEllipse(*columns))
        catalogs.append(bm.Catalog(table, name=s.name, pos_err=error))
    nway_cli(tmp_path, [*files, "--radius", 15])
    result = bm.match(*catalogs, radius=15, host_fraction=0.9)
    found = bm.compare_nway(result, tmp_path / "nway.fits")
    assert found.explained, str(found)
    assert "ellipses" in reasons(found, "dist_bayesfactor_uncorrected")
    assert len(found.changed) and causes(found.changed) <= {"ellipses", f"ellipses, {FLAT}"}
    # and a Bayes factor that NWAY's formula does not give is found
    with fits.open(tmp_path / "nway.fits") as file:
        row = int(np.argmax(file[1].data["p_i"]))
        file[1].data["dist_bayesfactor"][row] += 1e-3
        file.writeto(tmp_path / "changed.fits")
    assert not bm.compare_nway(result, tmp_path / "changed.fits").explained


@pytest.mark.slow
def test_primaries_without_candidates(tmp_path):
    sources = random_field(36, (100, 60), (150.0, 0.0))
    written(tmp_path, sources, radius=10.0)
    result = run_bayesmatch(sources, radius=10.0)
    found = bm.compare_nway(result, tmp_path / "nway.fits")
    assert found.explained, str(found)
    assert reasons(found, "match_flag").startswith("flag of a primary without candidates")
    api = call_api(tmp_path, sources, match_radius=10.0, prior_completeness=1.0)
    assert not reasons(bm.compare_nway(result, api), "match_flag")


@pytest.mark.slow
def test_min_prob(tmp_path):
    """Rows below it, and primaries without candidates, are only here."""
    sources = random_field(37, (100, 1500, 1200), (150.0, 44.0))
    written(tmp_path, sources, "--min-prob", 0.01)
    result = run_bayesmatch(sources, radius=15.0)
    found = bm.compare_nway(result, tmp_path / "nway.fits")
    assert found.explained, str(found)
    assert causes(found.only_here) == {FLAT, CUT}
    cut = [r for r in found.only_here if r["reason"] == CUT]
    assert sum(r["B"] == r["C"] == "" for r in cut) == 100
    api = call_api(tmp_path, sources, match_radius=15.0, prior_completeness=1.0, min_prob=0.01)
    found = bm.compare_nway(result, api)
    assert found.explained, str(found)
    assert causes(found.only_here) == {FLAT, CUT}
    api = api.drop(api.index[int(np.argmin(np.abs(api["prob_this_match"] - 0.3)))])
    assert not bm.compare_nway(result, api).explained


@pytest.mark.slow
def test_another_setup_is_told(tmp_path):
    """Completeness, area, radius and errors that were not the same."""
    sources = random_field(38, (100, 1500), (150.0, 2.0))
    files = written(tmp_path, sources, "--prior-completeness", "0.6", "--acceptable-prob", 0.1)
    found = bm.compare_nway(
        run_bayesmatch(sources, radius=20.0, prior_completeness=0.9), tmp_path / "nway.fits"
    )
    assert found.explained, str(found)
    assert causes(found.only_here) == {"radius"}
    assert "prior completeness" in reasons(found, "p_any")
    assert "--acceptable-prob" in reasons(found, "match_flag")
    nway_cli(tmp_path, [*files[:3], 0.5, "--radius", 15], "other.fits")
    found = bm.compare_nway(run_bayesmatch(sources, radius=15.0), tmp_path / "other.fits")
    assert found.explained, str(found)
    assert "position errors" in reasons(found, "dist_bayesfactor")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    """A field at declination 30 with NWAY's two outputs."""
    folder = tmp_path_factory.mktemp("faulty")
    sources = random_field(39, (100, 1500, 1200), (150.0, 30.0))
    written(folder, sources, "--prior-completeness", "0.9")
    result = run_bayesmatch(sources, radius=15.0, prior_completeness=0.9)
    result.write(folder / "ours.fits", include_inputs=True)
    result.write(folder / "bare.fits", include_inputs=False)
    api = call_api(folder, sources, match_radius=15.0, prior_completeness=0.9)
    return folder, result, api


def change(table, fault):
    """A table with one fault of NWAY's file or of its functions' table planted."""
    p_i = np.asarray(table["p_i" if "p_i" in table.colnames else "prob_this_match"])
    row = int(np.argmin(np.abs(p_i - 0.6)))
    ids = "B_ID" if "B_ID" in table.colnames else "B"
    primary = "A_ID" if "A_ID" in table.colnames else "A"
    partner = np.flatnonzero((table[primary] == table[primary][row]) & (table["ncat"] > 1))
    if fault == "p_i":
        table["p_i" if "p_i" in table.colnames else "prob_this_match"][row] += 1e-4
    elif fault == "p_any":
        table["p_any" if "p_any" in table.colnames else "prob_has_match"][row] -= 1e-4
    elif fault == "separation":
        name = next(c for c in table.colnames if c.startswith("Separation_") and "_max" not in c)
        at = int(np.flatnonzero(np.isfinite(np.asarray(table[name])))[3])
        table[name][at] += 1e-3
    elif fault == "flag":
        table["match_flag"][row] = 3 - table["match_flag"][row]
    elif fault == "lost":
        table.remove_row(row)
    elif fault == "lost no counterpart":
        table.remove_row(int(np.flatnonzero(np.asarray(table["ncat"]) == 1)[7]))
    elif fault == "twice":
        table.add_row(table[row])
    elif fault == "swapped within":
        known = partner[np.asarray(table[ids])[partner] >= 0]
        other = known[np.asarray(table[ids])[known] != table[ids][known[0]]][0]
        table[ids][[known[0], other]] = table[ids][[other, known[0]]]
    elif fault == "swapped between":
        other = np.flatnonzero((table[ids] >= 0) & (table[primary] != table[primary][row]))[9]
        table[ids][[row, other]] = table[ids][[other, row]]
    elif fault == "swapped primaries":
        alone = np.flatnonzero(np.asarray(table["ncat"]) == 1)[[2, 3]]
        table[primary][alone] = table[primary][alone[::-1]]
    return table


FAULTS = ["p_i", "p_any", "separation", "flag", "lost", "lost no counterpart", "twice"]
FAULTS += ["swapped within", "swapped between", "swapped primaries"]


@pytest.mark.few(8)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("given", ["at hand", "ours.fits", "bare.fits"])
def test_planted_fault_in_a_file(faulty, tmp_path, fault, given):
    folder, result, _ = faulty
    result = result if given == "at hand" else folder / given
    with fits.open(folder / "nway.fits") as file:
        table = change(Table(file[1].data), fault)
        header = file[0].header.copy()
    header_hdu = fits.PrimaryHDU(header=header)
    fits.HDUList([header_hdu, fits.BinTableHDU(table)]).writeto(tmp_path / "changed.fits")
    for name in ("A.fits", "B.fits", "C.fits"):
        shutil.copy(folder / name, tmp_path)
    found = bm.compare_nway(result, tmp_path / "changed.fits")
    assert not found.explained, str(found)


@pytest.mark.parametrize("given", ["at hand", "ours.fits", "bare.fits"])
def test_no_planted_fault(faulty, given):
    folder, result, _ = faulty
    found = bm.compare_nway(result if given == "at hand" else folder / given, folder / "nway.fits")
    assert found.explained, str(found)


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_in_a_table(faulty, fault):
    _, result, api = faulty
    table = as_table(api)
    assert bm.compare_nway(result, table).explained
    assert not bm.compare_nway(result, change(table, fault)).explained


def test_fault_in_the_result(faulty):
    folder, result, _ = faulty
    table = result.associations.copy()
    row = int(np.argmin(np.abs(table["p_i"] - 0.6)))
    table["p_i"][row] += 1e-4
    changed = bm.MatchResult(table, result.sources, result.meta, catalogs=result._catalogs)
    found = bm.compare_nway(changed, folder / "nway.fits")
    assert not found.explained
    assert "not explained (1)" in reasons(found, "p_i")


def test_command(faulty, tmp_path, capsys):
    folder, _, _ = faulty
    files = tmp_path / "found.json", tmp_path / "found.png"
    args = ["--json", str(files[0]), "--plot", str(files[1])]
    assert main(["compare", f"{folder}/ours.fits", f"{folder}/nway.fits", *args]) == 0
    assert "all differences explained" in capsys.readouterr().out
    assert json.loads(files[0].read_text())["explained"] is True
    assert files[1].stat().st_size > 10_000
    with fits.open(folder / "nway.fits") as file:
        file[1].data["p_i"][int(np.argmax(file[1].data["p_i"]))] -= 1e-4
        file.writeto(tmp_path / "changed.fits")
    assert main(["compare", f"{folder}/ours.fits", str(tmp_path / "changed.fits")]) == 1
    assert "NOT ALL explained" in capsys.readouterr().out


def test_rerun(faulty, tmp_path, monkeypatch, capsys):
    """NWAY's own command line, in the file's words, with options cut short."""
    folder, _, _ = faulty
    monkeypatch.chdir(folder)
    line = fits.getheader("nway.fits")["NWAYCMD"].replace("--prior-completeness", "--prior")
    made = str(tmp_path / "made.fits")
    assert main(["compare", made, "nway.fits", "--rerun", line]) == 0
    assert "all differences explained" in capsys.readouterr().out
    assert len(bm.MatchResult.read(made).sources) == 100
    assert main(["compare", made, "nway.fits", "--rerun", "nway.py A.fits --mag x y"]) != 0


@pytest.mark.parametrize(
    "line, words",
    [
        ("grep x y", "whole command line"),
        ("nway.py A.fits 1 --what 3", "no option --what"),
        ("nway.py A.fits 1 --m 3", "may be --mag-radius or"),
        ("nway.py A.fits 1 --radius", "lacks a value"),
    ],
)
def test_no_line_of_nway(line, words):
    with pytest.raises(ValueError, match=words):
        match_arguments(line)


def test_line_of_nway():
    line = "python ../nway.py A.fits :e 'B 2.fits' 0.1 --out=x.fits --rad 15 --mag OPT:MAG auto"
    expected = ["A.fits", ":e", "B 2.fits", "0.1", "--radius", "15", "--mag", "OPT:MAG", "auto"]
    assert match_arguments(line) == expected


def test_wrong_tables(faulty):
    _, result, _ = faulty
    with pytest.raises(ValueError, match="no column 'Separation_A_B'"):
        bm.compare_nway(result, Table({"a": [1]}))
    with pytest.raises(TypeError, match="give the path of a file"):
        bm.compare_nway(result, 3)


def test_cells():
    """UPSTREAM row 4's example, and cells around the equator, which are twice as wide."""
    pair = [(np.array([100.005]), np.array([44.0])), (np.array([100.012222]), np.array([44.0]))]
    assert is_flat(pair, 20.0) and not is_flat(pair, 4000.0)
    assert lost(pair, 20.0).tolist() == [True]
    over = [(np.array([100.0]), np.array([-0.005])), (np.array([100.0]), np.array([0.005]))]
    assert lost(over, 20.0).tolist() == [False]


@pytest.mark.slow
def test_search_of_one_pair(tmp_path):
    sources = one_primary([(0.1, 4)], dec=44)
    written(tmp_path, sources, radius=20.0)
    assert bm.compare_nway(run_bayesmatch(sources, radius=20.0), tmp_path / "nway.fits").explained
