"""One style for all figures: the same colours for the same things, on light and dark backgrounds.

A public function that draws is decorated with :func:`styled`: it draws with matplotlib's own
settings, whatever a user has changed, on a light or a dark ground as the user's figures have it,
and in the user's font family. Colours are those of Okabe & Ito (2008), which people of all kinds
of sight tell apart, and which show on white and on black.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numpy as np
from matplotlib import rc_context, rcParams, rcParamsDefault
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb

ORANGE, SKY, GREEN, YELLOW = "#e69f00", "#56b4e9", "#009e73", "#f0e442"
BLUE, VERMILLION, PURPLE, GREY = "#0072b2", "#d55e00", "#cc79a7", "#8c8c8c"
#: of Tol (2021): farther from orange
RED = "#cc3311"

#: what a colour stands for, in every figure
COUNTERPART, FIELD, HOSTLESS = BLUE, GREY, VERMILLION
SOURCE, WRONG = RED, RED
HERE, NWAY = BLUE, ORANGE
QUOTED, FITTED = ORANGE, BLUE
#: other X-ray sources: not secure, secure, not known; the last is number -1
XRAY = (ORANGE, BLUE, PURPLE)
#: the first, second, ... of things that have no colour of their own
SERIES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
#: terms of the evidence
POSITION_TERM, FRACTION_TERM = BLUE, GREY
PRIOR_TERMS = (ORANGE, GREEN, PURPLE, SKY, YELLOW, VERMILLION)
#: every colour but those of images, and shades between ink and paper
PALETTE = (ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE, GREY, RED)
#: from a counterpart, 0, to none, 1
HOSTLESS_SCALE = LinearSegmentedColormap.from_list(
    "hostless", [COUNTERPART, "#d9d9d9", HOSTLESS], 256
)

#: brightness above which a colour is light
LIGHT = 0.5
#: settings of the user that are kept: what letters look like
KEPT = ("font.family", "font.serif", "font.sans-serif", "font.monospace", "font.cursive")

#: settings of the program, not of figures
OF_PROGRAM = (
    *("backend", "webagg", "interactive", "toolbar", "timezone", "tk.", "macosx.", "date.epoch"),
    *("savefig.directory", "figure.max_open_warning", "figure.raise_window", "keymap"),
)

#: annotations that are checked when a figure is drawn
DRAWN = re.compile(r"(?P<many>Mapping\[str, )?(?:bm\.)?(?P<kind>(?!Any)[A-Z]\w+)(?(many)\])")

F = TypeVar("F", bound=Callable[..., Any])


def is_light(color: Any) -> bool:
    """Whether a colour is nearer to white."""
    return float(np.dot(to_rgb(color), (0.299, 0.587, 0.114))) > LIGHT


def settings(light: bool) -> dict[str, Any]:
    """Matplotlib's settings for figures on a light or a dark ground."""
    ink, paper, lines = ("black", "white", "0.9") if light else ("white", "#111111", "0.25")
    colors = {
        **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), paper),
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor"), ink),
        **dict.fromkeys(("xtick.color", "ytick.color"), ink),
        "grid.color": lines,
        "patch.edgecolor": ink,
        "lines.color": ink,
        "figure.edgecolor": paper,
        "savefig.edgecolor": paper,
    }
    kept = {name: rcParams[name] for name in KEPT}
    default = {k: v for k, v in rcParamsDefault.items() if not k.startswith(OF_PROGRAM)}
    ours = {"grid.linewidth": 0.6, "axes.axisbelow": True, "savefig.facecolor": "auto"}
    return {**default, **colors, **kept, **ours, "axes.unicode_minus": True}


@contextmanager
def drawing(light: bool | None = None) -> Iterator[None]:
    """Draw in the style of all figures; `light`: on a light ground, None: as the user's figures."""
    if light is None:
        light = is_light(rcParams["figure.facecolor"])
    with rc_context(settings(light)):
        yield


def styled(function: F) -> F:
    """A function that draws a figure, in the style of all figures."""

    @functools.wraps(function)
    def drawn(*given: Any, **how: Any) -> Any:
        ours = settings(is_light(rcParams["figure.facecolor"]))
        changed = [name for name in ours if rcParams[name] != rcParamsDefault[name]]
        with rc_context(ours):
            try:
                figure = function(*given, **how)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError):
                check_drawn(function, given, how)
                raise
            if any(
                name not in KEPT for name in changed
            ):  # ticks are made when they are first drawn, with the settings of that moment
                figure.draw_without_rendering()
        return figure

    return cast(F, drawn)


def check_drawn(function: Callable[..., Any], given: Sequence[Any], how: Mapping) -> None:
    """Raise a TypeError unless what could not be drawn is what the function's annotations say.

    Of our own classes and mappings of them, by name: they need not be imported for a figure.  What
    only looks like them is drawn as far as it goes.
    """
    try:
        values = inspect.signature(function).bind(*given, **how).arguments
    except TypeError:
        return  # Python says what is lacking
    for name, value in values.items():
        annotation = str(function.__annotations__.get(name, ""))
        said = DRAWN.fullmatch(annotation)
        if said is None:
            continue
        many, kind = said["many"] is not None, said["kind"]
        ours = list(value.values()) if many and isinstance(value, Mapping) else [value]
        if many != isinstance(value, Mapping) or not all(_is_a(v, kind) for v in ours):
            wanted = f"a mapping of names to {kind}" if many else f"a {kind}"
            got = ", ".join(sorted({type(v).__name__ for v in ours})) or "nothing"
            raise TypeError(f"{function.__name__}: {name} has to be {wanted}, not {got}")


def _is_a(value: Any, kind: str) -> bool:
    return any(c.__name__ in (kind, f"Held{kind}") for c in type(value).__mro__)


def ink() -> Any:
    """The colour of text and of what is neither good nor bad."""
    return rcParams["text.color"]


def paper() -> Any:
    """The colour of the ground."""
    return rcParams["axes.facecolor"]


def faint() -> str:
    """Of text that matters less; it can be read all the same."""
    return "0.4" if is_light(paper()) else "0.65"


def guide() -> str:
    """Of lines that only guide the eye."""
    return "0.55"


def grid(ax: Axes, **how: Any) -> None:
    """Thin lines behind what is drawn."""
    ax.set_axisbelow(True)
    ax.grid(color=rcParams["grid.color"], lw=0.6, **how)
