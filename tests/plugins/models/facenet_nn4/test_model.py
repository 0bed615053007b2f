"""The declaration, its presets, and a training in miniature."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from harness.errors import DataError, UsageError
from harness.training.loop import train
from harness.training.settings import published
from harness_plugins.models.facenet_nn4.model import FaceNetNN4
from harness_plugins.models.facenet_nn4.params import FaceNetNN4Params

CONTEXT = SimpleNamespace(seed=1, device="cpu", precision="fp32", batch_size=None)
SMALL = {"variant": "nn4.small2", "people_per_batch": 3, "images_per_person": 4, "steps": 3}


class Faces:
    """Twenty 96x96 images of noise, of five people who cannot be told apart."""

    labels = np.repeat(np.arange(5), 4)

    def __len__(self):
        return 20

    def image(self, index):
        return np.random.default_rng(index).integers(0, 256, (96, 96, 3), np.uint8)


def model(**params):
    made = FaceNetNN4(FaceNetNN4Params(**params))
    made.prepare(CONTEXT)
    return made


@pytest.mark.parametrize(
    ("preset", "people", "images", "steps", "mirrored"),
    [("kortylewski2018", 20, 15, 50_000, False), ("openface", 15, 20, 250_000, True)],
)
def test_presets_are_the_published_settings(preset, people, images, steps, mirrored):
    params = FaceNetNN4Params(**FaceNetNN4Params.presets[preset])
    recipe = model(**params.model_dump()).training(np.repeat(np.arange(30), 30))
    batch = np.repeat(np.arange(30), 30)[recipe.sampler(0)(0)]
    assert sorted(np.bincount(batch)[np.unique(batch)]) == [images] * people
    assert recipe.steps == steps
    assert recipe.restart_optimiser == 250
    assert (recipe.augment is not None) == mirrored
    assert recipe.objective.alpha == recipe.collapse_loss == 0.2
    assert recipe.settings["preset"] == preset
    assert set(recipe.assumed) == set(FaceNetNN4Params.assumed[preset])
    (group,) = {(*g["betas"], g["lr"], g["eps"], g["weight_decay"])
                for g in recipe.optimiser(recipe.network).param_groups}  # fmt: skip
    assert group == (0.9, 0.999, 1e-3, 1e-8, 0.0)
    assert [recipe.schedule(step) for step in (0, 10_000)] == [1.0, 1.0]


def test_defaults_are_the_published_recipe_and_changes_are_ones_own():
    assert FaceNetNN4Params() == FaceNetNN4Params(**FaceNetNN4Params.presets["kortylewski2018"])
    recipe = model(**SMALL).training(Faces.labels)
    assert recipe.settings["preset"] is None
    assert recipe.assumed == ()


@pytest.mark.parametrize("preset", ["kortylewski2018", "openface"])
def test_a_preset_sets_everything_and_any_change_ends_it(preset):
    values = FaceNetNN4Params.presets[preset]
    assert set(values) == set(FaceNetNN4Params.model_fields)
    assert set(FaceNetNN4Params.assumed[preset]) <= set(values)
    changed = {"lr": 2e-3, "images_per_pass": 30, "schedule": "cosine", "weights": Path("/x/w.pt")}
    for key, value in changed.items():
        settings, assumed = published(FaceNetNN4Params(**{**values, key: value}))
        assert (settings["preset"], assumed) == (None, ())
    assert settings["weights"] == "w.pt"


def test_input_is_96_pixels_between_0_and_1():
    spec = model(**SMALL).input_spec
    assert (spec.width, spec.height, spec.colour, spec.template) == (96, 96, "RGB", "arcface")
    assert (spec.mean, spec.std) == ((0.0,) * 3, (1.0,) * 3)


def test_trains_saves_loads_and_embeds_alike(tmp_path):
    trained = model(**SMALL)
    summary = train(trained, Faces(), seed=2, folder=tmp_path, threads=1)
    assert (summary.steps, summary.images) == (3, 36)
    assert json.loads((tmp_path / "training.json").read_text())["settings"]["steps"] == 3
    loaded = model(**SMALL)
    images = np.stack([Faces().image(i) for i in range(7)])
    before = loaded.embed(images)
    loaded.load(tmp_path)
    ours = trained.embed(images)
    np.testing.assert_allclose(loaded.embed(images), ours, atol=1e-6)
    assert np.abs(before - ours).max() > 1e-3
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    alone = np.concatenate([trained.embed(image[None]) for image in images])
    np.testing.assert_allclose(alone, ours, atol=1e-5)


def test_seed_decides_the_initial_weights():
    images = np.stack([Faces().image(i) for i in range(2)])
    first, again = model(**SMALL).embed(images), model(**SMALL).embed(images)
    np.testing.assert_array_equal(first, again)


def test_weights_of_the_other_variant_are_refused_by_name(tmp_path):
    model(variant="nn4").save(tmp_path)
    with pytest.raises(DataError, match=r"126 unexpected \(incept4b"):
        model(**SMALL).load(tmp_path)


def test_too_few_people_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="20 people cannot be drawn from 5"):
        train(model(variant="nn4.small2"), Faces(), seed=1, folder=tmp_path)


def test_unknown_parameter_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        FaceNetNN4Params(margin=0.2)


def test_images_of_another_size_are_refused():
    with pytest.raises(DataError, match="96x96"):
        model(**SMALL).embed(np.zeros((1, 112, 112, 3), np.uint8))


def test_the_scales_of_batch_norm_may_start_as_torch7_draws_them():
    ones, drawn = (model(variant="nn4", batch_norm_scale=kind).network.state_dict()
                   for kind in ("ones", "uniform"))  # fmt: skip
    names = [n.removesuffix("running_mean") + "weight" for n in ones if n.endswith("running_mean")]
    assert len(names) == 55
    scales = np.sort(np.concatenate([drawn[name].numpy() for name in names]))
    # Kolmogorov-Smirnov by hand: 1.95 / sqrt(n) is exceeded once in a thousand draws.
    gap = np.abs(scales - (np.arange(scales.size) + 0.5) / scales.size).max()
    assert gap < 1.95 / np.sqrt(scales.size)
    assert all((ones[name] == 1).all() for name in names)
    for name in ones.keys() - set(names):
        assert (ones[name] == drawn[name]).all(), name


def test_both_presets_say_that_the_scales_are_not_torch7s():
    for preset in ("kortylewski2018", "openface"):
        recipe = model(**FaceNetNN4Params.presets[preset]).training(np.repeat(np.arange(30), 30))
        assert "batch_norm_scale" in recipe.assumed
        assert recipe.settings["batch_norm_scale"] == "ones"
