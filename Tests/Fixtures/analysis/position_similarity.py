"""What positions say of two places, with NumPy in double precision.

    python position_similarity.py

writes position_similarity.json, for the networks of metrics.py (fixed, relative and random positions), and
rotary_turning.json: matrices that turn, made whole, and the traces of their products.
"""

import json
from pathlib import Path

import numpy as np
from safetensors.torch import load_file

from metrics import MODELS, relative_bias, unit
from patches import written

here = Path(__file__).parent


def distances(grid):
    y, x = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    return np.rint(np.hypot(y[:, None] - y, x[:, None] - x)).astype(int)


def by_distance(pairs, grid):
    """pairs: (…, patches, patches)."""
    d = distances(grid)
    return np.stack([pairs[..., d == k].mean(-1) for k in range(d.max() + 1)], -1)


def measure(path, heads, grid, patch, centered):
    weights = load_file(path)
    fields = {}
    if "pos_embed" in weights:
        positions = weights["pos_embed"][0, 1:].double().numpy()
        if centered:
            positions = positions - positions.mean(0)
        cosines = unit(positions) @ unit(positions).T
        fields |= {"similarity": cosines, "similarity_by_distance": by_distance(cosines, grid)}
    shared = "rel_pos_bias.relative_position_bias_table"
    if shared in weights:
        bias = relative_bias(weights[shared].double(), *grid).numpy()[:, 1:, 1:]
        fields["bias_by_distance"] = by_distance(bias, grid)
    return fields


def turning(grid, width, heads):
    """Neighbouring numbers of a head turned by angles of two axes, one half each, whose pace the head decides."""
    y, x = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    cosines, sines, traces = [], [], []
    for head in range(heads):
        pace = (1 + head) / 3 * 4.0 ** -np.arange(width // 4)
        angles = np.concatenate([y[:, None] * pace, x[:, None] * pace], 1)
        matrices = np.zeros((len(y), width, width))
        for pair in range(width // 2):
            c, s = np.cos(angles[:, pair]), np.sin(angles[:, pair])
            matrices[:, 2 * pair, 2 * pair], matrices[:, 2 * pair, 2 * pair + 1] = c, -s
            matrices[:, 2 * pair + 1, 2 * pair], matrices[:, 2 * pair + 1, 2 * pair + 1] = s, c
        both = np.repeat(angles, 2, 1)
        cosines.append(np.cos(both))
        sines.append(np.sin(both))
        traces.append(np.einsum("qij,kij->qk", matrices, matrices) / width)
    return {"grid": grid, "width": width, "heads": heads, "cosines": written(cosines), "sines": written(sines),
            "by_distance": written(by_distance(np.stack(traces), grid))}


if __name__ == "__main__":
    result = {name: {
        question: {field: written(numbers) for field, numbers in measure(*model, "centered=true" in question).items()}
        for question in ["position-similarity"] + ([] if name == "simmim" else ["position-similarity centered=true"])
    } for name, model in MODELS.items()}
    (here / "position_similarity.json").write_text(json.dumps(result))
    (here / "rotary_turning.json").write_text(json.dumps(turning((2, 3), 8, 2)))
