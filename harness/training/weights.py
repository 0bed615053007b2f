"""Weights files: ours and, by their keys, those of others."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch

from harness.errors import DataError
from harness.files import written_whole
from harness.verified import DamagedError, checked, unreadable

if TYPE_CHECKING:
    from pathlib import Path

Weights = dict[str, torch.Tensor]

_NESTS = ("state_dict", "net_state_dict", "state_dict_backbone", "model_state_dict")


_SHELLS = ("pytorch_lightning.", "lightning.", "lightning_fabric.", "argparse.Namespace")
"""Where the objects come from that a Lightning checkpoint holds beside its weights."""


@dataclass(frozen=True)
class Layout:
    """How a public implementation names the entries of a network.

    A file is of this layout when it has the entry ``marker``. ``renames`` are pairs of a pattern
    that must match a whole key and its replacement by ours; the first that matches holds. Entries
    that match one of ``dropped`` belong to the training, not to the network.
    """

    name: str
    marker: str
    renames: Sequence[tuple[str, str]]
    dropped: Sequence[str] = ()

    def translate(self, weights: Mapping[str, torch.Tensor]) -> Weights:
        """The entries under our names; one that no rename matches keeps its own."""
        return {
            self._rename(key): value
            for key, value in weights.items()
            if not any(re.fullmatch(pattern, key) for pattern in self.dropped)
        }

    def _rename(self, key: str) -> str:
        for pattern, replacement in self.renames:
            if re.fullmatch(pattern, key):
                return re.sub(pattern, replacement, key)
        return key


def read_weights(path: Path, layouts: Iterable[Layout] = ()) -> Weights:
    """Read a safetensors file or a torch state dict (also nested in a checkpoint), with our names.

    Torch files are read with ``weights_only``, so nothing in them is executed; the settings that
    Lightning stores beside the weights become empty shells. Raises DataError naming the file when
    it cannot be read.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            held: Any = load_file(checked(path))
        else:
            held = _torch_file(checked(path))
    except DamagedError:
        raise
    except Exception as error:
        raise unreadable(path, f"as a weights file: {error}") from error
    for nest in _NESTS:
        held = held.get(nest, held) if isinstance(held, Mapping) else held
    if not isinstance(held, Mapping):
        raise DataError(f"{path} holds no state dict but a {type(held).__name__}")
    weights = {str(k): v for k, v in held.items() if isinstance(v, torch.Tensor)}
    for layout in layouts:
        if layout.marker in weights:
            return layout.translate(weights)
    return weights


class _Shell:
    """Stands for a class of a library; its objects are empty and do nothing."""

    def __new__(cls, *_arguments: Any) -> Any:
        # The one type to which torch's reader lets both items and attributes be added.
        return OrderedDict()


def _torch_file(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:
        names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        if not names or not all(name.startswith(_SHELLS) for name in names):
            raise
    with torch.serialization.safe_globals([(_Shell, name) for name in names]):
        return torch.load(path, map_location="cpu", weights_only=True)


def write_weights(network: torch.nn.Module, path: Path) -> None:
    """Write the network's entries as safetensors, whole or not at all."""
    from safetensors.torch import save_file

    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    with written_whole(path) as aside:
        save_file(state, aside)


def load_weights(network: torch.nn.Module, weights: Mapping[str, torch.Tensor], where: str) -> None:
    """Copy ``weights`` into the network; keys and shapes must match, and values be finite.

    Batch counters may be missing, because old files lack them and nothing reads them. Raises
    DataError that begins with ``where`` and names the entries.
    """
    own = network.state_dict()
    counters = {name for name in own if name.endswith(".num_batches_tracked")}
    missing, unexpected = sorted(own.keys() - weights - counters), sorted(weights.keys() - own)
    if missing or unexpected:
        raise DataError(
            f"{where} does not fit the network: {_some('missing', missing)}, "
            f"{_some('unexpected', unexpected)}; choose the variant the weights were made for"
        )
    for name, value in weights.items():
        if value.shape != own[name].shape:
            raise DataError(
                f"{where}: {name} has shape {tuple(value.shape)} where the network has "
                f"{tuple(own[name].shape)}; choose the variant the weights were made for"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise DataError(f"{where}: the values of {name} are not finite")
    network.load_state_dict({**own, **weights})


def _some(word: str, names: list[str]) -> str:
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return f"{len(names)} {word} ({shown})" if names else f"none {word}"
