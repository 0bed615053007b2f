from __future__ import annotations

import pytest

from harness.reporting.sections.graph import graph


@pytest.fixture
def traced(make):
    def made(inputs=(), **fields):
        found = make.result(**fields)
        known = found.provenance.model_copy(
            update={"inputs": found.provenance.inputs | dict(inputs)}
        )
        return graph(found.model_copy(update={"provenance": known}), "#rules")

    return made


def said(steps):
    return [(step.what, step.said) for step in steps]


def test_a_ready_model_has_no_training(traced, make):
    network = make.component("onnx")
    result = make.result(None, network)
    bare = result.model_copy(
        update={"provenance": result.provenance.model_copy(update={"inputs": {}})}
    )
    (step,) = graph(bare, "#rules").train
    assert (step.what, step.said, step.key) == ("model", "onnx, ready", network.key)
    assert step.link == f"#use-{network.key[:12]}"


def test_a_trained_model_starts_from_a_seed_and_its_faces(traced, make):
    faces = make.component("bfm", facts={"faces": 20_000})
    steps = traced(generator=faces, repeat=2).train
    assert said(steps) == [
        ("seed", "0, repeat 2"), ("faces", "bfm, 20,000 images"), ("training", "facenet-nn4"),
    ]  # fmt: skip
    assert steps[1].link == f"#faces-{faces.key[:12]}"
    assert steps[0].key == ""


@pytest.mark.parametrize(
    ("facts", "text"), [({"images": 7}, "bfm, 7 images"), ({}, "bfm"), ({"faces": "many"}, "bfm")]
)
def test_how_many_images_is_said_where_it_is_known(traced, make, facts, text):
    assert said(traced(generator=make.component("bfm", facts=facts)).train)[1] == ("faces", text)


def test_phases_are_numbered_with_what_each_saw(traced, make):
    first = {"trained_on": [{"name": "bfm", "images": 9000, "identities": 100}]}
    facts = {"earlier_phases": [first], "trained_on": [{"name": "casia", "images": 500}]}
    network = make.component("net", facts=facts)
    steps = traced({"model.0": "k0", "model": "k1"}, model=network).train[2:]
    assert [(step.what, step.said, step.key) for step in steps] == [
        ("training, phase 1", "net on bfm 100 identities, 9,000 images", "k0"),
        ("training, phase 2", "net on casia 500 images", "k1"),
    ]


def test_the_test_lane_ends_in_placed_images(traced):
    steps = traced({"placements": "p", "faces:probe": "f"}).test
    assert said(steps) == [
        ("faces", "probe"), ("benchmark", "lfw"), ("placed", "98 of 100 faces"),
    ]  # fmt: skip
    assert [step.key for step in steps][::2] == ["f", "p"]
    assert steps[2].link == "#rules"
    assert len(traced().test) == 1  # nothing placed: no images


def test_the_digit_is_traced_from_embeddings_to_print(traced, make):
    metrics = [
        make.metric(0.5, name="other"),
        make.metric(0.91234567891234, 0.01, headline=True, threshold=1.23456789),
    ]
    steps = traced(
        {"embeddings": "e"}, metrics=metrics, raw={"sha256": "d"}, genuine=3000, impostor=3000
    ).digit
    assert said(steps) == [
        ("embeddings", "plain and mirrored"), ("scores", "3,000 genuine, 3,000 impostor"),
        ("threshold", "1.23457"), ("accuracy", "0.9123456789"),
        ("printed", "91.23 % [90.23, 92.23]"),
    ]  # fmt: skip
    assert [step.key for step in steps][:2] == ["e", "d"]


def test_without_a_headline_the_first_number_is_traced(traced, make):
    metrics = [make.metric(None, None, name="far"), make.metric(0.5, name="other")]
    names = [step.what for step in traced(metrics=metrics).digit]
    assert names == ["embeddings", "scores", "far", "printed"]
    assert ("far", "n/a") in said(traced(metrics=metrics).digit)
