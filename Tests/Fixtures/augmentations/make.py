"""Makes the fixtures of Tests/ImagesTests/Augmentations: pictures, and what Pillow makes of them.

Run with Pillow 13, NumPy, torchvision and timm: python make.py. Pictures are raw RGB; of each result there is only the
SHA-256 of its raw RGB, in manifest.json.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from timm.data import auto_augment
from torchvision.transforms import functional as F

HERE = Path(__file__).parent
FILL = (124, 116, 104)


def noise(height, width, seed):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height, width):
    y, x = np.mgrid[:height, :width]
    planes = [128 + 100 * np.sin(0.11 * x + 0.07 * y), 40 + 3 * x + 0.5 * y, 90 + 60 * np.cos(0.2 * y) - x]
    return np.clip(np.stack(planes, -1), 20, 230).astype(np.uint8)


def colours():
    """Every third level of each colour, as one picture."""
    levels = np.arange(0, 256, 3, dtype=np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(len(levels), -1, 3)


SOURCES = {
    "noise": noise(37, 53, 1),
    "smooth": smooth(64, 48),
    "tiny": noise(2, 3, 2),
    "one": noise(1, 1, 3),
    "flat": np.full((9, 7, 3), (13, 200, 90), dtype=np.uint8),
}

cases = []


def add(source, operation, result, *arguments):
    digest = hashlib.sha256(np.asarray(result.convert("RGB")).tobytes()).hexdigest()
    cases.append({"source": source, "operation": operation, "arguments": list(arguments), "sha256": digest})


AFFINE = dict(fillcolor=FILL, resample=Image.BICUBIC)

for name, pixels in SOURCES.items():
    image = Image.fromarray(pixels)
    height, width = pixels.shape[:2]
    add(name, "grayscale", F.to_grayscale(image, 3))
    add(name, "flip", F.hflip(image))
    for factor in (0.0, 0.1, 0.6, 0.83137, 1.0, 1.17, 1.4, 1.9):
        add(name, "brightness", F.adjust_brightness(image, factor), factor)
        add(name, "contrast", F.adjust_contrast(image, factor), factor)
        add(name, "saturation", F.adjust_saturation(image, factor), factor)
        add(name, "sharpness", ImageEnhance.Sharpness(image).enhance(factor), factor)
    for factor in (-0.5, -0.1, -0.05, -0.001, 0.0, 0.03, 0.1, 0.5):
        add(name, "hue", F.adjust_hue(image, factor), factor)
    for sigma in (0.1, 0.3, 0.5, 0.77, 1.0, 1.3, 1.99, 2.0, 2.6, 5.0, 40.0):
        add(name, "blur", image.filter(ImageFilter.GaussianBlur(sigma)), sigma)
    add(name, "solarize", ImageOps.solarize(image, 128), 128)
    add(name, "solarize", ImageOps.solarize(image, 26), 26)
    add(name, "solarize_add", auto_augment.solarize_add(image, 99), 99)
    add(name, "auto_contrast", ImageOps.autocontrast(image))
    add(name, "equalize", ImageOps.equalize(image))
    add(name, "invert", ImageOps.invert(image))
    for bits in (1, 2, 3, 8):
        add(name, "posterize", auto_augment.posterize(image, bits), bits)
    for degrees in (-27.3, -5.0, 0.0, 0.4, 13.77, 30.0):
        add(name, "rotate", auto_augment.rotate(image, degrees, **AFFINE), degrees)
    for amount in (-0.3, -0.011, 0.27):
        add(name, "shear_x", auto_augment.shear_x(image, amount, **AFFINE), amount)
        add(name, "shear_y", auto_augment.shear_y(image, amount, **AFFINE), amount)
    for amount in (-0.45, 0.013, 0.4):
        add(name, "translate_x", auto_augment.translate_x_rel(image, amount, **AFFINE), amount)
        add(name, "translate_y", auto_augment.translate_y_rel(image, amount, **AFFINE), amount)
    (HERE / f"{name}.rgb").write_bytes(pixels.tobytes())

for name, top, left, height, width, size, filter in (
    ("noise", 3, 5, 20, 31, 24, "bilinear"),
    ("noise", 0, 0, 37, 53, 16, "bilinear"),
    ("noise", 10, 40, 7, 9, 48, "bicubic"),
    ("smooth", 30, 1, 33, 44, 48, "bicubic"),
):
    image = Image.fromarray(SOURCES[name])
    mode = {"bilinear": F.InterpolationMode.BILINEAR, "bicubic": F.InterpolationMode.BICUBIC}[filter]
    result = F.resized_crop(image, top, left, height, width, [size, size], mode)
    add(name, "resized_crop_" + filter, result, top, left, height, width, size)

# timm's operations by magnitude, with the coin that chooses the direction held still.
OPERATIONS = {
    "autoContrast": "AutoContrast", "equalize": "Equalize", "invert": "Invert", "rotate": "Rotate",
    "posterize": "PosterizeIncreasing", "solarize": "SolarizeIncreasing", "solarizeAdd": "SolarizeAdd",
    "color": "ColorIncreasing", "contrast": "ContrastIncreasing", "brightness": "BrightnessIncreasing",
    "sharpness": "SharpnessIncreasing", "shearX": "ShearX", "shearY": "ShearY", "translateX": "TranslateXRel",
    "translateY": "TranslateYRel",
}
assert sorted(OPERATIONS.values()) == sorted(auto_augment._RAND_INCREASING_TRANSFORMS)
HPARAMS = {"img_mean": FILL, "interpolation": Image.BICUBIC}
image = Image.fromarray(SOURCES["smooth"])
for ours, theirs in OPERATIONS.items():
    for magnitude in (2.5, 9.0, 9.64):
        for negated in (0, 1):
            auto_augment._randomly_negate = lambda v: -v if negated else v
            result = auto_augment.AugmentOp(theirs, prob=1.0, magnitude=magnitude, hparams=HPARAMS)(image)
            add("smooth", "rand_augment_" + ours, result, magnitude, negated)

image = Image.fromarray(colours())
add("colours", "grayscale", F.to_grayscale(image, 3))
for factor in (0.03, -0.1, 0.29, -0.5):
    add("colours", "hue", F.adjust_hue(image, factor), factor)
for factor in (0.8765, 1.1234):
    add("colours", "saturation", F.adjust_saturation(image, factor), factor)

sizes = {name: list(pixels.shape[:2]) for name, pixels in SOURCES.items()}
(HERE / "manifest.json").write_text(json.dumps({"sources": sizes, "cases": cases}, indent=0) + "\n")
print(len(cases), "cases")
