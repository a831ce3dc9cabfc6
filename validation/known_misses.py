"""Claims that are known to be missed: told in the reports and the README, and no new failure."""

from __future__ import annotations

#: the same for cones of several sizes, and for holes
CONES = "cones of {}\": share of sources with p_hostless within 0.02 of the whole survey's, worst"
HOLES = "{}% of the sky in holes: fitted share outside, worst sky"
#: purity = completeness of learned priors beside trained ones
LEARNED = "4,000 sources,"
WORST = (
    "1: purity = completeness, trained - learned, worst sky",
    "1.6: purity = completeness, trained - learned, mean",
    "1.6: purity = completeness, trained - learned, worst sky",
)

#: (protocol, claim)
KNOWN_MISSES = frozenset(
    {
        ("calibration", "ECE / 95% point of its floor, p_hostless, worst sky"),
        ("fermi", "hostless sources that were given a blazar"),
        # 20" and 15% in the quick run alone, whose skies have fewer sources.
        *(("skies", CONES.format(size)) for size in (20, 30, 60)),
        *(("skies", HOLES.format(share)) for share in (15, 30)),
        # The first three by skies where 3 in 10 sources have a counterpart.
        *(("learned", f"{LEARNED} errors x{end}") for end in WORST),
        (
            "learned",
            "trained prior put right: purity = completeness minus that of the learned one, worst",
        ),
    }
)
