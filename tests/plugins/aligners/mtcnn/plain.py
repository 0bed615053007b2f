"""MTCNN written out plainly, one image and one crop at a time: oracle of tests, peer of perf.

Pixels are resampled by torch's own area interpolation, layers are bare tensor operations on the
entries of the state dicts, and suppression is a double loop.
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


def resized(pixels, height, width):
    return (interpolate(pixels, (height, width), mode="area") - 127.5) / 128


def nms(boxes, scores, threshold, smaller):
    plus = 1 if smaller else 0
    kept = []
    for i in np.argsort(-np.asarray(scores), kind="stable"):
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


def squared(box):
    wide, high = box[2] - box[0], box[3] - box[1]
    side = max(wide, high)
    left, top = box[0] + wide / 2 - side / 2, box[1] + high / 2 - side / 2
    return [math.trunc(edge) for edge in (left, top, left + side, top + side)]


def crop(pixels, box, size):
    """The box, black where it leaves the image, resampled; None when it misses the image."""
    height, width = pixels.shape[2:]
    left, top, right, bottom = box
    if right < max(left, 1) or bottom < max(top, 1) or left > width or top > height:
        return None
    whole = torch.zeros(1, 3, bottom - top + 1, right - left + 1)
    for y in range(max(top, 1), min(bottom, height) + 1):
        for x in range(max(left, 1), min(right, width) + 1):
            whole[0, :, y - top, x - left] = pixels[0, :, y - 1, x - 1]
    return resized(whole, size, size)


def proposals(state, pixels, threshold, factor, min_face, axis):
    height, width = pixels.shape[2:]
    scale, boxes, scores, offsets = 12 / min_face, [], [], []
    shorter = min(height, width) * scale
    while shorter >= 12:
        small = resized(pixels, int(height * scale + 1), int(width * scale + 1))
        offset, probability = pnet(state, small, axis)
        here = []
        for y, x in (probability[0] >= threshold).nonzero().tolist():
            corners = (2 * x + 1, 2 * y + 1, 2 * x + 12, 2 * y + 12)
            box = [float(np.floor(np.float32(c) / np.float32(scale))) for c in corners]
            here.append((box, float(probability[0, y, x]), offset[0, :, y, x].tolist()))
        for i in nms([h[0] for h in here], [h[1] for h in here], 0.5, False):
            boxes.append(here[i][0])
            scores.append(here[i][1])
            offsets.append(here[i][2])
        scale, shorter = scale * factor, shorter * factor
    return [squared(moved(boxes[i], offsets[i], 0)) for i in nms(boxes, scores, 0.7, False)]


@torch.inference_mode()
def detect(states, image, thresholds=(0.6, 0.7, 0.7), factor=0.709, min_face=20, axis=1):
    """Boxes, scores and landmarks (lists) of one uint8 RGB (H, W, 3) image."""
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float()
    found = []
    for box in proposals(states[0], pixels, thresholds[0], factor, min_face, axis):
        small = crop(pixels, box, 24)
        if small is not None:
            offset, score = rnet(states[1], small)
            if score > thresholds[1]:
                found.append((box, float(score), offset[0].tolist()))
    kept = nms([f[0] for f in found], [f[1] for f in found], 0.7, False)
    boxes = [squared(moved(found[i][0], found[i][2], 1)) for i in kept]
    found = []
    for box in boxes:
        small = crop(pixels, box, 48)
        if small is None:
            continue
        offset, points, score = onet(states[2], small)
        if score > thresholds[2]:
            wide, high = box[2] - box[0] + 1, box[3] - box[1] + 1
            x = [p * wide + box[0] - 1 for p in points[0, :5].tolist()]
            y = [p * high + box[1] - 1 for p in points[0, 5:].tolist()]
            box = moved(box, offset[0].tolist(), 1)
            found.append((box, float(score), list(zip(x, y, strict=True))))
    kept = nms([f[0] for f in found], [f[1] for f in found], 0.7, True)
    scores = [found[i][1] for i in kept]
    return [found[i][0] for i in kept], scores, [found[i][2] for i in kept]
