"""What the scripts about patches share: the tokens of metrics.py's networks and images, and how figures are written."""

import json

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from metrics import MODELS, run


def tokens(path, heads, grid, patch):
    """depths(final_norm) gives all tokens, (depth, images, tokens, width), 0 after the embedding."""
    _, _, streams = run(path, heads, grid, patch)
    weights = load_file(path)
    def depths(norm):
        raw = streams[::2]
        if not norm or "norm.weight" not in weights:
            return raw
        weight, bias = weights["norm.weight"].double(), weights["norm.bias"].double()
        return F.layer_norm(torch.from_numpy(raw), (raw.shape[-1],), weight, bias, 1e-6).numpy()
    return depths


def written(values):
    """Seven digits of each number, and null for what is none."""
    return [None if np.isnan(v) else float(f"{v:.7g}") for v in np.asarray(values, float).reshape(-1)]


def figures(path, measure):
    """Writes what `measure(depths, grid)` gives for each network; of the patches, without the class token."""
    result = {}
    for name, model in MODELS.items():
        depths = tokens(*model)
        found = measure(lambda norm: depths(norm)[:, :, 1:], model[2])
        result[name] = {question: {field: written(numbers) for field, numbers in fields.items()}
                        for question, fields in found.items()}
    path.write_text(json.dumps(result))
