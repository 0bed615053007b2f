"""Render parameters (``.rps``): JSON, read in every version there is, written as V4.0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError, files

from .scene import Scene, Turned

Doubles = NDArray[np.float64]

_LEGACY = frozenset({"", "legacy", "1.0", "V1.0"})
_PERMUTED = (0, 2, 3, 1, 7, 5, 4, 6, 8)
"""Where coefficient i of our order is in files of version 1."""


def read_json(path: Path) -> Mapping[str, Any]:
    """The JSON object of a file; raises ``DataError`` naming it."""
    loaded = files.read_json(path)
    if not isinstance(loaded, dict):
        raise DataError(f"{path} holds no JSON object; it is not an .rps file")
    return loaded


def read_light(loaded: Mapping[str, Any], path: Path) -> Doubles:
    """The environment light, float64 (9, 3), of a file of any version.

    Fewer coefficients count as padded with zeros; of more, the first nine are used. Raises
    ``DataError`` naming the file: no such light, a version nobody knows, numbers that are none.
    """
    version = loaded.get("version", "")
    place = {"V4.0": "environmentMap", "V3.0": "illumination", "V2.0": "illumination"}.get(version)
    try:
        if place is not None:
            values = loaded[place]["coefficients"]
        elif version in _LEGACY:
            values = loaded["sphericalHarmonicsLight"]
        else:
            raise DataError(f"{path} has version {version!r}; known are 1.0 and V2.0 to V4.0")
        light = np.array(values, np.float64)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} has no spherical-harmonics light ({error!r})") from None
    if light.ndim != 2 or light.shape[1] != 3 or not np.isfinite(light).all():
        raise DataError(
            f"{path} has no light of rows of three finite numbers (an empty one means a "
            "directional light, which is not rendered)"
        )
    if place is None:
        light = light[[i for i in _PERMUTED if i < len(light)]]
    out = np.zeros((9, 3))
    out[: min(len(light), 9)] = light[:9]
    return out


def read_scene(path: Path) -> Scene:
    """One image's parameters from a file of version V1 to V4; raises ``DataError`` naming it."""
    loaded = files.read_json(path)
    light = read_light(loaded, path)
    try:
        if loaded.get("version", "") in _LEGACY:
            return _first(loaded, light)
        return _second(loaded, light) if loaded["version"] == "V2.0" else _later(loaded, light)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} lacks an entry of its version, or has one of another kind ({error!r})"
        ) from None


def _first(loaded: Mapping[str, Any], light: Doubles) -> Scene:
    height, width = loaded["image"]
    camera, model, colour = loaded["camera"], loaded["morphableModel"], loaded["color"]
    near = float(camera["near"])
    sensor = [float(side) / near for side in camera["sensorSize"]]
    return Scene(
        light=light,
        **_head(loaded["pose"]),
        **_lens(camera, sensor, _from_pixels(camera["principlePoint"], width, height)),
        view=_turned(camera),
        width=int(width),
        height=int(height),
        shape=_numbers(model["shapeCoefficients"]),
        colour=_numbers(model["colorCoefficients"]),
        model=str(model["modelURI"]),
        gain=_three(colour["gain"]),
        contrast=float(colour["gamma"]),
        offset=_three(colour["offset"]),
    )


def _second(loaded: Mapping[str, Any], light: Doubles) -> Scene:
    camera, size = loaded["camera"], loaded["image"]
    middle = _from_pixels(camera["principalPoint"], size["width"], size["height"])
    return Scene(
        light=light,
        **_head(loaded["pose"]),
        **_lens(camera, camera["sensorSize"], middle),
        **_rest(size, loaded["renderObject"], loaded["color"]),
        view=_turned(camera),
    )


def _later(loaded: Mapping[str, Any], light: Doubles) -> Scene:
    camera = loaded["camera"]
    model = loaded["momo" if loaded["version"] == "V4.0" else "renderObject"]
    return Scene(
        light=light,
        **_head(loaded["pose"]),
        **_lens(camera, camera["sensorSize"], camera["principalPoint"]),
        **_rest(loaded["imageSize"], model, loaded["colorTransform"]),
        view=_turned(loaded["view"]),
    )


def _head(pose: Mapping[str, Any]) -> dict[str, Any]:
    return {"pose": _turned(pose), "scaling": float(pose["scaling"])}


def _turned(written: Mapping[str, Any]) -> Turned:
    angles = (float(written[name]) for name in ("roll", "yaw", "pitch"))
    return Turned(_three(written["translation"]), *angles)


def _lens(camera: Mapping[str, Any], sensor: Any, principal: Any) -> dict[str, Any]:
    (width, height), (x, y) = sensor, principal
    return {
        "focal": float(camera["focalLength"]),
        "sensor": (float(width), float(height)),
        "near": float(camera["near"]),
        "far": float(camera["far"]),
        "principal": (float(x), float(y)),
        "orthographic": bool(camera["orthographic"]),
    }


def _rest(size: Any, model: Mapping[str, Any], colour: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "width": int(size["width"]),
        "height": int(size["height"]),
        "shape": _numbers(model["shape"]),
        "colour": _numbers(model["color"]),
        "expression": _numbers(model.get("expression", ())),
        "styles": _numbers(model.get("styles", ())),
        "model": str(model["modelURI"]),
        "gain": _three(colour["gain"]),
        "contrast": float(colour["colorContrast"]),
        "offset": _three(colour["offset"]),
    }


def _from_pixels(point: Any, width: float, height: float) -> tuple[float, float]:
    x, y = point
    return 2 * float(x) / width, 2 * float(y) / height


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _three(values: Any) -> tuple[float, float, float]:
    x, y, z = values
    return float(x), float(y), float(z)


def scene_json(scene: Scene) -> dict[str, Any]:
    """A scene as the JSON object of a file of version V4.0."""
    return {
        "pose": {"scaling": scene.scaling, **_written(scene.pose)},
        "view": _written(scene.view),
        "camera": {
            "focalLength": scene.focal,
            "sensorSize": list(scene.sensor),
            "near": scene.near,
            "far": scene.far,
            "principalPoint": list(scene.principal),
            "orthographic": scene.orthographic,
        },
        "environmentMap": {"coefficients": scene.light.tolist()},
        "directionalLight": {
            "ambient": [0.0, 0.0, 0.0],
            "diffuse": [0.0, 0.0, 0.0],
            "specular": [0.0, 0.0, 0.0],
            "direction": [0.0, 0.0, 1.0],
            "shininess": 10.0,
        },
        "momo": {
            "shape": list(scene.shape),
            "color": list(scene.colour),
            "expression": list(scene.expression),
            # Ours alone; other readers pass over it.
            **({"styles": list(scene.styles)} if scene.styles else {}),
            "modelURI": scene.model,
        },
        "imageSize": {"height": scene.height, "width": scene.width},
        "colorTransform": {
            "gain": list(scene.gain),
            "colorContrast": scene.contrast,
            "offset": list(scene.offset),
        },
        "version": "V4.0",
    }


def _written(turned: Turned) -> dict[str, Any]:
    return {
        "translation": list(turned.translation),
        "roll": turned.roll,
        "yaw": turned.yaw,
        "pitch": turned.pitch,
    }
