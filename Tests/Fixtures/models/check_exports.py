"""Loads what `vitscope convert --to timm` wrote into the timm class it names, strictly, and runs it.

    python check_exports.py FOLDER

FOLDER holds NAME.safetensors for cases of cases.json; each must agree with references/NAME.safetensors.
"""

import functools
import json
import sys
from pathlib import Path

import timm
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from reference_models import record

here = Path(__file__).parent
images = load_file(here / "images.safetensors")
cases = {case["name"]: case for case in json.loads((here / "cases.json").read_text())}
for path in sorted(Path(sys.argv[1]).glob("*.safetensors")):
    with safe_open(path, "pt") as file:
        expression = file.metadata()["timm"]
    case = cases[path.stem]
    if case["expect"].get("patch_embed") == "conv_stem":
        continue
    model = eval(expression, {"timm": timm, "torch": torch, "functools": functools}).eval()
    model.load_state_dict({name: value.float() for name, value in load_file(path).items()}, strict=True)
    wanted = load_file(here / "references" / f"{case['reference']}.safetensors")
    places = {key: [int(name.split(".")[1]) for name in wanted if name.startswith(key + ".")]
              for key in ("attention", "residual", "head_output")}
    seen = record(
        model, images[case["images"]].float(), attentions=places["attention"], residuals=places["residual"],
        head_outputs=places["head_output"], logits="logits" in wanted)
    worst = 0.0
    for name, expected in wanted.items():
        if name == "logits" and seen[name].shape != expected.shape:
            continue
        scale = 1 if name.startswith("attention") else expected.abs().max()
        worst = max(worst, ((seen[name][:len(expected)] - expected).abs().max() / scale).item())
    assert worst < 1e-4, f"{path.stem}: {worst}"
    print(f"{path.stem}: {worst:.1e}  {expression}")
