from __future__ import annotations

import pytest

from harness.did_you_mean import did_you_mean


def test_a_hint_lists_few_names_and_of_many_the_nearest_one():
    few, many = ["alpha", "beta"], [f"name{k:02d}" for k in range(30)]
    assert did_you_mean("alpa", few) == ", did you mean 'alpha'? (known: alpha, beta)"
    assert did_you_mean("name07x", many) == ", did you mean 'name07'?"
    assert did_you_mean("zzz", many).endswith("name10, name11 and 18 more)")
    assert did_you_mean("zzz", []) == ""


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("zzz", "; `harness list` lists all 30"),
        ("name07x", ", did you mean 'name07'? `harness list` lists all 30"),
        ("first_name", "; `harness list` lists all 30"),
    ],
)
def test_of_many_names_the_count_and_the_command_are_given(name, hint):
    assert did_you_mean(name, [f"name{k:02d}" for k in range(30)], "harness list") == hint


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("batch_size", "'embedding_size' or 'images_per_batch'"),
        ("warmup.steps", "'warm_up_steps'"),
        ("a_of_b", ""),
        ("embedding-dim", "'embedding_size'"),
    ],
)
def test_a_name_of_other_software_finds_those_that_share_a_word(name, near):
    known = ["images_per_batch", "embedding_size", "warm_up_steps", "share_of_faces", "lr"]
    hint = did_you_mean(name, known)
    assert hint.startswith(f", did you mean {near}?" if near else " (known: ")
