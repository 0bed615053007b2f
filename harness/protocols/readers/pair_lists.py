"""Pair lists beyond LFW's, and the folds they are cut into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from harness.errors import DataError, UsageError
from harness.fileio.texts import (
    FLAG_WORDS,
    flag,
    lines,
    read_lines,
    require_distinct,
    separator_of,
    whole_number,
)
from harness.protocols.readers.columns import ListLayout, fields_of, first_line, wrong_width
from harness.protocols.readers.lists import Pair

FOLDS = 10
_COLUMNS = ("first", "second", "genuine", "fold")


def interleave(pairs: Sequence[Pair], where: Path, folds: int = FOLDS) -> list[Pair]:
    """Fold k = the k-th tenth of the genuine and of the impostor pairs, in their order.

    A list that has all genuine pairs first (CALFW, CPLFW) cut into runs gives folds of one kind,
    whose accuracy means nothing. Raises ``DataError`` when there are too few pairs of a kind.
    """
    rows = {kind: [p for p in pairs if p.genuine is kind] for kind in (True, False)}
    for kind, chosen in rows.items():
        if len(chosen) < folds:
            raise DataError(
                f"{where} has {len(chosen)} {'genuine' if kind else 'impostor'} pairs, too few for "
                f"{folds} folds"
            )
    parts = {kind: np.array_split(np.arange(len(rows[kind])), folds) for kind in rows}
    return [
        replace(rows[kind][int(row)], fold=fold)
        for fold in range(folds)
        for kind in (True, False)
        for row in parts[kind][fold]
    ]


def require_balance(pairs: Sequence[Pair], where: Path) -> None:
    """Raise ``DataError`` unless all folds hold equally many genuine and impostor pairs."""
    counts = Counter((pair.fold, pair.genuine) for pair in pairs)
    sizes = {(counts[fold, True], counts[fold, False]) for fold, _ in counts}
    if len(sizes) != 1 or len({*next(iter(sizes))}) != 1:
        told = ", ".join(
            f"{counts[f, True]} + {counts[f, False]}" for f in sorted({f for f, _ in counts})
        )
        raise DataError(
            f"{where}: the folds are not balanced, genuine + impostor pairs are {told}; complete "
            "the list"
        )


def require_both_kinds(pairs: Sequence[Pair], where: Path) -> None:
    """Raise ``DataError`` unless there are two folds and every fold has pairs of both kinds."""
    kinds = {(pair.fold, pair.genuine) for pair in pairs}
    folds = sorted({fold for fold, _ in kinds})
    if len(folds) < 2:
        raise DataError(f"{where} gives {len(folds)} folds; a threshold needs at least two")
    for fold in folds:
        if (fold, True) not in kinds or (fold, False) not in kinds:
            raise DataError(
                f"{where}: fold {fold + 1} has pairs of one kind only; it needs genuine and "
                "impostor pairs"
            )


def choose_folds(pairs: Sequence[Pair], folds: Sequence[int]) -> list[Pair]:
    """The pairs of some folds, counted from 1; all without a choice.

    Raises ``UsageError`` for a fold that the list does not have.
    """
    if not folds:
        return list(pairs)
    known = sorted({pair.fold + 1 for pair in pairs})
    unknown = sorted(set(folds) - set(known))
    if unknown:
        raise UsageError(f"folds={list(folds)}: there is no fold {unknown[0]}, only {known}")
    return [pair for pair in pairs if pair.fold + 1 in folds]


def read_label_lines(path: Path) -> list[Pair]:
    """Read ``pairs_CALFW.txt`` or ``pairs_CPLFW.txt``: ``file label``, two lines per pair.

    Genuine where the label is not 0 (in CALFW it is the fold number). Folds are cut by
    :func:`interleave` and must balance. Raises ``DataError`` with file and line.
    """
    rows = [(n, line.split()) for n, line in enumerate(read_lines(path), 1) if line.strip()]
    if len(rows) % 2 or not rows:
        raise DataError(f"{path} has {len(rows)} lines; it should hold two lines per pair")
    pairs = []
    for (number, one), (after, two) in zip(rows[::2], rows[1::2], strict=True):
        first, genuine = _labelled(path, number, one)
        second, same = _labelled(path, after, two)
        if genuine is not same:
            raise DataError(f"{path}, line {after}: the label contradicts that of line {number}")
        pairs.append(Pair(first, second, genuine, 0, f"line {number}"))
    folded = interleave(pairs, path)
    require_balance(folded, path)
    return folded


def _labelled(path: Path, number: int, words: list[str]) -> tuple[str, bool]:
    label = whole_number(words[1]) if len(words) == 2 else None
    if label is None:
        raise DataError(f"{path}, line {number}: expected a file name and a label")
    if not is_inside(words[0]):
        raise DataError(f"{path}, line {number}: {words[0]!r} is not a file below the folder")
    return words[0], label != 0


def read_pairs_csv(path: Path) -> list[Pair]:
    """Read ``first,second,genuine[,fold]``: two paths, 1/0 or true/false, and any fold number.

    A first line that names columns gives their order, and others are ignored; of four columns that
    begin with those three the last is the fold, whatever its name. Without folds
    the pairs are cut into ten by :func:`interleave`. Raises ``DataError`` with file and line.
    """
    layout = _layout(path)
    pairs = []
    for number, line in enumerate(lines(path), 1):
        if line.strip() and number > layout.begin:
            words = fields_of(line, layout.separator)
            if len(words) != layout.width:
                raise wrong_width(path, number, line, words, layout)
            pairs.append(_csv_pair(path, number, words, layout))
    if not pairs:
        raise DataError(f"{path} is empty; it should hold first,second,genuine[,fold] a line")
    if "fold" not in layout.places:
        return interleave(pairs, path)
    folds = {fold: place for place, fold in enumerate(sorted({pair.fold for pair in pairs}))}
    return [replace(pair, fold=folds[pair.fold]) for pair in pairs]


def _layout(path: Path) -> ListLayout:
    number, first = first_line(path)
    separator = "," if "," in first else separator_of(first)
    words = fields_of(first, separator)
    known = [word.casefold() for word in words]
    if "first" not in known or "second" not in known:
        if len(words) not in (3, 4):
            raise DataError(
                f"{path}, line {number}: expected first,second,genuine or first,second,genuine,fold"
            )
        names = _COLUMNS[: len(words)]
        return ListLayout(len(words), separator, {n: k for k, n in enumerate(names)}, number - 1)
    if "genuine" not in known:
        raise DataError(f"{path}, line {number}: no column genuine among {', '.join(words)[:200]}")
    require_distinct(path, words, _COLUMNS, number)
    if known[:3] == list(_COLUMNS[:3]) and len(known) == 4:
        known[3] = "fold"  # whatever its name, as lists of folds have many
    places = {name: known.index(name) for name in _COLUMNS if name in known}
    return ListLayout(len(words), separator, places, number)


def _csv_pair(path: Path, number: int, row: list[str], layout: ListLayout) -> Pair:
    where, places = f"{path}, line {number}", layout.places
    first, second, truth = (row[places[name]] for name in _COLUMNS[:3])
    for name in (first, second):
        if not is_inside(name):
            hint = "; write / between folders" if "\\" in name else ""
            raise DataError(f"{where}: {name[:200]!r} is not a file below the folder{hint}")
    genuine = flag(truth)
    if genuine is None:
        raise DataError(f"{where}: genuine is {truth[:40]!r}; write {FLAG_WORDS}")
    fold = row[places["fold"]] if "fold" in places else "0"
    fold_number = whole_number(fold)
    if fold_number is None or not 0 <= fold_number < 1_000_000:
        raise DataError(f"{where}: fold is {fold[:40]!r}; use a whole number")
    return Pair(first, second, genuine, fold_number, f"line {number}")


def is_inside(name: str) -> bool:
    """Whether a listed path is relative, does not climb out of its folder and can be a path."""
    path = PurePosixPath(name)
    usable = bool(name) and "\0" not in name and "\\" not in name
    return usable and not path.is_absolute() and ".." not in path.parts
