"""Verbs that look and tell: list, show, assets, doctor, embed, report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "b").mkdir(parents=True)
    for name, value in (("a.png", 60), ("b/c.jpg", 180)):
        cv2.imwrite(str(folder / name), np.full((48, 48, 3), value, np.uint8))
    (folder / "notes.txt").write_text("no image")
    return folder


def test_embed_writes_rows_in_the_order_of_the_paths(harness_command, photos, tmp_path):
    done = harness_command(
        "embed", "photos", "-m", "toy-pixels", "--template", "arcface", "-o", "e.npy"
    )
    assert "2 of 2 images embedded to e.npy" in done.stdout
    assert (tmp_path / "e.txt").read_text() == "a.png\nb/c.jpg\n"
    rows = np.load(tmp_path / "e.npy")
    assert rows.dtype == np.float32
    assert rows.shape == (2, 48)
    assert rows.mean(axis=1) == pytest.approx([60 - 128, 180 - 128], abs=2)


def test_embed_counts_images_without_landmarks(harness_command, photos, tmp_path):
    points = "\t".join(map(str, (16, 22, 31, 22, 24, 31, 18, 39, 30, 39)))
    (tmp_path / "points.txt").write_text(f"a.png\t{points}\n")
    done = harness_command(
        "embed", "photos", "-m", "toy-pixels", "--landmarks", "points.txt", "-o", "e.npy"
    )
    assert "1 of 2 images embedded" in done.stdout
    assert "1 images without embedding: no landmarks are given" in done.stderr
    assert np.isnan(np.load(tmp_path / "e.npy")[1]).all()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("absent", "-m", "toy-pixels", "--template", "arcface"), 2, "absent is not a folder"),
        (("photos", "-m", "toy-pixels"), 2, "add landmarks=FILE"),
        (("photos", "-m", "toy-pixels", "--template", "arcfase"), 2, "did you mean 'arcface'"),
        (("photos", "-m", "toy-net", "--template", "arcface"), 2, "has no weights"),
        (("photos", "-m", "toy-pixels", "--aligner", "mtcnn"), 3, "harness assets link mtcnn"),
    ],
)
def test_embed_errors(harness_command, photos, args, code, message):
    done = harness_command("embed", *args, "-o", "e.npy", check=code)
    assert message in done.stderr


def test_list_shows_components_plugins_and_json(harness_command):
    text = harness_command("list").stdout
    assert "toy-faces" in text
    rows = json.loads(harness_command("list", "--json").stdout)
    kinds = {"generators", "models", "benchmarks", "aligners", "measures", "qualities",
             "attributes", "executors", "trackers", "plugins"}  # fmt: skip
    assert set(rows) == kinds
    assert all(row["ok"] for row in rows["plugins"])
    assert "toy-faces" not in harness_command("-p", "no:toys", "list").stdout


def test_a_broken_plugin_is_a_row(harness_command, tmp_path):
    (tmp_path / "broken.py").write_text("import something_that_is_not_there\n")
    done = harness_command("--plugins-dir", "broken.py", "list")
    assert "ModuleNotFoundError: No module named 'something_that_is_not_there'" in done.stdout
    done = harness_command("--plugins-dir", "broken.py", "run", "-g", "broken", check=3)
    assert "does not load" in done.stderr


def test_harnessfile_beside_the_recipe_is_loaded(harness_command, tmp_path):
    shutil.copy(Path(__file__).parents[1] / "data" / "toys.py", tmp_path / "harnessfile.py")
    (tmp_path / "r.toml").write_text('[[model]]\nuse = "toy-pixels"\n[[benchmark]]\nuse = "toys"\n')
    done = harness_command("run", "-c", "r.toml", "-j", "2", toys=False)
    assert "toy-pixels" in done.stdout


def test_show_documents_every_parameter(harness_command):
    text = harness_command("show", "bfm").stdout
    assert "yaw_deg = " in text
    assert "positive moves the nose to the image right" in text
    assert "presets: syn-1m" in text
    record = json.loads(harness_command("show", "bfm", "--json").stdout)
    fields = record["params"]["properties"]
    assert all(field.get("description") for field in fields.values())
    assert record["licence"]


@pytest.mark.parametrize("name", ["facenet-nn4", "iresnet50", "mobilefacenet", "onnx", "lfw",
                                  "synthpie", "mtcnn", "bfm"])  # fmt: skip
def test_built_in_components_document_every_parameter(harness_command, name):
    record = json.loads(harness_command("show", name, "--json", toys=False).stdout)
    fields = record["params"].get("properties", {})
    missing = [key for key, field in fields.items() if not field.get("description")]
    assert not missing
    assert record["summary"]
    assert record["licence"]


def test_assets_are_listed_linked_and_checked(harness_command, photos):
    assert "missing lfw" in harness_command("assets", "list").stdout
    harness_command("assets", "link", "lfw", "photos")
    assert "have    lfw" in harness_command("assets", "list").stdout
    assert str(photos) in harness_command("assets", "check", "lfw", check=3).stdout
    done = harness_command("assets", "link", "lwf", "photos", check=2)
    assert "did you mean 'lfw'" in done.stderr
    assert "does not exist" in harness_command("assets", "link", "lfw", "no", check=2).stderr


def test_doctor_finds_this_environment_sound(harness_command):
    findings = json.loads(harness_command("doctor", "--json").stdout)
    assert {"python", "onnxruntime", "torch", "store"} <= {f["what"] for f in findings}
    assert not [f for f in findings if f["level"] == "bad"]


def test_doctor_says_what_is_wrong(harness_command, tmp_path, home):
    (tmp_path / "broken.py").write_text("raise RuntimeError('half installed')\n")
    (home / "assets.json").write_text('{"lfw": "/nowhere/at/all"}')
    done = harness_command("--plugins-dir", "broken.py", "doctor", check=3)
    assert "half installed" in done.stdout
    assert "/nowhere/at/all is gone; harness assets link lfw PATH" in done.stdout


def test_report_renders_again_without_computing(harness_command, tmp_path):
    harness_command("run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1")
    done = harness_command("report", "study", "-o", "out", "--html", "--md", "--tex", "--csv")
    written = done.stdout.split()
    assert written[0].endswith("index.html")
    assert {p.suffix for p in (tmp_path / "out").rglob("*.*")} >= {".html", ".md", ".tex", ".csv"}
    rows = [json.loads(line) for line in
            harness_command("report", "study", "--json").stdout.splitlines()]  # fmt: skip
    assert any(row["metric"] == "accuracy" and row["value"] == 1.0 for row in rows)
