"""IResNet in the two forms that carry the name, and the key layouts of their public weights."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from harness.plugin.models import WeightsLayout

Variant = Literal["adaface", "insightface"]

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3)}
CHANNELS = (64, 128, 256, 512)


class IBasicBlock(nn.Module):
    """BN, conv, BN, PReLU, conv with the stride, BN; plus a shortcut, and nothing after the sum."""

    def __init__(self, channels: int, out: int, stride: int, variant: Variant) -> None:
        super().__init__()
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, out, 3, 1, 1, bias=False),
            nn.BatchNorm2d(out),
            nn.PReLU(out),
            nn.Conv2d(out, out, 3, stride, 1, bias=False),
            nn.BatchNorm2d(out),
        )
        self.shortcut_layer = shortcut(channels, out, stride, variant)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, out, H/stride, W/stride)."""
        total: Tensor = self.res_layer(x) + self.shortcut_layer(x)
        return total


class IResNetNetwork(nn.Module):
    """float32 (N, 3, 112, 112) to raw embeddings (N, embedding_size)."""

    def __init__(
        self, depth: int, variant: Variant, embedding_size: int = 512, dropout: float | None = None
    ) -> None:
        super().__init__()
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64)
        )
        blocks = []
        channels = 64
        for count, out in zip(BLOCKS[depth], CHANNELS, strict=True):
            for index in range(count):
                blocks.append(IBasicBlock(channels, out, 2 if index == 0 else 1, variant))
                channels = out
        self.body = nn.Sequential(*blocks)
        adaface = variant == "adaface"
        rate = (0.4 if adaface else 0.0) if dropout is None else dropout
        features = nn.BatchNorm1d(embedding_size, affine=not adaface)
        if not adaface:
            nn.init.ones_(features.weight)
            features.weight.requires_grad_(False)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(512),
            nn.Dropout(rate),
            nn.Flatten(),
            nn.Linear(512 * 7 * 7, embedding_size),
            features,
        )
        self.apply(initialise_adaface if adaface else initialise_insightface)

    def forward(self, x: Tensor) -> Tensor:
        """Embed (N, 3, 112, 112); the embedding keeps its norm."""
        embedding: Tensor = self.output_layer(self.body(self.input_layer(x)))
        return embedding


def shortcut(channels: int, out: int, stride: int, variant: Variant) -> nn.Module:
    """Identity, or what makes the input as small as the output."""
    if stride == 1 and channels == out:
        return nn.Identity()
    if variant == "adaface" and channels == out:
        return nn.MaxPool2d(1, stride)
    return nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))


def initialise_adaface(module: nn.Module) -> None:
    """Kaiming normal, fan out, no bias."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def initialise_insightface(module: nn.Module) -> None:
    """Normal with deviation 0.1 for convolutions."""
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, 0.0, 0.1)


def layouts(depth: int) -> tuple[WeightsLayout, ...]:
    """Public layouts: AdaFace's checkpoint (our own names in a prefix) and insightface's."""
    starts = [sum(BLOCKS[depth][:stage]) for stage in range(4)]
    parts = {"bn1": 0, "conv1": 1, "bn2": 2, "prelu": 3, "conv2": 4, "bn3": 5}
    renames = [
        (rf"layer{stage + 1}\.{index}\.{part}\.(.*)", rf"body.{start + index}.{ours}.\1")
        for stage, start in enumerate(starts)
        for index in range(BLOCKS[depth][stage])
        for part, ours in [
            *((name, f"res_layer.{number}") for name, number in parts.items()),
            (r"downsample\.0", "shortcut_layer.0"),
            (r"downsample\.1", "shortcut_layer.1"),
        ]
    ]
    outer = {"conv1": "input_layer.0", "bn1": "input_layer.1", "prelu": "input_layer.2"}
    outer |= {"bn2": "output_layer.0", "fc": "output_layer.3", "features": "output_layer.4"}
    renames += [(rf"{name}\.(.*)", rf"{ours}.\1") for name, ours in outer.items()]
    return (
        WeightsLayout(
            "AdaFace", "model.input_layer.0.weight", [(r"model\.(.*)", r"\1")], (r"head\..*",)
        ),
        WeightsLayout("insightface", "layer1.0.conv1.weight", renames),
    )
