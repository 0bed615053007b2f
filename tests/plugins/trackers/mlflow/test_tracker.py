"""Against the real library and a folder of its own; no server and no network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness._plugins.discovery import load
from harness.api import execute, make_plan
from harness.lifecycle import ReportWritten
from harness.recipe.run_options import RunOptions
from harness.store.artifacts import Store
from harness.testing.isolation import no_network

TOYS = Path(__file__).parents[3] / "data" / "toys.py"
pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own warnings are not ours to fix


@pytest.fixture
def mlflow(monkeypatch):
    # Asked for first: switched off before the import, which would start MLflow's reports of use.
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return pytest.importorskip("mlflow", reason="MLflow is not installed (extra 'mlflow')")


def track(folder, params, home):
    registry = load(plugins_dirs=[TOYS])
    asked = RunOptions(
        model="toy-pixels",
        bench="toy-pairs",
        params={"benchmark": params},
        name="trial",
        study=folder,
        jobs=1,
        track="mlflow",
    )
    with no_network() as attempts:
        plan = make_plan(asked, registry, Store())
        outcome = execute(plan, asked, store=Store(), registry=registry)
        page = folder / "report.html"
        page.write_text("<p>")
        registry.call("harness_report_written", report=ReportWritten(folder, (page,)))
    assert attempts == []
    assert all(row.ok for row in registry.plugins), registry.plugins
    return outcome


@pytest.fixture
def runs(mlflow, tmp_path):
    def find():
        client = mlflow.tracking.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
        experiment = client.get_experiment_by_name("trial")
        found = client.search_runs([experiment.experiment_id])
        cells = [run for run in found if "harness.cell" in run.data.tags]
        return client, cells, [run for run in found if "harness.study" in run.data.tags]

    return find


def test_a_cell_is_a_run_with_its_parameters_and_numbers(runs, tmp_path, home):
    (result,) = track(tmp_path / "study", {"identities": 4}, home).results
    client, (cell,), (study,) = runs()
    assert cell.info.status == study.info.status == "FINISHED"
    assert cell.data.tags["mlflow.parentRunId"] == study.info.run_id
    assert cell.data.params["model"] == "toy-pixels"
    assert cell.data.params["benchmark.identities"] == "4"
    headline = next(metric for metric in result.metrics if metric.headline)
    assert cell.data.metrics["accuracy"] == headline.value
    assert cell.data.metrics["accuracy.low"] == headline.ci.low
    saved = client.download_artifacts(cell.info.run_id, "result.json")
    assert json.loads(Path(saved).read_text())["id"] == result.id
    assert study.data.metrics["cells"] == 1
    assert study.data.metrics["stages.made"] >= 4
    kept = [item.path for item in client.list_artifacts(study.info.run_id, "report")]
    assert kept == ["report/report.html"]


def test_a_reused_cell_is_logged_once_and_a_failed_study_says_so(runs, tmp_path, home):
    track(tmp_path / "study", {"identities": 4}, home)
    track(tmp_path / "study", {"identities": 4}, home)
    _, cells, studies = runs()
    assert (len(cells), len(studies)) == (1, 2)
    outcome = track(tmp_path / "study", {"rule": "no such rule"}, home)
    assert outcome.failures
    _, cells, studies = runs()
    assert len(cells) == 1
    (failed,) = [run for run in studies if run.info.status == "FAILED"]
    assert "no such rule" in failed.data.tags["harness.failure.0"]
