"""A study as a Weights & Biases project: one run per cell, grouped, and one for the study."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from harness.plugin import hookimpl
from harness.plugin.trackers import (
    CellFinished,
    ReportWritten,
    StageFinished,
    StudyFinished,
    StudyStarted,
)

from .fields import config_of, numbers_of

OFFLINE = "offline"
ID = 32
"""Characters of a cell's key that are the id of its run."""
QUIET = {
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_DISABLE_CODE": "true",
    "WANDB_DISABLE_GIT": "true",
    "WANDB_CONSOLE": "off",
}
"""The library reports errors, reads the repository and captures what is printed, unless told not
to."""


class WandbTracker:
    """Writes runs to the folder ``wandb`` beside the study, for ``wandb sync`` to send.

    Opens no connection unless ``WANDB_MODE`` is ``online``: nothing is sent because a key happens
    to be on the machine.
    """

    def __init__(self) -> None:
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)  # before the import, which reads them
        import wandb

        self._wandb = wandb
        self._run: Any = None
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._study = ""
        self._folder = Path()

    @hookimpl
    def harness_study_started(self, study: StudyStarted) -> None:
        """Begin a run for the study; cells are runs of the same group."""
        self._study, self._folder = study.name, study.folder.resolve().parent
        facts = {"device": study.device, "precision": study.precision, "executor": study.executor}
        config = {**study.settings, **facts, "planned_cells": len(study.cells)}
        self._run = self._begin(study.name, "study", config)

    @hookimpl
    def harness_stage_finished(self, stage: StageFinished) -> None:
        """Add up the time of stages."""
        self._seconds[f"wall_s.{stage.stage}"] += stage.wall_s
        self._seconds[f"stages.{stage.status}"] += 1

    @hookimpl
    def harness_cell_finished(self, cell: CellFinished) -> None:
        """Log a cell as a run of its own, unless it is reused and was logged here before."""
        if cell.reused and any((self._folder / "wandb").glob(f"*run-*-{cell.key[:ID]}")):
            return
        run = self._begin(cell.label, "cell", config_of(cell.result), key=cell.key)
        run.summary.update(numbers_of(cell.result))
        if cell.result["warnings"]:
            run.summary["harness.warnings"] = "; ".join(cell.result["warnings"])
        run.save(str(cell.folder / "result.json"), base_path=str(cell.folder), policy="now")
        run.finish()

    @hookimpl
    def harness_study_finished(self, study: StudyFinished) -> None:
        """Say how the study ended; its run stays open for the report."""
        ended = {"cells": study.cells, "failures": len(study.failures), "wall_s": study.wall_s}
        self._run.summary.update({**ended, **self._seconds})
        for number, failure in enumerate(study.failures):
            self._run.summary[f"harness.failure.{number}"] = failure
        if study.interrupted or study.failures:
            self._finish(1)

    @hookimpl
    def harness_report_written(self, report: ReportWritten) -> None:
        """Keep the pages of the report with the study's run, and close it."""
        if self._run is None:
            return
        for file in report.files:
            self._run.save(str(file.resolve()), base_path=str(file.resolve().parent), policy="now")
        self._finish(0)

    def _finish(self, code: int) -> None:
        self._run.finish(exit_code=code)
        self._run = None

    def _begin(self, name: str, kind: str, config: dict[str, Any], key: str = "") -> Any:
        """A run; one of a cell has its key as id, so that a repeated study adds no second one."""
        settings = self._wandb.Settings(
            mode=os.environ.get("WANDB_MODE") or OFFLINE, console="off", silent=True,
            disable_code=True, disable_git=True,
        )  # fmt: skip
        return self._wandb.init(
            project=os.environ.get("WANDB_PROJECT") or self._study, dir=str(self._folder),
            name=name, group=self._study, job_type=kind, config=config, id=key[:ID] or None,
            resume="allow" if key else None, reinit="create_new", settings=settings,
        )  # fmt: skip
