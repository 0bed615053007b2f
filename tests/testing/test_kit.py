"""The conformance kit: sound components pass, and each broken promise fails its own check alone."""

from __future__ import annotations

import random
import re
import socket

import numpy as np
import pytest

from harness._plugins.discovery import load
from harness.components import KINDS
from harness.testing import checks_for, run_checks

GENERATOR = '''
"""A generator with one broken promise."""

from __future__ import annotations

{heading}
from pydantic import Field

from harness.plugin import Component, Params, hookimpl
from harness.plugin.generators import Generator
from harness.faces.face import Face, Missing, Slot
from harness.seeds import stream


class SetParams(Params):
    """Its parameters."""

    identities: int = Field(4, description="Number of identities.")
    {parameter}


class Broken(Generator):
    """Grey noise."""

    {constructor}

    def samples_per_identity(self):
        import numpy as np

        return np.full(self.params.identities, 2, np.int32)

    def generate(self, slots):
        last = Slot(-1, -1)
        for number, slot in enumerate(slots):
            seed, key, draw, points = self.ctx.seed, [slot.identity, slot.sample], self.draw, None
            {change}
            yield Face(slot, self.encode(draw(seed, key)), points)
            last = slot

    def draw(self, seed, key):
        return stream(seed, "broken", *key).integers(0, 256, (8, 8, 3)).astype("uint8")

    def encode(self, pixels):
        import cv2

        return cv2.imencode(".png", pixels)[1].tobytes()


@hookimpl
def harness_components():
    return [Component(kind="generator", name="broken", version=1, target=f"{{__name__}}:Broken",
                      params=f"{{__name__}}:SetParams", summary="broken", {declared})]
'''
MODEL = '''
"""A model with one broken promise."""

from __future__ import annotations

from harness.plugin import Component, Params, hookimpl
from harness.plugin.models import Model
from harness.components import InputSpec


class NoParams(Params):
    """No parameters."""


class Broken(Model):
    """Mean colours."""

    input_spec = InputSpec(16, 16, "arcface")
    embedding_size = 12

    def embed(self, images):
        import numpy as np

        n = len(images)
        out = images.reshape(n, 2, 8, 2, 8, 3).mean(axis=(2, 4)).reshape(n, -1).astype(np.float32)
        {change}
        return out


@hookimpl
def harness_components():
    return [Component(kind="model", name="broken", version=1, target=f"{{__name__}}:Broken",
                      params=f"{{__name__}}:NoParams", summary="broken", licence="MIT",
                      citation="none")]
'''
SOUND = {
    "heading": "",
    "parameter": "",
    "constructor": "",
    "change": "",
    "declared": 'licence="MIT", citation="none"',
}
GENERATORS = {
    "none": ({}, set()),
    "looks at the slot before": (
        {"change": "key.append(slot < last)"},
        {"order-invariant"},
    ),
    "draws from numpy's own generator": (
        {
            "change": "import numpy as np; np.random.seed(hash((seed, *key)) % 2**32); "
            "draw = lambda *_: np.random.randint(0, 256, (8, 8, 3), np.uint8)"
        },
        {"global-rng"},
    ),
    "ignores the seed": ({"change": "seed = 7"}, {"different-seed"}),
    "hashes strings": (
        {"change": "key.append(hash(str(slot.identity)))"},
        {"shard-invariant"},
    ),
    "knows how many there are": (
        {"change": "key.append(self.params.identities)"},
        {"prefix-stable"},
    ),
    "counts what it made": (
        {"change": "self.made = getattr(self, 'made', 0) + 1; key.append(self.made)"},
        {"order-invariant", "shard-invariant"},
    ),
    "counts what it is asked for": (
        {"change": "key.append(len(slots))"},
        {"batch-invariant", "prefix-stable", "shard-invariant"},
    ),
    "says another size": (
        {"parameter": "image_px: int = Field(9, description='Width and height.')"},
        {"declared-size"},
    ),
    "writes no image": (
        {"change": "yield Face(slot, f'{seed} {key}'.encode()); continue"},
        {"image-decodes"},
    ),
    "answers another slot": (
        {"change": "slot = Slot(slot.identity, 1 - slot.sample)"},
        {"slots-in-order"},
    ),
    "calls home": (
        {
            "change": "import socket\n            try: socket.create_connection(('localhost', 9))\n"
            "            except OSError: pass"
        },
        {"network"},
    ),
    "breaks what no other check depends on": (
        {
            "heading": "import cv2\nfrom pydantic import field_serializer",
            "parameter": 'size: int = 3\n\n    @field_serializer("size")\n'
            "    def _size(self, value: int) -> int:\n        return value + 1",
            "constructor": "def __init__(self, params):\n"
            "        super().__init__(params)\n        self.table = list(range(9))",
            "change": "points = [[900, 900]] * 5",
            "declared": 'citation="none"',
        },
        {
            "import-light",
            "params-schema",
            "params-documented",
            "constructor-only-stores",
            "licence-and-citation",
            "landmarks-in-image",
        },
    ),
}
MODELS = {
    "none": ("", set()),
    "gives float64": ("out = out.astype(np.float64)", {"size-and-dtype"}),
    "gives NaN": ("out[:, 3] = np.nan", {"finite"}),
    "centres the batch": ("out = out - out.mean(axis=0)", {"row-independent"}),
    "divides by the batch": ("out = out / np.float32(n)", {"batch-size-invariant"}),
    "counts its calls": (
        "self.calls = getattr(self, 'calls', 0) + (n == 6); out = out + np.float32(self.calls)",
        {"deterministic"},
    ),
    "cuts what is too large": (
        "",
        {"declared-input"},
        ("n = len(images)", "images = images[:, :16, :16]; n = len(images)"),
    ),
    "drops the last": ("out = out[: n - (n == 1)]", {"last-short-batch", "batch-size-invariant"}),
}


def check_file(path, kind, text):
    path.write_text(text)
    registry = load(plugins_dirs=[path], autoload=False)
    return run_checks(registry, registry.find(kind, "broken"))


def failed(report):
    return {outcome.check for outcome in report.with_status("failed")}


@pytest.mark.parametrize("broken", GENERATORS)
def test_a_broken_generator_fails_its_check_alone(broken, tmp_path):
    change, wanted = GENERATORS[broken]
    name = re.sub(r"\W+", "_", broken)
    report = check_file(
        tmp_path / f"generator_{name}.py", "generator", GENERATOR.format(**SOUND | change)
    )
    assert failed(report) == wanted, report.lines()


@pytest.mark.parametrize("broken", MODELS)
def test_a_broken_model_fails_its_check_alone(broken, tmp_path):
    change, wanted, *swaps = MODELS[broken]
    name, text = re.sub(r"\W+", "_", broken), MODEL.format(change=change)
    for before, after in swaps:
        text = text.replace(before, after)
    report = check_file(tmp_path / f"model_{name}.py", "model", text)
    assert failed(report) == wanted, report.lines()


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_says_in_one_sentence_what_it_looks_at(kind):
    checks = checks_for(kind)
    assert len({check.name for check in checks}) == len(checks)
    for check in checks:
        assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.", check.about), check.name


NET = '''
"""A network with one broken promise."""

from __future__ import annotations

from functools import partial

from harness.plugin import Component, Params, hookimpl
from harness.components import InputSpec


class NoParams(Params):
    """No parameters."""


def __getattr__(name):
    if name != "Net":
        raise AttributeError(name)
    import torch
    from torch import nn

    from harness.training.losses import SoftmaxLoss
    from harness.training.optimisers import sgd
    from harness.training.recipe import TrainingRecipe
    from harness.training.data.samplers import UniformSampler
    from harness.training.torch_model import TorchModel

    class Head(nn.Linear):
        def forward(self, x):
            y = super().forward(x)
            return y / {divisor}

    class Net(TorchModel):
        input_spec = InputSpec(16, 16, "arcface", colour="{colour}")
        embedding_size = 8

        def build(self):
            return nn.Sequential(nn.AvgPool2d(4), nn.Flatten(), Head(48, 8))

        def embed(self, images):
            return super().embed(images{pixels})

        def training(self, labels):
            if len(set(labels.tolist())) < {people}:
                from harness.errors import DataError
                raise DataError("too few people")
            return TrainingRecipe(
                network=self.network, objective=SoftmaxLoss(8, int(labels.max()) + 1),
                sampler=partial(UniformSampler, labels, 8), optimiser=sgd({rate}, 0.9, 0.0),
                steps=9,
            )

    return Net


@hookimpl
def harness_components():
    return [Component(kind="model", name="broken", version=1, target=f"{{__name__}}:Net",
                      params=f"{{__name__}}:NoParams", summary="broken", licence="MIT",
                      citation="none", trainable=True)]
'''
FIT = {"divisor": "1.0", "colour": "BGR", "pixels": "", "people": "2", "rate": "0.1"}
NETS = {
    "none": ({}, set()),
    "does not learn": ({"rate": "0.0"}, {"learns-a-batch"}),
    "is infinite in bf16": (
        {"divisor": "(0.0 if torch.is_autocast_enabled('cpu') else 1.0)"},
        {"finite-in-bf16"},
    ),
    "sees another order of colours": (
        {"pixels": "[..., ::-1]"},
        {"declared-input", "onnx-parity"},
    ),
    "wants three people": ({"people": "3"}, set()),
}


@pytest.mark.parametrize("broken", NETS)
def test_a_broken_network_fails_its_check_alone(broken, tmp_path):
    change, wanted = NETS[broken]
    name = re.sub(r"\W+", "_", broken)
    report = check_file(tmp_path / f"net_{name}.py", "model", NET.format(**FIT | change))
    assert failed(report) == wanted, report.lines()
    skipped = {outcome.check for outcome in report.with_status("skipped")}
    assert skipped == ({"learns-a-batch", "finite-in-bf16"} if "people" in change else set())


BENCHMARK = '''
"""A benchmark with one broken promise: twelve people with two images each."""

from __future__ import annotations

from pydantic import Field

from harness.plugin import Component, hookimpl
from harness.plugin.benchmarks import Benchmark
from harness.components import BenchmarkParams

PEOPLE = 12


class NoParams(BenchmarkParams):
    """No parameters."""

    def mirror(self):
        return False


class People:
    """Grey images in memory."""

    template = "arcface"

    def __init__(self):
        import numpy as np

        self.names = [f"{{who:02d}}/{{k}}.png" for who in range(PEOPLE) for k in (0, 1)]
        self.landmarks = np.full((len(self), 5, 2), np.nan, np.float32)
        self.boxes = {boxes}
        self.subjects = {subjects}

    def __len__(self):
        return 2 * PEOPLE

    def read(self, index):
        import cv2
        import numpy as np

        return cv2.imencode(".png", np.full((8, 8, 3), index, np.uint8))[1].tobytes()


class Broken(Benchmark):
    """Genuine pairs and as many impostors, in two folds."""

    def images(self):
        return People()

    def comparison(self, name):
        import numpy as np

        from harness.protocols.base import Scores
        from harness.protocols.pairs import PairFolds

        ctx = self.ctx

        class Pairs(PairFolds):
            def protocol(self):
                found = super().protocol()
                {protocol}
                return found

            def score(self, embeddings):
                columns = dict(super().score(embeddings).columns)
                distance = columns["distance"]
                {score}
                return Scores(columns | {{"distance": distance}})

        rows = []
        for who in range(PEOPLE):
            other = 2 * ((who + 1) % PEOPLE)
            rows += [(2 * who, 2 * who + 1, True, who % 2), (2 * who, other, False, who % 2)]
        return Pairs.build(name="broken", pairs=rows, images=People(), flip="none",
                           rule="insightface")


@hookimpl
def harness_components():
    return [Component(kind="benchmark", name="broken", version=1, target=f"{{__name__}}:Broken",
                      params=f"{{__name__}}:NoParams", summary="broken", licence="MIT",
                      citation="none")]
'''
WELL = {
    "protocol": "",
    "score": "",
    "boxes": "np.full((len(self), 4), np.nan, np.float32)",
    "subjects": "np.repeat(np.arange(PEOPLE), 2)",
}
BENCHMARKS = {
    "none": ({}, set()),
    "does not know its people": ({"subjects": "None"}, set()),
    "does not know its boxes": ({"boxes": "np.zeros((1, 4), np.float32)"}, {"images-agree"}),
    "mistakes everybody": ({"score": "distance = 4 - distance"}, {"oracle-is-perfect"}),
    "knows the answer": ({"score": "distance = 1.0 - self.genuine"}, {"random-is-chance"}),
    "divides by the largest distance": (
        {"score": "if not distance.max(): raise ZeroDivisionError('no distance')"},
        {"constant-is-survived"},
    ),
    "breaks ties by place": (
        {"score": "distance = distance + np.arange(len(distance)) * 1e-6"},
        {"ties-are-survived"},
    ),
    "looks at the order of names": (
        {"score": "if self.image_names[0] != '00/0.png': distance = 1.0 - self.genuine"},
        {"permutation-invariant"},
    ),
    "names a path": ({"protocol": "found['list'] = '/data/pairs.txt'"}, {"protocol-complete"}),
    "draws its list": ({"protocol": "found['drawn'] = ctx.seed"}, {"protocol-stable"}),
}


@pytest.mark.parametrize("broken", BENCHMARKS)
def test_a_broken_benchmark_fails_its_check_alone(broken, tmp_path):
    change, wanted = BENCHMARKS[broken]
    name = re.sub(r"\W+", "_", broken)
    report = check_file(
        tmp_path / f"benchmark_{name}.py", "benchmark", BENCHMARK.format(**WELL | change)
    )
    assert failed(report) == wanted, report.lines()


ALIGNER = '''
"""An aligner with one broken promise."""

from __future__ import annotations

from harness.plugin import Component, Params, hookimpl
from harness.plugin.aligners import Aligner
from harness.components import Placement


class NoParams(Params):
    """No parameters."""


class Broken(Aligner):
    """The five points of every image are its corners and its middle."""

    calls = 0

    def locate(self, images, boxes):
        import numpy as np

        found = []
        for image in images:
            h, w = image.shape[:2]
            points = np.array([[0, 0], [w, 0], [w / 2, h / 2], [0, h], [w, h]], np.float32)
            found.append(Placement(points) if h > 50 else "too small")
        {change}
        return found


@hookimpl
def harness_components():
    return [Component(kind="aligner", name="broken", version=1, target=f"{{__name__}}:Broken",
                      params=f"{{__name__}}:NoParams", summary="broken", licence="MIT",
                      citation="none")]
'''
ALIGNERS = {
    "none": ("", set()),
    "has an empty reason": ("found[-1] = ''", {"one-answer-an-image"}),
    "gives NaN": ("found[0].landmarks[2] = np.nan", {"placements-are-points"}),
    "wanders": (
        "self.calls += 1; found[0] = Placement(found[0].landmarks + self.calls)",
        {"deterministic"},
    ),
}


@pytest.mark.parametrize("broken", ALIGNERS)
def test_a_broken_aligner_fails_its_check_alone(broken, tmp_path):
    change, wanted = ALIGNERS[broken]
    name = re.sub(r"\W+", "_", broken)
    report = check_file(tmp_path / f"aligner_{name}.py", "aligner", ALIGNER.format(change=change))
    assert failed(report) == wanted, report.lines()


def test_the_kit_leaves_global_generators_and_sockets_as_they_were(tmp_path):
    before = random.getstate(), np.random.get_state()[1].tolist()
    functions = socket.getaddrinfo, socket.socket.connect, socket.socket.sendto
    check_file(tmp_path / "generator_again.py", "generator", GENERATOR.format(**SOUND))
    assert functions == (socket.getaddrinfo, socket.socket.connect, socket.socket.sendto)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
