"""``bayesmatch train``: learn a photometric prior."""

from __future__ import annotations

import argparse
from typing import Any

from ..catalogs.typed import typed
from .outputs import add_out, check_outputs, one_output
from .parsing import columns
from .shown import add_quiet, shows_progress

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
    _add_labels(train)
    _add_learning(train)
    add_out(
        train,
        "the prior, .json, with its diagnostics as .png beside it",
        required=True,
    )
    add_quiet(train)


def _add_labels(train: argparse.ArgumentParser) -> None:
    """Add what says which rows are counterparts."""
    train.add_argument(
        "--label",
        required=True,
        metavar="COL",
        help="column that says which rows are counterparts: true and false, yes and no, 1 and 0, "
        "1 and -1 (is_counterpart in what 'bayesmatch sample' writes); rows where it is empty "
        "are left out",
    )
    train.add_argument(
        "--counterpart",
        action="append",
        metavar="VALUE",
        help="value of --label's column that means counterpart, where it holds classes; all "
        "others are field objects; repeatable",
    )
    train.add_argument(
        "--least-label",
        type=float,
        metavar="P",
        help="where --label's column holds probabilities: from P on a row is a counterpart, up to "
        "1 - P a field object, between them left out",
    )


def _add_learning(train: argparse.ArgumentParser) -> None:
    """Add what is learned from, and how."""
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
    train.add_argument(
        "--colors",
        default="adjacent",
        metavar="WHICH",
        help="colours to use: adjacent, all, none, or a list as g-r,g-z (default: adjacent bands)",
    )
    train.add_argument("--weight", metavar="COL", help="column with the weight of each row")
    train.add_argument(
        "--group",
        metavar="COL",
        help="rows that are alike in this column stay together in cross-validation (default: "
        "xray_row where there is one, as in what 'bayesmatch sample' writes)",
    )
    train.add_argument("--name", default="photometry", help="name of the prior")
    train.add_argument("--seed", type=int, default=0, metavar="N", help="default: 0")


def _train(options: argparse.Namespace) -> None:
    from .. import plots
    from ..catalogs.columns import column_values
    from ..catalogs.formats.asked import Asked
    from ..catalogs.formats.reading import read_table
    from ..photometry import Features
    from ..priors.diagnostics import diagnose
    from ..priors.label_choice import chosen
    from ..priors.lightgbm import LightGBMPrior
    from ..priors.training_sample import left_out_text

    out = one_output(options.out, {"prior": ((".json",), f"{options.name}.json")})
    if options.counterpart and options.least_label is not None:
        raise ValueError("--counterpart and --least-label: give one of them")
    assert out is not None  # the option is required
    check_outputs([out, out.with_suffix(".png")], [options.table])
    colors = options.colors
    if colors not in ("adjacent", "all", "none"):
        colors = columns(colors)
    features = Features(columns(options.bands), colors=colors, mag=options.mag)
    table = read_table(options.table, Asked(positions=False))
    label: Any = options.label
    if options.counterpart or options.least_label is not None:
        label = chosen(table, options.label, options.counterpart, options.least_label)
    context = None
    if options.context:
        names = columns(options.context)
        context = {name: column_values(table, name, sentinels=False) for name in names}
    prior = LightGBMPrior.fit(
        table,
        label,
        features=features,
        context=context,
        sample_weight=_column(table, options.weight),
        groups=_column(table, options.group),
        name=options.name,
        seed=options.seed,
        progress=shows_progress(options),
    )
    assert prior.training is not None  # it was trained just now
    figure = plots.prior_diagnostics(diagnose(prior), f"{options.name}, from {options.table}")
    prior.save(out)
    plots.save(figure, out.with_suffix(".png"))
    if not options.quiet:
        print(
            f"{options.table}: trained on {prior.counts['counterparts']:,} counterparts and "
            f"{prior.counts['field']:,} field objects, {len(prior.feature_names)} features"
            f"{left_out_text(prior.training.left_out)}"
        )
        print(
            f"a match with {FROM_COUNTERPARTS} expected counterparts or more learns this about as "
            f"well by itself: bayesmatch match --learn CAT:{','.join(map(typed, features.columns))}"
        )
        print(f"wrote {out}\nwrote {out.with_suffix('.png')}")


def _column(table: Any, name: str | None) -> Any:
    """The values of a column, where one is named."""
    from ..catalogs.closest import did_you_mean
    from ..catalogs.columns import table_columns

    if name is None:
        return None
    if name not in table_columns(table):
        raise ValueError(
            f"there is no column {name!r}{did_you_mean(name, table.colnames)}; the columns are "
            f"{', '.join(table.colnames)}"
        )
    return table[name]
