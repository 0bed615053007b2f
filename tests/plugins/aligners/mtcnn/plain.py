"""MTCNN written out plainly, one image and one crop at a time: oracle of tests, peer of perf.

Pixels are resampled by torch's own area interpolation or by Pillow's formula written out, layers
are bare tensor operations on the entries of the state dicts, and suppression is a double loop.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch.nn.functional import conv2d, interpolate, linear, max_pool2d, prelu


def conv(state, number, x):
    x = conv2d(x, state[f"conv{number}.weight"], state[f"conv{number}.bias"])
    return prelu(x, state[f"prelu{number}.weight"])


def dense(state, name, x):
    return linear(x, state[f"dense{name}.weight"], state[f"dense{name}.bias"])


def columns_first(x):
    """(N, C, H, W) to (N, W * H * C)."""
    return x.permute(0, 3, 2, 1).reshape(len(x), -1)


def pnet(state, x, axis):
    x = max_pool2d(conv(state, 1, x), 2, 2, ceil_mode=True)
    x = conv(state, 3, conv(state, 2, x))
    face = conv2d(x, state["conv4_1.weight"], state["conv4_1.bias"])
    return conv2d(x, state["conv4_2.weight"], state["conv4_2.bias"]), face.softmax(axis)[:, 1]


def rnet(state, x):
    x = max_pool2d(conv(state, 1, x), 3, 2, ceil_mode=True)
    x = max_pool2d(conv(state, 2, x), 3, 2, ceil_mode=True)
    x = columns_first(conv(state, 3, x))
    x = prelu(dense(state, "4", x), state["prelu4.weight"])
    return dense(state, "5_2", x), dense(state, "5_1", x).softmax(1)[:, 1]


def onet(state, x):
    x = max_pool2d(conv(state, 1, x), 3, 2, ceil_mode=True)
    x = max_pool2d(conv(state, 2, x), 3, 2, ceil_mode=True)
    x = max_pool2d(conv(state, 3, x), 2, 2, ceil_mode=True)
    x = columns_first(conv(state, 4, x))
    x = prelu(dense(state, "5", x), state["prelu5.weight"])
    points = dense(state, "6_3", x)
    return dense(state, "6_2", x), points, dense(state, "6_1", x).softmax(1)[:, 1]


def normal(pixels):
    return (pixels - 127.5) / 128


def resized(image, height, width, resample="area"):
    """uint8 (H, W, 3) as a batch of one, (1, 3, height, width)."""
    if resample == "bilinear":
        image = shrunk(shrunk(image, width, 1), height, 0)
        return normal(torch.from_numpy(image).permute(2, 0, 1)[None].float())
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float()
    return normal(interpolate(pixels, (height, width), mode="area"))


def shrunk(image, size, axis):
    """One pass of Pillow's bilinear filter over uint8: weights in 22 bits, rounded to 8 bits."""
    source = image.shape[axis]
    if source == size:
        return image
    step = source / size
    reach = max(step, 1.0)
    rows = []
    for at in range(size):
        centre = (at + 0.5) * step
        first = max(int(centre - reach + 0.5), 0)
        last = min(int(centre + reach + 0.5), source)
        weights = [max(0.0, 1 - abs((x - centre + 0.5) * (1 / reach))) for x in range(first, last)]
        fixed = [int(0.5 + w / sum(weights) * (1 << 22)) for w in weights]
        total = np.full(np.delete(image.shape, axis), 1 << 21, dtype=np.int64)
        for x, weight in zip(range(first, last), fixed, strict=True):
            total += image.take(x, axis).astype(np.int64) * weight
        rows.append(np.clip(total >> 22, 0, 255).astype(np.uint8))
    return np.stack(rows, axis)


def nms(boxes, scores, threshold, smaller, plus=None, last=False):
    plus = int(smaller) if plus is None else plus
    kept = []
    tie = [-i if last else i for i in range(len(scores))]
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], tie[i])):
        a = boxes[i]
        area_a = (a[2] - a[0] + plus) * (a[3] - a[1] + plus)
        for j in kept:
            b = boxes[j]
            area_b = (b[2] - b[0] + plus) * (b[3] - b[1] + plus)
            wide = max(0.0, min(a[2], b[2]) - max(a[0], b[0]) + plus)
            high = max(0.0, min(a[3], b[3]) - max(a[1], b[1]) + plus)
            whole = min(area_a, area_b) if smaller else area_a + area_b - wide * high
            if wide * high > threshold * whole:
                break
        else:
            kept.append(i)
    return kept


def moved(box, offset, plus):
    wide, high = box[2] - box[0] + plus, box[3] - box[1] + plus
    return [
        box[0] + offset[0] * wide,
        box[1] + offset[1] * high,
        box[2] + offset[2] * wide,
        box[3] + offset[3] * high,
    ]


def squared(box, boxes="whole"):
    plus = 1 if boxes == "rounded" else 0
    wide, high = box[2] - box[0] + plus, box[3] - box[1] + plus
    side = max(wide, high)
    left, top = box[0] + wide / 2 - side / 2, box[1] + high / 2 - side / 2
    edges = (left, top, left + side - plus, top + side - plus)
    return [{"whole": math.trunc, "rounded": round, "fractional": float}[boxes](e) for e in edges]


def crop(image, box, size, way):
    """Pixels of a box, and the box as it is from here on; None when it misses the image."""
    height, width = image.shape[:2]
    start = 0 if way["boxes"] == "rounded" else 1
    left, top, right, bottom = (math.trunc(edge) - start for edge in box)
    if right < max(left, 0) or bottom < max(top, 0) or left >= width or top >= height:
        return None
    inner = max(left, 0), max(top, 0), min(right, width - 1), min(bottom, height - 1)
    part = image[inner[1] : inner[3] + 1, inner[0] : inner[2] + 1]
    if way["border"] != "stretch":
        whole = np.zeros((bottom - top + 1, right - left + 1, 3), np.uint8)
        for y in range(inner[1], inner[3] + 1):
            for x in range(inner[0], inner[2] + 1):
                whole[y - top, x - left] = image[y, x]
        part = whole
    if way["border"] == "cut":
        low = max(box[0], start), max(box[1], start)
        box = [*low, min(box[2], width - 1 + start), min(box[3], height - 1 + start)]
    return resized(part, size, size, way["resample"]), box


def proposals(state, image, threshold, factor, min_face, axis, way):
    height, width = image.shape[:2]
    rounded = way["boxes"] == "rounded"
    scale, boxes, scores, offsets = 12 / min_face, [], [], []
    shorter = min(height, width) * scale
    while shorter > 12 or (shorter == 12 and not rounded):
        if way["resample"] == "area":
            size = int(height * scale + 1), int(width * scale + 1)
        else:
            size = math.ceil(height * scale), math.ceil(width * scale)
        offset, probability = pnet(state, resized(image, *size, way["resample"]), axis)
        here = []
        for y, x in (probability[0] >= threshold).nonzero().tolist():
            if rounded:
                corners = (2 * x + 1, 2 * y + 1, 2 * x + 13, 2 * y + 13)
                box = [float(round(c / scale)) for c in corners]
            else:
                corners = (2 * x + 1, 2 * y + 1, 2 * x + 12, 2 * y + 12)
                box = [float(np.floor(np.float32(c) / np.float32(scale))) for c in corners]
            here.append((box, float(probability[0, y, x]), offset[0, :, y, x].tolist()))
        plus = int(rounded)
        for i in nms([h[0] for h in here], [h[1] for h in here], 0.5, False, plus, rounded):
            boxes.append(here[i][0])
            scores.append(here[i][1])
            offsets.append(here[i][2])
        scale, shorter = scale * factor, shorter * factor
    kept = nms(boxes, scores, 0.7, False, int(rounded), rounded)
    return [squared(moved(boxes[i], offsets[i], int(rounded)), way["boxes"]) for i in kept]


WAY = {"boxes": "whole", "border": "pad", "resample": "area"}


@torch.inference_mode()
def detect(states, image, thresholds=(0.6, 0.7, 0.7), factor=0.709, min_face=20, axis=1, way=WAY):
    """Boxes, scores and landmarks (lists) of one uint8 RGB (H, W, 3) image."""
    rounded = way["boxes"] == "rounded"
    found = []
    for box in proposals(states[0], image, thresholds[0], factor, min_face, axis, way):
        cut = crop(image, box, 24, way)
        if cut is not None:
            offset, score = rnet(states[1], cut[0])
            if score > thresholds[1]:
                found.append((cut[1], float(score), offset[0].tolist()))
    plus = int(rounded)
    kept = nms([f[0] for f in found], [f[1] for f in found], 0.7, False, plus, rounded)
    boxes = [squared(moved(found[i][0], found[i][2], 1), way["boxes"]) for i in kept]
    found = []
    for box in boxes:
        cut = crop(image, box, 48, way)
        if cut is None:
            continue
        offset, points, score = onet(states[2], cut[0])
        if score > thresholds[2]:
            box, start = cut[1], 0 if rounded else 1
            wide, high = box[2] - box[0] + 1, box[3] - box[1] + 1
            x = [p * wide + box[0] - start for p in points[0, :5].tolist()]
            y = [p * high + box[1] - start for p in points[0, 5:].tolist()]
            box = moved(box, offset[0].tolist(), 1)
            found.append((box, float(score), list(zip(x, y, strict=True))))
    last = way["boxes"] != "whole"
    kept = nms([f[0] for f in found], [f[1] for f in found], 0.7, True, 1, last)
    scores = [found[i][1] for i in kept]
    return [found[i][0] for i in kept], scores, [found[i][2] for i in kept]
