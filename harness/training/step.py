"""One step of training: a batch to a loss, its gradient and changed weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from harness.embedding.inputs import to_tensor
from harness.training import microbatch
from harness.training.distributed import ALONE, Ranks
from harness.training.health import spread

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from harness.components import InputSpec
    from harness.training.recipe import TrainingRecipe

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}


@dataclass(frozen=True)
class StepLog:
    """What a step did: loss, spread of the embeddings, learning rate, and what was logged."""

    loss: float
    spread: float
    rate: float
    log: Mapping[str, float]


class TrainingStep:
    """Network, objective and optimiser under one roof; knows nothing of data and checkpoints."""

    def __init__(
        self,
        recipe: TrainingRecipe,
        spec: InputSpec,
        device: torch.device,
        precision: str,
        ranks: Ranks = ALONE,
    ) -> None:
        self.recipe, self.spec, self.device, self.precision = recipe, spec, device, precision
        self.ranks = ranks
        recipe.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.body = nn.ModuleDict({"network": recipe.network, "objective": recipe.objective})
        self.body.to(device).train()
        self.optimiser = recipe.optimiser(self.body)
        self.scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")

    def state(self) -> dict[str, Any]:
        """Everything a checkpoint must hold of this."""
        return {
            "body": self.body.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what ``state`` returned."""
        self.body.load_state_dict(state["body"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scaler.load_state_dict(state["scaler"])

    def restart(self) -> None:
        """Build the optimiser again."""
        self.optimiser = self.recipe.optimiser(self.body)

    def __call__(
        self, images: NDArray[np.uint8], labels: NDArray[np.int64], step: int, seed: int
    ) -> StepLog | None:
        """Learn from uint8 RGB (B, H, W, 3) and labels (B,); None where there is nothing to learn.

        With several processes, ``images`` are this one's share and ``labels`` the whole batch's.
        ``seed`` starts torch's generator, from which dropout and selection draw.
        """
        inputs = to_tensor(images, self.spec, self.device)
        most = self.recipe.images_per_pass or len(images)
        parts = inputs.tensor_split(-(-len(images) // most))
        # Every part of the batch has a number, whichever process it is in.
        own_seed = seed + self.ranks.rank * len(parts)
        whole = len(parts) == self.ranks.count == 1
        torch.manual_seed(own_seed)
        if len(parts) == 1:
            mine = self.forward(inputs).float()
        else:
            mine = microbatch.outputs(self.recipe.network, self.forward, parts, own_seed)
        output = mine
        if not whole:
            output = self.ranks.gather(mine, len(labels)).requires_grad_()
            # All processes compute the same loss, so whatever it draws must be equal in all of
            # them.
            torch.manual_seed(seed)
        target = torch.from_numpy(labels).to(self.device)
        loss, log = self.recipe.objective(output, target)
        if loss is None:
            return None
        rate = self._rate(step)
        self.optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        if not whole:
            assert output.grad is not None
            gradient = output.grad[self.ranks.share(len(labels))]
            if len(parts) == 1:
                mine.backward(gradient)
            else:
                microbatch.backward(self.forward, parts, gradient, own_seed)
            self.ranks.add_up(self.recipe.network)
        self._update()
        return StepLog(float(loss.detach()), spread(output), rate, log)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The network's output in the precision of the training."""
        with torch.autocast(
            self.device.type, AUTOCAST.get(self.precision), enabled=self.precision in AUTOCAST
        ):
            output: torch.Tensor = self.recipe.network(inputs)
        return output

    def _rate(self, step: int) -> float:
        factor = self.recipe.schedule(step)
        for group in self.optimiser.param_groups:
            group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor
        return float(self.optimiser.param_groups[0]["lr"])

    def _update(self) -> None:
        if self.recipe.clip_norm is not None:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.body.parameters(), self.recipe.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
