"""Images from ``.rps`` files: one each, at the size, camera, light and face that the file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, PrerequisiteError
from harness.plugin.files import walk_files
from harness.plugin.sources import natural

from .background import Background
from .model.morphable import Modes, MorphableModel
from .params import BfmParams
from .rendering.map_files import Shown
from .rendering.maps import MapView
from .rendering.render import ColourLook, ColourTransform, Renderer, Rendering
from .rps import read_scene
from .scene import FRONT, Scene, camera_light, placed

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Remake:
    """One file's image: uint8 RGB (height, width, 3), and what it was made of."""

    pixels: Bytes
    rendering: Rendering
    scene: Scene
    background: str
    path: Path


class Rerender:
    """The files of a folder by identity and sample: identities are the folders that hold files."""

    def __init__(self, params: BfmParams, model: MorphableModel, root: Path) -> None:
        self._params, self._model = params, model
        self._groups = grouped(root)
        self._opened: tuple[tuple[int, ColourLook], Renderer, Background] | None = None

    @property
    def counts(self) -> NDArray[np.int32]:
        """Files of each identity."""
        return np.array([len(group) for group in self._groups], np.int32)

    def scene(self, identity: int, sample: int) -> Scene:
        """What one file says; raises ``DataError`` naming it."""
        return read_scene(self._groups[identity][sample])

    def image(self, identity: int, sample: int, rng: np.random.Generator) -> Remake:
        """One image; ``rng`` draws its background."""
        path = self._groups[identity][sample]
        scene = read_scene(path)
        try:
            points, albedo = self.face(scene)
            camera = scene.camera()
        except DataError as error:
            raise DataError(f"{path}: {error}") from None
        renderer, backgrounds = self._open(scene)
        background, behind = backgrounds.draw(rng)
        rendering = renderer.render(
            placed(points, scene), albedo, FRONT, camera_light(scene), background, camera=camera
        )
        pixels = np.ascontiguousarray(rendering.pixels[: scene.height, : scene.width])
        return Remake(pixels, rendering, scene, behind, path)

    def shown(self, identity: int, sample: int) -> Shown:
        """What the image of one file shows."""
        scene = self.scene(identity, sample)
        points, albedo = self.face(scene)
        view = MapView(placed(points, scene), albedo, FRONT, camera_light(scene), scene.camera())
        return Shown(view, scene.width, scene.height)

    def face(self, scene: Scene) -> tuple[Floats, Floats]:
        """Points and albedo (3, V) of a scene; without expression coefficients the neutral face."""
        points = _instance("shape", self._model.shape, scene.shape)
        albedo = _instance("colour", self._model.colour, scene.colour)
        if scene.styles:
            styles = self._model.styles
            if styles is None or len(styles.names) != len(scene.styles):
                raise DataError(
                    f"{len(scene.styles)} styles do not fit the model; give the model it was made "
                    "with (model_file)"
                )
            points, albedo = styles.apply(np.array(scene.styles, np.float32), points, albedo)
        if scene.expression:
            points += _instance("expression", self._model.expression, scene.expression)
        return points, np.clip(albedo, 0, 1)

    def _open(self, scene: Scene) -> tuple[Renderer, Background]:
        """Scratch memory for the size of a scene; images of one size share it."""
        params = self._params
        side = max(scene.width, scene.height)
        transform = ColourTransform(scene.gain, scene.contrast, scene.offset)
        key = side, ColourLook(transform, truncate=params.rounding == "down")
        if self._opened is None or self._opened[0] != key:
            renderer = Renderer(self._model, side, 1.0, params.supersample, key[1])
            self._opened = key, renderer, Background(params, side)
        return self._opened[1:]


def _instance(name: str, modes: Modes, coefficients: Sequence[float]) -> Floats:
    if len(coefficients) > modes.rank:
        raise DataError(
            f"{len(coefficients)} {name} coefficients are more than the {modes.rank} of the model; "
            "give the model it was made with (model_file)"
        )
    return modes.instance(np.array(coefficients, np.float32))


def grouped(root: Path) -> list[list[Path]]:
    """The ``.rps`` files below a folder (or one file) by folder, all in natural order."""
    if root.is_file():
        return [[root]]
    folders: dict[Path, list[Path]] = {}
    for name in walk_files(root):
        if name.endswith(".rps"):
            folders.setdefault((root / name).parent, []).append(root / name)
    if not folders:
        raise PrerequisiteError(f"rps {root} holds no .rps file; give a folder of them, or one")
    ordered = sorted(folders, key=lambda folder: natural(folder.relative_to(root).as_posix()))
    return [sorted(folders[folder], key=lambda path: natural(path.name)) for folder in ordered]
