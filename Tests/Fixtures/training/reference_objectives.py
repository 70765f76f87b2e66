"""The objectives in plain PyTorch: MoCo v3, SimMIM, MAE, the hybrid and classification.

An objective is `loss(state, batch, case, epoch)`, which returns the loss and its parts. `state` holds dictionaries of
tensors: `weights`, `buffers`, and for MoCo v3 `momentum` and `momentum_buffers`; running statistics and the momentum
encoder are changed in place.

|x| and ReLU have a kink at zero, where rounding decides which of two gradients counts. `state["kinks"]` collects how
near to one each pass came, so that make.py can refuse a case that hangs on rounding.
"""

import math

import torch
import torch.nn.functional as F

from reference_vit import block, classify, embed_patches, encode, layer_norm, linear, patches, run_blocks


# MoCo v3 (Chen, Xie and He 2021)

def batch_norm(x, p, buffers, name):
    """With the batch's own statistics; weight and bias where there are any."""
    return F.batch_norm(
        x, buffers[f"{name}.running_mean"], buffers[f"{name}.running_var"], p.get(f"{name}.weight"),
        p.get(f"{name}.bias"), training=True, momentum=0.1, eps=1e-5)


def relu(x, kinks):
    kinks.append(x.detach().abs().min().item())
    return F.relu(x)


def projector(x, p, buffers, kinks):
    x = relu(batch_norm(linear(x, p, "projector.0"), p, buffers, "projector.1"), kinks)
    x = relu(batch_norm(linear(x, p, "projector.3"), p, buffers, "projector.4"), kinks)
    return batch_norm(linear(x, p, "projector.6"), p, buffers, "projector.7")


def predictor(x, p, buffers, kinks):
    x = relu(batch_norm(linear(x, p, "predictor.0"), p, buffers, "predictor.1"), kinks)
    return batch_norm(linear(x, p, "predictor.3"), p, buffers, "predictor.4")


def contrastive_loss(q, k, temperature):
    """2T·CE of one direction; the positive of image i is key i."""
    scores = F.normalize(q, dim=1) @ F.normalize(k, dim=1).T / temperature
    return 2 * temperature * F.cross_entropy(scores, torch.arange(len(q)))


def momentum_at(epoch, moco):
    if not moco["momentum_cosine"]:
        return moco["momentum"]
    return 1 - (1 + math.cos(math.pi * epoch / moco["epochs"])) / 2 * (1 - moco["momentum"])


def moco_v3(state, batch, case, epoch):
    p, m, moco = state["weights"], state["momentum"], case["moco"]
    queries = []
    for view in batch["views"][:2]:
        x = projector(encode(p, case["vit"], view)[:, 0], p, state["buffers"], state["kinks"])
        queries.append(predictor(x, p, state["buffers"], state["kinks"]))
    with torch.no_grad():
        share = momentum_at(epoch, moco)
        for name in m:
            m[name].mul_(share).add_(p[name], alpha=1 - share)
        keys = [
            # The keys have no gradient, so their kinks do not matter.
            projector(encode(m, case["vit"], view)[:, 0], m, state["momentum_buffers"], [])
            for view in batch["views"][:2]]
    forth = contrastive_loss(queries[0], keys[1], moco["temperature"])
    back = contrastive_loss(queries[1], keys[0], moco["temperature"])
    return forth + back, {"loss_q1k2": forth, "loss_q2k1": back}


# SimMIM (Xie et al. 2022)

def masked_l1(images, reconstruction, mask, patch_size):
    """Σ|x − x̂|·M / (ΣM + 1e-5) / 3, M the mask (batch, patches) at the resolution of pixels."""
    side = images.shape[-1] // patch_size
    pixels = mask.reshape(-1, side, side).to(images.dtype)
    pixels = pixels.repeat_interleave(patch_size, 1).repeat_interleave(patch_size, 2).unsqueeze(1)
    return (F.l1_loss(images, reconstruction, reduction="none") * pixels).sum() / (pixels.sum() + 1e-5) / 3


def simmim(state, batch, case, epoch):
    p, vit = state["weights"], case["vit"]
    images, mask = batch["views"][-1], batch["mask"]
    x = linear(encode(p, vit, images, mask)[:, 1:], p, "decoder.0")
    x = x.transpose(1, 2).reshape(len(images), -1, vit.grid, vit.grid)
    reconstruction = F.pixel_shuffle(x, vit.patch_size)
    missed = patches((images - reconstruction).detach(), vit.patch_size)[mask == 1]
    state["kinks"].append(missed.abs().min().item())
    return masked_l1(images, reconstruction, mask, vit.patch_size), {}


# MAE (He et al. 2022)

def patchify(images, size):
    """Pixels in the order (row, column, channel)."""
    cut = patches(images, size)
    return cut.reshape(*cut.shape[:2], -1, size * size).transpose(2, 3).flatten(2)


def masked_mse(target, prediction, mask, norm_pix_loss):
    if norm_pix_loss:
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6).sqrt()
    return (((prediction - target) ** 2).mean(-1) * mask).sum() / mask.sum()


def mae(state, batch, case, epoch):
    p, vit, mae = state["weights"], case["vit"], case["mae"]
    images = batch["views"][-1]
    x = embed_patches(p, vit, images) + p["pos_embed"][:, 1:]
    order = batch["noise"].argsort(1)
    kept = int(vit.grid ** 2 * (1 - mae["mask_ratio"]))
    keep, restore = order[:, :kept], order.argsort(1)
    x = x.gather(1, keep.unsqueeze(-1).expand(-1, -1, x.shape[-1]))
    token = (p["cls_token"] + p["pos_embed"][:, :1]).expand(len(x), -1, -1)
    x = run_blocks(p, vit, torch.cat([token, x], 1))

    x = linear(x, p, "decoder_embed")
    hidden = p["mask_token"].expand(len(x), vit.grid ** 2 - kept, -1)
    whole = torch.cat([x[:, 1:], hidden], 1)
    whole = whole.gather(1, restore.unsqueeze(-1).expand(-1, -1, whole.shape[-1]))
    x = torch.cat([x[:, :1], whole], 1) + p["decoder_pos_embed"]
    for index in range(mae["decoder_depth"]):
        x = block(x, p, f"decoder_blocks.{index}", mae["decoder_num_heads"], vit.eps)
    x = linear(layer_norm(x, p, "decoder_norm", vit.eps), p, "decoder_pred")[:, 1:]
    mask = (restore >= kept).to(x.dtype)
    return masked_mse(patchify(images, vit.patch_size), x, mask, mae["norm_pix_loss"]), {}


# The hybrid (Park et al. 2023)

def hybrid(state, batch, case, epoch):
    share = case["lambda"]
    contrastive, _ = moco_v3(state, batch, case, epoch)
    masked, _ = simmim(state, batch, case, epoch)
    parts = {"loss_moco": contrastive, "loss_simmim": masked}
    shared = [state["weights"][name] for name in case["shared"]]
    gradients = [
        torch.cat([gradient.flatten() for gradient in torch.autograd.grad(loss, shared, retain_graph=True)])
        for loss in parts.values()]
    parts["gradient_cosine"] = F.cosine_similarity(gradients[0], gradients[1], dim=0)
    return (1 - share) * masked + share * contrastive, parts


# Classification

def classification(state, batch, case, epoch):
    """Cross-entropy with soft targets, or with labels and smoothing."""
    logits = classify(state["weights"], case["vit"], batch["views"][-1]).log_softmax(-1)
    if "soft_targets" in batch:
        return -(batch["soft_targets"] * logits).sum(-1).mean(), {}
    right = -logits.gather(1, batch["labels"].unsqueeze(1)).squeeze(1)
    return ((1 - case["smoothing"]) * right - case["smoothing"] * logits.mean(-1)).mean(), {}
