"""``harness report --pairs``: the pairs known to be the worst, and why some are missing."""

from __future__ import annotations

import base64
import html
import re
import shutil

import cv2
import numpy as np
import pytest

from harness.reporting.sections.pairs_to_see import MOST_BYTES, jpeg

ODD = "<b>odd & name.png"
"""The file name of one image, which a page must not take for markup."""
TWIN, STRANGER = (40, 90, 200), (220, 60, 30)


def patch(root, name, colour, seed):
    noise = np.random.default_rng(seed).normal(0, 2, (48, 48, 3))
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    assert cv2.imwrite(str(path), pixels[..., ::-1])
    return name


@pytest.fixture
def faces(tmp_path):
    """Two folds of colours in which pair 3 is the worst genuine one and pair 6 the worst other."""
    root = tmp_path / "private" / "faces"
    rng = np.random.default_rng(5)
    rows = ["first,second,genuine,fold"]
    for fold in (1, 2):
        for k in range(3):
            colour = rng.integers(30, 110, 3)
            other = colour + 60 + 10 * k
            seeds = range(100 * fold + 10 * k, 100 * fold + 10 * k + 3)
            own = [patch(root, f"{fold}/{k}-{n}.png", colour, n) for n in seeds[:2]]
            stranger = patch(root, f"{fold}/{k}-other.png", other, seeds[2])
            rows += [f"{own[0]},{own[1]},1,{fold}", f"{own[0]},{stranger},0,{fold}"]
    one = patch(root, f"people/{ODD}", TWIN, 91)
    two = patch(root, "people/looks-other.png", STRANGER, 92)
    three = patch(root, "people/twin.png", TWIN, 93)
    rows[3:3] = [f"{one},{two},1,1"]
    rows[6:6] = [f"{one},{three},0,1"]
    (root / "pairs.csv").write_text("\n".join(rows) + "\n")
    return root


@pytest.fixture
def study(here, faces, tmp_path):
    here("run", "-m", "toy-pixels", "-b", "pairs", "-B", f"root={faces}", "-B",
         "template=arcface", "-j", "1", "-q")  # fmt: skip
    return tmp_path / "study"


def page_of(study):
    return (study / "report" / "index.html").read_text(encoding="utf-8")


def section(study):
    return page_of(study).split('id="tab-pairs"')[1].split("</section>")[0]


def rows_of(text):
    """Number, score, and per image its name and picture, of both kinds."""
    return [
        [
            [re.sub("<[^>]*>", "", cell) for cell in re.findall("<td>(.*?)</td>", row)[:2]],
            [html.unescape(name) for name in re.findall('<span class="name">(.*?)</span>', row)],
            re.findall(r'src="data:image/jpeg;base64,([^"]*)"', row),
        ]
        for row in re.findall("<tr>(<td>.*?)</tr>", text, re.S)
    ]


def colour_of(picture):
    content = base64.b64decode(picture)
    assert len(content) <= MOST_BYTES
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1].mean((0, 1))


def test_without_the_flag_no_image_of_a_benchmark_is_in_the_page(here, study):
    here("report", "study")
    assert 'id="tab-pairs"' not in page_of(study)
    assert "data:image/jpeg" not in page_of(study)


def test_the_worst_pairs_are_shown_with_images_names_scores_and_threshold(here, study, faces):
    here("report", "study", "--pairs", "1")
    text = section(study)
    impostor, genuine = rows_of(text)
    assert impostor[0][0] == "6"
    assert impostor[1] == [ODD, "twin.png"]
    assert genuine[0][0] == "3"
    assert genuine[1] == [ODD, "looks-other.png"]
    for picture, colour in zip(impostor[2] + genuine[2], (TWIN, TWIN, TWIN, STRANGER), strict=True):
        assert np.abs(colour_of(picture) - colour).max() < 6
    assert float(impostor[0][1]) < 0.01 < float(genuine[0][1])
    assert "<b>odd" not in text
    assert str(faces) not in page_of(study)
    assert "Threshold" in text
    assert "mean over the folds" in html.unescape(text)
    assert "each fold by its own threshold" in text
    assert "that of your data" in text
    assert "order of the benchmark" in text


def test_rendered_benchmarks_are_shown_too(here, tmp_path):
    here("run", "-m", "toy-pixels", "-M", "noise=60", "-b", "toy-pairs", "-j", "1", "-q")
    here("report", "study", "--pairs", "50")
    rows = rows_of(section(tmp_path / "study"))
    assert len(rows) == 48  # all that there are: 8 identities, 3 pairs of each kind
    assert all(len(row[2]) == 2 for row in rows)
    scores = [float(row[0][1]) for row in rows]
    assert scores[:24] == sorted(scores[:24])
    assert scores[24:] == sorted(scores[24:], reverse=True)


def test_a_benchmark_that_moved_keeps_its_scores_and_says_why(here, study, faces):
    faces.rename(faces.with_name("elsewhere"))
    here("report", "study", "--pairs", "2")
    text = html.unescape(section(study))
    assert "Pictures not available, because" in text
    assert "does not exist" in text
    assert str(faces.parent) not in page_of(study)
    assert [row[0][0] for row in rows_of(text)][::2] == ["6", "3"]
    assert "data:image/jpeg" not in text


def test_other_data_at_the_same_place_are_not_shown(here, study, faces):
    patch(faces, "people/twin.png", STRANGER, 7)
    here("report", "study", "--pairs", "2")
    text = section(study)
    assert "Pictures not available, because the data or the version of benchmark pairs" in text
    assert "data:image/jpeg" not in text


@pytest.mark.parametrize(
    ("gone", "why"), [("scores", "is missing"), ("store", "is not in the store")]
)
def test_what_is_gone_is_said(here, study, home, gone, why):
    if gone == "scores":
        next(study.glob("cells/*/scores.arrow")).unlink()
    else:
        shutil.rmtree(home / "store" / "placements")
    here("report", "study", "--pairs", "2")
    text = section(study)
    assert "not available, because" in text
    assert why in text
    assert "data:image/jpeg" not in text


def test_templates_have_no_pairs_of_images(here, official, tmp_path):
    written = official.write_official(tmp_path / "data", ["ijbc"])
    here("run", "-m", "toy-pixels", "-b", "ijbc", *written.flags("ijbc"), "-B",
         "headline_far=0.1", "-j", "1", "-q")  # fmt: skip
    here("report", "study", "--pairs", "1")
    text = section(tmp_path / "study")
    assert text.count("not available, because") == 2
    assert "compares templates" in text
    assert "a search keeps the best scores" in text
    assert "data:image/jpeg" not in text
    assert "<table>" not in text


def test_groups_of_pairs_are_shown_too(here, official, tmp_path):
    written = official.write_official(tmp_path / "data", ["rfw"])
    here("run", "-m", "toy-pixels", "-b", "rfw", *written.flags("rfw"), "-j", "1", "-q")
    here("report", "study", "--pairs", "2")
    text = section(tmp_path / "study")
    assert "not available" not in text
    assert text.count("<article") == len(list((tmp_path / "study" / "cells").iterdir()))
    assert all(len(row[2]) == 2 for row in rows_of(text))


@pytest.mark.parametrize("count", ["0", "51", "-3"])
def test_a_number_out_of_range_is_refused(here, count):
    assert "give 1 to 50" in here("report", ".", "--pairs", count, check=2).stderr


@pytest.mark.parametrize("flags", [("--md",), ("--json",), ("--figures", "f"), ("--extract",)])
def test_pairs_need_the_page(here, flags):
    assert "--pairs is of the HTML" in here("report", ".", "--pairs", "2", *flags, check=2).stderr


def test_the_hardest_picture_stays_below_its_limit():
    noise = np.random.default_rng(0).integers(0, 256, (300, 200, 3)).astype(np.uint8)
    content = base64.b64decode(jpeg(noise).partition(",")[2])
    assert content[:3] == b"\xff\xd8\xff"
    assert len(content) <= MOST_BYTES
