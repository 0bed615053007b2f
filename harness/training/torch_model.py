"""A base for trainable torch models: what is left is the network and its recipe."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from harness.components import TrainableModel
from harness.digests import file_sha256
from harness.embedding.inputs import to_tensor
from harness.fileio.file_kinds import FileKind, kind_of
from harness.seeds import derive
from harness.training.saved.weights import WeightsLayout, load_weights, read_weights, write_weights
from harness.training.step import AUTOCAST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.components import Context

WEIGHTS = "weights.safetensors"


class TorchModel(TrainableModel):
    """Builds, embeds, saves and loads one ``torch.nn.Module`` that returns (N, D) tensors.

    A subclass gives ``input_spec``, ``embedding_size``, ``build`` and ``training``. Where its
    parameters have a field ``weights``, that file is loaded; one of another layout than ours is
    translated once, and read as safetensors from the store after that.
    """

    network: torch.nn.Module

    @property
    def ready(self) -> bool:
        """Whether the parameters name weights."""
        return getattr(self.params, "weights", None) is not None

    @property
    def layouts(self) -> tuple[WeightsLayout, ...]:
        """Public key layouts of ``weights`` files, besides our own."""
        return ()

    @abstractmethod
    def build(self) -> torch.nn.Module:
        """The network with its initial weights, drawn from torch's default generator."""

    def prepare(self, ctx: Context) -> None:
        """Build the network from the context's seed, load weights, and put it onto the device."""
        super().prepare(ctx)
        device = torch.device(ctx.device)
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(derive(ctx.seed, "initial weights") % 2**63)
            network = self.build()
        path: str | Path | None = getattr(self.params, "weights", None)
        if path is not None:
            self._load_public(network, Path(path))
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network = network.to(device).eval()

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed uint8 RGB (N, height, width, 3) to float32 (N, embedding_size), not normalised."""
        device, precision = torch.device(self.ctx.device), self.ctx.precision
        inputs = to_tensor(images, self.input_spec, device)
        self.network.eval()
        with (
            torch.inference_mode(),
            torch.autocast(device.type, AUTOCAST.get(precision), enabled=precision in AUTOCAST),
        ):
            output: NDArray[np.float32] = self.network(inputs).float().cpu().numpy()
        return output

    def save(self, folder: Path) -> None:
        """Write ``weights.safetensors``, whole or not at all."""
        write_weights(self.network, folder / WEIGHTS)

    def load(self, folder: Path) -> None:
        """Read what ``save`` wrote; missing and unexpected entries are refused by name."""
        path = folder / WEIGHTS
        load_weights(self.network, read_weights(path), str(path))

    def _load_public(self, network: torch.nn.Module, path: Path) -> None:
        if kind_of(path) is FileKind.SAFETENSORS:
            load_weights(network, read_weights(path, self.layouts, network), str(path))
            return

        def translate(folder: Path) -> None:
            load_weights(network, read_weights(path, self.layouts, network), str(path))
            write_weights(network, folder / WEIGHTS)

        # The same file means other entries in a network of another depth.
        shapes = {name: list(value.shape) for name, value in network.state_dict().items()}
        parts = {"sha256": file_sha256(path), "shapes": shapes}
        kept = self.ctx.artifact("weights", parts, translate) / WEIGHTS
        load_weights(network, read_weights(kept), str(kept))
