"""Starting the cluster that the parameters describe, or finding the one that runs."""

from __future__ import annotations

import asyncio
import importlib
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import LocalCluster, SSHCluster, Status
from distributed.security import Security

from harness.plugin import PrerequisiteError, UsageError

from .params import DaskParams

CLASSES = {
    "slurm": "SLURMCluster",
    "sge": "SGECluster",
    "pbs": "PBSCluster",
    "lsf": "LSFCluster",
    "htcondor": "HTCondorCluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
}
MAY_START_PROCESSES = "DASK_DISTRIBUTED__WORKER__DAEMON"
"""A training of several processes is started by a worker, which a daemon may not do."""

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
NO_WORKER_PAGES = {"DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]"}
WORKER_ENVIRON = {**ONE_THREAD, MAY_START_PROCESSES: "False", **NO_WORKER_PAGES}
PAGES_AT = "127.0.0.1:0"
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": None}
"""Without what Dask's nanny sets, under which freed memory goes back at once, and a network spends
nearly half of its time on getting memory for its layers again. None takes a default away."""

NANNY = "distributed.nanny.pre-spawn-environ"
NO_PAGES: dict[str, list[str]] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}
"""What scheduler and workers serve over HTTP, also without a dashboard: call stacks, logs, metrics.
They would ask nobody who they are."""

BEFORE_WORKERS = {"distributed.worker.daemon": False, NANNY: {**ONE_THREAD, **KEEP_MEMORY}}
JOB_ENVIRON = {**WORKER_ENVIRON, "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON": str(KEEP_MEMORY)}
"""A job of a batch system does not inherit our configuration, only what its script exports."""


def start(params: DaskParams, jobs: int, *, gpu: bool) -> Any:
    """A cluster, or the address of one."""
    if params.scheduler is not None:
        return params.scheduler
    dask.config.set(BEFORE_WORKERS | ({} if params.dashboard else NO_PAGES))
    with _options_explained(params):
        if params.cluster == "local":
            return _local(params, jobs, gpu=gpu)
        if params.cluster == "ssh":
            return SSHCluster(
                list(params.hosts),
                worker_options={"nthreads": 1, "resources": dict(params.resources)},
                **{"scheduler_options": _pages(params), **params.options},
            )
    cluster = batch(params)
    cluster.scale(jobs=params.workers or jobs)
    return cluster


@contextmanager
def _options_explained(params: DaskParams) -> Iterator[None]:
    """What a class of Dask says about options that it does not know, as an error of usage."""
    try:
        yield
    except (TypeError, ValueError, RuntimeError) as error:
        if not params.options:
            raise
        # "Cluster failed to start" is caused by what the constructor of a worker says.
        cause = (error.__cause__ if isinstance(error, RuntimeError) else None) or error
        raise UsageError(
            f"[executor.options] of {params.cluster}: "
            + " ".join(str(cause).split()).partition(". ")[0]
        ) from error


def batch(params: DaskParams, **more: Any) -> Any:
    """The cluster of a batch system, with no job submitted yet."""
    try:
        cls = getattr(importlib.import_module("dask_jobqueue"), CLASSES[params.cluster])
    except ImportError as error:
        raise PrerequisiteError(
            f"dask-jobqueue cannot be imported: {error}; pip install 'synthface-harness[dask]'"
        ) from error
    options = dict(params.options)
    arguments = [*options.pop("worker_extra_args", ()), "--nthreads", "1"]
    if params.resources:
        arguments += ["--resources", ",".join(f"{k}={v:g}" for k, v in params.resources.items())]
    prologue = [f"export {name}={shlex.quote(value)}" for name, value in JOB_ENVIRON.items()]
    with _options_explained(params):
        return cls(
            processes=1,
            worker_extra_args=arguments,
            job_script_prologue=[*prologue, *options.pop("job_script_prologue", ())],
            scheduler_options=_pages(params) | dict(options.pop("scheduler_options", {})),
            **options,
            **more,
        )


def job_script(params: DaskParams) -> str:
    """The script that the batch system would get; nothing is started or submitted."""

    async def script() -> str:
        cluster = batch(params, asynchronous=True)
        cluster.status = Status.closed  # it never started, and has nothing to end
        return str(cluster.job_script())

    return asyncio.run(script())


def _pages(params: DaskParams) -> dict[str, Any]:
    """Options of a scheduler: dask-jobqueue would serve the dashboard on all addresses."""
    return {"dashboard": params.dashboard, "dashboard_address": PAGES_AT}


def _local(params: DaskParams, jobs: int, *, gpu: bool) -> LocalCluster:
    resources = dict(params.resources)
    if gpu:
        resources.setdefault("GPU", 1.0)
    workers = params.workers or (1 if gpu and not params.resources else jobs)
    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        security=_encrypted(),
        dashboard_address=PAGES_AT,
        scheduler_kwargs={"dashboard": params.dashboard},
        resources=resources,
        env=WORKER_ENVIRON | {"PYTHONUNBUFFERED": os.environ.get("PYTHONUNBUFFERED", "")},
        **{"memory_limit": 0, **params.options},
    )


def _encrypted() -> Security:
    """Certificates for one run: without, every user of the machine could run code in the workers.

    They are made in memory and reach the workers as the nanny starts them.
    """
    try:
        return Security.temporary()
    except ImportError as error:
        raise PrerequisiteError(
            f"a local Dask cluster needs certificates: {error}; "
            "pip install 'synthface-harness[dask]'"
        ) from error
