"""The similarity of MATLAB's cp2tform, which SphereFace, AdaFace and others crop faces with.

It is fitted from the template to the image and then inverted, so it minimises distances in pixels
of the image, where :func:`harness.align.warp.similarity` minimises them in pixels of the crop: the
more landmarks differ from the template's shape, the larger its crops. cp2tform's type 'similarity'
also fits mirrored points and takes the better of the two, so a crop may be a mirror image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from harness.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Reflection = Literal["never", "better", "adaface"]


def cp2tform(
    points: NDArray[Any], target: NDArray[Any], reflection: Reflection = "better"
) -> NDArray[np.float64]:
    """Similarity from points (5, 2), finite and distinct, to target (5, 2), float64 (2, 3).

    ``reflection``: ``never`` is cp2tform's 'nonreflective similarity', ``better`` its 'similarity',
    which takes the reflected fit where that is nearer to the target. ``adaface`` is the latter as
    AdaFace's code has it (insightface's former code too): it overwrites the target with its mirror
    image and compares both fits with that, which mirrors some profiles. Raises DataError when no
    similarity fits.
    """
    z = np.asarray(points, dtype=np.float64) @ np.array([1.0, 1j])
    w = np.asarray(target, dtype=np.float64) @ np.array([1.0, 1j])
    mirrored = -w.conj()
    plain = _inverse_fit(z, w)
    if reflection == "never":
        return _matrix(*plain)
    turned = _inverse_fit(z, mirrored)
    reached = plain[0] * z + plain[1], -(turned[0] * z + turned[1]).conj()
    goal = mirrored if reflection == "adaface" else w
    errors = [float(np.linalg.norm(found - goal)) for found in reached]
    if errors[0] <= errors[1]:
        return _matrix(*plain)
    reflected: NDArray[np.float64] = _matrix(*turned) * np.array([[-1.0], [1.0]])
    return reflected


def _inverse_fit(z: NDArray[np.complex128], w: NDArray[np.complex128]) -> tuple[complex, complex]:
    """Factors (a, b) of z -> a z + b, the inverse of the least-squares fit from w to z."""
    centred = w - w.mean()
    factor = complex((centred.conj() * (z - z.mean())).sum() / np.square(np.abs(centred)).sum())
    if abs(factor) * np.linalg.norm(centred) < 1e-6:
        raise DataError("landmarks fit the template in no orientation: check their order")
    return 1 / factor, complex(w.mean() - z.mean() / factor)


def _matrix(a: complex, b: complex) -> NDArray[np.float64]:
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
