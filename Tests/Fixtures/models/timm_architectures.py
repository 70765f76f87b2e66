"""Writes timm_architectures.json: what every Vision Transformer of timm computes with, by its name.

    python timm_architectures.py

needs torch and timm. A line a name: whether it is plain (blocks of one attention and one MLP one after the other, norms
before or after them, positions from a table or rotary ones, patches by one convolution), and for plain ones the heads, the
eps, the activation, the width, whether a norm follows the last block (null where the pooled feature is normed instead),
whether norms are by the root mean square, whether they come after the branches, and the rotary positions: base, whether
columns come first, whether halves are paired, the offset, and the reference grid.
"""

import json
from pathlib import Path

import timm
import torch

FAMILIES = (
    "vision_transformer", "deit", "beit", "eva", "vision_transformer_relpos", "vision_transformer_sam",
    "vision_transformer_hybrid", "naflexvit", "cait", "xcit", "convit", "crossvit", "volo")
ACTIVATIONS = {"GELU": "gelu", "GELUTanh": "gelu_tanh", "QuickGELU": "quick_gelu", "SiLU": "silu"}


def build(name):
    """On no device: only the modules are looked at."""
    for options in (dict(depth=1), {}):
        try:
            with torch.device("meta"):
                return timm.create_model(name, **options)
        except (AssertionError, RuntimeError, TypeError):
            continue
    return None


def plain(model):
    block = model.blocks[0] if getattr(model, "blocks", None) else None
    return (
        type(block).__name__ in ("Block", "EvaBlock", "ResPostBlock", "EvaBlockPostNorm") and type(model).__name__ in (
            "VisionTransformer", "VisionTransformerDistilled", "Beit", "Eva", "NaFlexVit")
        and type(block.attn).__name__ in ("Attention", "EvaAttention", "AttentionRope")
        and type(block.mlp).__name__ in ("Mlp", "GluMlp", "SwiGLU")
        and type(block.norm1).__name__ in ("LayerNorm", "RmsNorm") and type(getattr(model, "patch_embed", None) or model.embeds).__name__ in ("PatchEmbed", "NaFlexEmbeds")
        and type(getattr(model, "rope", None)).__name__ in (
            "NoneType", "RotaryEmbeddingCat", "RotaryEmbeddingDinoV3", "RotaryEmbeddingMixed")
        and (getattr(block, "gamma_1", None) is None) == (getattr(block, "gamma_2", None) is None)
        and getattr(block.attn, "gate", None) is None
        and getattr(block.attn, "num_kv_heads", block.attn.num_heads) == block.attn.num_heads)


def rotary(model):
    rope = getattr(model, "rope", None)
    if rope is None:
        return None
    return [
        rope.temperature, rope.grid_indexing == "xy", getattr(rope, "rotate_half", False), getattr(rope, "grid_offset", 0.0),
        list(getattr(rope, "ref_feat_shape", None) or [])]


def line(name):
    model = build(name)
    if model is None or not plain(model):
        return {"name": name, "plain": False}
    block = model.blocks[0]
    has_norm = not isinstance(model.norm, torch.nn.Identity)
    pooled = not isinstance(getattr(model, "fc_norm", None) or torch.nn.Identity(), torch.nn.Identity)
    return {
        "name": name, "plain": True, "heads": block.attn.num_heads, "eps": block.norm1.eps,
        "activation": ACTIVATIONS[type(block.mlp.act).__name__], "width": model.embed_dim,
        "final_norm": None if pooled else has_norm, "rms": type(block.norm1).__name__ == "RmsNorm",
        "post_norm": "Post" in type(block).__name__, "rope": rotary(model)}


if __name__ == "__main__":
    modules = timm.models._registry._model_to_module
    lines = [json.dumps(line(name)) for name in timm.list_models() if modules.get(name, "") in FAMILIES]
    (Path(__file__).parent / "timm_architectures.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "names,", sum('"plain": true' in line for line in lines), "plain")
