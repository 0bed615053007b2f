"""New plugin packages from templates."""

from __future__ import annotations

from harness.scaffold.package import KINDS, check_name, new_package, what_to_try

__all__ = ["KINDS", "check_name", "new_package", "what_to_try"]
