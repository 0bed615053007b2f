"""TinyFace in its official layout, made here."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from harness.errors import DataError
from harness_plugins.benchmarks.tinyface.benchmark import TinyFace
from harness_plugins.benchmarks.tinyface.params import TinyFaceParams

PEOPLE = (3, 11, 40)


def patch(person: int, number: int):
    rng = np.random.default_rng(person)
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((4, 4, 1)))
    noise = np.random.default_rng([person, number]).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def write_list(file, kind, names, dtype=np.uint16):
    cells = np.empty((len(names), 1), object)
    cells[:, 0] = [np.array([name]) for name in names]
    ids = np.array([[int(name.split("_")[0])] for name in names], dtype)
    savemat(file, {f"{kind}_set": cells, f"{kind}_ids": ids})


@pytest.fixture
def tinyface(tmp_path):
    """Two mates and two probes a person, five distractors; faces of 16 pixels."""
    tests = tmp_path / "tiny/Testing_Set"
    for folder in ("Probe", "Gallery_Match", "Gallery_Distractor"):
        (tests / folder).mkdir(parents=True)
    for folder, numbers in (("Gallery_Match", (1, 2)), ("Probe", (3, 4))):
        names = [f"{p}_{n}.jpg" for n in numbers for p in PEOPLE]
        for name in names:
            p, n = map(int, name.split(".")[0].split("_"))
            cv2.imwrite(str(tests / folder / name), patch(p, n))
        kind, file = (("gallery", "gallery_match") if folder == "Gallery_Match"
                      else ("probe", "probe"))  # fmt: skip
        write_list(tests / f"{file}_img_ID_pairs.mat", kind, names)
    for k in range(5):
        cv2.imwrite(str(tests / f"Gallery_Distractor/{k}.jpg"), patch(900 + k, k))
    return tmp_path / "tiny"


class Ctx:
    limit = None


def opened(root, **params) -> TinyFace:
    benchmark = TinyFace(TinyFaceParams(root=root, **params))
    benchmark.prepare(Ctx())
    return benchmark


def test_the_command_identifies_among_distractors(harness_command, tinyface, tmp_path):
    harness_command("run", "-m", "toy-pixels", "-b", "tinyface", "-B", "root=tiny", "-B",
                    "aligned=Testing_Set", "-j", "1")  # fmt: skip
    (file,) = tmp_path.glob("study/cells/*/result.json")
    result = json.loads(file.read_text())
    rates = {m["at"]["rank"]: m["value"] for m in result["metrics"] if set(m["at"]) == {"rank"}}
    assert rates == {1.0: 1.0, 5.0: 1.0, 20.0: 1.0}
    assert (result["protocol"]["n_gallery"], result["protocol"]["n_probes"]) == (11, 6)
    assert any("the published TinyFace 153,428" in text for text in result["warnings"])


def test_subjects_are_those_of_the_lists(tinyface):
    (split,) = opened(tinyface).comparison("1:N").splits
    gallery = split.galleries["gallery"]
    assert split.templates.subjects_of(split.probes).tolist() == [*PEOPLE, *PEOPLE]
    assert split.templates.subjects_of(gallery).tolist() == [*PEOPLE, *PEOPLE] + [-100] * 5
    (alone,) = opened(tinyface, distractors=False).comparison("1:N").splits
    assert alone.galleries["gallery"].size == 6


def test_what_is_wrong_is_named(tinyface):
    file = tinyface / "Testing_Set/probe_img_ID_pairs.mat"
    whole = file.read_bytes()
    write_list(file, "gallery", ["3_3.jpg"])
    with pytest.raises(DataError, match="has no variable 'probe_set'"):
        opened(tinyface)
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"probe_img_ID_pairs.mat"):
        opened(tinyface)
    file.write_bytes(whole)
    (tinyface / "Testing_Set/Probe/11_4.jpg").unlink()
    with pytest.raises(DataError, match=r"pairs.mat, entry 5: image Probe/11_4.jpg is not in"):
        opened(tinyface)
    file.unlink()
    with pytest.raises(DataError, match=r"cannot read .*probe_img_ID_pairs.mat"):
        opened(tinyface)
    with pytest.raises(DataError, match="holds no Testing_Set"):
        opened(tinyface.parent)
