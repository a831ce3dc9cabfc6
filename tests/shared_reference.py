"""Field objects seen by several catalogues, slowly: every way to make objects is written down.

Only NumPy and the formulas: nothing of the package.
"""

import itertools

import numpy as np


def gaussian_product(places, covariances):
    """Integral over m of prod N(x_d - m; V_d), by precision matrices; arcsec^-2 for all but one."""
    precisions = [np.linalg.inv(v) for v in covariances]
    total = sum(precisions)
    h = sum(p @ x for p, x in zip(precisions, places, strict=True))
    exponent = sum(x @ p @ x for p, x in zip(precisions, places, strict=True))
    exponent -= h @ np.linalg.solve(total, h)
    ln = -0.5 * exponent - 0.5 * np.linalg.slogdet(total)[1] - (len(places) - 1) * np.log(2 * np.pi)
    return np.exp(ln + 0.5 * sum(np.linalg.slogdet(p)[1] for p in precisions))


def mixture_product(places, covariances, tails):
    """The same of errors with `tails` (fraction, factor), each detection in them or not."""
    total = 0.0
    for wide in itertools.product((False, True), repeat=len(places)):
        shares = [w if out else 1.0 - w for out, (w, _) in zip(wide, tails, strict=True)]
        times = [k**2 if out else 1.0 for out, (_, k) in zip(wide, tails, strict=True)]
        widened = [c * t for c, t in zip(covariances, times, strict=True)]
        if np.prod(shares) > 0.0:
            total += np.prod(shares) * gaussian_product(places, widened)
    return total


def linked(a, b, widths=(1.0, 1.0)):
    """Whether two detections (catalogue, place, covariance) may be one object: within 5 sigma."""
    d = a[1] - b[1]
    v = a[2] * widths[0] ** 2 + b[2] * widths[1] ** 2
    return a[0] != b[0] and d @ np.linalg.solve(v, d) < 25.0


def partitions(items):
    """All partitions of a list into groups."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for others in itertools.combinations(rest, size):
            left = [item for item in rest if item not in others]
            for partition in partitions(left):
                yield [(first, *others), *partition]


def field_likelihood(detections, nu, tails=None):
    """Z: sum over the partitions into objects of prod nu_T B_T; `nu` by bits of catalogues.

    `tails` (fraction, factor) of each catalogue; default: none.
    """
    weight = {}
    tails = [(0.0, 3.0)] * 8 if tails is None else tails
    width = [k if w > 0.0 else 1.0 for w, k in tails]

    def of(group):
        if group not in weight:
            members = [detections[k] for k in group]
            pairs = itertools.combinations(members, 2)
            if all(linked(a, b, (width[a[0]], width[b[0]])) for a, b in pairs):
                pattern = sum(1 << catalogue for catalogue, _, _ in members)
                weight[group] = nu[pattern] * mixture_product(
                    [x for _, x, _ in members],
                    [v for _, _, v in members],
                    [tails[catalogue] for catalogue, _, _ in members],
                )
            else:
                weight[group] = 0.0
        return weight[group]

    return sum(np.prod([of(g) for g in p]) for p in partitions(list(range(len(detections)))))


def ln_likelihood(primary_covariance, detections, members, nu, tails=None):
    """Ln of the likelihood of counterparts `members` over that of "no counterpart".

    With `tails` of the field objects' errors, while those of the counterparts have none.
    """
    left = [d for k, d in enumerate(detections) if k not in members]
    places = [np.zeros(2), *(detections[k][1] for k in members)]
    covariances = [primary_covariance, *(detections[k][2] for k in members)]
    ratio = field_likelihood(left, nu, tails) / field_likelihood(detections, nu, tails)
    return np.log(gaussian_product(places, covariances) * ratio)
