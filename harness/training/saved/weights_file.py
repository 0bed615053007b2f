"""Weights files as people save them, read without executing anything that is in them.

torch's reader with ``weights_only`` refuses every object that it does not know, such as the NumPy
number, path or settings that training scripts store beside the weights. Here such objects become
empty shells: their classes are never imported and their code is never called.
"""

from __future__ import annotations

import builtins
import pickletools
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import reduce
from pathlib import Path
from pickle import UnpicklingError
from typing import IO, Any

import torch

from harness.errors import DataError
from harness.fileio.file_kinds import FileKind, expect
from harness.fileio.verified import DamagedError, checked, unreadable

Weights = dict[str, torch.Tensor]

NESTS = ("state_dict", "net_state_dict", "state_dict_backbone", "model_state_dict", "backbone",
         "model", "net", "network", "weights", "params")  # fmt: skip
"""Names under which checkpoints hold the weights, in the order in which they are looked for."""
_MOST_PICKLED = 256 << 20
"""Largest description of a checkpoint, without its tensors; that of a large network has 100 kB."""
_RUNNING = frozenset(
    ("os", "posix", "nt", "sys", "subprocess", "importlib", "runpy", "shutil", "socket", "pty",
     "ctypes", "code", "pickle", "marshal", "webbrowser", "platform", "asyncio", "multiprocessing")
)  # fmt: skip
"""Modules that no checkpoint needs. Nothing of them would be called, but whoever names them tries
to attack, and that is said."""
_WRAPPERS = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""What torch.compile, FSDP and activation checkpointing put into names, at any place."""


def read_file(path: Path) -> tuple[Weights, str]:
    """The tensors of a weights file by their names in it, and under which names they were nested.

    safetensors and torch files of both forms are recognised by their content, whatever the suffix.
    A whole module that was saved gives the entries of its state dict. Raises DataError naming the
    file, and what it is instead, where it holds no weights.
    """
    what = "a weights file (a state_dict saved by torch.save, or safetensors)"
    try:
        kind = expect(checked(path), what, FileKind.TORCH, FileKind.OLD_TORCH, FileKind.SAFETENSORS)
        held = _safetensors(path) if kind is FileKind.SAFETENSORS else _torch_file(path, kind)
    except DamagedError:
        raise
    except Exception as error:  # noqa: BLE001 (torch and safetensors raise many kinds)
        damaged = unreadable(path, f"as a weights file: {_one_line(error)}")
        # A file of a user that is something else is said to be that.
        ours = isinstance(error, DataError) and not isinstance(damaged, DamagedError)
        raise error if ours else damaged from None
    found, nest = _unnested(path, held)
    return _without_wrappers(found), nest


def _safetensors(path: Path) -> Weights:
    from safetensors.torch import load_file

    return load_file(path)


class _Shell:
    """Stands for a class or function of a checkpoint; what it makes is empty and does nothing."""

    def __new__(cls, *_arguments: Any) -> Any:
        # The one type to which torch's reader lets both items and attributes be added.
        return OrderedDict()


class _Value:
    """Stands for a NumPy object, whose state is a tuple that no mapping takes."""

    def __new__(cls, *_arguments: Any) -> Any:
        return super().__new__(cls)

    def __setstate__(self, _state: Any) -> None:
        """Forget it."""


def _torch_file(path: Path, kind: FileKind) -> Any:
    try:
        return _load(path)
    except UnpicklingError:
        names = _names(path, kind)
        if not names:
            raise
    bad = next((name for name in sorted(names) if _runs(name)), None)
    if bad:
        raise DataError(
            f"{path} cannot be read: it names {bad}, which no weights need; nothing in it was "
            "executed, get the file from somebody you trust"
        )
    shells: list[Any] = [(_Value if name.startswith("numpy.") else _Shell, name) for name in names]
    try:
        with torch.serialization.safe_globals(shells):
            return _load(path)
    except UnpicklingError:
        raise DataError(
            f"{path} cannot be read: beside weights it holds objects that cannot be left out, "
            f"among {', '.join(sorted(names)[:5])}; save the state_dict() alone with torch.save"
        ) from None


def _load(path: Path) -> Any:
    with path.open("rb") as file:  # of a path, torch looks at the suffix
        return torch.load(file, map_location="cpu", weights_only=True)


def _runs(name: str) -> bool:
    module, _, rest = name.partition(".")
    if module == "builtins":
        return rest != "getattr" and not isinstance(getattr(builtins, rest, None), type)
    return module in _RUNNING


def _names(path: Path, kind: FileKind) -> set[str]:
    """Classes and functions that a checkpoint names and torch does not know, by dotted name."""
    with path.open("rb") as file:
        if kind is FileKind.OLD_TORCH:
            named = {name for _ in range(4) for name in _globals(file)}
        else:
            with zipfile.ZipFile(file) as archive:
                info = next(i for i in archive.infolist() if i.filename.endswith("/data.pkl"))
                if info.file_size > _MOST_PICKLED:
                    raise DataError(f"{path} describes its tensors in {info.file_size:,} bytes; "
                                    "this is not a checkpoint")  # fmt: skip
                with archive.open(info) as pickled:
                    named = set(_globals(pickled))
    known: set[str] = set(torch._weights_only_unpickler._get_allowed_globals())  # noqa: SLF001 (what needs no shell)
    return named - known


def _globals(file: IO[bytes]) -> Iterator[str]:
    """Dotted names in the pickle that begins here; the file is left at its end."""
    for code, argument, _ in pickletools.genops(file):
        if code.name == "GLOBAL":
            module, _, name = str(argument).partition(" ")  # as Python 2 names them
            module, name = NAME_MAPPING.get(
                (module, name), (IMPORT_MAPPING.get(module, module), name)
            )
            yield f"{module}.{name}"


# -- finding the weights in what a file holds ------------------------------------------------------


def _unnested(path: Path, held: Any) -> tuple[Weights, str]:
    """The mapping that holds the weights, and the names under which it was found."""
    nest: list[str] = []
    while True:
        inner = _inner(path, held) if isinstance(held, Mapping) else None
        if inner is None or len(nest) > 4:
            break
        nest.append(inner)
        held = held[inner]
    if not isinstance(held, Mapping):
        raise DataError(f"{path} holds no state dict but a {type(held).__name__}")
    return _tensors(held), ".".join(nest)


def _inner(path: Path, held: Mapping[Any, Any]) -> str | None:
    """Under which name the weights are; None where they are in ``held`` itself."""
    nested = [
        key for key, value in held.items()
        if isinstance(key, str) and isinstance(value, Mapping) and _holds(value)
    ]  # fmt: skip
    for name in NESTS:
        if name in nested:
            return name
    if _tensors(held) or not nested:
        return None
    if len(nested) > 1:
        raise DataError(
            f"{path} holds several sets of weights ({', '.join(sorted(nested)[:5])}); save the "
            "one of the network alone with torch.save"
        )
    return nested[0]


def _holds(value: Mapping[Any, Any], depth: int = 3) -> bool:
    """Whether tensors with names are in a mapping or in mappings within; an optimiser has none."""
    if _tensors(value) or depth == 0:
        return bool(_tensors(value))
    return any(
        isinstance(key, str) and isinstance(inner, Mapping) and _holds(inner, depth - 1)
        for key, inner in value.items()
    )


def _tensors(held: Mapping[Any, Any]) -> Weights:
    plain = {k: v for k, v in held.items() if isinstance(k, str) and isinstance(v, torch.Tensor)}
    return plain or _of_module(held)


def _of_module(held: Any, prefix: str = "", depth: int = 30) -> Weights:
    """Entries of the state dict of a whole module that was saved; its class became a shell."""
    inside = getattr(held, "__dict__", {})
    if depth == 0 or not isinstance(inside.get("_modules"), Mapping):
        return {}
    skipped = inside.get("_non_persistent_buffers_set") or ()
    found: Weights = {}
    for part in ("_parameters", "_buffers"):
        for name, value in (inside.get(part) or {}).items():
            if isinstance(value, torch.Tensor) and name not in skipped:
                found[f"{prefix}{name}"] = value.detach()
    for name, module in inside["_modules"].items():
        found |= _of_module(module, f"{prefix}{name}.", depth - 1)
    return found


def _without_wrappers(weights: Weights) -> Weights:
    bare = {}
    for name, value in weights.items():
        bare[reduce(lambda text, wrapper: text.replace(wrapper, ""), _WRAPPERS, name)] = value
    return bare if len(bare) == len(weights) else weights


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
