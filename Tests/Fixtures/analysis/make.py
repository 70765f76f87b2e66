"""Reference numbers for the analyses, from definitions written out plainly in NumPy (float64) and PyTorch.

    python make.py    writes inputs.bin (little-endian float32, one array after another) and expected.json beside itself

Nothing here is shared with the code under test: mutual information is a double sum, CKA goes through explicit centring
matrices, the Fourier transform is numpy.fft, rollout follows Abnar and Zuidema with torch.topk.
"""

import json
import math
import pathlib

import numpy as np
import torch

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(20230501)
blob: list[np.ndarray] = []
position = 0


def store(array: np.ndarray) -> dict:
    """Keeps an input and says where it lies."""
    global position
    array = np.ascontiguousarray(array, dtype="<f4")
    entry = {"offset": position, "shape": list(array.shape)}
    blob.append(array)
    position += array.size
    return entry


def attention(batch: int, heads: int, tokens: int, sharpness: float) -> np.ndarray:
    """Softmaxed maps, far from uniform, as PyTorch makes them."""
    scores = torch.from_numpy(rng.standard_normal((batch, heads, tokens, tokens)) * sharpness).float()
    return torch.softmax(scores, dim=-1).numpy()


def renormalized(maps: np.ndarray, prefix: int, eps: float) -> np.ndarray:
    a = maps[:, :, prefix:, prefix:].astype(np.float64) + eps
    return a / a.sum(-1, keepdims=True)


def distance(maps, prefix, rows, cols, patch):
    a = renormalized(maps, prefix, 1e-32)
    y, x = np.divmod(np.arange(rows * cols), cols)
    d = patch * np.hypot(y[:, None] - y, x[:, None] - x)
    return (a * d).sum(-1).mean(-1)


def nmi(maps, prefix, reference=False):
    a = renormalized(maps, prefix, 1e-8)
    n = a.shape[-1]
    pq = np.full(n, 1 / n)
    query_entropy = math.log(n)
    if reference:
        # The published code's distribution of the queries and its entropy are PyTorch's 32-bit numbers.
        single = torch.softmax(torch.ones(n), -1)
        pq = single.double().numpy()
        query_entropy = -(single * single.log()).sum(-1).item()
    result = np.zeros(a.shape[:2])
    for b in range(a.shape[0]):
        for h in range(a.shape[1]):
            joint = pq[:, None] * a[b, h]
            pk = joint.sum(0)
            information = (joint * np.log(a[b, h] / pk)).sum()
            result[b, h] = information / math.sqrt(query_entropy * -(pk * np.log(pk)).sum())
    return np.maximum(result, 0)


def entropy(maps, prefix):
    a = renormalized(maps, prefix, 0)
    return -np.where(a > 0, a * np.log(np.where(a > 0, a, 1)), 0).sum(-1).mean(-1)


def attention_case(name, batch, heads, rows, cols, prefix, patch, sharpness):
    maps = attention(batch, heads, prefix + rows * cols, sharpness)
    plain = renormalized(maps, prefix, 1e-32)
    return {
        "name": name, "grid": [rows, cols], "prefix": prefix, "patch": patch, "attention": store(maps),
        "distance": distance(maps, prefix, rows, cols, patch).tolist(),
        "nmi": nmi(maps, prefix).tolist(),
        "nmi_reference": nmi(maps, prefix, reference=True).tolist(),
        "entropy": entropy(maps, prefix).tolist(),
        # What a head looks at from the class token, and the mean over patch queries and heads.
        "cls": (maps[:, :, 0, prefix:] / maps[:, :, 0, prefix:].sum(-1, keepdims=True)).astype(float).tolist(),
        "mean_query_mean_head": plain.mean((1, 2)).tolist(),
        "max_head_query_1": plain[:, :, 1].max(1).tolist(),
        "rollout": {
            f"{fusion} {ratio}": rollout(maps, prefix, fusion, ratio, keepdim=True).tolist()
            for fusion in ("mean", "max", "min")
            for ratio in (0.0, 0.5, 0.9)
        },
        "rollout_reference": rollout(maps, prefix, "max", 0.5, keepdim=False).tolist(),
    }


def rollout(maps, prefix, fusion, ratio, keepdim):
    """The images' maps, used as three equal-sized blocks: as they are, with keys rolled, and with queries rolled."""
    masks = []
    for image in maps:
        image = torch.from_numpy(image)
        tokens = image.shape[-1]
        result = torch.eye(tokens, dtype=torch.float64)
        for block in (image, image.roll(3, -1), image.roll(2, -2)):
            a = {"mean": block.mean(0), "max": block.max(0)[0], "min": block.min(0)[0]}[fusion].clone()
            flat = a.view(-1)
            _, lowest = flat.topk(int(flat.numel() * ratio), largest=False)
            flat[lowest[lowest != 0]] = 0
            a = (a.double() + torch.eye(tokens, dtype=torch.float64)) / 2
            a = a / a.sum(-1, keepdim=keepdim)
            result = a @ result
        mask = result[0, prefix:]
        masks.append((mask / mask.max()).numpy())
    return np.stack(masks)


def fourier_case(name, batch, rows, cols, channels, prefix):
    tokens = rng.standard_normal((batch, prefix + rows * cols, channels)).cumsum(1)
    tokens = tokens.astype(np.float32)
    grid = tokens[:, prefix:].astype(np.float64).transpose(0, 2, 1).reshape(batch, channels, rows, cols)
    amplitude = np.log(np.abs(np.fft.fft2(grid)) + 1e-6)
    shifted = np.roll(amplitude, (rows // 2, cols // 2), (2, 3)).mean(1)
    count = min(rows - rows // 2, cols - cols // 2)
    steps = np.arange(count)
    diagonal = shifted[:, rows // 2 + steps, cols // 2 + steps]
    return {
        "name": name, "grid": [rows, cols], "prefix": prefix, "tokens": store(tokens),
        "relative": (diagonal - diagonal[:, :1]).tolist(), "map": shifted.reshape(batch, -1).tolist(),
    }


# CKA, from the definitions


def gram(x, kernel, threshold):
    if kernel == "linear":
        return x @ x.T
    d = ((x[:, None] - x[None]) ** 2).sum(-1)
    return np.exp(-d / (2 * threshold**2 * np.median(d)))


def hsic(k, l, estimator):
    n = len(k)
    if estimator == "biased":
        h = np.eye(n) - 1 / n
        return np.trace(k @ h @ l @ h) / (n - 1) ** 2
    k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))
    one = np.ones(n)
    return (
        np.trace(k @ l) + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ l @ one)
    ) / (n * (n - 3))


def cka(a, b, kernel, threshold, estimator, size):
    starts = range(0, len(a[0]), size)
    matrix = np.zeros((len(a), len(b)))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            kl = kk = ll = 0
            for s in starts:
                if len(x[s : s + size]) < 4:
                    continue
                k, l = gram(x[s : s + size], kernel, threshold), gram(y[s : s + size], kernel, threshold)
                kl += hsic(k, l, estimator)
                kk += hsic(k, k, estimator)
                ll += hsic(l, l, estimator)
            matrix[i, j] = kl / math.sqrt(kk * ll)
    return matrix


def cka_case(name, samples, widths_a, widths_b):
    common = rng.standard_normal((samples, 5))

    def layers(widths):
        # A large mean, as hidden states have; related through five common directions.
        return [
            (3 + common @ rng.standard_normal((5, w)) + rng.standard_normal((samples, w)) * 0.7).astype(np.float32)
            for w in widths
        ]

    a, b = layers(widths_a), layers(widths_b)
    wide = lambda list: [x.astype(np.float64) for x in list]
    results = []
    for kernel, threshold in (("linear", 0), ("rbf", 0.5), ("rbf", 0.8)):
        for estimator in ("biased", "unbiased"):
            for size in (samples, 7, 9):
                results.append(
                    {
                        "kernel": kernel, "threshold": threshold, "estimator": estimator, "batch_size": size,
                        "ab": cka(wide(a), wide(b), kernel, threshold, estimator, size).tolist(),
                        "aa": cka(wide(a), wide(a), kernel, threshold, estimator, size).tolist(),
                    }
                )
    return {"name": name, "a": [store(x) for x in a], "b": [store(x) for x in b], "results": results}


expected = {
    "attention": [
        attention_case("square", 2, 3, 4, 4, 1, 16, 2.5),
        attention_case("odd, registers", 2, 2, 5, 5, 5, 14, 3.0),
        attention_case("wide", 2, 3, 3, 6, 1, 16, 2.0),
        attention_case("tall, registers, very sharp", 1, 2, 7, 4, 5, 8, 9.0),
    ],
    "fourier": [
        fourier_case("square", 2, 6, 6, 5, 1),
        fourier_case("odd, registers", 2, 7, 7, 4, 5),
        fourier_case("wide", 2, 4, 6, 3, 1),
        fourier_case("coprime", 1, 5, 8, 3, 0),
        fourier_case("more channels than a block", 1, 4, 4, 131, 1),
        fourier_case("a row", 1, 1, 6, 3, 1),
    ],
    "cka": [
        # 31 samples: the last batch of 7 has 3, the last of 9 has 4.
        cka_case("few samples, wide", 31, [40, 17, 60], [24, 33]),
        cka_case("many samples, narrow", 31, [3, 6], [4, 5, 7]),
    ],
}

# The pair of the published example, in full precision.
np.random.seed(1337)
x = np.random.randn(100, 10)
y = np.random.randn(100, 10) + x
golden = {"x": x.ravel().tolist(), "y": y.ravel().tolist()}

np.concatenate([a.ravel() for a in blob]).tofile(HERE / "inputs.bin")


def rounded(value):
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, list):
        return [rounded(v) for v in value]
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    return value


(HERE / "expected.json").write_text(json.dumps(rounded(expected) | {"golden": golden}, separators=(",", ":")) + "\n")
print(sum(a.nbytes for a in blob), "bytes in,", (HERE / "expected.json").stat().st_size, "bytes out")
