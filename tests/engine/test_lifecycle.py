"""What plugins hear of a study, and what they add to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness._plugins.lookup import offers
from harness._plugins.registry import PluginRow
from harness.api import execute, load_study, make_plan
from harness.errors import PrerequisiteError, UsageError
from harness.executors.local import LocalExecutor
from harness.extensions import Executor, Extension
from harness.hookspecs import hookimpl
from harness.lifecycle import StageFinished
from harness.protocols.base import Interval, Metric
from harness.recipe.run_options import RunOptions
from harness.reporting import render, summary_table
from harness.store.artifacts import Store
from harness.tools.rescore import headline, rescore

TOYS = Path(__file__).parents[1] / "data" / "toys.py"
HEARD: list = []


class Watcher:
    """Remembers everything."""

    def __init__(self):
        self.heard = []

    @hookimpl
    def harness_study_started(self, study):
        self.heard.append(study)

    @hookimpl
    def harness_stage_started(self, stage):
        self.heard.append(stage)

    @hookimpl
    def harness_stage_finished(self, stage):
        self.heard.append(stage)

    @hookimpl
    def harness_cell_finished(self, cell):
        self.heard.append(cell)

    @hookimpl
    def harness_study_finished(self, study):
        self.heard.append(study)


class Metrics:
    """Adds what a test tells it to."""

    def __init__(self, answer):
        self.answer = answer

    @hookimpl
    def harness_metrics(self, scored):
        return self.answer(scored)


class Backwards(Executor):
    """The last shard first."""

    def run_shards(self, task, shared, shards, jobs):
        HEARD.append(list(shards))
        for shard in reversed(shards):
            yield shard, task(shared, shard)


class Lazy(Executor):
    """Leaves out the last shard."""

    def run_shards(self, task, shared, shards, jobs):
        for shard in shards[:-1]:
            yield shard, task(shared, shard)


class Twice(Executor):
    """Answers each shard twice."""

    def run_shards(self, task, shared, shards, jobs):
        for shard in shards:
            yield shard, task(shared, shard)
            yield shard, task(shared, shard)


class Offers:
    """Declares those executors and a tracker."""

    @hookimpl
    def harness_executors(self):
        kinds = (Backwards, Lazy, Twice, Watcher)
        return [
            Extension(cls.__name__.lower(), f"{__name__}:{cls.__name__}", "a test's")
            for cls in kinds
        ]

    @hookimpl
    def harness_trackers(self):
        return [
            Extension("remember", f"{__name__}:Watcher", "a test's"),
            Extension("absent", "nowhere_at_all:Tracker", "a test's", extras=("far",)),
            Extension("misspelt", f"{__name__}:Misspelt", "a test's"),
        ]


class Misspelt:
    """Marks a hook that there is not."""

    @hookimpl
    def harness_cell_ended(self, cell):
        pass


@pytest.fixture
def registry():
    return load(plugins_dirs=[TOYS])


def add(registry, name, plugin, version="1.5"):
    registry.plugins.append(PluginRow(name, f"dist-{name}", version))
    registry.manager.register(plugin, name=f"dist-{name}:{name}")


def run(registry, folder, *, model=("toy-pixels",), generator=(), params=(), **options):
    asked = RunOptions(
        generator=generator,
        model=model,
        bench="toy-pairs",
        params={"generator": tuple(params)},
        name="trial",
        study=folder,
        jobs=1,
        **options,
    )
    plan = make_plan(asked, registry, Store())
    return execute(plan, asked, store=Store(), registry=registry)


def names(heard):
    return [
        f"{type(item).__name__} {getattr(item, 'stage', '')} {getattr(item, 'status', '')}".strip()
        for item in heard
    ]


def test_a_watcher_hears_of_everything_in_order(registry, tmp_path):
    watcher = Watcher()
    add(registry, "w", watcher)
    outcome = run(registry, tmp_path / "study")
    assert names(watcher.heard) == [
        "StudyStarted",
        "StageStarted generate",
        "StageFinished generate made",
        "StageStarted place",
        "StageFinished place made",
        "StageStarted embed",
        "StageFinished embed made",
        "StageStarted score",
        "StageFinished score made",
        "CellFinished",
        "StudyFinished",
    ]
    started, ended, cell = watcher.heard[0], watcher.heard[-1], watcher.heard[-2]
    assert (started.name, started.cells) == ("trial", ("toy-pixels > toy-pairs",))
    assert started.settings["seed"] == 0
    assert len(started.stages) == 3
    assert (ended.cells, ended.failures, ended.interrupted) == (1, (), False)
    assert cell.result == json.loads((cell.folder / "result.json").read_text())
    assert cell.result["id"] == outcome.results[0].id == cell.key
    stages = [item for item in watcher.heard if isinstance(item, StageFinished)]
    assert [stage.component for stage in stages] == [
        "toys:toy-faces",
        "",
        "toys:toy-pixels",
        "toys:toy-pairs",
    ]
    assert all(stage.wall_s > 0 for stage in stages)


def test_what_is_reused_is_told_and_what_fails_too(registry, tmp_path):
    run(registry, tmp_path / "study")
    watcher = Watcher()
    add(registry, "w", watcher)
    run(
        registry,
        tmp_path / "study",
        model=("toy-pixels", "toy-net"),
        generator=("toy-faces",),
        params=[("fail", True)],
    )
    told = [item for item in watcher.heard if isinstance(item, StageFinished)]
    failed = [stage for stage in told if stage.status == "failed"]
    assert [stage.stage for stage in failed] == ["generate"]
    assert "told to fail" in failed[0].message
    (skipped,) = [stage for stage in told if stage.status == "skipped"]
    assert (skipped.stage, skipped.message) == ("score", failed[0].label)
    (ended,) = [item for item in watcher.heard if type(item).__name__ == "StudyFinished"]
    assert "told to fail" in ended.failures[0]
    (cell,) = [item for item in watcher.heard if type(item).__name__ == "CellFinished"]
    assert cell.reused


def test_an_interrupted_study_is_told_to_be_over(registry, tmp_path, monkeypatch):
    watcher = Watcher()
    add(registry, "w", watcher)

    def interrupted(self):
        raise KeyboardInterrupt

    monkeypatch.setattr("harness.engine.runner.Runner.run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(registry, tmp_path / "study")
    assert names(watcher.heard) == ["StudyStarted", "StudyFinished"]
    assert watcher.heard[-1].interrupted


def test_a_failing_watcher_is_named_once_and_harms_nothing(registry, tmp_path, capfd):
    class Broken(Watcher):
        @hookimpl
        def harness_stage_started(self, stage):
            raise ValueError("no room")

        @hookimpl
        def harness_cell_finished(self, cell):
            raise SystemExit(3)

    watcher = Broken()
    add(registry, "bad", watcher)
    outcome = run(registry, tmp_path / "study")
    assert len(outcome.results) == 1
    assert not outcome.failures
    said = capfd.readouterr().err
    assert said.count("plugin bad of dist-bad is left out") == 1
    assert "harness_stage_started raised ValueError: no room" in said
    assert names(watcher.heard)[-1] == "StudyFinished"


# -- metrics -----------------------------------------------------------------------------------


def gap(scored):
    """A number from the scores alone, with its interval."""
    genuine = scored.scores.columns["genuine"]
    distance = scored.scores.columns["distance"]
    value = float(distance[~genuine].mean() - distance[genuine].mean())
    return [Metric("gap", value, unit="distance", interval=Interval(0, 9, 0.95, "none"))]


def test_a_metric_of_a_plugin_stands_in_results_and_tables(registry, tmp_path):
    add(registry, "gap", Metrics(gap))
    (result,) = run(registry, tmp_path / "study").results
    found = result.metrics[-1]
    assert (found.name, found.provider, found.headline) == ("gap", "dist-gap:gap", False)
    assert found.value > 0
    assert all(not metric.provider for metric in result.metrics[:-1])
    assert result.provenance.code["plugins"]["dist-gap"] == "1.5"
    study = load_study(tmp_path / "study")
    assert "gap" in set(study.frame()["metric"])
    (page,) = render([tmp_path / "study"], tmp_path / "report", {"html"})
    assert ">toy-pairs<small>gap" in page.read_text(encoding="utf-8")


def test_a_metric_that_asks_for_it_has_a_line_in_the_table_after_the_benchmark(registry, tmp_path):
    add(registry, "gap", Metrics(lambda scored: [replace(gap(scored)[0], headline=True)]))
    (result,) = run(registry, tmp_path / "study").results
    lines = summary_table([result]).splitlines()
    (own,) = [number for number, line in enumerate(lines) if "accuracy" in line]
    (theirs,) = [number for number, line in enumerate(lines) if "| gap" in line]
    assert own < theirs
    assert headline(result).name == "accuracy"


def shout(scored):
    """Tries to change what the benchmark found."""
    with pytest.raises(ValueError, match="read-only"):
        scored.scores.columns["distance"][:] = 0
    scored.protocol["id"] = "mine"
    scored.metrics[0].at["far"] = 0.5
    return []


def two(scored):
    return [Metric("same", 0.5), Metric("same", 0.25)]


BAD = {
    "is a metric of the benchmark": lambda scored: [Metric("accuracy", 1.0)],
    "is given already": two,
    "is not finite": lambda scored: [Metric("mine", float("nan"))],
    "out of the range of a fraction": lambda scored: [Metric("mine", 2.0)],
    "must give Metric objects": lambda scored: [("mine", 1.0)],
    "has no name": lambda scored: [Metric(" ", 1.0)],
    "division by zero": lambda scored: 1 / 0,
}


@pytest.mark.parametrize("reason", BAD)
def test_a_plugin_cannot_overwrite_or_spoil_a_result(registry, tmp_path, reason, capfd):
    (plain,) = run(registry, tmp_path / "plain").results
    add(registry, "bad", Metrics(BAD[reason]))
    (result,) = run(registry, tmp_path / "study").results
    assert result.metrics == plain.metrics
    (warning,) = set(result.warnings) - set(plain.warnings)
    assert warning.startswith("metrics of plugin dist-bad:bad are missing: ")
    assert reason in warning
    assert reason in capfd.readouterr().err


def test_what_a_plugin_is_given_is_not_what_is_kept(registry, tmp_path):
    (plain,) = run(registry, tmp_path / "plain").results
    add(registry, "loud", Metrics(shout))
    (result,) = run(registry, tmp_path / "study").results
    assert (result.metrics, result.protocol) == (plain.metrics, plain.protocol)
    assert result.warnings == plain.warnings


def test_of_two_plugins_with_one_name_the_second_is_left_out(registry, tmp_path):
    # pluggy asks the plugin that registered last first.
    add(registry, "second", Metrics(lambda scored: [Metric("mine", 0.2)]))
    add(registry, "first", Metrics(lambda scored: [Metric("mine", 0.1)]))
    (result,) = run(registry, tmp_path / "study").results
    mine = [metric for metric in result.metrics if metric.name == "mine"]
    assert len(mine) == 1
    assert sum("is given already" in warning for warning in result.warnings) == 1


def test_rescoring_adds_the_metric_to_a_study_that_was_there_before(registry, tmp_path):
    outcome = run(registry, tmp_path / "study")
    (folder,) = (tmp_path / "study" / "cells").iterdir()
    args = {"study": tmp_path / "study", "store": Store(), "changes": {}}
    again = rescore(folder, outcome.results[0], registry=registry, **args)
    assert again.state == "unchanged"
    add(registry, "gap", Metrics(gap))
    done = rescore(folder, outcome.results[0], registry=registry, **args)
    assert done.state == "written"
    assert done.new.metrics[:-1] == outcome.results[0].metrics
    assert done.new.metrics[-1].name == "gap"
    without = rescore(done.folder, done.new, registry=load(plugins_dirs=[TOYS]), **args)
    assert any("gap was left out: plugin dist-gap:gap" in note for note in without.notes)


# -- executors and trackers --------------------------------------------------------------------


def test_local_comes_through_the_same_door(registry):
    found = {offer.extension.name: offer for offer in offers(registry, "executor")}
    assert found["local"].provider == "synthface-harness:local"
    without = load(disabled=["local"])
    assert "local" not in [offer.extension.name for offer in offers(without, "executor")]


def test_an_executor_of_a_plugin_makes_the_same_bytes(registry, tmp_path, monkeypatch):
    add(registry, "x", Offers())
    keys = []
    for executor in ("local", "backwards"):
        monkeypatch.setenv("HARNESS_HOME", str(tmp_path / executor))
        outcome = run(registry, tmp_path / f"study-{executor}", executor=executor)
        facts = Store().get("faces", outcome.results[0].provenance.inputs["faces:faces"]).facts
        keys.append(facts["sha256"])
    assert keys[0] == keys[1]
    assert len(HEARD[-1]) > 2


@pytest.mark.parametrize(
    ("executor", "message"),
    [("lazy", "Lazy left out 1 of"), ("twice", "Twice answered shard 0, which nobody waits for")],
)
def test_an_executor_that_does_not_do_its_work_fails_the_stage(
    registry, tmp_path, executor, message
):
    add(registry, "x", Offers())
    outcome = run(registry, tmp_path / "study", executor=executor)
    assert message in outcome.failures[0].message


def test_names_that_cannot_be_opened_are_refused_before_anything_is_made(registry, tmp_path):
    add(registry, "x", Offers())
    for options, error, message in (
        ({"executor": "daks"}, UsageError, "unknown executor 'daks'"),
        ({"executor": "watcher"}, UsageError, "which does not derive from Executor"),
        ({"track": ["remembre"]}, UsageError, "did you mean 'remember'"),
        ({"track": ["absent"]}, PrerequisiteError, r"pip install 'dist-x\[far\]'"),
        ({"track": ["misspelt"]}, UsageError, "unknown hook 'harness_cell_ended'"),
    ):
        with pytest.raises(error, match=message):
            run(registry, tmp_path / "study", **options)
    assert not (tmp_path / "study").exists()


def test_a_tracker_watches_only_when_it_is_asked_for(registry, tmp_path):
    add(registry, "x", Offers())
    run(registry, tmp_path / "study", track=["remember", "remember"])
    plugin = registry.manager.get_plugin("dist-x:x tracker remember")
    assert names(plugin.heard)[0] == "StudyStarted"
    assert names(plugin.heard).count("StudyStarted") == 1


def test_the_local_executor_is_run_shards():
    made = LocalExecutor().run_shards(lambda shared, shard: shared * shard, 3, [1, 4], 1)
    assert list(made) == [(1, 3), (4, 12)]
