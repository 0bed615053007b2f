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
from harness.files import written_whole

Form = Literal["csv", "bob-csv", "four", "five"]
FORMS: tuple[Form, ...] = get_args(Form)
BOB = ("probe_template_id", "probe_subject_id", "bio_ref_template_id", "bio_ref_subject_id",
       "score")  # fmt: skip
FOUR = ("claimed_id", "real_id", "probe_label", "score")
FIVE = ("claimed_id", "model_label", "real_id", "probe_label", "score")
TRUE, FALSE = ("1", "true", "True"), ("0", "false", "False")


@dataclass(frozen=True, eq=False)
class Listed:
    """Comparisons of a file: labels of both sides, float64 ``score`` and bool ``genuine`` (P,).

    Higher scores are more alike, -inf was not compared. ``fold`` (int64, from 0) and the labels of
    both subjects stand where the form has them.
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
    return np.char.add(prefix, values.astype(str))


def read_scores(path: Path, form: Form | None = None) -> Listed:
    """Read a score file; without ``form`` it is told by its first line.

    Raises DataError naming file and line for a file that is none of the forms, a score that is no
    number (``nan`` and infinities are numbers here), or a label of a comparison that is unknown.
    """
    first = _first_line(path)
    found = form or _form(path, first)
    comma = "," in first
    names = {"four": FOUR, "five": FIVE}.get(found)
    table = _table(path, first, "," if comma else _separator(first), names)
    if found == "csv":
        return _plain(path, table)
    pairs = (
        ("bio_ref_subject_id", "probe_subject_id")
        if found == "bob-csv"
        else ("claimed_id", "real_id")
    )
    claimed, real = (_column(path, table, name) for name in pairs)
    sides = {"bob-csv": ("bio_ref_template_id", "probe_template_id"),
             "five": ("model_label", "probe_label"),
             "four": ("claimed_id", "probe_label")}[found]  # fmt: skip
    left, right = (
        _column(path, table, name) if name in table.column_names else subject
        for name, subject in zip(sides, (claimed, real), strict=True)
    )
    score = _numbers(path, table, "score")
    return Listed(score, claimed == real, left, right, subjects=(claimed, real))


def _plain(path: Path, table: pa.Table) -> Listed:
    words = _column(path, table, "genuine")
    genuine = np.isin(words, TRUE)
    wrong = ~(genuine | np.isin(words, FALSE))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(f"{path}, line {at + 2}: genuine is {str(words[at])!r}, not 1 or 0")
    fold = None
    if "fold" in table.column_names:
        numbers = _numbers(path, table, "fold")
        if not ((np.abs(numbers) < 2**31) & (numbers == np.floor(numbers))).all():
            raise DataError(f"{path}: the folds are not whole numbers")
        fold = numbers.astype(np.int64) - 1
    sides = [_column(path, table, name) for name in ("first", "second")]
    return Listed(_numbers(path, table, "score"), genuine, sides[0], sides[1], fold)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            line = file.readline(4096).strip()
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist; give a file of scores") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from None
    if not line:
        raise DataError(f"{path} is empty; give a file of scores")
    return line


def _form(path: Path, line: str) -> Form:
    if "," in line:
        header = set(line.replace('"', "").split(","))
        if {"probe_subject_id", "bio_ref_subject_id", "score"} <= header:
            return "bob-csv"
        if {"first", "second", "genuine", "score"} <= header:
            return "csv"
    count = len(line.split())
    if "," not in line and count in (4, 5):
        return "four" if count == 4 else "five"
    raise DataError(
        f"{path}, line 1: neither four or five columns of Bob nor a header with "
        "first,second,genuine,score or probe_subject_id,bio_ref_subject_id,score"
    )


def _separator(line: str) -> str:
    return "\t" if "\t" in line else " "


def _table(path: Path, first: str, separator: str, names: tuple[str, ...] | None) -> pa.Table:
    # Only one thread can tell the number of a bad row.
    options = pyarrow.csv.ReadOptions(
        column_names=list(names) if names else None, use_threads=False
    )
    parse = pyarrow.csv.ParseOptions(delimiter=separator)
    header = list(names) if names else [name.strip('"') for name in first.split(separator)]
    try:
        convert = pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        )
        return pyarrow.csv.read_csv(path, options, parse, convert)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError) as error:
        raise DataError(f"cannot read {path}: {' '.join(str(error).split())}") from None


def _column(path: Path, table: pa.Table, name: str) -> NDArray[Any]:
    return np.asarray(_values(path, table, name).to_numpy(zero_copy_only=False)).astype(str)


def _values(path: Path, table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.column_names:
        raise DataError(f"{path} has no column {name}")
    return table[name]


def _numbers(path: Path, table: pa.Table, name: str) -> NDArray[np.float64]:
    """Numbers of a column; NaN, which says that nothing could be compared, becomes -inf."""
    import pyarrow.compute as pc

    try:
        values = pc.cast(_values(path, table, name), pa.float64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise DataError(f"{path}, column {name}: {error}") from None
    made: NDArray[np.float64] = np.where(np.isnan(values), -np.inf, values)
    return made


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
