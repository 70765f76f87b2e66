"""Writes every checkpoint layout at a small size, and what PyTorch computes with it.

    python make.py

needs torch, timm, transformers, scipy and safetensors. Checkpoints go to files/, references to references/ (one
safetensors file a case), the images to images.safetensors, and the list of cases with what the Swift test expects
of each to cases.json. Cases are (checkpoint, what the user asks for, image size).
"""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

import hugging_face_layouts
import original_layouts
import several_networks
import timm_layouts

here = Path(__file__).parent


class Fixtures:
    """Collects checkpoints and cases."""

    def __init__(self):
        self.cases, self.images = [], {}
        for folder in ("files", "references"):
            shutil.rmtree(here / folder, ignore_errors=True)
            (here / folder).mkdir()

    def path(self, name):
        return here / "files" / name

    def image(self, height, width=None):
        """Two images of normalised values, exact in half precision so that the file stays small."""
        width = width or height
        name = f"{height}x{width}"
        if name not in self.images:
            generator = torch.Generator().manual_seed(height * 1000 + width)
            self.images[name] = torch.randn(2, 3, height, width, generator=generator).half()
        return self.images[name].float()

    def case(self, name, file, size, seen, expect, user=None, reference=None):
        """One thing to check. `seen` is None where another case's reference serves."""
        height, width = size if isinstance(size, tuple) else (size, size)
        if seen is not None:
            save_file(seen, here / "references" / f"{name}.safetensors")
        self.cases.append(dict(
            name=name, file=file, images=f"{height}x{width}", reference=reference or name, user=user or {},
            expect=expect))

    def finish(self):
        save_file(self.images, here / "images.safetensors")
        lines = ",\n".join(json.dumps(case) for case in self.cases)
        (here / "cases.json").write_text(f"[\n{lines}\n]\n")
        size = sum(path.stat().st_size for path in here.rglob("*") if path.is_file())
        print(f"{len(self.cases)} cases, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    torch.manual_seed(0)
    fixtures = Fixtures()
    timm_layouts.make(fixtures)
    original_layouts.make(fixtures)
    hugging_face_layouts.make(fixtures)
    several_networks.make(fixtures)
    fixtures.finish()
