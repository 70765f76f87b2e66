"""Writes the small checkpoints beside this script with the real libraries, and expected.json with what they hold.

Run it with an environment that has torch, numpy, safetensors, transformers and yacs:
    python Tests/Fixtures/checkpoints/make.py
"""

import argparse
import collections
import dataclasses
import enum
import functools
import io
import json
import os
import pathlib
import pickle
import random
import shutil
import tarfile
import zipfile

import numpy as np
import torch
from safetensors.numpy import save_file as save_numpy
from safetensors.torch import save_file
from yacs.config import CfgNode

HERE = pathlib.Path(__file__).resolve().parent
torch.manual_seed(0)
random.seed(0)
expected = {}


def record(file, tensors):
    """Notes tensors: a list of (path to the dictionary, name, tensor or array)."""
    rows = []
    for path, name, tensor in tensors:
        if isinstance(tensor, np.ndarray):
            tensor = torch.from_numpy(tensor.copy(order="C"))
        tensor = tensor.detach()
        dtype = str(tensor.dtype).removeprefix("torch.")
        values = tensor.reshape(-1)
        values = values.to(torch.float64) if dtype != "int64" else values
        rows.append({"path": path, "name": name, "dtype": dtype, "shape": list(tensor.shape), "values": values.tolist()})
    expected[file] = rows


def from_dict(path, tensors):
    return [(path, name, tensor) for name, tensor in tensors.items()]


def save(file, tree, tensors, **options):
    torch.save(tree, HERE / file, **options)
    record(file, tensors)


def no_source(_):
    raise OSError("sources, and the folders they are in, stay out of the fixtures")


torch.serialization.get_source_lines_and_file = no_source
LEGACY = {"_use_new_zipfile_serialization": False}


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.patch_embed = torch.nn.Conv2d(3, 4, 2)
        self.norm = torch.nn.BatchNorm1d(4)
        self.blocks = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.GELU(), torch.nn.Linear(4, 2, bias=False))


@functools.cache
def dtypes():
    values = torch.tensor([0.0, 1.0, -2.5, 3.140625, 65504.0, -6.1e-5])
    tensors = {
        "f64": torch.tensor([0.1, -1e300, 3.0], dtype=torch.float64), "f32": torch.tensor([0.1, -1e30, 3.0]),
        "f16": values.half(), "bf16": values.bfloat16(), "i64": torch.tensor([-(2**53), 7]),
        "i32": torch.tensor([-(2**24), 7], dtype=torch.int32), "i16": torch.tensor([-32768, 32767], dtype=torch.int16),
        "i8": torch.tensor([-128, 127], dtype=torch.int8), "u8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]), "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3),
        "matrix": torch.randn(3, 4),
    }
    return tensors


def views():
    base = torch.arange(24, dtype=torch.float32)
    half = torch.arange(24, dtype=torch.float16).reshape(2, 3, 4)
    return {
        "base": base, "middle": base[5:11], "matrix": base.view(4, 6), "transposed": base.view(4, 6).t(),
        "every_second": base[1::2], "columns": base.view(4, 6)[:, 2:4], "permuted": base.view(2, 3, 4).permute(2, 0, 1),
        "expanded": base[:3].expand(2, 3), "half_permuted": half.permute(1, 2, 0), "one_row": base.view(4, 6)[2:3],
        "parameter": torch.nn.Parameter(base.view(2, 12)),
    }


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Settings:
    depth: int = 12
    name: str = "vit"


class Slotted:
    __slots__ = ("width",)

    def __init__(self):
        self.width = 8


class Outer:
    class Inner:
        def __init__(self):
            self.inside = True


class Command:
    """What an attacker would pickle: reading it must not make the file it names."""

    def __reduce__(self):
        return os.system, ("touch /tmp/vitscope-pickle-ran",)


# torch.save, zip form
net = Net()
state = net.state_dict()
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
net.blocks(torch.randn(5, 4)).sum().backward()
optimizer.step()
state = net.state_dict()
adam = [(["optimizer", "state", str(i)], name, t) for i, s in optimizer.state_dict()["state"].items() for name, t in s.items()]
training = {
    "model": state, "optimizer": optimizer.state_dict(), "epoch": 7, "arch": "vit_base", "scaler": None, "best": 0.25,
    "flags": [True, False], "args": argparse.Namespace(model="mae_vit_base_patch16", mask_ratio=0.75, input_size=224),
}
save("zip_training.pth", training, from_dict(["model"], state) + adam)
for protocol in [3, 4, 5]:
    save(f"zip_protocol{protocol}.pth", training, from_dict(["model"], state) + adam, pickle_protocol=protocol)
save("zip_bare.pth", state, from_dict([], state))
save("zip_dtypes.pth", dtypes(), from_dict([], dtypes()))
save("zip_views.pth", {"model": views()}, from_dict(["model"], views()))
save("zip_module.pth", {"net": net}, from_dict(["net"], state))

config = CfgNode({"MODEL": CfgNode({"TYPE": "vit", "VIT": CfgNode({"DEPTH": 12, "NUM_HEADS": 12, "INIT_VALUES": 0.1})})})
config.freeze()
simmim = {
    "model": {"encoder.norm.weight": torch.ones(3)}, "max_accuracy": np.float64(83.5), "epoch": 99, "config": config,
    "lr_scheduler": {"base_values": [1e-4, np.float32(0.5)], "t_in_epochs": False},
}
save("zip_yacs.pth", simmim, [(["model"], "encoder.norm.weight", torch.ones(3))])

arrays = {
    "c": np.arange(6, dtype=np.float32).reshape(2, 3), "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "ints": np.array([1, -2, 3]), "flags": np.array([True, False]),
}
numbers = {
    "float64": np.float64(1.5), "float32": np.float32(0.1), "int64": np.int64(-5), "int32": np.int32(9),
    "uint8": np.uint8(200), "bool": np.bool_(True), "text": np.str_("abc"), "dtype": np.dtype("float32"),
}
zoo = {
    "arrays": arrays, "numbers": numbers, "text_array": np.array(["a", "b"]), "objects": np.array([1, None], dtype=object),
    "size": torch.Size([2, 3]), "device": torch.device("cuda:1"), "dtype": torch.float32, "set": {1}, "frozen": frozenset([2]),
    "bytes": b"\x00\xff", "empty_bytes": b"", "array": bytearray(b"xy"), "tuple": (1, 2, 3, 4), "huge": 2**80, "negative": -(2**70),
    "medium": 2**40, "deque": collections.deque([1, 2]), "default": collections.defaultdict(int, {"k": 1}),
    "counter": collections.Counter("aab"), "path": pathlib.PurePosixPath("/a/b"), "color": Color.RED, "settings": Settings(),
    "slotted": Slotted(), "nested": Outer.Inner(), "partial": functools.partial(max, 1), "command": Command(),
    "class": Settings, "inf": float("inf"), 3: "three", None: "none", (1, 2): "pair", "é": "ü€😀", "range": range(3),
}
for protocol in [2, 4]:
    save(f"zip_zoo{protocol}.pth", zoo, from_dict(["arrays"], arrays), pickle_protocol=protocol)

# torch.save, the old form
save("legacy_training.pth", training, from_dict(["model"], state) + adam, **LEGACY)
save("legacy_protocol1.pth", {"model": state}, from_dict(["model"], state), pickle_protocol=1, **LEGACY)
save("legacy_protocol4.pth", {"model": state}, from_dict(["model"], state), pickle_protocol=4, **LEGACY)
save("legacy_dtypes.pth", dtypes(), from_dict([], dtypes()), **LEGACY)
save("legacy_views.pth", {"model": views()}, from_dict(["model"], views()), **LEGACY)
save("legacy_module.pth", {"net": net}, from_dict(["net"], state), **LEGACY)

# Tensors that are refused, and other kinds of file
refused = HERE / "refused"
shutil.rmtree(refused, ignore_errors=True)
refused.mkdir()
torch.save({"w": torch.ones(2, dtype=torch.complex64)}, refused / "complex.pth")
torch.save({"w": torch.ones(2, 2).to_sparse()}, refused / "sparse.pth")
torch.save({"w": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)}, refused / "quantized.pth")
torch.export.save(torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),)), refused / "exported.pt2")
torch.save({"w": torch.ones(2, device="meta")}, refused / "meta.pth")
torch.save({"w": torch.ones(2).to(torch.float8_e4m3fn)}, refused / "float8.pth")
torch.save({"w": torch.ones(2, dtype=torch.uint16)}, refused / "uint16.pth")
torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), refused / "torchscript.pt")
with open(refused / "bare.pkl", "wb") as file:
    pickle.dump({"w": np.ones(2)}, file, protocol=2)
with tarfile.open(refused / "tar.pth", "w", format=tarfile.USTAR_FORMAT) as tar:
    for name in ["sys_info", "pickle", "storages", "tensors"]:
        content = pickle.dumps({"little_endian": True}, protocol=2)
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
recursive = []
recursive.append(recursive)
torch.save({"w": recursive}, refused / "cycle.pth")
plain = io.BytesIO()
torch.save({"w": torch.ones(200)}, plain)
with zipfile.ZipFile(plain) as source, zipfile.ZipFile(refused / "compressed.pth", "w", zipfile.ZIP_DEFLATED) as target:
    for entry in source.infolist():
        target.writestr(entry.filename, source.read(entry))
torch.save({"w": torch.ones(2)}, refused / "bigendian_source.pth")
with zipfile.ZipFile(refused / "bigendian_source.pth") as source, zipfile.ZipFile(refused / "bigendian.pth", "w") as target:
    for entry in source.infolist():
        target.writestr(entry.filename, b"big" if entry.filename.endswith("byteorder") else source.read(entry))
(refused / "bigendian_source.pth").unlink()
np.save(refused / "bigendian.npy", np.arange(3, dtype=">f4"))
np.save(refused / "objects.npy", np.array([1, None], dtype=object))
np.save(refused / "records.npy", np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]))
np.save(refused / "complex.npy", np.zeros(2, dtype=np.complex64))

# safetensors
save_file(dtypes(), HERE / "dtypes.safetensors", metadata={"format": "pt", "note": 'quotes " and ü'})
record("dtypes.safetensors", from_dict([], dtypes()))
save_file({}, HERE / "empty.safetensors")
record("empty.safetensors", [])
save_numpy({"w": np.zeros(2, dtype=np.uint64)}, refused / "uint64.safetensors")
save_file({"w": torch.ones(2).to(torch.float8_e5m2)}, refused / "float8.safetensors")

# NumPy
bf16 = np.array([1.0, -2.5], dtype=np.float32)
npz = {
    "cls": np.arange(3, dtype=np.float32).reshape(1, 1, 3), "Transformer/encoder_norm/scale": np.arange(4, dtype=np.float16),
    "embedding/kernel": np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)), "steps": np.array(7), "empty": np.zeros((0, 2)),
    "u8": np.array([0, 255], dtype=np.uint8), "flags": np.array([True, False]),
}
extra = {"text": np.array(["a", "bc"]), "bf16": (bf16.view(np.uint32) >> 16).astype(np.uint16).view("V2")}
np.savez(HERE / "stored.npz", **npz, **extra)
np.savez_compressed(HERE / "deflated.npz", **npz, **extra)
for file in ["stored.npz", "deflated.npz"]:
    record(file, from_dict([], npz) + [([], "bf16", torch.from_numpy(bf16).bfloat16())])
np.save(HERE / "plain.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
with open(HERE / "version2.npy", "wb") as file:
    np.lib.format.write_array(file, np.arange(3, dtype=np.int32), version=(2, 0))

# Hugging Face folders
from transformers import ViTConfig, ViTImageProcessor, ViTModel

model = ViTModel(ViTConfig(hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=24, image_size=8, patch_size=4))
for folder in ["hf", "hf_sharded", "hf_bin", "hf_bin_sharded"]:
    shutil.rmtree(HERE / folder, ignore_errors=True)
model.save_pretrained(HERE / "hf")
ViTImageProcessor(size={"height": 8, "width": 8}).save_pretrained(HERE / "hf")
model.save_pretrained(HERE / "hf_sharded", max_shard_size="8KB")
from safetensors.torch import load_file

weights = load_file(HERE / "hf" / "model.safetensors")
(HERE / "hf_bin").mkdir()
shutil.copy(HERE / "hf" / "config.json", HERE / "hf_bin")
torch.save(collections.OrderedDict(weights), HERE / "hf_bin" / "pytorch_model.bin")
(HERE / "hf_bin_sharded").mkdir()
shutil.copy(HERE / "hf" / "config.json", HERE / "hf_bin_sharded")
index = {"metadata": {}, "weight_map": {}}
for part in [0, 1]:
    name = f"pytorch_model-{part + 1:05}-of-00002.bin"
    torch.save({key: weights[key] for i, key in enumerate(weights) if i % 2 == part}, HERE / "hf_bin_sharded" / name)
    index["weight_map"].update({key: name for i, key in enumerate(weights) if i % 2 == part})
(HERE / "hf_bin_sharded" / "pytorch_model.bin.index.json").write_text(json.dumps(index))
for folder in ["hf", "hf_sharded", "hf_bin", "hf_bin_sharded"]:
    record(folder, from_dict([], weights))

# Rounding to half precision and bfloat16: bit patterns of floats and of what PyTorch makes of them
bits = [0, 0x80000000, 0x7F800000, 0xFF800000, 0x33000000, 0x33000001, 0x33800000, 0x387FFFFF, 0x38800000, 0x477FE000,
        0x477FEFFF, 0x477FF000, 0x477FFFFF, 0x3F801000, 0x3F803000, 0x3F808000, 0x3F818000, 0x7F7FFFFF, 0x00000001]
bits += [random.getrandbits(32) for _ in range(200)] + [random.randrange(0x32000000, 0x48000000) for _ in range(300)]
floats = torch.from_numpy(np.array(bits, dtype=np.uint32).view(np.float32).copy())
keep = ~floats.isnan()
floats = floats[keep]
expected["rounding"] = {
    "f32": floats.numpy().view(np.uint32).tolist(), "f16": floats.half().view(torch.int16).numpy().view(np.uint16).tolist(),
    "bf16": floats.bfloat16().view(torch.int16).numpy().view(np.uint16).tolist(),
}

(HERE / "expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
