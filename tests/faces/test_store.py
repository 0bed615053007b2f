from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError
from harness.faces.face import Face, Missing, Slot
from harness.faces.store import FaceSet, shard_facts, shard_path, write_shard


def face(identity: int, sample: int, **more) -> Face:
    return Face(Slot(identity, sample), f"image {identity} {sample}".encode(), **more)


@pytest.fixture
def folder(tmp_path):
    points = np.arange(10, dtype=np.float32).reshape(5, 2)
    first = [
        face(0, 0, landmarks=points, meta={"yaw_deg": 12.5, "light": "lobes"}),
        Missing(Slot(0, 1), "no face detected"),
    ]
    second = [face(1, 0, box=np.array([1, 2, 3, 4], np.float32)), face(1, 1)]
    write_shard(shard_path(tmp_path, 0), first)
    write_shard(shard_path(tmp_path, 1), second)
    return tmp_path


def test_present_faces_come_back_in_slot_order(folder):
    faces = FaceSet(folder)
    assert list(faces.names) == ["0/0", "1/0", "1/1"]
    assert [faces.read(i) for i in range(3)] == [b"image 0 0", b"image 1 0", b"image 1 1"]
    assert faces.subjects.tolist() == [0, 1, 1]
    assert faces.landmarks[0].tolist() == np.arange(10).reshape(5, 2).tolist()
    assert np.isnan(faces.landmarks[1]).all()
    assert faces.boxes[1].tolist() == [1, 2, 3, 4]
    assert faces.meta(0) == {"yaw_deg": 12.5, "light": "lobes"}
    assert faces.template is None


def test_missing_slots_keep_their_reason(folder):
    assert list(FaceSet(folder).missing()) == [Missing(Slot(0, 1), "no face detected")]


def test_find_a_slot(folder):
    faces = FaceSet(folder)
    assert faces.read(faces.find(Slot(1, 1))) == b"image 1 1"
    with pytest.raises(DataError, match="no sample 1 of identity 0"):
        faces.find(Slot(0, 1))


def test_first_identities_only(folder):
    assert list(FaceSet(folder, identities=1).names) == ["0/0"]


def test_a_common_template_is_the_sets_template(tmp_path):
    write_shard(
        shard_path(tmp_path, 0), [face(0, 0, template="arcface"), face(0, 1, template="arcface")]
    )
    assert FaceSet(tmp_path).template == "arcface"
    write_shard(shard_path(tmp_path, 1), [face(1, 0)])
    assert FaceSet(tmp_path).template is None


def test_facts_count_and_digest_the_samples_alone(folder):
    facts = shard_facts(shard_path(folder, 0))
    assert (facts.faces, facts.missing, facts.image_bytes) == (1, 1, 9)
    again = write_shard(folder / "again.arrow", [face(1, 0), face(1, 1)])
    other = write_shard(folder / "other.arrow", [face(1, 0), face(1, 2)])
    assert again.sha256 != other.sha256
    # A box is not part of the sample's bytes, its image and metadata are.
    assert again.sha256 == shard_facts(shard_path(folder, 1)).sha256


@pytest.mark.parametrize("keep", [0, 10, 200, 700])
def test_a_truncated_shard_is_named(folder, keep):
    path = shard_path(folder, 0)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"shard-000000\.arrow cannot be read"):
        shard_facts(path)
    with pytest.raises(DataError, match=r"shard-000000\.arrow cannot be read"):
        FaceSet(folder)


def test_an_empty_folder_holds_no_face_set(tmp_path):
    with pytest.raises(DataError, match="holds no face set"):
        FaceSet(tmp_path)


@pytest.mark.parametrize("points", [np.full((5, 2), np.nan), np.zeros((4, 2))])
def test_landmarks_that_are_no_landmarks_are_refused(tmp_path, points):
    with pytest.raises(DataError, match="sample 0 of identity 0"):
        write_shard(tmp_path / "x.arrow", [face(0, 0, landmarks=points)])
    assert list(tmp_path.iterdir()) == []
