"""Frequencies inside MAE's decoder, by PyTorch and NumPy in double precision.

    python decoder_fourier.py

writes decoder_fourier.json from the checkpoints in ../models/files: facebookresearch's names and Hugging Face's. Every
patch is kept, so that no noise matters; the encoder and the decoder are written out here, and the images are those of
metrics.py.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

from metrics import IMAGES, fourier, picture

here = Path(__file__).parent
files = here.parent / "models" / "files"
GRID, PATCH = (4, 4), 4


def block(x, p, heads, eps):
    batch, tokens, width = x.shape
    normed = F.layer_norm(x, (width,), p["norm1.weight"], p["norm1.bias"], eps)
    q, k, v = F.linear(normed, p["attn.qkv.weight"], p["attn.qkv.bias"]).reshape(
        batch, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    attention = (q @ k.transpose(-2, -1) * (width // heads) ** -0.5).softmax(-1)
    out = (attention @ v).transpose(1, 2).reshape(batch, tokens, width)
    x = x + F.linear(out, p["attn.proj.weight"], p["attn.proj.bias"])
    normed = F.layer_norm(x, (width,), p["norm2.weight"], p["norm2.bias"], eps)
    return x + F.linear(F.gelu(F.linear(normed, p["mlp.fc1.weight"], p["mlp.fc1.bias"])),
                        p["mlp.fc2.weight"], p["mlp.fc2.bias"])


def part(w, prefix):
    return {name[len(prefix):]: value for name, value in w.items() if name.startswith(prefix)}


def from_hugging_face(w):
    """facebookresearch's names for Hugging Face's tensors."""
    out = {
        "cls_token": w["vit.embeddings.cls_token"], "pos_embed": w["vit.embeddings.position_embeddings"],
        "patch_embed.proj.weight": w["vit.embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": w["vit.embeddings.patch_embeddings.projection.bias"],
        "norm.weight": w["vit.layernorm.weight"], "norm.bias": w["vit.layernorm.bias"],
    }
    for theirs, ours, count in (("vit.encoder.layer.", "blocks.", 2),
                                ("decoder.decoder_encoder.layer.", "decoder_blocks.", 1)):
        for i in range(count):
            for leaf in ("weight", "bias"):
                a = f"{theirs}{i}."
                out[f"{ours}{i}.attn.qkv.{leaf}"] = torch.cat(
                    [w[f"{a}attention.attention.{x}.{leaf}"] for x in ("query", "key", "value")])
                for old, new in (("layernorm_before", "norm1"), ("layernorm_after", "norm2"),
                                 ("attention.output.dense", "attn.proj"), ("intermediate.dense", "mlp.fc1"),
                                 ("output.dense", "mlp.fc2")):
                    out[f"{ours}{i}.{new}.{leaf}"] = w[f"{a}{old}.{leaf}"]
    for name in ("decoder_embed.weight", "decoder_embed.bias", "decoder_pos_embed"):
        out[name] = w[f"decoder.{name}"]
    return out


def run(w, heads, decoder_heads, eps):
    w = {name: value.double() for name, value in w.items()}
    images = np.stack([picture(i, GRID[0] * PATCH, GRID[1] * PATCH) for i in range(IMAGES)])
    images = (torch.from_numpy(images).double() / 255 - 0.5) / 0.5
    x = F.conv2d(images, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH)
    x = torch.cat([w["cls_token"].expand(IMAGES, 1, -1), x.flatten(2).transpose(1, 2)], 1) + w["pos_embed"]
    for i in range(2):
        x = block(x, part(w, f"blocks.{i}."), heads, eps)
    x = F.layer_norm(x, x.shape[-1:], w["norm.weight"], w["norm.bias"], eps)
    x = F.linear(x, w["decoder_embed.weight"], w["decoder_embed.bias"]) + w["decoder_pos_embed"]
    streams = [x, block(x, part(w, "decoder_blocks.0."), decoder_heads, eps)]
    curves = [fourier(s[:, 1:].detach().numpy(), GRID) for s in streams]
    digits = lambda values: [float(f"{v:.9g}") for v in np.asarray(values).reshape(-1)]
    return {"delta_log_amplitude": digits([c for c, _ in curves]), "log_amplitude_map": digits([m for _, m in curves])}


if __name__ == "__main__":
    theirs = torch.load(files / "mae_train.pth", weights_only=False)["model"]
    result = {
        "mae_train.pth": run(theirs, 3, 2, 1e-6),
        "hf_vit_mae": run(from_hugging_face(load_file(files / "hf_vit_mae" / "model.safetensors")), 3, 2, 1e-12),
    }
    (here / "decoder_fourier.json").write_text(json.dumps(result))
