"""Measures of a study: made by `run`, kept in its folder, shared with `faces measure`."""

from __future__ import annotations

import json

import onnx
import pytest
from onnx import TensorProto, helper

from harness.api import load_study
from harness.results.study_files import faults

ARGS = ("run", "-g", "toy-faces", "-G", "identities=12", "-m", "toy-pixels", "-q", "-j", "1")


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_a_run_measures_prints_keeps_and_resumes(here, tmp_path, home):
    done = here(*ARGS, "--measure", "separability", "--measure", "duplicates,uniqueness")
    assert "separability (toy-pixels)" in done.stdout
    assert "d_prime" in done.stdout
    study = load_study(tmp_path / "study")
    assert not study.cells
    table = study.measures()
    assert set(table["measure"]) == {"separability", "duplicates", "uniqueness"}
    eer = table[table["metric"] == "eer"].iloc[0]
    assert (eer["value"], eer["model"], eer["n"], eer["better"]) == (0, "toy-pixels", 12, "low")
    assert set(table["integrity"]) == {"verified"}
    assert table[table["measure"] == "duplicates"]["model"].isna().all()
    pictures = list((tmp_path / "study" / "media").glob("pairs-*.jpg"))
    assert len(pictures) == 2  # there are near duplicates too
    made = {path: path.read_bytes() for path in home.glob("store/measures/*/*/measurement.json")}
    again = here(*ARGS, "--measure", "separability,duplicates,uniqueness", "--json")
    assert {row["schema"] for row in rows(again) if "schema" in row} == {"harness/measurement@1"}
    assert all(path.read_bytes() == data for path, data in made.items())


@pytest.mark.parametrize("name", ["separability", "duplicates", "consistency"])
def test_faces_measure_and_the_recipe_share_one_artifact(here, home, name):
    here(*ARGS, "--measure", name)
    (made,) = home.glob("store/measures/*/*/measurement.json")
    before = made.stat().st_mtime_ns
    embedded = list(home.glob("store/embeddings/*/*"))
    key = json.loads(here("faces", "list", "--json").stdout)[0]["key"]
    here("faces", "measure", key, "-m", "toy-pixels", "--only", name, "-q")
    assert [made] == list(home.glob("store/measures/*/*/measurement.json"))
    assert made.stat().st_mtime_ns == before
    assert embedded == list(home.glob("store/embeddings/*/*"))


def test_a_recipe_of_a_study_measures_again_what_it_says(here, tmp_path):
    here(*ARGS, "--measure", "leakage", "--seen", "toy-faces", "-P", "leakage.fmr=0.3")
    text = (tmp_path / "study" / "study.toml").read_text()
    assert "[[measure]]" in text
    planned = json.loads(here("plan", "-c", "study/study.toml", "--json").stdout)
    assert {node["action"] for node in planned["nodes"]} == {"reuse"}
    assert planned["nodes"][-1]["stage"] == "measure"
    shown = here("plan", "-c", "study/study.toml", "--show-config").stdout
    assert 'measure.0.seen = "toy-faces"' in shown


def unstated_network(path):
    """Colours of a miniature, by an ONNX file that does not say what its input is."""
    nodes = [helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[28, 28], strides=[28, 28]),
             helper.make_node("Flatten", ["p"], ["y"])]  # fmt: skip
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (("x", ["n", 3, 112, 112]), ("y", ["n", 48]))]  # fmt: skip
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8),
              path)  # fmt: skip


@pytest.mark.parametrize("verb", ["run", "faces measure"])
def test_what_was_assumed_of_a_network_stands_under_its_measures(here, tmp_path, verb):
    unstated_network(tmp_path / "net.onnx")
    model = ("-m", "onnx", "-M", "path=net.onnx")
    here("run", "-g", "toy-faces", "-G", "identities=12", "-q", "-j", "1")
    key = json.loads(here("faces", "list", "--json").stdout)[0]["key"]
    if verb == "run":
        done = here(
            "run", "-g", key, *model, "--measure", "separability", "-q", "-j", "1", "--json"
        )
        (said,) = (row["notes"] for row in rows(done) if row.get("schema"))
        said = " ".join(said)
    else:
        said = here("faces", "measure", key, *model, "--only", "separability", "-q").stdout
    said = " ".join(said.split())
    assert "net.onnx does not say what its input is" in said
    assert "assumed as of preset arcface" in said


def test_a_failed_measure_stops_no_other_and_is_made_by_the_next_run(here, tmp_path):
    (tmp_path / "bad.py").write_text(BAD)
    args = (*ARGS, "--measure", "bad,duplicates")
    done = here("--plugins-dir", "bad.py", *args, check=1)
    assert "RuntimeError: told to fail" in done.stderr
    study = load_study(tmp_path / "study")
    assert [record.measure.name for record in study.measurements] == ["duplicates"]
    assert [failure.stage for failure in study.failures] == ["measure"]
    (tmp_path / "well").touch()
    here("--plugins-dir", "bad.py", *args)
    study = load_study(tmp_path / "study")
    assert {record.measure.name for record in study.measurements} == {"bad", "duplicates"}
    assert not study.failures


BAD = '''
from pathlib import Path
from harness.plugin import Component, Params, hookimpl
from harness.plugin.measures import Measure, MeasuredValue, Measurement, MetricInfo


class BadParams(Params):
    """None."""


class Bad(Measure):
    """Fails until a file is there."""

    needs = frozenset({"images"})
    metrics = {"bad": MetricInfo("one", 0, 1)}

    def measure(self, faces):
        if not Path("well").exists():
            raise RuntimeError("told to fail")
        return Measurement([MeasuredValue("bad", 1.0, n=len(faces.images))])


@hookimpl
def harness_components():
    yield Component(kind="measure", name="bad", version=1, target=f"{__name__}:Bad",
                    params=f"{__name__}:BadParams", summary="fails")
'''


def test_altered_records_are_read_and_named(here, tmp_path):
    here(*ARGS, "--measure", "duplicates")
    (path,) = (tmp_path / "study" / "measures").glob("*.json")
    assert not list(faults(tmp_path / "study"))
    text = path.read_text()
    path.write_text(text.replace('"value": 0.0', '"value": 3.0', 1))
    study = load_study(tmp_path / "study")
    assert set(study.measures()["integrity"]) == {"altered"}
    assert any("is altered" in fault for fault in faults(tmp_path / "study"))
    path.write_text(text[:40])
    study = load_study(tmp_path / "study")
    assert [item.path for item in study.damaged] == [path]
    path.write_text(json.dumps({k: v for k, v in json.loads(text).items() if k != "digest"}))
    assert set(load_study(tmp_path / "study").measures()["integrity"]) == {"unverified"}


def test_measures_join_the_numbers_of_what_was_trained(here, tmp_path):
    here("run", "-g", "toy-faces", "-m", "toy-net,toy-pixels", "-b", "toy-pairs", "-q", "-j", "1",
         "--measure", "separability")  # fmt: skip
    study = load_study(tmp_path / "study")
    joined = study.frame().merge(study.measures(), on="generator_key", suffixes=("", "_measure"))
    assert set(joined["model"]) == {"toy-net"}
    assert set(joined["measure"]) == {"separability"}
