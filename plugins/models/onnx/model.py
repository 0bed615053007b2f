"""An ONNX network as a model."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.plugin import DataError, InputSpec, UsageError
from harness.plugin.models import Model, declared, open_session, run_session, to_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from harness.plugin import Context

    from .params import OnnxParams

AXES = {"nchw": ("channels", "height", "width"), "nhwc": ("height", "width", "channels")}
ASSUMED = "arcface"
"""Preset that stands for what neither the file nor the user says of the input."""
MIXED = 0.05
"""Distance, relative to the embedding, from which an image alone and in a batch are not the same;
rounding gives 1e-3 at most, in half precision."""


class OnnxModel(Model):
    """One input of float32 images, one output (N, D); names and sizes come from the file."""

    params: OnnxParams

    def prepare(self, ctx: Context) -> None:
        """Open the network, check that it wants the declared input, and try it.

        Raises UsageError when declared and actual input or output differ, DataError when the file
        is not an embedding network or does not run.
        """
        super().prepare(ctx)
        path = self.params.path
        self._session = open_session(path, ctx.device)
        said = declared(self._session, path)
        self._spec = agreed(self.params, said)
        if said is None:
            self._note_assumed()
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise DataError(
                f"{path} has {len(inputs)} inputs ({', '.join(map(_described, inputs))}); an "
                "embedding network has one"
            )
        self._input, self._output = inputs[0].name, self._chosen_output()
        self._nhwc = self._check_input(inputs[0].type, inputs[0].shape) == "nhwc"
        batch = inputs[0].shape[0]
        self._fixed_batch = batch if isinstance(batch, int) else None
        self._try()

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
        if self._nhwc:
            values = np.ascontiguousarray(values.transpose(0, 2, 3, 1))
        step = self._fixed_batch or max(len(values), 1)
        parts = [self._run(values[start : start + step]) for start in range(0, len(values), step)]
        return np.concatenate(parts) if parts else np.empty((0, self._size), np.float32)

    def _run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        count = len(values)
        if self._fixed_batch and count < self._fixed_batch:
            missing = np.zeros((self._fixed_batch - count, *values.shape[1:]), np.float32)
            values = np.concatenate([values, missing])
        path = self.params.path
        inputs, limit_s = {self._input: values}, self.params.limit_s
        (output,) = run_session(self._session, path, [self._output], inputs, limit_s)
        found: NDArray[Any] = np.asarray(output)
        if found.ndim != 2 or len(found) != len(values):
            raise DataError(
                f"{path} returns shape {found.shape} for {len(values)} images; an embedding "
                "network returns (images, size)"
            )
        return found[:count].astype(np.float32, copy=False)

    def _note_assumed(self) -> None:
        """Say which facts about the input neither the file nor the user stated."""
        open_ = [field.name for field in fields(InputSpec)
                 if getattr(self.params, field.name) is None]  # fmt: skip
        if open_:
            self.ctx.note(
                f"{self.params.path.name} does not say what its input is: {', '.join(open_)} "
                f"{'is' if len(open_) == 1 else 'are'} assumed as of preset {ASSUMED}; give a "
                "preset or state them as the network was trained"
            )

    def _try(self) -> None:
        """Run the network on one image and on two: many break on a batch that they announce."""
        shape = (2, self._spec.height, self._spec.width, 3)
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        try:
            alone = self.embed(images[:1])
        except DataError as error:
            if self._nhwc or self.params.layout is not None:
                raise
            raise DataError(
                f"{error}; if the network wants (N, height, width, 3), give -M layout=nhwc"
            ) from None
        self._size: int = alone.shape[1]
        if self._fixed_batch is not None or self.ctx.batch_size == 1:
            return
        try:
            together = self.embed(images)
        except DataError as error:
            self._fixed_batch = 1
            self.ctx.note(f"images were given to {self.params.path.name} one by one, since it only "
                          f"works on one at a time: {error}")  # fmt: skip
            return
        if np.abs(together[0] - alone[0]).max() > MIXED * np.abs(alone[0]).max():
            raise DataError(
                f"{self.params.path} gives an image another embedding in a batch than alone, as "
                "networks in training mode do; export it for inference, or use --batch-size 1"
            )

    def _chosen_output(self) -> str:
        path, wanted = self.params.path, self.params.output
        outputs = {output.name: output for output in self._session.get_outputs()}
        listed = ", ".join(map(_described, outputs.values()))
        if wanted is not None and wanted not in outputs:
            raise UsageError(f"{path} has no output {wanted!r}; it has {listed}")
        if wanted is None and len(outputs) > 1:
            raise DataError(
                f"{path} has {len(outputs)} outputs: {listed}; name the embedding by -M output=NAME"
            )
        return wanted or next(iter(outputs))

    def _check_input(self, kind: str, shape: Sequence[Any]) -> str:
        """The layout of the input; raises where it is not one of images of the declared size."""
        path, spec = self.params.path, self._spec
        if kind != "tensor(float)" or len(shape) != 4:
            raise DataError(
                f"{path} wants an input of {kind} with shape {shape}; only float32 images "
                "(N, 3, height, width) or (N, height, width, 3) are supported"
            )
        seen = "nhwc" if shape[3] == 3 and shape[1] != 3 else "nchw"
        layout = self.params.layout or seen
        want = {"channels": 3, "height": spec.height, "width": spec.width}
        for name, have in zip(AXES[layout], shape[1:], strict=True):
            if isinstance(have, int) and have != want[name]:
                advice = f"leave out layout={layout}" if layout != seen else (
                    "only networks for colour images are supported" if name == "channels" else
                    "give -M width= and -M height= (or a preset) as the network was trained"
                )  # fmt: skip
                raise UsageError(
                    f"{path} wants {name} {have} but {want[name]} is declared; {advice}"
                )
        return layout


def _described(value: Any) -> str:
    """Name and shape of an input or output; ``?`` for an axis without a size."""
    sizes = ", ".join("?" if size is None else str(size) for size in value.shape or ())
    return f"{value.name} ({sizes})"


def agreed(params: OnnxParams, said: InputSpec | None) -> InputSpec:
    """The input by the parameters, and by the file where they are silent.

    Without either it is that of preset :data:`ASSUMED`. Raises UsageError where they differ.
    """
    given = params.model_dump(include={field.name for field in fields(InputSpec)})
    chosen = {name: value for name, value in given.items() if value is not None}
    if said is None:
        return InputSpec(**{**params.presets[ASSUMED], **chosen})
    for name, value in chosen.items():
        stored = getattr(said, name)
        if value != stored:
            raise UsageError(
                f"{params.path} says that its input has {name} {stored}, but {value} is declared; "
                f"leave out {name} and any preset"
            )
    return said
