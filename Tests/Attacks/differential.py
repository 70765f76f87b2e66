#!/usr/bin/env python3
"""Compares our readers with PyTorch, safetensors and Pillow on thousands of damaged files.

Run by hand, with a Python that has torch, safetensors, Pillow and NumPy:

    VITSCOPE_VERDICTS=1 swift build -c release --product Verdicts
    python Tests/Attacks/differential.py .build/release/Verdicts [--count 5000] [--seed 1] [--only pth,png]

It fails where our reader ends, takes more than 2 s or 512 MiB, takes a file that the reference refuses for its structure,
or reads other values than the reference. What the reference refuses for another reason (classes that it does not trust,
kinds of numbers) is counted and shown, and no failure.
"""

import argparse
import collections
import hashlib
import io
import json
import pathlib
import pickle
import subprocess
import sys
import tempfile
import warnings

import numpy
import PIL.Image
import safetensors
import torch

warnings.simplefilter("ignore")
DTYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}


class Refused(Exception):
    """The reference does not take the file; the argument says whether its structure is the reason."""


def tensor_verdict(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    raw = flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""
    return [DTYPES.get(tensor.dtype, str(tensor.dtype)), list(tensor.shape), hashlib.sha256(raw).hexdigest()]


def walk(value, path, found):
    if isinstance(value, dict):
        for key, child in value.items():
            if isinstance(child, torch.Tensor) and isinstance(key, str):
                found[json.dumps(path + [key], ensure_ascii=False, separators=(",", ":"))] = tensor_verdict(child)
            elif isinstance(child, (dict, list, tuple, set)):
                walk(child, path + [key if isinstance(key, str) else str(key)], found)
    elif isinstance(value, (list, tuple, set)):
        for index, child in enumerate(value):
            if isinstance(child, (dict, list, tuple, set)):
                walk(child, path + [str(index)], found)


def torch_verdict(data):
    try:
        value = torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    except pickle.UnpicklingError as error:
        text = str(error)
        trusted = ("Unsupported global", "Unsupported class", "Unsupported operand", "Trying to call reduce",
                   "Can only build", "Trying to instantiate", "Can not instantiate", "instantiate", "not allowed")
        raise Refused(not any(word in text for word in trusted), text) from error
    except UnicodeDecodeError as error:  # a text of Python 2, for which torch.load has its argument `encoding`
        raise Refused(False, str(error)) from error
    except Exception as error:  # every other failure is a matter of the file
        raise Refused(True, f"{type(error).__name__}: {error}") from error
    found = {}
    walk(value, [], found)
    return {"tensors": found}


def safetensors_verdict(data):
    try:
        listed = safetensors.deserialize(data)
    except Exception as error:
        raise Refused(True, f"{type(error).__name__}: {error}") from error
    return {
        "tensors": {
            json.dumps([name], ensure_ascii=False, separators=(",", ":")): [
                entry["dtype"], entry["shape"], hashlib.sha256(bytes(entry["data"])).hexdigest()]
            for name, entry in listed
        }
    }


def pillow_verdict(data):
    try:
        with PIL.Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")) as image:
            pixels = numpy.asarray(image.convert("RGB"))
    except Exception as error:
        raise Refused(True, f"{type(error).__name__}: {error}") from error
    return {"image": [pixels.shape[0], pixels.shape[1], hashlib.sha256(pixels.tobytes()).hexdigest()]}


FORMATS = {
    "pickle": torch_verdict, "pth": torch_verdict, "legacy": torch_verdict, "safetensors": safetensors_verdict, "jpeg": pillow_verdict,
    "png": pillow_verdict, "webp": pillow_verdict, "tiff": pillow_verdict, "bmp": pillow_verdict, "gif": pillow_verdict,
}


def ours(program, paths):
    """The verdicts by path; the reader is started again after a file that ended it."""
    verdicts, crashes, left = {}, [], list(paths)
    while left:
        answer = subprocess.run([program, "read"], input="\n".join(map(str, left)), capture_output=True, text=True)
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        verdicts.update({line["path"]: line for line in lines})
        if len(lines) == len(left):
            break
        crashes.append(left[len(lines)])
        left = left[len(lines) + 1:]
    return verdicts, crashes


def compare(name, program, count, seed, keep):
    tally, faults = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "mutants", name, str(count), str(seed), folder], check=True)
        paths = sorted(pathlib.Path(folder).iterdir(), key=lambda path: int(path.stem))
        verdicts, crashes = ours(program, paths)
        faults += [(path, "our reader ended") for path in crashes]
        slowest = max(verdict["seconds"] for verdict in verdicts.values())
        largest = max(verdict["peak_kib"] for verdict in verdicts.values()) // 1024
        for path in paths:
            verdict = verdicts.get(str(path))
            if verdict is None:
                continue
            if verdict["seconds"] > 2 or verdict["peak_kib"] > 512 * 1024:
                faults.append((path, f"{verdict['seconds']:.2f} s, {verdict['peak_kib'] // 1024} MiB"))
            refused = verdict.get("refused")
            try:
                reference = FORMATS[name](path.read_bytes())
            except Refused as reason:
                if refused is not None:
                    tally["both refuse"] += 1
                elif reason.args[0]:
                    faults.append((path, f"the reference refuses what we take: {reason.args[1][:300]}"))
                else:
                    tally["reference trusts no such class or encoding"] += 1
                continue
            if refused is not None:
                tally["only we refuse"] += 1
                tally["  " + "".join(c for c in refused if not c.isdigit())[:60]] += 1
            elif any(verdict.get(key) != value for key, value in reference.items()):
                faults.append((path, f"other values: {str(verdict)[:300]} and {str(reference)[:300]}"))
            else:
                tally["both take, equal"] += 1
        if keep:
            for path, _ in faults:
                (keep / path.name).write_bytes(path.read_bytes())
    print(f"{name}: {count} mutants (seed {seed}), slowest {slowest:.3f} s, most memory {largest} MiB")
    for words, number in sorted(tally.items(), key=lambda item: (item[0].startswith(" "), -item[1]))[:14]:
        print(f"    {number:6d} {words}")
    print(f"    {len(faults):6d} faults, of which the reader ended {len(crashes)} times")
    for path, words in faults[:20]:
        print(f"           {path.name}: {words}")
    return not faults


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built Verdicts")
    parser.add_argument("--count", type=int, default=5000, help="mutants of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default=",".join(FORMATS), help="formats, with commas between")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the files at fault")
    options = parser.parse_args()
    results = [compare(name, options.program, options.count, options.seed, options.keep)
               for name in options.only.split(",")]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
