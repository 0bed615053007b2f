"""VAL against a search written from its definition, with ties, at the ends, and at random."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.interpolate import BSpline

from harness.errors import DataError, UsageError
from harness.metrics import val_at_far

GRID = np.arange(0, 4, 0.001)


def by_spline(distances, genuine, folds, far):
    """Thresholds by SciPy's own spline of order one on the points as they are."""
    cuts = []
    for fold in np.unique(folds):
        strangers = distances[(folds != fold) & ~genuine]
        rates = np.array([np.count_nonzero(strangers < t) for t in GRID]) / strangers.size
        if rates.max() < far:
            cuts.append(0.0)
            continue
        knots = np.concatenate([rates[:1], rates, rates[-1:]])
        cuts.append(float(BSpline.construct_fast(knots, GRID, 1)(far)))
    return np.array(cuts)


def scene(seed, coarse=0.0):
    rng = np.random.default_rng(seed)
    genuine = rng.random(300) < 0.5
    distances = np.clip(rng.normal(np.where(genuine, 1.0, 1.7), 0.35), 0, 3.9)
    if coarse:
        distances = np.round(distances / coarse) * coarse
    return distances, genuine, np.arange(300) % 6


@pytest.mark.parametrize("far", [1e-3, 1e-2, 0.1, 0.35])
@pytest.mark.parametrize("coarse", [0.0, 0.001, 0.1])
@pytest.mark.parametrize("seed", range(4))
def test_val_is_that_of_the_definition(seed, coarse, far):
    distances, genuine, folds = scene(seed, coarse)
    found = val_at_far(distances, genuine, folds, far)
    cuts = by_spline(distances, genuine, folds, far)
    np.testing.assert_allclose(found.thresholds, cuts, atol=1e-12)
    for fold, cut in enumerate(found.thresholds):
        same, other = (distances[(folds == fold) & kind] for kind in (genuine, ~genuine))
        assert found.vals[fold] == np.mean(same < cut)
        assert found.fars[fold] == np.mean(other < cut)


def test_the_order_of_pairs_and_the_names_of_folds_do_not_matter():
    distances, genuine, folds = scene(9)
    order = np.random.default_rng(0).permutation(300)
    one = val_at_far(distances, genuine, folds, 0.05)
    two = val_at_far(distances[order], genuine[order], 10 * folds[order] - 7, 0.05)
    assert (one.vals == two.vals).all()
    assert (one.fars == two.fars).all()


def test_a_higher_far_never_lowers_val():
    distances, genuine, folds = scene(3)
    vals = [val_at_far(distances, genuine, folds, far).vals for far in (0.01, 0.1, 0.3, 0.6)]
    assert all((later >= earlier).all() for earlier, later in pairwise(vals))


def test_pairs_that_could_not_be_compared_are_never_accepted():
    distances, genuine, folds = scene(1)
    distances[~genuine] = np.inf
    found = val_at_far(distances, genuine, folds, 0.1)
    assert found.thresholds.tolist() == [0.0] * 6
    assert found.vals.tolist() == [0.0] * 6


def test_what_cannot_be_is_refused():
    distances, genuine, folds = scene(1)
    for far in (0.0, 1.0, -0.1):
        with pytest.raises(UsageError, match="between 0 and 1"):
            val_at_far(distances, genuine, folds, far)
    with pytest.raises(DataError, match="only genuine or only impostor"):
        val_at_far(distances, genuine, np.where(genuine, 0, 1), 0.1)
