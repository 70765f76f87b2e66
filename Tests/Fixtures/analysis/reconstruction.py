"""What masked models reconstruct, by PyTorch and NumPy in double precision.

    python reconstruction.py

trains a small masked autoencoder (He et al. 2022) and a small SimMIM (Xie et al. 2022) on images that a formula makes
and writes them to reconstruction_mae.safetensors and reconstruction_simmim.safetensors; then reconstruction.json: of
these two, of the random autoencoder and of the random networks of SimMIM and of transformers in ../models/files, for one
mask, the predicted pixels of the first image, the errors and the blur by frequency. Networks and losses are written out here.
"""

import json
import sys
import types
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

from decoder_fourier import block, part
from metrics import fourier, picture, relative_bias

here = Path(__file__).parent
files = here.parent / "models" / "files"
torch.set_num_threads(1)
SIDE, PATCH, GRID, HEADS, IMAGES = 16, 4, (4, 4), 3, 3
PATCHES = 16
MASKED = [0, 2, 5, 6, 7, 11, 12]


def images(numbers):
    return (torch.from_numpy(np.stack([picture(i, SIDE, SIDE) for i in numbers])).double() / 255 - 0.5) / 0.5


def patchify(pixels):
    return pixels.reshape(-1, 3, 4, PATCH, 4, PATCH).permute(0, 2, 4, 3, 5, 1).reshape(-1, PATCHES, PATCH**2 * 3)


def unpatchify(patches):
    return patches.reshape(-1, 4, 4, PATCH, PATCH, 3).permute(0, 1, 3, 2, 4, 5).reshape(-1, SIDE, SIDE, 3)


def layer_norm(x, w, name, eps):
    return F.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], eps)


def mae(w, pixels, kept, eps=1e-6):
    """The prediction of every patch; `kept` of each image the patches that the encoder sees."""
    batch = len(pixels)
    x = F.conv2d(pixels, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH)
    x = x.flatten(2).transpose(1, 2) + w["pos_embed"][:, 1:]
    x = torch.stack([x[i, k] for i, k in enumerate(kept)])
    x = torch.cat([(w["cls_token"] + w["pos_embed"][:, :1]).expand(batch, 1, -1), x], 1)
    for i in range(2):
        x = block(x, part(w, f"blocks.{i}."), HEADS, eps)
    x = F.linear(layer_norm(x, w, "norm", eps), w["decoder_embed.weight"], w["decoder_embed.bias"])
    places = []
    for i, k in enumerate(kept):
        full = w["mask_token"][0].expand(PATCHES, -1).clone()
        full[k] = x[i, 1:]
        places.append(torch.cat([x[i, :1], full]))
    x = torch.stack(places) + w["decoder_pos_embed"]
    x = layer_norm(block(x, part(w, "decoder_blocks.0."), 2, eps), w, "decoder_norm", eps)
    return F.linear(x[:, 1:], w["decoder_pred.weight"], w["decoder_pred.bias"])


def simmim(w, pixels, masked, eps=1e-6):
    """The same; `masked` (batch, patches) is 1 where the encoder sees the mask token."""
    batch = len(pixels)
    x = F.conv2d(pixels, w["patch_embed.proj.weight"], w["patch_embed.proj.bias"], stride=PATCH)
    x = x.flatten(2).transpose(1, 2)
    x = x * (1 - masked[..., None]) + w["mask_token"] * masked[..., None]
    x = torch.cat([w["cls_token"].expand(batch, 1, -1), x], 1)
    if "pos_embed" in w:
        x = x + w["pos_embed"]
    table = w.get("rel_pos_bias.relative_position_bias_table")
    bias = relative_bias(table, *GRID) if table is not None else 0
    width = x.shape[-1]
    for i in range(2):
        p = part(w, f"blocks.{i}.")
        y = F.layer_norm(x, (width,), p["norm1.weight"], p["norm1.bias"], eps)
        qkv_bias = p["attn.qkv.bias"] if "attn.qkv.bias" in p else torch.cat(
            [p["attn.q_bias"], torch.zeros(width), p["attn.v_bias"]])
        q, k, v = F.linear(y, p["attn.qkv.weight"], qkv_bias).reshape(
            batch, -1, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        y = ((q @ k.transpose(-2, -1) * (width // HEADS) ** -0.5 + bias).softmax(-1) @ v).transpose(1, 2)
        x = x + p.get("gamma_1", 1) * F.linear(
            y.reshape(batch, -1, width), p["attn.proj.weight"], p["attn.proj.bias"])
        y = F.layer_norm(x, (width,), p["norm2.weight"], p["norm2.bias"], eps)
        x = x + p.get("gamma_2", 1) * F.linear(
            F.gelu(F.linear(y, p["mlp.fc1.weight"], p["mlp.fc1.bias"])), p["mlp.fc2.weight"], p["mlp.fc2.bias"])
    x = layer_norm(x, w, "norm", eps)[:, 1:].transpose(1, 2).reshape(batch, width, *GRID)
    bias = w.get("decoder.0.bias")
    pixels = F.pixel_shuffle(F.conv2d(x, w["decoder.0.weight"].reshape(48, width, 1, 1), bias), PATCH)
    return patchify(pixels)


def normalized(target):
    return (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6) ** 0.5


def train(w, step):
    w = {name: value.double().clone().requires_grad_("pos_embed" not in name) for name, value in w.items()}
    optimizer = torch.optim.AdamW([p for p in w.values() if p.requires_grad], lr=1e-2)
    generator = torch.Generator().manual_seed(5)
    for _ in range(60):
        loss = step(w, torch.rand(24, PATCHES, generator=generator).argsort(-1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("loss after training", loss.item())
    return {name: value.detach().float() for name, value in w.items()}


def train_mae(w):
    pixels = images(range(24))
    target = normalized(patchify(pixels))

    def step(w, order):
        kept, masked = order[:, :6], order[:, 6:]
        error = ((mae(w, pixels, kept) - target) ** 2).mean(-1)
        return torch.gather(error, 1, masked).mean()

    return train(w, step)


def train_simmim(w):
    pixels = images(range(24))
    target = patchify(pixels)

    def step(w, order):
        masked = torch.zeros(24, PATCHES).double().scatter(1, order[:, 6:], 1)
        error = (simmim(w, pixels, masked) - target).abs().mean(-1)
        return (error * masked).sum() / masked.sum()

    return train(w, step)


def answer(prediction, pixels, form, norm_pix=False):
    own = patchify(pixels)
    target = normalized(own) if norm_pix else own
    error = (prediction - target) ** 2 if form == "mae" else (prediction - target).abs()
    loss = error[:, MASKED].mean((1, 2))
    if norm_pix:
        prediction = prediction * (own.var(-1, keepdim=True) + 1e-6) ** 0.5 + own.mean(-1, keepdim=True)
    seen = [i for i in range(PATCHES) if i not in MASKED]
    levels, truth = prediction * 0.5 + 0.5, own * 0.5 + 0.5
    difference = levels - truth
    composed = truth.clone()
    composed[:, MASKED] = levels[:, MASKED]

    def curve(patches):
        flat = unpatchify(patches).detach().numpy().reshape(-1, SIDE * SIDE, 3)
        return np.stack([fourier(one[None], (SIDE, SIDE))[0] for one in flat])

    digits = lambda values: [float(f"{v:.9g}") for v in np.asarray(values.detach() if torch.is_tensor(values) else values).reshape(-1)]
    blur = curve(composed) - curve(truth)
    return {
        "loss": digits(loss), "masked_l1": digits(difference[:, MASKED].abs().mean((1, 2))),
        "masked_mse": digits((difference[:, MASKED] ** 2).mean((1, 2))),
        "visible_l1": digits(difference[:, seen].abs().mean((1, 2))),
        "visible_mse": digits((difference[:, seen] ** 2).mean((1, 2))),
        "original_log_amplitude": digits(curve(truth).mean(0)),
        "reconstruction_log_amplitude": digits(curve(composed).mean(0)), "blur": digits(blur.mean(0)),
        "blur_sem": digits(blur.std(0, ddof=1) / IMAGES**0.5),
        "predicted": [float(f"{v:.6g}") for v in unpatchify(levels)[0].reshape(-1).tolist()],
    }


def double(w):
    return {name: value.double() for name, value in w.items()}


def run_mae(w, norm_pix, eps=1e-6):
    pixels = images(range(IMAGES))
    kept = [[i for i in range(PATCHES) if i not in MASKED]] * IMAGES
    return answer(mae(double(w), pixels, kept, eps), pixels, "mae", norm_pix)


def run_simmim(w, eps=1e-6):
    masked = torch.zeros(IMAGES, PATCHES).double()
    masked[:, MASKED] = 1
    return answer(simmim(double(w), images(range(IMAGES)), masked, eps), images(range(IMAGES)), "simmim")


def simmim_file():
    """SimMIM's own checkpoint, whose configuration is a class that is not here."""
    module = types.ModuleType("yacs.config")
    module.CfgNode = type("CfgNode", (dict,), {"__setstate__": lambda self, state: None, "__module__": "yacs.config"})
    sys.modules["yacs"], sys.modules["yacs.config"] = types.ModuleType("yacs"), module
    w = torch.load(files / "simmim_pretrain.pth", weights_only=False)["model"]
    return {name.removeprefix("encoder."): value for name, value in w.items()}


def from_transformers(w):
    out = {
        "cls_token": w["vit.embeddings.cls_token"], "pos_embed": w["vit.embeddings.position_embeddings"],
        "mask_token": w["vit.embeddings.mask_token"],
        "patch_embed.proj.weight": w["vit.embeddings.patch_embeddings.projection.weight"],
        "patch_embed.proj.bias": w["vit.embeddings.patch_embeddings.projection.bias"],
        "norm.weight": w["vit.layernorm.weight"], "norm.bias": w["vit.layernorm.bias"],
        "decoder.0.weight": w["decoder.0.weight"], "decoder.0.bias": w["decoder.0.bias"],
    }
    names = {"layernorm_before": "norm1", "layernorm_after": "norm2", "attention.output.dense": "attn.proj",
             "attention.o_proj": "attn.proj", "intermediate.dense": "mlp.fc1", "output.dense": "mlp.fc2",
             "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2"}
    for i in range(2):
        for base in (f"vit.encoder.layer.{i}.", f"vit.layers.{i}."):
            for leaf in ("weight", "bias"):
                for forms in (("attention.attention.query", "attention.attention.key", "attention.attention.value"),
                              ("attention.q_proj", "attention.k_proj", "attention.v_proj")):
                    if f"{base}{forms[0]}.{leaf}" in w:
                        out[f"blocks.{i}.attn.qkv.{leaf}"] = torch.cat([w[f"{base}{x}.{leaf}"] for x in forms])
                for old, new in names.items():
                    if f"{base}{old}.{leaf}" in w:
                        out[f"blocks.{i}.{new}.{leaf}"] = w[f"{base}{old}.{leaf}"]
    return out


start = torch.load(files / "mae_train.pth", weights_only=False)["model"]
trained = train_mae(start)
save_file(trained, here / "reconstruction_mae.safetensors", {"norm_pix_loss": "true", "decoder_heads": "2"})
encoder = {name: value for name, value in start.items() if "decoder" not in name and name != "mask_token"}
torch.manual_seed(3)
simple = train_simmim(encoder | {
    "mask_token": torch.randn(1, 1, 24) * 0.02, "decoder.0.weight": torch.randn(48, 24) * 0.1,
    "decoder.0.bias": torch.zeros(48)})
save_file(simple, here / "reconstruction_simmim.safetensors")
result = {
    "masked": MASKED,
    "reconstruction_mae.safetensors": run_mae(trained, True),
    "reconstruction_simmim.safetensors": run_simmim(simple),
    "mae_train.pth": run_mae(start, False),
    "simmim_pretrain.pth": run_simmim(simmim_file()),
    "hf_vit_masked": run_simmim(from_transformers(load_file(files / "hf_vit_masked" / "model.safetensors")), 1e-12),
}
(here / "reconstruction.json").write_text(json.dumps(result))
