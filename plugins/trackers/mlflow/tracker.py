"""A study as an MLflow experiment: one run per cell, nested below one run per command."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from typing import Any

from harness.plugin import hookimpl
from harness.plugin.trackers import (
    CellFinished,
    ReportWritten,
    StageFinished,
    StudyFinished,
    StudyStarted,
)

from .fields import metrics_of, params_of

CELL, STUDY = "harness.cell", "harness.study"
PARENT, NAME = "mlflow.parentRunId", "mlflow.runName"
MOST_PARAMS, MOST_METRICS = 100, 1000
"""What MLflow takes in one batch."""


class MlflowTracker:
    """Writes to ``$MLFLOW_TRACKING_URI``, or to the folder ``mlruns`` beside the study.

    Opens no connection unless that variable names a server: MLflow's own reports of use are
    switched off.
    """

    def __init__(self) -> None:
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # before the import, which starts them
        # MLflow 3.7 keeps folders of runs as they are and wants to be told that they are wanted.
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        from mlflow.tracking import MlflowClient

        self._open = MlflowClient
        self._client: Any = None
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._experiment = self._run = ""

    @hookimpl
    def harness_study_started(self, study: StudyStarted) -> None:
        """Find or make the experiment, and begin a run for the study."""
        beside = (study.folder.resolve().parent / "mlruns").as_uri()
        self._client = self._open(tracking_uri=os.environ.get("MLFLOW_TRACKING_URI") or beside)
        known = self._client.get_experiment_by_name(study.name)
        self._experiment = (
            known.experiment_id if known else self._client.create_experiment(study.name)
        )
        self._run = self._begin(study.name, {STUDY: study.folder.name})
        facts = {"device": study.device, "precision": study.precision, "executor": study.executor}
        self._log(self._run, {**study.settings, **facts}, {"planned_cells": len(study.cells)})

    @hookimpl
    def harness_stage_finished(self, stage: StageFinished) -> None:
        """Add up the time of stages."""
        self._seconds[f"wall_s.{stage.stage}"] += stage.wall_s
        self._seconds[f"stages.{stage.status}"] += 1

    @hookimpl
    def harness_cell_finished(self, cell: CellFinished) -> None:
        """Log a cell as a run of its own, unless it is reused and was logged before."""
        if cell.reused and self._logged(cell.key):
            return
        run = self._begin(cell.label, {CELL: cell.key, PARENT: self._run})
        self._log(run, params_of(cell.result), metrics_of(cell.result))
        for warning in cell.result["warnings"][:1]:
            self._client.set_tag(run, "harness.warning", warning)
        self._client.log_artifact(run, str(cell.folder / "result.json"))
        self._client.set_terminated(run, "FINISHED")

    @hookimpl
    def harness_study_finished(self, study: StudyFinished) -> None:
        """Say how the study ended."""
        ended = {"cells": study.cells, "failures": len(study.failures), "wall_s": study.wall_s}
        self._log(self._run, {}, {**ended, **self._seconds})
        for number, failure in enumerate(study.failures):
            self._client.set_tag(self._run, f"harness.failure.{number}", failure)
        status = "KILLED" if study.interrupted else "FAILED" if study.failures else "FINISHED"
        self._client.set_terminated(self._run, status)

    @hookimpl
    def harness_report_written(self, report: ReportWritten) -> None:
        """Keep the pages of the report with the study's run."""
        for file in report.files:
            self._client.log_artifact(self._run, str(file), "report")

    def _begin(self, name: str, tags: dict[str, str]) -> str:
        made = self._client.create_run(self._experiment, tags={**tags, NAME: name}, run_name=name)
        return str(made.info.run_id)

    def _logged(self, key: str) -> bool:
        wanted = f"tags.`{CELL}` = '{key}' and attributes.status = 'FINISHED'"
        return bool(self._client.search_runs([self._experiment], wanted, max_results=1))

    def _log(self, run: str, params: dict[str, Any], metrics: dict[str, float]) -> None:
        from mlflow.entities import Metric, Param

        now = time.time_ns() // 1_000_000
        named = [Param(name, str(value)) for name, value in params.items() if value is not None]
        numbers = [Metric(name, float(value), now, 0) for name, value in metrics.items()]
        for first in range(0, len(named), MOST_PARAMS):
            self._client.log_batch(run, params=named[first : first + MOST_PARAMS])
        for first in range(0, len(numbers), MOST_METRICS):
            self._client.log_batch(run, metrics=numbers[first : first + MOST_METRICS])
