"""``bayesmatch train``: learn a photometric prior."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

#: expected counterparts from which on a match learns from itself; the same as MIN_COUNTERPARTS of
#: priors/learned.py, which would take long to import
FROM_COUNTERPARTS = 30
EPILOG = f"""\
A match in which {FROM_COUNTERPARTS} or more counterparts are expected needs no training sample: it
learns what they look like from all of its candidates, about as well as from known counterparts:
  bayesmatch match ... --learn CAT:COL,COL,...
Train a prior where the match has fewer, where error circles are so full that positions tell
nothing, or to use one in many fields (match --prior CAT:FILE --adapt puts it right on each).
"""


def add_train(commands: Any) -> None:
    """Add ``bayesmatch train``."""
    train = commands.add_parser(
        "train",
        help="learn a photometric prior",
        description="Train a LightGBM prior on counterparts and field objects with magnitudes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    train.set_defaults(run=_train)
    train.add_argument("table", metavar="TABLE", help="one row per object, FITS, VOTable, ...")
    train.add_argument(
        "--label", required=True, metavar="COL", help="column that is true, or 1, for counterparts"
    )
    train.add_argument(
        "--bands",
        required=True,
        metavar="B,B,...",
        help="bands, from blue to red; their colours are used too",
    )
    train.add_argument(
        "--mag",
        default="{band}",
        metavar="PATTERN",
        help="name of a band's magnitude column, as dered_mag_{band} (default: the band's name)",
    )
    train.add_argument(
        "--context",
        metavar="COL,COL",
        help="columns with properties of the primary source, as its X-ray flux, "
        "which the match must then find in the primary catalogue",
    )
    train.add_argument("--name", default="photometry", help="name of the prior")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")
    train.add_argument("--out", required=True, metavar="FILE", help="the prior, .json")
    train.add_argument("--quiet", action="store_true", help="print nothing but errors")


def _train(options: argparse.Namespace) -> None:
    from .. import plots
    from ..catalogs.columns import column_values
    from ..catalogs.formats.asked import Asked
    from ..catalogs.formats.reading import read_table
    from ..catalogs.targets import check_targets
    from ..photometry import Features
    from ..priors.diagnostics import diagnose
    from ..priors.lightgbm import LightGBMPrior

    out = Path(options.out)
    if out.suffix != ".json":
        raise ValueError(f"--out {out}: a prior is a .json file")
    check_targets([out, out.with_suffix(".png")], [options.table], option="--out")
    features = Features(options.bands.split(","), mag=options.mag)
    table = read_table(options.table, Asked(positions=False))
    context = None
    if options.context:
        names = options.context.split(",")
        context = {name: column_values(table, name, sentinels=False) for name in names}
    prior = LightGBMPrior.fit(
        table,
        options.label,
        features=features,
        context=context,
        name=options.name,
        seed=options.seed,
        progress=sys.stderr.isatty() and not options.quiet,
    )
    figure = plots.prior_diagnostics(diagnose(prior), f"{options.name}, from {options.table}")
    prior.save(out)
    plots.save(figure, out.with_suffix(".png"))
    if not options.quiet:
        print(
            f"{options.table}: trained on {prior.counts['counterparts']:,} counterparts and "
            f"{prior.counts['field']:,} field objects, {len(prior.feature_names)} features"
        )
        print(
            f"a match with {FROM_COUNTERPARTS} expected counterparts or more learns this about as "
            f"well by itself: bayesmatch match --learn CAT:{','.join(features.columns)}"
        )
        print(f"wrote {out}\nwrote {out.with_suffix('.png')}")
