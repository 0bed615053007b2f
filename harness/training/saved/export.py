"""A trained torch model as an ONNX file that the ``onnx`` model runs without further parameters."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import torch

from harness.embedding.inputs import to_array
from harness.embedding.onnx_input import as_metadata
from harness.embedding.onnx_session import open_session
from harness.errors import DataError, PrerequisiteError
from harness.fileio.atomic import written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.training.torch_model import TorchModel

TOLERANCE = 1e-4
"""Largest difference between torch and ONNX, as a share of the largest value."""

BATCHES = (1, 7)
OPSET = 17


def export_onnx(
    model: TorchModel, path: Path, metadata: Mapping[str, str] | None = None
) -> dict[int, float]:
    """Write the network with a free batch axis, and check it at batch 1 and 7 before it appears.

    Input ``input`` is float32 (N, 3, H, W), normalised as the model's ``InputSpec`` says; output
    ``embedding`` is float32 (N, D). The specification is stored in the file, beside ``metadata``.
    Returns the largest difference at each batch, as a share of the largest value. Raises DataError
    when one is above ``TOLERANCE``, and PrerequisiteError where the package onnx is missing.
    """
    _require_onnx()
    network = model.network.eval().cpu().float()
    try:
        with written_whole(path) as aside:
            _write(network, model, aside, metadata or {})
            found = difference(model, aside)
            worst = max(found.values())
            if not worst <= TOLERANCE:
                raise DataError(
                    f"the ONNX file differs from the network by {worst:.1e} of its largest value; "
                    f"{path} was not written"
                )
    finally:
        model.network.to(model.ctx.device)
    return found


def difference(model: TorchModel, path: Path) -> dict[int, float]:
    """Largest difference of an ONNX file from the network on random images, by batch (1 and 7).

    As a share of the largest value; both run on the CPU in float32.
    """
    spec, session = model.input_spec, open_session(path)
    found = {}
    for batch in BATCHES:
        shape = (batch, spec.height, spec.width, 3)
        images = np.random.default_rng(batch).integers(0, 256, shape, np.uint8)
        values = to_array(images, spec)
        with torch.inference_mode():
            ours = model.network(torch.from_numpy(values)).numpy()
        theirs = session.run(None, {"input": values})[0]
        found[batch] = float(np.abs(ours - theirs).max() / np.abs(ours).max())
    return found


def _write(
    network: torch.nn.Module, model: TorchModel, path: Path, metadata: Mapping[str, str]
) -> None:
    import onnx

    spec = model.input_spec
    with warnings.catch_warnings():
        # Sizes of maps become constants of the graph, which is what a fixed input means.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.zeros(2, 3, spec.height, spec.width),),
            str(path),
            input_names=["input"],
            output_names=["embedding"],
            dynamic_axes={"input": {0: "n"}, "embedding": {0: "n"}},
            opset_version=OPSET,
            dynamo=False,
        )
    made = onnx.load(path)
    onnx.helper.set_model_props(made, {**metadata, **as_metadata(spec)})
    onnx.save(made, path)


def _require_onnx() -> None:
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise PrerequisiteError(
            "torch needs the package onnx to export a network; pip install onnx"
        ) from None
