from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.aligners.mtcnn.params import MtcnnParams

OPTIONS = {"thresholds": (0.75, 0.6, 0.5), "factor": 0.6, "min_face_px": 24}


@pytest.fixture(scope="module")
def cascade(kit):
    return kit.aligner(**OPTIONS).cascade


def assert_same(faces, expected, tolerance=0.02):
    boxes, scores, points = expected
    assert len(faces.scores) == len(scores)
    if scores:
        assert np.allclose(faces.boxes, boxes, atol=tolerance)
        assert np.allclose(faces.scores, scores, atol=1e-4)
        assert np.allclose(faces.landmarks, points, atol=tolerance)


def test_an_image_smaller_than_the_smallest_face_has_no_scales(cascade, kit):
    (faces,) = cascade.detect([kit.scene(0, 400, 23)])
    assert faces.boxes.shape == (0, 4)
    assert faces.landmarks.shape == (0, 5, 2)
    assert cascade.detect([]) == []


@pytest.mark.parametrize("size", [(64, 60), (90, 50), (47, 81)])
def test_the_cascade_against_the_plain_loop(kit, cascade, size):
    image = kit.scene(sum(size), *size)
    expected = kit.plain.detect(kit.states, image, *OPTIONS.values())
    assert expected[1]
    (faces,) = cascade.detect([image])
    assert_same(faces, expected)
    assert faces.boxes.dtype == faces.landmarks.dtype == faces.scores.dtype == np.float32


def test_the_softmax_over_the_width_against_the_plain_loop(kit):
    """In a row of n cells it gives at most one of over one half: a low threshold lets some by."""
    options = OPTIONS | {"thresholds": (0.1, 0.6, 0.5)}
    image = kit.scene(5, 90, 50)
    expected = kit.plain.detect(kit.states, image, *options.values(), axis=3)
    (faces,) = kit.aligner(**options, softmax="width").cascade.detect([image])
    assert expected[1]
    assert_same(faces, expected)
    (plain,) = kit.aligner(**options).cascade.detect([image])
    assert len(plain.scores) != len(faces.scores)


WAYS = {
    name: {key: values[key] for key in ("boxes", "border", "resample", "softmax")}
    for name, values in MtcnnParams.presets.items()
}


@pytest.mark.parametrize("size", [(64, 60), (90, 50), (47, 81)])
@pytest.mark.parametrize("preset", sorted(WAYS))
def test_the_conventions_of_the_ports_against_the_plain_loop(kit, preset, size):
    way = WAYS[preset]
    options = OPTIONS | ({"thresholds": (0.1, 0.6, 0.5)} if way["softmax"] == "width" else {})
    image = kit.scene(sum(size), *size)
    axis = {"classes": 1, "width": 3}[way["softmax"]]
    expected = kit.plain.detect(kit.states, image, *options.values(), axis=axis, way=way)
    assert expected[1]
    (faces,) = kit.aligner(**options, **way).cascade.detect([image])
    assert_same(faces, expected)


@pytest.mark.parametrize("border", ["pad", "stretch", "cut"])
@pytest.mark.parametrize("boxes", ["whole", "fractional", "rounded"])
@pytest.mark.parametrize("resample", ["area", "bilinear"])
def test_any_combination_against_the_plain_loop(kit, boxes, border, resample):
    way = {"boxes": boxes, "border": border, "resample": resample}
    image = kit.scene(7, 40, 56)
    expected = kit.plain.detect(kit.states, image, *OPTIONS.values(), way=way)
    assert expected[1]
    (faces,) = kit.aligner(**OPTIONS, **way).cascade.detect([image])
    assert_same(faces, expected)


def test_a_batch_is_its_images(kit, cascade):
    sizes = [(64, 60)] * 3 + [(50, 90)] + [(20, 20)] + [(64, 60)]
    images = [kit.scene(number, *size) for number, size in enumerate(sizes)]
    batch = cascade.detect(images)
    assert len(batch) == 6
    for faces, image in zip(batch, images, strict=True):
        (alone,) = cascade.detect([image])
        assert_same(faces, (alone.boxes, alone.scores.tolist(), alone.landmarks), 0.005)
    assert sum(len(faces.scores) for faces in batch) >= 6


def test_small_calls_change_nothing(kit, cascade, monkeypatch):
    images = [kit.scene(number, 64, 60) for number in range(2)]
    whole = cascade.detect(images)
    monkeypatch.setattr(cascade, "crops", 3)
    monkeypatch.setattr(cascade, "scan", 1)
    for faces, other in zip(whole, cascade.detect(images), strict=True):
        assert_same(faces, (other.boxes, other.scores.tolist(), other.landmarks), 0.005)
