"""Figures for alignment, principal components and t-SNE, from NumPy and scikit-learn.

python geometry.py > geometry.json   (numpy, scikit-learn)
"""

import json

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness


def first(rows, columns):
    i, j = np.mgrid[0:rows, 0:columns]
    return np.sin(1.1 * i + 0.7 * j + 0.013 * i * j)


def second(rows, columns):
    i, j = np.mgrid[0:rows, 0:columns]
    return np.cos(0.45 * i + 1.3 * j) + 0.4 * np.sin(1.1 * i) + 0.1 * np.cos(0.31 * i * j)


def clusters(rows, columns):
    i, j = np.mgrid[0:rows, 0:columns]
    return 3 * np.sin(2.1 * (i % 6) * (j + 1)) + np.sin(12.9898 * i + 78.233 * j + 0.37 * i * j)


def neighbours(x, k):
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    gram = unit @ unit.T
    masked = gram.copy()
    np.fill_diagonal(masked, -np.inf)
    chosen = np.zeros_like(gram)
    for row, order in enumerate(np.argsort(-masked, axis=1, kind="stable")[:, :k]):
        chosen[row, order] = 1
    return gram, chosen


def hsic(k, l):
    n = len(k)
    k, l = k.copy(), l.copy()
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    one = np.ones(n)
    whole = np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
    return (whole - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3))


def cknna(x, y, k):
    (gram_x, near_x), (gram_y, near_y) = neighbours(x, k), neighbours(y, k)

    def local(a, b, near_a, near_b):
        mask = near_a * near_b
        return hsic(mask * a, mask * b)

    return local(gram_x, gram_y, near_x, near_y) / np.sqrt(
        local(gram_x, gram_x, near_x, near_x) * local(gram_y, gram_y, near_y, near_y))


def directions(x, share):
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    if share is None:
        return u
    return u[:, : max(1, int((np.cumsum(s) / s.sum() < share).sum()))]


def correlations(u, v):
    a, s, _ = np.linalg.svd(u.T @ v, full_matrices=False)
    return a, np.minimum(s, 1)


def pwcca(x, y):
    u, v = directions(x, None), directions(y, None)
    a, rho = correlations(u, v)
    weights = np.abs((u @ a).T @ (x - x.mean(0))).sum(1)
    return (weights * rho).sum() / weights.sum()


def procrustes(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    return np.linalg.norm(x.T @ y / np.linalg.norm(x) / np.linalg.norm(y), "nuc")


def main():
    x, y = first(40, 6), second(40, 8)
    overlap = (neighbours(x, 5)[1] * neighbours(y, 5)[1]).sum(1) / 5
    pca = PCA(3, svd_solver="full").fit(y)
    signs = np.sign(pca.components_[np.arange(3), np.abs(pca.components_).argmax(1)])
    points = clusters(300, 10)
    runs = []
    for seed in range(5):
        tsne = TSNE(2, perplexity=20, init="random", learning_rate="auto", random_state=seed)
        placed = tsne.fit_transform(points)
        runs.append({"kl": tsne.kl_divergence_, "trustworthiness": trustworthiness(points, placed, n_neighbors=12)})

    print(json.dumps({
        "mutual-knn": overlap.mean(),
        "cknna": cknna(x, y, 5),
        "svcca": correlations(directions(x, 0.99), directions(y, 0.99))[1].mean(),
        "pwcca": pwcca(x, y),
        "procrustes": procrustes(x, y),
        "pca_points": ((pca.transform(y) * signs)[:3]).tolist(),
        "pca_ratio": pca.explained_variance_ratio_.tolist(),
        "pca_variances": pca.explained_variance_.tolist(),
        "tsne": runs,
    }, indent=1))


if __name__ == "__main__":
    main()
