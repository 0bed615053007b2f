"""The three networks of MTCNN and the reading of their weights.

Convolutions have no padding, every hidden layer ends in a PReLU with one slope per channel, pools
round up, and features are flattened in the order (width, height, channel) (Zhang et al. 2016; the
flattening is inherited from the original's column-major arrays). Names of layers are those of the
public state dicts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from torch import Tensor, maximum, nn
from torch.nn.functional import pad, prelu

from harness.plugin import PrerequisiteError
from harness.plugin.models import load_weights, read_weights

Axis = Literal["classes", "width"]


class PNet(nn.Module):
    """Proposals: RGB (B, 3, H, W) to box offsets (B, 4, h, w) and face probability (B, h, w)."""

    def __init__(self, softmax: Axis = "classes") -> None:
        super().__init__()
        self.axis = {"classes": 1, "width": 3}[softmax]
        self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1 = nn.Conv2d(32, 2, 1)
        self.conv4_2 = nn.Conv2d(32, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate the network at every second pixel."""
        x = _pool(_prelu(self.conv1(x), self.prelu1.weight))
        x = self.prelu2(self.conv2(x))
        x = self.prelu3(self.conv3(x))
        return self.conv4_2(x), self.conv4_1(x).softmax(dim=self.axis)[:, 1]


class RNet(nn.Module):
    """Refinement: RGB (B, 3, 24, 24) to box offsets (B, 4) and face probability (B,)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1 = nn.Linear(128, 2)
        self.dense5_2 = nn.Linear(128, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate the network on whole crops."""
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = self.prelu3(self.conv3(x))
        x = self.prelu4(self.dense4(_flatten(x)))
        return self.dense5_2(x), self.dense5_1(x).softmax(dim=1)[:, 1]


class ONet(nn.Module):
    """Output: RGB (B, 3, 48, 48) to offsets (B, 4), landmarks (B, 5, 2) and probability (B,)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 32, 3), nn.PReLU(32)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(32, 64, 3), nn.PReLU(64)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(64, 64, 3), nn.PReLU(64)
        self.pool3 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1 = nn.Linear(256, 2)
        self.dense6_2 = nn.Linear(256, 4)
        self.dense6_3 = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Evaluate the network on whole crops; landmarks are fractions of the box, x and y."""
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = self.pool3(self.prelu3(self.conv3(x)))
        x = self.prelu4(self.conv4(x))
        x = self.prelu5(self.dense5(_flatten(x)))
        points = self.dense6_3(x).unflatten(1, (2, 5)).transpose(1, 2)
        return self.dense6_2(x), points, self.dense6_1(x).softmax(dim=1)[:, 1]


def _prelu(x: Tensor, slopes: Tensor) -> Tensor:
    """PReLU of (B, C, H, W) by image rows: vector units work on W * C values instead of C = 10."""
    rows = x.permute(0, 2, 3, 1).flatten(2).flatten(0, 1)
    return prelu(rows, slopes.repeat(x.shape[3])).view(*x.permute(0, 2, 3, 1).shape).movedim(3, 1)


def _pool(x: Tensor) -> Tensor:
    """Maximum over 2 x 2 pixels of (B, C, H, W), rounding up: rows first, then columns."""
    x = x.permute(0, 2, 3, 1)
    height, width = x.shape[1:3]
    if height % 2 or width % 2:
        x = pad(x, (0, 0, 0, width % 2, 0, height % 2), value=float("-inf"))
    upper, lower = x.unflatten(1, (-1, 2)).unbind(2)
    left, right = maximum(upper, lower).unflatten(2, (-1, 2)).unbind(3)
    return maximum(left, right).movedim(3, 1)


def _flatten(x: Tensor) -> Tensor:
    return x.permute(0, 3, 2, 1).flatten(1)


def load(network: nn.Module, path: Path) -> None:
    """Fill a network from a state dict on disk.

    Raises PrerequisiteError when the file is absent, DataError when it is not this network's.
    """
    if not path.is_file():
        raise PrerequisiteError(
            f"MTCNN weights: {path} is missing; give a folder with pnet.pt, rnet.pt and onet.pt"
        )
    load_weights(network, read_weights(path, network=network), str(path))
