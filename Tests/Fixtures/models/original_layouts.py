"""Checkpoints as MoCo v3, SimMIM, MAE, DINO, DINOv2 and BEiT write them."""

import argparse
import collections
import sys
import types

import torch

from reference_models import (
    ConvStem, DINOHead, MAEDecoder, beit, dinov2, mlp_head, record, record_resized, resample, resample_relative,
    sharpen, sincos, vit)

VIT = dict(patch_size=4, embed_dim=24, depth=2, num_heads=3, mlp_hidden=48)
SMALL = dict(grid=4, patch=4, dim=24, depth=2, heads=3, mlp_ratio=2)


def make(fixtures):
    moco(fixtures)
    moco_conv_stem(fixtures)
    simmim(fixtures)
    mae(fixtures)
    dino(fixtures)
    dinov2_files(fixtures)
    beit_files(fixtures)


def prefixed(prefix, state):
    return {prefix + name: value for name, value in state.items()}


def some_optimizer(model, names):
    """An optimizer's state dict as training writes it, of few parameters so that the file stays small."""
    copies = [torch.nn.Parameter(p.detach().clone()) for n, p in model.named_parameters() if n in names]
    optimizer = torch.optim.AdamW(copies)
    for copy in copies:
        copy.grad = torch.ones_like(copy)
    optimizer.step()
    return optimizer.state_dict()


@torch.no_grad()
def with_positions(model, table):
    model.pos_embed.copy_(table)
    return model


# --- MoCo v3 --------------------------------------------------------------------------------------------------------


def moco_training_file(fixtures, name, base, momentum, dim, arch):
    """What MoCo's main_moco.py saves: both encoders with projectors, predictor, optimizer, scaler."""
    state = collections.OrderedDict()
    for prefix, encoder in (("base_encoder", base), ("momentum_encoder", momentum)):
        state |= prefixed(f"module.{prefix}.", encoder.state_dict())
        state |= prefixed(f"module.{prefix}.head.", mlp_head(3, 16, dim, 8).state_dict())
    state |= prefixed("module.predictor.", mlp_head(2, 16, 8, 8).state_dict())
    torch.save(
        {"epoch": 300, "arch": arch, "state_dict": state, "optimizer": some_optimizer(base, {"cls_token", "norm.bias"}),
         "scaler": {"scale": 65536.0, "growth_factor": 2.0, "backoff_factor": 0.5, "growth_interval": 2000,
                    "_growth_tracker": 17}},
        fixtures.path(name))


def moco(fixtures):
    table = sincos(4, 24, True, torch.float32)
    base = with_positions(sharpen(vit(**SMALL), 20), table)
    momentum = with_positions(sharpen(vit(**SMALL), 21), table)
    moco_training_file(fixtures, "moco_v3_train.pth.tar", base, momentum, 24, "vit_small")
    expect = dict(
        VIT, recognised_as="moco_v3", verdict="complete", checkpoint_key="state_dict",
        prefix_removed="module.base_encoder.", img_size=[16, 16],
        ignored=["module.momentum_encoder.cls_token", "module.predictor.0.weight", "module.base_encoder.head.0.weight"])
    user = dict(num_heads=3)
    fixtures.case("moco_v3_train", "moco_v3_train.pth.tar", 16, record(base, fixtures.image(16)), expect, user)
    fixtures.case(
        "moco_v3_momentum", "moco_v3_train.pth.tar", 16, record(momentum, fixtures.image(16), attentions=(0,)),
        dict(expect, prefix_removed="module.momentum_encoder.", ignored=["module.base_encoder.cls_token"]),
        dict(user, checkpoint_key="momentum_encoder"))
    larger = with_positions(vit(**dict(SMALL, grid=5)), resample(table, 4, (5, 5)))
    larger.load_state_dict({n: v for n, v in base.state_dict().items() if n != "pos_embed"}, strict=False)
    fixtures.case(
        "moco_v3_larger", "moco_v3_train.pth.tar", 20, record_resized(larger.eval(), fixtures.image(20)),
        dict(expect, img_size=[20, 20], reshaped=["pos_embed"]), dict(user, img_size=[20, 20]))

    probe = vit(**SMALL, num_classes=5)
    probe.load_state_dict(base.state_dict(), strict=False)
    torch.save(
        {"epoch": 90, "arch": "vit_small", "state_dict": prefixed("module.", probe.state_dict()), "best_acc1": 73.2,
         "optimizer": some_optimizer(probe, {"head.bias"})}, fixtures.path("moco_v3_probe.pth.tar"))
    fixtures.case(
        "moco_v3_probe", "moco_v3_probe.pth.tar", 16,
        record(probe.eval(), fixtures.image(16), logits=True),
        dict(VIT, recognised_as="moco_v3", verdict="complete", checkpoint_key="state_dict", prefix_removed="module.",
             num_classes=5, img_size=[16, 16]), user)


def moco_conv_stem(fixtures):
    size = dict(grid=3, patch=16, dim=16, depth=1, heads=2, mlp_ratio=2, embed_layer=ConvStem)
    table = sincos(3, 16, True, torch.float32)
    base = with_positions(sharpen(vit(**size), 22), table)
    moco_training_file(fixtures, "moco_v3_conv.pth.tar", base, with_positions(sharpen(vit(**size), 23), table), 16,
                       "vit_conv_small")
    expect = dict(
        recognised_as="moco_v3", verdict="complete", checkpoint_key="state_dict", patch_embed="conv_stem", patch_size=16, embed_dim=16, depth=1,
        num_heads=2, mlp_hidden=32, img_size=[48, 48], prefix_removed="module.base_encoder.",
        ignored=["module.base_encoder.patch_embed.proj.1.num_batches_tracked"])
    fixtures.case(
        "moco_v3_conv", "moco_v3_conv.pth.tar", 48, record(base, fixtures.image(48)), expect, dict(num_heads=2))


# --- SimMIM ---------------------------------------------------------------------------------------------------------


def yacs_config(values):
    """A yacs.config.CfgNode without yacs: a dict subclass that pickles under that name, attributes and all."""
    if "yacs.config" not in sys.modules:
        package, module = types.ModuleType("yacs"), types.ModuleType("yacs.config")
        module.CfgNode = type("CfgNode", (dict,), {"__module__": "yacs.config"})
        package.config = module
        sys.modules |= {"yacs": package, "yacs.config": module}
    node = sys.modules["yacs.config"].CfgNode()
    for name, value in values.items():
        node[name] = yacs_config(value) if isinstance(value, dict) else value
    node.__dict__.update(
        __immutable__=True, __deprecated_keys__=set(), __renamed_keys__={}, __new_allowed__=False)
    return node


def index_buffers(model):
    """The index buffers that SimMIM and BEiT keep in their files."""
    return {n: b for n, b in model.named_buffers() if n.endswith("relative_position_index")}


def simmim(fixtures):
    config = yacs_config({
        "DATA": {"IMG_SIZE": 16, "MASK_RATIO": 0.6, "MASK_PATCH_SIZE": 8, "DATASET": "imagenet"},
        "MODEL": {"TYPE": "vit", "NAME": "simmim_pretrain", "NUM_CLASSES": 0,
                  "SWIN": {"PATCH_SIZE": 4, "EMBED_DIM": 96, "DEPTHS": [2, 2, 6, 2], "NUM_HEADS": [3, 6, 12, 24]},
                  "VIT": {"PATCH_SIZE": 4, "IN_CHANS": 3, "EMBED_DIM": 24, "DEPTH": 2, "NUM_HEADS": 3, "MLP_RATIO": 2,
                          "QKV_BIAS": True, "INIT_VALUES": 0.1, "USE_APE": False, "USE_RPB": False,
                          "USE_SHARED_RPB": True, "USE_MEAN_POOLING": False}}})
    model = sharpen(beit(**SMALL, use_shared_rel_pos_bias=True, global_pool="token"), 30)
    state = collections.OrderedDict(prefixed("encoder.", model.state_dict() | index_buffers(model)))
    state["encoder.mask_token"] = torch.randn(1, 1, 24)
    state |= {"decoder.0.weight": torch.randn(48, 24, 1, 1), "decoder.0.bias": torch.randn(48)}
    torch.save(
        {"model": state, "optimizer": some_optimizer(model, {"cls_token"}), "lr_scheduler": {"decay_t": [700]},
         "max_accuracy": 0.0, "epoch": 799, "config": config, "amp": {"loss_scaler0": {"loss_scale": 65536.0}}},
        fixtures.path("simmim_pretrain.pth"))
    expect = dict(
        VIT, recognised_as="simmim", verdict="complete", checkpoint_key="model", prefix_removed="encoder.",
        pos_embed="none", rel_pos="shared", layer_scale=True, img_size=[16, 16],
        ignored=["encoder.mask_token", "decoder.0.weight", "encoder.rel_pos_bias.relative_position_index"])
    fixtures.case("simmim_pretrain", "simmim_pretrain.pth", 16, record(model, fixtures.image(16)), expect)
    for name, grid in (("simmim_larger", 5), ("simmim_smaller", 3)):
        other = beit(**dict(SMALL, grid=grid), use_shared_rel_pos_bias=True, global_pool="token")
        state = model.state_dict()
        key = "rel_pos_bias.relative_position_bias_table"
        state[key] = resample_relative(state[key], 4, grid)
        other.load_state_dict(state, strict=True)
        fixtures.case(
            name, "simmim_pretrain.pth", grid * 4,
            record_resized(other.eval(), fixtures.image(grid * 4)),
            dict(expect, img_size=[grid * 4] * 2, reshaped=[key]), dict(img_size=[grid * 4] * 2))

    tuned = sharpen(beit(**SMALL, use_rel_pos_bias=True, global_pool="avg", num_classes=5), 31)
    config["MODEL"]["NAME"] = "simmim_finetune"
    config["MODEL"]["VIT"] |= {"USE_RPB": True, "USE_SHARED_RPB": False, "USE_MEAN_POOLING": True}
    torch.save(
        {"model": tuned.state_dict() | index_buffers(tuned), "optimizer": some_optimizer(tuned, {"cls_token"}),
         "lr_scheduler": {}, "max_accuracy": 83.8, "epoch": 99, "config": config}, fixtures.path("simmim_finetune.pth"))
    fixtures.case(
        "simmim_finetune", "simmim_finetune.pth", 16, record(tuned, fixtures.image(16), logits=True),
        dict(VIT, recognised_as="simmim", verdict="complete", checkpoint_key="model", pos_embed="none",
             rel_pos="per_block", layer_scale=True, final_norm=False, fc_norm=True, global_pool="avg", num_classes=5,
             img_size=[16, 16], ignored=["blocks.0.attn.relative_position_index"]))


# --- MAE ------------------------------------------------------------------------------------------------------------


def mae(fixtures):
    table = sincos(4, 24, False, torch.float64)
    model = with_positions(sharpen(vit(**SMALL), 40), table)
    torch.save({"model": model.state_dict()}, fixtures.path("mae_pretrain_vit_small.pth"))
    expect = dict(VIT, recognised_as="mae", verdict="complete", checkpoint_key="model", img_size=[16, 16])
    user = dict(num_heads=3)
    fixtures.case("mae_encoder", "mae_pretrain_vit_small.pth", 16, record(model, fixtures.image(16)), expect, user)
    larger = with_positions(vit(**dict(SMALL, grid=5)), resample(table, 4, (5, 5)))
    larger.load_state_dict({n: v for n, v in model.state_dict().items() if n != "pos_embed"}, strict=False)
    fixtures.case(
        "mae_larger", "mae_pretrain_vit_small.pth", 20, record_resized(larger.eval(), fixtures.image(20)),
        dict(expect, img_size=[20, 20], reshaped=["pos_embed"]), dict(user, img_size=[20, 20]))

    args = argparse.Namespace(
        model="mae_vit_base_patch16", input_size=16, mask_ratio=0.75, norm_pix_loss=True, batch_size=64, epochs=800,
        blr=1.5e-4, weight_decay=0.05, data_path="/data", device="cuda", distributed=True)
    torch.save(
        {"model": model.state_dict() | MAEDecoder(4, 4, 24, 8, 1, 2).state_dict(), "epoch": 799, "args": args,
         "optimizer": some_optimizer(model, {"cls_token"}), "scaler": {"scale": 65536.0}},
        fixtures.path("mae_train.pth"))
    fixtures.case(
        "mae_train", "mae_train.pth", 16, None,
        dict(expect, ignored=["decoder_embed.weight", "mask_token", "decoder_blocks.0.norm1.weight"]), user,
        reference="mae_encoder")

    tuned = sharpen(vit(**SMALL, global_pool="avg", num_classes=5), 41)
    args = argparse.Namespace(
        model="vit_base_patch16", input_size=16, global_pool=True, drop_path=0.1, nb_classes=5, blr=5e-4)
    torch.save(
        {"model": tuned.state_dict(), "epoch": 99, "args": args, "optimizer": some_optimizer(tuned, {"cls_token"}),
         "scaler": {"scale": 65536.0}}, fixtures.path("mae_finetune.pth"))
    fixtures.case(
        "mae_finetune", "mae_finetune.pth", 16, record(tuned, fixtures.image(16), logits=True),
        dict(VIT, recognised_as="mae", verdict="complete", checkpoint_key="model", final_norm=False, fc_norm=True,
             global_pool="avg", num_classes=5, img_size=[16, 16]), user)


# --- DINO, DINOv2 ---------------------------------------------------------------------------------------------------


def dino(fixtures):
    teacher, student = sharpen(vit(**SMALL), 50), sharpen(vit(**SMALL), 51)
    head = DINOHead(24, 16, 8, 12).state_dict()
    args = argparse.Namespace(arch="vit_small", patch_size=4, out_dim=12, norm_last_layer=False, use_bn_in_head=False)
    torch.save(
        {"student": prefixed("module.backbone.", student.state_dict()) | prefixed("module.head.", head),
         "teacher": prefixed("backbone.", teacher.state_dict()) | prefixed("head.", head),
         "optimizer": some_optimizer(student, {"cls_token"}), "epoch": 100, "args": args,
         "dino_loss": {"center": torch.zeros(1, 12)}, "fp16_scaler": {"scale": 65536.0}},
        fixtures.path("dino_full.pth"))
    expect = dict(
        VIT, recognised_as="dino", verdict="complete", checkpoint_key="teacher", prefix_removed="backbone.",
        img_size=[16, 16], ignored=["head.mlp.0.weight", "head.last_layer.weight_g"])
    user = dict(num_heads=3)
    fixtures.case("dino_full", "dino_full.pth", 16, record(teacher, fixtures.image(16)), expect, user)
    fixtures.case(
        "dino_student", "dino_full.pth", 16, record(student, fixtures.image(16), attentions=(0,)),
        dict(expect, checkpoint_key="student", prefix_removed="module.backbone.", ignored=["module.head.mlp.0.weight"]),
        dict(user, checkpoint_key="student"))
    larger = with_positions(vit(**dict(SMALL, grid=6)), resample(teacher.pos_embed, 4, (6, 6), offset=0.1))
    larger.load_state_dict({n: v for n, v in teacher.state_dict().items() if n != "pos_embed"}, strict=False)
    fixtures.case(
        "dino_larger", "dino_full.pth", 24, record_resized(larger.eval(), fixtures.image(24)),
        dict(expect, img_size=[24, 24], reshaped=["pos_embed"]), dict(user, img_size=[24, 24]))
    torch.save(collections.OrderedDict(teacher.state_dict()), fixtures.path("dino_vitsmall4_pretrain.pth"))
    fixtures.case(
        "dino_backbone", "dino_vitsmall4_pretrain.pth", 24, None,
        dict(VIT, recognised_as="dino", verdict="complete", img_size=[24, 24], reshaped=["pos_embed"]),
        dict(user, img_size=[24, 24]), reference="dino_larger")


def dinov2_files(fixtures):
    size = dict(grid=5, patch=7, dim=24, depth=2, heads=3, mlp_ratio=2)
    expect = dict(
        VIT, recognised_as="dinov2", verdict="complete", patch_size=7, layer_scale=True, img_size=[35, 35],
        ignored=["mask_token"])
    user = dict(num_heads=3)
    for name, registers, resampling in (
        ("dinov2", 0, dict(offset=0.1)), ("dinov2_reg", 4, dict(antialias=True)),
    ):
        model = sharpen(dinov2(**size, registers=registers), 60 + registers)
        torch.save(model.state_dict() | {"mask_token": torch.zeros(1, 24)}, fixtures.path(f"{name}.pth"))
        wanted = dict(expect, num_registers=registers)
        fixtures.case(name, f"{name}.pth", 35, record(model, fixtures.image(35)), wanted, user)
        for suffix, grid in (("smaller", 3), ("larger", 6)):
            other = dinov2(**dict(size, grid=grid), registers=registers)
            with_positions(other, resample(model.pos_embed, 5, (grid, grid), **resampling))
            other.load_state_dict({n: v for n, v in model.state_dict().items() if n != "pos_embed"}, strict=False)
            fixtures.case(
                f"{name}_{suffix}", f"{name}.pth", grid * 7,
                record_resized(other.eval(), fixtures.image(grid * 7)),
                dict(wanted, img_size=[grid * 7] * 2, reshaped=["pos_embed"]), dict(user, img_size=[grid * 7] * 2))

    model = sharpen(dinov2(**dict(size, grid=4), swiglu=True), 66)
    state = {}
    for name, value in (model.state_dict() | {"mask_token": torch.zeros(1, 24)}).items():
        name = name.replace("mlp.fc1", "mlp.w12").replace("mlp.fc2", "mlp.w3")
        parts = name.split(".")
        if parts[0] == "blocks":  # block_chunks=2 nests the second block one level deeper, in chunk 1
            parts.insert(1, parts[1])
        state[".".join(parts)] = value
    torch.save(
        {"model": prefixed("teacher.backbone.", state), "iteration": 12499}, fixtures.path("dinov2_giant_chunked.pth"))
    fixtures.case(
        "dinov2_giant_chunked", "dinov2_giant_chunked.pth", 28, record(model, fixtures.image(28)),
        dict(expect, checkpoint_key="model", prefix_removed="teacher.backbone.", mlp="swiglu", mlp_hidden=32,
             img_size=[28, 28], ignored=["teacher.backbone.mask_token"]), user)


# --- BEiT -----------------------------------------------------------------------------------------------------------


def beit_files(fixtures):
    model = sharpen(beit(**SMALL, use_shared_rel_pos_bias=True, global_pool="token"), 70)
    state = model.state_dict() | index_buffers(model) | {
        "mask_token": torch.randn(1, 1, 24), "lm_head.weight": torch.randn(6, 24), "lm_head.bias": torch.randn(6)}
    torch.save({"model": state}, fixtures.path("beit_pt22k.pth"))
    expect = dict(
        VIT, recognised_as="beit", verdict="complete", pos_embed="none", layer_scale=True, img_size=[16, 16])
    fixtures.case(
        "beit_pt22k", "beit_pt22k.pth", 16, record(model, fixtures.image(16)),
        dict(expect, checkpoint_key="model", rel_pos="shared", ignored=["lm_head.weight", "mask_token"]))

    options = dict(use_rel_pos_bias=True, global_pool="avg", num_classes=5)
    tuned = sharpen(beit(**SMALL, **options), 71)
    torch.save(
        {"module": tuned.state_dict() | index_buffers(tuned), "global_steps": 12510, "dp_world_size": 8},
        fixtures.path("beit_finetune_deepspeed.pt"))
    expect |= dict(
        checkpoint_key="module", rel_pos="per_block", final_norm=False, fc_norm=True, global_pool="avg", num_classes=5)
    fixtures.case(
        "beit_finetune", "beit_finetune_deepspeed.pt", 16, record(tuned, fixtures.image(16), logits=True), expect)
    larger, state = beit(**dict(SMALL, grid=5), **options), tuned.state_dict()
    tables = [name for name in state if name.endswith("bias_table")]
    state |= {name: resample_relative(state[name], 4, 5) for name in tables}
    larger.load_state_dict(state, strict=True)
    fixtures.case(
        "beit_larger", "beit_finetune_deepspeed.pt", 20, record_resized(larger.eval(), fixtures.image(20)),
        dict(expect, img_size=[20, 20], reshaped=tables), dict(img_size=[20, 20]))
