"""The single files of an asset: which of them a folder lacks, and fetching them when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from harness._plugins.registry import Registry
from harness.components import Asset, AssetFile
from harness.errors import DataError, PrerequisiteError, UsageError
from harness.fileio.decoding import json_value
from harness.fileio.file_kinds import FileKind, expect
from harness.fileio.texts import read_text
from harness.store.assets import path_fault

Say = Callable[[str], None]
MAX_SIZE_ERROR = 0.2
"""Share of the stated size by which a file may differ: releases of one network vary a little."""
_WEIGHTS = (FileKind.TORCH, FileKind.OLD_TORCH)
_KINDS = {
    ".onnx": (FileKind.ONNX,),
    ".safetensors": (FileKind.SAFETENSORS,),
    ".pt": _WEIGHTS,
    ".pth": _WEIGHTS,
    ".bin": _WEIGHTS,
    ".ckpt": _WEIGHTS,
    ".h5": (FileKind.HDF5,),
    ".txt": (FileKind.TEXT,),
    ".json": (FileKind.TEXT,),
}
_POINTER = b"version https://git-lfs"
"""How a file begins that stands for one that was not downloaded."""


def of_component(registry: Registry, name: str) -> dict[str, Asset]:
    """The assets of all components of a name, by their own; empty for an unknown name."""
    return {
        asset.name: asset
        for provided in registry.components
        if name in (provided.component.name, provided.provider)
        for asset in provided.component.assets
    }


def lacking(asset: Asset, path: Path) -> list[str]:
    """What is wrong with the files of an asset that is in ``path``; empty if all are there."""
    return [reason for file in asset.files if (reason := _fault(file, path))]


def suspicious(asset: Asset, path: Path) -> list[str]:
    """Files of an asset that are there but are not what their name and size announce."""
    found: list[str] = []
    for file in asset.files:
        place = _found(file, path)
        if place is not None and not _fault(file, path):
            found += filter(None, [_kind_fault(place) or _size_fault(file, place)])
    return found


def _kind_fault(path: Path) -> str:
    """What a file is, if that is not what its suffix says."""
    suffix = path.suffix.lower()
    try:
        if suffix in _KINDS:
            expect(path, f"the {suffix} file that is expected", *_KINDS[suffix])
        if suffix == ".json":
            json_value(read_text(path))
    except DataError as error:
        return str(error)
    except ValueError as error:
        return f"{path} is not JSON: {error}"
    return ""


def _size_fault(file: AssetFile, path: Path) -> str:
    """A file of quite another size is another file; very small ones vary."""
    there = path.stat().st_size / 1e6
    told = file.megabytes < 1 or path.suffix in (".json", ".txt")  # by what is in it
    if told or abs(there - file.megabytes) <= MAX_SIZE_ERROR * file.megabytes:
        return ""
    return (
        f"{path} has {there:,.2f} MB and about {size(file)} are expected: it is another file, or "
        "was not copied to its end"
    )


def _found(file: AssetFile, path: Path) -> Path | None:
    names = (file.path, *file.instead)
    return next((path / name for name in names if (path / name).is_file()), None)


def _fault(file: AssetFile, path: Path) -> str:
    names, found = (file.path, *file.instead), _found(file, path)
    if found is None:
        where = " or ".join(name or path.name for name in names)
        return f"{where} is not in {path} (about {size(file)})"
    with found.open("rb") as stream:
        begin = stream.read(len(_POINTER))
    if not begin:
        return f"{found} is empty (about {size(file)} expected)"
    if begin == _POINTER:
        return f"{found} stands for a file that was not downloaded (about {size(file)})"
    return ""


def size(file: AssetFile) -> str:
    """The expected size, for people."""
    return f"{file.megabytes:,.0f} MB" if file.megabytes >= 1 else f"{file.megabytes * 1000:.0f} kB"


def incomplete(assets: Mapping[str, list[str]]) -> PrerequisiteError:
    """One error that names what linked assets lack, and the commands that fix it."""
    parts = [
        f"{name}: {'; '.join(findings)}; complete it, or: harness assets link {name} PATH"
        for name, findings in sorted(assets.items())
    ]
    return PrerequisiteError(". ".join(parts))


def inside(assets: Iterable[Asset], folder: Path) -> dict[str, Path]:
    """Where each asset is in one folder that holds all of a component, those that are there.

    A folder without files is not one. Raises ``UsageError`` when none is.
    """
    wanted = {asset.name: folder / (asset.place or asset.name) for asset in assets}
    found = {name: path for name, path in wanted.items() if not path_fault(path)}
    if not found:
        names = ", ".join(path.name for path in wanted.values())
        raise UsageError(f"{folder} holds none of {names}; link each asset by its own name")
    return found


def fetch(asset: Asset, folder: Path, say: Say) -> Path:
    """Download the files of an asset from the Hugging Face hub below ``folder``; gives its path.

    Files that are there are kept. Raises ``UsageError`` for an asset that is not on the hub and
    ``PrerequisiteError`` without the library or where a file cannot be had.
    """
    if not asset.hub:
        raise UsageError(
            f"{asset.name} cannot be fetched; obtain it from {asset.source} and link it: "
            f"harness assets link {asset.name} PATH"
        )
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise PrerequisiteError(
            "huggingface_hub is needed to fetch; pip install huggingface_hub, or download by hand "
            f"from {asset.source} and: harness assets link {asset.name} PATH"
        ) from None
    root = folder / asset.hub.replace("/", "--")
    first = asset.files[0]
    path = root / first.hub_path.removesuffix(first.path).rstrip("/")
    for file in asset.files:
        if not _fault(file, path):
            continue
        say(f"{asset.hub}: {file.hub_path}, about {size(file)}")
        try:
            hf_hub_download(repo_id=asset.hub, filename=file.hub_path, local_dir=str(root))
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise PrerequisiteError(
                f"{file.hub_path} of {asset.hub} cannot be downloaded: {reason}; try again, or "
                f"obtain it by hand and: harness assets link {asset.name} PATH"
            ) from error
    wrong = [*lacking(asset, path), *suspicious(asset, path)]
    if wrong:
        raise incomplete({asset.name: wrong})
    return path
