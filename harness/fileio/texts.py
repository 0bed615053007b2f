"""Text files as people save them: the one reader of lists, tables and recipes.

Understood are UTF-8 with and without a byte-order mark, UTF-16 and UTF-32 with one, and the line
ends of Unix, Windows and old Macs. Everything else is refused with file, line and what to do.
Files are opened once, devices are refused, and sizes are bounded, so that no list fills the memory.
"""

from __future__ import annotations

import codecs
import io
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from harness.errors import DataError
from harness.fileio.decoding import json_value
from harness.fileio.file_kinds import FileKind, kind_of_head

MOST_BYTES = 64 << 20
"""Largest file that is read into memory as one text."""
MOST_LINES_BYTES = 4 << 30
"""Largest file that is read line by line; the list of 42 million images has half of that."""
LONGEST_LINE = 1 << 20
_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)
_TEXT = (FileKind.EMPTY, FileKind.TEXT, FileKind.UNKNOWN)
"""What a text may look like; a damaged one is unknown, and its bad byte is named below."""
_TRUE = frozenset(("1", "1.0", "true", "t", "yes", "y"))
_FALSE = frozenset(("0", "0.0", "false", "f", "no", "n"))
FLAG_WORDS = "1 or 0, true or false, yes or no"


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    r"""The whole text of a file, with ``\n`` at line ends and without a byte-order mark.

    Raises DataError naming the file, and the line of a byte that is not text, or for a file of more
    than ``most`` bytes.
    """
    with _opened(path, most) as (file, encoding):
        data = file.read(most + 1)
    if len(data) > most:
        raise _too_large(path, most)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise _damaged(path, io.BytesIO(data), encoding) from None
    if "\0" in text:
        raise _nul(path, text[: text.index("\0")].count("\n") + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Path) -> Any:
    """The JSON value of a file; raises DataError naming the file."""
    try:
        return json_value(read_text(path))
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}; check the file") from None


def read_lines(path: Path) -> list[str]:
    """Lines of a file without their ends; raises as :func:`lines` does."""
    return list(lines(path))


def lines(path: Path) -> Iterator[str]:
    """Lines of a file without their ends, read as they are asked for: a list may be large.

    Raises DataError naming the file, and the line of a byte that is not text.
    """
    with _opened(path, MOST_LINES_BYTES) as (file, encoding):
        text = io.TextIOWrapper(file, encoding)
        number = total = 0
        try:
            while line := text.readline(LONGEST_LINE):
                number += 1
                total += len(line)
                if len(line) == LONGEST_LINE and not line.endswith("\n"):
                    raise DataError(
                        f"{path}, line {number} has more than {LONGEST_LINE:,} characters; this is "
                        "not a list"
                    )
                if "\0" in line:
                    raise _nul(path, number)
                if total > MOST_LINES_BYTES:  # a pipe has no size before it is read
                    raise _too_large(path, MOST_LINES_BYTES)
                yield line.removesuffix("\n")
        except UnicodeDecodeError:
            if not path.is_file():  # a pipe cannot be read again
                raise DataError(f"{path} is not UTF-8 text; save it as UTF-8") from None
            with path.open("rb") as again:
                raise _damaged(path, again, encoding) from None
        except OSError as error:
            raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None


def encoding_of(path: Path) -> str:
    """The encoding of a text file by its byte-order mark, for readers that open it themselves.

    Raises DataError for a file that cannot be read, is larger than ``MOST_LINES_BYTES`` or is not
    text by its first bytes.
    """
    with _opened(path, MOST_LINES_BYTES) as (_, encoding):
        return encoding


def flag(word: str) -> bool | None:
    """A yes or no in any of the usual spellings and cases (``FLAG_WORDS``); None if it is neither.

    >>> flag("TRUE"), flag(" 0.0 "), flag("maybe")
    (True, False, None)
    """
    plain = word.strip().casefold()
    return True if plain in _TRUE else False if plain in _FALSE else None


def whole_number(word: str) -> int | None:
    """The whole number that a word is, in at most 18 plain digits with or without a sign.

    Python's own ``int`` also takes ``1_0`` and the digits of every script, and fails on others that
    ``str.isdigit`` takes.

    >>> whole_number("-12"), whole_number("²"), whole_number("1_0")
    (-12, None, None)
    """
    plain = word.strip()  # also of separators that int() would not take
    return int(plain) if re.fullmatch(r"[+-]?[0-9]{1,18}", plain) else None


def separator_of(line: str) -> str:
    """What separates the fields of a header or first line: a comma, semicolon, tab or space.

    The most frequent of the first three that stand outside quotes.
    """
    bare = "".join(line.split('"')[::2]) if line.count('"') % 2 == 0 else line
    found = max(",;\t", key=bare.count)
    return found if found in bare else " "


def require_distinct(path: Path, names: Sequence[str], wanted: Iterable[str], line: int) -> None:
    """Raise DataError for a column among ``wanted`` that the header has twice, in any case."""
    counts = Counter(name.casefold() for name in names)
    for name in wanted:
        if counts[name.casefold()] > 1:
            raise DataError(
                f"{path}, line {line}: the column {name} is there {counts[name.casefold()]} times; "
                "remove all but one"
            )


def decimal_comma(word: str) -> bool:
    """Whether a word is a number with a decimal comma, as spreadsheets of many countries write.

    >>> decimal_comma("-0,93"), decimal_comma("0.93"), decimal_comma("a,b")
    (True, False, False)
    """
    whole, comma, fraction = word.strip().lstrip("+-").partition(",")
    return bool(comma) and (whole + fraction[:1]).isdecimal() and fraction[:1].isdecimal()


@contextmanager
def _opened(path: Path, most: int) -> Iterator[tuple[IO[bytes], str]]:
    """The open file, its begin not yet read, and its encoding."""
    try:
        kind = path.stat()
        if not (stat.S_ISREG(kind.st_mode) or stat.S_ISFIFO(kind.st_mode)):
            what = "folder" if stat.S_ISDIR(kind.st_mode) else "device"
            raise DataError(f"cannot read {path}: it is a {what}, not a file; give a text file")
        file = path.open("rb")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; check the file") from None
    except ValueError as error:  # a NUL in a path
        raise DataError(f"cannot read {str(path)!r}: {error}; check the path") from None
    with file:
        if kind.st_size > most:
            raise _too_large(path, most)
        head = file.peek(1)[:1024]
        encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
        found = kind_of_head(head)
        if encoding in ("utf-8", "utf-8-sig") and found not in _TEXT:
            raise DataError(f"{path} is {found}, not text; give a text file saved as UTF-8")
        yield file, encoding


def _too_large(path: Path, most: int) -> DataError:
    return DataError(f"{path} is larger than {most >> 20:,} MiB, the most that is read of a text")


def _nul(path: Path, line: int) -> DataError:
    return DataError(
        f"{path}, line {line} holds a zero byte: it is not text, or UTF-16 without a byte-order "
        "mark; save it as UTF-8"
    )


def _damaged(path: Path, file: IO[bytes], encoding: str) -> DataError:
    """Which byte of which line cannot be decoded."""
    name = encoding.removesuffix("-sig")  # the decoder that drops the mark miscounts by it
    decoder = codecs.getincrementaldecoder(name)()
    at, line, last = 0, 1, False
    while not last:
        chunk = file.read(1 << 16)
        last = not chunk
        held = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, last)
        except UnicodeDecodeError as error:
            before = error.object[: error.start].decode(name, "ignore")
            place = at - held + error.start
            return DataError(
                f"{path}, line {line + _ends(before)}: byte {place:,} "
                f"(0x{error.object[error.start]:02X}) is not {name.upper()}; "
                "save the file as UTF-8"
            )
        at += len(chunk)
        line += _ends(text)
    return DataError(f"{path} is not text; save it as UTF-8")


def _ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")
