#!/usr/bin/env python3
"""Times what others make of the same work, when it is told on standard input: lines of `NAME COUNT`.

The first line of output says what there is: {"names": […], "left_out": {NAME: why}, "versions": {…}}; then each answer is
{"seconds": […]}. Needs torch and timm, and what it finds of onnx with onnxruntime, openvino, scikit-learn and safetensors.

usage: peers.py forward ARCH BATCH | training METHOD BATCH | loading ARCH FILE | tsne POINTS WIDTH ITERATIONS CLUSTERS
"""

import argparse
import copy
import importlib
import json
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
left_out, versions, runs = {}, {}, {}


def module(name, *peers):
    """The module; None, with the peers that need it left out, where it is not there."""
    try:
        found = importlib.import_module(name)
    except Exception as error:  # noqa: BLE001, a broken package ends in many ways
        for peer in peers:
            left_out[peer] = f"{name} cannot be imported ({type(error).__name__})"
        return None
    version = getattr(found, "__version__", "")
    versions[name] = version.split("-")[0].split("+")[0]
    return found


def has_bf16():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        text = file.read()
    return "avx512_bf16" in text or "amx_bf16" in text


def network(timm, arch):
    """timm's network of this size, patch and image, such as vit_small_patch14_518, which timm has no name for."""
    _, size, patch, image = arch.split("_")
    return timm.create_model(
        f"vit_{size}_patch16_224", patch_size=int(patch.removeprefix("patch")), img_size=int(image))


def forward(arch, batch, threads):
    torch, timm = module("torch", "PyTorch"), module("timm", "PyTorch")
    if not torch or not timm:
        return
    model = network(timm, arch).eval()

    class AllMaps(torch.nn.Module):
        """Explicit attention; returns the hidden states and the maps of every block."""

        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, images):
            x = self.inner._pos_embed(self.inner.patch_embed(images))
            hidden, maps = [x], []
            for block in self.inner.blocks:
                attention = block.attn
                count, tokens, width = x.shape
                q, k, v = attention.qkv(block.norm1(x)).reshape(
                    count, tokens, 3, attention.num_heads, width // attention.num_heads
                ).permute(2, 0, 3, 1, 4).unbind(0)
                weights = ((q * attention.scale) @ k.transpose(-2, -1)).softmax(-1)
                maps.append(weights)
                x = x + attention.proj((weights @ v).transpose(1, 2).reshape(count, tokens, width))
                x = x + block.mlp(block.norm2(x))
                hidden.append(x)
            return tuple(hidden + maps)

    net = AllMaps().eval()
    size = model.patch_embed.img_size[0]
    images = torch.randn(batch, 3, size, size)

    def run_torch(autocast):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            net(images)

    runs["PyTorch f32"] = lambda: run_torch(False)
    if has_bf16():
        runs["PyTorch bf16"] = lambda: run_torch(True)
    else:
        left_out["PyTorch bf16"] = "the processor multiplies no bf16, and emulation takes minutes"
    if not module("onnx", "ONNX Runtime f32", "OpenVINO f32", "OpenVINO bf16"):
        return
    folder = tempfile.TemporaryDirectory()
    runs_folder.append(folder)
    path = folder.name + "/net.onnx"
    torch.onnx.export(net, (images,), path, dynamo=False, opset_version=17)
    numbers = images.numpy()
    onnxruntime = module("onnxruntime", "ONNX Runtime f32")
    if onnxruntime:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        name = session.get_inputs()[0].name
        runs["ONNX Runtime f32"] = lambda: session.run(None, {name: numbers})
    openvino = module("openvino", "OpenVINO f32", "OpenVINO bf16")
    if openvino:
        for precision in ("f32", "bf16"):
            if precision == "bf16" and not has_bf16():
                left_out["OpenVINO bf16"] = "the processor multiplies no bf16"
                continue
            request = openvino.Core().compile_model(path, "CPU", {
                "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
            }).create_infer_request()
            runs[f"OpenVINO {precision}"] = lambda request=request: request.infer([numbers])


runs_folder = []


def training(method, batch):
    torch, timm = module("torch", "PyTorch f32", "PyTorch bf16"), module("timm", "PyTorch f32", "PyTorch bf16")
    if not torch or not timm:
        return
    nn, functional = torch.nn, torch.nn.functional

    def encoder():
        return timm.create_model("vit_small_patch16_224", num_classes=0)

    class SimMIM(nn.Module):
        def __init__(self, inner=None):
            super().__init__()
            self.inner = inner or encoder()
            self.token = nn.Parameter(torch.zeros(1, 1, 384))
            self.decoder = nn.Conv2d(384, 16 * 16 * 3, 1)

        def forward(self, images, mask):
            x = self.inner.patch_embed(images)
            hidden = mask.flatten(1).unsqueeze(-1).to(x.dtype)
            x = self.inner.blocks(self.inner._pos_embed(x * (1 - hidden) + self.token * hidden))[:, 1:]
            made = functional.pixel_shuffle(
                self.decoder(x.transpose(1, 2).reshape(len(images), 384, 14, 14)), 16)
            seen = mask.repeat_interleave(16, 1).repeat_interleave(16, 2).unsqueeze(1).float()
            return ((made - images).abs() * seen).sum() / (seen.sum() + 1e-5) / 3

    def mlp(count, inputs, inner, outputs):
        layers = []
        for index in range(count):
            last = index == count - 1
            size = outputs if last else inner
            layers.append(nn.Linear(inputs if index == 0 else inner, size, bias=False))
            layers += [nn.BatchNorm1d(size, affine=False)] if last else [nn.BatchNorm1d(size), nn.ReLU()]
        return nn.Sequential(*layers)

    class MoCo(nn.Module):
        def __init__(self, inner=None):
            super().__init__()
            self.base = inner or encoder()
            self.base.head = mlp(3, 384, 4096, 256)
            self.momentum = copy.deepcopy(self.base)
            self.predictor = mlp(2, 256, 4096, 256)
            self.momentum.requires_grad_(False)

        def forward(self, first, second):
            queries = [self.predictor(self.base(view)) for view in (first, second)]
            with torch.no_grad():
                for own, slow in zip(self.base.parameters(), self.momentum.parameters()):
                    slow.mul_(0.99).add_(own, alpha=0.01)
                keys = [self.momentum(view) for view in (second, first)]

            def loss(query, key):
                query, key = functional.normalize(query, dim=1), functional.normalize(key, dim=1)
                return functional.cross_entropy(query @ key.T / 0.2, torch.arange(len(query))) * 0.4

            return loss(queries[0], keys[0]) + loss(queries[1], keys[1])

    class MAE(nn.Module):
        """A quarter of the patches through the encoder, all through a decoder of 8 blocks of 512."""

        def __init__(self):
            super().__init__()
            self.inner = encoder()
            self.embed = nn.Linear(384, 512)
            self.token = nn.Parameter(torch.zeros(1, 1, 512))
            self.positions = nn.Parameter(torch.zeros(1, 197, 512), requires_grad=False)
            block = type(self.inner.blocks[0])
            self.blocks = nn.Sequential(*[block(512, 16, 4.0, qkv_bias=True) for _ in range(8)])
            self.norm, self.head = nn.LayerNorm(512), nn.Linear(512, 768)

        def forward(self, images, noise):
            x = self.inner.patch_embed(images) + self.inner.pos_embed[:, 1:]
            order = noise.argsort(1)
            back, kept = order.argsort(1), order[:, :49]
            x = torch.gather(x, 1, kept.unsqueeze(-1).expand(-1, -1, 384))
            cls = (self.inner.cls_token + self.inner.pos_embed[:, :1]).expand(len(images), -1, -1)
            x = self.embed(self.inner.norm(self.inner.blocks(torch.cat([cls, x], 1))))
            patches = torch.cat([x[:, 1:], self.token.to(x.dtype).expand(len(images), 147, -1)], 1)
            patches = torch.gather(patches, 1, back.unsqueeze(-1).expand(-1, -1, 512))
            x = self.head(self.norm(self.blocks(torch.cat([x[:, :1], patches], 1) + self.positions)))[:, 1:]
            wanted = images.unfold(2, 16, 16).unfold(3, 16, 16).permute(0, 2, 3, 4, 5, 1).reshape(len(images), 196, 768)
            wanted = (wanted - wanted.mean(-1, keepdim=True)) / (wanted.var(-1, keepdim=True) + 1e-6).sqrt()
            hidden = (back >= 49).float()
            return (((x - wanted) ** 2).mean(-1) * hidden).sum() / hidden.sum()

    class Hybrid(nn.Module):
        """Both losses on one encoder, each with its own passes."""

        def __init__(self):
            super().__init__()
            inner = encoder()
            self.contrast, self.masked = MoCo(inner), SimMIM(inner)

        def forward(self, images, mask, first, second):
            return 0.7 * self.masked(images, mask) + 0.3 * self.contrast(first, second)

    views = [torch.randn(batch, 3, 224, 224) for _ in range(3)]
    mask, noise = torch.rand(batch, 14, 14) < 0.6, torch.rand(batch, 196)
    model, arguments = {
        "simmim": lambda: (SimMIM(), (views[0], mask)), "moco_v3": lambda: (MoCo(), views[:2]),
        "mae": lambda: (MAE(), (views[0], noise)), "hybrid": lambda: (Hybrid(), (views[2], mask, *views[:2])),
    }[method]()
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=1e-4)

    def step(autocast):
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = model(*arguments)
        loss.backward()
        optimizer.step()

    runs["PyTorch f32"] = lambda: step(False)
    if has_bf16():
        runs["PyTorch bf16"] = lambda: step(True)
    else:
        left_out["PyTorch bf16"] = "the processor multiplies no bf16, and emulation takes minutes"


def loading(arch, path):
    torch, timm = module("torch", "PyTorch"), module("timm", "PyTorch")
    if not torch or not timm:
        return
    model = timm.create_model(arch)
    pth = path.rsplit(".", 1)[0] + ".pth"
    safetensors = module("safetensors", "safetensors")
    if not safetensors:
        return
    from safetensors.torch import load_file

    torch.save(load_file(path), pth)
    runs["torch.load"] = lambda: model.load_state_dict(torch.load(pth, weights_only=True))
    runs["safetensors"] = lambda: model.load_state_dict(load_file(path))


def tsne(points, width, iterations, clusters):
    numpy = module("numpy", "scikit-learn")
    if not numpy or not module("sklearn", "scikit-learn"):
        return
    from sklearn.manifold import TSNE

    random = numpy.random.default_rng(0)
    centres = random.random((clusters, width)) - 0.5
    samples = (random.random((points, width)) - 0.5) / 4 + centres[numpy.arange(points) % clusters]
    runs["scikit-learn"] = lambda: TSNE(
        perplexity=20, max_iter=iterations, init="random", random_state=0, n_jobs=threads_asked).fit_transform(samples)


def main():
    global threads_asked
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["forward", "training", "loading", "tsne"])
    parser.add_argument("what", nargs="+")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    threads_asked = asked.threads
    out = sys.stdout
    # What libraries print goes elsewhere.
    sys.stdout = sys.stderr
    if asked.kind != "tsne":
        torch = module("torch")
        if torch:
            torch.set_num_threads(asked.threads)
            torch.manual_seed(0)
    try:
        if asked.kind == "forward":
            forward(asked.what[0], int(asked.what[1]), asked.threads)
        elif asked.kind == "training":
            training(asked.what[0], int(asked.what[1]))
        elif asked.kind == "loading":
            loading(*asked.what)
        else:
            tsne(*map(int, asked.what))
    except Exception as error:  # noqa: BLE001, what is ready by then is timed
        left_out["the rest"] = f"{type(error).__name__}: {str(error)[:200]}"
    print(json.dumps({"names": list(runs), "left_out": left_out, "versions": versions}), file=out, flush=True)
    is_warm = set()
    for line in sys.stdin:
        name, count = line.rsplit(" ", 1)
        try:
            if name not in is_warm and asked.kind != "tsne":
                runs[name]()
                is_warm.add(name)
            seconds = []
            for _ in range(int(count)):
                start = time.perf_counter()
                runs[name]()
                seconds.append(time.perf_counter() - start)
            answer = {"seconds": seconds}
        except Exception as error:  # noqa: BLE001
            answer = {"failed": f"{type(error).__name__}: {str(error)[:200]}"}
        print(json.dumps(answer), file=out, flush=True)


main()
