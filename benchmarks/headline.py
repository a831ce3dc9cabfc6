"""``python -m benchmarks.headline CHECKOUT ...``: five cases beside astropy's pair search.

Each case and astropy's search of its first two catalogues take turns in one process, so that a slow
machine, or a busy one, slows both; processes of the checkouts take turns too.  The ratios are told
with their scatter.  It is a report: it fails nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

import bayesmatch as bm

from .elliptical import as_ellipses
from .methods import astropy_pairs
from .peers import LOCKMAN, RADIUS
from .skies import COSMOS_PRIMARIES, cosmos_sky, mock_sky

ROOT = Path(__file__).parent.parent
#: bayesmatch of another checkout, the cases of this one
ONE = """
import json, sys
checkout, here, rounds, scale = sys.argv[1:]
sys.path.insert(0, checkout)
import bayesmatch
sys.path[0] = here
from benchmarks.headline import measure
print(json.dumps(measure(int(rounds), int(scale))))
"""
#: of one case: seconds of `match` and of astropy's search, in the order of the rounds
Times = Mapping[str, Sequence[float]]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table, keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.headline", description=__doc__)
    parser.add_argument("checkout", type=Path, nargs="+", help="as . or a worktree of the last tag")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="of a process")
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="of a checkout")
    parser.add_argument("--scale", type=int, default=1, metavar="N", help="divides all sizes")
    parser.add_argument("--out", type=Path, metavar="FILE", help="keep the numbers, as JSON")
    options = parser.parse_args(argv)
    checkouts = [path.resolve() for path in options.checkout]
    found: dict[Path, list[Mapping[str, Times]]] = {path: [] for path in checkouts}
    for number in range(options.processes):
        for path in checkouts if number % 2 == 0 else reversed(checkouts):
            found[path].append(one(path, options.rounds, options.scale))
    merged = {str(path): together(runs) for path, runs in found.items()}
    print(table(merged, [str(path) for path in options.checkout]))
    if options.out is not None:
        options.out.write_text(json.dumps(merged, indent=1) + "\n")
    return 0


def one(checkout: Path, rounds: int, scale: int) -> dict[str, Times]:
    """All cases in a process that imports bayesmatch from a checkout."""
    done = subprocess.run(
        [sys.executable, "-c", ONE, str(checkout), str(ROOT), str(rounds), str(scale)],
        check=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def measure(rounds: int, scale: int) -> dict[str, Times]:
    """Seconds of each case and of astropy, in turns, after one uncounted call of each.

    What this bayesmatch does not know is left out.
    """

    def whole(result: bm.MatchResult) -> int:  # tables are made when they are asked for
        return len(result.associations) + len(result.sources)

    found: dict[str, Times] = {}
    for name, make in CASES.items():
        catalogs, options = make(scale)
        try:
            bm.match(*catalogs, **options)
        except TypeError as error:
            if "unexpected keyword" not in str(error):
                raise
            continue
        search = astropy_pairs(*catalogs[:2], options["radius"])
        search()
        times: dict[str, list[float]] = {"match": [], "astropy": []}
        for _ in range(rounds):
            times["match"].append(seconds(lambda c=catalogs, o=options: whole(bm.match(*c, **o))))
            times["astropy"].append(seconds(search))
        found[name] = times
    return found


def seconds(call: Callable[[], object]) -> float:
    """Of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _sky(scale: int) -> tuple[bm.Catalog, bm.Catalog]:
    return mock_sky(*(n // scale for n in LOCKMAN))


def _with_prior(scale: int) -> tuple[list[bm.Catalog], dict]:
    primary, secondary = _sky(scale)
    mag = np.random.default_rng(4).normal(22.0, 1.5, len(secondary))
    table = {"RA": secondary.ra, "DEC": secondary.dec, "mag": mag}
    edges = np.arange(16.0, 28.5)
    counts = 1.0 + np.arange(len(edges) - 1)
    prior = bm.HistogramPrior("mag", edges[:-1], edges[1:], counts[::-1], counts)
    survey = bm.Catalog(table, name="OPT", pos_err=0.1, area=secondary.area)
    return [primary, survey], {"radius": RADIUS, "priors": {"OPT": [prior]}}


def _uniform(scale: int) -> tuple[tuple[bm.Catalog, ...], dict]:
    return _sky(scale), {"radius": RADIUS, "field": "uniform", "claims": "independent"}


def _three(scale: int) -> tuple[list[bm.Catalog], dict]:
    sizes = [max(n // scale, 2 * COSMOS_PRIMARIES) for n in (560_000, 345_512)]
    return cosmos_sky(tuple(sizes), (0.1, 0.5)), {"radius": 10.0}


def _ellipses(scale: int) -> tuple[list[bm.Catalog], dict]:
    catalogs = [as_ellipses(catalog, seed) for seed, catalog in enumerate(_sky(scale), 2)]
    return catalogs, {"radius": RADIUS}


CASES = {
    "two catalogues": lambda scale: (_sky(scale), {"radius": RADIUS}),
    "the same, one density, no claims": _uniform,
    "three catalogues": _three,
    "elliptical errors of both": _ellipses,
    "with a histogram prior": _with_prior,
}


def together(runs: Sequence[Mapping[str, Times]]) -> dict[str, Times]:
    """The rounds of several processes as those of one."""
    return {
        name: {of: [t for run in runs for t in run[name][of]] for of in ("match", "astropy")}
        for name in runs[0]
    }


def ratios(times: Times) -> list[float]:
    """How many times as long as `match` astropy's search took, round by round."""
    return [a / m for m, a in zip(times["match"], times["astropy"], strict=True)]


def table(found: Mapping[str, Mapping[str, Times]], names: Sequence[str]) -> str:
    """Markdown: the median ratio of each case, half of the rounds, and the last over the first."""
    checkouts = list(found.values())
    heads = [f"{name}: astropy / `match` (half of the rounds)" for name in names]
    changes = len(checkouts) > 1
    lines = [
        "| " + " | ".join(["case", *heads, *(["last / first"] if changes else [])]) + " |",
        "|" + "---|" * (1 + len(heads) + changes),
    ]
    for case in CASES:
        cells = [_spread(ratios(of[case])) if case in of else "not there" for of in checkouts]
        if changes:
            ends = [checkouts[0].get(case), checkouts[-1].get(case)]
            cells.append("" if None in ends else _change(*ends))
        lines.append("| " + " | ".join([case, *cells]) + " |")
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    low, middle, high = np.percentile(values, [25, 50, 75])
    return f"{middle:.3g} ({low:.3g} to {high:.3g})"


def _change(first: Times, last: Times) -> str:
    """Ratio of the medians, with its standard error from the scatter of the rounds."""
    of = [np.log(ratios(times)) for times in (first, last)]
    change = float(np.exp(statistics.median(of[1]) - statistics.median(of[0])))
    # a median's standard error is 1.25 times a mean's; the quartiles hide what is far off
    scatter = [np.subtract(*np.percentile(v, [75, 25])) / 1.349 for v in of]
    error = 1.25 * np.sqrt(sum(s**2 / len(v) for s, v in zip(scatter, of, strict=True)))
    return f"{change:.2f} ± {change * error:.2f}"


if __name__ == "__main__":
    raise SystemExit(main())
