"""Beside live NWAY: coordinates of single precision, scanned catalogues, results cut by min_p_i."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table

import bayesmatch as bm
from bayesmatch.cli import main
from validation.nway_fields import random_field
from validation.nway_runner import nway_cli

RADIUS = 15.0
LINE = ["--radius", "15", "--prior-completeness", "0.9"]


@pytest.fixture
def field(tmp_path, monkeypatch):
    """Two catalogues in files, and the arguments of a command line that name them."""
    monkeypatch.chdir(tmp_path)
    sources = random_field(70, (100, 3000), (150.0, 2.0))
    return [argument for s in sources for argument in s.write(tmp_path)]


def read(files, **options):
    return [
        bm.Catalog.read(f, pos_err=e[1:] if str(e).startswith(":") else float(e), **options)
        for f, e in zip(files[::2], files[1::2], strict=True)
    ]


def planted(tmp_path, result, column="p_i", by=1.3):
    """A changed number of NWAY's is found."""
    table = Table.read("nway.fits", hdu=1)
    at = int(np.argmax(np.where(np.asarray(table["ncat"]) == 2, table["p_i"], 0)))
    table[column][at] /= by
    from astropy.io import fits

    with fits.open("nway.fits") as hdus:
        hdus[1].data[column][at] = table[column][at]
        hdus.writeto(tmp_path / "planted.fits")
    found = bm.compare_nway(result, tmp_path / "planted.fits")
    assert not found.explained


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*single precision:UserWarning")
def test_single_precision(field, tmp_path):
    """Both programs read the same rounded positions: nothing is left to explain."""
    for file in field[::2]:
        table = Table.read(file)
        for name in ("RA", "DEC"):
            table[name] = table[name].astype(np.float32)
        table.write(file, overwrite=True)
    nway_cli(tmp_path, [*field, *LINE], "nway.fits")
    result = bm.match(*read(field), radius=RADIUS, prior_completeness=0.9)
    found = bm.compare_nway(result, "nway.fits")
    assert found.explained, str(found)
    planted(tmp_path, result)


@pytest.mark.slow
def test_scanned(field, tmp_path):
    nway_cli(tmp_path, [*field, *LINE], "nway.fits")
    primary, other = read(field)
    columns = {c: np.asarray(other.table[c]).astype(other.table[c].dtype.newbyteorder("="))
               for c in other.table.colnames}  # fmt: skip
    data = pa.table({c: v.astype(str) if v.dtype.kind == "S" else v for c, v in columns.items()})
    pq.write_table(data, "o.parquet")
    given = other.pos_err
    scanned = bm.Catalog.scan(
        "o.parquet", name=other.name, pos_err=given, id=other.id_name, area=other.area
    )
    result = bm.match(primary, scanned, radius=RADIUS, prior_completeness=0.9)
    found = bm.compare_nway(result, "nway.fits")
    assert found.explained, str(found)
    result.write("r.fits")
    assert main(["compare", "r.fits", "nway.fits"]) == 0
    planted(tmp_path, result)


@pytest.mark.slow
@pytest.mark.parametrize("least", [0.01, 0.2])
def test_a_result_cut_by_min_p_i(field, tmp_path, least):
    """Associations that only NWAY has are those that the cut took; the others are compared."""
    nway_cli(tmp_path, [*field, *LINE], "nway.fits")
    result = bm.match(*read(field), radius=RADIUS, prior_completeness=0.9, min_p_i=least)
    found = bm.compare_nway(result, "nway.fits")
    assert found.explained, str(found)
    assert len(found.only_there) > 10 and len(found.only_here) == 0
    assert set(found.only_there["reason"]) == {"min_p_i of the result"}
    assert np.all(np.asarray(found.only_there["p_i"], float) < least)
    planted(tmp_path, result)


def test_another_result_of_bayesmatch_is_called_one(tmp_path):
    """Its columns have their own names, NWAY's none; of three catalogues both Bayes factors."""
    rng = np.random.default_rng(3)
    place = rng.uniform(0, 0.05, (2, 200))
    catalogs = [
        bm.Catalog(
            {"RA": 150 + place[0, :n] + rng.normal(0, 1e-4, n), "DEC": place[1, :n]},
            name=name,
            pos_err=0.4,
            area=0.0025,
        )
        for name, n in (("X", 20), ("OPT", 200), ("IR", 150))
    ]
    result = bm.match(*catalogs, radius=8, host_fraction=0.9)
    apart = (
        result.associations["dist_bayesfactor"],
        result.associations["dist_bayesfactor_uncorrected"],
    )
    assert np.any(apart[0] != apart[1])
    result.write(tmp_path / "a.fits")
    found = bm.compare_nway(result, tmp_path / "a.fits")
    assert found.explained and not found.table["largest"].max()
    assert found.other == "the other result" and "0 only in the other result" in str(found)
    assert "bayesmatch assess" in found.notes[0] and "NWAY's;" not in str(found)
    assert "the other result" in found.plot().axes[0].get_ylabel()


def test_three_catalogues_of_ellipses_whose_inputs_are_not_at_hand(tmp_path):
    """Factors of unrelated objects cannot be told then, and no warning of NumPy says so."""
    rng = np.random.default_rng(8)
    n = 15

    def table():
        columns = {name: rng.normal(at, 3e-3, n) for name, at in (("RA", 150), ("DEC", 2))}
        return {**columns, "a": rng.uniform(1, 2, n), "b": np.ones(n), "pa": rng.uniform(0, 180, n)}

    how = {"pos_err": bm.ErrorEllipse("a", "b", "pa"), "area": 1.0}
    result = bm.match(
        *(bm.Catalog(table(), name=name, **how) for name in "XAB"), radius=6, host_fraction=0.5
    )
    result.write(tmp_path / "r.parquet", include_inputs=False)
    found = bm.compare_nway(bm.MatchResult.read(tmp_path / "r.parquet"), tmp_path / "r.parquet")
    assert found.explained and found.table["largest"].max() == 0
