"""An ONNX network as a model."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import Model
from harness.components import InputSpec
from harness.embedding.inputs import to_array
from harness.embedding.onnx_input import declared
from harness.embedding.onnx_session import open_session
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.components import Context

    from .params import OnnxParams


class OnnxModel(Model):
    """One input (N, 3, H, W) float32, one output (N, D); names and sizes come from the file."""

    params: OnnxParams

    def prepare(self, ctx: Context) -> None:
        """Open the network and check that it wants the declared input.

        Raises UsageError when declared and actual input differ, DataError when the file is no
        embedding network.
        """
        super().prepare(ctx)
        path = self.params.path
        self._session = open_session(path, ctx.device)
        self._spec = agreed(self.params, declared(self._session, path))
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise DataError(
                f"{path} has {len(inputs)} inputs and {len(outputs)} outputs; an embedding network "
                "has one of each"
            )
        self._input, self._output = inputs[0].name, outputs[0].name
        self._check_input(inputs[0].type, inputs[0].shape)
        batch = inputs[0].shape[0]
        self._fixed_batch = batch if isinstance(batch, int) else None
        first = self.embed(np.zeros((1, self._spec.height, self._spec.width, 3), np.uint8))
        self._size: int = first.shape[1]

    @property
    def input_spec(self) -> InputSpec:
        """The input as declared by the file, the parameters or both. Asked after ``prepare``."""
        return self._spec

    @property
    def embedding_size(self) -> int:
        """Length of one embedding, found by running the network once."""
        return self._size

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed uint8 RGB (N, height, width, 3) to float32 (N, D), as the network returns it.

        A network whose batch size is fixed is run on as many images at a time, padded with black.
        """
        values = to_array(images, self.input_spec)
        step = self._fixed_batch or max(len(values), 1)
        parts = [self._run(values[start : start + step]) for start in range(0, len(values), step)]
        return np.concatenate(parts) if parts else np.empty((0, self._size), np.float32)

    def _run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        count = len(values)
        if self._fixed_batch and count < self._fixed_batch:
            missing = np.zeros((self._fixed_batch - count, *values.shape[1:]), np.float32)
            values = np.concatenate([values, missing])
        (output,) = self._session.run([self._output], {self._input: values})
        found: NDArray[Any] = np.asarray(output)
        if found.ndim != 2 or len(found) != len(values):
            raise DataError(
                f"{self.params.path} returns shape {found.shape} for {len(values)} images; an "
                "embedding network returns (images, size)"
            )
        return found[:count].astype(np.float32, copy=False)

    def _check_input(self, kind: str, shape: Sequence[Any]) -> None:
        path, spec = self.params.path, self._spec
        if kind != "tensor(float)" or len(shape) != 4:
            raise DataError(
                f"{path} wants an input of {kind} with shape {shape}; only float32 images "
                "(N, 3, height, width) are supported"
            )
        for name, want, have in zip(
            ("channels", "height", "width"), (3, spec.height, spec.width), shape[1:], strict=True
        ):
            if isinstance(have, int) and have != want:
                raise UsageError(
                    f"{path} wants {name} {have} but {want} is declared; give -M width= and "
                    "-M height= (or a preset) as the network was trained"
                )


def agreed(params: OnnxParams, said: InputSpec | None) -> InputSpec:
    """The input by the parameters, and by the file where they are silent.

    Without either it is ArcFace's (preset arcface). Raises UsageError where both speak and differ.
    """
    given = params.model_dump(include={field.name for field in fields(InputSpec)})
    chosen = {name: value for name, value in given.items() if value is not None}
    if said is None:
        return InputSpec(**{**params.presets["arcface"], **chosen})
    for name, value in chosen.items():
        stored = getattr(said, name)
        if value != stored:
            raise UsageError(
                f"{params.path} says that its input has {name} {stored}, but {value} is declared; "
                f"leave out {name} and any preset"
            )
    return said
