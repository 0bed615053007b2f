"""What ``[executor]`` of a recipe can say about a Dask cluster."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from harness.plugin.executors import ExecutorParams

from .options import objections

MOST_WORKERS = 10_000
ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]
"""It becomes a word of the command that a job script runs."""

BatchSystem = Literal["slurm", "sge", "pbs", "lsf", "htcondor", "oar", "moab"]


class DaskParams(ExecutorParams):
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
        le=MOST_WORKERS,
        description="Workers, each with one task at a time; jobs of a batch system. -j if not set.",
    )
    hosts: tuple[str, ...] = Field(
        (), description="For ssh: the scheduler's host, then one host per worker."
    )
    resources: dict[ResourceName, float] = Field(
        {}, description="What each worker has, such as GPU = 1 or memory = 16e9 (bytes)."
    )
    dashboard: bool = Field(
        False,
        description="Serve Dask's dashboard on this machine's loopback address, which every user "
        "of this machine can open.",
    )
    options: dict[str, Any] = Field(
        {},
        description="Passed to the class of dask-jobqueue or distributed that starts the workers: "
        "queue, cores, memory, walltime, ... Those that can run code need --allow-code.",
    )

    @model_validator(mode="after")
    def _consistent(self) -> DaskParams:
        if self.scheduler and (self.cluster != "local" or self.options or self.hosts):
            raise ValueError("a running scheduler has its workers; leave out cluster and options")
        if (self.cluster == "ssh") != bool(self.hosts):
            raise ValueError("hosts are for cluster = 'ssh', which needs them")
        return self

    def needs_permission(self) -> dict[str, str]:
        """See :class:`harness.extensions.ExecutorParams`."""
        found = {}
        if self.scheduler is not None:
            found["scheduler"] = "sends the work, and pickles, to a process that runs elsewhere"
        if self.hosts:
            found["hosts"] = "logs in to other machines and exchanges pickles with them"
        options = objections(self.cluster, self.options)
        return found | {f"options.{name}": why for name, why in options.items()}
