"""Landmarks in the forms of CFP, RFW, CALFW and AgeDB."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.readers.landmark_files import (
    gather,
    pick,
    read_five_lines,
    read_pts,
    read_rfw_points,
    read_scored_points,
)

TEN = np.arange(10).reshape(5, 2)


def row(*words: object) -> str:
    return "\t".join(map(str, words))


def test_scores_and_absent_faces(tmp_path):
    file = tmp_path / "points.tsv"
    lines = [row("1/a.jpg", *range(10), 0.9), row("b.jpg", *["nan"] * 11), row("c.jpg", *range(10))]
    file.write_text("\r\n".join(lines))
    points = read_scored_points(file)
    np.testing.assert_array_equal(points["1/a.jpg"], TEN)
    np.testing.assert_array_equal(points["c.jpg"], TEN)
    assert np.isnan(points["b.jpg"]).all()
    assert pick(points, ["b.jpg", "c.jpg"], file).shape == (2, 5, 2)
    with pytest.raises(DataError, match=r"no landmarks for 2 images, the first is x.jpg"):
        pick(points, ["x.jpg", "b.jpg", "y.jpg"], file)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (row("d.jpg", *range(9)), "line 2: expected a path"),
        (row("d.jpg", *range(9), "nan"), "line 2: expected a path"),
        (row("d.jpg", *range(9), "1e99"), "line 2: expected a path"),
        (row("d.jpg", *range(9), "x"), "line 2: expected a path"),
        (row("d.jpg", *range(12)), "line 2: expected a path"),
        (row("a.jpg", *range(10)), "line 2: a.jpg was given before"),
    ],
)
def test_damaged_tables_are_named(tmp_path, line, message):
    file = tmp_path / "points.tsv"
    file.write_text(row("a.jpg", *range(10)) + "\n" + line)
    with pytest.raises(DataError, match=message):
        read_scored_points(file)


def test_an_empty_table_is_named(tmp_path):
    (tmp_path / "points.tsv").write_text("\n")
    with pytest.raises(DataError, match=r"points.tsv is empty"):
        read_scored_points(tmp_path / "points.tsv")


def test_rfw_paths_lose_their_root(tmp_path):
    file = tmp_path / "African_lmk.txt"
    file.write_text(row("/test/data/African/m.1/m.1_0001.jpg", 0, *range(10)) + "\n")
    np.testing.assert_array_equal(read_rfw_points(file)["m.1/m.1_0001.jpg"], TEN)


def test_five_lines_end_at_an_empty_one(tmp_path):
    file = tmp_path / "A_0001_5loc_attri.txt"
    five = "\n".join(f"{x} {y}" for x, y in TEN)
    file.write_text(five + "\n\n1 0 1 1\n")
    np.testing.assert_array_equal(read_five_lines(file), TEN)
    for text in ("", five[:-4], five + "\n1 2", five.replace("4 5", "4 x")):
        file.write_text(text)
        with pytest.raises(DataError, match="five lines of two numbers"):
            read_five_lines(file)


def pts(points) -> str:
    body = "\n".join(f"{x} {y}" for x, y in points)
    return f"version: 1\nn_points: 68\n{{\n{body}\n}}"


def test_68_points_become_five_counted_from_zero(tmp_path):
    """Eyes as centres of their contours; the file counts pixels from one."""
    points = np.zeros((68, 2))
    ring = np.array([[-2, 0], [-1, -1], [1, -1], [2, 0], [1, 1], [-1, 1]])
    points[36:42], points[42:48] = ring + np.array([30, 40]), ring + np.array([70, 41])
    points[30], points[48], points[54] = [50, 60], [35, 80], [66, 82]
    file = tmp_path / "1_Name_30_f.pts"
    file.write_text(pts(points))
    expected = np.array([[30, 40], [70, 41], [50, 60], [35, 80], [66, 82]]) - 1
    np.testing.assert_allclose(read_pts(file), expected)
    for text in ("", pts(points[:-1]), pts(points)[:-1], pts(points).replace("50.0 60.0", "x 1")):
        file.write_text(text)
        with pytest.raises(DataError, match="68 points in braces"):
            read_pts(file)


def test_gathering_names_what_is_absent(tmp_path):
    for name in ("a.b_1", "c_2"):
        (tmp_path / f"{name}.txt").write_text("\n".join(f"{x} {y}" for x, y in TEN))
    take = partial(gather, tmp_path, suffix=".txt", read=read_five_lines)
    assert take(["a.b_1.jpg", "c_2.jpg"]).shape == (2, 5, 2)
    with pytest.raises(DataError, match=r"2 of 3 landmark files are absent, .*x.txt") as caught:
        take(["c_2.jpg", "x.jpg", "y.jpg"])
    assert str(Path(tmp_path)) in str(caught.value)
