"""Training in phases: what is planned, what is keyed, and what comes out of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import harness
from harness._plugins.discovery import load
from harness.api import execute, make_plan
from harness.errors import UsageError
from harness.plan.cache_reasons import reason
from harness.plan.training import faces_role
from harness.progress import Progress
from harness.recipe.resolve import read
from harness.recipe.run_options import RecipeFlags, RunOptions
from harness.store.artifacts import Store

TOYS = (Path(__file__).parents[1] / "data" / "toys.py",)
FAST = {"model": (("steps", 3),)}


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=TOYS)


def plan(registry, **values):
    values = {"model": ("toy-net",), "params": FAST, **values}
    return make_plan(RecipeFlags(**values), registry, Store())


def recipe(registry, tmp_path, text, **values):
    file = tmp_path / "r.toml"
    file.write_text(text)
    return make_plan(RecipeFlags(recipe=file, **values), registry, Store())


def trainings(made):
    return [node for node in made.nodes.values() if node.stage == "train"]


def done(made, registry, folder, progress=None):
    threads = torch.get_num_threads()
    try:
        how = RunOptions(study=folder, jobs=1, plugins_dirs=TOYS)
        outcome = execute(made, how, store=Store(), registry=registry, progress=progress)
    finally:
        torch.set_num_threads(threads)
    for failure in outcome.failures:
        raise failure.error
    return outcome


def weights(node):
    return (Store().get("models", node.key).folder / "weights.safetensors").read_bytes()


def facts(node):
    return Store().get("models", node.key).facts


# -- planning --------------------------------------------------------------------------------------


def test_flags_make_phases_that_follow_each_other(registry):
    made = plan(registry, generator=("toy-faces",), mix=("toy-faces",),
                finetune=(("toy-faces",), ("toy-faces", "toy-faces")))  # fmt: skip
    first, second, third = trainings(made)
    assert len(first.training.sources) == 2
    assert len(second.training.sources) == 1
    assert len(third.training.sources) == 2
    assert "model" not in first.inputs
    assert (second.inputs["model"], third.inputs["model"]) == (first.key, second.key)
    assert [node.training.depth for node in (first, second, third)] == [0, 1, 2]


def test_a_fine_tuning_depends_on_the_training_before_it(registry):
    def keys(**values):
        return [node.key for node in trainings(plan(registry, generator=("toy-faces",), **values))]

    plain = keys()
    tuned = keys(finetune=(("toy-faces",),))
    assert tuned[0] == plain[0]
    other = keys(finetune=(("toy-faces",),), params={"model": (("steps", 4),)})
    assert not set(other) & set(tuned)
    assert keys(stream=True) != plain


def test_a_shared_pre_training_is_one_node(registry, tmp_path):
    text = '[[generator]]\nuse = "toy-faces"\n'
    for images in (8, 16):
        text += (
            '[[model]]\nuse = "toy-net"\n[[model.phases]]\n[[model.phases]]\n'
            f'faces = [{{ use = "toy-faces", take = {{ images = {images} }} }}]\n'
            "params = { steps = 2 }\n"
        )
    made = recipe(registry, tmp_path, text)
    first, small, large = trainings(made)
    assert small.inputs["model"] == large.inputs["model"] == first.key
    assert small.key != large.key
    assert small.parts["component"]["params"]["steps"] == 2
    assert first.parts["component"]["params"]["steps"] == 12
    assert sum(node.stage == "generate" for node in made.nodes.values()) == 1


def test_cells_say_in_which_phases_their_models_were_trained(registry):
    (plain,) = plan(registry, generator=("toy-faces",), bench=("toy-pairs",)).cells
    assert plain.label == "toy-faces > toy-net > toy-pairs"
    (tuned,) = plan(registry, generator=("toy-faces",), bench=("toy-pairs",),
                    finetune=(("toy-faces",),)).cells  # fmt: skip
    assert tuned.label == "toy-faces > toy-net [toy-faces; toy-faces] > toy-pairs"
    assert {"model", "model.0"} <= tuned.keys.keys()


def test_a_phase_with_its_own_faces_needs_no_generator(registry, tmp_path):
    made = recipe(
        registry, tmp_path,
        '[[generator]]\nuse = "toy-faces"\n[[generator]]\nuse = "toy-faces"\nidentities = 9\n'
        '[[model]]\nuse = "toy-net"\nphases = [{ faces = [{ use = "toy-faces" }] }]\n',
    )  # fmt: skip
    assert len(trainings(made)) == 1


def test_parameters_reach_the_sets_of_all_phases(registry):
    made = plan(registry, generator=("toy-faces",), finetune=(("toy-faces",),),
                params={"generator": (("identities", 7),)})  # fmt: skip
    values = [s.chosen.params.identities for node in trainings(made) for s in node.training.sources]
    assert values == [7, 7]


def test_the_exclusion_list_enters_the_key_by_its_content(registry, tmp_path):
    names = tmp_path / "names.txt"
    text = (
        '[[model]]\nuse = "toy-net"\n[[model.phases]]\n'
        f'faces = [{{ use = "toy-faces", take = {{ exclude = "{names}" }} }}]\n'
    )
    names.write_text("1\n")
    (one,) = trainings(recipe(registry, tmp_path, text))
    names.write_text("1\n2\n")
    (two,) = trainings(recipe(registry, tmp_path, text))
    assert one.key != two.key
    assert str(tmp_path) not in json.dumps(one.parts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("phases = [{ faces = [] }]", "there is none; add --generator"),
        ("phases = [{ generator = false }]", "has no faces"),
        ('phases = [{ faces = [{ use = "0123456789" }] }]', "no face set in"),
        ('initial = "0123456789"\nphases = [{ faces = [{ use = "toy-faces" }] }]',
         "0 trained models"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_is_refused(registry, tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        recipe(registry, tmp_path, f'[[model]]\nuse = "toy-net"\n{text}\n')


def test_only_a_trainable_model_is_fine_tuned(registry):
    with pytest.raises(UsageError, match="cannot be trained"):
        plan(registry, model=("toy-pixels",), params={}, finetune=(("toy-faces",),),
             bench=("toy-pairs",))  # fmt: skip


# -- training --------------------------------------------------------------------------------------

TUNED = """
[[generator]]
use = "toy-faces"
identities = 5
[[model]]
use = "toy-net"
steps = 3
[[model.phases]]
[[model.phases]]
faces = [{ use = "toy-faces", identities = 12, take = { images = 20, identities = 10 } }]
params = { steps = 2 }
validation = 3
"""


def test_a_fine_tuned_model_starts_from_its_training_and_says_so(registry, tmp_path):
    made = recipe(registry, tmp_path, TUNED, bench=("toy-pairs",))
    outcome = done(made, registry, tmp_path / "study")
    first, second = trainings(made)
    assert facts(first)["identities"] == 5
    said = facts(second)
    assert said["trained_on"][0]["images"] == 20
    assert said["trained_on"][0]["take"] == "20 images, 10 identities"
    assert said["validation_identities"] == 3
    assert 0 <= said["validation_accuracy"] <= 1
    assert said["identities"] == said["trained_on"][0]["identities"] - 3
    (result,) = outcome.results
    assert result.cell.generator.facts["identities"] == 5
    assert "20 images" in result.cell.model.params["phases"]
    (earlier,) = result.cell.model.facts["earlier_phases"]
    assert earlier["steps"] == 3
    # From other weights the same fine-tuning ends elsewhere.
    alone = TUNED.replace("[[model.phases]]\n[[model", "[[model", 1)
    alone = alone.replace('[[generator]]\nuse = "toy-faces"\nidentities = 5\n', "")
    other = recipe(registry, tmp_path, alone)
    done(other, registry, tmp_path / "study")
    assert weights(trainings(other)[0]) != weights(second)


def test_a_run_and_a_stored_set_are_named_by_their_keys(registry, tmp_path):
    made = plan(registry, generator=("toy-faces",))
    done(made, registry, tmp_path / "study")
    (first,) = trainings(made)
    stored = first.inputs[faces_role(0)]
    made = plan(registry, initial=first.key[:10], finetune=((stored[:10],),))
    (second,) = trainings(made)
    assert second.training.depth == 1
    both = plan(registry, generator=("toy-faces",), finetune=((stored[:10],),))
    assert trainings(both)[1].key == second.key
    assert not any(node.stage == "generate" for node in made.nodes.values())
    done(made, registry, tmp_path / "study")
    assert reason(second, Store()) == ""
    # Without a phase, the trained model is tested as it is.
    tested = plan(registry, initial=first.key[:10], bench=("toy-pairs",), params={})
    assert not trainings(tested)
    (result,) = done(tested, registry, tmp_path / "study").results
    assert result.cell.generator is None
    assert result.cell.model.key == first.key


def test_streamed_faces_train_to_the_bits_of_stored_ones(registry, tmp_path):
    stored = plan(registry, generator=("toy-faces",))
    done(stored, registry, tmp_path / "study")
    before = set((Store().home / "store" / "faces").glob("*/*"))
    streamed = plan(registry, generator=("toy-faces",), stream=True, bench=("toy-pairs",),
                    params={**FAST, "generator": ()})  # fmt: skip
    assert not any(n.stage == "generate" and n.label == "toy-faces" and n.seed == 0
                   for n in streamed.nodes.values())  # fmt: skip
    (result,) = done(streamed, registry, tmp_path / "study").results
    assert weights(trainings(streamed)[0]) == weights(trainings(stored)[0])
    (fact,) = facts(trainings(streamed)[0])["trained_on"]
    assert fact["streamed"]
    assert result.cell.generator.facts["faces"] == 24
    made = set((Store().home / "store" / "faces").glob("*/*")) - before
    assert len(made) == 1  # the benchmark's own


def test_a_streamed_face_that_is_missing_is_replaced_and_told(registry, tmp_path):
    params = {**FAST, "generator": (("missing_every", 3),)}
    made = plan(registry, generator=("toy-faces",), stream=True, params=params)
    done(made, registry, tmp_path / "study")
    (note,) = facts(trainings(made)[0])["warnings"]
    assert "toy face is hidden" in note


class Stop(Progress):
    """Interrupts the training whose steps are ``steps`` at its second step."""

    def __call__(self, done, total, unit, detail=""):
        if (done, total, unit) == (2, 4, "steps"):
            raise KeyboardInterrupt


@pytest.mark.parametrize("stream", [False, True])
def test_an_interrupted_fine_tuning_ends_in_the_same_bits(
    registry, tmp_path, monkeypatch, home, stream
):
    def both():
        text = TUNED.replace("steps = 2", "steps = 4")
        if stream:
            text = text.replace("validation", "stream = true\nvalidation")
        return recipe(registry, tmp_path, text)

    made = both()
    done(made, registry, tmp_path / "one")
    whole = weights(trainings(made)[1])
    monkeypatch.setenv("HARNESS_HOME", str(home / "other"))
    monkeypatch.setattr("harness.engine.stages.train.CHECKPOINT_S", 0.0)
    made = both()
    with pytest.raises(KeyboardInterrupt):
        done(made, registry, tmp_path / "two", Stop(quiet=True))
    assert reason(trainings(made)[1], Store()) == "interrupted before; continues"
    done(made, registry, tmp_path / "two")
    assert weights(trainings(made)[1]) == whole


def test_a_list_of_names_leaves_its_people_out(registry, tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("1 # number of an identity\n4\nnobody\n")
    text = (
        '[[model]]\nuse = "toy-net"\nsteps = 2\n[[model.phases]]\n'
        f'faces = [{{ use = "toy-faces", take = {{ exclude = "{names}" }} }}]\n'
    )
    made = recipe(registry, tmp_path, text)
    done(made, registry, tmp_path / "study")
    assert facts(trainings(made)[0])["identities"] == 4
    names.write_text("nobody\n")
    with pytest.raises(Exception, match="none is in the face set"):
        done(recipe(registry, tmp_path, text), registry, tmp_path / "study")


def test_the_recipe_of_the_documentation_is_read(tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "training.md").read_text()
    (tmp_path / "r.toml").write_text(text.split("```toml\n")[1].split("```")[0])
    (model,) = read(tmp_path / "r.toml").model
    assert [phase.validation for phase in model.phases] == [50, 0]
    assert model.phases[1].faces[0].words() == "folder (10000 images, without ijba-overlap.txt)"


def test_python_says_what_the_command_line_says(tmp_path):
    study = harness.run(
        generator="toy-faces", model="toy-net", bench="toy-pairs", mix="toy-faces", stream=True,
        finetune=["toy-faces", ["toy-faces", "toy-faces"]], params={"model": {"steps": 2}},
        plugins_dirs=TOYS, jobs=1, study=tmp_path / "study",
    )  # fmt: skip
    (result,) = study.results
    words = "toy-faces + toy-faces; toy-faces; toy-faces + toy-faces"
    assert result.cell.model.params["phases"] == words
    assert result.cell.model.facts["phase"] == 2
    assert len(result.cell.model.facts["earlier_phases"]) == 2
