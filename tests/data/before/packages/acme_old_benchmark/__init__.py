"""pairs of drawn people."""

from __future__ import annotations

from harness import Component, hookimpl

HARNESS_API = 1  # the version of the plugin contract that this is written for


@hookimpl
def harness_components() -> list[Component]:
    """Declare the benchmark; this module imports nothing heavy."""
    return [
        Component(
            kind="benchmark",
            name="acme-old-benchmark",
            version=1,  # raise it when equal parameters give other results
            target="acme_old_benchmark.benchmark:AcmeOldBenchmark",
            params="acme_old_benchmark.params:AcmeOldBenchmarkParams",
            summary="pairs of drawn people",
            licence="Apache-2.0",
            citation="AcmeOldBenchmark, 2026",
        )
    ]
