from __future__ import annotations

import threading

import numpy as np
import pytest

from harness.align import detect as detect_module
from harness.align.place import BOX_POINTS, CENTRE_BOX, Rule, box_points, place, resolve
from harness.align.placements import Placements
from harness.align.templates import template_points
from harness.components import Aligner, Placement
from harness.errors import DataError, UsageError

POINTS = template_points("arcface", 112, 112)
BOX = np.array([10, 20, 50, 80], np.float32)


class Corner(Aligner):
    """Puts the face at the mean colour; sees none where the first pixel is black."""

    def __init__(self, fail_after=None):
        super().__init__(None)
        self.calls = []
        self.fail_after = fail_after

    def locate(self, images, boxes):
        assert boxes.shape == (len(images), 4)
        if self.fail_after is not None and len(self.calls) >= self.fail_after:
            raise KeyboardInterrupt
        self.calls.append(len(images))
        return [
            Placement(POINTS + image.mean(), 0.25) if image[0, 0].any() else "no face found"
            for image in images
        ]


def flat(kit, count, width=112, height=112):
    return [kit.encode(np.full((height, width, 3), n, np.uint8)) for n in range(count)]


def test_auto_takes_the_first_thing_offered(kit):
    files = flat(kit, 1)
    everything = kit.Images(files, landmarks=POINTS, boxes=BOX, template="arcface")
    assert resolve(Rule(), everything, detector=True) == "given"
    aligned = kit.Images(files, boxes=BOX, template="arcface")
    assert resolve(Rule(), aligned, detector=True) == "template"
    boxed = kit.Images(files, boxes=BOX)
    assert resolve(Rule(), boxed, detector=True) == "detector"
    assert resolve(Rule(), boxed, detector=False) == "box"
    with pytest.raises(UsageError, match=r"no landmarks, template or boxes.*--aligner"):
        resolve(Rule(), kit.Images(files), detector=False)


@pytest.mark.parametrize("policy", ["given", "template", "box", "detector"])
def test_a_policy_is_taken_or_refused(kit, policy):
    files = flat(kit, 1)
    everything = kit.Images(files, landmarks=POINTS, boxes=BOX, template="arcface")
    assert resolve(Rule(policy), everything, detector=True) == policy
    with pytest.raises(UsageError, match=f"'{policy}' is not possible: .*aligner"):
        resolve(Rule(policy), kit.Images(files), detector=False)


def test_an_unknown_template_is_refused_at_once(kit):
    images = kit.Images(flat(kit, 1), template="arcfase")
    with pytest.raises(UsageError, match="arcface"):
        place(images, Rule())


def test_given_landmarks_need_no_decoded_pixels(kit):
    landmarks = np.stack([POINTS, np.full((5, 2), np.nan), np.full((5, 2), 3), POINTS])
    landmarks[3, 2, 1] = np.nan
    images = kit.Images([None] * 4, landmarks=landmarks)
    placements = place(images, Rule())
    assert placements.methods == ["given", "none", "none", "none"]
    assert placements.reasons == [
        "",
        "no landmarks are given",
        "landmarks coincide",
        "landmarks are not finite",
    ]
    assert np.array_equal(placements.landmarks[0], POINTS)
    assert placements.scores[0] == 1
    assert images.reads == [0], "its size is looked up, and that it is absent is told later"


def test_a_template_follows_the_size_of_each_image(kit):
    sizes = [(112, 112), (224, 224), (56, 56), (112, 96)]
    files = [kit.encode(np.zeros((h, w, 3), np.uint8)) for w, h in sizes]
    placements = place(kit.Images([*files, b"", None], template="arcface"), Rule())
    for row, factor in enumerate((1, 2, 0.5)):
        assert np.allclose(placements.landmarks[row], POINTS * factor, atol=1e-4)
    assert placements.counts() == {"template": 3, "none": 3}
    assert placements.reasons[3].startswith("not aligned as declared: ")
    assert placements.reasons[4] == "unreadable: face-4.png: the file is empty"
    assert placements.reasons[5] == "unreadable: face-5.png: no such file"


def test_box_points_are_fractions_of_the_box():
    points = box_points(BOX)
    assert points.dtype == np.float32
    for (x, y), (u, v) in zip(points, BOX_POINTS, strict=True):
        assert (x, y) == pytest.approx((10 + 40 * u, 20 + 60 * v))


def test_boxes_place_faces(kit):
    boxes = np.stack([BOX, np.full(4, np.nan), np.zeros(4)])
    placements = place(kit.Images([None] * 3, boxes=boxes), Rule())
    assert np.allclose(placements.landmarks[0], box_points(BOX))
    assert placements.reasons == ["", "no box is given", "landmarks coincide"]


def test_the_detector_sees_every_readable_image(kit):
    files = flat(kit, 5)
    files[3] = files[3][:-9]
    steps = []
    placements = place(
        kit.Images(files), Rule(), aligner=Corner(), progress=lambda *step: steps.append(step)
    )
    assert placements.methods == ["none", "detector", "detector", "none", "detector"]
    assert placements.reasons[0] == "no face found"
    assert placements.reasons[3].startswith("unreadable: face-3.png: ")
    assert np.allclose(placements.landmarks[4], POINTS + 4)
    assert placements.scores[4] == 0.25
    assert steps == [(5, 5, "images")]


def test_fallbacks(kit):
    boxes = np.stack([BOX, np.full(4, np.nan), BOX])
    files = [kit.encode(np.zeros((100, 120, 3), np.uint8))] * 2 + [b"broken"]
    images = kit.Images(files, boxes=boxes)
    reject = place(images, Rule("detector"), aligner=Corner())
    assert reject.counts() == {"none": 3}
    box = place(images, Rule("detector", "box"), aligner=Corner())
    assert box.methods == ["box", "none", "none"]
    assert box.reasons[:2] == ["no face found", "no face found, and no box is given"]
    assert np.allclose(box.landmarks[0], box_points(BOX))
    centre = place(images, Rule("detector", "centre"), aligner=Corner())
    assert centre.methods == ["centre", "centre", "none"]
    assert centre.reasons[2].startswith("unreadable: ")
    assert centre.landmarks[0, :, 0].mean() == pytest.approx(59.5)
    assert np.ptp(centre.landmarks[0, :, 0]) == pytest.approx(
        100 * CENTRE_BOX[0] * np.ptp([x for x, _ in BOX_POINTS])
    )
    images.landmarks[0] = POINTS
    given = place(images, Rule("detector", "given"), aligner=Corner())
    assert given.methods == ["given", "none", "none"]
    assert given.reasons[0] == "no face found"
    assert given.reasons[1] == "no face found, and no landmarks are given"
    assert np.array_equal(given.landmarks[0], POINTS)
    with pytest.raises(DataError, match=r"^face-0.png: no face found; choose another fallback"):
        place(images, Rule("detector", "error"), aligner=Corner())


def test_a_fallback_counts_as_what_it_is(kit):
    landmarks = np.stack([POINTS, np.full((5, 2), np.nan)])
    images = kit.Images(flat(kit, 2), landmarks=landmarks, boxes=BOX)
    placements = place(images, Rule("auto", "box"))
    assert placements.counts() == {"given": 1, "box": 1}
    assert placements.failures() == {}
    assert placements.reasons == ["", "no landmarks are given"]


def test_batches_are_bounded_by_number_and_by_pixels(kit, monkeypatch):
    monkeypatch.setattr(detect_module, "BATCH_IMAGES", 4)
    aligner = Corner()
    place(kit.Images(flat(kit, 10)), Rule(), aligner=aligner)
    assert aligner.calls == [4, 4, 2]
    monkeypatch.setattr(detect_module, "BATCH_PIXELS", 3 * 112 * 112)
    aligner = Corner()
    place(kit.Images(flat(kit, 10)), Rule(), aligner=aligner)
    assert aligner.calls == [3, 3, 3, 1]


def test_images_are_decoded_while_the_detector_works_but_not_far_ahead(kit, monkeypatch):
    monkeypatch.setattr(detect_module, "BATCH_IMAGES", 4)
    images = kit.Images(flat(kit, 40))
    read = [threading.Event() for _ in range(40)]
    original = images.read

    def noted(index):
        read[index].set()
        return original(index)

    monkeypatch.setattr(images, "read", noted)
    ahead = []

    class Waits(Corner):
        def locate(self, pixels, boxes):
            first = sum(self.calls)
            if first + 4 < 40:
                assert read[first + 4].wait(20), "nothing was decoded while the detector worked"
            ahead.append(max(i for i in range(40) if read[i].is_set()) - first)
            return super().locate(pixels, boxes)

    placements = place(images, Rule(), aligner=Waits())
    assert np.allclose(placements.landmarks[39], POINTS + 39)
    assert len(ahead) == 10
    assert max(ahead) < 4 + 4 + detect_module.DECODERS


def test_an_interrupted_detection_goes_on_where_it_stopped(kit, monkeypatch, tmp_path):
    monkeypatch.setattr(detect_module, "BATCH_IMAGES", 2)
    monkeypatch.setattr(detect_module, "SAVE_EVERY_S", 0.0)
    files = flat(kit, 9)
    whole = place(kit.Images(files), Rule(), aligner=Corner())
    with pytest.raises(KeyboardInterrupt):
        place(kit.Images(files), Rule(), aligner=Corner(fail_after=2), folder=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "part-000000000.arrow",
        "part-000000002.arrow",
    ]
    images, aligner, steps = kit.Images(files), Corner(), []
    again = place(
        images, Rule(), aligner=aligner, folder=tmp_path, progress=lambda *s: steps.append(s[0])
    )
    assert aligner.calls == [2, 2, 1]
    assert min(images.reads) == 4
    assert steps == [6, 8, 9]
    assert np.array_equal(again.landmarks, whole.landmarks, equal_nan=True)
    assert (again.methods, again.reasons) == (whole.methods, whole.reasons)
    idle = Corner()
    place(kit.Images(files), Rule(), aligner=idle, folder=tmp_path)
    assert idle.calls == []


def test_parts_of_another_set_are_refused(kit, tmp_path):
    rows = Placements(
        np.zeros((5, 5, 2), np.float32), np.ones(5, np.float32), ["detector"] * 5, [""] * 5
    )
    rows.save(tmp_path / "part-000000000.arrow")
    with pytest.raises(DataError, match="does not belong to 3 images"):
        place(kit.Images(flat(kit, 3)), Rule(), aligner=Corner(), folder=tmp_path)


def test_an_aligner_that_loses_images_is_an_error(kit):
    class Lossy(Corner):
        def locate(self, images, boxes):
            return super().locate(images, boxes)[:-1]

    with pytest.raises(DataError, match="2 results for 3 images"):
        place(kit.Images(flat(kit, 3)), Rule(), aligner=Lossy())


def test_landmarks_that_place_no_face_are_failures(kit):
    class Odd(Corner):
        def locate(self, images, boxes):
            return [Placement(POINTS * factor) for factor in (np.nan, 1, 0)]

    placements = place(kit.Images(flat(kit, 3)), Rule(), aligner=Odd())
    assert placements.reasons == ["landmarks are not finite", "", "landmarks coincide"]
