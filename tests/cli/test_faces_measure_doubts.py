"""Sets that cannot be measured, or whose people may be counted twice: said, and never a number."""

from __future__ import annotations

import json
import shutil

import pytest

MODEL = ("-m", "toy-pixels", "--template", "arcface", "-q")


@pytest.fixture
def folder(here, tmp_path):
    """A folder of eight toy people with four images each."""
    here("run", "-g", "toy-faces", "-G", "identities=8", "-j", "1", "-q")
    (row,) = json.loads(here("faces", "list", "--json").stdout)
    here("faces", "export", row["key"], "--format", "imagefolder", "-o", "out", "-q")
    made = tmp_path / "faces"
    for person in sorted((tmp_path / "out").iterdir()):
        if person.is_dir():
            shutil.copytree(person, made / person.name)
    return made


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def unreadable(tmp_path):
    for name in ("broken/a/1.png", "broken/a/2.png", "broken/b/1.png", "broken/b/2.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"no image {name}")
    return "broken"


def test_a_set_of_which_nothing_embeds_answers_for_every_measure(here, tmp_path):
    name = unreadable(tmp_path)
    found = rows(here("faces", "measure", name, *MODEL, "--json"))
    why = {row["measure"]: row["why"] for row in found if row["metric"] != "note"}
    assert "not measurable, because no face was found" in why["separability"]
    assert "not measurable" in why["capacity"]
    assert why["duplicates"] == "no image can be decoded"
    assert all(row["value"] is None for row in found if row["metric"] != "note")


@pytest.mark.parametrize("role", ["against", "seen"])
def test_another_set_of_which_nothing_embeds_stops_only_what_looks_at_it(
    here, tmp_path, folder, role
):
    only = {"against": "realism", "seen": "leakage"}[role]
    found = rows(here("faces", "measure", "faces", *MODEL, f"--{role}", unreadable(tmp_path),
                      "--only", f"separability,{only}", "--json"))  # fmt: skip
    values = {row["metric"]: row for row in found if row["measure"] == "separability"}
    assert values["auc"]["value"] == 1
    (row,) = [row for row in found if row["measure"] == only and row["set"] == "faces"]
    assert "not measurable, because no face" in row["why"]
    assert "and 1 more" in row["why"]  # four images, three named


def test_embeddings_without_a_number_are_not_measurable(here, tmp_path):
    (tmp_path / "nan.py").write_text(NAN)
    here("run", "-g", "toy-faces", "-j", "1", "-q")
    (row,) = json.loads(here("faces", "list", "--json").stdout)
    done = here("--plugins-dir", "nan.py", "faces", "measure", row["key"], "-m", "nan-net", "-q",
                "--only", "separability,consistency,image-statistics", "--json")  # fmt: skip
    found = [row for row in rows(done) if row["metric"] != "note"]
    seen = [row for row in found if row["measure"] != "image-statistics"]
    assert all(row["value"] is None for row in seen)
    assert any(row["value"] is not None for row in found)


NAN = '''
import numpy as np
from harness.components import InputSpec
from harness.plugin import Component, Params, hookimpl
from harness.plugin.models import Model


class NanParams(Params):
    """None."""


class NanNet(Model):
    input_spec = InputSpec(112, 112, "arcface")
    embedding_size = 8

    def embed(self, images):
        return np.zeros((len(images), 8), np.float32)


@hookimpl
def harness_components():
    yield Component(kind="model", name="nan-net", version=1, target=f"{__name__}:NanNet",
                    params=f"{__name__}:NanParams", summary="nothing")
'''


def test_people_whose_names_differ_only_in_case_or_form_are_told(here, folder):
    people = sorted(folder.iterdir())
    for person, name in zip(people, ("Ann", "ann", "Zo\u00eb", "Zoe\u0308"), strict=False):
        person.rename(folder / name)
    done = here("faces", "measure", "faces", *MODEL, "--only", "separability")
    assert "4 of 8 identities are spelled like another one" in done.stderr
    assert "count as different people" in done.stdout  # beside the numbers too


def test_images_that_two_people_of_a_folder_have_are_told(here, folder):
    people = sorted(folder.iterdir())
    shutil.copy(next(people[0].iterdir()), people[1] / "copy.png")
    done = here("faces", "measure", "faces", "-q", "--only", "duplicates")
    assert "2 images have the same bytes as an image of another" in done.stderr or (
        "1 images have the same bytes as an image of another" in done.stderr
    )


@pytest.mark.parametrize("out", ["faces/card", "faces", "faces/0000000"])
def test_a_card_is_not_written_into_what_is_measured(here, folder, out):
    done = here("faces", "measure", "faces", "-q", "--only", "duplicates", "-o", out, check=2)
    assert "inside the measured folder" in done.stderr
    assert not (folder / "card").exists()
    done = here("faces", "measure", "faces", "-q", "--only", "duplicates", "--against", "out",
                "-o", "out/card", check=2)  # fmt: skip
    assert "inside the measured folder out" in done.stderr


def test_thresholds_that_are_nearly_equal_have_metrics_of_their_own(here, folder):
    args = ("faces", "measure", "faces", *MODEL, "--only", "capacity", "--json")
    near = [0.3, 0.3000001, 0.29999999999]
    found = rows(here(*args, "-P", f"capacity.cosines={json.dumps(near)}"))
    names = [row["metric"] for row in found if row["metric"].startswith("capacity@")]
    assert names == [f"capacity@cos={value}" for value in near]
    done = here(*args, "-P", "capacity.cosines=[0.3, 0.3]", check=2)
    assert "give each once" in done.stderr


def test_a_measure_that_fails_by_itself_leaves_the_others_and_exits_1(here, tmp_path, folder):
    (tmp_path / "bad.py").write_text(BAD)
    done = here("--plugins-dir", "bad.py", "faces", "measure", "faces", "-q", "--only",
                "bad,twice,duplicates", check=1)  # fmt: skip
    assert "RuntimeError: no luck" in done.stderr
    assert "n/a: not measurable, because RuntimeError: no luck" in done.stdout
    assert "gave one twice" in done.stdout
    assert "exact_duplicates" in done.stdout


BAD = '''
from harness.plugin import Component, Params, hookimpl
from harness.plugin.measures import Measure, MeasuredValue, Measurement


class BadParams(Params):
    """None."""


class Bad(Measure):
    needs = frozenset({"images"})

    def measure(self, faces):
        raise RuntimeError("no luck")


class Twice(Measure):
    needs = frozenset({"images"})

    def measure(self, faces):
        return Measurement([MeasuredValue("one", 1.0), MeasuredValue("one", 2.0)])


@hookimpl
def harness_components():
    for name in ("Bad", "Twice"):
        yield Component(kind="measure", name=name.lower(), version=1, target=f"{__name__}:{name}",
                        params=f"{__name__}:BadParams", summary="fails")
'''
