"""The generator ``bfm``: identities of a morphable model under random pose, light, background."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from harness.plugin import Context, UsageError, stream
from harness.plugin.generators import Face, Generator, Missing, Slot

from . import embedded, exports, sampling
from .background import Background
from .degrade import degraded
from .distributions import Constant, Gaussian, Mixture, Uniform
from .framing import Framing
from .model.h5_model import read_h5
from .model.h5_write import write_h5
from .model.models import read_model
from .model.morphable import MorphableModel
from .model.styles import Styles
from .people import TOGETHER, FaceLook, KnownPeople
from .rendering import illumination, kernels, map_files, maps
from .rendering.camera import DISTANCE_MM
from .rendering.map_files import MapFiles, Shown
from .rendering.render import Renderer, Rendering
from .rerender import Rerender
from .sampling import FaceView, Pose
from .scene import Scene, Turned
from .shots import Drawn, Shot, degrees, look, meta_of

if TYPE_CHECKING:
    from .rendering.batches import RenderBatches

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_MODEL_FILE, _STYLES_FILE = "model.h5", "styles.npz"
_BLENDED = Mixture(components=((7.0, Constant()), (1.0, Uniform(low=0.0, high=0.7))))


class Bfm(Generator):
    """Renders faces after Kortylewski et al. 2018, with a morphable model of our own or a file's.

    An identity is its shape and colour coefficients; expression, pose, light and background are
    drawn for each image, every one from a stream of its own.
    """

    shard_slots = 2000
    sidecars: ClassVar[Mapping[str, str]] = {**exports.SUFFIXES, **map_files.SUFFIXES}

    def prepare(self, ctx: Context) -> None:
        """Make the embedded model if the store lacks it, and load what all images share."""
        super().prepare(ctx)
        params = self.params
        self._model = self._open_model()
        self._renderer = Renderer(
            self._model, params.image_px, params.box_scale, params.supersample, look(params)
        )
        self._framing = Framing(params, self._model)
        self._background = Background(params, params.image_px)
        self._lights = illumination.Lights(params)
        self._people = KnownPeople(self._model, params, ctx.seed)
        self._batches: RenderBatches | None = None
        device = self._accelerator()
        if device is not None and params.rps is None:
            from .rendering.batches import RenderBatches

            self._batches = RenderBatches(self._model, params, device)
        self._maps = MapFiles(self._model)
        self._files = None if params.rps is None else Rerender(params, self._model, params.rps)
        if device is None and not kernels.are_cached():
            ctx.progress(0, 0, "", kernels.COMPILING)
        self._say()

    def _accelerator(self) -> str | None:
        """The torch device that draws, None for the compiled path."""
        return self.ctx.device if self.ctx.device.startswith("cuda") else None

    def _open_model(self) -> MorphableModel:
        if self.params.model_file is None:
            return self._embedded()
        return read_model(Path(self.params.model_file), self.params.landmarks_file, self._embedded)

    def _embedded(self) -> MorphableModel:
        folder = self.ctx.artifact("embedded-model", {"revision": embedded.REVISION}, _build)
        model = replace(read_h5(folder / _MODEL_FILE), name="embedded")
        return replace(model, styles=Styles.load(folder / _STYLES_FILE))

    def _say(self) -> None:
        """What the reader of a result must know about these images."""
        params = self.params
        for sentence in params.config_differs:
            self.ctx.note(f"unlike the published generator: {sentence}")
        if self._model.ruled_landmarks and params.landmarks_file is None:
            self.ctx.note(
                f"{self._model.name} names no landmarks; they are placed by rule, some millimetres "
                "off (landmarks_file gives exact ones)"
            )
        if params.rps is not None and self._accelerator() is not None:
            self.ctx.note("images of .rps files are drawn by the CPU; each has its own size")
        if params.centring == "facebox" and params.scaling != Constant(value=1.0):
            self.ctx.note("scaling has no effect with centring=facebox, as published")

    def samples_per_identity(self) -> NDArray[np.int32]:
        """The same number for every identity, int32 (identities,); of .rps files, what is there."""
        if self._files is not None:
            return self._files.counts
        return np.full(self.params.identities, self.params.images_per_id, np.int32)

    def generate(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        """Yield one face for each slot; none is ever missing."""
        if self._files is not None:
            yield from (self._again(self._files, slot) for slot in slots)
            return
        shots = self._shots(slots)
        if self._batches is None:
            for shot in shots:
                yield self._face(shot, self._drawn(shot))
            return
        from .rendering.batches import TOGETHER as BATCH

        while batch := list(islice(shots, BATCH)):
            for shot, pixels in zip(batch, self._batches.pixels(batch), strict=True):
                pose, camera = shot.drawn.view.pose, shot.camera
                yield self._face(shot, self._renderer.marked(pixels, shot.points, pose, camera))

    def _shots(self, slots: Sequence[Slot]) -> Iterator[Shot]:
        for start in range(0, len(slots), TOGETHER):
            some = slots[start : start + TOGETHER]
            drawn = [self._draw(slot) for slot in some]
            self._people.meet([slot.identity for slot in slots[start:]])
            for slot, own, moved in zip(some, drawn, self._expressions(drawn), strict=True):
                look = self._look(slot)
                # In place: what was just made is in the cache, new memory is not.
                points = look.points if moved is None else np.add(look.points, moved, out=moved)
                camera = self._framing.camera(points, own.view)
                worn = self._people.worn(look)
                yield Shot(slot, own, worn, points, look.albedo, camera, *self._behind(slot))

    def _drawn(self, shot: Shot) -> Rendering:
        view, light = shot.drawn.view, shot.drawn.light
        return self._renderer.render(
            shot.points, shot.albedo, view.pose, light, shot.behind, camera=shot.camera
        )

    def _face(self, shot: Shot, rendering: Rendering) -> Face:
        pixels, losses = degraded(
            self.params, rendering.pixels, rendering.box, shot.slot.sample,
            lambda what: self._stream(what, shot.slot),
        )  # fmt: skip
        worn = {} if shot.worn is None else {"styles": shot.worn}
        return Face(
            shot.slot,
            self._encode(pixels),
            landmarks=rendering.landmarks,
            box=rendering.box,
            meta=meta_of(shot.drawn, shot.camera, shot.place) | worn | losses,
        )

    def _look(self, slot: Slot) -> FaceLook:
        return self._people.look(slot.identity, self._stream("restyle", slot))

    def _again(self, files: Rerender, slot: Slot) -> Face:
        """The image of one .rps file."""
        made = files.image(*slot, self._stream("background", slot))
        scene = made.scene
        if scene.model and Path(scene.model).name != self._model.name:
            self.ctx.note(f".rps files made with {scene.model} are rendered with "
                          f"{self._model.name}")  # fmt: skip
        drawn = Drawn(FaceView(degrees(scene.pose)), scene.light, "rps", None)
        return Face(
            slot,
            self._encode(made.pixels),
            landmarks=made.rendering.landmarks,
            box=made.rendering.box,
            meta=meta_of(drawn, made.rendering.camera, made.background) | {"rps": made.path.name},
        )

    def scene(self, slot: Slot) -> Scene:
        """Pose, camera, light and coefficients of one image, as its ``.rps`` file holds them."""
        if self._files is not None:
            return self._files.scene(*slot)
        person, drawn, look = self._people[slot.identity], self._draw(slot), self._look(slot)
        camera = self._framing.camera(self._points(slot), drawn.view)
        pose = np.deg2rad([drawn.view.pose.roll_deg, drawn.view.pose.yaw_deg,
                           drawn.view.pose.pitch_deg])  # fmt: skip
        shape, colour = (tuple(values.tolist()) for values in person.coefficients)
        scene = Scene(
            light=drawn.light,
            pose=Turned((0.0, 0.0, -DISTANCE_MM), *pose.tolist()),
            width=self.params.image_px,
            height=self.params.image_px,
            shape=shape,
            colour=colour,
            expression=() if drawn.expression is None else self._padded(drawn.expression),
            styles=() if look.styles is None else tuple(look.styles.tolist()),
            model=self._model.name,
            gain=self.params.gain,
            contrast=self.params.contrast,
            offset=self.params.offset,
        )
        return scene.with_camera(camera)

    def sidecar(self, slot: Slot, layout: str) -> str | Mapping[str, str | bytes]:
        """The ``.rps`` (V4.0), ``.csv`` or ``.tlms`` file of one image, or its maps by suffix."""
        if layout in map_files.SUFFIXES:
            wanted = list(self.params.maps) if layout == "maps" else [layout]
            if not wanted:
                known = ", ".join(name for name in map_files.SUFFIXES if name != "maps")
                raise UsageError(f"the set was made without maps=; name a format: {known}")
            return self._maps.files(self._shown(slot), wanted)
        scene, model = self.scene(slot), self._model
        if layout == "rps":
            return exports.rps(scene)
        if layout == "csv":
            return exports.csv(scene, (model.shape.rank, model.colour.rank, model.expression.rank))
        return exports.tlms(scene, model, self._points(slot))

    def _shown(self, slot: Slot) -> Shown:
        """What one image shows, before anything covers or coarsens it."""
        if self._files is not None:
            return self._files.shown(*slot)
        drawn, points, size = self._draw(slot), self._points(slot), self.params.image_px
        camera = self._framing.camera(points, drawn.view)
        albedo = self._look(slot).albedo
        return Shown(maps.MapView(points, albedo, drawn.view.pose, drawn.light, camera), size, size)

    def _points(self, slot: Slot) -> Floats:
        """The face of one image, (3, vertices), before it is posed."""
        if self._files is not None:
            return self._files.face(self._files.scene(*slot))[0]
        points = self._look(slot).points
        (moved,) = self._expressions([self._draw(slot)])
        return points if moved is None else points + moved

    def _padded(self, coefficients: Floats) -> tuple[float, ...]:
        """With zeros to the rank of the model: no coefficients at all mean the neutral face."""
        out = np.zeros(self._model.expression.rank)
        out[: len(coefficients)] = coefficients
        return tuple(out.tolist())

    # -- what is drawn -------------------------------------------------------------------------

    def _stream(self, what: str, slot: Slot) -> np.random.Generator:
        return stream(self.ctx.seed, "bfm", what, slot.identity, slot.sample)

    def _draw(self, slot: Slot) -> Drawn:
        params = self.params
        if params.grid is None:
            view = sampling.view(params, slot.sample, self._stream("pose", slot))
            light, name = self._lights.draw(slot.sample, self._stream("light", slot)), params.light
        else:
            at = params.grid.at(slot.sample)
            view = FaceView(Pose(at["yaw_deg"], at["pitch_deg"], at["roll_deg"]))
            light, name = illumination.around(at["light_deg"]), f"{at['light_deg']:g} deg"
        expression = None
        if params.expressions:
            # One expression for all controlled images of an identity.
            where = slot if params.grid is None else Slot(slot.identity, 0)
            expression = self._expression(where)
        return Drawn(view, light, name, expression)

    def _expression(self, slot: Slot) -> Floats:
        params, modes = self.params, self._model.expression
        rng = self._stream("expression", slot)
        usual = _BLENDED if self._model.blend_shapes else Gaussian(std=1.0)
        wanted = params.expression_components
        rank = modes.rank if wanted is None else min(wanted, modes.rank)
        drawn = sampling.coefficients(rng, rank, params.expression or usual, params.bound_std)
        if params.expression_strength == Constant(value=1.0):
            return drawn
        rng = self._stream("expression strength", slot)
        return drawn * np.float32(sampling.single(params.expression_strength, slot.sample, rng))

    def _expressions(self, drawn: Sequence[Drawn]) -> Sequence[Floats | None]:
        """What each expression adds to the shape; nothing, not even the mean, for the neutral."""
        wanted = [own.expression for own in drawn if own.expression is not None]
        if len(wanted) < len(drawn):
            return [None] * len(drawn)
        return list(self._model.expression.instances(np.stack(wanted)))

    def _behind(self, slot: Slot) -> tuple[Bytes, str]:
        """The background of an image and its name; in a grid all identities share them."""
        if self.params.grid is None:
            return self._background.draw(self._stream("background", slot))
        number = int(self.params.grid.at(slot.sample)["background"])
        return self._background.at(number, stream(self.ctx.seed, "bfm", "backgrounds", number))

    def _encode(self, pixels: Bytes) -> bytes:
        quality = [cv2.IMWRITE_JPEG_QUALITY, self.params.jpeg_quality]
        done, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)
        if not done:
            raise RuntimeError("JPEG encoding failed")
        return encoded.tobytes()


def _build(folder: Path) -> None:
    # One thread: eigenvectors must not depend on how many processors the first user had.
    with threadpool_limits(1):
        model = embedded.build()
    write_h5(model, folder / _MODEL_FILE)
    assert model.styles is not None
    model.styles.save(folder / _STYLES_FILE)
