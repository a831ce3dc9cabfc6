"""Finding charts: positions on images, other X-ray catalogues, the command line."""

import mock_images as mi
import numpy as np
import pytest
from astropy.table import Table
from matplotlib import style
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from test_images import service  # noqa: F401

import bayesmatch as bm
from bayesmatch import plots
from bayesmatch.cli import main
from bayesmatch.diagnostics.explanation.known import read_truth
from bayesmatch.diagnostics.explanation.picking import KINDS, pick

#: of the optical objects about source 0, arcsec east and north: apart, so that each is one star
AROUND = np.array([[2.2, 1.7], [-3.1, 2.4], [4.3, -5.2], [-6.6, -4.9]])
CENTER = (150.0, 2.0)


def catalogues(center=CENTER):
    """Forty sources on a line; objects around the first, one near each other one."""
    n = 40
    dec = center[1] + np.arange(n) / 60
    x = {"ID": [f"S{i}" for i in range(n)], "RA": np.full(n, center[0]), "DEC": dec}
    east, north = AROUND.T
    ra = center[0] + east / 3600 / np.cos(np.radians(center[1]))
    o = {
        "ID": np.arange(len(AROUND) + n - 1),
        "RA": np.append(ra, np.full(n - 1, center[0])),
        "DEC": np.append(center[1] + north / 3600, dec[1:] + 0.8 / 3600),
    }
    return (
        bm.Catalog(x, name="X", pos_err=1.5, area=1.0),
        bm.Catalog(o, name="OPT", pos_err=0.1, area=1.0),
    )


@pytest.fixture(scope="module")
def result():
    return bm.match(*catalogues(), radius=10, host_fraction=0.8)


def star_image(path, center=CENTER, n=200, **options):
    """The optical objects, and the source's own place, as stars on a rotated image."""
    noise = options.pop("noise", 0.2)
    wcs = mi.rotated_wcs(options.pop("at", center), n, **options)
    o = catalogues(center)[1]
    ra, dec = np.append(o.ra, center[0]), np.append(o.dec, center[1])
    return mi.write(path, mi.paint(wcs, n, ra, dec, np.full(len(ra), 500.0), noise=noise), wcs)


@pytest.fixture
def image(tmp_path):
    (tmp_path / "images").mkdir()
    return star_image(tmp_path / "images" / "a.fits")


# -- positions ------------------------------------------------------------------------------------


def rings(ax):
    """Where candidates are drawn, in the units of the axes."""
    drawn = [c for c in ax.collections if isinstance(c, PathCollection) and len(c.get_offsets())]
    return np.array([c.get_offsets()[0] for c in drawn])


def star_in_axes(ax, at):
    """The star nearest to a place in the image that the axes show, by its brightness there."""
    (shown,) = ax.images
    data = np.asarray(shown.get_array(), float)
    left, right, low, high = shown.get_extent()
    rows, columns = data.shape
    x = left + (right - left) * (np.arange(columns) + 0.5) / columns
    y = low + (high - low) * (np.arange(rows) + 0.5) / rows
    near = (np.abs(x - at[0]) < 1.0)[None] & (np.abs(y - at[1]) < 1.0)[:, None]
    weight = np.where(near, np.maximum(data - np.nanmedian(data) - 0.1, 0), 0.0)
    assert weight.sum() > 1, "no star there"
    return np.array([(weight * x).sum(), (weight * y[:, None]).sum()]) / weight.sum()


@pytest.mark.few(2)
@pytest.mark.parametrize("figure", ["chart", "plot"])
@pytest.mark.parametrize("frame", ["ICRS", "GALACTIC"])
@pytest.mark.parametrize("center", [CENTER, (359.99995, -70.0)])
def test_positions_lie_on_the_images_own_stars(tmp_path, center, frame, figure):
    """An image rotated by 30 degrees, 0.2 arcsec per pixel: within 0.2 pixel."""
    scale = 0.2
    path = star_image(tmp_path / "a.fits", center, scale=scale, angle=30.0, frame=frame)
    result = bm.match(*catalogues(center), radius=10, host_fraction=0.8)
    ax = getattr(bm.explain(result, "S0", image=path), figure)().axes[0]
    found = rings(ax)
    assert len(found) == len(AROUND)
    for at in found:
        assert np.hypot(*(star_in_axes(ax, at) - at)) < 0.2 * scale
    # and they are the objects that the catalogue has
    np.testing.assert_allclose(
        found[np.argsort(found[:, 0])], AROUND[AROUND[:, 0].argsort()], atol=1e-3
    )
    cross = next(line for line in ax.lines if line.get_marker() == "+")
    np.testing.assert_array_equal(np.ravel(cross.get_data()), [0, 0])
    assert np.hypot(*star_in_axes(ax, (0, 0))) < 0.2 * scale
    assert ax.get_xlim()[0] > ax.get_xlim()[1] and ax.get_ylim()[1] > ax.get_ylim()[0]


def test_in_the_pixels_of_the_figure(tmp_path, result, image):
    """As above, of the chart drawn: the dark middle of a star lies inside its ring."""
    from io import BytesIO

    from matplotlib.image import imread

    figure = bm.explain(result, "S0", image=image).chart()
    out = BytesIO()
    figure.savefig(out, dpi=200, format="png")
    out.seek(0)
    drawn = imread(out)[..., :3].mean(axis=2)
    ax = figure.axes[0]
    for at in rings(ax):
        # fractions of the figure, for the canvas has another dpi
        x, y = figure.transFigure.inverted().transform(ax.transData.transform(at))
        row, column = round((1 - y) * drawn.shape[0]), round(x * drawn.shape[1])
        size = 5
        patch = drawn[row - size : row + size + 1, column - size : column + size + 1]
        assert patch.mean() < 0.2


@pytest.mark.slow
def test_without_an_image_nothing_is_drawn_under_it(result, image):
    e = bm.explain(result, "S0")
    assert not e.chart().axes[0].images and e.image is None
    shown = plots.finding_chart(e, image)
    assert len(shown.axes[0].images) == 1
    far = bm.explain(result, "S39", image=image)
    assert not far.chart().axes[0].images
    assert "no image covers this place" in words(far.chart())


@pytest.mark.slow
def test_a_result_by_its_path(result, image, tmp_path):
    result.write(tmp_path / "r.fits", include_inputs=True)
    a = bm.explain(tmp_path / "r.fits", "S0", image=str(image))
    assert str(a) == str(result.explain("S0", image=image))
    np.testing.assert_allclose(a.objects.source, CENTER)
    assert isinstance(a.chart(), Figure)
    result.write(tmp_path / "bare.fits", include_inputs=False)
    bare = bm.explain(tmp_path / "bare.fits", "S0", image=image)
    assert np.isnan(bare.objects.source).all()
    assert "no finding chart" in " ".join(t.get_text() for t in bare.chart().texts)


# -- what is written ------------------------------------------------------------------------------


def words(figure):
    texts = [t.get_text() for t in figure.texts]
    texts += [t.get_text() for ax in figure.axes for t in ax.texts]
    return " ".join(" ".join(texts).split())


def test_the_table_beside(result, image):
    e = bm.explain(result, "S0", image=image)
    text = words(e.chart())
    for n in range(1, 5):
        assert f"OPT {e.table['OPT_ID'][n]}" in text
    assert "no counterpart" in text and "N" in text.split() and "E" in text.split()
    assert "″" in text and "a.fits" in text


@pytest.mark.parametrize(
    "truth, expected",
    [
        (0, "right; true: OPT 0"),
        ("3", "wrong; true: OPT 3"),
        ("hostless", "wrong; true: no counterpart"),
        ("77", "wrong; true: OPT 77 (not among the candidates)"),
    ],
)
def test_right_and_wrong(result, truth, expected):
    assert expected in words(plots.finding_chart(bm.explain(result, "S0"), truth=truth))


def overlap(figure):
    """Pairs of texts of the chart that lie on each other."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    found = [t for ax in figure.axes for t in ax.texts if t.get_text().strip()] + figure.texts
    boxes = [t.get_window_extent(renderer) for t in found]
    return [
        (found[i].get_text(), found[j].get_text())
        for i in range(len(boxes))
        for j in range(i)
        if boxes[i].overlaps(boxes[j])
    ]


def test_texts_do_not_overlap(image):
    """Ranks, scale, compass and table, also with long names and many candidates."""
    x, o = catalogues()
    table = Table(o.table)
    table["ID"] = [f"Legacy Survey DR10 J{k:024d}" for k in range(len(table))]
    o = bm.Catalog(table, name="OPT", pos_err=0.1, area=1.0)
    result = bm.match(x, o, radius=10, host_fraction=0.8)
    e = bm.explain(result, "S0", image=image, also=chandra())
    assert overlap(plots.finding_chart(e, truth="hostless")) == []


def test_a_truth_of_other_identifiers_is_told(result):
    """Without it, every source is wrong."""
    known = {"source": [f"S{i}" for i in range(40)], "object": [f"J{i}" for i in range(40)]}
    with pytest.warns(UserWarning, match="none of the 40 counterparts in the truth"):
        assert not read_truth(result, known).right.any()


@pytest.mark.filterwarnings("ignore:(no|only 1) prim")  # nothing to fit a host fraction to
@pytest.mark.parametrize("alone", [True, False])
def test_a_title_of_long_names_stays_on_the_chart(alone):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    x, o = (Table(c.table)[:1] for c in catalogues())
    x["ID"], o["ID"] = ["y" * 180], ["Legacy Survey DR10 J" + "x" * 180]
    o["DEC"] += 1.0 if alone else 0.0
    x, o = (bm.Catalog(t, name=n, pos_err=0.5, area=1.0) for t, n in ((x, "X"), (o, "OPT")))
    e = bm.match(x, o, radius=10, host_fraction=0.8).explain("y" * 180)
    assert len(e.table) == (1 if alone else 2)
    for figure in (plots.finding_chart(e), plots.evidence_chart(e)):
        renderer = FigureCanvasAgg(figure).get_renderer()
        box = figure._suptitle.get_window_extent(renderer)
        assert 0 <= box.x0 and box.x1 <= figure.bbox.width


def test_ranks_stay_inside_the_frame(image):
    """Also those of candidates at the edge of the chart."""
    x, o = catalogues()
    east, north = np.array([[0.4, 0.9], [5.85, 1], [-5.85, -2], [1, 5.85], [-2, -5.85]]).T / 3600
    table = Table(o.table)[: len(east)]
    table["RA"], table["DEC"] = CENTER[0] + east / np.cos(np.radians(CENTER[1])), CENTER[1] + north
    o = bm.Catalog(table, name="OPT", pos_err=0.1, area=1.0)
    result = bm.match(bm.Catalog(x.table, name="X", pos_err=0.9, area=1.0), o, radius=10)
    figure = bm.explain(result, "S0", image=image).chart()
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    renderer = FigureCanvasAgg(figure).get_renderer()
    ax = figure.axes[0]
    frame = ax.get_window_extent(renderer)
    ranks = [t for t in ax.texts if t.get_text().isdigit()]
    assert len(ranks) == 5
    for text in ranks:
        box = text.get_window_extent(renderer)
        assert frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1


@pytest.mark.parametrize("theme", ["default", "dark_background"])
@pytest.mark.parametrize("with_image", [True, False])
def test_texts_can_be_read_on_any_theme(result, image, theme, with_image):
    with style.context(theme):
        figure = bm.explain(result, "S0", image=image if with_image else None).chart()
    ground = np.dot(to_rgb(figure.get_facecolor()), (0.299, 0.587, 0.114))
    texts = [*figure.texts, *figure.axes[1].texts, *figure.axes[0].get_xticklabels()]
    for text in texts:
        if text.get_text().strip():
            assert abs(np.dot(to_rgb(text.get_color()), (0.299, 0.587, 0.114)) - ground) > 0.4
    if not with_image:
        for text in figure.axes[0].texts:
            assert abs(np.dot(to_rgb(text.get_color()), (0.299, 0.587, 0.114)) - ground) > 0.4


# -- other X-ray catalogues -----------------------------------------------------------------------


def chandra(**columns):
    """Three sources about source 0, and one far away."""
    return Table(
        {
            "ID": ["c0", "c1", "c2", "far"],
            "RA": CENTER[0] + np.array([1.0, -2.0, 3.0, 0.0]) / 3600,
            "DEC": CENTER[1] + np.array([0.5, 2.0, -3.0, 1200.0]) / 3600,
            **(columns or {"sigma": [0.4, 0.5, 0.6, 0.7], "secure": [True, False, True, True]}),
        },
        meta={"EXTNAME": "CHANDRA"},
    )


def drawn_errors(ax):
    return sorted(
        p.width / 2 for p in ax.patches if isinstance(p, Ellipse) and p.get_zorder() == 2.2
    )


def test_other_sources_are_drawn_with_their_errors(result, image, tmp_path):
    chandra().write(tmp_path / "c.fits")
    e = bm.explain(result, "S0", image=image, also=tmp_path / "c.fits")
    ax = e.chart().axes[0]
    factor = np.sqrt(-2 * np.log(0.05))
    np.testing.assert_allclose(drawn_errors(ax), factor * np.array([0.4, 0.5, 0.6]))
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    at = np.array([np.ravel(line.get_data()) for line in crosses])
    cos = np.cos(np.radians(CENTER[1]))
    np.testing.assert_allclose(at, [[cos, 0.5], [-2 * cos, 2.0], [3 * cos, -3.0]], atol=1e-3)
    colors = [line.get_color() for line in crosses]
    assert colors[0] == colors[2] != colors[1]  # by whether they are secure
    text = words(e.chart())
    assert "c1" in text and "not secure" in text and "far" not in text.split()
    assert "CHANDRA with 95% errors: blue: secure, orange, dashed: not secure" in text


R95 = np.sqrt(-2 * np.log(0.05))


@pytest.mark.parametrize(
    "columns, sigma",
    [
        ({"sigma": [0.4] * 4}, 0.4),
        ({"r98": [2.7971] * 4}, 1.0),
        ({"R90": [2.146] * 4}, 1.0),
        ({"SC_POSERR": [np.sqrt(2)] * 4}, 1.0),
        ({"RADEC_ERR": [np.sqrt(2)] * 4}, 1.0),
        (
            {
                "err_ellipse_r0": [R95] * 4,
                "err_ellipse_r1": [R95 / 2] * 4,
                "err_ellipse_ang": [0.0] * 4,
            },
            1.0,
        ),
        ({"flux": [1.0] * 4}, None),
    ],
    ids=lambda c: next(iter(c)) if isinstance(c, dict) else "",
)
def test_errors_by_the_names_of_columns(columns, sigma):
    overlay = plots.read_overlay(chandra(**columns))
    assert (overlay.secure == -1).all() and overlay.name == "XRAY"
    if sigma is None:
        assert np.isnan(overlay.covariance).all()
    else:
        np.testing.assert_allclose(np.sqrt(overlay.covariance[:, 1]), sigma, rtol=1e-3)


def test_which_are_secure():
    for values in ([1, 0, 1, 0], ["T", "F", "yes", " no "], [1.0, 0.0, 1.0, 0.0]):
        overlay = plots.read_overlay(chandra(good=values), secure="good", pos_err=0.5, name="C")
        np.testing.assert_array_equal(overlay.secure, [1, 0, 1, 0])
    with pytest.raises(ValueError, match="'good' has '7' in row 1; it must tell which"):
        plots.read_overlay(chandra(good=[1, 7, 0, 0]), secure="good", name="C")
    with pytest.raises(ValueError, match="no column 'best' .*--also-secure.*has ID, RA, DEC, good"):
        plots.read_overlay(chandra(good=[1, 1, 0, 0]), secure="best", name="C")


# -- picking --------------------------------------------------------------------------------------


def test_kinds_of_sources(result):
    p, none = (np.asarray(result.sources[c]) for c in ("p_match", "p_hostless"))
    found = {kind: set(pick(result, kind)) for kind in KINDS if kind not in ("right", "wrong")}
    assert found["secure"] == set(np.flatnonzero(p >= 0.9))
    assert found["hostless"] == set(np.flatnonzero(none >= 0.9))
    assert found["ambiguous"] == set(range(40)) - found["secure"] - found["hostless"]
    assert found["random"] == set(range(40)) and found["claimed"] == set()
    some = pick(result, "random", n=5, seed=1)
    np.testing.assert_array_equal(some, pick(result, "random", n=5, seed=1))
    assert len(some) == 5 and set(some) != set(pick(result, "random", n=5, seed=2))
    truth = read_truth(result, {"x": ["S3", "S0", "S4", "other"], "o": [6, 1, "hostless", 1]})
    assert list(pick(result, "right", truth=truth)) == [3]
    assert list(pick(result, "wrong", truth=truth)) == [0, 4]
    assert truth.of(0) == "1" and truth.of(7) is None
    with pytest.raises(ValueError, match="known answers"):
        pick(result, "right")


def test_two_sources_that_claim_one_object():
    dec = 2 + np.append([0, 2 / 3600], np.arange(1, 30) / 60)
    x = {"ID": np.arange(31), "RA": np.full(31, 150.0), "DEC": dec}
    o = {
        "ID": np.arange(30),
        "RA": np.full(30, 150.0),
        "DEC": np.append(dec[0] + 1 / 3600, dec[2:]),
    }
    result = bm.match(
        bm.Catalog(x, name="X", pos_err=1.5, area=1.0),
        bm.Catalog(o, name="OPT", pos_err=0.1, area=1.0),
        radius=10,
        host_fraction=0.8,
    )
    assert list(pick(result, "claimed")) == [0, 1]


# -- command line ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch, result, image):
    monkeypatch.chdir(tmp_path)
    result.write("r.fits", include_inputs=True)
    chandra().write("c.fits")
    Table({"x": ["S0", "S3", "S5"], "o": ["1", "6", "8"]}).write("truth.csv")
    return tmp_path


@pytest.mark.slow
def test_charts_of_some_sources(folder, capsys):
    ids = ["S0", "S39", "S0"]  # one chart each
    argv = ["charts", "r.fits", "--ids", *ids, "--images", "images", "--also", "c.fits"]
    assert main([*argv, "--out", "charts"]) == 0
    out = capsys.readouterr().out
    assert out == "2 charts; 1 without an image there\nwrote charts\n"
    assert sorted(p.name for p in (folder / "charts").iterdir()) == ["X_S0.png", "X_S39.png"]
    first = (folder / "charts" / "X_S0.png").read_bytes()
    assert main([*argv, "--out", "charts", "--quiet"]) == 0
    assert (folder / "charts" / "X_S0.png").read_bytes() == first and first[:4] == b"\x89PNG"


@pytest.mark.slow
def test_pages_of_one_file(folder, capsys):
    argv = [
        "charts",
        "r.fits",
        "--pick",
        "wrong",
        "--truth",
        "truth.csv",
        "--image",
        "images/a.fits",
    ]
    assert main([*argv, "--out", "wrong.pdf"]) == 0
    assert capsys.readouterr().out == "1 chart of 1 wrong source\nwrote wrong.pdf\n"
    pages = (folder / "wrong.pdf").read_bytes()
    assert pages[:5] == b"%PDF-" and b"CreationDate" not in pages
    argv = ["charts", "r.fits", "--pick", "random", "--n", "2", "--seed", "3", "--out", "two.pdf"]
    assert main(argv) == 0
    assert (folder / "two.pdf").read_bytes().count(b"/Type /Page\n") == 2 or (
        b"/Count 2" in (folder / "two.pdf").read_bytes()
    )
    assert main(argv) == 0 and "2 charts of 40 sources" in capsys.readouterr().out


def test_explain_on_an_image(folder, capsys):
    argv = [
        "explain",
        "r.fits",
        "S0",
        "--image",
        "images",
        "--also",
        "c.fits",
        "--also-error",
        "0.3",
    ]
    assert main([*argv, "--out", "e.png"]) == 0
    assert "wrote e.png" in capsys.readouterr().out
    assert (folder / "e.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_charts_of_a_survey(folder, service, capsys):  # noqa: F811
    assert main(["charts", "r.fits", "--ids", "S0", "--hips", "CDS/P/x", "--out", "h"]) == 0
    assert "without" not in capsys.readouterr().out and len(service.asked) == 1
    address = f"http://127.0.0.1:{service.server_port}/other"
    argv = ["explain", "r.fits", "S0", "--hips", "CDS/P/x", "--hips-address", address]
    assert main([*argv, "--out", "e.pdf", "--quiet"]) == 0 and len(service.asked) == 2
    assert main(["charts", "r.fits", "--ids", "S0", "--hips", "no/such", "--out", "n"]) == 1
    error = capsys.readouterr().err
    assert "is refused" in error and len(error.splitlines()) == 1


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--ids", "S77"], "no source with ID 'S77'"),
        (["--ids", "S0", "--pick", "random"], "--ids and --pick are both given"),
        (["--ids", "S0", "--seed", "0"], "--seed goes with --pick"),
        (["--pick", "right"], "give the known answers with --truth FILE"),
        (["--pick", "claimed"], "there is no such source"),
        (["--pick", "random", "--n", "0"], "--n is 0; give 1 or more"),
        (["--images", "none"], "none: no such image or folder"),
        (["--images", "images", "--hips", "a"], "--hips and --image are both given"),
        (["--hips-address", "http://a"], "--hips-address goes with --hips"),
        (["--also", "c.fits", "--also-error", "1", "--also-error", "2"], "give one for each"),
        (["--also", "c.fits", "--also-error", ":none"], "none"),
        (["--truth", "truth.csv", "--catalogue", "no"], "catalogue is 'no'; give one of OPT"),
        (["--out", "r.fits/charts"], "is not a directory"),
    ],
)
def test_the_command_fails(folder, capsys, argv, message):
    argv = argv if "--out" in argv else [*argv, "--out", "charts"]
    before = sorted(p.name for p in folder.iterdir())
    assert main(["charts", "r.fits", *argv]) == 1
    stdout, stderr = capsys.readouterr()
    assert stdout == "" and message in stderr and len(stderr.splitlines()) == 1
    assert sorted(p.name for p in folder.iterdir()) == before


def test_nothing_is_overwritten_that_is_read(folder, capsys):
    assert main(["explain", "r.fits", "S0", "--image", "images"]) == 1
    assert "give --out FILE" in capsys.readouterr().err
    (folder / "c.fits").rename(folder / "c.csv")
    chandra().write("c.pdf", format="ascii.csv")
    assert main(["charts", "r.fits", "--ids", "S0", "--also", "c.pdf", "--out", "c.pdf"]) == 1
    assert "would overwrite an input" in capsys.readouterr().err


def test_without_positions(folder, result, capsys):
    result.write("bare.fits", include_inputs=False)
    assert main(["charts", "bare.fits", "--ids", "S0", "--out", "charts"]) == 1
    assert "match again without --no-inputs" in capsys.readouterr().err


def test_without_the_package(folder, monkeypatch, capsys):
    import sys

    monkeypatch.setitem(sys.modules, "reproject", None)
    assert main(["charts", "r.fits", "--ids", "S0", "--images", "images", "--out", "c"]) == 1
    assert "pip install 'bayesmatch[images]'" in capsys.readouterr().err
    assert main(["charts", "r.fits", "--ids", "S0", "--out", "c"]) == 0  # without an image


def test_names_of_files(folder, capsys):
    x, o = catalogues()
    table = Table(x.table)
    table["ID"] = [f"4XMM J{i}/{'a' if i else 'b'}" for i in range(40)]
    table["ID"][1], table["ID"][2] = "a:b", "a/b"
    bm.match(
        bm.Catalog(table, name="X", pos_err=1.5, area=1.0), o, radius=10, host_fraction=0.8
    ).write("odd.fits", include_inputs=True)
    argv = ["charts", "odd.fits", "--ids", "a:b", "a/b", "4XMM J5/a", "--out", "odd", "--quiet"]
    assert main(argv) == 0
    names = sorted(p.name for p in (folder / "odd").iterdir())
    assert names == ["X_4XMM_J5_a.png", "X_a_b.png", "X_a_b_2.png"]
