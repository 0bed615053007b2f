"""Names that still work for two minor versions, with a warning that names what replaces them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

KEPT_MINORS = 2


@dataclass(frozen=True)
class Deprecated:
    """A public name that is about to go: the version that deprecated it, and its replacement."""

    since: str
    """``major.minor`` of the first release that warns."""
    instead: str
    """What to write now, as a dotted path or a sentence."""

    @property
    def gone_in(self) -> str:
        """The first version without the name: two minor versions after ``since``."""
        major, minor = map(int, self.since.split("."))
        return f"{major}.{minor + KEPT_MINORS}"

    def warn(self, name: str) -> None:
        """Emit a ``DeprecationWarning`` at the caller of the function that calls this."""
        warnings.warn(
            f"{name} is now {self.instead}; the old name is gone in {self.gone_in}",
            DeprecationWarning,
            stacklevel=3,
        )
