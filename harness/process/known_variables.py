"""Environment variables of ours, and those that only look like them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from harness.inputs import one_line

PREFIX = "HARNESS_"
KNOWN = frozenset(
    PREFIX + name
    for name in ("DISABLE_PLUGIN_AUTOLOAD", "HOME", "LEASE_S", "MAX_CELLS",
                 "MAX_PIXELS", "OFFLINE", "PLUGIN_TIMEOUT_S", "STRICT_PLUGINS", "TRACEBACK",
                 "VERIFY")
)  # fmt: skip
"""Those that are read directly; each key of the recipe's ``[study]`` has one besides."""
_OF_TESTS = "HARNESS_REF_"
_LONGEST = 60


def unknown(environ: Mapping[str, str], study: Iterable[str]) -> Iterator[str]:
    """A sentence for each variable that begins like ours and is none; ``study`` are its keys."""
    known = KNOWN | {f"{PREFIX}{key.upper()}" for key in study}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in known or name.startswith(_OF_TESTS):
            continue
        endings = sorted(other.removeprefix(PREFIX) for other in known)
        near = get_close_matches(name[len(PREFIX) : _LONGEST].upper(), endings, n=1)
        hint = f"; did you mean {PREFIX}{near[0]}?" if near else ""
        shown = one_line(name[:_LONGEST])
        yield f"the environment variable {shown} is not known and has no effect{hint}"
