"""Writing files so that they appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import UsageError
from harness.inputs.names import shown


def _readable_by() -> int:
    """The mode of a new file; asked once, because asking changes the mask for a moment."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


FILE_MODE = _readable_by()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary sibling of ``path`` to write to; it replaces ``path`` when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    aside = Path(name)
    aside.chmod(FILE_MODE)  # mkstemp makes files that only their owner reads
    try:
        yield aside
        aside.chmod(FILE_MODE)  # a library may have put a file of its own in its place
        sync(aside)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync(path.parent)


@contextmanager
def folder_written_whole(target: Path) -> Iterator[Path]:
    """A sibling folder to fill; it becomes ``target`` when the block succeeds.

    Raises ``UsageError`` when ``target`` exists and holds something.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} exists and is not empty; give a new folder with -o")
    aside = target.with_name(f".{target.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        yield aside
        if target.exists():
            target.rmdir()
        aside.replace(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole: aside, fsync, rename."""
    with written_whole(path) as aside:
        aside.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text whole, with the same line ends on every system.

    Names of files that are not UTF-8 are written as :func:`harness.inputs.shown` shows them.
    """
    write_bytes(path, shown(content).encode())


def sync(path: Path) -> None:
    """Flush a file or folder to disk; Windows cannot flush a folder and need not."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
