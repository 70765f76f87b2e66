"""Gradient rollout of a small random Vision Transformer, by PyTorch's automatic differentiation in double precision.

    python gradient_rollout.py

writes gradient_rollout.safetensors (the weights under timm's names, and images) and gradient_rollout.json. The network
is written out here, so that the maps after softmax can be differentiated.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

here = Path(__file__).parent
SIZE, PATCH, WIDTH, DEPTH, HEADS, HIDDEN, CLASSES = (8, 12), 4, 12, 3, 3, 20, 5
GRID = (SIZE[0] // PATCH, SIZE[1] // PATCH)
TOKENS = 1 + GRID[0] * GRID[1]
torch.manual_seed(11)


def weights():
    shapes = {
        "cls_token": (1, 1, WIDTH), "pos_embed": (1, TOKENS, WIDTH),
        "patch_embed.proj.weight": (WIDTH, 3, PATCH, PATCH), "patch_embed.proj.bias": (WIDTH,),
        "norm.weight": (WIDTH,), "norm.bias": (WIDTH,), "head.weight": (CLASSES, WIDTH), "head.bias": (CLASSES,),
    }
    for block in range(DEPTH):
        for name, shape in {
            "norm1.weight": (WIDTH,), "norm1.bias": (WIDTH,), "attn.qkv.weight": (3 * WIDTH, WIDTH),
            "attn.qkv.bias": (3 * WIDTH,), "attn.proj.weight": (WIDTH, WIDTH), "attn.proj.bias": (WIDTH,),
            "norm2.weight": (WIDTH,), "norm2.bias": (WIDTH,), "mlp.fc1.weight": (HIDDEN, WIDTH),
            "mlp.fc1.bias": (HIDDEN,), "mlp.fc2.weight": (WIDTH, HIDDEN), "mlp.fc2.bias": (WIDTH,),
        }.items():
            shapes[f"blocks.{block}.{name}"] = shape
    numbers = {name: torch.randn(shape) * 0.4 for name, shape in shapes.items()}
    for name in numbers:
        if "norm" in name and name.endswith("weight"):
            numbers[name] += 1
    return numbers


def forward(w, images):
    """The stream after the last block, the logits, and the maps of each block."""
    batch = len(images)
    patches = F.conv2d(images, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH)
    x = torch.cat([w["cls_token"].expand(batch, 1, WIDTH), patches.flatten(2).transpose(1, 2)], 1) + w["pos_embed"]
    maps = []
    for block in range(DEPTH):
        p = {name.removeprefix(f"blocks.{block}."): value for name, value in w.items()
             if name.startswith(f"blocks.{block}.")}
        normed = F.layer_norm(x, (WIDTH,), p["norm1.weight"], p["norm1.bias"], 1e-6)
        qkv = F.linear(normed, p["attn.qkv.weight"], p["attn.qkv.bias"])
        q, k, v = qkv.reshape(batch, TOKENS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        attention = (q @ k.transpose(-2, -1) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        attention.retain_grad()
        maps.append(attention)
        heads = (attention @ v).transpose(1, 2).reshape(batch, TOKENS, WIDTH)
        x = x + F.linear(heads, p["attn.proj.weight"], p["attn.proj.bias"])
        normed = F.layer_norm(x, (WIDTH,), p["norm2.weight"], p["norm2.bias"], 1e-6)
        x = x + F.linear(
            F.gelu(F.linear(normed, p["mlp.fc1.weight"], p["mlp.fc1.bias"])), p["mlp.fc2.weight"], p["mlp.fc2.bias"])
    normed = F.layer_norm(x, (WIDTH,), w["norm.weight"], w["norm.bias"], 1e-6)
    return x, F.linear(normed[:, 0], w["head.weight"], w["head.bias"]), maps


def rollout(maps, gradients, ratio, literal):
    """vit-explain's recursion, an image alone; `literal` pairs and divides as the published code does."""
    answers = []
    if literal:
        gradients = gradients[::-1]
    for image in range(len(maps[0])):
        flow = np.eye(TOKENS)
        for attention, gradient in zip(maps, gradients):
            fused = (attention[image] * gradient[image]).mean(0)
            fused[fused < 0] = 0
            flat = fused.reshape(-1)
            flat[np.argsort(flat, kind="stable")[:int(flat.size * ratio)]] = 0
            step = (fused + np.eye(TOKENS)) / 2
            step = step / (step.sum(-1) if literal else step.sum(-1, keepdims=True))
            flow = step @ flow
        mask = flow[0, 1:]
        answers.append((mask / mask.max() if mask.max() > 0 else mask).tolist())
    return answers


numbers = weights()
images = torch.rand(3, 3, *SIZE)
save_file({**numbers, "images": images}, here / "gradient_rollout.safetensors")
w = {name: value.double().requires_grad_() for name, value in numbers.items()}
result = {}
for target in ["largest", "class 3", "feature"]:
    stream, logits, maps = forward(w, images.double())
    if target == "feature":
        scores = (stream[:, 0] ** 2).sum(-1) / 2
    else:
        scores = logits.max(-1).values if target == "largest" else logits[:, 3]
    scores.sum().backward()
    attentions = [m.detach().numpy() for m in maps]
    gradients = [m.grad.numpy() for m in maps]
    result[target] = {
        "scores": scores.tolist(),
        "classes": logits.argmax(-1).tolist() if target == "largest" else [3] * 3 if target == "class 3" else [],
        "attentions": [np.round(m, 9).reshape(-1).tolist() for m in attentions],
        "gradients": [np.round(m, 9).reshape(-1).tolist() for m in gradients],
        "rollout": {
            f"{ratio} {'reference' if literal else 'corrected'}": rollout(attentions, gradients, ratio, literal)
            for ratio in (0.0, 0.5, 0.9) for literal in (False, True)
        },
    }
for target in ["class 3", "feature"]:
    # The maps are the same, and the gradients of one target prove the way back as well as those of three.
    del result[target]["attentions"]
(here / "gradient_rollout.json").write_text(json.dumps(result))
