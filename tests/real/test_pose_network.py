"""A public network of head pose on renderings whose pose is known: names, order and signs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.align.decode import decode
from harness.components import FaceBatch
from harness.engine.context import RunContext
from harness.faces.face import Slot
from harness_plugins.generators.bfm.generator import Bfm
from harness_plugins.generators.bfm.params import BfmParams
from harness_plugins.measures.standard.ratings.onnx_attributes import OnnxAttributes
from harness_plugins.measures.standard.ratings.params import OnnxAttributesParams

NETWORK = Path(__file__).parents[2] / "../shared/real/attribute-nets/fr_pose.onnx"
NAMES = ("yaw_deg", "pitch_deg", "roll_deg")

pytestmark = pytest.mark.skipif(not NETWORK.exists(), reason="the pose network is not here")


def test_the_preset_has_the_signs_of_the_generator(tmp_path):
    def ctx():
        return RunContext(home=tmp_path, provider="test", component_version=1, seed=0,
                          device="cpu", precision="fp32")  # fmt: skip

    angles = {name: {"type": "gaussian", "std": 15.0} for name in NAMES}
    generator = Bfm(BfmParams(identities=30, images_per_id=1, box_scale=1.5, **angles))
    generator.prepare(ctx())
    made = list(generator.generate([Slot(k, 0) for k in range(30)]))
    images = [decode(face.image, "face") for face in made]
    batch = FaceBatch(
        [str(face.slot) for face in made], images,
        np.array([face.landmarks for face in made], np.float32),
        np.array([face.box for face in made], np.float32), np.empty((30, 0), np.float32),
    )  # fmt: skip
    preset = OnnxAttributesParams.presets["pose-bins"]
    rater = OnnxAttributes(OnnxAttributesParams(path=NETWORK, **preset))
    rater.prepare(ctx())
    found = rater.describe(batch)
    for name in NAMES:
        stated = [face.meta[name] for face in made]
        assert np.corrcoef(found[name], stated)[0, 1] > 0.5, name
