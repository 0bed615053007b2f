"""Names of files as text, and names of members of archives as paths."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_DRIVE = re.compile(r"[A-Za-z]:")


def shown(name: str) -> str:
    r"""A file name as valid text: bytes that are not UTF-8 become ``\xNN``.

    File names on Linux are bytes; Python keeps what is not UTF-8 in them as lone surrogates, which
    no file, database or terminal takes.

    >>> shown("Jos\udce9.png"), shown("José.png")
    ('Jos\\xe9.png', 'José.png')
    """
    if name.isascii():
        return name
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte, as JSON can hold
        return name.encode("utf-8", "backslashreplace").decode()


def one_line(name: str) -> str:
    r"""A file name for a list of one name per line: what ends a line becomes an escape.

    >>> one_line("a\nb.png")
    'a\\nb.png'
    """
    return "".join(
        letter.encode("unicode_escape").decode() if letter.splitlines() == [""] else letter
        for letter in shown(name)
    )


def inner_path(name: str) -> PurePosixPath | None:
    r"""The path of a member inside its archive; None where it leads out of it.

    Archives made on Windows may have ``\`` between folders. A path that begins with ``/`` or a
    drive, or has ``..`` in it, leads out; a colon elsewhere is a legal character of a name.

    >>> inner_path(r"ann\\1.png"), inner_path("ann/12:30.png")
    (PurePosixPath('ann/1.png'), PurePosixPath('ann/12:30.png'))
    >>> inner_path(r"..\\1.png"), inner_path(r"C:\\1.png")
    (None, None)
    """
    path = PurePosixPath(name.replace("\\", "/"))
    parts = path.parts
    out = path.is_absolute() or ".." in parts or (parts and _DRIVE.fullmatch(parts[0]))
    return None if out else path
