"""The metrics of the service, computed with PyTorch, NumPy and scikit-learn in double precision from the formulas alone.

    python metrics.py

writes metrics.json: for the demo's MoCo v3 and SimMIM and for a random network on a grid that is not square
(gradient_rollout.safetensors), six images that a formula makes, and every figure to nine digits. The network, the
relative positions and the metrics are written out here; nothing is taken from the service.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from sklearn.decomposition import PCA

from geometry import neighbours, procrustes

here = Path(__file__).parent
demo = here.parents[2] / "deploy" / "demo"
IMAGES = 6
MODELS = {
    "moco_v3": (demo / "moco_v3.safetensors", 3, (8, 8), 6),
    "simmim": (demo / "simmim.safetensors", 3, (8, 8), 6),
    "random": (here / "gradient_rollout.safetensors", 3, (2, 3), 4),
}


def picture(number, height, width):
    """(3, height, width) from 0 to 255: the same formula as in the test."""
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    return np.stack([(x * x * (3 + number) + y * (7 + 5 * number + 2 * c) + x * y * (1 + c) + 31 * c + 17 * number) % 256
                     for c in range(3)])


def relative_bias(table, rows, cols):
    """BEiT's relative positions: the class token has three rows of its own at the end of the table."""
    tokens = 1 + rows * cols
    index = np.zeros((tokens, tokens), int)
    place = [(i // cols, i % cols) for i in range(rows * cols)]
    for a, (ay, ax) in enumerate(place):
        for b, (by, bx) in enumerate(place):
            index[1 + a, 1 + b] = (ay - by + rows - 1) * (2 * cols - 1) + ax - bx + cols - 1
    last = len(table)
    index[0, :], index[:, 0], index[0, 0] = last - 3, last - 2, last - 1
    return table[torch.from_numpy(index.reshape(-1))].reshape(tokens, tokens, -1).permute(2, 0, 1)


def run(path, heads, grid, patch):
    """Maps, head outputs and streams (after embedding, each attention, each MLP) of the images."""
    w = {name: value.double() for name, value in load_file(path).items()}
    depth = 1 + max(int(name.split(".")[1]) for name in w if name.startswith("blocks."))
    width = w["cls_token"].shape[-1]
    size = (grid[0] * patch, grid[1] * patch)
    images = torch.from_numpy(np.stack([picture(i, *size) for i in range(IMAGES)])).double() / 255
    images = (images - 0.5) / 0.5
    x = F.conv2d(images, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=patch)
    x = torch.cat([w["cls_token"].expand(IMAGES, 1, width), x.flatten(2).transpose(1, 2)], 1)
    if "pos_embed" in w:
        x = x + w["pos_embed"]
    shared = "rel_pos_bias.relative_position_bias_table"
    bias = relative_bias(w[shared], *grid) if shared in w else 0
    maps, outputs, streams = [], [], [x]
    for block in range(depth):
        p = {name.split(".", 2)[2]: value for name, value in w.items() if name.startswith(f"blocks.{block}.")}
        qkv_bias = p["attn.qkv.bias"] if "attn.qkv.bias" in p else torch.cat(
            [p["attn.q_bias"], torch.zeros(width), p["attn.v_bias"]])
        normed = F.layer_norm(x, (width,), p["norm1.weight"], p["norm1.bias"], 1e-6)
        qkv = F.linear(normed, p["attn.qkv.weight"], qkv_bias)
        q, k, v = qkv.reshape(IMAGES, -1, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        attention = (q @ k.transpose(-2, -1) * (width // heads) ** -0.5 + bias).softmax(-1)
        out = attention @ v
        maps.append(attention.numpy())
        outputs.append(out.numpy())
        branch = F.linear(out.transpose(1, 2).reshape(IMAGES, -1, width), p["attn.proj.weight"], p["attn.proj.bias"])
        x = x + p.get("gamma_1", 1) * branch
        streams.append(x)
        normed = F.layer_norm(x, (width,), p["norm2.weight"], p["norm2.bias"], 1e-6)
        hidden = F.gelu(F.linear(normed, p["mlp.fc1.weight"], p["mlp.fc1.bias"]))
        x = x + p.get("gamma_2", 1) * F.linear(hidden, p["mlp.fc2.weight"], p["mlp.fc2.bias"])
        streams.append(x)
    return np.stack(maps), np.stack(outputs), np.stack([s.numpy() for s in streams])


def unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def pair_mean(vectors):
    """Mean cosine of all pairs along the last axis but one."""
    u = unit(vectors)
    pairs = list(combinations(range(u.shape[-2]), 2))
    return np.mean([(u[..., a, :] * u[..., b, :]).sum(-1) for a, b in pairs], 0)


def attention_metrics(maps, grid, patch):
    patches = maps[..., 1:, 1:]
    y, x = np.divmod(np.arange(grid[0] * grid[1]), grid[1])
    distance = patch * np.hypot(y[:, None] - y, x[:, None] - x)
    n = len(y)
    a = patches + 1e-32
    a = a / a.sum(-1, keepdims=True)
    far = (a * distance).sum(-1).mean(-1)
    e = patches + 1e-8
    e = e / e.sum(-1, keepdims=True)
    pk = e.mean(-2, keepdims=True)
    information = (e * np.log(e / pk)).sum((-1, -2)) / n
    hk = -(pk * np.log(pk)).sum((-1, -2))
    nmi = np.maximum(information, 0) / np.sqrt(np.log(n) * hk)
    entropy = -(a * np.log(np.where(a > 0, a, 1))).sum(-1).mean(-1)
    flat = a.reshape(*a.shape[:3], -1)
    return {
        "attention-distance": {"per_head": far.mean(1), "mean": far.mean((1, 2)),
                               "std": far.mean(2).std(1, ddof=1)},
        "attention-nmi": {"per_head": nmi.mean(1), "mean": nmi.mean((1, 2)), "std": nmi.mean(2).std(1, ddof=1)},
        "attention-entropy": {"per_head": entropy.mean(1), "mean": entropy.mean((1, 2))},
        "attention-similarity": {
            "across_queries": pair_mean(a).mean((1, 2)), "across_heads": pair_mean(flat).mean(1),
            "across_layers": (unit(flat[:-1]) * unit(flat[1:])).sum(-1).mean((1, 2))},
        "cls-attention": {
            "patches_to_cls_per_head": maps[..., 1:, 0].mean((1, 3)), "patches_to_cls": maps[..., 1:, 0].mean((1, 2, 3)),
            "cls_to_cls_per_head": maps[..., 0, 0].mean(1), "cls_to_cls": maps[..., 0, 0].mean((1, 2))},
    }


def spectrum(samples):
    """Logarithms of the covariance's singular values, as many as samples allow, clamped at 1e-12."""
    count = min(samples.shape[0] - 1, samples.shape[1])
    centred = samples - samples.mean(0)
    singular = np.linalg.svd(centred, compute_uv=False)[:count] ** 2 / (len(samples) - 1)
    return np.log(np.maximum(singular, 1e-12))


def effective_rank(logs):
    share = np.exp(logs) / np.exp(logs).sum()
    return np.exp(-(share * np.log(np.where(share > 0, share, 1))).sum())


def fourier(tokens, grid):
    """Log amplitudes along the half diagonal relative to frequency 0, and the whole map with 0 in the middle."""
    images, _, channels = tokens.shape
    planes = tokens.reshape(images, *grid, channels)
    logs = np.log(np.abs(np.fft.fft2(planes, axes=(1, 2))) + 1e-6).mean(-1)
    count = (min(grid) + 1) // 2
    diagonal = np.stack([logs[:, u, u] for u in range(count)], -1)
    return (diagonal - diagonal[:, :1]).mean(0), np.fft.fftshift(logs, axes=(1, 2)).mean(0)


def fourier_rounding(tokens, grid):
    """How far the map may be off by tokens in single precision alone: every Fourier coefficient by √tokens · 1e-6 of the
    largest token, to first order. A coefficient that all but cancels has a logarithm that no single precision tells."""
    images, _, channels = tokens.shape
    planes = tokens.reshape(images, *grid, channels)
    amplitudes = np.abs(np.fft.fft2(planes, axes=(1, 2))) + 1e-6
    error = (np.sqrt(np.prod(grid)) * 1e-6 * np.abs(tokens).max() / amplitudes).mean(-1)
    return np.fft.fftshift(error, axes=(1, 2)).mean(0)


def hsic1(k, l):
    n = len(k)
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    one = np.ones(n)
    return (np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
            - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3))


def hsic0(k, l):
    n = len(k)
    h = np.eye(n) - 1 / n
    return np.trace(k @ h @ l @ h)


def rbf(x, t=0.5):
    d = ((x[:, None] - x[None]) ** 2).sum(-1)
    return np.exp(-d / (2 * t * t * np.median(d)))


def cka(features, kernel, hsic):
    grams = [kernel(f) for f in features]
    own = [hsic(g, g) for g in grams]
    return np.array([[hsic(a, b) / np.sqrt(own[i] * own[j]) if own[i] > 0 and own[j] > 0 else np.nan
                      for j, b in enumerate(grams)] for i, a in enumerate(grams)])


def measure(path, heads, grid, patch):
    maps, outputs, streams = run(path, heads, grid, patch)
    tokens = streams[:, :, 1:]
    depths = tokens[::2]
    result = attention_metrics(maps, grid, patch)
    heads_of = outputs[..., 1:, :]
    f = unit(heads_of)
    between = np.array([[(f[a] * f[b]).sum(-1).mean() for b in range(len(f))] for a in range(len(f))])
    result["token-similarity"] = {
        "across_tokens": pair_mean(heads_of).mean((1, 2)),
        "across_heads": pair_mean(heads_of.transpose(0, 1, 3, 2, 4)).mean((1, 2)),
        "across_depth": np.array([between[i, i + 1] for i in range(len(f) - 1)]), "depth_matrix": between}
    norms = np.linalg.norm(depths, axis=-1)
    result["token-norms"] = {
        "patch_norm": norms.mean((1, 2)), "patch_norm_spread": norms.std(2).mean(1),
        "cls_norm": np.linalg.norm(streams[::2, :, 0], axis=-1).mean(1)}
    curves = [fourier(t, grid) for t in tokens]
    result["fourier"] = {
        "delta_log_amplitude": np.stack([c for c, _ in curves]), "log_amplitude_map": np.stack([m for _, m in curves]),
        "log_amplitude_map rounding": np.stack([fourier_rounding(t, grid) for t in tokens])}
    result["feature-variance"] = {"variance": tokens.var(2, ddof=1).mean((1, 2))}
    token_logs = [np.stack([spectrum(image) for image in depth]) for depth in depths]
    image_logs = [spectrum(depth.mean(1)) for depth in depths]
    result["singular-values"] = {
        "token_log_singular_values": np.stack([logs.mean(0) for logs in token_logs]),
        "token_effective_rank": np.array([np.mean([effective_rank(row) for row in logs]) for logs in token_logs]),
        "image_log_singular_values": np.stack(image_logs),
        "image_effective_rank": np.array([effective_rank(logs) for logs in image_logs])}
    steps = streams[1::2, :, 1:] - streams[:-1:2, :, 1:]
    lengths = np.linalg.norm(steps, axis=-1).mean(-1)
    result["token-displacement"] = {
        "unison": (np.linalg.norm(steps.mean(2), axis=-1) / lengths).mean(1),
        "displacement_cosine": pair_mean(steps).mean(1), "displacement_norm": lengths.mean(1)}
    found = PCA(2, svd_solver="full").fit(depths[-1].reshape(-1, depths.shape[-1]))
    result["pca"] = {"variances": found.explained_variance_, "explained_ratio": found.explained_variance_ratio_}
    means = [depth.mean(1) for depth in depths]
    linear = lambda x: x @ x.T
    result["cka unbiased linear"] = {"cka": cka(means, linear, hsic1)}
    result["cka biased linear"] = {"cka": cka(means, linear, hsic0)}
    result["cka biased rbf"] = {"cka": cka(means, rbf, hsic0)}
    result["alignment mutual-knn"] = {"similarity": np.array([[
        (neighbours(x, 2)[1] * neighbours(y, 2)[1]).sum() / (2 * len(x)) for y in means] for x in means])}
    result["alignment procrustes"] = {"similarity": np.array([[procrustes(x, y) for y in means] for x in means])}
    return {kind: {name: [None if np.isnan(v) else float(f"{v:.9g}") for v in np.asarray(values).reshape(-1)]
                   for name, values in fields.items()} for kind, fields in result.items()}


if __name__ == "__main__":
    (here / "metrics.json").write_text(json.dumps({name: measure(*model) for name, model in MODELS.items()}))
