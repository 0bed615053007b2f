"""Whether a run is so long or so large that a person should agree to it, or cannot fit at all."""

from __future__ import annotations

import shutil
from pathlib import Path

from harness.errors import PrerequisiteError
from harness.plan.cost import Total
from harness.plan.forecast import Forecast, size

LONG_S = 3600.0
LARGE_BYTES = 20e9
SURE_BYTES = 1e9
"""Below this the default sizes are too rough to refuse a run for."""


def is_large(total: Total) -> bool:
    """Whether the estimate is over an hour or 20 GB."""
    return total.seconds > LONG_S or total.bytes > LARGE_BYTES


def require_room(found: Forecast, home: Path) -> None:
    """Raise ``PrerequisiteError`` where the disk of the store has less room than is estimated."""
    folder = next(path for path in (home, *home.parents) if path.is_dir())
    free = shutil.disk_usage(folder).free
    if found.total.bytes > max(free, SURE_BYTES):
        raise PrerequisiteError(
            f"the run needs {size(found.total.bytes)} and {folder} has {size(free)} free; free "
            "space, set HARNESS_HOME to a folder on another disk, or ask for less"
        )
