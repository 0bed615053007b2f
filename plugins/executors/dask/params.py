"""What ``[executor]`` of a recipe can say about a Dask cluster."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from harness.components import Params

BatchSystem = Literal["slurm", "sge", "pbs", "lsf", "htcondor", "oar", "moab"]


class DaskParams(Params):
    """A Dask cluster. None of these values can change a result."""

    scheduler: str | None = Field(
        None, description="Address of a running scheduler, such as tcp://head:8786."
    )
    cluster: Literal["local", "ssh"] | BatchSystem = Field(
        "local", description="What starts the workers where no scheduler is running yet."
    )
    workers: int | None = Field(
        None,
        ge=1,
        description="Workers, each with one task at a time; jobs of a batch system. -j if not set.",
    )
    hosts: tuple[str, ...] = Field(
        (), description="For ssh: the scheduler's host, then one host a worker."
    )
    resources: dict[str, float] = Field(
        {}, description="What each worker has, such as GPU = 1 or memory = 16e9 (bytes)."
    )
    options: dict[str, Any] = Field(
        {},
        description="Passed to the class of dask-jobqueue or distributed that starts the workers: "
        "queue, cores, memory, walltime, ...",
    )

    @model_validator(mode="after")
    def _consistent(self) -> DaskParams:
        if self.scheduler and (self.cluster != "local" or self.options or self.hosts):
            raise ValueError("a running scheduler has its workers; leave out cluster and options")
        if (self.cluster == "ssh") != bool(self.hosts):
            raise ValueError("hosts are for cluster = 'ssh', which needs them")
        return self
