"""Brightness of images as eyes take it: faint objects show, bright ones do not burn out."""

from __future__ import annotations

import numpy as np

#: the sky's noise below the sky is white (of a dark image: black), what is above this is saturated
BELOW, PERCENTILE, LEAST = 2.5, 99.7, 20.0
#: brightness grows like the logarithm from this many noises on
SOFT = 5.0
#: of the Lupton et al. (2004) colours, of images in units of their noise: so that a bright object
#: in one band does not tint the sky
MINIMUM, STRETCH, Q = 0.6, 6.0, 8.0


def levels(data: np.ndarray) -> tuple[float, float, float]:
    """Sky, noise and bright end of an image, robustly; (n, n) with NaN.

    The noise is 1.4826 times the median distance from the median; where half of the pixels are
    equal it is the standard deviation.
    """
    known = data[np.isfinite(data)]
    if len(known) == 0:
        return 0.0, 1.0, 1.0
    sky = float(np.median(known))
    noise = 1.4826 * float(np.median(np.abs(known - sky)))
    if noise == 0:
        noise = float(known.std()) or 1.0
    return sky, noise, max(float(np.percentile(known, PERCENTILE)), sky + LEAST * noise)


def grey(data: np.ndarray) -> np.ndarray:
    """Brightness from 0 to 1, NaN where there is none, of an image (n, n)."""
    sky, noise, bright = levels(data)
    low = sky - BELOW * noise
    soft = SOFT * noise
    with np.errstate(invalid="ignore"):
        value = np.arcsinh((data - low) / soft) / np.arcsinh((bright - low) / soft)
    return np.asarray(np.clip(value, 0.0, 1.0))


def color(data: np.ndarray) -> np.ndarray:
    """Red, green, blue and opacity (n, n, 4), uint8, of an image (n, n, 3) [1]_.

    Where a band has no pixel it shows its sky; where none has, the image is transparent.

    References
    ----------
    .. [1] Lupton, R., et al. 2004, PASP 116, 133 (as astropy.visualization.make_lupton_rgb has it).
    """
    from astropy.visualization import make_lupton_rgb

    bands = []
    for k in range(3):
        sky, noise, _ = levels(data[..., k])
        band = (data[..., k] - sky) / noise
        bands.append(np.where(np.isfinite(band), band, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):  # 0 / 0 where nothing is above the sky
        painted = make_lupton_rgb(*bands, minimum=MINIMUM, stretch=STRETCH, Q=Q)
    known = np.isfinite(data).any(axis=2)
    return np.dstack([painted, np.where(known, 255, 0).astype(np.uint8)])
