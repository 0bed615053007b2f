"""How well a network that saw only the embedded model's faces tells real people apart.

    python perf/transfer.py --lfw FOLDER [--identities 560] [--images 30] [-G restyle=0.5]

Renders a set, trains the network of ``small-resnet`` on it with CosFace, always in the same way,
and verifies the 600 pairs of the first fold of LFW with the landmarks of ``--landmarks``.
Only fold 1: changes of the model may be judged by it, and the other folds stay unseen. Prints the
accuracy (each half of the fold scored at the best threshold of the other), the area under the ROC
curve, which is steadier, and the accuracy on held-out synthetic people.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from harness.align.templates import template_points
from harness.align.warp import similarity
from harness.faces.face import Face, Slot
from harness.metrics.roc import auc
from harness.metrics.scores import sort_scores
from harness.metrics.verification import kfold_accuracy
from harness.seeds import stream
from harness.training.losses import CosFace
from harness_plugins.models.small_resnet.network import INPUT_PX, small_resnet

PX, CANVAS, JITTER_PX = INPUT_PX, 72, 0.6
TEMPLATE = template_points("arcface", 112, 112)
HELD_OUT = 60
Images = NDArray[np.uint8]


def main() -> None:
    given = _arguments()
    torch.set_num_threads(given.threads)
    started = time.time()
    images, labels = rendered(given)
    print(f"rendered {len(images)} images in {time.time() - started:.0f} s", flush=True)
    held = labels >= given.identities
    network = trained(images[~held], labels[~held], given)
    synthetic = verified(network, *synthetic_pairs(images[held], labels[held]))
    accuracy, area = verified(network, *lfw_pairs(given.lfw, given.pairs, given.landmarks))
    found = {
        "accuracy": round(accuracy, 4),
        "auc": round(area, 4),
        "synthetic_accuracy": round(synthetic[0], 4),
        "seconds": round(time.time() - started),
        "identities": given.identities,
        "images": given.images,
        "settings": given.G,
        "seed": given.seed,
    }
    print(json.dumps(found), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lfw", type=Path, required=True, help="folder that holds lfw/")
    parser.add_argument("--pairs", default="pairs_folds_1-5.txt")
    parser.add_argument("--landmarks", default="lfw_landmark.txt")
    parser.add_argument("--identities", type=int, default=560)
    parser.add_argument("--images", type=int, default=30)
    parser.add_argument("--epochs", type=int, default=11)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-G", action="append", default=[], help="parameter of bfm, KEY=VALUE")
    return parser.parse_args()


# -- faces ---------------------------------------------------------------------------------------


class Bench:
    """The context of a generator, as far as it uses one."""

    device, precision, batch_size, limit = "cpu", "fp32", None, None

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.seed = home, seed

    def note(self, message: str) -> None:
        """Shown at once."""
        print(message)

    def artifact(self, name: str, _parts: dict[str, Any], build: Any) -> Path:
        """Made once in the folder of this run."""
        folder = self.home / name
        if not folder.exists():
            folder.mkdir()
            build(folder)
        return folder


def rendered(given: argparse.Namespace) -> tuple[Images, NDArray[np.int64]]:
    """Aligned faces uint8 (N, CANVAS, CANVAS, 3), held-out people last, and their labels."""
    from harness_plugins.generators.bfm.generator import Bfm
    from harness_plugins.generators.bfm.params import BfmParams

    usual = {"yaw_deg": {"type": "gaussian", "std": 18.0}, "pitch_deg": {"type": "gaussian",
             "std": 10.0}, "roll_deg": {"type": "gaussian", "std": 8.0},
             "expression_strength": {"type": "uniform", "low": 0.5, "high": 2.0}}  # fmt: skip
    values = usual | {"identities": given.identities + HELD_OUT, "images_per_id": given.images}
    values |= {"image_px": 112, "box_scale": 1.5}
    values |= dict(map(setting, given.G))
    rng = stream(given.seed, "transfer", "align")
    with tempfile.TemporaryDirectory() as home:
        generator = Bfm(BfmParams.model_validate(values))
        generator.prepare(Bench(Path(home), given.seed))
        slots = [Slot(i, k) for i in range(values["identities"]) for k in range(given.images)]
        found = [aligned(face, rng) for face in generator.generate(slots) if isinstance(face, Face)]
    return np.stack(found), np.array([slot.identity for slot in slots])


def setting(text: str) -> tuple[str, Any]:
    """``KEY=VALUE``, the value as JSON if it reads as such."""
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def aligned(face: Face, rng: np.random.Generator) -> Images:
    """As a detector would leave it: landmarks off by a fraction of a pixel."""
    image = cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_COLOR_RGB)
    landmarks = np.asarray(face.landmarks, np.float64)
    noise = JITTER_PX * rng.standard_normal(landmarks.shape) * 112 / PX
    return cut(image, landmarks + noise * (landmarks[:, 0].std() / 15.0))


def cut(image: Images, landmarks: NDArray[Any]) -> Images:
    """The face on a canvas around the 64 pixels of the network's input."""
    scale = PX / 112
    target = TEMPLATE * scale + (CANVAS - PX) / 2
    matrix = similarity(np.asarray(landmarks, np.float64), target)
    return np.asarray(cv2.warpAffine(image, matrix, (CANVAS, CANVAS)), np.uint8)


# -- network -------------------------------------------------------------------------------------


def trained(images: Images, labels: NDArray[np.int64], given: argparse.Namespace) -> nn.Module:
    """The network after some epochs of CosFace, stochastic gradient descent and a cosine."""
    torch.manual_seed(given.seed)
    net = small_resnet().to(memory_format=torch.channels_last)
    loss = CosFace(128, given.identities, m=0.3, scale=32.0)
    both = nn.ModuleList([net, loss])
    rng, batch = torch.Generator().manual_seed(given.seed), 128
    steps = given.epochs * (len(images) // batch)
    optimiser = torch.optim.SGD(both.parameters(), 0.1, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 0.1, total_steps=steps, pct_start=0.1, cycle_momentum=False
    )
    data, target = torch.from_numpy(images), torch.from_numpy(labels)
    started, order = time.time(), torch.empty(0, dtype=torch.int64)
    net.train()
    for step in range(steps):
        if len(order) < batch:
            order = torch.randperm(len(images), generator=rng)
        rows, order = order[:batch], order[batch:]
        x = augmented(data[rows], rng)
        with torch.autocast("cpu", torch.bfloat16):
            output = net(x.contiguous(memory_format=torch.channels_last))
        value, _ = loss(output.float(), target[rows])
        optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(both.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}/{steps} loss {value:.3f} {time.time() - started:.0f} s", flush=True)
    return net.eval()


def augmented(images: Tensor, rng: torch.Generator) -> Tensor:
    """Random crop, mirror, gain and offset, grey, low resolution, erased box and noise."""
    count, room = len(images), CANVAS - PX
    x = images.permute(0, 3, 1, 2).float() / 255
    dx, dy = (int(torch.randint(room // 2 - 2, room // 2 + 3, (1,), generator=rng)) for _ in "xy")
    x = x[:, :, dy : dy + PX, dx : dx + PX]
    chance = torch.rand(count, 6, generator=rng)
    x = torch.where((chance[:, 0] < 0.5)[:, None, None, None], x.flip(3), x)
    gain = 1 + 0.25 * torch.randn(count, 1, 1, 1, generator=rng)
    tint = 1 + 0.06 * torch.randn(count, 3, 1, 1, generator=rng)
    x = x * gain * tint + 0.08 * torch.randn(count, 1, 1, 1, generator=rng)
    grey = x.mean(1, keepdim=True).expand_as(x)
    x = torch.where((chance[:, 1] < 0.2)[:, None, None, None], grey, x)
    coarse = F.interpolate(
        F.interpolate(x, scale_factor=0.4, mode="area"), size=PX, mode="bilinear"
    )
    x = torch.where((chance[:, 2] < 0.25)[:, None, None, None], coarse, x)
    for row in torch.nonzero(chance[:, 3] < 0.3).ravel().tolist():
        size = torch.randint(8, 28, (2,), generator=rng)
        place = (torch.rand(2, generator=rng) * (PX - size)).long()
        block = (slice(None), slice(place[0], place[0] + size[0]),
                 slice(place[1], place[1] + size[1]))  # fmt: skip
        x[row][block] = torch.rand(3, 1, 1, generator=rng)
    x = x + 0.02 * torch.randn(x.shape, generator=rng)
    return (x.clamp(0, 1) - 0.5) / 0.25


# -- verification --------------------------------------------------------------------------------


def synthetic_pairs(
    images: Images, labels: NDArray[np.int64]
) -> tuple[Images, NDArray[np.int64], NDArray[np.bool_]]:
    """Held-out people: as many genuine as impostor pairs, in turn."""
    rng = stream(0, "transfer", "pairs")
    pairs, genuine = [], []
    for turn in range(1200):
        first = int(rng.integers(len(images)))
        same = turn % 2 == 0
        others = np.flatnonzero((labels == labels[first]) == same)
        pairs.append((first, int(rng.choice(others[others != first]))))
        genuine.append(same)
    return images, np.array(pairs), np.array(genuine)


def lfw_pairs(
    root: Path, pairs: str, landmarks: str
) -> tuple[Images, NDArray[np.int64], NDArray[np.bool_]]:
    """Fold 1: its images, aligned, and its 300 genuine and 300 impostor pairs."""
    points = {}
    for line in (root / landmarks).read_text().splitlines():
        words = line.split()
        points[Path(words[0]).name] = np.array(words[-10:], float).reshape(5, 2)
    names: dict[str, int] = {}
    listed, genuine = [], []
    for line in (root / pairs).read_text().splitlines()[1:601]:
        words = line.split()
        same = len(words) == 3
        people = (words[0], words[0]) if same else (words[0], words[2])
        numbers = (words[1], words[2]) if same else (words[1], words[3])
        files = [f"{p}_{int(n):04d}.jpg" for p, n in zip(people, numbers, strict=True)]
        listed.append([names.setdefault(name, len(names)) for name in files])
        genuine.append(same)
    images = []
    for name in names:
        path = root / "lfw" / name.rsplit("_", 1)[0] / name
        image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        images.append(cut(image, points[name] * _scale(points, image)))
    return np.stack(images), np.array(listed), np.array(genuine)


def _scale(points: dict[str, NDArray[Any]], image: Images) -> float:
    """Landmark files are written for images 250 pixels wide."""
    return image.shape[1] / 250.0


def verified(
    net: nn.Module, images: Images, pairs: NDArray[np.int64], genuine: NDArray[np.bool_]
) -> tuple[float, float]:
    """Accuracy in two halves and the area under the ROC curve, mirror images added."""
    room = (CANVAS - PX) // 2
    x = torch.from_numpy(images[:, room:-room, room:-room]).permute(0, 3, 1, 2).float() / 255
    x = ((x - 0.5) / 0.25).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        parts = [net(part) + net(part.flip(3)) for part in x.split(128)]
    unit = F.normalize(torch.cat(parts)).double().numpy()
    scores = (unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(1)
    folds = np.arange(len(scores)) // 2 % 2
    result = kfold_accuracy(2 - 2 * scores, genuine, folds, rule="official")
    return result.mean, auc(sort_scores(scores[genuine], scores[~genuine]))


if __name__ == "__main__":
    main()
