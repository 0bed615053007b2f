"""What surrounds the networks of Digi2Real costs, and how many images a second a GPU makes.

    python perf/digi2real.py

On the CPU: the tiny pipeline through the generator; the share of the time that is not spent inside
text encoder, UNet or VAE (noise, solver, guidance, metadata, JPEG). On a GPU: the full-size network
with random weights, our batches over identities against the plain published loop (five images of
one identity a call, fp16), in images per second and as a share of the bf16 matrix product.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch

from harness.digests import digest
from harness.faces.face import Slot
from harness_plugins.generators.digi2real.generator import Digi2Real
from harness_plugins.generators.digi2real.params import Params
from harness_plugins.generators.digi2real.pipeline import Pipeline
from harness_plugins.generators.digi2real.sampling import Settings, sample

STEPS, GUIDANCE = 25, 3.0
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
    params = Params.model_validate(
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


def full_pipeline(device: torch.device, dtype: torch.dtype) -> Pipeline:
    """UNet and VAE of Stable Diffusion 1.5 with random weights."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    with torch.device(device):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768).to(dtype)
        vae = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512), layers_per_block=2, latent_channels=4,
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
        )  # fmt: skip
    for network in (unet, vae):
        network.eval().requires_grad_(False)
    empty = torch.zeros((77, 768), device=device)
    return Pipeline(unet, vae, SCHEDULER, empty, device, dtype)


def rate(make: Callable[[], Any], images: int, repeats: int) -> float:
    """Images per second, the median of some runs after one that warms up."""
    make()
    seconds = []
    for _ in range(repeats):
        torch.cuda.synchronize()
        start = time.perf_counter()
        make()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return images / statistics.median(seconds)


def matmul_flops(device: torch.device) -> float:
    """Floating-point operations a second of a large bf16 matrix product."""
    size = 8192
    one = torch.randn((size, size), device=device, dtype=torch.bfloat16)
    return rate(lambda: [one @ one for _ in range(20)], 20, 5) * 2 * size**3


def on_gpu(batch: int, repeats: int) -> None:
    """Ours against five images of one identity a call."""
    from torch.utils.flop_counter import FlopCounterMode

    device, settings = torch.device("cuda"), Settings(STEPS, GUIDANCE, 512)
    rng = torch.Generator().manual_seed(0)
    prompts = torch.randn((batch, 77, 768), generator=rng)
    rates = {}
    for name, dtype, size in (("five a call, fp16", torch.float16, 5),
                              (f"{batch} a call, bf16", torch.bfloat16, batch)):  # fmt: skip
        pipeline = full_pipeline(device, dtype)
        seeds = list(range(size))
        given = prompts[:1].expand(5, -1, -1) if size == 5 else prompts
        rates[name] = rate(lambda p=pipeline, g=given, s=seeds: sample(p, g, s, settings),
                           size, repeats)  # fmt: skip
        print(f"gpu, {name}: {rates[name]:.2f} images/s")
    with FlopCounterMode(display=False) as counter:
        sample(pipeline, prompts[:1], [0], settings)
    flops = counter.get_total_flops()
    plain, ours = rates.values()
    peak = matmul_flops(device)
    print(f"  {ours / plain:.2f} times the plain loop (wanted 3)")
    print(f"  {flops / 1e12:.1f} TFLOP an image: {100 * ours * flops / peak:.0f} % of the bf16 "
          f"matrix product ({peak / 1e12:.0f} TFLOP/s)")  # fmt: skip


def main() -> None:
    """Measure what this machine has."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64, help="images on the CPU")
    parser.add_argument("--batch", type=int, default=16, help="images a call on the GPU")
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    on_cpu(args.images, args.repeats)
    if torch.cuda.is_available():
        on_gpu(args.batch, args.repeats)
    else:
        print("no GPU: the full-size pipeline is not measured")


if __name__ == "__main__":
    main()
