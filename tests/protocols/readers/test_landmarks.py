from __future__ import annotations

import pytest

from harness.errors import DataError, UsageError
from harness.protocols.readers.landmarks import landmark_scale, read_five_points

ROW = "Ada/Ada_0001.jpg\t" + "\t".join(str(n) for n in range(10))


def test_points_come_in_pairs(tmp_path):
    file = tmp_path / "landmarks.txt"
    file.write_text(ROW + "\n")
    points = read_five_points(file)["Ada/Ada_0001.jpg"]
    assert points.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a.jpg 1 2 3\n", "line 1: expected a path and ten"),
        (ROW.replace("9", "nan"), "line 1: expected a path and ten numbers, finite, in 11"),
        (f"{ROW}\n{ROW}\n", "line 2: .* was given before"),
    ],
)
def test_complaints_name_the_line(tmp_path, text, message):
    file = tmp_path / "landmarks.txt"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_five_points(file)


def test_the_scale_follows_from_the_image():
    assert landmark_scale((150, 150), 250, None, "a.jpg") == pytest.approx(0.6)
    assert landmark_scale((150, 150), 250, 0.6, "a.jpg") == pytest.approx(0.6)


def test_a_contradicting_scale_is_refused():
    with pytest.raises(UsageError, match=r"landmark_scale=1 contradicts a\.jpg, which is 150 px"):
        landmark_scale((150, 150), 250, 1.0, "a.jpg")


def test_an_image_of_another_shape_is_refused():
    with pytest.raises(DataError, match="150x200"):
        landmark_scale((150, 200), 250, None, "a.jpg")
