"""Writes timm_architectures.json: what every Vision Transformer of timm computes with, by its name.

    python timm_architectures.py

needs torch and timm. A line a name: whether it is plain (blocks that norm before attention and MLP, LayerNorm, one
attention, positions from a table alone, patches by one convolution), and for plain ones the heads, the eps, the
activation, the width, and whether a norm follows the last block (null where the pooled feature is normed instead).
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
        type(block).__name__ in ("Block", "EvaBlock") and type(model).__name__ in (
            "VisionTransformer", "VisionTransformerDistilled", "Beit", "Eva")
        and type(block.attn).__name__ in ("Attention", "EvaAttention")
        and type(block.mlp).__name__ in ("Mlp", "GluMlp") and type(block.norm1).__name__ in ("LayerNorm",)
        and getattr(model, "rope", None) is None and type(model.patch_embed).__name__ == "PatchEmbed"
        and not any(part in name for name, _ in block.named_parameters() for part in ("attn.norm", "mlp.norm")))


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
        "final_norm": None if pooled else has_norm}


if __name__ == "__main__":
    modules = timm.models._registry._model_to_module
    lines = [json.dumps(line(name)) for name in timm.list_models() if modules.get(name, "") in FAMILIES]
    (Path(__file__).parent / "timm_architectures.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(len(lines), "names,", sum('"plain": true' in line for line in lines), "plain")
