"""A made-up study: several generators, models, benchmarks and repeats, limits and failures."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path

import numpy as np
import pytest

from harness.results.schema import (
    CellUse,
    ComponentUse,
    CostRecord,
    EnrolmentRecord,
    IntervalRecord,
    MetricRecord,
    ProvenanceRecord,
    Result,
    SeedRecord,
)


def key_of(*parts):
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def component(name, version=1, facts=None, label="", **params):
    return ComponentUse(
        provider=f"made-up:{name}",
        name=name,
        label=label,
        version=version,
        params=params,
        key=key_of(name, version, sorted(params.items())),
        licence="Apache-2.0",
        citation="none",
        facts=facts or {},
    )


def metric(value, half=0.01, name="accuracy", **fields):
    ci = None
    if value is not None and half is not None:
        ci = IntervalRecord(level=0.95, low=value - half, high=value + half, method="made up")
    return MetricRecord(name=name, value=value, ci=ci, **fields)


def result(
    generator="bfm",
    model="facenet-nn4",
    bench="lfw",
    value=0.9,
    half=0.01,
    repeat=0,
    limited=None,
    comparison="verification",
    metrics=None,
    protocol=None,
    genuine=3000,
    impostor=3000,
    **more,
):
    source = generator
    if isinstance(generator, str):
        source = component(generator, identities=100, images_per_id=20)
    network = component(model) if isinstance(model, str) else model
    rules = {"id": f"{bench}@1", "flip": "none", "n_genuine": genuine, "n_impostor": impostor}
    fields = {
        "id": key_of(repr(source), repr(network), bench, comparison, repeat, limited),
        "status": "ok",
        "cell": CellUse(generator=source, model=network, benchmark=component(bench)),
        "comparison": comparison,
        "protocol": rules | (protocol or {}),
        "metrics": [metric(value, half, headline=True)] if metrics is None else metrics,
        "seed": SeedRecord(root=0, repeat=repeat),
        "limited": limited,
        "provenance": ProvenanceRecord(
            inputs={"faces": source.key, "model": network.key} if source else {},
            code={"distribution": "synthface-harness", "version": "0.1.0"},
            env="env/made.json",
        ),
        "cost": CostRecord(wall_s={"embed": 1.5}, images=100),
        "enrolment": EnrolmentRecord(
            images=100, failed=2, placed_by={"given": 98}, reasons={"no face": 2}, failed_names=[]
        ),
        "created": f"2026-01-0{repeat + 1}T00:00:00+00:00",
    }
    return Result(**(fields | more)).sealed()


def write_cell(folder, made, roc=None):
    cell = made.cell
    names = (cell.generator.name if cell.generator else "ready", cell.model.name)
    place = (
        folder
        / "cells"
        / "-".join((made.id[:12], *names, cell.benchmark.name, f"r{made.seed.repeat}")).replace(
            "/", "_"
        )
    )
    place.mkdir(parents=True)
    if roc is not None:
        import pyarrow as pa
        import pyarrow.feather

        (place / "curves").mkdir()
        columns = dict(zip(("far", "tar", "threshold"), roc, strict=True))
        pa.feather.write_feather(pa.table(columns), place / "curves/roc.arrow", "uncompressed")
    (place / "result.json").write_text(made.sealed().to_json(), encoding="utf-8")
    return place


def write_failure(folder, stage, label, key, message="RuntimeError: it broke", attempt=1):
    place = folder / "failures" / key[:12]
    place.mkdir(parents=True, exist_ok=True)
    said = {"stage": stage, "key": key, "label": label, "error": "RuntimeError"}
    said |= {
        "message": message,
        "traceback": 'Traceback:\n  File "/home/somebody/secret/code.py", line 1\n',
    }
    (place / f"failed-{attempt}.json").write_text(json.dumps(said), encoding="utf-8")


def made_roc(quality, rng):
    genuine, impostor = rng.normal(quality, 1, 500), rng.normal(0, 1, 2000)
    cuts = np.sort(np.concatenate([genuine, impostor]))[::-1]
    far = (impostor[None] >= cuts[:, None]).mean(1)
    tar = (genuine[None] >= cuts[:, None]).mean(1)
    return far, tar, cuts


def write_study(folder: Path, *, generators=("bfm", "digi2real", "dcface"),
                models=("facenet-nn4", "iresnet50"), benches=("cfp-fp", "lfw", "synthpie"),
                repeats=2, sheets=True):  # fmt: skip
    """A study of all combinations with ROC curves, histories, sheets, and the rest."""
    rng = np.random.default_rng(7)
    cv2 = pytest.importorskip("cv2")
    import pandas as pd

    folder.mkdir(parents=True)
    (folder / "media").mkdir()
    (folder / "env").mkdir()
    (folder / "env/made.json").write_text(
        json.dumps({"python": "3.11", "packages": {"numpy": "2"}})
    )
    (folder / "study.toml").write_text('[study]\nname = "made-up"\n')
    for g, generator in enumerate(generators):
        faces = component(generator, identities=1000 * (g + 1), images_per_id=20)
        picture = rng.integers(0, 255, (232, 580, 3), np.uint8)
        if sheets:
            path = folder / f"media/sheet-{faces.key[:12]}.jpg"
            cv2.imwrite(str(path), cv2.GaussianBlur(picture, (0, 0), 9))
        for m, model in enumerate(models):
            for repeat in range(repeats):
                facts = {"steps": 500, "images": 16000, "seconds": 75.0, "final_loss": 0.1}
                network = component(model, facts=facts, repeat=repeat)
                network = network.model_copy(
                    update={"params": {"epochs": 30}, "key": key_of(generator, model, repeat)}
                )
                steps = np.arange(1, 501)
                loss = np.exp(-steps / (100 + 20 * g)) + rng.random(500) * 0.05
                speed = 400 + 40 * m + rng.random(500) * 30
                table = pd.DataFrame({"step": steps, "loss": loss, "images_per_s": speed})
                table.to_parquet(folder / f"media/history-{network.key[:12]}.parquet")
                for b, bench in enumerate(benches):
                    # However many there are, no rate is above 1: such results are refused.
                    by_generator = 0.05 * g / max(1, (len(generators) - 1) / 2)
                    by_model = 0.02 * m / max(1, (len(models) - 1) / 2)
                    value = 0.82 + by_generator + by_model - 0.04 * b + 0.004 * repeat
                    metrics = [
                        metric(value, 0.008, headline=True, threshold=1.2),
                        metric(value + 0.03, None, name="auc"),
                        metric(value - 0.2, 0.03, name="tar@far", at={"far": 1e-3}),
                        metric(None, None, name="tar@far", at={"far": 1e-6}, note="too few pairs"),
                        *(
                            metric(value + 0.001 * f, None, at={"fold": float(f)})
                            for f in range(1, 4)
                        ),
                    ]
                    if bench == "synthpie":
                        yaws = (0, 15, 30, 45, 60, 75, 90)
                        metrics += [
                            metric(value - 0.003 * y, 0.01, at={"yaw_deg": float(y)}) for y in yaws
                        ]
                    made = result(faces, network, bench, repeat=repeat, metrics=metrics,
                                  curves={"roc": "curves/roc.arrow"})  # fmt: skip
                    write_cell(folder, made, made_roc(2 + g + 0.3 * m - 0.3 * b, rng))
    return folder


def write_groups(folder):
    """RFW-like cells: four groups of one accuracy each, and their spread with its interval."""
    means = {"African": 0.71, "Asian": 0.74, "Caucasian": 0.83, "Indian": 0.78}
    for g, generator in enumerate(("bfm", "digi2real")):
        faces = component(generator, identities=1000 * (g + 1), images_per_id=20)
        network = component("facenet-nn4").model_copy(
            update={"params": {"epochs": 30}, "key": key_of(generator, "facenet-nn4", 0)}
        )
        values = {group: value + 0.03 * g for group, value in means.items()}
        metrics = [
            metric(sum(values.values()) / 4, headline=True),
            *(metric(value, 0.015, at={"group": group}) for group, value in values.items()),
            metric(0.044, 0.008, name="accuracy-std", at={"over": "groups", "ddof": 0.0},
                   higher_is_better=False),
        ]  # fmt: skip
        write_cell(folder, result(faces, network, "rfw", metrics=metrics, comparison="fairness"))


def write_searches(folder):
    """A 1:N cell with a CMC."""
    import pyarrow as pa
    import pyarrow.feather

    faces = component("bfm", identities=1000, images_per_id=20)
    network = component("facenet-nn4").model_copy(
        update={"params": {"epochs": 30}, "key": key_of("bfm", "facenet-nn4", 0)}
    )
    metrics = [metric(0.42, 0.03, name="rank-rate", at={"rank": 1.0}, headline=True)]
    made = result(faces, network, "tinyface", metrics=metrics, comparison="identification",
                  curves={"cmc": "curves/cmc.arrow"})  # fmt: skip
    place = write_cell(folder, made)
    (place / "curves").mkdir()
    ranks = np.arange(1, 51.0)
    table = pa.table({"rank": ranks, "rate": 1 - 0.6 / ranks**0.3})
    pa.feather.write_feather(table, place / "curves/cmc.arrow", "uncompressed")


def write_phases(folder):
    """A training of two phases with the history of each."""
    import pandas as pd

    faces = component("bfm", identities=1000, images_per_id=20)
    first, last = key_of("phase 0"), key_of("phase 1")
    used = {"name": "bfm", "key": faces.key, "images": 9000, "identities": 1000}
    phase = {"steps": 300, "images": 9000, "seconds": 44.0, "final_loss": 0.7}
    phase["trained_on"] = [used]
    used = {"name": "casia", "key": "", "images": 500, "identities": 50}
    facts = {"steps": 100, "images": 500, "seconds": 12.0, "final_loss": 0.2}
    facts |= {"validation_accuracy": 0.91, "assumed": ["lr"], "earlier_phases": [phase]}
    facts["trained_on"] = [used]
    network = component("iresnet50", facts=facts).model_copy(
        update={"params": {"phases": "bfm; casia"}, "key": last}
    )
    inputs = {"faces": faces.key, "model.0": first, "model": last, "placements": key_of("p"),
              "embeddings": key_of("e")}  # fmt: skip
    env = "env/made.json"
    origin = ProvenanceRecord(inputs=inputs, code={"version": "0.1.0"}, env=env)
    write_cell(folder, result(faces, network, "lfw", 0.97, provenance=origin))
    for key, steps in ((first, 300), (last, 100)):
        count = np.arange(1, steps + 1)
        accuracy = [None if step % 20 else 0.8 + step / 3000 for step in count.tolist()]
        table = {"step": count, "loss": 2 / np.sqrt(count), "images_per_s": 300.0 + 0 * count,
                 "validation_accuracy": accuracy}  # fmt: skip
        pd.DataFrame(table).to_parquet(folder / f"media/history-{key[:12]}.parquet")


def write_looks(folder):
    """What a face set says of itself, and what a leak check found in it."""
    for g, generator in enumerate(("bfm", "digi2real")):
        key = component(generator, identities=1000 * (g + 1), images_per_id=20).key
        edges = np.linspace(-90, 90, 25).tolist()
        counts = (100 + 20 * np.cos(np.arange(24) * (g + 1))).astype(int).tolist()
        numeric = {"yaw_deg": {"edges": edges, "counts": counts},
                   "roll_deg": {"edges": edges, "counts": counts[::-1]}}  # fmt: skip
        facts = {"faces": 20000, "read": 5000, "numeric": numeric,
                 "named": {"light": {"lobes": 4000, "ambient": 1000}}}  # fmt: skip
        (folder / f"media/attributes-{key[:12]}.json").write_text(json.dumps(facts))
    key = component("bfm", identities=1000, images_per_id=20).key
    (folder / "leaks").mkdir()
    (folder / "leaks/0123456789ab-lfw.json").write_text(json.dumps(leak(key)))


def leak(key, **fields):
    """The record of a leak check of the training set with that key."""
    bins = np.linspace(-1, 1, 81)
    cosines = np.random.default_rng(3).normal((0.7, 0.05), (0.1, 0.15), (4000, 2)).clip(-1, 1)
    within, between = (np.histogram(column, bins)[0].tolist() for column in cosines.T)
    near = {"identity": "12", "other": "907", "image": "12/0", "other_image": "907/0", "score": 0.8}
    match = {"identity": "Ada", "image": "Ada/1.jpg", "training_identity": "7",
             "training_image": "7/0", "score": 0.31, "above": False}  # fmt: skip
    return {"training_key": key, "schema": "harness/leak@1", "leaked": False, "above": 0,
            "benchmark": "lfw", "training": "bfm", "model": "onnx", "fmr": 1e-5, "threshold": 0.4,
            "impostor_pairs": 900000, "identities": 5749, "training_identities": 1000,
            "training_images": 20000, "comparisons": 264660000, "by_chance": 0.4,
            "shared_names": [], "names_known": False, "matches": [match],
            "likeness": {"images": 3000, "identities": 150, "edges": bins.tolist(),
                         "within": within, "between": between, "nearest": [near]},
            **fields}  # fmt: skip


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory):
    """The made-up study: groups, searches, phases, a limited run, a ready model, failures."""
    return write_whole(tmp_path_factory.mktemp("made") / "study")


def write_whole(folder):
    """A study that fills every tab."""
    write_study(folder)
    for write in (write_groups, write_searches, write_phases, write_looks):
        write(folder)
    (folder / "study.toml").write_text(
        '[study]\nname = "made-up"\nseed = 0\n\n[[benchmark]]\nuse = "lfw"\n'
        'root = "/home/somebody/secret/lfw"  # flags\n'
    )
    write_cell(folder, result("bfm", "facenet-nn4", "lfw", 0.99, 0.02, limited=10))
    write_cell(folder, result(None, "onnx", "lfw", 0.995, 0.003))
    key, cell = key_of("faces"), key_of("cell")
    message = "DataError: /home/somebody/secret/faces.rec is cut short"
    write_failure(folder, "generate", "sface", key, message)
    labels = ["sface > iresnet50 > lfw", "sface > iresnet50 > cfp-fp"]
    plan = {
        "nodes": [{"stage": "generate", "key": key, "label": "sface", "inputs": {}}],
        "cells": [
            {"key": f"{cell}{i}", "label": label, "folder": "x", "inputs": {"faces": key}}
            for i, label in enumerate(labels)
        ],
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "events.jsonl").write_text(json.dumps({"event": "failed", "key": key}) + "\n")
    return folder


def browser_module():
    """The module that drives Chromium."""
    path = Path(__file__).parents[1] / "data" / "browser.py"
    spec = importlib.util.spec_from_file_location("browser_for_tests", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A real browser; without one its tests skip, which CI does not allow."""
    module = browser_module()
    if module.CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is not installed")
    made = module.Browser(tmp_path_factory.mktemp("profile"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def big_report(tmp_path_factory):
    """The report of 200 cells with curves and histories: 10 generators, 5 models, 4 benchmarks."""
    from harness.reporting import render

    folder = tmp_path_factory.mktemp("big") / "study"
    write_study(
        folder,
        generators=[f"generator-{n}" for n in range(10)],
        models=[f"model-{n}" for n in range(5)],
        benches=("cfp-fp", "lfw", "agedb-30", "synthpie"),
        repeats=1,
        sheets=False,
    )
    return render([folder], folder.parent / "out", {"html"})[0]


class Make:
    """The makers of this file, for tests that build their own results."""

    component = staticmethod(component)
    leak = staticmethod(leak)
    metric = staticmethod(metric)
    result = staticmethod(result)
    write_cell = staticmethod(write_cell)
    write_failure = staticmethod(write_failure)


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make
