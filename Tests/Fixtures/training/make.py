"""Writes what PyTorch computes in training: losses, gradients, statistics and ten optimizer steps of every objective.

    python make.py

needs torch, timm, transformers and safetensors. One safetensors file a case, layers.safetensors,
optimizers.safetensors, and cases.json with all settings. Everything is computed in double precision and rounded once.
Before writing, the models are checked against timm, transformers and figures worked out apart from this code.

Some gradients are zero in exact arithmetic, and only rounding is left of them; cases.json lists those tensors as
`zero_gradients`. A softmax does not change when all its scores grow by the same number, so the key's third of
`attn.qkv.bias` has none. A batch norm takes every constant away, so `norm.bias` before MoCo v3's projector has none.
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

import reference_checks
from reference_cases import FIRST_EPOCH, IMAGES, STEPS_PER_EPOCH, all_cases, run
from reference_layers import layers, optimizers

here = Path(__file__).parent


def single(tensors, prefix):
    return {f"{prefix}/{name}": tensor.float().contiguous() for name, tensor in tensors.items()}


def batch_tensors(batch, prefix):
    made = {f"{prefix}views/{index}": view for index, view in enumerate(batch["views"])}
    return made | {f"{prefix}{name}": tensor for name, tensor in batch.items() if name != "views"}


def norm_of(tensors):
    return torch.cat([tensor.flatten() for tensor in tensors]).norm().item()


def write(case):
    seen, rounded = run(case, torch.float64), run(case, torch.float32)
    # Ten steps in single precision move the inputs of |x| and ReLU by some 1e-6.
    assert seen["kink"] > 2e-5, f"{case.name} comes within {seen['kink']:.1e} of a kink: take another seed"
    gradients = seen["gradients"]
    whole = norm_of(gradients.values())
    zero = [name for name, gradient in gradients.items() if gradient.norm() < 1e-12 * whole]
    tensors = (
        single(case.weights, "weights") | single(case.momentum, "momentum") | single(case.buffers, "buffers")
        | single(case.momentum_buffers, "momentum_buffers") | batch_tensors(case.batches[0], "")
        | batch_tensors(case.batches[1], "batch1/") | single(gradients, "gradients")
        | single({"loss": seen["loss"].reshape(1)} | {
            f"loss_parts/{name}": part.reshape(1) for name, part in seen["parts"].items()}, "step")
        | single(seen["buffers"], "buffers_after") | single(seen["momentum"], "momentum_after")
        | single(seen["momentum_buffers"], "momentum_buffers_after") | single(seen["momentum_final"], "momentum_final"))
    tensors = {name.removeprefix("step/"): tensor for name, tensor in tensors.items()}
    tensors["losses"] = torch.tensor(seen["losses"], dtype=torch.float64).float()
    if case.name == "mae":
        case.values["mae"]["norm_pix_loss"] = False
        tensors["loss_parts/loss_plain"] = run(case, torch.float64)["loss"].reshape(1).float()
        case.values["mae"]["norm_pix_loss"] = True
    save_file(tensors, here / f"{case.name}.safetensors")

    error = max(
        norm_of([rounded["gradients"][name] - gradients[name]]) / norm_of([gradients[name]])
        for name in gradients if name not in zero)
    drift = max(abs(a / b - 1) for a, b in zip(rounded["losses"], seen["losses"]))
    print(f"{case.name}: losses {' '.join(f'{loss:.4f}' for loss in seen['losses'])}, gradient norms "
          f"{min(seen['norms']):.3f} to {max(seen['norms']):.3f}, zero {zero}, "
          f"PyTorch's own single precision: gradients {error:.1e}, losses {drift:.1e}")
    return settings(case) | {"zero_gradients": zero}


def settings(case):
    values = {key: asdict(value) if key == "vit" else value for key, value in case.values.items() if key != "shared"}
    return values | {
        "batch": IMAGES, "first_epoch": FIRST_EPOCH, "steps_per_epoch": STEPS_PER_EPOCH,
        "optimizer": {"name": "adamw", "eps": 1e-8} | case.optimizer, "learning_rates": case.learning_rates,
        "frozen": list(case.frozen),
        "groups": [
            {"lr_scale": scale, "weight_decay": decay, "names": names}
            for (scale, decay), names in case.groups.items()]}


if __name__ == "__main__":
    torch.manual_seed(0)
    reference_checks.run_all()
    record = {"cases": {case.name: write(case) for case in all_cases()}}
    save_file(layers(), here / "layers.safetensors")
    trajectories, record["optimizers"] = optimizers()
    save_file(
        {name: tensor.float().clone() for name, tensor in trajectories.items()}, here / "optimizers.safetensors")
    lines = ",\n".join(
        f' "{part}": {{\n'
        + ",\n".join(f'  "{name}": {json.dumps(values)}' for name, values in entries.items()) + "\n }"
        for part, entries in record.items())
    (here / "cases.json").write_text(f"{{\n{lines}\n}}\n")
    for path in here.glob("*.safetensors"):
        path.chmod(0o644)
    size = sum(path.stat().st_size for path in here.iterdir() if path.is_file())
    print(f"{size / 1e6:.2f} MB")
