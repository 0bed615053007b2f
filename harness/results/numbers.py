"""The one number formatter of tables, figures and pages.

A printed fraction is a percentage with no more decimals than the comparisons behind it support:
6,000 pairs move an accuracy in steps of 0.017 %, so two decimals are printed; 600 pairs get one.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

MAX_DECIMALS = 2
"""Published tables of the field stop here, and so do their confidence intervals."""

MISSING = "n/a"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def decimals(count: int | None) -> int:
    """Decimals of a percentage that ``count`` comparisons support; two where it is unknown."""
    if count is None:
        return MAX_DECIMALS
    if count <= 100:
        return 0
    return min(MAX_DECIMALS, math.ceil(math.log10(count / 100)))


def number(value: float | None, unit: str = "fraction", count: int | None = None) -> str:
    """A value without its unit: a fraction as a percentage, anything else in four digits."""
    if value is None or not math.isfinite(value):
        return MISSING
    if unit == "fraction":
        return f"{100 * value:.{decimals(count)}f}"
    return f"{value:.4g}"


def moment(stamp: str) -> str:
    """An ISO 8601 time for people, in UTC: ``2 Jan 2026, 14:05 UTC``; another text as it is."""
    try:
        found = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    if found.tzinfo is None:
        return stamp
    found = found.astimezone(UTC)
    # Not %b: a report does not depend on the language of the machine.
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}, {found:%H:%M} UTC"


def suffix(unit: str) -> str:
    """What follows a number of this unit, with its space; dimensionless scores have nothing."""
    if unit == "fraction":
        return " %"
    return f" {unit}" if unit and unit != "score" else ""


def interval(
    low: float | None, high: float | None, unit: str = "fraction", count: int | None = None
) -> str:
    """``[98.27, 98.87]``, or nothing where there is no interval."""
    if low is None or high is None:
        return ""
    return f"[{number(low, unit, count)}, {number(high, unit, count)}]"


def measured(
    value: float | None,
    low: float | None,
    high: float | None,
    unit: str = "fraction",
    count: int | None = None,
) -> str:
    """``98.58 % [98.27, 98.87]``: a number, its unit and its interval."""
    if value is None:
        return MISSING
    text = f"{number(value, unit, count)}{suffix(unit)} {interval(low, high, unit, count)}"
    return text.rstrip()


def difference(value: float, unit: str = "fraction", count: int | None = None) -> str:
    """A signed difference; of fractions in percentage points. A rounded zero has no sign."""
    text = number(value, unit, count)
    if float(text) == 0:
        return text.lstrip("-")
    return text if text.startswith("-") else f"+{text}"


def points(unit: str) -> str:
    """The unit of a difference."""
    return " points" if unit == "fraction" else suffix(unit)


def count(value: int | None) -> str:
    """``15,638,932``, or nothing where unknown."""
    return "" if value is None else f"{value:,}"


def duration(seconds: float) -> str:
    """``4.2 s``, ``3 min 05 s`` or ``2 h 14 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def far(value: float) -> str:
    """A false accept rate as the field writes it: ``1e-4``, ``0.01`` stays ``1e-2``."""
    if value <= 0:
        return f"{value:g}"
    exponent = math.floor(math.log10(value) + 1e-9)
    mantissa = value / 10**exponent
    return f"{mantissa:.3g}e{exponent}"
