"""What was measured on half the sky, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .sky_task import RADIUS

WHAT = {
    "read_cold": "reading two columns with pyarrow alone, from disk",
    "read_warm": "the same, from the page cache",
    "distance_cold": 'match by distance only (`field="uniform", claims="independent"`), from disk',
    "distance_warm": "the same, from the page cache",
    "local_warm": "with local density and claims (the defaults)",
    "resumed": "by distance only with `--checkpoint`, killed twice: the last run",
    "prior_cold": "defaults with a LightGBM prior on five bands, from disk",
    "prior_warm": "the same, page cache as it is then",
}


def sky_lines(s: Mapping[str, Any]) -> list[str]:
    """The page down to what is calculated."""
    survey, machine = s["survey"], s["machine"]
    return [
        "# The whole sky",
        "",
        f"Measured by `python -m benchmarks allsky --rows {survey['rows']:.0e}`, written by "
        "`python -m benchmarks.allsky`:",
        f"{survey['sources']:,} sources against {survey['rows']:,} rows in HEALPix order on "
        f"{survey['area']:,.0f} deg^2, denser towards the Galactic plane,",
        f"{survey['bytes'] / 1e9:.0f} GB of zstd Parquet with seven columns; {RADIUS:g} arcsec; "
        f"{machine['cpus']} cores ({machine['processor']}). Each line is a process of its own.",
        "",
        "| | seconds | million rows/s | user s | system s | peak memory | from disk |",
        "|---|---|---|---|---|---|---|",
        *(_row(what, s[name]) for name, what in WHAT.items() if name in s),
        "",
        *_ratios(s),
        "",
        "## Beyond what was measured",
        "",
        "All that follows is **calculated from these numbers, not measured**: more cores, more "
        "rows.",
        "",
    ]


def _row(what: str, run: Mapping[str, Any]) -> str:
    return (
        f"| {what} | {run['seconds']:.1f} | {run['rows_per_second'] / 1e6:.1f} | "
        f"{run['user_seconds']:.1f} | {run['system_seconds']:.1f} | "
        f"{run['peak_MB'] / 1024:.2f} GB | {run['bytes_from_disk'] / 1e9:.1f} GB |"
    )


def _ratios(s: Mapping[str, Any]) -> list[str]:
    """What the lines say of each other."""

    def times(name: str, of: str) -> str:
        return f"{s[name]['seconds'] / s[of]['seconds']:.2f} times"

    found = {name: f"{s[name]['right']:.3f}" for name in ("prior_warm", "local_warm")}
    lines = [
        f"- From disk the match takes {times('distance_cold', 'read_cold')} what reading the two "
        "columns alone takes.",
        f"- With a LightGBM prior: {times('prior_warm', 'distance_warm')} distance only, "
        f"{times('prior_warm', 'local_warm')} the defaults without it; of the sources "
        f"with a counterpart {found['prior_warm']} get it, without the prior "
        f"{found['local_warm']}.",
    ]
    if "resumed" in s:
        run = s["resumed"]
        same = "the same bytes" if run["same_bytes"] else "**other bytes**"
        kills = " and ".join(f"{t:.1f} s" for t in run["seconds_until_killed"])
        lines.append(
            f"- Killed after {kills} and started again, it gives {same} as without a stop; "
            f"{run['checkpoint_bytes'] / 1e9:.2f} GB were kept."
        )
    lines.append(f"- {s['distance_warm']['candidates']:,} candidates.")
    return lines
