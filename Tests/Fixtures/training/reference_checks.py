"""The references against timm, transformers and known figures, before anything is written."""

import math

import torch
from timm.models.beit import Beit
from timm.models.vision_transformer import VisionTransformer
from transformers import ViTMAEConfig, ViTMAEForPreTraining

import reference_cases as cases
import reference_objectives as objectives
from reference_vit import classify, encode, sin_cos


def close(found, wanted, name, tolerance=1e-7):
    found, wanted = (torch.as_tensor(value, dtype=torch.float64) for value in (found, wanted))
    difference = (found - wanted).abs().max()
    assert difference <= tolerance, f"{name}: {difference}"


def kernel(weights, vit):
    """The patch projection as timm's convolution."""
    return weights | {"patch_embed.proj.weight": weights["patch_embed.proj.weight"].reshape(
        vit.embed_dim, 3, vit.patch_size, vit.patch_size)}


def double(tensors):
    return {name: tensor.double() for name, tensor in tensors.items()}


def plain_vit_is_timms():
    case = cases.supervised()
    vit, weights, images = case.values["vit"], double(case.weights), case.batches[0]["views"][0].double()
    model = VisionTransformer(
        img_size=vit.img_size, patch_size=vit.patch_size, embed_dim=vit.embed_dim, depth=vit.depth,
        num_heads=vit.num_heads, num_classes=vit.num_classes).double().eval()
    model.load_state_dict(kernel(weights, vit))
    close(classify(weights, vit, images), model(images), "supervised against timm", 1e-12)


def beit_names(weights, vit):
    renamed = {}
    for name, tensor in kernel(weights, vit).items():
        if name.endswith("attn.qkv.bias"):
            q_bias, _, v_bias = tensor.chunk(3)
            renamed |= {name.replace("qkv.bias", "q_bias"): q_bias, name.replace("qkv.bias", "v_bias"): v_bias}
        else:
            renamed[name.replace("ls1.gamma", "gamma_1").replace("ls2.gamma", "gamma_2")] = tensor
    return renamed


def load_beit(vit, weights, **settings):
    model = Beit(
        img_size=vit.img_size, patch_size=vit.patch_size, embed_dim=vit.embed_dim, depth=vit.depth,
        num_heads=vit.num_heads, num_classes=vit.num_classes, init_values=0.1, use_abs_pos_emb=False,
        **settings).double().eval()
    missing, unexpected = model.load_state_dict(beit_names(weights, vit), strict=False)
    assert not unexpected and all("relative_position_index" in name for name in missing), (missing, unexpected)
    return model


def fine_tuned_vit_is_timms_beit():
    case = cases.finetune()
    vit, weights, images = case.values["vit"], double(case.weights), case.batches[0]["views"][0].double()
    model = load_beit(vit, weights, use_rel_pos_bias=True, global_pool="avg")
    close(classify(weights, vit, images), model(images), "finetune against timm", 1e-12)


def simmim_encoder_is_timms_beit():
    case = cases.simmim()
    vit, weights, images = case.values["vit"], double(case.weights), case.batches[0]["views"][0].double()
    encoder = {name: tensor for name, tensor in weights.items() if not name.startswith(("mask_token", "decoder"))}
    model = load_beit(vit, encoder, use_shared_rel_pos_bias=True, global_pool="token")
    close(encode(weights, vit, images), model.forward_features(images), "simmim against timm", 1e-12)


def mae_is_that_of_transformers():
    """transformers has q, k and v apart and another prefix; its loss takes the same noise."""
    case = cases.mae()
    vit, settings, weights = case.values["vit"], case.values["mae"], double(case.weights)
    batch = {"views": [case.batches[0]["views"][0].double()], "noise": case.batches[0]["noise"].double()}
    config = ViTMAEConfig(
        hidden_size=vit.embed_dim, num_hidden_layers=vit.depth, num_attention_heads=vit.num_heads,
        intermediate_size=vit.mlp_hidden, layer_norm_eps=vit.eps, image_size=vit.img_size, patch_size=vit.patch_size,
        decoder_hidden_size=settings["decoder_embed_dim"], decoder_num_hidden_layers=settings["decoder_depth"],
        decoder_num_attention_heads=settings["decoder_num_heads"],
        decoder_intermediate_size=4 * settings["decoder_embed_dim"], mask_ratio=settings["mask_ratio"],
        norm_pix_loss=True)
    model = ViTMAEForPreTraining(config).double().eval()
    names = {
        "decoder_embed": "decoder.decoder_embed", "decoder_pos_embed": "decoder.decoder_pos_embed",
        "decoder_norm": "decoder.decoder_norm", "decoder_pred": "decoder.decoder_pred",
        "mask_token": "decoder.mask_token", "cls_token": "vit.embeddings.cls_token",
        "pos_embed": "vit.embeddings.position_embeddings",
        "patch_embed.proj": "vit.embeddings.patch_embeddings.projection", "norm": "vit.layernorm"}
    inside = {"norm1": "layernorm_before", "attn.proj": "attention.o_proj", "norm2": "layernorm_after",
              "mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2"}
    theirs = {}
    for name, tensor in kernel(weights, vit).items():
        if "blocks." in name:
            stack, index, rest = name.split(".", 2)
            place = f"{'decoder.decoder_layers' if stack == 'decoder_blocks' else 'vit.layers'}.{index}"
            part, kind = rest.rsplit(".", 1)
            if part == "attn.qkv":
                for word, third in zip("qkv", tensor.chunk(3)):
                    theirs[f"{place}.attention.{word}_proj.{kind}"] = third
            else:
                theirs[f"{place}.{inside[part]}.{kind}"] = tensor
        else:
            part, dot, kind = (name, "", "") if name in names else name.rpartition(".")
            theirs[names[part] + dot + kind] = tensor
    expected = set(model.state_dict())
    assert set(theirs) == expected, (sorted(set(theirs) - expected), sorted(expected - set(theirs)))
    model.load_state_dict(theirs)
    loss = model(batch["views"][0], noise=batch["noise"]).loss
    close(objectives.mae({"weights": weights}, batch, case.values, 0)[0], loss, "mae against transformers", 1e-10)


def heads_are_sequences():
    """The projector and predictor are torch.nn modules in a row, under the same numbers."""
    case = cases.moco_v3()
    nn, tensors = torch.nn, double(case.weights | case.buffers)

    def stage(inputs, outputs, last=False):
        norm = nn.BatchNorm1d(outputs, affine=not last)
        return [nn.Linear(inputs, outputs, bias=False), norm] + ([] if last else [nn.ReLU()])

    x = case.batches[0]["views"][0].double().flatten(1)[:, :48]
    for name, function, stages in (
            ("projector", objectives.projector, stage(24, 32) + stage(32, 32) + stage(32, 16, last=True)),
            ("predictor", objectives.predictor, stage(16, 32) + stage(32, 16, last=True))):
        model = nn.Sequential(*stages).double().train()
        inside = {key.removeprefix(f"{name}."): value.clone() for key, value in tensors.items() if key.startswith(name)}
        missing, unexpected = model.load_state_dict(inside, strict=False)
        assert not unexpected and all("num_batches_tracked" in key for key in missing), (missing, unexpected)
        width = stages[0].in_features
        close(function(x[:, :width], tensors, tensors, []), model(x[:, :width]), name, 1e-12)
        for key, value in model.state_dict().items():
            if "running" in key:
                close(tensors[f"{name}.{key}"], value, key, 1e-12)


def known_figures():
    def exact(o):
        rows = [[math.sin(o + 0.9 * i + 1.7 * j) for j in range(3)] for i in range(4)]
        return torch.tensor(rows, dtype=torch.float64)

    close(objectives.contrastive_loss(exact(0.1), exact(1.9), 0.2), 1.85875504, "contrastive loss", 1e-8)
    close(objectives.contrastive_loss(exact(0.7), exact(1.3), 0.2), 0.35926679, "contrastive loss", 1e-8)
    moco = dict(momentum=0.99, momentum_cosine=True, epochs=300)
    for epoch, momentum in ((0, 0.99), (75, 0.99146447), (150, 0.995), (225, 0.99853553)):
        close(objectives.momentum_at(epoch, moco), momentum, "momentum", 1e-8)
    place = [(c, y, x) for c in range(3) for y in range(4) for x in range(4)]
    image, other = (
        torch.tensor([f(*at) for at in place], dtype=torch.float64).reshape(1, 3, 4, 4)
        for f in (lambda c, y, x: math.sin(0.5 * c + 0.3 * y + 0.7 * x),
                  lambda c, y, x: math.cos(0.2 * c + 0.4 * y + 0.1 * x)))
    mask = torch.tensor([[1, 0, 0, 1]])
    close(objectives.masked_l1(image, other, mask, 2), 0.28946033, "SimMIM's loss", 1e-8)
    numbers = objectives.patchify(torch.arange(48).reshape(1, 3, 4, 4), 2)
    close(numbers[0, 0], [0, 16, 32, 1, 17, 33, 4, 20, 36, 5, 21, 37], "patchify", 0)
    mask = torch.tensor([[1, 0, 1, 1]]).double()
    for norm_pix_loss, loss in ((False, 0.21981052), (True, 1.15248489)):
        pair = objectives.patchify(image, 2), objectives.patchify(other, 2)
        close(objectives.masked_mse(*pair, mask, norm_pix_loss), loss, "MAE's loss", 1e-8)
    close(sin_cos(8, 2, "rows")[0, 2], [0, 0, 1, 1, 0.84147098, 0.00999983, 0.54030231, 0.99995], "positions")
    close(sin_cos(8, 2, "columns")[0, 3], [0, 0, 1, 1, 0.84147098, 0.00999983, 0.54030231, 0.99995], "positions")
    scale = cases.layer_decay(0.65, 12)
    for name, wanted in (
            ("cls_token", 0.00369721), ("blocks.0.norm1.bias", 0.00568801), ("blocks.11.mlp.fc1.bias", 0.65),
            ("rel_pos_bias.relative_position_bias_table", 1)):
        close(scale(name), wanted, "layer decay", 1e-8)


def run_all():
    with torch.no_grad():
        known_figures()
        heads_are_sequences()
        plain_vit_is_timms()
        fine_tuned_vit_is_timms_beit()
        simmim_encoder_is_timms_beit()
        mae_is_that_of_transformers()
