"""What happens where a detector finds no face, from the command to the result."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from harness.align.templates import template_points

PLUGIN = '''
"""A detector that misses every image whose pixels add up to a multiple of three."""

from harness.align.templates import template_points
from harness.components import Aligner, Component, Params, Placement
from harness.hookspecs import hookimpl


class Misses(Aligner):
    def locate(self, images, boxes):
        points = template_points("arcface", 112, 112)
        return [
            Placement(points) if int(image.sum()) % 3 else "no face found" for image in images
        ]


@hookimpl
def harness_components():
    return [
        Component(
            kind="aligner", name="misses", version=1, target=f"{__name__}:Misses",
            params=f"{__name__}:MissesParams", summary="misses a third", licence="Apache-2.0",
            citation="none",
        )
    ]


class MissesParams(Params):
    """None."""
'''
POINTS = template_points("arcface", 112, 112)
PROFILE = "6\n38 52\n56 72\n41 92\n56 88\n56 97\n56 110\n"


def picture(person: int, number: int) -> np.ndarray:
    """A pattern of a person; its pixels add up to a multiple of three in every third image."""
    rng = np.random.default_rng(person)
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((28, 28, 1)))
    image = np.clip(
        image + np.random.default_rng([person, number]).normal(0, 4, image.shape), 9, 246
    )
    pixels = image.astype(np.uint8)
    pixels[0, 0, 0] += (number % 3 - int(pixels.sum())) % 3
    return pixels


@pytest.fixture
def multipie(tmp_path):
    """Six people from four cameras and under two expressions, each image with its annotation."""
    (tmp_path / "plug").mkdir()
    (tmp_path / "plug/misses.py").write_text(PLUGIN)
    for subject in range(1, 7):
        for number, (recording, camera) in enumerate(
            (r, c) for r in ("01", "02") for c in ("051", "041", "130", "240")
        ):
            place = f"session01/multiview/{subject:03d}/{recording}/{camera[:2]}_{camera[2]}"
            name = f"{subject:03d}_01_{recording}_{camera}_07"
            for folder in (tmp_path / "pie" / place, tmp_path / "pie/annotations" / place):
                folder.mkdir(parents=True)
            cv2.imwrite(str(tmp_path / "pie" / place / f"{name}.png"), picture(subject, number))
            rows = [*POINTS, (56, 88), (56, 97), (56, 110)]
            text = "\n".join(["8", *(f"{x} {y}" for x, y in rows)])
            file = tmp_path / "pie/annotations" / place / f"{name}.pos"
            file.write_text(PROFILE if camera == "240" else text)
    return tmp_path / "pie"


def run(harness_command, tmp_path, policy):
    harness_command("--plugins-dir", "plug", "run", "-m", "toy-pixels", "-b", "multipie", "-j", "1",
                    "-B", "root=pie", "-B", "folds=2", "-B", "pairs_per_fold=20", "-B",
                    "landmarks=annotations", "--aligner", "misses", "--align", "detector",
                    "--on-failure", policy)  # fmt: skip
    files = sorted(tmp_path.glob("study/cells/*/result.json"), key=lambda f: f.stat().st_mtime_ns)
    return json.loads(files[-1].read_text())


def test_rejected_images_are_counted_and_annotations_take_their_place(
    harness_command, multipie, tmp_path
):
    reject = run(harness_command, tmp_path, "reject")
    images, failed = reject["enrolment"]["images"], reject["enrolment"]["failed"]
    assert failed >= 12
    assert reject["enrolment"]["failure_rate"] == failed / images
    assert reject["enrolment"]["reasons"] == {"no face found": failed}
    assert reject["enrolment"]["placed_by"] == {"detector": images - failed, "none": failed}
    assert reject["protocol"]["on_failure"] == "reject"
    assert reject["cell"]["aligner"]["name"] == "misses"
    assert any(f"no face in {failed} of {images} images" in line for line in reject["warnings"])

    given = run(harness_command, tmp_path, "given")
    assert given["enrolment"]["failure_rate"] == 0
    assert given["enrolment"]["placed_by"] == {"given": failed, "detector": images - failed}
    assert given["protocol"]["on_failure"] == "given"
    value = {r["id"]: next(m["value"] for m in r["metrics"] if m["headline"])
             for r in (reject, given)}  # fmt: skip
    assert value[given["id"]] > value[reject["id"]], "pairs without a face are never accepted"


def test_a_missing_face_can_stop_the_run(harness_command, multipie, tmp_path):
    done = harness_command("--plugins-dir", "plug", "run", "-m", "toy-pixels", "-b", "multipie",
                           "-B", "root=pie", "-B", "folds=2", "-B", "pairs_per_fold=20", "-j", "1",
                           "--aligner", "misses", "--on-failure", "error", check=None)  # fmt: skip
    assert done.returncode == 1
    assert "no face found; choose another fallback (reject, given, box or centre)" in done.stderr
