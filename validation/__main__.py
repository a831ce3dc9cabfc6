"""``python -m validation``: run the protocols, print what was claimed and what was measured.

Each writes its numbers as JSON and its figures as PNG; report.html holds all of it in one file. The
exit status is 1 if a claim is missed or a protocol fails.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .html import write_html
from .known_misses import KNOWN_MISSES
from .report import Claim, Section, print_claims, print_section, write_json
from .versions import versions

PROTOCOLS = {
    "cosmos": "real: 1,255 XMM-COSMOS sources whose optical identification is known",
    "chandra_gaia": "real: NWAY's own output on 2,263 Chandra sources and Gaia stars",
    "ngc2264": "real: five catalogues of a crowded field in the Milky Way",
    "fermi": "real: gamma-ray sources of the whole sky and blazars, error ellipses",
    "alma": "real: sub-mm detections among HST galaxies, error floor and shift to be found",
    "lockman": "mock: the published Lockman Hole protocol, from training to assessment",
    "priors": "mock: distance only, the published pipeline and LightGBM side by side",
    "learned": "mock and real: priors that need no training sample, and trained ones put right",
    "upstream": "random fields through live NWAY 4.8.0 (extra 'upstream')",
    "position_errors": "mock: position errors that are wrong in a known way, and their fit",
    "error_profile": "mock: tails, turned frames, errors that grow off axis, and their fit",
    "calibration": "mock: are the probabilities of having no counterpart what they say",
    "checks": "mock: 23 mistakes made on purpose, and whether the match notices",
    "skies": "mock: skies that are not simple, the parts of the model off and on",
}
#: where a protocol is, if not in the module of its name
MODULES = {"skies": "sky_conditions"}
#: only when named: they judge the program, not its probabilities
ON_REQUEST = {
    "robustness": "generated matches, bad calls, damaged files, faults and kills",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the protocols named, or all of them."""
    options = parse(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    sections, seconds = [], {}
    for name in options.protocol or PROTOCOLS:
        begin = time.perf_counter()
        section = run_protocol(name, options.out, options.quick, options.seeds, own(name, options))
        seconds[name] = time.perf_counter() - begin
        print_section(section)
        path = write_json(
            section, options.out, quick=options.quick, seconds=seconds[name], versions=versions()
        )
        print(f"\nwrote {path} after {seconds[name]:.1f} s", flush=True)
        sections.append(section)
    report = write_html(sections, options.out, quick=options.quick, seconds=seconds)
    print_claims(sections)
    print_outcome(sections, seconds)
    print(f"report: {report}")
    missed = {(s.name, c.what) for s in sections for c in s.claims if c.ok is False}
    return 0 if missed <= KNOWN_MISSES else 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line's options, checked."""
    parser = argparse.ArgumentParser(
        prog="python -m validation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:17}{what}" for name, what in known().items()),
    )
    parser.add_argument(
        "protocol",
        nargs="*",
        metavar="NAME",
        help=f"of {', '.join(known())}; default: all but {', '.join(ON_REQUEST)}",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("validation-results"),
        metavar="DIR",
        help="where JSON, figures and report.html go (default: %(default)s)",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="smaller samples and fewer seeds: all protocols in 4 to 5 minutes on 2 quiet cores",
    )
    parser.add_argument("--seeds", type=int, metavar="N", help="skies per setting")
    parser.add_argument("--cases", type=int, metavar="N", help="robustness: how many cases")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="robustness: which cases (default: 0)"
    )
    parser.add_argument(
        "--replay", type=Path, metavar="FILE", help="robustness: only the failures of that file"
    )
    options = parser.parse_args(argv)
    unknown = [name for name in options.protocol if name not in known()]
    if unknown:
        parser.error(f"no protocol {unknown[0]!r}; there are {', '.join(known())}")
    if len(set(options.protocol)) < len(options.protocol):
        parser.error("a protocol is named twice")
    if options.seeds is not None and options.seeds < 1:
        parser.error("--seeds must be 1 or more")
    if options.cases is not None and options.cases < 1:
        parser.error("--cases must be 1 or more")
    if options.seed < 0:
        parser.error("--seed must be 0 or more")
    if options.replay is not None and not options.replay.is_file():
        parser.error(f"--replay {options.replay}: no such file")
    return options


def known() -> dict[str, str]:
    """All protocols, and what each tries."""
    return {**PROTOCOLS, **ON_REQUEST}


def own(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Options that one protocol has and the others have not."""
    if name != "robustness":
        return {}
    return {"cases": options.cases, "seed": options.seed, "replay": options.replay}


def run_protocol(
    name: str, out: Path, quick: bool, seeds: int | None, more: Mapping[str, Any] | None = None
) -> Section:
    """A protocol's section; if it fails, one that says so, and counts as a miss."""
    print(f"\n{name}: {known()[name]}", flush=True)
    try:
        module = importlib.import_module(f"{__package__}.{MODULES.get(name, name)}")
        section: Section = module.run(out, quick=quick, seeds=seeds, **(more or {}))
        missing = [f.file for f in section.figures if not (out / f.file).is_file()]
        if missing:
            raise FileNotFoundError(f"protocol {name} did not write its figure {missing[0]}")
    except Exception as error:  # the other protocols must still be heard
        traceback.print_exc()
        return Section(
            name,
            known()[name],
            ["This protocol failed before its end; the error is in the table of claims."],
            [
                Claim(
                    "the protocol runs to its end",
                    f"{type(error).__name__}: {error}",
                    "no error",
                    False,
                )
            ],
        )
    return section


def print_outcome(sections: Sequence[Section], seconds: Mapping[str, float]) -> None:
    """The last lines: seconds, and what was missed."""
    claims = [c for s in sections for c in s.claims if c.ok is not None]
    missed = sum(not c.ok for c in claims)
    of_them = {(s.name, c.what) for s in sections for c in s.claims if c.ok is False}
    known_ones = f" ({len(of_them & KNOWN_MISSES)} of them known)" if of_them else ""
    names = [s.name for s in sections if s.skipped]
    skipped = f", skipped: {' '.join(names)}" if names else ""
    print(
        f"\n{len(claims)} claims, {missed} missed{known_ones}{skipped}; "
        f"{sum(seconds.values()):.0f} s: "
        + ", ".join(f"{name} {s:.0f}" for name, s in seconds.items())
    )


if __name__ == "__main__":
    sys.exit(main())
