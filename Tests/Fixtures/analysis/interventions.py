"""Lesions, noise of frequency bands and shape bias on a split that is given: figures from PyTorch and NumPy.

    python interventions.py

writes interventions.json. The network is gradient_rollout.safetensors, images and noise are formulas, and which images
a classifier learns from and which it is asked about is written here, not drawn. Everything is double precision. Only the
classifier's first weights are the service's own, drawn by its random stream, which is written out below; its rounds go
over all images at once, so that their order does not matter.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from frequency_noise import band
from metrics import picture

here = Path(__file__).parent
W = {name: value.double() for name, value in load_file(here / "gradient_rollout.safetensors").items()}
SIZE, PATCH, WIDTH, DEPTH, HEADS = (8, 12), 4, 12, 3, 3
IMAGES, CLASSES = 48, 4
TRAIN = [n for n in range(IMAGES) if n % 12 not in (1, 4, 6, 11)]
TEST = [n for n in range(IMAGES) if n % 12 in (1, 4, 6, 11)]
LABELS = [(n * n + n // 5) % CLASSES for n in range(IMAGES)]
TEXTURES = [(n // 2 + 1) % CLASSES for n in range(IMAGES)]
EPS, HALF_WINDOW, FREQUENCIES = 0.7, 0.25, [0.25, 0.75]
MASK = 2**64 - 1


def mix(z):
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def normals(seed, purpose, count):
    """The service's stream of `seed` for `purpose`: SplitMix64 by position, Box and Muller."""
    golden, digest = 0x9E3779B97F4A7C15, 0xCBF29CE484222325
    for byte in purpose.encode():
        digest = ((digest ^ byte) * 0x100000001B3) & MASK
    key = mix(mix((seed + golden) & MASK) ^ mix(digest))
    uniform = [(mix((key + place * golden) & MASK) >> 11) * 2.0**-53 for place in range(1, 2 * count + 1)]
    return [math.sqrt(-2 * math.log(1 - a)) * math.cos(2 * math.pi * b) for a, b in zip(uniform[::2], uniform[1::2])]


def features(images, skipped=None):
    """The mean patch after the last block, with one branch of one block left out."""
    count = len(images)
    x = F.conv2d(images, W["patch_embed.proj.weight"], W["patch_embed.proj.bias"], stride=PATCH)
    x = torch.cat([W["cls_token"].expand(count, 1, WIDTH), x.flatten(2).transpose(1, 2)], 1) + W["pos_embed"]
    for block in range(DEPTH):
        p = {name.split(".", 2)[2]: value for name, value in W.items() if name.startswith(f"blocks.{block}.")}
        if skipped != ("attn", block):
            normed = F.layer_norm(x, (WIDTH,), p["norm1.weight"], p["norm1.bias"], 1e-6)
            qkv = F.linear(normed, p["attn.qkv.weight"], p["attn.qkv.bias"])
            q, k, v = qkv.reshape(count, -1, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            out = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(count, -1, WIDTH)
            x = x + F.linear(out, p["attn.proj.weight"], p["attn.proj.bias"])
        if skipped != ("mlp", block):
            normed = F.layer_norm(x, (WIDTH,), p["norm2.weight"], p["norm2.bias"], 1e-6)
            hidden = F.gelu(F.linear(normed, p["mlp.fc1.weight"], p["mlp.fc1.bias"]))
            x = x + F.linear(hidden, p["mlp.fc2.weight"], p["mlp.fc2.bias"])
    return x[:, 1:].mean(1)


def classifier(learned, labels, epochs=60, rate=0.1):
    """What a linear layer behind a batch norm without affine part says of features: SGD with momentum and a cosine."""
    linear = torch.nn.Linear(WIDTH, CLASSES).double()
    norm = torch.nn.BatchNorm1d(WIDTH, eps=1e-6, affine=False).double()
    with torch.no_grad():
        drawn = torch.tensor(normals(0, "weights.probe.0.weight", WIDTH * CLASSES), dtype=torch.double)
        linear.weight.copy_(drawn.reshape(CLASSES, WIDTH) * 0.01)
        linear.bias.zero_()
    optimizer = torch.optim.SGD(linear.parameters(), lr=rate, momentum=0.9)
    for step in range(epochs):
        optimizer.param_groups[0]["lr"] = rate * (1 + math.cos(math.pi * step / epochs)) / 2
        optimizer.zero_grad()
        F.cross_entropy(linear(norm(learned)), torch.tensor(labels)).backward()
        optimizer.step()
    norm.eval()

    def logits(asked):
        with torch.no_grad():
            found = linear(norm(asked))
        best = found.sort(1).values
        assert (best[:, -1] - best[:, -2]).min() > 1e-3, "a decision hangs by a hair; choose other images"
        return found

    return logits


def noise(number, channel):
    y, x = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]), indexing="ij")
    value = (7 * y * y + 3 * x * x + 5 * x * y + 11 * channel + 13 * number + x) % 7
    return np.where(value < 3, EPS, -EPS)


def sixteen(logits, members):
    p = np.exp(logits - logits.max())
    means = [p[own].mean() for own in members]
    best = np.sort(means)
    assert best[-1] > best[-2] * (1 + 1e-6)
    return int(np.argmax(means))


# Geirhos et al. (2019), as model-vs-human lists them.
MEMBERS = [
    [404], [294, 295, 296, 297], [444, 671],
    [8, *range(10, 17), 18, 19, 20, 22, 23, 24, *range(80, 84), *range(87, 97), 98, 99, 100, *range(127, 134),
     *range(135, 146)],
    [472, 554, 625, 814, 914], [440, 720, 737, 898, 899, 901, 907], [436, 511, 817], [*range(281, 287)],
    [423, 559, 765, 857], [409, 530, 892],
    [*range(152, 192), *range(193, 204), *range(205, 227), *range(228, 242), *range(243, 251), *range(252, 258), 259,
     261, 262, 263, 265, 266, 267, 268],
    [385, 386], [508, 878], [499], [766], [555, 569, 656, 675, 717, 734, 864, 867],
]

images = torch.from_numpy(np.stack([picture(n, *SIZE) for n in range(IMAGES)])).double() / 255
images = (images - 0.5) / 0.5
asked = images[TEST]
whole = features(images)
logits = classifier(whole[TRAIN], [LABELS[n] for n in TRAIN])
right = torch.tensor([LABELS[n] for n in TEST])


def told(found):
    hits = (found.argmax(1) == right).double()
    logits = [round(number, 9) for number in found.flatten().tolist()]
    return {"logits": logits, "decisions": found.argmax(1).tolist(), "accuracy": hits.mean().item()}


lesions = {f"{part} {block}": told(logits(features(asked, (part, block))))
           for part in ("attn", "mlp") for block in range(DEPTH)}
noises = {}
for frequency in FREQUENCIES:
    added = np.stack([[band(noise(n, c), frequency, HALF_WINDOW) for c in range(3)] for n in TEST])
    noises[str(frequency)] = told(logits(features(asked + torch.from_numpy(added))))

decisions = logits(whole[TEST]).argmax(1).tolist()
pairs = [(d, LABELS[n], TEXTURES[n]) for d, n in zip(decisions, TEST)]
conflicts = [(d, s, t) for d, s, t in pairs if s != t]
shape, texture = sum(d == s for d, s, t in conflicts), sum(d == t for d, s, t in conflicts)
bias = shape / (shape + texture)

i, j = np.mgrid[0:24, 0:1000]
waves = np.sin(0.37 * i + 0.11 * j + 0.00071 * i * j) + np.cos(0.013 * j * (i + 1))
headed = [sixteen(4 * row, MEMBERS) for row in waves]

(here / "interventions.json").write_text(json.dumps({
    "images": IMAGES, "train": TRAIN, "test": TEST, "labels": LABELS, "textures": TEXTURES, "classes": CLASSES,
    "eps": EPS, "half_window": HALF_WINDOW, "clean": told(logits(whole[TEST])), "lesions": lesions, "noises": noises,
    "shape_bias": {"discarded": len(pairs) - len(conflicts), "shape": shape, "texture": texture,
                   "other": len(conflicts) - shape - texture, "bias": bias,
                   "error": math.sqrt(bias * (1 - bias) / (shape + texture)), "headed": headed},
}, indent=1) + "\n")
