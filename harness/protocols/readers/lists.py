"""Readers of pair lists; every complaint names file and line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import DataError
from harness.fileio.texts import read_lines, whole_number


@dataclass(frozen=True)
class Pair:
    """Two images, whether they show one person, and the fold (from 0).

    ``where`` says where in its list the pair stands, for messages.
    """

    first: str
    second: str
    genuine: bool
    fold: int
    where: str = field(default="", compare=False)


def first_of_each(pairs: Sequence[Pair], limit: int | None) -> list[Pair]:
    """The first ``limit`` genuine and impostor pairs of each fold; all of them without a limit."""
    if limit is None:
        return list(pairs)
    seen: Counter[tuple[int, bool]] = Counter()
    kept = []
    for pair in pairs:
        kind = (pair.fold, pair.genuine)
        seen[kind] += 1
        if seen[kind] <= limit:
            kept.append(pair)
    return kept


def read_lfw_pairs(path: Path, suffix: str = ".jpg") -> list[Pair]:
    """Read ``pairs.txt`` of LFW: a header, then per fold N matched and N mismatched lines.

    The header is ``folds<TAB>N`` or, in the development lists, ``N`` alone. Raises ``DataError``
    with file and line for anything else, including folds that are not N + N.
    """
    lines = [(number, line) for number, line in enumerate(read_lines(path), 1) if line.strip()]
    if not lines:
        raise DataError(f"{path} is empty; it should begin with the number of folds and of pairs")
    folds, size = _header(path, lines[0][1])
    rows = lines[1:]
    if len(rows) != folds * 2 * size:
        raise DataError(
            f"{path} announces {folds} folds of {size} + {size} pairs, that is {folds * 2 * size} "
            f"lines, but has {len(rows)}"
        )
    pairs = []
    for position, (number, line) in enumerate(rows):
        fold, place = divmod(position, 2 * size)
        pair = _pair(path, number, line, fold, suffix)
        if pair.genuine != (place < size):
            expected = "matched" if place < size else "mismatched"
            raise DataError(f"{path}, line {number}: expected a {expected} pair in fold {fold + 1}")
        pairs.append(pair)
    return pairs


def _header(path: Path, line: str) -> tuple[int, int]:
    numbers = [found for word in line.split() if (found := whole_number(word)) is not None]
    if not 1 <= len(numbers) <= 2 or len(numbers) != len(line.split()):
        raise DataError(
            f"{path}, line 1: expected the numbers of folds and of pairs, got {line[:80]!r}"
        )
    folds, size = (1, numbers[0]) if len(numbers) == 1 else numbers
    if folds < 1 or size < 1:
        raise DataError(f"{path}, line 1: numbers of folds and of pairs must be positive")
    return folds, size


def _pair(path: Path, number: int, line: str, fold: int, suffix: str) -> Pair:
    words = line.split("\t") if "\t" in line else line.split()
    words = [word.strip() for word in words]
    where = f"line {number}"
    try:
        if len(words) == 3:
            name, one, two = words
            return Pair(_image(name, one, suffix), _image(name, two, suffix), True, fold, where)
        if len(words) == 4:
            left, one, right, two = words
            return Pair(_image(left, one, suffix), _image(right, two, suffix), False, fold, where)
    except ValueError:
        pass
    raise DataError(
        f"{path}, line {number}: expected 'name n1 n2' or 'name1 n1 name2 n2', got {line[:80]!r}"
    )


def _image(name: str, number: str, suffix: str) -> str:
    image = whole_number(number)
    if not name or "/" in name or "\\" in name or name in (".", "..") or image is None:
        raise ValueError(name)
    return f"{name}/{name}_{image:04d}{suffix}"


def read_headless_pairs(path: Path, suffix: str = ".jpg") -> list[Pair]:
    """Read LFW's lines without a header (RFW): a fold is a run of matched, then mismatched pairs.

    Raises ``DataError`` with file and line.
    """
    pairs: list[Pair] = []
    fold = 0
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        pair = _pair(path, number, line, fold, suffix)
        if pair.genuine and pairs and not pairs[-1].genuine:
            fold += 1
            pair = _pair(path, number, line, fold, suffix)
        pairs.append(pair)
    if not pairs:
        raise DataError(f"{path} is empty; it should hold LFW's pairs without a header")
    return pairs
