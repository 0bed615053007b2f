"""Five-point templates: where the landmarks of an aligned face are.

Points are in the order of :class:`harness.faces.face.Face` and in pixels, with the origin at the
centre of the top-left pixel. Sizes other than a template's own scale all coordinates alike, so a
template fixes the shape of the crop and the caller its resolution.

The three-point templates of OpenFace (an affine map, not a similarity, of three of 68 points) do
not reduce to five points and are not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Points = tuple[tuple[float, float], ...]
Fit = Literal["least-squares", "cp2tform", "cp2tform-adaface"]


@dataclass(frozen=True)
class Template:
    """Five (x, y) points in a crop of ``width`` x ``height`` pixels, and where they come from.

    ``fit`` says which similarity carries landmarks onto them, see :mod:`harness.align.warp` and
    :mod:`harness.align.cp2tform`.
    """

    width: int
    height: int
    points: Points
    source: str
    fit: Fit = "least-squares"


_SPHEREFACE: Points = (
    (30.2946, 51.6963),
    (65.5318, 51.5014),
    (48.0252, 71.7366),
    (33.5493, 92.3655),
    (62.7299, 92.2041),
)


def _shifted(points: Points, right: float) -> Points:
    return tuple((x + right, y) for x, y in points)


_ARCFACE = _shifted(_SPHEREFACE, 8.0)

TEMPLATES: Mapping[str, Template] = MappingProxyType(
    {
        "arcface": Template(
            112,
            112,
            _ARCFACE,
            "Deng et al. 2019 (ArcFace): the 96 x 112 template moved 8 pixels to the right",
        ),
        "arcface-128": Template(
            128,
            128,
            _shifted(_SPHEREFACE, 16.0),
            "the rule of insightface for multiples of 128: a looser crop of the same face",
        ),
        "sphereface": Template(96, 112, _SPHEREFACE, "Liu et al. 2017 (SphereFace)"),
        "arcface-cp2tform": Template(
            112,
            112,
            _ARCFACE,
            "the points of arcface, the similarity of MATLAB's cp2tform",
            "cp2tform",
        ),
        "arcface-adaface": Template(
            112,
            112,
            _ARCFACE,
            "Kim et al. 2022 (AdaFace): the points of arcface, cp2tform as its code has it",
            "cp2tform-adaface",
        ),
        "sphereface-cp2tform": Template(
            96,
            112,
            _SPHEREFACE,
            "Liu et al. 2017 (SphereFace) with the similarity of MATLAB's cp2tform, as its code",
            "cp2tform",
        ),
    }
)
"""Every template by name. Only ``arcface-128`` differs from ``arcface`` in how much it shows;
``cp2tform`` crops are some percent larger, because that fit minimises distances in the image."""


def find_template(name: str) -> Template:
    """The template of this name; raises UsageError with the nearest match when there is none."""
    template = TEMPLATES.get(name)
    if template is None:
        near = get_close_matches(name, TEMPLATES, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(TEMPLATES))}"
        raise UsageError(f"unknown alignment template {name!r}: {hint}")
    return template


def template_points(name: str, width: int, height: int) -> NDArray[np.float32]:
    """Landmarks of template ``name`` in a crop of ``width`` x ``height`` pixels, float32 (5, 2).

    Raises UsageError for an unknown name or a crop whose aspect ratio is not the template's.
    """
    import numpy as np

    template = find_template(name)
    if width < 1 or height < 1 or width * template.height != height * template.width:
        raise UsageError(
            f"template {name!r} has the shape {template.width}x{template.height} and cannot fill "
            f"{width}x{height}: choose a size of the same shape or another template"
        )
    scale = width / template.width
    return (np.asarray(template.points, dtype=np.float64) * scale).astype(np.float32)
