from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from harness.faces.face import Face, Missing, Slot
from harness_plugins.generators.digi2real import generator as module
from harness_plugins.generators.digi2real.generator import Digi2Real
from harness_plugins.generators.digi2real.params import Params

FAST = {"pipeline": "tiny", "identities": 4, "images_per_id": 3, "latents": 2, "steps": 2,
        "source": "patches"}  # fmt: skip
SLOTS = [Slot(i, s) for i in range(4) for s in range(3)]


@pytest.fixture
def opened(context):
    """A prepared generator; ``ctx`` values beside the parameters."""

    def make(ctx=None, **values):
        made = Digi2Real(Params.model_validate(FAST | values))
        made.prepare(ctx or context())
        return made

    return make


def pixels(face):
    return cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_COLOR).astype(int)


def test_every_slot_is_answered_in_order(opened):
    made = opened()
    assert made.samples_per_identity().tolist() == [3] * 4
    faces = list(made.generate(SLOTS))
    assert [face.slot for face in faces] == SLOTS
    assert all(isinstance(face, Face) for face in faces)
    assert pixels(faces[0]).shape == (64, 64, 3)
    assert faces[0].landmarks is None
    assert faces[0].box.shape == (4,)


def test_what_is_said_of_each_image(opened):
    first, second, third, *_ = opened().generate(SLOTS)
    meta = first.meta
    assert (meta["source"], meta["source_identity"], meta["detector"]) == ("patches", 0, "none")
    assert [f.meta["latent"] for f in (first, second, third)] == [0, 1, 0]
    assert [f.meta["copy"] for f in (first, second, third)] == [0, 0, 1]
    assert 0 < meta["t"] < 1
    assert 0 < meta["omega"] < np.pi
    assert meta["t"] == third.meta["t"] != second.meta["t"]
    assert meta["seed"] != third.meta["seed"]
    assert "noise" in meta["watermark"]
    assert not meta["shifted"]


def test_a_slot_depends_on_seed_identity_and_sample_alone(opened, context):
    whole = {face.slot: face for face in opened().generate(SLOTS)}
    other = opened(context(batch_size=2))
    wanted = [SLOTS[7], SLOTS[2], SLOTS[11]]
    for face in other.generate(wanted):
        assert np.abs(pixels(face) - pixels(whole[face.slot])).max() <= 2 + 12  # JPEG on top
        assert face.meta == whole[face.slot].meta
    (reseeded,) = opened(context(seed=12)).generate(SLOTS[:1])
    assert np.abs(pixels(reseeded) - pixels(whole[SLOTS[0]])).mean() > 1


def test_the_first_identities_of_a_larger_set_are_those_of_a_smaller(opened):
    small = list(opened(identities=2).generate(SLOTS[:2]))
    large = list(opened().generate(SLOTS[:2]))
    assert [face.image for face in small] == [face.image for face in large]


def test_a_filtered_run_shares_images_with_an_unfiltered_one(opened):
    filtered = opened(identities=2, filtered=True, candidates=4)
    order = [face.meta["source_identity"] for face in filtered.generate([Slot(0, 1), Slot(1, 1)])]
    prototypes = np.array(filtered._identities.prototypes)
    products = prototypes @ prototypes.T - 2 * np.eye(4)
    assert order == np.argsort(products.max(axis=1), kind="stable")[:2].tolist()
    (first,) = filtered.generate([Slot(0, 1)])
    (same,) = opened().generate([Slot(order[0], 1)])
    assert first.meta == same.meta
    assert first.image == same.image


def test_identities_that_the_source_lacks_are_missing(opened, context, patches):
    ctx = context(sets={"source": patches(2, 3)})
    *faces, last = opened(ctx, identities=3).generate([Slot(0, 0), Slot(1, 0), Slot(2, 0)])
    assert all(isinstance(face, Face) for face in faces)
    assert last == Missing(Slot(2, 0), "the source has too few usable identities")
    assert any("2 of 3 identities" in note for note in ctx.notes)


def test_the_reader_is_told_what_the_images_are(opened, context):
    ctx = context()
    opened(ctx)
    said = " | ".join(ctx.notes)
    assert "noise: random weights of pipeline=tiny" in said
    assert "random projection" in said
    assert "no shift towards real faces" in said
    assert "no face detector" in said


def test_a_shift_is_estimated_once_and_added_behind_the_first_tokens(
    opened, context, patches, tmp_path
):
    sets = {"source": patches(4, 6), "real": patches(3, 2, bias=50)}
    ctx = context(sets=sets)
    values = {"real": tmp_path, "shift_scale": 1.5}
    made = opened(ctx, **values)
    assert "shift" in ctx.built
    assert made._delta.shape == (77, 64)
    assert (made._delta[:4] == 0).all()
    assert any("20 source to 6 real" in note for note in ctx.notes)
    assert any("6 of 6 real faces came without" in note for note in ctx.notes)
    again = context(sets=sets)
    plain = opened(again, real=tmp_path)
    assert "shift" not in again.built
    assert made._delta == pytest.approx(1.5 * plain._delta, rel=1e-5)
    (shifted,) = made.generate(SLOTS[:1])
    (without,) = opened().generate(SLOTS[:1])
    assert shifted.meta["shifted"]
    assert shifted.meta["seed"] == without.meta["seed"]
    assert np.abs(pixels(shifted) - pixels(without)).mean() > 0.05


def test_prototypes_and_order_are_kept(opened, context, patches, tmp_path):
    sets = {"source": patches(4, 6)}
    first = context(root=tmp_path, sets=sets)
    opened(first, filtered=True)
    assert first.built == ["tiny-pipeline", "embeddings", "prototypes", "filter"]
    second = context(root=tmp_path, sets=sets)
    opened(second, filtered=True)
    assert second.built == []
    third = context(root=tmp_path, sets=sets)
    opened(third, filtered=True, filter_score="mean")
    assert third.built == ["filter"]


def test_running_out_of_memory_halves_the_batch_and_goes_on(opened, context, monkeypatch):
    expected = [face.meta for face in opened().generate(SLOTS)]
    real = module.sample

    def scarce(pipeline, prompts, seeds, settings):
        if len(seeds) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(pipeline, prompts, seeds, settings)

    monkeypatch.setattr(module, "sample", scarce)
    ctx = context(batch_size=12)
    assert [face.meta for face in opened(ctx).generate(SLOTS)] == expected
    assert any("batches of 3" in note for note in ctx.notes)
