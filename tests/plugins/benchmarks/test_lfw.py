"""LFW in its official layout, made here, with the quirks of the real folder."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

PEOPLE = 8
IMAGES = 3
RUN = ("run", "-m", "toy-pixels", "-b", "lfw", "-B", "root=lfw-data", "-j", "1")
GIVEN = ("-B", "landmarks=lfw_landmark.txt", "-B", "flip=none")


def patch(person: int, number: int, px: int, *, grey: bool = False):
    """A face-sized patch whose colours are the person, noisy per image."""
    rng = np.random.default_rng(person)
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((px // 4, px // 4, 1)))
    image = image + np.random.default_rng([person, number]).normal(0, 4, image.shape)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) if grey else pixels


@pytest.fixture
def lfw(tmp_path):
    """Eight people in two folds, 100 px images, landmarks made at 250 px."""
    root = tmp_path / "lfw-data"
    points = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]])
    rows = []
    for person in range(PEOPLE):
        name = f"Person_{person}"
        (root / "lfw" / name).mkdir(parents=True)
        for number in range(1, IMAGES + 1):
            file = f"{name}/{name}_{number:04d}.jpg"
            cv2.imwrite(str(root / "lfw" / file), patch(person, number, 100))
            numbers = "\t".join(str(round(v)) for v in (points / 112 * 250).ravel())
            rows.append(f"{file}\t{numbers}")
    (root / "lfw_landmark.txt").write_text("\n".join(rows) + "\n")
    lines = ["2\t4"]
    for fold in (0, 1):
        people = [4 * fold + k for k in range(4)]
        lines += [f"Person_{p}\t1\t2" for p in people]
        lines += [
            f"Person_{p}\t1\tPerson_{q}\t3"
            for p, q in zip(people, people[1:] + people[:1], strict=True)
        ]
    (root / "pairs.txt").write_text("\r\n".join(lines))
    return root


def test_people_of_flat_colours_are_told_apart(harness_command, lfw):
    done = harness_command(*RUN, *GIVEN)
    assert "100 %" in done.stdout
    assert " 16 " in done.stdout  # pairs


def test_a_contradicting_landmark_scale_is_refused(harness_command, lfw):
    done = harness_command(*RUN, *GIVEN, "-B", "landmark_scale=1.0", check=2)
    assert "landmark_scale=1 contradicts" in done.stderr
    harness_command(*RUN, *GIVEN, "-B", "landmark_scale=0.4")


def test_images_directly_in_the_root(harness_command, lfw):
    for folder in (lfw / "lfw").iterdir():
        shutil.move(folder, lfw)
    (lfw / "lfw").rmdir()
    harness_command(*RUN, *GIVEN)


def test_a_linked_asset_replaces_the_root(harness_command, lfw):
    harness_command("assets", "link", "lfw", "lfw-data")
    without_root = [arg for arg in RUN if arg != "root=lfw-data"]
    without_root.remove("-B")
    harness_command(*without_root, *GIVEN)
    shutil.rmtree(lfw)
    done = harness_command(*without_root, *GIVEN, check=3)
    assert "harness assets link lfw PATH" in done.stderr


def test_no_landmarks_and_no_detector_is_said(harness_command, lfw):
    done = harness_command(*RUN, "-B", "flip=none", check=2)
    assert "add landmarks=FILE" in done.stderr


def test_a_grey_image_works(harness_command, lfw):
    cv2.imwrite(str(lfw / "lfw/Person_0/Person_0_0001.jpg"), patch(0, 1, 100, grey=True))
    done = harness_command(*RUN, *GIVEN)
    assert "toy-pixels" in done.stdout


@pytest.mark.parametrize("keep", [0, 30, 400, -2])
def test_a_truncated_image_is_named(harness_command, lfw, keep):
    file = lfw / "lfw/Person_0/Person_0_0001.jpg"
    file.write_bytes(file.read_bytes()[:keep])
    done = harness_command(*RUN, *GIVEN, check=1)
    assert "Person_0/Person_0_0001.jpg" in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: (root / "pairs.txt").write_text(""), "pairs.txt is empty"),
        (lambda root: (root / "lfw/Person_2/Person_2_0001.jpg").unlink(),
         r"pairs.txt, line 4: image Person_2/Person_2_0001.jpg is not in .*1 of \d+ images"),
        (lambda root: (root / "lfw_landmark.txt").write_text("Person_0/Person_0_0001.jpg"
                                                             + "\t5" * 10),
         "has no landmarks for .* images"),
    ],
    ids=["empty-pairs", "absent-image", "absent-landmarks"],
)  # fmt: skip
def test_what_is_missing_is_named(harness_command, lfw, change, message):
    import re

    change(lfw)
    done = harness_command(*RUN, *GIVEN, check=1)
    assert re.search(message, done.stderr), done.stderr


def test_an_absent_list_is_named_before_anything_runs(harness_command, lfw):
    done = harness_command(*RUN, "-B", "pairs=pears.txt", check=3)
    assert "pairs=pears.txt is not in" in done.stderr


def test_the_official_rule_reuses_the_embeddings(harness_command, lfw):
    harness_command(*RUN, *GIVEN)
    done = harness_command(*RUN, *GIVEN, "-B", "rule=official")
    assert "embed  toy-pixels > lfw  reused" in done.stderr


def test_the_folder_may_move_without_changing_keys(harness_command, lfw, tmp_path):
    harness_command(*RUN, *GIVEN)
    shutil.move(lfw, tmp_path / "elsewhere")
    moved = [arg.replace("lfw-data", "elsewhere") for arg in RUN]
    done = harness_command(*moved, *GIVEN)
    assert "embed  toy-pixels > lfw  reused" in done.stderr


def test_limit_embeds_only_what_it_compares(harness_command, lfw, tmp_path):
    harness_command(*RUN, *GIVEN, "--limit", "1")
    import json

    (file,) = tmp_path.glob("study/cells/*/result.json")
    result = json.loads(file.read_text())
    assert result["enrolment"]["images"] == 6
    assert result["protocol"]["n_genuine"] == 2


def test_a_list_outside_the_folder_is_refused(harness_command, lfw, tmp_path):
    shutil.copy(lfw / "pairs.txt", tmp_path / "outside.txt")
    for name in ("../outside.txt", str(tmp_path / "outside.txt")):
        done = harness_command(*RUN, *GIVEN, "-B", f"pairs={name}", check=2)
        assert "must be below" in done.stderr
