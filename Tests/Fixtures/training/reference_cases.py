"""The cases: sizes, weights, batches and recipes, and how each is run.

Everything random is made in single precision, so that the files hold exactly what the reference saw. Images are
rounded to half precision, which keeps the files small. Seeds of cases with kinks are ones that stay clear of them.
"""

import math
from dataclasses import dataclass, field

import torch

import reference_objectives as objectives
from reference_vit import Random, ViT, sin_cos

STEPS, IMAGES, STEPS_PER_EPOCH, FIRST_EPOCH = 10, 8, 5, 1.0


@dataclass
class Case:
    name: str
    loss: object
    values: dict                  # what `loss` reads: "vit" and the objective's own settings
    weights: dict
    batches: list
    # beta1, beta2, lr, clip_grad or None. SimMIM clips at 5.0, which no gradient of these small networks reaches: the
    # limits here are ones that some steps reach and others do not.
    optimizer: dict
    decay: object                 # (name, tensor) → weight decay
    lr_scale: object = lambda name: 1.0
    frozen: tuple = ()
    momentum: dict = field(default_factory=dict)
    buffers: dict = field(default_factory=dict)
    momentum_buffers: dict = field(default_factory=dict)

    @property
    def trained(self):
        return [name for name in self.weights if name not in self.frozen]

    @property
    def learning_rates(self):
        """Four steps of warm-up, then half a cosine; not zero at the end."""
        peak = self.optimizer["lr"]
        return [
            peak * min((step + 1) / 4, 0.5 + 0.5 * math.cos(math.pi * max(step - 3, 0) / 8)) for step in range(STEPS)]

    @property
    def groups(self):
        """(lr_scale, weight_decay) → names."""
        groups = {}
        for name in self.trained:
            groups.setdefault((self.lr_scale(name), self.decay(name, self.weights[name])), []).append(name)
        return groups


def run(case, dtype):
    """Ten steps of AdamW: all losses, the norms of all gradients, and what the first step made."""
    def copies(tensors):
        return {name: tensor.to(dtype, copy=True) for name, tensor in tensors.items()}

    state = {"weights": copies(case.weights), "momentum": copies(case.momentum), "buffers": copies(case.buffers),
             "momentum_buffers": copies(case.momentum_buffers), "kinks": []}
    weights = {name: state["weights"][name].requires_grad_() for name in case.trained}
    batches = [
        {key: [view.to(dtype) for view in value] if key == "views" else value if key == "labels" else value.to(dtype)
         for key, value in batch.items()} for batch in case.batches]
    groups = [
        {"params": [weights[name] for name in names], "scale": scale, "weight_decay": decay}
        for (scale, decay), names in case.groups.items()]
    settings = case.optimizer
    optimizer = torch.optim.AdamW(groups, betas=(settings["beta1"], settings["beta2"]), eps=1e-8, foreach=False)
    seen = {"losses": [], "norms": []}
    for step in range(STEPS):
        epoch = FIRST_EPOCH + step / STEPS_PER_EPOCH
        loss, parts = case.loss(state, batches[step % 2], case.values, epoch)
        gradients = torch.autograd.grad(loss, list(weights.values()))
        for (name, weight), gradient in zip(weights.items(), gradients):
            if case.values["vit"].rel_pos != "none" and name.endswith("attn.qkv.bias"):
                # SimMIM and BEiT have no bias of the key: their q_bias and v_bias are parameters, the rest is zero.
                width = len(gradient) // 3
                gradient[width:2 * width] = 0
            weight.grad = gradient
        if step == 0:
            seen |= {"loss": loss.detach(), "parts": {name: part.detach() for name, part in parts.items()},
                     "gradients": {name: gradient.clone() for name, gradient in zip(weights, gradients)}}
            for kind in ("momentum", "buffers", "momentum_buffers"):
                seen[kind] = {name: tensor.clone() for name, tensor in state[kind].items()}
        seen["losses"].append(loss.item())
        limit = settings["clip_grad"]
        norm = torch.nn.utils.clip_grad_norm_(list(weights.values()), limit or math.inf)
        seen["norms"].append(norm.item())
        for group in optimizer.param_groups:
            group["lr"] = case.learning_rates[step] * group["scale"]
        optimizer.step()
    seen |= {"momentum_final": state["momentum"], "kink": min(state["kinks"], default=math.inf)}
    return seen


# Recipes (science of the methods: decay rules, layer-wise decay)

def decay_all(amount):
    return lambda name, tensor: amount


def decay_matrices(amount, spared=()):
    """None for one-dimensional tensors, biases and the names in `spared`."""
    return lambda name, tensor: 0.0 if tensor.ndim == 1 or name.endswith(".bias") or name in spared else amount


SIMMIM_SPARED = ("pos_embed", "cls_token")


def layer_decay(rate, depth):
    """rate^(depth + 1 − id): 0 for what makes the tokens, i + 1 for block i, depth + 1 for the rest."""
    def scale(name):
        if name.startswith("blocks."):
            layer = int(name.split(".")[1]) + 1
        else:
            made_tokens = name.startswith(("cls_token", "mask_token", "pos_embed", "patch_embed"))
            layer = 0 if made_tokens else depth + 1
        return rate ** (depth + 1 - layer)
    return scale


# Data

def pictures(random, side):
    """Images that differ in more than noise: a colour and a wave each."""
    place = torch.arange(side) / side * 2 * math.pi
    wave = torch.sin(place[:, None] * random.integers(3, IMAGES, 1, 1, 1) + place[None, :] + random.normal(
        IMAGES, 1, 1, 1, std=2))
    return random.normal(IMAGES, 3, 1, 1, std=0.7) + 0.6 * wave + random.normal(IMAGES, 3, side, side, std=0.5)


def views(random, side, count):
    base = pictures(random, side)
    return [(base + random.normal(*base.shape, std=0.4)).half() for _ in range(count)]


def cell_mask(random, vit, cell, ratio):
    """SimMIM's mask: a share of the cells of cell × cell patches, by a random order."""
    side = vit.grid // cell
    masks = []
    for _ in range(IMAGES):
        order = random.uniform(side * side).argsort()
        chosen = torch.zeros(side * side)
        chosen[order[:math.ceil(side * side * ratio)]] = 1
        masks.append(chosen.reshape(side, side).repeat_interleave(cell, 0).repeat_interleave(cell, 1).flatten())
    return torch.stack(masks)


# Networks

def moco_parts(random, width):
    """Projector 24-32-32-16 and predictor 16-32-16: Linear without bias, batch norm, ReLU."""
    projector = (
        random.linear("projector.0", width, 32, bias=False) | random.norm("projector.1", 32)
        | random.linear("projector.3", 32, 32, bias=False) | random.norm("projector.4", 32)
        | random.linear("projector.6", 32, 16, bias=False))
    predictor = (
        random.linear("predictor.0", 16, 32, bias=False) | random.norm("predictor.1", 32)
        | random.linear("predictor.3", 32, 16, bias=False))
    statistics = [
        random.running("projector.1", 32) | random.running("projector.4", 32) | random.running("projector.7", 16)
        for _ in range(2)]
    own = random.running("predictor.1", 32) | random.running("predictor.4", 16)
    return projector, predictor, statistics[0] | own, statistics[1]


def moved(random, weights, fixed):
    """The momentum encoder some time after the start: like the base encoder, but not the same."""
    return {name: tensor.clone() if name in fixed else tensor + random.normal(*tensor.shape, std=0.05)
            for name, tensor in weights.items()}


MOCO = dict(temperature=0.2, momentum=0.99, momentum_cosine=True, epochs=4, dim=16, mlp_dim=32)


def moco_v3(seed=100):
    random, vit = Random(seed), ViT(img_size=16, pos_embed="all")
    weights = random.vit(vit)
    weights["pos_embed"] = sin_cos(vit.embed_dim, vit.grid, "rows")
    projector, predictor, buffers, momentum_buffers = moco_parts(random, vit.embed_dim)
    frozen = ("pos_embed", "patch_embed.proj.weight", "patch_embed.proj.bias")
    return Case(
        "moco_v3", objectives.moco_v3, dict(vit=vit, moco=MOCO | dict(stop_grad_conv1=True)),
        weights | projector | predictor, [dict(views=views(random, vit.img_size, 2)) for _ in range(2)],
        dict(beta1=0.9, beta2=0.999, lr=1e-3, clip_grad=None), decay_all(0.1), frozen=frozen,
        momentum=moved(random, weights | projector, frozen), buffers=buffers, momentum_buffers=momentum_buffers)


MASK = dict(mask_patch_size=8, mask_ratio=0.6)


def simmim_parts(random, vit):
    pixels = 3 * vit.patch_size ** 2
    return {"mask_token": random.normal(1, 1, vit.embed_dim, std=0.5)} | random.linear(
        "decoder.0", vit.embed_dim, pixels)


def simmim(seed=203):
    random, vit = Random(seed), ViT(rel_pos="shared", layer_scale=True)
    return Case(
        "simmim", objectives.simmim, dict(vit=vit, simmim=MASK), random.vit(vit) | simmim_parts(random, vit),
        [dict(views=views(random, vit.img_size, 1), mask=cell_mask(random, vit, 2, 0.6)) for _ in range(2)],
        dict(beta1=0.9, beta2=0.999, lr=1e-2, clip_grad=0.5), decay_matrices(0.05, SIMMIM_SPARED))


def mae():
    random, vit = Random(3), ViT(pos_embed="all")
    settings = dict(
        mask_ratio=0.75, norm_pix_loss=True, decoder_embed_dim=16, decoder_depth=2, decoder_num_heads=2)
    width = settings["decoder_embed_dim"]
    weights = random.vit(vit)
    weights["pos_embed"] = sin_cos(vit.embed_dim, vit.grid, "columns")
    weights |= random.linear("decoder_embed", vit.embed_dim, width)
    weights |= {"mask_token": random.normal(1, 1, width, std=0.5),
                "decoder_pos_embed": sin_cos(width, vit.grid, "columns")}
    weights |= random.blocks("decoder_blocks", width, settings["decoder_depth"], 4 * width)
    weights |= random.norm("decoder_norm", width)
    weights |= random.linear("decoder_pred", width, 3 * vit.patch_size ** 2)
    return Case(
        "mae", objectives.mae, dict(vit=vit, mae=settings), weights,
        [dict(views=views(random, vit.img_size, 1), noise=random.uniform(IMAGES, vit.grid ** 2)) for _ in range(2)],
        dict(beta1=0.9, beta2=0.95, lr=2e-3, clip_grad=None), decay_matrices(0.05),
        frozen=("pos_embed", "decoder_pos_embed"))


def hybrid(seed=401):
    random, vit = Random(seed), ViT(rel_pos="shared", layer_scale=True)
    weights = random.vit(vit)
    shared = list(weights)
    masked = simmim_parts(random, vit)
    projector, predictor, buffers, momentum_buffers = moco_parts(random, vit.embed_dim)
    return Case(
        "hybrid", objectives.hybrid,
        {"vit": vit, "moco": MOCO | dict(stop_grad_conv1=False), "simmim": MASK, "lambda": 0.3, "shared": shared},
        weights | projector | predictor | masked,
        [dict(views=views(random, vit.img_size, 3), mask=cell_mask(random, vit, 2, 0.6)) for _ in range(2)],
        dict(beta1=0.9, beta2=0.999, lr=1e-3, clip_grad=3.5), decay_matrices(0.05, SIMMIM_SPARED),
        momentum=moved(random, weights | projector, ()), buffers=buffers, momentum_buffers=momentum_buffers)


def mixed(random, vit, share, smoothing):
    """A batch mixed with itself in reverse order, and the targets that go with it."""
    images = pictures(random, vit.img_size)
    labels = random.integers(vit.num_classes, IMAGES)
    off = smoothing / vit.num_classes
    hot = torch.full((IMAGES, vit.num_classes), off).scatter_(1, labels.unsqueeze(1), 1 - smoothing + off)
    return dict(views=[(share * images + (1 - share) * images.flip(0)).half()],
                soft_targets=share * hot + (1 - share) * hot.flip(0))


def finetune():
    random = Random(5)
    vit = ViT(rel_pos="per_block", layer_scale=True, final_norm=False, fc_norm=True, global_pool="avg", num_classes=5)
    return Case(
        "finetune", objectives.classification, dict(vit=vit, smoothing=0.1, layer_decay=0.65), random.vit(vit),
        [mixed(random, vit, share, 0.1) for share in (0.7, 0.4)],
        dict(beta1=0.9, beta2=0.999, lr=5e-3, clip_grad=2.5), decay_matrices(0.05, SIMMIM_SPARED),
        lr_scale=layer_decay(0.65, vit.depth))


def supervised():
    random, vit = Random(6), ViT(img_size=16, pos_embed="all", num_classes=5)
    return Case(
        "supervised", objectives.classification, dict(vit=vit, smoothing=0.1), random.vit(vit),
        [dict(views=[pictures(random, vit.img_size).half()], labels=random.integers(vit.num_classes, IMAGES))
         for _ in range(2)],
        dict(beta1=0.9, beta2=0.999, lr=1e-3, clip_grad=None), decay_matrices(0.05, SIMMIM_SPARED))


def all_cases():
    return [make() for make in (moco_v3, simmim, mae, hybrid, finetune, supervised)]
