"""Checkpoints as timm writes them, and DeiT's and Google's JAX files, which timm's class runs too."""

import argparse
import functools
import json

import numpy as np
import torch
from safetensors.torch import save_file
from timm.layers import SwiGLUPacked
from timm.models import beit as timm_beit, vision_transformer as timm_vit
from torch import nn

from reference_models import beit, record, record_resized, sharpen, vit

VIT = dict(patch_size=4, embed_dim=24, depth=2, num_heads=3, mlp_hidden=48)
SMALL = dict(patch=4, dim=24, depth=2, heads=3, mlp_ratio=2)


def make(fixtures):
    plain(fixtures)
    training_checkpoint(fixtures)
    registers_with_positions(fixtures)
    swiglu_hub_folder(fixtures)
    no_class_token(fixtures)
    norm_pre(fixtures)
    distilled(fixtures)
    relative(fixtures)
    double_precision(fixtures)
    jax(fixtures)


def plain(fixtures):
    size = dict(patch=4, dim=36, depth=3, heads=4, mlp_ratio=2, num_classes=5)
    model = sharpen(vit(grid=4, **size), 1)
    save_file(model.state_dict(), fixtures.path("timm_vit.safetensors"), metadata={"format": "pt"})
    expect = dict(
        recognised_as="timm", verdict="complete", patch_size=4, embed_dim=36, depth=3, num_heads=4, mlp_hidden=72,
        num_classes=5, global_pool="token", img_size=[16, 16])
    user = dict(num_heads=4)
    seen = record(model, fixtures.image(16), attentions=(0, 1, 2), residuals=(0, 2), logits=True)
    fixtures.case("timm_vit", "timm_vit.safetensors", 16, seen, expect, user)
    for name, grid in (("timm_vit_larger", (5, 5)), ("timm_vit_smaller", (3, 3)), ("timm_vit_rectangular", (6, 3))):
        other = vit(grid=grid, **size)
        other.load_state_dict(timm_vit.checkpoint_filter_fn(model.state_dict(), other), strict=True)
        height, width = grid[0] * 4, grid[1] * 4
        seen = record_resized(other.eval(), fixtures.image(height, width), logits=True)
        fixtures.case(
            name, "timm_vit.safetensors", (height, width), seen,
            dict(expect, img_size=[height, width], reshaped=["pos_embed"]), dict(user, img_size=[height, width]))


def training_checkpoint(fixtures):
    """timm's train.py: registers without positions (`no_embed_class`), layer scale, an optimizer beside it."""
    options = dict(**SMALL, reg_tokens=4, no_embed_class=True, init_values=1e-5, num_classes=5)
    model = sharpen(vit(grid=4, **options), 2)
    some = [p for n, p in model.named_parameters() if n.startswith("norm.")]
    optimizer = torch.optim.AdamW(some)
    for parameter in some:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    args = argparse.Namespace(
        model="vit_small_patch16_reg4_224", num_classes=5, img_size=None, input_size=None, lr=0.001, opt="adamw",
        data_dir="/data", mean=None, drop_path=0.1)
    torch.save(
        {"epoch": 7, "arch": "vit_small_patch16_reg4_224",
         "state_dict": {"module." + name: value for name, value in model.state_dict().items()},
         "optimizer": optimizer.state_dict(), "version": 2, "args": args, "metric": 71.5},
        fixtures.path("timm_reg_train.pth.tar"))
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", checkpoint_key="state_dict", prefix_removed="module.",
        num_registers=4, pos_embed="patches", layer_scale=True, num_classes=5, img_size=[16, 16])
    user = dict(num_heads=3)
    seen = record(model, fixtures.image(16), logits=True)
    fixtures.case("timm_reg_train", "timm_reg_train.pth.tar", 16, seen, expect, user)
    other = vit(grid=5, **options)
    other.load_state_dict(timm_vit.checkpoint_filter_fn(model.state_dict(), other), strict=True)
    seen = record_resized(other.eval(), fixtures.image(20), logits=True)
    fixtures.case(
        "timm_reg_larger", "timm_reg_train.pth.tar", 20, seen,
        dict(expect, img_size=[20, 20], reshaped=["pos_embed"]), dict(user, img_size=[20, 20]))


def registers_with_positions(fixtures):
    """Registers whose positions stand in the table (timm without `no_embed_class`): half precision, bare."""
    model = sharpen(vit(grid=4, **SMALL, reg_tokens=2), 3).half().float()
    state = {name: value.half() for name, value in model.state_dict().items()}
    save_file(state, fixtures.path("timm_reg_positions_f16.safetensors"), metadata={"format": "pt"})
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", num_registers=2, pos_embed="all", img_size=[16, 16],
        reshaped=["pos_embed"])
    seen = record(model, fixtures.image(16))
    fixtures.case("timm_reg_positions_f16", "timm_reg_positions_f16.safetensors", 16, seen, expect, dict(num_heads=3))


def swiglu_hub_folder(fixtures):
    """A folder as timm pushes it to the hub: config.json in timm's own words; DINOv2's SwiGLU, packed; bfloat16."""
    options = dict(
        mlp_ratio=64 / 24, mlp_layer=SwiGLUPacked, act_layer=nn.SiLU, init_values=1e-5, reg_tokens=4,
        no_embed_class=True)
    model = sharpen(vit(grid=4, patch=4, dim=24, depth=2, heads=3, **options), 4).bfloat16().float()
    folder = fixtures.path("timm_swiglu_hub_bf16")
    folder.mkdir()
    state = {name: value.bfloat16() for name, value in model.state_dict().items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({
        "architecture": "vit_giant_patch14_reg4_dinov2", "num_classes": 0, "num_features": 24, "global_pool": "token",
        "model_args": {"img_size": 16, "patch_size": 4, "embed_dim": 24, "depth": 2, "num_heads": 3},
        "pretrained_cfg": {"tag": "lvd142m", "input_size": [3, 16, 16], "fixed_input_size": True, "crop_pct": 1.0,
                           "interpolation": "bicubic", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225],
                           "num_classes": 0, "first_conv": "patch_embed.proj", "classifier": "head"}}, indent=2))
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", num_registers=4, pos_embed="patches", layer_scale=True,
        mlp="swiglu", mlp_hidden=32, img_size=[16, 16])
    seen = record(model, fixtures.image(16))
    fixtures.case("timm_swiglu_hub_bf16", "timm_swiglu_hub_bf16", 16, seen, expect)


def no_class_token(fixtures):
    """timm's `gap` variants: no class token, no qkv bias, mean of normed patches."""
    model = sharpen(vit(
        grid=4, **SMALL, class_token=False, global_pool="avg", fc_norm=False, qkv_bias=False,
        init_values=1e-6, num_classes=5), 5)
    torch.save({"model": model.state_dict()}, fixtures.path("timm_gap.pth"))
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", checkpoint_key="model", class_token=False, qkv_bias=False,
        layer_scale=True, global_pool="avg", num_classes=5, img_size=[16, 16])
    seen = record(model, fixtures.image(16), logits=True)
    fixtures.case("timm_gap", "timm_gap.pth", 16, seen, expect, dict(num_heads=3))


def norm_pre(fixtures):
    """CLIP-like: a norm before the blocks, no bias in the patch embedding, pooled and normed by `fc_norm`; eps 1e-5."""
    norm = functools.partial(nn.LayerNorm, eps=1e-5)
    model = sharpen(vit(grid=4, **SMALL, pre_norm=True, global_pool="avg", num_classes=5, norm_layer=norm), 6)
    torch.save({"state_dict_ema": model.state_dict()}, fixtures.path("timm_norm_pre.pth"))
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", checkpoint_key="state_dict_ema", norm_pre=True, final_norm=False,
        fc_norm=True, global_pool="avg", num_classes=5, img_size=[16, 16], eps=1e-5)
    seen = record(model, fixtures.image(16), logits=True)
    # CLIP's names do not tell the activation, so whoever loads it has to.
    fixtures.case(
        "timm_norm_pre", "timm_norm_pre.pth", 16, seen, expect, dict(num_heads=3, activation="gelu"))


def distilled(fixtures):
    """DeiT's distilled models: a second prefix token and a second head."""
    from timm.models.deit import VisionTransformerDistilled

    def build(grid):
        return VisionTransformerDistilled(
            img_size=grid * 4, patch_size=4, embed_dim=24, depth=2, num_heads=3, mlp_ratio=2, num_classes=5,
            norm_layer=lambda dim, **options: nn.LayerNorm(dim, eps=1e-6))

    model = sharpen(build(4), 7)
    torch.save({"model": model.state_dict()}, fixtures.path("deit_distilled.pth"))
    expect = dict(
        VIT, recognised_as="deit", verdict="complete", checkpoint_key="model", dist_token=True, num_classes=5,
        img_size=[16, 16], ignored=["head_dist.weight"])
    seen = record(model, fixtures.image(16))
    with torch.no_grad():
        seen["logits"] = model.head(model.forward_features(fixtures.image(16))[:, 0])
    fixtures.case("deit_distilled", "deit_distilled.pth", 16, seen, expect, dict(num_heads=3))


def relative(fixtures):
    """timm's own Beit: a table in each block, no index buffers in the file, and its linear way of resizing."""
    options = dict(
        **SMALL, use_rel_pos_bias=True, use_abs_pos_emb=True, num_classes=5,
        global_pool="avg")
    model = sharpen(beit(grid=4, **options), 8)
    torch.save({"state_dict": model.state_dict()}, fixtures.path("timm_beit.pth"))
    expect = dict(
        VIT, recognised_as="timm", verdict="complete", checkpoint_key="state_dict", rel_pos="per_block",
        pos_embed="all", layer_scale=True, final_norm=False, fc_norm=True, global_pool="avg", num_classes=5,
        img_size=[16, 16])
    seen = record(model, fixtures.image(16), logits=True)
    fixtures.case("timm_beit", "timm_beit.pth", 16, seen, expect)
    other = beit(grid=5, **options)
    other.load_state_dict(timm_beit.checkpoint_filter_fn(model.state_dict(), other), strict=True)
    seen = record_resized(other.eval(), fixtures.image(20), logits=True)
    tables = [name for name in model.state_dict() if name.endswith("bias_table")]
    fixtures.case(
        "timm_beit_larger", "timm_beit.pth", 20, seen,
        dict(expect, img_size=[20, 20], reshaped=["pos_embed"] + tables), dict(img_size=[20, 20]))


def double_precision(fixtures):
    model = sharpen(vit(grid=3, patch=4, dim=16, depth=1, heads=2, mlp_ratio=2), 9)
    torch.save(model.double().state_dict(), fixtures.path("timm_f64.pth"))
    expect = dict(
        recognised_as="timm", verdict="complete", patch_size=4, embed_dim=16, depth=1, num_heads=2, mlp_hidden=32,
        img_size=[12, 12])
    seen = record(model.float(), fixtures.image(12))
    fixtures.case("timm_f64", "timm_f64.pth", 12, seen, expect, dict(num_heads=2))


def jax(fixtures):
    """Google's npz: kernels are (in, out), heads stand apart."""
    model = sharpen(vit(grid=4, **SMALL, num_classes=5), 10)
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    arrays = {
        "cls": state["cls_token"], "embedding/kernel": state["patch_embed.proj.weight"].transpose(2, 3, 1, 0),
        "embedding/bias": state["patch_embed.proj.bias"],
        "Transformer/posembed_input/pos_embedding": state["pos_embed"],
        "Transformer/encoder_norm/scale": state["norm.weight"], "Transformer/encoder_norm/bias": state["norm.bias"],
        "head/kernel": state["head.weight"].T, "head/bias": state["head.bias"]}
    for index in range(2):
        ours, theirs = f"blocks.{index}", f"Transformer/encoderblock_{index}"
        for norm, name in (("norm1", "LayerNorm_0"), ("norm2", "LayerNorm_2")):
            arrays[f"{theirs}/{name}/scale"] = state[f"{ours}.{norm}.weight"]
            arrays[f"{theirs}/{name}/bias"] = state[f"{ours}.{norm}.bias"]
        attention = f"{theirs}/MultiHeadDotProductAttention_1"
        for part, name in enumerate(("query", "key", "value")):
            rows = slice(part * 24, part * 24 + 24)
            arrays[f"{attention}/{name}/kernel"] = state[f"{ours}.attn.qkv.weight"][rows].T.reshape(24, 3, 8)
            arrays[f"{attention}/{name}/bias"] = state[f"{ours}.attn.qkv.bias"][rows].reshape(3, 8)
        arrays[f"{attention}/out/kernel"] = state[f"{ours}.attn.proj.weight"].T.reshape(3, 8, 24)
        arrays[f"{attention}/out/bias"] = state[f"{ours}.attn.proj.bias"]
        for layer, name in (("fc1", "Dense_0"), ("fc2", "Dense_1")):
            arrays[f"{theirs}/MlpBlock_3/{name}/kernel"] = state[f"{ours}.mlp.{layer}.weight"].T
            arrays[f"{theirs}/MlpBlock_3/{name}/bias"] = state[f"{ours}.mlp.{layer}.bias"]
    np.savez(fixtures.path("jax.npz"), **{name: np.ascontiguousarray(value) for name, value in arrays.items()})
    expect = dict(VIT, recognised_as="jax", verdict="complete", num_classes=5, img_size=[16, 16])
    fixtures.case("jax", "jax.npz", 16, record(model, fixtures.image(16), logits=True), expect)
