"""Likelihood of associations in a field whose objects several catalogues have seen.

With independent catalogues an infrared object beside an optical one is a coincidence that must
mean something; where nearly every infrared object is an optical one too, it means nothing.  Here
the field of three and more catalogues is one of *objects*, each seen in some of the other
catalogues (see :mod:`bayesmatch._kernels.shared_objects` for the sums).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .._kernels import shared_objects as kernels
from .._kernels.jit import ranges, run_ranges
from .associations import Associations
from .field import FieldDensity
from .field_links import fit_field_objects, surroundings
from .field_objects import FieldObjects, ln_relative
from .partly_outside import PartlyOutside, ln_cut_objects
from .patterns import pattern_labels
from .seen_by_each import as_observed
from .setting import Setting

#: primaries per piece of work
PRIMARIES = 64


class SharedLikelihood(NamedTuple):
    """What :func:`shared_ln_likelihood` gives."""

    ln_like: np.ndarray
    """(n_rows,) ln likelihood of each association against "no counterpart", whose rows have 0"""
    ln_gain: np.ndarray
    """(n_primary,) of the pruned primaries ln of what any association can have gained against
    independent catalogues: what was left out may weigh that much more; 0 of the others"""
    objects: FieldObjects
    """how many field objects are shared, for :attr:`FieldDensity.objects`"""
    details: dict[str, Any]
    """``shared``: densities (deg^-2) by pattern, means over the primaries; ``links_cut``"""


def shared_ln_likelihood(
    setting: Setting,
    associations: Associations,
    ln_evidence: np.ndarray,
    density: FieldDensity,
    partly: PartlyOutside | None = None,
) -> SharedLikelihood:
    """Ln likelihood of every association where field objects may be seen by several catalogues.

    Parameters
    ----------
    setting, associations
        Of a match of three or more catalogues.
    ln_evidence : ndarray, shape (n_rows,)
        Ln of the Bayes factor times the prior ratios of the members, 0 for "no counterpart".
    density : FieldDensity
        Field objects of each other catalogue at each primary; how many of them are shared is
        fitted where it does not say.
    partly : PartlyOutside, optional
        What the radius cuts off. Default: nothing.

    Returns
    -------
    SharedLikelihood
        With nothing shared, ``ln_like`` is ``ln_evidence`` less ln n_k+ of the members.
    """
    rho = density.rho
    field = density.objects
    if field is None:
        field = fit_field_objects(setting, associations, ln_evidence, density)
    nu, ln_density = field.per_arcsec2(rho), density.ln_full_sky
    seen = as_observed(nu, density.chance)
    relative = ln_relative(seen, rho)
    n = len(rho)
    ln_like, ln_gain = np.empty(len(ln_evidence)), np.zeros(n)
    ln_gain[associations.pruned.primary] = np.inf  # asked for
    around = surroundings(setting)
    ln_more = np.zeros(len(setting.candidates.row))
    if partly is not None:
        ln_more = ln_cut_objects(setting, partly.edges, partly.concerned, seen)
    cut = sum(
        run_ranges(
            lambda a, b: kernels.shared_rows(
                a,
                b,
                *around,
                relative,
                ln_more,
                ln_density,
                associations.first,
                associations.member,
                ln_evidence,
                ln_like,
                ln_gain,
            ),
            ranges(n, PRIMARIES),
        )
    )
    labels = pattern_labels([c.name for c in setting.catalogs])
    without_primary = [label.partition("+")[2] for label in labels]
    mean = nu.mean(axis=0) * 3600.0**2
    details = {
        "shared": dict(zip(without_primary[1:], mean[1:].tolist(), strict=True)),
        "links_cut": int(cut),
    }
    return SharedLikelihood(ln_like, ln_gain, field, details)
