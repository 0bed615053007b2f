"""Where the store is: ``$HARNESS_HOME``, or the user's data folder."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from harness.errors import PrerequisiteError, UsageError
from harness.terminal import line

VARIABLE = "HARNESS_HOME"
LONGEST_SHOWN = 200


def default_home() -> Path:
    """``$HARNESS_HOME`` with a leading ``~`` expanded, or the user's data folder.

    The folder need not exist yet. Raises ``UsageError`` for a value that is empty or has
    control characters, ``PrerequisiteError`` where something other than a folder is there: a store
    of that name would look empty to every verb that only reads.
    """
    given = os.environ.get(VARIABLE)
    if given is not None:
        home, origin = _expanded(given), f"{VARIABLE}={line(given[:LONGEST_SHOWN])}"
    else:
        from platformdirs import user_data_path

        home = user_data_path("harness", appauthor=False)
        origin = f"the data folder {line(str(home)[:LONGEST_SHOWN])} (from XDG_DATA_HOME or HOME)"
    home = home.absolute()  # workers may have another current folder
    _require_plain(home, origin)
    _require_folder(home, origin)
    return home


def _expanded(given: str) -> Path:
    if not given.strip():
        raise UsageError(f"{VARIABLE} is empty; unset it, or set it to the path of a folder")
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{VARIABLE}={given[:LONGEST_SHOWN]}: there is no such home folder; write the whole "
            "path"
        ) from None


def _require_plain(home: Path, origin: str) -> None:
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in str(home)):
        raise UsageError(f"{origin} holds a control character; write the path of a folder")


def _require_folder(home: Path, origin: str) -> None:
    """Raise where the path, or the nearest part of it that exists, cannot be entered."""
    for path in (home, *home.parents):
        try:
            path.lstat()
            if not path.is_dir():
                broken = path.is_symlink() and not path.exists()
                what = "a broken symbolic link" if broken else "not a folder"
                raise PrerequisiteError(
                    f"{origin}: {path} is {what}; set {VARIABLE} to a folder you can write to"
                )
            if os.access(path, os.X_OK | os.R_OK):
                return
            reason = "Permission denied"
        except FileNotFoundError:
            continue
        except NotADirectoryError:
            continue  # the part above it is the one to name
        except OSError as error:
            reason = str(error.strerror)
        raise PrerequisiteError(
            f"{origin} cannot be opened ({reason}); set {VARIABLE} to a folder you can write to"
        )
