"""Writes small checkpoints of newer Vision Transformers as their libraries write them, and what these compute with them.

    python make.py

needs torch, timm, transformers, torchvision, numpy and safetensors. Checkpoints go to files/, references to references/,
images to images.safetensors, and the cases to cases.json, in the form of ../models. Weights are exact in half precision and
stored so. Grids are 6×3 patches where the network allows it, so that a swapped axis shows.
"""

import json
import shutil
from functools import partial

import numpy as np
import timm
import torch
import transformers
from safetensors.torch import save_file
from timm.layers import LayerNorm, RmsNorm, SwiGLU
from timm.models.eva import Eva
from timm.models.vision_transformer import ResPostBlock, VisionTransformer
from torch import nn

import pooling
import older
from tools import HF, PLAIN, SIDES, case, cases, folder, here, image, pickled, pictures, ready, record, rotary, single, timm_record

DINOV3 = rotary(100, "centred", pairs="halves")


def dinov3():
    expect = dict(
        PLAIN, recognised_as="hf_dinov3", pos_embed="none", layer_scale=True, num_registers=2, eps=1e-5, rope=DINOV3)
    models = []
    for name, options in dict(hf_dinov3={}, hf_dinov3_gated=dict(use_gated_mlp=True, hidden_act="silu")).items():
        config = transformers.DINOv3ViTConfig(**HF, image_size=24, num_register_tokens=2, **options)
        config._attn_implementation = "eager"
        model = ready(transformers.DINOv3ViTModel(config), 1)
        models.append(model)
        layers = model.model.layer
        see = lambda m=model, l=layers: record(
            m, image(SIDES)[1], l, [layer.attention for layer in l], "norm2", 1,
            [layer.attention.o_proj for layer in l])
        gated = dict(mlp="swiglu") if options else {}
        case(name, folder(name, model), SIDES, see(), dict(expect, **gated), dict(img_size=list(SIDES)))

    # Meta's names, with the periods of a bfloat16 run, biases for keys that a mask of NaN takes away, and training's norms.
    model, layers = models[0], models[0].model.layer
    periods = (100 ** (2 * torch.arange(2) / 4)).bfloat16().float()
    module = next(m for m in model.modules() if hasattr(m, "inv_freq"))
    module.inv_freq.copy_(1 / periods)
    seen = record(model, image(SIDES)[1], layers, [layer.attention for layer in layers], "norm2", 1)
    old = model.state_dict()
    new = {
        "cls_token": old["embeddings.cls_token"], "storage_tokens": old["embeddings.register_tokens"],
        "mask_token": old["embeddings.mask_token"][0], "rope_embed.periods": periods,
        "patch_embed.proj.weight": old["embeddings.patch_embeddings.weight"],
        "patch_embed.proj.bias": old["embeddings.patch_embeddings.bias"],
        "norm.weight": old["norm.weight"], "norm.bias": old["norm.bias"],
        "local_cls_norm.weight": torch.ones(16), "local_cls_norm.bias": torch.zeros(16)}
    for index in range(2):
        here_, there = f"model.layer.{index}.", f"blocks.{index}."
        for norm in ("norm1", "norm2"):
            for leaf in ("weight", "bias"):
                new[f"{there}{norm}.{leaf}"] = old[f"{here_}{norm}.{leaf}"]
        at = here_ + "attention."
        new[there + "attn.qkv.weight"] = torch.cat([old[f"{at}{part}_proj.weight"] for part in "qkv"])
        new[there + "attn.qkv.bias"] = torch.cat([old[at + "q_proj.bias"], torch.full((16,), 3.0), old[at + "v_proj.bias"]])
        new[there + "attn.qkv.bias_mask"] = torch.full((48,), torch.nan)
        for ours, theirs in {"attn.proj": "attention.o_proj", "mlp.fc1": "mlp.up_proj", "mlp.fc2": "mlp.down_proj"}.items():
            for leaf in ("weight", "bias"):
                new[f"{there}{ours}.{leaf}"] = old[f"{here_}{theirs}.{leaf}"]
        for number in "12":
            new[f"{there}ls{number}.gamma"] = old[f"{here_}layer_scale{number}.lambda1"]
    meta = dict(expect, recognised_as="dinov3", rope=dict(DINOV3, frequencies="stored"))
    user = dict(img_size=list(SIDES), num_heads=2)
    case("dinov3", single("dinov3", new), SIDES, seen, meta, user)
    case(
        "dinov3_teacher", pickled("dinov3_teacher.pth", {"teacher": {f"backbone.{k}": v.half() for k, v in new.items()}}), SIDES,
        seen, dict(meta, checkpoint_key="teacher", prefix_removed="backbone."), user)

    args = dict(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, init_values=1e-5, rope_type="dinov3",
        rope_temperature=100, rope_rotate_half=True, use_rot_pos_emb=True, use_abs_pos_emb=False, num_reg_tokens=2,
        use_fc_norm=False, num_classes=0, norm_layer=partial(LayerNorm, eps=1e-5))
    for name, options, more in (
        ("timm_dinov3", dict(qkv_bias=False), dict(qkv_bias=False)),
        ("timm_dinov3_qkvb", dict(swiglu_mlp=True, swiglu_align_to=8), dict(mlp="swiglu")),
    ):
        model = ready(Eva(**args, **options), 3)
        case(
            name, single(name, model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
            dict(expect, recognised_as="dinov3", **more), user)


def eva02():
    args = dict(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, swiglu_mlp=True, use_rot_pos_emb=True,
        ref_feat_shape=(16, 16), num_classes=0)
    expect = dict(
        PLAIN, recognised_as="eva02", mlp="swiglu", rope=rotary(10000, reference=(16, 16)), final_norm=False, fc_norm=True,
        global_pool="avg")
    user = dict(img_size=list(SIDES), num_heads=2)
    model = ready(Eva(**args), 5)
    case("timm_eva02_small", single("timm_eva02_small", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]), expect, user)
    model = ready(Eva(**args, qkv_fused=False, scale_mlp=True, scale_attn_inner=True, global_pool="token"), 6)
    seen = timm_record(model, image(SIDES)[1])
    expect = dict(
        expect, mlp_norm=True, attn_norm=True, final_norm=True, fc_norm=False, global_pool="token")
    case("timm_eva02_base", single("timm_eva02_base", model.state_dict()), SIDES, seen, expect, user)
    swaps = {
        "q_proj.bias": "q_bias", "v_proj.bias": "v_bias", "attn.norm": "attn.inner_attn_ln", "mlp.norm": "mlp.ffn_ln",
        "fc1_g": "w1", "fc1_x": "w2", "mlp.fc2": "mlp.w3"}
    original = {}
    for name, value in model.state_dict().items():
        for old, new in swaps.items():
            name = name.replace(old, new)
        original["visual." + name] = value
    original |= {
        "visual.rope.freqs_cos": torch.zeros(18, 8), "visual.rope.freqs_sin": torch.zeros(18, 8),
        "text.transformer.resblocks.0.ln_1.weight": torch.ones(8), "logit_scale": torch.ones(1)}
    case(
        "eva02_clip", pickled("eva02_clip.pt", {"module": {k: v.half() for k, v in original.items()}}), SIDES, seen,
        dict(expect, checkpoint_key="module", prefix_removed="visual."), user)


def rope_vit():
    args = dict(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, attn_type="rope", init_values=1e-5,
        global_pool="token", use_abs_pos_emb=False, use_rot_pos_emb=True, rope_grid_indexing="xy", num_classes=0)
    expect = dict(PLAIN, recognised_as="rope_vit", pos_embed="none", layer_scale=True)
    user = dict(img_size=list(SIDES), num_heads=2)
    model = ready(Eva(**args, rope_temperature=100.0), 7)
    case(
        "rope_vit", single("rope_vit", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(expect, rope=rotary(100, axes="columns_first")), user)
    model = ready(Eva(**args, rope_temperature=10.0, rope_type="mixed"), 8)
    case(
        "rope_vit_mixed", single("rope_vit_mixed", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(expect, rope=rotary(10, axes="columns_first", frequencies="mixed")), user)
    model = ready(Eva(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, init_values=1e-5, class_token=False,
        num_reg_tokens=1, use_rot_pos_emb=True, use_abs_pos_emb=False, num_classes=5), 9)
    case(
        "timm_rope", single("timm_rope", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(expect, recognised_as="timm_rope", rope=rotary(10000), class_token=False, num_registers=1, global_pool="avg",
             fc_norm=True, final_norm=False, num_classes=5), user)


def perception_encoder():
    args = dict(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, attn_type="rope", global_pool="map",
        use_pre_transformer_norm=True, use_rot_pos_emb=True, ref_feat_shape=(6, 3), rope_grid_indexing="xy",
        attn_pool_num_heads=4, attn_pool_mlp_ratio=2, num_classes=0, norm_layer=partial(LayerNorm, eps=1e-5))
    user = dict(img_size=list(SIDES), num_heads=2)
    core = ready(Eva(**args, rope_grid_offset=1.0), 11)
    expect = dict(
        PLAIN, recognised_as="perception_encoder", norm_pre=True, eps=1e-5, rope=rotary(10000, axes="columns_first", offset=1))
    seen = timm_record(core, image(SIDES)[1])
    case("pe_core", single("pe_core", open_clip_names(core.state_dict(), pool=True)), SIDES, seen, expect, user)
    case(
        "timm_pe", single("timm_pe", core.state_dict()), SIDES, seen,
        dict(expect, recognised_as="timm", global_pool="map", attn_pool=dict(num_heads=8, mlp_hidden=32)),
        dict(user, rope="perception_encoder"))
    args |= dict(global_pool="avg", use_post_transformer_norm=False, use_fc_norm=False, class_token=False)
    lang = ready(Eva(**args, init_values=0.1), 12)
    case(
        "pe_lang", single("pe_lang", open_clip_names(lang.state_dict())), SIDES, timm_record(lang, image(SIDES)[1]),
        dict(expect, rope=rotary(10000, axes="columns_first"), class_token=False, layer_scale=True, final_norm=False,
             global_pool="avg"), user)


def open_clip_names(tensors, pool=False):
    swaps = {
        "patch_embed.proj": "conv1", "norm_pre": "ln_pre", "blocks.": "transformer.resblocks.", "norm1": "ln_1", "norm2": "ln_2",
        "attn.qkv.weight": "attn.in_proj_weight", "attn.qkv.bias": "attn.in_proj_bias", "attn.proj": "attn.out_proj",
        "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj", "gamma_1": "ls_1.gamma", "gamma_2": "ls_2.gamma"}
    result = {}
    for name, value in tensors.items():
        if name.startswith("attn_pool"):
            continue
        if name in ("cls_token", "pos_embed"):
            result["class_embedding" if name == "cls_token" else "positional_embedding"] = value.flatten(0, value.ndim - 2).squeeze(0)
            continue
        if name.startswith("norm."):
            name = name.replace("norm", "ln_post")
        for old, new in swaps.items():
            name = name.replace(old, new)
        result[name] = value
    if pool:
        result |= {"attn_pool.probe": torch.ones(1, 1, 16), "attn_pool.attn.in_proj_weight": torch.ones(48, 16), "proj": torch.ones(16, 4)}
    return result


def clip_layers(vision):
    return vision.encoder.layers


def clip():
    text = dict(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=9, max_position_embeddings=5,
        bos_token_id=0, eos_token_id=1, pad_token_id=2)
    vision = dict(HF, image_size=16)
    config = transformers.CLIPConfig(vision_config=vision, text_config=text, projection_dim=6)
    config._attn_implementation = config.vision_config._attn_implementation = "eager"
    model = ready(transformers.CLIPModel(config), 13)
    tower = model.vision_model
    layers = clip_layers(tower)
    attention = [layer.self_attn for layer in layers]
    heads = [module.out_proj for module in attention]
    expect = dict(
        PLAIN, img_size=[16, 16], recognised_as="hf_clip", prefix_removed="vision_model.", mlp="quick_gelu", norm_pre=True,
        eps=1e-5, num_classes=6)
    embed = lambda images: model.visual_projection(tower(images).pooler_output)
    seen = record(model, image((16, 16))[1], layers, attention, "layer_norm2", 1, heads, embed, lambda output: output)
    case("hf_clip", folder("hf_clip", model), (16, 16), seen, expect)
    wide = record(
        model, image(SIDES)[1], layers, attention, "layer_norm2", 1, heads,
        lambda images: tower(images, interpolate_pos_encoding=True))
    case(
        "hf_clip_rectangular", "hf_clip", SIDES, wide, dict(expect, img_size=list(SIDES), reshaped=["pos_embed"]),
        dict(img_size=list(SIDES)))
    # The names of OpenAI and OpenCLIP, beside a text tower that has the same.
    swaps = {
        "embeddings.": "", "patch_embedding": "conv1", "position_embedding.weight": "positional_embedding", "pre_layrnorm": "ln_pre",
        "post_layernorm": "ln_post", "encoder.layers.": "transformer.resblocks.", "layer_norm1": "ln_1", "layer_norm2": "ln_2",
        "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    old, new = tower.state_dict(), {}
    for name, value in old.items():
        if "_proj." in name and "self_attn.out" not in name:
            continue
        for before, after in swaps.items():
            name = name.replace(before, after)
        new["visual." + name] = value
    for index in range(2):
        for leaf in ("weight", "bias"):
            new[f"visual.transformer.resblocks.{index}.attn.in_proj_{leaf}"] = torch.cat(
                [old[f"encoder.layers.{index}.self_attn.{part}_proj.{leaf}"] for part in "qkv"])
    new["visual.proj"] = model.visual_projection.weight.detach().T
    new |= {
        "transformer.resblocks.0.ln_1.weight": torch.ones(8), "transformer.resblocks.0.attn.in_proj_weight": torch.ones(24, 8),
        "token_embedding.weight": torch.ones(9, 8), "positional_embedding": torch.ones(5, 8), "ln_final.weight": torch.ones(8),
        "text_projection": torch.ones(8, 6), "logit_scale": torch.ones(1)}
    case(
        "open_clip", single("open_clip", new), (16, 16), seen,
        dict(expect, recognised_as="open_clip", prefix_removed="visual."), dict(num_heads=2, activation="quick_gelu"))
    # timm's tower inside OpenCLIP.
    model = ready(VisionTransformer(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, pre_norm=True, num_classes=0,
        norm_layer=partial(nn.LayerNorm, eps=1e-5), act_layer=timm.layers.QuickGELU), 14)
    trunk = {"visual.trunk." + name: value for name, value in model.state_dict().items()}
    trunk |= {"visual.head.proj.weight": torch.ones(4, 16), "text.ln_final.weight": torch.ones(8), "logit_scale": torch.ones(1)}
    case(
        "open_clip_trunk", single("open_clip_trunk", trunk), SIDES, timm_record(model, image(SIDES)[1]),
        dict(PLAIN, recognised_as="timm", prefix_removed="visual.trunk.", mlp="quick_gelu", norm_pre=True, eps=1e-5),
        dict(num_heads=2, img_size=list(SIDES), activation="quick_gelu"))


def siglip():
    vision = dict(HF, image_size=16)
    config = transformers.SiglipVisionConfig(**vision)
    config._attn_implementation = "eager"
    model = ready(transformers.SiglipVisionModel(config), 15)
    layers = clip_layers(model)
    attention = [layer.self_attn for layer in layers]
    expect = dict(
        PLAIN, img_size=[16, 16], recognised_as="hf_siglip", mlp="gelu_tanh", class_token=False, global_pool="map",
        attn_pool=dict(num_heads=2, mlp_hidden=32))
    seen = record(model, image((16, 16))[1], layers, attention, "layer_norm2", 1, [module.out_proj for module in attention])
    case("hf_siglip", folder("hf_siglip", model), (16, 16), seen, expect)
    wide = record(
        model, image(SIDES)[1], layers, attention, "layer_norm2", 1,
        run=lambda images: model(images, interpolate_pos_encoding=True))
    case(
        "hf_siglip_rectangular", "hf_siglip", SIDES, wide, dict(expect, img_size=list(SIDES), reshaped=["pos_embed"]),
        dict(img_size=list(SIDES)))
    big_vision(model, seen, expect)

    config = transformers.Siglip2VisionConfig(**HF, num_patches=16)
    config._attn_implementation = "eager"
    model = ready(transformers.Siglip2VisionModel(config), 16)
    layers = clip_layers(model)
    attention = [layer.self_attn for layer in layers]

    def run(images):
        rows = images.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 4, 5, 1).flatten(3).flatten(1, 2)
        shapes = torch.tensor([[images.shape[2] // 4, images.shape[3] // 4]] * len(images))
        return model(pixel_values=rows, pixel_attention_mask=torch.ones(rows.shape[:2]).bool(), spatial_shapes=shapes)

    seen = record(model, image((16, 16))[1], layers, attention, "layer_norm2", 1, run=run)
    case("hf_siglip2_naflex", folder("hf_siglip2_naflex", model), (16, 16), seen, dict(expect, recognised_as="hf_siglip2"))


def big_vision(model, seen, expect):
    """SigLIP's own arrays, from transformers' weights."""
    old, new = {k: v.half().float().numpy() for k, v in model.state_dict().items()}, {}
    root = "params/img/"
    new[root + "embedding/kernel"] = old["embeddings.patch_embedding.weight"].transpose(2, 3, 1, 0)
    new[root + "embedding/bias"] = old["embeddings.patch_embedding.bias"]
    new[root + "pos_embedding"] = old["embeddings.position_embedding.weight"][None]
    new[root + "Transformer/encoder_norm/scale"] = old["post_layernorm.weight"]
    new[root + "Transformer/encoder_norm/bias"] = old["post_layernorm.bias"]
    for index in range(2):
        block, layer = f"{root}Transformer/encoderblock_{index}/", f"encoder.layers.{index}."
        for number in range(2):
            new[f"{block}LayerNorm_{number}/scale"] = old[f"{layer}layer_norm{number + 1}.weight"]
            new[f"{block}LayerNorm_{number}/bias"] = old[f"{layer}layer_norm{number + 1}.bias"]
            new[f"{block}MlpBlock_0/Dense_{number}/kernel"] = old[f"{layer}mlp.fc{number + 1}.weight"].T
            new[f"{block}MlpBlock_0/Dense_{number}/bias"] = old[f"{layer}mlp.fc{number + 1}.bias"]
        at = block + "MultiHeadDotProductAttention_0/"
        for word, part in dict(query="q", key="k", value="v").items():
            new[f"{at}{word}/kernel"] = old[f"{layer}self_attn.{part}_proj.weight"].T.reshape(16, 2, 8)
            new[f"{at}{word}/bias"] = old[f"{layer}self_attn.{part}_proj.bias"].reshape(2, 8)
        new[at + "out/kernel"] = old[f"{layer}self_attn.out_proj.weight"].T.reshape(2, 8, 16)
        new[at + "out/bias"] = old[f"{layer}self_attn.out_proj.bias"]
    new[root + "MAPHead_0/probe"] = old["head.probe"]
    new["params/txt/Embed_0/embedding"] = np.ones((9, 8), np.float32)
    new["params/t"] = np.ones(1, np.float32)
    np.savez(here / "files" / "big_vision.npz", **{k: np.ascontiguousarray(v, np.float16) for k, v in new.items()})
    case(
        "big_vision", "big_vision.npz", (16, 16), seen,
        dict(PLAIN, img_size=[16, 16], recognised_as="big_vision", mlp="gelu_tanh", class_token=False, global_pool="avg",
             prefix_removed="params/img/", ignored=["params/img/MAPHead_0/probe"]))


def others():
    user = dict(img_size=list(SIDES), num_heads=2)
    # AIMv2
    config = transformers.Aimv2VisionConfig(**HF, image_size=16)
    config._attn_implementation = "eager"
    model = ready(transformers.Aimv2VisionModel(config), 17)
    layers = clip_layers(model)
    attention = [layer.attention for layer in layers]
    seen = record(model, image((16, 16))[1], layers, attention, "rms_norm2", 1, [module.out_proj for module in attention])
    expect = dict(
        PLAIN, mlp="swiglu", norm="rms", patch_norm=True, qkv_bias=False, proj_bias=False, mlp_bias=False, class_token=False,
        global_pool="avg", eps=1e-5)
    case("hf_aimv2", folder("hf_aimv2", model), (16, 16), seen, dict(expect, img_size=[16, 16], recognised_as="hf_aimv2"))
    model = ready(VisionTransformer(
        img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, class_token=False, fc_norm=False,
        global_pool="avg", qkv_bias=False, proj_bias=False, act_layer="silu", norm_layer=partial(RmsNorm, eps=1e-5),
        embed_norm_layer=partial(RmsNorm, eps=1e-5), mlp_layer=SwiGLU, num_classes=0), 18)
    case(
        "timm_aimv2", single("timm_aimv2", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(expect, recognised_as="aimv2"), user)

    # V-JEPA 2: heads of 16 numbers, four of which are not turned.
    config = transformers.VJEPA2Config(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, mlp_ratio=2, crop_size=16, image_size=16, patch_size=4,
        frames_per_clip=2, tubelet_size=2, pred_hidden_size=8, pred_num_attention_heads=2, pred_num_hidden_layers=1)
    config._attn_implementation = "eager"
    model = ready(transformers.VJEPA2Model(config), 19)
    layers = model.encoder.layer
    attention = [layer.attention for layer in layers]
    seen = record(
        model, image((16, 16))[1], layers, attention, "norm2", 1, [module.proj for module in attention],
        lambda images: model(images[:, None].repeat(1, 2, 1, 1, 1), skip_predictor=True))
    case(
        "hf_vjepa2", folder("hf_vjepa2", model), (16, 16), seen,
        dict(PLAIN, recognised_as="hf_vjepa2", img_size=[16, 16], embed_dim=32, mlp_hidden=64, pos_embed="none",
             class_token=False, global_pool="avg", rope=rotary(10000, frequencies="tubelets")))

    new = {}
    for name, value in model.encoder.state_dict().items():
        if "attention.query" in name or "attention.key" in name or "attention.value" in name:
            continue
        for before, after in {
            "embeddings.patch_embeddings": "patch_embed", "layer.": "blocks.", "attention.proj": "attn.proj", "layernorm": "norm",
        }.items():
            name = name.replace(before, after)
        new["module.backbone." + name] = value.half()
    for index, layer in enumerate(layers):
        for leaf in ("weight", "bias"):
            new[f"module.backbone.blocks.{index}.attn.qkv.{leaf}"] = torch.cat(
                [getattr(getattr(layer.attention, part), leaf).detach().half() for part in ("query", "key", "value")])
    case(
        "vjepa2", pickled("vjepa2.pt", {"target_encoder": new, "epoch": 1}), (16, 16), seen,
        dict(PLAIN, recognised_as="vjepa2", img_size=[16, 16], embed_dim=32, mlp_hidden=64, pos_embed="none",
             class_token=False, global_pool="avg", rope=rotary(10000, frequencies="tubelets"),
             checkpoint_key="target_encoder", prefix_removed="module.backbone."), dict(num_heads=2, img_size=[16, 16]))

    # InternVL, norms on queries and keys over all heads.
    config = transformers.InternVLVisionConfig(**dict(HF, patch_size=[4, 4]), image_size=[16, 16], use_qk_norm=True)
    config._attn_implementation = "eager"
    model = ready(transformers.InternVLVisionModel(config), 20)
    layers = model.encoder.layer
    seen = record(model, image((16, 16))[1], layers, [layer.attention for layer in layers], "layernorm_after", 1)
    case(
        "hf_internvl", folder("hf_internvl", model), (16, 16), seen,
        dict(PLAIN, recognised_as="hf_internvl", img_size=[16, 16], qkv_bias=False, qk_norm="full_rms", layer_scale=True,
             final_norm=False))

    swaps = {
        "encoder.layer.": "encoder.layers.", "layernorm_before": "norm1", "layernorm_after": "norm2", "lambda_": "ls",
        "attention.projection_layer": "attn.proj", "attention.q_norm": "attn.q_norm", "attention.k_norm": "attn.k_norm",
        "embeddings.cls_token": "embeddings.class_embedding", "patch_embeddings.projection": "patch_embedding",
        "position_embeddings": "position_embedding"}
    old, new = model.state_dict(), {}
    for name, value in old.items():
        if "_proj.weight" in name:
            continue
        for before, after in swaps.items():
            name = name.replace(before, after)
        new["vision_model." + name] = value
    for index in range(2):
        new[f"vision_model.encoder.layers.{index}.attn.qkv.weight"] = torch.cat(
            [old[f"encoder.layer.{index}.attention.{part}_proj.weight"] for part in "qkv"])
    case(
        "intern_vit", single("intern_vit", new), (16, 16), seen,
        dict(PLAIN, recognised_as="intern_vit", prefix_removed="vision_model.", img_size=[16, 16], qkv_bias=False,
             qk_norm="full_rms", layer_scale=True, final_norm=False), dict(num_heads=2, activation="gelu"))

    # I-JEPA.
    config = transformers.IJepaConfig(**HF, image_size=16)
    config._attn_implementation = "eager"
    model = ready(transformers.IJepaModel(config, add_pooling_layer=False), 21)
    layers = model.layers
    seen = record(model, image((16, 16))[1], layers, [layer.attention for layer in layers], "layernorm_after", 1)
    case(
        "hf_ijepa", folder("hf_ijepa", model), (16, 16), seen,
        dict(PLAIN, recognised_as="hf_vit", img_size=[16, 16], class_token=False, global_pool="avg", eps=1e-12))

    # timm: norms inside attention and MLP (BEiT 3), norms on queries and keys, norms afterwards.
    args = dict(img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, num_classes=0)
    plain = dict(PLAIN, recognised_as="timm")
    model = ready(VisionTransformer(**args, scale_attn_norm=True, scale_mlp_norm=True, norm_layer=partial(nn.LayerNorm, eps=1e-5)), 22)
    case(
        "timm_inner_norms", single("timm_inner_norms", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(plain, attn_norm=True, mlp_norm=True, eps=1e-5), user)
    model = ready(VisionTransformer(**args, qk_norm=True, act_layer="gelu_tanh"), 23)
    case(
        "timm_qk_norm", single("timm_qk_norm", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(plain, qk_norm="per_head", mlp="gelu_tanh"), dict(user, activation="gelu_tanh"))
    model = ready(VisionTransformer(**args, norm_layer="rmsnorm", act_layer="silu"), 24)
    case(
        "timm_rms", single("timm_rms", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(plain, norm="rms", mlp="silu"), dict(user, activation="silu"))
    model = ready(VisionTransformer(
        **args, qkv_bias=False, init_values=1e-5, class_token=False, block_fn=ResPostBlock, global_pool="avg"), 25)
    seen = timm_record(model, image(SIDES)[1])
    expect = dict(
        plain, post_norm=True, qkv_bias=False, class_token=False, global_pool="avg", fc_norm=True, final_norm=False)
    case("timm_post_norm", single("timm_post_norm", model.state_dict()), SIDES, seen, expect, dict(user, arch="vit_rpn"))

    # mmpretrain's names of the same network as timm's.
    model = ready(VisionTransformer(**args), 26)
    seen = timm_record(model, image(SIDES)[1])
    swaps = {
        "patch_embed.proj": "patch_embed.projection", "blocks.": "layers.", "norm1": "ln1", "norm2": "ln2",
        "mlp.fc1": "ffn.layers.0.0", "mlp.fc2": "ffn.layers.1", "norm.": "ln1."}
    new = {}
    for name, value in model.state_dict().items():
        for before, after in swaps.items():
            name = name.replace(before, after)
        new["backbone." + name] = value.half()
    new |= {"head.layers.head.weight": torch.ones(5, 16), "head.layers.head.bias": torch.ones(5)}
    case(
        "mmpretrain", pickled("mmpretrain.pth", {"state_dict": new, "meta": {"epoch": 1}}), SIDES, seen,
        dict(plain, recognised_as="mmpretrain", checkpoint_key="state_dict", prefix_removed="backbone.", num_classes=5), user)

    import torchvision
    model = torchvision.models.VisionTransformer(
        image_size=16, patch_size=4, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32, num_classes=5)
    model = ready(model, 27)
    layers = model.encoder.layers
    for layer in layers:
        inner = layer.self_attention
        forward = inner.forward
        inner.forward = lambda q, k, v, need_weights=False, f=forward: f(q, k, v, need_weights=True, average_attn_weights=False)
    seen = record(
        model, image((16, 16))[1], layers, [layer.self_attention for layer in layers], "ln_2", 1, logits=lambda output: output)
    case(
        "torchvision", single("torchvision", model.state_dict()), (16, 16), seen,
        dict(PLAIN, recognised_as="torchvision", img_size=[16, 16], num_classes=5), dict(num_heads=2))


if __name__ == "__main__":
    torch.manual_seed(0)
    for name in ("files", "references"):
        shutil.rmtree(here / name, ignore_errors=True)
        (here / name).mkdir()
    for make in (dinov3, eva02, rope_vit, perception_encoder, clip, siglip, others, pooling.make, older.make):
        make()
    save_file(pictures, here / "images.safetensors")
    (here / "cases.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    size = sum(path.stat().st_size for path in here.rglob("*") if path.is_file())
    print(f"{len(cases)} cases, {size / 1e6:.2f} MB")
