"""The path of a GPU, with torch on the CPU in its place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from harness.faces.face import Slot
from harness_plugins.generators.bfm.generator import Bfm
from harness_plugins.generators.bfm.rendering import batches

SLOTS = [Slot(i, s) for i in range(3) for s in range(2)]
VALUES = {"image_px": 48, "jpeg_quality": 100, "occlusion": {"type": "constant", "value": 0.2}}


@pytest.fixture
def by_torch(monkeypatch):
    """Makes generators opened from here on draw with torch."""
    monkeypatch.setattr(Bfm, "_accelerator", lambda _: "cpu")
    monkeypatch.setattr(batches, "TOGETHER", 4)


def pixels(face) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_COLOR).astype(int)


def test_batches_show_what_the_compiled_path_shows(open_bfm, by_torch, monkeypatch):
    drawn = open_bfm(**VALUES)
    assert drawn._batches is not None
    together = list(drawn.generate(SLOTS))
    alone = list(drawn.generate(SLOTS[3:4]))
    monkeypatch.setattr(Bfm, "_accelerator", lambda _: None)
    singly = list(open_bfm(**VALUES).generate(SLOTS))
    assert [face.slot for face in together] == SLOTS
    assert alone[0].image == together[3].image
    for one, other in zip(singly, together, strict=True):
        # One level before encoding; JPEG can make a few of it.
        apart = np.abs(pixels(one) - pixels(other))
        assert apart.max() <= 6
        assert (apart > 1).mean() < 0.02
        assert np.array_equal(one.landmarks, other.landmarks)
        assert np.array_equal(one.box, other.box)
        assert one.meta == other.meta


def test_the_device_of_the_context_decides(open_bfm):
    generator = open_bfm(image_px=48)
    assert generator._accelerator() is None
    generator.ctx.device = "cuda:1"
    assert generator._accelerator() == "cuda:1"


def test_rps_files_stay_on_the_cpu_and_the_result_says_so(open_bfm, by_torch, tmp_path):
    (tmp_path / "1.rps").write_text(open_bfm(image_px=48).sidecar(SLOTS[0], "rps"))
    again = open_bfm(rps=tmp_path)
    assert any("drawn by the CPU" in note for note in again.ctx.notes)
    assert len(list(again.generate([Slot(0, 0)]))) == 1
