"""Masks as PNG files, by Pillow: labels/*.png and the labels that they hold in labels/labels.json.

    python labels.py

A palette of 256, 16 and 2 colours (8, 4 and 1 bits), grey levels of 8 and 1 bits; and what is no mask: colours, alpha
and 16 bits.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

folder = Path(__file__).parent / "labels"
folder.mkdir(exist_ok=True)
y, x = np.meshgrid(np.arange(5), np.arange(7), indexing="ij")
full = ((x * 37 + y * 51) % 256).astype(np.uint8)
expected = {}


def save(name, image, labels, **options):
    image.save(folder / f"{name}.png", **options)
    if labels is not None:
        expected[name] = labels.flatten().tolist()


def palette(labels, colors):
    image = Image.fromarray(labels, mode="P")
    image.putpalette([(c * 89) % 256 for c in range(3 * colors)])
    return image


save("palette8", palette(full, 256), full)
save("palette4", palette(full % 16, 16), full % 16, bits=4)
save("palette1", palette(full % 2, 2), full % 2, bits=1)
save("grey8", Image.fromarray(full), full)
save("grey1", Image.fromarray((full % 2 * 255).astype(np.uint8)).convert("1"), full % 2)
save("refused_rgb", Image.fromarray(np.stack([full] * 3, -1)), None)
save("refused_alpha", Image.fromarray(full).convert("LA"), None)
save("refused_grey16", Image.fromarray(full.astype(np.uint16) * 200), None)
(folder / "labels.json").write_text(json.dumps(expected))
