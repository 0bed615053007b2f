"""Where compiled functions are kept between runs."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
FOLDER = "kernels"


def keep_kernels(
    home: Path, installed: Path, environ: MutableMapping[str, str] = os.environ
) -> None:
    """Keep them below ``home`` where they cannot be kept beside the source, which is the default.

    An installation that is read-only, as in a container, would compile in every process, or refuse
    to where the user has no home folder either. Comes before numba is imported; workers inherit it.
    """
    if VARIABLE not in environ and not os.access(installed, os.W_OK):
        environ[VARIABLE] = str(home / FOLDER)
