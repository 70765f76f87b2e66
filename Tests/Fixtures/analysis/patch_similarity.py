"""Cosines between tokens and patches, from PyTorch.

python patch_similarity.py > patch_similarity.json   (torch)
"""

import json

import torch

IMAGES, ROWS, COLS, WIDTH = 2, 2, 3, 5
PATCHES = ROWS * COLS

index = torch.arange(IMAGES * (1 + PATCHES) * WIDTH, dtype=torch.float64)
tokens = torch.round(torch.sin(0.7 * index + 0.01 * index**2) * 64).reshape(IMAGES, 1 + PATCHES, WIDTH) / 64


def cosines(queries, keys):
    return torch.nn.functional.cosine_similarity(queries[:, :, None], keys[:, None], dim=-1)


patches = tokens[:, 1:]
every = cosines(patches, patches)
print(json.dumps({
    "grid": [ROWS, COLS], "width": WIDTH, "tokens": tokens.flatten().tolist(),
    "all": every.flatten().tolist(), "mean": every.mean(1).flatten().tolist(),
    "cls": cosines(tokens[:, :1], patches).flatten().tolist(), "patch": every[:, 5].flatten().tolist(),
    "across": cosines(patches[:1, 1:2].expand(IMAGES, 1, WIDTH), patches).flatten().tolist(),
}))
