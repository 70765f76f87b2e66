"""Vision Transformers of random weights as safetensors in timm's names, with nothing but the standard library."""

import array
import json
import random
import struct
import sys

# timm's name, and width, depth, patch side, grid, registers.
MODELS = {
    "vit_base_patch16_224": (768, 12, 16, 14, 0),
    "vit_small_patch14_reg4_dinov2": (384, 12, 14, 37, 4),
}
# Numbers are taken from one run of so many, each tensor from another place.
RUN = 1 << 18


def tensors(name):
    """Name, shape and what a tensor holds: a number, or none for random ones."""
    width, depth, patch, grid, registers = MODELS[name]
    prefix = 0 if registers else 1
    yield "cls_token", (1, 1, width), None
    if registers:
        yield "reg_token", (1, registers, width), None
    yield "pos_embed", (1, grid * grid + prefix, width), None
    yield "patch_embed.proj.weight", (width, 3, patch, patch), None
    yield "patch_embed.proj.bias", (width,), 0
    for i in range(depth):
        block = f"blocks.{i}."
        for norm in ("norm1", "norm2"):
            yield f"{block}{norm}.weight", (width,), 1
            yield f"{block}{norm}.bias", (width,), 0
        for layer, rows, columns in (("attn.qkv", 3 * width, width), ("attn.proj", width, width),
                                     ("mlp.fc1", 4 * width, width), ("mlp.fc2", width, 4 * width)):
            yield f"{block}{layer}.weight", (rows, columns), None
            yield f"{block}{layer}.bias", (rows,), 0
        if registers:
            for scale in ("ls1", "ls2"):
                yield f"{block}{scale}.gamma", (width,), 1
    yield "norm.weight", (width,), 1
    yield "norm.bias", (width,), 0


def write(name, path, seed=1):
    """Writes the model called `name` to `path`. The same seed gives the same bytes."""
    generator = random.Random(seed)
    # Attention of weights so large is not the same everywhere.
    run = array.array("f", (generator.gauss(0, 0.05) for _ in range(RUN)))
    if sys.byteorder != "little":
        run.byteswap()
    cycle = run.tobytes()
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for tensor, shape, _ in tensors(name):
        size = 4
        for extent in shape:
            size *= extent
        header[tensor] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor, _, number in tensors(name):
            start, end = header[tensor]["data_offsets"]
            if number is not None:
                file.write(struct.pack("<f", number) * ((end - start) // 4))
                continue
            first = 4 * generator.randrange(RUN)
            whole = cycle[first:] + cycle[:first]
            for done in range(0, end - start, len(whole)):
                file.write(whole[:end - start - done])


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2])
