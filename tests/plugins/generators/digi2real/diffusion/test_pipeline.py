from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import DataError, PrerequisiteError
from harness_plugins.generators.digi2real.diffusion import tiny
from harness_plugins.generators.digi2real.diffusion.pipeline import (
    encoder_digest,
    open_pipeline,
    vae_dtype,
)


def test_what_the_networks_say_of_themselves(pipeline):
    assert (pipeline.image_px, pipeline.vae_factor, pipeline.latent_channels) == (64, 8, 4)
    assert pipeline.vae_scale == 0.18215
    assert pipeline.dtype == torch.float32
    assert not any(p.requires_grad for p in pipeline.unet.parameters())


@pytest.mark.parametrize(
    ("name", "asset"),
    [
        ("unet/config.json", "arc2face-unet"),
        ("unet/diffusion_pytorch_model.safetensors", "arc2face-unet"),
        ("encoder/config.json", "arc2face-encoder"),
        ("encoder/model.safetensors", "arc2face-encoder"),
        ("base/tokenizer/merges.txt", "stable-diffusion-v1-5"),
        ("base/scheduler/scheduler_config.json", "stable-diffusion-v1-5"),
        ("base/vae/diffusion_pytorch_model.safetensors", "stable-diffusion-v1-5"),
    ],
)
def test_a_missing_file_is_named_with_the_command_that_mends_it(folders, tmp_path, name, asset):
    root = tmp_path / "copy"
    shutil.copytree(folders.unet.parent, root)
    (root / name).unlink()
    moved = type(folders)(root / "unet", root / "encoder", root / "base")
    with pytest.raises(PrerequisiteError) as error:
        moved.check()
    assert f"harness assets link {asset} PATH" in str(error.value)
    assert name.split("/")[-1] in str(error.value)
    assert error.value.exit_code == 3


def test_weights_that_leave_part_of_the_network_random_are_refused(folders, tmp_path):
    unet = tmp_path / "unet"
    shutil.copytree(folders.unet, unet)
    file = unet / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    del weights["conv_out.weight"]
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(DataError, match=r"conv_out\.weight"):
        open_pipeline(replace(folders, unet=unet), torch.zeros(77, 64), "cpu", "fp32")


@pytest.fixture
def changed(folders, tmp_path):
    """The tiny pipeline with the weights of UNet or VAE changed by a function."""

    def make(part, change, pickled=False):
        folder = tmp_path / "copy"
        shutil.copytree(folders.unet.parent, folder)
        file = folder / part / "diffusion_pytorch_model.safetensors"
        weights = change(load_file(file))
        file.unlink()
        if pickled:
            torch.save(weights, file.with_suffix(".bin"))
        else:
            save_file(weights, file, {"format": "pt"})
        moved = type(folders)(folder / "unet", folder / "encoder", folder / "base")
        return open_pipeline(moved, torch.zeros(77, 64), "cpu", "fp32")

    return make


def same(one, two):
    left, right = one.state_dict(), two.state_dict()
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize("part", ["unet", "base/vae"])
def test_pickles_of_older_releases_load_the_same(pipeline, changed, part):
    made = changed(part, lambda weights: weights, pickled=True)
    assert same(made.unet, pipeline.unet)
    assert same(made.vae, pipeline.vae)


OLDER = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}


def test_the_vae_loads_with_the_names_of_its_release(pipeline, changed):
    """Stable Diffusion 1.5 names the attention of its VAE as diffusers did before 0.15."""
    renamed = set()

    def older(weights):
        made = {}
        for name, weight in weights.items():
            old = name
            for new, before in OLDER.items():
                old = old.replace(f"attentions.0.{new}.", f"attentions.0.{before}.")
            renamed.update({name} if old != name else ())
            made[old] = weight
        return made

    assert same(changed("base/vae", older).vae, pipeline.vae)
    assert len(renamed) == 16


def test_weights_of_another_shape_are_refused_by_name(changed):
    def wider(weights):
        bias = torch.zeros(len(weights["conv_in.bias"]) + 8)
        return {**weights, "conv_in.bias": bias}

    with pytest.raises(DataError, match=r"unet.*conv_in\.bias"):
        changed("unet", wider)


@pytest.mark.parametrize(
    ("place", "name"), [("unet", "208 missing.*conv_in"), ("base/vae", "missing.*decoder")]
)
def test_networks_in_each_others_place_are_refused(folders, tmp_path, place, name):
    root = tmp_path / "swapped"
    shutil.copytree(folders.unet.parent, root)
    other = {"unet": "base/vae", "base/vae": "unet"}[place]
    file = "diffusion_pytorch_model.safetensors"
    shutil.copy(folders.unet.parent / other / file, root / place / file)
    moved = type(folders)(root / "unet", root / "encoder", root / "base")
    with pytest.raises(DataError, match=name):
        open_pipeline(moved, torch.zeros(77, 64), "cpu", "fp32")


@pytest.mark.parametrize(
    ("device", "precision", "dtype"),
    [("cpu", "fp32", "float32"), ("cpu", "bf16", "float32"), ("cuda", "fp32", "float32"),
     ("cuda", "bf16", "float16"), ("cuda:1", "fp16", "float16")],
)  # fmt: skip
def test_the_precision_of_the_decoder(device, precision, dtype):
    assert vae_dtype(torch.device(device), precision) == getattr(torch, dtype)


def test_a_unet_for_another_text_encoder_is_refused(folders):
    with pytest.raises(DataError, match="64 values and the text encoder gives 32"):
        open_pipeline(folders, torch.zeros(77, 32), "cpu", "fp32")


def test_the_digest_of_the_encoder_follows_its_weights(folders, tmp_path):
    other = tmp_path / "encoder"
    shutil.copytree(folders.encoder, other)
    assert encoder_digest(replace(folders, encoder=other)) == encoder_digest(folders)
    weights = load_file(other / "model.safetensors")
    next(iter(weights.values())).view(-1)[0] += 1
    save_file(weights, other / "model.safetensors", {"format": "pt"})
    assert encoder_digest(replace(folders, encoder=other)) != encoder_digest(folders)


def test_the_tiny_pipeline_is_the_same_wherever_it_is_built(folders, tmp_path):
    state = torch.get_rng_state()
    tiny.build(tmp_path)
    assert torch.equal(torch.get_rng_state(), state)
    for name in ("unet/diffusion_pytorch_model", "base/vae/diffusion_pytorch_model"):
        first = load_file(folders.unet.parent / f"{name}.safetensors")
        second = load_file(tmp_path / f"{name}.safetensors")
        assert first.keys() == second.keys()
        assert all(torch.equal(first[key], second[key]) for key in first)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert size < 6e6
    assert len(json.loads((tmp_path / "base/tokenizer/vocab.json").read_text())) < 65


def test_the_full_network_has_the_published_shapes():
    """Stable Diffusion 1.5's UNet on the meta device; one forward pass is 803 GFLOP, so none."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(
            sample_size=64, cross_attention_dim=768, block_out_channels=(320, 640, 1280, 1280),
            down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        )  # fmt: skip
        text = CLIPTextModel(
            CLIPTextConfig(
                hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
                num_attention_heads=12, max_position_embeddings=77,
            )
        )  # fmt: skip
    assert sum(p.numel() for p in unet.parameters()) == 859_520_964
    assert len(unet.state_dict()) == 686
    assert sum(p.numel() for p in text.parameters()) == 123_060_480
