"""Images under charts: what a file, a folder, three bands and a survey's address give."""

import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, HTTPServer

import mock_images as mi
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS, DistortionLookupTable

from bayesmatch import plots
from bayesmatch.plots.images import fetched
from bayesmatch.plots.images.bands import band_of, three_of, wavelength
from bayesmatch.plots.images.stretch import color, grey

CENTER = (150.0, 2.0)
#: degrees east and north, of stars about a position
STARS = np.array([[0, 0], [9, 4], [-7, 8], [-11, -6], [5, -12.0]]) / 3600


def stars(center):
    east, north = STARS.T
    return center[0] + east / np.cos(np.radians(center[1])), center[1] + north


def image(path, center=CENTER, n=200, flux=1000.0, noise=1.0, cards=(), **options):
    """A file with stars about a position; the WCS may have another centre."""
    wcs = mi.rotated_wcs(options.pop("at", center), n, **options)
    data = mi.paint(wcs, n, *stars(center), np.full(len(STARS), flux), noise=noise)
    return mi.write(path, data, wcs, **dict(cards))


def centroid(cutout, east, north, data=None):
    """Where the star nearest to an offset (arcsec) is in a cutout, by its brightness."""
    data = cutout.data if data is None else data
    n = len(data)
    step = 2 * cutout.half / n
    x = cutout.half - step * (np.arange(n) + 0.5)
    y = -cutout.half + step * (np.arange(n) + 0.5)
    near = (np.abs(x - east) < 1.5)[None] & (np.abs(y - north) < 1.5)[:, None]
    weight = np.where(near, data - np.nanmedian(data), 0.0)
    return (weight * x).sum() / weight.sum(), (weight * y[:, None]).sum() / weight.sum()


def check_stars(cutout, center, within=0.04):
    """Every star of the image is where its coordinates are (arcsec), also in the far corners."""
    at = SkyCoord(*center, unit="deg")
    for ra, dec in zip(*stars(center), strict=True):
        east, north = (x.arcsec for x in at.spherical_offsets_to(SkyCoord(ra, dec, unit="deg")))
        if max(abs(east), abs(north)) < cutout.half - 2:
            found = centroid(cutout, east, north)
            assert np.hypot(found[0] - east, found[1] - north) < within


@pytest.mark.parametrize(
    "options",
    [
        {"angle": 30.0},
        {"angle": 30.0, "frame": "GALACTIC"},
        {"angle": -110.0, "frame": "FK5"},
        {"angle": 200.0, "projection": "SIN"},
        {"angle": 30.0, "scale": 0.05, "n": 800},
        {"angle": 30.0, "scale": 0.4, "n": 100},
        {"angle": 10.0, "center": (0.0005, -0.0005)},
        {"angle": 30.0, "center": (212.0, 88.5)},
        {"angle": 30.0, "at": (150.003, 2.002), "n": 260},
    ],
    ids=lambda o: "-".join(f"{k}{v}" for k, v in o.items()),
)
def test_stars_are_where_their_coordinates_are(tmp_path, options):
    center = options.get("center", CENTER)
    images = plots.open_images(image(tmp_path / "a.fits", noise=0.1, **options))
    cutout = images.cutout(*center, 16.0)
    # the image's own pixel is 0.05 to 0.4 arcsec
    check_stars(cutout, center, within=max(0.04, 0.1 * options.get("scale", 0.2)))
    assert cutout.extent == (16, -16, -16, 16) and cutout.data.shape[0] % 2 == 1
    assert cutout.scale == pytest.approx(options.get("scale", 0.2), rel=1e-4)


def test_a_fine_image_is_averaged_as_it_is_read(tmp_path, monkeypatch):
    from bayesmatch.plots.images import cutout as module
    from bayesmatch.plots.images import grid

    images = plots.open_images(image(tmp_path / "a.fits", noise=0.1, scale=0.1, n=401))
    whole = images.cutout(*CENTER, 16.0)
    read = []
    plain = type(images.planes[0]).pixels
    monkeypatch.setattr(module, "MAX_PIXELS", 150)
    monkeypatch.setattr(grid, "STRIP", 16)
    monkeypatch.setattr(
        type(images.planes[0]), "pixels", lambda self, box: read.append(box) or plain(self, box)
    )
    averaged = images.cutout(*CENTER, 16.0)
    check_stars(averaged, CENTER)
    assert len(read) > 3 and len(averaged.data) == 151 < len(whole.data)
    covered = [cutout.covered for cutout in (averaged, whole)]
    assert covered[0] == pytest.approx(covered[1], abs=0.02)
    assert np.nanmean(averaged.data) == pytest.approx(np.nanmean(whole.data), rel=0.01)


def distorted(n, tables):
    """A dark image whose coordinates have SIP polynomials, or tables, of some pixels."""
    wcs = mi.rotated_wcs(CENTER, n)
    header = wcs.to_header()
    if not tables:
        header["CTYPE1"], header["CTYPE2"] = "RA---TAN-SIP", "DEC--TAN-SIP"
        header.update(A_ORDER=2, B_ORDER=2, A_2_0=6e-5, A_1_1=2e-5, B_0_2=-5e-5, A_0_2=0.0)
        return fits.HDUList([fits.PrimaryHDU(np.zeros((n, n), np.float32), header)])
    table = np.float32(3 * np.linspace(-1, 1, 25).reshape(5, 5))
    where = ((1.0, 1.0), (1.0, 1.0), (n / 4, n / 4))
    wcs.cpdis1 = DistortionLookupTable(table, *where)
    wcs.cpdis2 = DistortionLookupTable(table.T.copy(), *where)
    made = wcs.to_fits(relax=True)
    made[0].data = np.zeros((n, n), np.float32)
    return made


@pytest.mark.parametrize("tables", [False, True])
@pytest.mark.filterwarnings("ignore")  # cards of tables
def test_distorted_coordinates(tmp_path, tables):
    """Polynomials and tables of distortions count in the pixels of the whole image."""
    n = 500
    distorted(n, tables).writeto(tmp_path / "a.fits")
    with fits.open(tmp_path / "a.fits", mode="update") as hdus:
        wcs = WCS(hdus[0].header, hdus)
        assert (wcs.cpdis1 if tables else wcs.sip) is not None
        hdus[0].data[:] = mi.paint(wcs, n, *stars(CENTER), np.full(len(STARS), 1000.0), noise=0.1)
        plain = mi.rotated_wcs(CENTER, n)
        sky = SkyCoord(*stars(CENTER), unit="deg")
        moved = np.hypot(*(np.array(wcs.world_to_pixel(sky)) - plain.world_to_pixel(sky)))
        assert moved.max() > 0.1
    images = plots.open_images(tmp_path / "a.fits")
    assert images.planes[0].distorted and images.planes[0].tabulated == tables
    check_stars(images.cutout(*CENTER, 16.0), CENTER)
    assert images.cutout(CENTER[0] + 2, CENTER[1] + 3, 16.0) is None


def test_north_is_up_and_east_is_left(tmp_path):
    cutout = plots.open_images(image(tmp_path / "a.fits", noise=0.1)).cutout(*CENTER, 16.0)
    n = len(cutout.data)
    bright = cutout.data > 300
    assert bright[n // 2 + n // 8 :, : n // 2].any()  # the star at (+9, +4): upper left
    assert not bright[n // 2 - n // 20 : n // 2 + n // 8, n * 3 // 4 :].any()


def test_no_coverage_and_edges(tmp_path):
    images = plots.open_images(image(tmp_path / "a.fits", at=(150.004, 2.0), n=100))
    assert images.cutout(151.0, 2.0, 16.0) is None
    assert images.cutout(330.0, -2.0, 16.0) is None  # the other side of the sky
    assert images.cutout(*CENTER, 1.5) is None  # near the image's circle, but outside
    cutout = images.cutout(*CENTER, 16.0)
    assert 0.05 < cutout.covered < 0.6


def test_pixels_that_are_not_numbers(tmp_path):
    path = image(tmp_path / "a.fits")
    with fits.open(path, mode="update") as hdus:
        hdus[0].data[:90] = np.nan
        hdus[0].data[95, 95] = np.inf
    cutout = plots.open_images(path).cutout(*CENTER, 16.0)
    assert 0.3 < cutout.covered < 0.8
    painted = grey(cutout.data)
    known = np.isfinite(cutout.data)
    assert np.isnan(painted[~np.isfinite(cutout.data) & ~np.isposinf(cutout.data)]).all()
    assert ((painted[known] >= 0) & (painted[known] <= 1)).all()


def test_integers_and_blanks(tmp_path):
    path = tmp_path / "a.fits"
    wcs = mi.rotated_wcs(CENTER, 200)
    data = mi.paint(wcs, 200, *stars(CENTER), np.full(len(STARS), 1000.0), noise=0.5)
    hdu = fits.PrimaryHDU(np.round(data * 10).astype(np.int16), wcs.to_header())
    hdu.data[:25] = -32768
    hdu.header.update(BSCALE=0.1, BLANK=-32768)
    hdu.writeto(path)
    cutout = plots.open_images(path).cutout(*CENTER, 16.0)
    check_stars(cutout, CENTER)
    assert cutout.covered < 0.99 and np.nanmin(cutout.data) > 80


# -- files and folders ----------------------------------------------------------------------------


def test_a_mosaic_of_tiles(tmp_path):
    """Tiles with other skies join; each cutout reads only those that cover it."""
    for k, (dx, dy) in enumerate([(-10, -10), (-10, 10), (10, -10), (10, 10)]):
        at = (CENTER[0] + dx / 3600, CENTER[1] + dy / 3600)
        wcs = mi.rotated_wcs(at, 130, angle=0.0)
        flux = np.full(len(STARS), 1000.0)
        data = mi.paint(wcs, 130, *stars(CENTER), flux, noise=0.1, sky=100.0 + 10 * k)
        mi.write(tmp_path / f"tile_{k}.fits", data, wcs)
    image(tmp_path / "away.fits", center=(10.0, 10.0))
    images = plots.open_images(tmp_path)
    cutout = images.cutout(*CENTER, 16.0)
    check_stars(cutout, CENTER)
    assert cutout.covered == 1 and len(cutout.files) == 4 and len(images.planes) == 5
    assert np.nanstd(cutout.data[cutout.data < np.nanmedian(cutout.data) + 3]) < 1
    assert "4 in" not in repr(images) and repr(images) == "<Images: 5 in 5 files>"


def test_extensions_cubes_and_compressed_files(tmp_path):
    wcs = mi.rotated_wcs(CENTER, 200)
    data = mi.paint(wcs, 200, *stars(CENTER), np.full(len(STARS), 1000.0), noise=0.1)
    header = wcs.to_header()
    weight = fits.ImageHDU(np.ones_like(data), header, name="WEIGHT")
    table = fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])])
    science = fits.ImageHDU(data.astype(np.float32), header, name="SCI")
    fits.HDUList([fits.PrimaryHDU(), table, weight, science]).writeto(tmp_path / "m.fits")
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(data.astype(np.float32), header)]).writeto(
        tmp_path / "m.fits.fz"
    )
    fits.PrimaryHDU(data, header).writeto(tmp_path / "m.fits.gz")
    fits.PrimaryHDU(data[None, None], header).writeto(tmp_path / "flat.fits")
    for name in ("m.fits", "m.fits.fz", "m.fits.gz", "flat.fits"):
        images = plots.open_images(tmp_path / name)
        assert len(images.planes) == 1
        check_stars(images.cutout(*CENTER, 16.0), CENTER)
    fits.PrimaryHDU(np.stack([data, 2 * data, 3 * data]), header).writeto(tmp_path / "rgb.fits")
    cutout = plots.open_images(tmp_path / "rgb.fits").cutout(*CENTER, 16.0)
    assert cutout.data.ndim == 3 and cutout.bands == ("red", "green", "blue")
    np.testing.assert_allclose(cutout.data[..., 2], 3 * cutout.data[..., 0], rtol=1e-6)


def test_bands_make_a_colour(tmp_path):
    for band, flux in (("g", 300.0), ("r", 600.0), ("z", 900.0)):
        image(tmp_path / f"field-{band}.fits", flux=flux, noise=0.1)
    cutout = plots.open_images(tmp_path).cutout(*CENTER, 16.0)
    assert cutout.bands == ("z", "r", "g") and len(cutout.files) == 3
    peak = np.nanmax(cutout.data, axis=(0, 1))
    assert peak[0] > peak[1] > peak[2]
    by_hand = plots.open_images([tmp_path / f"field-{b}.fits" for b in "grz"])
    assert by_hand.cutout(*CENTER, 16.0).bands == ("red", "green", "blue")
    (tmp_path / "field-r.fits").unlink()
    two = plots.open_images(tmp_path).cutout(*CENTER, 16.0)
    assert two.bands == ("z", "", "g") and np.isfinite(two.data).mean() > 0.9
    (tmp_path / "field-g.fits").unlink()
    one = plots.open_images(tmp_path).cutout(*CENTER, 16.0)
    assert one.bands == ("z",) and one.data.ndim == 2
    # A band at whose edge the source lies does not spoil the picture.
    image(tmp_path / "field-g.fits", at=(150.006, 2.0), n=100)
    assert plots.open_images(tmp_path).cutout(*CENTER, 16.0).bands == ("z",)


@pytest.mark.parametrize(
    "cards, stem, band",
    [
        ({"FILTER": "r DECam SDSS c0002 6415.0 1480.0"}, "x", "r"),
        ({"FILTER": "HSC-I"}, "x", "I"),
        ({"FILTER": "F814W"}, "x", "F814W"),
        ({"BAND": "z"}, "field-g", "z"),
        ({"FILTER": "clear"}, "legacysurvey-1234p567-image-g", "g"),
        ({}, "ks_tile", ""),
        ({}, "tile_w1", "w1"),
        ({}, "g", ""),
        ({}, "field", ""),
    ],
)
def test_the_band_of_an_image(cards, stem, band):
    assert band_of(cards, stem) == band


def test_wavelengths():
    assert [wavelength(b) for b in ("F814W", "F160W", "F444W", "F275W", "F1000W")] == [
        *(0.814, 1.6, 4.44, 0.275, 10.0)
    ]
    assert three_of(["g", "F444W", "F160W", "", "r"]) == ["F444W", "F160W", "g"]
    assert three_of(["g", ""]) == []


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda d: d / "none.fits", "none.fits: no such image or folder"),
        (lambda d: d, "no FITS image with celestial coordinates in it"),
        (lambda d: (d / "a.fits").write_text("text") and d / "a.fits", "cannot be read as FITS"),
        (lambda d: [d, d], "image has 2 files; give one, a folder, or three"),
    ],
)
def test_what_is_no_image(tmp_path, make, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
        plots.open_images(make(tmp_path))
    assert "\n" not in str(caught.value)


def test_images_without_coordinates(tmp_path):
    fits.PrimaryHDU(np.ones((20, 20))).writeto(tmp_path / "plain.fits")
    with pytest.raises(ValueError, match="celestial coordinates .extension 0: its first two axes"):
        plots.open_images(tmp_path / "plain.fits")
    header = mi.rotated_wcs(CENTER, 20).to_header()
    fits.PrimaryHDU(np.ones((7, 20, 20)), header).writeto(tmp_path / "cube.fits")
    with pytest.raises(ValueError, match="a cube of 20 x 20 x 7"):
        plots.open_images(tmp_path / "cube.fits")
    table = fits.BinTableHDU.from_columns([fits.Column("a", "E", array=[1.0])])
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "table.fits")
    with pytest.raises(ValueError, match="it holds tables only"):
        plots.open_images(tmp_path / "table.fits")
    with pytest.raises(TypeError, match="image is 5; give the path"):
        plots.open_images(5)
    image(tmp_path / "good.fits")
    with pytest.warns(UserWarning, match="cube.fits: .*and 1 more.*: left out"):
        assert len(plots.open_images(tmp_path).planes) == 1  # of the table nothing is said


def test_without_the_package(tmp_path, monkeypatch, capsys):
    import sys

    monkeypatch.setitem(sys.modules, "reproject", None)
    with pytest.raises(ImportError, match=r"need the package reproject: pip install 'bayesmatch\["):
        plots.open_images(tmp_path)


# -- brightness -----------------------------------------------------------------------------------


def test_the_stretch_shows_faint_and_bright():
    rng = np.random.default_rng(1)
    data = 100 + rng.standard_normal((200, 200))
    data[50, 50], data[100, 100] = 106.0, 1e6
    shown = grey(data)
    assert np.median(shown) < 0.35 < shown[50, 50] < shown[100, 100] == 1
    np.testing.assert_allclose(grey(5 * data - 70), shown, atol=1e-9)  # whatever the unit
    assert np.isfinite(grey(np.full((5, 5), 7.0))).all()
    assert np.isnan(grey(np.full((5, 5), np.nan))).all()


def test_colours():
    rng = np.random.default_rng(2)
    data = rng.standard_normal((100, 100, 3))
    data[50, 50] = (900, 300, 100)
    data[20, 20, 0] = np.nan
    data[30, 30] = np.nan
    data[:5, :5] += 60
    shown = color(data)
    assert shown.shape == (100, 100, 4) and shown.dtype == np.uint8
    assert shown[50, 50, 0] > shown[50, 50, 2]
    assert shown[20, 20, 3] == 255 and shown[30, 30, 3] == 0


# -- surveys --------------------------------------------------------------------------------------


class Service(BaseHTTPRequestHandler):
    """Answers as hips2fits does: a FITS image of the square that is asked for."""

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        self.server.asked.append(query)
        name = query["hips"]
        if name == "no/such":
            self._answer(404, b'{"title": "unknown HiPS"}')
        elif name == "odd":
            self._answer(200, b"<html>maintenance</html>")
        else:
            n = int(query["width"])
            wcs = WCS(naxis=2)
            wcs.wcs.ctype = [f"RA---{query['projection']}", f"DEC--{query['projection']}"]
            wcs.wcs.crval = [float(query["ra"]), float(query["dec"])]
            wcs.wcs.crpix = [n / 2 + 0.5] * 2
            step = float(query["fov"]) / n
            wcs.wcs.cdelt = [-step, step]
            data = mi.paint(wcs, n, *stars(CENTER), np.full(len(STARS), 1000.0), noise=0.1)
            if name == "colour":
                data = np.stack([data, data, data])
            hdu = fits.PrimaryHDU(data.astype(np.float32), wcs.to_header())
            self._answer(200, fits_bytes(hdu))

    def _answer(self, status, content):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def fits_bytes(hdu):
    import io

    out = io.BytesIO()
    hdu.writeto(out)
    return out.getvalue()


@pytest.fixture
def service(monkeypatch, tmp_path):
    """A service on the loopback, whose address the environment has."""
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    server = HTTPServer(("127.0.0.1", 0), Service)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/hips2fits"
    monkeypatch.setenv("BAYESMATCH_HIPS_ADDRESS", address)
    monkeypatch.setenv("BAYESMATCH_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_cutouts_of_a_survey(service, tmp_path):
    images = plots.HipsImages("CDS/P/DSS2/red")
    first = images.cutout(*CENTER, 16.0)
    check_stars(first, CENTER)
    assert first.covered == 1 and service.asked[0]["format"] == "fits"
    again = plots.HipsImages("CDS/P/DSS2/red").cutout(*CENTER, 16.0)
    np.testing.assert_array_equal(first.data, again.data)
    assert len(service.asked) == 1  # the second one was kept
    kept = list((tmp_path / "cache" / "hips").iterdir())
    assert len(kept) == 1
    kept[0].write_bytes(b"damaged")
    np.testing.assert_array_equal(images.cutout(*CENTER, 16.0).data, first.data)
    assert len(service.asked) == 2
    images.cutout(*CENTER, 10.0)
    assert len(service.asked) == 3
    assert plots.HipsImages("colour").cutout(*CENTER, 16.0).data.ndim == 3


def test_a_survey_that_there_is_not(service):
    with pytest.raises(
        OSError, match="HiPS no/such is refused .404 .*unknown HiPS.*check its name"
    ):
        plots.HipsImages("no/such").cutout(*CENTER, 16.0)
    with pytest.raises(ValueError, match="its answer for HiPS odd is no image"):
        plots.HipsImages("odd").cutout(*CENTER, 16.0)


def test_an_answer_without_end(service, monkeypatch):
    monkeypatch.setattr(fetched, "LARGEST", 1_000_000)
    with pytest.raises(ValueError, match="larger than 1 MB"):
        plots.HipsImages("colour").cutout(*CENTER, 16.0)


def test_no_network(service, tmp_path):
    service.shutdown()
    service.server_close()
    with pytest.raises(OSError, match="no answer for HiPS a .*: no network, or another") as caught:
        plots.HipsImages("a").cutout(*CENTER, 16.0)
    assert "--hips-address" in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "cache").exists()
    with pytest.raises(ValueError, match="begins with http"):
        plots.HipsImages("a", address="file:///etc/passwd")
    with pytest.raises(ValueError, match="give the name of a survey"):
        plots.HipsImages(" ")


def test_a_cache_that_cannot_be_written(service, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.warns(UserWarning, match="not kept for the next time"):
        cutout = plots.HipsImages("a").cutout(*CENTER, 16.0)
    assert cutout.covered == 1
