"""A recipe file with one of its profiles, as a draft."""

from __future__ import annotations

from pathlib import Path

from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.recipe import bundled
from harness.recipe.layers import RawRecipe, draft, origins_of, read_toml_of_user, table_of
from harness.recipe.profiles import apply


def read(path: Path, profile: str | None = None) -> RawRecipe:
    """A recipe file with one of its profiles; raises ``UsageError`` with file and line.

    A path that does not exist may be the name of a recipe that comes with the package.
    """
    path = bundled.find(path)
    if not path.exists():
        hint = did_you_mean(path.as_posix(), bundled.names())
        raise UsageError(f"recipe {path} does not exist; check -c{hint}")
    table, text = read_toml_of_user(path, "recipe ")
    origin = origins_of(str(path), text)
    made = draft(table, origin)
    if profile is None:
        return made
    profiles = table_of(table, ("profile",), origin)
    if profile not in profiles:
        raise UsageError(f"recipe {path} has no profile {profile!r}"
                         f"{did_you_mean(profile, profiles)}")  # fmt: skip
    return apply(made, table_of(profiles, ("profile", profile), origin), profile, origin)
