"""LSDB catalogues give what one match in memory gives, to the last bit, at their borders too."""

import shutil
import warnings
from dataclasses import replace
from types import SimpleNamespace

import clumps
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import bayesmatch as bm

lsdb = pytest.importorskip("lsdb")
hats = pytest.importorskip("hats")
from bayesmatch.catalogs import candidates  # noqa: E402
from bayesmatch.catalogs.searched import Boxed, Searched, box_around  # noqa: E402
from bayesmatch.catalogs.sky_box import SkyBox  # noqa: E402
from bayesmatch.distributed import BayesianCrossmatch, Survey, found, kept, match, passes  # noqa: E402
from bayesmatch.distributed.near import _positions_about  # noqa: E402
from bayesmatch.distributed.order import rank_among_tied, sky_key, sky_order  # noqa: E402
from bayesmatch.distributed.passes import pixels_near  # noqa: E402
from bayesmatch.distributed.reading import FileRows, files_of  # noqa: E402
from bayesmatch.distributed.sources import some_columns  # noqa: E402
from bayesmatch.matching import settled  # noqa: E402

# LSDB and Dask warn of their own affairs
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

RADIUS, AREA, MARGIN = 20.0, 12.0, 30.0
PROBABILITIES = [
    "p_any",
    "p_i",
    "p_match",
    "dist_post",
    "p_single",
    "dist_bayesfactor",
    "bias_OPT_mag",
]
OF_SOURCES = [
    "p_hostless",
    "log10_odds_host",
    "n_candidates",
    "density_OPT",
    "in_OPT",
    "n_claims",
    "n_claims_OPT",
]


def sky(n=1500, m=30_000, seed=0, ra_0=44.0):
    """Sources over several HEALPix cells, and objects that leave a quarter of the sky empty.

    RA 45, Dec 0 is a corner of four cells of order 0.
    """
    rng = np.random.default_rng(seed)
    ra, dec, sigma = ra_0 + 4 * rng.random(n), -2 + 4 * rng.random(n), 1 + rng.random(n)
    o_ra, o_dec = ra_0 + 4 * rng.random(m), -2 + 4 * rng.random(m)
    k = int(0.7 * n)
    o_ra[:k], o_dec[:k] = ra[:k], dec[:k]
    shift = rng.normal(size=(2, n)) * sigma / 3600
    sources = pd.DataFrame(
        {
            "id": [f"X{i}" for i in range(n)],
            "ra": np.mod(ra + shift[0], 360),
            "dec": dec + shift[1],
            "sigma": sigma,
            "flux": sigma**-3.0,
        }
    )
    objects = pd.DataFrame(
        {"oid": np.arange(m), "RA": np.mod(o_ra, 360), "DEC": o_dec, "mag": rng.normal(22, 2, m)}
    )
    return sources, objects[(o_ra < ra_0 + 2) | (o_dec > 0)].reset_index(drop=True)


def partitioned(sources, objects, margin=MARGIN):
    left = lsdb.from_dataframe(
        sources, catalog_name="xray", partition_rows=300, margin_threshold=None
    )
    right = lsdb.from_dataframe(
        objects,
        catalog_name="opt",
        ra_column="RA",
        dec_column="DEC",
        partition_rows=4000,
        lowest_order=3,
        margin_threshold=margin,
    )
    return left, right


def histogram():
    return bm.HistogramPrior("mag", [10, 21, 24], [21, 24, 40], [0.5, 0.4, 0.1], [0.2, 0.4, 0.4])


def by_position(sources, objects):
    """The order in which LSDB matches, with which sums over sources round alike."""
    return (
        frame.sort_values(names, kind="stable").reset_index(drop=True)
        for frame, names in ((sources, ["ra", "dec"]), (objects, ["RA", "DEC"]))
    )


def in_memory(sources, objects, *, area=AREA, sort=True, priors=True, **options):
    if sort:
        sources, objects = by_position(sources, objects)
    x = bm.Catalog(sources, name="XRAY", pos_err="sigma", area=1.0, id="id")
    o = bm.Catalog(objects, name="OPT", pos_err=0.1, area=area, id="oid")
    priors = {"OPT": [histogram()] if priors is True else priors} if priors else None
    return bm.match(x, o, radius=RADIUS, priors=priors, **options)


def distributed(left, right, **options):
    return match(
        left,
        right,
        radius=RADIUS,
        primary_pos_err="sigma",
        primary_name="XRAY",
        secondary_name="OPT",
        primary_id="id",
        secondary_id="oid",
        primary_area=1.0,
        **{
            "secondary_pos_err": 0.1,
            "secondary_area": AREA,
            "priors": [histogram()],
            **options,
        },
    )


def ordered(frame, source, member):
    """Rows by source and member, the no-counterpart row first, missing values as NaN."""
    frame = frame.reset_index(drop=True)
    frame["member"] = frame[member].astype("Int64").fillna(-1).astype(np.int64)
    return frame.sort_values([source, "member"], kind="stable").reset_index(drop=True)


def numbers(frame, column):
    return frame[column].to_numpy(np.float64, na_value=np.nan)


def assert_same(got, want, columns, tolerance=0.0):
    got = ordered(got, "id_XRAY", "oid_OPT")
    want = ordered(want, "XRAY_id", "OPT_oid")
    assert got["id_XRAY"].tolist() == want["XRAY_id"].tolist()
    assert got["member"].tolist() == want["member"].tolist()
    for column in columns:
        np.testing.assert_allclose(
            numbers(got, column), numbers(want, column), rtol=0, atol=tolerance, err_msg=column
        )


def assert_all_same(got, want):
    """A lazy catalogue of associations, and a result in memory: values, types, record."""
    frame = got.compute(progress_bar=False)
    assert dict(frame.dtypes) == dict(got.dtypes)
    table = want.associations.to_pandas()
    names = [c for c in PROBABILITIES if c in table]
    assert_same(frame, table, [*names, "Separation_XRAY_OPT", "ncat", "match_flag"])
    sources = want.sources.to_pandas()
    first = frame.groupby("id_XRAY").first().loc[sources["XRAY_id"]]
    for column in OF_SOURCES:
        np.testing.assert_array_equal(
            numbers(first, column), numbers(sources, column), err_msg=column
        )
    names, entry = sources["XRAY_id"].to_numpy(), sources["same_source"].to_numpy()
    assert (
        first["same_source"].fillna("").tolist()
        == np.where(entry < 0, "", names[np.maximum(entry, 0)]).tolist()
    )
    found, expected = (
        {k: v for k, v in m.items() if k != "seconds"} for m in (got.match_meta, want.meta)
    )
    assert found == expected
    return frame


@pytest.mark.few(1)
@pytest.mark.parametrize("ra_0", [44.0, 358.0])
@pytest.mark.parametrize("covariates", ["sigma", ["flux"], None])
def test_same_as_in_memory(ra_0, covariates):
    sources, objects = sky(ra_0=ra_0)
    want = in_memory(sources, objects, host_covariates=covariates)
    got = distributed(*partitioned(sources, objects), host_covariates=covariates)
    assert_all_same(got, want)


@pytest.mark.slow
def test_prior_learned_in_the_match_is_that_of_the_whole():
    """From the candidates, and a field sample of all partitions."""
    sources, objects = sky(600, 12_000, seed=3)
    objects.loc[:419, "mag"] = np.random.default_rng(4).normal(20, 0.7, len(objects.loc[:419]))
    learned = bm.LearnedPrior(["mag"], context=["flux"])
    want = in_memory(sources, objects, priors=[learned])
    got = distributed(*partitioned(sources, objects), priors=[learned])
    assert_all_same(got, want)
    assert want.meta["auto_priors"]["OPT"]["photometry"]["model"].startswith("smooth")
    assert got.match_priors["OPT"][0].record() == want.priors["OPT"][0].record()


@pytest.mark.slow
def test_order_of_the_rows_in_memory_is_the_only_difference():
    """Sums over the sources round differently in another order: the last digits of the fit."""
    sources, objects = sky(600, 12_000)
    want = in_memory(sources, objects, sort=False)
    frame = distributed(*partitioned(sources, objects)).compute(progress_bar=False)
    assert_same(frame, want.associations.to_pandas(), PROBABILITIES, 1e-11)


def uneven(n=900, m=40_000, seed=1):
    """A density rising x20, sources listed twice, and crowds that claim the same objects."""
    rng = np.random.default_rng(seed)
    sources, objects = sky(n, m, seed)
    keep = rng.random(len(objects)) < 20.0 ** ((objects["DEC"] - 2.0) / 4.0)
    twice = sources.iloc[::5].copy()
    twice["id"] = "Y" + twice["id"]
    for column in ("ra", "dec"):
        twice[column] += rng.normal(size=len(twice)) * twice["sigma"] / 3600
    # Pairs of sources on either side of the border of two cells, with one object in the middle.
    ra = 45.0 + np.linspace(-1.9, 1.9, 40)
    dec = np.degrees(np.arcsin(8.0 / (3.0 * np.pi) * np.radians(ra - 45.0)))
    pair = [
        pd.DataFrame(
            {
                "id": [f"{name}{k}" for k in range(40)],
                "ra": ra + side * 3.0 / 3600,
                "dec": dec,
                "sigma": 1.2,
                "flux": 0.3,
            }
        )
        for name, side in (("W", -1.0), ("E", 1.0))
    ]
    middle = pd.DataFrame({"oid": m + np.arange(40), "RA": ra + 1e-6, "DEC": dec, "mag": 20.0})
    return (
        pd.concat([sources, twice, *pair], ignore_index=True),
        pd.concat([objects[keep], middle], ignore_index=True),
    )


@pytest.mark.few(1)
@pytest.mark.filterwarnings("ignore:catalogue 'XRAY'. .* second entries")
@pytest.mark.parametrize(
    "options", [{}, {"field": "uniform"}, {"claims": "independent"}, {"min_p_i": 0.2}]
)
def test_density_and_claims_are_those_of_the_whole(options):
    sources, objects = uneven()
    want = in_memory(sources, objects, priors=False, **options)
    if not options:  # there is something to see
        density = np.asarray(want.sources["density_OPT"])
        assert density.max() > 5 * density.min()
        assert want.meta["claims"]["same_source"] > 50
    frame = assert_all_same(distributed(*partitioned(sources, objects), priors=[], **options), want)
    best = frame[frame["match_flag"] == 1]
    across = best[best["id_XRAY"].str.match("[WE]") & best["oid_OPT"].notna()]
    claimed = across.groupby("oid_OPT")["p_match"].sum()
    assert len(claimed) == 40
    if options.get("claims") == "independent":
        assert claimed.max() > 1.5
    else:
        assert claimed.max() < 1 + 1e-9


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:catalogue 'XRAY'. .* second entries")
@pytest.mark.parametrize("rows", ["associations", "sources"])
def test_partitions_change_nothing(rows):
    """Also where the finer partitions are now those of one catalogue, now those of the other."""
    sources, objects = uneven(400, 15_000)
    frames = []
    for left_rows, right_rows in ((100, 100_000), (100_000, 500), (100_000, 100_000)):
        left = lsdb.from_dataframe(
            sources, catalog_name="xray", partition_rows=left_rows, margin_threshold=None
        )
        right = lsdb.from_dataframe(
            objects,
            catalog_name="opt",
            ra_column="RA",
            dec_column="DEC",
            partition_rows=right_rows,
            margin_threshold=MARGIN,
        )
        frame = distributed(left, right, rows=rows).compute(progress_bar=False)
        frames.append(ordered(frame, "id_XRAY", "oid_OPT"))
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0], check_exact=True)


@pytest.mark.few(1)
@pytest.mark.slow
def test_a_prior_to_be_learned_where_nothing_is_near():
    """No partition holds a row around the sources, so there is none to take a sample of."""
    sources, objects = sky(40, 100)
    objects["RA"] += 60.0
    priors = [bm.LearnedPrior(["mag"])]
    with pytest.warns(UserWarning, match="no primary has a candidate"):
        got = distributed(*partitioned(sources, objects), rows="sources", priors=priors)
        want = in_memory(sources, objects, priors=priors)
    assert got.match_meta["auto_priors"] == want.meta["auto_priors"]
    assert (got.compute()["p_hostless"] == 1.0).all()


@pytest.mark.few(1)
@pytest.mark.parametrize("priors", [[], [bm.LearnedPrior(["mag"])]])
def test_fitted_errors_are_those_in_memory(priors):
    """Also where a prior learns: from what is near the sources once they are put right."""
    sources, objects = sky(300, 3000)
    objects.loc[:199, "mag"] -= 3.0  # mostly of counterparts
    sources, objects = by_position(sources, objects)
    sources["dec"] += 1.5 / 3600  # a frame to be found
    want = in_memory(sources, objects, errors="fit", priors=priors)
    assert want.meta["errors"]["applied"]
    got = distributed(*partitioned(sources, objects), errors="fit", priors=priors)
    assert_all_same(got, want)
    if priors:
        assert want.meta["auto_priors"]["OPT"]["photometry"]["ln_gain"] > 10
    again = got.compute(progress_bar=False).set_index("id_XRAY")["dec_XRAY"]
    assert set(again) == set(sources["dec"])  # columns of the catalogues stay as they are


@pytest.mark.slow
def test_rows_outside_a_moc():
    mocpy = pytest.importorskip("mocpy")
    import astropy.units as u

    sources, objects = sky(600, 12_000)
    moc = mocpy.MOC.from_cone(45 * u.deg, 0.5 * u.deg, radius=1.2 * u.deg, max_depth=10)
    with pytest.warns(UserWarning, match=r"'OPT': [\d,]+ of [\d,]+ rows are outside"):
        want = in_memory(sources, objects, area=moc, priors=False)
    with pytest.warns(UserWarning, match=r"'OPT': [\d,]+ of [\d,]+ rows are outside"):
        got = distributed(*partitioned(sources, objects), secondary_area=moc, priors=[])
    frame = assert_all_same(got, want)
    assert frame["p_hostless"].isna().any() and not frame["in_OPT"].all()


@pytest.mark.slow
def test_fraction_of_another_match():
    sources, objects = sky(600, 12_000)
    first = in_memory(sources, objects, field="uniform", claims="independent")
    options = {"field": "uniform", "claims": "independent"}
    got = distributed(*partitioned(sources, objects), host_fraction=first.meta, **options)
    frame = got.compute(progress_bar=False)
    assert_same(frame, first.associations.to_pandas(), PROBABILITIES, 1e-12)
    local = in_memory(*uneven(), priors=False, field="local", claims="independent").meta
    assert "ln(density_OPT)" in local["host_fraction_fit"]["center"]
    with pytest.raises(ValueError, match=r"depends on ln\(density_OPT\)"):
        distributed(*partitioned(sources, objects), host_fraction=local)


@pytest.mark.slow
def test_a_fraction_that_goes_by_clumps():
    x, o, *_ = clumps.sky(1, inside=0.35)
    names, n = [f"X{i}" for i in range(clumps.N)], len(o["RA"])
    sources = {"id": names, "ra": x["RA"] - 105, "dec": x["DEC"], "sigma": x["s"], "flux": 1.0}
    objects = {"oid": np.arange(n), "RA": o["RA"] - 105, "DEC": o["DEC"], "mag": 22.0}
    sources, objects = pd.DataFrame(sources), pd.DataFrame(objects)
    left = lsdb.from_dataframe(
        sources, catalog_name="x", partition_rows=500, highest_order=9, margin_threshold=None
    )
    where = {"ra_column": "RA", "dec_column": "DEC", "margin_threshold": MARGIN}
    right = lsdb.from_dataframe(
        objects, catalog_name="o", partition_rows=9000, highest_order=9, **where
    )
    want = in_memory(sources, objects, priors=False)
    assert "lines" in want.meta["host_fraction_fit"]
    assert_all_same(distributed(left, right, priors=[]), want)
    with pytest.raises(ValueError, match=r"depends on ln\(density_OPT"):
        distributed(left, right, priors=[], host_fraction=want.meta)


@pytest.fixture
def read_again(monkeypatch):
    """Rows of a match fit into memory no more."""
    monkeypatch.setattr(kept, "MOST_BYTES", 0)


@pytest.mark.slow
def test_an_object_that_the_margin_lacks_is_missed(read_again):
    sources, objects = uneven()
    left, right = partitioned(sources, objects)
    right.margin = right.margin.query("mag > 1000")
    got = distributed(left, right, claims="independent", priors=[])
    with pytest.raises(ValueError, match="not in the margin of this one"):
        got.compute(progress_bar=False)


FEWER = SimpleNamespace(skipped=0)


def fewer(frame):
    return frame.iloc[FEWER.skipped :]


@pytest.mark.slow
def test_catalogues_that_change_between_match_and_compute_are_refused(monkeypatch, read_again):
    sources, objects = sky(200, 2000)
    left, right = partitioned(sources, objects)
    left = left.map_partitions(fewer)  # LSDB does not know any more how many rows there are
    got = distributed(left, right)
    assert len(got.compute(progress_bar=False).groupby("id_XRAY")) == len(sources)
    monkeypatch.setattr(FEWER, "skipped", 1)
    with pytest.raises(ValueError, match="has not the rows that it had when it was matched"):
        got.compute(progress_bar=False)


def test_pixels_near_positions():
    from hats import HealpixPixel
    from hats.pixel_math.healpix_shim import radec2pix

    rng = np.random.default_rng(0)
    ra, dec = np.array([0.0, 45.0, 200.0, 10.0]), np.array([0.0, 41.8, -89.9, 89.95])
    for order in (0, 2, 6, 9):
        for arcsec in (20.0, 2400.0):
            angle, along = rng.uniform(0, 2 * np.pi, 400), np.sqrt(rng.random(400)) * arcsec / 3600
            k = rng.integers(0, len(ra), 400)
            y = np.clip(dec[k] + along * np.sin(angle), -90, 90)
            x = ra[k] + along * np.cos(angle)  # nearer than that, as cos(dec) is below 1
            wanted = set(radec2pix(order, x % 360, y).tolist())
            every = [HealpixPixel(order, p) for p in {*wanted, *range(min(12 * 4**order, 3000))}]
            near = {p.pixel for p in pixels_near(every, ra, dec, arcsec)}
            assert wanted <= near
            if order > 2:
                assert len(near) < 100 + len(wanted)


def test_a_pixel_near_one_of_many_positions():
    from hats import HealpixPixel

    ra, dec = np.full(9000, 10.0), np.full(9000, 0.1)
    ra[4001] = 200.0
    pixels = [HealpixPixel(3, pixel) for pixel in range(768)]
    near = pixels_near(pixels, ra, dec, 20.0)
    assert near == pixels_near(pixels, np.array([10.0, 200.0]), np.array([0.1, 0.1]), 20.0)


def test_positions_about_rows_are_all_that_may_be_near():
    """However the rows lie about RA 0; those in order of RA are found without a look at all."""
    rng, reach = np.random.default_rng(8), 1.0
    ra, dec = np.sort(rng.choice([0.0, 20.0, 340.0], 900) + 20 * rng.random(900)), np.zeros(900)
    dec[::3] = 40.0
    for first, last in ((5.0, 8.0), (0.2, 3.0), (355.0, 359.5), (350.0, 370.0), (0.0, 359.0)):
        rows = np.mod(np.append(rng.uniform(first, last, 40), [first, last]), 360.0)
        around = [
            _positions_about(
                rows,
                np.linspace(-1.0, 2.0, 42),
                SimpleNamespace(ra=ra, dec=dec, radius_arcsec=3600 * reach, ascending=ascending),
            )
            for ascending in (True, False)
        ]
        apart = np.abs((ra[:, None] - rows + 180.0) % 360.0 - 180.0).min(axis=1)
        for near in around:
            assert np.all(np.diff(near) > 0) and np.all(dec[near] == 0.0)
            assert np.isin(np.flatnonzero((apart < reach) & (dec == 0.0)), near).all()
        assert len(around[0]) <= len(around[1]) + 1


def test_order_of_rows_that_share_a_position():
    frame = pd.DataFrame(
        {"ra": [2.0, 1.0, 2.0, 1.0, 2.0], "dec": [0.0, 1.0, 0.0, 0.5, 0.0], "id": list("cabde")}
    )
    assert frame["id"].to_numpy()[sky_order(frame, "ra", "dec")].tolist() == list("dabce")
    again = frame.iloc[::-1]
    assert again["id"].to_numpy()[sky_order(again, "ra", "dec")].tolist() == list("dabce")
    key = sky_key(frame, "ra", "dec")[sky_order(frame, "ra", "dec")]
    assert rank_among_tied(key).tolist() == [0, 0, 0, 1, 2]
    assert len(rank_among_tied(key[:0])) == 0


def test_order_of_rows_of_which_many_share_a_right_ascension():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"ra": rng.choice([0.0, -0.0, 1.0, 2.0, np.nan], 200), "dec": rng.choice([0.0, 1.0], 200)}
    )
    frame.loc[:50, "ra"] = rng.random(51)
    frame.loc[51:100, "ra"] = 5.0 + 1e-13 * rng.random(50)  # less apart than what is told at first
    frame.loc[101:102, "ra"] = np.nextafter(360.0, 0.0), 0.0
    for some in (frame, frame[frame["ra"].notna()].reset_index(drop=True)):
        want = np.lexsort((some["dec"], some["ra"]))
        assert sky_order(some, "ra", "dec").tolist() == want.tolist()


@pytest.mark.slow
def test_pairs_that_the_partitions_found_are_not_searched_again(monkeypatch):
    left, right = partitioned(*sky(150, 1500))
    here, grid = [], candidates.Grid

    def seen(ra, *given):
        here.append(len(ra))
        return grid(ra, *given)

    monkeypatch.setattr(candidates, "Grid", seen)
    assert distributed(left, right, priors=()).match_meta["n_candidates"] > 50
    assert 150 not in here


def test_what_a_search_found_is_that_of_its_positions_and_radius():
    x, o = (SimpleNamespace(ra=np.zeros(1), dec=np.zeros(1)) for _ in range(2))
    pairs = (np.array([0, 0]), np.array([0, 1]), np.array([1.0, 2.0]))
    seen = Searched.of(x, o, 2.0, pairs)
    assert [part.tolist() for part in seen.pairs] == [[0], [0], [1.0]]
    moved = SimpleNamespace(ra=x.ra.copy(), dec=x.dec)
    assert seen.holds(x, o, 2.0) and not seen.holds(x, o, 1.0) and not seen.holds(moved, o, 2.0)
    box = SkyBox(x.ra, x.dec)
    o.boxed = Boxed(x.ra, x.dec, box)
    assert box_around(x, [o]) is box and box_around(moved, [o]) is not box


def test_tasks_become_shorter_until_they_are_of_one_partition():
    for n, workers in ((0, 2), (1, 4), (46, 2), (1000, 3)):
        ranges = passes.shrinking(n, workers)
        assert [k for a, b in ranges for k in range(a, b)] == list(range(n))
        size = [b - a for a, b in ranges]
        assert size == sorted(size, reverse=True) and max(size, default=0) <= passes.MOST_IN_ONE
        assert size[-workers:] == [1] * min(workers, n)


def test_a_client_gives_values_in_their_order_and_the_errors_of_tasks():
    from dask.distributed import Client

    left, _ = partitioned(*sky(400, 500))
    want = passes.over_partitions(left, counted, None)
    how = {"processes": False, "n_workers": 1, "threads_per_worker": 2, "dashboard_address": None}
    with Client(**how) as client:
        assert passes.over_partitions(left, counted, None) == want
        assert client.submit(passes.over_partitions, left, counted, None).result() == want
        with pytest.raises(ZeroDivisionError):
            passes.over_partitions(left, counted, 0)
        called = []
        pieces = passes.over_pieces(left, counted_all, None, meanwhile=lambda: called.append(1))
        assert [n for _, n in pieces] == [n for _, n in want] and called == [1]


def counted(part, shared):
    return len(part) if shared is None else 1 // shared


def counted_all(several, shared):
    return sum(counted(part, shared) for part in several)


@pytest.mark.slow
def test_what_needs_the_sources_alone_is_done_while_others_search(monkeypatch):
    """And is not done again; the match is the same."""
    left, right = partitioned(*sky(400, 4000))
    want = distributed(left, right).compute(progress_bar=False)
    search, looked = found.over_pieces, []

    def at_once(*given, meanwhile):
        meanwhile()
        monkeypatch.setattr(settled, "close_entries", lambda *given: looked.append(given))
        return search(*given)

    monkeypatch.setattr(found, "over_pieces", at_once)
    got = distributed(left, right).compute(progress_bar=False)
    pd.testing.assert_frame_equal(got, want, check_exact=True)
    assert not looked


def test_columns_are_taken_as_by_pandas():
    at = np.array([2, -1, 0, 0, 1])
    for values in ([1, 2, None], ["a", "b", None], [True, False, None], [0.5, None, 2.0]):
        column = pd.array(pa.array(values), dtype=pd.ArrowDtype(pa.array(values).type))
        for rows in (at, np.maximum(at, 0)):
            got, want = kept._taken(column, rows), column.take(rows, allow_fill=True)
            assert got.dtype == want.dtype and pa.array(got).equals(pa.array(want))
    assert len(kept._taken(column[:0], np.array([-1, -1]))) == 2


@pytest.mark.slow
def test_one_row_per_source():
    sources, objects = sky()
    want = in_memory(sources, objects, host_fraction=0.6).sources.to_pandas()
    got = distributed(*partitioned(sources, objects), host_fraction=0.6, rows="sources")
    assert_same(
        got.compute(progress_bar=False),
        want,
        [
            "p_any",
            "p_hostless",
            "log10_odds_host",
            "n_candidates",
            "p_OPT",
            "p_i",
            "p_match",
            "second_p_i",
            "Separation_XRAY_OPT",
            *OF_SOURCES[3:],
        ],
    )


@pytest.mark.slow
def test_hostless_sources_keep_their_row():
    sources, objects = sky()
    left, right = partitioned(sources, objects)
    frame = distributed(left, right).compute(progress_bar=False)
    assert set(frame["id_XRAY"]) == set(sources["id"])
    alone = frame[frame["n_candidates"] == 0]
    # some of them where the survey has no partition at all
    assert ((alone["ra_XRAY"] > 46.5) & (alone["dec_XRAY"] < -0.5)).sum() > 20
    assert alone["oid_OPT"].isna().all()
    assert (alone["p_any"] == 0).all() and (alone["p_hostless"] == 1).all()


def on_disk(left, right, path):
    """The same catalogues, as LSDB opens them."""
    left.write_catalog(path / "xray", progress_bar=False)
    right.write_catalog(path / "opt", progress_bar=False)
    return lsdb.open_catalog(path / "xray"), lsdb.open_catalog(path / "opt")


@pytest.mark.slow
def test_hats_on_disk_is_read_once(tmp_path):
    sources, objects = sky(600, 12_000)
    objects["note"] = [None if k % 3 else f"n{k}" for k in range(len(objects))]
    left, right = on_disk(*partitioned(sources, objects), tmp_path)
    assert files_of(left) is not None and files_of(right) is not None
    got = distributed(left, right)
    again = distributed(left.query("sigma > 0"), right.query("RA >= 0"))  # as LSDB computes
    for name in ("xray", "opt"):
        shutil.rmtree(tmp_path / name)
    frame = got.compute(progress_bar=False)
    pd.testing.assert_frame_equal(frame, again.compute(progress_bar=False), check_exact=True)
    want = in_memory(sources, objects).associations.to_pandas()
    assert_same(frame, want, PROBABILITIES)
    notes = dict(zip(objects["oid"], objects["note"].fillna(""), strict=True))
    found = frame[frame["oid_OPT"].notna()]
    assert found["note_OPT"].fillna("").tolist() == [notes[k] for k in found["oid_OPT"]]
    assert set(frame.columns) >= {"id_XRAY", "flux_XRAY", "mag_OPT"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:catalogue 'XRAY'. .* second entries")
@pytest.mark.parametrize("rows", ["associations", "sources"])
def test_rows_kept_are_those_read_again(rows, monkeypatch, tmp_path):
    """The same rows in the same order, to the last bit; also where more is done to them."""
    sources, objects = uneven(300, 8000)
    left, right = on_disk(*partitioned(sources, objects), tmp_path)
    options = {"priors": [], "rows": rows}
    got = distributed(left, right, **options)
    monkeypatch.setattr(kept, "MOST_BYTES", 0)
    want = distributed(left, right, **options).compute(progress_bar=False)
    frame = got.compute(progress_bar=False)
    assert dict(frame.dtypes) == dict(got.dtypes) and frame.index.name == want.index.name
    assert_same_rows(frame, want)
    frame["n_claims"] = 7  # a copy
    some = got.query("p_any > 0.5").compute(progress_bar=False)
    assert_same_rows(some, want.query("p_any > 0.5"))
    pixel = got.get_healpix_pixels()[1]
    part = got.get_partition(pixel.order, pixel.pixel).compute(progress_bar=False)
    at = hats.pixel_math.healpix_shim.radec2pix(
        pixel.order, numbers(want, "ra_XRAY"), numbers(want, "dec_XRAY")
    )
    assert_same_rows(part, want[at == pixel.pixel])


def assert_same_rows(got, want):
    """Frames of associations with their index, in any order of the sources."""
    got, want = (ordered(frame.reset_index(), "id_XRAY", "oid_OPT") for frame in (got, want))
    pd.testing.assert_frame_equal(got, want, check_exact=True)


@pytest.mark.slow
def test_of_a_file_without_a_row_near_only_positions_are_read(tmp_path):
    _, right = partitioned(*sky(200, 4000))
    right.write_catalog(tmp_path / "opt", progress_bar=False)
    right = lsdb.open_catalog(tmp_path / "opt")
    part = FileRows(files_of(right), right.get_healpix_pixels()[0])
    ra = part.plain(["RA", "DEC"])["RA"]
    assert len(part.take(None, np.empty(0, np.int64))) == 0 and set(part.read) == {"RA", "DEC"}
    taken = part.take(None, np.array([5, 2]))
    assert taken["RA"].to_pylist() == [ra[5], ra[2]] and "mag" in taken.column_names
    assert not ra.flags.writeable  # it is the file's column itself
    assert files_of(right[["RA", "DEC"]]) is None and files_of(right.query("mag > 20")) is None
    some = lsdb.open_catalog(tmp_path / "opt", filters=[("mag", ">", 20.0)])
    assert files_of(some) is None


@pytest.mark.slow
def test_files_are_where_lsdb_reads_them(tmp_path):
    """Their names are made without it: of pixels of several orders and directories."""
    left, _ = on_disk(*partitioned(*sky(200, 500)), tmp_path)
    files, numbers = files_of(left), [(0, 3), (0, 11), (6, 9_999), (6, 10_000), (6, 10_001)]
    pixels = [hats.pixel_math.HealpixPixel(*pair) for pair in numbers]
    want = [str(files.path(files.base, pixel, None, files.suffix).path) for pixel in pixels]
    assert [files.path_of(pixel) for pixel in pixels] == want and len(files.folders) == 3
    own = replace(files, path=lambda base, pixel, query, suffix: base / f"{pixel.pixel}{suffix}")
    assert own.path_of(pixels[1]) == str((files.base / "11.parquet").path)


@pytest.mark.slow
def test_few_sources_are_read_here(monkeypatch, tmp_path):
    """And are the same rows as where they are sent."""
    left, _ = on_disk(*partitioned(*sky(200, 500)), tmp_path)
    here, read = [], passes.read_here
    monkeypatch.setattr(passes, "read_here", lambda *given: here.append(1) or read(*given))

    def rows(**given):
        found = passes.over_partitions(left, some_columns, ("id", "ra", "dec"), **given)
        return [(pixel, pa.table(part).to_pylist()) for pixel, part in found]

    sent = rows()
    assert not here and rows(n_rows=200) == sent and len(here) == 1
    monkeypatch.setattr(passes, "ROWS_HERE", 199)
    assert rows(n_rows=200) == sent and len(here) == 1
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "xray")
    assert not files_of(left).are_here(left.get_healpix_pixels())


def test_catalogues_that_take_much_are_not_kept():
    sources, objects = sky(200, 2000)
    left, right = partitioned(sources, objects)
    surveys = [Survey("XRAY", "sigma", 500_000, 1.0), Survey("OPT", 0.1, 10**9, 10_000.0)]
    assert kept.can_keep((left, right), surveys, 1.0)
    assert not kept.can_keep((left, right), surveys, 300.0)
    assert kept.row_bytes(pd.DataFrame({"a": pd.Series(dtype=object)})) == np.inf


@pytest.mark.slow
def test_two_workers_give_the_same():
    from dask.distributed import Client

    sources, objects = sky(600, 12_000)
    left, right = partitioned(sources, objects)
    frames = []
    for n_workers in (1, 2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Client(n_workers=n_workers, threads_per_worker=1, dashboard_address=None):
                frames.append(distributed(left, right).compute(progress_bar=False))
    pd.testing.assert_frame_equal(*frames, check_exact=True)


@pytest.mark.slow
def test_partitions_matched_by_themselves():
    """With the global numbers given: one density everywhere, and no partition knows of another."""
    sources, objects = sky(600, 12_000)
    options = {"host_fraction": 0.7, "field": "uniform", "claims": "independent"}
    want = in_memory(sources, objects, priors=False, **options).associations.to_pandas()
    left, right = partitioned(sources, objects)
    algorithm = BayesianCrossmatch(
        primary=Survey("XRAY", "sigma", len(sources), 1.0, "id"),
        secondary=Survey("OPT", 0.1, len(objects), AREA, "oid"),
        radius_arcsec=RADIUS,
        host_fraction=0.7,
    )
    options = {"suffixes": ("_XRAY", "_OPT"), "suffix_method": "all_columns"}
    frame = left.crossmatch(right, algorithm=algorithm, how="left", **options)
    assert_same(frame.compute(progress_bar=False), want, [c for c in PROBABILITIES if c in want])
    # "inner" leaves sources without candidates out
    frame = left.crossmatch(right, algorithm=algorithm, how="inner", **options)
    frame = frame.compute(progress_bar=False)
    assert frame["oid_OPT"].notna().all() and (frame["ncat"] == 2).all()
    assert len(frame) == (want["ncat"] == 2).sum()


@pytest.mark.slow
def test_log10_ratios_that_stand_in_a_column():
    sources, objects = sky(600, 12_000)
    ratio = np.random.default_rng(5).normal(size=len(objects))
    ratio[::5], ratio[1::5], ratio[2::5] = -99.0, -np.inf, np.nan
    objects["lr"] = ratio
    prior = bm.ColumnPrior("lr")
    got = distributed(*partitioned(sources, objects), priors=[prior])
    x, o = by_position(sources, objects)
    want = bm.match(
        bm.Catalog(x, name="XRAY", pos_err="sigma", area=1.0, id="id"),
        bm.Catalog(o, name="OPT", pos_err=0.1, area=AREA, id="oid"),
        radius=RADIUS,
        priors={"OPT": [prior]},
    )
    frame = assert_all_same(got, want)
    assert (frame["bias_OPT_lr"] == 0).any()


def test_area_from_the_coverage_map():
    sources, objects = sky(600, 12_000)
    left, right = partitioned(sources, objects)
    with pytest.warns(UserWarning, match="catalogue 'opt': area .* coverage map"):
        match(
            left,
            right,
            radius=RADIUS,
            primary_pos_err="sigma",
            secondary_pos_err=0.1,
            host_fraction=0.5,
        )


@pytest.mark.few(3)
@pytest.mark.parametrize(
    "margin, options, message",
    [
        (10.0, {}, "margin of catalogue 'opt' is 10 arcsec, smaller than the radius, 20"),
        (None, {}, "catalogue 'opt' has no margin"),
        (MARGIN, {"host_fraction": "guess"}, "host_fraction is 'guess'"),
        (MARGIN, {"host_fraction": 1.5}, "host_fraction is 1.5"),
        (MARGIN, {"rows": "pairs"}, "rows is 'pairs'"),
        (MARGIN, {"secondary_name": "XRAY"}, "both catalogues are called 'XRAY'"),
        (MARGIN, {"primary_pos_err": "errr"}, "catalogue 'XRAY' has no column 'errr'"),
        (MARGIN, {"secondary_id": "name"}, "catalogue 'OPT' has no column 'name'"),
        (MARGIN, {"host_covariates": ["counts"]}, "catalogue 'XRAY' has no column 'counts'"),
        (MARGIN, {"priors": [bm.AutoPrior("mag")]}, "learns from the whole match"),
        (
            MARGIN,
            {"priors": [SimpleNamespace(name="own", learn=lambda catalog, seen: None)]},
            "learns from the whole match",
        ),
        (
            MARGIN,
            {"priors": [bm.CombinationPrior("c", len)]},
            "CombinationPrior.'c'.* acts on combinations.*log10_ratio_pairs",
        ),
        (MARGIN, {"secondary_area": -1.0}, "catalogue 'OPT'"),
    ],
)
def test_refused(margin, options, message):
    sources, objects = sky(200, 2000)
    left, right = partitioned(sources, objects, margin)
    given = {
        "radius": RADIUS,
        "primary_pos_err": "sigma",
        "secondary_pos_err": 0.1,
        "secondary_area": AREA,
        "primary_name": "XRAY",
        "secondary_name": "OPT",
        **options,
    }
    with pytest.raises(ValueError, match=message):
        match(left, right, **given).compute(progress_bar=False)


@pytest.mark.slow
def test_a_field_sample_is_that_of_the_whole(monkeypatch):
    """Rows of all partitions, in the order of the sky, whatever the partitions are."""
    from bayesmatch.catalogs import field_sample
    from bayesmatch.catalogs.sky_box import SkyBox
    from bayesmatch.distributed import sample

    for module in (field_sample, sample):
        monkeypatch.setattr(module, "FIELD_ROWS", 3000)
    seen = []

    class Wanting:
        name = "wanting"
        columns = ["mag"]

        def log10_ratio_pairs(self, primary, secondary, i, j):
            box = SkyBox(primary.ra, primary.dec)
            seen.append(secondary.field_sample(["mag"], box, 3000))
            return np.zeros(len(i))

    sources, objects = sky(600, 12_000)
    distributed(*partitioned(sources, objects), priors=[Wanting()])
    x, o = by_position(sources, objects)
    x = bm.Catalog(x, name="XRAY", pos_err="sigma", area=1.0, id="id")
    o = bm.Catalog(o, name="OPT", pos_err=0.1, area=AREA, id="oid")
    bm.match(x, o, radius=RADIUS, priors={"OPT": [Wanting()]})
    got, want = seen
    assert got.n_around == want.n_around and 2000 < len(want.catalog) <= 3000
    for name in ("ra", "dec"):
        np.testing.assert_array_equal(getattr(got.catalog, name), getattr(want.catalog, name))
    np.testing.assert_array_equal(got.catalog.table["mag"], want.catalog.table["mag"])


@pytest.mark.slow
def test_bad_errors_of_sources_and_objects():
    sources, objects = sky(n=300, m=3000)
    objects["e"] = 0.1
    near = in_memory(sources, objects, priors=False).associations["OPT_oid"]
    objects.loc[objects["oid"] == np.ma.compressed(near)[0], "e"] = 0.0
    sources.loc[[5, 50], "sigma"] = np.nan
    left, right = partitioned(sources, objects)
    sources, objects = by_position(sources, objects)
    x = bm.Catalog(sources, name="XRAY", pos_err="sigma", area=1.0, id="id")
    o = bm.Catalog(objects, name="OPT", pos_err="e", area=AREA, id="oid")
    with pytest.warns(UserWarning, match="(are|is) left out"):
        want = bm.match(x, o, radius=RADIUS, bad_rows="drop")
    with pytest.raises(ValueError, match="'sigma' is nan .*bad_rows='drop'"):
        distributed(left, right, secondary_pos_err="e", priors=())
    with pytest.warns(UserWarning, match="(are|is) left out"):
        got = distributed(left, right, secondary_pos_err="e", priors=(), bad_rows="drop")
    assert got.match_meta["dropped"] == want.meta["dropped"]
    assert want.meta["dropped"] == {"XRAY": {"error": 2}, "OPT": {"error": 1}}
    frame = got.compute(progress_bar=False)
    assert_same(frame, want.associations.to_pandas(), ["p_any", "p_match", "p_i"])


@pytest.mark.slow
@pytest.mark.parametrize("own", [False, True])
def test_objects_that_move(own):
    sources, objects = sky(n=300, m=3000)
    rng = np.random.default_rng(2)
    for name in ("pmra", "pmdec"):
        objects[name] = rng.normal(0, 50, len(objects))
    sources["year"] = rng.uniform(1990, 2010, len(sources)) if own else 2000.0
    left, right = partitioned(sources, objects)
    sources, objects = by_position(sources, objects)
    x = bm.Catalog(sources, name="XRAY", pos_err="sigma", area=1.0, id="id", epoch="year")
    motion = {"epoch": 2016.0, "pm": ("pmra", "pmdec"), "pm_err": 1.0}
    o = bm.Catalog(objects, name="OPT", pos_err=0.1, area=AREA, id="oid", **motion)
    want = bm.match(x, o, radius=RADIUS)
    how = {f"secondary_{name}": value for name, value in motion.items()}
    got = distributed(left, right, priors=(), primary_epoch="year", **how)
    still = bm.match(x, bm.Catalog(objects, name="OPT", pos_err=0.1, area=AREA), radius=RADIUS)
    assert not np.array_equal(still.sources["p_any"], want.sources["p_any"])
    columns = ["p_any", "p_match", "p_i", "Separation_XRAY_OPT"]
    assert_same(got.compute(progress_bar=False), want.associations.to_pandas(), columns)


@pytest.mark.slow
def test_a_catalogue_with_itself():
    sources, _ = sky(n=400)
    twin = sources.iloc[:20].assign(id=[f"T{i}" for i in range(20)])
    twin["ra"] += 0.5 / 3600
    both = pd.concat([sources, twin], ignore_index=True)
    left = lsdb.from_dataframe(both, catalog_name="x", partition_rows=100, margin_threshold=30)
    got = match(
        left,
        left,
        radius=5,
        primary_pos_err="sigma",
        secondary_pos_err="sigma",
        primary_id="id",
        secondary_id="id",
        secondary_area=AREA,
    ).compute(progress_bar=False)
    pairs = got[got["id_x_2"].notna()]
    names = {frozenset(p) for p in zip(pairs["id_x"], pairs["id_x_2"], strict=True)}
    assert len(names) == len(pairs) and all(len(p) == 2 for p in names)
    assert {frozenset((f"X{i}", f"T{i}")) for i in range(20)} <= names


def test_cells_that_hold_positions_are_those_counted_over_the_pole_and_round_the_sky():
    rng = np.random.default_rng(5)
    for low, high in ((-90.0, -80.0), (-3.0, 4.0)):
        box = SkyBox(rng.uniform(0.0, 360.0, 40), rng.uniform(low, high, 40))
        ra, dec = rng.uniform(0.0, 360.0, 500), rng.uniform(low, high, 500)
        cell, number = box.filled(ra, dec)
        want = box.count(ra, dec).ravel()
        assert cell.tolist() == np.flatnonzero(want).tolist()
        assert number.tolist() == want[cell].tolist()
