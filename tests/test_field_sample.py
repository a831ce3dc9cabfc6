"""A field sample: the same rows of whatever holds the catalogue, in whatever pieces it comes."""

import hashlib
import shutil

import numba
import numpy as np
import pytest
from test_scan import OPTIONS, in_memory, small_tasks, sources, survey, write_parts  # noqa: F401

import bayesmatch as bm
from bayesmatch.catalogs import field_sample
from bayesmatch.catalogs.scan import candidates
from bayesmatch.catalogs.scan.candidates import hold_scanned
from bayesmatch.catalogs.scan.sample import read_sample
from bayesmatch.catalogs.sky_box import SkyBox

COLUMNS = ["mag", "nobs", "kind"]


@pytest.fixture(params=[400, 1_000_000])
def limit(request, monkeypatch):
    for module in (field_sample, candidates, read_sample.__globals__):
        if isinstance(module, dict):
            monkeypatch.setitem(module, "FIELD_ROWS", request.param)
        else:
            monkeypatch.setattr(module, "FIELD_ROWS", request.param)
    return request.param


def held(primary, scanned, checkpoint=None):
    (found,) = hold_scanned(
        primary,
        [scanned],
        {"O": []},
        30.0,
        max_rows=10**7,
        advance=lambda rows: None,
        checkpoint=checkpoint,
        box=SkyBox(primary.ra, primary.dec),
    )
    return found


def content(sample):
    """Everything that a sample holds."""
    catalog = sample.catalog
    arrays = [catalog.rows, catalog.ra, catalog.dec]
    arrays += [np.ma.filled(catalog.table[c]) for c in catalog.table.colnames]
    return [sample.n_around, *(np.asarray(a).astype(f"S{9}").tobytes() for a in arrays[3:])] + [
        a.tobytes() for a in arrays[:3]
    ]


def test_scanned_is_as_in_memory(tmp_path, small_tasks, limit):  # noqa: F811
    primary, table = sources(60, ra=(-0.2, 0.4), dec=(-0.5, 0.0)), survey(4000)
    box = SkyBox(primary.ra, primary.dec)
    whole = in_memory(table, tmp_path, pos_err="err", **OPTIONS)
    scanned = bm.Catalog.scan(write_parts(table, tmp_path / "parts"), pos_err="err", **OPTIONS)
    want = whole.field_sample(COLUMNS, box, limit)
    found = held(primary, scanned).field_sample(COLUMNS, box, limit)
    assert content(found) == content(want)
    assert 0.5 * min(limit, 1500) < len(want.catalog) <= min(limit, want.n_around) < 4000
    # What was read may be thinned further, to the same rows again.
    fewer = whole.field_sample(["mag"], box, 150)
    assert content(held(primary, scanned).field_sample(["mag"], box, 150)) == content(fewer)
    assert set(fewer.catalog.rows) < set(want.catalog.rows)
    assert fewer.share == len(fewer.catalog) / want.n_around


def test_a_footprint_counts(tmp_path, small_tasks, limit):  # noqa: F811
    mocpy = pytest.importorskip("mocpy")
    import astropy.units as u
    from astropy.coordinates import Latitude, Longitude

    moc = mocpy.MOC.from_cone(
        lon=Longitude(0.1 * u.deg), lat=Latitude(-0.2 * u.deg), radius=0.5 * u.deg, max_depth=12
    )
    primary, table = sources(60, ra=(-0.2, 0.4), dec=(-0.5, 0.0)), survey(4000)
    options = {**OPTIONS, "area": moc, "pos_err": "err"}
    from bayesmatch.catalogs.footprint import within_footprint

    with pytest.warns(UserWarning, match="outside its area"):
        whole = within_footprint(in_memory(table, tmp_path, **options))
        scanned = within_footprint(
            bm.Catalog.scan(write_parts(table, tmp_path / "parts"), **options)
        )
    box = SkyBox(primary.ra, primary.dec)
    want = whole.field_sample(COLUMNS, box, limit)
    assert content(held(primary, scanned).field_sample(COLUMNS, box, limit)) == content(want)


def test_it_depends_on_positions_alone(monkeypatch):
    """Neither on order, nor on the number of threads, nor on how many rows are hashed at once."""
    primary, table = sources(60), survey(5000)
    box = SkyBox(primary.ra, primary.dec)
    columns = {n: table[n].to_numpy(zero_copy_only=False) for n in ("RA", "DEC", "mag")}
    catalog = bm.Catalog(columns, name="O", pos_err=0.3, area=9.0)
    want = catalog.field_sample(["mag"], box, 1000)
    shuffled = np.random.default_rng(0).permutation(5000)
    turned = bm.Catalog(
        {n: v[shuffled] for n, v in columns.items()}, name="O", pos_err=0.3, area=9.0
    ).field_sample(["mag"], box, 1000)
    np.testing.assert_array_equal(np.sort(shuffled[turned.catalog.rows]), want.catalog.rows)
    before = numba.get_num_threads()
    monkeypatch.setattr(field_sample, "HASHED", 37)
    for n in (1, before):
        numba.set_num_threads(n)
        assert content(catalog.field_sample(["mag"], box, 1000)) == content(want)
    numba.set_num_threads(before)


def test_it_is_fair():
    """Every cell of a fine grid gives its share: a hash of positions sees no pattern in them."""
    step = np.arange(600) / 3600.0
    ra, dec = (v.ravel() for v in np.meshgrid(10.0 + step, 20.0 + step))
    taken = field_sample.position_hash(ra, dec) < np.uint64(0.2 * 2.0**64)
    blocks = taken.reshape(20, 30, 20, 30).sum(axis=(1, 3)).ravel()
    chi2 = ((blocks - 180.0) ** 2 / (900 * 0.2 * 0.8)).sum()
    assert abs(chi2 - 400) < 5 * np.sqrt(800)
    assert len(np.unique(field_sample.position_hash(ra, dec))) == len(ra)


def test_nothing_is_read_where_nobody_asks(tmp_path, small_tasks, monkeypatch):  # noqa: F811
    scanned = bm.Catalog.scan(
        write_parts(survey(2000), tmp_path / "parts"), pos_err="err", **OPTIONS
    )
    primary = sources(40)
    box = SkyBox(primary.ra, primary.dec)
    found = held(primary, scanned)
    found.field_sample(["mag", "kind"], box)
    monkeypatch.setattr(candidates, "read_sample", lambda *given, **more: 1 / 0)
    bm.match(primary, scanned, radius=30, host_fraction=0.5)
    found.field_sample(["kind"], box, 100)  # there already
    with pytest.raises(ZeroDivisionError):
        held(primary, scanned).field_sample(["mag"], box)


def test_candidates_of_another_match_say_so(tmp_path):
    scanned = bm.Catalog.scan(
        write_parts(survey(2000), tmp_path / "parts"), pos_err="err", **OPTIONS
    )
    other = sources(30, seed=5)
    with pytest.raises(ValueError, match="another match"):
        held(sources(40), scanned).field_sample(["mag"], SkyBox(other.ra, other.dec))


class Wanting:
    """A prior that wants a sample, and remembers it."""

    name = "wanting"
    columns = ["mag"]  # noqa: RUF012

    def __init__(self, box):
        self.box = box

    def log10_ratio(self, catalog):
        self.seen = content(catalog.field_sample(["mag"], self.box))
        return np.zeros(len(catalog))


def test_a_killed_run_goes_on(tmp_path, small_tasks):  # noqa: F811
    """The sample is kept with the rest; what is damaged or missing is read again, alike."""
    table, primary = survey(2400), sources(60)
    scanned = bm.Catalog.scan(write_parts(table, tmp_path / "parts"), pos_err="err", **OPTIONS)
    priors = {"O": [Wanting(SkyBox(primary.ra, primary.dec))]}

    def seen(**options):
        bm.match(primary, scanned, radius=60, host_fraction=0.5, priors=priors, **options)
        return priors["O"][0].seen

    want, folder = seen(), tmp_path / "kept"
    assert seen(checkpoint=folder) == want
    files = sorted((folder / "O").glob("sample-*/*.arrow"))
    assert files
    before = [hashlib.sha256(f.read_bytes()).hexdigest() for f in files]
    assert seen(checkpoint=folder) == want
    assert before == [hashlib.sha256(f.read_bytes()).hexdigest() for f in files]
    files[0].unlink()
    if len(files) > 1:
        with pytest.warns(UserWarning, match="missing"):
            assert seen(checkpoint=folder) == want
    shutil.rmtree(files[0].parent)
    assert seen(checkpoint=folder) == want
