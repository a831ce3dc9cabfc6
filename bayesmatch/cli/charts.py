"""``bayesmatch charts``: finding charts of many sources."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .chart_files import file_names, write
from .outputs import check_outputs, is_folder
from .pictures import add_pictures, pictures_read, read_pictures
from .shown import add_quiet

#: without --n
MANY = 12
KINDS = ("ambiguous", "hostless", "claimed", "secure", "random", "right", "wrong")
EPILOG = """\
examples:
  bayesmatch charts matched.fits --pick ambiguous --images optical/ --out charts
  bayesmatch charts matched.fits --pick wrong --truth known.csv --images optical/ \\
      --also chandra.fits --out wrong.pdf
  bayesmatch charts matched.fits --ids 12 31 --hips CDS/P/DSS2/red --out charts
"""


def add_charts(commands: Any) -> None:
    """Add ``bayesmatch charts``."""
    charts = commands.add_parser(
        "charts",
        help="finding charts of some sources, on images",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Finding charts with a table of candidates, one per source, north up.",
    )
    charts.set_defaults(run=_charts)
    charts.add_argument("result", metavar="RESULT", help="file that 'bayesmatch match' wrote")
    charts.add_argument(
        "--out",
        action="append",
        required=True,
        metavar="FOLDER|PDF",
        help="folder for a PNG image per source, or a file .pdf with a page per source",
    )
    charts.add_argument(
        "--ids", nargs="+", action="extend", metavar="ID", help="identifiers of the sources"
    )
    charts.add_argument(
        "--pick",
        choices=KINDS,
        help="draw some sources of a kind; right and wrong by --truth (default: ambiguous)",
    )
    charts.add_argument(
        "--truth",
        metavar="FILE",
        help="table: the primary's identifier in the first column, its counterpart's in the "
        "second, or 'hostless'; the charts tell right from wrong",
    )
    charts.add_argument(
        "--catalogue",
        metavar="NAME",
        help="catalogue of the counterparts in --truth (default: the first other)",
    )
    charts.add_argument(
        "--n", type=int, metavar="N", help=f"how many at most, with --pick (default: {MANY})"
    )
    charts.add_argument(
        "--seed",
        type=int,
        metavar="S",
        help="which of them, with --pick: the same seed picks the same sources (default: 0)",
    )
    add_pictures(charts)
    add_quiet(charts)


def _charts(options: argparse.Namespace) -> None:
    from ..matching.result import MatchResult
    from ..matching.result_files import result_paths

    if options.ids and options.pick:
        raise ValueError("--ids and --pick are both given; give one of them")
    if options.ids and options.n is not None:
        raise ValueError("--n goes with --pick, and --ids names the sources; give one of them")
    if options.ids and options.seed is not None:
        raise ValueError("--seed goes with --pick, and --ids names the sources; give one of them")
    if options.catalogue is not None and options.truth is None:
        raise ValueError("--catalogue goes with --truth FILE, whose counterparts are of it")
    if options.n is not None and options.n < 1:
        raise ValueError(f"--n is {options.n}; give 1 or more")
    out, one_file = _place(options.out)
    read: list[Any] = [*result_paths(options.result), *pictures_read(options)]
    read += [] if options.truth is None else [options.truth]
    check_outputs([out if one_file else out / "chart.png"], read)
    image, also = read_pictures(options)
    result = MatchResult.read(options.result)
    rows, truth, told = _rows(result, options)
    names = file_names(result, rows)
    if not one_file:
        check_outputs([out / name for name in names], read)
    without = 0

    def figures() -> Iterator[Any]:
        from .. import plots
        from ..diagnostics.explanation.core import explain_row

        nonlocal without
        for row in rows:
            explanation = explain_row(result, int(row), image=image, also=also)
            if not explanation.objects.positions_known:
                raise ValueError(
                    f"{options.result}: the positions are not in this result; match again without "
                    "--no-inputs, or write it with include_inputs=True"
                )
            figure = plots.finding_chart(
                explanation, truth=None if truth is None else truth.of(int(row))
            )
            without += image is not None and not figure.axes[0].images
            yield figure

    write(figures(), len(rows), out, names, one_file=one_file)
    if not options.quiet:
        from ..catalogs.scalars import plural

        some = f"; {without} without an image there" if without else ""
        print(f"{len(rows)} {plural(len(rows), 'chart')}{told}{some}")
        print(f"wrote {out}")


def _place(given: Sequence[str]) -> tuple[Path, bool]:
    """Where to, and whether that is one file."""
    if len(given) > 1:
        raise ValueError(f"--out comes {len(given)} times ({', '.join(given)}); give it once")
    out = Path(given[0]).expanduser()
    if is_folder(given[0]):
        return out, False
    if out.suffix.lower() != ".pdf":
        raise ValueError(
            f"--out {given[0]}: the name must end in .pdf, or be that of a folder, which gets an "
            "image per source"
        )
    return out, True


def _rows(result: Any, options: argparse.Namespace) -> tuple[Any, Any, str]:
    """Rows of the sources, what is true of them, and what they are in words."""
    from ..catalogs.scalars import plural
    from ..diagnostics.explanation.core import row_of
    from ..diagnostics.explanation.known import read_truth
    from ..diagnostics.explanation.picking import pick

    truth = None
    if options.truth is not None:
        truth = read_truth(result, options.truth, options.catalogue)
    if options.ids:
        named = dict.fromkeys(row_of(result, identifier) for identifier in options.ids)
        return list(named), truth, ""
    kind = options.pick or "ambiguous"
    if kind in ("right", "wrong") and truth is None:
        raise ValueError(f"--pick {kind}: give the known answers with --truth FILE")
    every = pick(result, kind, truth=truth)
    if len(every) == 0:
        others = ", ".join(k for k in KINDS if k != kind)
        asked = f"--pick {kind}" if options.pick else f"without --pick the {kind} ones are drawn"
        raise ValueError(f"{asked}: there is no such source; give --pick another of {others}")
    rows = pick(result, kind, n=options.n or MANY, seed=options.seed or 0, truth=truth)
    noun = plural(len(every), "source")
    words = {"random": noun, "claimed": f"{noun} whose best candidate others claim"}
    return rows, truth, f" of {len(every):,} {words.get(kind, f'{kind} {noun}')}"
