"""Makes the images: files of every kind, and what Pillow, timm, torchvision and transformers make of them.

Run with Pillow 13, timm 1.0, torchvision 0.29 and transformers 5: python make.py
Everything is drawn here; seeds are fixed. Expected pixels are raw 8-bit RGB (height, width, 3), expected tensors raw
little-endian float32 (3, height, width). manifest.json says which belongs to which.

jpeg/ and png/ hold every kind of file, orientation/ what EXIF turns, resizing/ and transforms/ what becomes of sizes,
hugging-face/ the tensors of its processors. damaged/ has a script of its own.
"""

import io
import json
import os
import shutil
import struct
import tempfile
import zlib

import numpy as np
import timm.data
import torchvision
import transformers
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
MANIFEST = {"decode": [], "orient": [], "resize": [], "transform": [], "hugging_face": []}


def path(name):
    return os.path.join(HERE, name)


for folder in ("jpeg", "png", "orientation", "resizing", "transforms", "hugging-face"):
    os.makedirs(path(folder), exist_ok=True)


def write(name, data):
    with open(path(name), "wb") as file:
        file.write(data)


def scene(height, width, seed=0):
    """Colour gradients, edges and a little noise: something for every part of a codec."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    red = 255 * x / max(width - 1, 1)
    green = 127 + 120 * np.sin(y / 3.0 + x / 7.0)
    blue = np.where((x // 5 + y // 4) % 2 == 0, 220, 30)
    picture = np.stack([red, green, blue], -1) + rng.normal(0, 6, (height, width, 3))
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


# PNG, written by hand because Pillow does not write every kind

ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed_rows(samples, depth):
    """Rows of filter type 0; samples (height, width, channels)."""
    out = b""
    for row in samples:
        flat = row.reshape(-1)
        if depth == 16:
            data = flat.astype(">u2").tobytes()
        elif depth == 8:
            data = flat.astype(np.uint8).tobytes()
        else:
            bits = (flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            data = np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()
        out += b"\0" + data
    return out


def png(samples, depth, colour, before=b"", after=b"", interlaced=False):
    height, width = samples.shape[:2]
    samples = samples.reshape(height, width, CHANNELS[colour])
    if interlaced:
        rows = b"".join(
            packed_rows(samples[top::down, left::right], depth)
            for top, left, down, right in ADAM7
            if samples[top::down, left::right].size
        )
    else:
        rows = packed_rows(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows, 9)) + after
        + chunk(b"IEND", b"")
    )


def expect(name, note=""):
    image = Image.open(path(name))
    rgb = np.asarray(image.convert("RGB"))
    write(name + ".rgb", rgb.tobytes())
    MANIFEST["decode"].append(
        {"file": name, "mode": image.mode, "height": rgb.shape[0], "width": rgb.shape[1], "note": note}
    )


def make_pngs():
    rng = np.random.default_rng(1)
    height, width = 13, 19
    for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            samples = rng.integers(0, 2**depth, (height, width, CHANNELS[colour]))
            if colour == 0 and depth == 16:
                samples[::2] //= 200  # half of the rows below 256 and thereabouts
            before = b""
            if colour == 3:
                before = chunk(b"PLTE", rng.integers(0, 256, 3 * 2**depth, dtype=np.uint8).tobytes())
            for interlaced in (False, True):
                name = f"png/{colour}-{depth}{'-interlaced' if interlaced else ''}.png"
                write(name, png(samples, depth, colour, before, interlaced=interlaced))
                expect(name)
    palette = chunk(b"PLTE", bytes(range(10, 70, 2)))
    indices = rng.integers(0, 10, (height, width))
    write("png/palette-alpha.png", png(indices, 8, 3, palette + chunk(b"tRNS", bytes([0, 128, 255, 7]))))
    expect("png/palette-alpha.png", "transparency a byte a colour")
    write("png/palette-transparent.png", png(indices, 8, 3, palette + chunk(b"tRNS", bytes([255, 0]))))
    expect("png/palette-transparent.png", "one transparent colour")
    write("png/palette-short.png", png(indices * 25, 8, 3, palette))
    expect("png/palette-short.png", "indices beyond the palette")
    grey = rng.integers(0, 256, (height, width))
    write("png/grey-transparent.png", png(grey, 8, 0, chunk(b"tRNS", struct.pack(">H", int(grey[0, 0])))))
    expect("png/grey-transparent.png")
    rgb = rng.integers(0, 256, (height, width, 3))
    write("png/rgb-transparent.png", png(rgb, 8, 2, chunk(b"tRNS", struct.pack(">3H", *map(int, rgb[0, 0])))))
    expect("png/rgb-transparent.png")
    text = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"tEXt", b"Title\0hello") + chunk(b"zTXt", b"x\0\0bad")
    profile = chunk(b"iCCP", b"icc\0\0" + zlib.compress(b"not a profile"))
    write("png/ancillary.png", png(rgb, 8, 2, text + profile + chunk(b"tIME", b"\x07\xe8\x01\x01\0\0\0")))
    expect("png/ancillary.png", "a profile and a text that make no sense")
    Image.fromarray(scene(29, 41)).save(path("png/filtered.png"), optimize=True)
    expect("png/filtered.png", "all filters")
    write("png/1x1.png", png(np.array([[[200, 100, 50]]]), 8, 2))
    expect("png/1x1.png")


# JPEG


def make_jpegs():
    picture = Image.fromarray(scene(45, 67))
    small = Image.fromarray(scene(7, 5))
    variants = {
        "444": (picture, dict(quality=92, subsampling="4:4:4")),
        "422": (picture, dict(quality=85, subsampling="4:2:2")),
        "420": (picture, dict(quality=75, subsampling="4:2:0")),
        "progressive": (picture, dict(quality=80, progressive=True)),
        "progressive-444": (picture, dict(quality=95, progressive=True, subsampling="4:4:4")),
        "low": (picture, dict(quality=10)),
        "optimized": (picture, dict(quality=75, optimize=True)),
        "restart": (picture, dict(quality=75, restart_marker_blocks=2)),
        "rgb": (picture, dict(quality=90, keep_rgb=True)),
        "small": (small, dict(quality=90)),
        "small-progressive": (small, dict(quality=90, progressive=True)),
        "grey": (picture.convert("L"), dict(quality=85)),
        "grey-progressive": (picture.convert("L"), dict(quality=85, progressive=True)),
        "cmyk": (picture.convert("CMYK"), dict(quality=85)),
    }
    for name, (image, options) in variants.items():
        image.save(path(f"jpeg/{name}.jpg"), **options)
        expect(f"jpeg/{name}.jpg")
    # Pillow writes CMYK; the same numbers under Adobe's transform 2 are YCCK.
    data = open(path("jpeg/cmyk.jpg"), "rb").read()
    at = data.index(b"Adobe") + 11
    write("jpeg/ycck.jpg", data[:at] + b"\2" + data[at + 1 :])
    expect("jpeg/ycck.jpg")
    rng = np.random.default_rng(3)
    ink = Image.fromarray(rng.integers(0, 256, (16, 16, 4), dtype=np.uint8), "CMYK")
    ink.save(path("jpeg/cmyk-noise.jpg"), quality=100)
    expect("jpeg/cmyk-noise.jpg")
    data = open(path("jpeg/420.jpg"), "rb").read()
    at = data.index(b"\xff\xdb")
    write("jpeg/padding.jpg", data[:at] + b"\0\1\2" + data[at:] + b"trailing bytes")
    expect("jpeg/padding.jpg", "stray bytes before a marker and after the end")


# Orientation


def tiff(value, big=True, long=False, first=b""):
    order = ">" if big else "<"
    entries = [first] if first else []
    kind = struct.pack(order + "HHI", 0x0112, 4 if long else 3, 1)
    entries.append(kind + (struct.pack(order + "I", value) if long else struct.pack(order + "HH", value, 0)))
    directory = struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0\0\0\0"
    return (b"MM" if big else b"II") + struct.pack(order + "HI", 42, 8) + directory


def make_oriented():
    picture = Image.fromarray(scene(10, 17, 5))
    plain = np.asarray(picture)
    write("orientation/source.rgb", plain.tobytes())
    MANIFEST["orient_source"] = {"file": "orientation/source.rgb", "height": 10, "width": 17}

    def expect_oriented(name, value, note=""):
        turned = np.asarray(ImageOps.exif_transpose(Image.open(path(name))).convert("RGB"))
        write(name + ".rgb", turned.tobytes())
        MANIFEST["orient"].append(
            {"file": name, "orientation": value, "height": turned.shape[0], "width": turned.shape[1], "note": note}
        )

    other = struct.pack("<HHII", 0x010F, 2, 4, 0x41424300)
    for value in range(1, 9):
        name = f"orientation/{value}.jpg"
        block = tiff(value, big=value % 2 == 0, first=other if value == 3 else b"")
        picture.save(path(name), quality=95, subsampling="4:4:4", exif=b"Exif\0\0" + block)
        expect_oriented(name, value)
        name = f"orientation/{value}.png"
        write(name, png(plain, 8, 2, after=chunk(b"eXIf", block)) if value > 4 else png(plain, 8, 2, chunk(b"eXIf", block)))
        expect_oriented(name, value)


# Resizing


def make_resized():
    source = scene(31, 23, 7)
    write("resizing/source.rgb", source.tobytes())
    MANIFEST["resize_source"] = {"file": "resizing/source.rgb", "height": 31, "width": 23}
    filters = {"box": 4, "bilinear": 2, "hamming": 5, "bicubic": 3, "lanczos": 1}
    for name, code in filters.items():
        for height, width in [(7, 5), (47, 64), (31, 9), (12, 23), (1, 1), (30, 24), (62, 46), (3, 80)]:
            target = f"resizing/{name}-{height}x{width}.rgb"
            write(target, np.asarray(Image.fromarray(source).resize((width, height), code)).tobytes())
            MANIFEST["resize"].append({"file": target, "filter": name, "height": height, "width": width})


# timm's evaluation transform


def make_transformed():
    shapes = {"wide": (61, 97), "tall": (90, 40), "square": (50, 50), "tiny": (9, 6), "strip": (4, 150)}
    for index, (name, (height, width)) in enumerate(shapes.items()):
        Image.fromarray(scene(height, width, 20 + index)).save(path(f"transforms/{name}.png"), optimize=True)
    cases = []
    for name in shapes:
        cases += [(name, 32, 0.875, "bicubic", "center"), (name, (24, 40), 0.875, "bicubic", "center")]
    for interpolation in ("bilinear", "lanczos", "box", "hamming"):
        cases.append(("wide", 32, 0.875, interpolation, "center"))
    cases += [("wide", 32, 1.0, "bicubic", "center"), ("tall", 32, 1.0, "bilinear", "center")]
    cases += [("wide", 33, 0.9, "bicubic", "center"), ("tall", 31, 0.95, "bicubic", "center")]
    cases += [("wide", (40, 24), 0.9, "bilinear", "center"), ("tall", (33, 20), 1.0, "bicubic", "center")]
    cases += [("square", 56, 0.875, "bicubic", "center"), ("tiny", 32, 1.3, "bicubic", "center")]
    cases += [("wide", (20, 33), 1.25, "bilinear", "center"), ("wide", 32, 0.875, "bicubic", "squash")]
    cases += [("tall", (24, 40), 1.0, "bilinear", "squash"), ("tall", (24, 40), 0.9, "bicubic", "squash")]
    half, white = [0.5, 0.5, 0.5], [0.999, 0.002, 0.498]
    cases += [(name, 32, 1.0, "bicubic", "border") for name in shapes]
    cases += [("wide", 32, 0.875, "bicubic", "border"), ("tall", (24, 40), 0.9, "bilinear", "border", half)]
    cases += [("wide", (33, 20), 0.9, "bicubic", "border", white), ("square", 31, 1.2, "bicubic", "border", white)]
    cases += [("tall", 31, 0.7, "bicubic", "border"), ("wide", 32, 1.3, "bicubic", "squash")]
    cases += [("wide", 32, 0.9, "lanczos", "squash"), ("strip", 32, 1.0, "bicubic", "squash")]
    for index, (name, size, crop, interpolation, mode, *mean) in enumerate(cases):
        options = dict(
            input_size=(3, size, size) if isinstance(size, int) else (3, *size), is_training=False, crop_pct=crop,
            interpolation=interpolation, crop_mode=mode, mean=mean[0] if mean else timm.data.IMAGENET_DEFAULT_MEAN,
        )
        image = Image.open(path(f"transforms/{name}.png")).convert("RGB")
        pixels = timm.data.create_transform(**options, normalize=False)(image).permute(1, 2, 0).numpy()
        write(f"transforms/{index}.rgb", pixels.tobytes())
        entry = {
            "file": f"transforms/{name}.png", "view": f"transforms/{index}.rgb", "height": pixels.shape[0],
            "width": pixels.shape[1], "crop_pct": crop, "interpolation": interpolation, "crop_mode": mode,
        }
        if mean:
            entry["mean"] = mean[0]
        if index % 6 == 0:
            tensor = timm.data.create_transform(**options)(image).numpy()
            write(f"transforms/{index}.f32", tensor.astype("<f4").tobytes())
            entry["tensor"] = f"transforms/{index}.f32"
        MANIFEST["transform"].append(entry)


def make_hugging_face():
    configs = [
        ("ViTImageProcessorPil", dict(size={"height": 32, "width": 32})),
        ("BeitImageProcessorPil", dict(
            size={"height": 36, "width": 36}, crop_size={"height": 32, "width": 32}, do_center_crop=True, resample=3)),
        ("BitImageProcessorPil", dict(
            size={"shortest_edge": 37}, crop_size={"height": 32, "width": 32}, resample=3,
            image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])),
        ("CLIPImageProcessorPil", dict(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}, resample=1)),
    ]
    for kind, options in configs:
        processor = getattr(transformers, kind)(**options)
        for name in ("wide", "tall"):
            image = Image.open(path(f"transforms/{name}.png")).convert("RGB")
            tensor = processor(images=image, return_tensors="np")["pixel_values"][0]
            target = f"hugging-face/{kind}-{name}.f32"
            write(target, tensor.astype("<f4").tobytes())
            MANIFEST["hugging_face"].append({
                "file": f"transforms/{name}.png", "tensor": target, "processor": kind,
                "size": {k: v for k, v in dict(processor.size).items() if v},
                "crop_size": {k: v for k, v in dict(processor.crop_size).items() if v} if processor.crop_size else None,
                "do_center_crop": bool(processor.do_center_crop), "resample": int(processor.resample),
                "image_mean": list(processor.image_mean), "image_std": list(processor.image_std),
            })


def make_folder_order():
    """The order in which torchvision lists a tree with traps: case, dots, spaces, nesting, other alphabets."""
    names = [
        "zebra/1.png", "Zebra/a.PNG", "ant/10.png", "ant/9.png", "ant/a-b/x.png", "ant/a/b/y.png", "ant/a/z.jpeg",
        "ant/B.jpg", "ant/notes.txt", "a b/1.png", "a-b/1.png", "ant_/2.png", "éclair/1.png", "日本/1.png", "ant/é.png",
        "ant/z.png", "empty-not/readme.md", "empty-not/ok.Jpg", "loose.png", "😀/1.png", "～/1.png",
    ]
    with tempfile.TemporaryDirectory() as root:
        for name in names:
            os.makedirs(os.path.dirname(os.path.join(root, name)) or root, exist_ok=True)
            shutil.copy(path("png/1x1.png"), os.path.join(root, name))
        folder = torchvision.datasets.ImageFolder(root)
        MANIFEST["folder"] = {
            "files": names, "classes": folder.classes,
            "samples": [{"path": os.path.relpath(p, root), "label": label} for p, label in folder.samples],
        }


make_pngs()
make_jpegs()
make_oriented()
make_resized()
make_transformed()
make_hugging_face()
make_folder_order()
with open(path("manifest.json"), "w") as file:
    json.dump(MANIFEST, file, indent=1, ensure_ascii=False)
