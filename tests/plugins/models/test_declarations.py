"""What planning reads of every built-in model: cheap, complete, true."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from harness.components import Component, Params, TrainableModel

NAMES = ("facenet_nn4", "iresnet50", "mobilefacenet", "onnx", "small_resnet")
HEAVY = ("torch", "cv2", "onnxruntime", "pandas", "scipy", "pyarrow", "safetensors", "numpy")


def declaration(name) -> Component:
    (component,) = import_module(f"harness_plugins.models.{name}").harness_components()
    return component


def resolve(reference):
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("name", NAMES)
def test_declaration_and_parameters_import_nothing_heavy(name):
    code = (
        f"import sys, harness_plugins.models.{name} as p\n"
        "c, = p.harness_components()\n"
        "__import__(c.params.partition(':')[0])\n"
        f"print(*(n for n in {HEAVY} if n in sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


@pytest.mark.parametrize("name", NAMES)
def test_target_and_parameters_are_what_they_say(name):
    component = declaration(name)
    assert component.kind == "model"
    assert component.name == name.replace("_", "-")
    model, params = resolve(component.target), resolve(component.params)
    assert issubclass(params, Params)
    assert issubclass(model, TrainableModel) == (name != "onnx")
    assert all(field.description for field in params.model_fields.values())


@pytest.mark.parametrize("name", NAMES)
def test_presets_and_assumed_settings_name_real_parameters(name):
    params = resolve(declaration(name).params)
    for preset, values in params.presets.items():
        assert set(values) <= set(params.model_fields), preset
    for preset, names in getattr(params, "assumed", {}).items():
        # Precision is the study's, not a parameter.
        assert set(names) - {"precision"} <= set(params.presets[preset])
