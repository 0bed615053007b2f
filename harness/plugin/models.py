"""For authors of models: the base classes, and the parts of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.plugin._lazy import exports

if TYPE_CHECKING:
    from harness.components import Model as Model
    from harness.components import PixelMean as PixelMean
    from harness.components import PixelStd as PixelStd
    from harness.components import TrainableModel as TrainableModel
    from harness.embedding.inputs import to_array as to_array
    from harness.embedding.onnx_input import declared as declared
    from harness.embedding.onnx_session import open_session as open_session
    from harness.embedding.onnx_session import run_session as run_session
    from harness.training.classification import classification_recipe as classification_recipe
    from harness.training.data.augment import mirror as mirror
    from harness.training.data.samplers import PeopleSampler as PeopleSampler
    from harness.training.data.samplers import UniformSampler as UniformSampler
    from harness.training.losses import AdaFace as AdaFace
    from harness.training.losses import ArcFace as ArcFace
    from harness.training.losses import CosFace as CosFace
    from harness.training.losses import CurricularFace as CurricularFace
    from harness.training.losses import SoftmaxLoss as SoftmaxLoss
    from harness.training.optimisers import adam as adam
    from harness.training.optimisers import sgd as sgd
    from harness.training.params import ClassificationParams as ClassificationParams
    from harness.training.params import LossName as LossName
    from harness.training.recipe import TrainingRecipe as TrainingRecipe
    from harness.training.recipe import constant as constant
    from harness.training.saved.weights import WeightsLayout as WeightsLayout
    from harness.training.saved.weights import load_weights as load_weights
    from harness.training.saved.weights import read_weights as read_weights
    from harness.training.schedules import cosine as cosine
    from harness.training.schedules import milestones as milestones
    from harness.training.schedules import polynomial as polynomial
    from harness.training.schedules import warm_up as warm_up
    from harness.training.settings import published as published
    from harness.training.torch_model import TorchModel as TorchModel
    from harness.training.whitening import Whitening as Whitening

__getattr__, __dir__, __all__ = exports(__name__)
