"""The likelihood of every association against no counterpart, in the field as it is modelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .associations import Associations
from .calibrated import independent_likelihood
from .partly_outside import PartlyOutside
from .setting import Setting
from .shared_objects import shared_ln_likelihood


def ln_likelihood(
    setting: Setting,
    associations: Associations,
    ln_evidence: np.ndarray,
    partly: PartlyOutside | None = None,
) -> tuple[np.ndarray, Setting, np.ndarray]:
    """Ln likelihood of every association, in a field that may have objects in common.

    Also the setting with what is known of them, and by how much they may raise any association.
    `partly`: what the radius cuts off.
    """
    field = setting.field
    if len(setting.others) == 1 or field.details["model"] == "uniform":
        independent = independent_likelihood(associations, field.ln_full_sky, ln_evidence)
        return independent, setting, np.zeros(len(setting.primary))
    shared = shared_ln_likelihood(setting, associations, ln_evidence, field, partly)
    field = replace(field, objects=shared.objects, details={**field.details, **shared.details})
    return shared.ln_like, setting.with_field(lambda _: field), shared.ln_gain
