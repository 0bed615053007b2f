"""Overview: the comparison as a heat table and the standing of every measure."""

from __future__ import annotations

from harness.reporting.compare.verdict import Standing
from harness.reporting.tables.grid import Box, Grid, Head


def standing_grid(places: list[Standing], note: str) -> Grid:
    """The highest rows of each measure, how far apart they are, and whether that is significant."""
    heads = [
        Head("Measure"), Head("Highest"), Head("Value", numeric=True), Head("Next"),
        Head("Difference", numeric=True), Head("p", numeric=True, small="Holm"),
        Head("Significant"),
    ]  # fmt: skip
    rows = []
    for place in places:
        variant = f" ({place.column.variant})" if place.column.variant else ""
        tied, second, found = place.ties, place.runner_up, place.change
        first = place.first.title
        if len(tied) > 1:
            first, second = f"equal: {', '.join(row.title for row in tied)}", None
        rows.append([
            Box(place.column.title + variant), Box(first),
            Box(place.value_text, sort=place.value.value), Box(second[0].title if second else "–"),
            Box(place.change_text, sort=found.found.effect) if found else Box("–"),
            Box(f"{found.p_value:.2g}", sort=found.p_value, title=found.found.test)
            if found else Box("–"),
            Box("–" if found is None else "yes" if found.significant else "no"),
        ])  # fmt: skip
    notes = [note] if note else []
    notes += list(dict.fromkeys(
        place.change.found.wide for place in places if place.change and place.change.found.wide
    ))  # fmt: skip
    return Grid("standings", "Ranking per benchmark", heads, rows, notes)
