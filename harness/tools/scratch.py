"""Making the artifacts of a plan beside any study, in a folder that is thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.engine.event_log import Events
from harness.engine.job import Job
from harness.engine.runner import Runner
from harness.engine.session import Session
from harness.errors import HarnessError, is_out_of_memory
from harness.plan.nodes import Plan
from harness.progress import Progress
from harness.recipe.run_options import RunOptions
from harness.store.artifacts import Store


@contextmanager
def made(
    plan: Plan,
    store: Store,
    *,
    progress: Progress | None = None,
    jobs: int | None = None,
    plugin_files: tuple[Path, ...] = (),
) -> Iterator[Session]:
    """A session after every node of the plan was made or found; its cells are not scored.

    Raises the first failure, as ``HarnessError`` where a plugin raised another error.
    """
    with TemporaryDirectory() as folder:
        options = RunOptions(study=folder, jobs=jobs, plugins_dirs=plugin_files, fail_fast=True)
        session = Session.open(Job.of(replace(plan, cells=()), store, options), progress)
        for failure in Runner(session, Events(Path(folder))).run().failures:
            if isinstance(failure.error, HarnessError | OSError) or is_out_of_memory(failure.error):
                raise failure.error
            message = f"{failure.stage} {failure.label}: {failure.message}"
            raise HarnessError(message) from failure.error
        yield session
