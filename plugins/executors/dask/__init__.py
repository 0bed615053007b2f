"""The executor ``dask``: local worker processes, a running scheduler, or a batch system."""

from __future__ import annotations

from harness.plugin import Extension, hookimpl


@hookimpl
def harness_executors() -> list[Extension]:
    """Declare ``dask``."""
    return [
        Extension(
            name="dask",
            target=f"{__name__}.executor:DaskExecutor",
            params=f"{__name__}.params:DaskParams",
            flags={"--scheduler": "scheduler"},
            summary="a Dask cluster: local, at a scheduler's address, by SSH, Slurm, SGE, ...",
            extras=("dask",),
        )
    ]
