"""Plain networks under names that several projects have: BEiT v2, data2vec, MSN, iBOT, FlexiViT and DeiT III."""

from functools import partial

import torch
import transformers
from timm.models.beit import Beit
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from tools import HF, PLAIN, SIDES, case, folder, image, pickled, ready, record, single, timm_record

TIMM = dict(img_size=SIDES, patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2, num_classes=0)
USER = dict(img_size=list(SIDES), num_heads=2)


def make():
    beit2()
    data2vec()
    msn()
    ibot()
    flexivit()
    deit3()


def prefixed(prefix, tensors):
    return {prefix + name: value.half() if value.is_floating_point() else value for name, value in tensors.items()}


def beit2():
    """Pre-training: one table for all blocks, and the two layers that read the class token."""
    model = ready(Beit(
        **TIMM, use_abs_pos_emb=False, use_shared_rel_pos_bias=True, init_values=0.1, global_pool="token",
        norm_layer=partial(nn.LayerNorm, eps=1e-6)), 41)
    attention = [block.attn for block in model.blocks]
    for module in attention:
        module.fused_attn = False
    seen = record(
        model, image(SIDES)[1], model.blocks, attention, "norm2", "timm", [module.proj for module in attention],
        model.forward_features)
    tensors = prefixed("", model.state_dict()) | {
        "mask_token": torch.ones(1, 1, 16), "lm_head.weight": torch.ones(7, 16), "lm_head.bias": torch.ones(7),
        "cls_pt_layers.0.norm1.weight": torch.ones(16), "cls_pt_layers.1.attn.qkv.weight": torch.ones(48, 16)}
    case(
        "beit2", pickled("beit2.pth", {"model": tensors, "epoch": 1}), SIDES, seen,
        dict(PLAIN, recognised_as="beit", rel_pos="shared", pos_embed="none", layer_scale=True, checkpoint_key="model",
             ignored=["cls_pt_layers.0.norm1.weight", "lm_head.weight"]), USER)


def data2vec():
    config = transformers.Data2VecVisionConfig(
        **HF, image_size=16, use_relative_position_bias=True, layer_scale_init_value=0.1, use_mean_pooling=True)
    config._attn_implementation = "eager"
    model = ready(transformers.Data2VecVisionModel(config, add_pooling_layer=True), 42)
    layers = model.encoder.layer if hasattr(model, "encoder") else model.layers
    attention = [getattr(layer.attention, "attention", layer.attention) for layer in layers]
    seen = record(
        model, image((16, 16))[1], layers, attention, "layernorm_after", 1,
        run=lambda images: model(images, output_attentions=True))
    case(
        "hf_data2vec", folder("hf_data2vec", model), (16, 16), seen,
        dict(PLAIN, recognised_as="hf_beit", img_size=[16, 16], rel_pos="per_block", pos_embed="none", layer_scale=True,
             eps=1e-12, final_norm=False, fc_norm=True, global_pool="avg"))


def msn():
    config = transformers.ViTMSNConfig(**HF, image_size=16)
    config._attn_implementation = "eager"
    model = ready(transformers.ViTMSNModel(config), 43)
    layers = model.encoder.layer if hasattr(model, "encoder") else model.layers
    attention = [getattr(layer.attention, "attention", layer.attention) for layer in layers]
    seen = record(model, image((16, 16))[1], layers, attention, "layernorm_after", 1)
    case("hf_msn", folder("hf_msn", model), (16, 16), seen, dict(PLAIN, recognised_as="hf_vit", img_size=[16, 16], eps=1e-6))

    encoder, target = (ready(VisionTransformer(**TIMM), seed) for seed in (44, 45))
    head = {"module.fc.fc1.weight": torch.ones(2, 16), "module.fc.fc1.bias": torch.ones(2)}
    expect = dict(PLAIN, recognised_as="timm", prefix_removed="module.", ignored=["module.fc.fc1.weight"])
    file = pickled("msn.pth.tar", {
        "encoder": prefixed("module.", encoder.state_dict()) | head, "epoch": 800, "batch_size": 16, "lr": 0.001,
        "target_encoder": prefixed("module.", target.state_dict()) | head, "prototypes": torch.ones(4, 2)})
    case(
        "msn", file, SIDES, timm_record(target, image(SIDES)[1]), dict(expect, checkpoint_key="target_encoder"), USER)


def ibot():
    """A full checkpoint: the teacher is the average; only the student has the token that masks."""
    student, teacher = (ready(VisionTransformer(**TIMM), seed) for seed in (46, 47))
    head = {"module.head.mlp.0.weight": torch.ones(2, 16), "module.head.last_layer.weight_v": torch.ones(3, 2)}
    file = pickled("ibot.pth", {
        "student": prefixed("module.backbone.", student.state_dict()) | head | {"module.backbone.masked_embed": torch.ones(1, 16)},
        "teacher": prefixed("module.backbone.", teacher.state_dict()) | head, "epoch": 100,
        "ibot_loss": {"center": torch.zeros(1, 3), "center2": torch.zeros(1, 1, 3)}})
    expect = dict(PLAIN, recognised_as="dino", prefix_removed="module.backbone.")
    case("ibot", file, SIDES, timm_record(teacher, image(SIDES)[1]), dict(expect, checkpoint_key="teacher"), USER)
    case(
        "ibot_student", file, SIDES, timm_record(student, image(SIDES)[1]),
        dict(expect, checkpoint_key="student", ignored=["module.backbone.masked_embed"]), dict(USER, checkpoint_key="student"))


def flexivit():
    model = ready(VisionTransformer(**TIMM, no_embed_class=True), 48)
    case(
        "flexivit", single("flexivit", model.state_dict()), SIDES, timm_record(model, image(SIDES)[1]),
        dict(PLAIN, recognised_as="timm", pos_embed="patches"), USER)


def deit3():
    model = ready(VisionTransformer(**TIMM, no_embed_class=True, init_values=0.1), 49)
    tensors = {name.replace("ls1.gamma", "gamma_1").replace("ls2.gamma", "gamma_2"): value
               for name, value in model.state_dict().items()}
    case(
        "deit3", pickled("deit3.pth", {"model": prefixed("", tensors)}), SIDES, timm_record(model, image(SIDES)[1]),
        dict(PLAIN, recognised_as="deit", pos_embed="patches", layer_scale=True, checkpoint_key="model"), USER)
