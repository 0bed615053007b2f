"""Curves of comparisons and searches as Vega-Lite specifications: ROC, DET and CMC."""

from __future__ import annotations

import math
from typing import Any

from harness.reporting.figures.parts import (
    HEIGHT,
    Ends,
    Rows,
    alt,
    coloured,
    finish,
    highlighted,
    interval,
    labelled,
    only,
    specification,
    table,
)
from harness.reporting.figures.series import DrawnSeries

LOG_TICKS = [10.0**exponent for exponent in range(-8, 1)]
EXPONENT = "datum.value == 1 ? '1' : format(datum.value, '~e')"
PROBIT_TICKS = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99)
MOST_ERROR = 0.6
"""Where the DET ends at the right: behind it is no operating point that anybody uses."""
STEP = "step-after"


@specification
def roc(rows: Rows, drawn: DrawnSeries) -> dict[str, Any]:
    """TAR over FAR on a logarithmic axis, a step line per series, with bands where rows have them.

    Rows hold ``far``, ``tar`` (fractions) and ``series``; ``low`` and ``high`` of some or none.
    The axis begins at the smallest ``far``.
    """
    banded = any(row.get("low") is not None for row in rows)
    numeric = dict.fromkeys(("far", "tar", *(("low", "high") if banded else ())), "number")
    start, domain = min(row["far"] for row in rows), _domain(rows, ("tar", "low"))
    x = alt.X("far:Q", title=f"false accept rate (FAR), from {start:.2g}")
    x = x.scale(type="log", domain=[start, 1], nice=False).axis(
        values=LOG_TICKS, labelExpr=EXPONENT
    )
    y = alt.Y("tar:Q", title="true accept rate (TAR)").scale(domain=list(domain))
    base = only(alt.Chart(table(rows, **numeric)), drawn).encode(x=x, color=coloured(drawn))
    pick, opacity = highlighted()
    shown = [alt.Tooltip("series:N"), *_rates("far", "tar"), *(interval() if banded else [])]
    lines = base.mark_line(interpolate=STEP, strokeWidth=2).encode(
        y=y.axis(format="~%"), opacity=opacity, tooltip=shown
    )
    layers = [lines.add_params(pick), *labelled(_starts(rows), drawn, domain, HEIGHT, right=False)]
    if banded:
        shade = alt.condition(pick, alt.value(0.18), alt.value(0.0))
        bands = base.mark_area(interpolate=STEP, line=False).encode(
            y=alt.Y("low:Q"), y2="high:Q", opacity=shade
        )
        layers.insert(0, bands.transform_filter("isValid(datum.low)"))
    return finish(alt.layer(*layers), drawn=drawn)


@specification
def det(rows: Rows, drawn: DrawnSeries) -> dict[str, Any]:
    """Detection error trade-off of the rows of a ROC: FNMR over FMR on normal deviate axes.

    Where no genuine comparison is rejected the curve ends: no rate of zero has a deviate.
    """
    numeric = {"far": "number", "tar": "number"}
    points = [
        {"x": probit(row["far"]), "y": probit(1 - row["tar"]), "series": row["series"]}
        for row in rows if row["far"] < MOST_ERROR and 0 < 1 - row["tar"] < 1
    ]  # fmt: skip
    if not points:
        points = [{"x": probit(1e-3), "y": 0.0, "series": row["series"]} for row in rows[:1]]
    across = (min(point["x"] for point in points), probit(MOST_ERROR))
    up = _padded([point["y"] for point in points], 0.15)
    pick, opacity = highlighted()
    lines = (
        only(alt.Chart(table(rows, **numeric)), drawn)
        .transform_calculate(fnmr="1 - datum.tar")
        .transform_filter(f"datum.fnmr > 1e-9 && datum.fnmr < 1 && datum.far <= {MOST_ERROR}")
        .transform_calculate(
            x="quantileNormal(datum.far, 0, 1)", y="quantileNormal(datum.fnmr, 0, 1)"
        )
        .mark_line(interpolate=STEP, strokeWidth=2, clip=True)
        .encode(
            x=_deviate(alt.X, "x", "false match rate (FMR), %", across),
            y=_deviate(alt.Y, "y", "false non-match rate (FNMR), %", up),
            tooltip=[alt.Tooltip("series:N"), *_rates("far", "fnmr")],
            opacity=opacity,
            color=coloured(drawn),
        )
        .add_params(pick)
    )
    ends: dict[str, tuple[float, float]] = {}
    for point in sorted(points, key=lambda point: point["x"]):
        ends.setdefault(point["series"], (point["x"], point["y"]))
    return finish(alt.layer(lines, *labelled(ends, drawn, up, HEIGHT, right=False)), drawn=drawn)


@specification
def cmc(rows: Rows, drawn: DrawnSeries) -> dict[str, Any]:
    """Cumulative match characteristic; rows hold ``rank``, ``rate`` and ``series``."""
    pick, opacity = highlighted()
    domain = _domain(rows, ("rate",))
    last = max(row["rank"] for row in rows)
    ranks = list(range(1, last + 1)) if last <= 10 else None
    axis = alt.Axis(values=ranks, format="d") if ranks else alt.Axis(tickMinStep=1, format="d")
    lines = (
        only(alt.Chart(table(rows, rank="number", rate="number")), drawn)
        .mark_line(strokeWidth=2, point={"size": 14})
        .encode(
            x=alt.X("rank:Q", title="rank", axis=axis).scale(domain=[1, max(last, 2)], nice=False),
            y=alt.Y("rate:Q", title="searches with the mate at this rank or before")
            .scale(domain=list(domain)).axis(format="~%"),
            tooltip=[alt.Tooltip("series:N"), alt.Tooltip("rank:Q"),
                     alt.Tooltip("rate:Q", format=".2%")],
            opacity=opacity,
            color=coloured(drawn),
        )
        .add_params(pick)
    )  # fmt: skip
    ends = {row["series"]: (row["rank"], row["rate"]) for row in rows}
    return finish(alt.layer(lines, *labelled(ends, drawn, domain, HEIGHT, right=True)), drawn=drawn)


def probit(rate: float) -> float:
    """The normal deviate below which that share of a normal distribution is."""
    from scipy.special import ndtri

    return float(ndtri(rate))


def _starts(rows: Rows) -> Ends:
    """Where the line of each series begins."""
    found: dict[str, tuple[float, float]] = {}
    for row in rows:
        found.setdefault(row["series"], (row["far"], row["tar"]))
    return found


def _domain(rows: Rows, fields: tuple[str, ...]) -> tuple[float, float]:
    """An axis of fractions from a twentieth below the least value to one."""
    values = [row[name] for row in rows for name in fields if row.get(name) is not None]
    return max(0.0, math.floor(20 * min(values) - 1e-9) / 20), 1.0


def _padded(values: list[float], share: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = share * max(high - low, 0.5)
    return low - room, high + room


def _deviate(channel: Any, field: str, title: str, domain: tuple[float, float]) -> Any:
    """An axis of normal deviates with ticks in percent."""
    within = [rate for rate in PROBIT_TICKS if domain[0] <= probit(rate) <= domain[1]]
    # Vega writes a real minus sign.
    keys = [f"{probit(rate):.3f}".replace("-", "\u2212") for rate in within]
    words = ", ".join(f"'{key}': '{100 * r:g}'" for key, r in zip(keys, within, strict=True))
    found = channel(f"{field}:Q", title=title).scale(domain=list(domain), nice=False, zero=False)
    label = f"{{{words}}}[format(datum.value, '.3f')]"
    return found.axis(values=[probit(rate) for rate in within], labelExpr=label)


def _rates(across: str, up: str) -> list[alt.Tooltip]:
    titles = {"far": "FAR", "tar": "TAR", "fnmr": "FNMR"}
    formats = ((across, ".2e"), (up, ".2%"))
    return [alt.Tooltip(f"{f}:Q", title=titles[f], format=text) for f, text in formats]
