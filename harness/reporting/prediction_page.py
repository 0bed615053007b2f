"""Measures of face sets against accuracy: one page, one small scatter plot per measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.fileio.atomic import write_text
from harness.measures.prediction import Association, Prediction
from harness.reporting.page.page import environment
from harness.tools.predict import Predictions, Scatter

WIDTH, HEIGHT, EDGE = 220.0, 150.0, 12.0
_TEMPLATE = "prediction.jinja"


@dataclass(frozen=True)
class Dot:
    """One face set in a plot: its place in pixels, and what it is."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Panel:
    """One measure against one score, with the ends of both axes as text."""

    association: Association
    dots: Sequence[Dot]
    ends: tuple[str, str, str, str]


@dataclass(frozen=True)
class ScorePlots:
    """All panels of one score, the strongest association first."""

    prediction: Prediction
    panels: Sequence[Panel]


def write_page(found: Predictions, path: Path) -> None:
    """Write one HTML file without scripts; every dot has the name of its set as a tooltip."""
    plots = [_plots(item, found.scatter[item.score], found.sets) for item in found.found]
    context = {"plots": plots, "sets": found.sets, "notes": found.notes, "width": WIDTH,
               "height": HEIGHT}  # fmt: skip
    write_text(path, environment().get_template(_TEMPLATE).render(context))


def _plots(item: Prediction, points: Scatter, titles: Mapping[str, str]) -> ScorePlots:
    ordered = sorted(item.associations, key=lambda one: -abs(one.spearman or 0))
    return ScorePlots(item, [_panel(one, points, titles) for one in ordered])


def _panel(one: Association, points: Scatter, titles: Mapping[str, str]) -> Panel:
    column = points.measures[one.measure]
    here = np.isfinite(column)
    xs, ys = column[here], points.values[here]
    across, down = _scaled(xs, WIDTH), HEIGHT - _scaled(ys, HEIGHT)
    keys = [key for key, shown in zip(points.keys, here, strict=True) if shown]
    dots = [Dot(round(float(x), 1), round(float(y), 1), f"{titles[key]}; {a:.4g}, {b:.4g}")
            for x, y, key, a, b in zip(across, down, keys, xs, ys, strict=True)]  # fmt: skip
    ends = (xs.min(), xs.max(), ys.min(), ys.max()) if len(xs) else (np.nan,) * 4
    return Panel(one, dots, tuple(f"{end:.4g}" for end in ends))  # type: ignore[arg-type]


def _scaled(values: NDArray[np.float64], length: float) -> NDArray[np.float64]:
    """Values as pixels between the edges; all in the middle where they are equal."""
    if not len(values) or np.ptp(values) == 0:
        return np.full(len(values), length / 2)
    share = (values - values.min()) / np.ptp(values)
    return np.asarray(EDGE + share * (length - 2 * EDGE))
