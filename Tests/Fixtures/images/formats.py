"""Makes webp/, tiff/, bmp/ and gif/: files of every kind, and what Pillow makes of them.

Run with Pillow 13: python formats.py
Everything is drawn here; seeds are fixed. Expected pixels are raw 8-bit RGB (height, width, 3): those of
Image.open(f).convert("RGB"), turned where Pillow turns them by itself. formats.json says which belongs to which, and
which files Pillow reads although they are refused here.
"""

import json
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

HERE = os.path.dirname(os.path.abspath(__file__))
MANIFEST = []


def path(name):
    return os.path.join(HERE, name)


for folder in ("webp", "tiff", "bmp", "gif"):
    os.makedirs(path(folder), exist_ok=True)


def write(name, data):
    with open(path(name), "wb") as file:
        file.write(data)


def scene(height, width, seed=0):
    """Colour gradients, edges and a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(float)
    red = 255 * x / max(width - 1, 1)
    green = 127 + 120 * np.sin(y / 3.0 + x / 7.0)
    blue = np.where((x // 5 + y // 4) % 2 == 0, 220, 30)
    picture = np.stack([red, green, blue], -1) + rng.normal(0, 6, (height, width, 3))
    return np.clip(np.round(picture), 0, 255).astype(np.uint8)


def expect(name, many=False, upright=None):
    image = Image.open(path(name))
    rgb = np.asarray(image.convert("RGB"))
    write(name + ".rgb", rgb.tobytes())
    entry = {"file": name, "height": rgb.shape[0], "width": rgb.shape[1], "many": many, "mode": image.mode}
    if upright:
        turned = np.asarray(ImageOps.exif_transpose(Image.open(path(name))).convert("RGB"))
        write(name + ".upright.rgb", turned.tobytes())
        entry["upright"] = {"height": turned.shape[0], "width": turned.shape[1]}
    MANIFEST.append(entry)


def refused(name, words):
    """Pillow reads it or not; here it is refused by these words."""
    MANIFEST.append({"file": name, "refused": words})


# WebP


def exif(value):
    return b"Exif\0\0MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, value, 0, 0)


def make_webps():
    picture = Image.fromarray(scene(45, 67))
    alpha = Image.fromarray(np.random.default_rng(2).integers(0, 256, (45, 67), dtype=np.uint8))
    cutout = picture.copy()
    cutout.putalpha(alpha)
    cases = {
        "lossy": (picture, dict(quality=80)), "low": (picture, dict(quality=5)),
        "high": (picture, dict(quality=100, method=6)), "lossless": (picture, dict(lossless=True)),
        "lossy-alpha": (cutout, dict(quality=80)),
        "lossless-alpha": (cutout, dict(lossless=True, exact=True)),
        "near-lossless": (picture, dict(lossless=True, quality=30, method=6)),
        "grey": (picture.convert("L"), dict(quality=75)),
        "few-colours": (picture.quantize(9).convert("RGB"), dict(lossless=True)),
        "tiny": (Image.fromarray(scene(1, 1)), dict(lossless=True)),
        "odd": (Image.fromarray(scene(17, 5)), dict(quality=60)),
        "icc": (picture, dict(quality=80, icc_profile=b"not a profile")),
    }
    for name, (image, options) in cases.items():
        image.save(path(f"webp/{name}.webp"), **options)
        expect(f"webp/{name}.webp")
    for value in (3, 6):
        picture.save(path(f"webp/turned-{value}.webp"), quality=90, exif=exif(value))
        expect(f"webp/turned-{value}.webp", upright=True)
    frames = [Image.fromarray(scene(20, 30, seed)) for seed in range(3)]
    for name, options in {"animated": dict(quality=80), "animated-lossless": dict(lossless=True)}.items():
        frames[0].save(path(f"webp/{name}.webp"), save_all=True, append_images=frames[1:], duration=50, **options)
        expect(f"webp/{name}.webp", many=True)
    # A first frame that is smaller than its sheet.
    patch = open(path("webp/odd.webp"), "rb").read()[12:]
    small = struct.pack("<I", 4)[:3] + struct.pack("<I", 2)[:3] + struct.pack("<I", 4)[:3] + struct.pack("<I", 16)[:3]
    frame = small + b"\x32\0\0\0" + patch
    body = b"VP8X" + struct.pack("<IBBBB", 10, 2, 0, 0, 0) + struct.pack("<I", 19)[:3] + struct.pack("<I", 29)[:3]
    body += b"ANIM" + struct.pack("<IIH", 6, 0xFFFFFFFF, 0) + b"ANMF" + struct.pack("<I", len(frame)) + frame
    write("webp/patch.webp", b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)
    expect("webp/patch.webp")


# TIFF, written by hand because Pillow does not write every kind


def packbits(data):
    return b"".join(bytes([len(data[i : i + 128]) - 1]) + data[i : i + 128] for i in range(0, len(data), 128))


def lzw(data):
    """Literals alone, with a clear code before the table would need a tenth bit."""
    codes = []
    for start in range(0, len(data), 200):
        codes += [256, *data[start : start + 200]]
    bits = "".join(format(code, "09b") for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


CODERS = {1: bytes, 5: lzw, 8: zlib.compress, 32946: zlib.compress, 32773: packbits}


def packed(samples, bits, order):
    """Rows of (height, width, channels), each to a whole byte."""
    rows = b""
    for row in samples:
        flat = row.reshape(-1)
        if bits == 16:
            rows += flat.astype(order + "u2").tobytes()
        elif bits == 8:
            rows += flat.astype(np.uint8).tobytes()
        else:
            spread = (flat[:, None] >> np.arange(bits - 1, -1, -1)) & 1
            rows += np.packbits(spread.astype(np.uint8).reshape(-1)).tobytes()
    return rows


def predicted(samples, bits):
    samples = samples.astype(np.int64)
    out = samples.copy()
    out[:, 1:] -= samples[:, :-1]
    return out % 2**bits


def tiff(samples, bits, photometric, compression=1, order="<", rows=None, tile=None, planar=1, predictor=1, extra=None,
         palette=None, orientation=None, tags=(), big=False, more=b""):
    height, width, channels = samples.shape
    blocks = []
    planes = [samples] if planar == 1 else [samples[:, :, c : c + 1] for c in range(channels)]
    for plane in planes:
        if tile:
            padded = np.zeros((-(-height // tile[0]) * tile[0], -(-width // tile[1]) * tile[1], plane.shape[2]), plane.dtype)
            padded[:height, :width] = plane
            for top in range(0, height, tile[0]):
                for left in range(0, width, tile[1]):
                    blocks.append(padded[top : top + tile[0], left : left + tile[1]])
        else:
            step = rows or height
            blocks += [plane[top : top + step] for top in range(0, height, step)]
    if predictor == 2:
        blocks = [predicted(block, bits) for block in blocks]
    data = [CODERS[compression](packed(block, bits, order)) for block in blocks]
    entries = {
        256: ("I", [width]), 257: ("I", [height]), 258: ("H", [bits] * channels), 259: ("H", [compression]),
        262: ("H", [photometric]), 277: ("H", [channels]), 284: ("H", [planar]),
    }
    if predictor != 1:
        entries[317] = ("H", [predictor])
    if extra is not None:
        entries[338] = ("H", extra)
    if palette is not None:
        entries[320] = ("H", list(palette.T.reshape(-1)))
    if orientation:
        entries[274] = ("H", [orientation])
    entries.update(dict(tags))
    if tile:
        entries.update({322: ("I", [tile[1]]), 323: ("I", [tile[0]])})
    else:
        entries[278] = ("I", [rows or height])
    places, counts = (324, 325) if tile else (273, 279)
    entries[counts] = ("I", [len(part) for part in data])
    entries[places] = ("I", [0] * len(data))
    head = 16 if big else 8
    offset = head
    offsets = []
    for part in data:
        offsets.append(offset)
        offset += len(part) + len(part) % 2
    entries[places] = ("I", offsets)
    body = b"".join(part + b"\0" * (len(part) % 2) for part in data)
    count, word, room = ("Q", "Q", 8) if big else ("H", "I", 4)
    start = head + len(body)
    tail = start + struct.calcsize(order + count) + len(entries) * (4 + 2 * room) + room
    directory, outside = struct.pack(order + count, len(entries)), b""
    for tag in sorted(entries):
        kind, values = entries[tag]
        value = struct.pack(order + kind * len(values), *map(int, values))
        directory += struct.pack(order + "HH" + word, tag, {"H": 3, "I": 4}[kind], len(values))
        if len(value) > room:
            directory += struct.pack(order + word, tail + len(outside))
            outside += value + b"\0" * (len(value) % 2)
        else:
            directory += value + b"\0" * (room - len(value))
    # Another page is the same one again.
    directory += struct.pack(order + word, start if more else 0)
    mark = b"II" if order == "<" else b"MM"
    if big:
        header = mark + struct.pack(order + "HHHQ", 43, 8, 0, start)
    else:
        header = mark + struct.pack(order + "HI", 42, start)
    return header + body + directory + outside


def make_tiffs():
    rng = np.random.default_rng(4)
    height, width = 13, 19
    rgb = rng.integers(0, 256, (height, width, 3))
    grey = rng.integers(0, 256, (height, width, 1))
    deep = rng.integers(0, 65536, (height, width, 1))
    deep[::2] //= 200
    deeper = rng.integers(0, 65536, (height, width, 4))
    alpha = rng.integers(0, 256, (height, width, 4))
    photo = scene(45, 67).astype(int)

    def case(name, *arguments, **options):
        many = bool(options.get("more"))
        write(f"tiff/{name}.tif", tiff(*arguments, **options))
        expect(f"tiff/{name}.tif", many=many)

    for code, words in {1: "plain", 5: "lzw", 8: "deflate", 32946: "old-deflate", 32773: "packbits"}.items():
        case(f"rgb-{words}", rgb, 8, 2, code, rows=4)
        case(f"grey-{words}", grey, 8, 1, code, order=">", rows=5)
        case(f"rgba16-{words}", deeper, 16, 2, code, extra=[2], rows=3)
        case(f"tiles-{words}", photo, 8, 2, code, tile=(16, 32))
        case(f"grey16-{words}", deep, 16, 1, code, order="<" if code % 2 else ">")
    for order, words in (("<", "small"), (">", "large")):
        case(f"rgb16-{words}", deeper[:, :, :3], 16, 2, order=order, rows=6)
        case(f"rgb16-{words}-deflate", deeper[:, :, :3], 16, 2, 8, order=order, predictor=2)
    # Pillow takes no big file of the other order.
    case("big", rgb, 8, 2, rows=4, big=True)
    case("predicted-lzw", photo, 8, 2, 5, predictor=2, rows=7)
    case("predicted-tiles", photo, 8, 2, 8, predictor=2, tile=(16, 16))
    for bits in (1, 2, 4):
        few = rng.integers(0, 2**bits, (height, width, 1))
        case(f"grey-{bits}", few, bits, 1, rows=4)
        case(f"white-zero-{bits}", few, bits, 0, 8)
        case(f"palette-{bits}", few, bits, 3, palette=rng.integers(0, 65536, (2**bits, 3)), rows=2)
    case("white-zero-8", grey, 8, 0, 5)
    case("palette-8", grey, 8, 3, 32773, palette=rng.integers(0, 65536, (256, 3)), rows=2)
    case("palette-tiles", grey, 8, 3, 8, palette=rng.integers(0, 65536, (256, 3)), tile=(16, 16))
    case("rgba", alpha, 8, 2, extra=[2])
    case("rgb-premultiplied", alpha, 8, 2, 8, extra=[1])
    case("rgb16-premultiplied", deeper, 16, 2, 8, extra=[1])
    case("rgbx", alpha, 8, 2, extra=[0])
    case("rgba-unsaid", alpha, 8, 2)
    case("grey-alpha", alpha[:, :, :2], 8, 1, 8, extra=[2])
    case("cmyk", alpha, 8, 5, 5)
    case("cmyk16", deeper, 16, 5, 8)
    case("planes-plain", rgb, 8, 2, planar=2, rows=5)
    case("planes-lzw", rgb, 8, 2, 5, planar=2, rows=5)
    case("planes-tiles", photo, 8, 2, 8, planar=2, tile=(16, 16))
    case("icc", rgb, 8, 2, tags=[(34675, ("I", [1, 2, 3]))])
    case("two-pages", rgb, 8, 2, 8, more=b"again")
    for value in range(1, 9):
        case(f"turned-{value}", rgb, 8, 2, 8 if value % 2 else 1, orientation=value, rows=4)
    for name, image, options in (
        ("written-lzw", Image.fromarray(scene(45, 67)), dict(compression="tiff_lzw")),
        ("written-deflate", Image.fromarray(scene(45, 67)), dict(compression="tiff_adobe_deflate", tiffinfo={317: 2})),
        ("written-1", Image.fromarray(scene(45, 67)).convert("1"), dict(compression="packbits")),
        ("written-plain", Image.fromarray(scene(45, 67)).quantize(100), {}),
    ):
        image.save(path(f"tiff/{name}.tif"), **options)
        expect(f"tiff/{name}.tif")
    Image.fromarray(scene(16, 16)).save(path("tiff/jpeg-inside.tif"), compression="jpeg")
    refused("tiff/jpeg-inside.tif", "JPEG compression inside")
    Image.fromarray(scene(16, 16)).convert("1").save(path("tiff/fax.tif"), compression="group4")
    refused("tiff/fax.tif", "fax compression")
    Image.fromarray(scene(16, 16)[:, :, 0].astype(np.float32)).save(path("tiff/float.tif"))
    refused("tiff/float.tif", "floating-point or signed samples")
    write("tiff/lab.tif", tiff(rgb, 8, 8))
    refused("tiff/lab.tif", "Lab colours")
    write("tiff/preview.tif", tiff(rgb, 8, 2, tags=[(254, ("I", [1]))]))
    refused("tiff/preview.tif", "raw files of cameras")
    write("tiff/white-zero-16.tif", tiff(deep, 16, 0))
    refused("tiff/white-zero-16.tif", "samples that have not 8 or 16 bits")


# BMP


def bmp(samples, bits, length=40, compression=0, palette=None, masks=None, down=False, data=None, begin=None, colours=0):
    """`samples` (height, width) are pixels as numbers, `data` what stands for them in runs."""
    height, width = samples.shape
    if data is None:
        data = b""
        for row in samples if down else samples[::-1]:
            if bits >= 8:
                line = b"".join(int(value).to_bytes(bits // 8, "little") for value in row)
            else:
                spread = (row[:, None] >> np.arange(bits - 1, -1, -1)) & 1
                line = np.packbits(spread.astype(np.uint8).reshape(-1)).tobytes()
            data += line + b"\0" * (-len(line) % 4)
    if length == 12:
        header = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        header = struct.pack("<IIiHHIIIIII", length, width, -height if down else height, 1, bits, compression,
                             len(data), 2835, 2835, colours, 0)
        if length > 40:
            header += struct.pack("<4I", *(masks or (0, 0, 0, 0)))[: length - 40]
            header += b"\0" * (length - len(header))
        elif masks:
            header += struct.pack("<3I", *masks[:3])
    table = b""
    if palette is not None:
        table = b"".join(bytes(map(int, colour[::-1])) + (b"" if length == 12 else b"\0") for colour in palette)
    start = 14 + len(header) + len(table) if begin is None else begin
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(table) + len(data), 0, 0, start) + header + table + data


def make_bmps():
    rng = np.random.default_rng(6)
    height, width = 13, 19

    def case(name, *arguments, **options):
        write(f"bmp/{name}.bmp", bmp(*arguments, **options))
        expect(f"bmp/{name}.bmp")

    for bits in (1, 4, 8):
        indices = rng.integers(0, 2**bits, (height, width))
        colours = rng.integers(0, 256, (2**bits, 3))
        case(f"palette-{bits}", indices, bits, palette=colours)
        case(f"palette-{bits}-down", indices, bits, palette=colours, down=True)
        case(f"palette-{bits}-old", indices, bits, length=12, palette=colours)
    few = rng.integers(0, 9, (height, width))
    case("palette-short", few * 2, 8, palette=rng.integers(0, 256, (9, 3)), colours=9)
    case("grey-short", few * 2, 8, palette=np.arange(9)[:, None].repeat(3, 1), colours=9)
    case("grey", rng.integers(0, 256, (height, width)), 8, palette=np.arange(256)[:, None].repeat(3, 1))
    case("white-first", rng.integers(0, 2, (height, width)), 1, palette=np.array([[255] * 3, [0] * 3]))
    for length in (12, 40, 64, 108, 124):
        case(f"24-{length}", rng.integers(0, 2**24, (height, width)), 24, length=length)
    case("24-down", rng.integers(0, 2**24, (height, width)), 24, down=True)
    case("32", rng.integers(0, 2**32, (height, width)), 32)
    case("16", rng.integers(0, 2**16, (height, width)), 16)
    five, six = (0x7C00, 0x3E0, 0x1F, 0), (0xF800, 0x7E0, 0x1F, 0)
    for name, masks in {"555": five, "565": six}.items():
        case(f"16-{name}", rng.integers(0, 2**16, (height, width)), 16, compression=3, masks=masks)
        case(f"16-{name}-v4", rng.integers(0, 2**16, (height, width)), 16, length=108, compression=3, masks=masks)
    for name, masks in {
        "bgrx": (0xFF0000, 0xFF00, 0xFF, 0), "xbgr": (0xFF000000, 0xFF0000, 0xFF00, 0),
        "rgba": (0xFF, 0xFF00, 0xFF0000, 0xFF000000), "bgra": (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        "abgr": (0xFF000000, 0xFF0000, 0xFF00, 0xFF), "none": (0, 0, 0, 0),
    }.items():
        case(f"32-{name}", rng.integers(0, 2**32, (height, width)), 32, length=124, compression=3, masks=masks)
    case("32-v2", rng.integers(0, 2**32, (height, width)), 32, length=52, compression=3, masks=(0xFF0000, 0xFF00, 0xFF, 0))
    # Runs: encoded, absolute with and without padding, the ends of rows, a jump.
    colours = rng.integers(0, 256, (256, 3))
    sheet = np.zeros((5, 10))
    runs = bytes([10, 7, 0, 0, 3, 9, 0, 4, 1, 2, 3, 4, 3, 250, 0, 0, 0, 3, 5, 6, 7, 0, 2, 8, 0, 0, 4, 1, 0, 2, 3, 1, 12, 77,
                  0, 0, 10, 200, 0, 1])
    case("runs-8", sheet, 8, compression=1, palette=colours, data=runs)
    case("runs-8-down", sheet, 8, compression=1, palette=colours, data=runs, down=True)
    runs = bytes([10, 0x7A, 0, 0, 3, 0x91, 0, 5, 0x12, 0x34, 0x50, 0, 2, 0xCD, 0, 0, 10, 0x10, 0, 0, 10, 0xEF, 0, 0, 10, 0x33,
                  0, 1])
    case("runs-4", sheet, 4, compression=2, palette=colours[:16], data=runs)
    Image.fromarray(scene(29, 41)).save(path("bmp/written.bmp"))
    expect("bmp/written.bmp")
    write("bmp/odd-masks.bmp", bmp(np.zeros((4, 4)), 32, length=124, compression=3, masks=(1, 2, 4, 8)))
    refused("bmp/odd-masks.bmp", "other bits than whole bytes")
    write("bmp/png-inside.bmp", bmp(np.zeros((4, 4)), 24, compression=5))
    refused("bmp/png-inside.bmp", "a JPEG or PNG inside")


# GIF


def gif(width, height, frame, indices, table=None, local=None, transparent=None, interlaced=False, least=8, more=False):
    """One frame at `frame` (left, top), by literals alone."""
    def colours(table):
        return b"".join(bytes(map(int, colour)) for colour in table)

    def size(table):
        return int(np.log2(len(table))) - 1

    data = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80 | size(table) if table is not None else 0, 1, 0)
    data += colours(table) if table is not None else b""
    if transparent is not None:
        data += b"!\xf9\4" + struct.pack("<BHB", 1, 0, transparent) + b"\0"
    data += b"!\xfe\5hello\0"
    rows, columns = indices.shape
    flags = (0x80 | size(local) if local is not None else 0) | (0x40 if interlaced else 0)
    description = b"," + struct.pack("<HHHHB", *frame, columns, rows, flags) + (colours(local) if local is not None else b"")
    order = np.concatenate([np.arange(s, rows, d) for s, d in ((0, 8), (4, 8), (2, 4), (1, 2))]) if interlaced else range(rows)
    values = [int(v) for row in order for v in indices[row]]
    clear, room = 1 << least, (1 << least) - 2
    codes = []
    for start in range(0, len(values), room):
        codes += [clear, *values[start : start + room]]
    bits = "".join(format(code, f"0{least + 1}b")[::-1] for code in [*codes, clear + 1])
    bits += "0" * (-len(bits) % 8)
    packed = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    blocks = b"".join(bytes([len(packed[i : i + 255])]) + packed[i : i + 255] for i in range(0, len(packed), 255))
    image = description + bytes([least]) + blocks + b"\0"
    return data + image + (image if more else b"") + b";"


def make_gifs():
    rng = np.random.default_rng(8)
    table, local = rng.integers(0, 256, (256, 3)), rng.integers(0, 256, (16, 3))
    indices = rng.integers(0, 256, (13, 19))

    def case(name, *arguments, **options):
        write(f"gif/{name}.gif", gif(*arguments, **options))
        expect(f"gif/{name}.gif", many=bool(options.get("more")))

    case("plain", 19, 13, (0, 0), indices, table)
    case("interlaced", 19, 13, (0, 0), indices, table, interlaced=True)
    case("interlaced-low", 19, 3, (0, 0), indices[:3], table, interlaced=True)
    case("patch", 30, 25, (4, 6), indices, table)
    case("patch-transparent", 30, 25, (4, 6), indices, table, transparent=9)
    case("looks-out", 10, 10, (4, 6), indices, table)
    case("local", 19, 13, (0, 0), indices % 16, table, local, least=4)
    case("local-short", 19, 13, (0, 0), indices % 32, table, local, least=5)
    case("no-palette", 19, 13, (0, 0), indices)
    case("grey-palette", 19, 13, (0, 0), indices % 32, np.arange(16)[:, None].repeat(3, 1), least=5)
    case("two-colours", 19, 13, (0, 0), indices % 2, table[:2], least=2)
    case("animated", 19, 13, (0, 0), indices, table, transparent=3, more=True)
    Image.fromarray(scene(45, 67)).quantize(64).save(path("gif/written.gif"))
    expect("gif/written.gif")
    frames = [Image.fromarray(scene(20, 30, seed)).quantize(32) for seed in range(3)]
    frames[0].save(path("gif/written-animated.gif"), save_all=True, append_images=frames[1:])
    expect("gif/written-animated.gif", many=True)
    write("gif/empty.gif", b"GIF89a\5\0\5\0\0\0\0;")
    refused("gif/empty.gif", "it ends without an image")


def make_halved():
    """What libjpeg makes of JPEGs at half their sides, which Pillow asks for by draft()."""
    halved = []
    for name in ("420", "444", "progressive", "cmyk", "grey", "small"):
        image = Image.open(path(f"jpeg/{name}.jpg"))
        width, height = image.size
        image.draft(None, (width // 2, height // 2))
        rgb = np.asarray(image.convert("RGB"))
        assert rgb.shape[:2] == (-(-height // 2), -(-width // 2)), (name, rgb.shape)
        write(f"jpeg/{name}.half.rgb", rgb.tobytes())
        halved.append({"file": f"jpeg/{name}.jpg", "half": f"jpeg/{name}.half.rgb", "height": rgb.shape[0], "width": rgb.shape[1]})
    return halved


make_webps()
make_tiffs()
make_bmps()
make_gifs()
halved = make_halved()
with open(path("formats.json"), "w") as file:
    lines = ",\n".join(json.dumps(entry) for entry in MANIFEST)
    halves = ",\n".join(json.dumps(entry) for entry in halved)
    file.write('{"files": [\n' + lines + '\n], "halved": [\n' + halves + "\n]}\n")
