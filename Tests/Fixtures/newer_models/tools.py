"""What the makers of cases share: sharpened weights, what a network computes, files, and the lines of cases.json."""

import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from timm.models.vision_transformer import ResPostBlock
from torch import nn

here = Path(__file__).parent
sys.path.insert(0, str(here.parent / "models"))
from reference_models import sharpen  # noqa: E402

SIDES = (24, 12)
PLAIN = dict(patch_size=4, embed_dim=16, depth=2, num_heads=2, mlp_hidden=32, verdict="complete", img_size=[24, 12])
HF = dict(hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32, patch_size=4)
cases, pictures = [], {}


def image(sides):
    name = f"{sides[0]}x{sides[1]}"
    if name not in pictures:
        generator = torch.Generator().manual_seed(sides[0] * 1000 + sides[1])
        pictures[name] = torch.randn(2, 3, *sides, generator=generator).half()
    return name, pictures[name].float()


def ready(model, seed):
    """Sharpened weights, exact in half precision; buffers stay as they are."""
    frozen = [name for name, _ in model.named_buffers()] + [name for name, value in model.named_parameters() if value.ndim == 0]
    model = sharpen(model, seed, frozen)
    with torch.no_grad():
        for value in model.parameters():
            value.copy_(value.half().float())
    return model


def halves(tensors):
    return {
        name: value.half().contiguous().clone() if value.is_floating_point() else value.contiguous().clone()
        for name, value in tensors.items()}


@torch.no_grad()
def record(model, images, blocks, attention, residual_norm, maps, heads=(), run=None, logits=None):
    """`maps` gives each attention module's maps: a hook's output index, or timm's dropout."""
    seen, hooks = {}, []

    def keep(name, pick):
        def hook(_, inputs, output=None):
            seen[name] = pick(inputs, output).detach().float().contiguous()
        return hook

    hooks.append(blocks[0].register_forward_pre_hook(
        lambda _, i, k: seen.update({"hidden.0": (i[0] if i else k["hidden_states"]).detach().float().contiguous()}),
        with_kwargs=True))
    for index, block in enumerate(blocks):
        hooks.append(block.register_forward_hook(
            keep(f"hidden.{index + 1}", lambda i, o: o[0] if isinstance(o, tuple) else o)))
        if residual_norm:
            hooks.append(getattr(block, residual_norm).register_forward_pre_hook(
                keep(f"residual.{index}", lambda i, o: i[0])))
        if maps == "timm":
            attention[index].fused_attn = False
            hooks.append(attention[index].attn_drop.register_forward_hook(keep(f"attention.{index}", lambda i, o: o)))
        else:
            hooks.append(attention[index].register_forward_hook(keep(f"attention.{index}", lambda i, o: o[1])))
    for index, module in enumerate(heads):
        hooks.append(module.register_forward_pre_hook(
            keep(f"head_output.{index}", lambda i, o: i[0].unflatten(-1, (2, -1)).transpose(1, 2))))
    output = (run or model)(images)
    for hook in hooks:
        hook.remove()
    for name in [name for name in seen if name.startswith("attention")]:
        assert seen[name].max(-1).values.mean() > 2 / seen[name].shape[-1], f"{name} is too uniform to prove anything"
    if logits is not None:
        seen["logits"] = logits(output).detach().float()
    return seen


def timm_record(model, images, **options):
    attention = [block.attn for block in model.blocks]
    heads = [module.norm if not isinstance(module.norm, nn.Identity) else module.proj for module in attention]
    post = isinstance(model.blocks[0], ResPostBlock)
    seen = record(model, images, model.blocks, attention, None if post else "norm2", "timm", heads, model.forward_features)
    return seen


def case(name, file, sides, seen, expect, user=None):
    kept = {key: value for key, value in seen.items() if key not in ("hidden.1", "residual.1", "head_output.0")}
    save_file({key: value[:1].contiguous() for key, value in kept.items()}, here / "references" / f"{name}.safetensors")
    cases.append(dict(
        name=name, folder="newer_models", file=file, images=image(sides)[0], reference=name, user=user or {},
        expect=expect))


def folder(name, model, config=None):
    """As save_pretrained writes it, in half precision."""
    path = here / "files" / name
    model.save_pretrained(path)
    save_file(halves(load_file(path / "model.safetensors")), path / "model.safetensors", {"format": "pt"})
    for extra in path.glob("generation_config.json"):
        extra.unlink()
    return name


def single(name, tensors):
    file = f"{name}.safetensors"
    save_file(halves(tensors), here / "files" / file)
    return file


def pickled(name, value):
    torch.save(value, here / "files" / name)
    return name


def rotary(base, coordinates="steps", axes="rows_first", pairs="neighbours", frequencies="computed", offset=0, reference=None):
    result = dict(
        base=base, coordinates=coordinates, axes=axes, pairs=pairs, frequencies=frequencies, offset=offset)
    if reference:
        result["reference"] = dict(rows=reference[0], cols=reference[1])
    return result
