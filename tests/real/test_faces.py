"""Real faces through the generators that read existing sets, and back."""

from __future__ import annotations

from harness.faces.store import FaceSet
from harness.store.artifacts import Store


def test_real_folders_become_sets_and_come_back_from_recordio(harness_command, real):
    att = ("run", "-g", "folder", "-G", f"root={real / 'att-faces'}", "-j", "1", "-q")
    harness_command(*att, toys=False)
    (item,) = Store().of_kind("faces")
    faces = FaceSet(item.folder)
    assert item.facts["identities"] * 10 == len(faces) > 0
    assert item.facts["missing"] == 0
    harness_command("faces", "export", item.key, "--format", "recordio", "-o", "rec", "-q")
    harness_command("run", "-g", "recordio", "-G", "root=rec", "-j", "1", "-q")
    (other,) = [found for found in Store().of_kind("faces") if found.key != item.key]
    back = FaceSet(other.folder)
    # The natural order (s1, s2, s10) is kept as labels, so the same faces have the same numbers.
    assert back.subjects.tolist() == faces.subjects.tolist()
    assert all(back.read(i) == faces.read(i) for i in range(len(faces)))
    assert faces.meta(10)["source_image"] == "s2/1.pgm"


def test_a_set_with_frontal_and_profile_folders(harness_command, real):
    root = real / "cfp" / "cfp-dataset" / "Data" / "Images"
    harness_command("run", "-g", "folder", "-G", f"root={root}", "-G", "identity_depth=1",
                    "-G", "image_choice=sampled", "-G", "images_per_id=4", "--limit", "5",
                    "-j", "1", "-q", toys=False)  # fmt: skip
    (item,) = Store().of_kind("faces")
    faces = FaceSet(item.folder)
    kinds = {str(faces.meta(i)["source_image"]).split("/")[1] for i in range(len(faces))}
    assert kinds == {"frontal", "profile"}
    assert (item.facts["identities"], len(faces)) == (5, 20)
