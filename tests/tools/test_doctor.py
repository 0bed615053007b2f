"""The doctor explains what is wrong, and what to do."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
from filelock import FileLock

from harness._plugins.registry import PluginRow, Registry
from harness.store.artifacts import Store
from harness.tools import doctor


def versions(monkeypatch, installed: dict[str, str]) -> None:
    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(metadata, "version", version)


@pytest.mark.parametrize(
    ("installed", "level", "text"),
    [
        (("onnxruntime", "onnxruntime-gpu"), "bad", "overwrite each other's files"),
        (("onnxruntime-gpu",), "ok", "onnxruntime-gpu 1.0"),
        ((), "bad", "not installed"),
    ],
)
def test_onnxruntimes(monkeypatch, installed, level, text):
    versions(monkeypatch, dict.fromkeys(installed, "1.0"))
    (finding,) = doctor._onnxruntime()
    assert finding.level == level
    assert text in finding.text


@pytest.mark.parametrize(
    ("built_for", "driver", "environ", "text"),
    [
        (None, True, {}, "CPU build; install a CUDA build"),
        (None, False, {}, "CPU build and no NVIDIA driver"),
        ("12.8", False, {}, "no NVIDIA driver is found"),
        ("12.8", True, {"CUDA_VISIBLE_DEVICES": ""}, "CUDA_VISIBLE_DEVICES= shows torch no"),
        ("12.8", True, {}, "nvidia-smi"),
    ],
)
def test_why_there_is_no_cuda(built_for, driver, environ, text):
    assert text in doctor.why_no_cuda(built_for, driver=driver, environ=environ)


@pytest.mark.parametrize(("device", "level"), [("auto", "warn"), ("cpu", "warn"), ("cuda", "bad"),
                                               ("cuda:1", "bad")])  # fmt: skip
def test_cuda_is_bad_only_where_it_is_asked_for(monkeypatch, device, level):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert list(doctor._torch(device))[-1].level == level


def test_locks_held_and_left_behind(home):
    store = Store(home)
    (home / "locks").mkdir(parents=True)
    for name, locked, state in (
        ("held", True, "held"), ("stale", True, "held"), ("far", False, "held"),
        ("done", True, "free"),
    ):  # fmt: skip
        holder = {"pid": 1, "host": "there", "locked": locked, "beat": 3, "state": state}
        (home / "locks" / f"{name}.000002.lease").write_text(json.dumps(holder))
        (home / "locks" / f"{name}.000001.lease").write_text("")
    with FileLock(home / "locks" / "held.lock"):
        found = {finding.text.split()[0]: finding for finding in doctor._locks(store)}
    assert found.keys() == {"held", "stale", "far"}
    assert found["held"].level == "ok"
    assert found["stale"].level == "warn"
    assert "process 1 on there (another host); harmless" in found["stale"].text
    assert "leased to process 1 on there" in found["far"].text


def test_old_plugins(monkeypatch):
    registry = Registry()
    registry.plugins += [
        PluginRow("acme", "acme-faces", "1.0"),
        PluginRow("f", "f", "file"),
        PluginRow("b", "broken", "1", "it is written for plugin API 0"),
    ]
    wanted = {"acme-faces": ["synthface-harness>=99", "numpy", "torch; extra == 'gpu'", "absent"]}
    monkeypatch.setattr(metadata, "requires", wanted.get)
    versions(monkeypatch, {"synthface-harness": "0.1.0", "numpy": "2.0"})
    texts = [finding.text for finding in doctor._requirements(registry)]
    assert texts == [
        "need synthface-harness>=99 and 0.1.0 is installed; pip install --upgrade acme-faces",
        "need absent and nothing is installed; pip install --upgrade acme-faces",
    ]
    bad = [finding for finding in doctor._plugins(registry) if finding.level == "bad"]
    assert bad[0].text == "it is written for plugin API 0; fix or uninstall broken"
    (good,) = [finding for finding in doctor._plugins(registry) if finding.level == "ok"]
    assert good.what == "plugins"
    assert good.text == "1 of acme-faces 1.0, 1 of f file; `harness list plugins` names them"
