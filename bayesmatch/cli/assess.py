"""``bayesmatch assess``: a result against sources whose answer is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_assess(commands: Any) -> None:
    """Add ``bayesmatch assess``."""
    assess = commands.add_parser(
        "assess",
        help="compare a result with known answers",
        description="Purity and completeness of a result of 'bayesmatch match' against sources "
        "whose counterpart, or lack of one, is known.",
    )
    assess.set_defaults(run=_assess)
    assess.add_argument("result", metavar="RESULT", help="what 'bayesmatch match' wrote")
    assess.add_argument(
        "truth",
        metavar="TRUTH",
        help="table: the primary's identifier in the first column, its "
        "counterpart's in the second, or 'hostless'",
    )
    assess.add_argument(
        "--score",
        default="p_any",
        choices=("p_any", "p_hostless", "p_match"),
        help="what to cut on: matched at p_any or p_match >= cutoff, or at "
        "p_hostless <= cutoff (default: p_any)",
    )
    assess.add_argument(
        "--cutoff",
        type=float,
        action="append",
        metavar="C",
        help="row of the printed table; repeatable (default: 0.1, 0.2 ... 0.9 and "
        "where purity equals completeness)",
    )
    assess.add_argument(
        "--catalogue",
        metavar="NAME",
        help="catalogue of the counterparts in TRUTH (default: the first other)",
    )
    assess.add_argument(
        "--compare", metavar="RESULT2", help="another result, to compare on the same truth"
    )
    assess.add_argument(
        "--out",
        metavar="DIR",
        help="directory for assessment.csv, reliability.csv and assessment.png",
    )
    assess.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _assess(options: argparse.Namespace) -> None:
    from ..diagnostics.assessment.core import assess
    from ..matching.result import MatchResult

    how = {"score": options.score, "catalogue": options.catalogue}
    found = assess(MatchResult.read(options.result), options.truth, **how)
    compared = None
    if options.compare:
        compared = found.compare(assess(MatchResult.read(options.compare), options.truth, **how))
    if not options.quiet:
        print(f"{found.summary()}\n\n{_metrics(found, options.cutoff)}")
        if compared is not None:
            print(f"\n{options.result} - {options.compare}, 95% interval\n{_difference(compared)}")
    if options.out:
        written = _write_files(found, compared, Path(options.out))
        if not options.quiet:
            print("\n".join(f"wrote {path}" for path in written))


def _metrics(found: Any, cutoffs: list[float] | None) -> str:
    """The metrics at some cutoffs, with what the errors are."""
    if cutoffs is None:
        cutoffs = sorted(
            {
                *(k / 10 for k in range(1, 10)),
                *([found.crossing.cutoff] if found.crossing.value >= 0 else []),
            }
        )
    from ..diagnostics.metrics import scores

    lines: list[list[str]] = []
    for cutoff in cutoffs:
        counts = found.confusion(cutoff)
        values = scores(*counts)
        lines.append(
            [
                f"{cutoff:.4g}",
                *("-" if v != v else f"{v:.4f}" for v in values.values()),
                *map(str, counts),
            ]
        )
    head = [found.score, *(name.replace("_", " ") for name in (*values, *counts._fields))]
    return _aligned([head, *lines])


def _difference(table: Any) -> str:
    return _aligned(
        [
            ["", *table.colnames[1:]],
            *(
                [
                    row[0],
                    *(
                        f"{v:+.4f}" if name in ("difference", "lo", "hi") else f"{v:.4f}"
                        for name, v in zip(table.colnames[1:], list(row)[1:], strict=True)
                    ),
                ]
                for row in table
            ),
        ]
    )


def _aligned(lines: list[list[str]]) -> str:
    """Columns under two-line headings, right-justified."""
    top = [text.rpartition(" ")[0] for text in lines[0]]
    lines = [top, [text.rpartition(" ")[2] for text in lines[0]], *lines[1:]]
    lines = lines if any(top) else lines[1:]
    width = [max(len(line[k]) for line in lines) for k in range(len(top))]
    return "\n".join(
        "  ".join(text.rjust(w) for text, w in zip(line, width, strict=True)).rstrip()
        for line in lines
    )


def _write_files(found: Any, compared: Any, out: Path) -> list[Path]:
    from .. import plots
    from ..catalogs.formats.writing import replaced_together

    out.mkdir(parents=True, exist_ok=True)
    tables = {"assessment.csv": found.table, "reliability.csv": found.reliability}
    if compared is not None:
        tables["comparison.csv"] = compared
    paths = [out / name for name in tables]
    with replaced_together(paths) as temporary:
        for path, table in zip(temporary, tables.values(), strict=True):
            table.write(path, format="ascii.csv", overwrite=True)
    plots.save(found.plot(), out / "assessment.png")
    return [*paths, out / "assessment.png"]
