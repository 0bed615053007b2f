"""What a result records beside its scores: metrics as they may be read, components, versions."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from harness._plugins.registry import BUILTIN, FROM_FILE, RegisteredComponent
from harness.components import Component
from harness.engine.plugin_metrics import Extra
from harness.engine.stages.cell_record import (
    NO_INTERVAL,
    component_use,
    metric_record,
    metric_records,
    plugins_of,
)
from harness.errors import DataError
from harness.plan.nodes import ResolvedComponent
from harness.protocols.base import Evaluation, Interval, Metric
from harness.recipe.parameters import build


def chosen(dist="acme", version="2.0", target="json:JSONDecoder", **values):
    component = Component(
        kind="generator", name="thing", version=3, target=target,
        params="harness_plugins.generators.folder.params:FolderParams", summary="s",
        licence="MIT", training_data=("web",),
    )  # fmt: skip
    provided = RegisteredComponent(component, dist, version)
    return ResolvedComponent(provided, build(provided, values), {}, label="mine")


def cell(**parts):
    return SimpleNamespace(**{"generator": None, "model": None, "aligner": None, **parts})


def test_an_interval_that_misses_its_value_is_left_out_and_said():
    beside = Interval(0.95, 0.99, 0.95, "bootstrap")
    made = metric_record(Metric("accuracy", 0.9, interval=beside, note="few"))
    assert made.ci is None
    assert made.note == f"few; {NO_INTERVAL}"
    around = metric_record(Metric("accuracy", 0.97, interval=beside))
    assert (around.ci.low, around.ci.high) == (0.95, 0.99)
    assert around.note == ""


@pytest.mark.parametrize("value", [1.5, float("nan"), float("inf")])
def test_what_is_no_measurement_is_refused_with_whoever_gave_it(value):
    with pytest.raises(DataError, match="acme:odd must give None and say why"):
        metric_record(Metric("accuracy", value), "acme:odd")
    with pytest.raises(DataError, match="the benchmark must give None"):
        metric_record(Metric("accuracy", value))


def test_numbers_of_plugins_come_after_those_of_the_benchmark_and_say_whose_they_are():
    own = Evaluation([Metric("accuracy", 0.9, headline=True)], [], [])
    extra = Extra([(Metric("dprime", 0.8), "acme:more")], [], {})
    found = metric_records(own, extra)
    assert [(m.name, m.provider) for m in found] == [("accuracy", ""), ("dprime", "acme:more")]


def test_a_component_keeps_its_own_facts_and_no_machine_path(tmp_path):
    facts = {"identities": 4, "warnings": ["x"], "wall_s": 3.0, "machine": {}, "source_sha256": "a"}
    use = component_use(chosen(root=str(tmp_path)), "k" * 64, facts)
    assert use.facts == {"identities": 4}
    assert use.source_sha256 == "a"
    assert (use.provider, use.version, use.label) == ("acme:thing", 3, "mine")
    assert (use.licence, use.training_data) == ("MIT", ["web"])
    assert str(tmp_path) not in use.model_dump_json()


def test_built_in_components_are_no_plugins_of_others():
    own = chosen(dist=BUILTIN)
    assert plugins_of(cell(generator=own, benchmark=own), {}) == {}
    found = plugins_of(cell(generator=own, benchmark=chosen()), {"zeta": "1"})
    assert found == {"plugins": {"acme": "2.0", "zeta": "1"}}


def test_a_single_file_is_told_by_its_content(tmp_path, monkeypatch):
    file = tmp_path / "lone_plugin_file.py"
    file.write_text("class A: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    lone = chosen(dist="lone", version=FROM_FILE, target="lone_plugin_file:A")
    first = plugins_of(cell(benchmark=lone), {})["plugins"]["lone.py"]
    file.write_text("class A: size = 1\n")
    second = plugins_of(cell(benchmark=lone), {})["plugins"]["lone.py"]
    assert first.startswith("sha256:")
    assert first != second
