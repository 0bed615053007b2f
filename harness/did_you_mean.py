"""The hint of an error about an unknown name: the nearest of the valid ones, or their list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

SHORTEST_WORD = 4
"""Letters of a word that tells names apart: ``size`` does, ``of`` does not."""

LONGEST_GUESSED = 200
"""Characters of a name that a nearest match is looked for; the time grows with the square."""

MOST_LISTED = 12
"""Valid names that an error lists; more of them make a message that nobody reads."""


def did_you_mean(name: str, names: Iterable[str], lister: str = "") -> str:
    """A nearest-match hint to append to an error, and the valid names where they are few.

    Where they are many, their number and the command ``lister`` that prints them stand instead.
    """
    known = sorted(set(names))
    near = _nearest(name, known)
    hint = f", did you mean {' or '.join(map(repr, near))}?" if near else ""
    if len(known) > MOST_LISTED and lister:
        return f"{hint or ';'} `{lister}` lists all {len(known)}"
    if not known or (near and len(known) > MOST_LISTED):
        return hint
    more = f" and {len(known) - MOST_LISTED} more" if len(known) > MOST_LISTED else ""
    return f"{hint} (known: {', '.join(known[:MOST_LISTED])}{more})"


def _nearest(name: str, known: Sequence[str]) -> list[str]:
    """The name that is spelled most similarly; else up to two that share a word with it."""
    if len(name) > LONGEST_GUESSED:
        return []
    if near := get_close_matches(name, known, n=1):
        return near
    words = {word for word in re.split(r"[-_.]", name.lower()) if len(word) >= SHORTEST_WORD}
    sharing = [other for other in known if words & {*re.split(r"[-_.]", other.lower())}]
    return get_close_matches(name, sharing, n=2, cutoff=0.0)
