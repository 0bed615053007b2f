"""Files of points in the layout of El Shafey's annotations, made here."""

from __future__ import annotations

import numpy as np
import pytest

from harness.align.templates import template_points
from harness.align.warp import similarity
from harness.errors import DataError
from harness_plugins.benchmarks.multipie.annotations import read_annotation, read_annotations

EYES, NOSE, MOUTH = [(210, 180), (290, 182)], (250, 230), [(220, 280), (282, 281)]
LIPS = [(250, 275), (250, 290), (250, 330)]
CORNERS = [(200, 180), (222, 181), (278, 183), (301, 182)]
BROWS = [(190, 160), (230, 158), (270, 159), (312, 161)]
FRONTAL = [*EYES, *CORNERS, NOSE, *MOUTH, *LIPS, *BROWS]
HALF = [*EYES, NOSE, *MOUTH, *LIPS]
PROFILE = [EYES[0], NOSE, MOUTH[0], *LIPS]


def write(path, points, end="\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [str(len(points)), *(f"{x} {y}" for x, y in points)]
    path.write_bytes(end.join(lines).encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_points_are_told_by_their_number(tmp_path, end):
    five = [*EYES, NOSE, *MOUTH]
    assert read_annotation(write(tmp_path / "a.pos", FRONTAL, end)).tolist() == list(
        map(list, five)
    )
    assert read_annotation(write(tmp_path / "b.pos", HALF, end)).tolist() == list(map(list, five))
    profile = [EYES[0], EYES[0], NOSE, MOUTH[0], MOUTH[0]]
    assert read_annotation(write(tmp_path / "c.pos", PROFILE, end)).tolist() == [
        list(point) for point in profile
    ]


def test_eyes_alone_place_the_eyes_on_the_template(tmp_path):
    """The best similarity of all five points carries these two exactly."""
    points = read_annotation(write(tmp_path / "a.pos", EYES))
    assert points[:2].tolist() == [list(eye) for eye in EYES]
    template = template_points("arcface", 112, 112)
    matrix = similarity(points, template)
    assert np.allclose(points @ matrix[:, :2].T + matrix[:, 2], template, atol=1e-3)


def test_images_without_a_file_have_no_points(tmp_path):
    write(tmp_path / "s/1/a.pos", HALF)
    found = read_annotations(tmp_path, ["s/1/a.png", "s/1/b.png"])
    assert found.shape == (2, 5, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
    with pytest.raises(
        DataError, match=r"no annotation for any image; the first would be .*c\.pos"
    ):
        read_annotations(tmp_path, ["s/1/c.png"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"a\.pos, line 1: expected a number of points"),
        ("7\n1 2", r"line 1: expected a number of points, 2, 6, 8 or 16"),
        ("2\n1 2", "holds 1 points where line 1 says 2"),
        ("2\n1 2\n3 4\n5 6", "holds 3 points"),
        ("2\n1 2\n3 x", r"line 3: expected two numbers"),
        ("2\n1 2 3\n3 4", r"line 2: expected two numbers"),
        ("2\n1 nan\n3 4", r"line 2: expected two numbers"),
        ("2\n1e300 1\n3 4", r"line 2: expected two numbers"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, message):
    (tmp_path / "a.pos").write_text(text)
    with pytest.raises(DataError, match=message):
        read_annotation(tmp_path / "a.pos")
