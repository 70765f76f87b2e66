"""Compact PyTorch models of the projects whose code is not on PyPI, under those projects' tensor names.

timm's classes serve wherever the network is the same; what differs is written out here: position tables,
where registers enter, how a position table is resampled, and the heads that a checkpoint carries along.
"""

import math
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from scipy.interpolate import RectBivariateSpline
from timm.layers import SwiGLUPacked
from timm.models.beit import Beit
from timm.models.vision_transformer import VisionTransformer
from torch import nn

norm_1e6 = partial(nn.LayerNorm, eps=1e-6)


# --- position tables ------------------------------------------------------------------------------------------------


def sincos(grid, dim, rows_first, dtype):
    """(1, 1 + grid², dim), zeros for the class token. MoCo v3: rows first, float32. MAE: columns first, float64."""
    omega = 1.0 / 10000 ** (torch.arange(dim // 4, dtype=dtype) / (dim / 4.0))
    place = torch.arange(grid, dtype=dtype)
    row = place.repeat_interleave(grid)[:, None] * omega
    column = place.repeat(grid)[:, None] * omega
    first, second = (row, column) if rows_first else (column, row)
    table = torch.cat([first.sin(), first.cos(), second.sin(), second.cos()], dim=1)
    return torch.cat([torch.zeros(1, dim, dtype=dtype), table])[None].float()


def resample(table, old, new, antialias=False, offset=None):
    """`table` (1, 1 + old², dim) for the grid `new`; `offset` is DINO's 0.1 on top of the wanted extent."""
    head, grid = table[:, :-old * old], table[:, -old * old:]
    grid = grid.reshape(1, old, old, -1).permute(0, 3, 1, 2)
    if offset is None:
        grid = F.interpolate(grid, size=new, mode="bicubic", align_corners=False, antialias=antialias)
    else:
        factors = [(extent + offset) / old for extent in new]
        grid = F.interpolate(grid, scale_factor=factors, mode="bicubic")
        assert tuple(grid.shape[-2:]) == tuple(new)
    return torch.cat([head, grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)


def resample_relative(table, old, new):
    """A (rows, heads) relative table for a square grid of side `old` to `new`: geometric axis, cubic spline (BEiT)."""
    src, dst = 2 * old - 1, 2 * new - 1
    left, right = 1.01, 1.5
    while right - left > 1e-6:
        q = (left + right) / 2
        left, right = (left, q) if sum(q**i for i in range(src // 2)) > dst // 2 else (q, right)
    axis, step = [0.0], 0.0
    for i in range(src // 2):
        step += q**i
        axis = [-step] + axis + [step]
    target = np.arange(-(dst // 2), dst // 2 + 1, dtype=float)
    columns = []
    for head in range(table.shape[1]):
        values = table[:-3, head].reshape(src, src).double().numpy()
        resized = RectBivariateSpline(axis, axis, values, s=0)(target, target)
        columns.append(torch.from_numpy(resized).float().reshape(-1))
    return torch.cat([torch.stack(columns, dim=1), table[-3:]])


# --- the projects' networks -----------------------------------------------------------------------------------------


def vit(grid, patch, dim, depth, heads, **options):
    """timm's VisionTransformer with the original projects' norm; `grid` is a side or (rows, columns)."""
    rows, columns = grid if isinstance(grid, tuple) else (grid, grid)
    defaults = dict(num_classes=0, norm_layer=norm_1e6)
    return VisionTransformer(
        img_size=(rows * patch, columns * patch), patch_size=patch, embed_dim=dim, depth=depth, num_heads=heads,
        **{**defaults, **options})


def beit(grid, patch, dim, depth, heads, **options):
    """timm's Beit, which is SimMIM's and BEiT's encoder too."""
    defaults = dict(num_classes=0, use_abs_pos_emb=False, init_values=0.1)
    return Beit(
        img_size=grid * patch, patch_size=patch, embed_dim=dim, depth=depth, num_heads=heads, **{**defaults, **options})


class ConvStem(nn.Module):
    """MoCo v3's patch embedding of four stride-2 convolutions and a 1×1 one."""

    def __init__(self, img_size, patch_size, in_chans, embed_dim, **_):
        super().__init__()
        side = img_size[0] if isinstance(img_size, tuple) else img_size
        assert patch_size == 16 and embed_dim % 8 == 0
        self.grid_size = (side // 16, side // 16)
        self.num_patches = self.grid_size[0] ** 2
        stem, channels = [], [in_chans] + [embed_dim // 8, embed_dim // 4, embed_dim // 2, embed_dim]
        for inputs, outputs in zip(channels, channels[1:]):
            stem += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.proj = nn.Sequential(*stem, nn.Conv2d(embed_dim, embed_dim, 1))

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class DINOv2(VisionTransformer):
    """Registers enter after the position table was added, and have no position of their own."""

    def add_registers(self, count):
        self.register_tokens = nn.Parameter(torch.zeros(1, count, self.embed_dim))
        self.num_prefix_tokens = 1 + count
        return self

    def _pos_embed(self, x):
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], dim=1) + self.pos_embed
        if hasattr(self, "register_tokens"):
            x = torch.cat([x[:, :1], self.register_tokens.expand(len(x), -1, -1), x[:, 1:]], dim=1)
        return x


def dinov2(grid, patch, dim, depth, heads, mlp_ratio=4, swiglu=False, registers=0):
    options = dict(init_values=1.0, mlp_ratio=mlp_ratio)
    if swiglu:
        hidden = (int(dim * mlp_ratio * 2 / 3) + 7) // 8 * 8
        options |= dict(mlp_layer=SwiGLUPacked, act_layer=nn.SiLU, mlp_ratio=2 * hidden / dim)
    model = DINOv2(
        img_size=grid * patch, patch_size=patch, embed_dim=dim, depth=depth, num_heads=heads, num_classes=0,
        norm_layer=norm_1e6, **options)
    return model.add_registers(registers) if registers else model


# --- what checkpoints carry along -----------------------------------------------------------------------------------


def mlp_head(layers, hidden, inputs, outputs):
    """MoCo v3's projector (3 layers) and predictor (2): no Linear biases, the last norm without scale and shift."""
    parts = []
    for layer in range(layers):
        width_in = inputs if layer == 0 else hidden
        width_out = outputs if layer == layers - 1 else hidden
        last = layer == layers - 1
        parts += [nn.Linear(width_in, width_out, bias=False), nn.BatchNorm1d(width_out, affine=not last)]
        parts += [] if last else [nn.ReLU()]
    return nn.Sequential(*parts)


class DINOHead(nn.Module):
    """Projection to prototypes, with the old weight norm's names."""

    def __init__(self, dim, hidden, bottleneck, prototypes):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, bottleneck))
        self.last_layer = nn.Module()
        self.last_layer.weight_g = nn.Parameter(torch.ones(prototypes, 1))
        self.last_layer.weight_v = nn.Parameter(torch.randn(prototypes, bottleneck))


class MAEDecoder(nn.Module):
    """The names of MAE's decoder; the reference never runs it."""

    def __init__(self, grid, patch, dim, width, depth, heads):
        super().__init__()
        decoder = vit(grid, patch, width, depth, heads)
        self.decoder_embed = nn.Linear(dim, width)
        self.mask_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.decoder_pos_embed = nn.Parameter(sincos(grid, width, False, torch.float64), requires_grad=False)
        self.decoder_blocks = decoder.blocks
        self.decoder_norm = norm_1e6(width)
        self.decoder_pred = nn.Linear(width, patch * patch * 3)


# --- weights and what a forward pass shows --------------------------------------------------------------------------


@torch.no_grad()
def sharpen(model, seed, frozen=()):
    """Weights that make attention far from uniform, the same for the same seed."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in list(model.named_parameters()) + list(model.named_buffers()):
        if not value.is_floating_point() or name in frozen or value.numel() == 0:
            continue
        noise = torch.randn(value.shape, generator=generator)
        leaf = name.rsplit(".", 1)[-1]
        if leaf == "running_var":
            value.copy_(0.5 + noise.abs())
        elif leaf in ("k_bias",):
            continue
        elif "gamma" in leaf or "lambda" in leaf:
            value.copy_(0.6 + 0.2 * noise)
        elif value.ndim == 1 and leaf == "weight":
            value.copy_(1 + 0.2 * noise)
        elif value.ndim == 1:
            value.copy_(0.2 * noise)
        elif "bias_table" in leaf:
            value.copy_(noise)
        elif "token" in leaf or "pos" in leaf:
            value.copy_(0.5 * noise)
        else:
            value.copy_(noise * (0.3 if value.ndim == 2 else 0.6 / math.sqrt(value[0].numel()) * 2))
    return model.eval()


@torch.no_grad()
def record(model, images, attentions=(-1,), residuals=(0,), head_outputs=(-1,), run=None, logits=False):
    """What the network shows on `images`, by the names that the Swift test reads."""
    hugging_face = hasattr(model, "config") and hasattr(model, "base_model")
    if hugging_face:
        base = model.base_model
        blocks = base.layers if hasattr(base, "layers") else base.encoder.layer
        residual_norm = "norm2" if hasattr(blocks[0], "norm2") else "layernorm_after"
        attention = [block.attention for block in blocks]
        projections = [module.o_proj for module in attention]
        heads = model.config.num_attention_heads
    else:
        blocks, residual_norm = model.blocks, "norm2"
        attention = [block.attn for block in blocks]
        projections = [module.proj for module in attention]
        heads = attention[0].num_heads
    depth, seen, hooks = len(blocks), {}, []

    def keep(name, pick):
        def hook(_, inputs, output=None):
            seen[name] = pick(inputs, output).detach().float().contiguous()
        return hook

    hooks.append(blocks[0].register_forward_pre_hook(keep("hidden.0", lambda i, o: i[0])))
    for index, block in enumerate(blocks):
        hooks.append(block.register_forward_hook(
            keep(f"hidden.{index + 1}", lambda i, o: o[0] if isinstance(o, tuple) else o)))
        if index in {r % depth for r in residuals}:
            hooks.append(getattr(block, residual_norm).register_forward_pre_hook(
                keep(f"residual.{index}", lambda i, o: i[0])))
        if index in {r % depth for r in head_outputs}:
            split = lambda i, o: i[0].unflatten(-1, (heads, -1)).transpose(1, 2)
            hooks.append(projections[index].register_forward_pre_hook(keep(f"head_output.{index}", split)))
        if hugging_face:
            hooks.append(attention[index].register_forward_hook(keep(f"attention.{index}", lambda i, o: o[1])))
        else:
            attention[index].fused_attn = False
            hooks.append(attention[index].attn_drop.register_forward_hook(keep(f"attention.{index}", lambda i, o: o)))
    output = (run or model)(images)
    for hook in hooks:
        hook.remove()
    for index in range(depth):
        rows = seen[f"attention.{index}"]
        assert rows.max(-1).values.mean() > 3 / rows.shape[-1], "attention is too uniform to prove anything"
        assert rows.shape[1] == heads
        if index not in {a % depth for a in attentions}:
            del seen[f"attention.{index}"]
    if logits:
        seen["logits"] = getattr(output, "logits", output).detach().float()
    return seen


def record_resized(model, images, **options):
    """As `record`, of one image and fewer places: a resampled table shows in every one of them."""
    seen = record(model, images, attentions=(1,), residuals=(), head_outputs=(), **options)
    return {name: value[:1].contiguous() for name, value in seen.items()}
