"""IJB-A in its official layout, made here: two of the ten splits."""

from __future__ import annotations

import json
from itertools import chain

import cv2
import numpy as np
import pytest

from harness.errors import DataError
from harness_plugins.benchmarks.ijba.benchmark import Ijba
from harness_plugins.benchmarks.ijba.params import IjbaParams

PEOPLE = 8
HEADER = (
    "TEMPLATE_ID,SUBJECT_ID,FILE,MEDIA_ID,SIGHTING_ID,FRAME,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT,"
    "RIGHT_EYE_X,RIGHT_EYE_Y"
)


def patch(person: int, number: int):
    rng = np.random.default_rng(person)
    image = np.kron(rng.integers(40, 215, (4, 4, 3)), np.ones((28, 28, 1)))
    noise = np.random.default_rng([person, number]).normal(0, 4, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def rows(template: int, person: int, kinds):
    """Rows of one template: stills, or frames of one video, with empty cells as in the lists."""
    for k in kinds:
        name = f"frame/{person}_{k}.png" if k >= 2 else f"img/{person}_{k}.jpg"
        media = 900 + person if k >= 2 else 10 * person + k
        yield f"{template},{person},{name},{media},{k},,20,30,70.5,75,,"


@pytest.fixture
def ijba(tmp_path):
    root = tmp_path / "janus"
    for folder in ("images/img", "images/frame"):
        (root / folder).mkdir(parents=True)
    for person in range(PEOPLE):
        for k in range(4):
            name = f"frame/{person}_{k}.png" if k >= 2 else f"img/{person}_{k}.jpg"
            cv2.imwrite(str(root / "images" / name), patch(person, k))
    for split in (1, 2):
        people = range(split - 1, split + 5)
        one = root / f"IJB-A_11_sets/split{split}"
        many = root / f"IJB-A_1N_sets/split{split}"
        one.mkdir(parents=True)
        many.mkdir(parents=True)
        still = {p: list(rows(p + 1, p, [0, 1])) for p in people}
        video = {p: list(rows(100 + p, p, [2, 3])) for p in people}
        lines = [HEADER, *chain(*still.values(), *video.values())]
        (one / f"verify_metadata_{split}.csv").write_text("\n".join(lines))
        compared = [f"{p + 1},{100 + q}" for p in people for q in people]
        (one / f"verify_comparisons_{split}.csv").write_text("\r\n".join(compared))
        gallery = [HEADER, *chain(*(still[p] for p in list(people)[:4]))]
        (many / f"search_gallery_{split}.csv").write_text("\n".join(gallery))
        # Probes are numbered from 1 again: their numbers are not those of the gallery.
        probes = [line.replace(f"{100 + p},", f"{p + 1},", 1) for p in people for line in video[p]]
        (many / f"search_probe_{split}.csv").write_text("\n".join([HEADER, *probes]) + "\n")
    return root


class Ctx:
    limit = None


def opened(root, **params) -> Ijba:
    benchmark = Ijba(IjbaParams(root=root, splits=2, **params))
    benchmark.prepare(Ctx())
    return benchmark


def test_the_command_gives_mean_and_std_over_splits(harness_command, ijba, tmp_path):
    harness_command("run", "-m", "toy-pixels", "-b", "ijba", "-B", "root=janus", "-B", "splits=2",
                    "-j", "1")  # fmt: skip
    found = {}
    for file in tmp_path.glob("study/cells/*/result.json"):
        result = json.loads(file.read_text())
        found[result["comparison"]] = result
        (headline,) = [m for m in result["metrics"] if m["headline"]]
        assert headline["value"] == 1.0
        assert {m["at"]["split"] for m in result["metrics"] if "split" in m["at"]} == {1.0, 2.0}
        assert result["enrolment"]["placed_by"] == {"box": 28}
    assert found["1:1"]["protocol"]["far_rule"] == "at-most"
    assert found["1:N"]["protocol"]["n_impostor"] == 4
    (std,) = [m for m in found["1:1"]["metrics"]
              if m["name"] == "tar@far-std" and m["at"]["far"] == 0.1]  # fmt: skip
    assert std["value"] == 0.0


def test_splits_are_what_was_written(ijba):
    benchmark = opened(ijba)
    verification = benchmark.comparison("1:1")
    assert [split.genuine.sum() for split in verification.splits] == [6, 6]
    assert verification.fars == (1e-3, 1e-2, 1e-1)
    first = verification.splits[0].templates
    media = {t: np.unique(first.media_ids[first.template_ids == t]).size for t in (1, 100)}
    assert media == {1: 2, 100: 1}
    search = benchmark.comparison("1:N").splits[0]
    assert search.galleries["gallery"].tolist() == [1, 2, 3, 4]
    assert not np.isin(search.probes, search.galleries["gallery"]).any()
    assert benchmark.images().boxes[0].tolist() == [20, 30, 90.5, 105]


def test_an_image_in_several_lists_is_embedded_once(ijba):
    images = opened(ijba).images()
    assert len(images) == len(set(images.names)) == 7 * 4


@pytest.mark.parametrize("fusion", ["softmax", "media"])
def test_fusion_is_in_the_protocol(ijba, fusion):
    protocol = opened(ijba, fusion=fusion, flip="none").comparison("1:1").protocol()
    assert protocol["id"] == f"ijba-1:1/{fusion}+no-flip@1"
    assert IjbaParams.presets["kortylewski2018"]["fusion"] == "softmax"


def edit(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_what_is_wrong_is_named_by_file_and_line(ijba):
    metadata = ijba / "IJB-A_11_sets/split2/verify_metadata_2.csv"
    edit(metadata, "20,30,70.5,75", "20,30,0,75")
    with pytest.raises(DataError, match=r"verify_metadata_2.csv, line 2: the face box has no size"):
        opened(ijba)
    edit(metadata, "20,30,0,75", "20,30,x,75")
    with pytest.raises(DataError, match=r"verify_metadata_2.csv, line 2: face_width should be"):
        opened(ijba)
    edit(metadata, "20,30,x,75", "20,30,70.5,75")
    edit(ijba / "IJB-A_11_sets/split2/verify_comparisons_2.csv", "2,101", "2,191")
    with pytest.raises(DataError, match=r"verify_comparisons_2.csv: template 191 has no images"):
        opened(ijba)
    (ijba / "IJB-A_1N_sets/split1/search_probe_1.csv").unlink()
    with pytest.raises(DataError, match=r"search_probe_1.csv: there is no such list \(1 of 4"):
        opened(ijba, comparisons="1:N")


def test_absent_images_are_named(ijba):
    (ijba / "images/img/2_1.jpg").unlink()
    with pytest.raises(DataError, match=r"metadata_1.csv, line \d+: image img/2_1.jpg is not in"):
        opened(ijba)
