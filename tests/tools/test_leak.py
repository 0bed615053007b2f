from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from harness.faces.files import ImageFiles
from harness.tools.leak import (
    EmbeddedPeople,
    find_leaks,
    names_by_file,
    shared_names,
)


def people(rng, count, per=3, identities=None, spread=0.05):
    centres = rng.normal(size=(count, 32))
    subjects = np.repeat(np.arange(count), per)
    vectors = centres[subjects] + spread * rng.normal(size=(count * per, 32))
    names = [f"{subject}/{k}" for k, subject in enumerate(subjects)]
    return EmbeddedPeople(vectors.astype(np.float32), subjects, names, identities or {})


def test_planted_people_are_found_and_strangers_are_not():
    rng = np.random.default_rng(0)
    benchmark, strangers = people(rng, 120, per=2), people(rng, 100, per=1)
    clean = find_leaks(benchmark, strangers, 1e-4, ("b", "t", "m"))
    assert not clean.leaked
    planted = strangers.vectors.copy()
    planted[20:50] = 7 * benchmark.vectors[100:160:2]  # length does not matter
    planted[99] = np.nan
    leaky = EmbeddedPeople(planted, strangers.subjects, strangers.names, {})
    found = find_leaks(benchmark, leaky, 1e-4, ("b", "t", "m"))
    assert found.leaked
    surest = {m.identity: m.training_identity for m in found.matches[:30]}
    assert surest == {str(50 + k): str(20 + k) for k in range(30)}
    assert all(m.above for m in found.matches[:30])
    assert found.above <= 30 + found.by_chance
    assert found.training_images == 99
    # Brute force: nearest training face of every person.
    a = benchmark.vectors / np.linalg.norm(benchmark.vectors, axis=1, keepdims=True)
    b = np.nan_to_num(planted)
    b /= np.maximum(np.linalg.norm(b, axis=1, keepdims=True), 1e-9)
    scores = (a @ b.T).reshape(120, 2, -1).max(axis=(1, 2))
    assert [m.score for m in found.matches] == pytest.approx(sorted(scores, reverse=True), abs=1e-6)
    # Two impostor pairs are above the threshold, so its rate is known to a factor only.
    pairs = 120 * 119 // 2 * 4
    assert found.impostor_pairs == pairs
    highest = beta.ppf(0.975, 3, pairs - 2)
    assert found.by_chance == pytest.approx(120 * (1 - (1 - highest) ** (2 * 99)))


def test_shared_names_alone_are_a_leak():
    rng = np.random.default_rng(1)
    benchmark = people(rng, 30, per=2, identities={0: "Ann_Other", 1: "007", 2: "Bo Li"})
    training = people(rng, 5, identities={0: "ann other", 1: "7", 2: "Cy"})
    found = find_leaks(benchmark, training, 1e-3, ("b", "t", "m"))
    assert found.shared_names == ("Ann_Other",)
    assert found.p_value > 0.01
    assert found.leaked
    assert found.names_known


def test_numbers_name_nobody():
    assert shared_names({0: "0001"}, {0: "1", 1: "0001"}) == ()


@pytest.mark.parametrize(
    ("files", "subjects", "names"),
    [
        (["a/Ann/Ann_1.jpg", "a/Bo/Bo_1.jpg", "a/Ann/2.jpg"], [0, 1, 0], {0: "Ann", 1: "Bo"}),
        (["x/Ann_1.jpg", "x/Bo_1.jpg", "x/Ann_2.jpg"], [0, 1, 0], {0: "Ann", 1: "Bo"}),
        (["001/frontal/01.jpg", "002/frontal/01.jpg"], [0, 1], {}),
        (["x/1.jpg", "x/2.jpg"], None, {}),
    ],
)
def test_names_are_read_only_where_they_tell_people_apart(files, subjects, names):
    labels = None if subjects is None else np.array(subjects)
    assert names_by_file(ImageFiles(Path(), files, subjects=labels)) == names
