"""Ratings of a set as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from harness.fileio.atomic import written_whole
from harness.tools.sets.rate_set import SetRatings


def write_ratings(path: Path, found: SetRatings, identities: Mapping[int, str]) -> None:
    """One row per image: its name, its identity, and its ratings; ``nan`` where there is none.

    Classes are written as their numbers, from 0.
    """
    subjects = found.images.subjects
    assert subjects is not None, "rated sets are labelled"
    with written_whole(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["image", "identity", *(column.name for column in found.columns)])
        for row, name in enumerate(found.images.names):
            subject = int(subjects[row])
            values = (f"{column.values[row]:.9g}" for column in found.columns)
            table.writerow([name, identities.get(subject, str(subject)), *values])
