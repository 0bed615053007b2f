from __future__ import annotations

import numpy as np
import pytest

from harness.align.cp2tform import cp2tform
from harness.align.templates import TEMPLATES, template_points
from harness.align.warp import fitted, similarity, warp
from harness.components import InputSpec
from harness.errors import DataError

TARGET = template_points("arcface", 112, 112)
MIRROR = np.diag([-1.0, 1.0])


def nonreflective(uv, xy):
    """MATLAB's documentation: u = sc x + ss y + tx, v = sc y - ss x + ty, then inverted."""
    x, y = np.asarray(xy, float).T
    one, zero = np.ones_like(x), np.zeros_like(x)
    system = np.vstack([np.stack([x, y, one, zero], 1), np.stack([y, -x, zero, one], 1)])
    sc, ss, tx, ty = np.linalg.lstsq(system, np.asarray(uv, float).T.ravel(), rcond=None)[0]
    return np.linalg.inv([[sc, ss, tx], [-ss, sc, ty], [0, 0, 1]])[:2]


def carried(matrix, points):
    return np.asarray(points, float) @ matrix[:, :2].T + matrix[:, 2]


def similar(uv, xy, goal=None):
    """The better of the fit and of the fit to mirrored points, mirrored back."""
    plain = nonreflective(uv, xy)
    mirrored = MIRROR @ nonreflective(uv, xy @ MIRROR)
    goal = xy if goal is None else goal
    errors = [np.square(carried(m, uv) - goal).sum() for m in (plain, mirrored)]
    return plain if errors[0] <= errors[1] else mirrored


def landmarks(seed, noise=3.0, mirrored=False):
    rng = np.random.default_rng(seed)
    angle, scale = rng.uniform(-3, 3), rng.uniform(0.3, 4)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = TARGET @ MIRROR if mirrored else TARGET
    return points @ turn.T + rng.uniform(-50, 300, 2) + rng.normal(0, noise * scale, (5, 2))


@pytest.mark.parametrize("noise", [0.5, 5, 15])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_the_documented_least_squares(seed, mirrored, noise):
    points = landmarks(seed, noise, mirrored)
    plain = cp2tform(points, TARGET, "never")
    assert plain.dtype == np.float64
    assert np.allclose(plain, nonreflective(points, TARGET), rtol=1e-6, atol=1e-8)
    assert np.linalg.det(plain[:, :2]) > 0
    assert np.allclose(cp2tform(points, TARGET), similar(points, TARGET), rtol=1e-6, atol=1e-8)
    slip = similar(points, TARGET, TARGET @ MIRROR)
    assert np.allclose(cp2tform(points, TARGET, "adaface"), slip, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_exact_points_are_carried_exactly(seed):
    points = landmarks(seed, noise=0)
    for reflection in ("never", "better", "adaface"):
        matrix = cp2tform(points, TARGET, reflection)
        assert np.allclose(carried(matrix, points), TARGET, atol=1e-4)
        assert np.allclose(matrix, similarity(points, TARGET), atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_a_mirrored_face_is_reflected_unless_that_is_forbidden(seed):
    points = landmarks(seed, noise=0, mirrored=True)
    assert np.allclose(carried(cp2tform(points, TARGET), points), TARGET, atol=1e-4)
    assert np.linalg.det(cp2tform(points, TARGET)[:, :2]) < 0
    assert np.linalg.det(cp2tform(points, TARGET, "never")[:, :2]) > 0


def test_crops_are_larger_by_the_squared_correlation():
    for seed in range(20):
        points = landmarks(seed, noise=6)
        ours, theirs = similarity(points, TARGET), cp2tform(points, TARGET, "never")
        z, w = points @ [1, 1j], TARGET.astype(float) @ [1, 1j]
        z, w = z - z.mean(), w - w.mean()
        r = abs((z.conj() * w).sum()) / np.linalg.norm(z) / np.linalg.norm(w)
        ratio = np.linalg.det(theirs[:, :2]) / np.linalg.det(ours[:, :2])
        assert ratio == pytest.approx(r**-4)
        assert ratio > 1


def test_only_the_slip_mirrors_a_profile():
    """Eyes and mouth corners of a profile nearly meet, so both fits are of similar quality."""
    profile = np.array([[53, 52], [59, 52], [70, 72], [54, 92], [58, 92]], float)
    assert np.linalg.det(cp2tform(profile, TARGET)[:, :2]) > 0
    assert np.linalg.det(cp2tform(profile, TARGET, "adaface")[:, :2]) < 0


def test_points_that_fit_in_no_orientation_are_refused():
    square = np.array([[1, 0], [0, 1], [-1, 0], [0, -1], [0, 0]], float) * 10
    with pytest.raises(DataError, match="no orientation"):
        cp2tform(square * [1, -1], square)


FITS = {"arcface-cp2tform": "better", "arcface-adaface": "adaface", "sphereface-cp2tform": "better"}


def test_templates_with_another_fit_have_the_points_of_their_namesake():
    others = {name for name, template in TEMPLATES.items() if template.fit != "least-squares"}
    assert others == set(FITS)
    for name in others:
        assert TEMPLATES[name].points == TEMPLATES[name.partition("-")[0]].points


@pytest.mark.parametrize("name", sorted(FITS))
def test_a_template_chooses_the_fit(kit, name):
    width = TEMPLATES[name].width
    spec, target = InputSpec(width, 112, name), template_points(name, width, 112)
    image = kit.smooth(1, 160, 140)
    points = np.random.default_rng(4).normal(0, 4, (5, 2)) + target * 0.9 + [20, 15]
    assert np.array_equal(fitted(points, spec), cp2tform(points, target, FITS[name]))
    plain = InputSpec(width, 112, name.partition("-")[0])
    assert np.array_equal(fitted(points, plain), similarity(points, target))
    assert not np.array_equal(warp(image, points, spec), warp(image, points, plain))
    aligned = kit.smooth(2, width, 112)
    assert np.array_equal(warp(aligned, target, spec), aligned)
    for bad, message in ((np.full((5, 2), np.nan), "not finite"), (np.ones((5, 2)), "coincide")):
        with pytest.raises(DataError, match=message):
            warp(image, bad, spec)
