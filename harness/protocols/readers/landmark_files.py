"""Landmarks as the data sets ship them: one table, or one small file per image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.faces.near_names import hint_among
from harness.fileio.texts import read_lines

Points = NDArray[np.float32]


def read_scored_points(path: Path) -> dict[str, Points]:
    """Image path to float32 (5, 2): per line a path, ten numbers and perhaps a score.

    Ten ``nan`` mean that no face was found there; they stay NaN. Raises ``DataError`` with file
    and line.
    """
    return read_points(path, range(1, 11), (11, 12))


def read_rfw_points(path: Path) -> dict[str, Points]:
    """Image ``person/file`` to float32 (5, 2) from RFW's ``*_lmk.txt``.

    A line is a path (``/test/data/<race>/<person>/<file>``), a number and ten coordinates. Raises
    ``DataError`` with file and line.
    """
    return read_points(
        path, range(2, 12), (12,), lambda name: "/".join(PurePosixPath(name).parts[-2:])
    )


def read_points(
    path: Path,
    columns: range,
    widths: tuple[int, ...],
    rename: Callable[[str], str] = str,
    *,
    found: Literal["finite", "finite or all nan"] = "finite or all nan",
) -> dict[str, Points]:
    """Float32 (5, 2) by image; ten ``nan`` say that no face was found, where that is allowed.

    The path of an image is the first of a line's ``widths`` columns, and ``columns`` are its
    numbers. Raises ``DataError`` with file and line. An image given twice is refused.
    """
    points: dict[str, Points] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        words = line.split("\t") if "\t" in line else line.split()
        words = [word.strip() for word in words]
        name = rename(words[0])
        values = _numbers(words[columns.start : columns.stop]) if len(words) in widths else None
        absent = found != "finite" and values is not None and np.isnan(values).all()
        if values is None or not (absent or np.isfinite(values).all()):
            raise DataError(
                f"{path}, line {number}: expected a path and ten numbers, {found}, in "
                f"{' or '.join(map(str, widths))} columns"
            )
        if name in points:
            raise DataError(f"{path}, line {number}: {name} was given before")
        points[name] = values.reshape(5, 2)
    if not points:
        raise DataError(f"{path} is empty; it should hold a path and ten numbers per line")
    return points


def _numbers(words: Sequence[str]) -> NDArray[np.float32] | None:
    try:
        values = [float(word) for word in words]
    except ValueError:
        return None
    with np.errstate(over="ignore"):
        return np.array(values, np.float32)


def read_five_lines(path: Path) -> Points:
    """Float32 (5, 2) from a file of one image: five lines ``x y`` (CALFW, CPLFW).

    What follows an empty line is not read. Raises ``DataError`` naming the file.
    """
    lines: list[str] = []
    for line in read_lines(path):
        if not line.strip():
            break
        lines.append(line)
    values = _numbers(" ".join(lines).split())
    if values is None or len(lines) != 5 or values.size != 10 or not np.isfinite(values).all():
        raise DataError(f"{path} should hold five lines of two numbers")
    return values.reshape(5, 2)


def read_pts(path: Path) -> Points:
    """Five points, float32 (5, 2), from a ``.pts`` file of 68: AgeDB's annotation.

    Eyes are the means of their six points, the nose tip is point 31, the mouth corners 49 and 55
    (counted from 1, as in the 300-W mark-up). The file counts pixels from 1, the result from 0.
    Raises ``DataError`` naming the file.
    """
    text = "\n".join(read_lines(path))
    begin, end = text.find("{"), text.rfind("}")
    values = _numbers(text[begin + 1 : end].split()) if 0 <= begin < end else None
    if values is None or values.size != 2 * 68 or not np.isfinite(values).all():
        raise DataError(f"{path} should hold 68 points in braces")
    all_points = values.reshape(68, 2) - 1
    eyes = [all_points[36:42].mean(axis=0), all_points[42:48].mean(axis=0)]
    return np.array([*eyes, all_points[30], all_points[48], all_points[54]], np.float32)


def pick(points: dict[str, Points], names: Sequence[str], where: Path) -> Points:
    """Landmarks of some images, float32 (N, 5, 2); raises ``DataError`` when one is absent."""
    absent = [name for name in names if name not in points]
    if absent:
        raise DataError(
            f"{where} has no landmarks for {len(absent)} images, the first is {absent[0]}"
            f"{hint_among(absent[0], points)}"
        )
    return np.stack([points[name] for name in names])


def gather(
    folder: Path, names: Sequence[str], suffix: str, read: Callable[[Path], Points]
) -> Points:
    """Landmarks from one file per image (its stem and ``suffix``), float32 (N, 5, 2).

    Raises ``DataError`` when files are absent, with their number and the first.
    """
    files = [folder / PurePosixPath(name).with_suffix("").with_name(
        PurePosixPath(name).stem + suffix) for name in names]  # fmt: skip
    absent = [file for file in files if not file.is_file()]
    if absent:
        raise DataError(
            f"{len(absent)} of {len(files)} landmark files are absent, the first is {absent[0]}"
        )
    return np.stack([read(file) for file in files])
