"""The protocol files of CFP: numbered images and pairs of numbers."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from harness.plugin import DataError
from harness.plugin.files import read_lines, walk, whole_number
from harness.plugin.lists import Pair, is_inside


def read_index(path: Path) -> dict[int, str]:
    """Number (from 1) to path below ``Data/Images``, from ``Pair_list_F.txt`` or ``_P.txt``.

    A line is ``1 ../Data/Images/001/frontal/01.jpg``. Raises ``DataError`` with file and line.
    """
    names: dict[int, str] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        words = line.split()
        name = "/".join(PurePosixPath(words[-1]).parts[-3:])
        index = whole_number(words[0])
        if len(words) != 2 or index is None or not is_inside(name):
            raise DataError(f"{path}, line {number}: expected a number and the path of an image")
        # A gap would shift every later pair to another image without an error.
        if index != len(names) + 1:
            raise DataError(
                f"{path}, line {number}: number {index} should be {len(names) + 1}; images are "
                "numbered from 1 without gaps"
            )
        names[index] = name
    if not names:
        raise DataError(f"{path} is empty; it should number the images")
    return names


def read_names(path: Path) -> dict[str, str]:
    """Name of each person by the folder of its images (``001`` and so on): a line for each."""
    return {f"{number:03d}": line.strip() for number, line in enumerate(read_lines(path), 1)}


def read_split(folder: Path, first: dict[int, str], second: dict[int, str]) -> list[Pair]:
    """Pairs of all folds ``01``, ``02``, ... below ``Protocol/Split/FF`` or ``FP``.

    ``same.txt`` and ``diff.txt`` hold a pair ``i,j`` a line: ``i`` in the first index, ``j`` in
    the second. Raises ``DataError`` with file and line.
    """
    folds = [here.path for here in walk(folder) if whole_number(here.inside) is not None]
    if not folds:
        raise DataError(f"{folder} holds no folders of folds (01, 02, ...)")
    pairs = []
    for fold in folds:
        for file, genuine in (("same.txt", True), ("diff.txt", False)):
            for number, line in enumerate(read_lines(fold / file), 1):
                if line.strip():
                    one, two = _numbers(fold / file, number, line, len(first), len(second))
                    where = f"{fold.name}/{file}, line {number}"
                    pairs.append(Pair(first[one], second[two], genuine, int(fold.name) - 1, where))
    return pairs


def _numbers(path: Path, number: int, line: str, most: int, most_second: int) -> tuple[int, int]:
    numbers = [whole_number(word) for word in line.split(",")]
    one, two = numbers if len(numbers) == 2 else (None, None)
    if one is None or two is None:
        raise DataError(f"{path}, line {number}: expected two numbers 'i,j', got {line[:60]!r}")
    if not (1 <= one <= most and 1 <= two <= most_second):
        raise DataError(
            f"{path}, line {number}: {one},{two} is outside the lists of {most} and {most_second} "
            "images, which are numbered from 1"
        )
    return one, two
