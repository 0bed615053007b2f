from __future__ import annotations

import numpy as np
import pytest

from harness_plugins.generators.bfm.rendering import illumination
from harness_plugins.generators.bfm.rendering.shading import (
    KERNEL,
    basis,
    polynomial,
    radiance,
    shade,
)


def sphere(count: int = 4000):
    points = np.random.default_rng(0).normal(size=(count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def test_the_basis_is_orthonormal():
    # Gauss-Legendre in z and even steps in angle integrate these products exactly.
    nodes, weights = np.polynomial.legendre.leggauss(12)
    angles = np.arange(24) * 2 * np.pi / 24
    z, phi = np.meshgrid(nodes, angles, indexing="ij")
    r = np.sqrt(1 - z**2)
    values = basis(np.stack([r * np.cos(phi), r * np.sin(phi), z], axis=-1))
    area = weights[:, None] * 2 * np.pi / 24
    gram = np.einsum("abi,abj,ab->ij", values, values, np.broadcast_to(area, z.shape))
    assert gram == pytest.approx(np.eye(9), abs=1e-12)


def test_the_kernel_is_the_cosine_lobe():
    nodes, weights = np.polynomial.legendre.leggauss(400)
    z = (nodes + 1) / 2  # the upper hemisphere
    legendre = (np.ones_like(z), z, (3 * z**2 - 1) / 2)
    lobe = [2 * np.pi * np.sum(weights / 2 * z * p) for p in legendre]
    assert KERNEL[[0, 1, 4]] == pytest.approx(lobe, abs=1e-9)


@pytest.mark.parametrize("index", range(9))
def test_each_function_alone_shades_a_sphere_as_the_formula(index):
    light = np.zeros((9, 3))
    light[index] = (0.9, 0.5, 0.2)
    normals = sphere()
    factors = polynomial(light)
    for channel in range(3):
        expected = KERNEL[index] * basis(normals)[:, index] * light[index, channel]
        drawn = [shade(factors, channel, *n) for n in normals.astype(np.float32)[:500]]
        assert np.abs(np.array(drawn) - expected[:500]).max() < 1 / 255
        assert radiance(normals, light)[:, channel] == pytest.approx(expected, abs=1e-12)


def test_static_frontal_is_ambient_08_and_diffuse_02():
    light = illumination.static_frontal()
    assert light[0, 0] == pytest.approx(0.9027033337)
    assert light[2, 0] == pytest.approx(0.1954410048)
    normals = sphere()
    assert radiance(normals, light)[:, 0] == pytest.approx(0.8 + 0.2 * normals[:, 2])


def test_lobes_light_the_front_and_repeat():
    first = illumination.lobes(np.random.default_rng(3))
    assert (first == illumination.lobes(np.random.default_rng(3))).all()
    front = np.array([0.0, 0.0, 1.0])
    lit = [radiance(front, illumination.lobes(np.random.default_rng(s))) for s in range(200)]
    assert 0.4 < np.mean(lit) < 1.4
