"""Trainings that cannot learn anything are refused: while planning where the counts are known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.components import Params
from harness.errors import UsageError
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store
from harness.training.params import ClassificationParams
from harness_plugins.models.facenet_nn4.params import FaceNetNN4Params

TOYS = (Path(__file__).parents[1] / "data" / "toys.py",)


@pytest.mark.parametrize(
    ("params", "counts", "said"),
    [
        (Params(), (1, 10, 10), "there is 1 identity"),
        (Params(), (0, 0, 0), "there is 0 identity"),
        (ClassificationParams(images_per_batch=8), (1, 10, 10), "there is 1 identity"),
        (ClassificationParams(images_per_batch=8), (4, 7, 2), "a batch of 8 images"),
        (FaceNetNN4Params(), (100, 100, 1), "no person has two images, which a triplet needs"),
        (FaceNetNN4Params(), (19, 400, 40), "a batch of 20 people cannot be drawn from 19"),
        (FaceNetNN4Params(people_per_batch=2), (1, 40, 40), "a batch of 2 people"),
    ],
)
def test_counts_that_teach_nothing_have_a_reason(params, counts, said):
    assert said in params.nothing_to_learn(*counts)


@pytest.mark.parametrize(
    ("params", "counts"),
    [
        (Params(), (2, 2, 1)),
        (ClassificationParams(images_per_batch=8), (4, 8, 2)),
        (ClassificationParams(images_per_batch=8), (8, 8, 1)),
        (ClassificationParams(images_per_batch=8, steps=0), (2, 4, 2)),
        (FaceNetNN4Params(), (20, 21, 2)),
    ],
)
def test_little_is_still_something(params, counts):
    assert params.nothing_to_learn(*counts) == ""


@pytest.mark.parametrize(
    ("model", "faces", "values", "said"),
    [
        ("facenet-nn4", {"identities": 50, "images_per_id": 1}, {}, "no person has two images"),
        ("facenet-nn4", {"identities": 5, "images_per_id": 9}, {}, "from 5 people"),
        ("small-resnet", {"identities": 1, "images_per_id": 300}, {}, "there is 1 identity"),
        ("small-resnet", {"identities": 5, "images_per_id": 2}, {}, "from 10 images"),
        ("toy-net", {"identities": 9, "images_per_id": 2}, {"limit": 1}, "there is 1 identity"),
    ],
)
def test_planning_refuses_what_the_generator_is_asked_for(model, faces, values, said):
    settings = RecipeFlags(
        generator=("toy-faces",), model=(model,), bench=("toy-pairs",),
        params={"generator": tuple(faces.items())}, **values,
    )  # fmt: skip
    with pytest.raises(UsageError, match=f"toy-faces.* > {model} cannot be trained: .*{said}"):
        make_plan(settings, load(plugins_dirs=TOYS), Store())


def test_what_a_phase_takes_counts_and_what_is_unknown_is_left_to_the_training(tmp_path):
    registry = load(plugins_dirs=TOYS)

    def planned(take):
        file = tmp_path / "r.toml"
        file.write_text(
            '[[generator]]\nuse = "toy-faces"\nidentities = 40\nimages_per_id = 4\n'
            f"take = {take}\n"
            '[[model]]\nuse = "facenet-nn4"\n[[benchmark]]\nuse = "toy-pairs"\n'
        )
        return make_plan(RecipeFlags(recipe=file), registry, Store())

    planned("{ identities = 20 }")
    with pytest.raises(UsageError, match="cannot be drawn from 19 people"):
        planned("{ identities = 19 }")
    (tmp_path / "out.txt").write_text("0\n")
    planned(f'{{ identities = 19, exclude = "{(tmp_path / "out.txt").as_posix()}" }}')


def folder_of(root, people, images):
    rng = np.random.default_rng(0)
    for person in range(people):
        for number in range(images):
            path = root / f"p{person}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), rng.integers(0, 256, (112, 112, 3), dtype=np.uint8))


@pytest.mark.parametrize(
    ("people", "images", "model", "said"),
    [
        (24, 1, "facenet-nn4", "no person has two images"),
        (1, 10, "small-resnet", "there is 1 identity"),
        (3, 2, "small-resnet", "cannot be drawn from 6 images"),
    ],
)
def test_counts_known_only_from_the_data_stop_before_the_first_step(
    harness_command, tmp_path, people, images, model, said
):
    folder_of(tmp_path / "faces", people, images)
    batch = ["-M", "images_per_batch=8"] if model == "small-resnet" else []
    done = harness_command(
        "run", "-g", "folder", "-G", "root=faces", "-G", "template=arcface", "-m", model,
        "-M", "steps=2", *batch, "-b", "toy-pairs", check=1,
    )  # fmt: skip
    assert said in done.stderr
    assert not list(tmp_path.glob("study/cells/*/result.json"))
