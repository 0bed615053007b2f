"""What surrounds the networks of Digi2Real costs, and how many images a second a GPU makes.

    python perf/digi2real.py                  # CPU: the tiny pipeline
    python perf/digi2real.py gpu              # one GPU: full size, random weights, minutes
    python perf/digi2real.py gpu --rehearse   # the same lines without a GPU; figures mean nothing

On the CPU: the tiny pipeline through the generator; the share of the time that is not spent inside
text encoder, UNet or VAE (noise, solver, guidance, metadata, JPEG). On a GPU: the whole generator
with full-size networks at 512 pixels and 25 steps, batched over identities, decoding in turn with
the UNet and beside it, against the published loop (five images of one identity a call of the
diffusers pipeline, fp16, decoding in it): images per second, and operations as a share of a large
bf16 matrix product. Both sides end with an encoded JPEG; neither runs a detector.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch

from harness.digests import digest
from harness.faces.face import Slot
from harness_plugins.generators.digi2real.crop import encode
from harness_plugins.generators.digi2real.diffusion.conditioning import Conditioner
from harness_plugins.generators.digi2real.diffusion.pipeline import assemble, vae_dtype
from harness_plugins.generators.digi2real.diffusion.sampling import solver
from harness_plugins.generators.digi2real.generator import Digi2Real
from harness_plugins.generators.digi2real.jobs import ImageJob
from harness_plugins.generators.digi2real.params import Digi2RealParams

STEPS, GUIDANCE, FIVE = 25, 3.0, 5
SCHEDULER = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


class Patches:
    """Two flat colours an identity, as PNG."""

    template = "arcface"

    def __init__(self, identities: int) -> None:
        self.subjects = np.repeat(np.arange(identities), 2)
        self.names = [str(number) for number in range(len(self.subjects))]
        self.landmarks = np.full((len(self.subjects), 5, 2), np.nan, np.float32)
        self.boxes = np.full((len(self.subjects), 4), np.nan, np.float32)

    def __len__(self) -> int:
        return len(self.subjects)

    def read(self, index: int) -> bytes:
        """One image."""
        noise = np.random.default_rng(index).integers(0, 256, (112, 112, 3), np.uint8)
        return cv2.imencode(".png", noise)[1].tobytes()


class Context(SimpleNamespace):
    """What the generator asks of the core, with artifacts in a folder."""

    def artifact(self, name: str, parts: dict[str, Any], build: Callable[[Path], None]) -> Path:
        """Make or find a folder."""
        folder: Path = self.root / name / digest(parts)
        if not folder.exists():
            folder.mkdir(parents=True)
            build(folder)
        return folder

    def faces(self, _name: str) -> Patches:
        """The source."""
        return self.source  # type: ignore[no-any-return]

    def note(self, _message: str) -> None:
        """Nobody reads."""

    def progress(self, *_: Any) -> None:
        """Nobody waits."""


@contextmanager
def counted(spent: dict[str, float], **calls: tuple[Any, str]) -> Iterator[None]:
    """Add the seconds inside methods to ``spent``; gives the objects back as they were."""
    for name, (owner, method) in calls.items():
        setattr(owner, method, _timed(spent, name, getattr(owner, method)))
    try:
        yield
    finally:
        for owner, method in calls.values():
            delattr(owner, method)


def _timed(spent: dict[str, float], name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        try:
            return call(*args, **kwargs)
        finally:
            spent[name] = spent.get(name, 0.0) + time.perf_counter() - start

    return run


def on_cpu(images: int, repeats: int) -> None:
    """The share of the tiny pipeline's time that is outside its networks."""
    per = 4
    params = Digi2RealParams.model_validate(
        {"pipeline": "tiny", "identities": images // per, "images_per_id": per,
         "images_per_prototype": 2, "latents": 2, "steps": STEPS, "source": "patches"}
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as root:
        ctx = Context(
            root=Path(root), source=Patches(images // per), seed=0, device="cpu", precision="fp32",
            batch_size=None, limit=None,
        )  # fmt: skip
        made = Digi2Real(params)
        made.prepare(ctx)
        slots = [Slot(i, s) for i in range(images // per) for s in range(per)]
        list(made.generate(slots[:8]))
        pipeline, encoder = made._open(), made._conditions()._model
        shares = []
        for _ in range(repeats):
            spent: dict[str, float] = {}
            start = time.perf_counter()
            with counted(spent, unet=(pipeline.unet, "forward"), vae=(pipeline.vae, "decode"),
                         text=(encoder, "forward")):  # fmt: skip
                list(made.generate(slots))
            whole = time.perf_counter() - start
            shares.append(1 - sum(spent.values()) / whole)
    parts = ", ".join(f"{name} {1e3 * s / images:.1f}" for name, s in spent.items())
    print(f"cpu, tiny pipeline, {STEPS} steps: {images / whole:.1f} images/s; ms an image: {parts}")
    print(f"  outside the networks: {100 * statistics.median(shares):.1f} % of the time (limit 10)")


def networks(dtype: torch.dtype, vae_dtype: torch.dtype, *, small: bool) -> tuple[Any, Any]:
    """UNet and VAE of Stable Diffusion 1.5 on the default device, random weights."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    unet: dict[str, Any] = {"sample_size": 64, "cross_attention_dim": 768}
    vae: dict[str, Any] = {
        "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4,
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
    }  # fmt: skip
    if small:
        shape = {"block_out_channels": (32, 32, 32, 32), "norm_num_groups": 8}
        unet |= {**shape, "sample_size": 16, "layers_per_block": 1}
        vae |= {"block_out_channels": (8, 8, 16, 16), "norm_num_groups": 4, "layers_per_block": 1}
    made: list[Any] = [UNet2DConditionModel(**unet), AutoencoderKL(**vae)]
    for network in made:
        network.train(False).requires_grad_(False)
    return made[0].to(dtype), made[1].to(vae_dtype)


def text_encoder(device: torch.device) -> Conditioner:
    """The text encoder of Stable Diffusion 1.5, random weights."""
    from transformers import CLIPTextConfig, CLIPTextModel

    with device:
        model: Any = CLIPTextModel(
            CLIPTextConfig(
                hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
                num_attention_heads=12, max_position_embeddings=77,
            )
        )  # fmt: skip
    start, end, word = 49406, 49407, 1014
    tokens = np.full(77, end)
    tokens[:6] = start, 1125, 539, 320, word, 2533
    empty = np.full(77, end)
    empty[0] = start
    return Conditioner(model.train(False).requires_grad_(False), tokens, empty, word)


def published_loop(device: torch.device, identities: int, *, small: bool) -> Callable[[], int]:
    """Five images of one identity a call of the diffusers pipeline in fp16, as released."""
    from diffusers.pipelines.stable_diffusion import pipeline_stable_diffusion

    cls: Any = pipeline_stable_diffusion.StableDiffusionPipeline
    half = torch.float32 if small else torch.float16
    with device:
        unet, vae = networks(half, half, small=small)
    pipe = cls(
        vae=vae, unet=unet, scheduler=solver(SCHEDULER),
        text_encoder=None, tokenizer=None, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    encoder, rng = text_encoder(device), np.random.default_rng(0)
    empty = encoder.unconditional()[None].to(device, half)
    faces = rng.standard_normal((identities, 512)).astype(np.float32)
    faces /= np.linalg.norm(faces, axis=1, keepdims=True)

    def run() -> int:
        made = 0
        for face in faces:
            prompt = encoder.encode(face[None]).to(device, half)
            images = pipe(
                prompt_embeds=prompt, negative_prompt_embeds=empty, num_images_per_prompt=FIVE,
                num_inference_steps=STEPS, guidance_scale=GUIDANCE,
                generator=torch.Generator(device).manual_seed(0),
            ).images  # fmt: skip
            made += len([encode(np.asarray(image), 95) for image in images])
        return made

    return run


@contextmanager
def generator(
    device: torch.device, identities: int, batch: int, *, small: bool
) -> Iterator[Digi2Real]:
    """Ours, with full-size networks of random weights instead of the tiny ones."""
    params = Digi2RealParams.model_validate(
        {"pipeline": "tiny", "identities": identities, "images_per_id": FIVE,
         "images_per_prototype": 2, "latents": FIVE, "steps": STEPS, "source": "patches"}
    )  # fmt: skip
    precision = "fp32" if small else "bf16"
    with tempfile.TemporaryDirectory() as root:
        ctx = Context(
            root=Path(root), source=Patches(identities), seed=0, device=device.type,
            precision=precision, batch_size=batch, limit=None,
        )  # fmt: skip
        made = Digi2Real(params)
        made.prepare(ctx)
        made._conditioner = text_encoder(device)
        dtype = torch.float32 if small else torch.bfloat16
        with device:
            unet, vae = networks(dtype, vae_dtype(device, precision), small=small)
        empty = made._conditioner.unconditional()
        made._pipeline = assemble(unet, vae, SCHEDULER, empty, device)
        yield made


def rate(make: Callable[[], int], repeats: int, device: torch.device) -> float:
    """What ``make`` counts a second, the median of some runs after one that warms up."""
    make()
    rates = []
    for _ in range(repeats):
        _wait(device)
        start = time.perf_counter()
        count = make()
        _wait(device)
        rates.append(count / (time.perf_counter() - start))
    return statistics.median(rates)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matmul_flops(device: torch.device, *, small: bool) -> float:
    """Floating-point operations a second of a large bf16 matrix product."""
    size, times = (256, 2) if small else (8192, 20)
    one = torch.randn((size, size), device=device, dtype=torch.bfloat16)

    def run() -> int:
        for _ in range(times):
            one @ one
        return times

    return rate(run, 5, device) * 2 * size**3


def flops_of_an_image(*, small: bool) -> tuple[float, float]:
    """Operations of all UNet passes and of the VAE for one image, counted without computing."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        unet, vae = networks(torch.float32, torch.float32, small=small)
        side = unet.config.sample_size
        latents, prompt = torch.zeros((1, 4, side, side)), torch.zeros((1, 77, 768))
        time_step = torch.zeros(1)
    with FlopCounterMode(display=False) as of_unet:
        unet(latents, time_step, encoder_hidden_states=prompt)
    with FlopCounterMode(display=False) as of_vae:
        vae.decode(latents)
    return 2 * STEPS * of_unet.get_total_flops(), of_vae.get_total_flops()


def count_of(made: Digi2Real, slots: list[Slot]) -> int:
    """Faces made of slots."""
    return len(list(made.generate(slots)))


def difference(made: Digi2Real, some: list[ImageJob], batch: list[ImageJob]) -> tuple[int, float]:
    """Largest and mean difference of pixels between images made alone and in a batch."""

    def images(jobs: list[ImageJob]) -> Any:
        points = np.stack([job.embedding for job in jobs])
        return made._shown(points, [job.seed for job in jobs], True).astype(int)

    alone = np.concatenate([images([job]) for job in some])
    apart = np.abs(alone - images(batch)[: len(some)])
    return int(apart.max()), float(apart.mean())


def on_gpu(batches: list[int], identities: int, repeats: int, *, rehearse: bool) -> None:
    """Ours, decoding in turn with the UNet and beside it, against the published loop."""
    device, small = torch.device("cpu" if rehearse else "cuda"), rehearse
    if rehearse:
        print("rehearsal with small networks on the CPU: the figures mean nothing")
    unet, vae = flops_of_an_image(small=small)
    peak = matmul_flops(device, small=small)
    print(f"an image is {unet / 1e12:.2f} TFLOP of UNet and {vae / 1e12:.2f} of VAE; "
          f"bf16 matrix product: {peak / 1e12:.0f} TFLOP/s")  # fmt: skip
    plain = rate(published_loop(device, identities, small=small), repeats, device)
    print(f"five a call, fp16, as published: {plain:.2f} images/s, "
          f"{100 * plain * (unet + vae) / peak:.0f} % of that product")  # fmt: skip
    slots = [Slot(i, s) for i in range(identities) for s in range(FIVE)]
    for batch in batches:
        with generator(device, identities, batch, small=small) as made:
            jobs = [made._job(slot) for slot in slots[:batch]]

            def unet_alone(made: Digi2Real = made, jobs: list[ImageJob] = jobs) -> int:
                made._denoised(jobs)
                return len(jobs)

            alone = rate(unet_alone, repeats, device)
            print(f"{batch} a call, bf16: UNet alone {alone:.2f} images/s, "
                  f"{100 * alone * unet / peak:.0f} %")  # fmt: skip
            largest, mean = difference(made, jobs[:4], jobs)
            print(f"  alone and in the batch an image differs by {mean:.3f} of 255, at most "
                  f"{largest} (declared 2)")  # fmt: skip
            for how, overlap in (("in turn", False), ("beside it", True)):
                made._batches.overlap = overlap
                ours = rate(partial(count_of, made, slots), repeats, device)
                print(f"  whole generator, decoding {how}: {ours:.2f} images/s, "
                      f"{100 * ours * (unet + vae) / peak:.0f} %, "
                      f"{ours / plain:.2f} times the published loop (wanted 3)")  # fmt: skip


def _quiet() -> None:
    """Remarks of the libraries on modules that are not there stay out of the figures."""
    from diffusers.utils import logging
    from transformers.utils import logging as also

    for said in (logging, also):
        said.set_verbosity_error()


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("cpu", "gpu"), default="cpu")
    parser.add_argument("--images", type=int, default=64, help="images on the CPU")
    parser.add_argument("--batch", type=int, nargs="+", default=[16, 32], help="images a call")
    parser.add_argument("--identities", type=int, default=26, help="on the GPU, five images each")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rehearse", action="store_true",
                        help="gpu: small networks on the CPU, to try the script")  # fmt: skip
    args = parser.parse_args()
    _quiet()
    if args.what == "cpu":
        on_cpu(args.images, args.repeats)
        return 0
    if not args.rehearse and not torch.cuda.is_available():
        print("the full-size pipeline is measured on a GPU and torch sees none; run this where "
              "torch.cuda.is_available() is true, or try the script with --rehearse",
              file=sys.stderr)  # fmt: skip
        return 3
    on_gpu(args.batch, args.identities, args.repeats, rehearse=args.rehearse)
    return 0


if __name__ == "__main__":
    sys.exit(main())
