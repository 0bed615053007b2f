"""``harness predict``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.terminal import line, say, say_page

if TYPE_CHECKING:
    from harness.measures.prediction import Prediction
    from harness.tools.predict import Predictions


@click.command(name="predict")
@click.argument("studies", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of resamples and permutations."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a page with a scatter plot per measure.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per score.")
def command(studies: tuple[Path, ...], *, seed: int, out: Path | None, as_json: bool) -> int:
    """Relate measures of face sets to the accuracy of networks trained on them.

    Takes every face set of STUDIES that was measured (`harness faces measure`), at least eight.

    \b
    Examples:
      harness predict study
      harness predict small large --json
      harness predict study -o predict.html
    """
    from harness.store.artifacts import Store
    from harness.tools.predict import predict_scores

    found = predict_scores(Store(), studies, seed=seed)
    for note in found.notes:
        say(f"harness: {note}", err=True)
    if as_json:
        for item in found.found:
            say(json.dumps(asdict(item)))
    else:
        say_page(_text(found))
    if out is not None:
        from harness.reporting.prediction_page import write_page

        write_page(found, out)
        say(f"wrote {out}", err=True)
    return 0


def _text(found: Predictions) -> str:
    parts = [_table(item) for item in found.found]
    parts.append(
        "rho: Spearman's, with a 95 % interval over sets; partial: given log images and log "
        "identities; p: by permutation, and adjusted over measures (Holm); error: of predicting a "
        "left-out set. "
        "An association over the sets of one study is not a cause, nor true of other generators."
    )
    return "\n\n".join("\n".join(map(line, part.split("\n"))) for part in parts)


def _table(item: Prediction) -> str:
    from tabulate import tabulate

    ordered = sorted(item.associations, key=lambda a: -abs(a.spearman or 0))
    rows = [
        [
            a.measure,
            a.sets,
            _number(a.spearman),
            _range(a.low, a.high),
            _number(a.partial),
            _number(a.kendall),
            _number(a.p_value),
            _number(a.holm),
            _number(a.loo_error, 4),
        ]
        for a in ordered
    ]
    heads = ["measure", "sets", "rho", "95 % interval", "partial", "tau", "p", "p (Holm)", "error"]
    errors = (
        f"error of the mean {_number(item.error_mean, 4)}, of the best measure "
        f"{_number(item.error_best, 4)}, of a ridge on all {_number(item.error_ridge, 4)}"
    )
    table = tabulate(rows, heads, disable_numparse=True)
    return f"{item.score}, {item.sets} face sets\n\n{table}\n{errors}"


def _number(value: float | None, digits: int = 3) -> str:
    return "n/a" if value is None else f"{value:.{digits}f}"


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.2f}, {high:.2f}]"
