"""What lies under and around the symbols of a chart: image, scale, compass, other catalogues."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.patheffects import AbstractPathEffect, withStroke

from .images.cutout import Cutout
from .images.stretch import color, grey
from .style import SOURCE, XRAY

NO_DATA = "#b9c4cf"


@dataclass(frozen=True)
class Ink:
    """What lines and text on a chart are drawn with."""

    line: str
    """colour of text and thin lines"""
    halo: str
    """around them, of the brightness of what they lie on"""
    image: bool
    """whether an image lies under them"""
    source: str = SOURCE
    """colour of the source"""
    faint: str = "0.6"
    """of what matters least"""
    secure: tuple[str, str, str] = XRAY
    """of other X-ray sources: not secure, secure, not known; the last is number -1"""

    def halos(self, width: float) -> list[AbstractPathEffect]:
        """Path effects that set a line of some width (points) off from an image."""
        return [withStroke(linewidth=width, foreground=self.halo)]


def draw_image(ax: Axes, cutout: Cutout | None) -> Ink:
    """The image, dark objects on a light sky or in its colours; what to draw with on it."""
    if cutout is None:
        return Ink(rcParams["text.color"], rcParams["axes.facecolor"], False)
    ax.set_facecolor(NO_DATA)
    colored = cutout.data.ndim == 3
    ax.imshow(
        color(cutout.data) if colored else grey(cutout.data),
        cmap="gray_r",
        vmin=0.0,
        vmax=1.05,
        origin="lower",
        extent=cutout.extent,
        interpolation="nearest",
        zorder=0,
    )
    if colored:
        return Ink("w", "k", True, "#ff6f61", "0.7", ("#ffc04d", "#6fc8ff", "#ff9fd0"))
    return Ink("k", "w", True, "#d40000", "0.45", ("#c96a00", "#0060c0", "#b0307a"))


def caption_of_image(cutout: Cutout) -> str:
    """What the image is, for the caption."""
    files = [name.replace("\\", "/").rsplit("/", 1)[-1] for name in cutout.files]
    named = files[0] if len(files) == 1 else f"{files[0]} and {len(files) - 1} more"
    if len(cutout.bands) == 3:
        red, green, blue = cutout.bands
        shown = (
            "in colour"
            if (red, green, blue) == ("red", "green", "blue")
            else (f"{red}, {green or 'the mean'}, {blue} as red, green, blue")
        )
        text = f"image: {named} ({shown})"
    else:
        text = f"image: {named}" + (f" ({cutout.bands[0]})" if cutout.bands else "")
    return text + ("; blue-grey: no image" if cutout.covered < 0.995 else "")
