"""A fit of position errors in words."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...catalogs.gaussian import GAUSSIAN

#: a 95% error radius in units of sigma per axis
RADIUS_95 = float(GAUSSIAN.quantile(0.95))

#: separation in units of its error that no two measurements have but in one of two million cases
COPIED = 1e-3


def fit_text(fit: Any) -> str:
    """What ``print`` shows of a :class:`PositionErrorFit`."""
    name = fit.names[0]
    floor = (
        f"arcsec per axis, in quadrature (95%: below {fit.floor_upper_arcsec:.2f})"
        if fit.floor_arcsec_error > 0
        else "cannot be told from the scale: all quoted errors are one circle"
    )
    p = np.asarray(fit.candidates["p"])
    outside = [
        100 * p[np.asarray(fit.candidates[which]) > radius].sum() / p.sum()
        for which, radius in (("before", RADIUS_95), ("after", float(fit.profile.quantile(0.95))))
    ]
    return "\n".join(
        [
            f"position errors of {name} from its counterparts in {' and '.join(fit.names[1:])}",
            f"  scale       {fit.scale:7.3f} +- {fit.scale_error:.3f}  times the quoted errors",
            f"  floor       {fit.floor_arcsec:7.3f} +- {fit.floor_arcsec_error:.3f}  {floor}",
            f"  dRA cos Dec {fit.dra_arcsec:+7.3f} +- {fit.dra_arcsec_error:.3f}  arcsec, to be "
            f"added to {name} positions",
            f"  dDec        {fit.ddec_arcsec:+7.3f} +- {fit.ddec_arcsec_error:.3f}  arcsec",
            *_frame_lines(fit),
            *(
                f"  ln scale    {slope:+7.3f} +- {fit.slopes_error[column]:.3f}  per standard "
                f"deviation of {column} ({fit.standards[column][1]:.4g})"
                for column, slope in fit.slopes.items()
            ),
            *_tail_lines(fit),
            f"  {outside[0]:.1f}% of the {p.sum():,.0f} counterparts are outside their quoted 95% "
            f"error, {outside[1]:.1f}% outside the fitted one",
            *(
                f"  {100 * fraction:.1f} +- {100 * error:.1f}% of the {name} sources within the "
                f"footprint of {other} have a counterpart there"
                for other, (fraction, error) in fit.host_fractions.items()
            ),
        ]
    )


def copied_text(fit: Any) -> str:
    """What to say where most counterparts have the very position of their source; else ""."""
    p, apart = np.asarray(fit.candidates["p"]), np.asarray(fit.candidates["before"])
    share = p[apart < COPIED].sum() / max(p.sum(), 1e-300)
    if share < 0.5:
        return ""
    return (
        f"{share:.0%} of the counterparts have the very position of their {fit.names[0]} source: "
        "one catalogue seems to be made of the other, or to have its positions, and then the "
        "separations tell nothing of the errors; give positions that were measured each by itself"
    )


def _frame_lines(fit: Any) -> list[str]:
    """Turn and stretch of the frame, where there is any."""
    m, e = fit.matrix, fit.matrix_error
    if not m.any():
        return []
    turn, stretch = 0.5 * (m[1, 0] - m[0, 1]), 0.5 * (m[0, 0] + m[1, 1])
    return [
        f"  turn        {turn:+7.3f} +- {0.5 * np.hypot(e[1, 0], e[0, 1]):.3f}  arcsec per degree, "
        "from east to north, about the centre",
        f"  stretch     {stretch:+7.3f} +- {0.5 * np.hypot(e[0, 0], e[1, 1]):.3f}  "
        "arcsec per degree",
        f"  centre      {fit.center[0]:.5f} {fit.center[1]:+.5f}  degrees",
    ]


def _tail_lines(fit: Any) -> list[str]:
    """The tails, where there are any."""
    if fit.tail_fraction == 0:
        return []
    return [
        f"  tails       {100 * fit.tail_fraction:7.2f} +- {100 * fit.tail_fraction_error:.2f}% of "
        f"the errors, {fit.tail_factor:.2f} +- {fit.tail_factor_error:.2f} times as wide"
    ]


def correction_text(fit: Any) -> str:
    """What a catalogue has to say for its errors to be right, in formulas for its columns."""
    name = fit.names[0]
    scale = f"{fit.scale:.4g}"
    for column, slope in fit.slopes.items():
        mean, spread = fit.standards[column]
        scale += f" * exp({slope:+.4g} * ({column} - {mean:.6g}) / {spread:.6g})"
    error = f"{scale} * quoted"
    if fit.floor_arcsec > 0:
        error = f"sqrt(({error})^2 + {fit.floor_arcsec:.4g}^2)"
    east, north = f"{fit.dra_arcsec:+.4g}", f"{fit.ddec_arcsec:+.4g}"
    lines = [f"to write into {name}:", f"  position error = {error}  (arcsec, 1 sigma per axis)"]
    if fit.matrix.any():
        (a, b), (c, d) = fit.matrix
        east += f" {a:+.4g} * x {b:+.4g} * y"
        north += f" {c:+.4g} * x {d:+.4g} * y"
    lines += [f"  RA  + ({east}) / cos(Dec) arcsec", f"  Dec + ({north}) arcsec"]
    if fit.matrix.any():
        lines.append(f"  x, y: degrees east and north of {fit.center[0]:.5f} {fit.center[1]:+.5f}")
    if fit.tail_fraction > 0:
        lines.append(
            f"  Catalog(..., tail_fraction={fit.tail_fraction:.3g}, "
            f"tail_factor={fit.tail_factor:.3g})"
        )
        rest = ":" * (len(fit.names) - 1)
        lines.append(
            f"  on the command line --tail-fraction {fit.tail_fraction:.3g}{rest} "
            f"--tail-factor {fit.tail_factor:.3g}{rest}"
        )
    return "\n".join(lines)
