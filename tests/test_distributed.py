"""LSDB partitions give what one match in memory gives, at their borders too."""

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import bayesmatch as bm

lsdb = pytest.importorskip("lsdb")
from bayesmatch.distributed import BayesianCrossmatch, Survey, match  # noqa: E402

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


def in_memory(sources, objects, **options):
    x = bm.Catalog(sources, name="XRAY", pos_err="sigma", area=1.0, id="id")
    o = bm.Catalog(objects, name="OPT", pos_err=0.1, area=AREA, id="oid")
    options = {"claims": "independent", **options}  # partitions do not know of each other
    return bm.match(x, o, radius=RADIUS, priors={"OPT": [histogram()]}, **options)


def distributed(left, right, **options):
    return match(
        left,
        right,
        radius=RADIUS,
        primary_pos_err="sigma",
        secondary_pos_err=0.1,
        secondary_area=AREA,
        primary_name="XRAY",
        secondary_name="OPT",
        primary_id="id",
        secondary_id="oid",
        priors=[histogram()],
        **options,
    )


def ordered(frame, source, member):
    """Rows by source and member, the no-counterpart row first, missing values as NaN."""
    frame = frame.reset_index(drop=True)
    frame["member"] = frame[member].astype("Int64").fillna(-1).astype(np.int64)
    return frame.sort_values([source, "member"], kind="stable").reset_index(drop=True)


def numbers(frame, column):
    return frame[column].to_numpy(np.float64, na_value=np.nan)


def assert_same(got, want, columns, tolerance=1e-12):
    got = ordered(got, "id_XRAY", "oid_OPT")
    want = ordered(want, "XRAY_id", "OPT_oid")
    assert got["id_XRAY"].tolist() == want["XRAY_id"].tolist()
    assert got["member"].tolist() == want["member"].tolist()
    for column in columns:
        np.testing.assert_allclose(
            numbers(got, column), numbers(want, column), rtol=0, atol=tolerance, err_msg=column
        )


@pytest.mark.parametrize("ra_0", [44.0, 358.0])
@pytest.mark.parametrize("covariates", ["sigma", ["flux"], None])
def test_same_as_in_memory(ra_0, covariates):
    sources, objects = sky(ra_0=ra_0)
    want = in_memory(sources, objects, host_covariates=covariates)
    got = distributed(*partitioned(sources, objects), host_covariates=covariates)
    frame = got.compute(progress_bar=False)
    assert dict(frame.dtypes) == dict(got.dtypes)
    assert_same(
        frame,
        want.associations.to_pandas(),
        [*PROBABILITIES, "Separation_XRAY_OPT", "ncat", "match_flag"],
    )
    p_hostless = frame.groupby("id_XRAY")["p_hostless"].first()
    hostless = pd.Series(np.asarray(want.sources["p_hostless"]), list(want.sources["XRAY_id"]))
    np.testing.assert_allclose(
        p_hostless.to_numpy(np.float64), hostless[p_hostless.index], rtol=0, atol=1e-12
    )


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
        ],
    )


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


def test_hats_on_disk(tmp_path):
    sources, objects = sky(600, 12_000)
    left, right = partitioned(sources, objects)
    left.write_catalog(tmp_path / "xray", progress_bar=False)
    right.write_catalog(tmp_path / "opt", progress_bar=False)
    right.margin.write_catalog(tmp_path / "opt_margin", progress_bar=False)
    left = lsdb.open_catalog(tmp_path / "xray")
    right = lsdb.open_catalog(tmp_path / "opt", margin_cache=tmp_path / "opt_margin")
    frame = distributed(left, right).compute(progress_bar=False)
    assert_same(frame, in_memory(sources, objects).associations.to_pandas(), PROBABILITIES)


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


def test_inner_leaves_sources_without_candidates_out():
    sources, objects = sky(600, 12_000)
    left, right = partitioned(sources, objects)
    algorithm = BayesianCrossmatch(
        primary=Survey("XRAY", "sigma", len(sources), 1.0),
        secondary=Survey("OPT", 0.1, len(objects), AREA),
        radius_arcsec=RADIUS,
        host_fraction=0.7,
    )
    frame = left.crossmatch(
        right,
        algorithm=algorithm,
        how="inner",
        suffixes=("_x", "_o"),
        suffix_method="overlapping_columns",
    ).compute(progress_bar=False)
    assert frame["oid"].notna().all() and (frame["ncat"] == 2).all()
    assert len(frame) == (np.asarray(in_memory(sources, objects).associations["ncat"]) == 2).sum()


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
