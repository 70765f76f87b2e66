#!/usr/bin/env python3
"""Error of bf16 against f32 in every metric: the table of docs/science.md.

    deploy/precision_errors.py [VITSCOPE]

Asks the built command for each analysis of the demo's models and of a random ViT-Ti/16, in both precisions, on eight
images of noise, squares and waves that it draws itself, and prints Markdown. Python's standard library alone.
"""

import array
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DEMO = [os.path.join(ROOT, "deploy", "demo", name + ".safetensors") for name in ("moco_v3", "simmim", "hybrid")]
KINDS = [
    ("attention", {"layer": "-1", "head": "all", "query": "all"}), ("attention-rollout", {}),
    ("attention-distance", {}), ("attention-nmi", {}), ("attention-entropy", {}), ("attention-similarity", {}),
    ("cls-attention", {}), ("fourier", {}), ("feature-variance", {}), ("token-similarity", {}),
    ("token-displacement", {}), ("token-norms", {}), ("patch-similarity", {"query": "all"}), ("singular-values", {}),
    ("cka", {}),
]
ONE_IMAGE = {"attention", "attention-rollout", "token-displacement"}


def png(path, number, side=224):
    """An image that differs from the others in scale, direction and noise."""
    rng, rows = random.Random(number), []
    angle = number * 0.8
    for y in range(side):
        row = bytearray([0])
        for x in range(side):
            wave = math.sin((x * math.cos(angle) + y * math.sin(angle)) * (0.05 + 0.03 * number))
            square = 60 if (x // (8 + 4 * number) + y // (8 + 4 * number)) % 2 else 0
            for channel in range(3):
                value = 110 + 50 * wave * (channel != number % 3) + square + rng.gauss(0, 12)
                row.append(max(0, min(255, int(value))))
        rows.append(bytes(row))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))


def random_model(path, width=192, depth=12, patch=16, tokens=197):
    """A ViT-Ti/16 under timm's names: weights of deviation 1/sqrt(inputs), norms near one."""
    rng, tensors = random.Random(7), {}

    def add(name, shape, scale, mean=0.0):
        count = math.prod(shape)
        tensors[name] = (shape, array.array("f", (rng.gauss(mean, scale) for _ in range(count))))

    def linear(name, outputs, inputs):
        add(name + ".weight", [outputs, inputs], 1 / math.sqrt(inputs))
        add(name + ".bias", [outputs], 0.02)

    add("cls_token", [1, 1, width], 0.02)
    add("pos_embed", [1, tokens, width], 0.2)
    add("patch_embed.proj.weight", [width, 3, patch, patch], 1 / math.sqrt(3 * patch * patch))
    add("patch_embed.proj.bias", [width], 0.02)
    for block in range(depth):
        name = "blocks.%d." % block
        for norm in ("norm1", "norm2"):
            add(name + norm + ".weight", [width], 0.1, 1)
            add(name + norm + ".bias", [width], 0.02)
        linear(name + "attn.qkv", 3 * width, width)
        linear(name + "attn.proj", width, width)
        linear(name + "mlp.fc1", 4 * width, width)
        linear(name + "mlp.fc2", width, 4 * width)
    add("norm.weight", [width], 0.1, 1)
    add("norm.bias", [width], 0.02)
    header, data = {}, b""
    for name, (shape, numbers) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * len(numbers)]}
        data += numbers.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def numbers(value):
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


def answer(vitscope, kind, settings, model, arch, images, precision):
    command = [vitscope, "analyze", kind, "--model", model, "--images", *images, "--precision", precision, "--json"]
    if arch:
        command += ["--arch", arch]
    for name, value in settings.items():
        command += ["--set", "%s=%s" % (name, value)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("%s: %s" % (" ".join(command), done.stderr.strip()))
    return json.loads(done.stdout)


def errors(exact, rounded):
    """The largest difference of each value that a figure shows, and the extent of what it may be."""
    names = ["attention"] if exact["analysis"] == "attention" else []
    for figure in exact.get("figures", []):
        if figure["values"] not in names:
            names.append(figure["values"])
    for name in names:
        a, b = list(numbers(exact.get(name))), list(numbers(rounded.get(name)))
        if a and len(a) == len(b):
            yield name, max(abs(x - y) for x, y in zip(a, b)), min(a), max(a)


def main():
    vitscope = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, ".build", "release", "vitscope")
    with tempfile.TemporaryDirectory() as folder:
        images = [os.path.join(folder, "%d.png" % number) for number in range(8)]
        for number, path in enumerate(images):
            png(path, number)
        tiny = os.path.join(folder, "random.safetensors")
        random_model(tiny)
        print("| analysis | value | from, to (f32) | largest error, demo | largest error, random ViT-Ti/16 |")
        print("| --- | --- | --- | --- | --- |")
        for kind, settings in KINDS:
            shown = images[:1] if kind in ONE_IMAGE else images
            rows = {}
            for model in DEMO + [tiny]:
                arch = "vit_tiny_patch16_224" if model == tiny else None
                pair = [answer(vitscope, kind, settings, model, arch, shown, word) for word in ("f32", "bf16")]
                for name, error, low, high in errors(*pair):
                    row = rows.setdefault(name, [low, high, 0.0, 0.0])
                    row[0], row[1] = min(row[0], low), max(row[1], high)
                    place = 3 if model == tiny else 2
                    row[place] = max(row[place], error)
            for name, (low, high, demo, random_one) in rows.items():
                print("| `%s` | `%s` | %.3g, %.3g | %.1e | %.1e |" % (kind, name, low, high, demo, random_one), flush=True)


if __name__ == "__main__":
    main()
