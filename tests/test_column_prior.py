"""Log10 ratios that stand in a column: the same as a function, in memory, scanned, on a shell."""

import numpy as np
import pyarrow as pa
import pytest
from astropy.table import MaskedColumn, Table
from pyarrow import parquet

import bayesmatch as bm
from bayesmatch.cli import main
from bayesmatch.priors.protocol import Prior

N = 40


def catalog(values, **more):
    n = len(values)
    table = Table({"RA": 150 + np.arange(n) / 60, "DEC": np.full(n, 2.0), "lr": values, **more})
    return bm.Catalog(table, name="O", pos_err=1.0, area=1.0)


def sources(n=N):
    rng = np.random.default_rng(3)
    return bm.Catalog(
        {
            "ID": np.arange(n),
            "RA": 150 + np.arange(n) / 60 + rng.normal(size=n) / 3600,
            "DEC": 2 + rng.normal(size=n) / 3600,
        },
        name="X",
        pos_err=1.0,
        area=1.0,
    )


def values(n=N):
    """Ratios of all kinds: large, missing in every way, excluding."""
    rng = np.random.default_rng(4)
    out = rng.normal(0, 1, n)
    out[::7], out[1::7], out[2::7] = -np.inf, np.nan, -99.0
    out[3], out[4] = 300.0, -320.0
    return out


@pytest.mark.parametrize(
    "value, ratio",
    [
        (0.5, 0.5),
        (-3.0, -3.0),
        (308.0, 308.0),
        (-323.0, -323.0),
        (-np.inf, -np.inf),
        (np.nan, 0.0),
        (-99.0, 0.0),
        (-99.99, 0.0),
        (-999.0, 0.0),
        (-9999.0, 0.0),
        (-98.9, -98.9),
        (99.0, 99.0),
    ],
)
def test_what_a_value_means(value, ratio):
    prior = bm.ColumnPrior("lr")
    np.testing.assert_array_equal(prior.log10_ratio(catalog([0.1, value])), [0.1, ratio])
    masked = MaskedColumn([0.1, value], mask=[True, False])
    np.testing.assert_array_equal(prior.log10_ratio(catalog(masked)), [0.0, ratio])
    single = np.array([value], np.float32)
    np.testing.assert_allclose(prior.log10_ratio(catalog(single)), [ratio], rtol=1e-6)


def test_whole_numbers_and_names():
    prior = bm.ColumnPrior("lr", name="mine")
    assert prior.log10_ratio(catalog([1, -2, -99])).tolist() == [1.0, -2.0, 0.0]
    assert (prior.name, prior.column, prior.columns) == ("mine", "lr", ["lr"])
    assert bm.ColumnPrior("lr").name == "lr"
    assert isinstance(prior, Prior)
    assert repr(prior) == "ColumnPrior('lr', name='mine')"


def test_it_is_saved_and_read_again(tmp_path):
    bm.ColumnPrior("lr", name="mine").save(tmp_path / "prior.json")
    for read in (bm.read_prior, bm.ColumnPrior.load):
        assert repr(read(tmp_path / "prior.json")) == "ColumnPrior('lr', name='mine')"
    (tmp_path / "prior.json").write_text('{"format": "bayesmatch-column-prior", "version": 1}')
    with pytest.raises(ValueError, match="not a saved column prior, or damaged .it has no entry"):
        bm.read_prior(tmp_path / "prior.json")


def test_the_same_as_a_function():
    x, o = sources(), catalog(values())
    a = bm.match(x, o, radius=8, priors={"O": [bm.ColumnPrior("lr")]})
    function = bm.FunctionPrior("lr", lambda t: np.where(t["lr"] == -99, np.nan, t["lr"]))
    b = bm.match(x, o, radius=8, priors={"O": [function]})
    for name in a.associations.colnames:
        np.testing.assert_array_equal(a.associations[name], b.associations[name])
    rows = np.asarray(a.associations["O"])
    assert (a.associations["bias_O_lr"][rows >= 0] == 0).any()
    assert not np.any(a.associations["p_i"][(a.associations["bias_O_lr"] == 0)])


def test_scanned_is_in_memory(tmp_path):
    x, o = sources(), catalog(values())
    table = pa.table({name: np.asarray(o.table[name]) for name in o.table.colnames})
    parquet.write_table(table, tmp_path / "o.parquet")
    scanned = bm.Catalog.scan(tmp_path, name="O", pos_err=1.0, area=1.0)
    prior = {"O": [bm.ColumnPrior("lr")]}
    a, b = (bm.match(x, other, radius=8, priors=prior) for other in (o, scanned))
    for name in ("p_match", "p_i", "bias_O_lr"):
        assert np.asarray(a.associations[name]).tobytes() == (
            np.asarray(b.associations[name]).tobytes()
        )
    assert b._catalogs[1].table.colnames == ["lr"]


@pytest.mark.parametrize("scanned", [False, True])
@pytest.mark.parametrize(
    "wrong, error, message",
    [
        (np.inf, ValueError, "column 'lr' is inf in row 5"),
        (309.0, ValueError, r"column 'lr' is 309.0 in row 5.*from -323 to 308, -inf excludes"),
        (-324.0, ValueError, r"column 'lr' is -324.0 in row 5.*from -323 to 308, -inf excludes"),
        (-400.0, ValueError, "column 'lr' is -400.0 in row 5"),
        ("text", TypeError, r"column 'lr' is of type <U\d+ \(.*must hold one number per row"),
        (None, ValueError, "has no column 'lr'; give one of RA, DEC"),
    ],
)
def test_wrong_columns_are_named(tmp_path, scanned, wrong, error, message):
    lr = np.zeros(N).astype(object if isinstance(wrong, str) else float)
    lr[5] = 0.0 if wrong is None else wrong
    columns = {"RA": 150 + np.arange(N) / 60, "DEC": np.full(N, 2.0), "lr": lr}
    if isinstance(wrong, str):
        columns["lr"] = np.array([str(v) for v in lr])
    if wrong is None:
        del columns["lr"]
    if scanned:
        parquet.write_table(pa.table(columns), tmp_path / "o.parquet")
        o = bm.Catalog.scan(tmp_path, name="O", pos_err=1.0, area=1.0)
        if error is ValueError and wrong is not None:
            message = message.replace("row 5", "row 5 of .*o.parquet")
        message = message.replace("is of type <U\\d+ \\(.*", "is of type .*")
    else:
        o = bm.Catalog(Table(columns), name="O", pos_err=1.0, area=1.0)
    with pytest.raises(error, match=f"^catalogue 'O'.*{message}"):
        bm.match(sources(), o, radius=8, priors={"O": [bm.ColumnPrior("lr")]})


@pytest.mark.parametrize("column, name", [(3, None), ("", None), ("lr", 3), ("lr", "")])
def test_wrong_arguments(column, name):
    with pytest.raises(TypeError, match="ColumnPrior: (column|name) is"):
        bm.ColumnPrior(column, name=name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for c in (sources(), catalog(values())):
        c.table.meta.update(EXTNAME=c.name, SKYAREA=1.0)
        c.table.write(f"{c.name}.fits")
    return tmp_path


def test_on_the_command_line(folder, capsys):
    argv = "match X.fits 1 O.fits 1 --radius 8 --out r.fits --prior O:@lr --quiet"
    assert main(argv.split()) == 0
    found = bm.MatchResult.read("r.fits")
    x, o = (bm.Catalog.read(f"{name}.fits", pos_err=1.0) for name in "XO")
    expected = bm.match(x, o, radius=8, priors={"O": [bm.ColumnPrior("lr")]})
    for name in ("p_match", "p_i", "bias_O_lr"):
        np.testing.assert_array_equal(found.associations[name], expected.associations[name])
    assert main("calibrate X.fits 1 O.fits 1 --radius 8 --out c.csv --prior O:@lr".split()) == 0


@pytest.mark.parametrize(
    "prior, status, message",
    [
        ("O:@", 1, "--prior O:@: give CATALOGUE:FILE or CATALOGUE:@COLUMN"),
        ("@lr", 1, "--prior @lr: give CATALOGUE:FILE or CATALOGUE:@COLUMN"),
        ("O:@nothing", 1, "catalogue 'O' has no column 'nothing'; give one of"),
        ("O:lr", 1, "lr"),
    ],
)
def test_wrong_on_the_command_line(folder, capsys, prior, status, message):
    argv = f"match X.fits 1 O.fits 1 --radius 8 --out r.fits --prior {prior}"
    assert main(argv.split()) == status
    assert message in capsys.readouterr().err
