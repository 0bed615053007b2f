"""Parameters; `harness show acme-old-model` prints them."""

from __future__ import annotations

from pydantic import Field

from harness import Params


class AcmeOldModelParams(Params):
    """What the user can set with -M."""

    steps: int = Field(30, ge=1, description="Steps of training.")
    batch: int = Field(20, ge=2, description="Images of one step.")
