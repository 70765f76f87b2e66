"""What a classifier says of each depth, and which patches speak for its class, by PyTorch in double precision.

    python classifier.py

trains a small Vision Transformer on images that a formula makes and writes it to classifier.safetensors; then
classifier.json, of that network and of the random one of gradient_rollout.safetensors: logits, probabilities, ranks and
entropies by depth (the final norm and the head applied to every depth), relevance (Chefer et al. 2021) and attention
rollout. The network is written out here, so that the maps after softmax can be differentiated.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from metrics import IMAGES, picture

here = Path(__file__).parent
torch.set_num_threads(1)
SIZE, PATCH, WIDTH, DEPTH, HEADS, CLASSES = (8, 12), 4, 12, 3, 3, 5
GRID = (SIZE[0] // PATCH, SIZE[1] // PATCH)
TOKENS = 1 + GRID[0] * GRID[1]


def images(numbers):
    return (torch.from_numpy(np.stack([picture(i, *SIZE) for i in numbers])).double() / 255 - 0.5) / 0.5


def head(w, x):
    return F.linear(F.layer_norm(x, (WIDTH,), w["norm.weight"], w["norm.bias"], 1e-6)[:, 0], w["head.weight"], w["head.bias"])


def forward(w, pixels):
    """The stream at every depth and the maps of each block."""
    batch = len(pixels)
    patches = F.conv2d(pixels, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH)
    x = torch.cat([w["cls_token"].expand(batch, 1, WIDTH), patches.flatten(2).transpose(1, 2)], 1) + w["pos_embed"]
    streams, maps = [x], []
    for block in range(DEPTH):
        p = {name.removeprefix(f"blocks.{block}."): value for name, value in w.items()
             if name.startswith(f"blocks.{block}.")}
        normed = F.layer_norm(x, (WIDTH,), p["norm1.weight"], p["norm1.bias"], 1e-6)
        qkv = F.linear(normed, p["attn.qkv.weight"], p["attn.qkv.bias"])
        q, k, v = qkv.reshape(batch, TOKENS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        attention = (q @ k.transpose(-2, -1) * (WIDTH // HEADS) ** -0.5).softmax(-1)
        if attention.requires_grad:
            attention.retain_grad()
        maps.append(attention)
        heads = (attention @ v).transpose(1, 2).reshape(batch, TOKENS, WIDTH)
        x = x + F.linear(heads, p["attn.proj.weight"], p["attn.proj.bias"])
        normed = F.layer_norm(x, (WIDTH,), p["norm2.weight"], p["norm2.bias"], 1e-6)
        x = x + F.linear(
            F.gelu(F.linear(normed, p["mlp.fc1.weight"], p["mlp.fc1.bias"])), p["mlp.fc2.weight"], p["mlp.fc2.bias"])
        streams.append(x)
    return streams, maps


def train(start):
    """A few hundred steps on forty images, whose class is their number modulo five."""
    w = {name: value.double().clone().requires_grad_() for name, value in start.items()}
    pixels, labels = images(range(40)), torch.arange(40) % CLASSES
    optimizer = torch.optim.AdamW(w.values(), lr=3e-3)
    for _ in range(300):
        loss = F.cross_entropy(head(w, forward(w, pixels)[0][-1]), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("loss after training", loss.item())
    return {name: value.detach().float() for name, value in w.items()}


def lens(w):
    with torch.no_grad():
        logits = torch.stack([head(w, x) for x in forward(w, images(range(IMAGES)))[0]], 1)
    shares = logits.softmax(-1)
    final = logits[:, -1].argmax(-1)
    order = logits.argsort(dim=-1, descending=True, stable=True)
    own = torch.gather(shares, 2, final[:, None, None].expand(-1, DEPTH + 1, 1))[..., 0]
    rank = 1 + (order == final[:, None, None]).int().argmax(-1)
    entropy = -(shares * shares.log()).sum(-1)
    return {
        "final_classes": final.tolist(), "top_classes": order[..., :3].flatten().tolist(),
        "top_probabilities": torch.gather(shares, 2, order)[..., :3].flatten().tolist(),
        "probability": own.flatten().tolist(), "rank": rank.flatten().tolist(), "entropy": entropy.flatten().tolist(),
        "agreement": (order[..., 0] == final[:, None]).double().mean(0).tolist(),
        "mean_probability": own.mean(0).tolist(), "mean_rank": rank.double().mean(0).tolist(),
        "mean_entropy": entropy.mean(0).tolist(),
        "mean_entropy_sem": (entropy.std(0, unbiased=True) / IMAGES**0.5).tolist(),
    }


def largest(rows):
    return rows / rows.max(-1, keepdim=True).values


def relevance(w, place):
    w = {name: value.clone().requires_grad_() for name, value in w.items()}
    streams, maps = forward(w, images(range(IMAGES)))
    logits = head(w, streams[-1])
    classes = logits.argmax(-1) if place is None else torch.full((IMAGES,), place)
    scores = logits[torch.arange(IMAGES), classes]
    scores.sum().backward()
    flow = torch.eye(TOKENS).double().repeat(IMAGES, 1, 1)
    rolled = flow.clone()
    for attention in maps:
        step = (attention.grad * attention).clamp(min=0).mean(1).detach()
        flow = flow + step @ flow
        mean = (attention.mean(1).detach() + torch.eye(TOKENS)) / 2
        rolled = mean / mean.sum(-1, keepdim=True) @ rolled
    both = torch.stack([largest(flow[:, 0, 1:]), largest(rolled[:, 0, 1:])], 1)
    return {"classes": classes.tolist(), "scores": scores.tolist(), "maps": both.flatten().tolist()}


random = {name: value for name, value in load_file(here / "gradient_rollout.safetensors").items() if name != "images"}
trained = train(random)
save_file(trained, here / "classifier.safetensors")
result = {}
for name, weights in (("random", random), ("trained", trained)):
    w = {key: value.double() for key, value in weights.items()}
    result[name] = {"lens": lens(w), "relevance": relevance(w, None), "relevance 3": relevance(w, 3)}
(here / "classifier.json").write_text(json.dumps(result))
