"""Multi-PIE in its official layout, made here."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.benchmarks.multipie.benchmark import (
    CAMERAS,
    YAW_DEG,
    MultiPieImage,
    draw_pairs,
    find_shots,
)
from harness_plugins.benchmarks.multipie.params import MultiPieParams

POINTS = np.array([[38.3, 51.7], [73.5, 51.5], [56.0, 71.7], [41.5, 92.4], [70.7, 92.2]])
SMALL = {"folds": 2, "pairs_per_fold": 6}


def patch(person: int, number: int):
    rng = np.random.default_rng(person)
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((28, 28, 1)))
    noise = np.random.default_rng([person, number]).normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def path_of(subject: int, recording: str, camera: str, shot: str) -> str:
    place = f"{camera[:2]}_{camera[2]}"
    name = f"{subject:03d}_01_{recording}_{camera}_{shot}.png"
    return f"session01/multiview/{subject:03d}/{recording}/{place}/{name}"


@pytest.fixture
def multipie(tmp_path):
    """Six people, two recordings, three cameras and an overhead one, two lights."""
    root = tmp_path / "pie"
    lines = []
    for subject in range(1, 7):
        for recording in ("01", "02"):
            for number, camera in enumerate(("051", "041", "110", "191")):
                for shot in ("00", "07"):
                    path = root / path_of(subject, recording, camera, shot)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    cv2.imwrite(str(path), patch(subject, number))
                    numbers = " ".join(map(str, POINTS.ravel()))
                    lines.append(f"{path.relative_to(root).as_posix()} {numbers}")
    (root / "points.txt").write_text("\n".join(lines))
    return root


def test_the_command_gives_accuracy_by_yaw(harness_command, multipie, tmp_path):
    harness_command("run", "-m", "toy-pixels", "-b", "multipie", "-B", "root=pie", "-B", "folds=2",
                    "-B", "pairs_per_fold=6", "-B", "landmarks=points.txt", "-j", "1")  # fmt: skip
    (file,) = tmp_path.glob("study/cells/*/result.json")
    result = json.loads(file.read_text())
    assert result["metrics"][0]["value"] == 1.0
    yaws = {m["at"]["yaw_deg"] for m in result["metrics"] if "yaw_deg" in m["at"]}
    assert yaws <= {0.0, 30.0, 90.0}
    assert 90.0 in yaws
    assert len(result["protocol"]["pairs_sha256"]) == 64


def test_only_the_session_light_and_cameras_asked_for(multipie):
    shots = find_shots(multipie, MultiPieParams())
    assert len(shots) == 6 * 2 * 3
    assert [shot.name for shot in shots] == sorted(shot.name for shot in shots)
    assert all(shot.name.endswith("_07.png") for shot in shots)
    neutral = find_shots(multipie, MultiPieParams(recordings=("01",)))
    assert {shot.name.split("/")[3] for shot in neutral} == {"01"}
    assert {s.yaw_deg for s in shots} == {0.0, -30.0, 90.0}


def test_cameras_are_fifteen_degrees_apart():
    assert len(CAMERAS) == 13
    assert (YAW_DEG["240"], YAW_DEG["051"], YAW_DEG["110"]) == (-90.0, 0.0, 90.0)


def many() -> list[MultiPieImage]:
    return [
        MultiPieImage(path_of(s, "01", c, "07"), s, YAW_DEG[c])
        for s in range(1, 81)
        for c in CAMERAS
    ]


def test_the_list_is_ten_subject_disjoint_folds_of_300_and_300():
    pairs = draw_pairs(many(), MultiPieParams())
    subject = {shot.name: shot.subject for shot in many()}
    owner: dict[int, int] = {}
    for pair in pairs:
        one, two = subject[pair.first], subject[pair.second]
        assert (one == two) == pair.genuine
        assert {owner.setdefault(one, pair.fold), owner.setdefault(two, pair.fold)} == {pair.fold}
    kinds = [(pair.fold, pair.genuine) for pair in pairs]
    assert all(kinds.count((fold, kind)) == 300 for fold in range(10) for kind in (True, False))
    assert len({frozenset((p.first, p.second)) for p in pairs}) == len(pairs) == 6000
    assert all(p.first != p.second for p in pairs)


def test_the_list_depends_on_seed_and_names_alone():
    assert draw_pairs(many(), MultiPieParams()) == draw_pairs(many(), MultiPieParams())
    assert draw_pairs(many(), MultiPieParams()) != draw_pairs(many(), MultiPieParams(list_seed=1))
    assert draw_pairs(many(), MultiPieParams()) != draw_pairs(many()[:-13], MultiPieParams())


def test_what_is_wrong_is_named(multipie):
    with pytest.raises(DataError, match=r"fold 1 has 45 genuine pairs but 300 are needed"):
        draw_pairs(find_shots(multipie, MultiPieParams()), MultiPieParams(folds=2))
    with pytest.raises(DataError, match="no image of shot 19 in recordings 01, 02"):
        find_shots(multipie, MultiPieParams(shot="19"))
    with pytest.raises(DataError, match="holds no session02/multiview"):
        find_shots(multipie, MultiPieParams(session=2))
    file = multipie / path_of(1, "01", "051", "07")
    shutil.copy(file, file.parent / "002_01_01_051_07.png")
    with pytest.raises(DataError, match=r"002_01_01_051_07.png: the name contradicts its folder"):
        find_shots(multipie, MultiPieParams())
    (file.parent / "002_01_01_051_07.png").rename(file.parent / "copy.png")
    with pytest.raises(DataError, match=r"copy.png: the name is not"):
        find_shots(multipie, MultiPieParams())
