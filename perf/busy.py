"""What other processes cost a training: waiting threads that sleep against those that spin.

    python perf/busy.py
    python perf/busy.py --rounds 3 --seconds 20

Each side trains a convolution loop in a process of its own with the threads that torch chooses.
Sides take turns, on the machine as it is and beside busy processes of low priority. Figures are
steps per second of the clock. ``default`` is what the command line chooses.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from harness.process.cpus import WAITING, wait_passively

LOOP = """
import sys, time
import torch
from torch import nn
network = nn.Sequential(*(
    layer for _ in range(8) for layer in (nn.Conv2d(64, 64, 3, padding=1), nn.ReLU())
))
images = torch.randn(8, 64, 56, 56)
def step():
    network(images).square().sum().backward()
step()
steps, start, most = 0, time.perf_counter(), float(sys.argv[1])
while time.perf_counter() - start < most:
    step()
    steps += 1
print(steps / (time.perf_counter() - start))
"""
BUSY = "import os; os.nice(10)\nwhile True: sum(range(10_000))"


@contextmanager
def busy(count: int) -> Iterator[None]:
    """This many processes of low priority that never rest."""
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def rate(policy: str, seconds: float) -> float:
    """Steps per second under a waiting policy."""
    environ = {name: value for name, value in os.environ.items() if name != WAITING}
    if policy == "default":
        wait_passively(environ)
    else:
        environ[WAITING] = policy
    command = [sys.executable, "-c", LOOP, str(seconds)]
    done = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--busy", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    policies = ("default", "PASSIVE", "ACTIVE")
    print("| machine | default / passive | default / spinning | default, steps/s |")
    print("|:--|--:|--:|--:|")
    for name, count in (("as it is", 0), (f"beside {options.busy} busy processes", options.busy)):
        with busy(count):
            turns = [
                [rate(policy, options.seconds) for policy in policies]
                for _ in range(options.rounds)
            ]
        middle = [statistics.median(column) for column in zip(*turns, strict=True)]
        default, passive, active = middle
        print(f"| {name} | {default / passive:.2f} | {default / active:.2f} | {default:.2f} |")


if __name__ == "__main__":
    main()
