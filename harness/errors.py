"""The errors a user can meet; each carries the exit code of the command."""

from __future__ import annotations

import errno

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class HarnessError(Exception):
    """One sentence for the user: what happened, where, what to do. Printed without a traceback."""

    exit_code = 1


class DataError(HarnessError):
    """Input data is unusable: truncated, inconsistent, not finite, or of the wrong shape."""


class LimitError(HarnessError):
    """Input asks for more memory or time than a limit that can be raised allows.

    Not a ``DataError``: it depends on this machine's settings, so it is never stored as a fact of
    the data.
    """


class UsageError(HarnessError):
    """The command line, a recipe or a parameter is wrong."""

    exit_code = 2


class PrerequisiteError(HarnessError):
    """Something that must be there first is not: an asset, an extra, a device."""

    exit_code = 3


class DeclinedError(HarnessError):
    """The user was asked and said no: ends like an interrupt."""

    exit_code = 130


class NothingSelectedError(HarnessError):
    """The selection matches nothing to do."""

    exit_code = 5


def advice(error: OSError) -> str:
    """One sentence for an error of the operating system: what, which file, and what helps.

    Running the same command again is advised only where it can help.
    """
    what = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    if error.errno in NO_ROOM:
        return f"{what}; free space, then run the same command again"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{what}; check the permissions, then run the same command again"
    if error.errno == errno.ENAMETOOLONG:
        return f"{what[:400]}; choose a shorter name, most disks hold 255 bytes"
    return f"{what}; check that file and the disk it is on"


OUT_OF_MEMORY = (
    "out of memory; lower --batch-size or -j, or raise the limit on memory (ulimit -v, container), "
    "then run the same command again"
)

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory", "bad_alloc",
          "insufficient memory", "defaultcpuallocator")  # fmt: skip
"""How libraries that raise errors of another type say that memory ran out."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of whatever library says that memory ran out, on a CPU or a GPU."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    known = isinstance(error, RuntimeError) or type(error).__module__.startswith("cv2")
    return known and any(sign in str(error).lower() for sign in _SIGNS)


def one_sentence(error: BaseException) -> str:
    """What to tell the user of an error."""
    if isinstance(error, HarnessError):
        return str(error)
    if is_out_of_memory(error):
        return OUT_OF_MEMORY
    if isinstance(error, OSError) and error.strerror:
        return f"{advice(error)}; nothing finished was lost"
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
