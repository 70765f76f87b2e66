"""Single layers forward and backward, and optimizers over five steps; all in double precision."""

import torch
import torch.nn.functional as F

from reference_vit import Random, attend

STEPS = 5


def backward(function, inputs, d_output):
    """The output and `d_NAME` for each input."""
    inputs = {name: tensor.double().requires_grad_() for name, tensor in inputs.items()}
    output = function(**inputs)
    gradients = torch.autograd.grad(output, list(inputs.values()), d_output.double())
    return {"output": output.detach()} | {f"d_{name}": gradient for name, gradient in zip(inputs, gradients)}


def layers():
    random, made = Random(20), {}

    def add(name, function, inputs, shape):
        d_output = random.normal(*shape)
        for key, tensor in (inputs | {"d_output": d_output} | backward(function, inputs, d_output)).items():
            made[f"{name}/{key}"] = tensor

    def batch_norm(training, running, **places):
        mean, var = running["running_mean"].double(), running["running_var"].double()
        output = F.batch_norm(
            places["x"], mean, var, places.get("weight"), places.get("bias"), training, momentum=0.1, eps=1e-5)
        return output, {"running_mean_after": mean, "running_var_after": var}

    x = random.normal(8, 6, std=2, mean=1)
    affine = {"weight": random.normal(6, std=0.3, mean=1), "bias": random.normal(6, std=0.2)}
    running = {"running_mean": random.normal(6), "running_var": 0.5 + random.uniform(6)}
    for name, training, inputs in (
            ("batch_norm", True, {"x": x} | affine), ("batch_norm_affine_free", True, {"x": x}),
            ("batch_norm_eval", False, {"x": x} | affine)):
        add(name, lambda **places: batch_norm(training, running, **places)[0], inputs, (8, 6))
        after = batch_norm(training, running, **{key: tensor.double() for key, tensor in inputs.items()})[1]
        made |= {f"{name}/{key}": tensor for key, tensor in (running | after).items()}

    add("layer_norm", lambda x, weight, bias: F.layer_norm(x, (24,), weight, bias, 1e-6),
        {"x": random.normal(7, 24, std=2, mean=1), "weight": random.normal(24, std=0.3, mean=1),
         "bias": random.normal(24, std=0.2)}, (7, 24))
    add("gelu", lambda x: F.gelu(x), {"x": torch.linspace(-6, 6, 97)}, (97,))
    add("linear", lambda x, weight, bias: F.linear(x, weight, bias),
        {"x": random.normal(5, 12), "weight": random.normal(7, 12), "bias": random.normal(7)}, (5, 7))
    add("attention", lambda qkv, bias: attend(qkv, 3, bias),
        {"qkv": random.normal(2, 5, 36), "bias": random.normal(3, 5, 5)}, (2, 5, 12))
    return {name: tensor.float().clone() for name, tensor in made.items()}


def lars(weight, gradients, lr, momentum, weight_decay):
    """As in MoCo v3 and MAE: decay and trust ratio (0.001) for two dimensions and more only."""
    velocity, seen = torch.zeros_like(weight), []
    for gradient in gradients:
        update = gradient.clone()
        if weight.ndim > 1:
            update = update + weight_decay * weight
            norms = weight.norm(), update.norm()
            update = update * (0.001 * norms[0] / norms[1] if norms[0] > 0 and norms[1] > 0 else 1)
        velocity = momentum * velocity + update
        weight = weight - lr * velocity
        seen.append(weight)
    return seen


def torch_optimizer(kind, **settings):
    def steps(weight, gradients):
        weight, seen = weight.clone().requires_grad_(), []
        optimizer = kind([weight], **settings)
        for gradient in gradients:
            weight.grad = gradient.clone()
            optimizer.step()
            seen.append(weight.detach().clone())
        return seen
    return steps


def optimizers():
    """The tensors, and the settings by case."""
    random, made, settings = Random(21), {}, {}
    matrix, vector = random.normal(6, 5), random.normal(7)

    def add(name, weight, steps, **values):
        # From large to tiny, so that eps and the corrections of the first steps matter.
        gradients = random.normal(STEPS, *weight.shape) * torch.logspace(0, -7, STEPS).reshape(
            -1, *[1] * weight.ndim)
        weights = torch.stack(steps(weight.double(), gradients.double()))
        made.update({f"{name}/weight": weight, f"{name}/gradients": gradients, f"{name}/weights": weights})
        settings[name] = values

    adamw = dict(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.1)
    for name, weight, values in (
            ("adamw", matrix, adamw), ("adamw_vector", vector, adamw | dict(beta2=0.95, weight_decay=0.0))):
        add(name, weight, torch_optimizer(
            torch.optim.AdamW, lr=values["lr"], betas=(values["beta1"], values["beta2"]), eps=values["eps"],
            weight_decay=values["weight_decay"]), **values)
    sgd = dict(lr=0.1, momentum=0.9, weight_decay=0.05, nesterov=False)
    for name, values in (
            ("sgd", sgd), ("sgd_nesterov", sgd | dict(nesterov=True)),
            ("sgd_plain", sgd | dict(momentum=0.0, weight_decay=0.0))):
        add(name, matrix, torch_optimizer(torch.optim.SGD, **values), **values)
    values = dict(lr=0.5, momentum=0.9, weight_decay=0.01, trust_coefficient=0.001)
    for name, weight in (("lars", matrix), ("lars_vector", vector), ("lars_zero", torch.zeros(4, 3))):
        add(name, weight, lambda weight, gradients: lars(
            weight, gradients, values["lr"], values["momentum"], values["weight_decay"]), **values)
    return made, settings
