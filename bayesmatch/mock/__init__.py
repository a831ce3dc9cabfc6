"""Mock skies with known counterparts, after the Lockman Hole.

:func:`survey` draws an X-ray list, an optical survey and the truth; :func:`sky` the same with the
faint X-ray sources below the list's limit, so that :func:`precise` can look at it with Chandra or
XMM-Newton, and :func:`image` with a camera.
"""

from .camera import image
from .lockman import FLUX_MAX, FLUX_MIN, FLUX_SLOPE, XRAY_DENSITY, Sky, sky, survey
from .photometry import BANDS, FIELD_DENSITY, OPTICAL_ERROR
from .telescope import CHANDRA, XMM, Telescope, precise

__all__ = [
    "BANDS",
    "CHANDRA",
    "FIELD_DENSITY",
    "FLUX_MAX",
    "FLUX_MIN",
    "FLUX_SLOPE",
    "OPTICAL_ERROR",
    "XMM",
    "XRAY_DENSITY",
    "Sky",
    "Telescope",
    "image",
    "precise",
    "sky",
    "survey",
]
