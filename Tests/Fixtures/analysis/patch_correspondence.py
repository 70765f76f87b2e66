"""Mutual nearest neighbours between the patches of two images, with NumPy in double precision.

    python patch_correspondence.py

writes patch_correspondence.json, for the networks and the images of metrics.py: two trained models and a random one.
"""

from pathlib import Path

import numpy as np

from metrics import unit
from patches import figures

here = Path(__file__).parent
# Two cosines that are nearer together than this may change places in single precision.
NEAR = 4e-6


def nearest(cosines):
    """Which, how near, and whether another may as well be."""
    order = np.sort(cosines, 1)
    return cosines.argmax(1), order[:, -1], order[:, -1] - order[:, -2] < NEAR


def correspondence(first, other, minimum):
    cosines = unit(first) @ unit(other).T
    there, there_cosine, there_open = nearest(cosines)
    back, back_cosine, back_open = nearest(cosines.T)
    mutual = (there[back] == np.arange(len(back))) & (back_cosine >= minimum)
    mutual_open = back_open | there_open[back] | (np.abs(back_cosine - minimum) < NEAR)
    assert mutual_open.mean() < 0.1, mutual_open.mean()
    return {
        "matches": back, "matches rounding": back_open * len(there), "similarity": back_cosine,
        "is_mutual": mutual, "is_mutual rounding": mutual_open,
        "matches_of_first": there, "matches_of_first rounding": there_open * len(back),
        "similarity_of_first": there_cosine,
        "mutual_share": mutual.mean(), "mutual_share rounding": mutual_open.mean()}


def measure(depths, grid):
    def answer(norm, which, minimum=-1.0):
        tokens = depths(norm)[which]
        found = [[correspondence(depth[0], depth[image], minimum) for depth in tokens]
                 for image in range(tokens.shape[1])]
        return {name: np.array([[pair[name] for pair in image] for image in found], float) for name in found[0][0]}
    return {
        "patch-correspondence": answer(True, [-1]),
        "patch-correspondence depths=1,2 final_norm=false min_similarity=0.9": answer(False, [1, 2], 0.9),
    }


if __name__ == "__main__":
    figures(here / "patch_correspondence.json", measure)
