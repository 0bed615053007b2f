"""What each stage leaves in the store, and that it is what it says."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from harness.faces.face import Slot
from harness.faces.store import FaceSet
from harness.results.columns import read_columns

IDENTITIES, EACH, EVERY = 6, 4, 5
GONE = [(i, s) for i in range(IDENTITIES) for s in range(EACH) if (i + s) % EVERY == EVERY - 1]


@pytest.fixture
def faces(finished):
    return finished.stored("faces", seed=0)


@pytest.fixture
def test_faces(finished):
    return finished.stored("faces", seed=99)


# -- generate ----------------------------------------------------------------------------------


def test_a_face_set_counts_its_faces_and_what_is_missing(faces):
    assert faces.facts["identities"] == IDENTITIES
    assert faces.facts["faces"] == IDENTITIES * EACH - len(GONE)
    assert faces.facts["missing"] == len(GONE) == 4
    assert faces.facts["missing_reasons"] == {"toy face is hidden": len(GONE)}


def test_faces_stand_in_the_order_of_identities_and_samples(faces):
    made = FaceSet(faces.folder)
    slots = [(i, s) for i in range(IDENTITIES) for s in range(EACH) if (i, s) not in GONE]
    assert len(made) == len(slots) == faces.facts["faces"]
    assert [made.find(Slot(*slot)) for slot in slots] == [*range(len(slots))]
    assert sorted((m.slot.identity, m.slot.sample) for m in made.missing()) == GONE
    assert sum(len(made.read(k)) for k in range(len(made))) == faces.facts["image_bytes"]


def test_shards_hold_what_the_generator_says(faces):
    assert [path.name for path in sorted(faces.folder.glob("shard-*"))] == [
        f"shard-{number:06}.arrow" for number in range(5)
    ]  # 24 slots in shards of five


# -- place -------------------------------------------------------------------------------------


def test_placements_say_by_what_every_image_was_placed(finished, faces, test_faces):
    trained = finished.stored("placements", inputs={"faces": faces.key})
    tested = finished.stored("placements", inputs={"faces:faces": test_faces.key})
    assert trained.facts["placed_by"] == {"given": faces.facts["faces"]}
    assert tested.facts["images"] == 32
    assert (tested.facts["failed"], tested.facts["failed_names"]) == (0, [])


# -- train -------------------------------------------------------------------------------------


def test_a_training_says_what_it_saw(finished, faces):
    facts = finished.stored("models").facts
    assert (facts["steps"], facts["planned_steps"], facts["image_visits"]) == (4, 4, 32)
    assert facts["identities"] == IDENTITIES
    (part,) = facts["trained_on"]
    assert (part["key"], part["images"], part["identities"]) == (faces.key, 20, IDENTITIES)
    assert (facts["phase"], facts["processes"], facts["validation_identities"]) == (0, 1, 0)


def test_a_history_has_a_row_for_every_step_and_ends_in_the_final_loss(finished):
    model = finished.stored("models")
    table = pd.read_parquet(model.folder / "history.parquet")
    assert table["step"].tolist() == [1, 2, 3, 4]
    assert table["loss"].iloc[-1] == pytest.approx(model.facts["final_loss"], rel=1e-6)


def test_weights_are_finite_and_have_moved(finished):
    weights = load_file(finished.stored("models").folder / "weights.safetensors")
    assert weights
    assert all(np.isfinite(value).all() for value in weights.values())


# -- embed -------------------------------------------------------------------------------------


def test_embeddings_are_one_row_for_every_image_plain_and_mirrored(finished):
    item = finished.stored("embeddings")
    plain, mirror = (np.load(item.folder / f"{name}.npy") for name in ("plain", "mirror"))
    assert plain.shape == mirror.shape == (32, 16)
    assert plain.dtype == np.float32
    assert not np.array_equal(plain, mirror)
    assert np.load(item.folder / "enrolled.npy").all()
    assert (item.facts["images"], item.facts["failed"], item.facts["embedding_size"]) == (32, 0, 16)


def test_without_a_mirror_none_is_made(ran):
    ran("-m", "toy-pixels", "-b", "toy-pairs")
    folder = ran.stored("embeddings").folder
    assert (folder / "plain.npy").exists()
    assert not (folder / "mirror.npy").exists()


def test_embeddings_that_are_not_finite_fail_the_stage(ran):
    ran("-m", "toy-pixels", "-M", "spoil=true", "-b", "toy-pairs", check=1)
    assert [event["stage"] for event in ran.events("failed")] == ["embed"]
    assert not [*ran.home.glob("store/embeddings/*/*")]


# -- score -------------------------------------------------------------------------------------


def test_a_result_names_everything_it_was_made_from(finished, faces, test_faces):
    (result,) = finished.results()
    inputs = result.provenance["inputs"]
    assert inputs["faces"] == faces.key
    assert inputs["faces:faces"] == test_faces.key
    assert inputs["model"] == finished.stored("models").key
    assert inputs["embeddings"] == finished.stored("embeddings").key
    assert (finished.study / result.provenance["env"]).is_file()
    assert result.warnings == ["toy pairs are not people"]
    assert (result.seed, result.limited) == ({"root": 0, "repeat": 0}, None)


def test_files_of_a_result_are_those_of_its_digests(finished):
    (result,) = finished.results()
    assert set(result.files) == {"curves/roc.arrow", "scores.arrow"}
    for name, digest in result.files.items():
        assert hashlib.sha256((result.folder / name).read_bytes()).hexdigest() == digest
    assert result.raw == {"scores": "scores.arrow", "sha256": result.files["scores.arrow"]}


def test_scores_and_embeddings_agree(finished):
    """The distance of a pair from the embeddings, written out: summed views at unit length."""
    (result,) = finished.results()
    item = finished.stored("embeddings")
    views = np.load(item.folder / "plain.npy") + np.load(item.folder / "mirror.npy")
    unit = views / np.linalg.norm(views, axis=1, keepdims=True)
    columns = read_columns(result.folder / "scores.arrow")
    first, second = columns["first"], columns["second"]
    expected = ((unit[first] - unit[second]) ** 2).sum(axis=1)
    np.testing.assert_allclose(columns["distance"], expected, rtol=1e-4, atol=1e-6)
    assert result.protocol["n_genuine"] == int(columns["genuine"].sum()) == 24


def test_the_enrolment_is_that_of_the_placements(finished):
    (result,) = finished.results()
    assert result.enrolment["images"] == 32
    assert result.enrolment["placed_by"] == {"given": 32}
