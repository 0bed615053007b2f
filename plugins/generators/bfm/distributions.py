"""How a number varies: the distributions that parameters name, as typed values."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Distribution(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Constant(_Distribution):
    """Always ``value``."""

    type: Literal["constant"] = "constant"
    value: float = 0.0


class Uniform(_Distribution):
    """Uniform between ``low`` and ``high``."""

    type: Literal["uniform"] = "uniform"
    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}; exchange them")
        return self


class Gaussian(_Distribution):
    """Normal with a true standard deviation ``std``."""

    type: Literal["gaussian"] = "gaussian"
    mean: float = 0.0
    std: float = Field(ge=0.0)


class Cycle(_Distribution):
    """``values[sample % len(values)]``: a controlled series instead of chance."""

    type: Literal["cycle"] = "cycle"
    values: tuple[float, ...] = Field(min_length=1)


Part = Annotated[Constant | Uniform | Gaussian, Field(discriminator="type")]


class Mixture(_Distribution):
    """One of ``components`` (weight, distribution), chosen with its share of all weights."""

    type: Literal["mixture"] = "mixture"
    components: tuple[tuple[Annotated[float, Field(ge=0.0)], Part], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _has_weight(self) -> Mixture:
        if not sum(weight for weight, _ in self.components) > 0:
            raise ValueError("all weights of the mixture are 0; raise one")
        return self


Random = Annotated[Constant | Uniform | Gaussian | Mixture, Field(discriminator="type")]
"""What a coefficient can follow."""

Distribution = Annotated[
    Constant | Uniform | Gaussian | Mixture | Cycle, Field(discriminator="type")
]
"""What an angle, a shift or a size can follow."""


class Range(_Distribution):
    """``start``, ``start + step``, ... up to ``end``, which belongs to it if ``inclusive``."""

    start: float = 0.0
    end: float = 0.0
    step: float = Field(1.0, gt=0.0)
    inclusive: bool = True

    @model_validator(mode="after")
    def _not_empty(self) -> Range:
        if not self.count():
            raise ValueError(f"the range from {self.start} to {self.end} is empty; change its ends")
        return self

    def count(self) -> int:
        """How many values it has; a step that misses ``end`` by rounding alone reaches it."""
        steps = (self.end - self.start) / self.step
        reached = math.floor(steps + 1e-6) + 1 if self.inclusive else math.ceil(steps - 1e-6)
        return max(0, reached)

    def value(self, index: int) -> float:
        """The value at ``index``."""
        return self.start + index * self.step


class ControlledGrid(_Distribution):
    """Controlled images: every combination, in loops background, yaw, pitch, roll, light.

    The light turns fastest. ``background`` counts images of the folder or procedural textures;
    ``light_deg`` turns a lamp at 60 degrees off the view axis, 0 above, 90 at the image left.
    """

    background: Range = Range()
    yaw_deg: Range = Range()
    pitch_deg: Range = Range()
    roll_deg: Range = Range()
    light_deg: Range = Range()

    @model_validator(mode="after")
    def _whole_backgrounds(self) -> ControlledGrid:
        wanted = self.background
        if wanted.start < 0 or wanted.start % 1 or wanted.step % 1:
            raise ValueError("background counts images from 0; give whole numbers")
        return self

    def count(self) -> int:
        """Images of one identity."""
        return math.prod(axis.count() for axis in self._axes())

    def at(self, index: int) -> dict[str, float]:
        """The value of each axis for image ``index``."""
        found = {}
        names = ("background", "yaw_deg", "pitch_deg", "roll_deg", "light_deg")
        for name, axis in zip(reversed(names), reversed(self._axes()), strict=True):
            index, at = divmod(index, axis.count())
            found[name] = axis.value(at)
        return found

    def _axes(self) -> tuple[Range, ...]:
        return self.background, self.yaw_deg, self.pitch_deg, self.roll_deg, self.light_deg


def within(limit: float) -> dict[str, Any]:
    """Uniform between ``-limit`` and ``limit``, as plain values."""
    return {"type": "uniform", "low": -limit, "high": limit}
