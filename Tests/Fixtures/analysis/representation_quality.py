"""Quality of representations without labels, with NumPy, SciPy and PyTorch in double precision from the formulas alone.

    python representation_quality.py

writes representation_quality.json, for the networks and the images of metrics.py, and quality_views.json: views of an
image by PyTorch, and alignment, uniformity, LiDAR and the intrinsic dimension of numbers that a formula makes.
"""

import json
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.stats
import torch
import torch.nn.functional as F
from scipy.spatial.distance import cdist, pdist

from patches import figures, written

here = Path(__file__).parent


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def smooth_rank(values, eps=1e-7):
    p = values / values.sum() + eps
    return np.exp(-(p * np.log(p)).sum())


def covariance_spectrum(z):
    return np.sort(np.linalg.eigvalsh(np.cov(z.T)))[::-1][:min(len(z) - 1, z.shape[1])]


def effective_rank(values):
    p = values / values.sum()
    return np.exp(scipy.stats.entropy(p[p > 0]))


def decay(values, first, last):
    ranks = np.arange(first, min(last, len(values)) + 1)
    return -np.polyfit(np.log(ranks), np.log(values[ranks - 1]), 1)[0] if len(ranks) > 2 else np.nan


def two_nn(z):
    distances = np.sort(cdist(z, z), 1)
    mu = np.sort(distances[:, 2] / distances[:, 1])
    count = len(mu)
    kept = np.arange(1, count + 1) * 10 <= 9 * count
    x, y = np.log(mu[kept]), -np.log(1 - np.arange(1, count + 1)[kept] / count)
    return (x @ y) / (x @ x)


def uniformity(z):
    return np.log(np.exp(-2 * pdist(unit(z), "sqeuclidean")).mean())


def alignment(a, b):
    return ((unit(a) - unit(b)) ** 2).sum(1).mean()


def lidar(views, delta=1e-4):
    """views: (view, image, channel)."""
    means = views.mean(0)
    b = means - means.mean(0)
    w = (views - means).reshape(-1, views.shape[-1])
    between, within = b.T @ b / len(means), w.T @ w / len(w) + delta * np.eye(views.shape[-1])
    root = scipy.linalg.fractional_matrix_power(within, -0.5)
    # As many as can differ from 0, as in the service: images, or channels where they are fewer.
    return smooth_rank(np.clip(np.linalg.eigvalsh(root @ between @ root), 0, None)[-min(b.shape):])


def measure(depths, grid):
    means = depths(False).mean(2)
    def answer(first, last):
        spectra = [covariance_spectrum(z) for z in means]
        return {
            "rankme": [smooth_rank(np.linalg.svd(z, compute_uv=False)) for z in means],
            "effective_rank": [effective_rank(s) for s in spectra],
            "alpha": [decay(s, first, last) for s in spectra],
            "alpha_eigenvalues": [max(0, min(last, len(s)) - first + 1) for s in spectra],
            # Ratios of distances are near 1 here, and single precision moves their logarithms.
            "twonn": [two_nn(z) for z in means], "twonn rounding": [5e-4 * two_nn(z) for z in means],
            "twonn_equal_images": [0 for _ in means],
            "uniformity": [uniformity(z) for z in means]}
    return {
        "representation-quality views=0 alpha_first=1": answer(1, 100),
        "representation-quality views=0 alpha_first=2 alpha_last=4": answer(2, 4),
    }


def views():
    index = np.arange(2 * 3 * 7 * 5)
    images = torch.from_numpy(np.sin(0.7 * index + 0.01 * index ** 2)).reshape(2, 3, 7, 5).float()
    parts = [(1, 0, 4, 5, True), (2, 1, 3, 2, False)]
    seen = torch.cat([
        F.interpolate(images[i:i + 1, :, t:t + h, l:l + w], size=(7, 5), mode="bilinear", align_corners=False).flip(
            [3] if mirrored else []) for i, (t, l, h, w, mirrored) in enumerate(parts)])
    result = {"parts": parts, "images": written(images), "views": written(seen)}
    # More images than channels, and fewer, so that the covariances have and have not a full rank.
    for name, (count, images, width) in {"many": (3, 40, 6), "few": (2, 7, 12)}.items():
        index = np.arange(images * width).reshape(images, width)
        base = np.sin(1.3 * index + 0.003 * index ** 2) * np.linspace(2, 0.2, width)
        moved = [0.3 * np.cos(0.9 * index * (v + 1) + 0.007 * index ** 2) for v in range(count)]
        seen = (np.stack([base + m for m in moved]) * 1024).round() / 1024
        result[name] = {
            "shape": list(seen.shape), "views": seen.flatten().tolist(), "alignment": alignment(seen[0], seen[1]),
            "uniformity": uniformity(seen[0]), "twonn": two_nn(seen[0]), "lidar": lidar(seen),
            "rankme": smooth_rank(np.linalg.svd(seen[0], compute_uv=False)),
            "effective_rank": effective_rank(covariance_spectrum(seen[0])),
            "alpha": decay(covariance_spectrum(seen[0]), 1, 100)}
    return result


if __name__ == "__main__":
    figures(here / "representation_quality.json", measure)
    (here / "quality_views.json").write_text(json.dumps(views()))
