"""The options of ``[executor.options]`` that describe a request and cannot carry a command.

Options go to the classes of ``distributed`` and ``dask-jobqueue``, which put most of them into a
job script or into Python that workers execute. Those named here have a type that leaves no room for
a command; all others need the permission of the user (``--allow-code``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from harness.plugin import Params, did_you_mean

# No pattern lets a space, quote, newline, control character or shell operator through, except the
# single spaces between a directive and its value.
Name = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.,:@+-]*$", max_length=200)
]
Spec = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/][A-Za-z0-9_.,:@+=/-]*$")]
Bytes = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)? ?([kKMGTP]i?)?B?$")]
Duration = Annotated[str, StringConstraints(pattern=r"^[0-9][0-9:-]*$")]
Count = Annotated[int, Field(ge=1, le=1_000_000)]

SLURM_DIRECTIVE = (
    r"^--(gres|gpus|gpus-per-node|gpus-per-task|constraint|qos|reservation|exclude|nodelist)="
    r"[A-Za-z0-9_.,:*@+-]+$|^--exclusive$"
)
SGE_DIRECTIVE = r"^-(l|q|P) [A-Za-z0-9_.,:@+=-]+$|^-pe [A-Za-z0-9_.-]+ [0-9]+$"
PBS_DIRECTIVE = r"^-(l|q|A|P) [A-Za-z0-9_.,:@+=-]+$"
LSF_DIRECTIVE = r"^-(gpu|q|P|m) [A-Za-z0-9_.,:@+=/-]+$"


class LocalOptions(Params):
    """Workers of this machine."""

    memory_limit: Bytes | Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class BatchOptions(Params):
    """What every batch system takes."""

    cores: Count | None = None
    memory: Bytes | None = None
    job_name: Name | None = None
    interface: Name | None = None
    death_timeout: Count | None = None


class QueueOptions(BatchOptions):
    """What all but HTCondor take."""

    queue: Name | None = None
    walltime: Duration | None = None


class SlurmOptions(QueueOptions):
    """Slurm."""

    account: Name | None = None
    job_cpu: Count | None = None
    job_mem: Bytes | None = None
    job_extra_directives: tuple[
        Annotated[str, StringConstraints(pattern=SLURM_DIRECTIVE)], ...
    ] = ()


class SgeOptions(QueueOptions):
    """Grid Engine."""

    project: Name | None = None
    resource_spec: Spec | None = None
    job_extra_directives: tuple[Annotated[str, StringConstraints(pattern=SGE_DIRECTIVE)], ...] = ()


class PbsOptions(QueueOptions):
    """PBS and Moab."""

    account: Name | None = None
    resource_spec: Spec | None = None
    job_extra_directives: tuple[Annotated[str, StringConstraints(pattern=PBS_DIRECTIVE)], ...] = ()


class LsfOptions(QueueOptions):
    """LSF; ``mem`` in bytes."""

    project: Name | None = None
    ncpus: Count | None = None
    mem: Annotated[int, Field(ge=1)] | None = None
    job_extra_directives: tuple[Annotated[str, StringConstraints(pattern=LSF_DIRECTIVE)], ...] = ()


class CondorOptions(BatchOptions):
    """HTCondor."""

    disk: Bytes | None = None


class OarOptions(QueueOptions):
    """OAR."""

    project: Name | None = None
    resource_spec: Spec | None = None


PLAIN: Mapping[str, type[Params]] = {
    "local": LocalOptions,
    "ssh": Params,
    "slurm": SlurmOptions,
    "sge": SgeOptions,
    "pbs": PbsOptions,
    "moab": PbsOptions,
    "lsf": LsfOptions,
    "htcondor": CondorOptions,
    "oar": OarOptions,
}
"""The plain options of every kind of cluster."""


def objections(cluster: str, options: Mapping[str, Any]) -> dict[str, str]:
    """The options that are not plain, each with the reason."""
    known = PLAIN[cluster]
    found = {}
    for name, value in options.items():
        if name not in known.model_fields:
            found[name] = (
                f"is not a plain option and may run code{did_you_mean(name, known.model_fields)}"
            )
            continue
        try:
            known.model_validate({name: value})
        except ValidationError as error:
            found[name] = f"has a value that may hold a command: {error.errors()[0]['msg']}"
    return found
