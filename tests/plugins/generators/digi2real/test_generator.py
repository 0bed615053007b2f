from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
import torch

from harness.components import InputSpec, Placement
from harness.errors import DataError, UsageError
from harness.faces.face import Face, Missing, Slot
from harness_plugins.generators.digi2real import generator as module
from harness_plugins.generators.digi2real.diffusion.pipeline import encoder_digest
from harness_plugins.generators.digi2real.diffusion.shift import load, save
from harness_plugins.generators.digi2real.generator import Digi2Real
from harness_plugins.generators.digi2real.params import Digi2RealParams
from harness_plugins.generators.digi2real.prototypes import prototype, unit

FAST = {"pipeline": "tiny", "identities": 4, "images_per_id": 3, "latents": 2, "steps": 2,
        "source": "patches"}  # fmt: skip
SLOTS = [Slot(i, s) for i in range(4) for s in range(3)]


@pytest.fixture
def opened(context):
    """A prepared generator; ``ctx`` values beside the parameters."""

    def make(ctx=None, **values):
        made = Digi2Real(Digi2RealParams.model_validate(FAST | values))
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
    ctx = context(root=tmp_path, sets=sets)
    values = {"real": tmp_path, "shift_scale": 1.5}
    made = opened(ctx, **values)
    assert "shift" in ctx.built
    assert made._delta.shape == (77, 64)
    assert (made._delta[:4] == 0).all()
    assert any("20 source to 6 real" in note for note in ctx.notes)
    assert any("6 of 6 real faces came without" in note for note in ctx.notes)
    again = context(root=tmp_path, sets=sets)
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


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("step", ["denoise", "decode"])
def test_running_out_of_memory_halves_the_batch_and_goes_on(
    opened, context, monkeypatch, step, overlap
):
    expected = list(opened(context(batch_size=3)).generate(SLOTS))
    real = getattr(module, step)

    def scarce(pipeline, *args):
        count = len(args[1]) if step == "denoise" else len(args[0].values)
        if count > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(pipeline, *args)

    monkeypatch.setattr(module, step, scarce)
    ctx = context(batch_size=12)
    made = opened(ctx)
    made._batches.overlap = overlap
    found = list(made.generate(SLOTS))
    assert [face.meta for face in found] == [face.meta for face in expected]
    assert [face.image for face in found] == [face.image for face in expected]
    assert [note for note in ctx.notes if "memory" in note] == [
        f"the memory of the GPU ran out: batches of {size} from there on" for size in (6, 3)
    ]


def test_only_a_gpu_decodes_beside_the_denoising(opened, context):
    assert opened(context(device="cuda"))._batches.overlap
    assert not opened(context(device="cpu"))._batches.overlap  # both want the same processors


def test_decoding_beside_the_denoising_changes_no_byte(opened, context):
    """Threads of one worker, with a detector that asks for some images again."""

    plain = [pixels(face)[:20].mean() for face in opened().generate(SLOTS)]

    def made(overlap):
        ctx = context(batch_size=2, tools={"detector": Finder(limit=float(np.median(plain)))})
        generator = opened(ctx, detector="any", attempts=3)
        generator._batches.overlap = overlap
        return list(generator.generate(SLOTS))

    one, two = made(False), made(True)
    for face, other in zip(one, two, strict=True):
        if isinstance(face, Missing):
            assert face == other
        else:
            assert (face.image, face.meta) == (other.image, other.meta)
            assert (face.landmarks == other.landmarks).all()
    assert any(isinstance(face, Face) and face.meta["attempt"] for face in one)


class Finder:
    """An aligner that finds no face where the image is darker than a limit."""

    def __init__(self, limit):
        self.limit, self.seen = limit, 0

    def locate(self, images, boxes):
        assert np.isnan(boxes).all()
        assert boxes.shape == (len(images), 4)
        self.seen += len(images)
        points = np.float32([[20, 20], [40, 20], [30, 30], [22, 45], [38, 45]])
        return [
            Placement(points, 0.75) if image[:20].mean() > self.limit else "too dark"
            for image in images
        ]


def test_an_image_without_a_face_is_made_again(opened, context):
    plain = list(opened().generate(SLOTS))
    finder = Finder(limit=float(np.median([pixels(face)[:20].mean() for face in plain])))
    ctx = context(tools={"detector": finder})
    found = list(opened(ctx, detector="any", attempts=30).generate(SLOTS))
    attempts = [face.meta["attempt"] for face in found]
    assert max(attempts) > 0
    assert min(attempts) == 0
    assert finder.seen == sum(attempts) + len(found)
    assert all(face.meta["detector_score"] == 0.75 for face in found)
    assert all(face.meta["detector"] == "any" for face in found)
    assert all(face.box is None and face.landmarks.shape == (5, 2) for face in found)
    for old, new in zip(plain, found, strict=True):
        assert (old.meta["seed"] == new.meta["seed"]) == (new.meta["attempt"] == 0)
        assert old.meta["t"] == new.meta["t"]
    again = context(tools={"detector": Finder(finder.limit)}, batch_size=1)
    (late,) = opened(again, detector="any", attempts=30).generate([SLOTS[int(np.argmax(attempts))]])
    assert late.meta == found[int(np.argmax(attempts))].meta


def test_attempts_are_bounded_and_the_reason_is_kept(opened, context):
    finder = Finder(limit=300)
    ctx = context(tools={"detector": finder})
    found = list(opened(ctx, detector="any", attempts=3).generate(SLOTS[:2]))
    assert found == [Missing(s, "no face in 3 attempts, the last: too dark") for s in SLOTS[:2]]
    assert finder.seen == 6
    assert not any("no face detector" in note for note in ctx.notes)


class Colours:
    """A model: mean colours of a grid of 4 x 4."""

    input_spec = InputSpec(48, 48, "arcface")
    embedding_size = 48

    def embed(self, images):
        assert images.shape[1:] == (48, 48, 3)
        small = images.reshape(len(images), 4, 12, 4, 12, 3).mean(axis=(2, 4))
        return (small.reshape(len(images), -1) - 128).astype(np.float32)


def test_any_model_can_embed(opened, context, patches, tmp_path):
    sets = {"source": patches(2, 3)}
    ctx = context(root=tmp_path, sets=sets, tools={"embedder": Colours()})
    made = opened(ctx, identities=2, embedder="colours")
    plain = opened(context(root=tmp_path, sets=sets), identities=2)
    assert made._identities.prototypes.shape == (2, 48)
    assert np.abs(made._identities.prototypes - plain._identities.prototypes).max() > 0.1
    assert any("identities by model colours" in note for note in ctx.notes)
    faces = np.stack([warped(sets["source"], i) for i in range(3)])
    expected = prototype(unit(Colours().embed(faces)))
    assert made._identities.prototypes[0] == pytest.approx(expected, abs=1e-6)


def warped(images, index):
    pixels = cv2.imdecode(np.frombuffer(images.read(index), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    return cv2.resize(pixels, (48, 48), interpolation=cv2.INTER_AREA)


def test_a_shift_in_a_file_is_the_shift_that_was_estimated(opened, context, patches, tmp_path):
    sets = {"source": patches(4, 6), "real": patches(3, 2, bias=50)}
    made = opened(context(sets=sets), real=tmp_path)
    file = tmp_path / "shift.safetensors"
    assert "20 source to 6 real faces" in made.write_product("shift", file)
    ctx = context()
    other = opened(ctx, shift=file)
    assert (other._delta == made._delta).all()
    assert any("20 source to 6 real" in note for note in ctx.notes)
    _, facts = load(file)
    assert facts["seed"] == 11
    assert len(facts["real"]["image_sha256"]) == 6
    assert facts["source"]["images"] == 20
    assert facts["real"]["image_sha256"][0] == hashlib.sha256(sets["real"].read(0)).hexdigest()
    assert facts["encoder"] == encoder_digest(made._folders)
    with pytest.raises(UsageError, match="--real FOLDER"):
        opened().write_product("shift", file)


@pytest.mark.parametrize(
    ("name", "reason"), [("encoder", "another text encoder"), ("embedder", "another face embed")]
)
def test_a_shift_of_other_networks_is_refused(opened, context, patches, tmp_path, name, reason):
    sets = {"source": patches(4, 6), "real": patches(3, 2, bias=50)}
    file = tmp_path / "shift.safetensors"
    opened(context(sets=sets), real=tmp_path).write_product("shift", file)
    delta, facts = load(file)
    del facts["token_norms"]
    save(file, delta, {**facts, name: "0" * 64})
    with pytest.raises(DataError, match=reason):
        opened(shift=file)
