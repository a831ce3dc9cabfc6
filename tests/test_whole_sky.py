"""The survey of half the sky that the benchmarks make, in little, and the page of its numbers."""

import numpy as np
import pytest
from pyarrow import parquet

from benchmarks import sky_page, whole_sky
from benchmarks.__main__ import main

pytest.importorskip("cdshealpix")
ROWS = 30_000


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sky")
    whole_sky.make(folder, ROWS)
    return folder


def test_rows_are_in_healpix_order_and_counterparts_known(made):
    from astropy.coordinates import Latitude, Longitude
    from cdshealpix.nested import lonlat_to_healpix

    about, files = whole_sky.made(made), whole_sky.survey_files(made)
    assert len(files) > 1 and about["rows"] == ROWS
    table = parquet.read_table(made / whole_sky.SURVEY).to_pandas()
    assert len(table) == ROWS
    ra, dec = table["RA"].to_numpy(), table["DEC"].to_numpy()
    pixel = lonlat_to_healpix(Longitude(ra, "deg"), Latitude(dec, "deg"), 18)
    assert (np.diff(pixel.astype(np.int64)) >= 0).mean() > 0.9999  # but for the last bits
    sources = parquet.read_table(made / whole_sky.SOURCES).to_pandas()
    assert len(sources) == about["sources"]
    has = sources[sources["counterpart"] >= 0]
    assert 0.6 < len(has) / len(sources) < 0.9 and has["counterpart"].is_unique
    row = has["counterpart"].to_numpy()
    east = (has["RA"].to_numpy() - ra[row]) * np.cos(np.radians(dec[row]))
    offset = 3600 * np.hypot(east, has["DEC"].to_numpy() - dec[row]) / has["POS_ERR"].to_numpy()
    assert np.median(offset) == pytest.approx(1.177, abs=0.35) and offset.max() < 6
    magnitudes = table["r"].to_numpy().astype(np.float64)
    assert np.abs(magnitudes - np.round(magnitudes, 3)).max() < 2e-6


def test_the_same_seed_gives_the_same_bytes(made, tmp_path):
    whole_sky.make(tmp_path, ROWS)
    for path in whole_sky.survey_files(made):
        assert path.read_bytes() == (tmp_path / whole_sky.SURVEY / path.name).read_bytes()


def test_all_of_it_is_as_large_as_said():
    sky = whole_sky.Sky.of(whole_sky.ROWS)
    assert sky.first_row[-1] == 1_000_000_000 and len(sky.files()) == 100
    assert sky.area == pytest.approx(20_000, abs=0.2)
    density = np.diff(sky.first_row) / whole_sky.PIXEL_DEG2
    assert density.max() > 5 * density.min()


def run(seconds, **more):
    taken = {"seconds": seconds, "rows_per_second": 1e9 / seconds, "user_seconds": 40.0}
    memory = {"system_seconds": 2.0, "peak_MB": 2048.0, "bytes_from_disk": 15e9}
    return {**taken, **memory, "right": 0.8, "candidates": 10_000_000, **more}


def test_the_page_tells_ratios_and_what_a_stop_changed():
    survey = {"rows": 10**9, "sources": 930_000, "area": 20_000.0, "bytes": 20e9}
    lines = sky_page.sky_lines(
        {
            "survey": survey,
            "machine": {"cpus": 2, "processor": "Some CPU"},
            "read_cold": run(50.0),
            "distance_cold": run(60.0),
            "distance_warm": run(40.0),
            "local_warm": run(44.0),
            "prior_warm": run(66.0, right=0.9),
            "resumed": run(
                30.0, same_bytes=False, seconds_until_killed=[9.0, 11.0], checkpoint_bytes=3e8
            ),
        }
    )
    text = "\n".join(lines)
    assert "1.20 times what reading" in text and "1.65 times distance only" in text
    assert "**other bytes**" in text and "| 60.0 | 16.7 | 40.0 | 2.0 | 2.00 GB |" in text


def test_parts_are_named(capsys):
    with pytest.raises(SystemExit):
        main(["allsky", "--only", "read_hot"])
    assert "no part 'read_hot' of allsky; there are read_cold" in capsys.readouterr().err
