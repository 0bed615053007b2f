"""A trained torch model as an ONNX file that the ``onnx`` model can run."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.embedding.inputs import to_array
from harness.embedding.onnx_session import open_session
from harness.errors import DataError
from harness.files import written_whole

if TYPE_CHECKING:
    from pathlib import Path

    from harness.training.torch_model import TorchModel

TOLERANCE = 1e-4
"""Largest difference between torch and ONNX, as a share of the largest value."""


def export_onnx(model: TorchModel, path: Path) -> float:
    """Write the network with a free batch axis, and check it at batch 1 and 7 before it appears.

    Input ``input`` is float32 (N, 3, H, W), normalised as the model's ``InputSpec`` says; output
    ``embedding`` is float32 (N, D). Returns the largest difference found, as a share of the largest
    value. Raises DataError when it is above ``TOLERANCE``.
    """
    spec = model.input_spec
    network = model.network.eval().cpu().float()
    example = torch.zeros(2, 3, spec.height, spec.width)
    axes = {"input": {0: "n"}, "embedding": {0: "n"}}
    with written_whole(path) as aside:
        with warnings.catch_warnings():
            # Sizes of maps become constants of the graph, which is what a fixed input means.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                (example,),
                str(aside),
                input_names=["input"],
                output_names=["embedding"],
                dynamic_axes=axes,
                opset_version=17,
                dynamo=False,
            )
        worst = difference(model, aside)
        if not worst <= TOLERANCE:
            raise DataError(
                f"the ONNX file differs from the network by {worst:.1e} of its largest value; "
                f"{path} was not written"
            )
    model.network.to(model.ctx.device)
    return worst


def difference(model: TorchModel, path: Path) -> float:
    """Largest difference of an ONNX file from the network on random images, at batch 1 and 7.

    As a share of the largest value; both run on the CPU.
    """
    spec, session, worst = model.input_spec, open_session(path), 0.0
    for batch in (1, 7):
        shape = (batch, spec.height, spec.width, 3)
        images = np.random.default_rng(batch).integers(0, 256, shape, np.uint8)
        values = to_array(images, spec)
        with torch.inference_mode():
            ours = model.network(torch.from_numpy(values)).numpy()
        theirs = session.run(None, {"input": values})[0]
        worst = max(worst, float(np.abs(ours - theirs).max() / np.abs(ours).max()))
    return worst
