"""What the protocol `learned` claims, and whether it holds. Written before measuring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .conditions_scores import BEST, HOST
from .learned_cases import CASES
from .learned_scores import TERCILES, fired_priors
from .report import Claim, at_least, below

Rows = Sequence[Mapping[str, Any]]
DISTANCE, TRAINED, LEARNED, ADAPTED = "distance", "trained", "learned", "adapted"
NAMES = {HOST: "P(host)", BEST: "the best candidate"}
#: purity = completeness below that of a prior trained on true counterparts
MEAN_LOSS, WORST_LOSS, LOSS_1000, GAIN_300 = 0.003, 0.008, 0.012, 0.6
#: change of p_match where magnitudes tell nothing; host fraction of positions of nothing
MOVED, FALSE_HOSTS = 0.03, 0.01
#: where the trained prior does not fit
ADAPTED_ECE, TERCILE_ECE = 0.02, 0.04
#: the dense field: right answers, of the secure ones, and in another order; the sparse field
DENSE, DENSE_SECURE, DENSE_ORDERS, SPARSE = 48, 37, 46, 0.003


def claims_of(found: Mapping[str, Any], quick: bool) -> list[Claim]:
    """All claims."""
    return [
        *crossings(found["skies"]),
        *calibrated(found["skies"]),
        *nothing(found["nulls"]),
        *transferred(found["cases"], quick),
        *tilted(found["tilted"]),
        *dense(found["dense"]),
        *sparse(found["sparse"]),
    ]


def of(rows: Rows, **values: Any) -> Rows:
    """Rows with these values."""
    return [row for row in rows if all(row[k] == v for k, v in values.items())]


def crossings(rows: Rows) -> list[Claim]:
    """Purity = completeness of the learned prior against the trained one."""
    claims = []
    for n, scale in dict.fromkeys((row["n"], row["scale"]) for row in rows):
        mine = {way: of(rows, n=n, scale=scale, way=way) for way in (DISTANCE, TRAINED, LEARNED)}
        distance, trained, learned = (
            np.array([row["crossing"] for row in of_way]) for of_way in mine.values()
        )
        what, loss = f"{n:,} sources, errors x{scale:g}", trained - learned
        name = f"{what}: purity = completeness, trained - learned"
        if n < 1000:
            gain = (learned - distance).sum() / (trained - distance).sum()
            claims.append(
                at_least(f"{what}: share of the trained prior's gain over distance", gain, GAIN_300)
            )
            continue
        share = mine[LEARNED][int(np.argmax(loss))]["share"]
        claims += [
            below(f"{name}, mean", loss.mean(), MEAN_LOSS if n >= 4000 else LOSS_1000),
            Claim(
                f"{name}, worst sky",
                f"{loss.max():.4f} (host fraction {share:g})",
                f"<= {WORST_LOSS:g}" if n >= 4000 else "-",
                bool(loss.max() <= WORST_LOSS) if n >= 4000 else None,
            ),
        ]
    return claims


def worst(rows: Rows, what: str) -> Mapping[str, Any]:
    """The row nearest to its limit, or farthest beyond."""
    return max(rows, key=lambda row: row[f"ece_{what}"] / row[f"limit_{what}"])


def within(name: str, rows: Rows, what: str, where: Sequence[str]) -> Claim:
    """Every calibration error stays below its limit; the worst is shown."""
    bad = worst(rows, what)
    labels = {"scale": "errors x", "share": "host fraction ", "seed": "sky ", "stratum": ""}
    ece, most = bad[f"ece_{what}"], bad[f"limit_{what}"]
    at = ", ".join(f"{labels[key]}{bad[key]}" for key in where)
    return Claim(
        f"{name}: ECE of {NAMES[what]}, worst",
        f"{ece:.4f} ({at})",
        f"<= {most:.4f}",
        bool(ece <= most),
    )


def calibrated(rows: Rows) -> list[Claim]:
    """Calibration errors on the mock skies."""
    return [
        within(f"{n:,} sources, {way}", of(rows, n=n, way=way), what, ("scale", "share", "seed"))
        for n in dict.fromkeys(row["n"] for row in rows)
        for way in (LEARNED, ADAPTED)
        for what in (HOST, BEST)
    ]


def nothing(rows: Rows) -> list[Claim]:
    """Fields that have nothing to teach."""
    claims = []
    for n in dict.fromkeys(row["n"] for row in rows):
        mine = of(rows, n=n)
        claims += [
            below(
                f"{n:,} sources, magnitudes shuffled: change of p_match, 99% of the sources, worst",
                max(row["moved"] for row in mine),
                MOVED,
            ),
            below(
                f"{n:,} positions of nothing: host fraction, learned - distance, worst",
                max(row["host_learned"] - row["host_distance"] for row in mine),
                FALSE_HOSTS,
            ),
        ]
    return claims


def transferred(rows: Rows, quick: bool) -> list[Claim]:
    """Trained priors that do not fit the field; for information if quick, whose sky is small."""
    failures = [row for row in rows if row["case"] != CASES[0].name]
    claims = [*put_right(failures), unnoticed(failures)]
    if quick:
        claims = [replace(claim, required="-", ok=None) for claim in claims]
    fits = of(rows, case=CASES[0].name, way=TRAINED)
    if fits:
        fired = sum(bool(fired_priors(row["fires"])) for row in fits)
        claims.append(Claim("the same where it fits: fires", f"{fired} of {len(fits)}", "-", None))
    return claims


def put_right(failures: Rows) -> list[Claim]:
    """The trained prior put right on the field."""
    adapted = of(failures, way=ADAPTED)
    ece, of_ece = max(((largest_ece(row), row) for row in adapted), key=_first)
    third, of_third = max(((largest_tercile(row), row) for row in adapted), key=_first)
    least, of_least = min(((gain_over_learned(row, failures), row) for row in adapted), key=_first)
    return [
        Claim(
            "trained prior put right: ECE, worst",
            f"{ece[0]:.4f} ({of_ece['case']}, {ece[1]})",
            f"<= {ADAPTED_ECE:g}",
            ece[0] <= ADAPTED_ECE,
        ),
        Claim(
            "trained prior put right: ECE of the best candidate by third of magnitude, worst",
            f"{third[0]:.4f} ({of_third['case']}, {third[1]})",
            f"< {TERCILE_ECE:g}",
            third[0] < TERCILE_ECE,
        ),
        Claim(
            "trained prior put right: purity = completeness minus that of the learned one, worst",
            f"{least:+.4f} ({of_least['case']})",
            ">= 0",
            least >= 0.0,
        ),
    ]


def unnoticed(failures: Rows) -> Claim:
    """The trained prior as it is."""
    used = of(failures, way=TRAINED)
    silent = list(dict.fromkeys(row["case"] for row in used if not fired_priors(row["fires"])))
    fired = sum(bool(fired_priors(row["fires"])) for row in used)
    return Claim(
        "trained prior as it is: the prior's check fires",
        f"{fired} of {len(used)}" + (f", not: {'; '.join(silent)}" if silent else ""),
        f"{len(used)} of {len(used)}",
        not silent,
    )


def gain_over_learned(row: Mapping[str, Any], rows: Rows) -> float:
    """Purity = completeness minus that of the learned prior on the same sky."""
    (learned,) = of(rows, case=row["case"], seed=row["seed"], way=LEARNED)
    return float(row["crossing"] - learned["crossing"])


def largest_ece(row: Mapping[str, Any]) -> tuple[float, str]:
    """Of P(host) and the best candidate, and which."""
    return max((row[f"ece_{what}"], NAMES[what]) for what in (HOST, BEST))


def largest_tercile(row: Mapping[str, Any]) -> tuple[float, str]:
    """Of the thirds of magnitude, and which."""
    return max(zip(row["terciles"], TERCILES, strict=True))


def _first(item: tuple[Any, Any]) -> Any:
    return item[0]


def tilted(rows: Rows) -> list[Claim]:
    """Stars that are not uniform."""
    return [
        within(f"{name}, trained on all", of(rows, tilt=name), what, ("stratum",))
        for name in dict.fromkeys(row["tilt"] for row in rows)
        for what in (HOST, BEST)
    ]


def dense(found: Mapping[str, Any]) -> list[Claim]:
    """The dense field."""
    mine, before = found[LEARNED], found[DISTANCE]
    claims = [
        at_least(f"dense field: right, of {mine['known']}", mine["right"], DENSE, 0),
        at_least(
            f"dense field: right, of {mine['secure']} secure",
            mine["secure_right"],
            DENSE_SECURE,
            0,
        ),
        Claim(
            "dense field: right by distance, all and secure",
            f"{before['right']}, {before['secure_right']}",
            "41, 32 (prototype)",
            None,
        ),
    ]
    if found["orders"]:
        claims.append(
            at_least(
                f"dense field: right in {len(found['orders'])} other orders and seeds, worst",
                min(right for right, _ in found["orders"]),
                DENSE_ORDERS,
                0,
            )
        )
    return claims


def sparse(found: Mapping[str, Any]) -> list[Claim]:
    """The sparse field: no worse than without."""
    if not found:
        return []
    before, after = found[DISTANCE], found[LEARNED]
    return [
        below("sparse field: ECE, learned - distance", after["ece"] - before["ece"], SPARSE),
        *(
            below(
                f"sparse field: {name.replace('_', ' ')}, distance - learned",
                before[name] - after[name],
                SPARSE,
            )
            for name in ("counterpart_purity", "counterpart_completeness")
        ),
    ]
