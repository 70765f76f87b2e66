"""Folders as transformers' save_pretrained writes them, and the newer names of plain state dicts."""

import json

import torch
import transformers
from safetensors.torch import load_file

from reference_models import record, record_resized, sharpen

VIT = dict(patch_size=4, embed_dim=24, depth=2, num_heads=3, mlp_hidden=48, verdict="complete", img_size=[16, 16])
SIZE = dict(
    hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, image_size=16, patch_size=4)
DINOV2 = {name: value for name, value in SIZE.items() if name != "intermediate_size"} | dict(mlp_ratio=2)


def make(fixtures):
    vit(fixtures)
    vit_mae(fixtures)
    dinov2(fixtures)
    dinov2_with_registers(fixtures)
    beit(fixtures)
    deit(fixtures)


def build(model_class, config, seed, frozen=(), **options):
    config._attn_implementation = "eager"
    return sharpen(model_class(config, **options), seed, frozen)


def folder(fixtures, name, model):
    model.save_pretrained(fixtures.path(name))
    return name


def plain(fixtures, name, model):
    """A state dict under the names that the model has in memory."""
    torch.save(model.state_dict(), fixtures.path(name))
    return name


def vit(fixtures):
    config = transformers.ViTConfig(**SIZE, num_labels=5)
    model = build(transformers.ViTForImageClassification, config, 100)
    name = folder(fixtures, "hf_vit", model)
    expect = dict(VIT, recognised_as="hf_vit", prefix_removed="vit.", num_classes=5, eps=1e-12)
    seen = record(model, fixtures.image(16), logits=True)
    fixtures.case("hf_vit", name, 16, seen, expect)
    run = lambda images: model(images, interpolate_pos_encoding=True)
    fixtures.case(
        "hf_vit_rectangular", name, (24, 12), record_resized(model, fixtures.image(24, 12), run=run),
        dict(expect, img_size=[24, 12], reshaped=["pos_embed"]), dict(img_size=[24, 12]))
    fixtures.case(
        "hf_vit_new_names", plain(fixtures, "hf_vit_new_names.pt", model), 16, None, expect, dict(num_heads=3),
        reference="hf_vit")

    bare = build(transformers.ViTModel, transformers.ViTConfig(**SIZE, qkv_bias=False), 101).bfloat16().float()
    seen = record(bare, fixtures.image(16))
    name = folder(fixtures, "hf_vit_bare_bin_bf16", bare.bfloat16())
    weights = fixtures.path(name) / "model.safetensors"
    torch.save(load_file(weights), fixtures.path(name) / "pytorch_model.bin")
    weights.unlink()
    fixtures.case(
        "hf_vit_bare_bin_bf16", name, 16, seen,
        dict(VIT, recognised_as="hf_vit", qkv_bias=False, eps=1e-12, ignored=["pooler.dense.weight"]))

    masked = build(transformers.ViTForMaskedImageModeling, transformers.ViTConfig(**SIZE, encoder_stride=4), 102)
    fixtures.case(
        "hf_vit_masked", folder(fixtures, "hf_vit_masked", masked), 16,
        record(masked, fixtures.image(16)),
        dict(VIT, recognised_as="hf_vit", prefix_removed="vit.", eps=1e-12,
             ignored=["decoder.0.weight", "vit.embeddings.mask_token"]))

    dino = build(transformers.ViTModel, transformers.ViTConfig(**SIZE), 103, add_pooling_layer=False)
    name = folder(fixtures, "hf_dino_vits4", dino)
    fixtures.case(
        "hf_dino", name, 16, record(dino, fixtures.image(16)),
        dict(VIT, recognised_as="hf_dino", eps=1e-12))


def vit_mae(fixtures):
    decoder = dict(
        decoder_hidden_size=8, decoder_num_hidden_layers=1, decoder_num_attention_heads=2,
        decoder_intermediate_size=16)
    config = transformers.ViTMAEConfig(**SIZE, **decoder, mask_ratio=0.0)
    frozen = ("vit.embeddings.position_embeddings", "decoder.decoder_pos_embed")
    model = build(transformers.ViTMAEForPreTraining, config, 110, frozen)
    noise = lambda images: torch.arange(16.0).expand(len(images), -1)
    seen = record(model, fixtures.image(16), run=lambda images: model(images, noise=noise(images)))
    expect = dict(
        VIT, recognised_as="hf_vit_mae", prefix_removed="vit.", eps=1e-12,
        ignored=["decoder.decoder_embed.weight", "decoder.mask_token"])
    name = folder(fixtures, "hf_vit_mae", model)
    fixtures.case("hf_vit_mae", name, 16, seen, expect)
    fixtures.case(
        "hf_vit_mae_new_names", plain(fixtures, "hf_vit_mae_new_names.pt", model), 16, None, expect, dict(num_heads=3),
        reference="hf_vit_mae")


def dinov2(fixtures):
    config = transformers.Dinov2Config(**DINOV2, num_labels=5)
    model = build(transformers.Dinov2ForImageClassification, config, 120)
    name = folder(fixtures, "hf_dinov2", model)
    expect = dict(
        VIT, recognised_as="hf_dinov2", prefix_removed="dinov2.", layer_scale=True, num_classes=5,
        global_pool="token_avg", eps=1e-6, ignored=["dinov2.embeddings.mask_token"])
    fixtures.case("hf_dinov2", name, 16, record(model, fixtures.image(16), logits=True), expect)
    fixtures.case(
        "hf_dinov2_smaller", name, 12, record_resized(model, fixtures.image(12)),
        dict(expect, img_size=[12, 12], reshaped=["pos_embed"]), dict(img_size=[12, 12]))

    giant = build(transformers.Dinov2Model, transformers.Dinov2Config(**DINOV2, use_swiglu_ffn=True), 121)
    expect = dict(VIT, recognised_as="hf_dinov2", layer_scale=True, mlp="swiglu", mlp_hidden=32, eps=1e-6)
    fixtures.case(
        "hf_dinov2_giant", folder(fixtures, "hf_dinov2_giant", giant), 16,
        record(giant, fixtures.image(16)), expect)
    fixtures.case(
        "hf_dinov2_giant_new_names", plain(fixtures, "hf_dinov2_giant_new_names.pt", giant), 16, None, expect,
        dict(num_heads=3), reference="hf_dinov2_giant")


def dinov2_with_registers(fixtures):
    config = transformers.Dinov2WithRegistersConfig(**DINOV2, num_register_tokens=4, num_labels=5)
    model = build(transformers.Dinov2WithRegistersForImageClassification, config, 130)
    name = folder(fixtures, "hf_dinov2_with_registers", model)
    expect = dict(
        VIT, recognised_as="hf_dinov2_with_registers", prefix_removed="dinov2_with_registers.", layer_scale=True,
        num_registers=4, num_classes=5, global_pool="token_avg", eps=1e-6)
    fixtures.case("hf_dinov2_with_registers", name, 16, record(model, fixtures.image(16), logits=True), expect)
    fixtures.case(
        "hf_dinov2_with_registers_smaller", name, 12, record_resized(model, fixtures.image(12)),
        dict(expect, img_size=[12, 12], reshaped=["pos_embed"]), dict(img_size=[12, 12]))


def beit(fixtures):
    config = transformers.BeitConfig(**SIZE, use_relative_position_bias=True, num_labels=5)
    model = build(transformers.BeitForImageClassification, config, 140)
    name = folder(fixtures, "hf_beit", model)
    expect = dict(
        VIT, recognised_as="hf_beit", prefix_removed="beit.", layer_scale=True, pos_embed="none", rel_pos="per_block",
        final_norm=False, fc_norm=True, global_pool="avg", num_classes=5, eps=1e-12)
    fixtures.case("hf_beit", name, 16, record(model, fixtures.image(16), logits=True), expect)
    tables = [f"blocks.{index}.attn.relative_position_bias_table" for index in range(2)]
    fixtures.case(
        "hf_beit_larger", name, 20, record_resized(model, fixtures.image(20)),
        dict(expect, img_size=[20, 20], reshaped=tables), dict(img_size=[20, 20]))
    fixtures.case(
        "hf_beit_new_names", plain(fixtures, "hf_beit_new_names.pt", model), 16, None, expect, reference="hf_beit")

    config = transformers.BeitConfig(
        **SIZE, use_shared_relative_position_bias=True, use_mask_token=True, vocab_size=6, use_mean_pooling=True)
    masked = build(transformers.BeitForMaskedImageModeling, config, 141)
    fixtures.case(
        "hf_beit_masked", folder(fixtures, "hf_beit_masked", masked), 16,
        record(masked, fixtures.image(16)),
        dict(VIT, recognised_as="hf_beit", prefix_removed="beit.", layer_scale=True, pos_embed="none", rel_pos="shared",
             eps=1e-12, ignored=["lm_head.weight", "beit.embeddings.mask_token"]))


def deit(fixtures):
    config = transformers.DeiTConfig(**SIZE, num_labels=5)
    model = build(transformers.DeiTForImageClassificationWithTeacher, config, 150)
    fixtures.case(
        "hf_deit", folder(fixtures, "hf_deit", model), 16, record(model, fixtures.image(16)),
        dict(VIT, recognised_as="hf_deit", prefix_removed="deit.", dist_token=True, num_classes=5, eps=1e-12,
             ignored=["distillation_classifier.weight"]))
