"""What portable digits cost: a training step and an embedding, pinned kernels against free ones.

    python perf/portable.py
    python perf/portable.py --model mobilefacenet --images 8

Each side runs in processes of its own, because libraries choose their kernels when they are loaded,
and the sides take turns. Figures are processor seconds per image on one thread, which a shared
machine moves least; a portable run also uses one thread where a free one uses all, so the cost in
hours is the ratio times the speed-up that threads would have given.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import nullcontext
from types import SimpleNamespace

from harness.process import portable

MODELS = ("facenet-nn4", "iresnet18", "mobilefacenet")


def measure(name: str, images: int, *, pinned: bool) -> dict[str, float]:
    """Processor seconds per image of a training step and of an embedding, in this process."""
    import torch

    from harness._plugins.discovery import load
    from harness._plugins.targets import import_object
    from harness.recipe import parameters

    torch.set_num_threads(1)
    depth = {"depth": int(name.removeprefix("iresnet"))} if name.startswith("iresnet") else {}
    found = load().find("model", "iresnet50" if depth else name)
    params = parameters.params_class(found)(**depth)
    model = import_object(found.component.target)(params)
    model.prepare(SimpleNamespace(seed=0, device="cpu", precision="fp32"))
    network, spec = model.network, model.input_spec
    batch = torch.randn(images, 3, spec.height, spec.width)
    batch = batch.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), 0.01)

    def step() -> None:
        optimiser.zero_grad()
        network(batch).square().sum().backward()
        optimiser.step()

    def embed() -> None:
        with torch.no_grad():
            network(batch)

    spent = {}
    with portable.held() if pinned else nullcontext():
        for what, work in (("step", step), ("embed", embed)):
            network.train(what == "step")
            work()
            start = time.process_time()
            work()
            spent[what] = (time.process_time() - start) / images
    return spent


def elsewhere(name: str, images: int, *, pinned: bool) -> dict[str, float]:
    """The same in a fresh process, with the environment that pinned kernels need."""
    environ = {**os.environ, "OMP_NUM_THREADS": "1", **(portable.variables() if pinned else {})}
    command = [sys.executable, __file__, "--model", name, "--images", str(images)]
    side = "pinned" if pinned else "free"
    done = subprocess.run(
        [*command, "--side", side], env=environ, check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--model", choices=MODELS)
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=("free", "pinned"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        pinned = options.side == "pinned"
        print(json.dumps(measure(options.model, options.images, pinned=pinned)))
        return
    print("| network | step, portable / free | embedding, portable / free |\n|:--|--:|--:|")
    for name in (options.model,) if options.model else MODELS:
        turns = [
            [elsewhere(name, options.images, pinned=pinned) for pinned in (True, False)]
            for _ in range(options.rounds)
        ]
        ratios = [
            statistics.median(held[what] / free[what] for held, free in turns)
            for what in ("step", "embed")
        ]
        print(f"| {name} | {ratios[0]:.2f} | {ratios[1]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
