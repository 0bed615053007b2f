"""Configuration files of the published generator (``format-version`` V1.0), random or controlled.

``variance`` means what that software did with it: a standard deviation. What cannot be the same is
said in ``config_differs``; what would give other images in silence is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.plugin import DataError, UsageError
from harness.plugin.files import read_json

from .distributions import ControlledGrid

Values = dict[str, Any]

_LIGHTS = {
    "empirical": "empirical",
    "multiVariateNormal": "multivariate-normal",
    "staticFrontal": "static-frontal",
}
_DISTRIBUTED = {
    "yaw-distribution": "yaw_deg",
    "roll-distribution": "roll_deg",
    "pitch-distribution": "pitch_deg",
    "x-translation-distribution": "shift_x_px",
    "y-translation-distribution": "shift_y_px",
    "scaling-distribution": "scaling",
}
_MAPS = {
    "render-depth": "depth",
    "render-color-correspondence-image": "correspondence",
    "render-normals": "normals",
    "render-albedo": "albedo",
    "render-illumination": "illumination",
    "render-region-maps": "regions",
}
_FIXED: Mapping[str, Mapping[str, Any]] = {
    "pose-transform": {"scaling": 1, "translation": [0, 0, -1000]},
    "view-transform": {"translation": [0, 0, 0], "roll": 0, "yaw": 0, "pitch": 0},
    "camera": {
        "principalPoint": [0, 0],
        "sensorSize": [15, 15],
        "orthographic": False,
        "focalLength": 50,
    },
}
_SECTIONS = frozenset(
    {
        "general",
        "output-location",
        "backgrounds",
        "rendering-methods",
        "morphable-model-parameters",
        "image-dimensions",
        "default-parameters",
        "landmark-tags",
        "region-maps",
        "illumination-parameters",
        "pose-variation",
        "background-variation",
        "illumination-angle",
        "pose-range",
        "format-version",
    }
)
_EXCLUDES = {"light": "bip_folder", "background": "background_folder", "grid": "images_per_id"}
"""What a value given beside the file takes the ground from."""


def expand(values: Mapping[str, Any]) -> Values:
    """``values`` with the file that ``config`` names read into them; values given there win.

    Raises ``UsageError`` for a file that is no such configuration, or that asks for what is not
    rendered here.
    """
    given = dict(values)
    path = given.pop("config", None)
    if path is None:
        return given
    read = read_config(Path(path))
    for name, needless in _EXCLUDES.items():
        if name in given and needless not in given:
            read.pop(needless, None)
    return read | given


def read_config(path: Path) -> Values:
    """Parameters of ``bfm`` from one configuration file; paths in it start where you are."""
    try:
        loaded = read_json(path)
    except DataError as error:
        raise UsageError(f"config {error}") from None
    if not isinstance(loaded, dict) or loaded.get("format-version") != "V1.0":
        raise UsageError(
            f'config {path} has no "format-version": "V1.0"; give a configuration of the published '
            "generator"
        )
    try:
        return _Config(path, loaded).values()
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"config {path} has an entry that does not fit: {error!r}") from None


class _Config:
    """One file on its way to parameters."""

    def __init__(self, path: Path, loaded: Mapping[str, Any]) -> None:
        self._path, self._loaded = path, loaded
        self._differs: list[str] = []

    def values(self) -> Values:
        """Everything the file sets."""
        out = self._size() | self._model() | self._backgrounds()
        controlled = "pose-range" in self._loaded
        out |= self._controlled() if controlled else self._random()
        out |= self._look() | self._maps()
        self._check_fixed(out["centring"])
        self._say_what_is_left()
        return out | {
            "supersample": 1,
            "box_scale": 1.0,
            "bound_std": None,
            "rounding": "down",
            "config_differs": tuple(self._differs),
        }

    def _section(self, name: str) -> Mapping[str, Any]:
        section: Mapping[str, Any] = self._loaded.get(name, {})
        return section

    def _size(self) -> Values:
        size = self._section("image-dimensions")
        width, height = size.get("image-width", 227), size.get("image-height", 227)
        if width != height:
            self._refuse(f"image-dimensions {width}x{height}", "images are square")
        return {"image_px": width}

    def _model(self) -> Values:
        model = self._section("morphable-model-parameters")
        out: Values = {
            "identities": model["number-of-ids-to-create"],
            "images_per_id": model["number-of-samples-per-id"],
            "model_file": model["model-filename"],
            "expressions": model.get("add-expressions", False),
        }
        for theirs, ours in (("shape", "shape"), ("color", "colour"), ("expression", "expression")):
            name = f"{theirs}-distribution"
            written = model.get(name, {"type": "gaussian", "mean": 0.0, "variance": 1.0})
            out[ours] = self._distribution(name, written)
            out[f"{ours}_components"] = model.get(f"dimension-of-{theirs}-space")
        return out

    def _backgrounds(self) -> Values:
        wanted = self._section("backgrounds")
        if not wanted.get("insert-background-image", False):
            self._differs.append("the background is grey where that software leaves it empty")
            return {"background": "plain"}
        return {
            "background": "folder",
            "background_folder": wanted["background-images-directory"],
        }

    def _random(self) -> Values:
        light, pose = self._section("illumination-parameters"), self._section("pose-variation")
        kind = light.get("illumination-type", "empirical")
        if kind not in _LIGHTS:
            self._refuse(f"illumination-type {kind!r}", f"known are {', '.join(_LIGHTS)}")
        out: Values = {"light": _LIGHTS[kind], "centring": pose.get("center-faces", "none")}
        if kind != "staticFrontal":
            out["bip_folder"] = light["illumination-prior-directory"]
        if light.get("illumination-prior-fix-energy", False):
            out["light_energy"] = light.get("illumination-prior-fix-energy-value", 6.33)
        out["light_colour"] = not light.get("illumination-prior-no-color", False)
        zero, one = ({"type": "constant", "value": value} for value in (0.0, 1.0))
        for theirs, ours in _DISTRIBUTED.items():
            written = pose.get(theirs, one if ours == "scaling" else zero)
            out[ours] = self._distribution(theirs, written)
        return out

    def _controlled(self) -> Values:
        pose = self._section("pose-range")
        read = {
            "background": self._section("background-variation").get("back-range"),
            "light_deg": self._section("illumination-angle").get("illu-range"),
            **{f"{axis}_deg": pose.get(f"{axis}-range") for axis in ("yaw", "pitch", "roll")},
        }
        grid = {name: self._range(name, found) for name, found in read.items() if found is not None}
        self._differs.append("samples count from 0, in that software from 1")
        out = {
            "grid": grid,
            "light": "static-frontal",
            "centring": pose.get("center-faces", "none"),
        }
        # Its number of samples has no meaning in this mode.
        return out | {"images_per_id": ControlledGrid.model_validate(grid).count()}

    def _range(self, name: str, written: Mapping[str, Any]) -> Values:
        out = {key: float(written[key]) for key in ("start", "end", "step")}
        if any(value % 1 for value in out.values()):
            self._differs.append(
                f"the range of {name} is used as written ({_plain(out.values())}); that software "
                f"cut it to whole numbers ({_plain(map(math.trunc, out.values()))})"
            )
        return {**out, "inclusive": written["type"] == "inclusive"}

    def _distribution(self, name: str, written: Mapping[str, Any]) -> Values:
        kind = written["type"]
        if kind == "constant":
            return {"type": kind, "value": written["value"]}
        if kind == "uniform":
            low, high = sorted((written["lower"], written["higher"]))
            return {"type": kind, "low": low, "high": high}
        if kind == "gaussian":
            return {"type": kind, "mean": written["mean"], "std": abs(written["variance"])}
        if kind != "mixture":
            self._refuse(
                f"{name} of type {kind!r}", "known are constant, uniform, gaussian, mixture"
            )
        weights = [float(weight) for weight, _ in written["components"]]
        acted = _acted(weights)
        if max(abs(a - w / sum(weights)) for a, w in zip(acted, weights, strict=True)) > 1e-9:
            self._differs.append(
                f"{name}: the weights of the mixture are used as written ({_plain(weights)}); in "
                f"that software they act as {_plain(round(a, 4) for a in acted)}"
            )
        return {"type": kind, "components": self._parts(name, written["components"], 1.0)}

    def _parts(self, name: str, components: Any, share: float) -> list[list[Any]]:
        """A mixture of mixtures as one list."""
        total = sum(float(weight) for weight, _ in components)
        out: list[list[Any]] = []
        for weight, inner in components:
            part = share * float(weight) / total
            if inner["type"] == "mixture":
                out += self._parts(name, inner["components"], part)
            else:
                out.append([part, self._distribution(name, inner)])
        return out

    def _look(self) -> Values:
        written = self._section("default-parameters").get("color-transform", {})
        named = {"gain": "gain", "colorContrast": "contrast", "offset": "offset"}
        return {ours: written[theirs] for theirs, ours in named.items() if theirs in written}

    def _maps(self) -> Values:
        methods = self._section("rendering-methods")
        wanted = tuple(ours for theirs, ours in _MAPS.items() if methods.get(theirs) is True)
        if "regions" in wanted:
            self._differs.append("region maps show the regions of the face, no file is read for it")
        return {"maps": wanted} if wanted else {}

    def _check_fixed(self, centring: str) -> None:
        defaults = self._section("default-parameters")
        for section, fixed in _FIXED.items():
            for name, value in fixed.items():
                if section == "camera" and name != "orthographic" and centring == "facebox":
                    continue  # the face box decides size and place in the image
                written = defaults.get(section, {}).get(name, value)
                if written != value:
                    self._refuse(f"{section}.{name} {written}", f"it is always {value} here")

    def _say_what_is_left(self) -> None:
        seed = self._section("general").get("random-seed")
        if seed is not None:
            self._differs.append(
                f"random-seed {seed} is not used, and that software does not repeat its images "
                "either; the seed is that of the study (--seed)"
            )
        methods = [k for k, on in self._section("rendering-methods").items() if on is True]
        unrendered = sorted(name for name in methods if name not in {"render", *_MAPS})
        if unrendered:
            self._differs.append(f"{', '.join(unrendered)}: not rendered here")
        unknown = sorted(
            key for key in self._loaded if key not in _SECTIONS and not key.startswith("__comment")
        )
        if unknown:
            self._differs.append(f"{', '.join(unknown)}: not known, without effect")

    def _refuse(self, what: str, why: str) -> None:
        raise UsageError(f"config {self._path}: {what} is not rendered, {why}; change it there")


def _acted(weights: list[float]) -> list[float]:
    """Shares of a mixture whose every comparison draws a number of its own."""
    left, reached, out = 1.0, 0.0, []
    for weight in weights:
        reached += weight / sum(weights)
        out.append(left * min(reached, 1.0))
        left -= out[-1]
    return out


def _plain(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values)
