"""``python -m benchmarks``: bayesmatch beside its peers, in one run on one machine.

Every time is the median of `--repeat` calls after a first, uncounted one (NWAY: of `--nway-repeat`
calls); peers that are not installed are left out. ``benchmarks.json`` gathers the sections of all
runs that had the same `--out`.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Sequence
from pathlib import Path

from . import store
from .settings import Settings
from .sky_runs import PARTS
from .sky_runs import parts as sky_parts

SECTIONS = {
    "peers": "6,885 x 2,418,574 at 30 arcsec: astropy, scipy, smatch, STILTS, NWAY; memory",
    "programs": "whole programs with the same files: seconds, and how right their answers are",
    "sizes": "1,000 x 100,000 to 1e6 x 1e8, with a figure; four times the sky",
    "catalogues": "two, three (with NWAY), four and five catalogues",
    "elliptical": "elliptical position errors",
    "prior": "with a histogram prior and with a LightGBM prior",
    "calls": "first call, second call, whole processes, importing",
    "threads": "1 and 2 threads; the same bytes with 1, 2 and 4",
    "scan": "a Parquet data set of 100 million rows, streamed",
    "distributed": "LSDB on Dask with one worker and with two, beside LSDB's own crossmatch",
}
#: measured only where it is named: it needs 20 GB and an hour
BY_ITSELF = {"allsky": "1e9 rows over half the sky, cold and warm, killed and resumed (--rows)"}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the sections named, or all of them."""
    options = parse(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        options.repeat,
        options.nway_repeat,
        options.quick,
        options.data,
        n_rows=int(options.rows),
        only=tuple(options.only),
        environments=options.environments,
        python313=options.python313,
    )
    for name in options.section or SECTIONS:
        print(f"\n## {name}: {(SECTIONS | BY_ITSELF)[name]}", flush=True)
        if name in BY_ITSELF:
            in_parts(options.out, name, settings)
            continue
        begin = time.perf_counter()
        section = importlib.import_module(f".{name}", __package__).run(settings)
        seconds = time.perf_counter() - begin
        path = store.keep(
            options.out,
            name,
            {"quick": options.quick, "seconds": seconds, "machine": store.machine(), **section},
        )
        print(f"\nwrote {path} after {seconds:.1f} s", flush=True)
        if name == "sizes":
            draw(options.out, section)
    return 0


def in_parts(out: Path, name: str, settings: Settings) -> None:
    """Measure a section whose parts are kept as soon as they are there."""
    about = {"quick": settings.quick, "machine": store.machine()}
    for part, found in sky_parts(settings):
        before = store.read(out).get(name, {})
        path = store.keep(out, name, {**before, **about, part: found})
    print(f"\nwrote {path}", flush=True)


def draw(out: Path, section: dict) -> None:
    """The figure of the sizes."""
    from bayesmatch.plots import save

    from .figure import cost_of_size

    save(cost_of_size(section), out / "sizes.png")
    print(f"wrote {out / 'sizes.png'}")


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line's options, checked."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{name:14}{what}" for name, what in (SECTIONS | BY_ITSELF).items()),
    )
    parser.add_argument(
        "section", nargs="*", metavar="NAME", help="what to measure (default: all; see below)"
    )
    parser.add_argument("--out", type=Path, default=Path("benchmarks-results"), metavar="DIR")
    parser.add_argument("--repeat", type=int, default=5, metavar="N")
    parser.add_argument("--nway-repeat", type=int, default=5, metavar="N")
    parser.add_argument(
        "--quick", action="store_true", help="toy sizes, to see that everything runs; never results"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="where the data sets of scan and distributed are, or are to be made and kept",
    )
    parser.add_argument(
        "--environments",
        type=Path,
        metavar="DIR",
        help="where xmatcher's own environment is, or is to be made and kept",
    )
    parser.add_argument(
        "--python313",
        default="python3.13",
        metavar="COMMAND",
        help="the Python 3.13 that xmatcher needs (default: python3.13 on the PATH)",
    )
    _add_sky_options(parser)
    options = parser.parse_args(argv)
    unknown = [name for name in options.section if name not in SECTIONS | BY_ITSELF]
    if unknown:
        parser.error(f"no section {unknown[0]!r}; there are {', '.join(SECTIONS | BY_ITSELF)}")
    parts = [part for part in options.only if part not in PARTS]
    if parts:
        parser.error(f"no part {parts[0]!r} of allsky; there are {', '.join(PARTS)}")
    if min(options.repeat, options.nway_repeat) < 1:
        parser.error("--repeat and --nway-repeat must be at least 1")
    return options


def _add_sky_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--rows", type=float, default=1e9, metavar="N", help="of the survey that allsky makes"
    )
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="PART", help=f"of allsky: {', '.join(PARTS)}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
