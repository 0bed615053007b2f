from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch

from harness_plugins.generators.digi2real.diffusion.sampling import (
    SamplerSettings,
    decode,
    denoise,
    own_generator,
    sample,
    solver,
    starting_noise,
)

FAST = SamplerSettings(steps=3, guidance=3.0, image_px=64)


@pytest.fixture(scope="module")
def prompts(conditions, random_units):
    return conditions.encode(random_units(3, 48))


def test_the_solver_has_the_published_settings(pipeline):
    made = solver(pipeline.scheduler_config)
    made.set_timesteps(25)
    steps = made.timesteps.tolist()
    assert len(steps) == 25
    assert steps[:4] == [999, 959, 919, 879]
    assert steps[12:14] == [519, 480]
    assert steps[-3:] == [120, 80, 40]
    assert float(made.sigmas[0]) == pytest.approx(14.6146, abs=1e-4)
    assert float(made.sigmas[-1]) == 0
    config = made.config
    assert (config.solver_order, config.algorithm_type) == (2, "dpmsolver++")
    assert (config.solver_type, config.prediction_type) == ("midpoint", "epsilon")
    assert config.lower_order_final
    # independent of the library: the noise schedule of Stable Diffusion at time 999
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    kept = np.prod(1 - betas)
    assert float(made.sigmas[0]) == pytest.approx(np.sqrt((1 - kept) / kept), rel=1e-4)


def reference(pipeline, prompt, seed, steps, guidance):
    """DPM-Solver++(2M) as Lu et al. 2022 write it (algorithm 2), one image, in float64."""
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    kept = np.cumprod(1 - betas)
    times = np.linspace(0, 999, steps + 1).round()[::-1][:-1].astype(int)
    alpha = [*np.sqrt(kept[times]), 1.0]
    sigma = [*np.sqrt(1 - kept[times]), 0.0]
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(seed)).double()
    before = None
    for i, time in enumerate(times):
        with torch.no_grad():
            plain, guided = (
                pipeline.unet(x.float(), int(time), encoder_hidden_states=c[None]).sample.double()
                for c in (pipeline.unconditional, prompt)
            )
        eps = plain + guidance * (guided - plain)
        clean = (x - sigma[i] * eps) / alpha[i]
        mixed = clean
        if before is not None and i < steps - 1:
            logs = [np.log(alpha[k] / sigma[k]) for k in (i - 1, i, i + 1)]
            r = (logs[1] - logs[0]) / (logs[2] - logs[1])
            mixed = (1 + 1 / (2 * r)) * clean - 1 / (2 * r) * before
        h = np.inf if i == steps - 1 else np.log(alpha[i + 1] / sigma[i + 1] * sigma[i] / alpha[i])
        x = sigma[i + 1] / sigma[i] * x - alpha[i + 1] * np.expm1(-h) * mixed
        before = clean
    with torch.no_grad():
        image = pipeline.vae.decode(x.float() / 0.18215).sample[0]
    return (image / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy() * 255


@pytest.mark.parametrize(("steps", "guidance"), [(3, 3.0), (6, 3.0), (4, 1.5)])
def test_images_are_those_of_the_published_formulas(pipeline, prompts, steps, guidance):
    found = sample(pipeline, prompts[:1], [7], SamplerSettings(steps, guidance, 64))
    expected = reference(pipeline, prompts[0], 7, steps, guidance)
    assert found.shape == (1, 64, 64, 3)
    assert found.dtype == np.uint8
    assert np.abs(found[0] - expected).max() <= 1
    assert found.std() > 5


def test_without_guidance_the_empty_prompt_plays_no_part(pipeline, prompts):
    found = sample(pipeline, prompts[:1], [7], SamplerSettings(3, 1.0, 64))
    expected = reference(pipeline, prompts[0], 7, 3, 1.0)
    assert np.abs(found[0] - expected).max() <= 1


def test_neither_batch_nor_order_change_an_image(pipeline, prompts):
    together = sample(pipeline, prompts, [1, 2, 3], FAST)
    turned = sample(pipeline, prompts.flip(0), [3, 2, 1], FAST)[::-1]
    alone = np.concatenate(
        [sample(pipeline, p[None], [s], FAST) for p, s in zip(prompts, (1, 2, 3), strict=True)]
    )
    for other in (turned, alone):
        assert np.abs(together.astype(int) - other).max() <= 2


def test_a_decoder_in_half_precision_stays_within_the_tolerance(pipeline, prompts):
    """As on a GPU: the same latents, and images within 2 of 255."""
    latents = denoise(pipeline, prompts, [1, 2, 3], FAST)
    assert latents.ready is None  # without a GPU they are there when the call returns
    exact = decode(pipeline, latents).astype(int)
    half = replace(pipeline, vae=copy.deepcopy(pipeline.vae).half())
    found = decode(half, latents)
    assert found.dtype == np.uint8
    assert 0 < np.abs(found - exact).max() <= 2


class Device:
    """What a GPU is asked for, in order; nothing is computed elsewhere."""

    def __init__(self, monkeypatch):
        self.said = []
        monkeypatch.setattr(torch.cuda, "Event", lambda: self)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"the stream of {device}")
        monkeypatch.setattr(torch.cuda, "stream", self.inside)
        monkeypatch.setattr(torch.Tensor, "record_stream", lambda _, s: s.said.append("kept"))

    def record(self, stream):
        self.said.append(f"an event in {stream}")

    def wait_event(self, event):
        assert event is self
        self.said.append("waited")

    @contextmanager
    def inside(self, stream):
        assert stream is self
        self.said.append("in")
        yield
        self.said.append("out")


def test_on_a_gpu_decoding_waits_for_its_latents_alone(pipeline, prompts, monkeypatch):
    """The order of events and streams; latents are kept until the other stream has read them."""
    device = Device(monkeypatch)
    other = replace(pipeline, side_stream=device)
    real = other.vae.decode
    monkeypatch.setattr(
        other.vae, "decode", lambda *a, **k: device.said.append("decoded") or real(*a, **k)
    )
    found = sample(other, prompts[:2], [1, 2], FAST)
    assert device.said == [
        "an event in the stream of cpu", "waited", "kept", "in", "decoded", "decoded", "out",
    ]  # fmt: skip
    assert (found == sample(pipeline, prompts[:2], [1, 2], FAST)).all()


def test_seed_and_identity_each_change_the_image(pipeline, prompts):
    same = prompts[[0, 0, 1]]
    first, reseeded, other = sample(pipeline, same, [1, 2, 1], FAST).astype(int)
    assert np.abs(first - reseeded).mean() > 1
    assert np.abs(first - other).mean() > 0.2


def test_the_starting_noise_is_of_its_seed_alone():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    noise, again, other = (
        starting_noise(own_generator(seed), (4, 64, 64)) for seed in (2**127 + 5, 2**127 + 5, 6)
    )
    assert torch.equal(noise, again)
    assert not torch.equal(noise, other)
    assert float(noise.std()) == pytest.approx(1, abs=0.02)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_preview_follows_latent_consistency(pipeline, prompts):
    """One step is the boundary condition of Luo et al. 2023: c_skip x + c_out x0, in float64."""
    found = sample(pipeline, prompts[:1], [7], SamplerSettings(1, 1.0, 64, "lcm"))
    made = solver(pipeline.scheduler_config, "lcm")
    made.set_timesteps(1)
    time = int(made.timesteps[0])
    kept = np.prod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000)[: time + 1] ** 2)
    x = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        eps = pipeline.unet(x, time, encoder_hidden_states=prompts[:1]).sample.double()
        clean = (x - np.sqrt(1 - kept) * eps) / np.sqrt(kept)
        scaled = time * 10.0
        skip, out = 0.25 / (scaled**2 + 0.25), scaled / np.sqrt(scaled**2 + 0.25)
        latent = (out * clean + skip * x).float() / 0.18215
        image = pipeline.vae.decode(latent).sample[0]
    expected = (image / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy() * 255
    assert np.abs(found[0] - expected).max() <= 1


def test_noise_of_the_preview_is_of_each_image_alone(pipeline, prompts):
    quick = SamplerSettings(3, 1.0, 64, "lcm")
    together = sample(pipeline, prompts, [1, 2, 3], quick).astype(int)
    alone = sample(pipeline, prompts[1:2], [2], quick)[0]
    assert np.abs(together[1] - alone).max() <= 2
    other = sample(pipeline, prompts[1:2], [3], quick)[0]
    assert np.abs(together[1] - other).mean() > 1
