"""Triplet loss with selection inside the batch (FaceNet; OpenFace's training)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def select(
    embeddings: Tensor, labels: Tensor, alpha: float, selection: str
) -> tuple[Tensor, Tensor, Tensor]:
    """Indices of anchors, positives and negatives, int64 (T,) each.

    Every pair i < j of one person gives anchor i and positive j. Its negative is drawn uniformly
    among images of others with |a-n|^2 - |a-p|^2 < alpha (``vanilla``), and with |a-n|^2 > |a-p|^2
    besides (``semi-hard``). A pair without such an image is left out.

    OpenFace's code can draw an image of the same person as a negative, where all distances of an
    anchor are below alpha; that is not reproduced.
    """
    distances = torch.cdist(embeddings, embeddings).square()
    same = labels[:, None] == labels[None, :]
    anchors, positives = torch.nonzero(same.triu(1), as_tuple=True)
    gap = distances[anchors] - distances[anchors, positives][:, None]
    allowed = ~same[anchors] & (gap < alpha)
    if selection == "semi-hard":
        allowed &= gap > 0
    lots = torch.rand(allowed.shape, device=embeddings.device).masked_fill_(~allowed, -1.0)
    best, negatives = lots.max(dim=1)
    kept = best >= 0
    return anchors[kept], positives[kept], negatives[kept]


class TripletObjective(nn.Module):
    """Mean over the selected triplets of max(0, |a-p|^2 - |a-n|^2 + alpha)."""

    def __init__(self, alpha: float, selection: str) -> None:
        super().__init__()
        self.alpha, self.selection = alpha, selection

    def forward(self, output: Tensor, labels: Tensor) -> tuple[Tensor | None, dict[str, float]]:
        """Loss of unit embeddings (B, D), or None when no pair has a negative to learn from."""
        with torch.no_grad():
            a, p, n = select(output, labels, self.alpha, self.selection)
        if len(a) == 0:
            return None, {}
        near = (output[a] - output[p]).square().sum(1)
        far = (output[a] - output[n]).square().sum(1)
        loss = (near - far + self.alpha).clamp_min(0).mean()
        return loss, {"triplets": float(len(a))}
