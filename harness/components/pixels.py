"""Mean and standard deviation of pixels in [0, 1], as parameters: refused in any other unit."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

MAX_STD, MIN_STD = 2.0, 0.1
RAW_STD = 1 / 255
"""The only smaller divisor in use, within 5 %: it leaves pixels in 0..255 (or 0..256)."""

Channels = tuple[float, float, float]


def for_all_channels(value: Any) -> Any:
    """One number, alone or in a list, means the same for red, green and blue."""
    one = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    return (one, one, one) if isinstance(one, int | float) and not isinstance(one, bool) else value


def check_mean(values: Channels) -> Channels:
    """Return a mean of pixels in [0, 1]; raises ``ValueError`` with the value in this unit."""
    wrong = next((value for value in values if not 0 <= value <= 1), None)
    if wrong is None:
        return values
    if 1 < wrong <= 255:
        raise ValueError(
            f"is for pixels in [0, 1], so it is 0 to 1: {wrong:g} of 255 is {wrong / 255:.4g}"
        )
    raise ValueError(f"is for pixels in [0, 1], so it is 0 to 1, not {wrong:g}")


def check_std(values: Channels) -> Channels:
    """Return a divisor of pixels in [0, 1]; raises ``ValueError`` with the value in this unit."""
    for value in values:
        if value > MAX_STD and value <= 2 * 256:
            raise ValueError(
                f"divides pixels in [0, 1], so it is at most {MAX_STD:g}: {value:g} of 255 is "
                f"{value / 255:.4g}"
            )
        if 0 < value < MIN_STD and abs(value / RAW_STD - 1) > 0.05:
            raise ValueError(
                f"divides pixels in [0, 1]: {value:g} would make them {1 / value:.3g} wide; a "
                f"factor of {value:g} on 0..255 is a divisor of {1 / value / 255:.4g}"
            )
        if not 0 < value <= MAX_STD:
            raise ValueError(
                f"divides pixels in [0, 1], so it is above 0 and at most 2, not {value:g}"
            )
    return values


PixelMean = Annotated[Channels, BeforeValidator(for_all_channels), AfterValidator(check_mean)]
PixelStd = Annotated[Channels, BeforeValidator(for_all_channels), AfterValidator(check_std)]
