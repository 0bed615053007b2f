"""Tar files of WebDataset read in place: members of one name are a sample; nothing is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import inner_path, is_hidden_path, shown
from harness.plugin.sources import (
    BY_CONTENT,
    HIDDEN,
    OTHER,
    SUFFIXES,
    LeftOut,
    SourceImage,
    reason_against,
)

from .facts import flat, numbers, parse
from .zips import MOST_BYTES

_BLOCK = 512
_AFTER_BYTES = 1 << 20  # looked at behind the end mark
_LONGEST_NAME = 1000
_LONGEST_HEADER = 1 << 16
"""Bytes of a long name or of PAX records; ``tarfile`` would read any number of them at once."""
_NOWHERE = (0, 0)


@dataclass
class _SampleSpans:
    """Where the parts of a sample are: offset and size of ``image``, ``cls`` and ``json``."""

    key: str
    parts: dict[str, tuple[int, int]] = field(default_factory=dict)


class TarSamples:
    """Images of tar files, a sample an image; ``index`` is of :func:`index_tars`.

    ``codes`` int64 (samples,) say which of ``names`` each sample is.
    """

    def __init__(self, paths: Sequence[Path], index: Mapping[str, Any]) -> None:
        self._paths, self._index = paths, index
        self.names: Sequence[str] = index["names"]
        self.codes: NDArray[np.int64] = index["codes"]
        self.notes: Sequence[str] = index["notes"]

    def read(self, row: int) -> SourceImage:
        """One image; raises ``DataError`` naming the file and the sample in it."""
        path = self._paths[int(self._index["files"][row])]
        name = f"{path.name} sample {self._index['keys'][row]}"
        offset, size, facts_offset, facts_size = (int(n) for n in self._index["spans"][row])
        try:
            with path.open("rb") as file:
                data = _part(file, (offset, size), name)
                text = _part(file, (facts_offset, facts_size), name)
        except OSError as error:
            raise DataError(f"{name}: {error.strerror}") from None
        facts = parse(text, name) if text else {}
        facts = facts if isinstance(facts, dict) else {}
        return SourceImage(
            data,
            name,
            numbers(facts.get("landmarks"), (5, 2), name, "landmarks"),
            numbers(facts.get("box"), (4,), name, "box"),
            flat(facts.get("meta")),
        )


def index_tars(paths: Sequence[Path]) -> dict[str, Any]:
    """Every sample with an image, in the order of the files.

    ``names`` are the identities, a list. Of each sample there are: in ``codes`` the number of its
    name, in ``files`` the number of its file, int64 (samples,); in ``spans`` offset and size of its
    image and JSON, int64 (samples, 4); in the list ``keys`` its own name. The identity is
    ``identity`` of the JSON, in all samples or in none, else the content of ``.cls``.
    ``notes`` says what was left out.
    """
    left_out = LeftOut()
    codes: dict[str, int] = {}
    rows: list[tuple[int, int]] = []
    spans: list[tuple[int, ...]] = []
    keys: list[str] = []
    said: dict[str, str] = {}  # where identities stand, and the first sample that has it there
    for number, path in enumerate(paths):
        with path.open("rb") as file:
            for sample in _samples(path, file, left_out):
                where = f"{path}, sample {shown(sample.key)}"
                source, identity = _identity(file, sample, where)
                said.setdefault(source, where)
                rows.append((codes.setdefault(identity, len(codes)), number))
                spans.append((*sample.parts["image"], *sample.parts.get("json", _NOWHERE)))
                keys.append(shown(sample.key))
    if len(said) > 1:
        raise DataError(
            f"the identity is in .json of {said['.json']} but in .cls of {said['.cls']}; all "
            "samples must have it in the same place"
        )
    if not rows:
        raise DataError(f"{paths[0]} holds no image, nor does any file beside it")
    table = np.array(rows, np.int64)
    return {
        "names": list(codes),
        "keys": keys,
        "codes": table[:, 0],
        "files": table[:, 1],
        "spans": np.array(spans, np.int64),
        "notes": list(left_out.notes("the tar files")),
    }


def _identity(file: BinaryIO, sample: _SampleSpans, where: str) -> tuple[str, str]:
    """Where the identity of a sample stands, and its name."""
    if "json" in sample.parts:
        facts = parse(_part(file, sample.parts["json"], where), where)
        value = facts.get("identity") if isinstance(facts, dict) else None
        if isinstance(value, str | int) and not isinstance(value, bool):
            return ".json", _name(str(value), where)
    if "cls" in sample.parts:
        try:
            return ".cls", _name(_part(file, sample.parts["cls"], where).decode(), where)
        except UnicodeDecodeError:
            raise DataError(f"{where}: .cls is not text") from None
    raise DataError(f"{where}: nothing says whose image it is; add .cls, or identity to .json")


def _name(text: str, where: str) -> str:
    name = shown(text.strip())
    if not name or len(name) > _LONGEST_NAME or "\0" in name or not _is_unicode(name):
        raise DataError(f"{where}: {name[:20]!r} is not a name of an identity")
    return name


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can hold
        return False
    return True


def _part(file: BinaryIO, span: tuple[int, int], where: str) -> bytes:
    offset, size = span
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise DataError(f"{where}: cut short at offset {offset}; copy the file again")
    return data


def _samples(path: Path, file: BinaryIO, left_out: LeftOut) -> Iterator[_SampleSpans]:
    """The samples of a file that have an image: consecutive members of one name."""
    sample = _SampleSpans("")
    for member in _members(path):
        inside = inner_path(member.name)
        assert inside is not None, "checked when it was listed"
        if is_hidden_path(inside.as_posix()):
            left_out.add(HIDDEN, f"{path.name}/{member.name}")
            continue
        stem, _, suffix = inside.name.partition(".")
        key = (inside.parent / stem).as_posix()
        if key != sample.key:
            yield from _whole(path, sample, left_out)
            sample = _SampleSpans(key)
        part = _part_name(suffix.lower(), file, member)
        if part in sample.parts:
            raise DataError(f"{path}: sample {key} has {part} twice; pack the images again")
        sample.parts[part] = member.offset_data, member.size
    yield from _whole(path, sample, left_out)


def _part_name(suffix: str, file: BinaryIO, member: tarfile.TarInfo) -> str:
    """``image``, or the suffix of a member that is something else."""

    def head() -> bytes:
        file.seek(member.offset_data)
        return file.read(min(member.size, 16))

    dotted = f".{suffix}" if suffix else ""
    if dotted not in SUFFIXES | BY_CONTENT:
        return suffix
    return suffix if reason_against(dotted and f"x{dotted}", head) else "image"


def _whole(path: Path, sample: _SampleSpans, left_out: LeftOut) -> Iterator[_SampleSpans]:
    if "image" in sample.parts:
        yield sample
    elif {"cls", "json"} & set(sample.parts):
        raise DataError(
            f"{path}: sample {sample.key} has no image beside {', '.join(sorted(sample.parts))}; "
            "members of one name must follow each other"
        )
    else:
        for suffix in sample.parts:
            left_out.add(OTHER, f"{path.name}/{sample.key}{'.' if suffix else ''}{suffix}")


class _Headers:
    """A file of which ``tarfile`` reads headers; a header that claims gigabytes is refused."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int) -> bytes:
        """The next bytes; raises ``tarfile.ReadError`` for more than a header has."""
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {size} bytes at offset {self.tell()}")
        return self._file.read(size)


def _headers(file: BinaryIO) -> BinaryIO:
    """``file`` as :class:`_Headers`, which has what ``tarfile`` calls of one."""
    return cast(BinaryIO, _Headers(file))


def _members(path: Path) -> Iterator[tarfile.TarInfo]:
    """The files of an archive; raises ``DataError`` for damage and for what no image needs."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file, tarfile.open(None, "r:", _headers(file)) as archive:
            while (member := archive.next()) is not None:
                # Else a million members stay in memory; typeshed does not know the attribute.
                archive.members.clear()  # type: ignore[attr-defined]
                _check(path, member, size)
                if archive.offset <= member.offset:
                    raise DataError(f"{path}: member {member.name!r} has an impossible size")
                if member.isreg():
                    yield member
            _check_end(path, archive.offset)
    except (tarfile.TarError, OSError, ValueError, EOFError, OverflowError,
            RecursionError) as error:  # fmt: skip
        raise DataError(
            f"{path} is not a readable tar file ({error}); copy it again, unpacked if it is .tar.gz"
        ) from None


def _check(path: Path, member: tarfile.TarInfo, size: int) -> None:
    problem = ""
    if inner_path(member.name) is None:
        problem = "has a path that leads out of the archive"
    elif "\0" in member.name or len(member.name) > _LONGEST_NAME:
        problem = "has a name that no file can have"
    elif not (member.isreg() or member.isdir()) or member.issparse():
        problem = "is not a plain file but a link, a device or sparse"
    elif not 0 <= member.size <= MOST_BYTES:
        problem = f"has {member.size} bytes, which no image of a face has"
    elif member.offset_data + member.size > size:
        problem = f"is cut short at offset {member.offset_data}"
    if problem:
        raise DataError(f"{path}: member {member.name[:100]!r} {problem}; pack the images again")


def _check_end(path: Path, offset: int) -> None:
    """Refuse what is behind the last member: ``tarfile`` stops in silence at damage."""
    with path.open("rb") as file:
        file.seek(offset)
        rest = file.read(_AFTER_BYTES)
    if len(rest) < _BLOCK or any(rest):
        raise DataError(
            f"{path}: no member and no end of the archive at offset {offset}; the file is cut "
            "short, damaged or joined from several, pack it again"
        )
