"""The mock survey has the numbers that its docstring promises, and a truth that is true."""

import hashlib

import astropy.units as u
import numpy as np
import pytest

import bayesmatch as bm
from bayesmatch import mock


def digest(tables):
    return hashlib.sha256(
        b"".join(np.ascontiguousarray(t[c]).tobytes() for t in tables for c in t.colnames)
    ).hexdigest()


def separation(a, b):
    """Offsets east and north of b from a, arcsec, for small separations."""
    east = (np.mod(b["RA"] - a["RA"] + 180, 360) - 180) * np.cos(np.radians(a["DEC"])) * 3600
    return np.asarray(east), np.asarray(b["DEC"] - a["DEC"]) * 3600


@pytest.fixture(scope="module")
def sky():
    return mock.survey(n_primary=9000, area=6.0, seed=5)


@pytest.fixture(scope="module")
def hosts(sky):
    """Rows of the hosts in the survey, and of their sources in the primary."""
    counterpart = np.asarray(sky[2]["counterpart"])
    of_primary = np.flatnonzero(counterpart != "hostless")
    return counterpart[of_primary].astype(int), of_primary


def test_same_seed_same_bytes():
    small = {"n_primary": 50, "area": 0.1}
    first = digest(mock.survey(seed=1, **small))
    assert first == digest(mock.survey(seed=1, **small))
    assert first != digest(mock.survey(seed=2, **small))


def test_sizes(sky):
    primary, survey, truth = sky
    assert len(primary) == len(truth) == 9000
    assert len(survey) == 6 * mock.FIELD_DENSITY == 6 * 58_000
    assert primary.meta["SKYAREA"] == survey.meta["SKYAREA"] == 6.0
    assert bm.Catalog(survey, name="S", pos_err=0.1).area == 6.0
    for table in (primary, survey):
        assert table["RA"].min() >= 0 and table["RA"].max() < 360
    # the default is the Lockman Hole's density
    assert mock.XRAY_DENSITY == 450 == pytest.approx(4000 / 9, rel=0.02)


def test_positions_are_uniform_over_the_area(sky):
    survey = sky[1]
    width = np.ptp(survey["RA"])
    height = np.ptp(np.sin(np.radians(survey["DEC"]))) * 180 / np.pi
    assert width * height == pytest.approx(6.0, rel=1e-3)
    assert np.cos(np.radians(58)) * width == pytest.approx(np.sqrt(6), rel=2e-3)
    for column in (survey["RA"], np.sin(np.radians(survey["DEC"]))):
        counts = np.histogram(column, 20)[0]
        assert np.abs(counts / counts.mean() - 1).max() < 5 / np.sqrt(counts.mean())


def test_fluxes(sky):
    flux = np.asarray(sky[0]["flux"])
    assert flux.min() >= mock.FLUX_MIN and flux.max() <= mock.FLUX_MAX
    assert (flux > 4 * mock.FLUX_MIN).mean() == pytest.approx(4**-1.5, abs=0.015)


def test_missing_bands(sky, hosts):
    survey = sky[1]
    host = np.zeros(len(survey), bool)
    host[hosts[0]] = True
    for band, percent in zip(mock.BANDS, (17.6, 11.9, 6.6, 35.1, 59.5), strict=True):
        missing = np.isnan(survey[band])
        assert 100 * missing[~host].mean() == pytest.approx(percent, abs=2.0), band
    assert np.mean([np.isnan(survey[b][host]).mean() for b in mock.BANDS]) < 0.10
    for band in ("g", "r", "z", "w1"):
        assert np.isnan(survey[band][host]).mean() < 0.10, band


def test_position_errors(sky, hosts):
    primary, survey, _ = sky
    sigma = np.asarray(primary["sigma"])
    assert np.median(2.797 * sigma) == pytest.approx(6.3, abs=0.2)
    bright = np.asarray(primary["flux"]) > np.median(primary["flux"])
    assert np.median(sigma[bright]) < np.median(sigma[~bright])
    east, north = separation(primary[hosts[1]], survey[hosts[0]])
    total = np.hypot(sigma[hosts[1]], mock.OPTICAL_ERROR)
    inside = np.hypot(east, north) / total
    n = len(inside)
    for r in (0.5, 1.0, 1.5, 2.0, 3.0):  # Rayleigh
        share = 1 - np.exp(-r * r / 2)
        assert abs((inside < r).mean() - share) < 4 * np.sqrt(share * (1 - share) / n), r
    assert abs(east.mean()) < 4 * total.mean() / np.sqrt(n) * 1.3
    assert abs(north.mean()) < 4 * total.mean() / np.sqrt(n) * 1.3


def test_sigma_scale():
    once, twice = (mock.survey(n_primary=100, area=0.1, seed=3, sigma_scale=s) for s in (1.0, 2.0))
    np.testing.assert_allclose(twice[0]["sigma"], 2 * once[0]["sigma"])
    np.testing.assert_array_equal(once[1]["r"], twice[1]["r"])


def test_truth(sky, hosts):
    primary, survey, truth = sky
    np.testing.assert_array_equal(primary["ID"], truth["ID"])
    np.testing.assert_array_equal(survey["ID"], np.arange(len(survey)))
    assert 0.015 < 1 - len(hosts[0]) / len(primary) < 0.05
    assert len(np.unique(hosts[0])) == len(hosts[0])
    # hostless ones are the faint ones
    hostless = np.asarray(truth["counterpart"]) == "hostless"
    assert np.median(primary["flux"][hostless]) < np.median(primary["flux"][~hostless])
    # brighter in X-rays, brighter in r
    r, log_flux = np.asarray(survey["r"][hosts[0]]), np.log10(primary["flux"][hosts[1]])
    known = np.isfinite(r)
    assert np.corrcoef(r[known], log_flux[known])[0, 1] < -0.3
    # row numbers tell nothing
    assert hosts[0].mean() / len(survey) == pytest.approx(0.5, abs=0.02)


def test_fluxes_agree_with_magnitudes():
    _, survey, _ = mock.survey(n_primary=30, area=0.05, seed=1, fluxes=True)
    photometry = bm.photometry.legacy_survey(survey)
    for band in mock.BANDS:
        np.testing.assert_allclose(photometry[band], survey[band], atol=1e-4)


def test_difficulty():
    """Matched by distance alone, 82 to 87% of the counterparts are found."""
    primary, survey, truth = mock.survey(n_primary=2000, area=4.5, seed=9)
    result = bm.match(
        bm.Catalog(primary, name="X", pos_err="sigma"),
        bm.Catalog(survey, name="O", pos_err=mock.OPTICAL_ERROR),
        radius=30,
    )
    true = np.asarray(truth["counterpart"])
    right = np.asarray(result.sources["O"]).astype(str) == true
    assert 0.80 < right[true != "hostless"].mean() < 0.90


# -- X-ray sources below the list's limit, and more precise telescopes ----------------------------


@pytest.fixture(scope="module")
def deep():
    return mock.sky(n_primary=3000, area=6.0, seed=5)


def test_the_survey_of_a_seed_stays():
    """Skies of the past can be made again."""
    primary, survey, truth = mock.survey(n_primary=50, area=0.1, seed=1)
    found = [
        primary["RA"].sum(),
        primary["DEC"].sum(),
        1e14 * primary["flux"].sum(),
        survey["RA"].sum(),
        np.nansum(survey["w1"].astype(float)),
    ]
    np.testing.assert_allclose(
        found,
        [
            8049.913554256881,
            2900.1164823800277,
            38.655944541078874,
            933803.3491135131,
            80075.21233844757,
        ],
        rtol=1e-7,
    )
    assert list(truth["counterpart"][:6]) == ["917", "3208", "4770", "2854", "650", "4169"]


def test_sky_without_faint_sources_is_the_survey():
    options = {"n_primary": 60, "area": 0.2, "seed": 4, "fluxes": True, "sigma_scale": 1.3}
    sky = mock.sky(**options, flux_faint=None)
    assert digest(mock.survey(**options)) == digest([sky.primary, sky.secondary, sky.truth])
    assert list(sky.xray["primary"]) == list(range(60))
    deeper = [mock.sky(**options) for _ in range(2)]
    tables = [[s.primary, s.secondary, s.truth, s.xray] for s in deeper]
    assert digest(tables[0]) == digest(tables[1]) != digest(tables[0][:3])
    assert len(deeper[0].secondary) == len(sky.secondary) and len(deeper[0].xray) > 60


def test_all_xray_sources(deep):
    xray = deep.xray
    listed = np.asarray(xray["primary"]) >= 0
    np.testing.assert_array_equal(xray["primary"][:3000], deep.primary["ID"])
    np.testing.assert_array_equal(xray["flux"][listed], deep.primary["flux"])
    np.testing.assert_array_equal(xray["counterpart"][listed], deep.truth["counterpart"])
    flux = np.asarray(xray["flux"][~listed])
    assert flux.min() >= 7e-16 and flux.max() <= mock.FLUX_MIN
    expected = mock.XRAY_DENSITY * 6 * ((7e-16 / 3e-15) ** -0.65 - 1)
    assert len(flux) == pytest.approx(expected, abs=4 * expected**0.5)
    # the same hosts as the others, only fainter
    hostless = np.asarray(xray["counterpart"]) == "hostless"
    assert hostless[listed].mean() < hostless[~listed].mean() < 0.3
    host = np.asarray(xray["counterpart"][~hostless]).astype(int)
    assert len(np.unique(host)) == len(host)
    east, north = separation(xray[~hostless], deep.secondary[host])
    assert np.hypot(east, north).max() < 6 * mock.OPTICAL_ERROR
    # the true position lies where the list's error says
    east, north = separation(xray[:3000], deep.primary)
    r = np.hypot(east, north) / deep.primary["sigma"]
    assert (r < 1.5).mean() == pytest.approx(1 - np.exp(-1.125), abs=0.04)


@pytest.mark.parametrize("telescope", [mock.CHANDRA, mock.XMM], ids=lambda t: t.name)
def test_telescopes(deep, telescope):
    found = mock.precise(deep, telescope, seed=3)
    assert digest([found]) == digest([mock.precise(deep, telescope, seed=3)])
    assert digest([found]) != digest([mock.precise(deep, telescope, seed=4)])
    assert found.colnames == ["ID", "RA", "DEC", "sigma", "flux", "secure", "xray"]
    assert len(np.unique(found["ID"])) == len(np.unique(found["xray"])) == len(found)
    assert found["ID"][0].startswith(telescope.name)
    assert found.meta["SKYAREA"] == pytest.approx(6.0 * telescope.coverage)
    low, high = telescope.sigma
    assert low <= found["sigma"].min() < found["sigma"].max() <= high
    assert found["flux"].min() > telescope.flux_limit[0]
    # bright ones are missed outside the pointings only
    xray = deep.xray[found["xray"]]
    bright = deep.xray["flux"] > 4 * telescope.flux_limit[1]
    share = np.isin(np.flatnonzero(bright), found["xray"]).mean()
    assert share == pytest.approx(telescope.coverage, abs=0.12)
    assert (np.asarray(xray["primary"]) < 0).mean() > 0.2  # strangers to the list
    change = np.log10(found["flux"] / xray["flux"])
    far_above = np.asarray(xray["flux"]) > 4 * telescope.flux_limit[1]
    assert np.std(change[far_above]) == pytest.approx(telescope.variability, rel=0.2)
    r = np.hypot(*separation(xray, found)) / np.asarray(found["sigma"])
    secure = np.asarray(found["secure"])
    assert secure.mean() == pytest.approx(0.95 * 0.95, abs=0.03)
    assert (r[secure] < 1.5).mean() == pytest.approx(1 - np.exp(-1.125), abs=0.05)
    assert r[secure].max() < 5 and r[~secure].max() > 5


def test_a_telescope_of_ones_own(deep):
    sees_all = mock.Telescope(
        "NEW", (0.1, 0.2), (1e-18, 1e-18), 1.0, 1.0, variability=0.0, flawed=0.0, flagged=0.0
    )
    found = mock.precise(deep, sees_all)
    assert len(found) == len(deep.xray) and found["secure"].all()
    np.testing.assert_allclose(found["flux"], deep.xray["flux"][found["xray"]])
    # where a telescope looks does not depend on the other's name alone
    first, second = (
        mock.precise(deep, mock.Telescope(n, (1, 2), (1e-15, 1e-15), 5.0, 0.2)) for n in ("A", "B")
    )
    assert not np.array_equal(first["xray"], second["xray"])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_primary": 0}, "must be positive"),
        ({"area": -1.0}, "must be positive"),
        ({"sigma_scale": 0.0}, "must be positive"),
        ({"n_primary": 100, "area": 1e-3}, "cannot hold"),
        ({"area": 40_000.0, "density": 0.1}, "does not fit"),
    ],
)
def test_bad_arguments(options, message):
    with pytest.raises(ValueError, match=message):
        mock.survey(**{"n_primary": 10, "area": 0.1, **options})


@pytest.mark.parametrize("flux_faint", [0.0, -1.0, 3e-15, 1.0, np.nan])
def test_bad_faint_flux(flux_faint):
    with pytest.raises(ValueError, match="flux_faint is.*below 3e-15"):
        mock.sky(n_primary=10, area=0.1, flux_faint=flux_faint)


def test_precise_wants_a_sky():
    with pytest.raises(TypeError, match="sky is a tuple.*mock.sky"):
        mock.precise(mock.survey(n_primary=10, area=0.1))


# -- images ---------------------------------------------------------------------------------------


def test_images_of_a_sky(sky):
    """Objects lie at their coordinates, as bright as their magnitudes, above the noise."""
    from astropy.coordinates import SkyCoord
    from astropy.wcs import WCS

    objects = sky[1]
    bright = int(np.nanargmin(np.where(np.asarray(objects["r"]) > 19.5, objects["r"], np.nan)))
    center = (objects["RA"][bright] + 0.002, objects["DEC"][bright] + 0.001)
    hdu = mock.image(objects, center=center, size=40, scale=0.2, angle=30, band="r", seed=1)
    assert hdu.data.shape == (200, 200) and hdu.header["FILTER"] == "r"
    wcs = WCS(hdu.header)
    at = SkyCoord(objects["RA"], objects["DEC"], unit="deg")
    x, y = wcs.world_to_pixel(at[bright])
    rows, columns = np.indices(hdu.data.shape)
    near = np.hypot(rows - y, columns - x) < 10
    data = np.where(near, hdu.data, 0.0)
    assert (
        np.hypot((data * columns).sum() / data.sum() - x, (data * rows).sum() / data.sum() - y)
        < 0.2
    )
    apart = at.separation(at[bright]).arcsec
    around = np.asarray(objects["r"])[(apart < 2)]
    counts = (10 ** (-0.4 * (around[np.isfinite(around)] - 22.5))).sum()
    assert data.sum() == pytest.approx(counts, rel=0.1)
    # north: up along the y axis turned by 30 degrees to the east
    north = SkyCoord(*center, unit="deg").directional_offset_by(30 * u.deg, 5 * u.arcsec)
    assert np.hypot(*(np.array(wcs.world_to_pixel(north)) - [99.5, 124.5])) < 0.01
    again = mock.image(objects, center=center, size=40, scale=0.2, angle=30, band="r", seed=1)
    np.testing.assert_array_equal(again.data, hdu.data)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"band": "K"}, "band is 'K'; give one of g, r, z, w1, w2"),
        ({"size": -1}, "size"),
        ({"scale": 0.01, "size": 3000}, "size / scale is 300000 pixels"),
        ({"center": 5}, "center is 5"),
    ],
)
def test_images_that_cannot_be(sky, wrong, message):
    with pytest.raises(ValueError, match=message):
        mock.image(sky[1], **{"center": (161.0, 58.0), **wrong})
