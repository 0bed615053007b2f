"""The published algorithms of verification and search, written out plainly.

As the published scripts do, they pool float32 features into float64 templates, and take every
product of templates in float64.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ijb_scene import Scene
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

FARS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
RANKS = (1, 5, 10)
FPIRS = (0.01, 0.1)

Array = NDArray[Any]


def plain_folds(distances: Array, genuine: Array, folds: Array) -> Array:
    grid = np.arange(0, 4, 0.01)
    accuracies = []
    for fold in range(10):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        right = np.zeros(grid.size)
        for k, threshold in enumerate(grid):
            called = np.less(distances[train], threshold)
            right[k] = count_right(called, genuine[train]) / train.size
        called = np.less(distances[test], grid[np.argmax(right)])
        accuracies.append(count_right(called, genuine[test]) / test.size)
    return np.array(accuracies)


def count_right(called: Array, genuine: Array) -> float:
    accepted = np.sum(np.logical_and(called, genuine))
    rejected = np.sum(np.logical_and(np.logical_not(called), np.logical_not(genuine)))
    return float(accepted + rejected)


def plain_pooling(scene: Scene) -> Array:
    features = (scene.features + scene.mirrored) * scene.detector[:, None]
    names = np.unique(scene.template)
    templates = np.zeros((names.size, features.shape[1]))
    for k, name in enumerate(names):
        (inside,) = np.where(scene.template == name)
        images, media = features[inside], scene.media[inside]
        parts = []
        for medium, count in zip(*np.unique(media, return_counts=True), strict=True):
            (chosen,) = np.where(media == medium)
            parts.append(images[chosen[0]] if count == 1 else np.mean(images[chosen], axis=0))
        templates[k] = np.sum(parts, axis=0)
    return templates / np.sqrt(np.sum(templates**2, axis=1, keepdims=True))


def plain_pairs(templates: Array, left: Array, right: Array) -> Array:
    scores = np.zeros(left.size)
    for first in range(0, left.size, 100_000):
        part = slice(first, first + 100_000)
        scores[part] = np.sum(templates[left[part]] * templates[right[part]], axis=-1)
    return scores


def plain_tar(scores: Array, genuine: Array) -> list[float]:
    fpr, tpr, _ = roc_curve(genuine, scores)
    fpr, tpr = np.flipud(fpr), np.flipud(tpr)
    return [float(tpr[np.argmin(np.abs(fpr - far))]) for far in FARS]


def plain_search(
    similarity: Array, subjects: Array, held: Array
) -> tuple[list[float], list[float]]:
    """Ranks by sorting every row, open-set rates from lists of score copies, probe by probe."""
    hits, alarms, mates, others = np.zeros(len(RANKS)), [], [], []
    for row, subject in zip(similarity, subjects, strict=True):
        if subject not in held:
            alarms.append(row)
            continue
        mate = np.argwhere(held == subject)[0, 0]
        falling = np.argsort(row)[::-1]
        hits += [mate in falling[:rank] for rank in RANKS]
        mates.append(row[mate])
        others.append(row[np.arange(row.size) != mate])
    mate_scores, best_other = np.array(mates), np.array(others).max(axis=1)
    best_alarm = np.sort(np.array(alarms).max(axis=1))[::-1]
    rates = []
    for target in FPIRS:
        threshold = best_alarm[max(int(best_alarm.size * target) - 1, 0)]
        found = np.logical_and(mate_scores > best_other, mate_scores > threshold)
        rates.append(float(np.mean(found)))
    return (hits / len(mates)).tolist(), rates


def plain_pair_file(path: Path) -> tuple[Array, Array, Array]:
    import pandas as pd

    table = pd.read_csv(path, sep=" ", header=None).values
    return table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2].astype(int)
