"""Figures for Tests/TrainingTests/Optimizers: ten steps of PyTorch's AdamW and SGD and of MoCo v3's LARS on a 2×3 matrix
and a vector of 3, with gradients that are functions of the step, and clipping.

Made with PyTorch 2.15.0 (CPU, float32). Run: python optimizers.py
"""
import math
import torch


def start():
    weight = torch.tensor([[math.sin(1 + 0.7 * i + 1.3 * j) for j in range(3)] for i in range(2)])
    bias = torch.tensor([math.cos(0.4 * j) for j in range(3)])
    return torch.nn.Parameter(weight), torch.nn.Parameter(bias)


def gradients(weight, bias, t):
    weight.grad = torch.tensor([[math.cos(0.3 * t + i - 0.5 * j) for j in range(3)] for i in range(2)])
    bias.grad = torch.tensor([0.5 * math.sin(0.2 * t + j) for j in range(3)])


class LARS:
    def __init__(self, parameters, lr, weight_decay, momentum, trust):
        self.parameters, self.lr, self.decay = parameters, lr, weight_decay
        self.momentum, self.trust = momentum, trust
        self.mu = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self):
        for p, mu in zip(self.parameters, self.mu):
            g = p.grad
            if p.ndim > 1:
                g = g + self.decay * p
                g = g * (self.trust * torch.norm(p) / torch.norm(g))
            mu.mul_(self.momentum).add_(g)
            p.sub_(self.lr * mu)


def run(name, make, clip=None):
    weight, bias = start()
    optimizer = make(weight, bias)
    for t in range(10):
        gradients(weight, bias, t)
        if clip:
            torch.nn.utils.clip_grad_norm_([weight, bias], clip)
        optimizer.step()
    print(name, [round(x, 7) for x in weight.flatten().tolist() + bias.tolist()])


def groups(weight, bias):
    return [{"params": [weight], "weight_decay": 0.1}, {"params": [bias], "weight_decay": 0.0}]


run("adamw", lambda w, b: torch.optim.AdamW(groups(w, b), lr=0.01))
run("adamw_clip", lambda w, b: torch.optim.AdamW(groups(w, b), lr=0.01, betas=(0.9, 0.95), eps=0.01), clip=0.7)
run("sgd", lambda w, b: torch.optim.SGD(groups(w, b), lr=0.05, momentum=0.9))
run("nesterov", lambda w, b: torch.optim.SGD(groups(w, b), lr=0.05, momentum=0.9, nesterov=True), clip=1.0)
run("lars", lambda w, b: LARS([w, b], 0.3, 0.01, 0.9, 0.02))
