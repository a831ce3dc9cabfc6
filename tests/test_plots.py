"""One style for all figures: colours, contrast, labels, on light and dark grounds."""

import figures
import numpy as np
import pytest
from matplotlib import style as themes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

from bayesmatch import plots
from bayesmatch.plots import style
from bayesmatch.plots.backdrop import Ink
from bayesmatch.plots.ranks import write_ranks

#: WCAG 2.1, success criteria 1.4.3 and 1.4.11
TEXT, GRAPHICS = 4.5, 1.9


@pytest.fixture(scope="module")
def little():
    return figures.quick()


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return figures.material(tmp_path_factory.mktemp("figures"))


def luminance(color):
    c = np.array(to_rgb(color))
    return np.dot(
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4), (0.2126, 0.7152, 0.0722)
    )


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def check(name, figure):
    """What holds for every figure."""
    assert isinstance(figure, Figure)
    figure.draw_without_rendering()
    ground = figure.get_facecolor()
    on_image = any(ax.images for ax in figure.axes)
    for text in figure.findobj(Text):
        inside = text.axes is not None and text.axes.images and text in text.axes.texts
        if text.get_text().strip() and text.get_visible() and not inside:
            assert contrast(text.get_color(), ground) >= TEXT, (name, text)
    for ax in figure.axes:
        assert contrast(ax.get_facecolor(), ground) < 1.1 or ax.images, name
        if not ax.axison or ax.get_label() == "<colorbar>":
            continue
        named = {"x": ax.get_xlabel(), "y": ax.get_ylabel()}
        for side, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
            shown = axis.get_visible() and any(
                t.get_text() and t.get_visible() for t in axis.get_ticklabels()
            )
            shared = name in ("sky_map",) or (name == "learned_ratio" and side == "y")
            assert named[side] or not shown or shared, (name, side)
    titles = [t for t in (figure.get_suptitle(), *(ax.get_title() for ax in figure.axes)) if t]
    assert titles, f"{name} does not say what it is"
    if not on_image:
        colors(name, figure)


def colors(name, figure):
    """Lines and patches have colours of the palette, or are between ink and paper."""
    known = [np.array(to_rgb(c)) for c in style.PALETTE]
    for artist in (*figure.findobj(Line2D), *figure.findobj(Patch)):
        if isinstance(artist, Line2D):
            given = [artist.get_color()]
        else:
            given = [artist.get_facecolor(), artist.get_edgecolor()]
        for color in given:
            rgba = to_rgba(color)
            grey = np.ptp(rgba[:3]) < 0.02
            ours = any(np.abs(np.array(rgba[:3]) - k).max() < 0.01 for k in known)
            scale = name in ("finding_chart", "finding_chart_on_image")  # of probabilities
            assert rgba[3] == 0 or grey or ours or scale, (name, artist, rgba)


@pytest.mark.few(1)
@pytest.mark.parametrize("theme", figures.THEMES)
def test_some_figures(little, theme):
    with themes.context(figures.THEMES[theme]):
        for name, figure in figures.few(little):
            check(name, figure)
            assert style.is_light(figure.get_facecolor()) == (theme != "dark_background")


@pytest.mark.few(0, slow=2)
@pytest.mark.parametrize("theme", figures.THEMES)
def test_every_figure(everything, theme):
    with themes.context(figures.THEMES[theme]):
        names = set()
        for name, figure in figures.drawn(everything):
            check(name, figure)
            names.add(name)
    public = {
        n for n in plots.__all__ if n not in ("HipsImages", "open_images", "read_overlay", "save")
    }
    assert public <= names


@pytest.mark.slow
def test_figures_of_the_report(everything):
    with themes.context("dark_background"), style.drawing(light=True):
        for name, figure in figures.of_the_report(everything):
            figure.suptitle(name)  # on the page it has a caption
            check(name, figure)


def test_settings_of_the_user_stay(little):
    """Drawing changes none; the family of letters is the user's."""
    import matplotlib

    with themes.context({**figures.THEMES["changed"], "font.family": "monospace"}):
        before = dict(matplotlib.rcParams)
        figure = plots.histogram_prior(little.histogram)
        assert dict(matplotlib.rcParams) == before
        assert figure.axes[0].yaxis.label.get_fontfamily() == ["monospace"]
        assert figure.axes[0].yaxis.label.get_fontsize() == 10


def test_the_palette():
    """Colours are told apart by all kinds of sight, and show on both grounds."""
    matrices = {  # Machado, Oliveira & Fernandes (2009), severity 1, for linear RGB
        "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    }
    pairs = [
        (style.COUNTERPART, style.FIELD),
        (style.COUNTERPART, style.HOSTLESS),
        (style.FITTED, style.QUOTED),
        (style.HERE, style.NWAY),
        (style.HERE, style.WRONG),
        *[
            (style.XRAY[i], style.XRAY[j]) for i, j in ((0, 1), (0, 2))
        ],  # 1 and 2: by their lines, too
    ]
    for a, b in pairs:
        for matrix in (np.eye(3), *map(np.array, matrices.values())):
            one, two = (
                np.clip(matrix @ np.array(to_rgb(c)) ** 2.2, 0, 1) ** (1 / 2.2) for c in (a, b)
            )
            assert np.linalg.norm(one - two) > 0.2, (a, b)
    for color in (style.COUNTERPART, style.FIELD, style.HOSTLESS, style.SOURCE, style.QUOTED):
        for light in (True, False):
            paper = style.settings(light)["figure.facecolor"]
            assert contrast(color, paper) > GRAPHICS, (color, paper)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["pdf", "svg"])
def test_vector_files(little, tmp_path, ending):
    """The same bytes again, texts as texts."""
    a, b = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (a, b):
        plots.save(plots.histogram_prior(little.histogram), path)
    assert a.read_bytes() == b.read_bytes()
    if ending == "svg":
        assert "Histogram prior for z</text>" in a.read_text()
    else:
        assert b"/Type3" not in a.read_bytes() and b"/FontFile2" in a.read_bytes()


@pytest.mark.few(3)
@pytest.mark.parametrize("layout", [None, "constrained"])
@pytest.mark.parametrize("seed", range(6))
def test_ranks(layout, seed):
    """Inside the frame, and on no other rank, also at the edge and in a crowd."""
    rng = np.random.default_rng(seed)
    reach = 10.0
    at = rng.uniform(-reach, reach, (8, 2))
    at[:3] = [[9.9, 9.9], [-9.95, rng.uniform(-9, 9)], [9.5, 9.2]]
    at[5] = at[4] - 0.3 * np.sign(at[4])
    figure = Figure(figsize=(3.4, 3.6), layout=layout)
    ax = figure.subplots()
    ax.set(xlim=(reach, -reach), ylim=(-reach, reach), xlabel="east", ylabel="north")
    ax.set_aspect("equal")
    write_ranks(
        ax,
        [(k + 1, spot, 40.0) for k, spot in enumerate(at)],
        list(at),
        reach,
        Ink("k", "w", False),
    )
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert [text.get_text() for text in ax.texts] == [str(k) for k in range(1, 9)]
    frame = ax.get_window_extent()
    for n, box in enumerate(boxes):
        assert frame.x0 < box.x0 and box.x1 < frame.x1 and frame.y0 < box.y0 and box.y1 < frame.y1
        assert not any(box.overlaps(other) for other in boxes[:n])


def test_a_result_draws_itself(little):
    drawn, expected = little.result.plot(), plots.probability_plane(little.result)
    assert isinstance(drawn, Figure)
    (ax, *_), (same, *_) = drawn.axes, expected.axes
    points, wanted = ax.collections[0].get_offsets(), same.collections[0].get_offsets()
    np.testing.assert_array_equal(points, wanted)
    assert len(points) and (ax.get_xlabel(), ax.get_ylabel()) == (
        same.get_xlabel(),
        same.get_ylabel(),
    )
