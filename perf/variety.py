"""How different the embedded model's people are, seen by a network trained on real faces.

    python perf/variety.py --network MobileFaceNet.onnx [--cfp FOLDER] [--identities 300] [-G ...]

Every identity is rendered twice: frontal and neutral, and with an expression, a small turn and
another light. Prints cosine similarities between people (first images) and within people (first
against second), and the same for the frontal photographs of CFP, with its landmarks file.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from transfer import TEMPLATE, Bench, setting

from harness.align.warp import similarity
from harness.faces.face import Face, Slot

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STILL = {
    "yaw_deg": {"type": "constant"},
    "pitch_deg": {"type": "constant"},
    "roll_deg": {"type": "constant"},
    "expressions": False,
    "light": "static-frontal",
}
VARIED = {
    "yaw_deg": {"type": "gaussian", "std": 12.0},
    "pitch_deg": {"type": "gaussian", "std": 7.0},
    "roll_deg": {"type": "gaussian", "std": 5.0},
}
Vectors = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--cfp", type=Path, help="folder with cfp_landmark.tsv and cfp-dataset/")
    parser.add_argument("--identities", type=int, default=300)
    parser.add_argument("-G", action="append", default=[], help="parameter of bfm, KEY=VALUE")
    given = parser.parse_args()
    network = Network(given.network)
    told("embedded model", *people(network, given.identities, dict(map(setting, given.G))))
    if given.cfp is not None:
        told("CFP frontal", *photographs(network, given.cfp))


class Network:
    """An ONNX network of the public MobileFaceNet's interface, one thread."""

    def __init__(self, path: Path) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        self._name = self._session.get_inputs()[0].name

    def embed(self, image: NDArray[np.uint8], landmarks: NDArray[np.float64]) -> Vectors:
        """Unit embedding (D,) of a face with five landmarks."""
        matrix = similarity(landmarks, TEMPLATE)
        face = cv2.warpAffine(image, matrix, (112, 112)).astype(np.float32) / 255
        batch = ((face - MEAN) / STD).transpose(2, 0, 1)[None].astype(np.float32)
        vector = self._session.run(None, {self._name: batch})[0][0]
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def people(network: Network, count: int, values: dict[str, object]) -> tuple[Vectors, Vectors]:
    """Embeddings of two renderings of each identity, (count, D) each."""
    from harness_plugins.generators.bfm.generator import Bfm
    from harness_plugins.generators.bfm.params import BfmParams

    slots = [Slot(identity, 0) for identity in range(count)]
    found = []
    with tempfile.TemporaryDirectory() as home:
        for view in (STILL, VARIED):
            base = {"identities": count, "image_px": 160, "box_scale": 1.5}
            generator = Bfm(BfmParams.model_validate(base | view | values))
            generator.prepare(Bench(Path(home), 1))
            faces = [face for face in generator.generate(slots) if isinstance(face, Face)]
            found.append(np.stack([_embedded(network, face) for face in faces]))
    return found[0], found[1]


def _embedded(network: Network, face: Face) -> Vectors:
    image = cv2.imdecode(np.frombuffer(face.image, np.uint8), cv2.IMREAD_COLOR_RGB)
    return network.embed(np.asarray(image, np.uint8), np.asarray(face.landmarks, np.float64))


def photographs(network: Network, root: Path) -> tuple[Vectors, Vectors]:
    """Embeddings of the first two frontal photographs of every person of CFP."""
    chosen: dict[str, list[Vectors]] = {}
    for line in sorted((root / "cfp_landmark.tsv").read_text().splitlines()):
        name, *numbers = line.split()
        parts = Path(name).parts
        if "frontal" not in parts or len(numbers) < 10 or "nan" in numbers:
            continue
        known = chosen.setdefault(parts[parts.index("frontal") - 1], [])
        path = next(root.rglob(name), None) if len(known) < 2 else None
        if path is not None:
            image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
            points = np.array(numbers[:10], float).reshape(5, 2)
            known.append(network.embed(np.asarray(image, np.uint8), points))
    pairs = [known for known in chosen.values() if len(known) == 2]
    return np.stack([a for a, _ in pairs]), np.stack([b for _, b in pairs])


def told(name: str, first: Vectors, second: Vectors) -> None:
    """Print the distributions."""
    between = (first @ first.T)[np.triu_indices(len(first), 1)]
    within = (first * second).sum(axis=1)
    share = np.linalg.eigvalsh(np.cov(first.T))
    print(
        f"{name}: {len(first)} people; between: mean {between.mean():.3f} std {between.std():.3f} "
        f"95 % {np.percentile(between, 95):.3f} max {between.max():.3f}; within: mean "
        f"{within.mean():.3f} 5 % {np.percentile(within, 5):.3f}; effective dimensions "
        f"{share.sum() ** 2 / np.square(share).sum():.1f}"
    )


if __name__ == "__main__":
    main()
