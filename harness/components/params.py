"""Parameters of a component: what it is set by, and what it asks the core for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True)
class External:
    """Marks a parameter as a path to data outside the harness.

    The path itself never enters a key: the content does, by fingerprint. ``asset`` names the linked
    asset that fills the parameter when the user gives no path. With ``inside`` the value is a
    file name relative to the folder in that other parameter, covered by its fingerprint.
    ``reader`` is the version of the code that reads it; a higher one changes the keys of those who
    give the parameter, and of nobody else.
    ``beside`` are names of files that the component also reads beside a file that is given here; a
    suffix like ``.idx`` stands in for the suffix of the file. Those that are there are part of the
    fingerprint, as are files that ONNX networks name themselves. Hidden files never are.
    """

    asset: str | None = None
    inside: str | None = None
    reader: int = 1
    beside: tuple[str, ...] = ()


ExternalPath = Annotated[Path, External()]


class Params(BaseModel):
    """Base of every component's parameters: frozen, typed, no unknown keys, defaults documented.

    Field names carry their unit (``yaw_deg``, ``image_px``). Fields listed in ``neutral`` change
    speed but not results and stay out of keys. A field that is added to a released component is
    named in ``added`` with the value that stands for what the code did before: at that value it
    stays out of keys, so results made without it are found again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    neutral: ClassVar[frozenset[str]] = frozenset()
    added: ClassVar[Mapping[str, Any]] = {}

    def requests(self) -> Mapping[str, ComponentRequest]:
        """Face sets this component needs from generators, by a name of its own choosing."""
        return {}

    def tools(self) -> Mapping[str, ToolRequest]:
        """Components that this one works with, by a name of its own choosing."""
        return {}

    def departures(self) -> tuple[str, ...]:
        """How these parameters depart from the published method that the component is named after.

        Tables add them to the name of its row, unless a recipe labels it: ``("source bfm",)``.
        """
        return ()

    def image_visits(self, images: int | None) -> int | None:
        """Images a training looks at in all, given ``images`` to train on.

        None where these parameters do not tell. It is for the estimates of ``harness plan``.
        """
        return None

    def nothing_to_learn(self, identities: int, images: int, most: int) -> str:
        """Why a training on this many ``identities`` and ``images`` in all could learn nothing.

        ``most`` is the largest number of images of one identity. Empty where it can. Asked while
        planning, where the counts are known, and again before the first step.
        """
        if identities >= 2:
            return ""
        return f"there is {identities} identity to train on and nobody to tell it from"


class BenchmarkParams(Params):
    """Base of a benchmark's parameters.

    Fields listed in ``scoring`` are rules of the protocol: they change scores, not embeddings, so
    that every protocol variant is scored from one embedding pass.
    """

    scoring: ClassVar[frozenset[str]] = frozenset()

    def comparison_names(self) -> tuple[str, ...]:
        """The comparisons to score; each is a cell of its own."""
        return ("verification",)

    def mirror(self) -> bool:
        """Whether any comparison needs embeddings of the mirrored images."""
        return True


@dataclass(frozen=True)
class ComponentRequest:
    """A face set wanted from a generator: its name, parameters and root seed."""

    generator: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class ToolRequest:
    """A model that embeds, an aligner, or what rates faces, that another component works with."""

    kind: Literal["model", "aligner", "quality", "attribute"]
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
