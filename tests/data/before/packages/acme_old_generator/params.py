"""Parameters; `harness show acme-old-generator` prints them."""

from __future__ import annotations

from pydantic import Field

from harness import Params


class AcmeOldGeneratorParams(Params):
    """What the user can set with -G."""

    identities: int = Field(20, ge=1, description="Number of identities.")
    images_per_id: int = Field(5, ge=1, description="Images of each identity.")
