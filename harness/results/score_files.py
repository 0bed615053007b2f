"""Scores as text: plain CSV, and the three forms that Bob reads and writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from harness.errors import DataError, UsageError
from harness.fileio.atomic import written_whole
from harness.fileio.texts import separator_of
from harness.protocols.readers.columns import ListColumn, fields_of, first_line, read_text_columns

Form = Literal["csv", "bob-csv", "four", "five"]
FORMS: tuple[Form, ...] = get_args(Form)
BOB = ("probe_template_id", "probe_subject_id", "bio_ref_template_id", "bio_ref_subject_id",
       "score")  # fmt: skip
FOUR = ("claimed_id", "real_id", "probe_label", "score")
FIVE = ("claimed_id", "model_label", "real_id", "probe_label", "score")
COLUMNS = {
    **dict.fromkeys((*BOB, *FOUR, *FIVE, "first", "second"), ListColumn("str")),
    "genuine": ListColumn("bool"),
    **dict.fromkeys(("score", "fold"), ListColumn("float64", finite=False)),
}
"""How the columns of all forms are read."""


@dataclass(frozen=True, eq=False)
class Listed:
    """Comparisons of a file: labels of both sides, float64 ``score`` and bool ``genuine`` (P,).

    Higher scores are more similar, -inf was not compared. ``fold`` (int64, from 0) and the labels
    of both subjects are where the form has them.
    """

    score: NDArray[np.float64]
    genuine: NDArray[np.bool_]
    first: NDArray[Any]
    second: NDArray[Any]
    fold: NDArray[np.int64] | None = None
    subjects: tuple[NDArray[Any], NDArray[Any]] | None = None


def write_scores(path: Path, listed: Listed, form: Form) -> None:
    """Write a file whole. Forms of Bob say genuine by equal subjects, so those are made to agree.

    Columns of ``four``: claimed, real, probe, score; of ``five``: claimed, model, real, probe,
    score, separated by one space and without a header.
    """
    if form == "csv":
        columns: dict[str, Any] = {"first": listed.first, "second": listed.second,
                                   "genuine": listed.genuine.astype(np.int8)}  # fmt: skip
        if listed.fold is not None:
            columns["fold"] = listed.fold + 1
        columns["score"] = listed.score
    else:
        claimed, real = _subjects(listed)
        whole = {
            "probe_template_id": listed.second,
            "probe_subject_id": real,
            "bio_ref_template_id": listed.first,
            "bio_ref_subject_id": claimed,
            "claimed_id": claimed,
            "model_label": listed.first,
            "real_id": real,
            "probe_label": listed.second,
            "score": listed.score,
        }
        names = {"bob-csv": BOB, "four": FOUR, "five": FIVE}[form]
        columns = {name: whole[name] for name in names}
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    plain = form in ("csv", "bob-csv")
    options = pyarrow.csv.WriteOptions(
        include_header=plain, delimiter="," if plain else " ", quoting_style="none"
    )
    with written_whole(path) as aside, aside.open("wb") as sink:
        pyarrow.csv.write_csv(table, sink, options)


def _subjects(listed: Listed) -> tuple[NDArray[Any], NDArray[Any]]:
    """Labels of persons that are equal exactly where a comparison is genuine."""
    if listed.subjects is not None:
        claimed, real = listed.subjects
        if ((claimed == real) == listed.genuine).all():
            return _labels("person-", claimed), _labels("person-", real)
    claimed = _labels("of-", listed.first)
    return claimed, np.where(listed.genuine, claimed, _labels("of-", listed.second))


def _labels(prefix: str, values: NDArray[Any]) -> NDArray[Any]:
    return np.array([f"{prefix}{value}" for value in values.tolist()], np.object_)


def read_scores(path: Path, form: Form | None = None) -> Listed:
    """Read a score file; without ``form`` the format is detected from its first line.

    Columns of ``csv`` and ``bob-csv`` are separated by commas, semicolons or tabs, those of the
    other forms by spaces or tabs. Raises DataError naming file and line for a file that has none of
    the forms, a score that is not a number (``nan`` and infinities are numbers here), or a label of
    a comparison that is unknown.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist; give a file of scores")
    number, first = first_line(path)
    found = form or _form(path, number, first)
    if found == "csv":
        return _plain(path, first)
    names = {"four": FOUR, "five": FIVE}.get(found)
    if names is None:
        optional = [name for name in BOB[:4:2] if name in _header(first)]
        wanted = (*optional, "probe_subject_id", "bio_ref_subject_id", "score")
        table = read_text_columns(path, {n: COLUMNS[n] for n in wanted}, header=True)
        claimed, real = table["bio_ref_subject_id"], table["probe_subject_id"]
        sides = ("bio_ref_template_id", "probe_template_id")
    else:
        tabs = len(first.split("\t")) == len(names)
        table = read_text_columns(
            path, {n: COLUMNS[n] for n in names}, header=False, separator="\t" if tabs else " "
        )
        claimed, real = table["claimed_id"], table["real_id"]
        sides = ("model_label", "probe_label")
    left, right = (
        table.get(name, subject) for name, subject in zip(sides, (claimed, real), strict=True)
    )
    return Listed(_scores(table), claimed == real, left, right, subjects=(claimed, real))


def _plain(path: Path, header: str) -> Listed:
    names = [
        "first",
        "second",
        "genuine",
        "score",
        *(["fold"] if "fold" in _header(header) else []),
    ]
    table = read_text_columns(path, {n: COLUMNS[n] for n in names}, header=True)
    fold = None
    if "fold" in table:
        numbers = table["fold"]
        if not ((np.abs(numbers) < 2**31) & (numbers == np.floor(numbers))).all():
            raise DataError(f"{path}: the folds are not whole numbers")
        fold = numbers.astype(np.int64) - 1
    return Listed(_scores(table), table["genuine"], table["first"], table["second"], fold)


def _scores(table: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    """The scores; NaN, which says that nothing could be compared, becomes -inf."""
    return np.where(np.isnan(table["score"]), -np.inf, table["score"])


def _header(line: str) -> list[str]:
    return [name.casefold() for name in fields_of(line, separator_of(line))]


def _form(path: Path, number: int, line: str) -> Form:
    header = set(_header(line))
    if {"probe_subject_id", "bio_ref_subject_id", "score"} <= header:
        return "bob-csv"
    if {"first", "second", "genuine", "score"} <= header:
        return "csv"
    for count in (len(line.split("\t")), len(line.split())):
        # A path may hold a comma or, between tabs, a space: only the count tells.
        if count in (4, 5):
            return "four" if count == 4 else "five"
    raise DataError(
        f"{path}, line {number}: neither four or five columns of Bob nor a header with "
        "first,second,genuine,score or probe_subject_id,bio_ref_subject_id,score"
    )


def listed_of(columns: Mapping[str, NDArray[Any]], headline: str) -> Listed:
    """Stored scores as a list; DataError for searches, which keep no score a comparison.

    ``headline`` names the cell of template scores that the table shows.
    """
    if "genuine" not in columns:
        raise DataError("a search keeps the best scores of a probe and not every comparison's")
    fold = columns["fold"].astype(np.int64) if "fold" in columns else None
    subjects = None
    if "first_subject" in columns:
        subjects = (columns["first_subject"], columns["second_subject"])
    return Listed(
        _similarity(columns, headline),
        columns["genuine"].astype(np.bool_),
        columns["first"],
        columns["second"],
        fold,
        subjects,
    )


def _similarity(columns: Mapping[str, NDArray[Any]], headline: str) -> NDArray[np.float64]:
    if "distance" in columns:
        return -columns["distance"].astype(np.float64)
    if f"score:{headline}" in columns:
        return columns[f"score:{headline}"].astype(np.float64)
    if "score" in columns:
        return columns["score"].astype(np.float64)
    fold = columns.get("fold")
    if fold is None or f"distance_{fold[0]}" not in columns:
        raise DataError("its scores are of a form that only its own benchmark understands")
    score = np.empty(len(fold))
    for number in np.unique(fold):
        score[fold == number] = -columns[f"distance_{number}"][fold == number]
    return score
