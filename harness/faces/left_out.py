"""What a reader of images leaves out of its input, counted and named."""

from __future__ import annotations

from collections.abc import Iterable

from harness.inputs import shown

HIDDEN = "hidden"
TIFF = "in TIFF, which is not read: convert to PNG"
OTHER = "not an image by suffix or first bytes"
_MOST_NAMED = 3


class LeftOut:
    """Counts by reason, with the first names of each."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._first: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return sum(self._counts.values())

    def add(self, reason: str, name: str) -> None:
        """Count a file or folder; ``reason`` follows a count in a sentence."""
        first = self._first.setdefault(reason, [])
        if len(first) < _MOST_NAMED:
            first.append(shown(name))
        self._counts[reason] = self._counts.get(reason, 0) + 1

    def counts(self) -> dict[str, int]:
        """Number of files and hidden folders by reason."""
        return dict(sorted(self._counts.items()))

    def sentence(self, begin: str) -> str:
        """``begin`` and what was left out, for people; empty if nothing was."""
        parts = [f"{count} {reason} ({self._named(reason)})" for reason, count in
                 self.counts().items()]  # fmt: skip
        return begin + "; ".join(parts) if parts else ""

    def notes(self, where: str) -> Iterable[str]:
        """The sentence about an input called ``where``, or nothing."""
        if self._counts:
            yield self.sentence(f"left out of {shown(where)}: ")

    def _named(self, reason: str) -> str:
        first = self._first[reason]
        more = ", ..." if self._counts[reason] > len(first) else ""
        return ", ".join(first) + more
