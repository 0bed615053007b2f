"""A made-up study: several generators, models, benchmarks and repeats, limits and failures."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from harness.study.result import (
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


def component(name, version=1, facts=None, **params):
    return ComponentUse(
        provider=f"made-up:{name}",
        name=name,
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
            inputs={"faces": source.key if source else "", "model": network.key},
            code={"distribution": "synthface-harness", "version": "0.1.0"},
            env="env/made.json",
        ),
        "cost": CostRecord(wall_s={"embed": 1.5}, images=100),
        "enrolment": EnrolmentRecord(
            images=100, failed=2, placed_by={"given": 98}, reasons={"no face": 2}, failed_names=[]
        ),
        "created": f"2026-01-0{repeat + 1}T00:00:00+00:00",
    }
    return Result(**(fields | more))


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
    (place / "result.json").write_text(made.to_json(), encoding="utf-8")
    return place


def write_failure(folder, stage, label, key, message="RuntimeError: it broke", attempt=1):
    place = folder / "failures" / key[:12]
    place.mkdir(parents=True, exist_ok=True)
    said = {"stage": stage, "key": key, "label": label, "error": "RuntimeError"}
    said |= {"message": message, "traceback": "Traceback: line 1\n"}
    (place / f"failed-{attempt}.json").write_text(json.dumps(said), encoding="utf-8")


def made_roc(quality, rng):
    genuine, impostor = rng.normal(quality, 1, 500), rng.normal(0, 1, 2000)
    cuts = np.sort(np.concatenate([genuine, impostor]))[::-1]
    far = (impostor[None] >= cuts[:, None]).mean(1)
    tar = (genuine[None] >= cuts[:, None]).mean(1)
    return far, tar, cuts


def write_study(folder: Path, *, generators=("bfm", "digi2real", "dcface"),
                models=("facenet-nn4", "iresnet50"), benches=("cfp-fp", "lfw", "synthpie"),
                repeats=2):  # fmt: skip
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
        cv2.imwrite(
            str(folder / f"media/sheet-{faces.key[:12]}.jpg"), cv2.GaussianBlur(picture, (0, 0), 9)
        )
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
                    value = 0.82 + 0.05 * g + 0.02 * m - 0.04 * b + 0.004 * repeat
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


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory):
    """The made-up study with a limited run, a ready model and two failures."""
    folder = write_study(tmp_path_factory.mktemp("made") / "study")
    write_cell(folder, result("bfm", "facenet-nn4", "lfw", 0.99, 0.02, limited=10))
    write_cell(folder, result(None, "onnx", "lfw", 0.995, 0.003))
    key, cell = key_of("faces"), key_of("cell")
    write_failure(folder, "generate", "sface", key)
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


class Make:
    """The makers of this file, for tests that build their own results."""

    component = staticmethod(component)
    metric = staticmethod(metric)
    result = staticmethod(result)
    write_cell = staticmethod(write_cell)


@pytest.fixture(scope="session")
def make() -> type[Make]:
    return Make
