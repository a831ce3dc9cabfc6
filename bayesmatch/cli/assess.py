"""``bayesmatch assess``: a result against sources whose answer is known."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .as_json import add_json, print_json
from .outputs import Kinds, add_out, check_outputs, outputs
from .parsing import FIGURES
from .shown import add_quiet


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
        default="p_match",
        choices=("p_any", "p_hostless", "p_match"),
        help="what to cut on: matched at p_any or p_match >= cutoff, or at "
        "p_hostless <= cutoff (default: p_match; the others do not see rivals of the best)",
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
    add_out(
        assess,
        "figure (.png, .pdf, .svg) or table of purity and completeness (.csv)",
        several=True,
    )
    add_json(assess)
    add_quiet(assess)


def _assess(options: argparse.Namespace) -> None:
    from ..catalogs.targets import check_matched
    from ..diagnostics.assessment.core import assess
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    targets = outputs(options.out, _kinds(bool(options.compare)))
    if targets:
        results = [options.result, *([options.compare] if options.compare else [])]
        read = [path for result in results for path in result_paths(result)]
        check_outputs([path for _, path in targets], [*read, options.truth])
    how = {"score": options.score, "catalogue": options.catalogue}
    result = MatchResult.read(options.result)
    check_matched([path for _, path in targets], result.record.digests, option="--out")
    found = assess(result, options.truth, **how)
    compared = None
    if options.compare:
        compared = found.compare(assess(MatchResult.read(options.compare), options.truth, **how))
    told = not (options.quiet or options.json)
    if told:
        print(f"{found.summary()}\n\n{_metrics(found, options.cutoff)}")
        if compared is not None:
            print(f"\n{options.result} - {options.compare}, 95% interval\n{_difference(compared)}")
    if targets:
        _write_files(found, compared, targets)
        if told:
            print("\n".join(f"wrote {path}" for _, path in targets))
    if options.json:
        print_json(options, _numbers(found, compared, options), [path for _, path in targets])


def _numbers(found: Any, compared: Any, options: argparse.Namespace) -> dict[str, Any]:
    """What ``--json`` tells."""
    from ..diagnostics.assessment.summary import summary_numbers
    from ..diagnostics.metrics import scores

    more = {} if compared is None else {"compared_with": options.compare, "differences": compared}
    rows = []
    for cutoff in _cutoffs(found, options.cutoff):
        counts = found.confusion(cutoff)
        rows.append({"cutoff": cutoff, **scores(*counts), **counts._asdict()})
    numbers = {"result": options.result, "truth": options.truth, **summary_numbers(found)}
    return {**numbers, "cutoffs": rows, **more}


def _metrics(found: Any, cutoffs: list[float] | None) -> str:
    """The metrics at some cutoffs, with what the errors are."""
    from ..diagnostics.metrics import scores

    lines: list[list[str]] = []
    for cutoff in _cutoffs(found, cutoffs):
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


def _cutoffs(found: Any, given: list[float] | None) -> list[float]:
    """Cutoffs of the rows: those given, else tenths and where purity equals completeness."""
    if given is not None:
        return given
    crossing = [found.crossing.cutoff] if found.crossing.value >= 0 else []
    return sorted({*(k / 10 for k in range(1, 10)), *crossing})


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


def _kinds(compared: bool) -> Kinds:
    """What can be written of an assessment: the tables, and the figure."""
    comparison: Kinds = {"comparison": ((".csv",), "comparison.csv")} if compared else {}
    return {
        "assessment": ((".csv",), "assessment.csv"),
        "reliability": ((".csv",), "reliability.csv"),
        **comparison,
        "figure": (FIGURES, "assessment.png"),
    }


def _write_files(found: Any, compared: Any, targets: list[tuple[str, Path]]) -> None:
    from .. import plots
    from ..catalogs.formats.writing import replaced_together

    tables = {
        "assessment": found.table,
        "reliability": found.reliability,
        "comparison": compared,
    }
    kinds, paths = zip(*targets, strict=True)
    files = [path for kind, path in targets if kind in tables]
    with replaced_together(files) as temporary:
        for kind, path in zip([k for k in kinds if k in tables], temporary, strict=True):
            tables[kind].write(path, format="ascii.csv", overwrite=True)
    for kind, path in zip(kinds, paths, strict=True):
        if kind == "figure":
            plots.save(found.plot(), path)
