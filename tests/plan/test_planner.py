"""What is planned for a recipe, what its keys depend on, and what is refused before any work."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import make_plan
from harness.errors import NothingSelectedError, PrerequisiteError, UsageError
from harness.recipe.run_options import RecipeFlags
from harness.store.artifacts import Store

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
WHOLE = {"generator": ("toy-faces",), "model": ("toy-net",), "bench": ("toy-pairs",)}
READY = {"model": ("toy-pixels",), "bench": ("toy-pairs",)}
ALL_STAGES = {"generate", "place", "train", "embed", "cell"}


@pytest.fixture(scope="module")
def registry():
    return load(plugins_dirs=[TOYS])


@pytest.fixture
def planned(registry, home):
    def plan(tolerant=False, study=None, **values):
        return make_plan(
            RecipeFlags(**values, **(study or {})), registry, Store(home), tolerant=tolerant
        )

    return plan


def keys(plan):
    """Sets of keys by stage, those of cells too."""
    found = {"cell": {cell.key for cell in plan.cells}}
    for node in plan.nodes.values():
        found.setdefault(node.stage, set()).add(node.key)
    return found


def moved(one, other):
    """The stages in which two plans share no key."""
    first, second = keys(one), keys(other)
    return {stage for stage in first if not first[stage] & second.get(stage, set())}


def labels(plan):
    return [cell.label for cell in plan.cells]


# -- the graph ---------------------------------------------------------------------------------


def test_every_input_of_a_node_and_a_cell_is_planned_before_it(planned):
    plan = planned(**WHOLE)
    seen = set()
    for node in plan.nodes.values():
        assert set(node.inputs.values()) <= seen, node.label
        seen.add(node.key)
    (cell,) = plan.cells
    assert set(cell.keys.values()) <= seen
    assert [node.stage for node in plan.nodes.values()] == [
        "generate", "place", "train", "generate", "place", "embed",
    ]  # fmt: skip


def test_inputs_connect_the_stages_of_a_cell(planned):
    plan = planned(**WHOLE)
    (cell,) = plan.cells
    embed = plan.nodes[cell.keys["embeddings"]]
    train = plan.nodes[embed.inputs["model"]]
    assert cell.keys["model"] == train.key
    assert cell.keys["placements"] == embed.inputs["placements"]
    assert cell.keys["faces"] == train.inputs["faces"]
    assert plan.nodes[train.inputs["placements"]].inputs == {"faces": train.inputs["faces"]}
    # The benchmark's images are a face set of its own: other identities than those trained on.
    assert embed.inputs["faces:faces"] != train.inputs["faces"]
    assert (train.stage, embed.stage) == ("train", "embed")


def test_what_two_cells_share_is_planned_once(planned):
    plan = planned(generator=("toy-faces",), model=("toy-net,toy-pixels",), bench=("toy-pairs",))
    stages = [node.stage for node in plan.nodes.values()]
    # Two face sets and their placements; each network embeds; one of them is trained.
    assert {stage: stages.count(stage) for stage in set(stages)} == {
        "generate": 2, "place": 2, "train": 1, "embed": 2,
    }  # fmt: skip
    assert sorted(labels(plan)) == ["toy-faces > toy-net > toy-pairs", "toy-pixels > toy-pairs"]


def test_equal_cells_are_one_cell(planned):
    plan = planned(model=("toy-pixels,toy-pixels",), bench=("toy-pairs",))
    assert len(plan.cells) == 1


def test_every_model_meets_every_generator_and_benchmark_in_every_repeat(planned):
    plan = planned(**WHOLE, repeats=2, sweep=(
        ("generator.identities", [4, 5, 6]), ("benchmark.flip", ["none", "add"])))  # fmt: skip
    assert len(plan.cells) == 3 * 2 * 2
    assert len({cell.folder for cell in plan.cells}) == len(plan.cells)
    assert {cell.repeat for cell in plan.cells} == {0, 1}
    assert len(keys(plan)["train"]) == 3 * 2


def test_a_ready_model_is_tested_once_however_many_repeats(planned):
    assert labels(planned(**READY, repeats=3)) == ["toy-pixels > toy-pairs"]


def test_without_models_the_faces_alone_are_made(planned):
    plan = planned(generator=("toy-faces",))
    assert [node.stage for node in plan.nodes.values()] == ["generate"]
    assert plan.cells == ()


# -- keys --------------------------------------------------------------------------------------


def test_the_same_recipe_has_the_same_keys(planned):
    assert keys(planned(**WHOLE)) == keys(planned(**WHOLE))


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        ({"params": {"generator": (("noise", 7.0),)}}, {"train", "embed", "cell"}),
        ({"params": {"model": (("steps", 13),)}}, {"train", "embed", "cell"}),
        ({"params": {"benchmark": (("rule", "facenet"),)}}, {"cell"}),
        ({"params": {"benchmark": (("flip", "add"),)}}, {"embed", "cell"}),
        ({"params": {"benchmark": (("identities", 10),)}}, {"embed", "cell"}),
        ({"params": {"generator": (("sleep_s", 1.0),)}}, set()),
        ({"study": {"seed": 1}}, {"train", "embed", "cell"}),
        ({"study": {"limit": 3}}, {"train", "place", "embed", "cell"}),
        ({"study": {"align": "given"}}, {"place", "train", "embed", "cell"}),
        ({"study": {"on_failure": "centre"}}, {"place", "train", "embed", "cell"}),
        ({"study": {"max_doubtful": 0.5}}, {"place", "train", "embed", "cell"}),
        ({"study": {"portable": True}}, ALL_STAGES),
        ({"study": {"batch_size": 7}}, set()),
        ({"study": {"name": "other"}}, set()),
        ({"study": {"repeats": 2}}, set()),
    ],
)  # fmt: skip
def test_a_change_moves_the_keys_of_what_it_can_change_and_no_other(planned, change, stages):
    """The benchmark's own face set keeps its key unless it is said to be another."""
    whole = {**WHOLE, "study": {"precision": "fp32", "device": "cpu"}}
    changed = {**whole, **change}
    changed["study"] = {**whole["study"], **change.get("study", {})}
    assert moved(planned(**whole), planned(**changed)) == stages


def test_a_repeat_is_another_training_on_the_same_faces(planned):
    one, two = planned(**WHOLE), planned(**WHOLE, repeats=2)
    assert keys(one)["train"] < keys(two)["train"]
    assert keys(one)["generate"] == keys(two)["generate"]
    assert labels(two) == [
        "toy-faces > toy-net > toy-pairs #0", "toy-faces > toy-net > toy-pairs #1",
    ]  # fmt: skip
    assert labels(one) == ["toy-faces > toy-net > toy-pairs"]
    told = [node.label for node in two.nodes.values() if node.stage in ("train", "embed")]
    assert [label.rpartition(" ")[2] for label in told] == ["#0", "#0", "#1", "#1"]


def test_the_sets_that_a_benchmark_asks_for_are_named_as_its_own(planned):
    plan = planned(generator=("bfm",), model=("mobilefacenet",), bench=("synthpie",))
    made = [node.label for node in plan.nodes.values() if node.stage == "generate"]
    assert made == ["bfm", "bfm for synthpie (faces)", "bfm for synthpie (varied)"]


def test_precision_moves_what_is_trained_and_not_what_is_exact(planned):
    one = planned(**WHOLE, precision="fp32", device="cpu")
    other = planned(**WHOLE, precision="bf16", device="cpu")
    assert moved(one, other) == {"train", "embed", "cell"}


def test_labels_enter_no_key(planned, tmp_path):
    def recipe(label):
        file = tmp_path / "r.toml"
        file.write_text(
            f'[[generator]]\nuse = "toy-faces"\n{label}\n[[model]]\nuse = "toy-net"\n{label}\n'
            f'[[benchmark]]\nuse = "toy-pairs"\n{label}\n'
        )
        return planned(recipe=file)

    plain, named = recipe(""), recipe('label = "mine"')
    assert keys(plain) == keys(named)
    assert labels(named) == ["mine > mine > mine"]
    assert named.cells[0].folder == plain.cells[0].folder


def test_the_content_of_a_plugin_file_enters_the_keys_of_its_components(
    home, tmp_path, monkeypatch
):
    def plan(folder, text):
        monkeypatch.delitem(sys.modules, "harness_file_mine", raising=False)  # as a fresh process
        file = tmp_path / folder / "mine.py"
        file.parent.mkdir()
        file.write_text(TOYS.read_text() + text)
        return make_plan(RecipeFlags(**READY), load(plugins_dirs=[file]), Store(home))

    one = plan("one", "")
    assert keys(one) == keys(plan("moved", ""))
    assert moved(one, plan("changed", "# another line\n")) == ALL_STAGES - {"train"}


# -- refused -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": ("toy-pixels",)}, "needs something to be tested on; add --bench"),
        ({"bench": ("toy-pairs",)}, "needs a model to test; add --model"),
        ({"generator": ("toy-faces",), "model": ("toy-pixels",), "bench": ("toy-pairs",)},
         "model toy-pixels cannot be trained"),
        ({"generator": ("0123abcd",), "model": ("toy-net",)}, "0123abcd"),
        ({**READY, "params": {"benchmark": (("rulle", "x"),)}}, "rule"),
        ({**READY, "model": ("toy-pixel",)}, "did you mean 'toy-pixels'"),
        ({**WHOLE, "params": {"generator": (("identities", 1),)}}, "cannot be trained: "),
        ({**WHOLE, "study": {"limit": 1}}, "cannot be trained: "),
        ({**WHOLE, "study": {"repeats": 10**9}}, "cells"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_a_sentence(planned, values, message):
    with pytest.raises(UsageError, match=message):
        planned(**values)


def test_nothing_selected_is_an_error_of_its_own(planned):
    with pytest.raises(NothingSelectedError, match="give --generator, --model and --bench"):
        planned()


def test_two_identities_can_be_told_apart_and_one_cannot(planned):
    enough = {**WHOLE, "params": {"generator": (("identities", 2),)}}
    assert planned(**enough).cells
    with pytest.raises(UsageError, match="1 identity"):
        planned(**enough, limit=1)


def test_every_missing_asset_is_named_at_once_unless_the_plan_is_tolerant(planned):
    values = {"generator": ("bfm",), "model": ("facenet-nn4",), "bench": ("lfw", "cfp-fp")}
    with pytest.raises(PrerequisiteError) as error:
        planned(**values)
    plan = planned(tolerant=True, **values)
    assert plan.missing
    assert all(asset in str(error.value) for asset in plan.missing)


# -- training ----------------------------------------------------------------------------------


def phased(planned, tmp_path, phases, **values):
    file = tmp_path / "phases.toml"
    file.write_text(
        '[[generator]]\nuse = "toy-faces"\n[[model]]\nuse = "toy-net"\n' + phases
        + '[[benchmark]]\nuse = "toy-pairs"\n'
    )  # fmt: skip
    return planned(recipe=file, **values)


def trainings(plan):
    return [node for node in plan.nodes.values() if node.stage == "train"]


SECOND = (
    "[[model.phases]]\n[[model.phases]]\nfaces = [{use = 'toy-faces', identities = 3}]\n"
    "params = {steps = 4}\n"
)


def test_a_phase_starts_from_the_one_before(planned, tmp_path):
    plan = phased(planned, tmp_path, SECOND)
    first, second = trainings(plan)
    assert "model" not in first.inputs
    assert second.inputs["model"] == first.key
    (cell,) = plan.cells
    assert cell.keys["model"] == second.key
    assert cell.keys["model.0"] == first.key
    assert cell.keys["faces"] == first.inputs["faces"]
    assert (first.parts["phase"]["depth"], second.parts["phase"]["depth"]) == (0, 1)
    assert second.parts["component"]["params"]["steps"] == 4
    assert first.parts["component"]["params"]["steps"] == 12


def test_the_first_phase_of_two_is_the_training_of_one(planned, tmp_path):
    alone, both = planned(**WHOLE), phased(planned, tmp_path, SECOND)
    assert trainings(alone)[0].key == trainings(both)[0].key
    assert labels(both)[0].startswith("toy-faces > toy-net [")


@pytest.mark.parametrize(
    ("generator", "phase", "words"),
    [
        ("", "", ""),
        ("take = {images = 9}", "", " [toy-faces (9 images)]"),
        ("take = {images = 9, identities = 3}", "", " [toy-faces (9 images, 3 identities)]"),
        ("", "stream = true\n", " [toy-faces]"),
        ("", "generator = true\nfaces = [{use = 'toy-faces', identities = 3}]\n",
         " [toy-faces + toy-faces]"),
    ],
)  # fmt: skip
def test_a_cell_says_what_is_special_in_its_training(planned, tmp_path, generator, phase, words):
    file = tmp_path / "r.toml"
    file.write_text(
        f"[[generator]]\nuse = 'toy-faces'\n{generator}\n[[model]]\nuse = 'toy-net'\n"
        f"[[model.phases]]\n{phase}[[benchmark]]\nuse = 'toy-pairs'\n"
    )
    assert labels(planned(recipe=file)) == [f"toy-faces > toy-net{words} > toy-pairs"]


@pytest.mark.parametrize(
    "take", ["take = {images = 5}", "take = {identities = 3}", "take = {images = 5, seed = 3}"]
)
def test_what_is_taken_of_a_set_enters_the_key_of_the_training(planned, tmp_path, take):
    phase = "[[model.phases]]\nfaces = [{use = 'toy-faces', %s}]\n"
    whole = phased(planned, tmp_path, phase % "label = 'x'")
    part = phased(planned, tmp_path, phase % take)
    assert moved(whole, part) == {"train", "embed", "cell"}
    assert keys(whole)["place"] == keys(part)["place"]


def test_names_to_leave_out_are_keyed_by_what_the_file_says(planned, tmp_path):
    names = tmp_path / "names.txt"
    phase = f"[[model.phases]]\nfaces = [{{use = 'toy-faces', take = {{exclude = '{names}'}}}}]\n"
    with pytest.raises(UsageError, match=r"names.txt is not a file"):
        phased(planned, tmp_path, phase)
    names.write_text("1\n")
    one = phased(planned, tmp_path, phase)
    names.write_text("22\n")
    assert moved(one, phased(planned, tmp_path, phase)) == {"train", "embed", "cell"}


def test_a_streamed_phase_stores_no_set(planned, tmp_path):
    plan = phased(planned, tmp_path, "[[model.phases]]\nstream = true\n")
    (node,) = trainings(plan)
    assert not {"faces", "placements"} & set(node.inputs)
    assert [n.stage for n in plan.nodes.values()] == ["train", "generate", "place", "embed"]
    assert node.key != trainings(planned(**WHOLE))[0].key


@pytest.mark.parametrize(
    ("phase", "values", "message"),
    [
        ("stream = true\n", {"study": {"align": "detector"}}, "cannot use a detector"),
        ("stream = true\nfaces = [{use = 'toy-faces', take = {exclude = 'FILE'}}]\n", {},
         "nobody's name is known"),
        ("generator = false\n", {}, "phase 1 of a model has no faces"),
        ("validation = 5\n", {}, "cannot be trained"),
    ],
)  # fmt: skip
def test_phases_that_cannot_be_are_refused(planned, tmp_path, phase, values, message):
    (tmp_path / "names.txt").write_text("1\n")
    phase = phase.replace("FILE", str(tmp_path / "names.txt"))
    with pytest.raises(UsageError, match=message):
        phased(planned, tmp_path, f"[[model.phases]]\n{phase}", **values)


def test_a_phase_on_the_generator_without_one_is_refused(planned, tmp_path):
    file = tmp_path / "r.toml"
    file.write_text('[[model]]\nuse = "toy-net"\n[[model.phases]]\ngenerator = true\n')
    with pytest.raises(UsageError, match=r"there is none; add --generator NAME"):
        planned(recipe=file)


def put_model(home, key, provider, depth):
    """Pretend that a training of that depth is in the store."""
    parts = {"component": {"provider": provider}, "phase": {"depth": depth}}
    Store(home).build("models", key, parts, lambda folder: {})


def test_a_training_goes_on_from_stored_weights(planned, home):
    (own,) = trainings(planned(**WHOLE))
    put_model(home, "ab" * 32, own.parts["component"]["provider"], 1)
    put_model(home, "cd" * 32, "another:model", 0)
    plan = planned(**WHOLE, initial="ab" * 5)
    (node,) = trainings(plan)
    assert node.inputs["model"] == "ab" * 32
    assert node.parts["phase"]["depth"] == 2
    assert labels(plan) == ["toy-faces > toy-net [from ababababab; toy-faces] > toy-pairs"]
    with pytest.raises(UsageError, match="give at least 8 characters"):
        planned(**WHOLE, initial="ab" * 3)
    with pytest.raises(UsageError, match="is a another:model, its weights do not fit"):
        planned(**WHOLE, initial="cd" * 5)


def test_a_start_from_stored_weights_must_be_one_of_the_store(planned):
    with pytest.raises(UsageError, match=r"0 trained models .* begins with '0123456789'"):
        planned(**WHOLE, initial="0123456789")
