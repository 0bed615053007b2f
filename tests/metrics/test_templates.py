from __future__ import annotations

import sys

import numpy as np
import pytest

from harness.errors import DataError
from harness.metrics import (
    POOLING_VARIANTS,
    PoolingVariant,
    ZeroFeatureError,
    media_means,
    pool_templates,
    template_layout,
)


def published_pooling(features, template_ids, media_ids):
    """eval_ijbc.py written out: media means, their sum, then unit length."""
    templates = []
    for template in np.unique(template_ids):
        inside = features[template_ids == template]
        media = media_ids[template_ids == template]
        parts = []
        for medium in np.unique(media):
            images = inside[media == medium]
            parts.append(images[0] if len(images) == 1 else images.mean(axis=0))
        templates.append(np.sum(parts, axis=0))
    templates = np.array(templates)
    return templates / np.linalg.norm(templates, axis=1, keepdims=True)


def variant_features(variant, plain, mirrored, detector):
    features = plain.astype(np.float64) + (mirrored if variant.flip else 0)
    if not variant.keep_norm:
        features = features / np.linalg.norm(features, axis=1, keepdims=True)
    return features * detector[:, None] if variant.detector else features


@pytest.fixture
def scene():
    rng = np.random.default_rng(0)
    plain, mirrored = rng.normal(0.2, 1, (2, 400, 16)).astype(np.float32)
    template_ids = rng.integers(0, 30, 400) * 7 + 3  # sparse ids in no order
    media_ids = rng.integers(0, 25, 400)  # one medium occurs in several templates
    return plain, mirrored, template_ids, media_ids, rng.uniform(0.1, 1, 400)


@pytest.mark.parametrize("chunk", [1 << 15, 50])
def test_all_eight_cells_are_the_published_loops(scene, chunk, monkeypatch):
    monkeypatch.setattr(sys.modules["harness.metrics.templates"], "_CHUNK_IMAGES", chunk)
    plain, mirrored, template_ids, media_ids, detector = scene
    layout = template_layout(template_ids, media_ids)
    pooled = pool_templates(plain, layout, mirrored=mirrored, detector=detector)
    assert len(pooled) == 8
    for variant, templates in pooled.items():
        features = variant_features(variant, plain, mirrored, detector)
        expected = published_pooling(features, template_ids, media_ids)
        assert templates.dtype == np.float32
        np.testing.assert_allclose(templates, expected, atol=5e-7, err_msg=variant.name)
    np.testing.assert_array_equal(layout.template_ids, np.unique(template_ids))
    assert layout.enrolled.all()


def test_the_cells_differ_and_have_names_that_say_how(scene):
    plain, mirrored, template_ids, media_ids, detector = scene
    layout = template_layout(template_ids, media_ids)
    pooled = pool_templates(plain, layout, mirrored=mirrored, detector=detector)
    names = {variant.name for variant in POOLING_VARIANTS}
    assert len(names) == 8
    assert PoolingVariant(True, True, True).name == "raw-norm+detector+flip-sum"
    assert PoolingVariant(False, False, False).name == "unit-norm+no-detector+no-flip"
    first = pooled.pop(POOLING_VARIANTS[0])
    assert all(np.abs(other - first).max() > 1e-3 for other in pooled.values())


def test_one_cell_alone_equals_the_cell_of_all(scene):
    plain, mirrored, template_ids, media_ids, detector = scene
    layout = template_layout(template_ids, media_ids)
    every = pool_templates(plain, layout, mirrored=mirrored, detector=detector)
    for variant in POOLING_VARIANTS:
        (alone,) = pool_templates(
            plain, layout, [variant], mirrored=mirrored, detector=detector
        ).values()
        np.testing.assert_array_equal(alone, every[variant])


def test_without_media_every_image_counts_alike(scene):
    plain, _, template_ids, _, _ = scene
    variant = PoolingVariant(keep_norm=True, detector=False, flip=False)
    found = pool_templates(plain, template_layout(template_ids), [variant])[variant]
    expected = published_pooling(plain.astype(float), template_ids, np.arange(400))
    np.testing.assert_allclose(found, expected, atol=5e-7)


def test_images_without_a_face_are_left_out(scene):
    plain, mirrored, template_ids, media_ids, detector = scene
    enrolled = np.arange(400) % 3 != 0
    gone = np.unique(template_ids)[4]
    enrolled[template_ids == gone] = False
    for array in (plain, mirrored):
        array[~enrolled] = np.nan
    detector[~enrolled] = np.nan
    layout = template_layout(template_ids, media_ids, enrolled)
    assert np.flatnonzero(~layout.enrolled).tolist() == [4]
    pooled = pool_templates(plain, layout, mirrored=mirrored, detector=detector)
    kept = [part[enrolled] for part in (plain, mirrored, detector)]
    for variant, templates in pooled.items():
        features = variant_features(variant, *kept)
        expected = published_pooling(features, template_ids[enrolled], media_ids[enrolled])
        np.testing.assert_allclose(templates[layout.enrolled], expected, atol=5e-7)
        np.testing.assert_array_equal(templates[4], 0)


def test_media_means_against_a_loop(scene):
    plain, _, template_ids, media_ids, _ = scene
    means, owner = media_means(plain, template_ids, media_ids)
    keys = sorted(set(zip(template_ids.tolist(), media_ids.tolist(), strict=True)))
    assert owner.tolist() == [template for template, _ in keys]
    expected = [
        plain[(template_ids == t) & (media_ids == m)].mean(axis=0, dtype=float) for t, m in keys
    ]
    np.testing.assert_allclose(means, expected, atol=1e-6)


def test_a_template_of_one_image():
    variant = PoolingVariant(keep_norm=True, detector=False, flip=False)
    found = pool_templates(np.float32([[3, 4]]), template_layout([9]), [variant])[variant]
    np.testing.assert_allclose(found, [[0.6, 0.8]], rtol=1e-7)


def test_what_a_variant_needs_is_asked_for(scene):
    plain, mirrored, template_ids, *_ = scene
    layout = template_layout(template_ids)
    with pytest.raises(DataError, match="mirrored"):
        pool_templates(plain, layout, [PoolingVariant(True, False, True)])
    with pytest.raises(DataError, match="detector scores"):
        pool_templates(plain, layout, [PoolingVariant(True, True, False)])
    with pytest.raises(DataError, match=r"mirrored features must be a float \(400, 16\)"):
        pool_templates(plain, layout, mirrored=mirrored[:5])
    with pytest.raises(DataError, match="400 entries"):
        pool_templates(plain, layout, mirrored=mirrored, detector=np.ones(3))


@pytest.mark.parametrize("factor", [1e20, 1e-25])
def test_features_whose_squares_leave_float32_are_pooled_all_the_same(scene, factor):
    """A network that has hardly learnt can put out 1e20; only its square is beyond float32."""
    plain, mirrored, template_ids, media_ids, detector = scene
    layout = template_layout(template_ids, media_ids)
    usual = pool_templates(plain, layout, mirrored=mirrored, detector=detector)
    far = pool_templates(
        np.float32(factor) * plain,
        layout,
        mirrored=np.float32(factor) * mirrored,
        detector=detector,
    )
    for variant, templates in usual.items():
        np.testing.assert_allclose(far[variant], templates, atol=2e-6)


def test_bad_values_are_named(scene):
    plain, _mirrored, template_ids, media_ids, detector = scene
    layout = template_layout(template_ids, media_ids)
    raw, unit = PoolingVariant(True, False, False), PoolingVariant(False, False, False)
    plain[17] = 0
    pool_templates(plain, layout, [raw])
    with pytest.raises(ZeroFeatureError, match="row 17 is zero") as found:
        pool_templates(plain, layout, [unit])
    assert found.value.rows.tolist() == [17]
    plain[[33, 5], 2] = np.nan
    with pytest.raises(DataError, match="2 of 400 features are not finite, the first is row 5"):
        pool_templates(plain, layout, [raw])
    with pytest.raises(DataError, match="the first is row 5"):
        media_means(plain, template_ids, media_ids)
    plain[[17, 33, 5]] = 1
    detector[0] = np.inf
    with pytest.raises(DataError, match="detector scores of enrolled images must be finite"):
        pool_templates(plain, layout, [PoolingVariant(True, True, False)], detector=detector)
    with pytest.raises(DataError, match="400 entries"):
        template_layout(template_ids, media_ids[:3])
    with pytest.raises(DataError, match="template ids"):
        template_layout([])
    with pytest.raises(DataError, match="features must be a float"):
        pool_templates(plain[0], layout, [raw])


def fused_by_hand(variant, plain, mirrored, detector):
    """Image by image: views, fusion, norm, detector, as validate_IJB_BC.py has them in order."""
    made = []
    for one, two, weight in zip(plain.astype(float), mirrored.astype(float), detector, strict=True):
        if variant.unit_views:
            one, two = one / np.sqrt(one @ one), two / np.sqrt(two @ two)
        fused = one
        if variant.flip:
            fused = np.concatenate([one, two]) if variant.concat else one + two
        if not variant.keep_norm:
            fused = fused / np.sqrt(fused @ fused)
        made.append(fused * (weight if variant.detector else 1.0))
    return np.array(made)


EVERY = [
    PoolingVariant(norm, weigh, flip, concat, unit_views=unit)
    for norm in (True, False)
    for weigh in (True, False)
    for flip, concat in ((True, False), (True, True), (False, False))
    for unit in (True, False)
]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("chunk", [1 << 15, 50])
def test_every_fusion_of_the_two_views_is_the_one_written_out(seed, chunk, monkeypatch):
    monkeypatch.setattr(sys.modules["harness.metrics.templates"], "_CHUNK_IMAGES", chunk)
    rng = np.random.default_rng(seed)
    plain, mirrored = rng.normal(0.2, 1, (2, 150, 5)).astype(np.float32)
    mirrored *= rng.uniform(0.01, 30, (150, 1)).astype(np.float32)  # views of unlike length
    template_ids, media_ids = rng.integers(0, 20, 150), rng.integers(0, 9, 150)
    detector = rng.uniform(0.1, 1, 150)
    layout = template_layout(template_ids, media_ids)
    pooled = pool_templates(plain, layout, EVERY, mirrored=mirrored, detector=detector)
    assert len({variant.name for variant in EVERY}) == len(EVERY) == 24
    for variant, templates in pooled.items():
        features = fused_by_hand(variant, plain, mirrored, detector)
        expected = published_pooling(features, template_ids, media_ids)
        np.testing.assert_allclose(templates, expected, atol=2e-6, err_msg=variant.name)


def test_names_of_the_fusions():
    assert PoolingVariant(False, False, True, unit_views=True).name == (
        "unit-norm+no-detector+flip-sum+unit-views"
    )
    assert PoolingVariant(True, False, True, True, True).name == (
        "raw-norm+no-detector+flip-concat+unit-views"
    )


@pytest.mark.parametrize("variant", EVERY, ids=lambda variant: variant.name)
def test_a_zero_feature_is_refused_only_where_a_norm_is_removed(scene, variant):
    plain, mirrored, template_ids, media_ids, detector = scene
    plain[[31, 8]] = mirrored[[31, 8]] = 0
    layout = template_layout(template_ids, media_ids)
    if variant.keep_norm and not variant.unit_views:
        found = pool_templates(plain, layout, [variant], mirrored=mirrored, detector=detector)
        features = fused_by_hand(variant, plain, mirrored, detector)
        expected = published_pooling(features, template_ids, media_ids)
        np.testing.assert_allclose(found[variant], expected, atol=1e-6)
        return
    with pytest.raises(ZeroFeatureError) as error:
        pool_templates(plain, layout, [variant], mirrored=mirrored, detector=detector)
    assert error.value.rows.tolist() == [8, 31]


def test_a_template_that_pools_to_zero_stays_zero(scene):
    plain, _, template_ids, media_ids, _ = scene
    gone = np.unique(template_ids)[3]
    plain[template_ids == gone] = 0
    variant = PoolingVariant(True, False, False)
    found = pool_templates(plain, template_layout(template_ids, media_ids), [variant])[variant]
    np.testing.assert_array_equal(found[3], 0)
    others = np.delete(np.linalg.norm(found, axis=1), 3)
    np.testing.assert_allclose(others, 1, atol=1e-6)


@pytest.mark.parametrize("images", [1, 7, 100, 101, 999])
def test_templates_are_pooled_in_parts_of_about_the_same_number_of_images(images, monkeypatch):
    module = sys.modules[pool_templates.__module__]
    monkeypatch.setattr(module, "_CHUNK_IMAGES", 100)
    sizes = np.random.default_rng(images).integers(1, 9, images)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    parts = module._chunks(starts)
    assert [first for first, _ in parts] == [0, *(last for _, last in parts[:-1])]
    assert parts[-1][1] == images
    assert all(starts[last] - starts[first] <= 100 + 8 for first, last in parts)
    assert len(parts) <= starts[-1] // 100 + 2
