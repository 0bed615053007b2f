"""Parameters; `harness show acme-old-aligner` prints them."""

from __future__ import annotations

from pydantic import Field

from harness import Params


class AcmeOldAlignerParams(Params):
    """What the user can set with -A."""

    margin: float = Field(0.1, ge=0, description="Part of the box's side added on every side.")
