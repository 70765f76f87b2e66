"""Poolings by attention with their maps, and what else has names of its own: AIMv2's files, RADIO's, SigLIP 2 off its grid."""

import json
from functools import partial

import numpy as np
import timm
import torch
import transformers
from timm.layers import LayerNorm, RmsNorm, SwiGLU
from timm.models.eva import Eva
from timm.models.naflexvit import NaFlexVit, NaFlexVitCfg
from timm.models.vision_transformer import VisionTransformer
from torch.nn import functional

from safetensors.torch import save_file
from tools import HF, PLAIN, SIDES, case, folder, halves, here, image, pickled, ready, record, rotary, single, timm_record

SIGLIP = dict(PLAIN, recognised_as="hf_siglip", mlp="gelu_tanh", class_token=False, global_pool="map", img_size=[16, 16])
USER = dict(img_size=list(SIDES), num_heads=2)


def pool(heads, hidden=32):
    return dict(num_heads=heads, mlp_hidden=hidden)


def make():
    siglip()
    siglip2()
    timm_siglip()
    perception_encoder()
    aimv2()
    radio()
    naflexvit()


def keep_pooling(seen, head):
    """The maps of transformers' pooling head, head by head; the library asks for their mean."""
    attention = head.attention
    forward = attention.forward

    def apart(*inputs, **options):
        output, maps = forward(*inputs, average_attn_weights=False)
        seen["pooling"] = maps.detach().contiguous()
        return output, maps
    attention.forward = apart
    head.register_forward_hook(lambda _, i, output: seen.update(pooled=output.detach().contiguous()))


@torch.no_grad()
def siglip():
    config = transformers.SiglipVisionConfig(**HF, image_size=16)
    model = ready(transformers.SiglipVisionModel(config), 15)
    seen = {}
    keep_pooling(seen, model.head)
    model(image((16, 16))[1])
    case("hf_siglip_pooling", "hf_siglip", (16, 16), seen, dict(SIGLIP, attn_pool=pool(2)))

    # SigLIP's own arrays, whose pooling has heads apart.
    old, new = {k: v.half().float().numpy() for k, v in model.state_dict().items()}, {}
    root, at = "params/img/", "params/img/MAPHead_0/MultiHeadDotProductAttention_0/"
    with np.load(here / "files" / "big_vision.npz") as arrays:
        new |= {name: arrays[name] for name in arrays.files if not name.startswith("params/t")}
    for index, word in enumerate(("query", "key", "value")):
        rows = slice(16 * index, 16 * index + 16)
        new[f"{at}{word}/kernel"] = old["head.attention.in_proj_weight"][rows].T.reshape(16, 2, 8)
        new[f"{at}{word}/bias"] = old["head.attention.in_proj_bias"][rows].reshape(2, 8)
    new[at + "out/kernel"] = old["head.attention.out_proj.weight"].T.reshape(2, 8, 16)
    new[at + "out/bias"] = old["head.attention.out_proj.bias"]
    new[root + "MAPHead_0/LayerNorm_0/scale"] = old["head.layernorm.weight"]
    new[root + "MAPHead_0/LayerNorm_0/bias"] = old["head.layernorm.bias"]
    for number in range(2):
        new[f"{root}MAPHead_0/MlpBlock_0/Dense_{number}/kernel"] = old[f"head.mlp.fc{number + 1}.weight"].T
        new[f"{root}MAPHead_0/MlpBlock_0/Dense_{number}/bias"] = old[f"head.mlp.fc{number + 1}.bias"]
    np.savez(here / "files" / "big_vision_pooling.npz", **{k: np.ascontiguousarray(v, np.float16) for k, v in new.items()})
    case(
        "big_vision_pooling", "big_vision_pooling.npz", (16, 16), seen,
        dict(SIGLIP, recognised_as="big_vision", prefix_removed="params/img/", attn_pool=pool(2)))


def siglip2():
    """NaFlex weights on another grid than their table's, larger along one axis and smaller along the other."""
    config = transformers.Siglip2VisionConfig(**HF, num_patches=16)
    config._attn_implementation = "eager"
    model = ready(transformers.Siglip2VisionModel(config), 16)
    layers, seen = model.encoder.layers, {}
    keep_pooling(seen, model.head)

    def run(images):
        rows = images.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)
        shapes = torch.tensor([[images.shape[2] // 4, images.shape[3] // 4]] * len(images))
        return model(pixel_values=rows, pixel_attention_mask=torch.ones(rows.shape[:2]).bool(), spatial_shapes=shapes)

    attention = [layer.self_attn for layer in layers]
    seen |= record(model, image(SIDES)[1], layers, attention, "layer_norm2", 1, run=run)
    case(
        "hf_siglip2_rectangular", "hf_siglip2_naflex", SIDES, seen,
        dict(SIGLIP, recognised_as="hf_siglip2", img_size=list(SIDES), reshaped=["pos_embed"], attn_pool=pool(2)),
        dict(img_size=list(SIDES)))


def timm_pooling(seen, head):
    head.fused_attn = False
    keep = {}
    head.q.register_forward_hook(lambda _, i, output: keep.update(q=output))
    head.kv.register_forward_hook(lambda _, i, output: keep.update(kv=output))

    def done(_, inputs, output):
        batch, tokens, heads = len(inputs[0]), inputs[0].shape[1], head.num_heads
        q = keep["q"].reshape(batch, 1, heads, -1).transpose(1, 2)
        k = keep["kv"].reshape(batch, tokens, 2, heads, -1).permute(2, 0, 3, 1, 4)[0]
        maps = (q * head.scale @ k.transpose(-2, -1)).softmax(-1)
        seen.update(pooling=maps.detach().contiguous(), pooled=output.detach().contiguous())
    head.register_forward_hook(done)


@torch.no_grad()
def timm_siglip():
    model = ready(VisionTransformer(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, class_token=False, global_pool="map",
        num_classes=5), 31)
    seen = {}
    timm_pooling(seen, model.attn_pool)
    seen["logits"] = model(image(SIDES)[1])
    seen |= timm_record(model, image(SIDES)[1])
    case(
        "timm_siglip", single("timm_siglip", model.state_dict()), SIDES, seen,
        dict(PLAIN, recognised_as="timm", class_token=False, global_pool="map", num_classes=5, attn_pool=pool(2)),
        dict(USER, activation="gelu"))


@torch.no_grad()
def perception_encoder():
    model = ready(Eva(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, attn_type="rope", global_pool="map",
        use_pre_transformer_norm=True, use_rot_pos_emb=True, ref_feat_shape=(6, 3), rope_grid_indexing="xy", rope_grid_offset=1.0,
        attn_pool_num_heads=8, attn_pool_mlp_ratio=2, num_classes=4, norm_layer=partial(LayerNorm, eps=1e-5)), 32)
    model.head.bias.zero_()
    seen = {}
    timm_pooling(seen, model.attn_pool)
    seen["logits"] = model(image(SIDES)[1])
    swaps = {
        "patch_embed.proj": "conv1", "norm_pre": "ln_pre", "blocks.": "transformer.resblocks.", "norm1": "ln_1", "norm2": "ln_2",
        "attn.qkv.weight": "attn.in_proj_weight", "attn.qkv.bias": "attn.in_proj_bias", "attn.proj": "attn.out_proj"}
    mlp = {"mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    old, new = model.state_dict(), {}
    for name, value in old.items():
        if name.startswith("attn_pool.") and name.split(".")[1] in ("q", "kv"):
            continue
        if name.startswith("head."):
            continue
        if name in ("cls_token", "pos_embed"):
            new["class_embedding" if name == "cls_token" else "positional_embedding"] = value.flatten(0, value.ndim - 2).squeeze(0)
            continue
        if name.startswith("norm."):
            name = name.replace("norm", "ln_post")
        pooled = {"attn_pool.latent": "attn_pool.probe", "attn_pool.proj": "attn_pool.attn.out_proj", "attn_pool.norm": "attn_pool.layernorm"}
        for before, after in (pooled if name.startswith("attn_pool.") else swaps).items():
            name = name.replace(before, after)
        for before, after in mlp.items():
            name = name.replace(before, after)
        new[name] = value
    for leaf in ("weight", "bias"):
        new[f"attn_pool.attn.in_proj_{leaf}"] = torch.cat([old[f"attn_pool.q.{leaf}"], old[f"attn_pool.kv.{leaf}"]])
    new["proj"] = old["head.weight"].T
    case(
        "pe_core_pooling", single("pe_core_pooling", new), SIDES, seen,
        dict(PLAIN, recognised_as="perception_encoder", norm_pre=True, eps=1e-5, global_pool="map", num_classes=4,
             rope=rotary(10000, axes="columns_first", offset=1), attn_pool=pool(8)), USER)


def aimv2():
    """Apple's own names, of timm's network."""
    model = ready(VisionTransformer(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, class_token=False, fc_norm=False,
        global_pool="avg", qkv_bias=False, proj_bias=False, act_layer="silu", norm_layer=partial(RmsNorm, eps=1e-5),
        embed_norm_layer=partial(RmsNorm, eps=1e-5), mlp_layer=SwiGLU, num_classes=0), 18)
    swaps = {
        "patch_embed.": "preprocessor.patchifier.", "pos_embed": "preprocessor.pos_embed", "blocks.": "trunk.blocks.",
        "norm1": "norm_1", "norm2": "norm_2", "fc1_g": "fc1", "fc1_x": "fc3"}
    new = {}
    for name, value in model.state_dict().items():
        if name.startswith("norm."):
            name = "trunk.post_trunk_" + name
        for before, after in swaps.items():
            name = name.replace(before, after)
        new[name] = value
    case(
        "aimv2", single("aimv2", new), SIDES, timm_record(model, image(SIDES)[1]),
        dict(PLAIN, recognised_as="aimv2", mlp="swiglu", norm="rms", patch_norm=True, qkv_bias=False, proj_bias=False,
             mlp_bias=False, class_token=False, global_pool="avg", eps=1e-5, prefix_removed="trunk."), USER)


@torch.no_grad()
def radio():
    """NVIDIA's names, of timm's network: three class tokens and two registers in one tensor, a table of 8×8."""
    model = ready(VisionTransformer(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, reg_tokens=4, no_embed_class=True,
        final_norm=False, num_classes=0), 33)
    model.patch_embed.proj.bias.zero_()
    table = (0.5 * torch.randn(1, 64, 16, generator=torch.Generator().manual_seed(34))).half().float()
    grid = table.reshape(1, 8, 8, 16).permute(0, 3, 1, 2)
    resized = functional.interpolate(grid, size=(6, 6), mode="bilinear", align_corners=True)[..., :6, :3]
    model.pos_embed.copy_(resized.flatten(2).transpose(1, 2))
    old = model.state_dict()
    new = {
        "base_model.patch_generator.pos_embed": table,
        "base_model.patch_generator.cls_token.token": torch.cat([old["cls_token"], old["reg_token"]], 1)[0],
        "base_model.patch_generator.embedder.weight": old["patch_embed.proj.weight"].flatten(1),
        "input_conditioner.norm_mean": torch.full((3, 1, 1), 0.5), "input_conditioner.norm_std": torch.full((3, 1, 1), 0.25)}
    new |= {"base_model." + name: value for name, value in old.items() if name.startswith("blocks.")}
    case(
        "radio", pickled("radio.pth", {"state_dict": {k: v.half() for k, v in new.items()}, "epoch": 1}), SIDES,
        timm_record(model, image(SIDES)[1]),
        dict(PLAIN, recognised_as="radio", num_registers=4, pos_embed="patches", final_norm=False, reshaped=["pos_embed", "patch_embed.proj.weight"],
             checkpoint_key="state_dict", prefix_removed="base_model."), USER)


def naflexvit():
    """timm's NaFlexViT on another grid than its table's, which is resampled to a square and cut off; a hub folder."""
    model = ready(NaFlexVit(NaFlexVitCfg(
        patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, reg_tokens=2, pos_embed_ar_preserving=True,
        pos_embed_grid_size=(4, 4), global_pool="avg", fc_norm=True), num_classes=0), 35)
    path = here / "files" / "naflexvit"
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"architecture": "naflexvit_base_patch16_par_gap", "num_classes": 0}))
    save_file(halves(model.state_dict()), path / "model.safetensors", {"format": "pt"})
    case(
        "naflexvit", "naflexvit", SIDES, timm_record(model, image(SIDES)[1]),
        dict(PLAIN, recognised_as="naflex_vit", class_token=False, num_registers=2, final_norm=False, fc_norm=True,
             global_pool="avg", reshaped=["pos_embed"]), USER)
