"""Segmentation by the nearest patches, by NumPy in double precision.

    python segmentation.py

writes segmentation.json, for the demo's MoCo v3 and for the random network of gradient_rollout.safetensors whose grid is
not square, and the masks of the images that a formula makes to masks/HEIGHTxWIDTH, as PNG files with VOC's palette. The
images are split as the service's own random numbers split six images for seed 0.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from metrics import IMAGES, MODELS, run

here = Path(__file__).parent
TRAIN, K, TEMPERATURE, LABELS = [1, 3, 4], 3, 0.07, [0, 1, 2]


def voc_palette():
    colors = []
    for label in range(256):
        channels = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                channels[channel] |= (label >> (3 * bit + channel) & 1) << (7 - bit)
        colors += channels
    return colors


def mask(number, height, width):
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    labels = (x * 4 // width + y * 3 // height + number) % 3
    labels[(x * y + number) % 11 == 0] = 255
    return labels.astype(np.uint8)


def cells(labels, grid, patch):
    """(patches, pixels)"""
    return labels[:grid[0] * patch, :grid[1] * patch].reshape(grid[0], patch, grid[1], patch).transpose(
        0, 2, 1, 3).reshape(grid[0] * grid[1], -1)


def majority(labels, grid, patch):
    counts = np.stack([(cells(labels, grid, patch) == label).sum(-1) for label in LABELS], -1)
    return np.where(counts.max(-1) > 0, counts.argmax(-1), 255)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def score(decided, masks, grid, patch):
    counts = np.zeros((3, 3))
    for labels, own in zip(masks, decided):
        for pixels, label in zip(cells(labels, grid, patch), own):
            for pixel in pixels:
                if pixel != 255 and label != 255:
                    counts[pixel, label] += 1
    both = np.diag(counts)
    iou = both / (counts.sum(0) + counts.sum(1) - both)
    return iou, both.sum() / counts.sum()


def measure(path, heads, grid, patch):
    streams = run(path, heads, grid, patch)[2][::2, :, 1:]
    size = grid[0] * patch, grid[1] * patch
    folder = here / "masks" / f"{size[0]}x{size[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    masks = [mask(i, *size) for i in range(IMAGES)]
    for i, labels in enumerate(masks):
        image = Image.fromarray(labels, mode="P")
        image.putpalette(voc_palette())
        image.save(folder / f"{i}.png", optimize=True)
    test = [i for i in range(IMAGES) if i not in TRAIN]
    patches = [majority(labels, grid, patch) for labels in masks]
    known = np.concatenate([patches[i] for i in TRAIN])
    result = {"miou": [], "pixel_accuracy": [], "iou": []}
    for tokens in streams:
        learned = unit(np.concatenate([tokens[i] for i in TRAIN]))[known != 255]
        labels, decided = known[known != 255], []
        for i in test:
            cosines = unit(tokens[i]) @ learned.T
            order = np.argsort(-cosines, axis=-1, kind="stable")[:, :K]
            votes = np.stack([
                (np.exp(np.take_along_axis(cosines, order, -1) / TEMPERATURE) * (labels[order] == label)).sum(-1)
                for label in LABELS], -1)
            decided.append(votes.argmax(-1))
        iou, accuracy = score(decided, [masks[i] for i in test], grid, patch)
        result["miou"].append(iou.mean())
        result["pixel_accuracy"].append(accuracy)
        result["iou"] += iou.tolist()
    result["ceiling"] = [score([patches[i] for i in test], [masks[i] for i in test], grid, patch)[0].mean()]
    return result


if __name__ == "__main__":
    answers = {name: measure(*MODELS[name]) for name in ("moco_v3", "random")}
    (here / "segmentation.json").write_text(json.dumps({"train": TRAIN, **answers}))
