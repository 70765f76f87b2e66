"""Makes mutants.json: what Pillow makes of JPEG files with slight faults.

Run with Pillow 13: python damaged/make.py
A mutant is described by edits of a committed file, so that none is stored: `[start, end, hex]` replaces bytes, one after
another. `pixels` is the SHA-256 of Pillow's raw RGB (height, width, 3); null with Pillow's own words in `refused` where
it raises. `warnings` is what is to be told, null where that is a matter of buffers; `missing` says that Pillow fills lost pixels with grey, which is an error
here.
"""

import hashlib
import io
import json
import os

from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))
IMAGES = os.path.dirname(HERE)
BASES = ["jpeg/420.jpg", "jpeg/444.jpg", "jpeg/grey.jpg", "jpeg/restart.jpg", "jpeg/progressive.jpg", "jpeg/cmyk.jpg",
         "jpeg/small.jpg"]


def scan_parameters(data):
    start = data.index(b"\xff\xda")
    return start + 5 + 2 * data[start + 4]


def mutants(data):
    """(name, edits, warnings, whether pixels are missing) for the whole file `data`."""
    end, scan, tables = len(data), data.index(b"\xff\xda"), data.index(b"\xff\xdb")
    at = scan_parameters(data)
    middle = (scan + end) // 2
    for values in ("000000", "050500", "003f10"):
        yield f"scan parameters {values}", [[at, at + 3, values]], ["oddScan"], False
    yield "no end marker", [[end - 2, end, ""]], ["noEnd"], False
    yield "half an end marker", [[end - 1, end, ""]], ["noEnd"], False
    for count in (3, 4, 10):
        yield f"{count} bytes short", [[end - count, end, ""]], [], False
    yield "half of it", [[end // 2, end, ""]], [], False
    yield "zeros behind the end", [[end, end, "00" * 100]], ["trailingBytes"], False
    yield "text behind the end", [[end, end, b"hello".hex()]], ["trailingBytes"], False
    yield "zeros instead of the end marker", [[end - 2, end, "00" * 100]], ["noEnd"], False
    yield "text instead of the end marker", [[end - 2, end, (b"hello world" * 9).hex()]], ["noEnd"], False
    # libjpeg may have read so few bytes ahead, and then does not speak of them.
    yield "stray bytes before the end marker", [[end - 2, end - 2, "01020304"]], None, False
    yield "many stray bytes before the end marker", [[end - 2, end - 2, "00" * 300]], ["strayBytes"], False
    yield "stray bytes before a table", [[tables, tables, "616263"]], ["strayBytes"], False
    yield "stray bytes before the scan", [[scan, scan, "78797a"]], ["strayBytes"], False
    yield "padding before a marker", [[tables, tables, "ffff"]], [], False
    yield "an end marker in the middle", [[middle, end, "ffd9"]], [], True
    yield "another version of JFIF", [[11, 12, "02"]], [], False


def edited(data, edits):
    for start, end, value in edits:
        data = data[:start] + bytes.fromhex(value) + data[end:]
    return data


def pillow(data):
    try:
        return hashlib.sha256(Image.open(io.BytesIO(data)).convert("RGB").tobytes()).hexdigest(), None
    except OSError as error:
        return None, str(error).split(" (")[0]


cases = []
for base in BASES:
    data = open(os.path.join(IMAGES, base), "rb").read()
    for name, edits, warnings, missing in mutants(data):
        if base == "jpeg/progressive.jpg" and name.startswith("scan parameters"):
            warnings = ["oddProgression"]
        if data[6:10] != b"JFIF" and "JFIF" in name:
            continue
        pixels, refused = pillow(edited(data, edits))
        cases.append({
            "base": base, "name": name, "edits": edits, "pixels": pixels, "refused": refused,
            "warnings": warnings if pixels else [], "missing": missing,
        })
with open(os.path.join(HERE, "mutants.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
