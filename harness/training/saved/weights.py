"""Weights files: ours and, by their keys, those of others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from harness.errors import DataError
from harness.fileio.atomic import written_whole
from harness.training.saved.weights_file import Weights, read_file

if TYPE_CHECKING:
    from pathlib import Path

_NAMED, _LONGEST = 2, 50
"""Entries that a message names, and letters of each: a network has hundreds."""
_COUNTER = ".num_batches_tracked"
"""Batch counters, which old files lack and nothing reads."""


@dataclass(frozen=True)
class WeightsLayout:
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


def read_weights(
    path: Path, layouts: Iterable[WeightsLayout] = (), network: torch.nn.Module | None = None
) -> Weights:
    """Read a safetensors file or a torch checkpoint, with our names of the entries.

    Nothing in a file is executed. Weights may be nested in a checkpoint and, where the ``network``
    they are for is given, their names may have a prefix (``module.``, ``backbone.``) beside entries
    without it, which are left out. Raises DataError naming the file when it cannot be read, when
    entries of the network are missing, or when two prefixes fit.
    """
    held, nest = read_file(path)
    if network is None:
        return _translated(held, layouts)
    wanted = _needed(network)
    read = {prefix: _translated(_below(held, prefix), layouts) for prefix in _prefixes(held)}
    fitting = [prefix for prefix, weights in read.items() if wanted <= weights.keys()]
    if len(fitting) > 1:
        raise DataError(
            f"{path} holds the network {len(fitting)} times, under the prefixes "
            f"{', '.join(map(repr, fitting[:5]))}; save one of them alone with torch.save"
        )
    if fitting:
        return read[fitting[0]]
    best = max(read, key=lambda prefix: len(wanted & read[prefix].keys()))
    raise _misfit(str(path), network, read[best].keys(), _seen(held, nest, best))


def _translated(weights: Weights, layouts: Iterable[WeightsLayout]) -> Weights:
    for layout in layouts:
        if layout.marker in weights:
            return layout.translate(weights)
    return weights


def _below(weights: Weights, prefix: str) -> Weights:
    return {name[len(prefix) :]: v for name, v in weights.items() if name.startswith(prefix)}


def _prefixes(weights: Weights) -> list[str]:
    """The beginnings that entries have in common, up to the fourth dot, and the empty one."""
    found = {""}
    for name in weights:
        parts = name.split(".")[:-1]
        found |= {".".join(parts[:end]) + "." for end in range(1, min(len(parts), 4) + 1)}
    return sorted(found)


def _seen(held: Weights, nest: str, prefix: str) -> str:
    """What a file holds, for a message: how many entries, where, and the first."""
    places = [f"in {nest!r}" if nest else "", f"under the prefix {prefix!r}" if prefix else ""]
    where = "".join(f" {place}" for place in places if place)
    entries = list(_below(held, prefix))
    such = f", such as {_short(entries[0])}" if entries else ""
    return f"; the file holds {len(entries)} entries{where}{such}"


def write_weights(network: torch.nn.Module, path: Path) -> None:
    """Write the network's entries as safetensors, whole or not at all."""
    from safetensors.torch import save_file

    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    with written_whole(path) as aside:
        save_file(state, aside)


def load_weights(network: torch.nn.Module, weights: Mapping[str, torch.Tensor], where: str) -> None:
    """Copy ``weights`` into the network; keys and shapes must match, and values be finite.

    Batch counters may be missing. Raises DataError that begins with ``where`` and names entries.
    """
    own = network.state_dict()
    if not _needed(network) <= weights.keys() <= own.keys():
        raise _misfit(where, network, weights.keys())
    for name, value in weights.items():
        if value.shape != own[name].shape:
            raise DataError(
                f"{where}: {name} has shape {tuple(value.shape)} where the network has "
                f"{tuple(own[name].shape)}; choose the variant the weights were made for"
            )
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise DataError(f"{where}: the values of {name} are not finite")
    network.load_state_dict({**own, **weights})


def _needed(network: torch.nn.Module) -> set[str]:
    return {name for name in network.state_dict() if not name.endswith(_COUNTER)}


def _misfit(
    where: str, network: torch.nn.Module, found: AbstractSet[str], seen: str = ""
) -> DataError:
    """What entries are missing and which are not of the network; ``seen`` is said after that."""
    missing = _some("missing", sorted(_needed(network) - found))
    unexpected = _some("unexpected", sorted(found - network.state_dict().keys()))
    return DataError(
        f"{where} does not fit the network: {missing}, {unexpected}{seen}; choose the variant the "
        "weights were made for"
    )


def _some(word: str, names: list[str]) -> str:
    shown = ", ".join(map(_short, names[:_NAMED])) + (", ..." if len(names) > _NAMED else "")
    return f"{len(names)} {word} ({shown})" if names else f"none {word}"


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."
