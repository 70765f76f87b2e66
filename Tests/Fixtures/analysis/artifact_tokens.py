"""Very long tokens, the channels that carry them and the attention they draw, with NumPy in double precision.

    python artifact_tokens.py

writes artifact_tokens.json, for the networks and the images of metrics.py: two trained models and a random one. They are
too small for artefacts, so the factors are, too.
"""

import json
from pathlib import Path

import numpy as np

from metrics import MODELS, run
from patches import written

here = Path(__file__).parent


def measure(maps, streams, grid, factor=3.0, cutoff=None, floor=100.0, ratio=1000.0, top=5, map_depth=-1):
    """maps (block, image, head, query, key); streams (depth, image, token, channel), the class token first."""
    norms = np.linalg.norm(streams, axis=-1)
    medians = np.median(norms[..., 1:], -1)
    cut = np.full_like(medians, cutoff) if cutoff else factor * medians
    assert np.abs(norms / cut[..., None] - 1).min() > 1e-5, "a token at the cut"
    outlier = norms > cut[..., None]
    patches = outlier[..., 1:]
    depths, images = medians.shape

    def sem(values):
        return values.std(-1, ddof=1) / np.sqrt(values.shape[-1])

    share, largest = patches.mean(-1), norms[..., 1:].max(-1)
    usual = np.median(np.abs(streams).reshape(depths, images, -1), -1)
    massive = (np.abs(streams) > floor) & (np.abs(streams) >= ratio * usual[..., None, None])
    places = patches.sum(1).reshape(depths, *grid)
    channels, shares, ratios = [np.full((depths, top), np.nan) for _ in range(3)]
    for depth in range(depths):
        long, other = streams[depth, :, 1:][patches[depth]], streams[depth, :, 1:][~patches[depth]]
        if len(long):
            squares = (long ** 2).sum(0)
            order = np.argsort(-squares, kind="stable")[:top]
            gaps = np.sort(-squares)[:top + 1] / squares.max()
            assert np.diff(gaps).min() > 1e-5, "two channels carry the same"
            channels[depth], shares[depth] = order, squares[order] / squares.sum()
            ratios[depth] = np.abs(long).mean(0)[order] / np.abs(other).mean(0)[order]
    drawn, drawn_error, even = [np.full(len(maps), np.nan) for _ in range(3)]
    for block in range(len(maps)):
        to = maps[block][:, :, 1:].mean((1, 2))
        has = [i for i in range(images) if patches[block, i].any()]
        if has:
            values = np.array([to[i, 1:][patches[block, i]].sum() for i in has])
            drawn[block] = values.mean()
            even[block] = np.mean([patches[block, i].sum() / to.shape[1] for i in has])
            drawn_error[block] = sem(values) if len(has) > 1 else np.nan
    return {
        "outlier_share": share.mean(1), "outlier_share_sem": sem(share), "n_outliers": patches.sum((1, 2)),
        "norm_median": medians.mean(1), "norm_median_sem": sem(medians), "norm_largest": largest.mean(1),
        "norm_largest_sem": sem(largest), "patch_norm": norms[..., 1:].mean(1), "outlier_count": places,
        "outlier_map": places[map_depth], "prefix_norm": norms[..., 0].mean(1), "prefix_outlier_count": outlier[..., 0].sum(1),
        "channels": channels, "channel_share": shares, "channel_ratio": ratios,
        "massive": massive.sum((2, 3)).mean(1), "massive_channels": massive.any((1, 2)).sum(-1),
        "attention_to_outliers": drawn, "attention_to_outliers_sem": drawn_error, "attention_to_outliers_even": even,
        "attention_to_cls": maps[..., 1:, 0].mean((1, 2, 3)),
    }


if __name__ == "__main__":
    result = {}
    for name, model in MODELS.items():
        maps, _, streams = run(*model)
        depths = streams[::2]
        middle = float(np.quantile(np.linalg.norm(depths[-1, :, 1:], axis=-1), 0.9).round(3))
        found = {
            "artifact-tokens": measure(maps, depths, model[2]),
            "artifact-tokens factor=1.15 map_depth=1 top=3": measure(maps, depths, model[2], 1.15, top=3, map_depth=1),
            f"artifact-tokens cutoff={middle} massive_floor=0.01 massive_ratio=4": measure(
                maps, depths, model[2], cutoff=middle, floor=0.01, ratio=4.0),
        }
        result[name] = {question: {field: written(numbers) for field, numbers in fields.items()}
                        for question, fields in found.items()}
    (here / "artifact_tokens.json").write_text(json.dumps(result))
