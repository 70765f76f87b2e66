"""The canonical ViT in plain PyTorch, over a dictionary of parameters in timm's names.

Written from the papers' formulas; make.py checks it against timm. Shapes are (batch, tokens, embed_dim).
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class ViT:
    img_size: int = 24
    patch_size: int = 4
    embed_dim: int = 24
    depth: int = 3
    num_heads: int = 3
    mlp_hidden: int = 96
    pos_embed: str = "none"       # none, all
    rel_pos: str = "none"         # none, shared, per_block
    layer_scale: bool = False
    final_norm: bool = True
    fc_norm: bool = False
    global_pool: str = "token"    # token, avg
    num_classes: int = 0
    eps: float = 1e-6

    @property
    def grid(self):
        return self.img_size // self.patch_size


class Random:
    """Random weights that exercise every gradient: nothing starts at zero or one."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape, std=1.0, mean=0.0):
        return mean + std * torch.randn(*shape, generator=self.generator)

    def uniform(self, *shape):
        return torch.rand(*shape, generator=self.generator)

    def integers(self, count, *shape):
        return torch.randint(count, shape, generator=self.generator)

    def linear(self, name, inputs, outputs, bias=True):
        made = {f"{name}.weight": self.normal(outputs, inputs, std=inputs ** -0.5)}
        if bias:
            made[f"{name}.bias"] = self.normal(outputs, std=0.1)
        return made

    def norm(self, name, width):
        return {f"{name}.weight": self.normal(width, std=0.2, mean=1), f"{name}.bias": self.normal(width, std=0.1)}

    def running(self, name, width):
        return {f"{name}.running_mean": self.normal(width, std=0.3),
                f"{name}.running_var": 0.5 + self.uniform(width)}

    def blocks(self, name, width, depth, hidden, layer_scale=False, tables=None, num_heads=0, key_bias=True):
        made = {}
        for index in range(depth):
            block = f"{name}.{index}"
            made |= self.norm(f"{block}.norm1", width)
            made |= self.linear(f"{block}.attn.qkv", width, 3 * width)
            if not key_bias:
                made[f"{block}.attn.qkv.bias"][width:2 * width] = 0
            if tables:
                made[f"{block}.attn.relative_position_bias_table"] = self.normal(tables, num_heads, std=0.5)
            made |= self.linear(f"{block}.attn.proj", width, width)
            made |= self.norm(f"{block}.norm2", width)
            made |= self.linear(f"{block}.mlp.fc1", width, hidden)
            made |= self.linear(f"{block}.mlp.fc2", hidden, width)
            if layer_scale:
                for scale in ("ls1", "ls2"):
                    made[f"{block}.{scale}.gamma"] = self.normal(width, std=0.03, mean=0.1)
        return made

    def vit(self, vit):
        """Where there is a relative position bias the key's bias is zero, as in BEiT and SimMIM."""
        width, tables = vit.embed_dim, (2 * vit.grid - 1) ** 2 + 3
        made = self.linear("patch_embed.proj", 3 * vit.patch_size ** 2, width)
        made["cls_token"] = self.normal(1, 1, width, std=0.5)
        if vit.pos_embed == "all":
            made["pos_embed"] = self.normal(1, 1 + vit.grid ** 2, width, std=0.3)
        if vit.rel_pos == "shared":
            made["rel_pos_bias.relative_position_bias_table"] = self.normal(tables, vit.num_heads, std=0.5)
        made |= self.blocks(
            "blocks", width, vit.depth, vit.mlp_hidden, vit.layer_scale,
            tables if vit.rel_pos == "per_block" else None, vit.num_heads, key_bias=vit.rel_pos == "none")
        if vit.final_norm:
            made |= self.norm("norm", width)
        if vit.fc_norm:
            made |= self.norm("fc_norm", width)
        if vit.num_classes:
            made |= self.linear("head", width, vit.num_classes)
        return made


def linear(x, p, name):
    return F.linear(x, p[f"{name}.weight"], p.get(f"{name}.bias"))


def layer_norm(x, p, name, eps):
    weight = p[f"{name}.weight"]
    return F.layer_norm(x, weight.shape, weight, p[f"{name}.bias"], eps)


def relative_index(grid):
    """(tokens, tokens): the row of the table for each query and key; the class token's three come last."""
    entries = (2 * grid - 1) ** 2 + 3
    tokens = 1 + grid * grid
    index = torch.empty(tokens, tokens, dtype=torch.long)
    for query in range(tokens):
        for key in range(tokens):
            if query == 0 and key == 0:
                index[query, key] = entries - 1
            elif query == 0:
                index[query, key] = entries - 3
            elif key == 0:
                index[query, key] = entries - 2
            else:
                (row, col), (key_row, key_col) = divmod(query - 1, grid), divmod(key - 1, grid)
                index[query, key] = (row - key_row + grid - 1) * (2 * grid - 1) + col - key_col + grid - 1
    return index


def relative_bias(table, grid):
    """(heads, tokens, tokens)."""
    return table[relative_index(grid)].permute(2, 0, 1)


def attend(qkv, num_heads, bias=None):
    """(batch, tokens, 3·embed_dim) → (batch, tokens, embed_dim)."""
    batch, tokens, width = qkv.shape
    q, k, v = qkv.reshape(batch, tokens, 3, num_heads, width // 3 // num_heads).permute(2, 0, 3, 1, 4)
    scores = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    if bias is not None:
        scores = scores + bias
    return (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, -1)


def block(x, p, name, num_heads, eps, bias=None):
    branch = linear(layer_norm(x, p, f"{name}.norm1", eps), p, f"{name}.attn.qkv")
    branch = linear(attend(branch, num_heads, bias), p, f"{name}.attn.proj")
    x = x + branch * p.get(f"{name}.ls1.gamma", 1)
    branch = linear(layer_norm(x, p, f"{name}.norm2", eps), p, f"{name}.mlp.fc1")
    branch = linear(F.gelu(branch), p, f"{name}.mlp.fc2")
    return x + branch * p.get(f"{name}.ls2.gamma", 1)


def patches(images, size):
    """(batch, 3, H, W) → (batch, patches, 3·size²), pixels in the order (channel, row, column)."""
    batch, channels, height, width = images.shape
    cut = images.reshape(batch, channels, height // size, size, width // size, size)
    return cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, channels * size * size)


def embed_patches(p, vit, images):
    return linear(patches(images, vit.patch_size), p, "patch_embed.proj")


def run_blocks(p, vit, x):
    """All blocks and the final norm."""
    shared = p.get("rel_pos_bias.relative_position_bias_table")
    for index in range(vit.depth):
        table = p.get(f"blocks.{index}.attn.relative_position_bias_table", shared)
        bias = None if table is None else relative_bias(table, vit.grid)
        x = block(x, p, f"blocks.{index}", vit.num_heads, vit.eps, bias)
    return layer_norm(x, p, "norm", vit.eps) if vit.final_norm else x


def encode(p, vit, images, mask=None):
    """(batch, 1 + patches, embed_dim); `mask` (batch, patches) puts the mask token in its ones' places."""
    x = embed_patches(p, vit, images)
    if mask is not None:
        mask = mask.unsqueeze(-1).to(x.dtype)
        x = x * (1 - mask) + p["mask_token"] * mask
    x = torch.cat([p["cls_token"].expand(len(x), -1, -1), x], 1)
    if vit.pos_embed == "all":
        x = x + p["pos_embed"]
    return run_blocks(p, vit, x)


def classify(p, vit, images):
    """(batch, classes)."""
    x = encode(p, vit, images)
    x = x[:, 1:].mean(1) if vit.global_pool == "avg" else x[:, 0]
    return linear(layer_norm(x, p, "fc_norm", vit.eps) if vit.fc_norm else x, p, "head")


def sin_cos(width, grid, order):
    """The fixed table (1, 1 + grid², width); `order` says which half comes first: rows (MoCo v3) or columns (MAE)."""
    quarter = width // 4
    table = torch.zeros(1, 1 + grid * grid, width, dtype=torch.float64)
    for place in range(grid * grid):
        row, col = divmod(place, grid)
        for k in range(quarter):
            omega = 10000 ** (-k / quarter)
            first, second = (row, col) if order == "rows" else (col, row)
            values = (math.sin(first * omega), math.cos(first * omega), math.sin(second * omega),
                      math.cos(second * omega))
            for group, value in enumerate(values):
                table[0, 1 + place, group * quarter + k] = value
    return table.float()
