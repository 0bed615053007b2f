from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from pydantic import ValidationError

import harness_plugins.aligners.mtcnn as plugin
import harness_plugins.aligners.mtcnn.aligner as module
from harness.components import Placement
from harness.errors import PrerequisiteError
from harness_plugins.aligners.mtcnn.aligner import Mtcnn, _calls
from harness_plugins.aligners.mtcnn.detector import DetectedFaces
from harness_plugins.aligners.mtcnn.params import MtcnnParams

NO_BOX = np.full(4, np.nan, np.float32)
IMAGE = np.zeros((100, 100, 3), np.uint8)
# Boxes count pixels from 1: a large face on the left, a small central one, a probable one.
FACES = DetectedFaces(
    np.array([[1, 1, 41, 41], [41, 41, 61, 61], [71, 11, 96, 36]], np.float32),
    np.arange(30, dtype=np.float32).reshape(3, 5, 2),
    np.array([0.8, 0.7, 0.95], np.float32),
)
NONE = DetectedFaces(
    np.empty((0, 4), np.float32), np.empty((0, 5, 2), np.float32), np.empty(0, np.float32)
)


def with_faces(kit, faces, choose):
    aligner = kit.aligner(choose=choose)
    aligner.cascade.detect = lambda images: [faces] * len(images)
    return aligner


@pytest.mark.parametrize(
    ("choose", "chosen"),
    [
        ("largest", 0),
        ("largest_over_threshold", 2),
        ("central", 1),
        ("score", 2),
        ("prominent", 1),
    ],
)
def test_one_of_several_faces(kit, choose, chosen):
    (found,) = with_faces(kit, FACES, choose).locate([IMAGE], NO_BOX[None])
    assert isinstance(found, Placement)
    assert np.array_equal(found.landmarks, FACES.landmarks[chosen])
    assert found.score == pytest.approx(FACES.scores[chosen])


def test_the_prominent_face_need_not_be_the_most_central(kit):
    boxes = np.array([[48, 48, 55, 55], [31, 31, 81, 81]], np.float32)
    faces = DetectedFaces(boxes, FACES.landmarks[:2], FACES.scores[:2])
    (central,) = with_faces(kit, faces, "central").locate([IMAGE], NO_BOX[None])
    (prominent,) = with_faces(kit, faces, "prominent").locate([IMAGE], NO_BOX[None])
    assert np.array_equal(central.landmarks, FACES.landmarks[0])
    assert np.array_equal(prominent.landmarks, FACES.landmarks[1])


def test_the_given_box_chooses(kit):
    aligner = with_faces(kit, FACES, "box")
    boxes = np.array([[65, 0, 99, 40], [38, 38, 55, 58], [90, 90, 99, 99], NO_BOX], np.float32)
    first, second, third, fourth = aligner.locate([IMAGE] * 4, boxes)
    assert np.array_equal(first.landmarks, FACES.landmarks[2])
    assert np.array_equal(second.landmarks, FACES.landmarks[1])
    assert third == "no face found overlaps the given box"
    assert fourth == "no box is given to choose the face by"


def test_no_face_over_the_threshold_has_a_reason(kit):
    faces = DetectedFaces(FACES.boxes, FACES.landmarks, FACES.scores - np.float32(0.1))
    aligner = with_faces(kit, faces, "largest_over_threshold")
    assert aligner.locate([IMAGE], NO_BOX[None]) == ["no face found of probability over 0.9"]


@pytest.mark.parametrize(("origin", "centre"), [(0, 49.5), (1, 50)])
def test_where_the_centre_is(kit, origin, centre):
    """Boxes that count from 1 take half the size, as FaceNet's preparation does."""
    boxes = np.array([[0, 40, 40, 80], [60, 40, 101, 81]], np.float32)
    faces = DetectedFaces(boxes, FACES.landmarks[:2], FACES.scores[:2])
    away = np.square(np.array([[20, 60], [80.5, 60.5]]) - centre).sum(axis=1)
    central = module._rank("central", faces, origin, IMAGE, NO_BOX)
    prominent = module._rank("prominent", faces, origin, IMAGE, NO_BOX)
    assert np.allclose(central, -away)
    assert np.allclose(prominent, [1600, 1681] - 2 * away)


@pytest.mark.parametrize(
    "choose", ["prominent", "largest", "largest_over_threshold", "central", "score", "box"]
)
def test_no_face_has_a_reason(kit, choose):
    assert with_faces(kit, NONE, choose).locate([IMAGE], NO_BOX[None]) == ["no face found"]


def test_results_come_in_the_order_of_the_images(kit):
    aligner = kit.aligner(thresholds=(0.75, 0.6, 0.5), factor=0.6, min_face_px=24)
    sizes = [(64, 60), (50, 90), (12, 12), (64, 60), (40, 40)]
    images = [kit.scene(number, *size) for number, size in enumerate(sizes)]
    together = aligner.locate(images, np.tile(NO_BOX, (5, 1)))
    assert together[2] == "no face found"
    for image, found in zip(images, together, strict=True):
        (alone,) = aligner.locate([image], NO_BOX[None])
        assert isinstance(found, str) == isinstance(alone, str)
        if isinstance(found, Placement):
            assert np.allclose(found.landmarks, alone.landmarks, atol=0.005)
    assert sum(isinstance(found, Placement) for found in together) >= 3
    assert aligner.locate([], np.empty((0, 4), np.float32)) == []


def test_calls_run_side_by_side_with_one_thread_each(kit, monkeypatch):
    images = [kit.scene(number, 64, 60) for number in range(6)]
    boxes = np.tile(NO_BOX, (6, 1))
    aligner = kit.aligner(thresholds=(0.75, 0.6, 0.5), factor=0.6, min_face_px=24)
    alone = aligner.locate(images, boxes)
    assert sum(isinstance(found, Placement) for found in alone) >= 2
    seen, detect = [], aligner.cascade.detect

    def noted(part):
        seen.append((threading.get_ident(), torch.get_num_threads(), len(part)))
        return detect(part)

    monkeypatch.setattr(aligner.cascade, "detect", noted)
    monkeypatch.setattr(module, "_calls", lambda images, limit: iter([[0, 1], [2, 3], [4, 5]]))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        together = aligner.locate(images, boxes)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert [(inner, size) for _, inner, size in seen] == [(1, 2)] * 3
    assert threading.get_ident() not in {thread for thread, _, _ in seen}
    for one, other in zip(alone, together, strict=True):
        assert isinstance(one, str) == isinstance(other, str)
        if isinstance(one, Placement):
            assert np.allclose(one.landmarks, other.landmarks, atol=0.005)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_finds_the_same_faces(kit):
    options = {"thresholds": (0.75, 0.6, 0.5), "factor": 0.6, "min_face_px": 24}
    images = [kit.scene(number, *size) for number, size in enumerate([(64, 60), (50, 90)] * 3)]
    boxes = np.tile(NO_BOX, (6, 1))
    there = Mtcnn(MtcnnParams(weights=kit.weights, **options))
    there.prepare(kit.context("cuda"))
    for one, other in zip(
        kit.aligner(**options).locate(images, boxes), there.locate(images, boxes), strict=True
    ):
        assert isinstance(one, str) == isinstance(other, str)
        if isinstance(one, Placement):
            assert np.allclose(one.landmarks, other.landmarks, atol=0.05)


def test_calls_hold_equal_sizes_side_by_side_and_are_bounded():
    images = [np.zeros((side, 10, 3), np.uint8) for side in (30, 10, 30, 10, 500)]
    assert list(_calls(images, 350)) == [[1, 3], [0], [2], [4]]
    assert list(_calls(images, 10_000)) == [[1, 3, 0, 2, 4]]
    assert list(_calls([], 10)) == []


def test_weights_are_asked_for_by_name(kit, tmp_path):
    aligner = Mtcnn(MtcnnParams())
    with pytest.raises(PrerequisiteError, match="link the asset 'mtcnn'"):
        aligner.prepare(kit.context())
    aligner = Mtcnn(MtcnnParams(weights=tmp_path))
    with pytest.raises(PrerequisiteError, match=r"pnet\.pt is missing"):
        aligner.prepare(kit.context())


def test_presets_are_those_of_the_ports():
    def values(preset):
        return MtcnnParams(**MtcnnParams.presets[preset]).model_dump(exclude={"weights"})

    original = {
        "thresholds": (0.6, 0.7, 0.7),
        "factor": 0.709,
        "min_face_px": 20,
        "softmax": "classes",
        "boxes": "whole",
        "border": "pad",
        "resample": "area",
        "choose": "prominent",
    }
    port = {
        "softmax": "width",
        "boxes": "rounded",
        "border": "cut",
        "resample": "bilinear",
        "choose": "score",
    }
    assert values("original") == original == MtcnnParams().model_dump(exclude={"weights"})
    assert values("facenet-pytorch") == original | {
        "boxes": "fractional",
        "border": "stretch",
        "choose": "largest",
    }
    assert values("insightface-pytorch") == original | port | {
        "thresholds": (0.6, 0.7, 0.8),
        "factor": 0.707,
    }
    assert values("adaface") == original | port | {"thresholds": (0.6, 0.7, 0.9), "factor": 0.85}


@pytest.mark.parametrize(
    "values",
    [{"factor": 1.0}, {"factor": 0}, {"thresholds": (0.6, 0.7)}, {"min_face_px": 5}, {"colour": 1}],
)
def test_impossible_parameters_are_refused(values):
    with pytest.raises(ValidationError):
        MtcnnParams(**values)


def test_the_declaration_is_light_and_complete():
    (component,) = plugin.harness_components()
    assert (component.kind, component.name) == ("aligner", "mtcnn")
    assert [asset.name for asset in component.assets] == ["mtcnn"]
    assert component.licence
    for path, expected in ((component.target, Mtcnn), (component.params, MtcnnParams)):
        module, _, name = path.partition(":")
        assert getattr(sys.modules[module], name) is expected
    code = (
        "import sys, harness_plugins.aligners.mtcnn, harness_plugins.aligners.mtcnn.params\n"
        "print(*{'torch', 'cv2', 'numpy', 'pyarrow'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []
