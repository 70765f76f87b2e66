"""Patches as colours by their principal components, with NumPy in double precision from docs/science.md alone.

    python patch_pca.py

writes patch_pca.json, for the networks and the images of metrics.py: two trained models and a random one.
"""

from pathlib import Path

import numpy as np

from patches import figures

here = Path(__file__).parent


def components(samples, count):
    """Coordinates and shares; of each component the entry of largest magnitude is positive."""
    centred = samples - samples.mean(0)
    u, s, v = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(v[np.arange(len(v)), np.abs(v).argmax(1)])
    return (u * s * signs)[:, :count], (s ** 2 / (s ** 2).sum())[:count]


def colours(tokens, grid, threshold=0.0, refit=False, foreground=True, clip=0.01):
    """tokens: (images, patches, width)."""
    samples = tokens.reshape(-1, tokens.shape[-1])
    places, shares = components(samples, 4)
    row, col = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    border = np.tile((row == 0) | (row == grid[0] - 1) | (col == 0) | (col == grid[1] - 1), len(tokens))
    total = places[border, 0].sum()
    sign = -1 if total > 1e-9 * np.abs(places[:, 0]).sum() else 1
    scores = sign * places[:, 0] / places[:, 0].std(ddof=1)
    assert np.abs(scores - threshold).min() > 1e-4 or not foreground, "a patch at the threshold"
    shown = scores > threshold if foreground else np.ones(len(scores), bool)
    if foreground and refit:
        channels, ratios = components(samples[shown], 3)
    else:
        first = 1 if foreground else 0
        channels, ratios = places[shown, first:first + 3], shares[first:first + 3]
    low, high = np.quantile(channels, [clip, 1 - clip], axis=0)
    result = np.zeros((len(samples), 3))
    result[shown] = ((channels - low) / (high - low)).clip(0, 1)
    return result, scores, shown.astype(float), np.concatenate([shares[:1], ratios])


def measure(depths, grid):
    """depths(final_norm): (depth, images, patches, width)."""
    def answer(norm, which, **rule):
        tokens = depths(norm)[which]
        found = [colours(depth, grid, **rule) for depth in tokens]
        # The service has the image outside, the depth inside.
        def outer(part):
            return np.stack([f[part].reshape(tokens.shape[1], -1) for f in found], 1)
        return {"colours": outer(0), "first_component": outer(1), "is_foreground": outer(2),
                "explained_ratio": np.stack([f[3] for f in found])}
    return {
        "patch-pca": answer(True, [-1]),
        "patch-pca depths=0,2 final_norm=false": answer(False, [0, 2]),
        "patch-pca refit=true threshold=-0.5 clip=0": answer(True, [-1], refit=True, threshold=-0.5, clip=0),
        "patch-pca foreground=false clip=0.1": answer(True, [-1], foreground=False, clip=0.1),
    }


if __name__ == "__main__":
    figures(here / "patch_pca.json", measure)
