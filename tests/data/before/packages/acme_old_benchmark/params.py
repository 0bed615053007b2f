"""Parameters; `harness show acme-old-benchmark` prints them."""

from __future__ import annotations

from pydantic import Field

from harness.components import BenchmarkParams


class AcmeOldBenchmarkParams(BenchmarkParams):
    """What the user can set with -B."""

    people: int = Field(40, ge=6, multiple_of=2, description="Number of people, an even one.")
