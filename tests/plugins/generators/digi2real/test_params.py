from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from harness.components import ToolRequest
from harness.recipe.parameters import external_fields
from harness_plugins.generators.digi2real import ASSETS
from harness_plugins.generators.digi2real.params import Digi2RealParams, LcmParams, TinyParams
from harness_plugins.generators.digi2real.presets import PRESETS


def test_the_runs_of_the_paper_by_name():
    assert len(PRESETS) == 3 + 2 + 9 + 8 + 1 + 2
    made = {name: Digi2RealParams.model_validate(values) for name, values in PRESETS.items()}
    best = made["digi2real-20k"]
    assert best == made["d4-20k"]
    assert (best.identities, best.images_per_id, best.filtered) == (20_000, 20, True)
    assert (best.beta_a, best.beta_b, best.latents, best.steps, best.guidance) == (2, 2, 5, 25, 3)
    assert [made[name].images_per_id for name in ("d1a", "d1b", "d1c")] == [10, 20, 25]
    assert [made[name].beta_a for name in ("d2a", "d2b")] == [1, 2]
    assert made["d3-87k"].identities == 87_000
    assert made["d3-10k"] == made["d2b"]
    assert made["d4-80k"].requests()["source"].params["identities"] == 87_000
    wanted = best.requests()["source"]
    assert wanted.generator == "digiface1m"
    assert wanted.params["most_per_group"] == 2
    assert wanted.params["images_per_id"] == 5
    cheap = ("rendered", "lcm-preview")
    assert {p.detector for name, p in made.items() if name not in cheap} == {"mtcnn"}
    assert best.tools() == {"detector": ToolRequest("aligner", "mtcnn")}


def test_without_parameters_it_is_the_method_of_the_paper():
    made, best = Digi2RealParams(), Digi2RealParams.model_validate(PRESETS["digi2real-20k"])
    assert made.requests() == best.requests()
    assert made.tools() == best.tools()
    paths = {"candidates", "source_params"}  # as unset, with the same meaning
    assert made.model_dump(exclude=paths) == best.model_dump(exclude=paths)
    assert made.departures() == ("no shift",)  # which needs real faces


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"shift": "x.safetensors"}, ()),
        ({"source": "bfm"}, ("source bfm", "no shift")),
        ({"detector": "none", "real": "faces"}, ("no detector",)),
        ({"detector": "other", "real": "faces"}, ("detector other",)),
        ({"embedder": "onnx", "shift": "x"}, ("embedder onnx",)),
        (PRESETS["rendered"], ("source bfm", "no detector", "no shift")),
        (PRESETS["lcm-preview"], ("source bfm", "no detector", "no shift", "fast preview")),
        ({"pipeline": "tiny"}, ("random weights", "source bfm", "no detector", "no shift")),
    ],
)
def test_a_row_that_is_not_the_papers_says_so(values, said):
    assert Digi2RealParams.model_validate(values).departures() == said


def test_the_filter_chooses_among_as_many_as_in_the_paper():
    def wanted(**values):
        return Digi2RealParams(**values).requests()["source"].params["identities"]

    assert wanted(identities=10) == 87_000
    assert wanted(identities=90_000) == 90_000
    assert wanted(identities=10, candidates=12) == 12
    assert wanted(identities=10, filtered=False) == 10


def test_the_preview_says_that_it_is_not_the_papers():
    quick = Digi2RealParams.model_validate(PRESETS["lcm-preview"])
    assert (quick.sampler, quick.steps, quick.guidance) == ("lcm", 4, 1)
    assert isinstance(quick, LcmParams)
    assert external_fields(type(quick))["lcm"].asset == "lcm-lora-sdv1-5"


def test_only_the_full_pipeline_needs_assets():
    full, small = LcmParams(), Digi2RealParams.model_validate({"pipeline": "tiny"})
    assert type(small) is TinyParams
    assert type(Digi2RealParams.model_validate(small.model_dump())) is TinyParams
    names = {mark.asset for mark in external_fields(type(full)).values()} - {None}
    assert names == {asset.name for asset in ASSETS}
    assert {mark.asset for mark in external_fields(type(small)).values()} == {None}
    assert small.model_dump().keys() == full.model_dump().keys()


def test_another_model_takes_the_place_of_arcface():
    for more, dropped in (({}, {"arc2face-arcface", "lcm-lora-sdv1-5"}),
                          ({"sampler": "lcm"}, {"arc2face-arcface"})):  # fmt: skip
        made = Digi2RealParams.model_validate(
            {"embedder": "onnx", "embedder_params": {"path": "net.onnx"}, **more}
        )
        names = {mark.asset for mark in external_fields(type(made)).values()} - {None}
        assert names == {asset.name for asset in ASSETS} - dropped
        assert made.tools()["embedder"] == ToolRequest("model", "onnx", {"path": "net.onnx"})
        assert type(Digi2RealParams.model_validate(made.model_dump())) is type(made)


def test_a_stored_set_as_source_takes_no_parameters():
    wanted = Digi2RealParams(source="0a1b2c3d4e").requests()["source"]
    assert wanted.generator == "0a1b2c3d4e"
    assert wanted.params == {}


def test_the_source_is_as_large_as_what_is_made_of_it(tmp_path):
    wanted = Digi2RealParams(identities=7, filtered=False, source="toy", source_params={"noise": 2})
    wanted = wanted.requests()
    assert wanted.keys() == {"source"}
    assert wanted["source"].params == {"identities": 7, "images_per_id": 5, "noise": 2}
    given = Digi2RealParams(source_params={"images_per_id": 72}).requests()["source"].params
    assert given["images_per_id"] == 72
    real = Digi2RealParams(real=tmp_path, real_params={"template": "arcface"}).requests()["real"]
    assert real.generator == "folder"
    assert real.params == {"template": "arcface", "root": str(tmp_path)}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"candidates": 5}, "less than identities"),
        ({"identities": 5, "candidates": 9, "filtered": False}, "filtered"),
        ({"pipeline": "tiny", "unet": "folder"}, "reads no unet"),
        ({"pipeline": "tiny", "nonsense": 1}, "nonsense"),
        ({"image_px": 100}, "multiple of 64"),
        ({"beta_a": 0}, "greater than 0"),
        ({"real": "a", "shift": "b"}, "leave out real"),
        ({"detector": "none", "detector_params": {"factor": 0.8}}, "detector=NAME"),
        ({"embedder_params": {"path": "net"}}, "embedder=NAME"),
        ({"lcm": "file"}, "sampler=lcm"),
        ({"pipeline": "tiny", "sampler": "lcm"}, "no distilled weights"),
    ],
)
def test_contradictions_are_refused(values, reason):
    with pytest.raises(ValidationError, match=reason):
        Digi2RealParams.model_validate(values)


def test_declaring_and_planning_import_nothing_heavy():
    code = (
        "import sys, harness_plugins.generators.digi2real.params as p;"
        "p.Digi2RealParams().requests();"
        "print([m for m in ('torch', 'numpy', 'cv2', 'transformers', 'diffusers') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
