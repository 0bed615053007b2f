from __future__ import annotations

from hypothesis import settings

# The same examples on every machine, and no time limit: a loaded machine is not a failure.
settings.register_profile("harness", deadline=None, derandomize=True, database=None)
settings.load_profile("harness")
