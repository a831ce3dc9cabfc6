"""HATS catalogues by path and by address give a match what their rows in memory do."""

import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch.cli import main

lsdb = pytest.importorskip("lsdb")
from file_server import FileServer  # noqa: E402
from test_distributed import by_position, sky  # noqa: E402

# LSDB and Dask warn of their own affairs
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore:.*from its coverage map"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
AREA = 12.0
SAME = ("p_any", "p_i", "p_hostless", "p_OPT", "OPT_oid", "density_OPT", "n_candidates", "n_claims")


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """Sources, objects in the order of their positions, and a folder with them as HATS."""
    sources, objects = sky(n=150, m=8_000)
    sources, objects = by_position(sources, objects)
    rng = np.random.default_rng(1)
    for k in range(30):  # what a match does not need
        objects[f"more{k}"] = rng.random(len(objects))
    folder = tmp_path_factory.mktemp("hats")
    made = lsdb.from_dataframe(
        objects,
        catalog_name="opt",
        ra_column="RA",
        dec_column="DEC",
        partition_rows=1000,
        lowest_order=3,
        margin_threshold=None,
    )
    made.write_catalog(folder / "opt", catalog_name="opt")
    return sources, objects, folder


@pytest.fixture(scope="module")
def served(field):
    with FileServer(field[2]) as server:
        yield server


@pytest.fixture(scope="module")
def in_memory(field):
    sources, objects, _ = field
    x = bm.Catalog(sources, name="X", pos_err="sigma", area=1.0, id="id")
    o = bm.Catalog(objects, name="OPT", pos_err=0.1, area=AREA, id="oid")
    return x, o


def scanned(address, **how):
    given = {"name": "OPT", "pos_err": 0.1, "area": AREA, "id": "oid", **how}
    return bm.Catalog.scan(f"hats:{address}", **given)


def assert_same(got, want, exact=True, within=1e-11):
    for name in SAME:
        mine, theirs = (np.ma.filled(np.ma.asarray(r.sources[name]), -1) for r in (got, want))
        if exact:
            np.testing.assert_array_equal(mine, theirs, err_msg=name)
        else:  # rows in another order: sums round differently
            np.testing.assert_allclose(mine, theirs, rtol=within, atol=within, err_msg=name)


def test_at_an_address_as_in_memory(in_memory, served):
    x, o = in_memory
    served.read.clear()
    far = scanned(f"{served.url}/opt")
    assert repr(far) == f"<HatsCatalog 'OPT': {len(o):,} rows, 12 deg^2>"
    got, want = (bm.match(x, c, radius=20) for c in (far, o))
    assert_same(got, want)
    a, b = (r.associations for r in (got, want))
    for name in ("p_i", "p_match", "dist_post", "OPT_oid", "Separation_X_OPT"):
        np.testing.assert_array_equal(*(np.ma.filled(t[name], -1) for t in (a, b)))
    # columns that are not needed are not read: 30 of 34
    data = [path for path in served.read if "Npix" in path]
    assert data and {path.partition("?")[2] for path in data} == {
        "columns=RA,DEC,oid,_healpix_29"  # asked of the server; the last one is LSDB's own
    }
    joined = [t.with_inputs() for t in (got, want)]
    assert joined[0].colnames == joined[1].colnames
    for name in ("OPT_RA", "OPT_more7", "X_flux"):
        np.testing.assert_array_equal(*(np.ma.filled(t[name], -9) for t in joined))


@pytest.mark.filterwarnings("default:.*from its coverage map")
def test_the_area_of_the_coverage_map(served):
    with pytest.warns(UserWarning, match="from its coverage map.*give area= if you know it"):
        far = scanned(f"{served.url}/opt", area=None)
    assert AREA < far.area < 1.5 * AREA


@pytest.mark.filterwarnings("ignore:no primary has a candidate")
@pytest.mark.filterwarnings("ignore:only 2 primaries")
def test_nothing_near(in_memory, served):
    x, o = in_memory
    away = bm.Catalog(
        {"id": ["A", "B"], "RA": [200.0, 201.0], "DEC": [50.0, 51.0]},
        name="X",
        pos_err=1.0,
        area=1.0,
    )
    got, want = (bm.match(away, c, radius=20) for c in (scanned(f"{served.url}/opt"), o))
    assert_same(got, want)
    assert got.with_inputs().colnames == want.with_inputs().colnames


def test_here_it_is_scanned(in_memory, field):
    x, o = in_memory
    here = scanned(field[2] / "opt")
    assert type(here).__name__ == "ScannedCatalog" and len(here) == len(o)
    assert (here.ra_name, here.dec_name) == ("RA", "DEC")
    assert_same(bm.match(x, here, radius=20), bm.match(x, o, radius=20), exact=False)


@pytest.mark.slow
def test_errors_are_fitted_as_in_memory(in_memory, field, served):
    x, o = in_memory
    far, here = scanned(f"{served.url}/opt"), scanned(field[2] / "opt")
    far, here, want = (bm.match(x, c, radius=20, errors="fit") for c in (far, here, o))
    assert far.meta["errors"]["applied"] and far.meta["errors"] == want.meta["errors"]
    assert_same(far, want)
    assert_same(here, want, exact=False, within=1e-9)  # its rows are in another order


@pytest.mark.slow
def test_priors(in_memory, served):
    x, o = in_memory
    far = scanned(f"{served.url}/opt")
    given = {"OPT": [bm.HistogramPrior("mag", [10, 22], [22, 40], [0.5, 0.5], [0.3, 0.7])]}
    assert_same(*(bm.match(x, c, radius=20, priors=given) for c in (far, o)))
    with pytest.raises(ValueError, match="learns from all rows of 'OPT', which are elsewhere"):
        bm.match(x, far, radius=20, priors={"OPT": [bm.AutoPrior("mag")]})
    with pytest.raises(ValueError, match="no column 'nope'|'nope'"):
        bm.match(x, far, radius=20, priors={"OPT": [bm.HistogramPrior("nope", [1], [2], [1], [1])]})


def test_what_is_elsewhere_is_said(in_memory, served):
    x, _ = in_memory
    far = scanned(f"{served.url}/opt")
    with pytest.raises(ValueError, match="'OPT' is elsewhere; the primary must be in memory"):
        bm.match(far, x, radius=20)
    with pytest.raises(ValueError, match="'OPT' is elsewhere, and would be read again"):
        bm.calibrate(x, far, radius=20)
    with pytest.raises(TypeError, match="'OPT' is elsewhere, so its rows are not at hand"):
        far.ra  # noqa: B018
    with pytest.raises(ValueError, match="ra is 'mag', and the HATS catalogue is partitioned"):
        scanned(f"{served.url}/opt", ra="mag")
    with pytest.raises(ValueError, match="no position error.*oid, RA, DEC"):
        scanned(f"{served.url}/opt", pos_err=None)
    with pytest.raises(ValueError, match="'nope'"):
        scanned(f"{served.url}/opt", pos_err="nope")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/opt", "/no/such/folder", "{}/nothing"])
def test_no_such_catalogue(served, address):
    with pytest.raises(OSError, match=r"hats:.*(cannot be opened or read|no HATS)") as raised:
        scanned(address.format(served.url))
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_on_the_command_line(field, served, in_memory, tmp_path, capsys):
    sources, out = tmp_path / "x.csv", tmp_path / "m.fits"
    field[0].to_csv(sources, index=False)
    command = ["match", str(sources), ":sigma", f"hats:{served.url}/opt", "0.1", "--radius", "20"]
    more = ["--area", f"1:{AREA}", "--name", "X:OPT", "--id", "id:oid", "--quiet"]
    assert main([*command, *more, "--out", str(out)]) == 0
    assert capsys.readouterr().err == ""
    result = bm.MatchResult.read(out)
    assert_same(result, bm.match(*in_memory, radius=20))
    assert result.meta["catalogues"][1]["files"] == ["opt"]
    assert main([*command, *more, "--hdu", ":2", "--out", str(out)]) == 1
    assert "is a HATS catalogue, which is one table" in capsys.readouterr().err
