"""People of a benchmark that a model was trained on are reported by their names."""

from __future__ import annotations

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from harness.engine import acquainted
from harness.errors import DataError
from harness.faces.recordio import RecordWriter
from harness.training.saved.people import PEOPLE as PEOPLE_FILE
from harness.training.saved.people import write_people

PEOPLE = ["Ann_Lee", "Bo_Li", "Cid_Ray", "Dora_Fox"]
SAID = "have the name of a person in the training set"


def png(person, number):
    rng = np.random.default_rng([person, number])
    return cv2.imencode(".png", rng.integers(0, 256, (32, 32, 3)).astype(np.uint8))[1].tobytes()


def folder(root, labels, shift=0):
    for person, label in enumerate(labels):
        for number in range(5):
            path = root / label / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(person + shift, number))
    return root


def pair_list(root, labels):
    rows = [f"{a}/0.png,{a}/{k}.png,1" for a in labels for k in (1, 2, 3, 4)]
    both = zip(labels, labels[1:] + labels[:1], strict=True)
    rows += [f"{a}/{k}.png,{b}/{k}.png,0" for a, b in both for k in range(4)]
    (root / "pairs.csv").write_text("first,second,genuine\n" + "\n".join(rows) + "\n")


@pytest.fixture
def warnings(harness_command, tmp_path):
    """What the results of a training say about names, and what is under the table."""

    def run(*train, test=PEOPLE, model=("toy-net", "-M", "steps=1"), study="study"):
        pair_list(folder(tmp_path / "test", test, shift=50), test)
        done = harness_command(
            "run", *train, "-G", "template=arcface", "-m", *model, "-b", "pairs",
            "-B", "root=test", "-B", "template=arcface", "-o", study, "-q",
        )  # fmt: skip
        found = (tmp_path / study).glob("cells/*/result.json")
        texts = {text for path in found for text in json.loads(path.read_text())["warnings"]}
        named = [text for text in texts if SAID in text]
        assert all(text in done.stdout.replace("\\", "") for text in named)
        return named

    return run


def test_shared_names_are_counted_and_named(warnings, tmp_path):
    folder(tmp_path / "train", ["BO-LI", "Cid Ray", "Eve_Orr", "77"])
    (text,) = warnings("-g", "folder", "-G", "root=train")
    assert text.startswith(
        "2 of 4 named people of pairs have the name of a person in the training set folder "
        "(Bo_Li, Cid_Ray): where they are the same"
    )


def test_who_is_not_trained_on_is_not_reported(warnings, tmp_path):
    folder(tmp_path / "train", ["Ann_Lee", "Bo_Li", "Cid_Ray", "Eve_Orr", "Fay_Kim"])
    (tmp_path / "out.txt").write_text("Ann_Lee\n")
    (tmp_path / "take.toml").write_text(
        '[[generator]]\nuse = "folder"\nroot = "train"\ntemplate = "arcface"\n'
        'exclude = "out.txt"\ntake = { exclude = "also.txt" }\n'
    )
    (tmp_path / "also.txt").write_text("Cid_Ray\n")
    (text,) = warnings("-c", "take.toml")
    assert text.startswith("1 of 4")
    assert "(Bo_Li)" in text


def test_counters_of_two_sets_and_made_people_are_not_the_same(warnings, tmp_path, home):
    counters = ["person0", "person1", "person2", "person3"]
    folder(tmp_path / "train", counters)
    assert warnings("-g", "folder", "-G", "root=train", "-g", "toy-faces", test=counters) == []
    assert not list(home.rglob(PEOPLE_FILE))


def test_a_record_file_with_a_list_of_names(warnings, tmp_path):
    (tmp_path / "rec").mkdir()
    with (tmp_path / "rec/train.rec").open("wb") as file:
        writer, rows = RecordWriter(file), []
        for key in range(9):
            writer.write(key, 0.0, png(key // 3, key))
            label = ["Ann_Lee", "Dora_Fox", "m.0abcd"][key // 3]
            rows.append(f"{key}\tms1m/{label}/{key}.png\n")
    (tmp_path / "rec/train.idx").write_text(writer.index_text())
    (tmp_path / "rec/list.txt").write_text("".join(rows))
    (text,) = warnings("-g", "recordio", "-G", "root=rec", test=[*PEOPLE, "m.0abcd"])
    assert text.startswith("3 of 5")


def test_a_streamed_set_is_known_too(warnings, tmp_path):
    folder(tmp_path / "train", ["Ann_Lee", "Eve_Orr", "Fay_Kim"])
    (text,) = warnings("-g", "folder", "-G", "root=train", "--stream")
    assert text.startswith("1 of 4 named people of pairs")


@pytest.mark.parametrize(
    ("trained", "tested", "counts"),
    [
        ({"a": ["Ann Lee"], "b": ["José"]}, ["ann_lee", "JOSE", "Bo_Li"], ["1 of 3", "1 of 3"]),
        ({"a": ["m.0abcd", "50_Cent"]}, ["m.0abcd", "50 cent", "m.0abce"], ["2 of 3"]),
        ({"a": ["Ann_Lee"]}, ["Ann_Leeds", "Lee_Ann", "Lee"], []),
        ({"a": ["Ann_Lee"]}, ["1", "2", "x7"], []),
        ({}, ["Ann_Lee"], []),
    ],
)
def test_names_count_without_case_accents_and_separators(tmp_path, trained, tested, counts):
    write_people(tmp_path, trained)
    told = list(acquainted.warnings(SimpleNamespace(people=lambda: tested), "b", [tmp_path]))
    assert [text[:6] for text in told] == counts


def test_a_damaged_list_of_names_is_not_ignored(tmp_path):
    (tmp_path / PEOPLE_FILE).write_text("{")
    with pytest.raises(DataError, match=PEOPLE_FILE):
        list(acquainted.warnings(SimpleNamespace(people=lambda: ["Bo_Li"]), "b", [tmp_path]))
